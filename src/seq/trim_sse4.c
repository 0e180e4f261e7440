/* trim_sse4.c - the x86-64-v2 path: a bit of 16 bases by one movemask, popcount as one instruction. */
#define EXM_TRIM_PATH 1
#include "trim_impl.h"

#if defined(__SSE4_2__)
#include <nmmintrin.h>

static inline uint64_t
mask16(__m128i x, int shift)
{
    return (uint64_t) (uint32_t) _mm_movemask_epi8(
        _mm_sll_epi16(x, _mm_cvtsi32_si128(shift)));
}

static inline void
base_planes(const char *s, uint64_t *lo, uint64_t *hi, uint64_t *no)
{
    *lo = *hi = *no = 0;
    for (int i = 0; i < 4; i++) {
        const __m128i x = _mm_loadu_si128((const void *) (s + 16 * i));

        *lo |= mask16(x, 6) << 16 * i;
        *hi |= mask16(x, 5) << 16 * i;
        *no |= mask16(x, 4) << 16 * i;
    }
}

void
exm_trim_batch_sse4(struct exm_trimmer *t, const exm_read *reads, size_t n,
                    exm_trimmed *ret)
{
    for (size_t i = 0; i < n; i++) trim_one(t, reads + i, ret + i);
}
#else
void
exm_trim_batch_sse4(struct exm_trimmer *t, const exm_read *reads, size_t n,
                    exm_trimmed *ret)
{
    exm_trim_batch_scalar(t, reads, n, ret); /* never chosen here: see exm_simd_resolve() */
}
#endif
