/*
 * ebayes_trend.c - the scaled-F prior of feature variances along a covariate.
 *
 * Workload: 10^2 to 10^4 features; a regression on at most four columns.
 */
#include "exomir/ebayes.h"

#include "exomir/accum.h"
#include "exomir/lsq.h"
#include "exomir/order.h"

#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 4 };

/*
 * Natural cubic spline: linear outside its end knots.  With knots k_1 < ... < k_K on [0, 1],
 *     N_1 = 1, N_2 = x, N_{j+2} = d_j - d_{K-1},
 *     d_j = ((x - k_j)+^3 - (x - k_K)+^3) / (k_K - k_j),   j = 1 .. K-2.
 * Source  Hastie, Tibshirani & Friedman (2009) The Elements of Statistical Learning, 5.4.
 */
typedef struct basis {
    double from, to;
    double knot[MOST_COLUMNS]; /* on [0, 1] */
    size_t n;                  /* of knots and of columns */
} basis;

static double
cube_above(double x, double knot)
{
    const double v = x > knot ? x - knot : 0.0;

    return v * v * v;
}

static double
bend(const basis *b, size_t j, double x)
{
    const double last = b->knot[b->n - 1];

    return (cube_above(x, b->knot[j]) - cube_above(x, last)) / (last - b->knot[j]);
}

static void
row_of(const basis *b, double at, double *ret)
{
    const double x = (at - b->from) / (b->to - b->from);

    ret[0] = 1.0;
    ret[1] = x;
    for (size_t j = 0; j + 2 < b->n; j++) ret[j + 2] = bend(b, j, x) - bend(b, b->n - 2, x);
}

static int
ascending(const void *pa, const void *pb)
{
    const double a = *(const double *) pa, b = *(const double *) pb;

    return (a > b) - (a < b);
}

/* x [n] is sorted.  Columns by the number of points, at most the number of distinct x. */
static void
choose_basis(size_t n, double *x, basis *ret)
{
    const size_t columns = n >= 30 ? 4 : n >= 6 ? 3 : n >= 3 ? 2 : 1;
    size_t distinct = n > 0;

    qsort(x, n, sizeof *x, ascending);
    for (size_t i = 1; i < n; i++) distinct += x[i] != x[i - 1];
    ret->n = columns < distinct ? columns : distinct;
    if (ret->n < 2) return;
    ret->from = x[0];
    ret->to = x[n - 1];
    for (size_t j = 0; j < ret->n; j++) {
        const double at = exm_order_quantile(x, n, (double) j / (double) (ret->n - 1));

        ret->knot[j] = (at - ret->from) / (ret->to - ret->from);
    }
    for (size_t j = 1; j < ret->n; j++)
        if (!(ret->knot[j] > ret->knot[j - 1])) ret->n = 2; /* ties: a straight line */
    if (ret->n == 2) ret->knot[1] = 1.0;
}

typedef struct usable {
    size_t n;
    double *v, *df, *x, *e; /* [n] variance off the floor, ..., e of the header */
    double *scratch;        /* [n] */
} usable;

static void
find_usable(size_t n, const double *s2, const double *df, const double *x, usable *u)
{
    double floor;

    for (size_t i = 0; i < n; i++) {
        if (!isfinite(s2[i]) || !(df[i] > 1e-15) || !(s2[i] > -1e-15)) continue;
        u->v[u->n] = u->scratch[u->n] = fmax(s2[i], 0.0);
        u->df[u->n] = df[i];
        u->x[u->n] = x[i];
        u->n++;
    }
    floor = u->n ? exm_order_median(u->scratch, u->n) : 0.0;
    floor = floor > 0.0 ? 1e-5 * floor : 1e-5;
    for (size_t k = 0; k < u->n; k++) {
        u->v[k] = fmax(u->v[k], floor);
        u->e[k] = log(u->v[k]) - digamma(u->df[k] / 2.0) + log(u->df[k] / 2.0);
    }
}

/* Fits e; the spline's value at x[0..n) to ret, the variance left to *ret_var. */
static exm_status
fit_spline(const basis *b, const usable *u, size_t n, const double *x, double *ret,
           double *ret_var, exm_error *reterr)
{
    double coef[MOST_COLUMNS], row[MOST_COLUMNS];
    double *m = calloc(u->n * b->n, sizeof *m);
    const exm_design d = {m, u->n, b->n};
    exm_lsq *q = NULL;
    exm_status st = EXM_OK;

    if (!m) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu variances", n);
    for (size_t k = 0; k < u->n; k++) row_of(b, u->x[k], m + k * b->n);
    st = exm_lsq_new(&d, &q, reterr);
    if (st == EXM_OK) st = exm_lsq_factor(q, NULL, reterr);
    if (st == EXM_OK) {
        exm_lsq_solve(q, u->e, coef, ret_var, NULL);
        for (size_t i = 0; i < n; i++) {
            row_of(b, x[i], row);
            ret[i] = 0.0;
            for (size_t j = 0; j < b->n; j++) ret[i] += coef[j] * row[j];
        }
    }
    exm_lsq_free(q);
    free(m);
    return st;
}

static exm_status
fit_plain(size_t n, const double *s2, const double *df, double *ret_s2, double *ret_df,
          exm_error *reterr)
{
    exm_ebayes_prior prior;
    const exm_status st = exm_ebayes_fit(n, s2, df, &prior, reterr);

    if (st != EXM_OK) return st;
    for (size_t i = 0; i < n; i++) ret_s2[i] = prior.s2;
    *ret_df = prior.df;
    return EXM_OK;
}

exm_status
exm_ebayes_fit_trend(size_t n, const double *s2, const double *df, const double *x,
                     double *ret_s2, double *ret_df, exm_error *reterr)
{
    usable u = {0};
    basis b = {0};
    double *mem, var = 0.0;
    exm_accum noise = {0.0, 0.0};
    exm_status st = EXM_OK;

    if (!s2 || !df || !x || !ret_s2 || !ret_df)
        return exm_fail(reterr, EXM_EINVAL, 0, "empirical Bayes: an argument is NULL");
    mem = calloc(n + 1, 6 * sizeof *mem);
    if (!mem) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu variances", n);
    u.v = mem;
    u.df = mem + n;
    u.x = mem + 2 * n;
    u.e = mem + 3 * n;
    u.scratch = mem + 4 * n;
    find_usable(n, s2, df, x, &u);
    memcpy(u.scratch, u.x, u.n * sizeof *u.x);
    choose_basis(u.n, u.scratch, &b);
    if (b.n < 2) {
        st = fit_plain(n, s2, df, ret_s2, ret_df, reterr);
    } else {
        st = fit_spline(&b, &u, n, x, mem + 5 * n, &var, reterr);
        if (st == EXM_OK) {
            for (size_t k = 0; k < u.n; k++) exm_accum_add(&noise, trigamma(u.df[k] / 2.0));
            var -= exm_accum_get(&noise) / (double) u.n;
            *ret_df = var > 0.0 ? 2.0 * exm_trigamma_inverse(var) : HUGE_VAL;
            for (size_t i = 0; i < n; i++) {
                const double e = mem[5 * n + i];

                ret_s2[i] =
                    exp(var > 0.0 ? e + digamma(*ret_df / 2.0) - log(*ret_df / 2.0) : e);
            }
        }
    }
    free(mem);
    return st;
}
