/*
 * diff.c - the steps of a differential-expression analysis in their order.
 *
 * Workload: one cohort of 10^2 to 10^4 features and 4 to 10^4 samples.  Everything is
 * computed from the sorted matrix, so neither the order of files nor threads leave a trace.
 */
#include "exomir/diff.h"

#include "exomir/accum.h"
#include "exomir/hemolysis.h"
#include "exomir/json.h"
#include "exomir/padjust.h"
#include "exomir/pca.h"

#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double cpm_prior = 2.0;

static const char *const norm_names[] = {"tmm", "tmmwsp", "rle", "uq", "none"};
static const char *const engine_names[] = {"edger", "voom", "deseq2"};

exm_diff_options
exm_diff_defaults(void)
{
    return (exm_diff_options){.own_norm = 1, .filter = 1, .span = 0.5};
}

const char *
exm_diff_norm_name(size_t i)
{
    return i < sizeof norm_names / sizeof norm_names[0] ? norm_names[i] : NULL;
}

const char *
exm_diff_engine_name(size_t i)
{
    return i < sizeof engine_names / sizeof engine_names[0] ? engine_names[i] : NULL;
}

void
exm_diff_free(exm_diff *d)
{
    if (!d) return;
    free(d->rows);
    free(d->group_cpm);
    free(d->lib);
    free(d->factor);
    free(d->contrast);
    free(d->top_log_cpm);
    free(d->pc);
    exm_model_free(d->model);
    free(d);
}

static exm_status
no_memory(exm_error *reterr)
{
    return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the analysis");
}

/* ---- which features are tested ---- */

static exm_status
name_empty_samples(const exm_matrix *m, const double *lib, exm_error *reterr)
{
    for (size_t s = 0; s < m->n_samples; s++)
        if (lib[s] == 0.0)
            return exm_fail(reterr, EXM_EDATA, s,
                            "sample '%.100s' has no counts at all: leave it out",
                            m->samples[s]);
    return EXM_OK;
}

static exm_status
choose_features(const exm_matrix *m, const exm_diff *d, int filter, unsigned char *keep,
                exm_error *reterr)
{
    const exm_counts all = exm_matrix_counts(m);
    const exm_design design = exm_model_design(d->model);
    double *h, most = 0.0;
    exm_status st;

    if (!filter) {
        for (size_t f = 0; f < m->n_features; f++)
            keep[f] = exm_sum(m->y + f * m->n_samples, m->n_samples, 1) > 0.0;
        return EXM_OK;
    }
    h = calloc(m->n_samples + 1, sizeof *h);
    if (!h) return no_memory(reterr);
    st = exm_design_leverage(&design, h, reterr);
    for (size_t s = 0; s < m->n_samples; s++) most = fmax(most, h[s]);
    free(h);
    if (st != EXM_OK) return st;
    return exm_norm_filter(&all, NULL, 1.0 / most, NULL, keep, reterr);
}

/* The kept features' counts, without a copy of the rest. */
static exm_status
keep_features(exm_diff *d, const unsigned char *keep, double **ret_y, exm_error *reterr)
{
    const exm_matrix *m = d->matrix;
    size_t n = 0;

    for (size_t f = 0; f < m->n_features; f++) n += keep[f];
    if (n < 2)
        return exm_fail(
            reterr, EXM_EDATA, 0,
            "%zu of %zu features have enough counts to be tested: too few reads, "
            "or no counts? --no-filter keeps all",
            n, m->n_features);
    d->rows = calloc(n, sizeof *d->rows);
    *ret_y = calloc(n * m->n_samples, sizeof **ret_y);
    if (!d->rows || !*ret_y) return no_memory(reterr);
    for (size_t f = 0; f < m->n_features; f++) {
        if (!keep[f]) continue;
        memcpy(*ret_y + d->n_rows * m->n_samples, m->y + f * m->n_samples,
               m->n_samples * sizeof **ret_y);
        d->rows[d->n_rows++].feature = f;
    }
    return EXM_OK;
}

