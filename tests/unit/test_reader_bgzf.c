/*
 * test_reader_bgzf.c - BGZF through exomir/reader.h: blocks that several threads unpack.
 *
 * The oracle is the reader with one taker, which unpacks in order as it goes: with several
 * the reads, the hashes and, of whatever damage, the words must be the same.
 */
#include "seq/reader_impl.h"

#include "oom.h"
#include "packed.h"
#include "tmpfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { THREADS_MAX = 8 };

static char folder[TMP_PATH];

/* What one thread got; the sum of hashes does not know an order. */
typedef struct taker {
    exm_reader *r;
    uint64_t reads, sum;
    exm_status status;
    exm_error err;
} taker;

/* What all of them got. */
typedef struct outcome {
    taker of_all;
    exm_multihash content;
    exm_reader_file file;
    int cut; /* BGZF blocks were cut out for threads */
} outcome;

static uint64_t
mix(uint64_t h, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char) p[i]) * UINT64_C(1099511628211);
    return h;
}

static void *
take_all(void *ctx)
{
    taker *t = ctx;
    exm_reader_batch *b = NULL;
    const exm_read *reads;
    size_t n;

    if (exm_reader_batch_new(&b, &t->err) != EXM_OK) abort();
    for (;;) {
        t->status = exm_reader_take(t->r, b, &reads, &n, &t->err);
        if (t->status != EXM_OK || n == 0) break;
        t->reads += n;
        for (size_t i = 0; i < n; i++)
            t->sum += mix(mix(mix(7, reads[i].seq, reads[i].len), reads[i].qual,
                              reads[i].qual ? reads[i].len : 0),
                          reads[i].name, reads[i].name_len);
    }
    exm_reader_batch_free(b);
    return NULL;
}

/* With takers > threads, fewer threads come than may. */
static void
take_with(const char *path, unsigned takers, unsigned threads, size_t block, outcome *ret)
{
    exm_reader_options o = exm_reader_defaults();
    taker t[THREADS_MAX] = {{0}};
    pthread_t id[THREADS_MAX];
    exm_reader *r = NULL;

    memset(ret, 0, sizeof *ret);
    o.takers = takers;
    o.block = block;
    assert_int_equal(exm_reader_open(&path, 1, &o, &r, NULL), EXM_OK);
    for (unsigned i = 0; i < threads; i++) t[i].r = r;
    for (unsigned i = 1; i < threads; i++)
        assert_int_equal(pthread_create(id + i, NULL, take_all, t + i), 0);
    (void) take_all(t);
    ret->of_all = t[0];
    for (unsigned i = 1; i < threads; i++) {
        assert_int_equal(pthread_join(id[i], NULL), 0);
        assert_int_equal(t[i].status, t[0].status);
        assert_string_equal(t[i].err.msg, t[0].err.msg);
        ret->of_all.reads += t[i].reads;
        ret->of_all.sum += t[i].sum;
    }
    ret->content = exm_reader_content(r);
    ret->file = *exm_reader_file_get(r, 0);
    for (size_t i = 0; i < r->n_blocks; i++) ret->cut |= r->blocks[i].pieces != NULL;
    exm_reader_close(r);
}

static void
assert_same(const outcome *a, const outcome *b)
{
    assert_int_equal(a->of_all.status, b->of_all.status);
    assert_string_equal(a->of_all.err.msg, b->of_all.err.msg);
    assert_int_equal(a->of_all.reads, b->of_all.reads);
    assert_true(a->of_all.sum == b->of_all.sum);
    assert_memory_equal(&a->content, &b->content, sizeof a->content);
    assert_string_equal(a->file.sha256, b->file.sha256);
    assert_int_equal(a->file.container, b->file.container);
    if (a->of_all.status == EXM_OK) assert_int_equal(a->file.raw_bytes, b->file.raw_bytes);
}

static void
make_text(bytes *b, unsigned n)
{
    uint32_t x = 7;

    for (unsigned i = 0; i < n; i++) add_record(b, &x, i, 18 + draw(&x) % 40);
}

/* One thread, then 2, 3 and 8 in blocks of several sizes; what they say is in *ret. */
static void
compare_threads(const bytes *packed, outcome *ret)
{
    static const unsigned threads[] = {2, 3, 8};
    static const size_t blocks[] = {1 << 20, 70000, 3000};
    char path[TMP_PATH];
    outcome got;

    (void) tmp_write(path, folder, "a.gz", packed->p, packed->n);
    take_with(path, 1, 1, 1 << 20, ret);
    assert_false(ret->cut);
    for (size_t t = 0; t < LEN(threads); t++)
        for (size_t k = 0; k < LEN(blocks); k++) {
            take_with(path, threads[t], threads[t], blocks[k], &got);
            assert_true(got.cut);
            assert_same(&got, ret);
        }
    (void) unlink(path);
}

