/* limits.h - what a sample of this fluid has to reach: limits of the checks, as data. */
#ifndef EXM_LIMITS_H
#define EXM_LIMITS_H

#include "exomir/digest.h"
#include "exomir/qc.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Limits come from data/limits/FLUID.tsv, which the library holds, and perhaps a file of the
 * user's on top.  Such a table has the columns
 *
 *     id         a check of exomir's own; published gates (miRTrace, exceRpt) stay as they are
 *     low, high  values between them pass; empty: no limit on that side
 *     fail_low, fail_high   beyond them the sample fails; not inside of low and high
 *     beyond     note, warn or fail, the verdict beyond low or high; empty without both
 *     source     where the limits are from, never empty: "own choice"
 *
 * Numbers are 0 to 1e12.  A check that is not listed keeps its limits.
 */

/* The fluids with a table: "cells", "csf", "plasma" ... "unknown"; NULL past the end. */
const char *exm_limits_fluid(size_t i);
/* The table for a fluid as people write it ("Plasma", "cerebrospinal fluid"), or NULL. */
const char *exm_limits_find(const char *words);

/* fluid: one of exm_limits_fluid(); EXM_EDATA for another, with their list. */
EXM_MUST_USE exm_status exm_limits_new(const char *fluid, exm_limits **ret,
                                       exm_error *reterr);
/* A table on top: data[0..n), named 'source' in messages and in exm_limits_name(). */
EXM_MUST_USE exm_status exm_limits_add(exm_limits *l, const char *data, size_t n,
                                       const char *source, exm_error *reterr);
EXM_MUST_USE exm_status exm_limits_read(exm_limits *l, const char *path, exm_error *reterr);
void exm_limits_free(exm_limits *l); /* free(NULL) is legal */

const char *exm_limits_name(const exm_limits *l);   /* "plasma", "plasma + lab.tsv" */
const char *exm_limits_sha256(const exm_limits *l); /* of all texts, one after the other */

#ifdef __cplusplus
}
#endif
#endif
