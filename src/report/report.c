/*
 * report.c - the run's report as one HTML file.
 *
 * The file holds its style, its script (assets/) and one block of data (report_data.c):
 * nothing is fetched, the content policy forbids it, and nothing depends on a clock, so
 * the same records give the same bytes.  All text of users travels as data and is put on
 * the page as text, never as markup.
 */
#include "exomir/report.h"

#include "report_assets.h"
#include "report_data.h"

static void
put_text(exm_buf *b, const char *s)
{
    for (; *s; s++) {
        switch (*s) {
        case '<':
            exm_buf_puts(b, "&lt;");
            break;
        case '&':
            exm_buf_puts(b, "&amp;");
            break;
        default:
            exm_buf_putc(b, *s);
        }
    }
}

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n<title>";

static const char without_script[] =
    "<noscript><p>The pictures of this report are drawn by its own script, which is "
    "switched off here. The numbers are in mirna.counts.tsv, classes.counts.tsv and "
    "qc.json beside it.</p></noscript>\n<main></main>\n"
    "<script type=\"application/json\" id=\"data\">";

exm_status
exm_report_count(const exm_record *const *records, const exm_qc *qc, size_t n,
                 const exm_report_info *info, exm_buf *ret, exm_error *reterr)
{
    exm_status s;

    if ((n > 0 && (!records || !qc)) || !info || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "report: an argument is NULL");
    exm_buf_puts(ret, head);
    put_text(ret, info->title);
    exm_buf_puts(ret, "</title>\n<style>\n");
    exm_buf_puts(ret, (const char *) exm_asset_report_css);
    exm_buf_puts(ret, "</style>\n");
    exm_buf_puts(ret, without_script);
    s = exm_report_put_data(records, qc, n, info, ret, reterr);
    if (s != EXM_OK) return s;
    exm_buf_puts(ret, "</script>\n<script>\n");
    exm_buf_puts(ret, (const char *) exm_asset_report_js);
    exm_buf_puts(ret, "</script>\n</html>\n");
    return exm_buf_check(ret, reterr);
}
