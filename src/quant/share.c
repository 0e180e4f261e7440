/*
 * share.c - reads that fit several features are shared by likelihood times abundance.
 *
 * The likelihood of a read under a feature follows from rates that the sample itself
 * shows on reads that fit one feature only: how often an end is shifted, a tail is added,
 * a base is wrong.  This is what lets 5,000 reads of let-7a explain the 8 that equal
 * let-7c by one sequencing error, without denying a let-7c that is really there: the EM
 * takes away what the errors of the neighbour account for, and no more.
 */
#include "share.h"

#include "exomir/em.h"

#include <math.h>
#include <stdlib.h>

enum { COVERED = 100 }; /* reads before a feature has a say in the rates */

/* Totals of one feature over the reads that fit it alone. */
struct totals {
    uint64_t reads, nt, subs;
    uint64_t d5[EXM_SHIFT_SLOTS], d3[EXM_SHIFT_SLOTS], tail[4];
};

static size_t
shift_slot(int d)
{
    if (d < -EXM_SHIFT_MAX) d = -EXM_SHIFT_MAX;
    if (d > EXM_SHIFT_MAX) d = EXM_SHIFT_MAX;
    d += EXM_SHIFT_MAX;
    return (size_t) d;
}

/* For libraries with next to no miRNA: round figures of the right shape, nothing more.
 * Products, not pow(): its last bits differ between CPUs. */
static exm_rates
default_rates(void)
{
    exm_rates r = {.tail = {0.92, 0.06, 0.015, 0.005}, .error = 0.002};
    double p5 = 0.04, p3 = 0.125;

    r.d5[shift_slot(0)] = 0.9;
    r.d3[shift_slot(0)] = 0.5;
    for (int d = 1; d <= EXM_SHIFT_MAX; d++) {
        r.d5[shift_slot(d)] = r.d5[shift_slot(-d)] = p5;
        r.d3[shift_slot(d)] = r.d3[shift_slot(-d)] = p3;
        p5 *= 0.2;
        p3 *= 0.5;
    }
    return r;
}

static void
collect(const exm_signatures *s, const uint32_t *feature_len, struct totals *t)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct exm_signature *l = s->list + i;
        exm_fit f;
        struct totals *to;
        long nt;

        if (l->n != 1) continue;
        f = exm_fit_unpack(s->word[l->at]);
        if (!f.has_shift) continue;
        to = t + f.feature;
        nt = (long) feature_len[f.feature] + f.d3 - f.d5;
        to->reads += l->count[0];
        to->nt += l->count[0] * (uint64_t) (nt > 0 ? nt : 0);
        to->subs += l->count[0] * f.n_sub;
        to->d5[shift_slot(f.d5)] += l->count[0];
        to->d3[shift_slot(f.d3)] += l->count[0];
        to->tail[f.n_tail & 3] += l->count[0];
    }
}

static int
by_value(const void *a, const void *b)
{
    const double x = *(const double *) a, y = *(const double *) b;

    return (x > y) - (x < y);
}

/* Shares of a histogram, summed over features and floored so that nothing is impossible. */
static void
add_shares(const uint64_t *hist, uint64_t total, size_t n, double *sum)
{
    for (size_t k = 0; k < n; k++) sum[k] += (double) hist[k] / (double) total;
}

static void
finish_shares(double *sum, size_t n, double features)
{
    const double floor_share = 1e-4;

    for (size_t k = 0; k < n; k++) sum[k] = fmax(sum[k] / features, floor_share);
}

