/* golden_set.h - a golden matrix of counts with the design ~ batch + group of its R scripts. */
#ifndef EXM_TEST_GOLDEN_SET_H
#define EXM_TEST_GOLDEN_SET_H

#include "exomir/lsq.h"
#include "exomir/norm.h"
#include "golden.h"

typedef struct golden_set {
    double *y, *x;
    exm_counts c; /* all rows */
    exm_design d; /* without a column for a batch of one level */
} golden_set;

/* The column of the second level, by name, if there are two; returns the next column. */
static inline size_t
golden_add_levels(const exm_table *pheno, const char *col, double *x, size_t p, size_t k)
{
    const size_t at = exm_table_find(pheno, col), n = exm_table_rows(pheno);
    const char *base = exm_table_get(pheno, 0, at);
    int other = 0;

    for (size_t s = 0; s < n; s++)
        if (strcmp(exm_table_get(pheno, s, at), base) < 0)
            base = exm_table_get(pheno, s, at);
    for (size_t s = 0; s < n; s++) {
        x[s * p + k] = strcmp(exm_table_get(pheno, s, at), base) != 0;
        other |= x[s * p + k] > 0.0;
    }
    return other ? k + 1 : k;
}

static inline void
golden_set_read(const char *set, golden_set *g)
{
    char name[64];
    exm_table *t, *pheno;
    double *x;
    size_t n, p = 1;

    (void) snprintf(name, sizeof name, "in/%s_counts.tsv", set);
    t = golden_table(name);
    (void) snprintf(name, sizeof name, "in/%s_pheno.tsv", set);
    pheno = golden_table(name);
    n = exm_table_cols(t) - 1;
    g->y = golden_matrix(t);
    g->c = (exm_counts){g->y, exm_table_rows(t), n};
    x = calloc(n, 3 * sizeof *x);
    g->x = calloc(n, 3 * sizeof *g->x);
    if (!x || !g->x) abort();
    for (size_t s = 0; s < n; s++) x[s * 3] = 1.0;
    if (exm_table_find(pheno, "batch") != SIZE_MAX)
        p = golden_add_levels(pheno, "batch", x, 3, p);
    p = golden_add_levels(pheno, "group", x, 3, p);
    for (size_t s = 0; s < n; s++) memcpy(g->x + s * p, x + s * 3, p * sizeof *x);
    g->d = (exm_design){g->x, n, p};
    free(x);
    exm_table_free(t);
    exm_table_free(pheno);
}

static inline void
golden_set_done(golden_set *g)
{
    free(g->y);
    free(g->x);
}

#endif
