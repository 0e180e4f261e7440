/* binomial.h - tail of the binomial distribution, the same bits on every machine. */
#ifndef EXM_BINOMIAL_H
#define EXM_BINOMIAL_H

#include "exomir/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exm_binomial_upper() - P(X >= k) of X ~ Binomial(n, p):
 *
 *     sum_{j = k .. n}  n! / (j! (n - j)!)  p^j (1 - p)^(n - j)
 *
 * n up to 2^53, p in [0, 1].  Within 1e-11 of the true value, relatively, for n up to 10^9,
 * down to 1e-300; below, 0 in the end.  NaN for p outside of [0, 1] or NaN.
 *
 * Cost     O(sqrt(n p (1 - p))) terms at most.  Reentrant.
 * Equals   R's pbinom(k - 1, n, p, lower.tail = FALSE) to 1e-11.
 */
double exm_binomial_upper(uint64_t k, uint64_t n, double p);

#ifdef __cplusplus
}
#endif
#endif
