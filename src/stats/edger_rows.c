/*
 * edger_rows.c - what is computed of one feature by itself.
 *
 * Workload: every feature passes the 21 dispersions of the grid once, each fit from where the
 * one before ended, and some five fits more.
 */
#include "edger_impl.h"

#include "exomir/accum.h"
#include "nb_gamma.h"
#include "vmath.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT = 1024 }; /* counts whose log-gammas are tabulated for the grid */

static const double zero_below = 1e-4;
static const double zeros_at_disp = 0.05;
static const double abundance_prior = 2.0, log2fc_prior = 0.125;
static const double ln2 = 0x1.62e42fefa39efp-1;
static const double log_million = 13.815510557964274;

/* ---- the model ---- */

/*
 * A basis of the coefficients that the contrast c does not touch: the other columns when c is
 * one coefficient; else columns 2 .. p of the reflection that turns c into the first axis,
 *     H = I - v v' / v_1,  v = c / (sign(c_1) |c|) + e_1.
 */
static void
reduce_design(const exm_design *d, const double *c, double *ret)
{
    const size_t p = d->n_coef;
    size_t used = 0, only = 0;
    double norm = 0.0;

    for (size_t k = 0; k < p; k++) {
        if (c[k] == 0.0) continue;
        used++;
        only = k;
        norm += c[k] * c[k];
    }
    norm = c[0] < 0.0 ? -sqrt(norm) : sqrt(norm);
    for (size_t s = 0; s < d->n_samples; s++) {
        const double *x = d->x + s * p;
        double *to = ret + s * (p - 1), along = 0.0;

        if (used == 1) {
            memcpy(to, x, only * sizeof *x);
            memcpy(to + only, x + only + 1, (p - 1 - only) * sizeof *x);
            continue;
        }
        for (size_t k = 0; k < p; k++) along += x[k] * (c[k] / norm + (k == 0));
        along /= c[0] / norm + 1.0;
        for (size_t k = 1; k < p; k++) to[k - 1] = x[k] - along * c[k] / norm;
    }
}

void
exm_edger_model_done(edger_model *m)
{
    free(m->offset);
    free(m->prior);
    free(m->x0);
    free(m->scale);
}

exm_status
exm_edger_model_init(edger_model *m, const exm_counts *c, const double *lib,
                     const exm_design *d, const double *contrast, exm_error *reterr)
{
    const size_t n = d->n_samples;
    const double mean = exm_mean(lib, n, 1);
    double unused;

    *m = (edger_model){.c = c, .d = *d, .lib = lib, .contrast = contrast};
    m->offset = calloc(n, sizeof *m->offset);
    m->prior = calloc(n, sizeof *m->prior);
    m->scale = calloc(EDGER_GRID, SHORT * sizeof *m->scale);
    if (d->n_coef > 1) m->x0 = calloc(n * (d->n_coef - 1), sizeof *m->x0);
    if (!m->offset || !m->prior || !m->scale || (d->n_coef > 1 && !m->x0)) {
        exm_edger_model_done(m);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu samples", n);
    }
    for (size_t s = 0; s < n; s++) {
        m->offset[s] = log(lib[s]);
        m->prior[s] = lib[s] / mean;
    }
    if (m->x0) reduce_design(d, contrast, m->x0);
    for (size_t i = 0; i < EDGER_GRID; i++) {
        const double r = 1.0 / exm_edger_grid_disp((double) i - 10.0);
        double log_factorial = 0.0;

        for (size_t y = 0; y < SHORT; y++) {
            if (y > 0) log_factorial = exm_nb_gamma_rise((double) y, 1.0, &unused);
            m->scale[i * SHORT + y] =
                exm_nb_gamma_rise((double) y, r, &unused) - log_factorial;
        }
    }
    return EXM_OK;
}

/* ---- a thread's room ---- */

void
exm_edger_work_done(edger_work *w)
{
    exm_nbglm_free(w->full);
    exm_nbglm_free(w->null);
    exm_nbglm_free(w->raised);
    free(w->mem);
    free(w->zero);
    *w = (edger_work){0};
}

