/* ref_place.h - matures on their way to hairpins (private to ref_place.c, ref_place_gff.c). */
#ifndef EXM_REF_PLACE_H
#define EXM_REF_PLACE_H

#include "ref_draft.h"

typedef struct exm_place_mature {
    const char *name, *accession, *seq;
    size_t len;
    int placed;
    int foreign; /* listed, but only on hairpins that the species filter left out */
} exm_place_mature;

typedef struct exm_placer {
    exm_draft *d; /* its templates are the hairpins, until matures stand alone */
    exm_place_mature *mature;
    size_t n_matures, cap_matures;
    size_t n_fasta; /* mature[0..n_fasta) come from the FASTA, the rest from the GFF3 */
    exm_key *stem;  /* -> template */
    size_t n_stems, cap_stems;
} exm_placer;

/*
 * Start of the mature on the template, -1 when it is not there: the arm of its name first,
 * then the start nearest to near_to, then the first.
 */
int64_t exm_place_search(const exm_draft_template *t, const exm_place_mature *m,
                         int64_t near_to);
/* Mature i (until the end of placing, that is what 'entity' of the draft holds). */
EXM_MUST_USE exm_status exm_place_add(exm_placer *p, uint32_t i, uint32_t template_id,
                                      uint64_t start, exm_error *reterr);
EXM_MUST_USE exm_status exm_place_by_gff(exm_placer *p, const char *path,
                                         exm_error *reterr);

#endif
