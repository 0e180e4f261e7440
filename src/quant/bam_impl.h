/* bam_impl.h - private to quant: the parts of bam.c. */
#ifndef EXM_QUANT_BAM_IMPL_H
#define EXM_QUANT_BAM_IMPL_H

#include "exomir/bam.h"

#include <htslib/sam.h>

/* Names of the templates as SAM allows them, each once.  Zero-initialise. */
typedef struct exm_bam_names {
    char **name; /* [templates] */
    uint32_t n;
} exm_bam_names;

EXM_MUST_USE exm_status exm_bam_names_init(const exm_ref *ref, exm_bam_names *ret,
                                           exm_error *reterr);
void exm_bam_names_done(exm_bam_names *n);

/* The header's text. */
EXM_MUST_USE exm_status exm_bam_header(const exm_ref *ref, const exm_bam_names *names,
                                       const exm_record *rec, exm_buf *ret,
                                       exm_error *reterr);

/* What every alignment of a file needs, and a thread's own scratch. */
typedef struct exm_bam_scene {
    const exm_annotator *annotator;
    const exm_ref *ref;
    const exm_bam_names *names;
    const char *sample;
    int umi;
} exm_bam_scene;

typedef struct exm_bam_scratch {
    exm_annotation ann;
    exm_buf name, text, other_strand;
    uint32_t cigar[3];
    size_t n_cigar;
} exm_bam_scratch;

void exm_bam_scratch_done(exm_bam_scratch *s);

/* The ties of an insert into s->ann. */
EXM_MUST_USE exm_status exm_bam_explain(const exm_bam_scene *c, const exm_unique *u,
                                        exm_bam_scratch *s, exm_error *reterr);

/* Where the templated stretch begins on its template, 0-based. */
uint32_t exm_bam_place(const exm_candidate *c);

EXM_MUST_USE exm_status exm_bam_encode(const exm_bam_scene *c, const exm_unique *u,
                                       exm_bam_scratch *s, bam1_t *ret, exm_error *reterr);

#endif
