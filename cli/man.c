/*
 * man.c - manual pages in man(7) roff, out of the option tables.
 *
 * No date stands in the page: the same version gives the same bytes.
 */
#include "msg.h"

#include <ctype.h>
#include <string.h>

/* Text for roff: '-' typed as minus so that options can be copied, '\' and dots escaped. */
static void
put_text(exm_buf *b, const char *s, size_t n)
{
    int line_start = 1;

    for (size_t i = 0; i < n; i++) {
        if (line_start && (s[i] == '.' || s[i] == '\'')) exm_buf_puts(b, "\\&");
        line_start = s[i] == '\n';
        switch (s[i]) {
        case '\\':
            exm_buf_puts(b, "\\e");
            break;
        case '-':
            exm_buf_puts(b, "\\-");
            break;
        case '\'':
            exm_buf_puts(b, "\\(aq");
            break;
        case '~':
            exm_buf_puts(b, "\\(ti");
            break;
        case '^':
            exm_buf_puts(b, "\\(ha");
            break;
        case '`':
            exm_buf_puts(b, "\\(ga");
            break;
        default:
            exm_buf_putc(b, s[i]);
            break;
        }
    }
}

static void
put_string(exm_buf *b, const char *s)
{
    put_text(b, s, strlen(s));
}

/* Paragraphs are divided by one blank line, which roff wants as a request. */
static void
put_paragraphs(exm_buf *b, const char *s)
{
    while (*s) {
        const char *end = strstr(s, "\n\n");
        const size_t n = end ? (size_t) (end - s) : strlen(s);

        put_text(b, s, n);
        exm_buf_putc(b, '\n');
        s += n;
        if (end) {
            exm_buf_puts(b, ".PP\n");
            s += 2;
        }
    }
}

static void
put_option(exm_buf *b, const exm_opt *o, const void *args)
{
    exm_buf value = {0};

    exm_buf_puts(b, ".TP\n");
    if (o->letter) exm_buf_putf(b, "\\fB\\-%c\\fR, ", o->letter);
    exm_buf_puts(b, "\\fB\\-\\-");
    put_string(b, o->name);
    exm_buf_puts(b, "\\fR");
    if (o->metavar) {
        exm_buf_puts(b, " \\fI");
        put_string(b, o->metavar);
        exm_buf_puts(b, "\\fR");
    }
    exm_buf_putc(b, '\n');
    put_string(b, o->help);
    if (o->repeatable) exm_buf_puts(b, "; may be repeated");
    exm_opt_default(o, args, &value);
    if (o->required) {
        exm_buf_puts(b, " (required)");
    } else if (value.len) {
        exm_buf_puts(b, " (default: ");
        put_string(b, value.data);
        exm_buf_putc(b, ')');
    }
    exm_buf_puts(b, ".\n");
    if (value.failed) b->failed = 1;
    exm_buf_done(&value);
}

static void
put_options(exm_buf *b, const exm_cmd *cmd)
{
    void *args = exm_opt_args_new(cmd);
    const char *heading = NULL;
    const exm_opt *o;

    if (!args) {
        b->failed = 1;
        return;
    }
    exm_buf_puts(b, ".SH OPTIONS\n");
    for (size_t i = 0; (o = exm_opt_get(cmd, i)) != NULL; i++) {
        const char *group = exm_opt_group(cmd, i);

        if (!heading || strcmp(heading, group) != 0) {
            exm_buf_puts(b, ".SS ");
            put_string(b, group);
            exm_buf_putc(b, '\n');
        }
        heading = group;
        put_option(b, o, args);
    }
    exm_opt_args_free(cmd, args);
}

/* "exomir\-ref\-build": the name of a command's page. */
static void
put_page(exm_buf *b, const char *name)
{
    exm_buf_puts(b, "exomir\\-");
    for (const char *c = name; *c; c++) {
        if (*c == ' ')
            exm_buf_puts(b, "\\-");
        else
            exm_buf_putc(b, *c);
    }
}

