/* report_diff.h - a differential-expression analysis as one self-contained HTML file. */
#ifndef EXM_REPORT_DIFF_H
#define EXM_REPORT_DIFF_H

#include "exomir/diff.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exm_report_diff() - what needs attention first; volcano and MA plots, the samples of the
 * features with the smallest p one by one and as a clustered heatmap, a table that sorts and
 * searches, principal components, mean-variance picture and histogram of p.  Each picture as
 * SVG, PNG and TSV.  No network access, no external file, no clock: same analysis, same bytes.
 */
EXM_MUST_USE exm_status exm_report_diff(const exm_diff *d, const exm_diff_options *o,
                                        const char *version, exm_buf *ret,
                                        exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