exm_status
exm_edger_work_init(edger_work *w, const edger_model *m, exm_error *reterr)
{
    const size_t n = m->d.n_samples, p = m->d.n_coef;
    const exm_design null = {m->x0, n, p - 1};
    exm_status st;

    *w = (edger_work){.m = m};
    w->mem = calloc(n * (p + 3) + 2 * p, sizeof *w->mem);
    w->zero = calloc(n, 1);
    st = w->mem && w->zero
             ? exm_nbglm_new(&m->d, m->offset, &w->full, reterr)
             : exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu samples", n);
    if (st == EXM_OK) st = exm_nbglm_new(&m->d, m->offset, &w->raised, reterr);
    if (st == EXM_OK && m->x0) st = exm_nbglm_new(&null, m->offset, &w->null, reterr);
    if (st != EXM_OK) {
        exm_edger_work_done(w);
        return st;
    }
    w->y = w->mem;
    w->mu = w->mem + n;
    w->offset = w->mem + 2 * n;
    w->x = w->mem + 3 * n;
    w->coef = w->x + n * p;
    w->coef0 = w->coef + p;
    return EXM_OK;
}

/* ---- samples at zero ---- */

static size_t
mark_zeros(edger_work *w, const double *y)
{
    size_t zeros = 0;

    for (size_t s = 0; s < w->m->d.n_samples; s++) {
        w->zero[s] = y[s] < zero_below && w->mu[s] < zero_below;
        zeros += w->zero[s];
    }
    return zeros;
}

/* Takes the 'rank' orthonormal columns e out of q (twice, for its rounding) and scales q to
 * length 1; 0 where less than 1e-7 of it is left. */
static int
orthogonalise(const double *e, size_t rank, size_t n, double *q)
{
    const double before = exm_vec_dot(n, q, q);
    double after;

    for (size_t j = 0; j < 2 * rank; j++) {
        const double *of = e + j % rank * n;
        const double along = exm_vec_dot(n, of, q);

        for (size_t i = 0; i < n; i++) q[i] -= along * of[i];
    }
    after = exm_vec_dot(n, q, q);
    if (!(sqrt(after) > 1e-7 * sqrt(before))) return 0;
    for (size_t i = 0; i < n; i++) q[i] /= sqrt(after);
    return 1;
}

/*
 * The rows of the design that are not at zero to w->x [n][rank], without columns that depend
 * on those before them; returns the number of columns, *ret_n that of rows.
 */
static size_t
pick(edger_work *w, size_t *ret_n)
{
    const exm_design *d = &w->m->d;
    const size_t p = d->n_coef;
    size_t rank = 0, n = 0, chosen[EXM_EDGER_COEF_MAX];

    for (size_t s = 0; s < d->n_samples; s++) n += !w->zero[s];
    for (size_t k = 0; k < p && rank < n; k++) { /* orthogonal columns to w->x */
        double *q = w->x + rank * n;

        for (size_t s = 0, i = 0; s < d->n_samples; s++)
            if (!w->zero[s]) q[i++] = d->x[s * p + k];
        if (orthogonalise(w->x, rank, n, q)) chosen[rank++] = k;
    }
    for (size_t s = 0, i = 0; s < d->n_samples; s++) {
        if (w->zero[s]) continue;
        for (size_t k = 0; k < rank; k++) w->x[i * rank + k] = d->x[s * p + chosen[k]];
        i++;
    }
    *ret_n = n;
    return rank;
}

/* ---- adjusted profile log-likelihood ---- */

static double
log_gammas(const edger_model *m, size_t at, size_t n, const double *y)
{
    const double *short_ones = m->scale + at * SHORT;
    const double r = 1.0 / exm_edger_grid_disp((double) at - 10.0);
    double sum = 0.0, unused;

    for (size_t s = 0; s < n; s++)
        sum += y[s] < SHORT ? short_ones[(size_t) y[s]]
                            : exm_nb_gamma_rise(y[s], r, &unused) -
                                  exm_nb_gamma_rise(y[s], 1.0, &unused);
    return sum;
}

