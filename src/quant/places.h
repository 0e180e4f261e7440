/*
 * places.h - private to quant: which of the places that a seed points at fit an insert?
 *
 * Workload: 10 to 100 places per unique insert, nearly all of them chance.  So a place is
 * refused on one load of one bit plane where it can be: two unrelated bases differ in a
 * plane every other time, and of the bases before a possible tail two may differ.
 *
 * Compiled once per SIMD path (EXM_PLACES_PATH names the function); a path here is no more
 * than a popcount that is an instruction.
 */
#ifndef EXM_QUANT_PLACES_H
#define EXM_QUANT_PLACES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { EXM_PLACES = 64 }; /* looked at in one call */

/* The text's planes (ref.h) and a packed insert of n nt without its sentinel. */
typedef struct exm_places_query {
    const uint64_t *text_lo, *text_hi, *text_no;
    uint64_t lo, hi;
    uint32_t n;
    uint32_t n_core, most; /* among the first n_core so many mismatches are allowed */
} exm_places_query;

typedef struct exm_place {
    uint64_t begin;  /* text position of the insert's base 0 */
    uint64_t differ; /* bit i: base i is not explained here */
    uint64_t none;   /* bit i: it stands against no base of the text */
} exm_place;

/* pos[0..n_pos) with n_pos <= EXM_PLACES: text positions of insert base 'offset'.
 * Returns how many places fit; ret[] holds them in the order of pos[]. */
typedef size_t (*exm_places_fit)(const exm_places_query *q, const uint32_t *pos,
                                 size_t n_pos, uint32_t offset, exm_place *ret);
size_t exm_places_fit_scalar(const exm_places_query *q, const uint32_t *pos, size_t n_pos,
                             uint32_t offset, exm_place *ret);
size_t exm_places_fit_sse4(const exm_places_query *q, const uint32_t *pos, size_t n_pos,
                           uint32_t offset, exm_place *ret);

#ifdef EXM_PLACES_PATH

/* 57 bits of a plane from position p on: one load at p's byte (the bundle and every
 * processor it is opened on are little-endian), the rest of the byte shifted out. */
static inline uint64_t
load_57(const uint64_t *plane, uint64_t p)
{
    uint64_t x;

    memcpy(&x, (const char *) plane + (p >> 3), sizeof x);
    return x >> (p & 7);
}

static inline uint64_t
load_64(const uint64_t *plane, uint64_t p)
{
    const uint64_t *w = plane + (p >> 6);

    return w[0] >> (p & 63) | w[1] << 1 << (63 - (p & 63));
}

size_t
EXM_PLACES_PATH(const exm_places_query *q, const uint32_t *pos, size_t n_pos,
                uint32_t offset, exm_place *ret)
{
    const uint64_t mask = ((uint64_t) 1 << q->n) - 1;
    const uint64_t core = ((uint64_t) 1 << q->n_core) - 1;
    const uint64_t quick = core & (((uint64_t) 1 << 57) - 1);
    size_t m = 0;

    for (size_t i = 0; i < n_pos; i++) {
        const uint64_t p = (uint64_t) pos[i] - offset;
        uint64_t d = (load_57(q->text_lo, p) ^ q->lo) & quick, none;

        if ((uint32_t) __builtin_popcountll(d) > q->most) continue;
        none = load_64(q->text_no, p) & mask;
        d = (((load_64(q->text_lo, p) ^ q->lo) | (load_64(q->text_hi, p) ^ q->hi)) & mask) |
            none;
        if ((uint32_t) __builtin_popcountll(d & core) > q->most) continue;
        ret[m++] = (exm_place){p, d, none};
    }
    return m;
}

#endif
#endif
