/* tempfile.h - room on disk that nobody else sees, and that is gone with its owner. */
#ifndef EXM_TEMPFILE_H
#define EXM_TEMPFILE_H

#include "exomir/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct exm_tempfile exm_tempfile;

/*
 * exm_tempfile_new() - a file in 'folder' without a name: it is unlinked once it is open, so
 * that nothing stays whatever happens to the process.  (Killed in between, it leaves an empty
 * "uniques.tmp.<pid>.<n>", which exm_outdir_sweep() knows.)
 *
 * Errors of all functions: EXM_EIO with the folder and the cause (a full disk is named),
 * EXM_ENOMEM, EXM_EINVAL.  Not for use by two threads at once.
 */
EXM_MUST_USE exm_status exm_tempfile_new(const char *folder, exm_tempfile **ret,
                                         exm_error *reterr);
void exm_tempfile_free(exm_tempfile *f); /* and what was mapped; legal on NULL */

/* Appends n bytes. */
EXM_MUST_USE exm_status exm_tempfile_write(exm_tempfile *f, const void *p, size_t n,
                                           exm_error *reterr);
/* n bytes from 'at' on; fewer are a failure. */
EXM_MUST_USE exm_status exm_tempfile_read(const exm_tempfile *f, uint64_t at, void *p,
                                          size_t n, exm_error *reterr);
uint64_t exm_tempfile_bytes(const exm_tempfile *f);

/*
 * exm_tempfile_map() - all bytes in memory that is the file's, not the process's: the system
 * takes it back when it is short of memory.  May be written to.  NULL for an empty file.
 * Once only; no more can be written to the file then.
 */
EXM_MUST_USE exm_status exm_tempfile_map(exm_tempfile *f, void **ret, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
