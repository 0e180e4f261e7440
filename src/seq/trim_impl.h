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
 *
 * Nearly all inserts end within the first word, and nearly all adapters behind them are
 * free of errors.  So first the adapter is cut into as many pieces as may differ, and one:
 * of k mismatches, k pieces at most are spoilt.  The few starts that this leaves in the
 * first word are counted out; only where they do not settle the matter are all counted.
 */
#ifndef EXM_SEQ_TRIM_IMPL_H
#define EXM_SEQ_TRIM_IMPL_H

#include "exomir/trim.h"

#include <string.h>

enum {
    EXM_TRIM_WORDS = 8,      /* reads up to 512 nt go this way */
    EXM_TRIM_MISMATCHES = 8, /* most that a 64-nt adapter at 0.1 allows, and two to spare */
    EXM_TRIM_Q30 = 30 + 33,
    EXM_TRIM_BUDGET = 200, /* units of the expected errors allowed, see allowance[] */
    EXM_TRIM_PIECES = 4,   /* of an adapter in the one-word search */
    EXM_TRIM_PIECE_NT = 6, /* compared of each: one start in 1,000 passes by chance */
    EXM_TRIM_NEAR_MAX = 48 /* longest adapter there: enough starts are left in a word */
};

struct exm_trimmer {
    exm_layout layout;
    exm_trim_options o;
    char adapter[EXM_ADAPTER_MAX + 1]; /* poly-A written out */
    uint32_t adapter_len;
    unsigned char
        code[EXM_ADAPTER_MAX]; /* plane code of each base; 4 for N (matches all) */
    uint64_t lo, hi, known;    /* the same as planes, of adapters of up to 64 nt */
    unsigned char allow[EXM_ADAPTER_MAX + 1]; /* mismatches at each overlap */
    uint32_t piece[EXM_TRIM_PIECES];          /* where each begins */
    unsigned char piece_code[EXM_TRIM_PIECES][EXM_TRIM_PIECE_NT];
    uint32_t need[EXM_TRIM_MISMATCHES + 1];
    uint32_t n_need;         /* 1 + most mismatches allowed */
    int needs_adapter, near; /* near: the adapter fits the one-word search */
    uint32_t min_len, min_umi, umi_len;
    uint64_t max_ee; /* in 2^-32; UINT64_MAX: off */
    uint32_t one_base_permille;
    unsigned char least_one[EXM_PACKED_MAX + 1]; /* equal bases of so many: too simple */
    unsigned char allowance[16]; /* at least the error of a base whose Phred / 4 is so much
                                    (15: and more), in units of max_ee / BUDGET */
    void (*batch)(struct exm_trimmer *t, const exm_read *reads, size_t n, exm_trimmed *ret);
};

void exm_trim_batch_scalar(struct exm_trimmer *t, const exm_read *reads, size_t n,
                           exm_trimmed *ret);
void exm_trim_batch_sse4(struct exm_trimmer *t, const exm_read *reads, size_t n,
                         exm_trimmed *ret);

/* trim.c: what is the same and not hot on every path. */
long exm_trim_search_slow(const struct exm_trimmer *t, const char *seq, uint32_t len);
long exm_trim_search_indels(const struct exm_trimmer *t, const char *seq, uint32_t len,
                            uint32_t *ret_end);
/* Errors allowed where 'overlap' nt of the adapter are compared; its N do not count. */
uint32_t exm_adapter_allowed(const exm_adapter_rule *r, uint32_t overlap);
uint32_t exm_trim_quality_end(const char *qual, uint32_t len, int cutoff);
int exm_trim_too_many_errors(const struct exm_trimmer *t, const char *qual, uint32_t len);
/* As in exm_trimmed; 0 where it is cut too short or holds an unknown base. */
uint64_t exm_trim_take_umi(const struct exm_trimmer *t, const char *seq, uint32_t len,
                           long adapter, uint32_t behind);

#ifdef EXM_TRIM_PATH /* the batch itself, for the file that includes it */

