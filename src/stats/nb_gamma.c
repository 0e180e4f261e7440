/*
 * nb_gamma.c - rising factorials on the log scale.
 *
 * Workload: 10^6 to 10^9 calls of one analysis, most of them with y below 100 or r large.
 * Small y: the product (1 + 1/r) ... (1 + (y-1)/r), one logarithm.  Otherwise Stirling's
 * series for both ends, shifted up to where seven terms suffice, with the leading parts
 * subtracted by hand.
 */
#include "nb_gamma.h"

#include <math.h>

enum { BY_PRODUCT = 16 }; /* y up to here */
static const double series_from = 10.0;

/* lgamma(x) = (x - 1/2) log x - x + log(2 pi)/2 + tail(x), x >= series_from; with the
 * derivative of the tail.  Source: Abramowitz & Stegun 6.1.41, 6.3.18. */
static double
tail(double x, double *ret_slope)
{
    const double i = 1.0 / x, i2 = i * i;

    *ret_slope =
        -i2 *
        (1.0 / 12.0 -
         i2 * (1.0 / 120.0 -
               i2 * (1.0 / 252.0 -
                     i2 * (1.0 / 240.0 - i2 * (1.0 / 132.0 - i2 * (691.0 / 32760.0 -
                                                                   i2 * (1.0 / 12.0)))))));
    return i * (1.0 / 12.0 -
                i2 * (1.0 / 360.0 -
                      i2 * (1.0 / 1260.0 -
                            i2 * (1.0 / 1680.0 -
                                  i2 * (1.0 / 1188.0 -
                                        i2 * (691.0 / 360360.0 - i2 * (1.0 / 156.0)))))));
}

/* y <= BY_PRODUCT.  The product stays below (1 + 16/r)^16; r below 1e-10 goes by the series. */
static double
by_product(double y, double r, double *ret_psi)
{
    const double inverse = 1.0 / r;
    double product = 1.0, psi = 0.0, rest = 0.0;

    /* 1 + k/r loses the low bits of k/r: for large r the logarithms are summed. */
    for (int i = 0; i < (int) y; i++) {
        const double k = i;

        psi += 1.0 / (r + k);
        if (r < 1e4)
            product *= 1.0 + k * inverse;
        else
            rest += log1p(k * inverse);
    }
    *ret_psi = psi;
    return r < 1e4 ? log(product) : rest;
}

double
exm_nb_gamma_rise(double y, double r, double *ret_psi)
{
    const double below_r = r;
    double shift = 0.0, ratio = 1.0, shifted_psi = 0.0, d, up, low, slope_up, slope_low;

    if (y <= BY_PRODUCT && r > 1e-10) return by_product(y, r, ret_psi);
    /* lgamma(y + r) - lgamma(r) = the same at r + shift - log prod (y + r + k) / (r + k) */
    while (r < series_from) {
        ratio *= (y + r) / r;
        shifted_psi += y / (r * (y + r)); /* 1/r - 1/(y+r) */
        r += 1.0;
        shift += 1.0;
    }
    up = tail(y + r, &slope_up);
    low = tail(r, &slope_low);
    d = (y + r - 0.5) * log1p(y / r) - y + (up - low);
    *ret_psi =
        log1p(y / r) + (0.5 / r - 0.5 / (y + r)) + (slope_up - slope_low) + shifted_psi;
    if (shift == 0.0) return d;
    return d + y * log(r / below_r) - log(ratio);
}
