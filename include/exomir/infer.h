/* infer.h - which kit made these reads?  With the evidence, or a refusal. */
#ifndef EXM_INFER_H
#define EXM_INFER_H

#include "exomir/buf.h"
#include "exomir/fastq.h"
#include "exomir/layout.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum exm_kit_call {
    EXM_KIT_UNCLEAR = 0,
    EXM_KIT_PRESET,    /* a known kit */
    EXM_KIT_TRIMMED,   /* reads carry no adapter: already trimmed */
    EXM_KIT_UNKNOWN_3P /* an enriched 3' sequence that no preset knows: reported, not used */
} exm_kit_call;

enum { EXM_INFER_READS = 20000 }; /* reads looked at */

typedef struct exm_infer_score {
    char kit[24];
    double
        found; /* share of reads with the kit's adapter at a plausible insert (15-40 nt) */
    double found_any; /* share with the adapter anywhere */
} exm_infer_score;

typedef struct exm_inference {
    exm_kit_call call;
    exm_layout layout; /* the preset, or exm_layout_none() for TRIMMED */
    uint64_t reads;    /* reads looked at */
    exm_infer_score score[16];
    size_t n_scores;                    /* every preset, best first */
    char enriched[EXM_ADAPTER_MAX + 1]; /* commonest 3' sequence after an insert, or "" */
    double enriched_share;
    double length_spread; /* share of reads that are not of the commonest length */
    double
        prefix_same; /* reads that share nt 5-16 with an earlier one: share that also have
                           its nt 1-4.  Near 1, but near 0 behind random 5' ends (4N kits);
                           1 when too few recur to tell */
    int told; /* 1: enough inserts recur to see whether random nt stand beside them */
    char evidence[512]; /* the reason in words, for humans */
} exm_inference;

/*
 * exm_infer_kit() - from the first reads of a sample.
 * reads may come from many batches: feed with exm_inferrer_add() until it returns 0.
 * Decides between presets that share an adapter (truseq, nextflex-v3/-v4; nebnext, the
 * far end of qiaseq and dplex; the tailed kits) by what stands next to the insert.  What
 * no read can tell (truseq or nextflex-v4, smarter or cats behind a long tail) is called
 * the first of the two, and the evidence says so.  Two kits at once are UNCLEAR.
 */
typedef struct exm_inferrer exm_inferrer;
EXM_MUST_USE exm_status exm_inferrer_new(exm_inferrer **ret, exm_error *reterr);
/* 1 while more reads are wanted. */
int exm_inferrer_add(exm_inferrer *f, const exm_read *reads, size_t n);
EXM_MUST_USE exm_status exm_inferrer_finish(exm_inferrer *f, exm_inference *ret,
                                            exm_error *reterr);
void exm_inferrer_free(exm_inferrer *f);

/*
 * 1 when the reads speak clearly for another kit than the preset 'name', or for any when that
 * is "none" (trimmed already); 0 when they do not, when no read can tell the two (see above;
 * all tailed kits), or when 'name' is neither.
 */
int exm_inference_contradicts(const exm_inference *v, const char *name);

#ifdef __cplusplus
}
#endif
#endif