/* ---- normalisation and summaries ---- */

static double
geometric_mean(const double *x, size_t n)
{
    exm_accum a = {0.0, 0.0};

    for (size_t s = 0; s < n; s++) exm_accum_add(&a, log(x[s]));
    return exp(exm_accum_get(&a) / (double) n);
}

/* Is every feature zero in some sample? */
static int
all_have_zeros(const exm_counts *c)
{
    for (size_t f = 0; f < c->n_features; f++) {
        size_t s = 0;

        while (s < c->n_samples && c->y[f * c->n_samples + s] > 0.0) s++;
        if (s == c->n_samples) return 0;
    }
    return 1;
}

/* d->factor such that lib x factor is the size factor x the mean library. */
static exm_status
median_of_ratios(exm_diff *d, const exm_counts *c, exm_error *reterr)
{
    const exm_status st = exm_norm_size_factors(c, all_have_zeros(c), d->factor, reterr);

    for (size_t s = 0; st == EXM_OK && s < c->n_samples; s++)
        d->factor[s] *= d->library_scale / d->lib[s];
    return st;
}

static exm_status
normalise(exm_diff *d, const exm_counts *c, const exm_diff_options *o, exm_error *reterr)
{
    const int ratios = o->own_norm && o->engine == EXM_DIFF_DESEQ2;
    exm_status st;

    d->lib = calloc(c->n_samples + 1, sizeof *d->lib);
    d->factor = calloc(c->n_samples + 1, sizeof *d->factor);
    if (!d->lib || !d->factor) return no_memory(reterr);
    exm_counts_lib(c, d->lib);
    st = name_empty_samples(d->matrix, d->lib, reterr);
    if (st != EXM_OK) return st;
    d->library_scale = geometric_mean(d->lib, c->n_samples);
    st = ratios ? median_of_ratios(d, c, reterr)
                : exm_norm_factors(c, NULL, o->own_norm ? EXM_NORM_TMM : o->norm, d->factor,
                                   reterr);
    if (st != EXM_OK) return st;
    for (size_t s = 0; s < c->n_samples; s++) d->lib[s] *= d->factor[s];
    if (!ratios) d->library_scale = geometric_mean(d->lib, c->n_samples);
    return EXM_OK;
}

/* The factor that the contrast is about: one of whose columns it uses. */
static void
find_group(exm_diff *d)
{
    for (size_t i = 0; i < d->model->n_factors; i++) {
        const struct exm_model_factor *f = d->model->factors + i;

        for (size_t k = 0; k < f->n_levels; k++) {
            if (f->coef[k] == SIZE_MAX || d->contrast[f->coef[k]] == 0.0) continue;
            d->group = f;
            d->n_groups = f->n_levels;
            return;
        }
    }
}

static exm_status
summarise(exm_diff *d, const exm_counts *c, double *log_cpm, exm_error *reterr)
{
    const size_t n = c->n_samples;
    exm_status st;

    d->group_cpm = calloc(c->n_features * d->n_groups + 1, sizeof *d->group_cpm);
    if (!d->group_cpm) return no_memory(reterr);
    st = exm_norm_log_cpm(c, d->lib, cpm_prior, log_cpm, reterr);
    for (size_t f = 0; st == EXM_OK && f < c->n_features; f++) {
        d->rows[f].mean_log2_cpm = exm_mean(log_cpm + f * n, n, 1);
        for (size_t g = 0; g < d->n_groups; g++) {
            exm_accum a = {0.0, 0.0};
            size_t k = 0;

            for (size_t s = 0; s < n; s++) {
                if (d->group->level[s] != g) continue;
                exm_accum_add(&a, c->y[f * n + s] / d->lib[s] * 1e6);
                k++;
            }
            d->group_cpm[f * d->n_groups + g] = exm_accum_get(&a) / (double) k;
        }
    }
    return st;
}

/* Is row a before row b among the smallest p?  NaN is last. */
static int
is_before(const exm_diff *d, size_t a, size_t b)
{
    const double x = d->rows[a].p, y = d->rows[b].p;

    if (isnan(x) || isnan(y)) return !isnan(x) && isnan(y);
    return x < y;
}

