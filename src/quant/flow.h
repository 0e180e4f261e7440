/* flow.h - private to quant: what one thread counts of the reads that pass it. */
#ifndef EXM_QUANT_FLOW_H
#define EXM_QUANT_FLOW_H

#include "exomir/record.h"

/* All fields are sums, so flows of disjoint reads add.  Bins as in exm_record. */
typedef struct exm_flow {
    uint64_t reads_in, fate[EXM_FATE_COUNT];
    uint64_t adapter_found;
    uint64_t solid_adapter; /* reads with so much adapter that it is no accident */
    uint64_t bases, bases_q30;
    uint64_t len_raw[EXM_LEN_BINS], len_kept[EXM_LEN_BINS], len_short[EXM_LEN_BINS];
} exm_flow;

/* n trimmed reads; n_3 random bases stand between insert and adapter. */
void exm_flow_add(exm_flow *f, const exm_read *reads, const exm_trimmed *trimmed, size_t n,
                  uint32_t n_3);
void exm_flow_merge(exm_flow *to, const exm_flow *from);
void exm_flow_put(const exm_flow *f, exm_record *ret);

#endif
