/* count_print.c - the short table after a run: one line per sample, or JSON. */
#include "count.h"

#include "exomir/json.h"

#include <math.h>
#include <string.h>

double
exm_count_percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double) part / (double) whole : (double) NAN;
}

uint64_t
exm_count_mirnas(const exm_record *r)
{
    uint64_t n = 0;

    for (size_t i = 0; i < r->n_features; i++)
        n += r->features[i].class_id == 0 && r->features[i].em[0] > 0;
    return n;
}

static uint64_t
mirna_reads(const exm_record *r)
{
    return r->n_classes ? r->classes[0].em[0] : 0;
}

static void
put_json(const exm_count_args *a, const exm_count_plan *p, const exm_qc *qc, exm_buf *out)
{
    exm_json j;

    exm_json_init(&j, out);
    exm_json_object(&j);
    exm_json_kstr(&j, "out", a->out);
    exm_json_kbool(&j, "report", !(p->skip & EXM_SKIP_REPORT));
    exm_json_key(&j, "samples");
    exm_json_array(&j);
    for (size_t i = 0, good = 0; i < p->n; i++) {
        const exm_record *r = p->sample[i].record;

        exm_json_object(&j);
        exm_json_kstr(&j, "sample", p->sample[i].id);
        if (r) {
            exm_json_ku64(&j, "reads", r->reads_in);
            exm_json_kstr(&j, "kit", r->kit);
            exm_json_ku64(&j, "kept", r->fate[EXM_FATE_KEPT]);
            exm_json_ku64(&j, "mirna", mirna_reads(r));
            exm_json_ku64(&j, "mirnas_found", exm_count_mirnas(r));
            exm_json_kstr(&j, "verdict", exm_verdict_name(qc[good++].overall));
        } else {
            exm_json_kstr(&j, "error", p->sample[i].err.msg);
        }
        exm_json_end(&j);
    }
    exm_json_end(&j);
    exm_json_end(&j);
    if (exm_json_finish(&j, NULL) != EXM_OK) out->failed = 1;
}

/* ---- the table for people ---- */

enum { COLUMNS = 7 };

struct line {
    exm_buf cell[COLUMNS];
};

static void
fill_line(struct line *l, const exm_record *r, const exm_qc *qc)
{
    const uint64_t kept = r->fate[EXM_FATE_KEPT];

    for (size_t c = 0; c < COLUMNS; c++) exm_buf_clear(&l->cell[c]);
    exm_buf_puts(&l->cell[0], r->sample);
    exm_buf_put_u64(&l->cell[1], r->reads_in);
    exm_buf_puts(&l->cell[2], r->kit);
    exm_buf_put_fixed(&l->cell[3], exm_count_percent(kept, r->reads_in), 1);
    exm_buf_put_fixed(&l->cell[4], exm_count_percent(mirna_reads(r), kept), 1);
    exm_buf_put_u64(&l->cell[5], exm_count_mirnas(r));
    exm_buf_puts(&l->cell[6], exm_verdict_name(qc->overall));
}

static void
put_line(const struct line *l, const size_t *width, exm_buf *out)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        const int right = c == 1 || (c >= 3 && c <= 5);
        const size_t n = l->cell[c].len, pad = width[c] > n ? width[c] - n : 0;

        if (c) exm_buf_puts(out, "  ");
        if (right)
            for (size_t k = 0; k < pad; k++) exm_buf_putc(out, ' ');
        exm_buf_put(out, l->cell[c].data, n);
        if (!right && c + 1 < COLUMNS)
            for (size_t k = 0; k < pad; k++) exm_buf_putc(out, ' ');
    }
    exm_buf_putc(out, '\n');
}

static void
put_table(const exm_count_plan *p, const exm_qc *qc, exm_buf *out)
{
    static const char *const heads[COLUMNS] = {"sample",  "reads",  "kit",    "kept %",
                                               "miRNA %", "miRNAs", "verdict"};
    size_t width[COLUMNS];
    struct line l = {0};

    for (size_t c = 0; c < COLUMNS; c++) width[c] = strlen(heads[c]);
    for (int pass = 0; pass < 2; pass++) { /* measure, then write */
        if (pass) {
            for (size_t c = 0; c < COLUMNS; c++) {
                exm_buf_clear(&l.cell[c]);
                exm_buf_puts(&l.cell[c], heads[c]);
            }
            put_line(&l, width, out);
        }
        for (size_t i = 0, good = 0; i < p->n; i++) {
            if (!p->sample[i].record) continue;
            fill_line(&l, p->sample[i].record, &qc[good++]);
            for (size_t c = 0; c < COLUMNS; c++)
                if (l.cell[c].len > width[c]) width[c] = l.cell[c].len;
            if (pass) put_line(&l, width, out);
        }
    }
    for (size_t c = 0; c < COLUMNS; c++) {
        if (l.cell[c].failed) out->failed = 1;
        exm_buf_done(&l.cell[c]);
    }
}

int
exm_count_print(const exm_count_args *a, const exm_count_plan *p, const exm_qc *qc)
{
    exm_buf out = {0};
    int code;

    if (a->common.json) {
        put_json(a, p, qc, &out);
    } else {
        put_table(p, qc, &out);
        if (p->skip & EXM_SKIP_REPORT)
            exm_buf_putf(&out, "\nresults: %s\n", a->out);
        else
            exm_buf_putf(&out, "\nreport: %s/report.html\n", a->out);
    }
    code = exm_msg_print(&a->common, &out);
    exm_buf_done(&out);
    return code;
}

/* ---- --fail-on-qc ---- */

static const exm_qc_item *
first_failure(const exm_qc *q)
{
    for (size_t i = 0; i < q->n; i++)
        if (q->item[i].verdict == EXM_VERDICT_FAIL) return q->item + i;
    return NULL;
}

int
exm_count_judge(const exm_count_args *a, const exm_count_plan *p, const exm_qc *qc)
{
    exm_common c = a->common;
    size_t good = 0, failed = 0;

    for (size_t i = 0; i < p->n; i++) {
        const exm_qc_item *x;

        if (!p->sample[i].record) continue;
        x = first_failure(&qc[good++]);
        if (!x) continue;
        failed++;
        exm_msg_note(&c, "%s fails quality control: %s: %s", p->sample[i].id, x->title,
                     x->reason);
    }
    if (failed == 0) return EXM_EXIT_OK;
    c.json = 0; /* one JSON document: the table, which has the verdicts */
    return exm_msg_error(&c, EXM_EXIT_QC,
                         "qc.json and the report hold all values and limits",
                         "%zu of %zu sample%s %s quality control (--fail-on-qc)", failed,
                         good, good == 1 ? "" : "s", failed == 1 ? "fails" : "fail");
}
