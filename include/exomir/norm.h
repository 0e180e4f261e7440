/* norm.h - normalisation of a count matrix across samples. */
#ifndef EXM_NORM_H
#define EXM_NORM_H

#include "exomir/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Everywhere in stats a matrix of counts is feature-major: y[f * n_samples + s] >= 0 and
 * finite, n_features x n_samples.  lib[s] is the library size; NULL means the column sums.
 */
typedef struct exm_counts {
    const double *y;
    size_t n_features, n_samples;
} exm_counts;

/* EXM_EDATA (at = index into y) at the first count that is negative or not finite. */
EXM_MUST_USE exm_status exm_counts_validate(const exm_counts *c, exm_error *reterr);
/* ret_lib [n_samples]: column sums. */
void exm_counts_lib(const exm_counts *c, double *ret_lib);

/*
 * exm_norm_factors() - factors f with geometric mean 1; the effective library size is
 * lib x f.  Features without any count are ignored by all methods.
 *
 * TMM      M_g = log2((o_g/nO) / (r_g/nR)), A_g = (log2(o_g/nO) + log2(r_g/nR)) / 2 over
 *          features with both counts > 0; by average rank, floor(.3 n) are cut off each
 *          end of M and floor(.05 n) of A; log2 f = sum w M / sum w,
 *          1/w = (nO - o)/nO/o + (nR - r)/nR/r; f = 1 where max |M| < 1e-6.
 *          The reference is the sample whose upper quartile / lib is nearest to the mean
 *          of all; where the median of those is below 1e-20, the one with the largest
 *          sum of square roots.
 * TMMWSP   the same, but features positive in one sample only are paired off by size
 *          instead of dropped; w = (1 + 1e-6) / (v + 1e-6) with v as above; the reference
 *          has the largest sum of square roots.
 * RLE      median over features with a positive geometric mean of y / geometric mean,
 *          divided by lib
 * UQ       upper quartile / lib
 * NONE     1
 *
 * ret_f [n_samples] is untouched on failure.  EXM_EDATA: a library size that is 0, a method
 * that has nothing to work on (UQ of 0, RLE without a feature present in all samples).
 * Equals  edgeR 3.40.2 calcNormFactors, 1e-14 relative.
 * Source  Robinson & Oshlack (2010) Genome Biol 11:R25; Anders & Huber (2010) Genome Biol
 *         11:R106; Bullard et al. (2010) BMC Bioinformatics 11:94.
 * Cost    O(n_features n_samples), by selection instead of sorting.  Reentrant.
 */
typedef enum exm_norm_method {
    EXM_NORM_TMM = 0,
    EXM_NORM_TMMWSP,
    EXM_NORM_RLE,
    EXM_NORM_UQ,
    EXM_NORM_NONE
} exm_norm_method;

EXM_MUST_USE exm_status exm_norm_factors(const exm_counts *c, const double *lib,
                                         exm_norm_method method, double *ret_f,
                                         exm_error *reterr);

/*
 * exm_norm_size_factors() - DESeq2's: exp of the median over features of log y - log
 * geometric mean, over y > 0.  ratio: features with a zero count are left out; EXM_EDATA
 * where none remains.  poscounts: the geometric mean takes a zero for 1, that is (product of the
 * positive)^(1/n_samples).
 * Equals  DESeq2 1.38.3 estimateSizeFactorsForMatrix, 1e-14 relative.
 */
EXM_MUST_USE exm_status exm_norm_size_factors(const exm_counts *c, int poscounts,
                                              double *ret_sf, exm_error *reterr);

/*
 * exm_norm_log_cpm() - log2 counts per million with a prior in proportion to the library:
 *     q_s = prior lib_s / mean(lib),  log2((y + q_s) / (lib_s + 2 q_s) 10^6)
 * lib: effective library sizes (NULL: column sums); ret [n_features][n_samples].
 * Equals  edgeR 3.40.2 cpm(log = TRUE, prior.count = prior), 1e-14 relative.
 */
EXM_MUST_USE exm_status exm_norm_log_cpm(const exm_counts *c, const double *lib,
                                         double prior, double *ret, exm_error *reterr);

/*
 * exm_norm_filter() - edgeR's filterByExpr: keep a feature with CPM >= min_count /
 * median(lib) 10^6 in at least k samples and min_total counts in all.
 * smallest: samples of the smallest group, or 1 / (largest leverage of the design);
 * k = smallest up to 10, 10 + 0.7 (smallest - 10) above.  ret_keep[f] is 1 or 0.
 * Equals  edgeR 3.40.2 filterByExpr, exactly.
 */
typedef struct exm_norm_filter_options {
    double min_count, min_total; /* 10, 15 */
    double large_n, min_prop;    /* 10, 0.7 */
} exm_norm_filter_options;

exm_norm_filter_options exm_norm_filter_defaults(void);
EXM_MUST_USE exm_status exm_norm_filter(const exm_counts *c, const double *lib,
                                        double smallest, const exm_norm_filter_options *o,
                                        unsigned char *ret_keep, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
