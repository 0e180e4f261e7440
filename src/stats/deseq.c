/*
 * deseq.c - the road of a row: dispersion, trend, shrunken dispersion, fit, outliers, test.
 *
 * Workload: 10^2 to 10^4 rows, 4 to 10^4 samples.  Two passes over the rows with the trend
 * between them, a third for shrunken coefficients; rows are independent within a pass, so
 * results do not depend on threads.  A row is kept as its n_cells fitted means, not n.
 */
#include "exomir/deseq.h"

#include "deseq_impl.h"
#include "exomir/accum.h"
#include "exomir/order.h"
#include "exomir/padjust.h"

#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STRETCH = 16, SEARCH_ROUNDS = 100, COOKS_CELL = 3 };
static const double ln2 = 0.693147180559945309417;
static const double ridge_log2 = 1e-6, least_mu = 0.5, replace_trim = 0.2;
static const double least_prior_var = 0.25, outlier_sd = 2.0, mad_scale = 1.4826;
static const double no_prior_var = 1e6; /* of the intercept */

typedef struct run {
    const exm_counts *c;
    const double *contrast;
    const unsigned char *involved;
    const exm_deseq_options *o;
    deseq_model m;
    deseq_work *work;
    unsigned n_work;
    exm_deseq_row *row;
    exm_deseq_fit fit;
    double *cell_q;      /* [n_features][n_cells] */
    double *beta;        /* [n_features][p], log2 */
    double *ridge;       /* [p], natural-log scale */
    unsigned char *part; /* [n] bits: */
    int replaces;        /* some cell is large enough */
    double mean_inverse_sf;
} run;

enum { REPLACEABLE = 1, COOKS_COUNTS = 2 };

exm_deseq_options
exm_deseq_defaults(void)
{
    return (exm_deseq_options){
        .alpha = 0.1, .replace_from = 7, .cooks = 1, .filter = 1, .shrink = 1};
}

double
exm_deseq_vst(const exm_deseq_fit *fit, double q)
{
    const double a = fit->a0 * q;

    return log((1.0 + fit->a1 + 2.0 * a + 2.0 * sqrt(a * (1.0 + fit->a1 + a))) /
               (4.0 * fit->a0)) /
           ln2;
}

/* ---- stages of one row ---- */

static void
clamp_means(deseq_work *w, const double *cell_q)
{
    for (size_t s = 0; s < w->m->n; s++)
        w->clamped[s] = fmax(cell_q[w->m->cell[s]] * w->m->sf[s], least_mu);
}

static double
within(const deseq_model *m, double disp)
{
    return fmin(fmax(disp, m->least_disp), m->most_disp);
}

/* The first fit's means by cell: linear where the design is one of groups. */
static void
first_fit(const run *r, deseq_work *w, const double *y, double disp, double *cell_q)
{
    const deseq_model *m = w->m;
    double sigma2;

    if (m->by_group) {
        for (size_t s = 0; s < m->n; s++) w->q[s] = y[s] / m->sf[s];
        exm_lsq_solve(w->plain, w->q, w->beta, &sigma2, NULL);
    } else {
        (void) exm_deseq_glm_fit(w, y, disp, r->ridge, w->mu, NULL); /* the best there is */
    }
    for (size_t c = 0; c < m->n_cells; c++) {
        double e = 0.0;

        for (size_t k = 0; k < m->p; k++) e += m->cell_x[c * m->p + k] * w->beta[k];
        cell_q[c] = m->by_group ? e : exp(e);
    }
}

