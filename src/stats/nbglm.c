/*
 * nbglm.c - negative binomial GLMs, one feature at a time.
 *
 * Workload: 10^2 to 10^4 features, each fitted some 25 times (21 dispersions of the grid and
 * a few more), 4 to 10^4 samples, 1 to 20 coefficients.  Where a fit stops is part of the
 * result: the reference's stopping rules are followed, and fits that start where the last one
 * ended take one or two rounds.  Logarithms and exponentials go over all samples at once.
 */
#include "exomir/nbglm.h"

#include "vmath.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NEWTON_MAX = 50, LEVENBERG_MAX = 250 };

static const double newton_tolerance = 1e-10, levenberg_tolerance = 1e-6;
static const double tiny = 1e-13; /* relative deviance, and least damping */
static const double no_count = 1e-10, low_pivot = 1e-10;
static const double no_rate = -1e8;    /* log rate of a group without counts */
static const double above_zero = 1e-8; /* what deviances add to counts and means */
static const double poisson_below = 1e-4, gamma_above = 1e6;

struct exm_nbglm {
    exm_design d;
    exm_lsq *lsq;            /* of the unweighted design, factored */
    size_t n_groups;         /* 0: no one-way layout */
    size_t *order;           /* [n_samples] samples group by group */
    size_t *begin;           /* [n_groups + 1] into order */
    double *mem;             /* owns what follows */
    double *x;               /* [n_coef][n_samples] the design by column */
    double *offset, *rate;   /* [n_samples] rate = exp(offset) */
    double *mu, *a, *b;      /* [n_samples] of a trial; scratch */
    double *solve;           /* [n_coef][n_coef] inverse of the distinct rows */
    double *info, *chol;     /* [n_coef][n_coef] */
    double *dl, *db, *trial; /* [n_coef] */
};

double
exm_nb_unit_deviance(double y, double mu, double phi)
{
    const double a = y + above_zero, b = mu + above_zero, product = b * phi;

    if (phi < poisson_below) {
        const double r = a - b; /* as the package has it: a term of phi^2 is missing */

        return 2.0 * (a * log(a / b) - r - 0.5 * r * r * phi * (1.0 - phi * a));
    }
    if (product > gamma_above)
        return 2.0 * ((a - b) / b - log(a / b)) * b / (1.0 + product);
    return 2.0 *
           (a * log(a / b) + (a + 1.0 / phi) * log((b + 1.0 / phi) / (a + 1.0 / phi)));
}

/* ---- the object ---- */

static int
same_row(const exm_nbglm *g, size_t a, size_t b)
{
    const size_t p = g->d.n_coef;

    return memcmp(g->d.x + a * p, g->d.x + b * p, p * sizeof(double)) == 0;
}

/* Inverse of the n_coef distinct rows by Gauss-Jordan with pivots; 0 where singular. */
static int
invert_rows(exm_nbglm *g)
{
    const size_t p = g->d.n_coef;
    double *a = g->chol, *r = g->solve;

    for (size_t k = 0; k < p; k++) {
        memcpy(a + k * p, g->d.x + g->order[g->begin[k]] * p, p * sizeof *a);
        for (size_t j = 0; j < p; j++) r[k * p + j] = k == j;
    }
    for (size_t k = 0; k < p; k++) {
        size_t best = k;

        for (size_t i = k + 1; i < p; i++)
            if (fabs(a[i * p + k]) > fabs(a[best * p + k])) best = i;
        if (fabs(a[best * p + k]) < 1e-12) return 0;
        for (size_t j = 0; j < p; j++) {
            const double x = a[k * p + j], y = r[k * p + j];

            a[k * p + j] = a[best * p + j];
            a[best * p + j] = x;
            r[k * p + j] = r[best * p + j];
            r[best * p + j] = y;
        }
        for (size_t i = 0; i < p; i++) {
            const double f = a[i * p + k] / a[k * p + k];

            if (i == k) continue;
            for (size_t j = 0; j < p; j++) {
                a[i * p + j] -= f * a[k * p + j];
                r[i * p + j] -= f * r[k * p + j];
            }
        }
    }
    for (size_t k = 0; k < p; k++)
        for (size_t j = 0; j < p; j++) r[k * p + j] /= a[k * p + k];
    return 1;
}

