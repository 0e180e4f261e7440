/*
 * umi_fold.c - the table of inserts and UMIs becomes the table of inserts and molecules.
 *
 * Workload: up to 10^8 rows of 32 bytes.  They are sorted by insert where they lie: one
 * radix pass by hash (American flag: every row is moved at most once), then each bucket on
 * its own.
 */
#include "umi_impl.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

enum {
    BUCKET_ROWS = 64, /* about */
    BUCKET_BITS = 16,
    FEW_COPIES = 1024 /* molecules with fewer reads are counted in an array */
};

typedef uint64_t urow[EXM_UMI_WORDS];

struct exm_umi_tally {
    exm_umi_options o;
    exm_umi_work *work;
    exm_umi_tag *tag; /* of one insert */
    size_t cap_tags;
    uint64_t pairs;
    uint64_t few[FEW_COPIES]; /* molecules by reads */
    uint64_t *many;           /* reads of each other molecule */
    size_t n_many, cap_many;
    exm_umi_copies *copies;
};

exm_status
exm_umi_tally_new(const exm_umi_options *o, exm_umi_tally **ret, exm_error *reterr)
{
    exm_umi_tally *t;
    exm_status st;

    if (!o || !ret || (unsigned) o->dedup >= EXM_UMI_DEDUP_COUNT)
        return exm_fail(reterr, EXM_EINVAL, 0, "umi: bad arguments");
    t = calloc(1, sizeof *t);
    if (!t) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to count molecules");
    t->o = *o;
    st = exm_umi_work_new(&t->work, reterr);
    if (st != EXM_OK) {
        exm_umi_tally_free(t);
        return st;
    }
    *ret = t;
    return EXM_OK;
}

void
exm_umi_tally_free(exm_umi_tally *t)
{
    if (!t) return;
    exm_umi_work_free(t->work);
    free(t->tag);
    free(t->many);
    free(t->copies);
    free(t);
}

/* ---- rows by insert ---- */

static size_t
bucket_of(const uint64_t *row, int shift)
{
    const uint64_t h =
        (row[EXM_UMI_LO] ^ row[EXM_UMI_HI] * 0x9e3779b97f4a7c15u) * 0xd1342543de82ef95u;

    return (size_t) (h >> shift);
}

static int
is_insert(const uint64_t *a, const uint64_t *b)
{
    return a[EXM_UMI_LO] == b[EXM_UMI_LO] && a[EXM_UMI_HI] == b[EXM_UMI_HI];
}

static int
by_insert(const void *pa, const void *pb)
{
    const uint64_t *a = pa, *b = pb;

    if (a[EXM_UMI_LO] != b[EXM_UMI_LO]) return a[EXM_UMI_LO] < b[EXM_UMI_LO] ? -1 : 1;
    return (a[EXM_UMI_HI] > b[EXM_UMI_HI]) - (a[EXM_UMI_HI] < b[EXM_UMI_HI]);
}

/* Swaps every row into its bucket; next[b] is the bucket's first unfilled place. */
static void
flag_pass(urow *row, const size_t *end, size_t *next, size_t n_buckets, int shift)
{
    urow x, y;

    for (size_t b = 0; b < n_buckets; b++) {
        while (next[b] < end[b]) {
            size_t to;

            memcpy(x, row[next[b]], sizeof x);
            while ((to = bucket_of(x, shift)) != b) {
                memcpy(y, row[next[to]], sizeof y);
                memcpy(row[next[to]++], x, sizeof x);
                memcpy(x, y, sizeof x);
            }
            memcpy(row[next[b]++], x, sizeof x);
        }
    }
}

static exm_status
sort_rows(urow *row, size_t n, exm_error *reterr)
{
    int bits = 1;
    size_t n_buckets, *end, *next;

    while (bits < BUCKET_BITS && n >> bits > BUCKET_ROWS) bits++;
    n_buckets = (size_t) 1 << bits;
    end = calloc(2 * n_buckets, sizeof *end);
    if (!end) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to count molecules");
    next = end + n_buckets;
    for (size_t i = 0; i < n; i++) end[bucket_of(row[i], 64 - bits)]++;
    for (size_t b = 1; b < n_buckets; b++) {
        next[b] = end[b - 1];
        end[b] += end[b - 1];
    }
    flag_pass(row, end, next, n_buckets, 64 - bits);
    for (size_t b = 0; b < n_buckets; b++) {
        const size_t from = b ? end[b - 1] : 0;

        if (end[b] - from > 1) qsort(row + from, end[b] - from, sizeof *row, by_insert);
    }
    free(end);
    return EXM_OK;
}

