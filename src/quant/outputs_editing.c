/*
 * outputs_editing.c - tables of edited sites and of other substitutions in miRNAs.
 *
 * Workload: 1 to 1,000 samples of some 10^3 to 10^5 rows; one row per sample, site and base.
 */
#include "outputs_impl.h"

#include "exomir/variants.h"

enum { CODE_A = 0, CODE_G = 3 };

static int
is_editing(const exm_record_variant *v)
{
    return v->ref == CODE_A && v->alt == CODE_G;
}

static void
put_row(exm_buf *b, const exm_record *r, const exm_record_variant *v, int editing)
{
    exm_buf_putf(b, "%s\t%s\t%u\t", r->sample, r->features[v->feature].name, v->position);
    if (!editing) exm_buf_putf(b, "%c\t%c\t", "ACTG"[v->ref], "ACTG"[v->alt]);
    exm_buf_put_u64(b, v->count);
    exm_buf_putc(b, '\t');
    exm_buf_put_u64(b, v->total);
    exm_buf_putc(b, '\t');
    exm_buf_put_fixed(b, (double) v->count / (double) v->total, 6);
    exm_buf_putc(b, '\t');
    exm_buf_put_double(b, v->error_rate);
    exm_buf_putc(b, '\t');
    exm_buf_put_double(b, v->p);
    exm_buf_putc(b, '\t');
    exm_buf_put_double(b, v->fdr);
    exm_buf_putf(b, "\t%s\t%s\t%s\n", exm_variant_call(v), v->known[0] ? v->known : "NA",
                 v->same_as[0] ? v->same_as : "NA");
}

static exm_status
put_table(const exm_record *const *r, size_t n, int editing, exm_outdir *dir,
          exm_error *reterr)
{
    exm_outfile *file = NULL;
    exm_buf b = {0};
    exm_status st =
        exm_outdir_open(dir, editing ? "a_to_i.tsv" : "variants.tsv", &file, reterr);

    exm_buf_puts(&b, editing ? "sample\tmirna\tposition\tedited\ttotal\tlevel"
                             : "sample\tmirna\tposition\tref\talt\tcount\ttotal\tlevel");
    exm_buf_puts(&b, "\terror_rate\tp\tfdr\tcall\tknown\tsame_as\n");
    for (size_t i = 0; st == EXM_OK && i < n; i++) {
        for (size_t k = 0; st == EXM_OK && k < r[i]->n_variants; k++) {
            if (is_editing(r[i]->variants + k) != editing) continue;
            put_row(&b, r[i], r[i]->variants + k, editing);
            if (b.len < EXM_WRITE_AT) continue;
            st = exm_buf_check(&b, reterr);
            if (st == EXM_OK) st = exm_outfile_write(file, b.data, b.len, reterr);
            exm_buf_clear(&b);
        }
    }
    if (st == EXM_OK) st = exm_buf_check(&b, reterr);
    if (st == EXM_OK) st = exm_outfile_write(file, b.data, b.len, reterr);
    exm_buf_done(&b);
    if (st == EXM_OK) return exm_outdir_close(dir, file, reterr);
    exm_outfile_free(file);
    return st;
}

exm_status
exm_outputs_editing(const exm_record *const *records, size_t n, exm_outdir *dir,
                    exm_error *reterr)
{
    int any = 0;
    exm_status st;

    for (size_t i = 0; i < n; i++) any |= records[i]->editing != 0;
    if (!any) return EXM_OK;
    st = put_table(records, n, 1, dir, reterr);
    return st == EXM_OK ? put_table(records, n, 0, dir, reterr) : st;
}
