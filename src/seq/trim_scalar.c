/* trim_scalar.c - the portable path: eight bases at a time in a 64-bit word. */
#define EXM_TRIM_PATH 1
#include "trim_impl.h"

/* Bit 0 of each byte, gathered: the products meet in the top byte without carries. */
static inline uint64_t
gather(uint64_t x)
{
    return (x & 0x0101010101010101u) * 0x0102040810204080u >> 56;
}

/* Codes are bits 1 and 2 of a letter; of A C G T N only N has bit 3. */
static inline void
base_planes(const char *s, uint64_t *lo, uint64_t *hi, uint64_t *no)
{
    *lo = *hi = *no = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t x = 0;

        for (int k = 0; k < 8; k++) x |= (uint64_t) (unsigned char) s[8 * i + k] << 8 * k;
        *lo |= gather(x >> 1) << 8 * i;
        *hi |= gather(x >> 2) << 8 * i;
        *no |= gather(x >> 3) << 8 * i;
    }
}

/* A byte of at most 126 plus 128 - limit has its top bit set where it reaches the limit. */
static inline uint32_t
count_from(const char *qual, uint32_t n, unsigned char limit)
{
    const uint64_t add = 0x0101010101010101u * (128U - limit);
    uint32_t sum = 0, i = 0;

    for (; i + 8 <= n; i += 8) {
        uint64_t x;

        memcpy(&x, qual + i, sizeof x);
        x = (x + add) >> 7 & 0x0101010101010101u;
        sum += (uint32_t) (x * 0x0101010101010101u >> 56);
    }
    for (; i < n; i++) sum += (unsigned char) qual[i] >= limit;
    return sum;
}

static inline uint64_t
sum_allowances(const unsigned char allowance[16], const char *qual, uint32_t n)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < n; i++) {
        const uint32_t bin = ((unsigned char) qual[i] - 33U) / 4;

        sum += allowance[bin < 15 ? bin : 15];
    }
    return sum;
}

void
exm_trim_batch_scalar(struct exm_trimmer *t, const exm_read *reads, size_t n,
                      exm_trimmed *ret)
{
    trim_batch(t, reads, n, ret);
}
