/*
 * trim_oracle.h - the slow definition of trimming one read, for tests and fuzzing.
 *
 * Written from exomir/trim.h and the rule below, letter by letter and with doubles; no
 * planes, no packing, no code shared with the library.
 *
 * The adapter: read on base by base.  Each base may complete the adapter somewhere; the
 * first such occurrence holds the place, a later one takes it when it has a higher score
 * (matching - mismatching bases) and starts at most half an adapter behind the holder.
 * Somebody holding, reading ends as soon as no unfinished occurrence that could still be
 * within the mismatches of a whole adapter starts in that half adapter.  If the read's end
 * is reached, what is unfinished there may take the place by a higher score.
 */
#ifndef EXM_TEST_TRIM_ORACLE_H
#define EXM_TEST_TRIM_ORACLE_H

#include "exomir/trim.h"

#include <math.h>
#include <string.h>

typedef struct oracle_result {
    exm_fate fate;
    int found;
    long start, len;
    uint32_t n_q30;
    int undecided; /* expected errors so close to the limit that doubles cannot tell */
    uint64_t umi;
} oracle_result;

/* Mismatches of adapter[0..ov) at seq, where N in the adapter fits anything. */
static inline long
oracle_mismatches(const char *seq, const char *adapter, long ov)
{
    long wrong = 0;

    for (long j = 0; j < ov; j++) {
        if (adapter[j] == 'N') continue;
        if (seq[j] != adapter[j]) wrong++;
    }
    return wrong;
}

static inline double
oracle_allowed(const char *adapter, long n, long ov, double rate, int max_mismatches)
{
    long letters = 0;

    for (long j = 0; j < ov; j++)
        if (adapter[j] != 'N') letters++;
    return max_mismatches < 0 ? floor(rate * (double) letters)
                              : floor((double) max_mismatches * (double) ov / (double) n);
}

/* The leftmost occurrence that base 'read' (the count from 1) could go on with: unfinished
 * before it, and within the mismatches of a whole adapter so far. */
static inline long
oracle_going_on(const char *seq, long read, const char *adapter, long n, double whole)
{
    const long i = read - n;

    for (long k = i < 1 ? 0 : i - 1; k < read - 1; k++)
        if ((double) oracle_mismatches(seq + k, adapter, read - 1 - k) <= whole)
            return k == i - 1 ? i : k;
    return read - 1;
}

static inline long
oracle_find(const char *seq, long len, const char *adapter, long n, double rate,
            int max_mismatches, long min_overlap)
{
    const double whole = oracle_allowed(adapter, n, n, rate, max_mismatches);
    long at = -1, score = 0;

    if (n == 0) return -1;
    for (long read = 1; read <= len; read++) {
        const long i = read - n; /* the occurrence that this base completes */

        if (at >= 0 && oracle_going_on(seq, read, adapter, n, whole) > at + n / 2)
            return at;
        if (i < 0 || (double) oracle_mismatches(seq + i, adapter, n) > whole) continue;
        if (at >= 0 &&
            (i > at + n / 2 || n - 2 * oracle_mismatches(seq + i, adapter, n) <= score))
            continue;
        at = i;
        score = n - 2 * oracle_mismatches(seq + i, adapter, n);
    }
    for (long i = len < n ? 0 : len - n + 1; i <= len - min_overlap; i++) {
        const long ov = len - i, wrong = oracle_mismatches(seq + i, adapter, ov);

        if ((double) wrong > oracle_allowed(adapter, n, ov, rate, max_mismatches)) continue;
        if (at >= 0 && ov - 2 * wrong <= score) continue;
        at = i;
        score = ov - 2 * wrong;
    }
    return at;
}

/*
 * With insertions and deletions: the whole matrix, every cell of it, then the rules of
 * exomir/trim.h read off its columns.
 */
enum { ORACLE_LONGEST = 1200, ORACLE_ROWS = EXM_ADAPTER_MAX + 1 };

typedef struct oracle_cell {
    int errors, score;
    long start;
} oracle_cell;

static inline oracle_cell
oracle_step(oracle_cell c, int errors, int score)
{
    c.errors += errors;
    c.score += score;
    return c;
}

