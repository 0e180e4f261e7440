/*
 * outdir.c - outputs that exist only when whole.
 *
 * A file is written under a temporary name in its final folder, synced, and renamed; the
 * folder is synced after the rename, because a rename that the disk forgets is a file
 * that is lost.  A run's folder stages all its files that way and renames them together,
 * provenance.json last: its presence says that everything else is there.
 */
#include "exomir/outdir.h"

#include "exomir/digest.h"
#include "exomir/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INNER_FOLDERS = 3 };

static const char *const inner_folders[INNER_FOLDERS] = {"records", "multiqc", "bam"};
static const char marker[] = ".tmp."; /* <name>.tmp.<pid>.<number> */

struct exm_outfile {
    int fd;
    int held; /* a second descriptor of the temporary: holds its lock until free(); or -1 */
    int is_stdout;
    int lent;         /* another library wrote the file: its bytes were not seen */
    int failed;       /* errno of the first failure, sticky */
    char *path, *tmp; /* tmp NULL once renamed */
    exm_sha256 *hash;
    uint64_t bytes;
    char sha256[EXM_SHA256_HEX];
};

typedef struct staged {
    char *name;
    exm_outfile *file; /* synced and closed, not yet renamed */
} staged;

struct exm_outdir {
    char *dir;
    int fd; /* of the folder: holds the lock; -1 without it */
    int made, made_inner[INNER_FOLDERS], committed;
    const exm_outgate *gate; /* or NULL */
    staged *file;
    size_t n, cap;
    char **drop; /* names to remove */
    size_t n_drop, cap_drop;
    pthread_mutex_t lock;
};

/* ---- paths ---- */

static char *
join(const char *a, const char *sep, const char *b)
{
    const size_t n = strlen(a), k = strlen(sep), m = strlen(b);
    char *p = malloc(n + k + m + 1);

    if (!p) return NULL;
    (void) snprintf(p, n + k + m + 1, "%s%s%s", a, sep, b);
    return p;
}

/* Bytes of path before its last part, "" for a path of one part; '/' at the end is no part. */
static size_t
folder_length(const char *path)
{
    size_t n = strlen(path);

    while (n > 0 && path[n - 1] == '/') n--;
    while (n > 0 && path[n - 1] != '/') n--;
    return n;
}

/* A new text: the folder that path lies in, or NULL. */
static char *
folder_of(const char *path)
{
    const size_t n = folder_length(path);
    char *dir = exm_text_dup(n > 0 ? path : ".");

    if (dir && n > 0) dir[n] = '\0';
    return dir;
}

/* A network file system may be interrupted there. */
static int
sync_file(int fd)
{
    int rc;

    do {
        rc = fsync(fd);
    } while (rc != 0 && errno == EINTR);
    return rc;
}

static exm_status
sync_folder_of(const char *path, exm_error *reterr)
{
    char *dir = folder_of(path);
    exm_status st = EXM_OK;
    int fd;

    if (!dir) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a path");
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems refuse to sync a folder (EINVAL): there is nothing more to do there. */
    if (fd < 0 || (sync_file(fd) != 0 && errno != EINVAL))
        st = exm_fail_errno(reterr, errno, 0, "%s", dir);
    if (fd >= 0) (void) close(fd);
    free(dir);
    return st;
}

/* ---- what killed processes left behind ---- */

/* The process of a temporary "<name>.tmp.<pid>.<number>" whose <name> is 'base' (NULL: any). */
static int
is_temporary(const char *name, const char *base, uint64_t *ret_pid)
{
    const char *at = NULL, *p = name, *dot;
    uint64_t number;

    while ((p = strstr(p, marker)) != NULL) at = p++;
    if (!at || (base && (strlen(base) != (size_t) (at - name) ||
                         memcmp(base, name, (size_t) (at - name)) != 0)))
        return 0;
    at += sizeof marker - 1;
    dot = strchr(at, '.');
    return dot && exm_text_u64(at, (size_t) (dot - at), ret_pid, NULL) == EXM_OK &&
           exm_text_u64(dot + 1, strlen(dot + 1), &number, NULL) == EXM_OK &&
           *ret_pid > 0 && *ret_pid <= INT32_MAX;
}

