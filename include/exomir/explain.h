/* explain.h - why a read was judged as it was. */
#ifndef EXM_EXPLAIN_H
#define EXM_EXPLAIN_H

#include "exomir/annotate.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exm_explain_read() - every explanation of an insert with cost <= best + 10: class,
 * place, terms of the cost, bits against the bits needed, variant, and a sentence on
 * why the first one won or which ones tie.  seq: letters ACGTU in either case, any
 * length.  json: one object instead of text.  EXM_EDATA on another letter.
 */
EXM_MUST_USE exm_status exm_explain_read(const exm_ref *ref, const exm_annotator *a,
                                         const char *seq, int json, exm_buf *ret,
                                         exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
