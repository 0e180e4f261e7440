/*
 * norm.c - factors that make samples comparable.
 *
 * Workload: 10^2 to 10^4 features, 4 to 10^4 samples.  Samples are the outer loop of every
 * method but rows are contiguous, so a sample is first gathered into a column; quantiles and
 * trimming select instead of sorting.
 */
#include "exomir/norm.h"

#include "exomir/accum.h"
#include "exomir/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POOL_COLUMNS = 8 }; /* vectors of n_features that the methods work with */

static const double log_ratio_trim = 0.3, sum_trim = 0.05, same_m = 1e-6;

/* What a method works with; col[] are scratch vectors of n_features. */
struct work {
    const exm_counts *c;
    double *lib;        /* [n_samples] */
    unsigned char *any; /* [n_features] has a count at all */
    double *col[POOL_COLUMNS];
    double *mem;
};

exm_status
exm_counts_validate(const exm_counts *c, exm_error *reterr)
{
    if (!c || (!c->y && c->n_features > 0 && c->n_samples > 0))
        return exm_fail(reterr, EXM_EINVAL, 0, "no counts");
    for (size_t i = 0; i < c->n_features * c->n_samples; i++)
        if (!(c->y[i] >= 0.0) || !isfinite(c->y[i]))
            return exm_fail(
                reterr, EXM_EDATA, i,
                "count %g of feature %zu in sample %zu is negative or no number", c->y[i],
                i / c->n_samples + 1, i % c->n_samples + 1);
    return EXM_OK;
}

void
exm_counts_lib(const exm_counts *c, double *ret_lib)
{
    for (size_t s = 0; s < c->n_samples; s++)
        ret_lib[s] = exm_sum(c->y + s, c->n_features, c->n_samples);
}

static void
work_done(struct work *w)
{
    free(w->lib);
    free(w->any);
    free(w->mem);
}

static exm_status
check_lib(const double *lib, size_t n, exm_error *reterr)
{
    for (size_t s = 0; s < n; s++)
        if (!(lib[s] > 0.0) || !isfinite(lib[s]))
            return exm_fail(reterr, EXM_EDATA, s, "the library size of sample %zu is %g",
                            s + 1, lib[s]);
    return EXM_OK;
}

static exm_status
work_init(struct work *w, const exm_counts *c, const double *lib, exm_error *reterr)
{
    const size_t nf = c ? c->n_features : 0, ns = c ? c->n_samples : 0;
    exm_status st = exm_counts_validate(c, reterr);

    *w = (struct work){.c = c};
    if (st != EXM_OK) return st;
    w->lib = calloc(ns + 1, sizeof *w->lib);
    w->any = calloc(nf + 1, 1);
    w->mem = calloc(nf + 1, POOL_COLUMNS * sizeof *w->mem);
    if (!w->lib || !w->any || !w->mem) {
        work_done(w);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to normalise %zu x %zu counts",
                        nf, ns);
    }
    for (size_t i = 0; i < POOL_COLUMNS; i++) w->col[i] = w->mem + i * (nf + 1);
    if (lib)
        memcpy(w->lib, lib, ns * sizeof *lib);
    else
        exm_counts_lib(c, w->lib);
    for (size_t f = 0; f < nf; f++)
        for (size_t s = 0; s < ns && !w->any[f]; s++) w->any[f] = c->y[f * ns + s] > 0.0;
    st = check_lib(w->lib, ns, reterr);
    if (st != EXM_OK) work_done(w);
    return st;
}

/* One sample's counts of the features that have any; returns how many. */
static size_t
gather(const struct work *w, size_t sample, double *ret)
{
    size_t n = 0;

    for (size_t f = 0; f < w->c->n_features; f++)
        if (w->any[f]) ret[n++] = w->c->y[f * w->c->n_samples + sample];
    return n;
}

static double
upper_quartile(const struct work *w, size_t sample)
{
    const size_t n = gather(w, sample, w->col[0]);

    return exm_order_quantile(w->col[0], n, 0.75) / w->lib[sample];
}