/* Samples of equal rows together, in order of their first; more groups than columns: none. */
static void
find_groups(exm_nbglm *g)
{
    const size_t n = g->d.n_samples, p = g->d.n_coef;
    size_t filled = 0, groups = 0;

    for (size_t s = 0; s < n; s++) {
        int seen = 0;

        for (size_t k = 0; k < groups && !seen; k++)
            seen = same_row(g, s, g->order[g->begin[k]]);
        if (seen) continue;
        if (groups == p) return;
        g->begin[groups++] = filled;
        for (size_t t = s; t < n; t++)
            if (same_row(g, s, t)) g->order[filled++] = t;
    }
    g->begin[groups] = filled;
    if (groups == p && invert_rows(g)) g->n_groups = groups;
}

static exm_status
allocate(exm_nbglm *g, exm_error *reterr)
{
    const size_t n = g->d.n_samples, p = g->d.n_coef;
    double **const by_sample[] = {&g->offset, &g->rate, &g->mu, &g->a, &g->b};
    double **const square[] = {&g->solve, &g->info, &g->chol};
    double **const by_coef[] = {&g->dl, &g->db, &g->trial};
    double *at;

    g->order = calloc(n, sizeof *g->order);
    g->begin = calloc(p + 1, sizeof *g->begin);
    g->mem = calloc(n * (p + 5) + 3 * p * p + 3 * p, sizeof *g->mem);
    if (!g->order || !g->begin || !g->mem)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a model of %zu x %zu", n, p);
    g->x = g->mem;
    at = g->mem + n * p;
    for (size_t i = 0; i < sizeof by_sample / sizeof by_sample[0]; i++, at += n)
        *by_sample[i] = at;
    for (size_t i = 0; i < sizeof square / sizeof square[0]; i++, at += p * p)
        *square[i] = at;
    for (size_t i = 0; i < sizeof by_coef / sizeof by_coef[0]; i++, at += p)
        *by_coef[i] = at;
    return EXM_OK;
}

exm_status
exm_nbglm_new(const exm_design *d, const double *offset, exm_nbglm **ret, exm_error *reterr)
{
    exm_nbglm *g;
    exm_status st;

    if (!d || !offset || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "model: an argument is NULL");
    st = exm_design_validate(d, reterr);
    if (st != EXM_OK) return st;
    g = calloc(1, sizeof *g);
    if (!g) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a model");
    g->d = *d;
    st = allocate(g, reterr);
    if (st == EXM_OK) st = exm_lsq_new(d, &g->lsq, reterr);
    if (st == EXM_OK) st = exm_lsq_factor(g->lsq, NULL, reterr);
    if (st != EXM_OK) {
        exm_nbglm_free(g);
        return st;
    }
    for (size_t s = 0; s < d->n_samples; s++)
        for (size_t k = 0; k < d->n_coef; k++)
            g->x[k * d->n_samples + s] = d->x[s * d->n_coef + k];
    exm_nbglm_set_offset(g, offset);
    find_groups(g);
    *ret = g;
    return EXM_OK;
}

void
exm_nbglm_set_offset(exm_nbglm *g, const double *offset)
{
    memcpy(g->offset, offset, g->d.n_samples * sizeof *offset);
    exm_vec_exp(g->d.n_samples, offset, g->rate);
}

void
exm_nbglm_free(exm_nbglm *g)
{
    if (!g) return;
    exm_lsq_free(g->lsq);
    free(g->order);
    free(g->begin);
    free(g->mem);
    free(g);
}

/* ---- deviance ---- */

/* exm_nb_unit_deviance() summed over samples; a and b are overwritten. */
static double
deviance(exm_nbglm *g, const double *y, const double *mu, double phi)
{
    const size_t n = g->d.n_samples;
    const double r = phi < poisson_below ? 0.0 : 1.0 / phi;
    double *restrict a = g->a, *restrict b = g->b, sum = 0.0, most = 0.0;

    for (size_t s = 0; s < n; s++) a[s] = (y[s] + above_zero) / (mu[s] + above_zero);
    exm_vec_log(n, a, a);
    if (phi < poisson_below) {
        for (size_t s = 0; s < n; s++) {
            const double v = y[s] + above_zero, d = v - (mu[s] + above_zero);

            b[s] = v * a[s] - d - 0.5 * d * d * phi * (1.0 - phi * v);
        }
        return 2.0 * exm_vec_sum(n, b);
    }
    for (size_t s = 0; s < n; s++) {
        b[s] = (mu[s] + above_zero + r) / (y[s] + above_zero + r);
        most = mu[s] > most ? mu[s] : most;
    }
    exm_vec_log(n, b, b);
    for (size_t s = 0; s < n; s++)
        b[s] = (y[s] + above_zero) * a[s] + (y[s] + above_zero + r) * b[s];
    if ((most + above_zero) * phi <= gamma_above) return 2.0 * exm_vec_sum(n, b);
    for (size_t s = 0; s < n; s++) sum += exm_nb_unit_deviance(y[s], mu[s], phi);
    return sum;
}

