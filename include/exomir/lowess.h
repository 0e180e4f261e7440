/* lowess.h - robust locally weighted regression of one variable on another. */
#ifndef EXM_LOWESS_H
#define EXM_LOWESS_H

#include "exomir/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exm_lowess() - at each x_i a line is fitted to the k = max(2, floor(span n + 1e-7)) nearest
 * points with weights (1 - (|x - x_i| / h)^3)^3, h the distance to the k-th; then 'iterations'
 * times again with the weights multiplied by (1 - (r / 6 MAD)^2)^2, r the residual.  Points
 * within 'delta' of the last one fitted are interpolated.
 *
 * x      in  [n] ascending, finite
 * y      in  [n] finite
 * ret    out [n] fitted values; not x or y
 * Equals  R 4.2 stats::lowess(x, y, f = span, iter = iterations, delta), 1e-13 relative to
 *         the range of y.
 * Source  Cleveland (1979) JASA 74:829; Cleveland (1981) Am Stat 35:54.
 * Errors  EXM_EINVAL; EXM_EDATA (at = index) where x descends or a value is not finite;
 *         EXM_ENOMEM.   Cost O(n k (1 + iterations)), less with delta.
 */
typedef struct exm_lowess_options {
    double span;         /* 2/3 */
    unsigned iterations; /* 3 */
    double delta;        /* < 0 (default): 0.01 of the range of x */
} exm_lowess_options;

exm_lowess_options exm_lowess_defaults(void);
EXM_MUST_USE exm_status exm_lowess(size_t n, const double *x, const double *y,
                                   const exm_lowess_options *o, double *ret,
                                   exm_error *reterr);

/*
 * exm_interpolate() - the line through (x_i, y_i) at v; constant beyond both ends.  x is
 * ascending; tied x stand for their mean y.  n > 0.  Equals R's approx(rule = 2, ties =
 * list("ordered", mean)).  Cost O(log n).
 */
double exm_interpolate(size_t n, const double *x, const double *y, double v);

#ifdef __cplusplus
}
#endif
#endif