exm_status
exm_rates_estimate(const exm_signatures *s, size_t n_features, const uint32_t *feature_len,
                   exm_rates *ret, exm_error *reterr)
{
    struct totals *t = calloc(n_features ? n_features : 1, sizeof *t);
    double *error = calloc(n_features ? n_features : 1, sizeof *error);
    exm_rates r = {0};
    size_t n = 0;

    if (!t || !error) {
        free(t);
        free(error);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to estimate rates");
    }
    collect(s, feature_len, t);
    for (size_t f = 0; f < n_features; f++) {
        if (t[f].reads < COVERED || t[f].nt == 0) continue;
        add_shares(t[f].d5, t[f].reads, EXM_SHIFT_SLOTS, r.d5);
        add_shares(t[f].d3, t[f].reads, EXM_SHIFT_SLOTS, r.d3);
        add_shares(t[f].tail, t[f].reads, 4, r.tail);
        error[n++] = (double) t[f].subs / (double) t[f].nt;
    }
    if (n == 0) {
        r = default_rates();
    } else {
        finish_shares(r.d5, EXM_SHIFT_SLOTS, (double) n);
        finish_shares(r.d3, EXM_SHIFT_SLOTS, (double) n);
        finish_shares(r.tail, 4, (double) n);
        qsort(error, n, sizeof *error, by_value);
        /* Below 1e-4 a handful of reads would decide; above 2 % it is not sequencing. */
        r.seen_error = error[n / 2];
        r.error = fmin(fmax(r.seen_error, 1e-4), 0.02);
        r.measured = 1;
    }
    free(t);
    free(error);
    *ret = r;
    return EXM_OK;
}

static double
largest(const double *v, size_t n)
{
    double most = 0.0;

    for (size_t i = 0; i < n; i++) most = fmax(most, v[i]);
    return most;
}

double
exm_rates_weight(const exm_rates *r, const exm_fit *f)
{
    double w;

    if (f->has_shift)
        w = r->d5[shift_slot(f->d5)] * r->d3[shift_slot(f->d3)];
    else
        w = largest(r->d5, EXM_SHIFT_SLOTS) * largest(r->d3, EXM_SHIFT_SLOTS);
    w *= r->tail[f->n_tail & 3];
    for (unsigned k = 0; k < f->n_tail; k++) w *= 0.25;
    for (unsigned k = 0; k < f->n_sub + f->n_add5; k++) w *= r->error / 3.0;
    return w;
}

exm_status
exm_share_run(const exm_signatures *s, const exm_rates *r, size_t n_features, int which,
              uint64_t *ret_em, exm_error *reterr)
{
    uint64_t *count = calloc(s->n ? s->n : 1, sizeof *count), total = 0;
    size_t *off = calloc(s->n + 1, sizeof *off);
    uint32_t *feature = calloc(s->n_words ? s->n_words : 1, sizeof *feature);
    double *weight = calloc(s->n_words ? s->n_words : 1, sizeof *weight);
    double *t = calloc(n_features ? n_features : 1, sizeof *t);
    const exm_em_options o = exm_em_defaults();
    exm_status st = EXM_ENOMEM;
    exm_error why;
    size_t k = 0;

    if (!count || !off || !feature || !weight || !t) {
        exm_fail(reterr, EXM_ENOMEM, 0, "no memory to share reads between features");
        goto done;
    }
    for (size_t i = 0; i < s->n; i++) {
        const struct exm_signature *l = s->list + i;

        count[i] = l->count[which];
        total += count[i];
        for (uint32_t j = 0; j < l->n; j++, k++) {
            const exm_fit f = exm_fit_unpack(s->word[l->at + j]);

            feature[k] = f.feature;
            weight[k] = exm_rates_weight(r, &f);
        }
        off[i + 1] = k;
    }
    st = exm_em_solve(&(exm_em_problem){.n_features = n_features,
                                        .n_classes = s->n,
                                        .count = count,
                                        .off = off,
                                        .feature = feature,
                                        .weight = weight},
                      &o, t, NULL, &why);
    /* Stopped at the iteration limit: the shares are usable, and the same on every run. */
    if (st == EXM_OK || st == EXM_ENOCONV)
        st = exm_em_round(n_features, t, total, ret_em, reterr);
    else if (reterr)
        *reterr = why;
done:
    free(count);
    free(off);
    free(feature);
    free(weight);
    free(t);
    return st;
}
