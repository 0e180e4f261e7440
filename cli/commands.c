/* commands.c - the list of commands, in the order of the help. */
#include "commands.h"

#include "exomir/text.h"

#include <string.h>

static const exm_cmd *const commands[] = {
    &exm_cmd_ref_build,
    &exm_cmd_ref_show,
    &exm_cmd_count,
    &exm_cmd_explain,
    &exm_cmd_explain_sample,
    &exm_cmd_matrix_merge,
    &exm_cmd_matrix_import,
    &exm_cmd_diff,
    &exm_cmd_simulate_reads,
    &exm_cmd_doctor,
    &exm_cmd_man,
    &exm_cmd_completion,
    &exm_cmd_help,
};

const exm_cmd *
exm_cmd_get(size_t i)
{
    return i < sizeof commands / sizeof commands[0] ? commands[i] : NULL;
}

const exm_cmd *
exm_cmd_find(const char *name)
{
    const exm_cmd *c;

    for (size_t i = 0; (c = exm_cmd_get(i)) != NULL; i++)
        if (strcmp(c->name, name) == 0) return c;
    return NULL;
}

const char *
exm_cmd_closest(const char *typed)
{
    const char *words[sizeof commands / sizeof commands[0]];

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        words[i] = commands[i]->name;
    return exm_text_closest(typed, words, sizeof words / sizeof words[0]);
}

int
exm_cmd_is_group(const char *word)
{
    const size_t n = strlen(word);
    const exm_cmd *c;

    for (size_t i = 0; (c = exm_cmd_get(i)) != NULL; i++)
        if (strncmp(c->name, word, n) == 0 && c->name[n] == ' ') return 1;
    return 0;
}
