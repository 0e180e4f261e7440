/* count_publish.c - tables, report and provenance of a run, then the rename of all. */
#include "count.h"
#include "provenance.h"

#include "exomir/json.h"
#include "exomir/outputs.h"
#include "exomir/report.h"

#include <stdlib.h>
#include <string.h>

size_t
exm_count_good(const exm_count_plan *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++) n += p->sample[i].record != NULL;
    return n;
}

/* The good samples as the arrays that outputs.h takes. */
struct cohort {
    const exm_record **records;
    const exm_limits **limits;
    size_t n;
    const char **names; /* the sheet's columns */
    size_t n_names;
    const char **cells; /* [n x n_names] */
};

static void
cohort_done(struct cohort *c)
{
    free(c->records);
    free(c->limits);
    free(c->names);
    free(c->cells);
}

static exm_status
cohort_make(const exm_count_plan *p, struct cohort *c, exm_error *reterr)
{
    c->n_names = p->sheet ? exm_sheet_columns(p->sheet) : 0;
    c->records = calloc(p->n, sizeof(const exm_record *));
    c->limits = calloc(p->n, sizeof(const exm_limits *));
    c->names = calloc(c->n_names + 1, sizeof *c->names);
    c->cells = calloc(p->n * c->n_names + 1, sizeof *c->cells);
    if (!c->records || !c->limits || !c->names || !c->cells)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the outputs of %zu samples",
                        p->n);
    for (size_t k = 0; k < c->n_names; k++) c->names[k] = exm_sheet_column(p->sheet, k);
    for (size_t i = 0; i < p->n; i++) {
        const exm_count_sample *t = &p->sample[i];

        if (!t->record) continue;
        for (size_t k = 0; k < c->n_names; k++)
            c->cells[c->n * c->n_names + k] = exm_sheet_get(p->sheet, t->row)->cells[k];
        c->limits[c->n] = t->limits;
        c->records[c->n++] = t->record;
    }
    return EXM_OK;
}

/* ---- provenance ---- */

static void
put_inputs(const exm_count_sample *t, exm_json *j)
{
    exm_json_key(j, "inputs");
    exm_json_array(j);
    for (size_t k = 0; k < t->inputs.n; k++) {
        const exm_reader_file *f = &t->inputs.files[k];
        const char *slash = strrchr(f->path, '/');
        const int standard = strcmp(f->path, "-") == 0;

        exm_json_object(j);
        exm_json_kstr(j, "file", standard ? "standard input" : slash ? slash + 1 : f->path);
        exm_json_kstr(j, "container", exm_container_name(f->container));
        exm_json_ku64(j, "bytes", f->raw_bytes);
        exm_json_kstr(j, "sha256", f->sha256);
        exm_json_ku64(j, "reads", f->reads);
        exm_json_end(j);
    }
    exm_json_end(j);
}

static void
put_limits(const exm_count_plan *p, exm_json *j)
{
    exm_json_key(j, "limits");
    exm_json_array(j);
    for (size_t i = 0; i < EXM_FLUIDS_MAX; i++) {
        if (!p->limits[i]) continue;
        exm_json_object(j);
        exm_json_kstr(j, "name", exm_limits_name(p->limits[i]));
        exm_json_kstr(j, "sha256", exm_limits_sha256(p->limits[i]));
        exm_json_end(j);
    }
    exm_json_end(j);
}

static void
put_samples(const exm_count_plan *p, exm_json *j)
{
    exm_json_key(j, "samples");
    exm_json_array(j);
    for (size_t i = 0; i < p->n; i++) {
        const exm_count_sample *t = &p->sample[i];
        const exm_record *r = t->record;

        if (!r) continue;
        exm_json_object(j);
        exm_json_kstr(j, "sample", r->sample);
        exm_json_kstr(j, "content", r->content);
        exm_json_kstr(j, "kit", r->kit);
        exm_json_kstr(j, "layout", r->layout);
        exm_json_kstr(j, "parameters_sha256", r->params_sha256);
        exm_json_kstr(j, "parameters_json", r->params_json);
        exm_json_ku64(j, "reads", r->reads_in);
        exm_json_kstr(j, "kit_inference", t->inputs.inference);
        put_inputs(t, j);
        exm_json_end(j);
    }
    exm_json_end(j);
    exm_json_key(j, "failed");
    exm_json_array(j);
    for (size_t i = 0; i < p->n; i++) {
        if (p->sample[i].record) continue;
        exm_json_object(j);
        exm_json_kstr(j, "sample", p->sample[i].id);
        exm_json_kstr(j, "error", p->sample[i].err.msg);
        exm_json_end(j);
    }
    exm_json_end(j);
}

static exm_status
put_provenance(const exm_count_args *a, const exm_count_plan *p, const exm_ref *ref,
               const exm_outdir *dir, exm_buf *out, exm_error *reterr)
{
    exm_json j;

    exm_provenance_begin(&j, out, &a->common);
    exm_json_key(&j, "reference");
    exm_json_object(&j);
    exm_json_kstr(&j, "species", exm_ref_species(ref));
    exm_json_kstr(&j, "sha256", exm_ref_sha256(ref));
    exm_json_end(&j);
    put_limits(p, &j);
    put_samples(p, &j);
    return exm_provenance_end(&j, dir, reterr);
}

/* ---- outputs ---- */

