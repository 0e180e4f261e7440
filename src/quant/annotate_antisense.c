/* annotate_antisense.c - inserts that nothing explains, read from the other strand. */
#include "exomir/annotate.h"

#include "annotate_impl.h"

#include <stdlib.h>

static uint64_t
reverse_bits(uint64_t x)
{
    x = (x >> 1 & 0x5555555555555555) | (x & 0x5555555555555555) << 1;
    x = (x >> 2 & 0x3333333333333333) | (x & 0x3333333333333333) << 2;
    x = (x >> 4 & 0x0f0f0f0f0f0f0f0f) | (x & 0x0f0f0f0f0f0f0f0f) << 4;
    return __builtin_bswap64(x);
}

/* A 0 and T 2, C 1 and G 3 pair: the complement has the other bit in plane hi. */
void
exm_revcomp(uint64_t *lo, uint64_t *hi)
{
    const uint32_t n = *lo | *hi ? 63U - (uint32_t) __builtin_clzll(*lo | *hi) : 0;
    const uint64_t end = (uint64_t) 1 << n;

    *lo = (n ? reverse_bits(*lo & (end - 1)) >> (64 - n) : 0) | end;
    *hi = n ? reverse_bits(~*hi & (end - 1)) >> (64 - n) : 0;
}

void
exm_revcomp_letters(const char *seq, uint32_t len, char *ret)
{
    for (uint32_t i = 0; i < len; i++) {
        const char c = seq[len - 1 - i];

        ret[i] = (char) (c == 'A' ? 'T' : c == 'C' ? 'G' : c == 'G' ? 'C' : 'A');
    }
}

exm_status
exm_annotate_antisense(const exm_annotator *a, uint64_t lo, uint64_t hi, const char *seq,
                       uint32_t len, uint32_t margin, exm_annotation *ret,
                       exm_error *reterr)
{
    const exm_annotator *other = exm_annotator_antisense(a);
    exm_status st;

    ret->n = ret->n_best = 0;
    if (!other) return EXM_OK;
    if (seq) {
        char *text = malloc(len + 1U);

        if (!text) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %u nt", len);
        exm_revcomp_letters(seq, len, text);
        st = exm_annotate_long(other, text, len, margin, ret, reterr);
        free(text);
    } else {
        exm_revcomp(&lo, &hi);
        st = exm_annotate(other, lo, hi, margin, ret, reterr);
    }
    for (size_t i = 0; i < ret->n; i++) ret->cand[i].antisense = 1;
    return st;
}
