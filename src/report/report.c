/*
 * report.c - the run's report as one HTML file without scripts.
 *
 * Workload: 1 to 1,000 samples.  Plain tables and inline SVG bars, drawn here from the
 * records; nothing is fetched and nothing depends on a clock.
 */
#include "exomir/report.h"

#include <math.h>
#include <string.h>

enum { SHOWN_LENGTHS = 50, TOP_MIRNAS = 20 };

static void
put_text(exm_buf *b, const char *s)
{
    for (; *s; s++) {
        switch (*s) {
        case '<':
            exm_buf_puts(b, "&lt;");
            break;
        case '>':
            exm_buf_puts(b, "&gt;");
            break;
        case '&':
            exm_buf_puts(b, "&amp;");
            break;
        case '"':
            exm_buf_puts(b, "&quot;");
            break;
        default:
            exm_buf_putc(b, *s);
        }
    }
}

static void
put_cell(exm_buf *b, const char *s)
{
    exm_buf_puts(b, "<td>");
    put_text(b, s);
    exm_buf_puts(b, "</td>");
}

static void
put_number(exm_buf *b, uint64_t v)
{
    exm_buf_puts(b, "<td class=n>");
    exm_buf_put_u64(b, v);
    exm_buf_puts(b, "</td>");
}

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 "
    "1rem;"
    "color:#1d2330;background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:"
    "2rem}"
    "table{border-collapse:collapse}td,th{padding:.2rem .7rem;text-align:left;"
    "border-bottom:1px solid #d8dce4}.n{text-align:right;font-variant-numeric:tabular-nums}"
    ".warn,.fail{color:#a33c00;font-weight:600}.note{color:#3d5a99}svg{background:#f6f7fa}"
    "@media(prefers-color-scheme:dark){body{color:#e6e9f0;background:#14171e}"
    "td,th{border-color:#333a48}svg{background:#1d222c}.warn,.fail{color:#ffb070}"
    ".note{color:#9ab7ff}}@media print{body{margin:0}}";

static void
put_attention(exm_buf *b, const exm_record *const *r, const exm_qc *qc, size_t n)
{
    size_t shown = 0;

    exm_buf_puts(b, "<h2>What needs attention</h2><table><tr><th>Sample<th>Check<th>Finding"
                    "</tr>");
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < qc[i].n; k++) {
            const exm_qc_item *x = qc[i].item + k;

            if (x->verdict != EXM_VERDICT_WARN && x->verdict != EXM_VERDICT_FAIL) continue;
            shown++;
            exm_buf_puts(b, "<tr>");
            put_cell(b, r[i]->sample);
            exm_buf_puts(b, "<td class=warn>");
            put_text(b, x->title);
            exm_buf_puts(b, "</td>");
            put_cell(b, x->reason);
            exm_buf_puts(b, "</tr>");
        }
    }
    exm_buf_puts(b, "</table>");
    if (shown == 0) exm_buf_puts(b, "<p>No limit is broken in any sample.</p>");
}

static void
put_samples(exm_buf *b, const exm_record *const *r, const exm_qc *qc, size_t n)
{
    exm_buf_puts(
        b, "<h2>Samples</h2><table><tr><th>Sample<th>Kit<th class=n>Reads"
           "<th class=n>Kept<th class=n>miRNA<th class=n>Unannotated<th>Verdict</tr>");
    for (size_t i = 0; i < n; i++) {
        exm_buf_puts(b, "<tr>");
        put_cell(b, r[i]->sample);
        put_cell(b, r[i]->kit);
        put_number(b, r[i]->reads_in);
        put_number(b, r[i]->fate[EXM_FATE_KEPT]);
        put_number(b, r[i]->classes[0].em[0]);
        put_number(b, r[i]->unannotated);
        put_cell(b, exm_verdict_name(qc[i].overall));
        exm_buf_puts(b, "</tr>");
    }
    exm_buf_puts(b, "</table>");
}

/* Bars of insert lengths; the highest is 100 units. */
static void
put_lengths(exm_buf *b, const exm_record *r)
{
    uint64_t most = 1;

    for (size_t i = 0; i <= SHOWN_LENGTHS; i++)
        if (r->len_kept[i] > most) most = r->len_kept[i];
    exm_buf_putf(b, "<p>Insert length, 0 to %d nt; highest bar ", SHOWN_LENGTHS);
    exm_buf_put_u64(b, most);
    exm_buf_putf(
        b, " reads</p><svg role=img aria-label=\"insert lengths\" width=612 height=110 "
           "viewBox=\"0 0 612 110\">");
    for (size_t i = 0; i <= SHOWN_LENGTHS; i++) {
        const uint64_t h = r->len_kept[i] * 100 / most;

        exm_buf_putf(b, "<rect x=%zu y=%u width=10 height=%u fill=\"#3b6fb6\"/>", i * 12,
                     (unsigned) (105 - h), (unsigned) h);
    }
    exm_buf_puts(b, "</svg>");
}

