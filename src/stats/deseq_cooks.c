/* deseq_cooks.c - which single counts carry a row's fit. */
#include "deseq_impl.h"

#include "exomir/accum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_FROM = 3 }; /* samples that a cell needs for a variance of its own */
static const double least_disp = 0.04;

static int
ascending(const void *pa, const void *pb)
{
    const double a = *(const double *) pa, b = *(const double *) pb;

    return (a > b) - (a < b);
}

double
exm_deseq_trimmed_mean(double *x, size_t n, double trim)
{
    const size_t cut = (size_t) floor((double) n * trim);

    if (n == 0) return (double) NAN;
    qsort(x, n, sizeof *x, ascending);
    return exm_mean(x + cut, n - 2 * cut, 1);
}

/* How much is trimmed off samples of that size, and what makes the trimmed mean of squared
 * residuals a variance again. */
static double
trim_of(size_t n)
{
    return n <= 3 ? 1.0 / 3.0 : n <= 23 ? 1.0 / 4.0 : 1.0 / 8.0;
}

static double
scale_of(size_t n)
{
    return n <= 3 ? 2.04 : n <= 23 ? 1.86 : 1.51;
}

/* Of the n values in v, which are lost; x is room for as many. */
static double
trimmed_variance(double *v, double *x, size_t n, double trim, double scale)
{
    double mean;

    memcpy(x, v, n * sizeof *x);
    mean = exm_deseq_trimmed_mean(x, n, trim);
    for (size_t i = 0; i < n; i++) v[i] = (v[i] - mean) * (v[i] - mean);
    return scale * exm_deseq_trimmed_mean(v, n, trim);
}

double
exm_deseq_cooks_disp(deseq_work *w, const double *y)
{
    const deseq_model *m = w->m;
    double mean, var = -HUGE_VAL;
    int any = 0;

    for (size_t s = 0; s < m->n; s++) w->q[s] = y[s] / m->sf[s];
    mean = exm_mean(w->q, m->n, 1);
    for (size_t c = 0; c < m->n_cells; c++) {
        size_t k = 0;

        if (m->size[c] < CELL_FROM) continue;
        for (size_t s = 0; s < m->n; s++)
            if (m->cell[s] == c) w->value[k++] = w->q[s];
        var = fmax(var, trimmed_variance(w->value, w->scratch, k, trim_of(k), scale_of(k)));
        any = 1;
    }
    if (!any) {
        memcpy(w->value, w->q, m->n * sizeof *w->q);
        var = trimmed_variance(w->value, w->scratch, m->n, 1.0 / 8.0, 1.51);
    }
    return fmax((var - mean) / (mean * mean), least_disp);
}

void
exm_deseq_cooks(const deseq_model *m, const double *y, const double *mu, const double *h,
                double disp, double *ret)
{
    for (size_t s = 0; s < m->n; s++) {
        const double v = mu[s] + disp * mu[s] * mu[s], r = y[s] - mu[s];

        ret[s] = r * r / v / (double) m->p * h[s] / ((1.0 - h[s]) * (1.0 - h[s]));
    }
}
