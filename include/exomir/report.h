/* report.h - the run's report as one self-contained HTML file. */
#ifndef EXM_REPORT_H
#define EXM_REPORT_H

#include "exomir/qc.h"
#include "exomir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct exm_report_info {
    const char *title; /* "exomir count" */
    const char *version;
    const char *command;   /* parameters in words, no paths of this machine */
    const char *reference; /* species and SHA-256 */
} exm_report_info;

/*
 * exm_report_count() - what needs attention first, with value and limit; length
 * distribution, cargo composition, kit evidence, read flow, top miRNAs, isomiR profile.
 * No network access, no external file, no clock: same records, same bytes.  Smooth with
 * 1,000 samples (one JSON block, rows drawn on demand).
 */
EXM_MUST_USE exm_status exm_report_count(const exm_record *const *records, const exm_qc *qc,
                                         size_t n, const exm_report_info *info,
                                         exm_buf *ret, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
