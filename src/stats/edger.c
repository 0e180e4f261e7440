/*
 * edger.c - the steps of a quasi-likelihood analysis in their order.
 *
 * Workload: 10^2 to 10^4 features, 4 to 10^4 samples.  Features are independent within a step:
 * a task is a stretch of them, each thread with a room of its own; what lies between the
 * steps (common dispersion, trends, priors) is computed in the order of features.
 */
#include "exomir/edger.h"

#include "edger_impl.h"
#include "exomir/ebayes.h"

#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STRETCH = 8 }; /* features of a task */

static const double least_total = 5.0; /* of rows that dispersions are learnt from */
static const double most_prior = 1e6;  /* of residual df; above it tagwise is the trend */
static const double ln2 = 0x1.62e42fefa39efp-1;

/* ---- many rows ---- */

typedef struct job {
    edger_model m;
    edger_work *work;
    unsigned n_workers;
    exm_pool *pool;
    size_t n_used;                    /* rows that dispersions are learnt from */
    size_t *used;                     /* [n_used] their numbers */
    double *mem;                      /* owns what follows */
    double *apl;                      /* [n_used][EDGER_GRID] */
    double *shared;                   /* [n_used][EDGER_GRID] apl of similar features */
    double *s2, *df, *x, *prior;      /* [n_features] scratch of the variances' priors */
    double *fc_var, *null, *least_mu; /* [n_features] */
    exm_edger_row *row;               /* [n_features] */
    exm_edger_fit fit;
} job;

typedef exm_status (*row_task)(job *j, size_t i, edger_work *w, exm_error *reterr);

typedef struct run {
    job *j;
    row_task task;
    size_t n;
} run;

static exm_status
run_stretch(void *ctx, size_t i, unsigned worker, exm_error *reterr)
{
    const run *r = ctx;
    const size_t end = (i + 1) * STRETCH;
    exm_status st = EXM_OK;

    for (size_t f = i * STRETCH; st == EXM_OK && f < end && f < r->n; f++)
        st = r->task(r->j, f, r->j->work + worker, reterr);
    return st;
}

static exm_status
for_all(job *j, size_t n, row_task task, exm_error *reterr)
{
    run r = {j, task, n};
    const size_t stretches = (n + STRETCH - 1) / STRETCH;
    exm_status st = EXM_OK;

    if (j->pool) return exm_pool_run(j->pool, stretches, run_stretch, &r, reterr);
    for (size_t i = 0; st == EXM_OK && i < stretches; i++)
        st = run_stretch(&r, i, 0, reterr);
    return st;
}

static const double *
counts_of(const job *j, size_t f)
{
    return j->m.c->y + f * j->m.c->n_samples;
}

/* ---- dispersions ---- */

static exm_status
profile_row(job *j, size_t i, edger_work *w, exm_error *reterr)
{
    return exm_edger_row_apl(w, counts_of(j, j->used[i]), j->apl + i * EDGER_GRID, reterr);
}

static exm_status
measure_row(job *j, size_t f, edger_work *w, exm_error *reterr)
{
    (void) reterr;
    j->row[f].log2_cpm = exm_edger_row_abundance(w, counts_of(j, f), j->fit.common);
    return EXM_OK;
}

static void
set_common(job *j)
{
    double sum[EDGER_GRID] = {0.0};

    for (size_t i = 0; i < j->n_used; i++)
        for (size_t c = 0; c < EDGER_GRID; c++) sum[c] += j->apl[i * EDGER_GRID + c];
    j->fit.common = exm_edger_grid_disp(exm_edger_grid_top(sum));
}

/* Rows with too few counts take the trend of the least abundant of the others. */
static exm_status
set_trend(job *j, exm_error *reterr)
{
    size_t least = 0;
    double lowest;
    exm_status st;

    j->fit.span = j->n_used <= 50 ? 1.0 : 0.25 + 0.75 * sqrt(50.0 / (double) j->n_used);
    for (size_t i = 0; i < j->n_used; i++) {
        j->x[i] = j->row[j->used[i]].log2_cpm;
        if (j->x[i] < j->x[least]) least = i;
    }
    st = exm_edger_local_means(j->n_used, j->x, j->apl, j->fit.span, j->shared, reterr);
    if (st != EXM_OK) return st;
    for (size_t i = 0; i < j->n_used; i++)
        j->row[j->used[i]].trended =
            exm_edger_grid_disp(exm_edger_grid_top(j->shared + i * EDGER_GRID));
    lowest = j->row[j->used[least]].trended;
    for (size_t f = 0; f < j->m.c->n_features; f++)
        if (!(j->row[f].trended > 0.0)) j->row[f].trended = lowest;
    return EXM_OK;
}

