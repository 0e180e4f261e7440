/*
 * annotate_long.c - inserts of 64 nt and more: fragments of other classes, whole hairpins.
 *
 * Workload: rare in a good small-RNA library, so letters are packed again for every place
 * that a seed points at.  The same rules as in annotate.c: at most two substitutions, a
 * tail of at most three.
 */
#include "annotate_impl.h"

#include "exomir/annotate.h"

#include <stdlib.h>

enum { SEEDS = 9, WORD = 64, COST_SUB = 10, COST_TAIL = 3, BITS_MATCH = 2, BITS_SUB = 6 };

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

/* Where the insert differs from the text at 'begin': up to EXM_MAX_SUBS places in the core,
 * and the tail.  0 when it differs too much. */
static int
compare(const exm_ref *ref, const char *seq, uint32_t len, uint64_t begin, exm_candidate *c,
        uint32_t *at)
{
    uint32_t wrong = 0, place[EXM_MAX_SUBS + EXM_MAX_TAIL];

    for (uint32_t i = 0; i < len; i += WORD) {
        const uint32_t n = len - i < WORD ? len - i : WORD;
        uint64_t lo, hi, differ;

        pack_word(seq + i, n, &lo, &hi);
        differ = (lo ^ window(exm_ref_plane_lo(ref), begin + i)) |
                 (hi ^ window(exm_ref_plane_hi(ref), begin + i)) |
                 window(exm_ref_plane_no(ref), begin + i);
        if (n < WORD) differ &= ((uint64_t) 1 << n) - 1;
        for (; differ; differ &= differ - 1) {
            if (wrong == EXM_MAX_SUBS + EXM_MAX_TAIL) return 0;
            place[wrong++] = i + (uint32_t) __builtin_ctzll(differ);
        }
    }
    for (uint32_t k = 0; k < wrong; k++) {
        if (place[k] + EXM_MAX_TAIL >= len) {
            c->n_tail = (uint8_t) (len - place[k]);
            break;
        }
        if (c->n_sub == EXM_MAX_SUBS) return 0;
        at[c->n_sub++] = place[k];
    }
    return 1;
}

static int
is_known(const exm_annotation *o, uint32_t template_id, int64_t start)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->cand[i].template_id == template_id && o->cand[i].start == start) return 1;
    return 0;
}

static exm_status
judge(const exm_annotator *a, const exm_ref *ref, const char *seq, uint32_t len,
      uint64_t begin, uint64_t seed, exm_annotation *o, exm_error *reterr)
{
    const uint32_t id = exm_ref_template_at(ref, seed);
    const exm_ref_template *t = exm_ref_template_get(ref, id);
    exm_candidate c = {.class_id = t->class_id,
                       .template_id = id,
                       .mature = UINT32_MAX,
                       .entity = UINT32_MAX,
                       .start = (int64_t) begin - (int64_t) t->start};
    uint32_t at[EXM_MAX_SUBS], matching;

    if (is_known(o, id, c.start) || !compare(ref, seq, len, begin, &c, at)) return EXM_OK;
    matching = len - c.n_tail - c.n_sub;
    if (BITS_MATCH * matching < BITS_SUB * c.n_sub + exm_annotator_min_bits(a, c.class_id))
        return EXM_OK;
    c.cost = (uint32_t) (COST_SUB * c.n_sub + COST_TAIL * c.n_tail);
    for (int k = 0; k < c.n_sub; k++) { /* places beyond 255 are told as 255 */
        const uint64_t p = begin + at[k];

        c.sub_at[k] = (uint8_t) (at[k] < UINT8_MAX ? at[k] : UINT8_MAX);
        c.sub_ref[k] = (uint8_t) ((exm_ref_plane_lo(ref)[p >> 6] >> (p & 63) & 1) |
                                  (exm_ref_plane_hi(ref)[p >> 6] >> (p & 63) & 1) << 1);
    }
    if (o->n == o->cap) {
        const size_t cap = o->cap ? o->cap * 2 : 16;
        exm_candidate *p = realloc(o->cand, cap * sizeof *p);

        if (!p) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for explanations");
        o->cand = p;
        o->cap = cap;
    }
    o->cand[o->n++] = c;
    return EXM_OK;
}

/* The places that evenly spread seeds of one index point at. */
static exm_status
scan(const exm_annotator *a, const exm_ref_index *x, const char *seq, uint32_t len,
     exm_annotation *ret, exm_error *reterr)
{
    const exm_ref *ref = exm_annotator_ref(a);

    for (uint32_t i = 0; i < SEEDS; i++) {
        const uint32_t at = (uint32_t) ((uint64_t) (len - x->k) * i / (SEEDS - 1));
        uint64_t lo, hi;
        uint32_t code;

        pack_word(seq + at, x->k, &lo, &hi);
        code = (uint32_t) (hi << x->k | lo);
        ret->scanned += x->off[code + 1] - x->off[code];
        for (uint32_t k = x->off[code]; k < x->off[code + 1]; k++) {
            exm_status st;

            if (x->pos[k] < at ||
                x->pos[k] - at + (uint64_t) len + WORD > exm_ref_text_len(ref))
                continue;
            st = judge(a, ref, seq, len, x->pos[k] - at, x->pos[k], ret, reterr);
            if (st != EXM_OK) return st;
        }
    }
    return EXM_OK;
}

exm_status
exm_annotate_long(const exm_annotator *a, const char *seq, uint32_t len, uint32_t margin,
                  exm_annotation *ret, exm_error *reterr)
{
    uint32_t best = UINT32_MAX / 2;

    if (len <= EXM_ANNOTATE_MAX_PACKED) {
        uint64_t lo, hi;
        const exm_status st = exm_pack(seq, len, &lo, &hi, reterr);

        return st == EXM_OK ? exm_annotate(a, lo, hi, margin, ret, reterr) : st;
    }
    for (uint32_t i = 0; i < len; i++)
        if (seq[i] != 'A' && seq[i] != 'C' && seq[i] != 'G' && seq[i] != 'T')
            return exm_fail(reterr, EXM_EDATA, i, "base %u is none of A C G T", i + 1);
    ret->n = ret->n_best = 0;
    for (int which = 0; which < 2; which++) {
        const exm_ref_index *x = exm_ref_index_get(exm_annotator_ref(a), which);
        const exm_status st = scan(a, x, seq, len, ret, reterr);

        if (st != EXM_OK) return st;
    }
    for (size_t i = 0; i < ret->n; i++)
        if (ret->cand[i].cost < best) best = ret->cand[i].cost;
    exm_annotation_rank(ret, best, margin);
    return EXM_OK;
}