static void
estimate_gene(const run *r, deseq_work *w, const double *y, exm_deseq_row *row,
              double *cell_q)
{
    const deseq_model *m = w->m;
    const deseq_prior none = {0.0, HUGE_VAL};
    const double start = exm_deseq_disp_moments(w, y, r->mean_inverse_sf);
    double first, last;
    unsigned rounds;

    for (size_t s = 0; s < m->n; s++) w->q[s] = y[s] / m->sf[s];
    row->base_mean = exm_mean(w->q, m->n, 1);
    first_fit(r, w, y, start, cell_q);
    clamp_means(w, cell_q);
    row->disp_gene = fmin(exp(exm_deseq_disp_search(w, y, w->clamped, log(start), &none,
                                                    &rounds, &first, &last)),
                          m->most_disp);
    if (last < first + fabs(first) / 1e6) row->disp_gene = start;
    if ((rounds == SEARCH_ROUNDS || rounds == 1) && row->disp_gene > 10.0 * m->least_disp)
        row->disp_gene = exp(exm_deseq_disp_grid(w, y, w->clamped, &none));
    row->disp_gene = within(m, row->disp_gene);
}

static void
shrink_dispersion(const run *r, deseq_work *w, const double *y, exm_deseq_row *row,
                  const double *cell_q)
{
    const double trend = exm_deseq_trend_at(&r->fit, row->base_mean);
    const deseq_prior prior = {log(trend), r->fit.prior_var};
    const double start = row->disp_gene > 0.1 * trend ? row->disp_gene : trend;
    double at, first, last;
    unsigned rounds;

    clamp_means(w, cell_q);
    at =
        exm_deseq_disp_search(w, y, w->clamped, log(start), &prior, &rounds, &first, &last);
    if (rounds == SEARCH_ROUNDS) at = exm_deseq_disp_grid(w, y, w->clamped, &prior);
    row->disp_trend = trend;
    row->disp_map = within(w->m, exp(at));
    row->disp_outlier =
        log(row->disp_gene) > log(trend) + outlier_sd * sqrt(r->fit.var_log_disp);
    row->dispersion = row->disp_outlier ? row->disp_gene : row->disp_map;
}

/* The contrast of w->beta and its standard error, both log2. */
static void
contrast_of(const run *r, const deseq_work *w, double *ret_log2fc, double *ret_se)
{
    const size_t p = w->m->p;
    double b = 0.0, v = 0.0;

    for (size_t i = 0; i < p; i++) {
        b += r->contrast[i] * w->beta[i];
        for (size_t j = 0; j < p; j++)
            v += r->contrast[i] * w->cov[i * p + j] * r->contrast[j];
    }
    *ret_log2fc = b / ln2;
    *ret_se = sqrt(fmax(v, 0.0)) / ln2;
}

static int
none_involved(const run *r, const double *y)
{
    if (!r->involved) return 0;
    for (size_t s = 0; s < r->m.n; s++)
        if (r->involved[s] && y[s] > 0.0) return 0;
    return 1;
}

/* w->mu and w->h are the fit's afterwards. */
static void
test_row(const run *r, deseq_work *w, const double *y, exm_deseq_row *row, double *beta)
{
    const size_t p = w->m->p;
    const int how = exm_deseq_glm_fit(w, y, row->dispersion, r->ridge, w->mu, w->h);

    row->converged = how != DESEQ_LOST;
    row->climbed |= how == DESEQ_CLIMBED;
    for (size_t k = 0; k < p; k++)
        beta[k] = row->converged ? w->beta[k] / ln2 : (double) NAN;
    row->log2fc = row->se = row->stat = row->p = (double) NAN;
    if (!row->converged) return;
    contrast_of(r, w, &row->log2fc, &row->se);
    row->stat = row->log2fc / row->se;
    row->p = 2.0 * pnorm(-fabs(row->stat), 0.0, 1.0, 1, 0);
    if (none_involved(r, y)) {
        row->log2fc = row->stat = 0.0;
        row->p = 1.0;
    }
}

