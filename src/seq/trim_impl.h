/*
 * trim_impl.h - private to seq: the trimming of one batch, compiled once per SIMD path.
 *
 * Each path defines base_planes() (and compiles with its own flags, so that popcounts are
 * instructions where they can be) and includes this file.
 *
 * The adapter search: bit i of mismatch plane X says that base i of the read is not X; it
 * is 0 beyond the read's end, where an overhanging adapter is not compared.  Shifting
 * plane X = adapter[j] down by j lines base i + j up with start i, so one word holds 64
 * starts at once.  at_least[k] collects the starts with more than k mismatches; a start
 * qualifies if for some k it has at most k mismatches and overlaps by need[k] or more,
 * need[k] being the least overlap that allows k of them.
 */
#ifndef EXM_SEQ_TRIM_IMPL_H
#define EXM_SEQ_TRIM_IMPL_H

#include "exomir/trim.h"

#include <string.h>

enum {
    EXM_TRIM_WORDS = 8,      /* reads up to 512 nt go this way */
    EXM_TRIM_MISMATCHES = 8, /* most that a 64-nt adapter at 0.1 allows, and two to spare */
    EXM_TRIM_Q30 = 30 + 33,
    EXM_TRIM_UNSURE = 127,       /* above all qualities: no quality settles it */
    EXM_TRIM_SURE = 256,         /* insert lengths with a quality that settles it */
    EXM_TRIM_LANE_MISMATCHES = 4 /* counters of the four-reads-at-once search: 0 to 3 */
};

struct exm_trimmer {
    exm_layout layout;
    exm_trim_options o;
    char adapter[EXM_ADAPTER_MAX + 1]; /* poly-A written out */
    uint32_t adapter_len;
    unsigned char
        code[EXM_ADAPTER_MAX]; /* plane code of each base; 4 for N (matches all) */
    uint32_t need[EXM_TRIM_MISMATCHES + 1];
    uint32_t n_need;          /* 1 + most mismatches allowed */
    int needs_adapter, lanes; /* lanes: the adapter fits the four-reads-at-once search */
    uint32_t min_len, min_umi, umi_len;
    uint64_t max_ee; /* in 2^-32; UINT64_MAX: off */
    uint32_t one_base_permille;
    unsigned char sure_quality[EXM_TRIM_SURE]; /* all bases of an insert of that length at
                                                  least this: it passes */
    uint64_t sure_error[EXM_TRIM_SURE];        /* of one such base, in 2^-32 */
    void (*batch)(struct exm_trimmer *t, const exm_read *reads, size_t n, exm_trimmed *ret);
};

void exm_trim_batch_scalar(struct exm_trimmer *t, const exm_read *reads, size_t n,
                           exm_trimmed *ret);
void exm_trim_batch_sse4(struct exm_trimmer *t, const exm_read *reads, size_t n,
                         exm_trimmed *ret);

/* trim.c: what is the same and not hot on every path. */
long exm_trim_search_slow(const struct exm_trimmer *t, const char *seq, uint32_t len);
uint32_t exm_trim_quality_end(const char *qual, uint32_t len, int cutoff);
/* 'worse': bit i is set where base i < 64 is below the sure quality. */
int exm_trim_too_many_errors(const struct exm_trimmer *t, const char *qual, uint32_t len,
                             uint64_t worse);
int exm_trim_take_umi(const struct exm_trimmer *t, const char *seq, uint32_t len,
                      long adapter, exm_trimmed *ret);

#ifdef EXM_TRIM_PATH /* the batch itself, for the file that includes it */

/* lo, hi: code planes; no: neither A, C, G nor T.  64 bases from s. */
static inline void base_planes(const char *s, uint64_t *lo, uint64_t *hi, uint64_t *no);
/* The bytes below 'limit' among 64, none of which is above 126. */
static inline uint64_t below(const char *s, unsigned char limit);

static inline uint64_t
low_bits(long n)
{
    return n >= 64 ? ~(uint64_t) 0 : n <= 0 ? 0 : ((uint64_t) 1 << n) - 1;
}

