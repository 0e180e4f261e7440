/* annotate_impl.h - private to quant: shared by the packed and the long annotator. */
#ifndef EXM_QUANT_ANNOTATE_IMPL_H
#define EXM_QUANT_ANNOTATE_IMPL_H

#include "exomir/annotate.h"

const exm_ref *exm_annotator_ref(const exm_annotator *a);

/* Spike-ins of up to 63 nt take inserts of their whole length only, at their start. */
int exm_annotator_takes(const exm_annotator *a, const exm_ref_template *t, int64_t start,
                        uint32_t n);

/*
 * exm_annotate() in three steps, so that a caller with many inserts can take each step for a
 * group of them: what one asks for is on its way from memory while the others are worked on.
 * ask() computes the seeds, fetch() looks them up, answer() goes through their places.
 */
enum { EXM_SEEDS = 12 };

typedef struct exm_seeds {
    uint32_t at[EXM_SEEDS];                  /* insert position of each */
    uint32_t from[EXM_SEEDS], to[EXM_SEEDS]; /* its places; the code before the look-up */
    uint32_t n_first, n; /* those from n_first on are used if two mismatches may count */
} exm_seeds;

typedef struct exm_question {
    uint64_t lo, hi; /* without sentinel */
    uint32_t n;
    exm_seeds seeds[2]; /* of each index of the bundle */
} exm_question;

void exm_annotate_ask(const exm_annotator *a, uint64_t lo, uint64_t hi, exm_question *ret);
void exm_annotate_fetch(const exm_annotator *a, exm_question *q);
EXM_MUST_USE exm_status exm_annotate_answer(const exm_annotator *a, const exm_question *q,
                                            uint32_t margin, exm_annotation *ret,
                                            exm_error *reterr);

/* Drops what costs more than best + margin, sorts by rank, sets n_best. */
void exm_annotation_rank(exm_annotation *o, uint32_t best, uint32_t margin);

#endif
