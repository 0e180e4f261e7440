/* deseq_impl.h - what the parts of deseq.c share. */
#ifndef EXM_STATS_DESEQ_IMPL_H
#define EXM_STATS_DESEQ_IMPL_H

#include "exomir/deseq.h"

#include <stdint.h>

/* The design, with samples of equal rows ("cells") numbered. */
typedef struct deseq_model {
    size_t n, p, n_cells;
    const double *x;  /* [n][p] */
    uint32_t *cell;   /* [n] */
    uint32_t *size;   /* [n_cells] */
    double *cell_x;   /* [n_cells + p][p]: rows of the cells, then the identity (ridge) */
    const double *sf; /* [n] */
    double *log_sf;   /* [n] */
    int by_group;     /* n_cells == p: the cells' means are the fit */
    double least_disp, most_disp;
} deseq_model;

EXM_MUST_USE exm_status exm_deseq_model_init(deseq_model *m, const exm_design *d,
                                             const double *sf, exm_error *reterr);
void exm_deseq_model_done(deseq_model *m);

/* One thread's room. */
typedef struct deseq_work {
    const deseq_model *m;
    exm_lsq *plain;                    /* the design, weights 1, factored */
    exm_lsq *ridge;                    /* cell_x */
    double *mem;                       /* owns what follows */
    double *q, *scratch;               /* [n] */
    double *y, *mu, *clamped, *h;      /* [n]: a row as it is fitted; clamped: mu >= 0.5 */
    double *cooks;                     /* [n] */
    double *value, *times, *risen;     /* [n]: distinct counts, how often, lgamma */
    uint32_t *which;                   /* [n]: of them */
    double *weight, *z;                /* [n_cells + p] */
    double *eta, *cell_w, *cell_dw;    /* [n_cells] */
    double *cell_q;                    /* [n_cells]: mu / sf of the first fit */
    double *beta, *try, *start, *step; /* [p] */
    double *ridge_var;                 /* [p] */
    double *cov, *b, *db;              /* [p][p] */
    size_t n_values;
} deseq_work;

EXM_MUST_USE exm_status exm_deseq_work_new(const deseq_model *m, deseq_work *ret,
                                           exm_error *reterr);
void exm_deseq_work_done(deseq_work *w);

/* ---- dispersion of one row, deseq_disp.c ---- */

typedef struct deseq_prior {
    double mean, var; /* of log dispersion; var = HUGE_VAL: none */
} deseq_prior;

/* The log dispersion at the end of the line search from 'start'; *ret_rounds of at most 100,
 * *ret_first and *ret_last the log posterior at the start and there (at the last step within the
 * bounds, where the end is beyond them). */
double exm_deseq_disp_search(deseq_work *w, const double *y, const double *mu, double start,
                             const deseq_prior *prior, unsigned *ret_rounds,
                             double *ret_first, double *ret_last);
/* The best of two nested grids of 20. */
double exm_deseq_disp_grid(deseq_work *w, const double *y, const double *mu,
                           const deseq_prior *prior);
/* The smaller of two moment estimates, within the bounds. */
double exm_deseq_disp_moments(deseq_work *w, const double *y, double mean_inverse_sf);

/* ---- coefficients of one row, deseq_glm.c ---- */

/*
 * Natural-log coefficients to w->beta, their covariance to w->cov, means (unbounded) to
 * ret_mu [n], hat diagonals to ret_h [n] or NULL.  ridge [p] on the natural-log scale.
 */
enum { DESEQ_LOST = 0, DESEQ_SETTLED, DESEQ_CLIMBED };
int exm_deseq_glm_fit(deseq_work *w, const double *y, double disp, const double *ridge,
                      double *ret_mu, double *ret_h);

/* ---- trend, deseq_trend.c ---- */

EXM_MUST_USE exm_status exm_deseq_trend_fit(size_t n, const double *mean,
                                            const double *disp, exm_deseq_fit *ret,
                                            exm_error *reterr);
double exm_deseq_trend_at(const exm_deseq_fit *f, double mean);
EXM_MUST_USE exm_status exm_deseq_filter(size_t n, const double *mean, const double *p,
                                         double alpha, double *ret_fdr,
                                         double *ret_threshold, exm_error *reterr);
/* The variance of a normal prior whose 0.95 quantile of |x| is the weighted one of |x| < 10;
 * 1e6 where no x is. */
EXM_MUST_USE exm_status exm_deseq_prior_var(size_t n, const double *x, const double *weight,
                                            double *ret, exm_error *reterr);

/* ---- Cook's distances, deseq_cooks.c ---- */

/* By trimmed moments, at least 0.04. */
double exm_deseq_cooks_disp(deseq_work *w, const double *y);
/* Distances of the row's samples to ret [n]. */
void exm_deseq_cooks(const deseq_model *m, const double *y, const double *mu,
                     const double *h, double disp, double *ret);
/* mean of x after floor(n trim) are cut off each end; x is reordered. */
double exm_deseq_trimmed_mean(double *x, size_t n, double trim);

#endif
