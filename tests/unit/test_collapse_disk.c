/*
 * test_collapse_disk.c - tables of unique inserts that are too large for their limit.
 *
 * What goes through files must come out as what stays in memory (test_collapse.c), whatever
 * the limit: few large runs, many small ones, so many that runs are merged on the way.
 */
#include "exomir/collapse.h"
#include "exomir/rng.h"
#include "exomir/tempfile.h"
#include "oom.h"
#include "tmpfile.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

enum { LETTERS = 1 << 16, LONGEST = 200, BATCH = 256 };

static char letters[LETTERS + LONGEST];

static void
draw_letters(void)
{
    exm_rng r;

    exm_rng_init(&r, 5, 5);
    for (size_t i = 0; i < sizeof letters; i++) letters[i] = "ACGT"[exm_rng_below(&r, 4)];
}

/* Read i of n: one of n / 2 inserts or so, each tenth of them long, with one of 8 UMIs. */
static void
make(uint64_t i, uint64_t n, exm_read *read, exm_trimmed *t)
{
    exm_rng r;
    uint64_t insert;

    exm_rng_init(&r, i, 1);
    insert = exm_rng_below(&r, n / 2 + 1);
    *read = (exm_read){.seq = letters, .copies = 1 + exm_rng_below(&r, 3)};
    *t = (exm_trimmed){.fate = EXM_FATE_KEPT, .umi = 1U << 8 | exm_rng_below(&r, 8)};
    exm_rng_init(&r, insert, 2);
    if (insert % 10 == 0) {
        t->start = (uint32_t) exm_rng_below(&r, LETTERS);
        t->len = 64 + (uint32_t) exm_rng_below(&r, LONGEST - 64);
    } else {
        t->len = 16 + (uint32_t) exm_rng_below(&r, 47);
        t->lo = (exm_rng_u64(&r) & (((uint64_t) 1 << t->len) - 1)) | (uint64_t) 1 << t->len;
        t->hi = exm_rng_u64(&r) & (((uint64_t) 1 << t->len) - 1);
    }
}

static exm_status
feed(exm_collapse *c, uint64_t n, exm_error *reterr)
{
    exm_read read[BATCH];
    exm_trimmed t[BATCH];
    exm_status st = EXM_OK;

    for (uint64_t at = 0; st == EXM_OK && at < n; at += BATCH) {
        size_t m = 0;

        for (; m < BATCH && at + m < n; m++) make(at + m, n, read + m, t + m);
        st = exm_collapse_add(c, read, t, m, reterr);
    }
    return st;
}

static int
in_order(const void *pa, const void *pb)
{
    const exm_unique *a = pa, *b = pb;

    if (a->len != b->len) return a->len < b->len ? -1 : 1;
    if (a->lo != b->lo) return a->lo < b->lo ? -1 : 1;
    if (a->hi != b->hi) return a->hi < b->hi ? -1 : 1;
    return a->seq ? memcmp(a->seq, b->seq, a->len) : 0;
}

static exm_unique *
sorted(const exm_collapse *c)
{
    const size_t n = exm_collapse_count(c);
    exm_unique *u = calloc(n + 1, sizeof *u);

    assert_non_null(u);
    for (size_t i = 0; i < n; i++) u[i] = exm_collapse_get(c, i);
    qsort(u, n, sizeof *u, in_order);
    return u;
}

static size_t
differences(const exm_collapse *a, const exm_collapse *b)
{
    exm_unique *x = sorted(a), *y = sorted(b);
    size_t wrong = 0;

    assert_int_equal(exm_collapse_count(a), exm_collapse_count(b));
    for (size_t i = 0; i < exm_collapse_count(a); i++)
        wrong += in_order(x + i, y + i) != 0 || x[i].reads != y[i].reads ||
                 x[i].molecules != y[i].molecules || x[i].umi != y[i].umi;
    free(x);
    free(y);
    return wrong;
}

static int
is_empty(const char *folder)
{
    DIR *d = opendir(folder);
    int n = 0;

    assert_non_null(d);
    while (readdir(d)) n++;
    (void) closedir(d);
    return n == 2; /* . and .. */
}

static exm_collapse *
count(const exm_collapse_options *o, uint64_t n)
{
    exm_collapse *c = NULL;
    exm_error err = {0};

    assert_int_equal(exm_collapse_new(o, &c, &err), EXM_OK);
    assert_int_equal(feed(c, n, &err), EXM_OK);
    if (o->folder) assert_true(is_empty(o->folder)); /* the files have no names */
    assert_int_equal(exm_collapse_finish(c, &err), EXM_OK);
    return c;
}

static void
any_limit_gives_the_same(void **state)
{
    static const struct {
        uint64_t n, most;
    } with[] = {{20000, 1}, {20000, 1 << 20}, {1200000, 1}, {400000, 4 << 20}};
    char folder[TMP_PATH];

    (void) state;
    tmp_folder(folder);
    for (int umi = 0; umi < 3; umi++) {
        for (size_t i = 0; i < sizeof with / sizeof with[0]; i++) {
            exm_collapse_options o = {.umi = umi > 0};
            exm_collapse *a, *b;

            if (umi > 0 && i == 2) continue;
            o.how.dedup = umi == 2 ? EXM_UMI_DIRECTIONAL : EXM_UMI_EXACT;
            a = count(&o, with[i].n);
            o.folder = folder;
            o.max_bytes = with[i].most;
            o.expect = i == 3 ? 1000000 : 0;
            b = count(&o, with[i].n);
            assert_int_equal(differences(a, b), 0);
            exm_collapse_free(b);
            b = count(&o, with[i].n - 1); /* the comparison can fail */
            if (exm_collapse_count(a) == exm_collapse_count(b))
                assert_int_not_equal(differences(a, b), 0);
            exm_collapse_free(b);
            exm_collapse_free(a);
        }
    }
    assert_int_equal(rmdir(folder), 0);
}

