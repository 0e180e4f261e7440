/*
 * annotate_long.c - inserts of 64 nt and more: fragments of hairpins and other classes.
 *
 * Workload: rare in a good small-RNA library, so letters are packed again for every place
 * that a seed points at.  The rules are those of annotate.c, without matures: no window
 * around one is so long.
 *
 * Nine seeds are spread evenly.  In 64 nt they begin 6 or 7 nt apart, so with k <= 12 a
 * substitution or addition spoils two of them at most, and a tail the last: of any two
 * substitutions and a tail, four seeds are left, and nothing is missed.  Where an index holds
 * every fourth k-mer, four seeds next to each other are sure to meet one: three such
 * stretches, which do not overlap and end before a tail, are not spoilt by two substitutions.
 */
#include "annotate_impl.h"

#include "exomir/annotate.h"

#include <stdlib.h>

enum {
    EVEN = 9,
    STRETCHES = 3,
    SEEDS = STRETCHES * EXM_REF_STEP,
    WORD = 64,
    COST_SUB = 10,
    COST_TAIL = 3,
    BITS_MATCH = 2,
    BITS_SUB = 6
};

/* An insert, its seeds in one index, and the result so far. */
struct query {
    const exm_annotator *a;
    const exm_ref *ref;
    const char *seq;
    uint32_t len;
    const exm_ref_index *index;
    uint32_t n_seeds, at[SEEDS], code[SEEDS];
    exm_annotation *out;
    exm_error *err;
};

static void
pack_word(const char *seq, uint32_t n, uint64_t *lo, uint64_t *hi)
{
    *lo = *hi = 0;
    for (uint32_t i = 0; i < n; i++) {
        *lo |= (uint64_t) (seq[i] >> 1 & 1) << i;
        *hi |= (uint64_t) (seq[i] >> 2 & 1) << i;
    }
}

static uint64_t
window(const uint64_t *plane, uint64_t p)
{
    const uint32_t shift = (uint32_t) (p & 63);
    const uint64_t word = plane[p >> 6];

    return shift ? word >> shift | plane[(p >> 6) + 1] << (64 - shift) : word;
}

static int
has_base(const exm_ref *ref, uint64_t p)
{
    return !(exm_ref_plane_no(ref)[p >> 6] >> (p & 63) & 1);
}

/* Where bases [i, i + n) differ from the text at 'begin', as bits. */
static uint64_t
differences(const struct query *q, uint64_t begin, uint32_t i, uint32_t n)
{
    uint64_t lo, hi, differ;

    pack_word(q->seq + i, n, &lo, &hi);
    differ = (lo ^ window(exm_ref_plane_lo(q->ref), begin + i)) |
             (hi ^ window(exm_ref_plane_hi(q->ref), begin + i)) |
             window(exm_ref_plane_no(q->ref), begin + i);
    return n < WORD ? differ & (((uint64_t) 1 << n) - 1) : differ;
}

static void
put_substitution(const struct query *q, uint64_t begin, uint32_t at, exm_candidate *c)
{
    const uint64_t p = begin + at;

    /* Places beyond 255 are told as 255. */
    c->sub_at[c->n_sub] = (uint8_t) (at < UINT8_MAX ? at : UINT8_MAX);
    c->sub_ref[c->n_sub++] =
        (uint8_t) ((exm_ref_plane_lo(q->ref)[p >> 6] >> (p & 63) & 1) |
                   (exm_ref_plane_hi(q->ref)[p >> 6] >> (p & 63) & 1) << 1);
}

/* One base that differs: added, substituted, or the first of the tail.  0: not allowed. */
static int
take_difference(const struct query *q, uint64_t begin, uint32_t at, exm_candidate *c)
{
    if (c->n_tail > 0) return 1;
    if (at + EXM_MAX_TAIL >= q->len) {
        c->n_tail = (uint8_t) (q->len - at);
        return 1;
    }
    if (c->n_sub + c->n_add5 == EXM_MAX_SUBS) return 0;
    if (c->start + (int64_t) at < 0) {
        c->n_add5++;
        return 1;
    }
    if (!has_base(q->ref, begin + at)) return 0;
    put_substitution(q, begin, at, c);
    return 1;
}

/* Fills additions, substitutions and tail; 0 when the insert differs too much. */
static int
compare(const struct query *q, uint64_t begin, exm_candidate *c)
{
    for (uint32_t i = 0; i < q->len; i += WORD) {
        uint64_t differ = differences(q, begin, i, q->len - i < WORD ? q->len - i : WORD);

        /* What lies before the template may well be the end of another one. */
        if (i == 0 && c->start < 0) differ |= ((uint64_t) 1 << -c->start) - 1;
        for (; differ; differ &= differ - 1)
            if (!take_difference(q, begin, i + (uint32_t) __builtin_ctzll(differ), c))
                return 0;
    }
    return 1;
}