static void
any_number_of_threads_reads_the_same(void **state)
{
    static const size_t sizes[] = {65280, 4000, 150, 65536};
    bytes text = {0}, packed = {0};
    char sha[EXM_SHA256_HEX];
    outcome got, first;

    (void) state;
    make_text(&text, 20000);
    for (size_t i = 0; i < LEN(sizes); i++) {
        packed.n = 0;
        add_bgzf(&packed, text.p, text.n, sizes[i]);
        compare_threads(&packed, i == 0 ? &first : &got);
        if (i == 0) got = first;
        assert_int_equal(got.of_all.status, EXM_OK);
        assert_int_equal(got.of_all.reads, 20000);
        assert_true(got.of_all.sum == first.of_all.sum);
        assert_int_equal(got.file.container, EXM_CONTAINER_BGZF);
        assert_int_equal(got.file.raw_bytes, packed.n);
        assert_int_equal(exm_sha256_of(packed.p, packed.n, sha, NULL), EXM_OK);
        assert_string_equal(got.file.sha256, sha);
    }
    bytes_done(&text);
    bytes_done(&packed);
}

/* Members of other kinds, blocks with other headers and empty ones go with them. */
static void
odd_members_are_read_as_by_one(void **state)
{
    bytes text = {0}, packed = {0}, fields = {0};
    outcome got;

    (void) state;
    make_text(&text, 3000);
    add_bgzf(&packed, text.p, text.n, 9000);
    add_gzip(&packed, text.p, text.n);
    add_bgzf(&packed, text.p, text.n, 1000);
    for (unsigned i = 0; i < 300; i++) add_bgzf_eof(&packed);
    add_bgzf(&packed, text.p, text.n, 30000);
    compare_threads(&packed, &got);
    assert_int_equal(got.of_all.status, EXM_OK);
    assert_int_equal(got.of_all.reads, 4 * 3000);

    packed.n = 0; /* a name behind the extra field of the middle one */
    add_bgzf_block(&packed, text.p, 5000);
    add(&fields, "\x06\0BC\x02\0\0\0name", 13);
    {
        const size_t at = packed.n;

        add_gzip_with(&packed, 4 | 8, &fields, text.p + 5000, 5000);
        packed.p[at + 16] = (uint8_t) (packed.n - at - 1);
        packed.p[at + 17] = (uint8_t) ((packed.n - at - 1) >> 8);
    }
    add_bgzf(&packed, text.p + 10000, text.n - 10000, 5000);
    compare_threads(&packed, &got);
    assert_int_equal(got.of_all.status, EXM_OK);
    assert_int_equal(got.of_all.reads, 3000);
    bytes_done(&text);
    bytes_done(&packed);
    bytes_done(&fields);
}

/* Where block i starts. */
static size_t
block_at(const bytes *packed, size_t i)
{
    size_t at = 0;

    while (i-- > 0) at += (packed->p[at + 16] | (size_t) packed->p[at + 17] << 8) + 1;
    return at;
}

static void
damage_in_the_middle_is_told_alike(void **state)
{
    enum { BLOCKS = 40, HURT = 21 };
    static const struct {
        int from_end; /* of the block */
        size_t offset;
        const char *words;
    } damage[] = {
        {0, 0, "bytes that are no gzip data"},
        {0, 2, "unknown packing method"},
        {0, 3, "reserved flags"}, /* 0x04 ^ 0xff */
        {0, 16, NULL},            /* its packed size: whatever that leads to */
        {0, 17, NULL},
        {0, 60, NULL},
        {1, 8, "the CRC-32 of a BGZF block is wrong"},
        {1, 4, "invalid deflate data in a BGZF block"}, /* another length */
        {1, 1, "a BGZF block states an impossible length"},
    };
    bytes text = {0}, packed = {0};
    outcome got;

    (void) state;
    make_text(&text, 12000);
    for (size_t i = 0; i < LEN(damage); i++) {
        char byte[64];
        size_t at, end, hit;

        packed.n = 0;
        add_bgzf(&packed, text.p, text.n, text.n / BLOCKS + 1);
        at = block_at(&packed, HURT);
        end = block_at(&packed, HURT + 1);
        hit = damage[i].from_end ? end - damage[i].offset : at + damage[i].offset;
        packed.p[hit] ^= 0xff;
        compare_threads(&packed, &got);
        assert_int_equal(got.of_all.status, EXM_EDATA);
        assert_in_range(got.of_all.reads, 12000 * (HURT - 1) / BLOCKS,
                        12000 * (HURT + 1) / BLOCKS);
        if (!damage[i].words) continue;
        assert_non_null(strstr(got.of_all.err.msg, damage[i].words));
        (void) snprintf(byte, sizeof byte, "a.gz: byte %zu: ", at);
        assert_non_null(strstr(got.of_all.err.msg, byte));
    }
    bytes_done(&text);
    bytes_done(&packed);
}

