/* pca.h - the first principal components of samples. */
#ifndef EXM_PCA_H
#define EXM_PCA_H

#include "exomir/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exm_pca() - the k largest singular values d and right singular vectors v of the
 * feature-major matrix x [n_features][n_samples], each feature less its mean:
 *     ret_score[s * k + i] = d_i v_i[s],   ret_share[i] = d_i^2 / sum of all d^2
 * Signs: the score of largest magnitude of each component (the first of equals) is positive.
 *
 * By subspace iteration from a fixed start; components whose singular values are closer than
 * 1 in 10^3 may be mixed.  Equals R's prcomp(t(x)) up to signs, 1e-6 of the largest score.
 * Source  Halko, Martinsson & Tropp (2011) SIAM Review 53:217.
 * Errors  EXM_EDATA where x is not finite; EXM_EINVAL; EXM_ENOMEM.
 * Cost    O(n_features n_samples (k + 4)) a round, at most 300 rounds.  Components beyond the
 *         rank have scores and shares of 0.
 */
EXM_MUST_USE exm_status exm_pca(size_t n_features, size_t n_samples, const double *x,
                                size_t k, double *ret_score, double *ret_share,
                                exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
