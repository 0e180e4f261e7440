/*
 * binomial.c - P(X >= k), exactly summed.
 *
 * Workload: 10^4 to 10^5 tests per sample with n up to 10^8 and p about 1e-3.  One term is
 * computed, the others follow by their ratio, away from the mean, until they no longer
 * count.  The term (q = 1 - p):
 *
 *     log pmf(k) = log sqrt(n / (2 pi k (n - k))) + s(n) - s(k) - s(n - k)
 *                  - D(k, n p) - D(n - k, n q)
 *
 * with Stirling's error s(m) = log m! - log(sqrt(2 pi m) (m / e)^m) and the deviance
 * D(x, m) = x log(x / m) + m - x.  No large numbers cancel, as they would among
 * log-factorials (C. Loader 2000, Fast and accurate computation of binomial probabilities).
 */
#include "exomir/binomial.h"

#include "exomir/portable.h"

#include <math.h>

static const double two_pi = 0x1.921fb54442d18p+2;

/* log m! - log(sqrt(2 pi m) (m/e)^m) for a whole m > 0. */
static double
stirling_error(double m)
{
    double factorial = 1.0, z;

    if (m <= 15.0) {
        for (int i = 2; i <= (int) m; i++) factorial *= i;
        return exm_portable_log(factorial) -
               (0.5 * exm_portable_log(two_pi * m) + m * exm_portable_log(m) - m);
    }
    z = 1.0 / (m * m);
    return (1.0 / 12.0 -
            z * (1.0 / 360.0 -
                 z * (1.0 / 1260.0 - z * (1.0 / 1680.0 - z * (1.0 / 1188.0))))) /
           m;
}

/* x log(x / m) + m - x, where x - m = d is known better than their difference. */
static double
deviance(double x, double m, double d)
{
    const double t = d / (x + m);
    double sum = 0.0;

    if (fabs(t) > 0.1) return x * exm_portable_log(x / m) - d;
    /* log(x / m) = 2 atanh(t): 2 x (t + t^3/3 + ...) - d = d t + 2 x (t^3/3 + t^5/5 + ...) */
    for (int k = 9; k >= 1; k--) sum = (sum + 1.0 / (2 * k + 1)) * t * t;
    return d * t + 2.0 * x * t * sum;
}

/* 0 < p < 1, 0 <= k <= n. */
static double
pmf(double k, double n, double p, double q)
{
    const double d = k - n * p;
    double stirling;

    if (k == 0.0) return exm_portable_exp(-deviance(n, n * q, n * p) - n * p);
    if (k == n) return exm_portable_exp(n * exm_portable_log(p));
    stirling = stirling_error(n) - stirling_error(k) - stirling_error(n - k);
    return sqrt(n / (two_pi * k * (n - k))) *
           exm_portable_exp(stirling - deviance(k, n * p, d) - deviance(n - k, n * q, -d));
}

/* Terms from k on upwards, over the first. */
static double
sum_up(uint64_t k, uint64_t n, double odds)
{
    double term = 1.0, sum = 1.0;

    for (; k < n && term > 1e-18 * sum; k++) {
        term *= (double) (n - k) / (double) (k + 1) * odds;
        sum += term;
    }
    return sum;
}

static double
sum_down(uint64_t k, uint64_t n, double odds)
{
    double term = 1.0, sum = 1.0;

    for (; k > 0 && term > 1e-18 * sum; k--) {
        term *= (double) k / ((double) (n - k + 1) * odds);
        sum += term;
    }
    return sum;
}

double
exm_binomial_upper(uint64_t k, uint64_t n, double p)
{
    const double x = (double) k, m = (double) n, q = 1.0 - p;
    double rest;

    if (isnan(p) || p < 0.0 || p > 1.0) return (double) NAN;
    if (k == 0) return 1.0;
    if (k > n || p == 0.0) return 0.0;
    if (p == 1.0) return 1.0;
    if (x > m * p) return pmf(x, m, p, q) * sum_up(k, n, p / q);
    rest = pmf(x - 1.0, m, p, q) * sum_down(k - 1, n, p / q);
    return rest < 1.0 ? 1.0 - rest : 0.0;
}
