/* em.h - share reads that fit several features, by expectation-maximisation. */
#ifndef EXM_EM_H
#define EXM_EM_H

#include "exomir/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Equivalence classes in CSR form: class c holds count[c] reads that fit the features
 * feature[off[c] .. off[c+1]) with likelihoods weight[...] > 0 (relative; 1 for ties).
 *
 *     z_cf = w_cf t_f / sum_g w_cg t_g          (E)
 *     t_f  = sum_c count_c z_cf                 (M)
 *
 * Start: t_f = sum over classes of count_c w_cf / sum_g w_cg.  Classes are visited in the
 * given order and features in class order, so equal input gives equal bits; the caller
 * sorts classes.  A class whose features all have t = 0 keeps its first split.
 */
typedef struct exm_em_problem {
    size_t n_features, n_classes;
    const uint64_t *count;
    const size_t *off; /* [n_classes + 1] */
    const uint32_t *feature;
    const double *weight;
} exm_em_problem;

typedef struct exm_em_options {
    unsigned max_iterations; /* default 500 */
    double tolerance; /* stop when max |change of t| < tolerance; default 1e-3 reads */
} exm_em_options;

exm_em_options exm_em_defaults(void);

/*
 * exm_em_solve() - ret_t [n_features] expected reads; sum equals the sum of counts to
 * rounding.  Returns EXM_ENOCONV (ret_t filled) at max_iterations.  ret_iterations may
 * be NULL.  Cost: O(iterations x entries).
 */
EXM_MUST_USE exm_status exm_em_solve(const exm_em_problem *p, const exm_em_options *o,
                                     double *ret_t, unsigned *ret_iterations,
                                     exm_error *reterr);

/*
 * exm_em_round() - integers that sum to 'total' by largest remainder; equal remainders
 * go to the smaller index.  t in [0, 1.8e19) and |sum t - total| < max(1, 1e-12 sum t), else
 * EXM_EDATA.  What a sum beyond 10^12 is off by more than one a count goes to the largest.
 */
EXM_MUST_USE exm_status exm_em_round(size_t n, const double *t, uint64_t total,
                                     uint64_t *ret, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
