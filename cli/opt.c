/*
 * opt.c - command-line parsing from option tables.
 *
 * Parsing has two steps, since a parameter file named anywhere must be applied before
 * every option that stands before it: first argv becomes a list of (option, value), then
 * the list is applied.  getopt_long() is not used: it abbreviates, it prints by itself,
 * and its tables cannot carry help, defaults and ranges.
 */
#define _GNU_SOURCE /* sched_getaffinity(): cores this job may use, as nproc(1) counts */
#include "opt.h"

#include "exomir/input.h"
#include "exomir/text.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { PARAMS_LIMIT = 1 << 20, OPTIONS_MAX = 96 };

static const exm_opt common_options[] = {
    {.name = "threads",
     .letter = 't',
     .metavar = "N",
     .kind = EXM_OPT_U32,
     .at = offsetof(exm_common, threads),
     .group = "Common options",
     .help = "number of threads; results do not depend on it",
     .shown = "all cores",
     .low = 1,
     .high = 1024},
    {.name = "seed",
     .metavar = "N",
     .kind = EXM_OPT_U64,
     .at = offsetof(exm_common, seed),
     .group = "Common options",
     .help = "seed of the random numbers: same seed, same bytes"},
    {.name = "dry-run",
     .kind = EXM_OPT_FLAG,
     .at = offsetof(exm_common, dry_run),
     .group = "Common options",
     .help = "say what would be done and stop"},
    {.name = "json",
     .kind = EXM_OPT_FLAG,
     .at = offsetof(exm_common, json),
     .group = "Common options",
     .help = "print results (and errors) as JSON on standard output"},
    {.name = "quiet",
     .letter = 'q',
     .kind = EXM_OPT_FLAG,
     .at = offsetof(exm_common, quiet),
     .group = "Common options",
     .help = "no progress, no notes; errors are still printed"},
    {.name = "verbose",
     .letter = 'v',
     .kind = EXM_OPT_FLAG,
     .at = offsetof(exm_common, verbose),
     .group = "Common options",
     .help = "more notes on standard error"},
    {.name = "help",
     .letter = 'h',
     .kind = EXM_OPT_FLAG,
     .at = offsetof(exm_common, help),
     .group = "Common options",
     .help = "print this help and exit"},
};

/* ---- tables ---- */

static int
has_common(const exm_cmd *cmd, size_t i)
{
    if (i == 0) return (cmd->common & EXM_COMMON_THREADS) != 0;
    if (i == 1) return (cmd->common & EXM_COMMON_SEED) != 0;
    if (i == 2) return (cmd->common & EXM_COMMON_DRY_RUN) != 0;
    return 1;
}

const exm_opt *
exm_opt_get(const exm_cmd *cmd, size_t i)
{
    if (i < cmd->n_options) return &cmd->options[i];
    i -= cmd->n_options;
    for (size_t k = 0; k < LEN(common_options); k++) {
        if (!has_common(cmd, k)) continue;
        if (i == 0) return &common_options[k];
        i--;
    }
    return NULL;
}

const char *
exm_opt_group(const exm_cmd *cmd, size_t i)
{
    for (;; i--) {
        const exm_opt *o = exm_opt_get(cmd, i);

        if (!o) return "";
        if (o->group) return o->group;
        if (i == 0) return "Options";
    }
}

static const char size_units[] = "KMGT";

static void
put_size(exm_buf *ret, uint64_t bytes)
{
    size_t unit = 0;

    while (bytes > 0 && bytes % 1024 == 0 && size_units[unit]) {
        bytes /= 1024;
        unit++;
    }
    exm_buf_put_u64(ret, bytes);
    if (unit > 0) exm_buf_putc(ret, size_units[unit - 1]);
}

