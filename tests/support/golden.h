/*
 * golden.h - tables of tests/golden (values of the reference implementations, 17 digits) and
 * the comparison with them: |a - b| <= rtol |b| + atol, where atol is 'floor' times the
 * column's largest magnitude; the largest and the 99th percentile of the difference are
 * printed, so that a tolerance is seen next to what is reached.
 */
#ifndef EXM_TEST_GOLDEN_H
#define EXM_TEST_GOLDEN_H

#include "exomir/table.h"
#include "exomir/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline exm_table *
golden_table(const char *name)
{
    char path[256];
    exm_table *t = NULL;
    exm_error err = {0};
    FILE *f;
    char *data = NULL;
    size_t n = 0, cap = 0, got;

    (void) snprintf(path, sizeof path, "tests/golden/%s", name);
    f = fopen(path, "rb");
    if (!f) fail_msg("%s is missing", path);
    do {
        if (cap - n < 65536) {
            cap = cap * 2 + 131072;
            data = realloc(data, cap);
            if (!data) abort();
        }
        got = fread(data + n, 1, cap - n, f);
        n += got;
    } while (got > 0);
    (void) fclose(f);
    if (exm_table_parse(data, n, path, &t, &err) != EXM_OK) fail_msg("%s", err.msg);
    free(data);
    return t;
}

static inline double
golden_number(const char *s)
{
    double x = 0.0;

    if (exm_text_double(s, strlen(s), &x, NULL) != EXM_OK) fail_msg("'%s' is no number", s);
    return x;
}

/* A column as numbers; the caller frees it. */
static inline double *
golden_column(const exm_table *t, const char *name)
{
    const size_t col = exm_table_find(t, name), n = exm_table_rows(t);
    double *x = calloc(n + 1, sizeof *x);

    if (col == SIZE_MAX) fail_msg("no column %s", name);
    if (!x) abort();
    for (size_t r = 0; r < n; r++) x[r] = golden_number(exm_table_get(t, r, col));
    return x;
}

/* All columns but the first, row by row; the caller frees it. */
static inline double *
golden_matrix(const exm_table *t)
{
    const size_t n = exm_table_rows(t), k = exm_table_cols(t) - 1;
    double *x = calloc(n * k + 1, sizeof *x);

    if (!x) abort();
    for (size_t r = 0; r < n; r++)
        for (size_t c = 0; c < k; c++)
            x[r * k + c] = golden_number(exm_table_get(t, r, c + 1));
    return x;
}

static inline int
golden_ascending(const void *pa, const void *pb)
{
    const double a = *(const double *) pa, b = *(const double *) pb;

    return (a > b) - (a < b);
}

/* 1 when all agree.  NaN agrees with NaN only. */
static inline int
golden_agrees(const char *what, const double *got, const double *want, size_t n,
              double rtol, double floor)
{
    double *d = calloc(n + 1, sizeof *d), largest = 0.0, atol;
    size_t bad = 0;

    if (!d) abort();
    for (size_t i = 0; i < n; i++)
        if (isfinite(want[i]) && fabs(want[i]) > largest) largest = fabs(want[i]);
    atol = floor * largest;
    for (size_t i = 0; i < n; i++) {
        if (isnan(got[i]) || isnan(want[i]) || isinf(want[i])) {
            if (!(isnan(got[i]) && isnan(want[i])) && !(got[i] == want[i])) bad++;
            continue;
        }
        if (!(fabs(got[i] - want[i]) <= rtol * fabs(want[i]) + atol)) bad++;
        d[i] = want[i] != 0.0 ? fabs(got[i] - want[i]) / fabs(want[i]) : fabs(got[i]);
    }
    qsort(d, n, sizeof *d, golden_ascending);
    if (n > 0)
        printf(
            "  %-34s n %6zu  relative difference: max %.2e  99 %% %.2e  (allowed %.0e)%s\n",
            what, n, d[n - 1], d[(n - 1) * 99 / 100], rtol, bad ? "  DIFFERS" : "");
    free(d);
    return bad == 0;
}

#endif
