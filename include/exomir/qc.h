/* qc.h - verdicts on one sample: value, limit, reason. */
#ifndef EXM_QC_H
#define EXM_QC_H

#include "exomir/json.h"
#include "exomir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum exm_verdict {
    EXM_VERDICT_PASS = 0,
    EXM_VERDICT_NOTE, /* worth a look, no limit broken */
    EXM_VERDICT_WARN,
    EXM_VERDICT_FAIL,
    EXM_VERDICT_NA /* not computable from this input; the reason says why */
} exm_verdict;

const char *exm_verdict_name(exm_verdict v); /* "pass", "note", "warn", "fail", "na" */

typedef struct exm_qc_item {
    const char *id;     /* "adapter_found", "mirtrace_quality" ...: stable, in qc.json */
    const char *title;  /* "Adapter found" */
    const char *unit;   /* "%", "reads", "nt", "" */
    const char *source; /* "exomir", "miRTrace 1.0.1", "exceRpt" */
    double value;       /* in 'unit'; NaN with NA */
    double low, high;   /* limits, NaN when that side has none */
    double fail_low,
        fail_high;     /* beyond these the sample fails; at or beyond low and high */
    const char *basis; /* where the limits are from: "own choice", "as published" ... */
    exm_verdict verdict;
    char reason[480]; /* plain words with value and limit, and what to do */
} exm_qc_item;

enum { EXM_QC_MAX = 40 };

typedef struct exm_qc {
    exm_qc_item item[EXM_QC_MAX];
    size_t n;
    exm_verdict overall; /* the worst of fail, warn, pass */
    const char *limits;  /* whose they are: exm_limits_name() */
} exm_qc;

typedef struct exm_limits exm_limits; /* limits.h */

/* Cannot fail: what cannot be computed is NA. */
void exm_qc_sample(const exm_record *r, exm_qc *ret);
/* By the limits of a fluid or a laboratory, which must outlive ret; NULL: as above. */
void exm_qc_sample_by(const exm_record *r, const exm_limits *own, exm_qc *ret);

/* What UMIs tell of a library (docs/methods/umi.md). */
enum { EXM_QC_POINTS = 20 };

typedef struct exm_qc_umis {
    uint64_t found;             /* molecules, not corrected */
    uint64_t once, twice, more; /* of them, seen in 1, 2, 3 and more reads */
    double duplicates;    /* 100 (1 - found / reads): reads of molecules seen before */
    double new_molecules; /* 100 once / reads: further reads that would show new ones */
    exm_umi_point point[EXM_QC_POINTS]; /* exm_umi_saturation() */
} exm_qc_umis;

/* Zeros and NaN of a sample without UMIs or kept reads. */
void exm_qc_umis_of(const exm_record *r, exm_qc_umis *ret);

/* The object of one sample in qc.json (docs/schemas/qc.schema.json). */
void exm_qc_put_json(const exm_record *r, const exm_qc *q, exm_json *j);

#ifdef __cplusplus
}
#endif
#endif
