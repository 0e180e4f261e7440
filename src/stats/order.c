/*
 * order.c - selection instead of sorting.
 *
 * Workload: vectors of 10^2 to 10^4 values, one or two order statistics of each, thousands
 * of times.  Hoare's selection with the median of three as pivot.
 */
#include "exomir/order.h"

#include <math.h>

static void
swap(double *a, double *b)
{
    const double t = *a;

    *a = *b;
    *b = t;
}

/* The middle one of three, moved to x[lo]. */
static void
move_pivot(double *x, size_t lo, size_t hi)
{
    const size_t mid = lo + (hi - lo) / 2;

    if (x[mid] < x[lo]) swap(x + mid, x + lo);
    if (x[hi] < x[lo]) swap(x + hi, x + lo);
    if (x[hi] < x[mid]) swap(x + hi, x + mid);
    swap(x + lo, x + mid);
}

double
exm_order_select(double *x, size_t n, size_t k)
{
    size_t lo = 0, hi = n - 1;

    while (lo < hi) {
        size_t i = lo, j = hi + 1;
        double pivot;

        move_pivot(x, lo, hi);
        pivot = x[lo];
        for (;;) {
            while (x[++i] < pivot)
                if (i == hi) break;
            while (pivot < x[--j]) {
            }
            if (i >= j) break;
            swap(x + i, x + j);
        }
        swap(x + lo, x + j);
        if (j == k) break;
        if (j > k)
            hi = j - 1;
        else
            lo = j + 1;
    }
    return x[k];
}

/* The smallest of what stands behind position k after a selection. */
static double
next_value(const double *x, size_t n, size_t k)
{
    double least = x[k + 1];

    for (size_t i = k + 2; i < n; i++)
        if (x[i] < least) least = x[i];
    return least;
}

double
exm_order_median(double *x, size_t n)
{
    const size_t k = n ? (n - 1) / 2 : 0;
    double a;

    if (n == 0) return (double) NAN;
    a = exm_order_select(x, n, k);
    return n % 2 ? a : (a + next_value(x, n, k)) / 2.0;
}

/* In the order of R's arithmetic, so that the last bit agrees. */
double
exm_order_quantile(double *x, size_t n, double p)
{
    double h, a;
    size_t k;

    if (n == 0) return (double) NAN;
    h = (double) (n - 1) * p;
    k = (size_t) h;
    h -= (double) k;
    a = exm_order_select(x, n, k);
    return h > 0.0 ? (1.0 - h) * a + h * next_value(x, n, k) : a;
}

/* Mean of the ranks that the value v has among x. */
static double
average_rank(const double *x, size_t n, double v)
{
    size_t below = 0, same = 0;

    for (size_t i = 0; i < n; i++) {
        below += x[i] < v;
        same += x[i] == v;
    }
    return (double) below + ((double) same + 1.0) / 2.0;
}

/* The extreme value strictly beyond v: above it (up 1) or below it; an infinity if none. */
static double
beyond(const double *x, size_t n, double v, int up)
{
    double r = up ? HUGE_VAL : -HUGE_VAL;

    for (size_t i = 0; i < n; i++) {
        if (up && x[i] > v && x[i] < r) r = x[i];
        if (!up && x[i] < v && x[i] > r) r = x[i];
    }
    return r;
}

void
exm_order_rank_window(double *x, size_t n, double lo, double hi, double *ret_least,
                      double *ret_most)
{
    double least = exm_order_select(x, n, (size_t) ceil(lo) - 1);
    double most = exm_order_select(x, n, (size_t) floor(hi) - 1);

    /* A group of ties that straddles a limit is in or out as a whole. */
    if (average_rank(x, n, least) < lo) least = beyond(x, n, least, 1);
    if (average_rank(x, n, most) > hi) most = beyond(x, n, most, 0);
    *ret_least = least;
    *ret_most = most;
}
