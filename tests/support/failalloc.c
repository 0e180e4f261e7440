/*
 * failalloc.c - preloaded: the FA_N-th allocation of the whole process fails, and with
 * FA_MODE=from all after it.  FA_LOG names a file that gets the number of allocations.
 * Unlike oom.c this reaches every library as well.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t a, size_t b);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t a, size_t n);

static atomic_long count;
static long fail_at = -1;
static int from, ready;
static const char *log_path;

__attribute__((constructor)) static void
begin(void)
{
    const char *n = getenv("FA_N"), *mode = getenv("FA_MODE");

    if (n) fail_at = atol(n);
    from = mode && *mode == 'f';
    log_path = getenv("FA_LOG");
    ready = 1;
}

__attribute__((destructor)) static void
end(void)
{
    char text[32];
    const int n = snprintf(text, sizeof text, "%ld\n", (long) count);
    const int fd = log_path ? open(log_path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;

    if (fd < 0) return;
    if (write(fd, text, (size_t) n) < 0) (void) !write(2, "failalloc: no log\n", 18);
    (void) close(fd);
}

static int
fails(void)
{
    long k;

    if (!ready) return 0;
    k = atomic_fetch_add(&count, 1) + 1;
    if (fail_at <= 0 || (from ? k < fail_at : k != fail_at)) return 0;
    errno = ENOMEM;
    return 1;
}

void *
malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t a, size_t b)
{
    return fails() ? NULL : __libc_calloc(a, b);
}

void *
realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}

void *
aligned_alloc(size_t a, size_t n)
{
    return fails() ? NULL : __libc_memalign(a, n);
}

int
posix_memalign(void **p, size_t a, size_t n)
{
    void *r = fails() ? NULL : __libc_memalign(a, n);

    if (!r) return ENOMEM;
    *p = r;
    return 0;
}