/* ---- one-way layouts ---- */

/* The samples in[0..n) of equal rate. */
static double
one_group(exm_nbglm *g, size_t n, const size_t *in, const double *all_y, double phi,
          double start)
{
    double *restrict y = g->a, *restrict rate = g->b, b = start, sum = 0.0;
    int any = 0;

    for (size_t i = 0; i < n; i++) {
        y[i] = all_y[in[i]];
        rate[i] = g->rate[in[i]];
        if (y[i] <= no_count) continue;
        any = 1;
        sum += y[i] / rate[i];
    }
    if (!any) return -HUGE_VAL;
    if (isnan(b)) b = log(sum / (double) n);
    for (int round = 0; round < NEWTON_MAX; round++) {
        double dl = 0.0, info = 0.0, times;

        exm_vec_exp(1, &b, &times);
        for (size_t i = 0; i < n; i++) {
            const double mu = rate[i] * times, spread = 1.0 + mu * phi;

            dl += (y[i] - mu) / spread;
            info += mu / spread;
        }
        b += dl / info;
        if (fabs(dl / info) < newton_tolerance) break;
    }
    return b;
}

double
exm_nbglm_common_rate(exm_nbglm *g, const double *y, double phi)
{
    const size_t n = g->d.n_samples;
    size_t *all = g->order;

    if (g->n_groups > 0) return one_group(g, n, all, y, phi, (double) NAN);
    for (size_t s = 0; s < n; s++) all[s] = s; /* not in use without groups */
    return one_group(g, n, all, y, phi, (double) NAN);
}

/* Each group by itself; coefficients from the groups' log rates. */
static void
fit_one_way(exm_nbglm *g, const double *y, double phi, const double *start,
            double *ret_coef, double *ret_mu)
{
    const size_t p = g->d.n_coef;

    for (size_t k = 0; k < p; k++) {
        const size_t *in = g->order + g->begin[k], n = g->begin[k + 1] - g->begin[k];
        double from = (double) NAN, times;

        if (start) {
            const double *x = g->d.x + in[0] * p;

            from = 0.0;
            for (size_t j = 0; j < p; j++) from += x[j] * start[j];
            if (!isfinite(from)) from = (double) NAN;
        }
        g->trial[k] = fmax(one_group(g, n, in, y, phi, from), no_rate);
        exm_vec_exp(1, g->trial + k, &times);
        for (size_t i = 0; i < n; i++) ret_mu[in[i]] = g->rate[in[i]] * times;
    }
    for (size_t k = 0; k < p; k++) {
        ret_coef[k] = 0.0;
        for (size_t j = 0; j < p; j++) ret_coef[k] += g->solve[k * p + j] * g->trial[j];
    }
}

/* ---- other layouts ---- */

static void
fitted(const exm_nbglm *g, const double *b, double *ret_mu)
{
    const size_t n = g->d.n_samples;

    memcpy(ret_mu, g->offset, n * sizeof *ret_mu);
    for (size_t k = 0; k < g->d.n_coef; k++)
        for (size_t s = 0; s < n; s++) ret_mu[s] += g->x[k * n + s] * b[k];
    exm_vec_exp(n, ret_mu, ret_mu);
}

static void
null_start(exm_nbglm *g, const double *y, double phi, double *ret_coef)
{
    const size_t n = g->d.n_samples;
    double counts = 0.0, weight = 0.0, unused;

    for (size_t s = 0; s < n; s++) {
        const double spread = 1.0 + phi * g->rate[s];

        counts += y[s] / spread;
        weight += g->rate[s] / spread;
    }
    for (size_t s = 0; s < n; s++) g->mu[s] = log(counts / weight);
    exm_lsq_solve(g->lsq, g->mu, ret_coef, &unused, NULL);
}