/* ---- the reference sample ---- */

static size_t
deepest(const struct work *w)
{
    size_t best = 0;
    double most = -1.0;

    for (size_t s = 0; s < w->c->n_samples; s++) {
        exm_accum a = {0.0, 0.0};

        for (size_t f = 0; f < w->c->n_features; f++)
            exm_accum_add(&a, sqrt(w->c->y[f * w->c->n_samples + s]));
        if (exm_accum_get(&a) > most) {
            most = exm_accum_get(&a);
            best = s;
        }
    }
    return best;
}

/* q: scratch [n_samples]. */
static size_t
most_typical(const struct work *w, double *q)
{
    const size_t n = w->c->n_samples;
    double mean, least = HUGE_VAL;
    size_t best = 0;

    for (size_t s = 0; s < n; s++) q[s] = upper_quartile(w, s);
    mean = exm_mean(q, n, 1);
    for (size_t s = 0; s < n; s++) {
        if (fabs(q[s] - mean) >= least) continue;
        least = fabs(q[s] - mean);
        best = s;
    }
    return exm_order_median(q, n) < 1e-20 ? deepest(w) : best;
}

/* ---- TMM ---- */

/* Variance of M by the delta method, for counts o of nO and r of nR. */
static double
m_variance(double o, double n_o, double r, double n_r)
{
    return (n_o - o) / n_o / o + (n_r - r) / n_r / r;
}

/* 1-based first rank that stays when a share is cut off each end. */
static double
first_rank(size_t n, double share)
{
    return floor((double) n * share) + 1.0;
}

static double
tmm(const struct work *w, size_t sample, size_t ref)
{
    double *o = w->col[0], *r = w->col[1], *m = w->col[2], *a = w->col[3], *x = w->col[4];
    const double n_o = w->lib[sample], n_r = w->lib[ref];
    const size_t all = gather(w, sample, o);
    double largest = 0.0, m_lo, m_hi, a_lo, a_hi, lo;
    exm_accum top = {0.0, 0.0}, bottom = {0.0, 0.0};
    size_t n = 0;

    (void) gather(w, ref, r);
    for (size_t f = 0; f < all; f++) {
        if (o[f] <= 0.0 || r[f] <= 0.0) continue;
        o[n] = o[f];
        r[n] = r[f];
        m[n] = log2((o[n] / n_o) / (r[n] / n_r));
        a[n] = (log2(o[n] / n_o) + log2(r[n] / n_r)) / 2.0;
        largest = fmax(largest, fabs(m[n]));
        n++;
    }
    if (n == 0 || largest < same_m) return 1.0;
    memcpy(x, m, n * sizeof *x);
    lo = first_rank(n, log_ratio_trim);
    exm_order_rank_window(x, n, lo, (double) n + 1.0 - lo, &m_lo, &m_hi);
    memcpy(x, a, n * sizeof *x);
    lo = first_rank(n, sum_trim);
    exm_order_rank_window(x, n, lo, (double) n + 1.0 - lo, &a_lo, &a_hi);
    for (size_t f = 0; f < n; f++) {
        double v;

        if (m[f] < m_lo || m[f] > m_hi || a[f] < a_lo || a[f] > a_hi) continue;
        v = m_variance(o[f], n_o, r[f], n_r);
        exm_accum_add(&top, m[f] / v);
        exm_accum_add(&bottom, 1.0 / v);
    }
    return exm_accum_get(&bottom) > 0.0 ? exp2(exm_accum_get(&top) / exm_accum_get(&bottom))
                                        : 1.0;
}

/* ---- TMM with singleton pairing ---- */

static int
descending(const void *pa, const void *pb)
{
    const double a = *(const double *) pa, b = *(const double *) pb;

    return (a < b) - (a > b);
}

struct ratio {
    double m, shrunk, a;
    size_t i;
};

