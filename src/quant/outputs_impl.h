/* outputs_impl.h - private to quant: what the tables of a run have in common. */
#ifndef EXM_QUANT_OUTPUTS_IMPL_H
#define EXM_QUANT_OUTPUTS_IMPL_H

#include "exomir/outputs.h"

enum { EXM_WRITE_AT = 1 << 20 }; /* buffered bytes before a streamed file is written on */

/* With UMIs in any sample the tables hold molecules: the 'which' of all counts. */
static inline int
exm_outputs_any_umi(const exm_record *const *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (r[i]->umi_len > 0) return 1;
    return 0;
}

/* "first", then the samples. */
static inline void
exm_outputs_put_header(exm_buf *b, const char *first, const exm_record *const *r, size_t n)
{
    exm_buf_puts(b, first);
    for (size_t i = 0; i < n; i++) {
        exm_buf_putc(b, '\t');
        exm_buf_puts(b, r[i]->sample);
    }
    exm_buf_putc(b, '\n');
}

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
