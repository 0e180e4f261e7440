/* isomir_table.h - private to quant: the record's isomiRs out of the tasks' stretches. */
#ifndef EXM_QUANT_ISOMIR_TABLE_H
#define EXM_QUANT_ISOMIR_TABLE_H

#include "exomir/pool.h"
#include "exomir/record.h"
#include "exomir/ref.h"

/*
 * exm_isomir_table_fill() - on entry rec->isomirs is n_tasks stretches of 'stretch'
 * entries, of which the first used[i] are filled, 'feature' being an entity id and
 * 'mature' a mature id of the bundle.  On return it is one sorted list with n_isomirs
 * set, 'feature' and 'mature' being positions in rec->features and rec->matures (made
 * here).  In place: at 10^7 reads the list is the largest thing in memory.
 */
EXM_MUST_USE exm_status exm_isomir_table_fill(exm_record *rec, const uint32_t *used,
                                              size_t n_tasks, size_t stretch,
                                              const exm_ref *ref, exm_pool *pool,
                                              exm_error *reterr);

#endif