/* Shortest decimal that names the default; house numbers, so locale-free. */
void
exm_opt_default(const exm_opt *o, const void *args, exm_buf *ret)
{
    const char *field = (const char *) args + o->at;

    if (o->shown) {
        exm_buf_puts(ret, o->shown);
        return;
    }
    if (o->repeatable || o->required) return;
    switch (o->kind) {
    case EXM_OPT_U32:
        exm_buf_put_u64(ret, *(const uint32_t *) (const void *) field);
        break;
    case EXM_OPT_U64:
        exm_buf_put_u64(ret, *(const uint64_t *) (const void *) field);
        break;
    case EXM_OPT_SIZE:
        put_size(ret, *(const uint64_t *) (const void *) field);
        break;
    case EXM_OPT_INT:
        exm_buf_put_i64(ret, *(const int *) (const void *) field);
        break;
    case EXM_OPT_DOUBLE:
        exm_buf_put_double(ret, *(const double *) (const void *) field);
        break;
    case EXM_OPT_FLAG:
        break;
    case EXM_OPT_TEXT:
    case EXM_OPT_FILE:
    case EXM_OPT_DIR:
    case EXM_OPT_PARAMS:
    case EXM_OPT_CHOICE: {
        const char *text = *(const char *const *) (const void *) field;

        if (text) exm_buf_puts(ret, text);
        break;
    }
    }
}

static const exm_opt *
find_long(const exm_cmd *cmd, const char *name, size_t n)
{
    const exm_opt *o;

    for (size_t i = 0; (o = exm_opt_get(cmd, i)) != NULL; i++)
        if (strlen(o->name) == n && memcmp(o->name, name, n) == 0) return o;
    return NULL;
}

static const exm_opt *
find_letter(const exm_cmd *cmd, char c)
{
    const exm_opt *o;

    for (size_t i = 0; (o = exm_opt_get(cmd, i)) != NULL; i++)
        if (o->letter == c) return o;
    return NULL;
}

/* ---- words ---- */

exm_status
exm_words_add(exm_words *w, const char *word, exm_error *reterr)
{
    if (w->n == w->cap) {
        const size_t cap = w->cap ? 2 * w->cap : 8;
        const char **v = realloc(w->v, cap * sizeof *v);

        if (!v) return exm_fail(reterr, EXM_ENOMEM, w->n, "no memory for %zu words", cap);
        w->v = v;
        w->cap = cap;
    }
    w->v[w->n++] = word;
    return EXM_OK;
}

void
exm_words_done(exm_words *w)
{
    free(w->v);
    *w = (exm_words){0};
}

void *
exm_opt_args_new(const exm_cmd *cmd)
{
    void *args = calloc(1, cmd->args_size);

    if (!args) return NULL;
    ((exm_common *) args)->command = cmd->name;
    ((exm_common *) args)->seed = 1;
    if (cmd->defaults) cmd->defaults(args);
    return args;
}

void
exm_opt_args_free(const exm_cmd *cmd, void *args)
{
    if (!args) return;
    for (size_t i = 0; i < cmd->n_options; i++) {
        void *field = (char *) args + cmd->options[i].at;

        if (cmd->options[i].repeatable) exm_words_done(field);
    }
    free(((exm_common *) args)->params);
    exm_buf_done(&((exm_common *) args)->given);
    free(args);
}

/* ---- step one: argv to (option, value) ---- */

struct seen {
    const exm_opt *opt;
    const char *value; /* NULL for flags */
    int off;           /* a flag set to false in a parameter file */
};

struct parser {
    const exm_cmd *cmd;
    char *hint;
    exm_error *reterr;
    struct seen *seen;
    size_t n, cap;
    const exm_opt *key[OPTIONS_MAX]; /* of the parameter file, so far */
    size_t n_keys;
    exm_words *operands;
};

/* Which of two values would be meant is not for the program to choose. */
static exm_status
given_twice(struct parser *p, const exm_opt *o, const char *what)
{
    (void) snprintf(p->hint, 256, "give it once");
    return exm_fail(p->reterr, EXM_EDATA, 0, "%s%s' is given twice", what, o->name);
}

static exm_status
note(struct parser *p, const exm_opt *opt, const char *value)
{
    const int once = opt->kind != EXM_OPT_FLAG && !opt->repeatable;

    for (size_t i = 0; once && i < p->n; i++)
        if (p->seen[i].opt == opt) return given_twice(p, opt, "option '--");
    if (p->n == p->cap) {
        const size_t cap = p->cap ? 2 * p->cap : 16;
        struct seen *s = realloc(p->seen, cap * sizeof *s);

        if (!s) return exm_fail(p->reterr, EXM_ENOMEM, p->n, "no memory for options");
        p->seen = s;
        p->cap = cap;
    }
    p->seen[p->n++] = (struct seen){.opt = opt, .value = value};
    return EXM_OK;
}

