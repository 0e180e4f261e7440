/* table.h - TSV and CSV tables (sample sheets, matrices) with exact positions in errors. */
#ifndef EXM_TABLE_H
#define EXM_TABLE_H

#include "exomir/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A table of text cells: a header row and data rows of the same width.
 * The separator is found from the header line (tab wins over comma over
 * semicolon; none: one column); RFC 4180 quoting but in TSV; CRLF, a missing final
 * newline and a UTF-8 BOM are accepted; blank lines at the end, and before the header
 * blank lines and lines starting with '#', are skipped.  NUL bytes, bare carriage
 * returns, duplicate or empty column names, ragged rows and unbalanced quotes are
 * EXM_EDATA with file, line and cause.
 */
typedef struct exm_table exm_table;

/* Parses data[0..n); 'source' names it in messages. */
EXM_MUST_USE exm_status exm_table_parse(const char *data, size_t n, const char *source,
                                        exm_table **ret, exm_error *reterr);
void exm_table_free(exm_table *t);

size_t exm_table_rows(const exm_table *t);
size_t exm_table_cols(const exm_table *t);
const char *exm_table_col_name(const exm_table *t, size_t col);
/* Column by name (exact), or SIZE_MAX. */
size_t exm_table_find(const exm_table *t, const char *name);
const char *exm_table_get(const exm_table *t, size_t row, size_t col); /* never NULL */
uint64_t exm_table_line(const exm_table *t, size_t row); /* 1-based line in the source */

#ifdef __cplusplus
}
#endif
#endif
