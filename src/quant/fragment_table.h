/* fragment_table.h - private to quant: the record's tRNA fragments out of the workers' lists. */
#ifndef EXM_QUANT_FRAGMENT_TABLE_H
#define EXM_QUANT_FRAGMENT_TABLE_H

#include "exomir/record.h"
#include "exomir/ref.h"

/* A list that grows; 'feature' of its entries is a template id of the bundle. */
typedef struct exm_fragment_list {
    exm_record_fragment *v;
    size_t n, cap;
} exm_fragment_list;

EXM_MUST_USE exm_status exm_fragment_list_add(exm_fragment_list *l,
                                              const exm_record_fragment *x,
                                              exm_error *reterr);
EXM_MUST_USE exm_status exm_fragment_list_merge(exm_fragment_list *to,
                                                const exm_fragment_list *from,
                                                exm_error *reterr);
void exm_fragment_list_done(exm_fragment_list *l);

/* The record takes the list over, sorted, 'feature' being a position in rec->features. */
EXM_MUST_USE exm_status exm_fragment_table_fill(exm_record *rec, exm_fragment_list *l,
                                                const exm_ref *ref, exm_error *reterr);

#endif