/* Starts of one word that qualify.  miss[X] points at the word's place in plane X. */
static inline uint64_t
qualifying(const struct exm_trimmer *t, uint64_t miss[4][EXM_TRIM_WORDS + 2], uint32_t w,
           uint32_t len)
{
    uint64_t over[EXM_TRIM_MISMATCHES + 1] = {0}, r = 0;
    const uint32_t top = t->n_need;

    for (uint32_t j = 0; j < t->adapter_len; j++) {
        const uint64_t *plane;
        const uint32_t at = w + (j >> 6), shift = j & 63;
        uint64_t m;

        if (t->code[j] > 3) continue;
        plane = miss[t->code[j]];
        m = shift ? plane[at] >> shift | plane[at + 1] << (64 - shift) : plane[at];
        for (uint32_t k = top - 1; k > 0; k--) over[k] |= over[k - 1] & m;
        over[0] |= m;
    }
    for (uint32_t k = 0; k < top; k++)
        r |= ~over[k] & low_bits((long) len - (long) t->need[k] + 1 - 64 * (long) w);
    return r;
}

/* Of the starts that qualify in word w, the adapter's.  Where another one near the first
 * qualifies too, the choice between them is made by the rule's definition. */
static inline long
pick_start(const struct exm_trimmer *t, const char *seq, uint32_t len, uint32_t w,
           uint64_t starts)
{
    const uint32_t first = (uint32_t) __builtin_ctzll(starts);
    const long reach = (long) first + 1 + (long) t->adapter_len;
    const int beyond = reach > 64 && 64 * (w + 1) < len;

    if (beyond || (starts & (starts - 1) & low_bits(reach)) != 0)
        return exm_trim_search_slow(t, seq, len);
    return 64 * (long) w + (long) first;
}

/* Position of the adapter, or -1. */
static inline long
find_adapter(const struct exm_trimmer *t, const char *seq, uint32_t len, const uint64_t *lo,
             const uint64_t *hi, const uint64_t *no)
{
    uint64_t miss[4][EXM_TRIM_WORDS + 2];
    const uint32_t words = (len + 63) / 64;

    for (uint32_t w = 0; w < words; w++) {
        const uint64_t in = low_bits((long) len - 64 * (long) w);

        miss[0][w] = (lo[w] | hi[w] | no[w]) & in;
        miss[1][w] = (~lo[w] | hi[w] | no[w]) & in;
        miss[2][w] = (lo[w] | ~hi[w] | no[w]) & in;
        miss[3][w] = (~lo[w] | ~hi[w] | no[w]) & in;
    }
    for (int x = 0; x < 4; x++) miss[x][words] = miss[x][words + 1] = 0;
    for (uint32_t w = 0; w < words; w++) {
        const uint64_t starts = qualifying(t, miss, w, len);

        if (starts) return pick_start(t, seq, len, w, starts);
    }
    return -1;
}

static inline uint64_t
bits_at(const uint64_t *plane, uint32_t at, uint32_t n)
{
    const uint32_t w = at >> 6, shift = at & 63;

    return (shift ? plane[w] >> shift | plane[w + 1] << (64 - shift) : plane[w]) &
           low_bits(n);
}

/* One base, or one dinucleotide over and over: counted on the planes. */
static inline int
is_low_complexity(const struct exm_trimmer *t, uint64_t lo, uint64_t hi, uint32_t n)
{
    const uint64_t in = low_bits(n), pairs = low_bits((long) n - 2);
    const uint32_t both = (uint32_t) __builtin_popcountll(lo & hi & in);
    const uint32_t l = (uint32_t) __builtin_popcountll(lo & in) - both;
    const uint32_t h = (uint32_t) __builtin_popcountll(hi & in) - both;
    uint32_t most = n - l - h - both;

    if (l > most) most = l;
    if (h > most) most = h;
    if (both > most) most = both;
    if (most * 1000 >= t->one_base_permille * n) return 1;
    most = (uint32_t) __builtin_popcountll(~((lo ^ lo >> 2) | (hi ^ hi >> 2)) & pairs);
    return most * 1000 >= t->one_base_permille * (n - 2);
}

static inline uint32_t
count_q30(const char *qual, uint32_t n)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < n; i += 64)
        sum += (uint32_t) __builtin_popcountll(~below(qual + i, EXM_TRIM_Q30) &
                                               low_bits((long) n - (long) i));
    return sum;
}

/*
 * More expected errors in the insert than allowed?  n bases of 'sure' quality are not; the
 * worse ones are added up by themselves, and mostly there are none.
 */
