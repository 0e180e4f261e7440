/* ebayes.c - the scaled-F prior of feature variances, by moments. */
#include "exomir/ebayes.h"

#include "exomir/accum.h"
#include "exomir/order.h"

#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>

double
exm_trigamma_inverse(double y)
{
    double x;

    if (!(y > 0.0)) return (double) NAN;
    if (y > 1e7) return 1.0 / sqrt(y);
    if (y < 1e-6) return 1.0 / y;
    x = 0.5 + 1.0 / y; /* below the root, where Newton's steps on 1/trigamma only rise */
    for (int round = 0; round < 50; round++) {
        const double t = trigamma(x), step = t * (1.0 - t / y) / tetragamma(x);

        x += step;
        if (-step / x < 1e-8) break;
    }
    return x;
}

/* Usable variances, raised off the floor, to ret; returns how many. */
static size_t
usable(size_t n, const double *s2, const double *df, double *ret, double *ret_df,
       double *scratch)
{
    size_t k = 0;
    double floor;

    for (size_t i = 0; i < n; i++) {
        if (!isfinite(s2[i]) || !(df[i] > 1e-15) || !(s2[i] > -1e-15)) continue;
        ret[k] = fmax(s2[i], 0.0);
        ret_df[k] = df[i];
        scratch[k] = ret[k];
        k++;
    }
    floor = k ? exm_order_median(scratch, k) : 0.0;
    floor = floor > 0.0 ? 1e-5 * floor : 1e-5;
    for (size_t i = 0; i < k; i++) ret[i] = fmax(ret[i], floor);
    return k;
}

exm_status
exm_ebayes_fit(size_t n, const double *s2, const double *df, exm_ebayes_prior *ret,
               exm_error *reterr)
{
    exm_accum e = {0.0, 0.0}, spread = {0.0, 0.0}, noise = {0.0, 0.0};
    double *mem, *v, *d, mean, excess;
    size_t k;

    if ((n > 0 && (!s2 || !df)) || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "empirical Bayes: an argument is NULL");
    mem = calloc(n + 1, 3 * sizeof *mem);
    if (!mem) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu variances", n);
    v = mem;
    d = mem + n;
    k = usable(n, s2, df, v, d, mem + 2 * n);
    if (k == 0) {
        free(mem);
        return exm_fail(reterr, EXM_EDATA, 0,
                        "no feature has a residual variance to learn from");
    }
    if (k == 1) { /* nothing to share */
        *ret = (exm_ebayes_prior){.s2 = v[0], .df = 0.0};
        free(mem);
        return EXM_OK;
    }
    for (size_t i = 0; i < k; i++) {
        const double x = log(v[i]) - digamma(d[i] / 2.0) + log(d[i] / 2.0);

        exm_accum_add(&noise, trigamma(d[i] / 2.0));
        exm_accum_add(&e, x);
        d[i] = x;
    }
    mean = exm_accum_get(&e) / (double) k;
    for (size_t i = 0; i < k; i++) exm_accum_add(&spread, (d[i] - mean) * (d[i] - mean));
    excess = exm_accum_get(&spread) / (double) (k - 1) - exm_accum_get(&noise) / (double) k;
    if (excess > 0.0) {
        const double df0 = 2.0 * exm_trigamma_inverse(excess);

        *ret = (exm_ebayes_prior){.s2 = exp(mean + digamma(df0 / 2.0) - log(df0 / 2.0)),
                                  .df = df0};
    } else {
        *ret = (exm_ebayes_prior){.s2 = exm_mean(v, k, 1), .df = HUGE_VAL};
    }
    free(mem);
    return EXM_OK;
}

double
exm_ebayes_posterior(const exm_ebayes_prior *p, double s2, double df)
{
    if (isinf(p->df)) return p->s2;
    return (df * s2 + p->df * p->s2) / (df + p->df);
}