/* Removes temporaries of process 'pid', or (0) of any that no longer runs. */
static void
sweep(const char *dir, const char *base, long pid)
{
    DIR *d = opendir(dir);

    if (!d) return;
    for (;;) {
        const struct dirent *e = readdir(d); /* NOLINT(concurrency-mt-unsafe): own DIR */
        uint64_t owner;

        if (!e) break;
        if (!is_temporary(e->d_name, base, &owner)) continue;
        if (pid ? owner == (uint64_t) pid : kill((pid_t) owner, 0) != 0 && errno == ESRCH)
            (void) unlinkat(dirfd(d), e->d_name, 0);
    }
    (void) closedir(d);
}

/* Failing to tidy is no failure of this run. */
void
exm_outdir_sweep(const char *dir, long pid)
{
    sweep(dir, NULL, pid);
    for (size_t i = 0; i < INNER_FOLDERS; i++) {
        char *p = join(dir, "/", inner_folders[i]);

        if (p) sweep(p, NULL, pid);
        free(p);
    }
}

static void
sweep_beside(const char *path)
{
    char *dir = folder_of(path);

    if (dir) sweep(dir, path + folder_length(path), 0);
    free(dir);
}

static int
is_locked(int folder, const char *name)
{
    const int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    const int locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;

    if (fd >= 0) (void) close(fd);
    return locked;
}

/* Whether another process has a temporary of 'path' under its lock. */
static int
is_written_elsewhere(const char *path)
{
    char *dir = folder_of(path);
    DIR *d = dir ? opendir(dir) : NULL;
    int busy = 0;

    while (d && !busy) {
        const struct dirent *e = readdir(d); /* NOLINT(concurrency-mt-unsafe): own DIR */
        uint64_t owner;

        if (!e) break;
        busy = is_temporary(e->d_name, path + folder_length(path), &owner) &&
               owner != (uint64_t) getpid() && is_locked(dirfd(d), e->d_name);
    }
    if (d) (void) closedir(d);
    free(dir);
    return busy;
}

/* ---- one file ---- */

static int
open_temporary(exm_outfile *f)
{
    char suffix[64];

    for (unsigned k = 0; k < 10000; k++) {
        (void) snprintf(suffix, sizeof suffix, "%ld.%u", (long) getpid(), k);
        f->tmp = join(f->path, marker, suffix);
        if (!f->tmp) return ENOMEM;
        f->fd = open(f->tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (f->fd >= 0) return 0;
        free(f->tmp);
        f->tmp = NULL;
        if (errno != EEXIST) return errno;
    }
    return EEXIST;
}

static exm_status
open_output(const char *path, exm_outfile **ret, exm_error *reterr)
{
    exm_outfile *f = calloc(1, sizeof *f);
    exm_status st;
    int e = 0;

    if (!f) return exm_fail(reterr, EXM_ENOMEM, 0, "%s: no memory", path);
    f->fd = f->held = -1;
    f->path = exm_text_dup(path);
    st = exm_sha256_new(&f->hash, reterr);
    if (!f->path || st != EXM_OK) {
        exm_outfile_free(f);
        return exm_fail(reterr, EXM_ENOMEM, 0, "%s: no memory", path);
    }
    if (strcmp(path, "-") == 0) {
        f->is_stdout = 1;
        f->fd = STDOUT_FILENO;
    } else {
        e = open_temporary(f);
    }
    if (e != 0) {
        exm_outfile_free(f);
        return e == ENOMEM ? exm_fail(reterr, EXM_ENOMEM, 0, "no memory to write %s", path)
                           : exm_fail_errno(reterr, e, 0, "%s: cannot write", path);
    }
    *ret = f;
    return EXM_OK;
}

/* Locked first, then looked around: of two that begin at once none misses the other. */
static exm_status
open_alone(const char *path, exm_outfile **ret, exm_error *reterr)
{
    exm_outfile *f = NULL;
    exm_status st = open_output(path, &f, reterr);

    if (st != EXM_OK) return st;
    if (flock(f->fd, LOCK_EX | LOCK_NB) == 0)
        f->held = fcntl(f->fd, F_DUPFD_CLOEXEC, 0); /* without it the lock ends sooner */
    if (is_written_elsewhere(path)) {
        exm_outfile_free(f);
        return exm_fail(reterr, EXM_EIO, 0, "%s: another run is writing this file", path);
    }
    *ret = f;
    return EXM_OK;
}

exm_status
exm_outfile_new(const char *path, exm_outfile **ret, exm_error *reterr)
{
    if (!path || !*path || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "no output path");
    if (strcmp(path, "-") == 0) return open_output(path, ret, reterr);
    sweep_beside(path);
    return open_alone(path, ret, reterr);
}

static exm_status
sticky_failure(const exm_outfile *f, exm_error *reterr)
{
    return exm_fail_errno(reterr, f->failed, (size_t) f->bytes, "%s: cannot write%s",
                          f->is_stdout ? "standard output" : f->path,
                          f->failed == ENOSPC ? " (is the disk full?)" : "");
}

/* Standard output may be a pipe that its other holders have made non-blocking. */
static int
wait_writable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};

    return poll(&p, 1, -1) > 0 || errno == EINTR;
}

