/* annotate_impl.h - private to quant: shared by the packed and the long annotator. */
#ifndef EXM_QUANT_ANNOTATE_IMPL_H
#define EXM_QUANT_ANNOTATE_IMPL_H

#include "exomir/annotate.h"

const exm_ref *exm_annotator_ref(const exm_annotator *a);

/* Drops what costs more than best + margin, sorts by rank, sets n_best. */
void exm_annotation_rank(exm_annotation *o, uint32_t best, uint32_t margin);

#endif
