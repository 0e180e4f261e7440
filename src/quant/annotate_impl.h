/* annotate_impl.h - private to quant: shared by the packed and the long annotator. */
#ifndef EXM_QUANT_ANNOTATE_IMPL_H
#define EXM_QUANT_ANNOTATE_IMPL_H

#include "exomir/annotate.h"

const exm_ref *exm_annotator_ref(const exm_annotator *a);

/* Spike-ins of up to 63 nt take inserts of their whole length only, at their start. */
int exm_annotator_takes(const exm_annotator *a, const exm_ref_template *t, int64_t start,
                        uint32_t n);

/* Drops what costs more than best + margin, sorts by rank, sets n_best. */
void exm_annotation_rank(exm_annotation *o, uint32_t best, uint32_t margin);

#endif
