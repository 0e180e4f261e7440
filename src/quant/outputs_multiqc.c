/* outputs_multiqc.c - custom content for MultiQC (1.14): general statistics and three plots. */
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
    exm_json_kstr(j, "ylab", y);
    exm_json_end(j);
}

/* The columns of the general statistics, by qc item. */
static const struct {
    const char *id, *title, *suffix;
} columns[] = {
    {"mirna", "miRNA", "%"},           {"mirnas_10", "miRNAs", ""},
    {"adapter_found", "Adapter", "%"}, {"q30", "Q30", "%"},
    {"unannotated", "Unknown", "%"},
};

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
    for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
        exm_json_object(&j);
        exm_json_key(&j, columns[c].id);
        exm_json_object(&j);
        exm_json_kstr(&j, "title", columns[c].title);
        exm_json_kstr(&j, "suffix", columns[c].suffix);
        exm_json_end(&j);
        exm_json_end(&j);
    }
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

    if (st == EXM_OK) st = put_cargo(records, n, dir, reterr);
    if (st == EXM_OK) st = put_flow(records, n, dir, reterr);
    return st == EXM_OK ? put_lengths(records, n, dir, reterr) : st;
}
