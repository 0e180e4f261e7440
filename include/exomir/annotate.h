/* annotate.h - what is this insert?  All classes compete on one documented score. */
#ifndef EXM_ANNOTATE_H
#define EXM_ANNOTATE_H

#include "exomir/ref.h"
#include "exomir/simd.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The score of an explanation, lower is better:
 *
 *     cost = 10 (substitutions + 5' additions) + 3 tail         tail <= 3 nt
 *
 * so templated (0) < tail of 1, 2, 3 (3, 6, 9) < one substitution (10) < both < two (20).
 * The tail is the end of the read from the first mismatch among its last 3 nt on (a base
 * beyond the template's end is a mismatch); 5' additions are mismatching bases, from the
 * read's first on, before the mature's start or before the template.  At most 2
 * substitutions and additions together, each substitution against a base A, C, G or T of
 * the template.  Classes are compared by cost alone.  Among miRNA explanations of equal
 * cost the shift against the mature decides the name:  shift = 2 |d5| + |d3|  (0: the
 * canonical mature).
 *
 * A spike-in of up to 63 nt is a molecule whose ends are known: it explains only inserts of
 * its whole length, at its start (substitutions and tail as above).  A circRNA junction
 * explains only inserts whose core matches the junction_nt on either side of it.
 *
 * An explanation counts only if chance is an unlikely author:
 *
 *     bits = 2 (matching nt) - 6 (substitutions + additions) >= 13 + log2(search space)
 *
 * with the search space of its class (start positions; miRNA: all windows around matures),
 * at least 2^15: a small panel is not easier to prove.  This bounds chance hits to about
 * 2^-13 per random read and class.
 * See docs/methods/counting.md for worked reads.
 */
enum {
    EXM_MAX_SUBS = 2,
    EXM_MAX_TAIL = 3,
    EXM_WINDOW_5P =
        5, /* |d5| <= 5 and d3 in [-8, 6]: inside, a hairpin read is the mature's */
    EXM_WINDOW_3P_IN = 8,
    EXM_WINDOW_3P_OUT = 6,
    EXM_LEAST_SPACE_LOG2 = 15,
    EXM_ANNOTATE_MIN_NT = 14, /* shorter inserts stay unexplained */
    EXM_ANNOTATE_MAX_PACKED = 63
};

typedef struct exm_candidate {
    uint32_t class_id;
    uint32_t template_id;
    uint32_t
        mature; /* mature id, or UINT32_MAX: hairpin outside its matures, or other class */
    uint32_t entity; /* entity id, or UINT32_MAX */
    int64_t start;   /* template position of read base 0; negative with 5' additions */
    uint32_t cost, shift;
    int8_t d5,
        d3; /* templated 5' / 3' end against the mature: + is to the right (mirGFF3 iso_5p,
                      iso_3p); additions and tail are not part of the templated stretch */
    uint8_t n_sub, n_add5, n_tail;
    uint8_t sub_at[EXM_MAX_SUBS];  /* 0-based read position of each substitution (255: there
                                      or beyond, in inserts of more than 255 nt) */
    uint8_t sub_ref[EXM_MAX_SUBS]; /* template base code there (A0 C1 T2 G3) */
    uint8_t antisense;             /* of exm_annotate_antisense() */
} exm_candidate;

typedef struct exm_annotator exm_annotator;

/* Shares the bundle, which must outlive it; immutable after new, so any number of threads
 * may use one. */
EXM_MUST_USE exm_status exm_annotator_new(const exm_ref *ref, exm_annotator **ret,
                                          exm_error *reterr);
void exm_annotator_free(exm_annotator *a);

/* Another SIMD path than the best one; before the annotator is shared.  Same results. */
void exm_annotator_set_simd(exm_annotator *a, exm_simd path);

/* A caller-owned result that is reused from read to read.  Zero-initialise. */
typedef struct exm_annotation {
    exm_candidate *cand; /* best first, see exm_annotate() */
    size_t n, cap;
    size_t n_best; /* the explanations that tie: see exm_annotate() */
} exm_annotation;
void exm_annotation_done(exm_annotation *a);

/*
 * exm_annotate() - all explanations of an insert of len nt (packed form of trim.h;
 * len <= 63) with cost <= best cost + margin.  margin 10 also brings in what one
 * sequencing error would explain; 0 only the ties.  n == 0: unexplained (always so below
 * EXM_ANNOTATE_MIN_NT).
 * Complete for class miRNA, and for the other classes where those of at most 262,144
 * positions each have at most 65,536 together: no explanation by the rules above is missed,
 * but for two substitutions that leave fewer than 8 matching nt in a row (cores, that is
 * inserts without tail, of 22 and 23 nt: 4 patterns of 484).  Where they have more (k = 9 to
 * 12 by size) none without substitution is missed; with one, beyond 262,144 together, some in
 * cores of less than k + 12 nt; and two are found where k matching nt in a row lie at a place
 * that is looked up (annotate.c).  Classes of more than 262,144 positions: none without
 * substitution is missed; with one, beyond 4,194,304 positions, some in cores of less than k
 * + 15 nt (k = 9 to 12); two as above.
 * One candidate per (template, start); of several matures that fit the same place the
 * one of least shift is named.
 *
 * Order: cost; class_id, where a hairpin fragment (class 0 without a mature) stands behind
 * all classes; shift; entity; template; start.  cand[0..n_best) have the least cost; where
 * a mature is among them, hairpin fragments of that cost have lost and are not counted.
 *
 * Errors  EXM_ENOMEM only.   Cost  about 0.1 us.   Reentrant for different results.
 */
EXM_MUST_USE exm_status exm_annotate(const exm_annotator *a, uint64_t lo, uint64_t hi,
                                     uint32_t margin, exm_annotation *ret,
                                     exm_error *reterr);
/*
 * The same for an insert of 64 nt or more over the letters ACGT (shorter ones are packed
 * and passed on).  The rules are the same, at most 2 substitutions whatever the length; no
 * window around a mature is so long, so class miRNA gives hairpin fragments here.  A read
 * whose 3' end was never seen is a prefix of its insert, and is explained as such.
 * EXM_EDATA on another letter.
 */
EXM_MUST_USE exm_status exm_annotate_long(const exm_annotator *a, const char *seq,
                                          uint32_t len, uint32_t margin,
                                          exm_annotation *ret, exm_error *reterr);

/*
 * Sense goes before antisense: this is asked of an insert that nothing explains.  The same
 * for its reverse complement, in the classes that the bundle marks; candidates have
 * 'antisense' set, and all their numbers (start, tail, substitutions) are the reverse
 * complement's.  seq is NULL and lo, hi are set, or seq has len letters A, C, G, T.
 */
EXM_MUST_USE exm_status exm_annotate_antisense(const exm_annotator *a, uint64_t lo,
                                               uint64_t hi, const char *seq, uint32_t len,
                                               uint32_t margin, exm_annotation *ret,
                                               exm_error *reterr);
/* The packed form of the reverse complement; seq and ret of len letters may not overlap. */
void exm_revcomp(uint64_t *lo, uint64_t *hi);
void exm_revcomp_letters(const char *seq, uint32_t len, char *ret);

/* Least bits an explanation of this class needs (13 + log2(search space), rounded up). */
uint32_t exm_annotator_min_bits(const exm_annotator *a, uint32_t class_id);

/* Pack ACGT letters (<= 63) as trim.h does; EXM_EDATA on another letter or length. */
EXM_MUST_USE exm_status exm_pack(const char *seq, size_t len, uint64_t *lo, uint64_t *hi,
                                 exm_error *reterr);
/* Unpack to letters; buf needs 64 bytes; returns the length. */
uint32_t exm_unpack(uint64_t lo, uint64_t hi, char *buf);

#ifdef __cplusplus
}
#endif
#endif