/* Lower triangle of X' W X to info; b holds W afterwards.  Returns the largest diagonal. */
static double
set_information(exm_nbglm *g, const double *mu, double phi)
{
    const size_t n = g->d.n_samples, p = g->d.n_coef;
    double *restrict w = g->b, most = 0.0;

    for (size_t s = 0; s < n; s++) w[s] = mu[s] / (1.0 + mu[s] * phi);
    for (size_t k = 0; k < p; k++)
        for (size_t j = 0; j <= k; j++)
            g->info[k * p + j] = exm_vec_dot3(n, w, g->x + k * n, g->x + j * n);
    for (size_t k = 0; k < p; k++) most = fmax(most, g->info[k * p + k]);
    return most;
}

static void
set_score(exm_nbglm *g, const double *y, const double *mu, double phi)
{
    const size_t n = g->d.n_samples;
    double *restrict r = g->a;

    for (size_t s = 0; s < n; s++) r[s] = (y[s] - mu[s]) / (1.0 + mu[s] * phi);
    for (size_t k = 0; k < g->d.n_coef; k++) g->dl[k] = exm_vec_dot(n, r, g->x + k * n);
}

/* L L' = info + lambda I; 0 where that is not positive. */
static int
factor(exm_nbglm *g, double lambda)
{
    const size_t p = g->d.n_coef;

    for (size_t k = 0; k < p; k++) {
        for (size_t j = 0; j <= k; j++) {
            double s = g->info[k * p + j] + (j == k ? lambda : 0.0);

            for (size_t i = 0; i < j; i++) s -= g->chol[k * p + i] * g->chol[j * p + i];
            if (j < k) {
                g->chol[k * p + j] = s / g->chol[j * p + j];
            } else {
                if (!(s > 0.0)) return 0;
                g->chol[k * p + k] = sqrt(s);
            }
        }
    }
    return 1;
}

/* L^-1 v, v and ret may be the same */
static void
solve_lower(const exm_nbglm *g, const double *v, double *ret)
{
    const size_t p = g->d.n_coef;

    for (size_t k = 0; k < p; k++) {
        double s = v[k];

        for (size_t i = 0; i < k; i++) s -= g->chol[k * p + i] * ret[i];
        ret[k] = s / g->chol[k * p + k];
    }
}

/* db = (L L')^-1 dl */
static void
solve(exm_nbglm *g)
{
    const size_t p = g->d.n_coef;

    solve_lower(g, g->dl, g->db);
    for (size_t k = p; k-- > 0;) {
        double s = g->db[k];

        for (size_t i = k + 1; i < p; i++) s -= g->chol[i * p + k] * g->db[i];
        g->db[k] = s / g->chol[k * p + k];
    }
}

/* Where the search stands. */
struct search {
    const double *y;
    double phi, y_max;
    double *coef, *mu, dev;
    double lambda, most; /* damping, largest information so far */
};

enum { STUCK = 0, STEPPED, STEPPED_AT_ONCE, EXACT };

/* Raises lambda until the deviance does not rise; STUCK when damping is excessive, EXACT where
 * nothing is left to fit. */
static int
step(exm_nbglm *g, struct search *f)
{
    for (int tries = 1;; tries++) {
        double d;
        int exact;

        while (!factor(g, f->lambda)) f->lambda = fmax(f->lambda * 10.0, tiny);
        solve(g);
        for (size_t k = 0; k < g->d.n_coef; k++) g->trial[k] = f->coef[k] + g->db[k];
        fitted(g, g->trial, g->mu);
        d = deviance(g, f->y, g->mu, f->phi);
        exact = d / f->y_max < tiny;
        if (d <= f->dev || exact) {
            memcpy(f->coef, g->trial, g->d.n_coef * sizeof *f->coef);
            memcpy(f->mu, g->mu, g->d.n_samples * sizeof *f->mu);
            f->dev = d;
            return exact ? EXACT : tries == 1 ? STEPPED_AT_ONCE : STEPPED;
        }
        f->lambda = fmax(f->lambda * 2.0, tiny);
        if (f->lambda / f->most > 1.0 / tiny) return STUCK;
    }
}

