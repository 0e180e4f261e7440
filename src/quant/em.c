/*
 * em.c - expectation-maximisation over equivalence classes.
 *
 * Workload: 10^3 to 10^5 classes of 1 to ~30 features, some hundred iterations: a few ms.
 * Of 10^5 features and more (transcripts) most share no read, so an iteration touches only
 * those that do.  One thread and one order, so the same input gives the same bits.
 */
#include "exomir/em.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

exm_em_options
exm_em_defaults(void)
{
    return (exm_em_options){.max_iterations = 500, .tolerance = 1e-3};
}

static exm_status
check(const exm_em_problem *p, exm_error *reterr)
{
    for (size_t c = 0; c < p->n_classes; c++) {
        if (p->off[c + 1] < p->off[c] || (p->count[c] > 0 && p->off[c + 1] == p->off[c]))
            return exm_fail(reterr, EXM_EINVAL, c, "EM: class %zu fits no feature", c);
        for (size_t i = p->off[c]; i < p->off[c + 1]; i++)
            if (p->feature[i] >= p->n_features || !(p->weight[i] > 0.0) ||
                !isfinite(p->weight[i]))
                return exm_fail(reterr, EXM_EINVAL, c, "EM: class %zu has a bad entry", c);
    }
    return EXM_OK;
}

/* What a run works on: classes of one feature are added up once, before. */
struct run {
    const exm_em_problem *p;
    size_t *shared; /* classes of several features, in their order */
    size_t n_shared;
    size_t *moving; /* the features of those, ascending: the others' reads never change */
    size_t n_moving;
    double *alone, *t, *next; /* [n_features] */
};

static void
run_done(struct run *r)
{
    free(r->shared);
    free(r->moving);
    free(r->alone);
    free(r->t);
    free(r->next);
}

/* r->moving is zeroed, one per feature: marks first, then the list. */
static void
list_moving(struct run *r)
{
    const exm_em_problem *p = r->p;

    for (size_t k = 0; k < r->n_shared; k++)
        for (size_t i = p->off[r->shared[k]]; i < p->off[r->shared[k] + 1]; i++)
            r->moving[p->feature[i]] = 1;
    for (size_t f = 0; f < p->n_features; f++)
        if (r->moving[f]) r->moving[r->n_moving++] = f;
}

static exm_status
run_init(struct run *r, const exm_em_problem *p, exm_error *reterr)
{
    const size_t n = p->n_features ? p->n_features : 1;

    *r = (struct run){.p = p,
                      .shared = calloc(p->n_classes ? p->n_classes : 1, sizeof(size_t)),
                      .moving = calloc(n, sizeof(size_t)),
                      .alone = calloc(n, sizeof(double)),
                      .t = calloc(n, sizeof(double)),
                      .next = calloc(n, sizeof(double))};
    if (!r->shared || !r->moving || !r->alone || !r->t || !r->next) {
        run_done(r);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu features", p->n_features);
    }
    for (size_t c = 0; c < p->n_classes; c++) {
        if (p->count[c] == 0) continue;
        if (p->off[c + 1] - p->off[c] == 1)
            r->alone[p->feature[p->off[c]]] += (double) p->count[c];
        else
            r->shared[r->n_shared++] = c;
    }
    list_moving(r);
    memcpy(r->t, r->alone, n * sizeof *r->t);
    memcpy(r->next, r->alone, n * sizeof *r->next);
    return EXM_OK;
}

/* One class: its reads go to the features by weight times abundance t; by weight alone
 * where t is NULL or nobody has a claim yet. */
static void
split(const exm_em_problem *p, size_t c, const double *t, double *next)
{
    const double count = (double) p->count[c];
    const size_t from = p->off[c], to = p->off[c + 1];
    double sum = 0.0;

    for (size_t i = from; t && i < to; i++) sum += p->weight[i] * t[p->feature[i]];
    if (sum > 0.0) {
        for (size_t i = from; i < to; i++)
            next[p->feature[i]] += count * (p->weight[i] * t[p->feature[i]] / sum);
        return;
    }
    sum = 0.0;
    for (size_t i = from; i < to; i++) sum += p->weight[i];
    for (size_t i = from; i < to; i++) next[p->feature[i]] += count * (p->weight[i] / sum);
}

