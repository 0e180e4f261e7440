/*
 * lsq.c - Householder QR of tall, thin designs.
 *
 * Workload: 4 to 10^4 samples, 1 to 20 coefficients, 10^2 to 10^4 responses; with weights the
 * factorisation is made for each response.  Columns are contiguous, loops run down them in
 * order, so results are the same everywhere; LAPACK's are not (blocking, FMA).
 */
#include "exomir/lsq.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double rank_tolerance = 1e-7;

struct exm_lsq {
    exm_design d;
    double *
        q; /* [n_coef][n_samples]: Householder vectors below, R on and above the diagonal */
    double *beta;    /* [n_coef]: H = I - beta v v' */
    double *diag;    /* [n_coef]: R's diagonal */
    double *root_w;  /* [n_samples], 1 without weights */
    double *y;       /* [n_samples] */
    double *inverse; /* [n_coef][n_coef]: of R */
};

static double
dot(const double *a, const double *b, size_t n)
{
    double s = 0.0;

    for (size_t i = 0; i < n; i++) s += a[i] * b[i];
    return s;
}

exm_status
exm_lsq_new(const exm_design *d, exm_lsq **ret, exm_error *reterr)
{
    exm_lsq *q;
    const size_t n = d ? d->n_samples : 0, p = d ? d->n_coef : 0;

    if (!d || !d->x || !ret || p == 0 || n < p)
        return exm_fail(reterr, EXM_EINVAL, 0, "least squares: no design, or too wide");
    q = calloc(1, sizeof *q);
    if (q) {
        q->d = *d;
        q->q = calloc(n, p * sizeof *q->q);
        q->beta = calloc(p, sizeof *q->beta);
        q->diag = calloc(p, sizeof *q->diag);
        q->root_w = calloc(n, sizeof *q->root_w);
        q->y = calloc(n, sizeof *q->y);
        q->inverse = calloc(p, p * sizeof *q->inverse);
    }
    if (!q || !q->q || !q->beta || !q->diag || !q->root_w || !q->y || !q->inverse) {
        exm_lsq_free(q);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for least squares of %zu x %zu",
                        n, p);
    }
    *ret = q;
    return EXM_OK;
}

void
exm_lsq_free(exm_lsq *q)
{
    if (!q) return;
    free(q->q);
    free(q->beta);
    free(q->diag);
    free(q->root_w);
    free(q->y);
    free(q->inverse);
    free(q);
}

/* The reflection that puts column k below the diagonal to zero, applied to columns k.. */
static void
reflect(exm_lsq *q, size_t k)
{
    const size_t n = q->d.n_samples, m = n - k;
    double *v = q->q + k * n + k;
    const double length = sqrt(dot(v, v, m));

    q->diag[k] = v[0] > 0.0 ? -length : length;
    q->beta[k] = 0.0;
    if (length == 0.0) return;
    v[0] -= q->diag[k];
    q->beta[k] = -1.0 / (q->diag[k] * v[0]);
    for (size_t j = k + 1; j < q->d.n_coef; j++) {
        double *c = q->q + j * n + k;
        const double s = q->beta[k] * dot(v, c, m);

        for (size_t i = 0; i < m; i++) c[i] -= s * v[i];
    }
}

exm_status
exm_lsq_factor(exm_lsq *q, const double *w, exm_error *reterr)
{
    const size_t n = q->d.n_samples, p = q->d.n_coef;

    for (size_t i = 0; i < n; i++) {
        if (w && (!(w[i] > 0.0) || !isfinite(w[i])))
            return exm_fail(reterr, EXM_EDATA, i, "weight %zu is %g", i + 1, w[i]);
        q->root_w[i] = w ? sqrt(w[i]) : 1.0;
    }
    for (size_t k = 0; k < p; k++)
        for (size_t i = 0; i < n; i++) q->q[k * n + i] = q->d.x[i * p + k] * q->root_w[i];
    for (size_t k = 0; k < p; k++) {
        const double *c = q->q + k * n;
        const double length = sqrt(dot(c, c, n)); /* reflections keep it */

        reflect(q, k);
        if (!(fabs(q->diag[k]) > rank_tolerance * length))
            return exm_fail(reterr, EXM_EDATA, k,
                            "column %zu of the design is a combination of those before it",
                            k + 1);
    }
    return EXM_OK;
}

