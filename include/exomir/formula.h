/* formula.h - R's model formulas and contrasts over what is known of the samples. */
#ifndef EXM_FORMULA_H
#define EXM_FORMULA_H

#include "exomir/lsq.h"
#include "exomir/matrix.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exm_formula_model() - the design of a formula such as "~ batch + condition",
 * "~ 0 + group", "~ sex * age", "~ a + a:b".
 *
 * Terms are joined by '+'; '1' is there unless '0' or '-1' is; a:b is the product of columns
 * and a*b short for a + b + a:b.  A column of coldata is a covariate when all its cells are
 * numbers, else a factor with its levels in byte order.  Treatment coding: level k of a
 * factor is a column of 0 and 1, and the first level has none, unless the term without that
 * factor is not in the model (R's rule: the first factor of "~ 0 + group" has all levels).
 * Terms are taken by order (main effects first), as R takes them.
 * Columns are named as R names them: "(Intercept)", "batchb2", "age", "sexm:age".
 *
 * Equals  R 4.2 model.matrix() (with levels in byte order), exactly.
 * Errors  EXM_EDATA: syntax (with the place), a column that is not there (with the nearest
 *         name), an empty cell or NA (with the sample), a factor of one level, aliased
 *         columns (named), more than 64 coefficients.
 */
typedef struct exm_model {
    size_t n_samples, n_coef;
    double *x; /* [n_samples][n_coef] */
    char **names;
    /* factors of the formula, for contrasts by level */
    size_t n_factors;
    struct exm_model_factor {
        char *name;
        char **levels;
        size_t n_levels;
        size_t *level; /* [n_samples] */
        size_t *coef;  /* [n_levels]: main-effect column, or SIZE_MAX */
    } * factors;
} exm_model;

EXM_MUST_USE exm_status exm_formula_model(const char *formula, const exm_coldata *c,
                                          exm_model **ret, exm_error *reterr);
void exm_model_free(exm_model *m);
exm_design exm_model_design(const exm_model *m);

/*
 * exm_formula_contrast() - "cancer-healthy", "treated - 0.5 a - 0.5 b", "batchb2": a sum of
 * names with signs and factors in front.  A name is a coefficient, or a level of exactly one
 * factor of the model, which then stands for its main-effect column (0 for the level without
 * one).  ret_contrast [n_coef].  EXM_EDATA: an unknown name (with the nearest), a level of two
 * factors, a contrast that is 0.
 */
EXM_MUST_USE exm_status exm_formula_contrast(const char *text, const exm_model *m,
                                             double *ret_contrast, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