static void
climb_grid(edger_work *w, exm_nbglm *g, size_t n, const double *y, double *ret)
{
    for (size_t i = 0; i < EDGER_GRID; i++) {
        const double phi = exm_edger_grid_disp((double) i - 10.0);

        (void) exm_nbglm_fit(g, y, phi, i ? w->coef : NULL, w->coef, w->mu);
        ret[i] = exm_nbglm_profile(g, y, w->mu, phi) + log_gammas(w->m, i, n, y);
    }
}

exm_status
exm_edger_row_apl(edger_work *w, const double *y, double *ret, exm_error *reterr)
{
    const size_t n = w->m->d.n_samples;
    exm_design rest = {.x = w->x};
    exm_nbglm *g = NULL;
    exm_status st;

    memset(ret, 0, EDGER_GRID * sizeof *ret);
    (void) exm_nbglm_fit(w->full, y, zeros_at_disp, NULL, w->coef, w->mu);
    if (mark_zeros(w, y) == 0) {
        climb_grid(w, w->full, n, y, ret);
        return EXM_OK;
    }
    rest.n_coef = pick(w, &rest.n_samples);
    if (rest.n_coef == 0 || rest.n_samples <= rest.n_coef) return EXM_OK;
    for (size_t s = 0, i = 0; s < n; s++) {
        if (w->zero[s]) continue;
        w->y[i] = y[s];
        w->offset[i++] = w->m->offset[s];
    }
    st = exm_nbglm_new(&rest, w->offset, &g, reterr);
    if (st == EXM_OK) climb_grid(w, g, rest.n_samples, w->y, ret);
    exm_nbglm_free(g);
    return st;
}

/* ---- other fits ---- */

static void
raise(edger_work *w, const double *y, double prior)
{
    for (size_t s = 0; s < w->m->d.n_samples; s++) {
        const double more = prior * w->m->prior[s];

        w->y[s] = y[s] + more;
        w->offset[s] = log(w->m->lib[s] + 2.0 * more);
    }
    exm_nbglm_set_offset(w->raised, w->offset);
}

double
exm_edger_row_abundance(edger_work *w, const double *y, double phi)
{
    raise(w, y, abundance_prior);
    return (exm_nbglm_common_rate(w->raised, w->y, phi) + log_million) / ln2;
}

double
exm_edger_row_log2fc(edger_work *w, const double *y, double phi, double *ret_var)
{
    const size_t p = w->m->d.n_coef;
    double sum = 0.0;

    raise(w, y, log2fc_prior);
    (void) exm_nbglm_fit(w->raised, w->y, phi, NULL, w->coef0, w->offset);
    *ret_var = exm_nbglm_contrast_var(w->raised, w->offset, phi, w->m->contrast);
    for (size_t k = 0; k < p; k++) sum += w->m->contrast[k] * w->coef0[k];
    return sum / ln2;
}

double
exm_edger_row_deviance(edger_work *w, const double *y, double phi, double *ret_df)
{
    const double deviance = exm_nbglm_fit(w->full, y, phi, NULL, w->coef, w->mu);
    size_t n = w->m->d.n_samples, rank = w->m->d.n_coef;

    if (mark_zeros(w, y) > 0) rank = pick(w, &n);
    *ret_df = (double) (n - rank);
    return deviance;
}

double
exm_edger_row_poisson(edger_work *w, const double *y, double phi)
{
    double deviance;

    (void) exm_nbglm_fit(w->full, y, phi, NULL, w->coef, w->mu);
    deviance = exm_nbglm_fit(w->full, y, 0.0, w->coef, w->coef, w->mu);
    return exm_edger_row_null(w, y, 0.0) - deviance;
}

double
exm_edger_row_null(edger_work *w, const double *y, double phi)
{
    double sum = 0.0;

    if (w->null) return exm_nbglm_fit(w->null, y, phi, NULL, w->coef0, w->y);
    for (size_t s = 0; s < w->m->d.n_samples; s++)
        sum += exm_nb_unit_deviance(y[s], w->m->lib[s], phi);
    return sum;
}