static void
put_title(exm_buf *b, const char *name)
{
    exm_buf_puts(b, ".TH EXOMIR");
    if (name) exm_buf_putc(b, '-');
    for (const char *c = name ? name : ""; *c; c++)
        exm_buf_putc(b, *c == ' ' ? '-' : (char) toupper((unsigned char) *c));
    exm_buf_puts(b, " 1 \"\" \"exomir " EXM_VERSION "\" \"exomir manual\"\n.SH NAME\n");
    if (name)
        put_page(b, name);
    else
        exm_buf_puts(b, "exomir");
    exm_buf_puts(b, " \\- ");
}

static void
put_tail(exm_buf *b)
{
    exm_buf_puts(b, ".SH EXIT STATUS\n"
                    ".TP\n0\nSuccess.\n"
                    ".TP\n1\nFailure: the message says which file, line or byte, and why.\n"
                    ".TP\n2\nWrong usage: unknown option, missing or impossible value.\n"
                    ".TP\n3\nQuality control failed, with \\fB\\-\\-fail\\-on\\-qc\\fR.\n"
                    ".SH ENVIRONMENT\n"
                    ".TP\n.B EXM_CPU\nauto, scalar or sse4: the instruction set to use. "
                    "Results do not depend on it.\n"
                    ".TP\n.B NO_COLOR\nSet to anything: no colour.\n"
                    ".TP\n.B TMPDIR\nWhere\n.B exomir doctor\ntries to write.\n");
}

/* man page names of the other commands, for SEE ALSO. */
static void
put_see_also(exm_buf *b, const exm_cmd *self)
{
    const exm_cmd *cmd;

    exm_buf_puts(b, ".SH SEE ALSO\n");
    if (self) exm_buf_puts(b, ".BR exomir (1)");
    for (size_t i = 0, n = self != NULL; (cmd = exm_cmd_get(i)) != NULL; i++) {
        if (cmd == self) continue;
        exm_buf_puts(b, n++ ? ",\n.BR " : ".BR ");
        put_page(b, cmd->name);
        exm_buf_puts(b, " (1)");
    }
    exm_buf_putc(b, '\n');
}

static void
put_examples(exm_buf *b, const char *text)
{
    exm_buf_puts(b, ".SH EXAMPLES\n.nf\n");
    put_string(b, text);
    exm_buf_puts(b, "\n.fi\n");
}

static void
put_program(exm_buf *b)
{
    const exm_cmd *cmd;

    put_title(b, NULL);
    put_string(b, "small-RNA reads of exosomes to trusted miRNA counts\n");
    exm_buf_puts(b,
                 ".SH SYNOPSIS\n.B exomir\n.I COMMAND\n[\\fIOPTIONS\\fR] [\\fIFILES\\fR]\n"
                 ".SH DESCRIPTION\n");
    put_string(b, "exomir turns small-RNA sequencing reads into miRNA counts and a report. "
                  "Damaged input is never accepted in silence, and results are the same to "
                  "the last bit for any number of threads. Research use only.\n");
    exm_buf_puts(b, ".SH COMMANDS\n");
    for (size_t i = 0; (cmd = exm_cmd_get(i)) != NULL; i++) {
        exm_buf_puts(b, ".TP\n.B exomir ");
        put_string(b, cmd->name);
        exm_buf_putc(b, '\n');
        put_string(b, cmd->summary);
        exm_buf_puts(b, ".\n");
    }
    exm_buf_puts(
        b, ".SH OPTIONS\n.TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nPrint help and exit.\n"
           ".TP\n\\fB\\-\\-version\\fR\nPrint the version and exit.\n");
}

void
exm_man_put(const exm_cmd *cmd, exm_buf *ret)
{
    if (!cmd) {
        put_program(ret);
    } else {
        put_title(ret, cmd->name);
        put_string(ret, cmd->summary);
        exm_buf_puts(ret, "\n.SH SYNOPSIS\n.B exomir ");
        put_string(ret, cmd->name);
        exm_buf_putc(ret, '\n');
        put_string(ret, cmd->usage);
        exm_buf_puts(ret, "\n.SH DESCRIPTION\n");
        put_paragraphs(ret, cmd->about);
        put_options(ret, cmd);
        if (cmd->examples) put_examples(ret, cmd->examples);
    }
    put_tail(ret);
    put_see_also(ret, cmd);
}
