/*
 * portable.c - logarithm and exponential out of operations that IEEE 754 rounds exactly.
 *
 *     x = 2^e m, sqrt(1/2) <= m < sqrt(2)      log x = e log 2 + 2 atanh(s),  s = (m-1)/(m+1)
 *     2 atanh(s) = 2 s (1 + s^2/3 + s^4/5 + ...),  s^2 <= 0.0295: 12 terms leave 1e-18
 *
 *     x = k log 2 + r, |r| <= log(2)/2         exp x = 2^k (1 + r + r^2/2! + ...), 15 terms
 *
 * log 2 is split into a part of 33 bits, whose products with e and k are exact, and the rest.
 */
#include "exomir/portable.h"

#include <math.h>

static const double ln2_high = 0x1.62e42feep-1;
static const double ln2_low = 0x1.a39ef35793c76p-33;
static const double ln10 = 0x1.26bb1bbb55516p+1;

enum { LOG_TERMS = 12, EXP_TERMS = 15 };

double
exm_portable_log(double x)
{
    int e;
    double m, s, z, sum = 0.0;

    if (isnan(x) || x < 0.0) return (double) NAN;
    if (x == 0.0) return -(double) INFINITY;
    if (isinf(x)) return x;
    m = frexp(x, &e);
    if (m < 0x1.6a09e667f3bcdp-1) {
        m *= 2.0;
        e--;
    }
    s = (m - 1.0) / (m + 1.0);
    z = s * s;
    for (int k = LOG_TERMS; k >= 1; k--) sum = (sum + 1.0 / (2 * k + 1)) * z;
    /* Small parts first: e ln2_low and the series' tail, then 2 s, then e ln2_high. */
    return e * ln2_high + (2.0 * s + (2.0 * s * sum + e * ln2_low));
}

double
exm_portable_log10(double x)
{
    return exm_portable_log(x) / ln10;
}

double
exm_portable_exp(double x)
{
    double r, sum = 0.0;
    int k;

    if (isnan(x)) return x;
    if (x > 709.79) return (double) INFINITY;
    if (x < -745.2) return 0.0;
    k = (int) (x / (ln2_high + ln2_low) + (x < 0.0 ? -0.5 : 0.5));
    r = (x - k * ln2_high) - k * ln2_low;
    for (int i = EXP_TERMS; i >= 2; i--) sum = (sum + 1.0) * r / i;
    return ldexp(1.0 + (r + r * sum), k);
}

double
exm_portable_exp10(double x)
{
    return exm_portable_exp(x * ln10);
}