static double
fit_levenberg(exm_nbglm *g, const double *y, double phi, const double *start, double y_max,
              double *coef, double *mu)
{
    struct search f = {.y = y, .phi = phi, .y_max = y_max, .coef = coef, .mu = mu};

    if (start)
        memmove(coef, start, g->d.n_coef * sizeof *coef);
    else
        null_start(g, y, phi, coef);
    fitted(g, coef, mu);
    f.dev = deviance(g, y, mu, phi);
    for (int round = 1; round <= LEVENBERG_MAX; round++) {
        double gain = 0.0;
        int how;

        f.most = fmax(f.most, set_information(g, mu, phi));
        set_score(g, y, mu, phi);
        if (round == 1) f.lambda = fmax(f.most * 1e-6, tiny);
        how = step(g, &f);
        if (how == STUCK || how == EXACT) break;
        for (size_t k = 0; k < g->d.n_coef; k++) gain += g->dl[k] * g->db[k];
        if (gain < levenberg_tolerance) break;
        if (how == STEPPED_AT_ONCE) f.lambda /= 10.0;
    }
    return f.dev;
}

double
exm_nbglm_fit(exm_nbglm *g, const double *y, double phi, const double *start,
              double *ret_coef, double *ret_mu)
{
    double y_max = 0.0;

    if (g->n_groups > 0) {
        fit_one_way(g, y, phi, start, ret_coef, ret_mu);
        return deviance(g, y, ret_mu, phi);
    }
    for (size_t s = 0; s < g->d.n_samples; s++) y_max = fmax(y_max, y[s]);
    if (y_max >= no_count) return fit_levenberg(g, y, phi, start, y_max, ret_coef, ret_mu);
    for (size_t k = 0; k < g->d.n_coef; k++) ret_coef[k] = (double) NAN;
    memset(ret_mu, 0, g->d.n_samples * sizeof *ret_mu);
    return 0.0;
}

/* ---- what is known at a fit ---- */

/* log det of info by L D L', pivots kept off zero. */
static double
log_determinant(exm_nbglm *g)
{
    const size_t p = g->d.n_coef;
    double *l = g->chol, sum = 0.0; /* D on the diagonal */

    for (size_t k = 0; k < p; k++) {
        double pivot = g->info[k * p + k];

        for (size_t j = 0; j < k; j++) {
            double s = g->info[k * p + j];

            for (size_t i = 0; i < j; i++) s -= l[k * p + i] * l[j * p + i] * l[i * p + i];
            l[k * p + j] = s / l[j * p + j];
            pivot -= l[k * p + j] * s;
        }
        l[k * p + k] = pivot;
        sum += log(pivot < low_pivot || !isfinite(pivot) ? low_pivot : pivot);
    }
    return sum;
}

double
exm_nbglm_profile(exm_nbglm *g, const double *y, const double *mu, double phi)
{
    const size_t n = g->d.n_samples;
    const double r = 1.0 / phi;
    double *restrict a = g->a, *restrict b = g->b, sum = 0.0;

    for (size_t s = 0; s < n; s++) {
        a[s] = mu[s] > 0.0 ? mu[s] : 1.0;
        b[s] = 1.0 + phi * (mu[s] > 0.0 ? mu[s] : 0.0);
    }
    exm_vec_log(n, a, a);
    exm_vec_log(n, b, b);
    for (size_t s = 0; s < n; s++) a[s] = y[s] * a[s] - (y[s] + r) * b[s];
    sum = exm_vec_sum(n, a);
    (void) set_information(g, mu, phi);
    return sum - log_determinant(g) / 2.0;
}

double
exm_nbglm_contrast_var(exm_nbglm *g, const double *mu, double phi, const double *contrast)
{
    double sum = 0.0;

    (void) set_information(g, mu, phi);
    if (!factor(g, 0.0)) return HUGE_VAL;
    solve_lower(g, contrast, g->db);
    for (size_t k = 0; k < g->d.n_coef; k++) sum += g->db[k] * g->db[k];
    return sum;
}

void
exm_nbglm_leverage(exm_nbglm *g, const double *mu, double phi, double *ret)
{
    const size_t n = g->d.n_samples, p = g->d.n_coef;
    const double most = set_information(g, mu, phi);

    for (double ridge = 0.0; !factor(g, ridge);) ridge = fmax(ridge * 10.0, most * 1e-14);
    for (size_t s = 0; s < n; s++) {
        solve_lower(g, g->d.x + s * p, g->db);
        ret[s] = 0.0;
        for (size_t k = 0; k < p; k++) ret[s] += g->db[k] * g->db[k];
        ret[s] *= g->b[s];
    }
}