/* The largest distance over samples whose cell is large enough and which are not replaced. */
static double
largest_cooks(const run *r, const double *cooks)
{
    double most = (double) NAN;

    for (size_t s = 0; s < r->m.n; s++) {
        double v = cooks[s];

        if (!(r->part[s] & COOKS_COUNTS)) continue;
        if (r->fit.n_replaced > 0 && (r->part[s] & REPLACEABLE)) v = 0.0;
        if (isnan(most) || v > most) most = v;
    }
    return most;
}

/* Two groups: a count that three others of its row exceed is no outlier. */
static int
is_exceeded(const run *r, const double *y, const double *cooks)
{
    size_t at = 0, above = 0;

    if (r->m.n_cells != 2 || r->m.p != 2) return 0;
    for (size_t s = 1; s < r->m.n; s++)
        if (cooks[s] > cooks[at]) at = s;
    for (size_t s = 0; s < r->m.n; s++) above += y[s] > y[at];
    return above >= 3;
}

static int
replace_outliers(const run *r, deseq_work *w, const double *y)
{
    const deseq_model *m = w->m;
    double stand_in;
    int any = 0;

    if (!r->replaces) return 0;
    for (size_t s = 0; s < m->n; s++) {
        w->scratch[s] = y[s] / m->sf[s];
        any |= w->cooks[s] > r->fit.cooks_cut;
    }
    if (!any) return 0;
    stand_in = exm_deseq_trimmed_mean(w->scratch, m->n, replace_trim);
    for (size_t s = 0; s < m->n; s++) {
        w->y[s] = y[s];
        if (w->cooks[s] > r->fit.cooks_cut && (r->part[s] & REPLACEABLE))
            w->y[s] = floor(stand_in * m->sf[s]);
    }
    return 1;
}

/* ---- passes ---- */

typedef exm_status (*row_task)(run *r, size_t f, deseq_work *w, exm_error *reterr);

struct pass {
    run *r;
    row_task task;
};

static exm_status
run_stretch(void *ctx, size_t i, unsigned worker, exm_error *reterr)
{
    const struct pass *a = ctx;
    const size_t end = (i + 1) * STRETCH;
    exm_status st = EXM_OK;

    for (size_t f = i * STRETCH; st == EXM_OK && f < end && f < a->r->c->n_features; f++)
        if (!isnan(a->r->row[f].base_mean))
            st = a->task(a->r, f, a->r->work + worker, reterr);
    return st;
}

static exm_status
for_all(run *r, row_task task, exm_pool *pool, exm_error *reterr)
{
    struct pass a = {.r = r, .task = task};
    const size_t n = (r->c->n_features + STRETCH - 1) / STRETCH;
    exm_status st = EXM_OK;

    if (pool) return exm_pool_run(pool, n, run_stretch, &a, reterr);
    for (size_t i = 0; st == EXM_OK && i < n; i++) st = run_stretch(&a, i, 0, reterr);
    return st;
}

static exm_status
gene_pass(run *r, size_t f, deseq_work *w, exm_error *reterr)
{
    (void) reterr;
    estimate_gene(r, w, r->c->y + f * r->m.n, r->row + f, r->cell_q + f * r->m.n_cells);
    return EXM_OK;
}

/* What is replaced is fitted anew from the start; the trend stays. */
static void
refit(run *r, size_t f, deseq_work *w)
{
    exm_deseq_row *row = r->row + f;
    double sum = 0.0;

    row->replaced = 1;
    for (size_t s = 0; s < r->m.n; s++) sum += w->y[s];
    if (sum == 0.0) {
        row->base_mean = row->log2fc = row->se = row->stat = 0.0;
        row->p = 1.0;
        return;
    }
    estimate_gene(r, w, w->y, row, w->cell_q);
    shrink_dispersion(r, w, w->y, row, w->cell_q);
    test_row(r, w, w->y, row, r->beta + f * r->m.p);
}

