/* trna.h - which piece of a tRNA is this read?  Halves, tRFs, trailers. */
#ifndef EXM_TRNA_H
#define EXM_TRNA_H

#include "exomir/annotate.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The type follows from where the templated stretch of a read lies on the mature tRNA (class
 * "tRNA": no leader, no trailer, CCA at its end), or on its precursor (class "pre-tRNA").
 * 5' end: nothing of the tRNA lies before the read (5' additions may).  3' end: the read
 * ends with the CCA.  A half is cut at or in the anticodon loop: one of the two bases beside
 * the cut is of the loop.
 * In this order a read that fits several tRNAs equally well takes its first type.
 */
typedef enum exm_trf {
    EXM_TRF_WHOLE = 0, /* both ends */
    EXM_TRF_5P_HALF,   /* 5' end to a cut in the anticodon loop */
    EXM_TRF_3P_HALF,   /* a cut in the anticodon loop to the CCA */
    EXM_TRF_5P,        /* 5' end, ends elsewhere */
    EXM_TRF_3P,        /* the CCA, begins elsewhere */
    EXM_TRF_INTERNAL,
    EXM_TRF_1,         /* trailer: begins within 1 nt behind the mature part, ends in TTT */
    EXM_TRF_PRECURSOR, /* all else of a precursor: leader, intron, unprocessed ends */
    EXM_TRF_COUNT,
    EXM_TRF_NONE = EXM_TRF_COUNT
} exm_trf;

const char *exm_trf_name(exm_trf t);        /* "5p-half" ...: used in outputs */
const char *exm_trf_description(exm_trf t); /* one sentence for reports */

typedef struct exm_trna exm_trna;

/*
 * exm_trna_new() - anticodon loops and trailers of a bundle's tRNAs.  The bundle must outlive
 * it; immutable, so any number of threads may use one.  Legal without any tRNA class.
 *
 * The loop is found by its stem: of all windows of 17 nt (stem 5, loop 7, stem 5) from
 * position 18 on the one of the highest score
 *
 *     4 (3 GC + 2 AU + 1 GU - 2 none) + 12 [T33] + 4 [R37] + 4 [Y32] - |p - 26|
 *
 * of 24 at least; p is the 0-based start of the stem, 26 in the canonical numbering, the
 * brackets are 1 where that position of the loop holds T, a purine, a pyrimidine.  Of the 431
 * human tRNAs of tRNAdb and mitotRNAdb it meets the named anticodon in 422.
 */
EXM_MUST_USE exm_status exm_trna_new(const exm_ref *ref, exm_trna **ret, exm_error *reterr);
void exm_trna_free(exm_trna *t); /* free(NULL) is legal */

/* Is there a class tRNA or pre-tRNA (names are case-blind)? */
int exm_trna_any(const exm_trna *t);
/* The anticodon loop [from, to) of a tRNA template; 0 when none was found. */
int exm_trna_loop(const exm_trna *t, uint32_t template_id, uint32_t *ret_from,
                  uint32_t *ret_to);
/* Where the trailer of a pre-tRNA template begins; 0: not known. */
uint32_t exm_trna_trailer(const exm_trna *t, uint32_t template_id);

/* Type of an explained read of len nt (ends_in_ttt: its last three bases are T), or
 * EXM_TRF_NONE when the explanation is of another class. */
exm_trf exm_trna_type(const exm_trna *t, const exm_candidate *c, uint32_t len,
                      int ends_in_ttt);

#ifdef __cplusplus
}
#endif
#endif
