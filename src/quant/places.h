/*
 * places.h - private to quant: which of the places that seeds point at may fit an insert?
 *
 * Workload: 10 to 100 places per unique insert, nearly all of them chance.  A place comes
 * with the 8 bases before and behind the seed; of the bases before a possible tail two may
 * differ, and among 8 of them that chance lets pass one place in 240.
 *
 * How many places a seed has, and whether one passes, cannot be foreseen, and a wrong guess
 * of the processor costs as much as five places: so four are looked at together however few
 * there are, and all are noted, those that do not pass to be written over.
 *
 * Compiled once per SIMD path: EXM_PLACES_PATH names the function, and each path brings
 * alike().
 */
#ifndef EXM_QUANT_PLACES_H
#define EXM_QUANT_PLACES_H

#include "annotate_impl.h"

enum { EXM_HITS = 64 }; /* told in one call */

/* A place that passed: its number in the index, and above 32 bits that of the seed. */
typedef uint64_t exm_hit;

/* An index, the seeds of an insert in it, and where to go on. */
typedef struct exm_places_query {
    const exm_question *asked;
    const exm_seeds *seeds;
    const exm_ref_place *place; /* [n_places] */
    uint32_t n_places, k;
    uint32_t seed, end; /* the next seed to look at, and the one to stop before */
    uint32_t done;      /* places of that seed that were looked at already */
} exm_places_query;

/* The next hits, in the order of the seeds and of their places; 0: there are no more. */
typedef size_t (*exm_places_hits)(exm_places_query *q, exm_hit ret[EXM_HITS]);
size_t exm_places_hits_scalar(exm_places_query *q, exm_hit ret[EXM_HITS]);
size_t exm_places_hits_sse4(exm_places_query *q, exm_hit ret[EXM_HITS]);

/* The bases around the seed at 'at' as in exm_ref_place, of a plane of the insert. */
static inline uint32_t
exm_places_around(uint64_t plane, uint32_t at, uint32_t k)
{
    enum { N = EXM_REF_AROUND };

    return (uint32_t) (plane << N >> at & 0xff) | (uint32_t) (plane >> (at + k) & 0xff)
                                                      << N;
}

#ifdef EXM_PLACES_PATH

/* Bit i: at most EXM_MAX_SUBS of the masked bases around place p[i] differ, for i < n and
 * below 4.  'readable': there are four to read. */
static inline uint32_t alike(const exm_ref_place *p, uint32_t n, int readable,
                             uint32_t want, uint32_t mask);

static inline uint32_t
alike_each(const exm_ref_place *p, uint32_t n, uint32_t want, uint32_t mask)
{
    uint32_t r = 0;

    for (uint32_t i = 0; i < 4 && i < n; i++) {
        const uint32_t x = p[i].around ^ want;
        const int differ = __builtin_popcount((x | x >> 2 * EXM_REF_AROUND) & mask);

        r |= (uint32_t) (differ <= EXM_MAX_SUBS) << i;
    }
    return r;
}

size_t
EXM_PLACES_PATH(exm_places_query *q, exm_hit ret[EXM_HITS])
{
    const uint64_t lo = q->asked->lo, hi = q->asked->hi;
    const exm_seed_plan *plan = q->seeds->plan;
    size_t m = 0;

    for (; q->seed < q->end; q->seed++, q->done = 0) {
        const uint32_t at = plan->at[q->seed], mask = plan->around[q->seed];
        const uint32_t want = exm_places_around(lo, at, q->k) |
                              exm_places_around(hi, at, q->k) << 2 * EXM_REF_AROUND;
        const uint64_t seed = (uint64_t) q->seed << 32;
        uint32_t from = q->seeds->from[q->seed] + q->done;
        const uint32_t to = q->seeds->to[q->seed];

        do {
            const uint32_t hits =
                alike(q->place + from, to - from, from + 4 <= q->n_places, want, mask);

            if (m + 4 > EXM_HITS) {
                q->done = from - q->seeds->from[q->seed];
                return m;
            }
            for (uint32_t i = 0; i < 4; i++) {
                ret[m] = seed | (from + i);
                m += hits >> i & 1;
            }
            from += 4;
        } while (from < to);
    }
    return m;
}

#endif
#endif