/* What the pictures need of log2 CPM. */
static exm_status
picture(exm_diff *d, const exm_counts *c, const double *log_cpm, exm_error *reterr)
{
    const size_t n = c->n_samples;

    for (size_t f = 0; f < c->n_features; f++) {
        size_t at = d->n_top;

        while (at > 0 && is_before(d, f, d->top[at - 1])) at--;
        if (at == EXM_DIFF_TOP) continue;
        if (d->n_top < EXM_DIFF_TOP) d->n_top++;
        memmove(d->top + at + 1, d->top + at, (d->n_top - 1 - at) * sizeof *d->top);
        d->top[at] = f;
    }
    d->top_log_cpm = calloc(d->n_top * n + 1, sizeof *d->top_log_cpm);
    d->pc = calloc(2 * n + 1, sizeof *d->pc);
    if (!d->top_log_cpm || !d->pc) return no_memory(reterr);
    for (size_t i = 0; i < d->n_top; i++)
        memcpy(d->top_log_cpm + i * n, log_cpm + d->top[i] * n, n * sizeof *log_cpm);
    return exm_pca(c->n_features, n, log_cpm, 2, d->pc, d->pc_share, reterr);
}

/* ---- testing ---- */

static exm_status
test_voom(exm_diff *d, const exm_counts *c, const exm_diff_options *o, exm_pool *pool,
          exm_error *reterr)
{
    const size_t n = c->n_features * c->n_samples;
    const exm_design design = exm_model_design(d->model);
    double *e = calloc(n + 1, sizeof *e), *w = calloc(n + 1, sizeof *w);
    double *p = calloc(c->n_features + 1, 3 * sizeof *p), *level, *spread;
    exm_voom_row *row = calloc(c->n_features + 1, sizeof *row);
    exm_status st = e && w && p && row ? EXM_OK : no_memory(reterr);

    level = p + c->n_features;
    spread = level + c->n_features;
    if (st == EXM_OK)
        st = exm_voom_weights(c, d->lib, &design, o->span, pool, e, w, level, spread,
                              reterr);
    if (st == EXM_OK)
        st = exm_voom_test(c->n_features, e, w, &design, d->contrast, pool, row, &d->prior,
                           reterr);
    for (size_t f = 0; st == EXM_OK && f < c->n_features; f++) {
        exm_diff_row *r = d->rows + f;

        r->log2fc = row[f].log2fc;
        r->ci_low = row[f].ci_low;
        r->ci_high = row[f].ci_high;
        r->stat = row[f].stat;
        r->df = row[f].df;
        r->p = p[f] = row[f].p;
        r->level = level[f];
        r->spread = spread[f];
        r->spread_trend = r->spread_final = (double) NAN;
    }
    if (st == EXM_OK) st = exm_padjust_bh(c->n_features, p, p, reterr);
    for (size_t f = 0; st == EXM_OK && f < c->n_features; f++) d->rows[f].fdr = p[f];
    free(e);
    free(w);
    free(p);
    free(row);
    return st;
}

/* The samples of the two or more groups that the contrast compares; all of a covariate's. */
static void
mark_involved(const exm_diff *d, size_t n, unsigned char *involved)
{
    for (size_t s = 0; s < n; s++) {
        const size_t level = d->n_groups ? d->group->level[s] : 0;
        const size_t coef = d->n_groups ? d->group->coef[level] : SIZE_MAX;

        involved[s] = coef == SIZE_MAX || d->contrast[coef] != 0.0;
    }
}