static void
suggest(struct parser *p, const char *name, size_t n)
{
    const char *words[OPTIONS_MAX];
    const exm_opt *o;
    const char *near;
    char typed[64];
    size_t k = 0;

    for (size_t i = 0; (o = exm_opt_get(p->cmd, i)) != NULL && k < LEN(words); i++)
        words[k++] = o->name;
    (void) snprintf(typed, sizeof typed, "%.*s", (int) (n < 60 ? n : 60), name);
    near = exm_text_closest(typed, words, k);
    if (near) {
        (void) snprintf(p->hint, 256, "did you mean '--%s'?", near);
    } else {
        (void) snprintf(p->hint, 256, "'exomir %s --help' lists the options", p->cmd->name);
    }
}

/* "--name", "--name=value", "--name value"; *i is moved past what was used. */
static exm_status
take_long(struct parser *p, int argc, char **argv, int *i)
{
    const char *name = argv[*i] + 2, *eq = strchr(name, '=');
    const size_t n = eq ? (size_t) (eq - name) : strlen(name);
    const exm_opt *o = find_long(p->cmd, name, n);

    if (!o) {
        suggest(p, name, n);
        return exm_fail(p->reterr, EXM_EDATA, (size_t) *i, "unknown option '--%.*s'",
                        (int) n, name);
    }
    if (o->kind == EXM_OPT_FLAG) {
        if (eq)
            return exm_fail(p->reterr, EXM_EDATA, (size_t) *i,
                            "option '--%s' takes no value", o->name);
        return note(p, o, NULL);
    }
    if (eq) return note(p, o, eq + 1);
    if (*i + 1 >= argc)
        return exm_fail(p->reterr, EXM_EDATA, (size_t) *i,
                        "option '--%s' needs a value: %s", o->name, o->metavar);
    return note(p, o, argv[++*i]);
}

/* "-x", "-xyz" of flags, "-xvalue", "-x value". */
static exm_status
take_short(struct parser *p, int argc, char **argv, int *i)
{
    for (const char *c = argv[*i] + 1; *c; c++) {
        const exm_opt *o = find_letter(p->cmd, *c);

        if (!o) {
            suggest(p, argv[*i] + 1, strlen(argv[*i] + 1));
            return exm_fail(p->reterr, EXM_EDATA, (size_t) *i, "unknown option '-%c'", *c);
        }
        if (o->kind == EXM_OPT_FLAG) {
            exm_status s = note(p, o, NULL);

            if (s != EXM_OK) return s;
            continue;
        }
        if (c[1]) return note(p, o, c[1] == '=' ? c + 2 : c + 1);
        if (*i + 1 >= argc)
            return exm_fail(p->reterr, EXM_EDATA, (size_t) *i,
                            "option '-%c' needs a value: %s", o->letter, o->metavar);
        return note(p, o, argv[++*i]);
    }
    return EXM_OK;
}

static exm_status
scan(struct parser *p, int argc, char **argv)
{
    exm_status s = EXM_OK;
    int only_operands = 0;

    for (int i = 0; i < argc && s == EXM_OK; i++) {
        if (only_operands || argv[i][0] != '-' || argv[i][1] == '\0')
            s = exm_words_add(p->operands, argv[i], p->reterr);
        else if (strcmp(argv[i], "--") == 0)
            only_operands = 1;
        else if (argv[i][1] == '-')
            s = take_long(p, argc, argv, &i);
        else
            s = take_short(p, argc, argv, &i);
    }
    return s;
}

/* ---- step two: values into fields ---- */

static exm_status
bad_value(struct parser *p, const exm_opt *o, const char *value, const char *want)
{
    return exm_fail(p->reterr, EXM_EDATA, 0, "option '--%s': '%s' is not %s", o->name,
                    value, want);
}

