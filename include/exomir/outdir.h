/* outdir.h - outputs that exist only when whole: temporary name, fsync, rename. */
#ifndef EXM_OUTDIR_H
#define EXM_OUTDIR_H

#include "exomir/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One output file.  Bytes go to "<path>.tmp.<pid>.<n>" beside it; commit() does
 * fsync, rename and fsync of the folder; free() without commit unlinks the
 * temporary.  Temporaries of this path that a killed process left are swept first; while
 * another process that lives writes the same path, new() gives EXM_EIO (a lock on its
 * temporary says so, which ends with the process however it ends).
 * path "-" is standard output (nothing is buffered; no rename).
 * Write errors (EIO, ENOSPC, EPIPE) are sticky and reported by commit at latest;
 * short writes, EINTR and EAGAIN are continued.  Not for use by two threads at once.
 */
typedef struct exm_outfile exm_outfile;

EXM_MUST_USE exm_status exm_outfile_new(const char *path, exm_outfile **ret,
                                        exm_error *reterr);
EXM_MUST_USE exm_status exm_outfile_write(exm_outfile *f, const void *p, size_t n,
                                          exm_error *reterr);
/*
 * exm_outfile_lend() - for files that another library writes: the temporary path, where it
 * shall open, write and close the file, which exists and must not be replaced.  Commit or
 * exm_outdir_close() then read it back for its digest.  NULL for standard output.  With
 * exm_outfile_write() the two exclude each other.
 */
const char *exm_outfile_lend(exm_outfile *f);
/*
 * exm_outfile_settle() - all of commit but the rename: where several files belong together,
 * what can fail for want of space is behind before the first one appears.
 */
EXM_MUST_USE exm_status exm_outfile_settle(exm_outfile *f, exm_error *reterr);
/* A lower-case hex SHA-256 of all bytes written so far is kept; valid after commit. */
EXM_MUST_USE exm_status exm_outfile_commit(exm_outfile *f, exm_error *reterr);
const char *exm_outfile_sha256(const exm_outfile *f);
void exm_outfile_free(exm_outfile *f);

/* Whole buffer to 'path' atomically. */
EXM_MUST_USE exm_status exm_outfile_put(const char *path, const exm_buf *b,
                                        exm_error *reterr);

/*
 * A run's folder: created if missing (parents are not), locked until free() (EXM_EIO
 * while another run has it), stale "*.tmp.*" of dead processes of ours swept.  Files are staged: written and fsynced under their
 * temporary names as they are put, and renamed together by commit(): the old
 * provenance.json goes first and the new one comes last, so that a folder with
 * provenance.json is always complete.  free() without commit leaves none of this
 * run's files, no folder that it made and left empty, and an old run whole.
 */
typedef struct exm_outdir exm_outdir;

EXM_MUST_USE exm_status exm_outdir_new(const char *dir, exm_outdir **ret,
                                       exm_error *reterr);
/*
 * exm_outdir_sweep() - remove temporaries in 'dir' and a run's folders below it: those of
 * process 'pid', or with pid 0 those of processes that no longer run.  Failures are passed
 * over.
 */
void exm_outdir_sweep(const char *dir, long pid);
/*
 * exm_outdir_set_gate() - functions to call around each creation of a file, and around the
 * renames of commit().  Whoever sweeps the folder when a signal comes holds the gate: nothing
 * is created behind its back, and renames are done wholly or not at all.
 */
typedef struct exm_outgate {
    void (*enter)(void);
    void (*leave)(void);
} exm_outgate;
void exm_outdir_set_gate(exm_outdir *d, const exm_outgate *gate); /* gate outlives d */
/* name may hold one or more '/', e.g. "records/S1.exr": folders are made. */
EXM_MUST_USE exm_status exm_outdir_put(exm_outdir *d, const char *name, const exm_buf *b,
                                       exm_error *reterr);
/* For streamed writing: a staged file; hand it back with exm_outdir_close(). */
EXM_MUST_USE exm_status exm_outdir_open(exm_outdir *d, const char *name, exm_outfile **ret,
                                        exm_error *reterr);
/* Flushes and fsyncs; the file stays staged.  Consumes f whether or not it succeeds. */
EXM_MUST_USE exm_status exm_outdir_close(exm_outdir *d, exm_outfile *f, exm_error *reterr);
/* The path under which a staged file can be read back before commit; NULL if unknown. */
const char *exm_outdir_staged_path(const exm_outdir *d, const char *name);
/* Staged files in order of name: count, then (name, sha256, bytes) of the i-th. */
size_t exm_outdir_count(const exm_outdir *d);
const char *exm_outdir_name(const exm_outdir *d, size_t i);
const char *exm_outdir_sha256(const exm_outdir *d, size_t i);
uint64_t exm_outdir_bytes(const exm_outdir *d, size_t i);
/*
 * exm_outdir_drop() - remove 'name' at commit, if an older run left it and this one has not
 * staged it: a report beside newer tables would be taken for theirs.  A folder inside that
 * this empties goes too.
 */
EXM_MUST_USE exm_status exm_outdir_drop(exm_outdir *d, const char *name, exm_error *reterr);
/* Renames all, then writes provenance (the caller's JSON) as provenance.json, last. */
EXM_MUST_USE exm_status exm_outdir_commit(exm_outdir *d, const exm_buf *provenance,
                                          exm_error *reterr);
void exm_outdir_free(exm_outdir *d);
/* open/close/put may be called from several threads at once (internally locked). */

#ifdef __cplusplus
}
#endif
#endif
