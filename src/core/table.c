/*
 * table.c - TSV and CSV tables.
 *
 * Workload: sample sheets of a few lines to matrices of some hundred MB.  The text is
 * copied once and cut in place: cells are offsets into that copy, 4 bytes each.
 */
#include "exomir/table.h"

#include "exomir/text.h"

#include <stdlib.h>
#include <string.h>

struct exm_table {
    char *text;     /* the copy; cells end in NUL */
    uint32_t *cell; /* offsets, header row first */
    uint32_t *line; /* 1-based source line of each row, header first */
    size_t n_cells, cap_cells, n_rows, cap_rows, n_cols;
};

/* Where the parser stands. */
struct cursor {
    exm_table *t;
    const char *source;
    char *p, *end; /* reading */
    char *out;     /* writing: never ahead of p */
    char sep;
    uint32_t line;
    exm_error *err;
};

static exm_status
wrong(const struct cursor *c, const char *what)
{
    return exm_fail(c->err, EXM_EDATA, c->line, "%s, line %u: %s", c->source, c->line,
                    what);
}

static int
grow(void **p, size_t *cap, size_t n, size_t size)
{
    size_t more;
    void *q;

    if (n < *cap) return 1;
    more = *cap ? *cap * 2 : 256;
    q = realloc(*p, more * size);
    if (!q) return 0;
    *p = q;
    *cap = more;
    return 1;
}

static exm_status
add_cell(struct cursor *c, const char *at)
{
    exm_table *t = c->t;
    void *p = t->cell;

    if (!grow(&p, &t->cap_cells, t->n_cells, sizeof *t->cell))
        return exm_fail(c->err, EXM_ENOMEM, c->line, "%s: no memory for its cells",
                        c->source);
    t->cell = p;
    t->cell[t->n_cells++] = (uint32_t) (at - t->text);
    return EXM_OK;
}

/* A quoted cell: "" stands for one quote; line breaks inside are kept. */
static exm_status
cut_quoted(struct cursor *c)
{
    const uint32_t opened = c->line;

    c->p++;
    for (;;) {
        if (c->p == c->end) {
            c->line = opened;
            return wrong(c, "a quoted cell is never closed");
        }
        if (*c->p == '"') {
            if (c->p + 1 < c->end && c->p[1] == '"') {
                c->p++;
            } else {
                c->p++;
                break;
            }
        }
        if (*c->p == '\n') c->line++;
        *c->out++ = *c->p++;
    }
    if (c->p < c->end && *c->p != c->sep && *c->p != '\n' && *c->p != '\r')
        return wrong(c, "text after the closing quote of a cell");
    return EXM_OK;
}

/* One cell; the byte that ended it (separator, line feed, or end) is at p. */
static exm_status
cut_cell(struct cursor *c)
{
    exm_status st = add_cell(c, c->out);

    if (st == EXM_OK && c->sep != '\t' && c->p < c->end && *c->p == '"') {
        st = cut_quoted(c);
    } else if (st == EXM_OK) {
        while (c->p < c->end && *c->p != c->sep && *c->p != '\n' && *c->p != '\r')
            *c->out++ = *c->p++;
    }
    if (st != EXM_OK || c->p == c->end || *c->p != '\r') return st;
    c->p++; /* of CR LF, or of a file cut between them; old Macs ended lines in CR alone */
    if (c->p < c->end && *c->p != '\n') return wrong(c, "a stray carriage return");
    return EXM_OK;
}

/* Cells up to the line's end.  NULs are written after the byte that ended a cell was read. */
static exm_status
cut_row(struct cursor *c, size_t *ret_cells)
{
    exm_table *t = c->t;
    const size_t before = t->n_cells;
    void *p = t->line;

    if (!grow(&p, &t->cap_rows, t->n_rows, sizeof *t->line))
        return exm_fail(c->err, EXM_ENOMEM, c->line, "%s: no memory for its rows",
                        c->source);
    t->line = p;
    t->line[t->n_rows++] = c->line;
    for (;;) {
        exm_status st = cut_cell(c);
        char ended;

        if (st != EXM_OK) return st;
        ended = c->p < c->end ? *c->p++ : '\n';
        *c->out++ = '\0';
        if (ended == '\n') break;
    }
    c->line++;
    *ret_cells = t->n_cells - before;
    return EXM_OK;
}

/* A line feed, which never separates, for a table of one column. */
static char
find_separator(const char *p, const char *end)
{
    const char *stop = memchr(p, '\n', (size_t) (end - p));
    const size_t n = (size_t) ((stop ? stop : end) - p);

    if (memchr(p, '\t', n)) return '\t';
    if (memchr(p, ',', n)) return ',';
    return memchr(p, ';', n) ? ';' : '\n';
}

static int
is_blank_line(const struct cursor *c)
{
    return *c->p == '\n' || (*c->p == '\r' && (c->p + 1 == c->end || c->p[1] == '\n'));
}

