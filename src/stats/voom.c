/*
 * voom.c - precision weights from the mean-variance trend, then moderated linear models.
 *
 * Workload: 10^2 to 10^4 features, 4 to 10^4 samples, a handful of coefficients.  Features
 * are independent: a task is a stretch of them, each thread with a workspace of its own.
 */
#include "exomir/voom.h"

#include "exomir/accum.h"
#include "exomir/lowess.h"

#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STRETCH = 64 }; /* features of a task */

static const double log2_million = 19.931568569324174; /* log2(10^6) */

struct worker {
    exm_lsq *q;
};

/* What the tasks share. */
struct job {
    const exm_counts *c;
    const exm_design *d;
    const double *lib, *log_lib;
    double *e, *w;  /* made: as in the header */
    double *x, *sd; /* sd = sqrt(sigma), NaN for all-zero rows */
    double *coef;   /* [n_features][n_coef] */
    const double *trend_x, *trend_y;
    size_t n_features, n_trend;
    struct worker *worker;
    unsigned n_workers;
    /* the test */
    const double *given_e, *given_w, *contrast;
    exm_voom_row *row;
};

typedef exm_status (*feature_task)(struct job *j, size_t f, exm_lsq *q, exm_error *reterr);

struct run {
    struct job *j;
    feature_task task;
};

static exm_status
run_stretch(void *ctx, size_t i, unsigned worker, exm_error *reterr)
{
    const struct run *r = ctx;
    const size_t end = (i + 1) * STRETCH;
    exm_status st = EXM_OK;

    for (size_t f = i * STRETCH; st == EXM_OK && f < end && f < r->j->n_features; f++)
        st = r->task(r->j, f, r->j->worker[worker].q, reterr);
    return st;
}

static exm_status
for_all(struct job *j, feature_task task, exm_pool *pool, exm_error *reterr)
{
    struct run r = {.j = j, .task = task};
    const size_t n = (j->n_features + STRETCH - 1) / STRETCH;
    exm_status st = EXM_OK;

    if (pool) return exm_pool_run(pool, n, run_stretch, &r, reterr);
    for (size_t i = 0; st == EXM_OK && i < n; i++) st = run_stretch(&r, i, 0, reterr);
    return st;
}

static void
job_done(struct job *j)
{
    for (unsigned i = 0; j->worker && i < j->n_workers; i++) exm_lsq_free(j->worker[i].q);
    free(j->worker);
    free(j->coef);
}

static exm_status
job_init(struct job *j, exm_pool *pool, exm_error *reterr)
{
    exm_status st = exm_design_validate(j->d, reterr);

    if (st != EXM_OK) return st;
    j->n_workers = pool ? exm_pool_threads(pool) : 1;
    j->worker = calloc(j->n_workers, sizeof *j->worker);
    j->coef = calloc(j->n_features + 1, j->d->n_coef * sizeof *j->coef);
    if (!j->worker || !j->coef)
        st =
            exm_fail(reterr, EXM_ENOMEM, 0, "no memory to fit %zu features", j->n_features);
    for (unsigned i = 0; st == EXM_OK && i < j->n_workers; i++) {
        st = exm_lsq_new(j->d, &j->worker[i].q, reterr);
        if (st == EXM_OK) st = exm_lsq_factor(j->worker[i].q, NULL, reterr);
    }
    if (st != EXM_OK) job_done(j);
    return st;
}

/* ---- weights ---- */

static exm_status
fit_plain(struct job *j, size_t f, exm_lsq *q, exm_error *reterr)
{
    const size_t n = j->d->n_samples;
    const double *y = j->c->y + f * n;
    double *e = j->e + f * n, sigma2;
    int any = 0;

    (void) reterr;
    for (size_t s = 0; s < n; s++) {
        e[s] = log2((y[s] + 0.5) / (j->lib[s] + 1.0) * 1e6);
        any |= y[s] > 0.0;
    }
    exm_lsq_solve(q, e, j->coef + f * j->d->n_coef, &sigma2, NULL);
    j->x[f] = exm_mean(e, n, 1) + exm_mean(j->log_lib, n, 1) - log2_million;
    j->sd[f] = any ? sqrt(sqrt(sigma2)) : (double) NAN;
    return EXM_OK;
}

