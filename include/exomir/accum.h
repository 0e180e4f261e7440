/* accum.h - sums whose rounding error does not grow with their length. */
#ifndef EXM_ACCUM_H
#define EXM_ACCUM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Neumaier's sum: s + c holds the sum of all terms as if added in twice the precision, so
 * it equals R's long-double sums to the last bit or one.  Zero-initialise.  A term that is
 * not finite makes the sum what plain addition would give.
 * Source  Neumaier (1974) ZAMM 54:39-51.
 */
typedef struct exm_accum {
    double s, c;
} exm_accum;

void exm_accum_add(exm_accum *a, double x);
double exm_accum_get(const exm_accum *a);

/* Sum and mean of x[0], x[stride] ... (n of them); the mean of nothing is NaN. */
double exm_sum(const double *x, size_t n, size_t stride);
double exm_mean(const double *x, size_t n, size_t stride);

#ifdef __cplusplus
}
#endif
#endif
