/* page.h - private to report: one self-contained HTML file around a script and its data. */
#ifndef EXM_REPORT_PAGE_H
#define EXM_REPORT_PAGE_H

#include "exomir/buf.h"

/* Everything up to the data; exm_page_end() follows them.  without_script: what a reader whose
 * browser runs no script should look at. */
void exm_page_begin(const char *title, const char *without_script, exm_buf *ret);
void exm_page_end(const unsigned char *script, exm_buf *ret);

#endif
