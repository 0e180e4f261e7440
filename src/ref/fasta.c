/*
 * fasta.c - reference FASTA.
 *
 * Workload: a few hundred to a few hundred thousand entries, read once per build.  One
 * copy of the text is compacted in place: the header "name rest\n" becomes "name\0rest\0",
 * the sequence loses its newlines, and neither is ever longer than what it came from, so
 * one allocation serves all strings.  References are checked more strictly than reads: an
 * entry that is silently half there would bias every sample counted with it.
 */
#include "exomir/fasta.h"

#include "exomir/input.h"
#include "exomir/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Larger than any transcriptome; a file beyond it is a mistake worth a message. */
static const size_t max_bytes = (size_t) 8 << 30;

struct exm_fasta {
    char *text;
    exm_fasta_entry *entry;
    size_t n, cap;
};

struct parser {
    const char *data, *source;
    size_t n, at, line; /* 'line' is the number of the line that starts at 'at' */
    char *to;           /* next free byte of the compacted text */
    exm_fasta *f;
};

/*
 * The letter a sequence byte stands for, 0 when it is none.  '.' and '_' are how tRNAdb
 * writes undetermined bases; they stop matches just as N does.
 */
static char
base_of(char c)
{
    static const char from[] = "ACGTUacgtuRYSWKMBDHVNryswkmbdhvn._";
    static const char to[] = "ACGTTACGTTNNNNNNNNNNNNNNNNNNNNNNNN";
    const char *p = c ? strchr(from, c) : NULL;

    return p ? to[p - from] : '\0';
}

static size_t
line_end(const struct parser *p)
{
    const char *nl = memchr(p->data + p->at, '\n', p->n - p->at);

    return nl ? (size_t) (nl - p->data) : p->n;
}

static void
next_line(struct parser *p, size_t end)
{
    p->at = end < p->n ? end + 1 : end;
    p->line++;
}

static exm_status
bad_text(const struct parser *p, size_t i, exm_error *reterr)
{
    const unsigned char c = (unsigned char) p->data[i];

    if (c == 0)
        return exm_fail(reterr, EXM_EDATA, i,
                        "%s: line %zu: NUL byte (binary file, or damaged copy?)", p->source,
                        p->line);
    if (c < 0x20 || c >= 0x7f)
        return exm_fail(reterr, EXM_EDATA, i, "%s: line %zu: byte 0x%02X is no base",
                        p->source, p->line, c);
    return exm_fail(reterr, EXM_EDATA, i,
                    "%s: line %zu: '%c' is no base (IUPAC DNA or RNA letter)%s", p->source,
                    p->line, c,
                    c == '-' || c == '~'   ? "; aligned sequences need their gaps removed"
                    : c == '+' || c == '@' ? "; is this a FASTQ file?"
                                           : "");
}

/* A new entry, or NULL when out of memory. */
static exm_fasta_entry *
add_entry(const struct parser *p)
{
    exm_fasta *f = p->f;

    if (f->n == f->cap) {
        const size_t cap = f->cap ? 2 * f->cap : 64;
        exm_fasta_entry *e =
            cap < SIZE_MAX / sizeof *e ? realloc(f->entry, cap * sizeof *e) : NULL;

        if (!e) return NULL;
        f->entry = e;
        f->cap = cap;
    }
    f->entry[f->n] = (exm_fasta_entry){.description = "", .line = p->line};
    return &f->entry[f->n++];
}

/* ">name rest": blanks or tabs between, none kept at the ends. */
static exm_status
header(struct parser *p, exm_fasta_entry **ret, exm_error *reterr)
{
    const size_t end = line_end(p);
    size_t stop = end, i = p->at + 1;
    exm_fasta_entry *e;

    while (stop > i && strchr(" \t\r", p->data[stop - 1]) && p->data[stop - 1]) stop--;
    for (size_t k = i; k < stop; k++) {
        const unsigned char c = (unsigned char) p->data[k];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return exm_fail(reterr, EXM_EDATA, k,
                            "%s: line %zu: control byte 0x%02X in a name", p->source,
                            p->line, c);
    }
    if (i == stop || p->data[i] == ' ' || p->data[i] == '\t')
        return exm_fail(reterr, EXM_EDATA, i, "%s: line %zu: '>' without a name", p->source,
                        p->line);
    e = add_entry(p);
    if (!e)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the entries of %s",
                        p->source);
    e->id = p->to;
    while (i < stop && p->data[i] != ' ' && p->data[i] != '\t') *p->to++ = p->data[i++];
    *p->to++ = '\0';
    while (i < stop && (p->data[i] == ' ' || p->data[i] == '\t')) i++;
    if (i < stop) {
        e->description = p->to;
        memmove(p->to, p->data + i, stop - i);
        p->to += stop - i;
        *p->to++ = '\0';
    }
    next_line(p, end);
    *ret = e;
    return EXM_OK;
}

