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

static inline __m128i
load(const void *s)
{
    return _mm_loadu_si128(s);
}

/* The first n of 16 bytes. */
static inline __m128i
first_bytes(uint32_t n)
{
    static const unsigned char ahead[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                            255, 255, 255, 255, 255, 255, 255, 255};

    return load(ahead + 16 - n);
}

static inline uint64_t
sum_halves(__m128i x)
{
    return (uint64_t) _mm_cvtsi128_si64(_mm_add_epi64(x, _mm_unpackhi_epi64(x, x)));
}

/* Of at most 16 x 255 bytes, so that no count of a column overflows. */
static inline uint32_t
count_some(const char *qual, uint32_t n, unsigned char limit)
{
    const __m128i l = _mm_set1_epi8((char) (limit - 1));
    __m128i sum = _mm_setzero_si128(), last;
    uint32_t i = 0;

    for (; i + 16 <= n; i += 16) sum = _mm_sub_epi8(sum, _mm_cmpgt_epi8(load(qual + i), l));
    last = _mm_and_si128(_mm_cmpgt_epi8(load(qual + i), l), first_bytes(n - i));
    sum = _mm_sad_epu8(_mm_sub_epi8(sum, last), _mm_setzero_si128());
    return (uint32_t) sum_halves(sum);
}

static inline uint32_t
count_from(const char *qual, uint32_t n, unsigned char limit)
{
    enum { SOME = 16 * 240 };
    uint32_t sum = 0;

    for (; n > SOME; qual += SOME, n -= SOME) sum += count_some(qual, SOME, limit);
    return sum + count_some(qual, n, limit);
}

static inline __m128i
allowances(__m128i table, const char *qual)
{
    const __m128i q =
        _mm_min_epu8(_mm_sub_epi8(load(qual), _mm_set1_epi8(33)), _mm_set1_epi8(63));

    return _mm_shuffle_epi8(table, _mm_and_si128(_mm_srli_epi16(q, 2), _mm_set1_epi8(15)));
}

static inline uint64_t
sum_allowances(const unsigned char allowance[16], const char *qual, uint32_t n)
{
    const __m128i table = load(allowance), zero = _mm_setzero_si128();
    __m128i sum = zero, last;
    uint32_t i = 0;

    for (; i + 16 <= n; i += 16)
        sum = _mm_add_epi64(sum, _mm_sad_epu8(allowances(table, qual + i), zero));
    last = _mm_and_si128(allowances(table, qual + i), first_bytes(n - i));
    return sum_halves(_mm_add_epi64(sum, _mm_sad_epu8(last, zero)));
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
