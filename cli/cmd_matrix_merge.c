/* cmd_matrix_merge.c - exomir matrix merge: records of several runs as one cohort's tables. */
#include "commands.h"
#include "msg.h"
#include "provenance.h"

#include "exomir/input.h"
#include "exomir/merge.h"
#include "exomir/outputs.h"
#include "exomir/table.h"
#include "exomir/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct merge_args {
    exm_common common;
    const char *coldata, *out;
};

#define AT(field) offsetof(struct merge_args, field)

static const size_t table_limit = (size_t) 1 << 30;

static const exm_opt options[] = {
    {.name = "coldata",
     .metavar = "TSV",
     .kind = EXM_OPT_FILE,
     .at = AT(coldata),
     .group = "Input and output",
     .help = "more of the samples, on top of what the runs' own coldata.tsv say: the first "
             "column names them"},
    {.name = "out",
     .letter = 'o',
     .metavar = "DIR",
     .kind = EXM_OPT_DIR,
     .at = AT(out),
     .help = "folder for records/, the tables and, last, provenance.json; may itself be "
             "one of the folders to read, to which the others are added",
     .required = 1},
};

/* ---- reading ---- */

static exm_status
add_record(exm_merge *m, const char *path, exm_error *reterr)
{
    exm_record *r = NULL;
    const exm_status s = exm_record_read(path, &r, reterr);

    return s == EXM_OK ? exm_merge_add(m, r, path, reterr) : s;
}

static exm_status
join(exm_buf *path, const char *dir, const char *name, exm_error *reterr)
{
    exm_buf_clear(path);
    exm_buf_puts(path, dir);
    exm_buf_putc(path, '/');
    exm_buf_puts(path, name);
    return exm_buf_check(path, reterr);
}

static exm_status
add_samples(exm_merge *m, const char *dir, const exm_table *t, const char *source,
            exm_error *reterr)
{
    exm_buf path = {0};
    exm_status s = EXM_OK;

    for (size_t i = 0; s == EXM_OK && i < exm_table_rows(t); i++) {
        const char *id = exm_table_get(t, i, 0);

        if (!exm_text_is_file_safe(id)) {
            s = exm_fail(reterr, EXM_EDATA, i, "%s: line %llu: '%.100s' is no sample id",
                         source, (unsigned long long) exm_table_line(t, i), id);
            break;
        }
        exm_buf_clear(&path);
        exm_buf_putf(&path, "%s/records/%s.exr", dir, id);
        s = exm_buf_check(&path, reterr);
        if (s == EXM_OK) s = add_record(m, path.data, reterr);
    }
    exm_buf_done(&path);
    return s;
}

/* A run: the samples of its coldata.tsv.  Older records beside them are not its own. */
static exm_status
add_run(exm_merge *m, const char *dir, const char *coldata, exm_error *reterr)
{
    exm_table *t = NULL;
    exm_buf path = {0};
    struct stat st;
    char *text = NULL;
    size_t n = 0;
    exm_status s = join(&path, dir, "provenance.json", reterr);

    if (s == EXM_OK && stat(path.data, &st) != 0)
        s = exm_fail(reterr, EXM_EDATA, 0,
                     "%s: no provenance.json: the run is not complete", dir);
    if (s == EXM_OK) s = exm_input_slurp(coldata, table_limit, &text, &n, reterr);
    if (s == EXM_OK) s = exm_table_parse(text, n, coldata, &t, reterr);
    if (s == EXM_OK) s = add_samples(m, dir, t, coldata, reterr);
    if (s == EXM_OK) s = exm_merge_describe(m, text, n, coldata, reterr);
    exm_table_free(t);
    free(text);
    exm_buf_done(&path);
    return s;
}

static int
is_record_name(const char *name)
{
    const size_t n = strlen(name);

    return n > 4 && name[0] != '.' && strcmp(name + n - 4, ".exr") == 0;
}

/* A folder of records without tables. */
static exm_status
add_loose(exm_merge *m, const char *dir, exm_error *reterr)
{
    exm_buf path = {0};
    const struct dirent *e;
    size_t n = 0;
    exm_status s = EXM_OK;
    DIR *d = opendir(dir);

    if (!d) return exm_fail_errno(reterr, errno, 0, "%s cannot be read", dir);
    while (s == EXM_OK) {
        e = readdir(d); /* NOLINT(concurrency-mt-unsafe): own DIR */
        if (!e) break;
        if (!is_record_name(e->d_name)) continue;
        n++;
        s = join(&path, dir, e->d_name, reterr);
        if (s == EXM_OK) s = add_record(m, path.data, reterr);
    }
    (void) closedir(d);
    exm_buf_done(&path);
    if (s != EXM_OK || n > 0) return s;
    return exm_fail(reterr, EXM_EDATA, 0,
                    "%s: neither the folder of a run (no coldata.tsv) nor one of records "
                    "(*.exr)",
                    dir);
}

