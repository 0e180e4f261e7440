/* cmd_diff.c - exomir diff: counts, sample table, formula and contrast to a table of tests. */
#include "commands.h"
#include "msg.h"
#include "provenance.h"

#include "exomir/diff.h"
#include "exomir/outdir.h"
#include "exomir/report_diff.h"

#include <stdio.h>
#include <string.h>

struct diff_args {
    exm_common common;
    const char *counts, *coldata, *engine, *norm, *out;
    int no_filter;
    exm_diff_options o;
};

#define AT(field) offsetof(struct diff_args, field)

static const exm_opt options[] = {
    {.name = "counts",
     .metavar = "TSV",
     .kind = EXM_OPT_FILE,
     .at = AT(counts),
     .group = "Input and output",
     .help =
         "raw counts, features by samples, such as mirna.counts.tsv; TSV or CSV, packed "
         "or not",
     .required = 1},
    {.name = "coldata",
     .metavar = "TSV",
     .kind = EXM_OPT_FILE,
     .at = AT(coldata),
     .help = "what is known of the samples: the first column names them",
     .required = 1},
    {.name = "out",
     .letter = 'o',
     .metavar = "DIR",
     .kind = EXM_OPT_DIR,
     .at = AT(out),
     .help = "folder for diff.tsv, diff.json, report.html and, last, provenance.json",
     .required = 1},
    {.name = "design",
     .metavar = "FORMULA",
     .kind = EXM_OPT_TEXT,
     .at = AT(o.design),
     .group = "Model",
     .help = "R formula over columns of the sample table, such as '~ batch + condition'",
     .required = 1},
    {.name = "contrast",
     .metavar = "A-B",
     .kind = EXM_OPT_TEXT,
     .at = AT(o.contrast),
     .help = "what is tested: a sum of levels or coefficients, such as 'cancer-healthy'",
     .required = 1},
    {.name = "engine",
     .metavar = "NAME",
     .kind = EXM_OPT_CHOICE,
     .at = AT(engine),
     .choice = exm_diff_engine_name,
     .help = "edger: negative binomial, quasi-likelihood F; voom: limma-voom, moderated t; "
             "deseq2: negative binomial, Wald"},
    {.name = "norm",
     .metavar = "NAME",
     .kind = EXM_OPT_CHOICE,
     .at = AT(norm),
     .choice = exm_diff_norm_name,
     .shown = "tmm; for deseq2 the median of ratios",
     .help = "normalisation across samples"},
    {.name = "no-filter",
     .kind = EXM_OPT_FLAG,
     .at = AT(no_filter),
     .help = "test every feature with a count, also where the counts are too low to tell"},
};

static void
defaults(void *args)
{
    struct diff_args *a = args;

    a->o = exm_diff_defaults();
    a->engine = exm_diff_engine_name(a->o.engine);
}

/* ---- outputs ---- */

static exm_status
put_provenance(const struct diff_args *a, const exm_outdir *dir, exm_buf *ret,
               exm_error *reterr)
{
    exm_json j;
    exm_status s;

    exm_provenance_begin(&j, ret, &a->common);
    s = exm_provenance_input(&j, "counts", a->counts, reterr);
    if (s == EXM_OK) s = exm_provenance_input(&j, "coldata", a->coldata, reterr);
    if (s != EXM_OK) return s;
    return exm_provenance_end(&j, dir, reterr);
}

static exm_status
publish(const struct diff_args *a, const exm_diff *d, exm_buf *json, exm_error *reterr)
{
    exm_outdir *dir = NULL;
    exm_buf tsv = {0}, html = {0}, provenance = {0};
    exm_status s = exm_outdir_new(a->out, &dir, reterr);

    exm_diff_put_tsv(d, &tsv);
    if (s == EXM_OK) s = exm_outdir_put(dir, "diff.tsv", &tsv, reterr);
    if (s == EXM_OK) s = exm_diff_put_json(d, &a->o, json, reterr);
    if (s == EXM_OK) s = exm_outdir_put(dir, "diff.json", json, reterr);
    if (s == EXM_OK) s = exm_report_diff(d, &a->o, EXM_VERSION, &html, reterr);
    if (s == EXM_OK) s = exm_outdir_put(dir, "report.html", &html, reterr);
    if (s == EXM_OK) s = put_provenance(a, dir, &provenance, reterr);
    if (s == EXM_OK) s = exm_outdir_commit(dir, &provenance, reterr);
    exm_outdir_free(dir);
    exm_buf_done(&tsv);
    exm_buf_done(&html);
    exm_buf_done(&provenance);
    return s;
}