static exm_status
test_pass(run *r, size_t f, deseq_work *w, exm_error *reterr)
{
    const double *y = r->c->y + f * r->m.n;
    exm_deseq_row *row = r->row + f;

    (void) reterr;
    row->max_cooks = (double) NAN;
    shrink_dispersion(r, w, y, row, r->cell_q + f * r->m.n_cells);
    test_row(r, w, y, row, r->beta + f * r->m.p);
    if (!r->o->cooks || !row->converged) return EXM_OK;
    exm_deseq_cooks(&r->m, y, w->mu, w->h, exm_deseq_cooks_disp(w, y), w->cooks);
    row->max_cooks = largest_cooks(r, w->cooks);
    row->cooks_outlier = row->max_cooks > r->fit.cooks_cut && !is_exceeded(r, y, w->cooks);
    if (replace_outliers(r, w, y)) refit(r, f, w);
    return EXM_OK;
}

/* On the counts as they are, replaced or not: as the package. */
static exm_status
prior_pass(run *r, size_t f, deseq_work *w, exm_error *reterr)
{
    const double *y = r->c->y + f * r->m.n;
    exm_deseq_row *row = r->row + f;

    (void) reterr;
    row->shrunken = row->shrunken_se = (double) NAN;
    if (row->base_mean == 0.0) return EXM_OK;
    if (exm_deseq_glm_fit(w, y, row->dispersion, w->ridge_var, w->mu, NULL) == DESEQ_LOST)
        return EXM_OK;
    contrast_of(r, w, &row->shrunken, &row->shrunken_se);
    if (none_involved(r, y)) row->shrunken = 0.0;
    return EXM_OK;
}

/* ---- what needs all rows ---- */

static exm_status
fit_trend(run *r, exm_error *reterr)
{
    const double df = (double) (r->m.n - r->m.p);
    const size_t nf = r->c->n_features;
    double *mean = calloc(nf + 1, 2 * sizeof *mean), *disp, centre;
    size_t n = 0, k = 0;
    exm_status st;

    if (!mean) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a trend");
    disp = mean + nf;
    for (size_t f = 0; f < nf; f++) {
        if (isnan(r->row[f].base_mean)) continue;
        mean[n] = r->row[f].base_mean;
        disp[n++] = r->row[f].disp_gene;
    }
    st = exm_deseq_trend_fit(n, mean, disp, &r->fit, reterr);
    for (size_t i = 0; st == EXM_OK && i < n; i++)
        if (disp[i] >= 100.0 * r->m.least_disp)
            mean[k++] = log(disp[i]) - log(exm_deseq_trend_at(&r->fit, mean[i]));
    if (st == EXM_OK) {
        memcpy(disp, mean, k * sizeof *mean);
        centre = exm_order_median(disp, k);
        for (size_t i = 0; i < k; i++) mean[i] = fabs(mean[i] - centre);
        centre = mad_scale * exm_order_median(mean, k);
        r->fit.var_log_disp = centre * centre;
        r->fit.prior_var = fmax(r->fit.var_log_disp - trigamma(df / 2.0), least_prior_var);
    }
    free(mean);
    return st;
}

/* p of outliers is not known; replaced samples no longer count. */
static void
settle_outliers(run *r)
{
    int all = 1;

    for (size_t f = 0; f < r->c->n_features; f++) r->fit.n_replaced += r->row[f].replaced;
    for (size_t s = 0; s < r->m.n; s++) all &= (r->part[s] & REPLACEABLE) != 0;
    for (size_t f = 0; f < r->c->n_features; f++) {
        exm_deseq_row *row = r->row + f;

        if (r->fit.n_replaced > 0 && all) {
            row->max_cooks = (double) NAN;
            row->cooks_outlier = 0;
        }
        if (row->cooks_outlier) row->p = (double) NAN;
    }
}

