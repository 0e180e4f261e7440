/* tempfile.c - files without a name: written in one piece after the other, then mapped. */
#include "exomir/tempfile.h"

#include "exomir/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct exm_tempfile {
    int fd;
    char *folder;
    uint64_t bytes;
    void *map;
};

static exm_status
fail(const exm_tempfile *f, const char *what, exm_error *reterr)
{
    const int e = errno;

    return exm_fail_errno(reterr, e, 0, "%s: cannot %s a temporary file%s", f->folder, what,
                          e == ENOSPC ? " (is the disk full?)" : "");
}

static exm_status
open_unlinked(exm_tempfile *f, exm_error *reterr)
{
    const size_t room = strlen(f->folder) + 64;
    char *path = malloc(room);
    exm_status st = EXM_OK;

    if (!path) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a path");
    for (unsigned k = 0; f->fd < 0 && k < 10000; k++) {
        (void) snprintf(path, room, "%s/uniques.tmp.%ld.%u", f->folder, (long) getpid(), k);
        f->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (f->fd < 0 && errno != EEXIST && errno != EINTR) break;
    }
    if (f->fd < 0 || unlink(path) != 0) st = fail(f, "make", reterr);
    free(path);
    return st;
}

exm_status
exm_tempfile_new(const char *folder, exm_tempfile **ret, exm_error *reterr)
{
    exm_tempfile *f;
    exm_status st;

    if (!folder || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "folder or ret is NULL");
    f = calloc(1, sizeof *f);
    if (f) f->folder = exm_text_dup(folder);
    if (!f || !f->folder) {
        free(f);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a temporary file");
    }
    f->fd = -1;
    st = open_unlinked(f, reterr);
    if (st != EXM_OK) {
        exm_tempfile_free(f);
        return st;
    }
    *ret = f;
    return EXM_OK;
}

void
exm_tempfile_free(exm_tempfile *f)
{
    if (!f) return;
    if (f->map) (void) munmap(f->map, (size_t) f->bytes);
    if (f->fd >= 0) (void) close(f->fd);
    free(f->folder);
    free(f);
}

exm_status
exm_tempfile_write(exm_tempfile *f, const void *p, size_t n, exm_error *reterr)
{
    const char *at = p;

    if (!f || (!p && n > 0) || f->map)
        return exm_fail(reterr, EXM_EINVAL, 0, "temporary file: bad arguments");
    while (n > 0) {
        const ssize_t k = write(f->fd, at, n < (1U << 30) ? n : 1U << 30);

        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return fail(f, "write", reterr);
        at += k;
        n -= (size_t) k;
        f->bytes += (uint64_t) k;
    }
    return EXM_OK;
}

exm_status
exm_tempfile_read(const exm_tempfile *f, uint64_t at, void *p, size_t n, exm_error *reterr)
{
    char *to = p;

    if (!f || (!p && n > 0))
        return exm_fail(reterr, EXM_EINVAL, 0, "temporary file: bad arguments");
    while (n > 0) {
        const ssize_t k = pread(f->fd, to, n < (1U << 30) ? n : 1U << 30, (off_t) at);

        if (k < 0 && errno == EINTR) continue;
        if (k == 0) errno = EIO; /* it was longer when it was written */
        if (k <= 0) return fail(f, "read", reterr);
        to += k;
        n -= (size_t) k;
        at += (uint64_t) k;
    }
    return EXM_OK;
}

uint64_t
exm_tempfile_bytes(const exm_tempfile *f)
{
    return f->bytes;
}

exm_status
exm_tempfile_map(exm_tempfile *f, void **ret, exm_error *reterr)
{
    void *p;

    if (!f || !ret || f->map)
        return exm_fail(reterr, EXM_EINVAL, 0, "temporary file: bad arguments");
    *ret = NULL;
    if (f->bytes == 0) return EXM_OK;
    if (f->bytes > SIZE_MAX)
        return exm_fail(reterr, EXM_ENOMEM, 0, "%s: a temporary file beyond memory",
                        f->folder);
    p = mmap(NULL, (size_t) f->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, 0);
    if (p == MAP_FAILED) return fail(f, "map", reterr);
    f->map = *ret = p;
    return EXM_OK;
}
