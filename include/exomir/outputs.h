/* outputs.h - tables, mirGFF3 and MultiQC files of a run, from its sample records. */
#ifndef EXM_OUTPUTS_H
#define EXM_OUTPUTS_H

#include "exomir/outdir.h"
#include "exomir/qc.h"
#include "exomir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/* records[0..n) sorted by sample id (byte order), of one reference and one parameter set. */
/* mirna.counts.tsv, mirna.unique.tsv, mirna.best.tsv; with UMIs counts are molecules and
 * mirna.reads.tsv stands beside; classes.counts.tsv; features by name, samples by id. */
EXM_MUST_USE exm_status exm_outputs_counts(const exm_record *const *records, size_t n,
                                           exm_outdir *dir, exm_error *reterr);
/* isomir.counts.tsv: first column "mature|variant|UID". */
EXM_MUST_USE exm_status exm_outputs_isomirs(const exm_record *const *records, size_t n,
                                            exm_outdir *dir, exm_error *reterr);
/* Where the reference has a class tRNA or pre-tRNA: trna_types.counts.tsv, and unless
 * only_types trna_fragments.counts.tsv: first column "type|tRNA|tRF plate". */
EXM_MUST_USE exm_status exm_outputs_trna(const exm_record *const *records, size_t n,
                                         int only_types, exm_outdir *dir,
                                         exm_error *reterr);
/* Where substitutions were tested: a_to_i.tsv (A to G) and variants.tsv (all others). */
EXM_MUST_USE exm_status exm_outputs_editing(const exm_record *const *records, size_t n,
                                            exm_outdir *dir, exm_error *reterr);
/* mirna.gff3, mirGFF3 1.2, one line per unique sequence and mature, COLDATA = sample ids. */
EXM_MUST_USE exm_status exm_outputs_gff3(const exm_record *const *records, size_t n,
                                         exm_outdir *dir, exm_error *reterr);
/* coldata.tsv: sample, then numbers every model may need, then the sheet's columns. */
EXM_MUST_USE exm_status exm_outputs_coldata(const exm_record *const *records, size_t n,
                                            const char *const *extra_names, size_t n_extra,
                                            const char *const *extra_cells, exm_outdir *dir,
                                            exm_error *reterr);
/* qc.json */
EXM_MUST_USE exm_status exm_outputs_qc(const exm_record *const *records, const exm_qc *qc,
                                       size_t n, exm_outdir *dir, exm_error *reterr);
/* multiqc/exomir_*_mqc.json|tsv */
EXM_MUST_USE exm_status exm_outputs_multiqc(const exm_record *const *records,
                                            const exm_qc *qc, size_t n, exm_outdir *dir,
                                            exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