exm_status
exm_outfile_write(exm_outfile *f, const void *p, size_t n, exm_error *reterr)
{
    const char *at = p;

    if (f->failed) return sticky_failure(f, reterr);
    while (n > 0) {
        const ssize_t k = write(f->fd, at, n);
        exm_status st;

        if (k < 0) {
            if (errno == EINTR || (errno == EAGAIN && wait_writable(f->fd))) continue;
            f->failed = errno;
            return sticky_failure(f, reterr);
        }
        st = exm_sha256_add(f->hash, at, (size_t) k, reterr);
        if (st != EXM_OK) return st;
        at += k;
        n -= (size_t) k;
        f->bytes += (uint64_t) k;
    }
    return EXM_OK;
}

const char *
exm_outfile_lend(exm_outfile *f)
{
    f->lent = f->tmp != NULL;
    return f->tmp;
}

/* The digest and length of what another library has written. */
static exm_status
read_back(exm_outfile *f, exm_error *reterr)
{
    enum { PIECE = 1 << 18 };
    unsigned char *piece = malloc(PIECE);
    exm_status st = EXM_OK;

    if (!piece) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to read %s", f->path);
    f->bytes = 0;
    while (st == EXM_OK) {
        const ssize_t k = pread(f->fd, piece, PIECE, (off_t) f->bytes);

        if (k < 0 && errno == EINTR) continue;
        if (k < 0) st = exm_fail_errno(reterr, errno, 0, "%s: cannot read back", f->path);
        if (k <= 0) break;
        st = exm_sha256_add(f->hash, piece, (size_t) k, reterr);
        f->bytes += (uint64_t) k;
    }
    free(piece);
    return st;
}

/* Everything short of the rename: after this a power cut cannot tear the file. */
exm_status
exm_outfile_settle(exm_outfile *f, exm_error *reterr)
{
    if (f->failed) return sticky_failure(f, reterr);
    if (f->lent && f->fd >= 0) {
        const exm_status st = read_back(f, reterr);

        if (st != EXM_OK) return st;
    }
    if (f->fd >= 0 && !f->is_stdout) {
        if (sync_file(f->fd) != 0) f->failed = errno;
        if (close(f->fd) != 0 && !f->failed) f->failed = errno;
        f->fd = -1;
        if (f->failed) return sticky_failure(f, reterr);
    }
    return f->sha256[0] ? EXM_OK : exm_sha256_hex(f->hash, f->sha256, reterr);
}

static exm_status
rename_settled(exm_outfile *f, exm_error *reterr)
{
    if (rename(f->tmp, f->path) != 0)
        return exm_fail_errno(reterr, errno, 0, "%s: cannot rename", f->path);
    free(f->tmp);
    f->tmp = NULL;
    return EXM_OK;
}

exm_status
exm_outfile_commit(exm_outfile *f, exm_error *reterr)
{
    exm_status st = exm_outfile_settle(f, reterr);

    if (st != EXM_OK || f->is_stdout) return st;
    st = rename_settled(f, reterr);
    return st == EXM_OK ? sync_folder_of(f->path, reterr) : st;
}

