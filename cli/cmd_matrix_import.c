/* cmd_matrix_import.c - exomir matrix import: a table of counts from elsewhere, checked. */
#include "commands.h"
#include "msg.h"
#include "provenance.h"

#include "exomir/names.h"

#include <stdlib.h>
#include <string.h>

struct import_args {
    exm_common common;
    const char *counts, *coldata, *ref, *out;
    int drop;
};

#define AT(field) offsetof(struct import_args, field)

static const exm_opt options[] = {
    {.name = "counts",
     .metavar = "TSV",
     .kind = EXM_OPT_FILE,
     .at = AT(counts),
     .group = "Input and output",
     .help = "raw counts, features by samples: TSV or CSV, packed or not; the first column "
             "names the features",
     .required = 1},
    {.name = "coldata",
     .metavar = "TSV",
     .kind = EXM_OPT_FILE,
     .at = AT(coldata),
     .help = "what is known of the samples: the first column names them, in any order"},
    {.name = "out",
     .letter = 'o',
     .metavar = "DIR",
     .kind = EXM_OPT_DIR,
     .at = AT(out),
     .help = "folder for counts.tsv, coldata.tsv, names.tsv and, last, provenance.json",
     .required = 1},
    {.name = "ref",
     .letter = 'r',
     .metavar = "FILE",
     .kind = EXM_OPT_FILE,
     .at = AT(ref),
     .group = "Names",
     .help = "reference bundle, in whose names the features are put: other versions and "
             "databases that it knows as aliases, accessions, hairpins"},
    {.name = "drop-unknown",
     .kind = EXM_OPT_FLAG,
     .at = AT(drop),
     .help = "leave out what the bundle does not know; it is listed in names.tsv all the "
             "same"},
};

struct work {
    exm_matrix *given, *named; /* named: given, or the same in the bundle's names */
    exm_coldata coldata;
    exm_name *found; /* NULL without a bundle */
    exm_ref *ref;
    size_t kinds[3];
};

static void
work_done(struct work *w)
{
    if (w->named != w->given) exm_matrix_free(w->named);
    exm_matrix_free(w->given);
    exm_coldata_done(&w->coldata);
    free(w->found);
    exm_ref_free(w->ref);
}

/* ---- reading ---- */

static exm_status
map_names(const struct import_args *a, struct work *w, exm_error *reterr)
{
    exm_status s = exm_ref_open(a->ref, &w->ref, reterr);

    if (s != EXM_OK) return s;
    w->found = calloc(w->given->n_features, sizeof *w->found);
    if (!w->found)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu names",
                        w->given->n_features);
    s = exm_names_find(w->ref, (const char *const *) w->given->features,
                       w->given->n_features, w->found, reterr);
    if (s != EXM_OK) return s;
    for (size_t i = 0; i < w->given->n_features; i++) w->kinds[w->found[i].kind]++;
    w->named = NULL;
    return exm_names_apply(w->given, w->found, a->drop, &w->named, reterr);
}

static exm_status
read_all(const struct import_args *a, struct work *w, exm_error *reterr)
{
    exm_status s = exm_matrix_read(a->counts, &w->given, reterr);

    if (s != EXM_OK) return s;
    w->named = w->given;
    if (a->coldata) s = exm_coldata_read(a->coldata, w->given, &w->coldata, reterr);
    return s == EXM_OK && a->ref ? map_names(a, w, reterr) : s;
}

/* ---- writing ---- */

static const char *
head_of(const struct work *w)
{
    if (w->kinds[EXM_NAME_MATURE] + w->kinds[EXM_NAME_HAIRPIN] == 0) return "feature";
    return w->kinds[EXM_NAME_HAIRPIN] > w->kinds[EXM_NAME_MATURE] ? "hairpin" : "mirna";
}

/* Text of a CSV cell that a table without quotes cannot hold. */
static exm_status
check_text(const char *source, const char *text, exm_error *reterr)
{
    if (!strpbrk(text, "\t\n\r")) return EXM_OK;
    return exm_fail(reterr, EXM_EDATA, 0,
                    "%s: '%.60s' holds a tab or a line end, which TSV cannot", source,
                    text);
}

