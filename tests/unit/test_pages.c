/* test_pages.c - tests of exomir/pages.h */
#define _GNU_SOURCE 1 /* syscall() */
#include "exomir/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Mappings are watched: each byte that is mapped must be unmapped, and no other. */
static size_t mapped, unmapped;
static int no_memory, misaligned;

enum { HUGE = 2 << 20 };

void *
mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
    void *p;

    if (no_memory) return MAP_FAILED;
    p = (void *) syscall(SYS_mmap, at, n, prot, flags, fd, offset);
    mapped += n;
    return p;
}

int
munmap(void *p, size_t n)
{
    misaligned |= (uintptr_t) p % 4096 != 0;
    unmapped += n;
    return (int) syscall(SYS_munmap, p, n);
}

static void
memory_is_zeroed_aligned_and_given_back(void **state)
{
    static const size_t sizes[] = {1,    4095,     4096,     4097,           HUGE - 1,
                                   HUGE, HUGE + 1, 3 * HUGE, 5 * HUGE + 4097};

    (void) state;
    for (int turn = 0; turn < 3; turn++)
        for (size_t i = 0; i < LEN(sizes); i++) {
            const size_t n = sizes[i];
            unsigned char *p;

            mapped = unmapped = 0;
            p = exm_pages_new(n);
            assert_non_null(p);
            assert_int_equal((uintptr_t) p % (n >= HUGE ? HUGE : 4096), 0);
            for (size_t k = 0; k < n; k += 511) assert_int_equal(p[k], 0);
            assert_int_equal(p[n - 1], 0);
            p[0] = p[n - 1] = 1;
            assert_true(mapped - unmapped >= n && mapped - unmapped < n + HUGE);
            exm_pages_free(p, n);
            assert_int_equal(mapped, unmapped);
        }
    assert_false(misaligned);
    exm_pages_free(NULL, 7);
}

static void
there_may_be_no_memory(void **state)
{
    (void) state;
    assert_null(exm_pages_new(0));
    assert_null(exm_pages_new(SIZE_MAX));
    assert_null(exm_pages_new(SIZE_MAX - HUGE));
    assert_null(exm_pages_new((size_t) 1 << 60)); /* more than there are addresses */
    no_memory = 1;
    assert_null(exm_pages_new(10));
    assert_null(exm_pages_new(3 * HUGE));
    no_memory = 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_given_back),
        cmocka_unit_test(there_may_be_no_memory),
    };
    return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