/* No range was given when both ends are 0. */
static exm_status
check_range(struct parser *p, const exm_opt *o, const char *value, double v)
{
    exm_buf range = {0};
    exm_status s;

    if ((o->low == 0.0 && o->high == 0.0) || (v >= o->low && v <= o->high)) return EXM_OK;
    exm_buf_puts(&range, "between ");
    exm_buf_put_double(&range, o->low);
    exm_buf_puts(&range, " and ");
    exm_buf_put_double(&range, o->high);
    s = bad_value(p, o, value, range.data ? range.data : "in range");
    exm_buf_done(&range);
    return s;
}

static exm_status
put_size_option(struct parser *p, const exm_opt *o, const char *value, uint64_t *field)
{
    const char *unit = strchr(size_units, value[strlen(value) - 1]); /* never empty */
    const int shift = unit ? 10 * (int) (unit - size_units + 1) : 0;
    uint64_t n = 0;

    if (exm_text_u64(value, strlen(value) - (unit != NULL), &n, NULL) != EXM_OK || n == 0 ||
        n > UINT64_MAX >> shift)
        return bad_value(p, o, value, "a size such as 500M or 4G");
    *field = n << shift;
    return EXM_OK;
}

static exm_status
put_number(struct parser *p, const exm_opt *o, const char *value, void *field)
{
    const size_t n = strlen(value);
    uint64_t u = 0;
    int64_t i = 0;
    double d = 0.0;
    exm_status s;

    switch (o->kind) {
    case EXM_OPT_U32:
    case EXM_OPT_U64:
        if (exm_text_u64(value, n, &u, NULL) != EXM_OK)
            return bad_value(p, o, value, "a whole number >= 0");
        d = (double) u;
        if (o->kind == EXM_OPT_U32 && u > UINT32_MAX) {
            s = check_range(p, o, value, d); /* says more where there is a range */
            return s == EXM_OK ? bad_value(p, o, value, "below 4294967296") : s;
        }
        break;
    case EXM_OPT_INT:
        if (exm_text_i64(value, n, &i, NULL) != EXM_OK || i > INT32_MAX || i < INT32_MIN)
            return bad_value(p, o, value, "a whole number");
        d = (double) i;
        break;
    default:
        if (exm_text_double(value, n, &d, NULL) != EXM_OK || !isfinite(d))
            return bad_value(p, o, value, "a number (decimal point '.')");
        break;
    }
    s = check_range(p, o, value, d);
    if (s != EXM_OK) return s;
    if (o->kind == EXM_OPT_U32)
        *(uint32_t *) field = (uint32_t) u;
    else if (o->kind == EXM_OPT_U64)
        *(uint64_t *) field = u;
    else if (o->kind == EXM_OPT_INT)
        *(int *) field = (int) i;
    else
        *(double *) field = d;
    return EXM_OK;
}

static exm_status
put_choice(struct parser *p, const exm_opt *o, const char *value, const char **field)
{
    const char *words[64];
    const char *near;
    size_t n = 0;

    for (const char *w; n < LEN(words) && (w = o->choice(n)) != NULL; n++) {
        words[n] = w;
        if (strcmp(w, value) == 0) {
            *field = value;
            return EXM_OK;
        }
    }
    near = exm_text_closest(value, words, n);
    if (near) {
        (void) snprintf(p->hint, 256, "did you mean '%s'?", near);
    } else {
        exm_buf all = {0};

        for (size_t i = 0; i < n; i++) {
            exm_buf_puts(&all, i ? ", " : "one of ");
            exm_buf_puts(&all, words[i]);
        }
        (void) snprintf(p->hint, 256, "%s", all.data ? all.data : "");
        exm_buf_done(&all);
    }
    return exm_fail(p->reterr, EXM_EDATA, 0, "option '--%s': unknown word '%s'", o->name,
                    value);
}

