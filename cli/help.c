/*
 * help.c - --help texts, wrapped to 80 columns, out of the option tables.
 *
 * Two columns: options in the first 27, their sentence in the rest.
 */
#include "msg.h"

#include <string.h>

enum { WIDTH = 80, COLUMN = 27, INDENT = 2 };

static void
put_spaces(exm_buf *b, size_t n)
{
    for (size_t i = 0; i < n; i++) exm_buf_putc(b, ' ');
}

/* Words of 'text' from column 'at' on, further lines indented by 'indent'. */
static void
put_wrapped(exm_buf *b, const char *text, size_t at, size_t indent)
{
    size_t col = at;
    int first = 1;

    while (*text) {
        const size_t n = strcspn(text, " \n");

        if (n > 0) {
            if (!first && col + 1 + n > WIDTH) {
                exm_buf_putc(b, '\n');
                put_spaces(b, indent);
                col = indent;
            } else if (!first) {
                exm_buf_putc(b, ' ');
                col++;
            }
            exm_buf_put(b, text, n);
            col += n;
            first = 0;
        }
        text += n;
        if (text[0] == '\n' && text[1] == '\n') { /* a new paragraph */
            exm_buf_puts(b, "\n\n");
            put_spaces(b, indent);
            col = indent;
            first = 1;
        }
        if (*text) text++;
    }
    exm_buf_putc(b, '\n');
}

static void
put_heading(exm_buf *b, const char *text, int colour)
{
    exm_buf_putf(b, "\n%s%s:%s\n", colour ? "\033[1m" : "", text, colour ? "\033[0m" : "");
}

static void
put_option(exm_buf *b, const exm_opt *o, const void *args)
{
    const size_t start = b->len;
    exm_buf text = {0}, value = {0};
    size_t used;

    if (o->letter)
        exm_buf_putf(b, "  -%c, --%s", o->letter, o->name);
    else
        exm_buf_putf(b, "      --%s", o->name);
    if (o->metavar) exm_buf_putf(b, " %s", o->metavar);
    used = b->len - start;
    if (used + 1 >= COLUMN) {
        exm_buf_putc(b, '\n');
        used = 0;
    }
    put_spaces(b, COLUMN - used);

    exm_buf_puts(&text, o->help);
    if (o->repeatable) exm_buf_puts(&text, "; may be repeated");
    exm_opt_default(o, args, &value);
    if (o->required)
        exm_buf_puts(&text, " [required]");
    else if (value.len)
        exm_buf_putf(&text, " [default: %s]", value.data);
    if (text.data) put_wrapped(b, text.data, COLUMN, COLUMN);
    if (text.failed || value.failed) b->failed = 1;
    exm_buf_done(&text);
    exm_buf_done(&value);
}

static void
put_options(exm_buf *b, const exm_cmd *cmd, int colour)
{
    void *args = exm_opt_args_new(cmd);
    const char *heading = NULL;
    const exm_opt *o;

    if (!args) {
        b->failed = 1;
        return;
    }
    for (size_t i = 0; (o = exm_opt_get(cmd, i)) != NULL; i++) {
        const char *group = exm_opt_group(cmd, i);

        if (!heading || strcmp(heading, group) != 0) put_heading(b, group, colour);
        heading = group;
        put_option(b, o, args);
    }
    exm_opt_args_free(cmd, args);
}

static void
put_examples(exm_buf *b, const char *text)
{
    while (*text) {
        const size_t n = strcspn(text, "\n");

        put_spaces(b, INDENT);
        exm_buf_put(b, text, n);
        exm_buf_putc(b, '\n');
        text += n + (text[n] == '\n');
    }
}

static void
put_commands(exm_buf *b, const char *group)
{
    const size_t n = group ? strlen(group) : 0;
    const exm_cmd *cmd;

    for (size_t i = 0; (cmd = exm_cmd_get(i)) != NULL; i++) {
        const size_t len = strlen(cmd->name);

        if (group && (strncmp(cmd->name, group, n) != 0 || cmd->name[n] != ' ')) continue;
        put_spaces(b, INDENT);
        exm_buf_puts(b, cmd->name);
        put_spaces(b, len < 18 ? 18 - len : 1);
        put_wrapped(b, cmd->summary, INDENT + 18, INDENT + 18);
    }
}

static const char exit_codes[] =
    "  0 success   1 failure   2 wrong usage   3 quality failed (--fail-on-qc)\n";

void
exm_help_put(const exm_cmd *cmd, int colour, exm_buf *ret)
{
    if (cmd) {
        exm_buf_putf(ret, "Usage: exomir %s %s\n\n", cmd->name, cmd->usage);
        put_wrapped(ret, cmd->about, 0, 0);
        put_options(ret, cmd, colour);
        if (cmd->examples) {
            put_heading(ret, "Examples", colour);
            put_examples(ret, cmd->examples);
        }
        put_heading(ret, "Exit codes", colour);
        exm_buf_puts(ret, exit_codes);
        return;
    }
    exm_buf_puts(ret, "Usage: exomir COMMAND [OPTIONS] [FILES]\n\n");
    put_wrapped(ret,
                "Small-RNA reads of exosomes to trusted miRNA counts and a report. "
                "Research use only.",
                0, 0);
    put_heading(ret, "Commands", colour);
    put_commands(ret, NULL);
    put_heading(ret, "Options", colour);
    exm_buf_puts(ret, "  -h, --help          print this help and exit\n"
                      "      --version       print the version and exit\n");
    put_heading(ret, "Environment", colour);
    exm_buf_puts(ret, "  EXM_CPU             auto, scalar or sse4: instruction set to use\n"
                      "  NO_COLOR            set to anything: no colour\n");
    put_heading(ret, "Exit codes", colour);
    exm_buf_puts(ret, exit_codes);
    exm_buf_puts(
        ret, "\n'exomir COMMAND --help' explains a command, 'exomir man COMMAND' prints "
             "its\nmanual page, 'exomir completion bash' completion for the shell.\n");
}

void
exm_help_put_group(const char *group, int colour, exm_buf *ret)
{
    exm_buf_putf(ret, "Usage: exomir %s COMMAND [OPTIONS]\n", group);
    put_heading(ret, "Commands", colour);
    put_commands(ret, group);
    exm_buf_putf(ret, "\n'exomir %s COMMAND --help' explains a command.\n", group);
}
