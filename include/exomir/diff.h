/* diff.h - differential expression of a cohort: from counts and formula to a table. */
#ifndef EXM_DIFF_H
#define EXM_DIFF_H

#include "exomir/buf.h"
#include "exomir/deseq.h"
#include "exomir/edger.h"
#include "exomir/formula.h"
#include "exomir/voom.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum exm_diff_engine {
    EXM_DIFF_EDGER = 0, /* the default */
    EXM_DIFF_VOOM,
    EXM_DIFF_DESEQ2
} exm_diff_engine;

/* "edger", "voom", "deseq2" by number; NULL past the end. */
const char *exm_diff_engine_name(size_t i);

typedef struct exm_diff_options {
    const char *design;   /* "~ batch + condition" */
    const char *contrast; /* "cancer-healthy" */
    exm_diff_engine engine;
    int own_norm; /* 1 (default): the engine's own normalisation, not 'norm' */
    exm_norm_method norm;
    int filter;  /* 1 (default): exm_norm_filter() by the design's leverage */
    double span; /* of the mean-variance trend, default 0.5 */
} exm_diff_options;

exm_diff_options exm_diff_defaults(void);

/* "tmm", "tmmwsp", "rle", "uq", "none" by number; NULL past the end. */
const char *exm_diff_norm_name(size_t i);

typedef struct exm_diff_row {
    size_t feature;                 /* of the matrix */
    double log2fc, ci_low, ci_high; /* of the contrast; 95 % */
    double stat, df; /* edger: F on 1 and df; voom: moderated t; deseq2: z, df Inf */
    double p;        /* NaN: deseq2 sees an outlier among few replicates */
    double fdr; /* Benjamini-Hochberg over the tested features; NaN where deseq2 filters */
    /* The feature's point of the mean-variance picture.  voom: mean log2 count, sqrt(SD) of
     * log2 CPM, NaN, NaN.  deseq2: mean count, dispersion alone, by the trend, final.
     * edger: log2 CPM, quasi-dispersion alone, its prior, squeezed. */
    double level, spread, spread_trend, spread_final;
    double mean_log2_cpm; /* log2 CPM with prior 2, over all samples */
} exm_diff_row;

enum { EXM_DIFF_TOP = 30 };

typedef struct exm_diff {
    size_t n_rows; /* tested features, in byte order of their names */
    exm_diff_row *rows;
    size_t n_groups; /* levels of the factor that the contrast is about; 0: a covariate */
    const struct exm_model_factor *group; /* in model */
    double *group_cpm;                    /* [n_rows][n_groups] mean CPM */
    double *lib, *factor;                 /* [n_samples] lib is the effective size */
    double library_scale;                 /* lib / size factor */
    double *contrast;                     /* [n_coef] */
    exm_ebayes_prior prior;               /* voom's */
    exm_deseq_fit fit;                    /* deseq2's */
    exm_edger_fit ql;                     /* edger's */
    /* For pictures: log2 CPM of the EXM_DIFF_TOP rows with the smallest p, and the samples'
     * first two principal components over all tested features (log2 CPM). */
    size_t n_top, top[EXM_DIFF_TOP]; /* rows */
    double *top_log_cpm;             /* [n_top][n_samples] */
    double *pc, pc_share[2];         /* [n_samples][2] */
    exm_model *model;
    const exm_matrix *matrix; /* the caller's */
} exm_diff;

/*
 * exm_diff_run() - filter, normalise, fit, test, adjust by the engine.  Features are filtered
 * with all library sizes taken before; library sizes are then those of the kept features, as
 * limma's and edgeR's users' guides do.  An engine's own
 * normalisation is TMM, and for deseq2 the median of ratios, over the positive counts
 * ("poscounts") where every feature has a zero; else its size factors are the effective
 * library sizes over their geometric mean.
 * EXM_EDATA with the cause in the user's words: formula, contrast, an empty sample, fewer
 * than two features left.  The same for any number of threads.
 */
EXM_MUST_USE exm_status exm_diff_run(const exm_matrix *m, const exm_coldata *c,
                                     const exm_diff_options *o, exm_pool *pool,
                                     exm_diff **ret, exm_error *reterr);
void exm_diff_free(exm_diff *d);

/* What else may move the feature of a row: "red_cell" (hemolysis.h), or "NA". */
const char *exm_diff_tag(const exm_diff *d, size_t row);
/* The normalisation in words. */
const char *exm_diff_norm_used(const exm_diff_options *o);

/* diff.tsv: feature, log2fc, ci_low, ci_high, stat, df, p, fdr, mean_log2_cpm,
 * mean_<group> (CPM) ..., tags ("red_cell": moved by hemolysis too, hemolysis.h; or NA). */
void exm_diff_put_tsv(const exm_diff *d, exm_buf *ret);
/* diff.json: the design, contrast, libraries, prior and the same rows. */
EXM_MUST_USE exm_status exm_diff_put_json(const exm_diff *d, const exm_diff_options *o,
                                          exm_buf *ret, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