static int
by_m(const void *pa, const void *pb)
{
    const struct ratio *x = pa, *y = pb;

    if (x->m != y->m) return x->m < y->m ? -1 : 1;
    if (x->shrunk != y->shrunk) return x->shrunk < y->shrunk ? -1 : 1;
    return (x->i > y->i) - (x->i < y->i);
}

static int
by_a(const void *pa, const void *pb)
{
    const struct ratio *x = pa, *y = pb;

    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return (x->i > y->i) - (x->i < y->i);
}

/* Both counts positive in front, then the one-sided ones paired off by size. */
static size_t
pair_singletons(const struct work *w, size_t sample, size_t ref, double *o, double *r)
{
    double *only_o = w->col[2], *only_r = w->col[3];
    const size_t all = gather(w, sample, o);
    size_t n = 0, n_o = 0, n_r = 0;

    (void) gather(w, ref, r);
    for (size_t f = 0; f < all; f++) {
        if (o[f] > 0.0 && r[f] > 0.0) {
            o[n] = o[f];
            r[n++] = r[f];
        } else if (o[f] > 0.0) {
            only_o[n_o++] = o[f];
        } else if (r[f] > 0.0) {
            only_r[n_r++] = r[f];
        }
    }
    qsort(only_o, n_o, sizeof *only_o, descending);
    qsort(only_r, n_r, sizeof *only_r, descending);
    for (size_t k = 0; k < n_o && k < n_r; k++) {
        o[n] = only_o[k];
        r[n++] = only_r[k];
    }
    return n;
}

static void
mark_middle(const struct ratio *v, size_t n, double share, double bit, double *mark)
{
    const size_t lo = (size_t) first_rank(n, share) - 1;

    for (size_t k = lo; k < n - lo; k++) mark[v[k].i] += bit;
}

static exm_status
tmmwsp(const struct work *w, size_t sample, size_t ref, double *ret, exm_error *reterr)
{
    double *o = w->col[0], *r = w->col[1], *mark = w->col[4], *m = w->col[5];
    const double n_o = w->lib[sample], n_r = w->lib[ref];
    const size_t n = pair_singletons(w, sample, ref, o, r);
    struct ratio *v = calloc(n + 1, sizeof *v);
    exm_accum top = {0.0, 0.0}, bottom = {0.0, 0.0};
    double largest = 0.0;

    if (!v) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to normalise");
    for (size_t i = 0; i < n; i++) {
        const double p = o[i] / n_o, q = r[i] / n_r;

        m[i] = log2(p / q);
        mark[i] = 0.0;
        largest = fmax(largest, fabs(m[i]));
        v[i] = (struct ratio){
            .m = m[i],
            .shrunk = log2(((o[i] + 0.5) / (n_o + 0.5)) / ((r[i] + 0.5) / (n_r + 0.5))),
            .a = 0.5 * log2(p * q),
            .i = i};
    }
    *ret = 1.0;
    if (n > 0 && largest >= same_m) {
        qsort(v, n, sizeof *v, by_m);
        mark_middle(v, n, log_ratio_trim, 1.0, mark);
        qsort(v, n, sizeof *v, by_a);
        mark_middle(v, n, sum_trim, 2.0, mark);
        for (size_t i = 0; i < n; i++) {
            const double p = o[i] / n_o, q = r[i] / n_r;
            double weight;

            if (mark[i] < 3.0) continue;
            weight = (1.0 + 1e-6) / ((1.0 - p) / p / n_o + (1.0 - q) / q / n_r + 1e-6);
            exm_accum_add(&top, weight * m[i]);
            exm_accum_add(&bottom, weight);
        }
        *ret = exp2(exm_accum_get(&top) / exm_accum_get(&bottom));
    }
    free(v);
    return EXM_OK;
}

/* ---- RLE and size factors ---- */