/* ---- one insert ---- */

static exm_status
add_copies(exm_umi_tally *t, uint64_t reads, exm_error *reterr)
{
    if (reads < FEW_COPIES) {
        t->few[reads]++;
        return EXM_OK;
    }
    if (t->n_many == t->cap_many) {
        const size_t cap = 2 * t->cap_many + 256;
        uint64_t *p = realloc(t->many, cap * sizeof *p);

        if (!p) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to count molecules");
        t->many = p;
        t->cap_many = cap;
    }
    t->many[t->n_many++] = reads;
    return EXM_OK;
}

static exm_status
make_room(exm_umi_tally *t, size_t n, exm_error *reterr)
{
    const size_t cap = n + n / 2 + 64;
    exm_umi_tag *p;

    if (n <= t->cap_tags) return EXM_OK;
    p = realloc(t->tag, cap * sizeof *p);
    if (!p)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu UMIs of an insert", n);
    t->tag = p;
    t->cap_tags = cap;
    return EXM_OK;
}

/* Molecules of the insert whose UMIs are tag[0..n), as exm_umi_fold() has them. */
static exm_status
count_molecules(exm_umi_tally *t, size_t n, uint64_t *ret, exm_error *reterr)
{
    size_t m = 0;
    exm_status st = exm_umi_group(t->work, t->o.dedup, t->tag, n, &m, reterr);

    for (size_t i = 0; st == EXM_OK && i < m; i++)
        st = add_copies(t, t->tag[i].reads, reterr);
    if (st != EXM_OK) return st;
    *ret = t->o.correct ? exm_umi_corrected(t->o.dedup, t->tag, m) : m;
    if (*ret == 1 && m == 1) *ret = EXM_UMI_SINGLE | t->tag[0].umi;
    return EXM_OK;
}

/* ---- all inserts ---- */

struct runs {        /* rows by insert */
    uint32_t *of;    /* [rows] number of the insert */
    uint64_t *total; /* [inserts] its reads */
    uint32_t *taker; /* [rows] */
    size_t n;
};

static void
runs_done(struct runs *r)
{
    free(r->of);
    free(r->total);
    free(r->taker);
}

static exm_status
find_runs(urow *row, size_t n, struct runs *r, exm_error *reterr)
{
    for (size_t i = 0; i < n; i++) r->n += i == 0 || !is_insert(row[i], row[i - 1]);
    r->of = malloc((n + 1) * sizeof *r->of);
    r->taker = malloc((n + 1) * sizeof *r->taker);
    r->total = calloc(r->n + 1, sizeof *r->total);
    if (!r->of || !r->taker || !r->total)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to count molecules");
    for (size_t i = 0, k = 0; i < n; i++) {
        k += i > 0 && !is_insert(row[i], row[i - 1]);
        r->of[i] = (uint32_t) k;
        r->taker[i] = (uint32_t) i;
        r->total[k] += row[i][EXM_UMI_READS];
    }
    return EXM_OK;
}

/* Every insert's row replaces the first of its rows that is read already. */
static exm_status
fold_runs(exm_umi_tally *t, urow *row, size_t n, const struct runs *r, exm_error *reterr)
{
    exm_status st = EXM_OK;

    for (size_t i = 0, k = 0; st == EXM_OK && i < n; k++) {
        const uint64_t lo = row[i][EXM_UMI_LO], hi = row[i][EXM_UMI_HI];
        size_t from = i, m = 0;
        uint64_t molecules = 0;

        while (i < n && r->of[i] == k) i++;
        st = make_room(t, i - from, reterr);
        for (; st == EXM_OK && from < i; from++)
            if (r->taker[from] == from)
                t->tag[m++] = (exm_umi_tag){.umi = row[from][EXM_UMI_CODE],
                                            .reads = row[from][EXM_UMI_READS]};
        if (st == EXM_OK) st = count_molecules(t, m, &molecules, reterr);
        row[k][0] = lo;
        row[k][1] = hi;
        row[k][2] = r->total[k];
        row[k][3] = molecules;
    }
    return st;
}

