/* qualities.h - which bases of the unique inserts were read with a good quality, how often. */
#ifndef EXM_QUALITIES_H
#define EXM_QUALITIES_H

#include "exomir/trim.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Beside the table of unique inserts (collapse.h), and only where substitutions are tested:
 * per insert of at most EXM_QUALITIES_NT nt and position the reads with Q >= 30 there.  With
 * UMIs the molecules: good where any read of the molecule is.  Reads without qualities
 * count as good everywhere.
 */
typedef struct exm_qualities exm_qualities;

enum { EXM_QUALITIES_NT = 48, EXM_QUALITIES_GOOD = 30 };

EXM_MUST_USE exm_status exm_qualities_new(int umi, exm_qualities **ret, exm_error *reterr);
void exm_qualities_free(exm_qualities *q); /* free(NULL) is legal */

/* The kept reads among n trimmed ones; reads[i] belongs to trimmed[i]. */
EXM_MUST_USE exm_status exm_qualities_add(exm_qualities *q, const exm_read *reads,
                                          const exm_trimmed *trimmed, size_t n,
                                          exm_error *reterr);
EXM_MUST_USE exm_status exm_qualities_finish(exm_qualities *q, exm_error *reterr);

/* After finish, from any number of threads: good[0..len) of a packed insert; 0 when it was
 * never added. */
int exm_qualities_get(const exm_qualities *q, uint64_t lo, uint64_t hi,
                      uint64_t good[EXM_QUALITIES_NT]);

/*
 * Mean of 10^(-Q/10) over the bases of Q >= 30 at a position of the inserts, in units of
 * 2^-30; 10^-3 where there are none, or no qualities.
 */
uint64_t exm_qualities_error(const exm_qualities *q, uint32_t position);

#ifdef __cplusplus
}
#endif
#endif
