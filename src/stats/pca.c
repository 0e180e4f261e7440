/*
 * pca.c - principal components by subspace iteration.
 *
 * Workload: 10^2 to 10^4 features x 4 to 10^4 samples, two or three components for a picture.
 * A block of k + 4 vectors is multiplied by X'X and made orthonormal until its Ritz values
 * stand; the small symmetric problem is solved by Jacobi's rotations.  No random start, no
 * library routine: the same bits everywhere.
 */
#include "exomir/pca.h"

#include "exomir/accum.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { EXTRA = 4, ROUNDS = 300, SWEEPS = 60 };
static const double settled = 1e-13, dependent = 1e-12;

struct block {
    size_t nf, n, b;   /* b vectors of length n */
    double *x;         /* centred */
    double *v, *w, *u; /* [b][n], [b][n], [n] */
    double *small;     /* [b][b], and [b][n] behind it */
    double *turn;      /* [b][b] */
    double *value;     /* [b] */
};

static double
dot(const double *a, const double *b, size_t n)
{
    double s = 0.0;

    for (size_t i = 0; i < n; i++) s += a[i] * b[i];
    return s;
}

/* v becomes orthonormal by Gram and Schmidt, twice; what depends on earlier ones becomes 0. */
static void
orthonormalise(struct block *k, double *v)
{
    for (size_t i = 0; i < k->b; i++) {
        double *a = v + i * k->n, length = sqrt(dot(a, a, k->n)), left;

        for (int twice = 0; twice < 2; twice++)
            for (size_t j = 0; j < i; j++) {
                const double *e = v + j * k->n, s = dot(a, e, k->n);

                for (size_t t = 0; t < k->n; t++) a[t] -= s * e[t];
            }
        left = sqrt(dot(a, a, k->n));
        for (size_t t = 0; t < k->n; t++)
            a[t] = left > dependent * length && left > 0.0 ? a[t] / left : 0.0;
    }
}

/* w = X'X v, vector by vector. */
static void
multiply(struct block *k)
{
    for (size_t i = 0; i < k->b; i++) {
        const double *v = k->v + i * k->n;
        double *w = k->w + i * k->n;

        memset(w, 0, k->n * sizeof *w);
        for (size_t f = 0; f < k->nf; f++) {
            const double *row = k->x + f * k->n, s = dot(row, v, k->n);

            for (size_t t = 0; t < k->n; t++) w[t] += s * row[t];
        }
    }
}

/* Rotation that puts a[p][q] to 0, applied to a and gathered in turn. */
static void
rotate(double *a, double *turn, size_t b, size_t p, size_t q)
{
    const double apq = a[p * b + q], theta = (a[q * b + q] - a[p * b + p]) / (2.0 * apq);
    const double t =
        (theta >= 0.0 ? 1.0 : -1.0) / (fabs(theta) + sqrt(theta * theta + 1.0));
    const double c = 1.0 / sqrt(t * t + 1.0), s = t * c;

    for (size_t k = 0; k < b; k++) {
        const double x = a[k * b + p], y = a[k * b + q];

        a[k * b + p] = c * x - s * y;
        a[k * b + q] = s * x + c * y;
    }
    for (size_t k = 0; k < b; k++) {
        const double x = a[p * b + k], y = a[q * b + k];

        a[p * b + k] = c * x - s * y;
        a[q * b + k] = s * x + c * y;
    }
    for (size_t k = 0; k < b; k++) {
        const double x = turn[k * b + p], y = turn[k * b + q];

        turn[k * b + p] = c * x - s * y;
        turn[k * b + q] = s * x + c * y;
    }
}

/* Eigenvectors of the symmetric small to the columns of turn, values to its diagonal. */
static void
jacobi(struct block *k)
{
    const size_t b = k->b;

    memset(k->turn, 0, b * b * sizeof *k->turn);
    for (size_t i = 0; i < b; i++) k->turn[i * b + i] = 1.0;
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        double off = 0.0, on = 0.0;

        for (size_t p = 0; p < b; p++) {
            on += fabs(k->small[p * b + p]);
            for (size_t q = p + 1; q < b; q++) off += fabs(k->small[p * b + q]);
        }
        if (!(off > 1e-15 * on)) return;
        for (size_t p = 0; p < b; p++)
            for (size_t q = p + 1; q < b; q++)
                if (k->small[p * b + q] != 0.0) rotate(k->small, k->turn, b, p, q);
    }
}

