/* simulate.h - small-RNA reads with known truth. */
#ifndef EXM_SIMULATE_H
#define EXM_SIMULATE_H

#include "exomir/buf.h"
#include "exomir/fasta.h"
#include "exomir/layout.h"
#include "exomir/ref.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EXM_SIM_LOST_MOST 10.0 /* nt */

typedef struct exm_simulate_options {
    uint64_t reads;      /* default 300,000 */
    uint64_t seed;       /* default 1 */
    uint32_t read_len;   /* cycles, default 51 */
    exm_layout layout;   /* default truseq */
    double share_cargo;  /* reads from other classes of the bundle, default 0.10 */
    const char *cargo;   /* "tRNA=0.06,rRNA=0.04", or NULL: share_cargo over all classes */
    double share_random; /* random inserts, default 0.05 */
    double share_dimer;  /* adapter dimers, default 0 */
    double error_rate;   /* substitutions per sequenced nt, default 0.001 */
    double isomir_rate;  /* miRNA reads that are not the canonical mature, default 0.5 */
    double tail_share;   /* miRNA reads that get a tail of 1 to 3 nt besides, default 0 */
    double lost_nt;      /* mean (geometric) by which degradation shortens each end of
                            miRNA and cargo reads, down to 16 nt; default 0, at most 10 */
    uint32_t mirnas;     /* entities expressed, default 400; abundance log-normal */
    double molecules_share; /* with a UMI layout: molecules / reads, default 0.4 */
    double umi_error_rate;  /* substitutions that PCR leaves per nt of UMI, default 0 */
    uint32_t pcr_cycles;    /* that make them, default 15 */
    uint32_t skew;          /* of amplification, 1 (none) to 8, default 2 */
    int quality_levels;     /* 4 (binned) or 40 */
    uint32_t edit_sites;    /* A of expressed miRNAs, but for the last 3 nt, edited to G */
    double edit_rate;       /* in this share of their molecules, default 0.1 */
    exm_buf *edits; /* or NULL: mirna, position, molecules, edited of each such site */
    const exm_fasta *foreign;    /* miRNAs of other species, or NULL; 'mirnas' of them */
    double share_foreign;        /* of all reads, default 0 */
    const exm_fasta *background; /* a genome: pieces of it, of either strand; or NULL */
    double share_background;     /* of all reads, default 0 */
} exm_simulate_options;

exm_simulate_options exm_simulate_defaults(void);

/*
 * With a UMI layout the reads are copies of reads x molecules_share molecules.  Read i is of
 * molecule floor(n u^skew), u uniform: amplification favours some.  It is a leaf of the tree
 * that its molecule grows in PCR: in each cycle it came from the old strand or the new one,
 * and a new strand has a wrong base in its UMI with probability 2 umi_error_rate / cycles
 * per nt.  All leaves below share it, so early errors have many reads, most have one.
 *
 * exm_simulate_reads() - FASTQ through 'sink' in pieces (order of reads is shuffled by the
 * seed), and the truth table (feature, reads, molecules) into ret_truth.  Read names are
 * "sim<n>:<feature>:<variant>", the variant in this program's own normal form (what a
 * tail that happens to match the template becomes templated, and so on).
 */
typedef exm_status (*exm_simulate_sink)(void *ctx, const char *p, size_t n,
                                        exm_error *reterr);
EXM_MUST_USE exm_status exm_simulate_reads(const exm_ref *ref,
                                           const exm_simulate_options *o,
                                           exm_simulate_sink sink, void *ctx,
                                           exm_buf *ret_truth, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