static inline void
oracle_fill(const char *seq, long len, const char *adapter, long n,
            oracle_cell (*x)[ORACLE_ROWS])
{
    for (long e = 0; e <= len; e++) x[e][0] = (oracle_cell){.start = e};
    for (long i = 1; i <= n; i++) x[0][i] = (oracle_cell){.errors = (int) i};
    for (long e = 1; e <= len; e++) {
        for (long i = 1; i <= n; i++) {
            const int same = adapter[i - 1] == 'N' || adapter[i - 1] == seq[e - 1];
            const oracle_cell sub = oracle_step(x[e - 1][i - 1], !same, same ? 1 : -1);
            const oracle_cell less = oracle_step(x[e][i - 1], 1, -2);
            const oracle_cell more = oracle_step(x[e - 1][i], 1, -2);

            x[e][i] = sub;
            if (same) continue;
            if (less.errors < x[e][i].errors) x[e][i] = less;
            if (more.errors < x[e][i].errors) x[e][i] = more;
        }
    }
}

static inline long
oracle_find_indels(const char *seq, long len, const char *adapter, long n, double rate,
                   int max_mismatches, long min_overlap, long *end)
{
    static oracle_cell x[ORACLE_LONGEST + 1][ORACLE_ROWS];
    const double whole = oracle_allowed(adapter, n, n, rate, max_mismatches);
    long at = -1;
    int score = 0;

    if (n == 0) return -1;
    oracle_fill(seq, len, adapter, n, x);
    for (long e = 1; e <= len; e++) {
        long deep = n;

        while (x[e][deep].errors > whole) deep--;
        if (deep == n) {
            if (at >= 0 && x[e][n].start > at + n / 2) return at;
            if (at < 0 || x[e][n].score > score) {
                at = x[e][n].start;
                score = x[e][n].score;
                *end = e;
            }
            deep = n - 1;
        }
        if (e < len && at >= 0 && x[e][deep].start > at + n / 2) return at;
    }
    for (long i = n; i >= min_overlap; i--) {
        if (x[len][i].errors > oracle_allowed(adapter, n, i, rate, max_mismatches))
            continue;
        if (at >= 0 && x[len][i].score <= score) continue;
        at = x[len][i].start;
        score = x[len][i].score;
        *end = len;
    }
    return at;
}

/* Reads 3' qualities from the end; the cut with the greatest sum of (cutoff - q). */
static inline long
oracle_quality_end(const char *qual, long len, int cutoff)
{
    long cut = len, best = 0;

    for (long i = len - 1; i >= 0; i--) {
        long sum = 0;

        for (long k = len - 1; k >= i; k--) sum += cutoff - (qual[k] - 33);
        if (sum < 0) break;
        if (sum > best) {
            best = sum;
            cut = i;
        }
    }
    return cut;
}

/* The UMI's letters in 5'-3' order. */
static inline long
oracle_umi(const exm_layout *l, const char *seq, long len, long adapter, long behind,
           char *umi)
{
    long n = 0;

    for (long k = 0; k < (long) l->umi5_len; k++)
        if ((long) l->umi5_at + k < len) umi[n++] = seq[l->umi5_at + k];
    for (long k = 0; k < (long) l->umi3_len; k++)
        umi[n++] = seq[adapter - (long) l->n_3 + (long) l->umi3_at + k];
    for (long k = 0; k < (long) l->umi_after_len; k++)
        if (behind + k < len) umi[n++] = seq[behind + k];
    return n;
}

static inline int
oracle_low_complexity(const char *s, long n, double most)
{
    long twins = 0;

    for (int b = 0; b < 4; b++) {
        long same = 0;

        for (long i = 0; i < n; i++) same += s[i] == "ACGT"[b];
        if ((double) same >= most * (double) n - 1e-9) return 1;
    }
    for (long i = 0; i + 2 < n; i++) twins += s[i] == s[i + 2];
    return (double) twins >= most * (double) (n - 2) - 1e-9;
}

static inline exm_fate
oracle_insert(const exm_layout *l, const exm_trim_options *o, const char *s,
              const char *qual, long n, int *undecided)
{
    const long least = (long) (l->min_insert ? l->min_insert : o->min_len);
    double errors = 0.0;

    if (n <= 3) return EXM_FATE_DIMER;
    if (n < least) return EXM_FATE_SHORT;
    if (n > (long) o->max_len) return EXM_FATE_LONG;
    if (memchr(s, 'N', (size_t) n)) return EXM_FATE_AMBIGUOUS_BASE;
    for (long i = 0; qual && i < n; i++) errors += pow(10.0, -(qual[i] - 33) / 10.0);
    if (qual && o->max_ee >= 0.0) {
        *undecided = fabs(errors - o->max_ee) < 1e-6;
        if (errors > o->max_ee) return EXM_FATE_LOW_QUALITY;
    }
    if (n <= EXM_PACKED_MAX && o->max_one_base <= 1.0 &&
        oracle_low_complexity(s, n, o->max_one_base))
        return EXM_FATE_LOW_COMPLEXITY;
    return EXM_FATE_KEPT;
}

