/*
 * count_run.c - count the samples, as many at once as there are threads.
 *
 * A thread per sample wastes nothing: no hand-over between unpacking and annotation.
 * Threads that find no sample left help with those of the others.  The results are the same
 * whoever does what.
 */
#include "count.h"

#include "exomir/bam.h"

#include <stdio.h>
#include <string.h>

struct counting {
    const exm_count_args *a;
    exm_count_plan *plan;
    const exm_ref *ref;
    const exm_annotator *annotator;
    exm_outdir *dir;
    exm_progress *progress; /* or NULL */
};

/* What the unique inserts of a sample are needed for. */
struct bam_writer {
    struct counting *c;
    exm_status failed; /* that is no fault of the sample */
};

static exm_status
write_bam(void *ctx, const exm_collapse *uniques, const exm_record *rec, exm_pool *pool,
          exm_error *reterr)
{
    struct bam_writer *w = ctx;

    w->failed =
        exm_bam_write(w->c->annotator, w->c->ref, uniques, rec, pool, w->c->dir, reterr);
    return w->failed;
}

struct ticker {
    exm_progress *progress;
    size_t sample;
};

static void
tick(void *ctx, uint64_t done, uint64_t total, uint64_t reads)
{
    const struct ticker *t = ctx;

    exm_progress_update(t->progress, t->sample, done, total, reads);
}

static exm_status
stage_record(struct counting *c, const exm_record *r, exm_error *reterr)
{
    char name[512];
    exm_buf bytes = {0};
    exm_status s = exm_record_encode(r, &bytes, reterr);

    (void) snprintf(name, sizeof name, "records/%.400s.exr", r->sample);
    if (s == EXM_OK) s = exm_outdir_put(c->dir, name, &bytes, reterr);
    exm_buf_done(&bytes);
    return s;
}

static exm_status
count_one(void *ctx, size_t i, exm_pool *pool, exm_error *reterr)
{
    struct counting *c = ctx;
    exm_count_sample *t = &c->plan->sample[i];
    struct ticker ticker = {.progress = c->progress, .sample = i};
    struct bam_writer bam = {.c = c};
    const size_t at_once = c->plan->n < c->a->common.threads ? 1 : c->a->common.threads;
    exm_status s;

    t->options.temp_folder = c->a->out;
    t->options.max_table_bytes =
        c->a->options.max_table_bytes / at_once + 1; /* 0: no limit */
    if (c->progress) {
        t->options.progress = tick;
        t->options.progress_ctx = &ticker;
    }
    if (c->a->bam) {
        t->options.uniques = write_bam;
        t->options.uniques_ctx = &bam;
    }
    s = exm_sample_count(t->id, t->paths, t->n_paths, c->annotator, c->ref, &t->options,
                         pool, &t->record, &t->inputs, &t->err);
    t->options.progress_ctx = t->options.uniques_ctx = NULL; /* both end here */
    t->options.progress = NULL;
    t->options.uniques = NULL;
    if (s == EXM_OK) return stage_record(c, t->record, reterr);
    if (strncmp(t->err.msg, t->id, strlen(t->id)) != 0) {
        const exm_error why = t->err;

        (void) exm_fail(&t->err, why.code, why.at, "sample %.100s: %.390s", t->id, why.msg);
    }
    if (c->a->keep_going && bam.failed == EXM_OK) return EXM_OK;
    if (reterr) *reterr = t->err;
    return s;
}

/* Molecules beside reads in one table invite a comparison that means nothing. */
static void
tell_mixture(const exm_count_args *a, const exm_count_plan *p)
{
    size_t with = 0, without = 0;

    for (size_t i = 0; i < p->n; i++) {
        const exm_record *r = p->sample[i].record;

        if (r) *(r->umi_len > 0 ? &with : &without) += 1;
    }
    if (with > 0 && without > 0)
        exm_msg_note(&a->common,
                     "%zu sample%s with UMIs counted in molecules, %zu without in reads: "
                     "mirna.reads.tsv has the reads of all",
                     with, with == 1 ? "" : "s", without);
}

