/* outputs_impl.h - private to quant: what the tables of a run have in common. */
#ifndef EXM_QUANT_OUTPUTS_IMPL_H
#define EXM_QUANT_OUTPUTS_IMPL_H

#include "packed.h"

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

#endif