static exm_status
set_tagwise(job *j, exm_error *reterr)
{
    const double df_all = (double) (j->m.d.n_samples - j->m.d.n_coef);
    double weight;
    exm_status st;

    for (size_t i = 0; i < j->n_used; i++) {
        const exm_edger_row *r = j->row + j->used[i];

        j->df[i] = r->df_residual;
        j->s2[i] = r->df_residual > 0.0 ? fmax(r->deviance / r->df_residual, 0.0) : 0.0;
    }
    st = exm_ebayes_fit_trend(j->n_used, j->s2, j->df, j->x, j->prior,
                              &j->fit.disp_prior_df, reterr);
    if (st != EXM_OK) return st;
    weight = j->fit.disp_prior_df / df_all;
    for (size_t f = 0; f < j->m.c->n_features; f++) j->row[f].tagwise = j->row[f].trended;
    for (size_t i = 0; weight <= most_prior && i < j->n_used; i++) {
        double v[EDGER_GRID];

        for (size_t c = 0; c < EDGER_GRID; c++)
            v[c] = j->apl[i * EDGER_GRID + c] + weight * j->shared[i * EDGER_GRID + c];
        j->row[j->used[i]].tagwise = exm_edger_grid_disp(exm_edger_grid_top(v));
    }
    return EXM_OK;
}

/* ---- quasi-likelihood ---- */

static exm_status
fit_row(job *j, size_t f, edger_work *w, exm_error *reterr)
{
    const double *y = counts_of(j, f);
    exm_edger_row *r = j->row + f;

    (void) reterr;
    r->deviance = exm_edger_row_deviance(w, y, r->trended, &r->df_residual);
    j->least_mu[f] = w->mu[0];
    for (size_t s = 1; s < j->m.d.n_samples; s++)
        j->least_mu[f] = fmin(j->least_mu[f], w->mu[s]);
    j->null[f] = exm_edger_row_null(w, y, r->trended);
    r->log2fc = exm_edger_row_log2fc(w, y, r->trended, j->fc_var + f);
    return EXM_OK;
}

static exm_status
moderate(job *j, exm_error *reterr)
{
    const size_t n = j->m.c->n_features;
    const double most_df = (double) n * (double) (j->m.d.n_samples - j->m.d.n_coef);
    exm_status st;

    for (size_t f = 0; f < n; f++) {
        const exm_edger_row *r = j->row + f;

        j->df[f] = r->df_residual;
        j->s2[f] = r->df_residual > 0.0 ? fmax(r->deviance / r->df_residual, 0.0) : 0.0;
        j->x[f] = r->log2_cpm;
    }
    st = exm_ebayes_fit_trend(n, j->s2, j->df, j->x, j->prior, &j->fit.prior_df, reterr);
    for (size_t f = 0; st == EXM_OK && f < n; f++) {
        const exm_ebayes_prior prior = {j->prior[f], j->fit.prior_df};
        exm_edger_row *r = j->row + f;

        r->s2_prior = prior.s2;
        r->s2_post = exm_ebayes_posterior(&prior, j->s2[f], j->df[f]);
        r->df = fmin(r->df_residual + prior.df, most_df);
        r->f = (j->null[f] - r->deviance) / r->s2_post;
        r->p = pf(r->f, 1.0, r->df, 0, 0);
        r->se = sqrt(r->s2_post * j->fc_var[f]) / ln2;
        r->poisson = (1.0 + j->least_mu[f] * r->trended) * r->s2_post < 1.0;
    }
    return st;
}

static exm_status
bound_row(job *j, size_t f, edger_work *w, exm_error *reterr)
{
    exm_edger_row *r = j->row + f;

    (void) reterr;
    if (r->poisson)
        r->p = fmax(
            r->p, pchisq(exm_edger_row_poisson(w, counts_of(j, f), r->trended), 1.0, 0, 0));
    return EXM_OK;
}

/* ---- the whole ---- */