static exm_status
weigh(struct job *j, size_t f, exm_lsq *q, exm_error *reterr)
{
    const size_t n = j->d->n_samples, p = j->d->n_coef;
    const double *b = j->coef + f * p;

    (void) q;
    (void) reterr;
    for (size_t s = 0; s < n; s++) {
        double fitted = 0.0, sd;

        for (size_t k = 0; k < p; k++) fitted += b[k] * j->d->x[s * p + k];
        fitted += j->log_lib[s] - log2_million;
        sd = exm_interpolate(j->n_trend, j->trend_x, j->trend_y, fitted);
        j->w[f * n + s] = 1.0 / (sd * sd * (sd * sd));
    }
    return EXM_OK;
}

struct point {
    double x, y;
};

static int
by_x(const void *pa, const void *pb)
{
    const struct point *a = pa, *b = pb;

    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    return (a->y > b->y) - (a->y < b->y);
}

/* The trend through the features' points; v has room for [n_features] points, and mem for
 * three vectors of that length. */
static exm_status
smooth_trend(struct job *j, double span, struct point *v, double *mem, exm_error *reterr)
{
    exm_lowess_options o = exm_lowess_defaults();
    double *x = mem, *y = mem + j->n_features, *fit = mem + 2 * j->n_features;
    size_t n = 0;
    exm_status st;

    for (size_t f = 0; f < j->n_features; f++)
        if (!isnan(j->sd[f])) v[n++] = (struct point){j->x[f], j->sd[f]};
    if (n < 2)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "voom: %zu features with counts have no trend", n);
    qsort(v, n, sizeof *v, by_x);
    for (size_t i = 0; i < n; i++) {
        x[i] = v[i].x;
        y[i] = v[i].y;
    }
    o.span = span;
    st = exm_lowess(n, x, y, &o, fit, reterr);
    j->trend_x = x;
    j->trend_y = fit;
    j->n_trend = n;
    return st;
}

exm_status
exm_voom_weights(const exm_counts *c, const double *lib, const exm_design *d, double span,
                 exm_pool *pool, double *ret_e, double *ret_w, double *ret_x,
                 double *ret_sd, exm_error *reterr)
{
    struct job j = {.c = c, .d = d};
    const size_t nf = c ? c->n_features : 0, ns = c ? c->n_samples : 0;
    struct point *v = NULL;
    double *mem = NULL;
    exm_status st = exm_counts_validate(c, reterr);

    if (st != EXM_OK) return st;
    if (!d || !ret_e || !ret_w || d->n_samples != ns)
        return exm_fail(reterr, EXM_EINVAL, 0,
                        "voom: an argument is NULL or of another size");
    j.n_features = nf;
    j.e = ret_e;
    j.w = ret_w;
    st = job_init(&j, pool, reterr);
    if (st != EXM_OK) return st;
    mem = calloc(5 * nf + 2 * ns + 1, sizeof *mem);
    v = calloc(nf + 1, sizeof *v);
    if (!mem || !v) st = exm_fail(reterr, EXM_ENOMEM, 0, "no memory for weights");
    if (st == EXM_OK) {
        double *libs = mem + 5 * nf, *logs = libs + ns;

        j.x = mem + 3 * nf;
        j.sd = mem + 4 * nf;
        if (lib)
            memcpy(libs, lib, ns * sizeof *lib);
        else
            exm_counts_lib(c, libs);
        for (size_t s = 0; s < ns; s++) logs[s] = log2(libs[s] + 1.0);
        j.lib = libs;
        j.log_lib = logs;
        st = for_all(&j, fit_plain, pool, reterr);
    }
    if (st == EXM_OK) st = smooth_trend(&j, span, v, mem, reterr);
    if (st == EXM_OK) st = for_all(&j, weigh, pool, reterr);
    if (st == EXM_OK && ret_x) memcpy(ret_x, j.x, nf * sizeof *ret_x);
    if (st == EXM_OK && ret_sd) memcpy(ret_sd, j.sd, nf * sizeof *ret_sd);
    free(mem);
    free(v);
    job_done(&j);
    return st;
}