static exm_status
judge(struct query *q, uint64_t begin, uint64_t seed)
{
    const uint32_t id = exm_ref_template_at(q->ref, seed);
    const exm_ref_template *t = exm_ref_template_get(q->ref, id);
    exm_annotation *o = q->out;
    exm_candidate c = {.class_id = t->class_id,
                       .template_id = id,
                       .mature = UINT32_MAX,
                       .entity = UINT32_MAX,
                       .start = (int64_t) begin - (int64_t) t->start};
    uint32_t wrong;

    if (c.start < -EXM_MAX_SUBS || !compare(q, begin, &c) ||
        !exm_annotator_takes(q->a, t, c.start, q->len, q->len - c.n_tail) ||
        !exm_annotator_takes_subs(q->a, t, &c))
        return EXM_OK;
    wrong = (uint32_t) c.n_sub + c.n_add5;
    if (BITS_MATCH * (q->len - c.n_tail - wrong) <
        BITS_SUB * wrong + exm_annotator_min_bits(q->a, c.class_id))
        return EXM_OK;
    c.cost = COST_SUB * wrong + COST_TAIL * (uint32_t) c.n_tail;
    if (o->n == o->cap) {
        const size_t cap = o->cap ? o->cap * 2 : 16;
        exm_candidate *p = realloc(o->cand, cap * sizeof *p);

        if (!p) return exm_fail(q->err, EXM_ENOMEM, 0, "no memory for explanations");
        o->cand = p;
        o->cap = cap;
    }
    o->cand[o->n++] = c;
    return EXM_OK;
}

/* ---- seeds ---- */

static uint32_t
text_code(const struct query *q, uint64_t p)
{
    const uint64_t mask = ((uint64_t) 1 << q->index->k) - 1;

    return (uint32_t) ((window(exm_ref_plane_hi(q->ref), p) & mask) << q->index->k |
                       (window(exm_ref_plane_lo(q->ref), p) & mask));
}

/* Was this place reached by an earlier seed?  Then that seed's bases all match. */
static int
seen_before(const struct query *q, uint32_t i, uint64_t begin)
{
    const uint64_t mask = ((uint64_t) 1 << q->index->k) - 1;

    for (uint32_t e = 0; e < i; e++) {
        const uint64_t p = begin + q->at[e];

        if (p % q->index->step == 0 && text_code(q, p) == q->code[e] &&
            !(window(exm_ref_plane_no(q->ref), p) & mask))
            return 1;
    }
    return 0;
}

static exm_status
scan_seed(struct query *q, uint32_t i)
{
    const exm_ref_index *x = q->index;
    const uint32_t at = q->at[i];

    for (uint32_t k = x->off[q->code[i]]; k < x->off[q->code[i] + 1]; k++) {
        const uint64_t p = x->place[k].at, begin = p - at;
        exm_status st;

        if (p < at || begin + q->len > exm_ref_text_len(q->ref) || seen_before(q, i, begin))
            continue;
        st = judge(q, begin, p);
        if (st != EXM_OK) return st;
    }
    return EXM_OK;
}

static void
plan_seeds(struct query *q)
{
    const uint32_t k = q->index->k, step = q->index->step;
    const uint64_t last = q->len - EXM_MAX_TAIL - (k + step - 1);

    q->n_seeds = 0;
    if (q->index->off[(size_t) 1 << 2 * k] == 0) return; /* nothing to be found */
    if (step == 1)
        for (uint32_t i = 0; i < EVEN; i++)
            q->at[q->n_seeds++] = (uint32_t) ((uint64_t) (q->len - k) * i / (EVEN - 1));
    else
        for (uint32_t i = 0; i < STRETCHES * step; i++)
            q->at[q->n_seeds++] =
                (uint32_t) (last * (i / step) / (STRETCHES - 1)) + i % step;
}

static exm_status
scan_index(struct query *q, const exm_ref_index *x)
{
    exm_status st = EXM_OK;

    q->index = x;
    plan_seeds(q);
    for (uint32_t i = 0; i < q->n_seeds; i++) {
        uint64_t lo, hi;

        pack_word(q->seq + q->at[i], x->k, &lo, &hi);
        q->code[i] = (uint32_t) (hi << x->k | lo);
    }
    for (uint32_t i = 0; st == EXM_OK && i < q->n_seeds; i++) st = scan_seed(q, i);
    return st;
}

exm_status
exm_annotate_long(const exm_annotator *a, const char *seq, uint32_t len, uint32_t margin,
                  exm_annotation *ret, exm_error *reterr)
{
    struct query q = {.a = a, .seq = seq, .len = len, .out = ret, .err = reterr};
    uint32_t best = UINT32_MAX / 2;
    exm_status st = EXM_OK;

    if (len <= EXM_ANNOTATE_MAX_PACKED) {
        uint64_t lo, hi;

        st = exm_pack(seq, len, &lo, &hi, reterr);
        return st == EXM_OK ? exm_annotate(a, lo, hi, margin, ret, reterr) : st;
    }
    for (uint32_t i = 0; i < len; i++)
        if (seq[i] != 'A' && seq[i] != 'C' && seq[i] != 'G' && seq[i] != 'T')
            return exm_fail(reterr, EXM_EDATA, i, "base %u is none of A C G T", i + 1);
    ret->n = ret->n_best = 0;
    q.ref = exm_annotator_ref(a);
    for (int which = 0; st == EXM_OK && which < EXM_REF_INDEXES; which++)
        st = scan_index(&q, exm_ref_index_get(q.ref, which));
    if (st != EXM_OK) return st;
    for (size_t i = 0; i < ret->n; i++)
        if (ret->cand[i].cost < best) best = ret->cand[i].cost;
    exm_annotation_rank(ret, best, margin);
    return EXM_OK;
}
