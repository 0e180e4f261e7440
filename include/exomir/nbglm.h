/* nbglm.h - negative binomial log-linear models of one feature, dispersion given. */
#ifndef EXM_NBGLM_H
#define EXM_NBGLM_H

#include "exomir/lsq.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * y_s ~ NB(mu_s, phi):  log mu = X b + offset,  var = mu + phi mu^2.  Counts need not be whole.
 *
 * An object holds a design, the offsets [n_samples] and room for one fit; one per thread.
 * The design's x stays the caller's and must outlive it; offsets are copied.
 * EXM_EDATA: a design without full rank or residual degrees of freedom.
 */
typedef struct exm_nbglm exm_nbglm;
EXM_MUST_USE exm_status exm_nbglm_new(const exm_design *d, const double *offset,
                                      exm_nbglm **ret, exm_error *reterr);
void exm_nbglm_free(exm_nbglm *g);
/* Other offsets for the fits to come. */
void exm_nbglm_set_offset(exm_nbglm *g, const double *offset);

/*
 * exm_nbglm_fit() - one-way layouts (as many distinct rows of X as columns): each group's
 *     sum (y - mu) / (1 + phi mu) = 0 by Newton's method from the log of mean(y / exp(offset)),
 *     until a step is below 1e-10 (50 at most).
 * Others by Levenberg-Marquardt: damping starts at 1e-6 of the largest information, doubles
 *     while the deviance rises, times 10 where Cholesky fails, a tenth after a step that
 *     succeeded at once; the end is dl'db < 1e-6, deviance / max y < 1e-13, 250 rounds,
 *     or damping above 1e13 of the information (a failed fit, which keeps its last values).
 *
 * start   [n_coef] or NULL: the common rate weighted by N / (1 + phi N), N = exp(offset)
 * ret_coef [n_coef]; a group without counts has a log rate of -1e8
 * ret_mu  [n_samples]
 * Returns the deviance.
 * Equals  edgeR 3.40.2 glmFit(prior.count = 0), coefficients 1e-9.
 * Source  McCarthy, Chen & Smyth (2012) NAR 40:4288.
 */
double exm_nbglm_fit(exm_nbglm *g, const double *y, double phi, const double *start,
                     double *ret_coef, double *ret_mu);

/*
 * exm_nb_unit_deviance() - 2 (l(y; y) - l(y; mu)) of one count.  Both are raised by 1e-8; a
 * Poisson expansion below phi = 1e-4, the gamma limit above mu phi = 1e6.
 */
double exm_nb_unit_deviance(double y, double mu, double phi);

/*
 * exm_nbglm_profile() - what of the adjusted profile log-likelihood depends on the fit:
 *     sum y log mu - (y + 1/phi) log(1 + phi mu) - 1/2 log det X' W X,  W = mu / (1 + phi mu)
 * Samples with mu = 0 are left out, pivots below 1e-10 count as 1e-10.  phi > 0.
 * Source  Cox & Reid (1987) JRSS B 49:1.
 */
double exm_nbglm_profile(exm_nbglm *g, const double *y, const double *mu, double phi);

/* c' (X' W X)^-1 c at mu: the variance of a contrast of natural-log coefficients.  Inf where
 * the information is singular. */
double exm_nbglm_contrast_var(exm_nbglm *g, const double *mu, double phi,
                              const double *contrast);
/* Diagonal of the hat matrix of sqrt(W) X at mu, to ret [n_samples]. */
void exm_nbglm_leverage(exm_nbglm *g, const double *mu, double phi, double *ret);

/* The log rate of all samples as one group, as in exm_nbglm_fit(); -Inf without counts. */
double exm_nbglm_common_rate(exm_nbglm *g, const double *y, double phi);

#ifdef __cplusplus
}
#endif
#endif