static exm_status
sequence_line(struct parser *p, size_t end, exm_error *reterr)
{
    size_t stop = end;

    while (stop > p->at && strchr(" \t\r", p->data[stop - 1]) && p->data[stop - 1]) stop--;
    for (size_t i = p->at; i < stop; i++) {
        const char c = base_of(p->data[i]);

        if (!c) return bad_text(p, i, reterr);
        *p->to++ = c;
    }
    return EXM_OK;
}

static exm_status
sequence(struct parser *p, exm_fasta_entry *e, exm_error *reterr)
{
    e->seq = p->to;
    while (p->at < p->n && p->data[p->at] != '>') {
        const size_t end = line_end(p);
        const exm_status s = sequence_line(p, end, reterr);

        if (s != EXM_OK) return s;
        next_line(p, end);
    }
    e->len = (size_t) (p->to - e->seq);
    if (e->len == 0)
        return exm_fail(reterr, EXM_EDATA, p->at,
                        "%s: line %zu: '%.80s' has no sequence (file cut short?)",
                        p->source, e->line, e->id);
    *p->to++ = '\0';
    return EXM_OK;
}

/* Blank lines (and a byte order mark) may stand before the first '>'. */
static exm_status
lead(struct parser *p, exm_error *reterr)
{
    p->at = exm_text_bom_len(p->data, p->n);
    while (p->at < p->n && (p->data[p->at] == '\n' || p->data[p->at] == '\r')) {
        if (p->data[p->at] == '\n') p->line++;
        p->at++;
    }
    if (p->at == p->n)
        return exm_fail(reterr, EXM_EDATA, 0, "%s: the file is empty", p->source);
    if (p->data[p->at] == '>') return EXM_OK;
    return exm_fail(reterr, EXM_EDATA, p->at, "%s: line %zu: text before the first '>'%s",
                    p->source, p->line,
                    p->data[p->at] == '@' ? "; this looks like FASTQ, a FASTA is needed"
                                          : ": this is no FASTA file");
}

struct named {
    const char *id;
    size_t line;
};

static int
by_id(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    const int c = strcmp(x->id, y->id);

    return c ? c : (x->line > y->line) - (x->line < y->line);
}

static exm_status
check_unique(const exm_fasta *f, const char *source, exm_error *reterr)
{
    struct named *v = calloc(f->n + 1, sizeof *v);
    exm_status s = EXM_OK;

    if (!v) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the names of %s", source);
    for (size_t i = 0; i < f->n; i++)
        v[i] = (struct named){.id = f->entry[i].id, .line = f->entry[i].line};
    qsort(v, f->n, sizeof *v, by_id);
    for (size_t i = 1; i < f->n && s == EXM_OK; i++)
        if (strcmp(v[i - 1].id, v[i].id) == 0)
            s = exm_fail(reterr, EXM_EDATA, v[i].line,
                         "%s: line %zu: '%.80s' is there already, on line %zu", source,
                         v[i].line, v[i].id, v[i - 1].line);
    free(v);
    return s;
}

exm_status
exm_fasta_parse(const char *data, size_t n, const char *source, exm_fasta **ret,
                exm_error *reterr)
{
    struct parser p = {.data = data, .source = source, .n = n, .line = 1};
    exm_status s;

    if ((!data && n > 0) || !source || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "data, source or ret is NULL");
    p.f = calloc(1, sizeof *p.f);
    if (p.f) p.f->text = n < SIZE_MAX - 2 ? malloc(n + 2) : NULL;
    if (!p.f || !p.f->text) {
        exm_fasta_free(p.f);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %s", source);
    }
    p.to = p.f->text;
    s = lead(&p, reterr);
    while (s == EXM_OK && p.at < n) {
        exm_fasta_entry *e = NULL;

        s = header(&p, &e, reterr);
        if (s == EXM_OK && e) s = sequence(&p, e, reterr);
    }
    if (s == EXM_OK) s = check_unique(p.f, source, reterr);
    if (s != EXM_OK) {
        exm_fasta_free(p.f);
        return s;
    }
    *ret = p.f;
    return EXM_OK;
}

exm_status
exm_fasta_read(const char *path, exm_fasta **ret, exm_error *reterr)
{
    char *data = NULL;
    size_t n = 0;
    exm_status s;

    if (!path || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "path or ret is NULL");
    s = exm_input_slurp(path, max_bytes, &data, &n, reterr);
    if (s == EXM_OK)
        s = exm_fasta_parse(data, n, strcmp(path, "-") == 0 ? "standard input" : path, ret,
                            reterr);
    free(data);
    return s;
}

size_t
exm_fasta_count(const exm_fasta *f)
{
    return f->n;
}

const exm_fasta_entry *
exm_fasta_get(const exm_fasta *f, size_t i)
{
    return i < f->n ? &f->entry[i] : NULL;
}

void
exm_fasta_free(exm_fasta *f)
{
    if (!f) return;
    free(f->text);
    free(f->entry);
    free(f);
}