static exm_status
test_edger(exm_diff *d, const exm_counts *c, exm_pool *pool, exm_error *reterr)
{
    const exm_design design = exm_model_design(d->model);
    double *p = calloc(c->n_features + 1, sizeof *p);
    exm_edger_row *row = calloc(c->n_features + 1, sizeof *row);
    exm_status st = p && row ? EXM_OK : no_memory(reterr);

    if (st == EXM_OK)
        st = exm_edger(c, d->lib, &design, d->contrast, pool, row, &d->ql, reterr);
    for (size_t f = 0; st == EXM_OK && f < c->n_features; f++) {
        const double margin = qt(0.975, row[f].df, 1, 0) * row[f].se;

        d->rows[f] = (exm_diff_row){.feature = d->rows[f].feature,
                                    .mean_log2_cpm = d->rows[f].mean_log2_cpm,
                                    .log2fc = row[f].log2fc,
                                    .ci_low = row[f].log2fc - margin,
                                    .ci_high = row[f].log2fc + margin,
                                    .stat = row[f].f,
                                    .df = row[f].df,
                                    .p = row[f].p,
                                    .level = row[f].log2_cpm,
                                    .spread = row[f].deviance / row[f].df_residual,
                                    .spread_trend = row[f].s2_prior,
                                    .spread_final = row[f].s2_post};
        p[f] = row[f].p;
    }
    if (st == EXM_OK) st = exm_padjust_bh(c->n_features, p, p, reterr);
    for (size_t f = 0; st == EXM_OK && f < c->n_features; f++) d->rows[f].fdr = p[f];
    free(p);
    free(row);
    return st;
}

static exm_status
test_deseq2(exm_diff *d, const exm_counts *c, exm_pool *pool, exm_error *reterr)
{
    static const double z = 1.959963984540054; /* normal, 97.5 % */
    const exm_design design = exm_model_design(d->model);
    exm_deseq_options o = exm_deseq_defaults();
    double *sf = calloc(c->n_samples + 1, sizeof *sf);
    unsigned char *involved = calloc(c->n_samples + 1, 1);
    exm_deseq_row *row = calloc(c->n_features + 1, sizeof *row);
    exm_status st = sf && involved && row ? EXM_OK : no_memory(reterr);

    if (st == EXM_OK) {
        for (size_t s = 0; s < c->n_samples; s++) sf[s] = d->lib[s] / d->library_scale;
        mark_involved(d, c->n_samples, involved);
        o.shrink = 0;
        st = exm_deseq(c, sf, &design, d->contrast, involved, &o, pool, row, &d->fit,
                       reterr);
    }
    for (size_t f = 0; st == EXM_OK && f < c->n_features; f++) {
        exm_diff_row *r = d->rows + f;

        r->log2fc = row[f].log2fc;
        r->ci_low = r->log2fc - z * row[f].se;
        r->ci_high = r->log2fc + z * row[f].se;
        r->stat = row[f].stat;
        r->df = HUGE_VAL;
        r->p = row[f].p;
        r->fdr = row[f].fdr;
        r->level = row[f].base_mean;
        r->spread = row[f].disp_gene;
        r->spread_trend = row[f].disp_trend;
        r->spread_final = row[f].dispersion;
    }
    free(sf);
    free(involved);
    free(row);
    return st;
}

/* The kept features are normalised, tested and pictured. */
static exm_status
analyse(exm_diff *d, const exm_counts *c, const exm_diff_options *o, exm_pool *pool,
        exm_error *reterr)
{
    double *log_cpm = calloc(c->n_features * c->n_samples + 1, sizeof *log_cpm);
    exm_status st = log_cpm ? normalise(d, c, o, reterr) : no_memory(reterr);

    if (st == EXM_OK) st = summarise(d, c, log_cpm, reterr);
    if (st == EXM_OK)
        st = o->engine == EXM_DIFF_DESEQ2 ? test_deseq2(d, c, pool, reterr)
             : o->engine == EXM_DIFF_VOOM ? test_voom(d, c, o, pool, reterr)
                                          : test_edger(d, c, pool, reterr);
    if (st == EXM_OK) st = picture(d, c, log_cpm, reterr);
    free(log_cpm);
    return st;
}