/* v becomes v turned to the eigenvectors, the largest first; returns how far values moved. */
static double
settle(struct block *k, double *before)
{
    const size_t b = k->b;
    double moved = 0.0;

    for (size_t i = 0; i < b; i++)
        for (size_t j = 0; j < b; j++)
            k->small[i * b + j] = dot(k->v + i * k->n, k->w + j * k->n, k->n);
    jacobi(k);
    for (size_t i = 0; i < b; i++) {
        size_t best = SIZE_MAX;

        for (size_t j = 0; j < b; j++)
            if (!isnan(k->small[j * b + j]) &&
                (best == SIZE_MAX || k->small[j * b + j] > k->small[best * b + best]))
                best = j;
        k->value[i] = k->small[best * b + best];
        k->small[best * b + best] = (double) NAN; /* taken */
        memset(k->u, 0, k->n * sizeof *k->u);
        for (size_t j = 0; j < b; j++)
            for (size_t t = 0; t < k->n; t++)
                k->u[t] += k->turn[j * b + best] * k->w[j * k->n + t];
        memcpy(k->small + b * b + i * k->n, k->u, k->n * sizeof *k->u);
        moved = fmax(moved, fabs(k->value[i] - before[i]));
        before[i] = k->value[i];
    }
    memcpy(k->v, k->small + b * b, b * k->n * sizeof *k->v);
    return moved;
}

static void
iterate(struct block *k, double *before)
{
    /* A start without symmetry. */
    for (size_t i = 0; i < k->b; i++)
        for (size_t t = 0; t < k->n; t++)
            k->v[i * k->n + t] =
                1.0 / (double) (1 + (t * (2 * i + 3) + i * i) % (k->n + 1 + i));
    orthonormalise(k, k->v);
    for (int round = 0; round < ROUNDS; round++) {
        multiply(k);
        if (settle(k, before) <= settled * fabs(before[0]) && round > 0) break;
        orthonormalise(k, k->v);
    }
    orthonormalise(k, k->v);
}

static void
put_scores(const struct block *k, double total, size_t wanted, double *score, double *share)
{
    for (size_t i = 0; i < wanted; i++) {
        const int there = i < k->b && total > 0.0 && k->value[i] > 1e-12 * total;
        const double d = there ? sqrt(k->value[i]) : 0.0;
        double most = 0.0, sign = 1.0;

        share[i] = there ? k->value[i] / total : 0.0;
        for (size_t t = 0; t < k->n; t++) {
            const double v = there ? k->v[i * k->n + t] : 0.0;

            if (fabs(v) > most * (1.0 + 1e-9)) {
                most = fabs(v);
                sign = v < 0.0 ? -1.0 : 1.0;
            }
        }
        for (size_t t = 0; t < k->n; t++)
            score[t * wanted + i] = there ? sign * d * k->v[i * k->n + t] : 0.0;
    }
}

exm_status
exm_pca(size_t n_features, size_t n_samples, const double *x, size_t k, double *ret_score,
        double *ret_share, exm_error *reterr)
{
    const size_t n = n_samples, b = k + EXTRA < n ? k + EXTRA : n;
    struct block w = {.nf = n_features, .n = n, .b = b};
    exm_accum total = {0.0, 0.0};
    double *mem;

    if (!x || !ret_score || !ret_share || k == 0 || n == 0)
        return exm_fail(reterr, EXM_EINVAL, 0, "components: an argument is NULL or 0");
    for (size_t i = 0; i < n_features * n; i++)
        if (!isfinite(x[i])) return exm_fail(reterr, EXM_EDATA, i, "a value is not finite");
    mem = calloc(n_features * n + 3 * b * n + n + 2 * b * b + 2 * b + 1, sizeof *mem);
    if (!mem)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for components of %zu x %zu",
                        n_features, n);
    w.x = mem;
    w.v = w.x + n_features * n;
    w.w = w.v + b * n;
    w.u = w.w + b * n;
    w.turn = w.u + n;
    w.value = w.turn + b * b;
    w.small = w.value + 2 * b; /* and b vectors behind it */
    for (size_t f = 0; f < n_features; f++) {
        const double mean = exm_mean(x + f * n, n, 1);

        for (size_t s = 0; s < n; s++) {
            const double c = x[f * n + s] - mean;

            w.x[f * n + s] = c;
            exm_accum_add(&total, c * c);
        }
    }
    iterate(&w, w.value + b);
    put_scores(&w, exm_accum_get(&total), k, ret_score, ret_share);
    free(mem);
    return EXM_OK;
}
