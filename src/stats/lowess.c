/*
 * lowess.c - robust local lines.
 *
 * Workload: 10^2 to 10^4 points of (mean, SD) of features.  The window of the k nearest
 * points moves with x, so it is found in constant time; fits are made 'delta' apart.
 */
#include "exomir/lowess.h"

#include "exomir/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Distances below the first share of h weigh 1, above the second 0. */
static const double near_share = 0.001, far_share = 0.999;

struct smoother {
    size_t n, k;
    const double *x, *y;
    double delta;
    double *robust;  /* [n], or NULL in the first round */
    double *weight;  /* [n] scratch */
    double *scratch; /* [n] */
};

exm_lowess_options
exm_lowess_defaults(void)
{
    return (exm_lowess_options){.span = 2.0 / 3.0, .iterations = 3, .delta = -1.0};
}

static double
cube(double v)
{
    return v * v * v;
}

static double
square(double v)
{
    return v * v;
}

/* Local weights around v of the points from 'from' on, into s->weight; *ret_to is one past
 * the last that counts, the return value their sum.  Ties with the window's edge count. */
static double
weigh(const struct smoother *s, double v, size_t from, double h, size_t *ret_to)
{
    double sum = 0.0;
    size_t j = from;

    for (; j < s->n; j++) {
        const double r = fabs(s->x[j] - v);

        s->weight[j] = 0.0;
        if (r <= far_share * h) {
            s->weight[j] = r > near_share * h ? cube(1.0 - cube(r / h)) : 1.0;
            if (s->robust) s->weight[j] *= s->robust[j];
            sum += s->weight[j];
        } else if (s->x[j] > v) {
            break;
        }
    }
    *ret_to = j;
    return sum;
}

/* The line at v = x[i] through the window [lo, hi]; y[i] itself where all weights are 0. */
static double
fit(const struct smoother *s, size_t i, size_t lo, size_t hi)
{
    const double v = s->x[i], range = s->x[s->n - 1] - s->x[0];
    const double h = fmax(v - s->x[lo], s->x[hi] - v);
    size_t to;
    const double sum = weigh(s, v, lo, h, &to);
    double r = 0.0, centre = 0.0, spread = 0.0;

    if (!(sum > 0.0)) return s->y[i];
    for (size_t j = lo; j < to; j++) s->weight[j] /= sum;
    if (h > 0.0) {
        for (size_t j = lo; j < to; j++) centre += s->weight[j] * s->x[j];
        for (size_t j = lo; j < to; j++) spread += s->weight[j] * square(s->x[j] - centre);
        if (sqrt(spread) > near_share * range) {
            const double slope = (v - centre) / spread;

            for (size_t j = lo; j < to; j++)
                s->weight[j] *= slope * (s->x[j] - centre) + 1.0;
        }
    }
    for (size_t j = lo; j < to; j++) r += s->weight[j] * s->y[j];
    return r;
}

/* Fitted values of the points strictly between two that are fitted. */
static void
bridge(const struct smoother *s, double *ret, size_t a, size_t b)
{
    const double width = s->x[b] - s->x[a];

    for (size_t j = a + 1; j < b; j++) {
        const double t = (s->x[j] - s->x[a]) / width;

        ret[j] = t * ret[b] + (1.0 - t) * ret[a];
    }
}

/* One round over all points. */
static void
smooth(const struct smoother *s, double *ret)
{
    size_t lo = 0, hi = s->k - 1, i = 0, last = 0;
    int any = 0;

    for (;;) {
        while (hi + 1 < s->n && s->x[i] - s->x[lo] > s->x[hi + 1] - s->x[i]) {
            lo++;
            hi++;
        }
        ret[i] = fit(s, i, lo, hi);
        if (any && last + 1 < i) bridge(s, ret, last, i);
        last = i;
        any = 1;
        for (i = last + 1; i < s->n && s->x[i] <= s->x[last] + s->delta; i++) {
            if (s->x[i] != s->x[last]) continue;
            ret[i] = ret[last]; /* the same place */
            last = i;
        }
        if (last + 1 >= s->n) return;
        i = i - 1 > last + 1 ? i - 1 : last + 1;
    }
}

