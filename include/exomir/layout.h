/* layout.h - where the insert lies in a read: kit presets and layout strings. */
#ifndef EXM_LAYOUT_H
#define EXM_LAYOUT_H

#include "exomir/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EXM_ADAPTER_MAX = 64, EXM_UMI_MAX = 31 };

/*
 * A layout, from the 5' end of the read:
 *
 *     [umi5 | skip5]*  insert  [skip3 | umi3]*  adapter  [umi_after]  [adapter2]
 *
 * As text, comma separated, read 5' to 3':
 *     insert        the insert, exactly once
 *     N4            4 nt of any base, thrown away
 *     U12           12 nt UMI (5' of the insert, 3' of it before the adapter, or after
 *                   the adapter; several are concatenated in 5'-3' order)
 *     TGGAATTC...   adapter, A C G T N(=any), up to 64 nt, 6 of them known; "/2" after it:
 *                   at most 2 substitutions (a quarter of it at most), in proportion where
 *                   the read ends within it, instead of floor(0.1 x overlap)
 *     A8            poly-A instead of an adapter: a run of at least 8 A (10 % others)
 *     min15         inserts below 15 nt are dropped
 * At most 64 nt are cut on each side of the insert, and UMIs have 31 nt in total.
 * Examples: "insert,TGGAATTCTCGGGTGCCAAGG"
 *           "insert,AACTGTAGGCACCATCAAT/2,U12,AGATCGGAAGAGCACACGTCTGAACTCCAGTCA"
 *           "N4,insert,N4,TGGAATTCTCGGGTGCCAAGG"   "N3,insert,A10,min15"
 */
typedef struct exm_layout {
    char name[24]; /* preset name, or "custom", or "none" */
    uint32_t n_5,
        n_3; /* nt cut 5' of the insert / between insert and adapter (UMI included) */
    uint32_t umi5_at, umi5_len;        /* within the first n_5 nt */
    uint32_t umi3_at, umi3_len;        /* within the n_3 nt between insert and adapter */
    uint32_t umi_after_len;            /* UMI directly after the adapter */
    char adapter[EXM_ADAPTER_MAX + 1]; /* "" when poly_a > 0 or no adapter */
    uint32_t adapter_len;
    int max_mismatches; /* -1: floor(0.1 x overlap); else this many at full overlap */
    uint32_t poly_a;    /* > 0: least length of the A run */
    char adapter2[EXM_ADAPTER_MAX + 1];
    uint32_t adapter2_len;
    uint32_t min_insert; /* 0: the filter's own minimum holds */
} exm_layout;

/* UMI length in total; 0 without UMI. */
uint32_t exm_layout_umi_len(const exm_layout *l);
/* 1 when something ends the insert: an adapter or a poly-A. */
int exm_layout_has_adapter(const exm_layout *l);

/*
 * exm_layout_parse() - text to layout.  EXM_EDATA with the 0-based offset of the bad
 * token in 'at' and what was expected.  Never accepts what it cannot express.
 */
EXM_MUST_USE exm_status exm_layout_parse(const char *text, exm_layout *ret,
                                         exm_error *reterr);
/* The text form; exm_layout_parse() of it gives the same layout.  buf of 512 bytes. */
void exm_layout_format(const exm_layout *l, char *buf, size_t n);

/* Presets of docs/kits.md, in order; NULL past the end. */
const exm_layout *exm_kit_get(size_t i);
const char *exm_kit_description(size_t i);
/* By name ("truseq", "qiaseq" ...); EXM_EDATA with "did you mean" otherwise. */
EXM_MUST_USE exm_status exm_kit_find(const char *name, const exm_layout **ret,
                                     exm_error *reterr);
/* The layout of reads without adapter ("none"). */
exm_layout exm_layout_none(void);

#ifdef __cplusplus
}
#endif
#endif
