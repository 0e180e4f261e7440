/* isomir_table.h - private to quant: the record's isomiRs out of the tasks' stretches. */
#ifndef EXM_QUANT_ISOMIR_TABLE_H
#define EXM_QUANT_ISOMIR_TABLE_H

#include "exomir/record.h"
#include "exomir/ref.h"

/*
 * The record's isomiRs, step by step, in place: at 10^7 reads the list is the largest thing
 * in memory.  On entry rec->isomirs is n_tasks stretches of 'stretch' entries, of which the
 * first used[i] are filled, 'feature' being an entity id and 'mature' a mature id.
 *
 *   group()   one list (n_isomirs is set), grouped by entity: start [n_entities + 1]
 *   sort()    the isomiRs of one entity, by length and letters; any thread, any order
 *   number()  once rec->features is filled: 'feature' becomes a position there, 'mature' one
 *             in rec->matures, which is made here
 */
EXM_MUST_USE exm_status exm_isomir_table_group(exm_record *rec, const uint32_t *used,
                                               size_t n_tasks, size_t stretch,
                                               size_t n_entities, size_t *start,
                                               exm_error *reterr);
void exm_isomir_table_sort(exm_record *rec, const size_t *start, size_t entity);
EXM_MUST_USE exm_status exm_isomir_table_number(exm_record *rec, const exm_ref *ref,
                                                exm_error *reterr);

#endif