const char *
exm_outfile_sha256(const exm_outfile *f)
{
    return f->sha256;
}

void
exm_outfile_free(exm_outfile *f)
{
    if (!f) return;
    if (f->fd >= 0 && !f->is_stdout) (void) close(f->fd);
    if (f->tmp) (void) unlink(f->tmp);
    if (f->held >= 0) (void) close(f->held);
    exm_sha256_free(f->hash);
    free(f->tmp);
    free(f->path);
    free(f);
}

exm_status
exm_outfile_put(const char *path, const exm_buf *b, exm_error *reterr)
{
    exm_outfile *f = NULL;
    exm_status st = exm_buf_check(b, reterr);

    if (st == EXM_OK) st = exm_outfile_new(path, &f, reterr);
    if (st == EXM_OK) st = exm_outfile_write(f, b->data, b->len, reterr);
    if (st == EXM_OK) st = exm_outfile_commit(f, reterr);
    exm_outfile_free(f);
    return st;
}

/* ---- a run's folder ---- */

static exm_status
make_folder(const char *dir, int *ret_made, exm_error *reterr)
{
    struct stat s;

    *ret_made = mkdir(dir, 0777) == 0;
    if (*ret_made) return sync_folder_of(dir, reterr);
    if (errno == EEXIST && stat(dir, &s) == 0) {
        if (S_ISDIR(s.st_mode)) {
            /* Known now rather than after hours of counting. */
            if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0) return EXM_OK;
            return exm_fail_errno(reterr, errno, 0, "%s: cannot write into the folder",
                                  dir);
        }
        return exm_fail(reterr, EXM_EIO, 0, "%s: is a file, not a folder", dir);
    }
    return exm_fail_errno(reterr, errno, 0, "%s: cannot make the folder", dir);
}

/* A folder with provenance.json is complete, so the old one goes before anything changes. */
static exm_status
remove_provenance(const char *dir, exm_error *reterr)
{
    char *p = join(dir, "/", "provenance.json");
    exm_status st = EXM_OK;

    if (!p) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a path");
    if (unlink(p) == 0)
        st = sync_folder_of(p, reterr);
    else if (errno != ENOENT)
        st = exm_fail_errno(reterr, errno, 0, "%s: cannot remove", p);
    free(p);
    return st;
}

/*
 * Two runs that rename into one folder would leave a mixture, so the second is refused.  The
 * lock goes with the process, however it ends.  Where a file system has no locks (some
 * network ones) there is none.
 */
static exm_status
lock_folder(exm_outdir *d, exm_error *reterr)
{
    d->fd = open(d->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->fd < 0) return exm_fail_errno(reterr, errno, 0, "%s: cannot open", d->dir);
    if (flock(d->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return EXM_OK;
    (void) close(d->fd);
    d->fd = -1;
    return exm_fail(reterr, EXM_EIO, 0,
                    "%s: another run is writing into this folder; give each its own",
                    d->dir);
}

exm_status
exm_outdir_new(const char *dir, exm_outdir **ret, exm_error *reterr)
{
    exm_outdir *d;
    exm_status st;

    if (!dir || !*dir || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "no output folder");
    d = calloc(1, sizeof *d);
    if (d) d->fd = -1;
    if (d) d->dir = exm_text_dup(dir);
    if (!d || !d->dir) {
        free(d);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the output folder");
    }
    (void) pthread_mutex_init(&d->lock, NULL);
    st = make_folder(dir, &d->made, reterr);
    if (st == EXM_OK) st = lock_folder(d, reterr);
    if (st == EXM_OK) exm_outdir_sweep(dir, 0);
    if (st != EXM_OK) {
        exm_outdir_free(d);
        return st;
    }
    *ret = d;
    return EXM_OK;
}

static exm_status
check_name(const char *name, exm_error *reterr)
{
    int good = name != NULL;

    for (const char *part = name; good && part; part = strchr(part, '/')) {
        size_t n;

        part += part > name; /* behind the slash */
        n = strcspn(part, "/");
        good = n > 0 && !(n <= 2 && memcmp(part, "..", n) == 0);
    }
    if (good) return EXM_OK;
    return exm_fail(reterr, EXM_EINVAL, 0, "'%s' is no name inside the output folder",
                    name ? name : "");
}

void
exm_outdir_set_gate(exm_outdir *d, const exm_outgate *gate)
{
    d->gate = gate;
}

static void
enter(const exm_outdir *d)
{
    if (d->gate) d->gate->enter();
}

static void
leave(const exm_outdir *d)
{
    if (d->gate) d->gate->leave();
}

static void
note_inner(exm_outdir *d, const char *name)
{
    (void) pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < INNER_FOLDERS; i++)
        if (strcmp(inner_folders[i], name) == 0) d->made_inner[i] = 1;
    (void) pthread_mutex_unlock(&d->lock);
}

static exm_status
make_inner_folders(exm_outdir *d, const char *name, exm_error *reterr)
{
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        char *inner = exm_text_dup(name), *path;
        exm_status st;
        int made = 0;

        if (inner) inner[slash - name] = '\0';
        path = inner ? join(d->dir, "/", inner) : NULL;
        st = path ? make_folder(path, &made, reterr)
                  : exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a path");
        if (made) note_inner(d, inner);
        free(inner);
        free(path);
        if (st != EXM_OK) return st;
    }
    return EXM_OK;
}

