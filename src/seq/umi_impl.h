/*
 * umi_impl.h - private to seq: what the parts of UMI counting share.
 *
 *   umi.c          the molecules of one insert
 *   umi_insert.c   pairs that are errors of another insert's
 *   umi_fold.c     all rows of a sample
 */
#ifndef EXM_SEQ_UMI_IMPL_H
#define EXM_SEQ_UMI_IMPL_H

#include "exomir/umi.h"

/* Words of a row. */
enum { EXM_UMI_LO, EXM_UMI_HI, EXM_UMI_CODE, EXM_UMI_READS, EXM_UMI_WORDS };

/* reads of a >= 2 reads of b - 1, without overflow */
static inline int
exm_umi_is_child(uint64_t a, uint64_t b)
{
    return b <= a / 2 + a % 2;
}

/*
 * exm_umi_give() - who gives to whom: ret_taker[i] is the row that takes row i's reads in the
 * end, or i.  run[i] numbers the insert of row i, total[run] are the insert's reads.
 */
EXM_MUST_USE exm_status exm_umi_give(uint64_t (*row)[EXM_UMI_WORDS], size_t n,
                                     const uint32_t *run, const uint64_t *total,
                                     uint32_t *ret_taker, exm_error *reterr);

#endif