/* q->y := Q' q->y */
static void
apply(exm_lsq *q)
{
    const size_t n = q->d.n_samples;

    for (size_t k = 0; k < q->d.n_coef; k++) {
        const double *v = q->q + k * n + k;
        const double s = q->beta[k] * dot(v, q->y + k, n - k);

        for (size_t i = 0; i < n - k; i++) q->y[k + i] -= s * v[i];
    }
}

/* R[k][j], j >= k. */
static double
r_at(const exm_lsq *q, size_t k, size_t j)
{
    return j == k ? q->diag[k] : q->q[j * q->d.n_samples + k];
}

void
exm_lsq_solve(exm_lsq *q, const double *y, double *ret_coef, double *ret_sigma2,
              double *ret_effects)
{
    const size_t n = q->d.n_samples, p = q->d.n_coef;

    for (size_t i = 0; i < n; i++) q->y[i] = q->root_w[i] * y[i];
    apply(q);
    for (size_t k = p; k-- > 0;) {
        double s = q->y[k];

        for (size_t j = k + 1; j < p; j++) s -= r_at(q, k, j) * ret_coef[j];
        ret_coef[k] = s / q->diag[k];
    }
    *ret_sigma2 = dot(q->y + p, q->y + p, n - p) / (double) (n - p);
    if (ret_effects) memcpy(ret_effects, q->y, n * sizeof *q->y);
}

void
exm_lsq_unscaled_cov(exm_lsq *q, double *ret)
{
    const size_t p = q->d.n_coef;

    for (size_t j = 0; j < p; j++) { /* column j of the inverse of R */
        for (size_t k = p; k-- > 0;) {
            double s = j == k;

            for (size_t i = k + 1; i < p; i++) s -= r_at(q, k, i) * q->inverse[i * p + j];
            q->inverse[k * p + j] = k > j ? 0.0 : s / q->diag[k];
        }
    }
    for (size_t a = 0; a < p; a++)
        for (size_t b = 0; b < p; b++)
            ret[a * p + b] = dot(q->inverse + a * p, q->inverse + b * p, p);
}

double
exm_lsq_contrast_var(exm_lsq *q, const double *contrast)
{
    const size_t p = q->d.n_coef;
    double *z = q->inverse; /* scratch: solves R' z = c from the top */

    for (size_t k = 0; k < p; k++) {
        double s = contrast[k];

        for (size_t i = 0; i < k; i++) s -= r_at(q, i, k) * z[i];
        z[k] = s / q->diag[k];
    }
    return dot(z, z, p);
}

exm_status
exm_design_validate(const exm_design *d, exm_error *reterr)
{
    exm_lsq *q = NULL;
    exm_status st;

    if (!d || !d->x || d->n_coef == 0) return exm_fail(reterr, EXM_EINVAL, 0, "no design");
    for (size_t i = 0; i < d->n_samples * d->n_coef; i++)
        if (!isfinite(d->x[i]))
            return exm_fail(reterr, EXM_EDATA, i % d->n_coef,
                            "column %zu of the design holds %g", i % d->n_coef + 1,
                            d->x[i]);
    if (d->n_samples <= d->n_coef)
        return exm_fail(reterr, EXM_EDATA, d->n_coef,
                        "%zu coefficients leave %zu samples no degree of freedom",
                        d->n_coef, d->n_samples);
    st = exm_lsq_new(d, &q, reterr);
    if (st == EXM_OK) st = exm_lsq_factor(q, NULL, reterr);
    exm_lsq_free(q);
    return st;
}

exm_status
exm_design_leverage(const exm_design *d, double *ret, exm_error *reterr)
{
    exm_lsq *q = NULL;
    double *cov = NULL;
    exm_status st = exm_design_validate(d, reterr);

    if (st != EXM_OK) return st;
    st = exm_lsq_new(d, &q, reterr);
    if (st == EXM_OK) {
        cov = calloc(d->n_coef, d->n_coef * sizeof *cov);
        if (!cov) st = exm_fail(reterr, EXM_ENOMEM, 0, "no memory for leverages");
    }
    if (st == EXM_OK) st = exm_lsq_factor(q, NULL, reterr);
    if (st == EXM_OK) exm_lsq_unscaled_cov(q, cov);
    for (size_t s = 0; st == EXM_OK && s < d->n_samples; s++) {
        const double *x = d->x + s * d->n_coef;

        ret[s] = 0.0;
        for (size_t a = 0; a < d->n_coef; a++)
            ret[s] += x[a] * dot(cov + a * d->n_coef, x, d->n_coef);
    }
    free(cov);
    exm_lsq_free(q);
    return st;
}