static inline int
is_low_quality(const struct exm_trimmer *t, const char *qual, uint32_t n)
{
    const unsigned char sure = t->sure_quality[n < EXM_TRIM_SURE ? n : EXM_TRIM_SURE - 1];
    uint64_t any = 0;

    for (uint32_t i = 0; i < n; i += 64)
        any |= below(qual + i, sure) & low_bits((long) n - (long) i);
    if (any == 0 && n < EXM_TRIM_SURE) return 0;
    return exm_trim_too_many_errors(t, qual, n, n <= 64 ? any : ~(uint64_t) 0);
}

static inline exm_fate
judge_insert(const struct exm_trimmer *t, const exm_read *r, exm_trimmed *ret, uint64_t no)
{
    if (ret->len <= 3) return EXM_FATE_DIMER;
    if (ret->len < t->min_len) return EXM_FATE_SHORT;
    if (ret->len > t->o.max_len) return EXM_FATE_LONG;
    if (no) return EXM_FATE_AMBIGUOUS_BASE;
    if (r->qual && t->max_ee != UINT64_MAX &&
        is_low_quality(t, r->qual + ret->start, ret->len))
        return EXM_FATE_LOW_QUALITY;
    return EXM_FATE_KEPT;
}

/* Reads of more than 512 nt, and long inserts: letters instead of planes. */
static inline uint64_t
unknown_bases(const char *seq, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (seq[i] == 'N') return 1;
    return 0;
}

static inline void
pack_letters(const char *seq, uint32_t n, uint64_t *lo, uint64_t *hi)
{
    *lo = *hi = 0;
    for (uint32_t i = 0; i < n; i++) {
        *lo |= (uint64_t) (seq[i] >> 1 & 1) << i;
        *hi |= (uint64_t) (seq[i] >> 2 & 1) << i;
    }
}

/* What follows once the adapter's place is known (-1: none).  'planes': lo, hi and no hold
 * the read. */
static inline void
finish_read(const struct exm_trimmer *t, const exm_read *r, uint32_t len, long adapter,
            int planes, const uint64_t *lo, const uint64_t *hi, const uint64_t *no,
            exm_trimmed *ret)
{
    uint32_t end = adapter >= 0 ? (uint32_t) adapter : len;
    uint64_t unknown;

    *ret = (exm_trimmed){.start = t->layout.n_5,
                         .n_q30 = r->qual ? count_q30(r->qual, r->len) : 0,
                         .adapter_found = adapter >= 0};
    if (adapter >= 0) end = end > t->layout.n_3 ? end - t->layout.n_3 : 0;
    ret->len = end > ret->start ? end - ret->start : 0;
    if (adapter < 0 && t->needs_adapter) {
        ret->fate = EXM_FATE_NO_ADAPTER;
        return;
    }
    if (ret->len > 3 && t->umi_len > 0 &&
        !exm_trim_take_umi(t, r->seq, len, adapter, ret)) {
        ret->fate = EXM_FATE_NO_UMI;
        return;
    }
    if (ret->len > EXM_PACKED_MAX || !planes) {
        unknown = unknown_bases(r->seq + ret->start, ret->len);
        if (ret->len <= EXM_PACKED_MAX)
            pack_letters(r->seq + ret->start, ret->len, &ret->lo, &ret->hi);
    } else {
        unknown = bits_at(no, ret->start, ret->len);
        ret->lo = bits_at(lo, ret->start, ret->len);
        ret->hi = bits_at(hi, ret->start, ret->len);
    }
    ret->fate = judge_insert(t, r, ret, unknown);
    if (ret->len > EXM_PACKED_MAX) return;
    if (ret->fate == EXM_FATE_KEPT && t->one_base_permille <= 1000 &&
        is_low_complexity(t, ret->lo, ret->hi, ret->len))
        ret->fate = EXM_FATE_LOW_COMPLEXITY;
    ret->lo |= (uint64_t) 1 << ret->len;
}

/* A read of any length. */
static inline void
trim_one(const struct exm_trimmer *t, const exm_read *r, uint32_t len, exm_trimmed *ret)
{
    uint64_t lo[EXM_TRIM_WORDS + 2], hi[EXM_TRIM_WORDS + 2], no[EXM_TRIM_WORDS + 2];
    const int planes = len <= 64 * EXM_TRIM_WORDS;
    long adapter = -1;

    if (planes) {
        size_t w = 0;

        for (; 64 * w < len; w++) base_planes(r->seq + 64 * w, lo + w, hi + w, no + w);
        lo[w] = hi[w] = no[w] = 0;
        if (t->adapter_len > 0) adapter = find_adapter(t, r->seq, len, lo, hi, no);
    } else if (t->adapter_len > 0) {
        adapter = exm_trim_search_slow(t, r->seq, len);
    }
    finish_read(t, r, len, adapter, planes, lo, hi, no, ret);
}