/* Reads that are there twice, within a sample or in two samples, count twice; and qualities
 * of another scale. */
static void
tell_reads(const exm_count_args *a, const exm_count_plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const exm_record *r = p->sample[i].record;
        const uint64_t again = p->sample[i].inputs.first_name_again;

        if (!r || r->reads_in == 0) continue;
        if (p->sample[i].inputs.phred64)
            exm_msg_note(&a->common,
                         "%s: the qualities seem to be Phred+64 (Illumina 1.3 to 1.7), and "
                         "were taken for Phred+33: too good. Convert the reads (seqtk seq "
                         "-VQ64), or their Q30 and expected errors mean nothing",
                         r->sample);
        if (again > 0 && again <= r->reads_in / 10)
            exm_msg_note(&a->common,
                         "%s: the name of the first read comes %llu more time%s: are reads "
                         "in its files twice?",
                         r->sample, (unsigned long long) again, again == 1 ? "" : "s");
        for (size_t k = 0; k < i; k++)
            if (p->sample[k].record &&
                strcmp(p->sample[k].record->content, r->content) == 0)
                exm_msg_note(&a->common,
                             "%s and %s hold the same reads: one sample under two names?",
                             p->sample[k].id, r->sample);
    }
}

/* A verdict in a report is easily missed; another species makes every number wrong. */
static void
tell_foreign(const exm_common *c, const exm_count_sample *t)
{
    exm_qc q;

    exm_qc_sample_by(t->record, t->limits, &q);
    for (size_t i = 0; i < q.n; i++)
        if (strcmp(q.item[i].id, "foreign") == 0 &&
            (q.item[i].verdict == EXM_VERDICT_WARN ||
             q.item[i].verdict == EXM_VERDICT_FAIL))
            exm_msg_note(c, "%s: %s", t->record->sample, q.item[i].reason);
}

/* Kits that were inferred, samples of another species, and samples that were left out. */
static void
tell_samples(const exm_count_args *a, const exm_count_plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const exm_record *r = p->sample[i].record;
        exm_common c = a->common;

        if (r && p->sample[i].options.infer_kit) {
            const int trimmed = strcmp(r->kit, "none") == 0;

            if (trimmed)
                exm_msg_note(&c, "%s: %s", r->sample, p->sample[i].inputs.inference);
            else
                exm_msg_detail(&c, "%s: kit %s", r->sample, p->sample[i].inputs.inference);
        }
        if (r) {
            tell_foreign(&c, &p->sample[i]);
            continue;
        }
        c.json = 0; /* one JSON document: the table, which lists the failed */
        (void) exm_msg_error(&c, EXM_EXIT_FAIL, "left out (--keep-going)", "%s",
                             p->sample[i].err.msg);
    }
}

int
exm_count_samples(const exm_count_args *a, exm_count_plan *p, const exm_ref *ref,
                  exm_outdir *dir)
{
    struct counting c = {.a = a, .plan = p, .ref = ref, .dir = dir};
    exm_annotator *annotator = NULL;
    exm_error err = {0};
    exm_status s = exm_annotator_new(ref, &annotator, &err);

    if (s == EXM_OK) {
        exm_annotator_set_simd(annotator, (exm_simd) a->common.simd);
        c.annotator = annotator;
        c.progress = exm_progress_new(&a->common, p->n);
        s = exm_pool_jobs(a->common.threads, p->n, count_one, &c, &err);
        exm_progress_free(c.progress);
    }
    exm_annotator_free(annotator);
    if (s != EXM_OK)
        return exm_msg_status(
            &a->common, &err,
            p->n > 1 && err.code == EXM_EDATA
                ? "nothing was published; --keep-going publishes the good "
                  "samples"
            : err.code == EXM_EDATA ? "nothing was published"
                                    : NULL);
    tell_samples(a, p);
    tell_mixture(a, p);
    tell_reads(a, p);
    if (exm_count_good(p) == 0)
        return exm_msg_error(&a->common, EXM_EXIT_FAIL, NULL,
                             "no sample could be counted; nothing was published");
    return EXM_EXIT_OK;
}
