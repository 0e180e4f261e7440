/* edger_impl.h - what the parts of edger.c share. */
#ifndef EXM_STATS_EDGER_IMPL_H
#define EXM_STATS_EDGER_IMPL_H

#include "exomir/edger.h"
#include "exomir/nbglm.h"

/* Dispersions 0.1 2^t on a grid t = -10 .. 10. */
enum { EDGER_GRID = 21 };
enum { EXM_EDGER_COEF_MAX = 64 };
double exm_edger_grid_disp(double t);

/*
 * The t in [-10, 10] at the top of the cubic spline through y [EDGER_GRID] (end slopes
 * by cubics through four points): the largest value of the grid, or a stationary point of
 * the two segments beside it if that is higher.
 */
double exm_edger_grid_top(const double *y);

/*
 * Locally weighted means of the columns of v [n][EDGER_GRID] over x [n]: at a vertex, tricube weights
 * out to the floor(n span)-th nearest point; vertices are the ends of x and, by halves,
 * middles of stretches longer than 0.8 of the smaller reach at their ends; between vertices
 * straight lines.  Source: Loader (1999) Local Regression and Likelihood, ch. 12.
 */
EXM_MUST_USE exm_status exm_edger_local_means(size_t n, const double *x, const double *v,
                                              double span, double *ret, exm_error *reterr);

/* ---- rows, edger_rows.c ---- */

/* What all rows share. */
typedef struct edger_model {
    const exm_counts *c;
    exm_design d;
    const double *lib;
    double *offset; /* [n] log lib */
    double *prior;  /* [n] lib / mean lib: what a count of 1 in the mean library is here */
    double
        *x0; /* [n][n_coef - 1]: the model without the contrast; NULL for one coefficient */
    const double *contrast;
    double *scale; /* [EDGER_GRID][SHORT] log-gamma part of small counts */
} edger_model;

EXM_MUST_USE exm_status exm_edger_model_init(edger_model *m, const exm_counts *c,
                                             const double *lib, const exm_design *d,
                                             const double *contrast, exm_error *reterr);
void exm_edger_model_done(edger_model *m);

/* One thread's room. */
typedef struct edger_work {
    const edger_model *m;
    exm_nbglm *full, *null; /* null: NULL for one coefficient */
    exm_nbglm *raised;      /* for counts with a prior; its offsets change */
    double *mem;
    double *y, *mu, *offset, *x; /* [n], x [n][n_coef]: samples picked */
    double *coef, *coef0;        /* [n_coef] */
    unsigned char *zero;         /* [n] */
} edger_work;

EXM_MUST_USE exm_status exm_edger_work_init(edger_work *w, const edger_model *m,
                                            exm_error *reterr);
void exm_edger_work_done(edger_work *w);

/* Adjusted profile log-likelihoods at the grid; zeros where no residual df is left. */
EXM_MUST_USE exm_status exm_edger_row_apl(edger_work *w, const double *y, double *ret,
                                          exm_error *reterr);
/* log2 CPM of one rate for all samples, counts raised by 2 prior. */
double exm_edger_row_abundance(edger_work *w, const double *y, double phi);
/* Fits the model; w->mu and w->coef hold it.  *ret_df is the residual df without zeros. */
double exm_edger_row_deviance(edger_work *w, const double *y, double phi, double *ret_df);
/* The Poisson likelihood ratio of the contrast; the full fit starts from that at phi. */
double exm_edger_row_poisson(edger_work *w, const double *y, double phi);
/* The deviance of the model without the contrast. */
double exm_edger_row_null(edger_work *w, const double *y, double phi);
/* log2 fold change from counts raised by 0.125 prior, and the variance of its natural log
 * without the quasi-dispersion. */
double exm_edger_row_log2fc(edger_work *w, const double *y, double phi, double *ret_var);

#endif