static exm_status
apply(struct parser *p, const struct seen *seen, void *args)
{
    const exm_opt *o = seen->opt;
    void *field = (char *) args + o->at;

    if (o->kind == EXM_OPT_FLAG) {
        *(int *) field = !seen->off;
        return EXM_OK;
    }
    if (!seen->value[0]) return bad_value(p, o, "", "of use: it is empty");
    if (o->repeatable) return exm_words_add(field, seen->value, p->reterr);
    switch (o->kind) {
    case EXM_OPT_CHOICE:
        return put_choice(p, o, seen->value, field);
    case EXM_OPT_U32:
    case EXM_OPT_U64:
    case EXM_OPT_INT:
    case EXM_OPT_DOUBLE:
        return put_number(p, o, seen->value, field);
    case EXM_OPT_SIZE:
        return put_size_option(p, o, seen->value, field);
    default:
        *(const char **) field = seen->value;
        return EXM_OK;
    }
}

/* ---- parameter file ---- */

static char *
strip(char *s)
{
    size_t n;

    while (*s == ' ' || *s == '\t') s++;
    n = strlen(s);
    while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
        s[--n] = '\0';
    return s;
}

/* A word for a flag: 1, 0, or -1 when it is neither. */
static int
truth(const char *s)
{
    if (exm_text_same(s, "true") || exm_text_same(s, "yes") || strcmp(s, "1") == 0)
        return 1;
    if (exm_text_same(s, "false") || exm_text_same(s, "no") || strcmp(s, "0") == 0)
        return 0;
    return -1;
}

static exm_status
apply_line(struct parser *p, char *line, void *args)
{
    char *eq = strchr(line, '=');
    char *key, *value = NULL;
    struct seen seen = {0};

    if (eq) {
        *eq = '\0';
        value = strip(eq + 1);
    }
    key = strip(line);
    seen.opt = find_long(p->cmd, key, strlen(key));
    if (!seen.opt) suggest(p, key, strlen(key));
    if (!seen.opt || seen.opt->kind == EXM_OPT_PARAMS || strcmp(key, "help") == 0) {
        return exm_fail(p->reterr, EXM_EDATA, 0, "unknown key '%s'", key);
    }
    for (size_t i = 0; !seen.opt->repeatable && i < p->n_keys; i++)
        if (p->key[i] == seen.opt) return given_twice(p, seen.opt, "key '");
    if (!seen.opt->repeatable && p->n_keys < OPTIONS_MAX) p->key[p->n_keys++] = seen.opt;
    if (seen.opt->kind == EXM_OPT_FLAG) {
        const int t = value ? truth(value) : 1;

        if (t < 0) return bad_value(p, seen.opt, value, "true or false");
        seen.off = !t;
    } else if (!value) {
        return exm_fail(p->reterr, EXM_EDATA, 0, "key '%s' has no '=' and value", key);
    }
    seen.value = value;
    return apply(p, &seen, args);
}

static exm_status
apply_params(struct parser *p, const char *path, void *args)
{
    exm_common *common = args;
    char *text = NULL, *next;
    size_t n = 0, line = 0;
    exm_status s;

    s = exm_input_slurp(path, PARAMS_LIMIT, &text, &n, p->reterr);
    if (s != EXM_OK) {
        (void) snprintf(p->hint, 256, "a parameter file holds lines like 'min-length=16'");
        return s;
    }
    common->params = text;
    if (memchr(text, '\0', n))
        return exm_fail(p->reterr, EXM_EDATA, 0, "%s: NUL byte: not a text file", path);
    for (char *at = text; at && s == EXM_OK; at = next) {
        exm_error why;
        char *body;

        next = strchr(at, '\n');
        if (next) *next++ = '\0';
        line++;
        body = strip(at);
        if (!*body || *body == '#') continue;
        s = apply_line(p, body, args);
        if (s == EXM_OK || !p->reterr) continue;
        why = *p->reterr;
        s = exm_fail(p->reterr, why.code, line, "%s, line %zu: %.380s", path, line,
                     why.msg);
    }
    return s;
}

/* ---- after parsing ---- */

static uint32_t
cores(void)
{
    cpu_set_t set;
    long n = 0;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) n = CPU_COUNT(&set);
    if (n < 1) n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1U : n > 1024 ? 1024U : (uint32_t) n;
}

/* Options that differ from their defaults and can change a result: no paths, no threads, no
 * memory. */
