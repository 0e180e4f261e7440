/* merge.h - sample records of several runs as one cohort: associative, idempotent, order-free. */
#ifndef EXM_MERGE_H
#define EXM_MERGE_H

#include "exomir/buf.h"
#include "exomir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A record stands for (sample id, hash of its reads, hash of the parameters).  The one that
 * is there already adds nothing; the same sample with other reads, other parameters or,
 * for the same of both, another record is a contradiction that only the user can solve.
 * What comes out depends on the set that was added, never on its order or on how often.
 * Zero-initialise; release with exm_merge_done().
 */
typedef struct exm_merge {
    exm_record **records; /* after exm_merge_finish() sorted by sample (byte order) */
    size_t n;
    const char **columns; /* that describe samples, in byte order */
    size_t n_columns;
    const char **cells; /* [n * n_columns]; "" where nothing is known */
    size_t n_again;     /* records that were there already */
    size_t n_strangers; /* described samples without a record: ignored */
    exm_buf notes;      /* remarks, one a line: reads that are there under two names ... */
    struct exm_merge_parts *parts;
} exm_merge;

/* Takes r, whether or not it succeeds; 'source' (copied) names it in messages. */
EXM_MUST_USE exm_status exm_merge_add(exm_merge *m, exm_record *r, const char *source,
                                      exm_error *reterr);
/*
 * exm_merge_describe() - a table (table.h) whose first column names samples: a run's
 * coldata.tsv or a sample sheet.  Columns that a record knows itself (kit, reads_in,
 * reads_kept, molecules, mirna, content) and files (fastq_1, fastq_2) are passed over; an
 * empty cell and NA say nothing.
 */
EXM_MUST_USE exm_status exm_merge_describe(exm_merge *m, const char *data, size_t n,
                                           const char *source, exm_error *reterr);
/*
 * exm_merge_finish() - fills the fields above; once, after all was added.  EXM_EDATA: no
 * record at all, records of two references, a sample that stands for two things (see
 * above), two tables that say different things of a sample.
 */
EXM_MUST_USE exm_status exm_merge_finish(exm_merge *m, exm_error *reterr);
void exm_merge_done(exm_merge *m); /* zeroes; legal on {0} */

#ifdef __cplusplus
}
#endif
#endif
