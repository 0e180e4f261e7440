/*
 * deseq_trend.c - what all rows are needed for: the dispersion trend, the prior of the
 * coefficients, the filter by mean.
 */
#include "deseq_impl.h"

#include "exomir/accum.h"
#include "exomir/lowess.h"
#include "exomir/order.h"
#include "exomir/padjust.h"

#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GLM_ROUNDS = 25, TREND_ROUNDS = 10, THRESHOLDS = 50 };
static const double usable_from = 1e-6, mean_from = 1e-7, mean_trim = 0.001;

double
exm_deseq_trend_at(const exm_deseq_fit *f, double mean)
{
    return f->trend_is_mean ? f->a0 : f->a0 + f->a1 / mean;
}

/* ---- trend ---- */

/* n points with room for the weights; x is the design [1, 1/mean]. */
struct gamma_fit {
    size_t n;
    double *x, *y, *w;
    double coef[2];
};

/* Deviance at b; HUGE_VAL where a mean is not positive. */
static double
gamma_deviance(const struct gamma_fit *g, const double *b)
{
    exm_accum sum = {0.0, 0.0};

    for (size_t i = 0; i < g->n; i++) {
        const double mu = b[0] + b[1] * g->x[2 * i + 1];

        if (!(mu > 0.0)) return HUGE_VAL;
        exm_accum_add(&sum, -log(g->y[i] / mu) + (g->y[i] - mu) / mu);
    }
    return 2.0 * exm_accum_get(&sum);
}

/* Gamma regression with identity link from g->coef.  *ret_ok: it settled. */
static exm_status
gamma_regress(struct gamma_fit *g, int *ret_ok, exm_error *reterr)
{
    const exm_design d = {g->x, g->n, 2};
    exm_lsq *q = NULL;
    double before = gamma_deviance(g, g->coef);
    exm_status st;

    *ret_ok = 0;
    if (g->n < 3 || isinf(before)) return EXM_OK;
    st = exm_lsq_new(&d, &q, reterr);
    if (st != EXM_OK) return st;
    for (int round = 0; round < GLM_ROUNDS && !*ret_ok; round++) {
        double b[2], deviance, sigma2;

        for (size_t i = 0; i < g->n; i++) {
            const double mu = g->coef[0] + g->coef[1] * g->x[2 * i + 1];

            g->w[i] = 1.0 / (mu * mu);
        }
        if (exm_lsq_factor(q, g->w, NULL) != EXM_OK) break;
        exm_lsq_solve(q, g->y, b, &sigma2, NULL);
        deviance = gamma_deviance(g, b);
        for (int halved = 0; isinf(deviance) && halved < GLM_ROUNDS; halved++) {
            for (int k = 0; k < 2; k++) b[k] = (b[k] + g->coef[k]) / 2.0;
            deviance = gamma_deviance(g, b);
        }
        if (isinf(deviance)) break;
        memcpy(g->coef, b, sizeof b);
        *ret_ok = fabs(deviance - before) / (fabs(deviance) + 0.1) < 1e-8;
        before = deviance;
    }
    exm_lsq_free(q);
    return EXM_OK;
}

/* Rounds of regression over the points near the curve.  *ret_ok: it stands. */
static exm_status
fit_curve(size_t n, const double *mean, const double *disp, struct gamma_fit *g,
          int *ret_ok, exm_error *reterr)
{
    double coef[2] = {0.1, 1.0};

    *ret_ok = 0;
    for (int round = 0; round <= TREND_ROUNDS; round++) {
        double moved;
        int settled;
        exm_status st;

        g->n = 0;
        for (size_t i = 0; i < n; i++) {
            const double ratio = disp[i] / (coef[0] + coef[1] / mean[i]);

            if (!(disp[i] > usable_from && ratio > 1e-4 && ratio < 15.0)) continue;
            g->x[2 * g->n] = 1.0;
            g->x[2 * g->n + 1] = 1.0 / mean[i];
            g->y[g->n++] = disp[i];
        }
        memcpy(g->coef, coef, sizeof coef);
        st = gamma_regress(g, &settled, reterr);
        if (st != EXM_OK) return st;
        if (g->n < 3 || !(g->coef[0] > 0.0) || !(g->coef[1] > 0.0)) return EXM_OK;
        moved = pow(log(g->coef[0] / coef[0]), 2) + pow(log(g->coef[1] / coef[1]), 2);
        memcpy(coef, g->coef, sizeof coef);
        if (moved < 1e-6 && settled) {
            *ret_ok = 1;
            return EXM_OK;
        }
    }
    return EXM_OK;
}

exm_status
exm_deseq_trend_fit(size_t n, const double *mean, const double *disp, exm_deseq_fit *ret,
                    exm_error *reterr)
{
    struct gamma_fit g = {0};
    double *mem = calloc(n + 1, 4 * sizeof *mem);
    size_t usable = 0, k = 0;
    int ok = 0;
    exm_status st;

    if (!mem) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a trend of %zu", n);
    g.x = mem;
    g.y = mem + 2 * n;
    g.w = mem + 3 * n;
    for (size_t i = 0; i < n; i++) {
        usable += disp[i] > usable_from;
        if (disp[i] > mean_from) g.w[k++] = disp[i];
    }
    if (usable == 0) {
        free(mem);
        return exm_fail(reterr, EXM_EDATA, 0,
                        "no feature varies more than counting alone explains: dispersions "
                        "cannot be estimated; are the samples copies of each other?");
    }
    ret->a0 = exm_deseq_trimmed_mean(g.w, k, mean_trim);
    ret->a1 = 0.0;
    st = fit_curve(n, mean, disp, &g, &ok, reterr);
    ret->trend_is_mean = !ok;
    if (st == EXM_OK && ok) {
        ret->a0 = g.coef[0];
        ret->a1 = g.coef[1];
    }
    free(mem);
    return st;
}