static inline oracle_result
oracle_trim(const exm_layout *l, const exm_trim_options *o, const exm_read *r)
{
    char adapter[EXM_ADAPTER_MAX + 1] = "", umi[EXM_UMI_MAX];
    const long n_adapter = (long) (l->poly_a > 0 ? l->poly_a : l->adapter_len);
    const long n_umi = (long) exm_layout_umi_len(l);
    oracle_result t = {.start = (long) l->n_5};
    long len = (long) r->len, at, end, behind = 0;

    for (uint32_t i = 0; r->qual && i < r->len; i++) t.n_q30 += r->qual[i] - 33 >= 30;
    if (l->poly_a > 0)
        memset(adapter, 'A', l->poly_a);
    else
        memcpy(adapter, l->adapter, l->adapter_len);
    if (r->qual && o->quality_cutoff > 0)
        len = oracle_quality_end(r->qual, len, o->quality_cutoff);
    if (o->indels) {
        at = oracle_find_indels(r->seq, len, adapter, n_adapter, o->max_error_rate,
                                l->max_mismatches, (long) o->min_overlap, &behind);
    } else {
        at = oracle_find(r->seq, len, adapter, n_adapter, o->max_error_rate,
                         l->max_mismatches, (long) o->min_overlap);
        behind = at + n_adapter;
    }
    t.found = at >= 0;
    end = at < 0 ? len : at - (long) l->n_3;
    t.len = end > t.start ? end - t.start : 0;
    if (at < 0 && (l->poly_a > 0 || l->n_3 > 0 || l->umi_after_len > 0)) {
        t.fate = EXM_FATE_NO_ADAPTER;
        return t;
    }
    if (n_umi > 0 && t.len > 3) {
        const long n = oracle_umi(l, r->seq, len, at, behind, umi);
        const long least = (long) o->min_umi < n_umi ? (long) o->min_umi : n_umi;

        if (n < least || memchr(umi, 'N', (size_t) n)) {
            t.fate = EXM_FATE_NO_UMI;
            return t;
        }
        t.umi = 1; /* of no base, where none is asked for */
        for (long i = 0; i < n; i++)
            t.umi = t.umi * 4 + (uint64_t) (strchr("ACTG", umi[i]) - "ACTG");
    }
    t.fate = oracle_insert(l, o, r->seq + t.start, r->qual ? r->qual + t.start : NULL,
                           t.len, &t.undecided);
    return t;
}

/* The letters that a kept insert's packed form stands for; -1 when it is malformed. */
static inline long
oracle_unpack(const exm_trimmed *t, char *s)
{
    long n = 0;

    if (t->len > EXM_PACKED_MAX || t->lo >> t->len != 1 || t->hi >> t->len != 0) return -1;
    for (; n < (long) t->len; n++) s[n] = "ACTG"[(t->lo >> n & 1) + 2 * (t->hi >> n & 1)];
    return n;
}

/* 1 when the library's answer is the definition's. */
static inline int
oracle_agrees(const oracle_result *want, const exm_trimmed *got, const char *seq)
{
    char s[EXM_PACKED_MAX];

    if (want->undecided) return 1;
    if (got->fate != want->fate || got->adapter_found != want->found ||
        (long) got->start != want->start || (long) got->len != want->len ||
        got->n_q30 != want->n_q30)
        return 0;
    if (got->fate != EXM_FATE_KEPT) return 1;
    if (got->umi != want->umi) return 0;
    if (got->len > EXM_PACKED_MAX) return got->lo == 0 && got->hi == 0;
    return oracle_unpack(got, s) == (long) got->len &&
           memcmp(s, seq + got->start, got->len) == 0;
}

/* Both SIMD paths fill each field alike. */
static inline int
oracle_same(const exm_trimmed *a, const exm_trimmed *b)
{
    return a->fate == b->fate && a->start == b->start && a->len == b->len &&
           a->lo == b->lo && a->hi == b->hi && a->umi == b->umi && a->n_q30 == b->n_q30 &&
           a->adapter_found == b->adapter_found;
}

#endif
