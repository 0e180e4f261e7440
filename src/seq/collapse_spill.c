/*
 * collapse_spill.c - sorted runs in a file, merged through a heap of cursors.
 *
 * Workload: 10 to 20 runs of 10^7 rows in a deep sample; every run is read once from front
 * to back in pieces.  With a very small limit there are many runs: each time there are 128
 * they become one.
 */
#include "collapse_spill.h"

#include "collapse_table.h"

#include "exomir/tempfile.h"

#include <stdlib.h>

enum { RUNS = 128, PIECE_LEAST = 8 << 10, PIECE_MOST = 1 << 20 };

struct run {
    uint64_t at, rows; /* in the file */
};

struct exm_spill {
    char *folder;
    unsigned n_key, width;
    exm_tempfile *file; /* the runs; once merged, the one run */
    struct run run[RUNS];
    size_t n;
};

/* Where one run stands. */
struct cursor {
    uint64_t *piece; /* rows of the run */
    size_t have, pos;
    struct run left; /* behind the piece */
    uint64_t hash;   /* of the row at pos */
};

struct merger {
    exm_spill *s;
    struct cursor cursor[RUNS];
    uint32_t heap[RUNS]; /* cursors with rows, the least first */
    size_t n, piece_rows;
    uint64_t *memory; /* of all pieces */
    uint64_t *out;    /* [piece_rows], the last row still growing */
    size_t n_out;
    exm_tempfile *to;
    uint64_t written;
};

exm_status
exm_spill_new(const char *folder, unsigned n_key, unsigned width, exm_spill **ret,
              exm_error *reterr)
{
    exm_spill *s = calloc(1, sizeof *s);
    const size_t n = strlen(folder) + 1;

    if (s) s->folder = malloc(n);
    if (!s || !s->folder) {
        free(s);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a table on disk");
    }
    memcpy(s->folder, folder, n);
    s->n_key = n_key;
    s->width = width;
    *ret = s;
    return EXM_OK;
}

void
exm_spill_free(exm_spill *s)
{
    if (!s) return;
    exm_tempfile_free(s->file);
    free(s->folder);
    free(s);
}

/* ---- cursors ---- */

/* The next piece of a run, when the last one is used up. */
static exm_status
fill(struct merger *m, struct cursor *c, exm_error *reterr)
{
    const uint64_t row_bytes = m->s->width * sizeof(uint64_t);
    exm_status st;

    c->pos = 0;
    c->have = c->left.rows < m->piece_rows ? (size_t) c->left.rows : m->piece_rows;
    if (c->have == 0) return EXM_OK;
    st = exm_tempfile_read(m->s->file, c->left.at, c->piece, c->have * row_bytes, reterr);
    c->left.at += c->have * row_bytes;
    c->left.rows -= c->have;
    return st;
}

static const uint64_t *
row_of(const struct merger *m, const struct cursor *c)
{
    return c->piece + c->pos * m->s->width;
}

static int
is_less(const struct merger *m, uint32_t a, uint32_t b)
{
    const struct cursor *x = m->cursor + a, *y = m->cursor + b;

    return exm_table_order(row_of(m, x), x->hash, row_of(m, y), y->hash, m->s->n_key) < 0;
}

static void
sift_down(struct merger *m, size_t i)
{
    for (;;) {
        size_t least = i;
        const size_t left = 2 * i + 1, right = left + 1;
        uint32_t swap;

        if (left < m->n && is_less(m, m->heap[left], m->heap[least])) least = left;
        if (right < m->n && is_less(m, m->heap[right], m->heap[least])) least = right;
        if (least == i) return;
        swap = m->heap[i];
        m->heap[i] = m->heap[least];
        m->heap[least] = swap;
        i = least;
    }
}

/* ---- output ---- */

static exm_status
flush(struct merger *m, exm_error *reterr)
{
    const exm_status st =
        exm_tempfile_write(m->to, m->out, m->n_out * m->s->width * sizeof *m->out, reterr);

    m->written += m->n_out;
    m->n_out = 0;
    return st;
}

static exm_status
put_row(struct merger *m, const uint64_t *row, exm_error *reterr)
{
    const unsigned n_key = m->s->n_key, width = m->s->width;
    exm_status st = EXM_OK;

    if (m->n_out > 0) {
        uint64_t *last = m->out + (m->n_out - 1) * width;

        if (memcmp(last, row, n_key * sizeof *row) == 0) {
            last[n_key] += row[n_key];
            return EXM_OK;
        }
    }
    /* One row stays, to be added to. */
    if (m->n_out == m->piece_rows) st = flush(m, reterr);
    memcpy(m->out + m->n_out++ * width, row, width * sizeof *row);
    return st;
}