exm_status
exm_umi_fold(exm_umi_tally *t, uint64_t (*row)[EXM_UMI_WORDS], size_t n, int packed,
             size_t *ret_n, exm_error *reterr)
{
    struct runs r = {0};
    exm_status st;

    if (!t || (n > 0 && !row) || !ret_n)
        return exm_fail(reterr, EXM_EINVAL, 0, "umi: bad arguments");
    if (n >= UINT32_MAX)
        return exm_fail(reterr, EXM_ENOMEM, 0, "more than 2^32 pairs of insert and UMI");
    st = sort_rows(row, n, reterr);
    if (st == EXM_OK) st = find_runs(row, n, &r, reterr);
    if (st == EXM_OK && packed && t->o.dedup == EXM_UMI_DIRECTIONAL)
        st = exm_umi_give(row, n, r.of, r.total, r.taker, reterr);
    for (size_t i = 0; st == EXM_OK && i < n; i++)
        if (r.taker[i] != i) row[r.taker[i]][EXM_UMI_READS] += row[i][EXM_UMI_READS];
    if (st == EXM_OK) st = fold_runs(t, row, n, &r, reterr);
    if (st == EXM_OK) {
        *ret_n = r.n;
        t->pairs += n;
    }
    runs_done(&r);
    return st;
}

/* ---- the sample ---- */

static int
ascending(const void *pa, const void *pb)
{
    const uint64_t a = *(const uint64_t *) pa, b = *(const uint64_t *) pb;

    return (a > b) - (a < b);
}

exm_status
exm_umi_tally_summary(exm_umi_tally *t, exm_umi_summary *ret, exm_error *reterr)
{
    exm_umi_copies *c;
    size_t n = 0;

    if (!t || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "umi: an argument is NULL");
    c = realloc(t->copies, (FEW_COPIES + t->n_many) * sizeof *c);
    if (!c) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to count molecules");
    t->copies = c;
    for (uint64_t k = 0; k < FEW_COPIES; k++)
        if (t->few[k]) c[n++] = (exm_umi_copies){.reads = k, .molecules = t->few[k]};
    if (t->n_many > 1) qsort(t->many, t->n_many, sizeof *t->many, ascending);
    for (size_t i = 0; i < t->n_many; i++) {
        if (n == 0 || c[n - 1].reads != t->many[i])
            c[n++] = (exm_umi_copies){.reads = t->many[i]};
        c[n - 1].molecules++;
    }
    *ret = (exm_umi_summary){.pairs = t->pairs, .copies = c, .n_copies = n};
    return EXM_OK;
}

/* 'missed' goes on from a molecule of c reads to one of 'to' reads.  Below half an ulp of 1
 * it is 0: nothing that is added afterwards would show it. */
static double
missed_by(double missed, uint64_t c, uint64_t to, uint64_t all, uint64_t drawn)
{
    for (; c < to && missed > 0x1p-54; c++)
        missed *= c < all - drawn ? (double) (all - drawn - c) / (double) (all - c) : 0.0;
    return missed > 0x1p-54 ? missed : 0.0;
}

void
exm_umi_saturation(const exm_umi_copies *copies, size_t n, size_t points,
                   exm_umi_point *ret)
{
    uint64_t all = 0;

    for (size_t i = 0; i < n; i++) all += copies[i].reads * copies[i].molecules;
    for (size_t k = 1; k <= points; k++) {
        const uint64_t drawn = (uint64_t) ((u128) all * k / points);
        double missed = 1.0, sum = 0.0;
        uint64_t c = 0;

        for (size_t i = 0; i < n; i++) {
            missed = missed_by(missed, c, copies[i].reads, all, drawn);
            c = copies[i].reads;
            sum += (double) copies[i].molecules * (1.0 - missed);
        }
        ret[k - 1] = (exm_umi_point){.reads = drawn, .molecules = sum};
    }
}
