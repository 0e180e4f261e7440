/* calibrate.h - spike-ins: counts against the amounts that were added. */
#ifndef EXM_CALIBRATE_H
#define EXM_CALIBRATE_H

#include "exomir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Over the spike-ins with an amount above 0 and a count above 0,
 *
 *     x = log10 amount,  y = log10 count        y = intercept + slope x
 *     slope = Sxy / Sxx     intercept = mean y - slope mean x     r2 = Sxy^2 / (Sxx Syy)
 *
 * by ordinary least squares in the order given.  Needs 3 of them with 2 amounts or more, else
 * all is NaN; r2 is NaN where all counts are equal.
 *
 *     lod = 10^((log10 2.9957 - intercept) / slope)
 *
 * is the amount of which the line expects 2.9957 counts, of which a Poisson count is 0 with
 * probability 0.05; NaN unless slope > 0.  It may lie below all amounts: then it is
 * extrapolated.
 */
typedef struct exm_calibration {
    uint32_t given;  /* spike-ins with an amount above 0 */
    uint32_t fitted; /* of these with a count */
    double slope, intercept, r2, lod;
} exm_calibration;

/* which: 0 reads, 1 molecules.  An amount of NaN is not known. */
exm_calibration exm_calibrate(const struct exm_record_spike *v, size_t n, int which);
/* That of a sample: molecules where it has UMIs. */
exm_calibration exm_calibrate_sample(const exm_record *r);

/*
 * exm_calibrate_recovery() - what the line makes of a count, in % of the amount:
 *
 *     100 10^((log10 count - intercept) / slope) / amount
 *
 * 0 without a count; NaN without amount or line (slope <= 0).
 */
double exm_calibrate_recovery(const exm_calibration *c, double amount, uint64_t count);

#ifdef __cplusplus
}
#endif
#endif
