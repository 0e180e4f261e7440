/* own_folder.c - one folder, one command: provenance.json speaks for all that is in it. */
#include "msg.h"

#include "exomir/input.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PROVENANCE_MAX = 1 << 30 };

/* 1 when the text says "command": "<name>", whatever options follow the name. */
static int
is_of(const char *text, const char *name)
{
    static const char key[] = "\"command\": \"";
    const char *at = strstr(text, key);
    const size_t n = strlen(name);

    if (!at) return 0;
    at += sizeof key - 1;
    return strncmp(at, name, n) == 0 && (at[n] == ' ' || at[n] == '"');
}

int
exm_own_folder(const exm_common *c, const char *dir)
{
    exm_buf path = {0};
    exm_error err = {0};
    struct stat st;
    char *text = NULL;
    size_t n = 0;
    int code = EXM_EXIT_OK;

    exm_buf_puts(&path, dir);
    exm_buf_puts(&path, "/provenance.json");
    if (exm_buf_check(&path, &err) != EXM_OK) {
        code = exm_msg_status(c, &err, NULL);
    } else if (stat(path.data, &st) == 0) {
        if (exm_input_slurp(path.data, PROVENANCE_MAX, &text, &n, &err) != EXM_OK)
            code = exm_msg_status(c, &err, NULL);
        else if (!is_of(text, c->command))
            code =
                exm_msg_error(c, EXM_EXIT_FAIL, "give each command a folder of its own",
                              "%s holds the results of another command than 'exomir %s', "
                              "whose provenance would be lost",
                              dir, c->command);
    }
    free(text);
    exm_buf_done(&path);
    return code;
}