/* ---- prior of the coefficients ---- */

struct weighted {
    double x, w;
};

static int
by_x(const void *pa, const void *pb)
{
    const struct weighted *a = pa, *b = pb;

    return (a->x > b->x) - (a->x < b->x);
}

/* The first x whose weights up to there sum to 'order' or more. */
static double
weighted_order(const struct weighted *v, size_t n, double scale, double order)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        sum += v[i].w;
        if (i + 1 < n && v[i + 1].x == v[i].x) continue; /* ties pool their weights */
        if (sum * scale >= order) return v[i].x;
    }
    return v[n - 1].x;
}

exm_status
exm_deseq_prior_var(size_t n, const double *x, const double *weight, double *ret,
                    exm_error *reterr)
{
    static const double upper = 0.05, most = 10.0;
    struct weighted *v = calloc(n + 1, sizeof *v);
    double sum = 0.0, scale, order, low, part, q;
    size_t k = 0;

    if (!v) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a prior of %zu", n);
    for (size_t i = 0; i < n; i++)
        if (fabs(x[i]) < most) v[k++] = (struct weighted){fabs(x[i]), weight[i]};
    if (k == 0) {
        free(v);
        *ret = 1e6;
        return EXM_OK;
    }
    qsort(v, k, sizeof *v, by_x);
    for (size_t i = 0; i < k; i++) sum += v[i].w;
    scale = (double) k / sum;
    order = 1.0 + ((double) k - 1.0) * (1.0 - upper);
    low = fmax(floor(order), 1.0);
    part = order - floor(order);
    q = (1.0 - part) * weighted_order(v, k, scale, low) +
        part * weighted_order(v, k, scale, fmin(low + 1.0, (double) k));
    free(v);
    q /= qnorm(1.0 - upper / 2.0, 0.0, 1.0, 1, 0);
    *ret = q * q;
    return EXM_OK;
}

/* ---- filter by mean ---- */

/* BH over the rows with mean >= cut; returns how many are below alpha. */
static exm_status
adjust_above(size_t n, const double *mean, const double *p, double cut, double alpha,
             double *fdr, double *ret_rejected, exm_error *reterr)
{
    exm_status st;

    for (size_t i = 0; i < n; i++) fdr[i] = mean[i] >= cut ? p[i] : (double) NAN;
    st = exm_padjust_bh(n, fdr, fdr, reterr);
    *ret_rejected = 0.0;
    for (size_t i = 0; st == EXM_OK && i < n; i++) *ret_rejected += fdr[i] < alpha;
    return st;
}

/* The first threshold whose rejections come within the scatter about the smooth curve of its
 * top; else within 90 %, then 80 %. */
static size_t
choose_threshold(const double *rejected, const double *smooth)
{
    double most = -HUGE_VAL, top = 0.0, sum = 0.0, k = 0.0, limit[3];

    for (int i = 0; i < THRESHOLDS; i++) {
        most = fmax(most, smooth[i]);
        top = fmax(top, rejected[i]);
        if (rejected[i] > 0.0) {
            sum += (rejected[i] - smooth[i]) * (rejected[i] - smooth[i]);
            k += 1.0;
        }
    }
    if (top <= 10.0) return 0;
    limit[0] = most - sqrt(sum / k);
    limit[1] = 0.9 * most;
    limit[2] = 0.8 * most;
    for (int l = 0; l < 3; l++)
        for (size_t i = 0; i < THRESHOLDS; i++)
            if (rejected[i] > limit[l]) return i;
    return 0;
}

exm_status
exm_deseq_filter(size_t n, const double *mean, const double *p, double alpha,
                 double *ret_fdr, double *ret_threshold, exm_error *reterr)
{
    double theta[THRESHOLDS], cut[THRESHOLDS], rejected[THRESHOLDS], smooth[THRESHOLDS];
    exm_lowess_options o = exm_lowess_defaults();
    double *scratch = calloc(n + 1, sizeof *scratch), zero = 0.0, from, to;
    size_t chosen;
    exm_status st = EXM_OK;

    if (!scratch) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to filter %zu", n);
    for (size_t i = 0; i < n; i++) zero += mean[i] == 0.0;
    from = n ? zero / (double) n : 0.0;
    to = from < 0.95 ? 0.95 : 1.0;
    for (int i = 0; st == EXM_OK && i < THRESHOLDS; i++) {
        theta[i] = from + i * ((to - from) / (THRESHOLDS - 1));
        memcpy(scratch, mean, n * sizeof *mean);
        cut[i] = exm_order_quantile(scratch, n, fmin(theta[i], 1.0));
        st = adjust_above(n, mean, p, cut[i], alpha, ret_fdr, &rejected[i], reterr);
    }
    free(scratch);
    o.span = 0.2;
    if (st == EXM_OK) st = exm_lowess(THRESHOLDS, theta, rejected, &o, smooth, reterr);
    if (st != EXM_OK) return st;
    chosen = choose_threshold(rejected, smooth);
    *ret_threshold = cut[chosen];
    return adjust_above(n, mean, p, cut[chosen], alpha, ret_fdr, &rejected[0], reterr);
}
