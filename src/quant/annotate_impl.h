/* annotate_impl.h - private to quant: shared by the packed and the long annotator. */
#ifndef EXM_QUANT_ANNOTATE_IMPL_H
#define EXM_QUANT_ANNOTATE_IMPL_H

#include "exomir/annotate.h"

const exm_ref *exm_annotator_ref(const exm_annotator *a);

/* The annotator of reverse complements, or NULL. */
const exm_annotator *exm_annotator_antisense(const exm_annotator *a);

/* May this template explain an insert of n nt, of which the first 'core' are no tail, at
 * 'start'?  Spike-ins of up to 63 nt take their whole length only, junctions what covers
 * them. */
int exm_annotator_takes(const exm_annotator *a, const exm_ref_template *t, int64_t start,
                        uint32_t n, uint32_t core);
/* Are there no substitutions beside a junction?  Asked when all else is known of c. */
int exm_annotator_takes_subs(const exm_annotator *a, const exm_ref_template *t,
                             const exm_candidate *c);

/*
 * exm_annotate() in steps, so that a caller with many inserts can take each step for a group
 * of them: what one asks for is on its way from memory while the others are worked on.
 * ask() computes the seeds, fetch() looks them up, answer() goes through their places.  While
 * the question is open then, more seeds were asked for: fetch() and answer() once more.
 */
enum { EXM_SEEDS = 8, EXM_TRIED = 4 };

/* The seeds that an insert of n nt is looked up by; chosen once for each n. */
typedef struct exm_seed_plan {
    unsigned char n_first, n; /* those from n_first on: if two mismatches may count */
    unsigned char at[EXM_SEEDS];
    uint16_t around[EXM_SEEDS]; /* which of the bases around (exm_ref_place) are compared:
                                   those of the insert before a possible tail */
} exm_seed_plan;

typedef struct exm_seeds {
    const exm_seed_plan *plan;
    uint32_t seed, end;                      /* asked for: plan->at[seed .. end) */
    uint32_t from[EXM_SEEDS], to[EXM_SEEDS]; /* places; the seed's code before fetch() */
} exm_seeds;

typedef struct exm_question {
    uint64_t lo, hi; /* without sentinel */
    uint32_t n;
    uint32_t best, margin; /* costs */
    int open;
    uint64_t tried[EXM_TRIED]; /* the last places compared with: text positions of base 0 */
    uint32_t n_tried;
    exm_seeds seeds[EXM_REF_INDEXES];
} exm_question;

void exm_annotate_ask(const exm_annotator *a, uint64_t lo, uint64_t hi, uint32_t margin,
                      exm_question *q, exm_annotation *ret);
void exm_annotate_fetch(const exm_annotator *a, exm_question *q);
EXM_MUST_USE exm_status exm_annotate_answer(const exm_annotator *a, exm_question *q,
                                            exm_annotation *ret, exm_error *reterr);

/* Drops what costs more than best + margin, sorts by rank, sets n_best. */
void exm_annotation_rank(exm_annotation *o, uint32_t best, uint32_t margin);

#endif
