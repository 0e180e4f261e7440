/* test_digest.c - tests of exomir/digest.h */
#include "exomir/digest.h"
#include "oom.h"
#include "tmpfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <xxhash.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static uint32_t
next_random(void)
{
    static uint32_t x = 2463534242u; /* xorshift32: same draws on every machine */

    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    return x >> 3;
}

/* ---- SHA-256 ---- */

#define ABC     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define MILLION "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static void
known_messages(void **state)
{
    /* FIPS 180-4's examples, and the four-block one of NIST's validation suite. */
    static const struct {
        const char *text, *hex;
    } known[] = {
        {"", NOTHING},
        {"abc", ABC},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
         "klmnopqrlmnopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    char hex[EXM_SHA256_HEX];

    (void) state;
    for (size_t i = 0; i < LEN(known); i++) {
        assert_int_equal(exm_sha256_of(known[i].text, strlen(known[i].text), hex, NULL),
                         EXM_OK);
        assert_string_equal(hex, known[i].hex);
    }
    assert_int_equal(exm_sha256_of(NULL, 0, hex, NULL), EXM_OK);
    assert_string_equal(hex, NOTHING);
}

static void
pieces_make_the_same_digest(void **state)
{
    static char a[1000];

    (void) state;
    memset(a, 'a', sizeof a);
    for (int turn = 0; turn < 3; turn++) {
        exm_sha256 *h = NULL;
        char hex[EXM_SHA256_HEX];
        size_t left = 1000000;

        assert_int_equal(exm_sha256_new(&h, NULL), EXM_OK);
        while (left > 0) {
            size_t n = turn == 0 ? 1000 : next_random() % 1000;

            if (n > left) n = left;
            assert_int_equal(exm_sha256_add(h, n ? a : NULL, n, NULL), EXM_OK);
            left -= n;
        }
        assert_int_equal(exm_sha256_hex(h, hex, NULL), EXM_OK);
        assert_string_equal(hex, MILLION);
        exm_sha256_free(h);
    }
    exm_sha256_free(NULL);
}

static void
digits_become_bytes(void **state)
{
    unsigned char sha[EXM_SHA256_LEN];
    char hex[EXM_SHA256_HEX];

    (void) state;
    exm_sha256_bytes(ABC, sha);
    for (size_t i = 0; i < EXM_SHA256_LEN; i++)
        (void) snprintf(hex + 2 * i, 3, "%02x", sha[i]);
    assert_string_equal(hex, ABC);
}

static void
files_of_any_size(void **state)
{
    static char a[1000000];
    char dir[TMP_PATH], path[TMP_PATH], hex[EXM_SHA256_HEX];
    exm_error err = {0};

    (void) state;
    memset(a, 'a', sizeof a);
    tmp_folder(dir);
    tmp_write(path, dir, "f", a, sizeof a);
    assert_int_equal(exm_sha256_of_file(path, hex, &err), EXM_OK);
    assert_string_equal(hex, MILLION);
    tmp_write(path, dir, "f", a, 0);
    assert_int_equal(exm_sha256_of_file(path, hex, &err), EXM_OK);
    assert_string_equal(hex, NOTHING);
    for (int k = 0; k < 2; k++) { /* the hash, the block that is read into */
        oom_arm(k);
        assert_int_equal(exm_sha256_of_file(path, hex, &err), EXM_ENOMEM);
        assert_true(oom_fired());
        oom_arm(-1);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(exm_sha256_of_file(path, hex, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, path));
    assert_int_equal(exm_sha256_of_file(dir, hex, &err),
                     EXM_EIO); /* opens, cannot be read */
    assert_non_null(strstr(err.msg, dir));
    assert_string_equal(hex, NOTHING); /* untouched */
    assert_int_equal(rmdir(dir), 0);
}

static void
memory_can_run_out(void **state)
{
    exm_sha256 *h = NULL;
    char hex[EXM_SHA256_HEX] = "untouched";

    (void) state;
    oom_arm(0);
    assert_int_equal(exm_sha256_new(&h, NULL), EXM_ENOMEM);
    oom_arm(0);
    assert_int_equal(exm_sha256_of("abc", 3, hex, NULL), EXM_ENOMEM);
    oom_arm(-1);
    assert_null(h);
    assert_string_equal(hex, "untouched");
}

/* ---- the order-free hash ---- */

enum { READS = 300 };

struct read {
    char text[128]; /* sequence "\n+\n" quality, as in a file */
    size_t n_seq, n_qual;
    uint64_t copies;
};

static struct read reads[READS];

static void
make_reads(void)
{
    for (size_t i = 0; i < READS; i++) {
        struct read *r = &reads[i];

        r->n_seq = i % 50;
        r->n_qual = i % 7 ? r->n_seq : 0; /* some are FASTA */
        r->copies = i % 11 ? 1 : next_random() % 1000;
        for (size_t k = 0; k < r->n_seq; k++) r->text[k] = "ACGTN"[next_random() % 5];
        memcpy(r->text + r->n_seq, "\n+\n", 3);
        for (size_t k = 0; k < r->n_qual; k++)
            r->text[r->n_seq + 3 + k] = (char) (33 + next_random() % 94);
    }
}

static void
add(exm_multihash *h, const struct read *r)
{
    exm_multihash_add(h, r->text, r->n_seq, r->text + r->n_seq + 3, r->n_qual, r->copies);
}

static int
equal(const exm_multihash *a, const exm_multihash *b)
{
    return a->lo == b->lo && a->hi == b->hi;
}

static void
one_read_is_the_xxh3_of_its_record(void **state)
{
    (void) state;
    for (size_t i = 0; i < READS; i++) {
        const struct read *r = &reads[i];
        const XXH128_hash_t x = XXH3_128bits(r->text, r->n_seq + 3 + r->n_qual);
        exm_multihash whole = {0}, pieces = {0}, near_miss = {0};
        char seq[64], qual[64], glued[128];

        exm_multihash_add(&whole, r->text, r->n_seq, r->text + r->n_seq + 3, r->n_qual, 1);
        assert_true(whole.lo == x.low64 && whole.hi == x.high64);
        memcpy(seq, r->text, r->n_seq);
        memcpy(qual, r->text + r->n_seq + 3, r->n_qual);
        exm_multihash_add(&pieces, seq, r->n_seq, r->n_qual ? qual : NULL, r->n_qual, 1);
        assert_true(equal(&whole, &pieces));
        /* Three bytes apart, but other bytes between, as with CR LF. */
        memcpy(glued, r->text, sizeof glued);
        memcpy(glued + r->n_seq, "\n+x", 3);
        exm_multihash_add(&near_miss, glued, r->n_seq, glued + r->n_seq + 3, r->n_qual, 1);
        assert_true(equal(&whole, &near_miss));
    }
}

static void
order_and_parts_do_not_matter(void **state)
{
    exm_multihash all = {0}, lone = {0};
    size_t order[READS];

    (void) state;
    for (size_t i = 0; i < READS; i++) {
        add(&all, &reads[i]);
        order[i] = i;
    }
    for (int turn = 0; turn < 20; turn++) {
        exm_multihash part[3] = {{0}};

        for (size_t i = READS; i > 1; i--) {
            const size_t k = next_random() % i, t = order[k];

            order[k] = order[i - 1];
            order[i - 1] = t;
        }
        for (size_t i = 0; i < READS; i++) add(&part[next_random() % 3], &reads[order[i]]);
        exm_multihash_merge(&part[2], &part[0]);
        exm_multihash_merge(&part[2], &part[1]);
        assert_true(equal(&part[2], &all));
    }
    for (size_t i = 1; i < READS; i++) add(&lone, &reads[i]); /* negative controls */
    assert_false(equal(&lone, &all));
    add(&lone, &reads[1]);
    assert_false(equal(&lone, &all));
}

static void
copies_are_added_modulo_2_to_the_128(void **state)
{
    exm_multihash one = {0}, sum = {0}, times = {0}, most = {0}, zero = {0};

    (void) state;
    exm_multihash_add(&one, "ACGT", 4, "IIII", 4, 1);
    assert_true(one.hi >> 63 || one.hi >> 62); /* so that sums do wrap below */
    for (uint64_t c = 1; c <= 100; c++) {
        exm_multihash_merge(&sum, &one);
        times = (exm_multihash){0};
        exm_multihash_add(&times, "ACGT", 4, "IIII", 4, c);
        assert_true(equal(&sum, &times));
    }
    /* 2^64 - 1 copies and one more: 64 doublings of one. */
    exm_multihash_add(&most, "ACGT", 4, "IIII", 4, UINT64_MAX);
    exm_multihash_merge(&most, &one);
    for (int i = 0; i < 64; i++) {
        const exm_multihash half = one;

        exm_multihash_merge(&one, &half);
    }
    assert_true(equal(&most, &one));
    assert_true(one.lo == 0 && one.hi != 0);
    exm_multihash_add(&zero, "ACGT", 4, "IIII", 4, 0);
    assert_true(zero.lo == 0 && zero.hi == 0);
}

static void
sequence_and_quality_do_not_run_together(void **state)
{
    exm_multihash a = {0}, b = {0}, c = {0};

    (void) state;
    exm_multihash_add(&a, "AC", 2, "GT", 2, 1);
    exm_multihash_add(&b, "ACG", 3, "T", 1, 1);
    exm_multihash_add(&c, "AC", 2, NULL, 0, 1);
    assert_false(equal(&a, &b));
    assert_false(equal(&a, &c));
}

static void
digits_are_high_then_low(void **state)
{
    const exm_multihash h = {.lo = 0x0123456789abcdefu, .hi = 0xfedcba9876543210u};
    char hex[33];

    (void) state;
    exm_multihash_hex(&h, hex);
    assert_string_equal(hex, "fedcba98765432100123456789abcdef");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_messages),
        cmocka_unit_test(pieces_make_the_same_digest),
        cmocka_unit_test(digits_become_bytes),
        cmocka_unit_test(files_of_any_size),
        cmocka_unit_test(memory_can_run_out),
        cmocka_unit_test(one_read_is_the_xxh3_of_its_record),
        cmocka_unit_test(order_and_parts_do_not_matter),
        cmocka_unit_test(copies_are_added_modulo_2_to_the_128),
        cmocka_unit_test(sequence_and_quality_do_not_run_together),
        cmocka_unit_test(digits_are_high_then_low),
    };

    make_reads();
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