static exm_status
put_given(const exm_cmd *cmd, void *args, exm_error *reterr)
{
    exm_buf *given = &((exm_common *) args)->given;
    void *fresh = exm_opt_args_new(cmd);
    exm_buf a = {0}, b = {0};
    exm_status s = EXM_OK;

    if (!fresh) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for options");
    exm_buf_puts(given, cmd->name);
    for (size_t i = 0; s == EXM_OK && i < cmd->n_options; i++) {
        exm_opt o = cmd->options[i];
        const char *field = (const char *) args + o.at;

        if (o.repeatable || o.kind == EXM_OPT_FILE || o.kind == EXM_OPT_DIR ||
            o.kind == EXM_OPT_PARAMS || o.kind == EXM_OPT_SIZE)
            continue;
        if (o.kind == EXM_OPT_FLAG) {
            if (*(const int *) (const void *) field) exm_buf_putf(given, " --%s", o.name);
            continue;
        }
        exm_buf_clear(&a), exm_buf_clear(&b);
        o.shown = NULL; /* the values themselves */
        o.required = 0;
        exm_opt_default(&o, args, &a);
        exm_opt_default(&o, fresh, &b);
        s = exm_buf_check(&a, reterr);
        if (s == EXM_OK) s = exm_buf_check(&b, reterr);
        if (a.len != b.len || (a.len && memcmp(a.data, b.data, a.len) != 0)) {
            exm_buf_putf(given, " --%s ", o.name);
            exm_buf_put(given, a.data, a.len);
        }
    }
    exm_buf_done(&a), exm_buf_done(&b);
    exm_opt_args_free(cmd, fresh);
    return s == EXM_OK ? exm_buf_check(given, reterr) : s;
}

static exm_status
check_required(struct parser *p, const void *args)
{
    const exm_cmd *cmd = p->cmd;

    for (size_t i = 0; i < cmd->n_options; i++) {
        const exm_opt *o = &cmd->options[i];
        const void *field = (const char *) args + o->at;

        if (!o->required || *(const char *const *) field) continue;
        (void) snprintf(p->hint, 256, "usage: exomir %s %.200s", cmd->name, cmd->usage);
        return exm_fail(p->reterr, EXM_EDATA, 0, "option '--%s %s' is required: %s",
                        o->name, o->metavar, o->help);
    }
    if (p->operands->n < cmd->min_operands)
        return exm_fail(p->reterr, EXM_EDATA, 0, "%s is missing", cmd->operand);
    if (p->operands->n > cmd->max_operands)
        return exm_fail(p->reterr, EXM_EDATA, cmd->max_operands, "unexpected word '%s'",
                        p->operands->v[cmd->max_operands]);
    return EXM_OK;
}

static exm_status
apply_all(struct parser *p, void *args)
{
    exm_status s = EXM_OK;

    for (size_t i = 0; i < p->n && s == EXM_OK; i++) {
        s = apply(p, &p->seen[i], args);
        if (s == EXM_OK && p->seen[i].opt->kind == EXM_OPT_PARAMS)
            s = apply_params(p, p->seen[i].value, args);
    }
    for (size_t i = 0; i < p->n && s == EXM_OK; i++) { /* again: the command line wins */
        if (!p->seen[i].opt->repeatable) s = apply(p, &p->seen[i], args);
    }
    return s;
}

/* Help is given whatever else is wrong with the line. */
static int
asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return 1;
    return 0;
}

exm_status
exm_opt_parse(const exm_cmd *cmd, int argc, char **argv, void *args, exm_words *operands,
              char ret_hint[256], exm_error *reterr)
{
    exm_common *common = args;
    struct parser p = {
        .cmd = cmd, .hint = ret_hint, .reterr = reterr, .operands = operands};
    exm_status s;

    (void) snprintf(ret_hint, 256, "'exomir %s --help' explains", cmd->name);
    common->help = asks_for_help(argc, argv);
    if (common->help) return EXM_OK;
    s = scan(&p, argc, argv);
    if (s == EXM_OK) s = apply_all(&p, args);
    if (s == EXM_OK) s = check_required(&p, args);
    if (s == EXM_OK) s = put_given(cmd, args, reterr);
    if (s == EXM_OK && common->threads == 0) common->threads = cores();
    free(p.seen);
    return s;
}
