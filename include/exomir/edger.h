/* edger.h - differential expression by negative binomial models and quasi-likelihood F tests. */
#ifndef EXM_EDGER_H
#define EXM_EDGER_H

#include "exomir/lsq.h"
#include "exomir/norm.h"
#include "exomir/pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exm_edger() - y_gs ~ NB(mu_gs, phi_g) scaled by a quasi-dispersion s2_g:
 *     log mu = x_s b_g + log lib_s,  var = s2 (mu + phi mu^2).
 *
 * Common phi     maximises the sum over features (5 counts and more) of the adjusted profile
 *                log-likelihood APL_g = l - log det(X'WX)/2, W = mu / (1 + phi mu), on the
 *                grid 0.1 2^(-10 .. 10) by a cubic spline.  Samples whose count and fit at
 *                phi = 0.05 are zero are left out of their feature.
 * Trended phi    the same of APL averaged over features of similar abundance (tricube weights
 *                over the nearest 0.25 + 0.75 sqrt(50/n) of them; all up to 50).
 * Tagwise phi    the same of APL_g + n_0 (average APL), n_0 = prior_df / residual df,
 *                prior_df that of the deviances' variance at the trended phi.
 * Abundance      A = log2 CPM of one rate for all samples, counts raised by 2 lib/mean(lib)
 * Quasi-dispersion at the trended phi: s2 = deviance / df, df less for fits at zero; squeezed
 *                to s2_0(A) with df_0 by exm_ebayes_fit_trend().
 * Test           F = (deviance without the contrast - deviance) / s2_post on 1 and df + df_0
 *                (at most the residual df of all features); where (1 + mu phi) s2_post < 1
 *                for a sample, P is not below that of a Poisson likelihood-ratio test.
 * log2fc         from counts raised by 0.125 lib/mean(lib).
 *
 * c         in   whole counts
 * lib       in   [n_samples] effective library sizes > 0
 * contrast  in   [n_coef]
 * ret       out  [n_features]
 *
 * Equals    edgeR 3.40.2 estimateDisp(), glmQLFit(), glmQLFTest(): common, trended
 *           dispersion and prior df 1e-9, tagwise 1e-8, F 1e-6, P 1e-7, log2fc 1e-5.  The
 *           interval is not of that package: log2fc -+ t(0.975, df) se, with the Wald standard
 *           error at the raised counts' fit, sqrt(s2_post c'(X'WX)^-1 c).
 * Source    McCarthy, Chen & Smyth (2012) NAR 40:4288; Chen, Lun & Smyth (2014) in
 *           Statistical Analysis of Next Generation Sequencing Data, Springer, ch. 3; Lund et
 *           al. (2012) SAGMB 11(5); Lun, Chen & Smyth (2016) Methods Mol Biol 1418:391.
 * Errors    EXM_EDATA: counts that are not whole, a library, a design without full rank, no
 *           feature with 5 counts; EXM_ENOMEM; EXM_EINVAL.
 * The same for any pool (NULL: this thread).  Cost O(n_features n_samples n_coef^2) for each
 * of some hundred rounds.
 */
typedef struct exm_edger_row {
    double log2fc, se, log2_cpm; /* of the contrast; A */
    double f, df, p;             /* F on 1 and df */
    double trended, tagwise;     /* NB dispersion; the test takes the trended */
    double deviance, df_residual;
    double s2_prior, s2_post;
    unsigned char poisson; /* P is bounded by the Poisson test */
} exm_edger_row;

typedef struct exm_edger_fit {
    double common, span;
    double disp_prior_df; /* of tagwise dispersions */
    double prior_df;      /* of quasi-dispersions; may be HUGE_VAL */
} exm_edger_fit;

EXM_MUST_USE exm_status exm_edger(const exm_counts *c, const double *lib,
                                  const exm_design *d, const double *contrast,
                                  exm_pool *pool, exm_edger_row *ret,
                                  exm_edger_fit *ret_fit, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
