/* fuzz_matrix.c - "formula\ncontrast\n", a count matrix, a NUL, a sample table. */
#include "exomir/formula.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A line as a string of the caller's; NULL when there is none. */
static char *
take_line(const uint8_t **p, size_t *n)
{
    const uint8_t *end = *n > 0 ? memchr(*p, '\n', *n) : NULL;
    const size_t len = end ? (size_t) (end - *p) : 0;
    char *s = end ? malloc(len + 1) : NULL;

    if (!s) return NULL;
    memcpy(s, *p, len);
    s[len] = '\0';
    *p += len + 1;
    *n -= len + 1;
    return s;
}

static void
check_model(const exm_model *model, const char *contrast)
{
    double c[64];
    double any = 0.0;

    for (size_t i = 0; i < model->n_samples * model->n_coef; i++)
        if (!isfinite(model->x[i])) abort();
    if (exm_formula_contrast(contrast, model, c, NULL) != EXM_OK) return;
    for (size_t k = 0; k < model->n_coef; k++) any += fabs(c[k]);
    if (!(any > 0.0)) abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *formula = take_line(&data, &size), *contrast = take_line(&data, &size);
    const uint8_t *zero = contrast && size > 0 ? memchr(data, 0, size) : NULL;
    const char *text = (const char *) data;
    exm_matrix *m = NULL;
    exm_coldata c = {0};
    exm_model *model = NULL;

    if (zero) {
        const size_t n = (size_t) (zero - data);

        if (exm_matrix_parse(text, n, "m", &m, NULL) == EXM_OK &&
            exm_coldata_parse(text + n + 1, size - n - 1, "c", m, &c, NULL) == EXM_OK &&
            exm_formula_model(formula, &c, &model, NULL) == EXM_OK)
            check_model(model, contrast);
    }
    for (size_t i = 0; m && i < m->n_features * m->n_samples; i++)
        if (!(m->y[i] >= 0.0)) abort();
    exm_model_free(model);
    exm_coldata_done(&c);
    exm_matrix_free(m);
    free(formula);
    free(contrast);
    return 0;
}