static exm_status
adjust(run *r, exm_error *reterr)
{
    const size_t nf = r->c->n_features;
    double *mean = calloc(nf + 1, 3 * sizeof *mean), *p, *fdr;
    exm_status st;

    if (!mean) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to adjust");
    p = mean + nf;
    fdr = p + nf;
    for (size_t f = 0; f < nf; f++) {
        mean[f] = isnan(r->row[f].base_mean) ? 0.0 : r->row[f].base_mean;
        p[f] = r->row[f].p;
    }
    st = r->o->filter ? exm_deseq_filter(nf, mean, p, r->o->alpha, fdr,
                                         &r->fit.filter_threshold, reterr)
                      : exm_padjust_bh(nf, p, fdr, reterr);
    for (size_t f = 0; st == EXM_OK && f < nf; f++) r->row[f].fdr = fdr[f];
    free(mean);
    return st;
}

/* A constant column has no prior. */
static int
is_intercept(const deseq_model *m, size_t k)
{
    for (size_t s = 0; s < m->n; s++)
        if (m->x[s * m->p + k] != 1.0) return 0;
    return 1;
}

static exm_status
shrink(run *r, exm_pool *pool, exm_error *reterr)
{
    const size_t nf = r->c->n_features, p = r->m.p;
    double *x = calloc(nf + 1, 2 * sizeof *x), *weight;
    exm_status st = EXM_OK;

    if (!x) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a prior");
    weight = x + nf;
    for (size_t k = 0; st == EXM_OK && k < p; k++) {
        double var = no_prior_var;
        size_t n = 0;

        for (size_t f = 0; f < nf; f++) {
            const exm_deseq_row *row = r->row + f;

            if (!(row->base_mean > 0.0) || !row->converged) continue;
            x[n] = r->beta[f * p + k];
            weight[n++] = 1.0 / (1.0 / row->base_mean + row->disp_trend);
        }
        if (!is_intercept(&r->m, k)) st = exm_deseq_prior_var(n, x, weight, &var, reterr);
        for (unsigned i = 0; i < r->n_work; i++)
            r->work[i].ridge_var[k] = 1.0 / var / (ln2 * ln2);
    }
    free(x);
    return st == EXM_OK ? for_all(r, prior_pass, pool, reterr) : st;
}

/* ---- the whole ---- */

static exm_status
check(const exm_counts *c, const double *sf, const exm_design *d, exm_error *reterr)
{
    exm_status st = exm_counts_validate(c, reterr);

    if (st == EXM_OK) st = exm_design_validate(d, reterr);
    if (st != EXM_OK) return st;
    for (size_t i = 0; i < c->n_features * c->n_samples; i++)
        if (c->y[i] != floor(c->y[i]))
            return exm_fail(
                reterr, EXM_EDATA, i,
                "count %.6g is not whole: this engine needs counts of reads, not "
                "normalised values",
                c->y[i]);
    for (size_t s = 0; s < c->n_samples; s++)
        if (!(sf[s] > 0.0) || !isfinite(sf[s]))
            return exm_fail(reterr, EXM_EDATA, s, "size factor %zu is %g", s + 1, sf[s]);
    return EXM_OK;
}

static void
run_done(run *r)
{
    for (unsigned i = 0; r->work && i < r->n_work; i++) exm_deseq_work_done(r->work + i);
    free(r->work);
    free(r->row);
    free(r->cell_q);
    free(r->beta);
    free(r->ridge);
    free(r->part);
    exm_deseq_model_done(&r->m);
}

