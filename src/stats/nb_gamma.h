/* nb_gamma.h - gamma functions as the negative binomial likelihood meets them. */
#ifndef EXM_STATS_NB_GAMMA_H
#define EXM_STATS_NB_GAMMA_H

/*
 * exm_nb_gamma_rise() - for a count y >= 0 (a whole number) and r > 0,
 *     D = lgamma(y + r) - lgamma(r) - y log r   and   *ret_psi = digamma(y + r) - digamma(r)
 * without the cancellation that the plain differences suffer for large r: D -> 0 and
 * psi -> 0 as r -> Inf.  D to 2e-15 relative or 1e-16 y absolute, psi to 1e-14 relative.
 */
double exm_nb_gamma_rise(double y, double r, double *ret_psi);

#endif