static exm_status
add_operand(exm_merge *m, const char *path, exm_error *reterr)
{
    exm_buf coldata = {0};
    struct stat st;
    exm_status s;

    if (stat(path, &st) != 0) return exm_fail_errno(reterr, errno, 0, "%s", path);
    if (!S_ISDIR(st.st_mode)) return add_record(m, path, reterr);
    s = join(&coldata, path, "coldata.tsv", reterr);
    if (s == EXM_OK)
        s = stat(coldata.data, &st) == 0 ? add_run(m, path, coldata.data, reterr)
                                         : add_loose(m, path, reterr);
    exm_buf_done(&coldata);
    return s;
}

static exm_status
add_coldata(exm_merge *m, const char *path, exm_error *reterr)
{
    char *text = NULL;
    size_t n = 0;
    exm_status s;

    if (!path) return EXM_OK;
    s = exm_input_slurp(path, table_limit, &text, &n, reterr);
    if (s == EXM_OK) s = exm_merge_describe(m, text, n, path, reterr);
    free(text);
    return s;
}

/* ---- writing ---- */

static exm_status
put_records(const exm_merge *m, exm_outdir *dir, exm_error *reterr)
{
    exm_status s = EXM_OK;

    for (size_t i = 0; s == EXM_OK && i < m->n; i++) {
        exm_buf name = {0}, bytes = {0};

        exm_buf_putf(&name, "records/%s.exr", m->records[i]->sample);
        s = exm_buf_check(&name, reterr);
        if (s == EXM_OK) s = exm_record_encode(m->records[i], &bytes, reterr);
        if (s == EXM_OK) s = exm_outdir_put(dir, name.data, &bytes, reterr);
        exm_buf_done(&name);
        exm_buf_done(&bytes);
    }
    return s;
}

/* Tables that only some cohorts have; an older run's would pass for this one's. */
static exm_status
drop_old(exm_outdir *dir, exm_error *reterr)
{
    static const char *const some[] = {"mirna.reads.tsv", "trna_types.counts.tsv",
                                       "trna_fragments.counts.tsv", "a_to_i.tsv",
                                       "variants.tsv"};
    exm_status s = EXM_OK;

    for (size_t i = 0; s == EXM_OK && i < sizeof some / sizeof some[0]; i++)
        s = exm_outdir_drop(dir, some[i], reterr);
    return s;
}

static exm_status
put_tables(const exm_merge *m, exm_outdir *dir, exm_error *reterr)
{
    const exm_record *const *r = (const exm_record *const *) m->records;
    exm_status s = exm_outputs_counts(r, m->n, dir, reterr);

    if (s == EXM_OK)
        s = exm_outputs_coldata(r, m->n, m->columns, m->n_columns, m->cells, dir, reterr);
    if (s == EXM_OK) s = exm_outputs_isomirs(r, m->n, dir, reterr);
    if (s == EXM_OK) s = exm_outputs_trna(r, m->n, 0, dir, reterr);
    if (s == EXM_OK) s = exm_outputs_editing(r, m->n, dir, reterr);
    if (s == EXM_OK) s = exm_outputs_gff3(r, m->n, dir, reterr);
    return s == EXM_OK ? drop_old(dir, reterr) : s;
}

static exm_status
put_provenance(const struct merge_args *a, const exm_merge *m, const exm_outdir *dir,
               exm_buf *ret, exm_error *reterr)
{
    exm_json j;

    exm_provenance_begin(&j, ret, &a->common);
    exm_json_key(&j, "reference");
    exm_json_object(&j);
    exm_json_kstr(&j, "database", m->records[0]->database);
    exm_json_kstr(&j, "sha256", m->records[0]->ref_sha256);
    exm_json_end(&j);
    exm_json_key(&j, "samples");
    exm_json_array(&j);
    for (size_t i = 0; i < m->n; i++) {
        const exm_record *r = m->records[i];

        exm_json_object(&j);
        exm_json_kstr(&j, "sample", r->sample);
        exm_json_kstr(&j, "content", r->content);
        exm_json_kstr(&j, "parameters_sha256", r->params_sha256);
        exm_json_kstr(&j, "version", r->version);
        exm_json_ku64(&j, "reads", r->reads_in);
        exm_json_end(&j);
    }
    exm_json_end(&j);
    return exm_provenance_end(&j, dir, reterr);
}

