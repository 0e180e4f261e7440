/* order.h - order statistics by selection: medians, quantiles, rank windows. */
#ifndef EXM_ORDER_H
#define EXM_ORDER_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * All take finite or infinite values (no NaN) and reorder x.  Cost O(n) expected; the
 * pivots are fixed, so equal input gives equal work.
 */

/* The k-th smallest (0-based, k < n); x[0..k) <= x[k] <= x(k..n) afterwards. */
double exm_order_select(double *x, size_t n, size_t k);

/* R's median(): the mean of the two middle values for even n.  NaN for n = 0. */
double exm_order_median(double *x, size_t n);

/*
 * R's quantile(x, p), type 7:  h = (n - 1) p, k = floor h,
 * (1 - (h - k)) x_(k) + (h - k) x_(k+1), 0-based.  p in [0, 1].  NaN for n = 0.
 */
double exm_order_quantile(double *x, size_t n, double p);

/*
 * Which values have an average rank (ties share the mean of their ranks, 1-based) in
 * [lo, hi]?  They are those with least <= x <= most; 1 <= lo <= hi <= n.
 * least > most when none has.  x is reordered.
 */
void exm_order_rank_window(double *x, size_t n, double lo, double hi, double *ret_least,
                           double *ret_most);

#ifdef __cplusplus
}
#endif
#endif
