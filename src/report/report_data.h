/* report_data.h - private to report: what the report's script draws. */
#ifndef EXM_REPORT_DATA_H
#define EXM_REPORT_DATA_H

#include "exomir/report.h"

/* Appends one JSON object (compact; safe inside a <script> element). */
EXM_MUST_USE exm_status exm_report_put_data(const exm_record *const *records,
                                            const exm_qc *qc, size_t n,
                                            const exm_report_info *info, exm_buf *ret,
                                            exm_error *reterr);

#endif
