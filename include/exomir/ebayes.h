/* ebayes.h - variances of many features shrunk towards a common prior; moderated t. */
#ifndef EXM_EBAYES_H
#define EXM_EBAYES_H

#include "exomir/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exm_ebayes_fit() - s2_g ~ s2_0 F(df_g, df_0): prior variance and degrees of freedom by
 * the moments of log s2,
 *     e = log s2 - digamma(df/2) + log(df/2),
 *     trigamma(df_0/2) = var(e) - mean trigamma(df/2),
 *     log s2_0 = mean e + digamma(df_0/2) - log(df_0/2);
 * df_0 is infinite, and s2_0 = mean of s2, where the right side is not positive.
 * s2 below 1e-5 of their median are raised to it.  Features with s2 = NaN or df <= 0 are left out.
 *
 * Equals  limma 3.54 fitFDist(s2, df), 1e-9.   Source  Smyth (2004) SAGMB 3:3, section 6.2.
 * Errors  EXM_EDATA: no feature has a variance; EXM_ENOMEM.
 */
typedef struct exm_ebayes_prior {
    double s2, df; /* df may be HUGE_VAL */
} exm_ebayes_prior;

EXM_MUST_USE exm_status exm_ebayes_fit(size_t n, const double *s2, const double *df,
                                       exm_ebayes_prior *ret, exm_error *reterr);

/*
 * exm_ebayes_fit_trend() - the same with a prior variance that follows x [n]: mean e is a
 * natural cubic spline of x with 1 + (k >= 3) + (k >= 6) + (k >= 30) degrees of freedom (k usable
 * features; at most as many as distinct x), knots at quantiles of x, and var(e) what the
 * spline leaves over its degrees of freedom.  ret_s2 [n], for all features, usable or not.
 * Where df_0 is infinite, s2_0 = exp(mean e).
 * Equals  limma 3.54 fitFDist(s2, df, covariate), 1e-9.
 * Source  Phipson et al. (2016) Ann Appl Stat 10:946, section 3.
 */
EXM_MUST_USE exm_status exm_ebayes_fit_trend(size_t n, const double *s2, const double *df,
                                             const double *x, double *ret_s2,
                                             double *ret_df, exm_error *reterr);

/* (df s2 + df_0 s2_0) / (df + df_0); s2_0 where df_0 is infinite. */
double exm_ebayes_posterior(const exm_ebayes_prior *p, double s2, double df);

/* The x > 0 with trigamma(x) = y; y > 0.  Newton's method, to the last bits. */
double exm_trigamma_inverse(double y);

#ifdef __cplusplus
}
#endif
#endif
