/*
 * fastq_sse4.c - the parser's kernels in SSE4.2 (compiled with -msse4.2 -mpopcnt).
 *
 * Workload: 10^7 to 10^9 reads of one length behind names of 20-80 bytes.  Of a record
 * only the name's end is searched, 64 bytes at a time; the other three line ends are
 * expected where the last read's length puts them and are looked at directly.  Reads of
 * changing length cost one more pass over the bases, which finds the length.
 *
 * One shuffle tests a set of bytes: a table is indexed by the low four bits of each
 * byte and holds the member of the set with those bits; x is in the set when it equals
 * what it finds.  Entries without a member hold a byte with other low bits.
 */
#include "fastq_impl.h"

#if defined(__SSE4_2__)

#include <smmintrin.h>

/* A 41, C 43, T 54, G 47, N 4e. */
#define BASES                                                                              \
    _mm_setr_epi8(-1, 'A', -1, 'C', 'T', -1, -1, 'G', -1, -1, -1, -1, -1, -1, 'N', 0)
/* NUL, LF 0a, CR 0d: what ends a name, or must not be in it. */
#define LINE_BYTES                                                                         \
    _mm_setr_epi8(0, -1, -1, -1, -1, -1, -1, -1, -1, -1, 10, -1, -1, 13, -1, 0)

static inline __m128i
load(const char *p)
{
    return _mm_loadu_si128((const __m128i *) (const void *) p);
}

static inline unsigned
in_set(__m128i set, const char *p)
{
    const __m128i x = load(p);

    return (unsigned) _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_shuffle_epi8(set, x), x));
}

static inline uint64_t
in_set_64(__m128i set, const char *p)
{
    return in_set(set, p) | (uint64_t) in_set(set, p + 16) << 16 |
           (uint64_t) in_set(set, p + 32) << 32 | (uint64_t) in_set(set, p + 48) << 48;
}

/* The first NUL, LF or CR from p on; at or past 'end' when there is none before. */
static inline const char *
line_byte(const char *p, const char *end)
{
    for (; p < end; p += 64) {
        const uint64_t m = in_set_64(LINE_BYTES, p);

        if (m != 0) return p + __builtin_ctzll(m);
    }
    return end;
}

/* How many bases stand at s, up to 'end'. */
static inline size_t
count_bases(const char *s, const char *end)
{
    const char *p = s;

    for (; p < end; p += 64) {
        const uint64_t m = ~in_set_64(BASES, p);

        if (m != 0) {
            p += __builtin_ctzll(m);
            break;
        }
    }
    return (size_t) ((p < end ? p : end) - s);
}

/* The last piece overlaps the one before: no byte past n is judged. */
static inline int
all_bases(const char *s, size_t n)
{
    const __m128i set = BASES;
    __m128i good = _mm_set1_epi8(-1);

    if (n < 16) return (~in_set(set, s) & ((1u << n) - 1)) == 0;
    for (size_t i = 0; i + 16 < n; i += 16) {
        const __m128i x = load(s + i);

        good = _mm_and_si128(good, _mm_cmpeq_epi8(_mm_shuffle_epi8(set, x), x));
    }
    {
        const __m128i x = load(s + n - 16);

        good = _mm_and_si128(good, _mm_cmpeq_epi8(_mm_shuffle_epi8(set, x), x));
    }
    return _mm_movemask_epi8(good) == 0xffff;
}

/* Signed bytes: 128..255 are below 33. */
static inline int
all_quality(const char *q, size_t n)
{
    const __m128i lo = _mm_set1_epi8(EXM_QUAL_MIN), hi = _mm_set1_epi8(EXM_QUAL_MAX);
    __m128i least, most, x;
    unsigned bad;

    if (n < 16) {
        x = load(q);
        bad = (unsigned) _mm_movemask_epi8(
            _mm_or_si128(_mm_cmpgt_epi8(lo, x), _mm_cmpgt_epi8(x, hi)));
        return (bad & ((1u << n) - 1)) == 0;
    }
    least = most = load(q + n - 16);
    for (size_t i = 0; i + 16 < n; i += 16) {
        x = load(q + i);
        least = _mm_min_epi8(least, x);
        most = _mm_max_epi8(most, x);
    }
    return _mm_movemask_epi8(
               _mm_or_si128(_mm_cmpgt_epi8(lo, least), _mm_cmpgt_epi8(most, hi))) == 0;
}

/* Do the ends of the other three lines lie where a read of n bases puts them? */
static inline int
layout_is(const char *s, const char *end, size_t n)
{
    return (size_t) (end - s) >= 2 * n + 4 && s[n] == '\n' && s[n + 1] == '+' &&
           s[n + 2] == '\n' && s[2 * n + 3] == '\n';
}

static size_t
run(const char *p, const char *end, exm_read *ret, size_t cap, uint32_t *len,
    const char **ret_next)
{
    size_t k = 0, n = *len;

    while (k < cap && p < end && *p == '@') {
        const char *h = line_byte(p + 1, end), *s = h + 1, *q;

        if (h >= end || *h != '\n') break;
        if (layout_is(s, end, n)) {
            if (!all_bases(s, n)) break;
        } else {
            const size_t found = count_bases(s, end);

            if (!layout_is(s, end, found)) break;
            n = found;
        }
        q = s + n + 3;
        if (!all_quality(q, n)) break;
        if (n > EXM_RECORD_MAX / 4 || h - p > EXM_RECORD_MAX / 4) break;
        ret[k++] = (exm_read){.name = p + 1,
                              .seq = s,
                              .qual = q,
                              .name_len = (uint32_t) (h - p - 1),
                              .len = (uint32_t) n,
                              .copies = 1};
        p = q + n + 1;
    }
    *len = (uint32_t) (n <= EXM_RECORD_MAX ? n : 0);
    *ret_next = p;
    return k;
}

static int
bases(const char *s, size_t n)
{
    return all_bases(s, n);
}

static int
quality(const char *q, size_t n)
{
    return all_quality(q, n);
}

const exm_fastq_kernels exm_fastq_sse4 = {run, bases, quality};

#else /* another CPU: exm_simd_resolve() never chooses this path there */

#include <stddef.h>

static size_t
run(const char *p, const char *end, exm_read *ret, size_t cap, uint32_t *len,
    const char **ret_next)
{
    return exm_fastq_scalar.run(p, end, ret, cap, len, ret_next);
}

static int
bases(const char *s, size_t n)
{
    return exm_fastq_scalar.bases(s, n);
}

static int
quality(const char *q, size_t n)
{
    return exm_fastq_scalar.quality(q, n);
}

const exm_fastq_kernels exm_fastq_sse4 = {run, bases, quality};

#endif