static exm_status
put_counts(const struct import_args *a, const struct work *w, exm_outdir *dir,
           exm_error *reterr)
{
    const exm_matrix *m = w->named;
    exm_buf b = {0};
    exm_status s = EXM_OK;

    exm_buf_puts(&b, head_of(w));
    for (size_t k = 0; s == EXM_OK && k < m->n_samples; k++) {
        s = check_text(a->counts, m->samples[k], reterr);
        exm_buf_putf(&b, "\t%s", m->samples[k]);
    }
    exm_buf_putc(&b, '\n');
    for (size_t i = 0; s == EXM_OK && i < m->n_features; i++) {
        s = check_text(a->counts, m->features[i], reterr);
        exm_buf_puts(&b, m->features[i]);
        for (size_t k = 0; k < m->n_samples; k++) {
            exm_buf_putc(&b, '\t');
            exm_buf_put_u64(&b, (uint64_t) m->y[i * m->n_samples + k]);
        }
        exm_buf_putc(&b, '\n');
    }
    if (s == EXM_OK) s = exm_outdir_put(dir, "counts.tsv", &b, reterr);
    exm_buf_done(&b);
    return s;
}

static exm_status
put_coldata(const struct import_args *a, const struct work *w, exm_outdir *dir,
            exm_error *reterr)
{
    const exm_table *t = w->coldata.table;
    exm_buf b = {0};
    exm_status s = EXM_OK;

    if (!t) return exm_outdir_drop(dir, "coldata.tsv", reterr);
    for (size_t k = 0; s == EXM_OK && k < exm_table_cols(t); k++) {
        s = check_text(a->coldata, exm_table_col_name(t, k), reterr);
        exm_buf_puts(&b, k ? "\t" : "");
        exm_buf_puts(&b, exm_table_col_name(t, k));
    }
    exm_buf_putc(&b, '\n');
    for (size_t i = 0; s == EXM_OK && i < w->coldata.n_samples; i++) {
        for (size_t k = 0; s == EXM_OK && k < exm_table_cols(t); k++) {
            const char *text = exm_coldata_cell(&w->coldata, i, k);

            s = check_text(a->coldata, text, reterr);
            exm_buf_puts(&b, k ? "\t" : "");
            exm_buf_puts(&b, *text ? text : "NA");
        }
        exm_buf_putc(&b, '\n');
    }
    if (s == EXM_OK) s = exm_outdir_put(dir, "coldata.tsv", &b, reterr);
    exm_buf_done(&b);
    return s;
}

static exm_status
put_names(const struct work *w, exm_outdir *dir, exm_error *reterr)
{
    exm_buf b = {0};
    exm_status s;

    if (!w->found) return exm_outdir_drop(dir, "names.tsv", reterr);
    exm_names_put_tsv(w->given, w->found, &b);
    s = exm_outdir_put(dir, "names.tsv", &b, reterr);
    exm_buf_done(&b);
    return s;
}

static exm_status
put_provenance(const struct import_args *a, const struct work *w, const exm_outdir *dir,
               exm_buf *ret, exm_error *reterr)
{
    exm_json j;
    exm_status s;

    exm_provenance_begin(&j, ret, &a->common);
    s = exm_provenance_input(&j, "counts", a->counts, reterr);
    if (s == EXM_OK && a->coldata)
        s = exm_provenance_input(&j, "coldata", a->coldata, reterr);
    if (s != EXM_OK) return s;
    if (w->ref) exm_json_kstr(&j, "reference_sha256", exm_ref_sha256(w->ref));
    return exm_provenance_end(&j, dir, reterr);
}

static exm_status
publish(const struct import_args *a, const struct work *w, exm_error *reterr)
{
    exm_outdir *dir = NULL;
    exm_buf provenance = {0};
    exm_status s = exm_outdir_new(a->out, &dir, reterr);

    if (s == EXM_OK) exm_outdir_set_gate(dir, &exm_guard_gate);
    if (s == EXM_OK) s = put_counts(a, w, dir, reterr);
    if (s == EXM_OK) s = put_coldata(a, w, dir, reterr);
    if (s == EXM_OK) s = put_names(w, dir, reterr);
    if (s == EXM_OK) s = put_provenance(a, w, dir, &provenance, reterr);
    if (s == EXM_OK && w->ref) s = exm_ref_validate(w->ref, reterr);
    if (s == EXM_OK) s = exm_outdir_commit(dir, &provenance, reterr);
    exm_outdir_free(dir);
    exm_buf_done(&provenance);
    return s;
}

/* ---- command ---- */

