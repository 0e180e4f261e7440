/* explain_sample.h - what became of a sample in a run, and why it was judged as it was. */
#ifndef EXM_EXPLAIN_SAMPLE_H
#define EXM_EXPLAIN_SAMPLE_H

#include "exomir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exm_explain_sample() - the story of one sample of a run's folder: flow of its reads, kit
 * and evidence, every verdict with value, limit and what to do, commonest miRNAs, shared
 * reads, confounders.  Verdicts are those of qc.json, as the run gave them.
 * json: one object instead of text.
 *
 * Read are records/SAMPLE.exr, qc.json and provenance.json; the first two must be the bytes
 * that provenance.json lists.  EXM_EDATA: no or an incomplete run, files of another run, no
 * such sample (with the nearest name).
 */
EXM_MUST_USE exm_status exm_explain_sample(const char *dir, const char *sample, int json,
                                           exm_buf *ret, exm_error *reterr);

/* The same out of memory: the record, and the texts of qc.json and provenance.json, any
 * bytes, which 'dir' stands before in messages. */
EXM_MUST_USE exm_status exm_explain_sample_texts(const char *dir, const exm_record *r,
                                                 const char *qc, size_t n_qc,
                                                 const char *provenance,
                                                 size_t n_provenance, int json,
                                                 exm_buf *ret, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