static void
skip_line(struct cursor *c)
{
    char *stop = memchr(c->p, '\n', (size_t) (c->end - c->p));

    c->p = stop ? stop + 1 : c->end;
    c->line++;
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static exm_status
check_header(struct cursor *c)
{
    exm_table *t = c->t;
    const char **name = calloc(t->n_cols ? t->n_cols : 1, sizeof *name);
    exm_status st = EXM_OK;

    if (!name) return exm_fail(c->err, EXM_ENOMEM, 0, "%s: no memory", c->source);
    for (size_t i = 0; st == EXM_OK && i < t->n_cols; i++) {
        name[i] = t->text + t->cell[i];
        if (*name[i] == '\0')
            st = exm_fail(c->err, EXM_EDATA, t->line[0],
                          "%s, line %u: column %zu has no name", c->source, t->line[0],
                          i + 1);
    }
    if (st == EXM_OK) qsort(name, t->n_cols, sizeof *name, by_text);
    for (size_t i = 1; st == EXM_OK && i < t->n_cols; i++)
        if (strcmp(name[i - 1], name[i]) == 0)
            st = exm_fail(c->err, EXM_EDATA, t->line[0],
                          "%s, line %u: two columns are named '%s'", c->source, t->line[0],
                          name[i]);
    free(name);
    return st;
}

static exm_status
parse_rows(struct cursor *c)
{
    exm_status st;
    size_t cells;

    while (c->p < c->end && (*c->p == '#' || is_blank_line(c))) skip_line(c);
    if (c->p == c->end) return wrong(c, "the table is empty: a header row is needed");
    c->sep = find_separator(c->p, c->end);
    st = cut_row(c, &c->t->n_cols);
    if (st == EXM_OK) st = check_header(c);
    while (st == EXM_OK && c->p < c->end) {
        const uint32_t line = c->line;

        if (is_blank_line(c)) { /* fine at the end, and nowhere else */
            while (c->p < c->end && is_blank_line(c)) skip_line(c);
            if (c->p < c->end) {
                c->line = line;
                return wrong(c, "a blank line inside the table");
            }
            break;
        }
        st = cut_row(c, &cells);
        if (st == EXM_OK && cells != c->t->n_cols)
            st = exm_fail(c->err, EXM_EDATA, line,
                          "%s, line %u: %zu cells where the header has %zu", c->source,
                          line, cells, c->t->n_cols);
    }
    return st;
}

exm_status
exm_table_parse(const char *data, size_t n, const char *source, exm_table **ret,
                exm_error *reterr)
{
    struct cursor c = {.source = source, .line = 1, .err = reterr};
    const char *nul;
    exm_status st;

    if ((!data && n > 0) || !source || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "table: an argument is NULL");
    if (n > UINT32_MAX - 2)
        return exm_fail(reterr, EXM_EDATA, 0, "%s: a table of more than 4 GiB", source);
    if (n >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 || memcmp(data, "\xfe\xff", 2) == 0))
        return exm_fail(reterr, EXM_EDATA, 0, "%s: UTF-16 text; save it as UTF-8", source);
    nul = n > 0 ? memchr(data, '\0', n) : NULL;
    if (nul)
        return exm_fail(reterr, EXM_EDATA, (size_t) (nul - data),
                        "%s: a NUL at byte %zu: not a text table", source,
                        (size_t) (nul - data));
    if (exm_text_bom_len(data, n)) data += 3, n -= 3;

    c.t = calloc(1, sizeof *c.t);
    /* A last cell without line feed needs one more byte for its NUL. */
    if (c.t) c.t->text = malloc(n + 2);
    if (!c.t || !c.t->text) {
        exm_table_free(c.t);
        return exm_fail(reterr, EXM_ENOMEM, 0, "%s: no memory for the table", source);
    }
    if (n > 0) memcpy(c.t->text, data, n);
    c.p = c.out = c.t->text;
    c.end = c.t->text + n;
    st = parse_rows(&c);
    if (st != EXM_OK) {
        exm_table_free(c.t);
        return st;
    }
    *ret = c.t;
    return EXM_OK;
}

void
exm_table_free(exm_table *t)
{
    if (!t) return;
    free(t->text);
    free(t->cell);
    free(t->line);
    free(t);
}

size_t
exm_table_rows(const exm_table *t)
{
    return t->n_rows - 1;
}

size_t
exm_table_cols(const exm_table *t)
{
    return t->n_cols;
}

const char *
exm_table_col_name(const exm_table *t, size_t col)
{
    return t->text + t->cell[col];
}

size_t
exm_table_find(const exm_table *t, const char *name)
{
    for (size_t i = 0; i < t->n_cols; i++)
        if (strcmp(exm_table_col_name(t, i), name) == 0) return i;
    return SIZE_MAX;
}

const char *
exm_table_get(const exm_table *t, size_t row, size_t col)
{
    return t->text + t->cell[(row + 1) * t->n_cols + col];
}

uint64_t
exm_table_line(const exm_table *t, size_t row)
{
    return t->line[row + 1];
}