static exm_status
refuse(const exm_counts *c, const double *lib, const exm_design *d, exm_error *reterr)
{
    exm_status st = exm_design_validate(d, reterr);

    if (st == EXM_OK) st = exm_counts_validate(c, reterr);
    if (st != EXM_OK) return st;
    if (d->n_coef > EXM_EDGER_COEF_MAX)
        return exm_fail(reterr, EXM_EDATA, d->n_coef, "%zu coefficients: more than %d",
                        d->n_coef, (int) EXM_EDGER_COEF_MAX);
    for (size_t s = 0; s < c->n_samples; s++)
        if (!(lib[s] > 0.0) || !isfinite(lib[s]))
            return exm_fail(reterr, EXM_EDATA, s, "sample %zu has a library of %g", s + 1,
                            lib[s]);
    for (size_t i = 0; i < c->n_features * c->n_samples; i++)
        if (c->y[i] != floor(c->y[i]))
            return exm_fail(reterr, EXM_EDATA, i,
                            "row %zu, sample %zu: %g is not whole; raw counts are needed",
                            i / c->n_samples + 1, i % c->n_samples + 1, c->y[i]);
    return EXM_OK;
}

static exm_status
job_init(job *j, exm_error *reterr)
{
    const exm_counts *c = j->m.c;
    const size_t n = c->n_features;
    double **const by_row[] = {&j->s2,     &j->df,   &j->x,       &j->prior,
                               &j->fc_var, &j->null, &j->least_mu};
    const size_t grids = (size_t) 2 * EDGER_GRID; /* apl, shared */
    const size_t n_by_row = sizeof by_row / sizeof by_row[0];
    exm_status st = EXM_OK;

    j->n_workers = j->pool ? exm_pool_threads(j->pool) : 1;
    j->work = calloc(j->n_workers, sizeof *j->work);
    j->used = calloc(n + 1, sizeof *j->used);
    j->row = calloc(n + 1, sizeof *j->row);
    j->mem = calloc(n + 1, (grids + n_by_row) * sizeof *j->mem);
    if (!j->work || !j->used || !j->row || !j->mem)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu features", n);
    j->apl = j->mem;
    j->shared = j->mem + n * EDGER_GRID;
    for (size_t i = 0; i < n_by_row; i++) *by_row[i] = j->mem + n * (grids + i);
    for (unsigned i = 0; st == EXM_OK && i < j->n_workers; i++)
        st = exm_edger_work_init(j->work + i, &j->m, reterr);
    for (size_t f = 0; f < n; f++) {
        double total = 0.0;

        for (size_t s = 0; s < c->n_samples; s++) total += counts_of(j, f)[s];
        if (total >= least_total) j->used[j->n_used++] = f;
    }
    if (st == EXM_OK && j->n_used == 0)
        st = exm_fail(reterr, EXM_EDATA, 0, "no feature has %g counts", least_total);
    return st;
}

static void
job_done(job *j)
{
    for (unsigned i = 0; j->work && i < j->n_workers; i++) exm_edger_work_done(j->work + i);
    free(j->work);
    free(j->used);
    free(j->row);
    free(j->mem);
    exm_edger_model_done(&j->m);
}

static exm_status
analyse(job *j, exm_error *reterr)
{
    const size_t n = j->m.c->n_features;
    exm_status st = for_all(j, j->n_used, profile_row, reterr);

    if (st != EXM_OK) return st;
    set_common(j);
    st = for_all(j, n, measure_row, reterr);
    if (st == EXM_OK) st = set_trend(j, reterr);
    if (st == EXM_OK) st = for_all(j, n, fit_row, reterr);
    if (st == EXM_OK) st = set_tagwise(j, reterr);
    if (st == EXM_OK) st = moderate(j, reterr);
    if (st == EXM_OK) st = for_all(j, n, bound_row, reterr);
    return st;
}

exm_status
exm_edger(const exm_counts *c, const double *lib, const exm_design *d,
          const double *contrast, exm_pool *pool, exm_edger_row *ret,
          exm_edger_fit *ret_fit, exm_error *reterr)
{
    job j = {.pool = pool};
    exm_status st;

    if (!c || !lib || !d || !contrast || !ret || d->n_samples != c->n_samples)
        return exm_fail(reterr, EXM_EINVAL, 0,
                        "edger: an argument is NULL or of another size");
    st = refuse(c, lib, d, reterr);
    if (st == EXM_OK) st = exm_edger_model_init(&j.m, c, lib, d, contrast, reterr);
    if (st != EXM_OK) return st;
    st = job_init(&j, reterr);
    if (st == EXM_OK) st = analyse(&j, reterr);
    if (st == EXM_OK) {
        memcpy(ret, j.row, c->n_features * sizeof *ret);
        if (ret_fit) *ret_fit = j.fit;
    }
    job_done(&j);
    return st;
}