/* ---- the test ---- */

/* row.stat holds the unscaled SD of the contrast until the prior is known. */
static exm_status
fit_weighted(struct job *j, size_t f, exm_lsq *q, exm_error *reterr)
{
    const size_t n = j->d->n_samples, p = j->d->n_coef;
    double *b = j->coef + f * p, sigma2;
    exm_voom_row *r = j->row + f;

    if (j->given_w) {
        const exm_status st = exm_lsq_factor(q, j->given_w + f * n, reterr);

        if (st != EXM_OK) return st;
    }
    exm_lsq_solve(q, j->given_e + f * n, b, &sigma2, NULL);
    *r = (exm_voom_row){.sigma2 = sigma2, .mean_e = exm_mean(j->given_e + f * n, n, 1)};
    for (size_t k = 0; k < p; k++) r->log2fc += j->contrast[k] * b[k];
    r->stat = sqrt(exm_lsq_contrast_var(q, j->contrast));
    return EXM_OK;
}

static void
moderate(exm_voom_row *r, const exm_ebayes_prior *prior, double df_res, double df_all)
{
    const double sd = r->stat;
    double margin;

    r->s2_post = exm_ebayes_posterior(prior, r->sigma2, df_res);
    r->df = fmin(df_res + prior->df, df_all);
    r->stat = r->log2fc / (sd * sqrt(r->s2_post));
    r->p = 2.0 * pt(-fabs(r->stat), r->df, 1, 0);
    margin = sd * sqrt(r->s2_post) * qt(0.975, r->df, 1, 0);
    r->ci_low = r->log2fc - margin;
    r->ci_high = r->log2fc + margin;
}

exm_status
exm_voom_test(size_t n_features, const double *e, const double *w, const exm_design *d,
              const double *contrast, exm_pool *pool, exm_voom_row *ret,
              exm_ebayes_prior *ret_prior, exm_error *reterr)
{
    struct job j = {.d = d, .n_features = n_features, .contrast = contrast};
    exm_ebayes_prior prior;
    double *s2 = NULL, *df = NULL, df_res;
    exm_status st;

    if (!e || !d || !contrast || !ret || n_features == 0)
        return exm_fail(reterr, EXM_EINVAL, 0, "voom: an argument is NULL, or no features");
    j.given_e = e;
    j.given_w = w;
    j.row = calloc(n_features, sizeof *j.row);
    s2 = calloc(n_features, sizeof *s2);
    df = calloc(n_features, sizeof *df);
    st = j.row && s2 && df ? EXM_OK
                           : exm_fail(reterr, EXM_ENOMEM, 0,
                                      "no memory to test %zu features", n_features);
    if (st == EXM_OK) st = job_init(&j, pool, reterr);
    if (st == EXM_OK) {
        df_res = (double) (d->n_samples - d->n_coef);
        st = for_all(&j, fit_weighted, pool, reterr);
        for (size_t f = 0; f < n_features; f++) {
            s2[f] = j.row[f].sigma2;
            df[f] = df_res;
        }
        if (st == EXM_OK) st = exm_ebayes_fit(n_features, s2, df, &prior, reterr);
        if (st == EXM_OK) {
            for (size_t f = 0; f < n_features; f++)
                moderate(j.row + f, &prior, df_res, df_res * (double) n_features);
            memcpy(ret, j.row, n_features * sizeof *ret);
            if (ret_prior) *ret_prior = prior;
        }
        job_done(&j);
    }
    free(j.row);
    free(s2);
    free(df);
    return st;
}
