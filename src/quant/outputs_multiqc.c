/* outputs_multiqc.c - custom content for MultiQC (1.14): general statistics, verdicts, plots. */
#include "exomir/outputs.h"

#include "exomir/json.h"

#include <math.h>
#include <string.h>

enum { SHOWN_LENGTHS = 60 };

static void
begin(exm_json *j, exm_buf *b, const char *id, const char *name, const char *description,
      const char *plot)
{
    exm_json_init(j, b);
    exm_json_object(j);
    exm_json_kstr(j, "id", id);
    exm_json_kstr(j, "parent_id", "exomir");
    exm_json_kstr(j, "parent_name", "exomir");
    exm_json_kstr(j, "parent_description", "small-RNA reads to miRNA counts.");
    exm_json_kstr(j, "section_name", name);
    exm_json_kstr(j, "description", description);
    exm_json_kstr(j, "plot_type", plot);
}

static exm_status
end(exm_json *j, exm_buf *b, const char *file, exm_outdir *dir, exm_error *reterr)
{
    exm_status st;

    exm_json_end(j);
    st = exm_json_finish(j, reterr);
    if (st == EXM_OK) st = exm_outdir_put(dir, file, b, reterr);
    exm_buf_done(b);
    return st;
}

static void
put_pconfig(exm_json *j, const char *id, const char *title, const char *x, const char *y)
{
    exm_json_key(j, "pconfig");
    exm_json_object(j);
    exm_json_kstr(j, "id", id);
    exm_json_kstr(j, "title", title);
    if (x) exm_json_kstr(j, "xlab", x);
    if (y) exm_json_kstr(j, "ylab", y);
    exm_json_end(j);
}

/* The columns of the general statistics, by qc item. */
static const struct {
    const char *id, *title, *description, *scale;
    int is_share; /* %, else a count */
} columns[] = {
    {"reads", "Reads", "Reads sequenced", "Blues", 0},
    {"mirna", "miRNA", "miRNA, % of kept inserts", "Greens", 1},
    {"mirnas_10", "miRNAs", "miRNAs with 10 reads or more", "Purples", 0},
    {"adapter_found", "Adapter", "Reads with the adapter, %", "RdYlGn", 1},
    {"q30", "Q30", "Bases of Q30 and better, %", "RdYlGn", 1},
    {"unannotated", "Unknown", "Kept inserts that nothing explains, %", "Reds", 1},
};

static void
put_column(exm_json *j, size_t c)
{
    exm_json_object(j);
    exm_json_key(j, columns[c].id);
    exm_json_object(j);
    exm_json_kstr(j, "title", columns[c].title);
    exm_json_kstr(j, "description", columns[c].description);
    exm_json_kstr(j, "scale", columns[c].scale);
    exm_json_ku64(j, "min", 0);
    if (columns[c].is_share) {
        exm_json_ku64(j, "max", 100);
        exm_json_kstr(j, "suffix", "%");
    } else {
        exm_json_kstr(j, "format", "{:,.0f}");
    }
    exm_json_end(j);
    exm_json_end(j);
}

static exm_status
put_stats(const exm_record *const *r, const exm_qc *qc, size_t n, exm_outdir *dir,
          exm_error *reterr)
{
    exm_buf b = {0};
    exm_json j;

    begin(&j, &b, "exomir_stats", "exomir", "Counts and quality of small-RNA libraries.",
          "generalstats");
    exm_json_key(&j, "pconfig");
    exm_json_array(&j);
    for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) put_column(&j, c);
    exm_json_end(&j);
    exm_json_key(&j, "data");
    exm_json_object(&j);
    for (size_t i = 0; i < n; i++) {
        exm_json_key(&j, r[i]->sample);
        exm_json_object(&j);
        for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++)
            for (size_t k = 0; k < qc[i].n; k++)
                if (strcmp(qc[i].item[k].id, columns[c].id) == 0 &&
                    !isnan(qc[i].item[k].value))
                    exm_json_kdouble(&j, columns[c].id, qc[i].item[k].value);
        exm_json_end(&j);
    }
    exm_json_end(&j);
    return end(&j, &b, "multiqc/exomir_stats_mqc.json", dir, reterr);
}

/* ---- verdicts ---- */

static void
put_header(exm_json *j, const char *key, const char *title, const char *description)
{
    exm_json_key(j, key);
    exm_json_object(j);
    exm_json_kstr(j, "title", title);
    exm_json_kstr(j, "description", description);
    exm_json_kbool(j, "scale", 0);
    exm_json_end(j);
}

/* Titles of the checks that have this verdict, "; " between. */
static void
put_titles(exm_json *j, const char *key, const exm_qc *q, exm_verdict v)
{
    exm_buf b = {0};

    for (size_t k = 0; k < q->n; k++) {
        if (q->item[k].verdict != v) continue;
        if (b.len > 0) exm_buf_puts(&b, "; ");
        exm_buf_puts(&b, q->item[k].title);
    }
    if (b.failed)
        j->out->failed = 1;
    else if (b.len > 0)
        exm_json_kstr(j, key, b.data);
    exm_buf_done(&b);
}

