/*
 * outputs_trna.c - tables of tRNA fragments.
 *
 * Workload: 1 to 1,000 samples of 10^3 to 10^6 fragments.  Every record's list is sorted by
 * type, tRNA, length and sequence, so the entries of one type and tRNA are gathered at a
 * time, as outputs.c does with the isomiRs of one feature.
 */
#include "outputs_impl.h"

#include "exomir/annotate.h"
#include "exomir/isomir.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    const exm_record_fragment *x;
    size_t rec;
};

struct walk {
    const exm_record *const *r;
    size_t n;
    size_t *at; /* cursors */
    struct entry *entry;
    size_t n_entries, cap;
    uint64_t *count; /* [n] of the row at hand */
    int which;
    exm_buf out;
    exm_outfile *file;
    exm_error *err;
};

static exm_status
no_memory(exm_error *reterr)
{
    return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the table of tRNA fragments");
}

/* The group that stands first at any cursor; 0 at the end of all. */
static int
next_group(const struct walk *w, uint32_t *ret_type, const char **ret_name)
{
    uint32_t type = EXM_TRF_COUNT;
    const char *name = NULL;

    for (size_t i = 0; i < w->n; i++) {
        const exm_record *r = w->r[i];
        const exm_record_fragment *x = r->fragments + w->at[i];
        const char *mine;

        if (w->at[i] >= r->n_fragments || x->type > type) continue;
        mine = r->features[x->feature].name;
        if (x->type == type && name && strcmp(mine, name) >= 0) continue;
        type = x->type;
        name = mine;
    }
    *ret_type = type;
    *ret_name = name;
    return name != NULL;
}

static int
by_sequence(const void *pa, const void *pb)
{
    const struct entry *a = pa, *b = pb;
    const int c = exm_packed_order(a->x->lo, a->x->hi, b->x->lo, b->x->hi);

    return c ? c : (a->rec > b->rec) - (a->rec < b->rec);
}

static exm_status
gather(struct walk *w, uint32_t type, const char *name)
{
    w->n_entries = 0;
    for (size_t i = 0; i < w->n; i++) {
        const exm_record *r = w->r[i];

        for (; w->at[i] < r->n_fragments; w->at[i]++) {
            const exm_record_fragment *x = r->fragments + w->at[i];

            if (x->type != type || strcmp(r->features[x->feature].name, name) != 0) break;
            if (w->n_entries == w->cap) {
                const size_t cap = w->cap ? w->cap * 2 : 1024;
                struct entry *e = realloc(w->entry, cap * sizeof *e);

                if (!e) return no_memory(w->err);
                w->entry = e;
                w->cap = cap;
            }
            w->entry[w->n_entries++] = (struct entry){x, i};
        }
    }
    if (w->n_entries > 1) qsort(w->entry, w->n_entries, sizeof *w->entry, by_sequence);
    return EXM_OK;
}

static exm_status
flush(struct walk *w, size_t at_least)
{
    exm_status st = exm_buf_check(&w->out, w->err);

    if (st == EXM_OK && w->out.len >= at_least && w->out.len > 0)
        st = exm_outfile_write(w->file, w->out.data, w->out.len, w->err);
    if (st == EXM_OK && w->out.len >= at_least) exm_buf_clear(&w->out);
    return st;
}

static void
put_counts(struct walk *w)
{
    for (size_t i = 0; i < w->n; i++) {
        exm_buf_putc(&w->out, '\t');
        exm_buf_put_u64(&w->out, w->count[i]);
    }
    exm_buf_putc(&w->out, '\n');
}

/* The rows of the gathered group: one per sequence. */
static exm_status
put_group(struct walk *w, uint32_t type, const char *name)
{
    exm_status st = EXM_OK;
    char seq[64];

    for (size_t i = 0; st == EXM_OK && i < w->n_entries;) {
        const exm_record_fragment *x = w->entry[i].x;
        const uint32_t len = exm_unpack(x->lo, x->hi, seq);
        int any = 0; /* reads whose molecules all count as another insert's have none */

        memset(w->count, 0, w->n * sizeof *w->count);
        for (; i < w->n_entries && w->entry[i].x->lo == x->lo && w->entry[i].x->hi == x->hi;
             i++) {
            w->count[w->entry[i].rec] = w->entry[i].x->count[w->which];
            any |= w->count[w->entry[i].rec] > 0;
        }
        if (!any) continue;
        exm_buf_putf(&w->out, "%s|%s|", exm_trf_name((exm_trf) type), name);
        st = exm_uid_put("tRF", seq, len, &w->out, w->err);
        put_counts(w);
        if (st == EXM_OK) st = flush(w, EXM_WRITE_AT);
    }
    return st;
}

static exm_status
put_fragments(struct walk *w, exm_outdir *dir)
{
    const char *name;
    uint32_t type;
    exm_status st = exm_outdir_open(dir, "trna_fragments.counts.tsv", &w->file, w->err);

    exm_outputs_put_header(&w->out, "fragment", w->r, w->n);
    while (st == EXM_OK && next_group(w, &type, &name)) {
        st = gather(w, type, name);
        if (st == EXM_OK) st = put_group(w, type, name);
    }
    if (st == EXM_OK) st = flush(w, 0);
    if (st == EXM_OK) return exm_outdir_close(dir, w->file, w->err);
    exm_outfile_free(w->file);
    return st;
}

static exm_status
put_types(struct walk *w, exm_outdir *dir)
{
    exm_status st;

    exm_outputs_put_header(&w->out, "type", w->r, w->n);
    for (int t = 0; t < EXM_TRF_COUNT; t++) {
        exm_buf_puts(&w->out, exm_trf_name((exm_trf) t));
        for (size_t i = 0; i < w->n; i++) w->count[i] = w->r[i]->trf[t][w->which];
        put_counts(w);
    }
    st = exm_outdir_put(dir, "trna_types.counts.tsv", &w->out, w->err);
    exm_buf_clear(&w->out);
    return st;
}

exm_status
exm_outputs_trna(const exm_record *const *records, size_t n, int only_types,
                 exm_outdir *dir, exm_error *reterr)
{
    struct walk w = {
        .r = records, .n = n, .which = exm_outputs_any_umi(records, n), .err = reterr};
    exm_status st = EXM_OK;

    if (n == 0 || !exm_record_has_trna(records[0])) return EXM_OK;
    w.at = calloc(n, sizeof *w.at);
    w.count = calloc(n, sizeof *w.count);
    if (!w.at || !w.count) st = no_memory(reterr);
    if (st == EXM_OK) st = put_types(&w, dir);
    if (st == EXM_OK && !only_types) st = put_fragments(&w, dir);
    free(w.at);
    free(w.count);
    free(w.entry);
    exm_buf_done(&w.out);
    return st;
}
