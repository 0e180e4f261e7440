/* sheet.h - the sample sheet: which files make up which sample, and what is known of it. */
#ifndef EXM_SHEET_H
#define EXM_SHEET_H

#include "exomir/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A CSV or TSV table (table.h) with the columns
 *
 *     sample           required: name in every output, [A-Za-z0-9._-], not starting with '.'
 *     fastq_1          required: a file of reads; a relative path starts at the sheet's folder
 *     fastq_2          tolerated when empty: the insert lies wholly in the first read
 *     kit              preset, "auto", or a layout string (layout.h)
 *     collected        ISO 8601 date and time with offset: 2024-03-01T09:30+01:00
 *     input_volume_ml  a number > 0
 *     patient, fluid, tube, batch, site, condition, stage, nta: free text
 *
 * and any further columns, which are kept (but not reads_in, reads_kept, molecules, mirna
 * and content, which coldata.tsv gets from the reads).  Rows of one sample are its lanes:
 * their files are read one after the other in the order of the sheet.  What they say of
 * the sample must agree; a cell that is empty in one lane is filled from another.  A file
 * stands in the sheet once.  Every mistake is EXM_EDATA with file, line and what was
 * expected.
 */
typedef struct exm_sheet exm_sheet;

typedef struct exm_sheet_sample {
    const char *id;
    const char *const *paths; /* lanes, ready to be opened */
    size_t n_paths;
    const char *kit;          /* "" when the sheet does not say */
    const char *const *cells; /* [exm_sheet_columns()] what is known of the sample */
    uint64_t line;            /* of its first row, 1-based */
} exm_sheet_sample;

/* data[0..n); 'source' names it in messages; relative files start at 'folder' ("" or "."
 * for the current one). */
EXM_MUST_USE exm_status exm_sheet_parse(const char *data, size_t n, const char *source,
                                        const char *folder, exm_sheet **ret,
                                        exm_error *reterr);
/* Through input.h, so a packed sheet is verified; at most 64 MiB. */
EXM_MUST_USE exm_status exm_sheet_read(const char *path, exm_sheet **ret,
                                       exm_error *reterr);
void exm_sheet_free(exm_sheet *s); /* free(NULL) is legal */

/* Samples sorted by id (byte order). */
size_t exm_sheet_count(const exm_sheet *s);
const exm_sheet_sample *exm_sheet_get(const exm_sheet *s, size_t i);

/* Columns that describe samples, in the sheet's order: all but sample, fastq_1, fastq_2
 * and kit (which a record carries itself, as it was found to be). */
size_t exm_sheet_columns(const exm_sheet *s);
const char *exm_sheet_column(const exm_sheet *s, size_t i);

#ifdef __cplusplus
}
#endif
#endif
