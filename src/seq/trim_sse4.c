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
    const __m128i a = _mm_loadu_si128((const void *) s);
    const __m128i b = _mm_loadu_si128((const void *) (s + 16));
    const __m128i c = _mm_loadu_si128((const void *) (s + 32));
    const __m128i d = _mm_loadu_si128((const void *) (s + 48));

    *lo = mask16(a, 6) | mask16(b, 6) << 16 | mask16(c, 6) << 32 | mask16(d, 6) << 48;
    *hi = mask16(a, 5) | mask16(b, 5) << 16 | mask16(c, 5) << 32 | mask16(d, 5) << 48;
    *no = mask16(a, 4) | mask16(b, 4) << 16 | mask16(c, 4) << 32 | mask16(d, 4) << 48;
}

static inline uint64_t
below(const char *s, unsigned char limit)
{
    const __m128i l = _mm_set1_epi8((char) limit);
    uint64_t r = 0;

    for (size_t i = 0; i < 4; i++) {
        const __m128i x = _mm_loadu_si128((const void *) (s + 16 * i));

        r |= (uint64_t) (uint32_t) _mm_movemask_epi8(_mm_cmplt_epi8(x, l)) << 16 * i;
    }
    return r;
}

/* 64 starts of two lanes, 'by' bases on. */
static inline __m128i
misses_at(const uint64_t *word, const uint64_t *next, int wide, __m128i by, __m128i back)
{
    const __m128i m = _mm_srl_epi64(_mm_loadu_si128((const void *) word), by);

    if (!wide) return m;
    return _mm_or_si128(m, _mm_sll_epi64(_mm_loadu_si128((const void *) next), back));
}

/* Two lanes a register; counter k holds the starts with more than k mismatches so far. */
static inline void
count_mismatches(const struct exm_trimmer *t, const lanes *l, int wide,
                 uint64_t over[EXM_TRIM_LANE_MISMATCHES][LANES])
{
    __m128i a0 = _mm_setzero_si128(), a1 = a0, a2 = a0, a3 = a0;
    __m128i b0 = a0, b1 = a0, b2 = a0, b3 = a0;

    for (uint32_t j = 0; j < t->adapter_len; j++) {
        const uint64_t *word = l->miss[t->code[j]], *next = l->next[t->code[j]];
        const __m128i by = _mm_cvtsi32_si128((int) j);
        const __m128i back = _mm_cvtsi32_si128(64 - (int) j); /* 64 shifts all out */
        const __m128i a = misses_at(word, next, wide, by, back);
        const __m128i b = misses_at(word + 2, next + 2, wide, by, back);

        a3 = _mm_or_si128(a3, _mm_and_si128(a2, a));
        b3 = _mm_or_si128(b3, _mm_and_si128(b2, b));
        a2 = _mm_or_si128(a2, _mm_and_si128(a1, a));
        b2 = _mm_or_si128(b2, _mm_and_si128(b1, b));
        a1 = _mm_or_si128(a1, _mm_and_si128(a0, a));
        b1 = _mm_or_si128(b1, _mm_and_si128(b0, b));
        a0 = _mm_or_si128(a0, a);
        b0 = _mm_or_si128(b0, b);
    }
    _mm_storeu_si128((void *) over[0], a0);
    _mm_storeu_si128((void *) (over[0] + 2), b0);
    _mm_storeu_si128((void *) over[1], a1);
    _mm_storeu_si128((void *) (over[1] + 2), b1);
    _mm_storeu_si128((void *) over[2], a2);
    _mm_storeu_si128((void *) (over[2] + 2), b2);
    _mm_storeu_si128((void *) over[3], a3);
    _mm_storeu_si128((void *) (over[3] + 2), b3);
}

void
exm_trim_batch_sse4(struct exm_trimmer *t, const exm_read *reads, size_t n,
                    exm_trimmed *ret)
{
    trim_batch(t, reads, n, ret);
}
#else
void
exm_trim_batch_sse4(struct exm_trimmer *t, const exm_read *reads, size_t n,
                    exm_trimmed *ret)
{
    exm_trim_batch_scalar(t, reads, n, ret); /* never chosen here: see exm_simd_resolve() */
}
#endif
