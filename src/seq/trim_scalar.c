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
static inline uint64_t
below(const char *s, unsigned char limit)
{
    const uint64_t add = 0x0101010101010101u * (128U - limit);
    uint64_t r = 0;

    for (size_t i = 0; i < 8; i++) {
        uint64_t x;

        memcpy(&x, s + 8 * i, sizeof x);
        r |= gather(~(x + add) >> 7) << 8 * i;
    }
    return r;
}

static inline void
count_mismatches(const struct exm_trimmer *t, const lanes *l, int wide,
                 uint64_t over[EXM_TRIM_LANE_MISMATCHES][LANES])
{
    memset(over, 0, EXM_TRIM_LANE_MISMATCHES * sizeof *over);
    for (uint32_t j = 0; j < t->adapter_len; j++) {
        const uint64_t *word = l->miss[t->code[j]], *next = l->next[t->code[j]];

        for (uint32_t i = 0; i < LANES; i++) {
            uint64_t m = word[i] >> j;

            if (wide && j > 0) m |= next[i] << (64 - j);
            over[3][i] |= over[2][i] & m;
            over[2][i] |= over[1][i] & m;
            over[1][i] |= over[0][i] & m;
            over[0][i] |= m;
        }
    }
}

void
exm_trim_batch_scalar(struct exm_trimmer *t, const exm_read *reads, size_t n,
                      exm_trimmed *ret)
{
    trim_batch(t, reads, n, ret);
}
