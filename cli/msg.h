/* msg.h - what the program says: errors, notes, progress; results on standard output. */
#ifndef EXM_CLI_MSG_H
#define EXM_CLI_MSG_H

#include "opt.h"

#include "exomir/outdir.h"

/* Exit codes, as documented in every --help. */
enum { EXM_EXIT_OK = 0, EXM_EXIT_FAIL = 1, EXM_EXIT_USAGE = 2, EXM_EXIT_QC = 3 };

/*
 * exm_msg_error() - "exomir count: error: ..." and one line of advice on standard error;
 * with --json also {"error": {...}} on standard output.  hint may be NULL.  Returns 'code',
 * so that a command can say: return exm_msg_error(...).
 */
int exm_msg_error(const exm_common *c, int code, const char *hint, const char *fmt, ...)
    EXM_PRINTF(4, 5);
/* The same for a failure of the library; a hint that fits its kind when hint is NULL. */
int exm_msg_status(const exm_common *c, const exm_error *err, const char *hint);

/* "exomir count: note: ..." unless --quiet; "exomir count: ..." only with --verbose. */
void exm_msg_note(const exm_common *c, const char *fmt, ...) EXM_PRINTF(2, 3);
void exm_msg_detail(const exm_common *c, const char *fmt, ...) EXM_PRINTF(2, 3);

/* Buffer to standard output; returns an exit code and reports a full or closed output. */
int exm_msg_print(const exm_common *c, exm_buf *out);

/* 1 when descriptor fd is a terminal that understands colour and NO_COLOR is unset. */
int exm_msg_colour(int fd);

/*
 * One line of progress on a terminal, redrawn at most ten times a second; nothing
 * elsewhere.  Several samples may report at once.
 */
typedef struct exm_progress exm_progress;
exm_progress *exm_progress_new(const exm_common *c,
                               size_t n_samples); /* NULL: none wanted */
void exm_progress_update(exm_progress *p, size_t sample, uint64_t done, uint64_t total,
                         uint64_t reads);
void exm_progress_free(exm_progress *p); /* clears the line */

/*
 * exm_own_folder() - an exit code: 0 unless 'dir' holds the results of another command (its
 * provenance.json says so); then that has been reported.
 */
int exm_own_folder(const exm_common *c, const char *dir);
/*
 * exm_own_folder_drop() - has commit() remove the outputs of the run before, as its
 * provenance.json lists them, that this one has not staged and that are still the bytes it
 * wrote; ret_names gets their names, ", " between.  EXM_EDATA where that is no JSON.
 */
EXM_MUST_USE exm_status exm_own_folder_drop(const char *dir, exm_outdir *d,
                                            exm_buf *ret_names, exm_error *reterr);

/*
 * exm_guard_folder() - on SIGINT and SIGTERM remove this process's temporary files
 * ("*.tmp.<pid>.*", see outdir.h) in 'dir' and the folders of a run below it, then die
 * of the signal.  A convenience: what SIGKILL leaves is swept by the next run.  Up to two
 * folders can be guarded.
 */
void exm_guard_folder(const char *dir);
/* The same for one output file and those beside it; nothing for "-". */
void exm_guard_file(const char *path);
/* Between these a signal waits: for the creation of a file, and for renames. */
void exm_guard_hold(void);
void exm_guard_release(void);
void exm_guard_stop(void);               /* at the end of the program */
extern const exm_outgate exm_guard_gate; /* the two, for exm_outdir_set_gate() */

#endif