static exm_status
run(exm_diff *d, const exm_coldata *c, const exm_diff_options *o, exm_pool *pool,
    double **y, unsigned char *keep, exm_error *reterr)
{
    const exm_matrix *m = d->matrix;
    const exm_counts all = exm_matrix_counts(m);
    double *lib = calloc(m->n_samples + 1, sizeof *lib);
    exm_counts kept = {.n_samples = m->n_samples};
    exm_status st = lib ? EXM_OK : no_memory(reterr);

    if (st == EXM_OK) {
        exm_counts_lib(&all, lib);
        st = name_empty_samples(m, lib, reterr);
    }
    free(lib);
    if (st == EXM_OK) st = exm_formula_model(o->design, c, &d->model, reterr);
    if (st != EXM_OK) return st;
    d->contrast = calloc(d->model->n_coef + 1, sizeof *d->contrast);
    if (!d->contrast) return no_memory(reterr);
    st = exm_formula_contrast(o->contrast, d->model, d->contrast, reterr);
    if (st == EXM_OK) st = choose_features(m, d, o->filter, keep, reterr);
    if (st == EXM_OK) st = keep_features(d, keep, y, reterr);
    if (st != EXM_OK) return st;
    kept.y = *y;
    kept.n_features = d->n_rows;
    find_group(d);
    return analyse(d, &kept, o, pool, reterr);
}

exm_status
exm_diff_run(const exm_matrix *m, const exm_coldata *c, const exm_diff_options *o,
             exm_pool *pool, exm_diff **ret, exm_error *reterr)
{
    exm_diff *d;
    double *y = NULL;
    unsigned char *keep;
    exm_status st;

    if (!m || !c || !o || !o->design || !o->contrast || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "diff: an argument is NULL");
    d = calloc(1, sizeof *d);
    keep = calloc(m->n_features + 1, 1);
    if (d) d->matrix = m;
    st = d && keep ? run(d, c, o, pool, &y, keep, reterr) : no_memory(reterr);
    free(y);
    free(keep);
    if (st == EXM_OK)
        *ret = d;
    else
        exm_diff_free(d);
    return st;
}

/* ---- output ---- */

const char *
exm_diff_tag(const exm_diff *d, size_t row)
{
    const char *name = d->matrix->features[d->rows[row].feature];

    return exm_hemolysis_is_signature(name) ? "red_cell" : "NA";
}

const char *
exm_diff_norm_used(const exm_diff_options *o)
{
    if (!o->own_norm) return exm_diff_norm_name(o->norm);
    return o->engine == EXM_DIFF_DESEQ2 ? "median of ratios"
                                        : exm_diff_norm_name(EXM_NORM_TMM);
}

static void
put_numbers(const double *v, size_t n, exm_buf *ret)
{
    for (size_t i = 0; i < n; i++) {
        exm_buf_putc(ret, '\t');
        exm_buf_put_double(ret, v[i]);
    }
}

void
exm_diff_put_tsv(const exm_diff *d, exm_buf *ret)
{
    exm_buf_puts(ret, "feature\tlog2fc\tci_low\tci_high\tstat\tdf\tp\tfdr\tmean_log2_cpm");
    for (size_t g = 0; g < d->n_groups; g++)
        exm_buf_putf(ret, "\tmean_%s", d->group->levels[g]);
    exm_buf_puts(ret, "\ttags\n");
    for (size_t i = 0; i < d->n_rows; i++) {
        const exm_diff_row *r = d->rows + i;
        const double v[] = {r->log2fc, r->ci_low, r->ci_high, r->stat,
                            r->df,     r->p,      r->fdr,     r->mean_log2_cpm};

        exm_buf_puts(ret, d->matrix->features[r->feature]);
        put_numbers(v, sizeof v / sizeof v[0], ret);
        put_numbers(d->group_cpm + i * d->n_groups, d->n_groups, ret);
        exm_buf_putf(ret, "\t%s\n", exm_diff_tag(d, i));
    }
}

