/*
 * page.c - the HTML of a report.
 *
 * The file holds its style, its script (assets/) and one block of data: nothing is fetched, the
 * content policy forbids it, and nothing depends on a clock, so the same data give the same
 * bytes.  All text of users travels as data and is put on the page as text, never as markup.
 */
#include "page.h"

#include "report_assets.h"

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

void
exm_page_begin(const char *title, const char *without_script, exm_buf *ret)
{
    exm_buf_puts(
        ret,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:\">\n"
        "<link rel=\"icon\" href=\"data:,\">\n<title>");
    put_text(ret, title);
    exm_buf_puts(ret, "</title>\n<style>\n");
    exm_buf_puts(ret, (const char *) exm_asset_page_css);
    exm_buf_puts(ret,
                 "</style>\n<noscript><p>The pictures of this report are drawn by its own "
                 "script, which is switched off here. ");
    put_text(ret, without_script);
    exm_buf_puts(ret, "</p></noscript>\n<main></main>\n"
                      "<script type=\"application/json\" id=\"data\">");
}

void
exm_page_end(const unsigned char *script, exm_buf *ret)
{
    exm_buf_puts(ret, "</script>\n<script>\n");
    exm_buf_puts(ret, (const char *) exm_asset_page_js);
    exm_buf_puts(ret, (const char *) script);
    exm_buf_puts(ret, "</script>\n</html>\n");
}
