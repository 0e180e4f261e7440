/* share.h - private to quant: the sample's own rates, and reads shared by likelihood. */
#ifndef EXM_QUANT_SHARE_H
#define EXM_QUANT_SHARE_H

#include "signature.h"

enum { EXM_SHIFT_MAX = 8, EXM_SHIFT_SLOTS = 2 * EXM_SHIFT_MAX + 1 };

/*
 * How often a read of a miRNA deviates from its mature, per sample:
 * d5[8 + x], d3[8 + x] probability of an end shifted by x; tail[k] of a k-nt tail;
 * 'error' substitutions per nt.  Means over well-covered features (error: the median), so
 * one abundant miRNA does not set them.
 */
typedef struct exm_rates {
    double d5[EXM_SHIFT_SLOTS], d3[EXM_SHIFT_SLOTS], tail[4];
    double error;
    double seen_error; /* the same before it is kept within what the model stands */
    int measured;      /* 0: too few reads, all values are the defaults of counting.md */
} exm_rates;

/* feature_len[f]: nt of the mature; only features with has_shift fits are looked at. */
EXM_MUST_USE exm_status exm_rates_estimate(const exm_signatures *s, size_t n_features,
                                           const uint32_t *feature_len, exm_rates *ret,
                                           exm_error *reterr);

/*
 *     w = d5 d3 tail / 4^n_tail (error / 3)^(n_sub + n_add5)        for a mature's isomiR
 *     w = max(d5) max(d3) tail / 4^n_tail (error / 3)^(n_sub + n_add5)  elsewhere
 */
double exm_rates_weight(const exm_rates *r, const exm_fit *f);

/* EM over sorted signatures; ret_em[which] gets [n_features] integers that add up. */
EXM_MUST_USE exm_status exm_share_run(const exm_signatures *s, const exm_rates *r,
                                      size_t n_features, int which, uint64_t *ret_em,
                                      exm_error *reterr);

#endif