/* Of two damaged blocks the first one is told, though the last is found first at times. */
static void
the_first_of_two_damages_is_told(void **state)
{
    bytes text = {0}, packed = {0};
    char path[TMP_PATH], byte[64];
    outcome one, got;
    size_t first;

    (void) state;
    make_text(&text,
              30000); /* the first is met deep in a block of 1 MiB, the second early */
    add_bgzf(&packed, text.p, text.n, 60000);
    assert_true(text.n > 2 << 20);
    first = block_at(&packed, 15);
    packed.p[first + 400] ^= 0x10;
    packed.p[block_at(&packed, 18) + 30] ^= 0x10;
    packed.n -= 100; /* nor is the end there */
    (void) tmp_write(path, folder, "a.gz", packed.p, packed.n);
    take_with(path, 1, 1, 1 << 20, &one);
    (void) snprintf(byte, sizeof byte, "a.gz: byte %zu: ", first);
    assert_non_null(strstr(one.of_all.err.msg, byte));
    for (unsigned turn = 0; turn < 30; turn++) {
        take_with(path, 8, 2 + turn % 7, 1 << 20, &got);
        assert_same(&got, &one);
    }
    (void) unlink(path);
    bytes_done(&text);
    bytes_done(&packed);
}

/* Every byte changed, every length cut, on the way of several threads by one of them. */
static void
every_damage_has_one_verdict(void **state)
{
    bytes text = {0}, packed = {0};
    char path[TMP_PATH];
    outcome one, got;
    size_t n;

    (void) state;
    make_text(&text, 12);
    add_bgzf(&packed, text.p, text.n, 300);
    n = packed.n;
    for (size_t i = 0; i < 2 * n; i++) {
        const size_t at = i % n;

        packed.p[at] = (uint8_t) (packed.p[at] ^ (i < n ? 1u << at % 8 : 0u));
        (void) tmp_write(path, folder, "a.gz", packed.p, i < n ? n : at);
        packed.p[at] = (uint8_t) (packed.p[at] ^ (i < n ? 1u << at % 8 : 0u));
        take_with(path, 1, 1, 1 << 20, &one);
        take_with(path, 2, 1, i % 2 ? 1 << 20 : 500, &got);
        assert_same(&got, &one);
        if (i >= n) assert_int_equal(got.of_all.status, EXM_EDATA);
    }
    (void) tmp_write(path, folder, "a.gz", packed.p, n);
    take_with(path, 2, 1, 500, &got);
    assert_int_equal(got.of_all.status, EXM_OK); /* undamaged it is read */
    (void) unlink(path);
    bytes_done(&text);
    bytes_done(&packed);
}

static void
each_allocation_may_fail(void **state)
{
    bytes text = {0}, packed = {0};
    char path[TMP_PATH];
    const char *paths[1];
    exm_reader_options o = exm_reader_defaults();
    int k = 0, failures = 0;

    (void) state;
    make_text(&text, 100);
    add_bgzf(&packed, text.p, text.n, 1000);
    paths[0] = tmp_write(path, folder, "a.gz", packed.p, packed.n);
    o.takers = 3;
    o.block = 4096;
    for (;; k++) {
        exm_reader *r = NULL;
        const exm_read *reads;
        exm_error err;
        uint64_t sum = 0;
        size_t n = 0;
        exm_status s;

        oom_arm(k);
        s = exm_reader_open(paths, 1, &o, &r, &err);
        while (s == EXM_OK && (s = exm_reader_next(r, &reads, &n, &err)) == EXM_OK && n > 0)
            sum += n;
        exm_reader_close(r);
        if (!oom_fired()) {
            assert_int_equal(s, EXM_OK);
            assert_int_equal(sum, 100);
            break;
        }
        if (s == EXM_OK ? sum != 100 : s != EXM_ENOMEM)
            fail_msg("allocation %d: status %d", k, s);
        failures += s == EXM_ENOMEM;
    }
    oom_arm(-1);
    assert_true(failures > 15);
    (void) unlink(path);
    bytes_done(&text);
    bytes_done(&packed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_threads_reads_the_same),
        cmocka_unit_test(odd_members_are_read_as_by_one),
        cmocka_unit_test(damage_in_the_middle_is_told_alike),
        cmocka_unit_test(the_first_of_two_damages_is_told),
        cmocka_unit_test(every_damage_has_one_verdict),
        cmocka_unit_test(each_allocation_may_fail),
    };
    int rc;

    tmp_folder(folder);
    rc = cmocka_run_group_tests_name("reader_bgzf", tests, NULL, NULL);
    (void) rmdir(folder);
    return rc;
}
