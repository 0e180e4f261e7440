/* cmd_man.c - exomir man, completion, help: texts made from the option tables. */
#include "commands.h"
#include "msg.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "ref build" from operands; NULL command and EXM_EXIT_OK when there are none. */
static int
find_named(const exm_common *c, const exm_words *w, const exm_cmd **ret, char name[64])
{
    const char *near;
    char hint[96];

    name[0] = '\0';
    *ret = NULL;
    if (w->n == 0) return EXM_EXIT_OK;
    (void) snprintf(name, 64, "%.30s%s%.30s", w->v[0], w->n > 1 ? " " : "",
                    w->n > 1 ? w->v[1] : "");
    *ret = exm_cmd_find(name);
    if (*ret || exm_cmd_is_group(name)) return EXM_EXIT_OK;
    near = exm_cmd_closest(name);
    (void) snprintf(hint, sizeof hint, near ? "did you mean '%s'?" : "%s",
                    near ? near : "'exomir --help' lists the commands");
    return exm_msg_error(c, EXM_EXIT_USAGE, hint, "unknown command '%s'", name);
}

static int
run_man(void *args, const exm_words *operands)
{
    const exm_cmd *cmd;
    exm_buf out = {0};
    char name[64];
    int code = find_named(args, operands, &cmd, name);

    if (code == EXM_EXIT_OK && !cmd && name[0])
        code = exm_msg_error(args, EXM_EXIT_USAGE, "'exomir --help' lists the commands",
                             "'%s' is no complete command", name);
    if (code == EXM_EXIT_OK) {
        exm_man_put(cmd, &out);
        code = exm_msg_print(args, &out);
    }
    exm_buf_done(&out);
    return code;
}

static int
run_help(void *args, const exm_words *operands)
{
    const int colour = exm_msg_colour(STDOUT_FILENO);
    const exm_cmd *cmd;
    exm_buf out = {0};
    char name[64];
    int code = find_named(args, operands, &cmd, name);

    if (code == EXM_EXIT_OK) {
        if (!cmd && name[0])
            exm_help_put_group(name, colour, &out);
        else
            exm_help_put(cmd, colour, &out);
        code = exm_msg_print(args, &out);
    }
    exm_buf_done(&out);
    return code;
}

static int
run_completion(void *args, const exm_words *operands)
{
    exm_buf out = {0};
    int code;

    if (strcmp(operands->v[0], "bash") != 0)
        return exm_msg_error(args, EXM_EXIT_USAGE, "exomir completion bash",
                             "no completion for '%s'", operands->v[0]);
    exm_completion_put_bash(&out);
    code = exm_msg_print(args, &out);
    exm_buf_done(&out);
    return code;
}

const exm_cmd exm_cmd_man = {
    .name = "man",
    .summary = "print the manual page of the program or of a command",
    .usage = "[COMMAND]",
    .about = "Prints a manual page as man(7) source on standard output.",
    .examples = "exomir man count | man -l -\n"
                "exomir man > exomir.1",
    .args_size = sizeof(exm_common),
    .run = run_man,
    .max_operands = 2,
    .operand = "COMMAND",
};

const exm_cmd exm_cmd_completion = {
    .name = "completion",
    .summary = "print completion for the shell",
    .usage = "bash",
    .about =
        "Prints a completion script on standard output. It completes commands, options, "
        "kit names, files and folders.",
    .examples = "source <(exomir completion bash)",
    .args_size = sizeof(exm_common),
    .run = run_completion,
    .min_operands = 1,
    .max_operands = 1,
    .operand = "the shell's name (bash)",
};

const exm_cmd exm_cmd_help = {
    .name = "help",
    .summary = "print the help of the program or of a command",
    .usage = "[COMMAND]",
    .about = "Prints what 'exomir COMMAND --help' prints.",
    .examples = "exomir help count",
    .args_size = sizeof(exm_common),
    .run = run_help,
    .max_operands = 2,
    .operand = "COMMAND",
};