/* Log geometric mean of a feature; positive_only: zeros count as 1, else they give -Inf. */
static double
log_geometric_mean(const double *y, size_t n, int positive_only)
{
    exm_accum a = {0.0, 0.0};
    int any = 0;

    for (size_t s = 0; s < n; s++) {
        if (y[s] > 0.0) {
            exm_accum_add(&a, log(y[s]));
            any = 1;
        } else if (!positive_only) {
            return -HUGE_VAL;
        }
    }
    return any ? exm_accum_get(&a) / (double) n : -HUGE_VAL;
}

static exm_status
rle(const struct work *w, double *ret_f, exm_error *reterr)
{
    const size_t n = w->c->n_samples;
    double *gm = w->col[0], *x = w->col[1];

    for (size_t f = 0; f < w->c->n_features; f++)
        gm[f] = exp(log_geometric_mean(w->c->y + f * n, n, 0));
    for (size_t s = 0; s < n; s++) {
        size_t k = 0;

        for (size_t f = 0; f < w->c->n_features; f++)
            if (gm[f] > 0.0) x[k++] = w->c->y[f * n + s] / gm[f];
        if (k == 0)
            return exm_fail(reterr, EXM_EDATA, 0,
                            "RLE: no feature has a count in every sample");
        ret_f[s] = exm_order_median(x, k) / w->lib[s];
    }
    return EXM_OK;
}

static void
scale_to_one(double *f, size_t n)
{
    exm_accum a = {0.0, 0.0};
    double mean;

    for (size_t s = 0; s < n; s++) exm_accum_add(&a, log(f[s]));
    mean = exp(exm_accum_get(&a) / (double) n);
    for (size_t s = 0; s < n; s++) f[s] /= mean;
}

exm_status
exm_norm_size_factors(const exm_counts *c, int poscounts, double *ret_sf, exm_error *reterr)
{
    struct work w;
    double *gm, *x, *sf;
    exm_status st = work_init(&w, c, NULL, reterr);

    if (st != EXM_OK) return st;
    gm = w.col[0];
    x = w.col[1];
    sf = w.lib; /* the sums are not needed here */
    for (size_t f = 0; f < c->n_features; f++)
        gm[f] = log_geometric_mean(c->y + f * c->n_samples, c->n_samples, poscounts);
    for (size_t s = 0; s < c->n_samples && st == EXM_OK; s++) {
        size_t k = 0;

        for (size_t f = 0; f < c->n_features; f++) {
            const double y = c->y[f * c->n_samples + s];

            if (isfinite(gm[f]) && y > 0.0) x[k++] = log(y) - gm[f];
        }
        if (k == 0)
            st = exm_fail(reterr, EXM_EDATA, s, "size factors: %s; 'poscounts' takes zeros",
                          "no feature has a count in every sample");
        else
            sf[s] = exp(exm_order_median(x, k));
    }
    if (st == EXM_OK) memcpy(ret_sf, sf, c->n_samples * sizeof *sf);
    work_done(&w);
    return st;
}

/* ---- factors ---- */

static exm_status
upper_quartiles(const struct work *w, double *ret_f, exm_error *reterr)
{
    for (size_t s = 0; s < w->c->n_samples; s++) {
        ret_f[s] = upper_quartile(w, s);
        if (!(ret_f[s] > 0.0))
            return exm_fail(reterr, EXM_EDATA, s,
                            "upper quartile: three quarters of the features of sample %zu "
                            "have no count",
                            s + 1);
    }
    return EXM_OK;
}

static exm_status
raw_factors(const struct work *w, exm_norm_method method, double *f, exm_error *reterr)
{
    const size_t n = w->c->n_samples;
    exm_status st = EXM_OK;
    size_t ref;

    switch (method) {
    case EXM_NORM_TMM:
        ref = most_typical(w, f);
        for (size_t s = 0; s < n; s++) f[s] = tmm(w, s, ref);
        return EXM_OK;
    case EXM_NORM_TMMWSP:
        ref = deepest(w);
        for (size_t s = 0; s < n && st == EXM_OK; s++)
            st = tmmwsp(w, s, ref, f + s, reterr);
        return st;
    case EXM_NORM_RLE:
        return rle(w, f, reterr);
    case EXM_NORM_UQ:
        return upper_quartiles(w, f, reterr);
    case EXM_NORM_NONE:
        break;
    }
    for (size_t s = 0; s < n; s++) f[s] = 1.0;
    return EXM_OK;
}