static void
put_flow(exm_buf *b, const exm_record *r)
{
    exm_buf_puts(b, "<table><tr><th>Fate<th class=n>Reads<th>Meaning</tr>");
    for (int f = 0; f < EXM_FATE_COUNT; f++) {
        exm_buf_puts(b, "<tr>");
        put_cell(b, exm_fate_name((exm_fate) f));
        put_number(b, r->fate[f]);
        put_cell(b, exm_fate_description((exm_fate) f));
        exm_buf_puts(b, "</tr>");
    }
    exm_buf_puts(b, "</table><table><tr><th>Cargo<th class=n>Reads</tr>");
    for (size_t c = 0; c < r->n_classes; c++) {
        exm_buf_puts(b, "<tr>");
        put_cell(b, r->classes[c].name);
        put_number(b, r->classes[c].em[0]);
        exm_buf_puts(b, "</tr>");
    }
    exm_buf_puts(b, "<tr><td>unannotated</td>");
    put_number(b, r->unannotated);
    exm_buf_puts(b, "</tr><tr><td>foreign</td>");
    put_number(b, r->foreign);
    exm_buf_puts(b, "</tr></table>");
}

/* The most abundant miRNAs, by repeated selection: a short list of a short list. */
static void
put_top(exm_buf *b, const exm_record *r)
{
    uint64_t below = UINT64_MAX;
    size_t after = 0, shown = 0;

    exm_buf_puts(b, "<table><tr><th>miRNA<th class=n>Reads (EM)<th class=n>Unique</tr>");
    while (shown < TOP_MIRNAS) {
        const exm_record_feature *best = NULL;

        for (size_t i = 0; i < r->n_features; i++) {
            const exm_record_feature *f = r->features + i;

            if (f->class_id != 0 || f->em[0] == 0 || f->em[0] > below ||
                (f->em[0] == below && i < after))
                continue;
            if (!best || f->em[0] > best->em[0]) best = f;
        }
        if (!best) break;
        below = best->em[0];
        after = (size_t) (best - r->features) + 1;
        shown++;
        exm_buf_puts(b, "<tr>");
        put_cell(b, best->name);
        put_number(b, best->em[0]);
        put_number(b, best->unique[0]);
        exm_buf_puts(b, "</tr>");
    }
    exm_buf_puts(b, "</table>");
}

exm_status
exm_report_count(const exm_record *const *records, const exm_qc *qc, size_t n,
                 const exm_report_info *info, exm_buf *ret, exm_error *reterr)
{
    if ((n > 0 && (!records || !qc)) || !info || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "report: an argument is NULL");
    exm_buf_puts(ret, "<!DOCTYPE html><html lang=en><meta charset=utf-8><meta "
                      "http-equiv=Content-Security-Policy content=\"default-src 'none'; "
                      "style-src 'unsafe-inline'\"><title>");
    put_text(ret, info->title);
    exm_buf_puts(ret, "</title><style>");
    exm_buf_puts(ret, style);
    exm_buf_puts(ret, "</style><h1>");
    put_text(ret, info->title);
    exm_buf_puts(ret, "</h1><p><strong>Research use only.</strong> exomir ");
    put_text(ret, info->version);
    exm_buf_puts(ret, "; reference ");
    put_text(ret, info->reference);
    exm_buf_puts(ret, "</p>");
    put_attention(ret, records, qc, n);
    put_samples(ret, records, qc, n);
    for (size_t i = 0; i < n; i++) {
        exm_buf_puts(ret, "<details><summary>");
        put_text(ret, records[i]->sample);
        exm_buf_puts(ret, "</summary><p>");
        put_text(ret, records[i]->kit_evidence);
        exm_buf_puts(ret, "</p>");
        put_lengths(ret, records[i]);
        put_flow(ret, records[i]);
        put_top(ret, records[i]);
        exm_buf_puts(ret, "</details>");
    }
    exm_buf_puts(ret, "</html>\n");
    return exm_buf_check(ret, reterr);
}