static void
say_result(const struct diff_args *a, const exm_diff *d, exm_buf *out)
{
    size_t up = 0, down = 0;

    for (size_t i = 0; i < d->n_rows; i++) {
        up += d->rows[i].fdr < 0.05 && d->rows[i].log2fc > 0.0;
        down += d->rows[i].fdr < 0.05 && d->rows[i].log2fc < 0.0;
    }
    exm_buf_putf(out,
                 "%s: %zu of %zu features tested in %zu samples\n"
                 "  FDR below 0.05: %zu up, %zu down\n\nresults: %s/diff.tsv\nreport: "
                 "%s/report.html\n",
                 a->o.contrast, d->n_rows, d->matrix->n_features, d->matrix->n_samples, up,
                 down, a->out, a->out);
}

static int
run_diff(void *args, const exm_words *operands)
{
    struct diff_args *a = args;
    exm_matrix *m = NULL;
    exm_coldata c = {0};
    exm_diff *d = NULL;
    exm_pool *pool = NULL;
    exm_buf json = {0}, out = {0};
    exm_error err = {0};
    exm_status s;
    int code;

    (void) operands;
    a->o.filter = !a->no_filter;
    a->o.own_norm = a->norm == NULL;
    while (a->norm && strcmp(exm_diff_norm_name(a->o.norm), a->norm) != 0) a->o.norm++;
    while (strcmp(exm_diff_engine_name(a->o.engine), a->engine) != 0) a->o.engine++;
    code = exm_own_folder(&a->common, a->out);
    if (code != EXM_EXIT_OK) return code;
    exm_guard_folder(a->out);
    s = exm_matrix_read(a->counts, &m, &err);
    if (s == EXM_OK) s = exm_coldata_read(a->coldata, m, &c, &err);
    if (s == EXM_OK && c.n_extra > 0)
        exm_msg_note(&a->common, "%zu rows of %s are of samples without counts: ignored",
                     c.n_extra, a->coldata);
    if (s == EXM_OK) s = exm_pool_new(a->common.threads, &pool, &err);
    if (s == EXM_OK) s = exm_diff_run(m, &c, &a->o, pool, &d, &err);
    if (s == EXM_OK) s = publish(a, d, &json, &err);
    if (s == EXM_OK) {
        if (!a->common.json) say_result(a, d, &out);
        code = exm_msg_print(&a->common, a->common.json ? &json : &out);
    } else {
        code = exm_msg_status(&a->common, &err, "nothing was published");
    }
    exm_diff_free(d);
    exm_pool_free(pool);
    exm_coldata_done(&c);
    exm_matrix_free(m);
    exm_buf_done(&json);
    exm_buf_done(&out);
    return code;
}

const exm_cmd exm_cmd_diff = {
    .name = "diff",
    .summary = "test which miRNAs differ between groups of samples",
    .usage = "--counts TSV --coldata TSV --design FORMULA --contrast A-B -o DIR [OPTIONS]",
    .about =
        "Filters features with too few counts, normalises, fits the design and tests the "
        "contrast. edger: negative binomial counts, quasi-dispersions squeezed to their "
        "trend, F test. voom: log2 counts per million with weights from the mean-variance "
        "trend, "
        "variances moderated across features. deseq2: negative binomial counts, "
        "dispersions "
        "shrunken to their trend, outliers replaced or their p withheld, FDR over the "
        "features that pass a filter by mean. Library sizes are those of the tested "
        "features.\n\n"
        "A formula is written as in R: columns joined by '+', '0 +' for no intercept, a:b "
        "and a*b for interactions. Columns of numbers are covariates, all others factors, "
        "whose first level in byte order is the base. Effects that the samples cannot tell "
        "apart, such as a condition that is a batch, are refused.\n\n"
        "Research use only.",
    .examples = "exomir diff --counts run/mirna.counts.tsv --coldata run/coldata.tsv \\\n"
                "    --design '~ batch + condition' --contrast cancer-healthy -o de",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .common = EXM_COMMON_THREADS,
    .args_size = sizeof(struct diff_args),
    .defaults = defaults,
    .run = run_diff,
    .operand = "nothing",
};