static exm_status
publish(const struct merge_args *a, const exm_merge *m, exm_error *reterr)
{
    exm_outdir *dir = NULL;
    exm_buf provenance = {0};
    exm_status s = exm_outdir_new(a->out, &dir, reterr);

    if (s == EXM_OK) exm_outdir_set_gate(dir, &exm_guard_gate);
    if (s == EXM_OK) s = put_records(m, dir, reterr);
    if (s == EXM_OK) s = put_tables(m, dir, reterr);
    if (s == EXM_OK) s = put_provenance(a, m, dir, &provenance, reterr);
    if (s == EXM_OK) s = exm_outdir_commit(dir, &provenance, reterr);
    exm_outdir_free(dir);
    exm_buf_done(&provenance);
    return s;
}

/* ---- command ---- */

static void
tell_notes(const exm_common *c, const exm_merge *m)
{
    for (const char *s = m->notes.len ? m->notes.data : ""; *s;) {
        const size_t n = strcspn(s, "\n");

        exm_msg_note(c, "%.*s", (int) n, s);
        s += n + (s[n] == '\n');
    }
    if (m->n_strangers > 0)
        exm_msg_note(c, "%zu described sample%s without a record: ignored", m->n_strangers,
                     m->n_strangers == 1 ? "" : "s");
}

static int
say_result(const struct merge_args *a, const exm_merge *m)
{
    exm_buf out = {0};
    exm_json j;

    if (!a->common.json) {
        exm_buf_putf(&out, "%zu sample%s", m->n, m->n == 1 ? "" : "s");
        if (m->n_again > 0)
            exm_buf_putf(&out, "; %zu record%s that were there already", m->n_again,
                         m->n_again == 1 ? "" : "s");
        exm_buf_putf(&out, "\n\nresults: %s/mirna.counts.tsv\n", a->out);
        return exm_msg_print(&a->common, &out);
    }
    exm_json_init(&j, &out);
    exm_json_object(&j);
    exm_json_kstr(&j, "out", a->out);
    exm_json_ku64(&j, "samples", m->n);
    exm_json_ku64(&j, "again", m->n_again);
    exm_json_kstr(&j, "notes", m->notes.len ? m->notes.data : "");
    exm_json_end(&j);
    if (exm_json_finish(&j, NULL) != EXM_OK) out.failed = 1;
    return exm_msg_print(&a->common, &out);
}

static int
run_merge(void *args, const exm_words *operands)
{
    const struct merge_args *a = args;
    exm_merge m = {0};
    exm_error err = {0};
    exm_status s = EXM_OK;
    int code = exm_own_folder(&a->common, a->out);

    if (code != EXM_EXIT_OK) return code;
    exm_guard_folder(a->out);
    for (size_t i = 0; s == EXM_OK && i < operands->n; i++)
        s = add_operand(&m, operands->v[i], &err);
    if (s == EXM_OK) s = add_coldata(&m, a->coldata, &err);
    if (s == EXM_OK) s = exm_merge_finish(&m, &err);
    if (s == EXM_OK) tell_notes(&a->common, &m);
    if (s == EXM_OK) s = publish(a, &m, &err);
    code = s == EXM_OK ? say_result(a, &m)
                       : exm_msg_status(&a->common, &err, "nothing was published");
    exm_merge_done(&m);
    return code;
}

const exm_cmd exm_cmd_matrix_merge = {
    .name = "matrix merge",
    .summary = "join sample records of several runs into one cohort",
    .usage = "-o DIR [OPTIONS] RECORD|DIR...",
    .about =
        "Reads sample records (files *.exr), folders of records, and folders of runs or "
        "earlier merges, and writes the tables of all samples together, as 'count' writes "
        "them for one run, and the records themselves. Counts are never changed: the "
        "tables are those of one run over all samples.\n\n"
        "Neither the order of what is given nor its grouping matters, and a record that is "
        "given again adds nothing, so late samples are merged into what is there. A sample "
        "that stands for different reads, parameters or facts is refused, and so are "
        "records of different references.",
    .examples = "exomir matrix merge -o cohort run1 run2 late/records/P07.exr",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .args_size = sizeof(struct merge_args),
    .run = run_merge,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .operand = "RECORD",
    .operand_kind = EXM_OPT_FILE,
};
