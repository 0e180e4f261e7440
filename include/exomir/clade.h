/* clade.h - does a sample hold another clade's miRNA? */
#ifndef EXM_CLADE_H
#define EXM_CLADE_H

#include "exomir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Reads of 20-mers that only other clades have (record.h: traces) come from other species,
 * but also from conserved pieces of tRNA, snoRNA and the like that somebody listed as a miRNA
 * of one species.  Such a piece is one miRNA with many reads; another species brings
 * many.  So the evidence for a clade leaves its commonest miRNA aside:
 *
 *     evidence = reads of the clade - reads of its commonest miRNA
 *     limit    = b n + 3.72 sqrt(b n) + 3         b = 1e-4, n kept reads
 *
 * b is 3 times the largest share of such evidence seen in deep human samples, and the whole
 * part of the limit is the 0.9999 quantile of a Poisson count of mean b n, or up to 2 above
 * it (docs/methods/cargo.md).  "several clades" speaks for no clade.
 */
typedef struct exm_clade_verdict {
    int traced;     /* 0: the reference holds no foreign 20-mers; all else is 0 */
    char name[64];  /* of the clade with most evidence (then byte order), or "" */
    char label[96]; /* "nematodes:cel" where half its reads or more are one species' */
    uint64_t reads; /* of that clade */
    uint64_t evidence;
    uint32_t mirnas; /* distinct ones */
    double share;    /* 100 reads / kept; NaN without kept reads */
    double limit;    /* reads */
    int found;       /* evidence > limit */
} exm_clade_verdict;

void exm_clade_judge(const exm_record *r, exm_clade_verdict *ret);

#ifdef __cplusplus
}
#endif
#endif