/* Bisquare weights from the residuals; 0 where they are so small that the fit is exact. */
static int
make_robust(struct smoother *s, const double *fitted, double *robust)
{
    double mad, mean = 0.0;

    for (size_t i = 0; i < s->n; i++) {
        robust[i] = fabs(s->y[i] - fitted[i]);
        mean += robust[i];
    }
    mean /= (double) s->n;
    memcpy(s->scratch, robust, s->n * sizeof *robust);
    mad = 6.0 * exm_order_median(s->scratch, s->n);
    if (mad < 1e-7 * mean) return 0;
    for (size_t i = 0; i < s->n; i++) {
        const double r = robust[i];

        robust[i] = r <= near_share * mad  ? 1.0
                    : r <= far_share * mad ? square(1.0 - square(r / mad))
                                           : 0.0;
    }
    s->robust = robust;
    return 1;
}

static exm_status
check(size_t n, const double *x, const double *y, exm_error *reterr)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]) || !isfinite(y[i]) || (i > 0 && x[i] < x[i - 1]))
            return exm_fail(reterr, EXM_EDATA, i,
                            "lowess: point %zu is out of order or no number", i + 1);
    return EXM_OK;
}

exm_status
exm_lowess(size_t n, const double *x, const double *y, const exm_lowess_options *o,
           double *ret, exm_error *reterr)
{
    const exm_lowess_options opt = o ? *o : exm_lowess_defaults();
    struct smoother s = {.n = n, .x = x, .y = y};
    double *mem;
    exm_status st;

    if (n > 0 && (!x || !y || !ret || !(opt.span > 0.0)))
        return exm_fail(reterr, EXM_EINVAL, 0, "lowess: an argument is NULL or the span 0");
    st = check(n, x, y, reterr);
    if (st != EXM_OK || n == 0) return st;
    if (n < 2) {
        ret[0] = y[0];
        return EXM_OK;
    }
    mem = calloc(n, 4 * sizeof *mem);
    if (!mem) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to smooth %zu points", n);
    s.k = (size_t) fmin((double) n, opt.span * (double) n + 1e-7);
    if (s.k < 2) s.k = 2;
    s.delta = opt.delta < 0.0 ? 0.01 * (x[n - 1] - x[0]) : opt.delta;
    s.weight = mem;
    s.scratch = mem + n;
    for (unsigned round = 0;; round++) {
        smooth(&s, mem + 2 * n);
        if (round == opt.iterations || !make_robust(&s, mem + 2 * n, mem + 3 * n)) break;
    }
    memcpy(ret, mem + 2 * n, n * sizeof *ret);
    free(mem);
    return EXM_OK;
}

/* Mean y of the points that share x[i]. */
static double
tied_mean(size_t n, const double *x, const double *y, size_t i)
{
    size_t a = i, b = i + 1;
    double sum = 0.0;

    while (a > 0 && x[a - 1] == x[i]) a--;
    while (b < n && x[b] == x[i]) b++;
    for (size_t j = a; j < b; j++) sum += y[j];
    return sum / (double) (b - a);
}

double
exm_interpolate(size_t n, const double *x, const double *y, double v)
{
    size_t lo = 0, hi = n - 1;
    double a, b;

    if (!(v > x[0])) return isnan(v) ? v : tied_mean(n, x, y, 0);
    if (v >= x[n - 1]) return tied_mean(n, x, y, n - 1);
    while (hi - lo > 1) { /* x[lo] < v < x[hi] or on a point */
        const size_t mid = lo + (hi - lo) / 2;

        if (v < x[mid])
            hi = mid;
        else
            lo = mid;
    }
    a = tied_mean(n, x, y, lo);
    if (v == x[lo]) return a;
    b = tied_mean(n, x, y, hi);
    return a + (b - a) * ((v - x[lo]) / (x[hi] - x[lo]));
}