exm_status
exm_outdir_open(exm_outdir *d, const char *name, exm_outfile **ret, exm_error *reterr)
{
    char *path;
    exm_status st = check_name(name, reterr);

    if (st == EXM_OK) st = make_inner_folders(d, name, reterr);
    if (st != EXM_OK) return st;
    path = join(d->dir, "/", name);
    if (!path) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a path");
    enter(d);
    st = open_output(path, ret, reterr);
    leave(d);
    free(path);
    return st;
}

/* Keeps the list sorted by name; a name put twice replaces the first. */
static int
stage(exm_outdir *d, exm_outfile *f)
{
    const char *name = f->path + strlen(d->dir) + 1;
    size_t at = 0;

    while (at < d->n && strcmp(d->file[at].name, name) < 0) at++;
    if (at < d->n && strcmp(d->file[at].name, name) == 0) {
        exm_outfile_free(d->file[at].file);
        d->file[at].file = f;
        return 1;
    }
    if (d->n == d->cap) {
        const size_t cap = d->cap ? d->cap * 2 : 16;
        staged *p = realloc(d->file, cap * sizeof *p);

        if (!p) return 0;
        d->file = p;
        d->cap = cap;
    }
    {
        char *copy = exm_text_dup(name);

        if (!copy) return 0;
        memmove(d->file + at + 1, d->file + at, (d->n - at) * sizeof *d->file);
        d->file[at] = (staged){.name = copy, .file = f};
        d->n++;
    }
    return 1;
}

exm_status
exm_outdir_close(exm_outdir *d, exm_outfile *f, exm_error *reterr)
{
    exm_status st = exm_outfile_settle(f, reterr);
    int ok;

    if (st != EXM_OK) {
        exm_outfile_free(f);
        return st;
    }
    (void) pthread_mutex_lock(&d->lock);
    ok = stage(d, f);
    (void) pthread_mutex_unlock(&d->lock);
    if (ok) return EXM_OK;
    exm_outfile_free(f);
    return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the list of outputs");
}

exm_status
exm_outdir_put(exm_outdir *d, const char *name, const exm_buf *b, exm_error *reterr)
{
    exm_outfile *f = NULL;
    exm_status st = exm_buf_check(b, reterr);

    if (st == EXM_OK) st = exm_outdir_open(d, name, &f, reterr);
    if (st != EXM_OK) return st;
    st = exm_outfile_write(f, b->data, b->len, reterr);
    if (st != EXM_OK) {
        exm_outfile_free(f);
        return st;
    }
    return exm_outdir_close(d, f, reterr);
}

const char *
exm_outdir_staged_path(const exm_outdir *d, const char *name)
{
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->file[i].name, name) == 0) return d->file[i].file->tmp;
    return NULL;
}

size_t
exm_outdir_count(const exm_outdir *d)
{
    return d->n;
}

