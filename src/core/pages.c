/*
 * pages.c - anonymous mappings with MADV_HUGEPAGE.
 *
 * Linux only in the hint: madvise() and MAP_ANONYMOUS need _DEFAULT_SOURCE, which is
 * why they live in a file of their own.
 */
#define _DEFAULT_SOURCE 1
#include "exomir/pages.h"

#include <stdint.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

static size_t
mapped_size(size_t n)
{
    const size_t unit = n < HUGE_PAGE ? 4096U : HUGE_PAGE;

    return (n + unit - 1) / unit * unit;
}

void *
exm_pages_new(size_t n)
{
    size_t size, head;
    unsigned char *p;

    if (n == 0 || n > SIZE_MAX - 2 * (size_t) HUGE_PAGE) return NULL;
    size = mapped_size(n);
    if (size < HUGE_PAGE) {
        p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return p == MAP_FAILED ? NULL : p;
    }
    /* One huge page too many, then both ends cut off, gives the alignment. */
    p = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
             -1, 0);
    if (p == MAP_FAILED) return NULL;
    head = (HUGE_PAGE - (uintptr_t) p % HUGE_PAGE) % HUGE_PAGE;
    if (head > 0) (void) munmap(p, head);
    if (HUGE_PAGE - head > 0) (void) munmap(p + head + size, HUGE_PAGE - head);
    (void) madvise(p + head, size, MADV_HUGEPAGE);
    return p + head;
}

void
exm_pages_drop(void *p, size_t n)
{
    if (n >= HUGE_PAGE) (void) madvise(p, n / HUGE_PAGE * HUGE_PAGE, MADV_DONTNEED);
}

void
exm_pages_free(void *p, size_t n)
{
    if (p) (void) munmap(p, mapped_size(n));
}