exm_status
exm_norm_factors(const exm_counts *c, const double *lib, exm_norm_method method,
                 double *ret_f, exm_error *reterr)
{
    struct work w;
    double *f;
    exm_status st;

    if (!ret_f) return exm_fail(reterr, EXM_EINVAL, 0, "ret_f is NULL");
    st = work_init(&w, c, lib, reterr);
    if (st != EXM_OK) return st;
    f = calloc(c->n_samples + 1, sizeof *f);
    if (!f) st = exm_fail(reterr, EXM_ENOMEM, 0, "no memory for factors");
    if (st == EXM_OK) st = raw_factors(&w, method, f, reterr);
    if (st == EXM_OK) {
        scale_to_one(f, c->n_samples);
        memcpy(ret_f, f, c->n_samples * sizeof *f);
    }
    free(f);
    work_done(&w);
    return st;
}

/* ---- CPM and the filter ---- */

exm_status
exm_norm_log_cpm(const exm_counts *c, const double *lib, double prior, double *ret,
                 exm_error *reterr)
{
    const double million = 1e6;
    struct work w;
    double mean;
    exm_status st;

    if (!ret || !(prior > 0.0))
        return exm_fail(reterr, EXM_EINVAL, 0,
                        "ret is NULL, or the prior count is not > 0");
    st = work_init(&w, c, lib, reterr);
    if (st != EXM_OK) return st;
    mean = exm_mean(w.lib, c->n_samples, 1);
    for (size_t s = 0; s < c->n_samples; s++) {
        const double q = prior * w.lib[s] / mean, all = w.lib[s] + 2.0 * q;

        for (size_t f = 0; f < c->n_features; f++)
            ret[f * c->n_samples + s] =
                log2((c->y[f * c->n_samples + s] + q) / all * million);
    }
    work_done(&w);
    return EXM_OK;
}

exm_norm_filter_options
exm_norm_filter_defaults(void)
{
    return (exm_norm_filter_options){
        .min_count = 10.0, .min_total = 15.0, .large_n = 10.0, .min_prop = 0.7};
}

exm_status
exm_norm_filter(const exm_counts *c, const double *lib, double smallest,
                const exm_norm_filter_options *o, unsigned char *ret_keep,
                exm_error *reterr)
{
    const double tolerance = 1e-14;
    const exm_norm_filter_options opt = o ? *o : exm_norm_filter_defaults();
    struct work w;
    double cutoff, *sorted, k = smallest;
    exm_status st;

    if (!ret_keep || !(smallest > 0.0))
        return exm_fail(reterr, EXM_EINVAL, 0, "filter: ret_keep is NULL, or no group");
    st = work_init(&w, c, lib, reterr);
    if (st != EXM_OK) return st;
    sorted = calloc(c->n_samples + 1, sizeof *sorted);
    if (!sorted) {
        work_done(&w);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the filter");
    }
    memcpy(sorted, w.lib, c->n_samples * sizeof *sorted);
    cutoff = opt.min_count / exm_order_median(sorted, c->n_samples) * 1e6;
    if (k > opt.large_n) k = opt.large_n + (k - opt.large_n) * opt.min_prop;
    for (size_t f = 0; f < c->n_features; f++) {
        const double *y = c->y + f * c->n_samples;
        double in = 0.0;

        for (size_t s = 0; s < c->n_samples; s++) in += y[s] / w.lib[s] * 1e6 >= cutoff;
        ret_keep[f] =
            in >= k - tolerance && exm_sum(y, c->n_samples, 1) >= opt.min_total - tolerance;
    }
    free(sorted);
    work_done(&w);
    return EXM_OK;
}