const char *
exm_outdir_name(const exm_outdir *d, size_t i)
{
    return d->file[i].name;
}

const char *
exm_outdir_sha256(const exm_outdir *d, size_t i)
{
    return d->file[i].file->sha256;
}

uint64_t
exm_outdir_bytes(const exm_outdir *d, size_t i)
{
    return d->file[i].file->bytes;
}

exm_status
exm_outdir_drop(exm_outdir *d, const char *name, exm_error *reterr)
{
    exm_status st = check_name(name, reterr);

    if (st != EXM_OK) return st;
    if (d->n_drop == d->cap_drop) {
        const size_t cap = d->cap_drop ? d->cap_drop * 2 : 16;
        char **p = realloc(d->drop, cap * sizeof *p);

        if (!p) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the list of outputs");
        d->drop = p;
        d->cap_drop = cap;
    }
    d->drop[d->n_drop] = join(d->dir, "/", name);
    if (!d->drop[d->n_drop]) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a path");
    d->n_drop++;
    return EXM_OK;
}

/* What is staged stays; a folder inside that has become empty goes. */
static exm_status
remove_dropped(const exm_outdir *d, exm_error *reterr)
{
    for (size_t i = 0; i < d->n_drop; i++) {
        if (exm_outdir_staged_path(d, d->drop[i] + strlen(d->dir) + 1)) continue;
        if (unlink(d->drop[i]) != 0 && errno != ENOENT && errno != ENOTDIR)
            return exm_fail_errno(reterr, errno, 0, "%s: cannot remove", d->drop[i]);
        if (folder_length(d->drop[i]) > strlen(d->dir) + 1) {
            char *inner = folder_of(d->drop[i]);

            if (inner) (void) rmdir(inner);
            free(inner);
        }
    }
    return EXM_OK;
}

static int
is_same_folder(const char *a, const char *b)
{
    const size_t n = folder_length(a);

    return n == folder_length(b) && memcmp(a, b, n) == 0;
}

exm_status
exm_outdir_commit(exm_outdir *d, const exm_buf *provenance, exm_error *reterr)
{
    exm_outfile *last = NULL;
    exm_status st = exm_buf_check(provenance, reterr);

    if (st == EXM_OK) st = exm_outdir_open(d, "provenance.json", &last, reterr);
    if (st == EXM_OK)
        st = exm_outfile_write(last, provenance->data, provenance->len, reterr);
    if (st == EXM_OK) st = exm_outfile_settle(last, reterr);
    enter(d);
    if (st == EXM_OK) st = remove_provenance(d->dir, reterr);
    if (st == EXM_OK) st = remove_dropped(d, reterr);
    for (size_t i = 0; st == EXM_OK && i < d->n; i++)
        st = rename_settled(d->file[i].file, reterr);
    for (size_t i = 0; st == EXM_OK && i < d->n; i++)
        if (i + 1 == d->n || !is_same_folder(d->file[i].name, d->file[i + 1].name))
            st = sync_folder_of(d->file[i].file->path, reterr);
    if (st == EXM_OK) st = exm_outfile_commit(last, reterr);
    leave(d);
    d->committed = st == EXM_OK;
    exm_outfile_free(last);
    return st;
}

/* Folders of this run, unless they hold anything. */
static void
remove_empty(const exm_outdir *d)
{
    for (size_t i = 0; i < INNER_FOLDERS; i++) {
        char *p = d->made_inner[i] ? join(d->dir, "/", inner_folders[i]) : NULL;

        if (p) (void) rmdir(p);
        free(p);
    }
    if (d->made) (void) rmdir(d->dir);
}

void
exm_outdir_free(exm_outdir *d)
{
    if (!d) return;
    for (size_t i = 0; i < d->n; i++) {
        exm_outfile_free(d->file[i].file);
        free(d->file[i].name);
    }
    for (size_t i = 0; i < d->n_drop; i++) free(d->drop[i]);
    free(d->drop);
    free(d->file);
    if (d->fd >= 0 && !d->committed) remove_empty(d);
    if (d->fd >= 0) (void) close(d->fd);
    free(d->dir);
    (void) pthread_mutex_destroy(&d->lock);
    free(d);
}
