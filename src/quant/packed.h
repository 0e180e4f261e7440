/* packed.h - private to quant: length and order of sequences in the packed form of trim.h. */
#ifndef EXM_QUANT_PACKED_H
#define EXM_QUANT_PACKED_H

#include <stdint.h>

/* Length of a packed sequence (trim.h). */
static inline uint32_t
exm_packed_length(uint64_t lo)
{
    return 63U - (uint32_t) __builtin_clzll(lo);
}

/* By length, then letters A < C < G < T, while plane codes are A 0, C 1, T 2, G 3. */
static inline int
exm_packed_order(uint64_t lo_a, uint64_t hi_a, uint64_t lo_b, uint64_t hi_b)
{
    const uint32_t la = exm_packed_length(lo_a), lb = exm_packed_length(lo_b);
    const uint64_t differ = (lo_a ^ lo_b) | (hi_a ^ hi_b), first = differ & (~differ + 1);

    if (la != lb) return la < lb ? -1 : 1;
    if (!differ) return 0;
    if ((hi_a ^ hi_b) & first) return hi_a & first ? 1 : -1;
    return (lo_a ^ hi_a) & first ? 1 : -1;
}

#endif