static exm_status
put_verdicts(const exm_record *const *r, const exm_qc *qc, size_t n, exm_outdir *dir,
             exm_error *reterr)
{
    exm_buf b = {0};
    exm_json j;

    begin(&j, &b, "exomir_verdicts", "Verdicts",
          "What breaks a limit, by sample; values and limits are in exomir's qc.json.",
          "table");
    put_pconfig(&j, "exomir_verdicts_table", "exomir: verdicts", NULL, NULL);
    exm_json_key(&j, "headers");
    exm_json_object(&j);
    put_header(&j, "verdict", "Verdict", "pass, warn or fail");
    put_header(&j, "limits", "Limits", "Whose limits the sample was judged by");
    put_header(&j, "kit", "Kit", "Named, or inferred from the reads");
    put_header(&j, "fails", "Fails", "Checks that fail");
    put_header(&j, "warns", "Warnings", "Checks beyond their limit");
    exm_json_end(&j);
    exm_json_key(&j, "data");
    exm_json_object(&j);
    for (size_t i = 0; i < n; i++) {
        exm_json_key(&j, r[i]->sample);
        exm_json_object(&j);
        exm_json_kstr(&j, "verdict", exm_verdict_name(qc[i].overall));
        exm_json_kstr(&j, "limits", /* MultiQC would warn of the bare word */
                      strcmp(qc[i].limits, "unknown") == 0 ? "fluid unknown"
                                                           : qc[i].limits);
        exm_json_kstr(&j, "kit", r[i]->kit);
        put_titles(&j, "fails", qc + i, EXM_VERDICT_FAIL);
        put_titles(&j, "warns", qc + i, EXM_VERDICT_WARN);
        exm_json_end(&j);
    }
    exm_json_end(&j);
    return end(&j, &b, "multiqc/exomir_verdicts_mqc.json", dir, reterr);
}

/* ---- plots ---- */

static exm_status
put_cargo(const exm_record *const *r, size_t n, exm_outdir *dir, exm_error *reterr)
{
    exm_buf b = {0};
    exm_json j;

    begin(&j, &b, "exomir_cargo", "Cargo", "Inserts by RNA class.", "bargraph");
    put_pconfig(&j, "exomir_cargo_plot", "exomir: cargo", NULL, "Reads");
    exm_json_key(&j, "data");
    exm_json_object(&j);
    for (size_t i = 0; i < n; i++) {
        exm_json_key(&j, r[i]->sample);
        exm_json_object(&j);
        for (size_t c = 0; c < r[i]->n_classes; c++)
            exm_json_ku64(&j, r[i]->classes[c].name, r[i]->classes[c].em[0]);
        exm_json_ku64(&j, "foreign", r[i]->foreign);
        exm_json_ku64(&j, "unannotated", r[i]->unannotated);
        exm_json_end(&j);
    }
    exm_json_end(&j);
    return end(&j, &b, "multiqc/exomir_cargo_mqc.json", dir, reterr);
}

static exm_status
put_flow(const exm_record *const *r, size_t n, exm_outdir *dir, exm_error *reterr)
{
    exm_buf b = {0};
    exm_json j;

    begin(&j, &b, "exomir_flow", "Read flow", "What became of every read.", "bargraph");
    put_pconfig(&j, "exomir_flow_plot", "exomir: read flow", NULL, "Reads");
    exm_json_key(&j, "data");
    exm_json_object(&j);
    for (size_t i = 0; i < n; i++) {
        exm_json_key(&j, r[i]->sample);
        exm_json_object(&j);
        for (int f = 0; f < EXM_FATE_COUNT; f++)
            exm_json_ku64(&j, exm_fate_title((exm_fate) f), r[i]->fate[f]);
        exm_json_end(&j);
    }
    exm_json_end(&j);
    return end(&j, &b, "multiqc/exomir_flow_mqc.json", dir, reterr);
}

static exm_status
put_lengths(const exm_record *const *r, size_t n, exm_outdir *dir, exm_error *reterr)
{
    exm_buf b = {0};
    exm_json j;

    begin(&j, &b, "exomir_lengths", "Insert lengths", "Lengths of kept inserts.",
          "linegraph");
    put_pconfig(&j, "exomir_lengths_plot", "exomir: insert lengths", "Length (nt)",
                "Reads");
    exm_json_key(&j, "data");
    exm_json_object(&j);
    for (size_t i = 0; i < n; i++) {
        exm_json_key(&j, r[i]->sample);
        exm_json_object(&j);
        for (size_t len = 0; len <= SHOWN_LENGTHS; len++) {
            exm_buf key = {0};

            exm_buf_put_u64(&key, len);
            if (key.failed)
                b.failed = 1;
            else
                exm_json_ku64(&j, key.data, r[i]->len_kept[len]);
            exm_buf_done(&key);
        }
        exm_json_end(&j);
    }
    exm_json_end(&j);
    return end(&j, &b, "multiqc/exomir_lengths_mqc.json", dir, reterr);
}

exm_status
exm_outputs_multiqc(const exm_record *const *records, const exm_qc *qc, size_t n,
                    exm_outdir *dir, exm_error *reterr)
{
    exm_status st = put_stats(records, qc, n, dir, reterr);

    if (st == EXM_OK) st = put_verdicts(records, qc, n, dir, reterr);
    if (st == EXM_OK) st = put_cargo(records, n, dir, reterr);
    if (st == EXM_OK) st = put_flow(records, n, dir, reterr);
    return st == EXM_OK ? put_lengths(records, n, dir, reterr) : st;
}
