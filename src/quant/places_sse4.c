/* places_sse4.c - the x86-64-v2 path; elsewhere it is never chosen (exm_simd_resolve()). */
#define EXM_PLACES_PATH exm_places_hits_sse4
#include "places.h"

#if defined(__SSE4_2__)
#include <nmmintrin.h>

static inline uint32_t
alike(const exm_ref_place *p, uint32_t n, int readable, uint32_t want, uint32_t mask)
{
    const __m128i minus_1 = _mm_set1_epi32(-1);
    __m128i x;

    if (!readable) return alike_each(p, n, want, mask);
    x = _mm_castps_si128(_mm_shuffle_ps(_mm_loadu_ps((const void *) p),
                                        _mm_loadu_ps((const void *) (p + 2)), 0xdd));
    x = _mm_xor_si128(x, _mm_set1_epi32((int) want));
    x = _mm_and_si128(_mm_or_si128(x, _mm_srli_epi32(x, 2 * EXM_REF_AROUND)),
                      _mm_set1_epi32((int) mask));
    for (int i = 0; i < EXM_MAX_SUBS; i++) /* the lowest bit goes */
        x = _mm_and_si128(x, _mm_add_epi32(x, minus_1));
    x = _mm_cmpeq_epi32(x, _mm_setzero_si128());
    return (uint32_t) _mm_movemask_ps(_mm_castsi128_ps(x)) & ((1U << (n < 4 ? n : 4)) - 1);
}
#else
static inline uint32_t
alike(const exm_ref_place *p, uint32_t n, int readable, uint32_t want, uint32_t mask)
{
    (void) readable;
    return alike_each(p, n, want, mask);
}
#endif
