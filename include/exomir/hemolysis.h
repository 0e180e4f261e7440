/* hemolysis.h - has the blood been damaged before it was sequenced? */
#ifndef EXM_HEMOLYSIS_H
#define EXM_HEMOLYSIS_H

#include "exomir/matrix.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The 20 miRNAs of red cells that the metric rests on; NULL past the end. */
const char *exm_hemolysis_mirna(size_t i);
/* 1 when a feature ("hsa-miR-451a", or names joined by '/') is one of them. */
int exm_hemolysis_is_signature(const char *feature);

/* Is 'name' ("miR-451a") one of the names joined by '/' in a feature, behind its species or
 * not? */
int exm_hemolysis_has_name(const char *feature, const char *name);

typedef struct exm_hemolysis_options {
    double min_reads;      /* samples with at most so many counts are left out; 10^6 */
    double min_cpm;        /* 40: kept rows have more in 'smallest' samples */
    double smallest_group; /* 0: all samples */
    double caution;        /* 1.9 */
} exm_hemolysis_options;

exm_hemolysis_options exm_hemolysis_defaults(void);

typedef struct exm_hemolysis {
    double metric; /* NaN: too few reads, or no signature miRNA is left */
    double
        log2_451a_23a; /* log2((miR-451a + 0.5) / (miR-23a-3p + 0.5)); NaN: neither seen */
} exm_hemolysis;

/*
 * exm_hemolysis_run() - counts below 5 are 0; a row is kept whose TMM-CPM is above min_cpm in
 * at least smallest_group samples;
 *     metric = G(log2 CPM of the signature's rows) - G(log2 CPM of all other rows)
 * with G the geometric mean over the positive values, CPM of the kept rows with edgeR's prior
 * of 2 and no TMM factors.
 * The metric depends on the other samples (through TMM and the filter): it is for cohorts.
 *
 * ret [n_samples]; ret_used NULL, or the number of signature rows kept.
 * Equals  the published values of GSE105052 to 1e-10 (min_reads 0, smallest_group 17).
 * Source  Smith et al., Genes 2022;13:1288 (signature); Genes 2023;14:448 (metric).
 * Errors  EXM_EDATA: no sample has enough reads, or no row is kept; EXM_ENOMEM.
 */
EXM_MUST_USE exm_status exm_hemolysis_run(const exm_matrix *m,
                                          const exm_hemolysis_options *o,
                                          exm_hemolysis *ret, size_t *ret_used,
                                          exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
