/* voom.h - differential expression by weighted linear models of log-CPM (limma-voom). */
#ifndef EXM_VOOM_H
#define EXM_VOOM_H

#include "exomir/ebayes.h"
#include "exomir/lsq.h"
#include "exomir/norm.h"
#include "exomir/pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exm_voom_weights() -
 *     E = log2((y + 0.5) / (lib + 1) 10^6)
 *     m_g = mean E + mean log2(lib + 1) - log2 10^6,  s_g = sqrt(residual SD of E on X)
 *     f   = lowess(m, s, span), constant beyond its ends; all-zero features left out
 *     w   = f(log2(2^(fitted E) (lib + 1) / 10^6))^-4
 *
 * lib    in  [n_samples] effective library sizes, or NULL
 * ret_e, ret_w  out [n_features][n_samples]
 * ret_x, ret_sd NULL, or [n_features]: m and s of each feature (the trend's points)
 * Equals  limma 3.54 voom(), 1e-9.   Source  Law et al. (2014) Genome Biol 15:R29.
 * Errors  EXM_EDATA: counts, libraries, a design without full rank; EXM_ENOMEM.
 * The same for any pool (NULL: this thread).
 */
EXM_MUST_USE exm_status exm_voom_weights(const exm_counts *c, const double *lib,
                                         const exm_design *d, double span, exm_pool *pool,
                                         double *ret_e, double *ret_w, double *ret_x,
                                         double *ret_sd, exm_error *reterr);

/* One feature's test of the contrast. */
typedef struct exm_voom_row {
    double log2fc, ci_low, ci_high; /* of the contrast; 95 % */
    double mean_e;                  /* plain mean of E */
    double stat, df, p;             /* moderated t */
    double sigma2, s2_post;
} exm_voom_row;

/*
 * exm_voom_test() - weighted fits of e (weights w, or NULL), variances moderated, contrast
 * c'b tested:
 *     t = c'b / sqrt(s2_post c' (X'WX)^-1 c),  df = min(df_res + df_0, sum of df_res)
 * contrast [n_coef]; ret [n_features]; ret_prior may be NULL.
 * Equals  limma 3.54 eBayes(contrasts.fit(lmFit())) t and P 1e-7.  With weights,
 *         contrasts.fit() approximates contrasts of several coefficients as if weights were 1;
 *         this is exact, as it is for refitting with the contrast as a coefficient.
 */
EXM_MUST_USE exm_status exm_voom_test(size_t n_features, const double *e, const double *w,
                                      const exm_design *d, const double *contrast,
                                      exm_pool *pool, exm_voom_row *ret,
                                      exm_ebayes_prior *ret_prior, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
