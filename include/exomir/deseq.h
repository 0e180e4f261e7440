/* deseq.h - differential expression by negative binomial models with shrunken dispersions. */
#ifndef EXM_DESEQ_H
#define EXM_DESEQ_H

#include "exomir/lsq.h"
#include "exomir/norm.h"
#include "exomir/pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exm_deseq() - y_gs ~ NB(mean sf_s exp(x_s b_g), dispersion a_g), var = mu + a mu^2.
 *
 * Gene-wise a     maximises the likelihood with Cox-Reid's term -log det(X'WX)/2,
 *                 W = 1/(1/mu + a), by a line search on log a between 1e-8 and
 *                 max(10, n_samples); mu from a first fit, at least 0.5.
 * Trend           a(q) = a1 / q + a0 over the mean q of y/sf: gamma regression, points with
 *                 a ratio to it outside (1e-4, 15) left out, until the coefficients stand.
 * Final a         the same likelihood with log a ~ N(log a(q), prior_var), prior_var =
 *                 max(0.25, MAD^2 of log a about the trend - trigamma((n_samples - n_coef)/2)).
 *                 Rows more than 2 MAD above the trend keep their gene-wise a.
 * Coefficients    iteratively reweighted least squares with a ridge of 1e-6 on the log2
 *                 scale; Wald test of the contrast, normal.
 * Cook's distance above the 0.99 quantile of F(n_coef, n_samples - n_coef): in cells of the
 *                 design with at least 'replace_from' samples the count is replaced by the
 *                 trimmed mean (0.2) x sf and the row fitted again; with 3 and more, and none
 *                 replaced, p is NaN.
 * FDR             Benjamini-Hochberg over the rows whose mean passes the filter that
 *                 maximises rejections at 'alpha' (50 thresholds, smoothed by lowess).
 * Shrunken log2FC the fit again with b ~ N(0, v) for all but the intercept, v from the 0.95
 *                 quantile of |b|, weighted by 1 / (1/q + a(q)).
 *
 * c         in   whole counts
 * sf        in   [n_samples] size factors > 0
 * contrast  in   [n_coef]
 * involved  in   NULL, or [n_samples] flags: a row whose flagged counts are all 0 has
 *                log2fc 0 and p 1 (the two groups of a contrast)
 * ret       out  [n_features]; NaN where a value does not exist; rows of zeros have base_mean 0 and
 *                NaN
 *
 * Equals    DESeq2 1.38.3 DESeq() and results() with betaPrior = FALSE, and lfcShrink(type =
 *           "normal"): gene-wise dispersion 1e-6, final dispersion and log2fc 1e-5, p 1e-4.
 *           With at most 3 residual degrees of freedom the package draws the prior variance
 *           from a seeded simulation; here the formula above stands.  Where the trend cannot
 *           be fitted the package smooths locally; here the trimmed mean (0.001)
 *           of the dispersions above 1e-7 stands ('trend_is_mean').  Rows that the weighted fit does not settle
 *           are maximised by damped Newton steps, there by L-BFGS-B.
 * Source    Love, Huber & Anders (2014) Genome Biol 15:550; Anders & Huber (2010) 11:R106.
 * Errors    EXM_EDATA: counts that are not whole, a size factor, a design without full rank,
 *           dispersions that are all at the lower bound; EXM_ENOMEM; EXM_EINVAL.
 * The same for any pool (NULL: this thread).  Cost O(n_features n_samples n_coef^2) a round.
 */
typedef struct exm_deseq_options {
    double alpha;          /* 0.1 */
    unsigned replace_from; /* 7; 0: never */
    int cooks;             /* 1: outliers are looked for at all */
    int filter;            /* 1: independent filtering */
    int shrink;            /* 1: the shrunken log2FC too */
} exm_deseq_options;

exm_deseq_options exm_deseq_defaults(void);

typedef struct exm_deseq_row {
    double base_mean;        /* mean of y / sf, after replacement */
    double log2fc, se, stat; /* of the contrast */
    double p, fdr;
    double shrunken, shrunken_se;
    double disp_gene, disp_trend, disp_map, dispersion;
    double max_cooks;                 /* NaN where none is looked at */
    unsigned char disp_outlier;       /* keeps its gene-wise dispersion */
    unsigned char converged, climbed; /* climbed: by Newton's steps */
    unsigned char replaced, cooks_outlier;
} exm_deseq_row;

typedef struct exm_deseq_fit {
    double a0, a1; /* asymptotic dispersion, extra-Poisson factor */
    int trend_is_mean;
    double prior_var, var_log_disp;
    double filter_threshold; /* of base_mean */
    double cooks_cut;        /* NaN without residual degrees of freedom */
    size_t n_replaced;
} exm_deseq_fit;

EXM_MUST_USE exm_status exm_deseq(const exm_counts *c, const double *sf,
                                  const exm_design *d, const double *contrast,
                                  const unsigned char *involved, const exm_deseq_options *o,
                                  exm_pool *pool, exm_deseq_row *ret,
                                  exm_deseq_fit *ret_fit, exm_error *reterr);

/*
 * exm_deseq_vst() - the variance-stabilised value of a normalised count q under the trend,
 *     log2((1 + a1 + 2 a0 q + 2 sqrt(a0 q (1 + a1 + a0 q))) / (4 a0));
 * log2 q for large q.  Equals DESeq2's varianceStabilizingTransformation, 1e-9.
 */
double exm_deseq_vst(const exm_deseq_fit *fit, double q);

#ifdef __cplusplus
}
#endif
#endif
