/* matrix.h - a cohort's counts, features by samples, and what is known of the samples. */
#ifndef EXM_MATRIX_H
#define EXM_MATRIX_H

#include "exomir/norm.h"
#include "exomir/table.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * y[f * n_samples + s] is the count of feature f in sample s: a whole number, 0 to 2^53.
 * Features and samples stand in byte order of their names, whatever their order in the
 * file, so nothing that is computed from a matrix depends on how it was written.
 */
typedef struct exm_matrix {
    size_t n_features, n_samples;
    char **features, **samples;
    double *y;
} exm_matrix;

/*
 * exm_matrix_parse() - a table (table.h) whose first column names the features and whose
 * header names the samples.  EXM_EDATA with file, line, column and likely cause: a name
 * twice or empty, a cell that is no whole number (normalised values, NA, a decimal comma,
 * a negative number), no sample or no feature.
 */
EXM_MUST_USE exm_status exm_matrix_parse(const char *data, size_t n, const char *source,
                                         exm_matrix **ret, exm_error *reterr);
/* The same of a file, packed or not (input.h), of at most 4 GiB unpacked. */
EXM_MUST_USE exm_status exm_matrix_read(const char *path, exm_matrix **ret,
                                        exm_error *reterr);
void exm_matrix_free(exm_matrix *m); /* free(NULL) is legal */

/* The matrix as stats sees it; valid as long as m. */
exm_counts exm_matrix_counts(const exm_matrix *m);

/*
 * What is known of the samples: a table whose first column names them.  cell(s, k) is the
 * text of sample s of the matrix in column k, whatever the order of the table's rows.
 */
typedef struct exm_coldata {
    exm_table *table;
    size_t *row; /* [n_samples] */
    size_t n_samples;
    size_t n_extra; /* rows of samples that the matrix does not have: ignored */
} exm_coldata;

/* EXM_EDATA: a sample of the matrix that the table does not have, or has twice. */
EXM_MUST_USE exm_status exm_coldata_parse(const char *data, size_t n, const char *source,
                                          const exm_matrix *m, exm_coldata *ret,
                                          exm_error *reterr);
EXM_MUST_USE exm_status exm_coldata_read(const char *path, const exm_matrix *m,
                                         exm_coldata *ret, exm_error *reterr);
void exm_coldata_done(exm_coldata *c); /* zeroes; legal on {0} */
const char *exm_coldata_cell(const exm_coldata *c, size_t sample, size_t col);

#ifdef __cplusplus
}
#endif
#endif
