/* portable.h - logarithm and exponential with the same last bit on every machine. */
#ifndef EXM_PORTABLE_H
#define EXM_PORTABLE_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A C library picks its routines by processor, so its last bits differ from machine to
 * machine; results of `exomir count` must not.  These use only operations that IEEE 754 rounds
 * in one way (+ - * /), in one order.
 *
 * exm_portable_log() - natural logarithm of x > 0, within 1 ulp of the true value (4e-16
 * relative for x within 1e-3 of 1); -Inf for 0, NaN for less and for NaN, Inf for Inf.
 */
double exm_portable_log(double x);
double exm_portable_log10(double x); /* log(x) / log(10): powers of ten within 1 ulp */
/* Within 1 ulp where the result is normal; Inf above 709.78, 0 below -745.1. */
double exm_portable_exp(double x);
double exm_portable_exp10(double x); /* exp(x log(10)) to 1e-14 for |x| <= 15 */

#ifdef __cplusplus
}
#endif
#endif
