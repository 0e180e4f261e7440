/* sample.h - one sample from its files to its record. */
#ifndef EXM_SAMPLE_H
#define EXM_SAMPLE_H

#include "exomir/annotate.h"
#include "exomir/collapse.h"
#include "exomir/infer.h"
#include "exomir/known.h"
#include "exomir/pool.h"
#include "exomir/reader.h"
#include "exomir/record.h"
#include "exomir/umi.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct exm_sample_options {
    int infer_kit; /* 1: --kit auto; 0: 'layout' holds */
    exm_layout layout;
    exm_trim_options trim;
    exm_umi_options umi; /* default directional, not corrected */
    exm_reader_options reader;
    int editing;            /* 1: substitutions in miRNAs are tested (variants.h) */
    const exm_known *known; /* known variants, or NULL; alive while counting */
    int allow_empty, allow_no_adapter, allow_low_mirna;
    uint64_t max_table_bytes; /* default 4 GiB: beyond it the table of unique inserts ... */
    const char *temp_folder; /* ... goes to nameless files here; NULL (default): no limit */
    void (*progress)(void *ctx, uint64_t done, uint64_t total,
                     uint64_t reads); /* or NULL */
    void *progress_ctx;
    /* Gets the unique inserts of a sample that was counted, before they are given up; its
     * failure is the sample's.  Or NULL. */
    exm_status (*uniques)(void *ctx, const exm_collapse *uniques, const exm_record *rec,
                          exm_pool *pool, exm_error *reterr);
    void *uniques_ctx;
} exm_sample_options;

exm_sample_options exm_sample_defaults(void);

/* Canonical JSON of every parameter that can change a result (not threads, not SIMD). */
EXM_MUST_USE exm_status exm_sample_params_json(const exm_sample_options *o, exm_buf *ret,
                                               exm_error *reterr);

/* Packed input files as read, for provenance. */
typedef struct exm_sample_inputs {
    exm_reader_file *files; /* files[i].path is paths[i] */
    char **paths;
    size_t n;
    char *inference; /* what the first reads said of the kit, or NULL: it was named */
    uint64_t first_name_again; /* reads behind the first one that bear its name */
    int phred64;               /* the first reads' qualities seem to start at 64 */
} exm_sample_inputs;
void exm_sample_inputs_done(exm_sample_inputs *in);

/*
 * exm_sample_count() - the whole road for one sample.  'pool' carries reading and
 * annotation (reader.takers is set from it).  Stops with EXM_EDATA and the likely cause when the adapter of a named kit is absent, the kit is unclear, or
 * (unless allowed) fewer than 1 % of kept reads are miRNA - wrong species and wrong kit
 * are told apart by the clade and adapter evidence.
 */
EXM_MUST_USE exm_status exm_sample_count(const char *id, const char *const *paths,
                                         size_t n_paths, const exm_annotator *annotator,
                                         const exm_ref *ref, const exm_sample_options *o,
                                         exm_pool *pool, exm_record **ret,
                                         exm_sample_inputs *ret_inputs, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