/* Expected reads 'next' under abundances t (NULL: all features alike). */
static void
step(const struct run *r, const double *t, double *next)
{
    for (size_t k = 0; k < r->n_moving; k++) next[r->moving[k]] = r->alone[r->moving[k]];
    for (size_t k = 0; k < r->n_shared; k++) split(r->p, r->shared[k], t, next);
}

/* fmax() is a call, for the sake of NaN, of which there is none here. */
static double
larger(double a, double b)
{
    return a > b ? a : b;
}

exm_status
exm_em_solve(const exm_em_problem *p, const exm_em_options *o, double *ret_t,
             unsigned *ret_iterations, exm_error *reterr)
{
    struct run r = {.p = p};
    double change = HUGE_VAL;
    unsigned k = 0;
    exm_status st;

    if (!p || !o || !ret_t)
        return exm_fail(reterr, EXM_EINVAL, 0, "EM: an argument is NULL");
    st = check(p, reterr);
    if (st == EXM_OK) st = run_init(&r, p, reterr);
    if (st != EXM_OK) return st;
    step(&r, NULL, r.t);
    while (change >= o->tolerance && k < o->max_iterations) {
        double *swap = r.t;

        step(&r, r.t, r.next);
        change = 0.0;
        for (size_t i = 0; i < r.n_moving; i++) {
            const size_t f = r.moving[i];

            change = larger(change, fabs(r.next[f] - r.t[f]));
        }
        r.t = r.next;
        r.next = swap;
        k++;
    }
    memcpy(ret_t, r.t, p->n_features * sizeof *ret_t);
    if (ret_iterations) *ret_iterations = k;
    run_done(&r);
    if (change >= o->tolerance)
        return exm_fail(reterr, EXM_ENOCONV, k,
                        "EM: change of %.3g reads after %u iterations", change, k);
    return EXM_OK;
}

struct remainder {
    double rest;
    size_t i;
};

static int
largest_first(const void *pa, const void *pb)
{
    const struct remainder *a = pa, *b = pb;

    if (a->rest != b->rest) return a->rest > b->rest ? -1 : 1;
    return (a->i > b->i) - (a->i < b->i);
}

exm_status
exm_em_round(size_t n, const double *t, uint64_t total, uint64_t *ret, exm_error *reterr)
{
    struct remainder *r = calloc(n ? n : 1, sizeof *r);
    uint64_t *whole = calloc(n ? n : 1, sizeof *whole), sum = 0;
    size_t largest = 0;
    double all = 0.0;
    exm_status st = EXM_OK;

    if (!r || !whole) {
        st = exm_fail(reterr, EXM_ENOMEM, 0, "no memory to round %zu counts", n);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        if (!(t[i] >= 0.0) || !(t[i] < 1.8e19)) {
            st = exm_fail(reterr, EXM_EDATA, i, "count %zu is no number >= 0", i);
            goto done;
        }
        all += t[i];
        whole[i] = (uint64_t) t[i];
        r[i] = (struct remainder){t[i] - (double) whole[i], i};
        sum += whole[i];
        if (whole[i] > whole[largest]) largest = i;
    }
    /* Beyond 2^53 a sum of doubles is off by more than 1 without anyone being wrong. */
    if (fabs(all - (double) total) >= fmax(1.0, all * 1e-12)) {
        st = exm_fail(reterr, EXM_EDATA, n, "counts add up to %.6g instead of %llu", all,
                      (unsigned long long) total);
        goto done;
    }
    if (n > 0) qsort(r, n, sizeof *r, largest_first);
    for (size_t k = 0; sum < total && k < n && r[k].rest > 0.0; k++, sum++)
        whole[r[k].i]++; /* a whole number has nothing to round up */
    for (size_t k = n; sum > total && k-- > 0;) { /* rounding went up: the least loses */
        if (whole[r[k].i] == 0) continue;
        whole[r[k].i]--;
        sum--;
    }
    if (sum != total) whole[largest] += total - sum; /* its last bits: see above */
    if (n > 0) memcpy(ret, whole, n * sizeof *whole);
done:
    free(r);
    free(whole);
    return st;
}
