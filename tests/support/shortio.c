/* shortio.c - preloaded: read and write move at most SI_MAX bytes, and every SI_EINTR-th call
 * is interrupted; so is every other fsync. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t
most(void)
{
    const char *s = getenv("SI_MAX");

    return s && atol(s) > 0 ? (size_t) atol(s) : 1;
}

static int
interrupted(void)
{
    static atomic_long calls;
    const char *s = getenv("SI_EINTR");
    const long every = s ? atol(s) : 0;

    if (every <= 0 || atomic_fetch_add(&calls, 1) % every != every - 1) return 0;
    errno = EINTR;
    return 1;
}

ssize_t
read(int fd, void *p, size_t n)
{
    static ssize_t (*real)(int, void *, size_t);

    if (!real) {
        void *f = dlsym(RTLD_NEXT, "read");

        memcpy(&real, &f, sizeof real);
    }
    if (interrupted()) return -1;
    return real(fd, p, n < most() ? n : most());
}

ssize_t
write(int fd, const void *p, size_t n)
{
    static ssize_t (*real)(int, const void *, size_t);

    if (!real) {
        void *f = dlsym(RTLD_NEXT, "write");

        memcpy(&real, &f, sizeof real);
    }
    if (interrupted()) return -1;
    return real(fd, p, n < most() ? n : most());
}

int
fsync(int fd)
{
    static int (*real)(int);
    static atomic_long calls;

    if (!real) {
        void *f = dlsym(RTLD_NEXT, "fsync");

        memcpy(&real, &f, sizeof real);
    }
    if (getenv("SI_EINTR") && atol(getenv("SI_EINTR")) > 0 &&
        atomic_fetch_add(&calls, 1) % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    return real(fd);
}