static void
tell_notes(const struct import_args *a, const struct work *w)
{
    const exm_matrix *m = w->named;

    if (w->coldata.n_extra > 0)
        exm_msg_note(&a->common, "%zu rows of %s are of samples without counts: ignored",
                     w->coldata.n_extra, a->coldata);
    for (size_t k = 0; k < m->n_samples; k++) {
        double sum = 0.0;

        for (size_t i = 0; i < m->n_features; i++) sum += m->y[i * m->n_samples + k];
        if (sum == 0.0)
            exm_msg_note(&a->common, "sample %s has no counts at all", m->samples[k]);
    }
    if (!w->found) return;
    if (w->kinds[EXM_NAME_HAIRPIN] > 0)
        exm_msg_note(&a->common,
                     "%zu of %zu features are hairpins: their counts join both arms, and "
                     "no signature of matures applies to them",
                     w->kinds[EXM_NAME_HAIRPIN], w->given->n_features);
    if (w->kinds[EXM_NAME_UNKNOWN] > 0)
        exm_msg_note(&a->common, "%zu of %zu features are not in the bundle: %s, see %s",
                     w->kinds[EXM_NAME_UNKNOWN], w->given->n_features,
                     a->drop ? "left out" : "kept as they are", "names.tsv");
}

static int
say_result(const struct import_args *a, const struct work *w)
{
    exm_buf out = {0};
    exm_json j;

    if (!a->common.json) {
        exm_buf_putf(&out, "%zu features of %zu, %zu samples\n\nresults: %s/counts.tsv\n",
                     w->named->n_features, w->given->n_features, w->named->n_samples,
                     a->out);
        return exm_msg_print(&a->common, &out);
    }
    exm_json_init(&j, &out);
    exm_json_object(&j);
    exm_json_kstr(&j, "out", a->out);
    exm_json_ku64(&j, "samples", w->named->n_samples);
    exm_json_ku64(&j, "features_in", w->given->n_features);
    exm_json_ku64(&j, "features", w->named->n_features);
    for (int k = EXM_NAME_UNKNOWN; w->found && k <= EXM_NAME_HAIRPIN; k++)
        exm_json_ku64(&j, exm_names_kind((exm_name_kind) k), w->kinds[k]);
    exm_json_end(&j);
    if (exm_json_finish(&j, NULL) != EXM_OK) out.failed = 1;
    return exm_msg_print(&a->common, &out);
}

static int
run_import(void *args, const exm_words *operands)
{
    const struct import_args *a = args;
    struct work w = {0};
    exm_error err = {0};
    exm_status s;
    int code;

    (void) operands;
    if (a->drop && !a->ref)
        return exm_msg_error(&a->common, EXM_EXIT_USAGE, "name the bundle with -r",
                             "--drop-unknown needs a reference");
    code = exm_own_folder(&a->common, a->out);
    if (code != EXM_EXIT_OK) return code;
    exm_guard_folder(a->out);
    s = read_all(a, &w, &err);
    if (s == EXM_OK) tell_notes(a, &w);
    if (s == EXM_OK) s = publish(a, &w, &err);
    code = s == EXM_OK ? say_result(a, &w)
                       : exm_msg_status(&a->common, &err, "nothing was published");
    work_done(&w);
    return code;
}

const exm_cmd exm_cmd_matrix_import = {
    .name = "matrix import",
    .summary = "check a table of counts from elsewhere and put it in the bundle's names",
    .usage = "--counts TSV [--coldata TSV] [-r FILE] -o DIR [OPTIONS]",
    .about =
        "Reads raw counts and what is known of the samples, and writes both as TSV that "
        "all other commands, edgeR, DESeq2 and limma read: whole numbers, features and "
        "samples in byte order of their names, both tables in the same order. What is no "
        "count (fractions, negative numbers, missing values, decimal commas), a name that "
        "stands twice and a sample without a row are refused with line and cause.\n\n"
        "With a reference bundle, names become the bundle's: of matures by name, accession "
        "and alias, of hairpins (whose counts join both arms) by name and accession, with "
        "or without the species before them. names.tsv lists what each became and what is "
        "not known. Rows that become one feature are added up; rows that are equal in "
        "every "
        "sample are one row under two names, and count once.",
    .examples = "exomir matrix import --counts brca.csv.gz --coldata samples.csv \\\n"
                "    -r human.exoref -o brca",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .args_size = sizeof(struct import_args),
    .run = run_import,
    .operand = "nothing",
};
