/* lsq.h - least squares of many responses on one small design. */
#ifndef EXM_LSQ_H
#define EXM_LSQ_H

#include "exomir/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A design is sample-major: x[s * n_coef + k], n_samples x n_coef, finite.
 *
 * exm_design_validate() - full column rank?  A column is aliased when less than 1e-7 of its
 * length is left after the columns before it are projected out (R's lm).  EXM_EDATA with
 * at = the first aliased column; EXM_EDATA (at = n_coef) where no residual degree of
 * freedom is left.
 */
typedef struct exm_design {
    const double *x;
    size_t n_samples, n_coef;
} exm_design;

EXM_MUST_USE exm_status exm_design_validate(const exm_design *d, exm_error *reterr);
/* ret [n_samples]: diagonal of the hat matrix. */
EXM_MUST_USE exm_status exm_design_leverage(const exm_design *d, double *ret,
                                            exm_error *reterr);

/* A caller-owned workspace, bound to a design.  Not shared between threads. */
typedef struct exm_lsq exm_lsq;
EXM_MUST_USE exm_status exm_lsq_new(const exm_design *d, exm_lsq **ret, exm_error *reterr);
void exm_lsq_free(exm_lsq *q);

/*
 * exm_lsq_factor() - QR (Householder) of diag(sqrt(w)) X; w NULL means 1; w > 0 and finite.
 * EXM_EDATA (at = column) where the weighted design has lost its rank.
 */
EXM_MUST_USE exm_status exm_lsq_factor(exm_lsq *q, const double *w, exm_error *reterr);

/*
 * exm_lsq_solve() - the response y [n_samples] under the last factorisation:
 *     coef = argmin sum w (y - X b)^2,  sigma2 = sum w (y - X coef)^2 / (n_samples - n_coef)
 * ret_coef [n_coef]; ret_effects NULL or [n_samples]: Q' sqrt(w) y, whose entries from n_coef
 * on are the residual effects.  Cost O(n_samples n_coef).
 */
void exm_lsq_solve(exm_lsq *q, const double *y, double *ret_coef, double *ret_sigma2,
                   double *ret_effects);

/* (X' W X)^-1 of the last factorisation, [n_coef][n_coef]. */
void exm_lsq_unscaled_cov(exm_lsq *q, double *ret);
/* c' (X' W X)^-1 c of the last factorisation, contrast [n_coef]: |R'^-1 c|^2. */
double exm_lsq_contrast_var(exm_lsq *q, const double *contrast);

#ifdef __cplusplus
}
#endif
#endif
