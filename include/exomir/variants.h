/* variants.h - substitutions in miRNAs: edited, known, or more than errors explain. */
#ifndef EXM_VARIANTS_H
#define EXM_VARIANTS_H

#include "exomir/annotate.h"
#include "exomir/collapse.h"
#include "exomir/known.h"
#include "exomir/qualities.h"
#include "exomir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EXM_VARIANT_TAIL = 3,  /* the last bases of a read say nothing: there a tail begins */
    EXM_VARIANT_LEAST = 10 /* good reads that a site needs to be tested */
};

/*
 * The pile of one thread: good bases on every position of every mature, from reads that fit
 * one miRNA alone.  A read speaks at the positions of its core but the last 3; a substitution
 * of it that is not A to G silences it everywhere else.
 */
typedef struct exm_pile exm_pile;

EXM_MUST_USE exm_status exm_pile_new(const exm_ref *ref, exm_pile **ret, exm_error *reterr);
void exm_pile_free(exm_pile *p); /* free(NULL) is legal */
/* A packed insert that c, of a mature, explains alone. */
void exm_pile_add(exm_pile *p, const exm_qualities *q, const exm_unique *u,
                  const exm_candidate *c);
void exm_pile_merge(exm_pile *to, const exm_pile *from);

/*
 * exm_variants_fill() - rec->variants, edit_sites, control_rate out of the merged pile.
 *
 * Site s of mature base r, n good reads of which k have base b:
 *
 *     p = P(X >= k), X ~ Binomial(n, max(e_s, c_rb))
 *
 * e_s is the mean of 10^(-Q/10) over the reads of the site; c_rb the rate at which such errors
 * are seen where nothing is edited: for A to G the 0.95 quantile of the share of T to C over
 * the sites of 1,000 good reads and more, for another pair that of the pair itself; pooled
 * over all sites where fewer than 20 have so many.  FDR by Benjamini and Hochberg, over all
 * sites with A for A to G, and over all other pairs together.
 *
 * Not tested (p and fdr NaN): sites of fewer than EXM_VARIANT_LEAST good reads; known
 * variants; substitutions that make the mature of another miRNA, or that the rules of
 * annotate.h would not give to this miRNA alone ('same_as').  'known' may be NULL.
 */
EXM_MUST_USE exm_status exm_variants_fill(const exm_pile *p, const exm_annotator *annotator,
                                          const exm_known *known, exm_record *rec,
                                          exm_error *reterr);

/* What a row says: fdr <= 0.05 and a share of 1 % or more is "edited" or "variant", a smaller
 * share "low"; "known"; "indistinct" (see same_as); "-" for all else. */
const char *exm_variant_call(const exm_record_variant *v);

#ifdef __cplusplus
}
#endif
#endif
