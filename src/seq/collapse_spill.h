/*
 * collapse_spill.h - private to seq: tables of rows that were too large for memory.
 *
 * Each time the table is full its sorted rows are written as a run; at the end all runs are
 * merged into one file, rows of one key being one row with the sum of the reads.
 */
#ifndef EXM_SEQ_COLLAPSE_SPILL_H
#define EXM_SEQ_COLLAPSE_SPILL_H

#include "exomir/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct exm_spill exm_spill;

/* Rows as in collapse_table.h; 'folder' is copied. */
EXM_MUST_USE exm_status exm_spill_new(const char *folder, unsigned n_key, unsigned width,
                                      exm_spill **ret, exm_error *reterr);
void exm_spill_free(exm_spill *s); /* and the merged rows; legal on NULL */

/* n rows, sorted by exm_table_order() and without doubles. */
EXM_MUST_USE exm_status exm_spill_put(exm_spill *s, const uint64_t *row, size_t n,
                                      exm_error *reterr);

/*
 * exm_spill_merge() - ret[0..*ret_n) are the merged rows, in a mapped file (tempfile.h) that
 * lives as long as s.  Needs 'most' bytes of memory, or 8 KiB for each run (128 at most).
 */
EXM_MUST_USE exm_status exm_spill_merge(exm_spill *s, uint64_t most, uint64_t **ret,
                                        size_t *ret_n, exm_error *reterr);

#endif