static void
put_samples_json(const exm_diff *d, exm_json *j)
{
    exm_json_key(j, "samples");
    exm_json_array(j);
    for (size_t s = 0; s < d->matrix->n_samples; s++) {
        exm_json_object(j);
        exm_json_kstr(j, "sample", d->matrix->samples[s]);
        exm_json_kdouble(j, "norm_factor", d->factor[s]);
        exm_json_kdouble(j, "effective_library", d->lib[s]);
        exm_json_end(j);
    }
    exm_json_end(j);
}

static void
put_row_json(const exm_diff *d, size_t i, exm_json *j)
{
    const exm_diff_row *r = d->rows + i;

    exm_json_object(j);
    exm_json_kstr(j, "feature", d->matrix->features[r->feature]);
    exm_json_kdouble(j, "log2fc", r->log2fc);
    exm_json_kdouble(j, "ci_low", r->ci_low);
    exm_json_kdouble(j, "ci_high", r->ci_high);
    exm_json_kdouble(j, "stat", r->stat);
    exm_json_kdouble(j, "df", r->df);
    exm_json_kdouble(j, "p", r->p);
    exm_json_kdouble(j, "fdr", r->fdr);
    exm_json_kdouble(j, "mean_log2_cpm", r->mean_log2_cpm);
    exm_json_kstr(j, "tags", exm_diff_tag(d, i));
    exm_json_key(j, "mean_cpm");
    exm_json_object(j);
    for (size_t g = 0; g < d->n_groups; g++)
        exm_json_kdouble(j, d->group->levels[g], d->group_cpm[i * d->n_groups + g]);
    exm_json_end(j);
    exm_json_end(j);
}

static void
put_engine_json(const exm_diff *d, const exm_diff_options *o, exm_json *j)
{
    if (o->engine == EXM_DIFF_VOOM) {
        exm_json_kdouble(j, "prior_variance", d->prior.s2);
        exm_json_kdouble(j, "prior_df", d->prior.df);
        return;
    }
    if (o->engine == EXM_DIFF_EDGER) {
        exm_json_kdouble(j, "dispersion_common", d->ql.common);
        exm_json_kdouble(j, "dispersion_prior_df", d->ql.disp_prior_df);
        exm_json_kdouble(j, "prior_df", d->ql.prior_df);
        return;
    }
    exm_json_kdouble(j, "dispersion_asymptotic", d->fit.a0);
    exm_json_kdouble(j, "dispersion_extra_poisson", d->fit.a1);
    exm_json_kstr(j, "dispersion_trend", d->fit.trend_is_mean ? "mean" : "parametric");
    exm_json_kdouble(j, "dispersion_prior_variance", d->fit.prior_var);
    exm_json_kdouble(j, "filter_threshold", d->fit.filter_threshold);
    exm_json_ku64(j, "rows_with_replaced_outliers", d->fit.n_replaced);
}

exm_status
exm_diff_put_json(const exm_diff *d, const exm_diff_options *o, exm_buf *ret,
                  exm_error *reterr)
{
    exm_json j;

    exm_json_init(&j, ret);
    exm_json_object(&j);
    exm_json_kstr(&j, "note", "Research use only. Not for diagnostic use.");
    exm_json_kstr(&j, "engine", exm_diff_engine_name(o->engine));
    exm_json_kstr(&j, "normalisation", exm_diff_norm_used(o));
    exm_json_kstr(&j, "design", o->design);
    exm_json_kstr(&j, "contrast", o->contrast);
    exm_json_key(&j, "coefficients");
    exm_json_object(&j);
    for (size_t k = 0; k < d->model->n_coef; k++)
        exm_json_kdouble(&j, d->model->names[k], d->contrast[k]);
    exm_json_end(&j);
    exm_json_ku64(&j, "features", d->matrix->n_features);
    exm_json_ku64(&j, "tested", d->n_rows);
    put_engine_json(d, o, &j);
    put_samples_json(d, &j);
    exm_json_key(&j, "rows");
    exm_json_array(&j);
    for (size_t i = 0; i < d->n_rows; i++) put_row_json(d, i, &j);
    exm_json_end(&j);
    exm_json_end(&j);
    return exm_json_finish(&j, reterr);
}
