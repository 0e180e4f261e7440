/*
 * vmath.c - elementary functions over vectors.
 *
 * Workload: 10^8 to 10^10 calls of one analysis, in rows of 10 to 10^4 samples.
 *
 *     x = 2^e m, sqrt(1/2) <= m < sqrt(2)      log x = e log 2 + 2 atanh(s),  s = (m-1)/(m+1)
 *     x = k log 2 + r, |r| <= log(2)/2         exp x = 2^k (1 + r + r^2/2! + ...)
 *
 * portable.c's formulas; exponents are moved by integer arithmetic on the bits.
 */
#include "vmath.h"

#include <stdint.h>
#include <string.h>

enum { LANES = 4, BLOCK = 64 };

static const double ln2_high = 0x1.62e42feep-1;
static const double ln2_low = 0x1.a39ef35793c76p-33;
static const double inverse_ln2 = 0x1.71547652b82fep+0;
static const double shifter =
    0x1.8p52; /* adding it leaves a whole number in the low bits */
static const uint64_t mantissa_bits = 0x000fffffffffffffu;
static const uint64_t root_half_bits = 0x3fe6a09e667f3bcdu; /* sqrt(1/2) */

static inline double
log_of(double x)
{
    uint64_t u, e;
    double m, k, s, z, sum;

    memcpy(&u, &x, sizeof u);
    u -= root_half_bits;   /* carries into the exponent exactly where m reaches sqrt(2) */
    e = (u >> 52) ^ 0x800; /* biased by 2048, kept positive */
    u = (u & mantissa_bits) + root_half_bits;
    memcpy(&m, &u, sizeof m);
    e &= 0xfff;
    e |= 0x4330000000000000u; /* 2^52 + e */
    memcpy(&k, &e, sizeof k);
    k -= 0x1p52 + 2048.0;
    s = (m - 1.0) / (m + 1.0);
    z = s * s;
    sum = 1.0 / 25.0;
    sum = sum * z + 1.0 / 23.0;
    sum = sum * z + 1.0 / 21.0;
    sum = sum * z + 1.0 / 19.0;
    sum = sum * z + 1.0 / 17.0;
    sum = sum * z + 1.0 / 15.0;
    sum = sum * z + 1.0 / 13.0;
    sum = sum * z + 1.0 / 11.0;
    sum = sum * z + 1.0 / 9.0;
    sum = sum * z + 1.0 / 7.0;
    sum = sum * z + 1.0 / 5.0;
    sum = sum * z + 1.0 / 3.0;
    return k * ln2_high + (2.0 * s + (2.0 * s * (sum * z) + k * ln2_low));
}

static inline double
exp_of(double x)
{
    const double v = x > 709.0 ? 709.0 : (x < -708.0 ? -708.0 : x);
    const double shifted = v * inverse_ln2 + shifter;
    const double k = shifted - shifter;
    const double r = (v - k * ln2_high) - k * ln2_low;
    double sum = 1.0 / 6227020800.0, scale;
    uint64_t u;

    sum = sum * r + 1.0 / 479001600.0;
    sum = sum * r + 1.0 / 39916800.0;
    sum = sum * r + 1.0 / 3628800.0;
    sum = sum * r + 1.0 / 362880.0;
    sum = sum * r + 1.0 / 40320.0;
    sum = sum * r + 1.0 / 5040.0;
    sum = sum * r + 1.0 / 720.0;
    sum = sum * r + 1.0 / 120.0;
    sum = sum * r + 1.0 / 24.0;
    sum = sum * r + 1.0 / 6.0;
    sum = sum * r + 0.5;
    memcpy(&u, &shifted, sizeof u);
    u = (u + 1023) << 52; /* the whole number's low bits become the exponent */
    memcpy(&scale, &u, sizeof scale);
    return x < -708.0 ? 0.0 : scale * (1.0 + (r + r * r * sum));
}

void
exm_vec_log(size_t n, const double *x, double *ret)
{
    for (size_t i = 0; i < n; i++) ret[i] = log_of(x[i]);
}

void
exm_vec_exp(size_t n, const double *x, double *ret)
{
    for (size_t i = 0; i < n; i++) ret[i] = exp_of(x[i]);
}

/* The parts are added as ((0 + 1) + (2 + 3)), then the rest one by one. */
double
exm_vec_sum(size_t n, const double *a)
{
    double part[LANES] = {0.0}, rest = 0.0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++) part[l] += a[i + l];
    for (; i < n; i++) rest += a[i];
    return ((part[0] + part[1]) + (part[2] + part[3])) + rest;
}

double
exm_vec_dot(size_t n, const double *a, const double *b)
{
    double part[LANES] = {0.0}, rest = 0.0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++) part[l] += a[i + l] * b[i + l];
    for (; i < n; i++) rest += a[i] * b[i];
    return ((part[0] + part[1]) + (part[2] + part[3])) + rest;
}

double
exm_vec_dot3(size_t n, const double *a, const double *b, const double *c)
{
    double part[LANES] = {0.0}, rest = 0.0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++) part[l] += a[i + l] * b[i + l] * c[i + l];
    for (; i < n; i++) rest += a[i] * b[i] * c[i];
    return ((part[0] + part[1]) + (part[2] + part[3])) + rest;
}