static void
nothing_and_one_read(void **state)
{
    char folder[TMP_PATH];
    exm_collapse_options o = {.max_bytes = 1, .folder = folder};

    (void) state;
    tmp_folder(folder);
    for (o.umi = 0; o.umi < 2; o.umi++) {
        for (uint64_t n = 0; n < 2; n++) {
            exm_collapse *c = count(&o, n);

            assert_int_equal(exm_collapse_count(c), n);
            exm_collapse_free(c);
        }
    }
    assert_int_equal(rmdir(folder), 0);
}

static void
a_folder_that_is_not_there(void **state)
{
    exm_collapse *c = NULL;
    exm_error err = {0};
    const exm_collapse_options o = {.max_bytes = 1, .folder = "/no/such/folder"};

    (void) state;
    assert_int_equal(exm_collapse_new(&o, &c, &err), EXM_OK);
    assert_int_equal(feed(c, 20000, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "/no/such/folder: cannot make a temporary file"));
    exm_collapse_free(c);
}

/* The limit of a process on its files stands for a disk that fills up, at every byte. */
static void
a_full_disk_is_told_wherever_it_is(void **state)
{
    struct rlimit before, now;
    char folder[TMP_PATH];
    int failed = 0, done = 0;

    (void) state;
    tmp_folder(folder);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void) signal(SIGXFSZ, SIG_IGN);
    for (int umi = 0; umi < 2; umi++) {
        for (rlim_t most = 0; most < (rlim_t) 1600000; most += 77777) {
            const exm_collapse_options o = {.umi = umi, .max_bytes = 1, .folder = folder};
            exm_collapse *c = NULL;
            exm_error err = {0};
            exm_status st;

            now = (struct rlimit){most, before.rlim_max};
            assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
            st = exm_collapse_new(&o, &c, &err);
            if (st == EXM_OK) st = feed(c, 40000, &err);
            if (st == EXM_OK) st = exm_collapse_finish(c, &err);
            assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
            exm_collapse_free(c);
            assert_true(is_empty(folder));
            done += st == EXM_OK;
            failed += st != EXM_OK;
            if (st == EXM_OK) continue;
            assert_int_equal(st, EXM_EIO);
            assert_non_null(strstr(err.msg, "cannot write a temporary file"));
        }
    }
    (void) signal(SIGXFSZ, SIG_DFL);
    assert_true(failed > 10 && done > 2);
    assert_int_equal(rmdir(folder), 0);
}

static void
survives_each_failed_allocation(void **state)
{
    char folder[TMP_PATH];
    int k = 0;

    (void) state;
    tmp_folder(folder);
    for (;; k++) {
        const exm_collapse_options o = {.umi = 1, .max_bytes = 1, .folder = folder};
        exm_collapse *c = NULL;
        exm_status st;

        oom_arm(k);
        st = exm_collapse_new(&o, &c, NULL);
        if (st == EXM_OK) st = feed(c, 8000, NULL);
        if (st == EXM_OK) st = exm_collapse_finish(c, NULL);
        exm_collapse_free(c);
        if (!oom_fired()) {
            assert_int_equal(st, EXM_OK);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
    }
    oom_arm(-1);
    assert_true(k > 12);
    assert_int_equal(rmdir(folder), 0);
}

static void
temporary_files(void **state)
{
    char folder[TMP_PATH], back[5];
    exm_tempfile *f = NULL, *empty = NULL;
    exm_error err = {0};
    void *p = NULL;

    (void) state;
    tmp_folder(folder);
    assert_int_equal(exm_tempfile_new(NULL, &f, &err), EXM_EINVAL);
    assert_int_equal(exm_tempfile_new(folder, &f, &err), EXM_OK);
    assert_int_equal(exm_tempfile_new(folder, &empty, &err), EXM_OK);
    assert_int_equal(exm_tempfile_write(f, "reads", 5, &err), EXM_OK);
    assert_int_equal(exm_tempfile_write(f, "", 0, &err), EXM_OK);
    assert_int_equal(exm_tempfile_bytes(f), 5);
    assert_int_equal(exm_tempfile_read(f, 1, back, 4, &err), EXM_OK);
    assert_memory_equal(back, "eads", 4);
    assert_int_equal(exm_tempfile_read(f, 1, back, 5, &err), EXM_EIO); /* one too many */
    assert_int_equal(exm_tempfile_map(f, &p, &err), EXM_OK);
    assert_memory_equal(p, "reads", 5);
    assert_int_equal(exm_tempfile_map(f, &p, &err), EXM_EINVAL);
    assert_int_equal(exm_tempfile_write(f, "x", 1, &err), EXM_EINVAL);
    assert_int_equal(exm_tempfile_map(empty, &p, &err), EXM_OK);
    assert_null(p);
    exm_tempfile_free(f);
    exm_tempfile_free(empty);
    exm_tempfile_free(NULL);
    assert_int_equal(rmdir(folder), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_limit_gives_the_same),
        cmocka_unit_test(nothing_and_one_read),
        cmocka_unit_test(a_folder_that_is_not_there),
        cmocka_unit_test(a_full_disk_is_told_wherever_it_is),
        cmocka_unit_test(survives_each_failed_allocation),
        cmocka_unit_test(temporary_files),
    };

    draw_letters();
    return cmocka_run_group_tests_name("collapse_disk", tests, NULL, NULL);
}