/* ---- merging ---- */

static exm_status
merger_init(struct merger *m, exm_spill *s, uint64_t most, exm_error *reterr)
{
    const size_t row_bytes = s->width * sizeof(uint64_t);
    uint64_t piece = most / (s->n + 1);

    *m = (struct merger){.s = s};
    if (piece < PIECE_LEAST) piece = PIECE_LEAST;
    if (piece > PIECE_MOST) piece = PIECE_MOST;
    m->piece_rows = (size_t) piece / row_bytes;
    m->memory = malloc((s->n + 1) * m->piece_rows * row_bytes);
    if (!m->memory) { /* in two lines, so that the analyzer sees that it is never EXM_OK */
        (void) exm_fail(reterr, EXM_ENOMEM, 0, "no memory to merge %zu tables", s->n);
        return EXM_ENOMEM;
    }
    m->out = m->memory + s->n * m->piece_rows * s->width;
    for (size_t i = 0; i < s->n; i++) {
        struct cursor *c = m->cursor + i;
        exm_status st;

        c->piece = m->memory + i * m->piece_rows * s->width;
        c->left = s->run[i];
        st = fill(m, c, reterr);
        if (st != EXM_OK) return st;
        if (c->have == 0) continue;
        c->hash = exm_table_hash(c->piece, s->n_key);
        m->heap[m->n++] = (uint32_t) i;
    }
    for (size_t i = m->n / 2; i-- > 0;) sift_down(m, i);
    return exm_tempfile_new(s->folder, &m->to, reterr);
}

static exm_status
merge_rows(struct merger *m, exm_error *reterr)
{
    exm_status st = EXM_OK;

    while (st == EXM_OK && m->n > 0) {
        struct cursor *c = m->cursor + m->heap[0];

        st = put_row(m, row_of(m, c), reterr);
        if (st == EXM_OK && ++c->pos == c->have) st = fill(m, c, reterr);
        if (st != EXM_OK) break;
        if (c->have == 0)
            m->heap[0] = m->heap[--m->n];
        else
            c->hash = exm_table_hash(row_of(m, c), m->s->n_key);
        sift_down(m, 0);
    }
    return st == EXM_OK ? flush(m, reterr) : st;
}

/* All runs become one, in a new file. */
static exm_status
merge_runs(exm_spill *s, uint64_t most, exm_error *reterr)
{
    struct merger *m = malloc(sizeof *m);
    exm_status st;

    if (!m) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to merge %zu tables", s->n);
    st = merger_init(m, s, most, reterr);
    if (st == EXM_OK) st = merge_rows(m, reterr);
    if (st == EXM_OK) {
        exm_tempfile_free(s->file);
        s->file = m->to;
        s->run[0] = (struct run){.rows = m->written};
        s->n = 1;
    } else {
        exm_tempfile_free(m->to);
    }
    free(m->memory);
    free(m);
    return st;
}

exm_status
exm_spill_put(exm_spill *s, const uint64_t *row, size_t n, exm_error *reterr)
{
    exm_status st = EXM_OK;

    if (s->n == RUNS) st = merge_runs(s, 0, reterr);
    if (st == EXM_OK && !s->file) st = exm_tempfile_new(s->folder, &s->file, reterr);
    if (st != EXM_OK || n == 0) return st;
    s->run[s->n++] = (struct run){.at = exm_tempfile_bytes(s->file), .rows = n};
    return exm_tempfile_write(s->file, row, n * s->width * sizeof *row, reterr);
}

exm_status
exm_spill_merge(exm_spill *s, uint64_t most, uint64_t **ret, size_t *ret_n,
                exm_error *reterr)
{
    void *p = NULL;
    exm_status st = EXM_OK;

    if (s->n > 1) st = merge_runs(s, most, reterr);
    if (st == EXM_OK && s->file) st = exm_tempfile_map(s->file, &p, reterr);
    if (st != EXM_OK) return st;
    *ret = p;
    *ret_n = s->n > 0 ? (size_t) s->run[0].rows : 0;
    return EXM_OK;
}