/* lo, hi: code planes; no: neither A, C, G nor T.  64 bases from s. */
static inline void base_planes(const char *s, uint64_t *lo, uint64_t *hi, uint64_t *no);
/* How many of n qualities are 'limit' or better; all are 33 to 126. */
static inline uint32_t count_from(const char *qual, uint32_t n, unsigned char limit);
/* The sum of allowances of n > 0 qualities. */
static inline uint64_t sum_allowances(const unsigned char allowance[16], const char *qual,
                                      uint32_t n);

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

/*
 * One base, or one dinucleotide over and over: counted on the planes.  A base that makes up
 * 'least' of n fills either plane with that many ones or zeros.
 */
static inline int
is_low_complexity(const struct exm_trimmer *t, uint64_t lo, uint64_t hi, uint32_t n)
{
    const uint32_t least = t->least_one[n], least_pairs = t->least_one[n - 2];
    const uint32_t in_lo = (uint32_t) __builtin_popcountll(lo);
    const uint64_t changes = (lo ^ lo >> 2) | (hi ^ hi >> 2);

    if (n - 2 - (uint32_t) __builtin_popcountll(changes & low_bits((long) n - 2)) >=
        least_pairs)
        return 1;
    if (in_lo >= least || n - in_lo >= least) {
        const uint32_t in_hi = (uint32_t) __builtin_popcountll(hi);
        const uint32_t both = (uint32_t) __builtin_popcountll(lo & hi);

        return both >= least || in_lo - both >= least || in_hi - both >= least ||
               n + both - in_lo - in_hi >= least;
    }
    return 0;
}

/* More expected errors in the insert than allowed?  A bound settles it mostly. */
static inline int
is_low_quality(const struct exm_trimmer *t, const char *qual, uint32_t n)
{
    return sum_allowances(t->allowance, qual, n) > EXM_TRIM_BUDGET &&
           exm_trim_too_many_errors(t, qual, n);
}

/* Where the insert lies, and its planes without sentinel; 'no' tells only whether there is
 * an unknown base. */
typedef struct insert {
    uint32_t start, len, behind; /* behind: the first base behind the adapter, if any */
    uint64_t lo, hi, no;
} insert;

static inline insert
place_insert(const struct exm_trimmer *t, uint32_t len, long adapter)
{
    const uint32_t start = t->layout.n_5, n_3 = t->layout.n_3;
    uint32_t end = adapter >= 0 ? (uint32_t) adapter : len;

    if (adapter >= 0) end = end > n_3 ? end - n_3 : 0;
    return (insert){.start = start,
                    .len = end > start ? end - start : 0,
                    .behind = (uint32_t) adapter + t->adapter_len};
}

static inline exm_fate
judge_insert(const struct exm_trimmer *t, const exm_read *r, const insert *in)
{
    if (in->len <= 3) return EXM_FATE_DIMER;
    if (in->len < t->min_len) return EXM_FATE_SHORT;
    if (in->len > t->o.max_len) return EXM_FATE_LONG;
    if (in->no) return EXM_FATE_AMBIGUOUS_BASE;
    if (r->qual && t->max_ee != UINT64_MAX &&
        is_low_quality(t, r->qual + in->start, in->len))
        return EXM_FATE_LOW_QUALITY;
    if (in->len <= EXM_PACKED_MAX && t->one_base_permille <= 1000 &&
        is_low_complexity(t, in->lo, in->hi, in->len))
        return EXM_FATE_LOW_COMPLEXITY;
    return EXM_FATE_KEPT;
}

/* What follows once the adapter's place is known (-1: none).  All of *ret is written at
 * once: to read back what was just written in smaller pieces takes long. */