/*
 * Reads of at most 128 nt, which is what small-RNA libraries are sequenced to, go through
 * the search four at a time: one word of each is a lane.  Of those above 64 nt only the
 * first 64 starts are searched here, where nearly all adapters begin.
 */
enum { LANES = 4 };

typedef struct lanes {
    const exm_read *read[LANES];
    exm_trimmed *ret[LANES];
    uint32_t len[LANES], n;
    uint64_t lo[LANES][3], hi[LANES][3], no[LANES][3]; /* the last is 0: see bits_at() */
    uint64_t miss[4][LANES], next[4][LANES]; /* words 0 and 1; 0 in lanes without a read */
} lanes;

/* over[k][lane]: starts with more than k mismatches, for k < t->n_need.  'wide': there is
 * a second word. */
static inline void count_mismatches(const struct exm_trimmer *t, const lanes *l, int wide,
                                    uint64_t over[EXM_TRIM_LANE_MISMATCHES][LANES]);

static inline void
set_misses(uint64_t miss[4][LANES], uint32_t i, uint64_t lo, uint64_t hi, uint64_t no,
           uint64_t in)
{
    miss[0][i] = (lo | hi | no) & in;
    miss[1][i] = (~lo | hi | no) & in;
    miss[2][i] = (lo | ~hi | no) & in;
    miss[3][i] = (~lo | ~hi | no) & in;
}

static inline void
add_lane(lanes *l, const exm_read *r, uint32_t len, exm_trimmed *ret, int wide)
{
    const uint32_t i = l->n++;

    l->read[i] = r;
    l->ret[i] = ret;
    l->len[i] = len;
    for (uint32_t w = 0; w <= (uint32_t) wide; w++) {
        base_planes(r->seq + (size_t) 64 * w, &l->lo[i][w], &l->hi[i][w], &l->no[i][w]);
        set_misses(w ? l->next : l->miss, i, l->lo[i][w], l->hi[i][w], l->no[i][w],
                   low_bits((long) len - 64 * (long) w));
    }
}

static inline void
trim_lanes(const struct exm_trimmer *t, lanes *l, int wide)
{
    uint64_t over[EXM_TRIM_LANE_MISMATCHES][LANES];

    count_mismatches(t, l, wide, over);
    for (uint32_t i = 0; i < l->n; i++) {
        const uint32_t len = l->len[i];
        uint64_t starts = 0;
        long at = -1;

        for (uint32_t k = 0; k < t->n_need; k++)
            starts |= ~over[k][i] & low_bits((long) len - (long) t->need[k] + 1);
        if (starts)
            at = pick_start(t, l->read[i]->seq, len, 0, starts);
        else if (wide)
            at = find_adapter(t, l->read[i]->seq, len, l->lo[i], l->hi[i], l->no[i]);
        finish_read(t, l->read[i], len, at, 1, l->lo[i], l->hi[i], l->no[i], l->ret[i]);
    }
    l->n = 0;
}

static inline void
trim_batch(const struct exm_trimmer *t, const exm_read *reads, size_t n, exm_trimmed *ret)
{
    lanes narrow = {.n = 0}, wide = {.n = 0}; /* lanes left unused are searched in vain */

    for (size_t i = 0; i < n; i++) {
        const exm_read *r = reads + i;
        uint32_t len = r->len;

        if (t->o.quality_cutoff > 0 && r->qual)
            len = exm_trim_quality_end(r->qual, len, t->o.quality_cutoff);
        if (!t->lanes || len > 128) {
            trim_one(t, r, len, ret + i);
        } else if (len > 64) {
            add_lane(&wide, r, len, ret + i, 1);
            if (wide.n == LANES) trim_lanes(t, &wide, 1);
        } else {
            add_lane(&narrow, r, len, ret + i, 0);
            if (narrow.n == LANES) trim_lanes(t, &narrow, 0);
        }
    }
    if (narrow.n) trim_lanes(t, &narrow, 0);
    if (wide.n) trim_lanes(t, &wide, 1);
}

#endif
#endif
