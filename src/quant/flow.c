/* flow.c - where the reads went; a few ns a read, so each thread has counters of its own. */
#include "flow.h"

#include <string.h>

enum { SOLID_OVERLAP = 8 }; /* nt of adapter that are no accident at a read's end */

static inline void
add_length(uint64_t *bins, uint32_t len, uint64_t copies)
{
    bins[len < EXM_LEN_BINS ? len : EXM_LEN_BINS - 1] += copies;
}

void
exm_flow_add(exm_flow *f, const exm_read *reads, const exm_trimmed *trimmed, size_t n,
             uint32_t n_3)
{
    for (size_t i = 0; i < n; i++) {
        const exm_read *r = reads + i;
        const exm_trimmed *t = trimmed + i;

        f->reads_in += r->copies;
        f->fate[t->fate] += r->copies;
        add_length(f->len_raw, r->len, r->copies);
        if (r->qual) f->bases += r->len;
        f->bases_q30 += t->n_q30;
        if (t->fate == EXM_FATE_KEPT)
            add_length(f->len_kept, t->len, r->copies);
        else if (t->fate == EXM_FATE_SHORT || t->fate == EXM_FATE_DIMER)
            add_length(f->len_short, t->len, r->copies);
        if (!t->adapter_found) continue;
        f->adapter_found += r->copies;
        if (r->len >= (uint64_t) t->start + t->len + n_3 + SOLID_OVERLAP)
            f->solid_adapter += r->copies;
    }
}

static void
add_all(uint64_t *to, const uint64_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] += from[i];
}

void
exm_flow_merge(exm_flow *to, const exm_flow *from)
{
    to->reads_in += from->reads_in;
    to->adapter_found += from->adapter_found;
    to->solid_adapter += from->solid_adapter;
    to->bases += from->bases;
    to->bases_q30 += from->bases_q30;
    add_all(to->fate, from->fate, EXM_FATE_COUNT);
    add_all(to->len_raw, from->len_raw, EXM_LEN_BINS);
    add_all(to->len_kept, from->len_kept, EXM_LEN_BINS);
    add_all(to->len_short, from->len_short, EXM_LEN_BINS);
}

void
exm_flow_put(const exm_flow *f, exm_record *ret)
{
    ret->reads_in = f->reads_in;
    ret->adapter_found = f->adapter_found;
    ret->bases = f->bases;
    ret->bases_q30 = f->bases_q30;
    memcpy(ret->fate, f->fate, sizeof ret->fate);
    memcpy(ret->len_raw, f->len_raw, sizeof ret->len_raw);
    memcpy(ret->len_kept, f->len_kept, sizeof ret->len_kept);
    memcpy(ret->len_short, f->len_short, sizeof ret->len_short);
}
