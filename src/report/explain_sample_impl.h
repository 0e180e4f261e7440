/* explain_sample_impl.h - private to report: a sample's story, as read and as told. */
#ifndef EXM_REPORT_EXPLAIN_SAMPLE_IMPL_H
#define EXM_REPORT_EXPLAIN_SAMPLE_IMPL_H

#include "exomir/explain_sample.h"
#include "exomir/qc.h"

#include <jansson.h>

enum { EXM_STORY_TOP = 10, EXM_STORY_SHARED = 5, EXM_STORY_CONFOUNDERS = 8 };

typedef struct exm_confounder {
    const char *id, *title;
    double value; /* NaN: not computable */
    const char *unit;
    char text[400];
} exm_confounder;

typedef struct exm_story {
    const exm_record *r;
    json_t *qc, *provenance;     /* whole files */
    const json_t *judged, *made; /* this sample's part of each */
    size_t checks[5];            /* by exm_verdict */
    const exm_record_feature *top[EXM_STORY_TOP], *shared[EXM_STORY_SHARED];
    size_t n_top, n_shared;
    uint64_t tied, tied_between; /* reads */
    exm_confounder confounder[EXM_STORY_CONFOUNDERS];
    size_t n_confounders;
} exm_story;

/* Members of an object, of any json or NULL: "" and NaN where they are missing. */
const char *exm_story_text(const json_t *o, const char *key);
double exm_story_number(const json_t *o, const char *key);
/* The verdict that a check of qc.json has; EXM_VERDICT_NA for another word. */
exm_verdict exm_story_verdict(const json_t *check);

void exm_story_find_confounders(exm_story *s);

EXM_MUST_USE exm_status exm_story_put_text(const exm_story *s, exm_buf *b,
                                           exm_error *reterr);
EXM_MUST_USE exm_status exm_story_put_json(const exm_story *s, exm_buf *b,
                                           exm_error *reterr);

#endif
