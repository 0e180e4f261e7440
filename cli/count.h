/* count.h - the parts of exomir count: plan the samples, count them, publish, print. */
#ifndef EXM_CLI_COUNT_H
#define EXM_CLI_COUNT_H

#include "msg.h"

#include "exomir/limits.h"
#include "exomir/outdir.h"
#include "exomir/sample.h"
#include "exomir/sheet.h"

/* Outputs that --skip leaves out. */
enum { EXM_SKIP_REPORT = 1, EXM_SKIP_GFF = 2, EXM_SKIP_ISOMIRS = 4, EXM_SKIP_MULTIQC = 8 };

typedef struct exm_count_args {
    exm_common common;
    const char *ref, *out, *kit, *layout, *sheet, *sample, *skip, *params, *umi_dedup;
    const char *fluid, *limits, *vcf; /* NULL: not given */
    int no_adapter, keep_going, fail_on_qc, bam;
    exm_sample_options options; /* of every sample, before the sheet's kit */
} exm_count_args;

/* One sample, from its plan to its record. */
typedef struct exm_count_sample {
    const char *id;
    const char *const *paths;
    size_t n_paths;
    size_t row; /* in the sheet */
    exm_sample_options options;
    const exm_limits *limits; /* one of the plan's */
    exm_sample_inputs inputs;
    exm_record *record; /* NULL until counted, or when it failed */
    exm_error err;      /* why it failed */
} exm_count_sample;

enum { EXM_FLUIDS_MAX = 16 };

typedef struct exm_count_plan {
    exm_sheet *sheet;         /* or NULL */
    char **names;             /* made from file names */
    exm_count_sample *sample; /* sorted by id */
    size_t n;
    unsigned skip;
    exm_known *known;                   /* of --vcf, or NULL */
    exm_limits *limits[EXM_FLUIDS_MAX]; /* by exm_limits_fluid(); NULL: not needed */
} exm_count_plan;

/*
 * Each returns an exit code, and has reported what is wrong when it is not 0.
 * The plan opens no reads; it does check that every file is there, so that the last of
 * a hundred samples does not fail after an hour.
 */
int exm_count_plan_make(exm_count_args *a, const exm_words *files, exm_count_plan *ret);
void exm_count_plan_done(exm_count_plan *p);
/* --dry-run: the plan on standard output, with the kit where a look costs nothing. */
int exm_count_plan_print(const exm_count_args *a, const exm_count_plan *p,
                         const exm_ref *ref);

/* Known variants of --vcf, for all samples (count_known.c). */
int exm_count_plan_known(exm_count_args *a, exm_count_plan *p, const exm_ref *ref);

/* Whose limits each sample is judged by (count_limits.c). */
int exm_count_plan_limits(const exm_count_args *a, exm_count_plan *p);

/* Counts all samples; records are staged in 'dir' as they come. */
int exm_count_samples(const exm_count_args *a, exm_count_plan *p, const exm_ref *ref,
                      exm_outdir *dir);

/* Tables, report and provenance of the samples that have a record; ret_qc [n good]. */
int exm_count_publish(const exm_count_args *a, const exm_count_plan *p, const exm_ref *ref,
                      exm_outdir *dir, exm_qc *qc);
/* --fail-on-qc: says which samples fail, and by what; exit code 3, or 0 without any. */
int exm_count_judge(const exm_count_args *a, const exm_count_plan *p, const exm_qc *qc);
/* The short table at the end. */
int exm_count_print(const exm_count_args *a, const exm_count_plan *p, const exm_qc *qc);

/* Numbers of the short table. */
double exm_count_percent(uint64_t part, uint64_t whole); /* NaN of nothing */
uint64_t exm_count_mirnas(const exm_record *r);
size_t exm_count_good(const exm_count_plan *p);

#endif
