/*
 * calibrate.c - a straight line through the spike-ins of a sample.
 *
 * Workload: 10 to 100 points.  Sums run in the order given, and logarithms are portable, so
 * the line has the same bits everywhere.
 */
#include "exomir/calibrate.h"

#include "exomir/portable.h"

#include <math.h>

static const double seen_once = 2.9957322735539909; /* -log(0.05) */

static int
is_fitted(const struct exm_record_spike *x, int which)
{
    return x->amount > 0.0 && x->count[which] > 0;
}

exm_calibration
exm_calibrate(const struct exm_record_spike *v, size_t n, int which)
{
    exm_calibration c = {.slope = (double) NAN,
                         .intercept = (double) NAN,
                         .r2 = (double) NAN,
                         .lod = (double) NAN};
    double mean_x = 0.0, mean_y = 0.0, sxx = 0.0, sxy = 0.0, syy = 0.0;

    for (size_t i = 0; i < n; i++) {
        c.given += v[i].amount > 0.0;
        if (!is_fitted(v + i, which)) continue;
        c.fitted++;
        mean_x += exm_portable_log10(v[i].amount);
        mean_y += exm_portable_log10((double) v[i].count[which]);
    }
    if (c.fitted < 3) return c;
    mean_x /= c.fitted;
    mean_y /= c.fitted;
    for (size_t i = 0; i < n; i++) {
        double x, y;

        if (!is_fitted(v + i, which)) continue;
        x = exm_portable_log10(v[i].amount) - mean_x;
        y = exm_portable_log10((double) v[i].count[which]) - mean_y;
        sxx += x * x;
        sxy += x * y;
        syy += y * y;
    }
    if (!(sxx > 1e-12)) return c; /* one amount, but for rounding */
    c.slope = sxy / sxx;
    c.intercept = mean_y - c.slope * mean_x;
    if (syy > 1e-12) c.r2 = sxy * sxy / (sxx * syy);
    if (c.slope > 0.0)
        c.lod = exm_portable_exp10((exm_portable_log10(seen_once) - c.intercept) / c.slope);
    return c;
}

exm_calibration
exm_calibrate_sample(const exm_record *r)
{
    return exm_calibrate(r->spikes, r->n_spikes, r->umi_len > 0);
}

double
exm_calibrate_recovery(const exm_calibration *c, double amount, uint64_t count)
{
    if (!(amount > 0.0) || !(c->slope > 0.0)) return (double) NAN;
    if (count == 0) return 0.0;
    return 100.0 *
           exm_portable_exp10((exm_portable_log10((double) count) - c->intercept) /
                              c->slope) /
           amount;
}
