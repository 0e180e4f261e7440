/* own_folder.c - one folder, one command: provenance.json speaks for all that is in it. */
#include "msg.h"

#include "exomir/digest.h"
#include "exomir/input.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* An entry of the old list of outputs: { "file": ..., "sha256": ... }. */
static exm_status
drop_output(const char *dir, const json_t *entry, exm_outdir *d, exm_buf *ret_names,
            exm_error *reterr)
{
    const char *name = json_string_value(json_object_get(entry, "file"));
    const char *wrote = json_string_value(json_object_get(entry, "sha256"));
    char sha256[EXM_SHA256_HEX];
    exm_buf path = {0};
    exm_status s;

    if (!name || !wrote || exm_outdir_staged_path(d, name)) return EXM_OK;
    exm_buf_putf(&path, "%s/%s", dir, name);
    s = exm_buf_check(&path, reterr);
    if (s == EXM_OK && access(path.data, F_OK) == 0)
        s = exm_sha256_of_file(path.data, sha256, reterr);
    if (s == EXM_OK && strcmp(sha256, wrote) == 0) {
        s = exm_outdir_drop(d, name, reterr);
        if (s == EXM_OK) exm_buf_putf(ret_names, "%s%s", ret_names->len ? ", " : "", name);
    }
    exm_buf_done(&path);
    return s == EXM_EINVAL ? EXM_OK : s; /* no name of ours: somebody else's list */
}

exm_status
exm_own_folder_drop(const char *dir, exm_outdir *d, exm_buf *ret_names, exm_error *reterr)
{
    exm_buf path = {0};
    char *text = NULL;
    json_t *j = NULL;
    const json_t *outputs;
    size_t n = 0;
    exm_status s;

    exm_buf_putf(&path, "%s/provenance.json", dir);
    s = exm_buf_check(&path, reterr);
    if (s == EXM_OK && access(path.data, F_OK) == 0) {
        s = exm_input_slurp(path.data, PROVENANCE_MAX, &text, &n, reterr);
        if (s == EXM_OK) j = json_loadb(text, n, 0, NULL);
        if (s == EXM_OK && !j)
            s = exm_fail(reterr, EXM_EDATA, 0, "%s: cannot be read: damaged, or no memory",
                         path.data);
    }
    outputs = json_object_get(j, "outputs");
    for (size_t i = 0; s == EXM_OK && i < json_array_size(outputs); i++)
        s = drop_output(dir, json_array_get(outputs, i), d, ret_names, reterr);
    json_decref(j);
    free(text);
    exm_buf_done(&path);
    return s;
}