static exm_status
run_init(run *r, const exm_design *d, const double *sf, exm_pool *pool, exm_error *reterr)
{
    const size_t nf = r->c->n_features, n = r->c->n_samples, p = d->n_coef;
    exm_status st = exm_deseq_model_init(&r->m, d, sf, reterr);

    if (st != EXM_OK) return st;
    r->n_work = pool ? exm_pool_threads(pool) : 1;
    r->work = calloc(r->n_work, sizeof *r->work);
    r->row = calloc(nf + 1, sizeof *r->row);
    r->cell_q = calloc(nf + 1, r->m.n_cells * sizeof *r->cell_q);
    r->beta = calloc(nf + 1, p * sizeof *r->beta);
    r->ridge = calloc(p, sizeof *r->ridge);
    r->part = calloc(n, 1);
    if (!r->work || !r->row || !r->cell_q || !r->beta || !r->ridge || !r->part)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to test %zu features", nf);
    for (unsigned i = 0; st == EXM_OK && i < r->n_work; i++)
        st = exm_deseq_work_new(&r->m, r->work + i, reterr);
    for (size_t k = 0; k < p; k++) r->ridge[k] = ridge_log2 / (ln2 * ln2);
    for (size_t s = 0; s < n; s++) {
        const uint32_t size = r->m.size[r->m.cell[s]];

        r->mean_inverse_sf += 1.0 / sf[s] / (double) n;
        if (size >= COOKS_CELL) r->part[s] |= COOKS_COUNTS;
        if (r->o->replace_from > 0 && size >= r->o->replace_from) r->part[s] |= REPLACEABLE;
        r->replaces |= r->part[s] & REPLACEABLE;
    }
    return st;
}

static const exm_deseq_row unknown = {.base_mean = (double) NAN,
                                      .log2fc = (double) NAN,
                                      .se = (double) NAN,
                                      .stat = (double) NAN,
                                      .p = (double) NAN,
                                      .fdr = (double) NAN,
                                      .shrunken = (double) NAN,
                                      .shrunken_se = (double) NAN,
                                      .disp_gene = (double) NAN,
                                      .disp_trend = (double) NAN,
                                      .disp_map = (double) NAN,
                                      .dispersion = (double) NAN,
                                      .max_cooks = (double) NAN};

/* A run's rows of zeros are marked by a NaN mean. */
static void
mark_zeros(run *r)
{
    for (size_t f = 0; f < r->c->n_features; f++) {
        r->row[f] = unknown;
        for (size_t s = 0; s < r->m.n; s++)
            if (r->c->y[f * r->m.n + s] > 0.0) {
                r->row[f].base_mean = 0.0;
                break;
            }
    }
}

exm_status
exm_deseq(const exm_counts *c, const double *sf, const exm_design *d,
          const double *contrast, const unsigned char *involved, const exm_deseq_options *o,
          exm_pool *pool, exm_deseq_row *ret, exm_deseq_fit *ret_fit, exm_error *reterr)
{
    const exm_deseq_options defaults = exm_deseq_defaults();
    run r = {.c = c, .contrast = contrast, .involved = involved, .o = o ? o : &defaults};
    exm_status st;

    if (!c || !sf || !d || !contrast || !ret || d->n_samples != c->n_samples)
        return exm_fail(reterr, EXM_EINVAL, 0,
                        "deseq: an argument is NULL or of another size");
    st = check(c, sf, d, reterr);
    if (st != EXM_OK) return st;
    st = run_init(&r, d, sf, pool, reterr);
    if (st == EXM_OK) {
        r.fit.cooks_cut = qf(0.99, (double) r.m.p, (double) (r.m.n - r.m.p), 1, 0);
        mark_zeros(&r);
        st = for_all(&r, gene_pass, pool, reterr);
    }
    if (st == EXM_OK) st = fit_trend(&r, reterr);
    if (st == EXM_OK) st = for_all(&r, test_pass, pool, reterr);
    if (st == EXM_OK) settle_outliers(&r);
    if (st == EXM_OK) st = adjust(&r, reterr);
    if (st == EXM_OK && r.o->shrink) st = shrink(&r, pool, reterr);
    if (st == EXM_OK) {
        memcpy(ret, r.row, c->n_features * sizeof *ret);
        for (size_t f = 0; f < c->n_features; f++)
            if (isnan(ret[f].base_mean)) ret[f].base_mean = 0.0;
        if (ret_fit) *ret_fit = r.fit;
    }
    run_done(&r);
    return st;
}
