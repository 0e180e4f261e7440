/* trace_table.h - private to quant: the record's miRNAs of other species, and their clades. */
#ifndef EXM_QUANT_TRACE_TABLE_H
#define EXM_QUANT_TRACE_TABLE_H

#include "exomir/record.h"
#include "exomir/ref.h"

/* rec->traces (those with reads; by clade, then name) and rec->clades (most reads first).
   reads: [exm_ref_n_foreign(ref)] */
EXM_MUST_USE exm_status exm_trace_table_fill(exm_record *rec, const uint64_t *reads,
                                             const exm_ref *ref, exm_error *reterr);

#endif