static inline __attribute__((always_inline)) void
finish_read(const struct exm_trimmer *t, const exm_read *r, uint32_t len, long adapter,
            const insert *in, exm_trimmed *ret)
{
    const int packed = in->len <= EXM_PACKED_MAX;
    const uint32_t n_q30 = r->qual ? count_from(r->qual, r->len, EXM_TRIM_Q30) : 0;
    uint64_t umi = 0;
    exm_fate fate;

    if (adapter < 0 && t->needs_adapter) {
        fate = EXM_FATE_NO_ADAPTER;
    } else {
        if (in->len > 3 && t->umi_len > 0)
            umi = exm_trim_take_umi(t, r->seq, len, adapter, in->behind);
        fate = in->len > 3 && t->umi_len > 0 && umi == 0 ? EXM_FATE_NO_UMI
                                                         : judge_insert(t, r, in);
    }
    *ret = (exm_trimmed){.fate = fate,
                         .start = in->start,
                         .len = in->len,
                         .lo = packed ? in->lo | (uint64_t) 1 << in->len : 0,
                         .hi = packed ? in->hi : 0,
                         .umi = umi,
                         .n_q30 = n_q30,
                         .adapter_found = adapter >= 0};
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

/* A read of any length. */
static __attribute__((noinline)) void
trim_any(const struct exm_trimmer *t, const exm_read *r, uint32_t len, exm_trimmed *ret)
{
    uint64_t lo[EXM_TRIM_WORDS + 2] = {0}, hi[EXM_TRIM_WORDS + 2] = {0},
                                 no[EXM_TRIM_WORDS + 2] = {0};
    const int planes = len <= 64 * EXM_TRIM_WORDS;
    uint32_t behind = 0;
    long adapter = -1;
    insert in;

    if (planes) {
        size_t w = 0;

        for (; 64 * w < len; w++) base_planes(r->seq + 64 * w, lo + w, hi + w, no + w);
        lo[w] = hi[w] = no[w] = 0;
        if (t->adapter_len > 0 && !t->o.indels)
            adapter = find_adapter(t, r->seq, len, lo, hi, no);
    } else if (t->adapter_len > 0 && !t->o.indels) {
        adapter = exm_trim_search_slow(t, r->seq, len);
    }
    if (t->o.indels) adapter = exm_trim_search_indels(t, r->seq, len, &behind);
    in = place_insert(t, len, adapter);
    if (t->o.indels) in.behind = behind;
    if (in.len <= EXM_PACKED_MAX && planes) {
        in.lo = bits_at(lo, in.start, in.len);
        in.hi = bits_at(hi, in.start, in.len);
        in.no = bits_at(no, in.start, in.len);
    } else {
        in.no = unknown_bases(r->seq + in.start, in.len);
        if (in.len <= EXM_PACKED_MAX)
            pack_letters(r->seq + in.start, in.len, &in.lo, &in.hi);
    }
    finish_read(t, r, len, adapter, &in, ret);
}

/* ---- the one-word search ---- */

/* What depends on the read's length only. */
typedef struct reach {
    uint32_t len;
    uint64_t in;                      /* the read's bases among the first 64 */
    uint64_t starts[EXM_TRIM_PIECES]; /* where k mismatches are allowed */
} reach;

static inline reach
reach_of(const struct exm_trimmer *t, uint32_t len)
{
    reach r = {.len = len, .in = low_bits(len)};

    for (uint32_t k = 0; k < EXM_TRIM_PIECES && k < t->n_need; k++) {
        r.starts[k] = low_bits((long) len - (long) t->need[k] + 1);
        if (len > 64) r.starts[k] &= low_bits(65 - (long) t->adapter_len);
    }
    return r;
}

/* Starts where no more pieces differ than mismatches are allowed.  'pieces' is a constant
 * at each call. */
static inline uint64_t
possible_starts(const struct exm_trimmer *t, const uint64_t miss[5], const reach *at_len,
                uint32_t pieces)
{
    uint64_t over0 = 0, over1 = 0, over2 = 0, over3 = 0, r;

    for (uint32_t p = 0; p < pieces; p++) {
        const unsigned char *c = t->piece_code[p];
        uint64_t m = miss[c[5]];

        m = m >> 1 | miss[c[4]];
        m = m >> 1 | miss[c[3]];
        m = m >> 1 | miss[c[2]];
        m = m >> 1 | miss[c[1]];
        m = (m >> 1 | miss[c[0]]) >> t->piece[p];
        over3 |= over2 & m;
        over2 |= over1 & m;
        over1 |= over0 & m;
        over0 |= m;
    }
    r = ~over0 & at_len->starts[0];
    if (pieces > 1) r |= ~over1 & at_len->starts[1];
    if (pieces > 2) r |= ~over2 & at_len->starts[2];
    if (pieces > 3) r |= ~over3 & at_len->starts[3];
    return r;
}

static inline uint64_t
starts_to_check(const struct exm_trimmer *t, const uint64_t miss[5], const reach *at_len)
{
    switch (t->n_need) {
    case 1:
        return possible_starts(t, miss, at_len, 1);
    case 2:
        return possible_starts(t, miss, at_len, 2);
    case 3:
        return possible_starts(t, miss, at_len, 3);
    default:
        return possible_starts(t, miss, at_len, 4);
    }
}

enum { NOT_SETTLED = -2 };

/* Position of the adapter, -1, or NOT_SETTLED by the first 64 bases. */
static inline long
near_adapter(const struct exm_trimmer *t, const char *seq, const reach *at_len, uint64_t lo,
             uint64_t hi, uint64_t no)
{
    const uint32_t len = at_len->len;
    const uint64_t in = at_len->in;
    const uint64_t miss[5] = {(lo | hi | no) & in, (~lo | hi | no) & in,
                              (lo | ~hi | no) & in, (~lo | ~hi | no) & in, 0};
    uint64_t maybe = starts_to_check(t, miss, at_len), starts = 0;

    for (; maybe; maybe &= maybe - 1) {
        const uint32_t at = (uint32_t) __builtin_ctzll(maybe);
        const uint32_t ov = len - at < t->adapter_len ? len - at : t->adapter_len;
        const uint64_t differ = ((lo >> at ^ t->lo) | (hi >> at ^ t->hi) | no >> at) &
                                t->known & (((uint64_t) 1 << ov) - 1);
        const uint32_t wrong = (uint32_t) __builtin_popcountll(differ);

        if (wrong > t->allow[ov]) continue;
        if (wrong == 0 && ov == t->adapter_len && starts == 0)
            return at; /* the first, and none scores higher */
        starts |= (uint64_t) 1 << at;
    }
    if (len > 64) return NOT_SETTLED;
    return starts ? pick_start(t, seq, len, 0, starts) : -1;
}

static inline void
trim_one(const struct exm_trimmer *t, const exm_read *r, const reach *at_len,
         exm_trimmed *ret)
{
    const uint32_t len = at_len->len;
    uint64_t lo, hi, no;
    long adapter = NOT_SETTLED;

    base_planes(r->seq, &lo, &hi, &no);
    if (t->near)
        adapter = near_adapter(t, r->seq, at_len, lo, hi, no);
    else if (t->adapter_len == 0 && len <= 64)
        adapter = -1;
    if (adapter == NOT_SETTLED) {
        trim_any(t, r, len, ret);
    } else {
        insert in = place_insert(t, len, adapter);
        const uint64_t mask = low_bits(in.len);
        const uint32_t by =
            in.len > 0 ? in.start : 0; /* below 64 where there is an insert */

        in.lo = lo >> by & mask;
        in.hi = hi >> by & mask;
        in.no = no >> by & mask;
        finish_read(t, r, len, adapter, &in, ret);
    }
}

static inline void
trim_batch(const struct exm_trimmer *t, const exm_read *reads, size_t n, exm_trimmed *ret)
{
    reach now = reach_of(t, 0);

    for (size_t i = 0; i < n; i++) {
        const exm_read *r = reads + i;
        uint32_t len = r->len;

        if (t->o.quality_cutoff > 0 && r->qual)
            len = exm_trim_quality_end(r->qual, len, t->o.quality_cutoff);
        if (len != now.len) now = reach_of(t, len);
        trim_one(t, r, &now, ret + i);
    }
}

#endif
#endif
