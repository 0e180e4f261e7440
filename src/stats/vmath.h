/* vmath.h - logarithms and exponentials of vectors, the same bits on every machine. */
#ifndef EXM_STATS_VMATH_H
#define EXM_STATS_VMATH_H

#include <stddef.h>

/*
 * ret[i] = log x[i], exp x[i]; ret may be x.  1 ulp and a half, as in portable.h, but without
 * a branch, so that compilers use vectors; no operation but those that IEEE 754 rounds.
 * exm_vec_log: x normal and finite, > 0.  exm_vec_exp: any but NaN; 0 below -708.
 */
void exm_vec_log(size_t n, const double *x, double *ret);
void exm_vec_exp(size_t n, const double *x, double *ret);

/* Sums in four interleaved parts: a b, a b c. */
double exm_vec_sum(size_t n, const double *a);
double exm_vec_dot(size_t n, const double *a, const double *b);
double exm_vec_dot3(size_t n, const double *a, const double *b, const double *c);

#endif