static exm_status
put_report(const exm_count_args *a, const exm_ref *ref, const struct cohort *c,
           const exm_qc *qc, exm_outdir *dir, exm_error *reterr)
{
    exm_buf reference = {0}, html = {0};
    exm_report_info info = {
        .title = "exomir count", .version = EXM_VERSION, .command = a->common.given.data};
    exm_status s;

    exm_buf_putf(&reference, "%s%sSHA-256 %s", exm_ref_species(ref),
                 exm_ref_species(ref)[0] ? ", " : "", exm_ref_sha256(ref));
    s = exm_buf_check(&reference, reterr);
    info.reference = reference.data;
    if (s == EXM_OK) s = exm_report_count(c->records, qc, c->n, &info, &html, reterr);
    if (s == EXM_OK) s = exm_outdir_put(dir, "report.html", &html, reterr);
    exm_buf_done(&html);
    exm_buf_done(&reference);
    return s;
}

static exm_status
put_all(const exm_count_args *a, const exm_count_plan *p, const exm_ref *ref,
        const struct cohort *c, const exm_qc *qc, exm_outdir *dir, exm_error *reterr)
{
    exm_status s = exm_outputs_counts(c->records, c->n, dir, reterr);

    if (s == EXM_OK)
        s = exm_outputs_coldata(c->records, c->n, c->names, c->n_names, c->cells, dir,
                                reterr);
    if (s == EXM_OK) s = exm_outputs_qc(c->records, qc, c->n, dir, reterr);
    if (s == EXM_OK && !(p->skip & EXM_SKIP_ISOMIRS))
        s = exm_outputs_isomirs(c->records, c->n, dir, reterr);
    if (s == EXM_OK)
        s = exm_outputs_trna(c->records, c->n, (p->skip & EXM_SKIP_ISOMIRS) != 0, dir,
                             reterr);
    if (s == EXM_OK) s = exm_outputs_editing(c->records, c->n, dir, reterr);
    if (s == EXM_OK && !(p->skip & EXM_SKIP_GFF))
        s = exm_outputs_gff3(c->records, c->n, dir, reterr);
    if (s == EXM_OK && !(p->skip & EXM_SKIP_MULTIQC))
        s = exm_outputs_multiqc(c->records, qc, c->n, dir, reterr);
    if (s == EXM_OK && !(p->skip & EXM_SKIP_REPORT))
        s = put_report(a, ref, c, qc, dir, reterr);
    return s;
}

/*
 * What an older run left and this one does not write would pass for this run's: tables, and
 * files of its own samples.  Records of other samples speak for themselves and stay.
 */
static exm_status
drop_old(const exm_count_plan *p, exm_outdir *dir, exm_error *reterr)
{
    static const char *const tables[] = {"mirna.reads.tsv",
                                         "isomir.counts.tsv",
                                         "trna_types.counts.tsv",
                                         "trna_fragments.counts.tsv",
                                         "a_to_i.tsv",
                                         "variants.tsv",
                                         "mirna.gff3",
                                         "report.html",
                                         "multiqc/exomir_stats_mqc.json",
                                         "multiqc/exomir_verdicts_mqc.json",
                                         "multiqc/exomir_cargo_mqc.json",
                                         "multiqc/exomir_flow_mqc.json",
                                         "multiqc/exomir_lengths_mqc.json"};
    static const struct {
        const char *folder, *ending;
    } of_sample[] = {{"records", "exr"}, {"bam", "bam"}, {"bam", "bam.bai"}};
    exm_status s = EXM_OK;

    for (size_t k = 0; s == EXM_OK && k < sizeof tables / sizeof tables[0]; k++)
        s = exm_outdir_drop(dir, tables[k], reterr);
    for (size_t i = 0; i < p->n; i++) {
        for (size_t k = 0; s == EXM_OK && k < sizeof of_sample / sizeof of_sample[0]; k++) {
            exm_buf name = {0};

            exm_buf_putf(&name, "%s/%s.%s", of_sample[k].folder, p->sample[i].id,
                         of_sample[k].ending);
            s = exm_buf_check(&name, reterr);
            if (s == EXM_OK) s = exm_outdir_drop(dir, name.data, reterr);
            exm_buf_done(&name);
        }
    }
    return s;
}

int
exm_count_publish(const exm_count_args *a, const exm_count_plan *p, const exm_ref *ref,
                  exm_outdir *dir, exm_qc *qc)
{
    struct cohort c = {0};
    exm_buf provenance = {0}, old = {0};
    exm_error err = {0};
    exm_status s = cohort_make(p, &c, &err);

    for (size_t i = 0; s == EXM_OK && i < c.n; i++)
        exm_qc_sample_by(c.records[i], c.limits[i], &qc[i]);
    if (s == EXM_OK) s = put_all(a, p, ref, &c, qc, dir, &err);
    if (s == EXM_OK) s = drop_old(p, dir, &err);
    if (s == EXM_OK) s = exm_own_folder_drop(a->out, dir, &old, &err);
    if (s == EXM_OK) s = exm_buf_check(&old, &err);
    if (s == EXM_OK) s = put_provenance(a, p, ref, dir, &provenance, &err);
    if (s == EXM_OK) s = exm_ref_validate(ref, &err);
    if (s == EXM_OK) s = exm_outdir_commit(dir, &provenance, &err);
    if (s == EXM_OK && old.len > 0)
        exm_msg_note(&a->common, "removed from %s, as an earlier run had written them: %s",
                     a->out, old.data);
    exm_buf_done(&old);
    exm_buf_done(&provenance);
    cohort_done(&c);
    return s == EXM_OK ? EXM_EXIT_OK : exm_msg_status(&a->common, &err, NULL);
}
