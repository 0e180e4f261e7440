/* tally.h - private to quant: annotate every unique insert and add up the counts of a record. */
#ifndef EXM_QUANT_TALLY_H
#define EXM_QUANT_TALLY_H

#include "exomir/annotate.h"
#include "exomir/collapse.h"
#include "exomir/pool.h"
#include "exomir/record.h"
#include "exomir/variants.h"

/* What a test of substitutions takes; known may be NULL. */
typedef struct exm_tally_editing {
    const exm_qualities *qualities;
    const exm_known *known;
} exm_tally_editing;

/*
 * exm_tally_run() - fills classes, features, matures, isomirs, fragments, trf, clades,
 * annotated, unannotated, foreign, unique_reads, top5_reads, molecules, len_by_class and error_rate
 * of *rec.  Everything is a sum of integers over uniques, or computed from such sums in a
 * fixed order, so neither the order of the uniques nor the number of threads shows.
 * With 'editing' (else NULL) substitutions are tested as well: variants.
 */
EXM_MUST_USE exm_status exm_tally_run(const exm_annotator *annotator, const exm_ref *ref,
                                      const exm_collapse *uniques,
                                      const exm_tally_editing *editing, exm_pool *pool,
                                      exm_record *rec, exm_error *reterr);

#endif
