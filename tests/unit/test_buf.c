/* test_buf.c - tests of exomir/buf.h */
#include "comma.h"
#include "exomir/buf.h"
#include "oom.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t
next_random(void)
{
    static uint64_t x = 88172645463325252u; /* xorshift64: same draws on every machine */

    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return x;
}

static double
random_double(void)
{
    const uint64_t u = next_random();
    double v;

    memcpy(&v, &u, sizeof v);
    return v;
}

/* ---- bytes ---- */

static void
any_puts_add_up(void **state)
{
    static char want[1 << 16];
    exm_buf b;
    size_t n = 0;

    (void) state;
    exm_buf_init(&b);
    exm_buf_clear(&b); /* legal without memory */
    exm_buf_put(&b, NULL, 0);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.data, "");
    while (n + 400 < sizeof want) {
        const size_t k = next_random() % 300;
        char piece[301];

        for (size_t i = 0; i < k; i++) piece[i] = (char) ('a' + next_random() % 26);
        piece[k] = '\0';
        memcpy(want + n, piece, k);
        n += k;
        switch (next_random() % 4) {
        case 0:
            exm_buf_put(&b, piece, k);
            break;
        case 1:
            exm_buf_puts(&b, piece);
            break;
        case 2:
            exm_buf_putf(&b, "%s",
                         piece); /* on either side of its 256 bytes on the stack */
            break;
        default:
            for (size_t i = 0; i < k; i++) exm_buf_putc(&b, piece[i]);
        }
        assert_int_equal(b.len, n);
        assert_true(b.cap > b.len);
        assert_int_equal(b.data[b.len], '\0');
    }
    assert_memory_equal(b.data, want, n);
    assert_int_equal(exm_buf_check(&b, NULL), EXM_OK);
    exm_buf_clear(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.data, "");
    assert_true(b.cap > n); /* the memory is kept */
    exm_buf_done(&b);
    assert_null(b.data);
    exm_buf_done(&b);
}

static void
formatted_text_of_any_length_is_whole(void **state)
{
    char word[600];

    (void) state;
    memset(word, 'x', sizeof word);
    for (size_t n = 250; n < 260; n++) {
        exm_buf b = {0};

        exm_buf_puts(&b, "<");
        exm_buf_putf(&b, "%.*s%d", (int) n, word, 7);
        exm_buf_puts(&b, ">");
        assert_int_equal(b.len, n + 3);
        assert_int_equal(strspn(b.data + 1, "x"), n);
        assert_string_equal(b.data + 1 + n, "7>");
        exm_buf_done(&b);
    }
}

static void
a_reservation_is_room_and_no_length(void **state)
{
    exm_buf b = {0};
    char *p;

    (void) state;
    for (size_t n = 0; n < 300; n++) {
        p = exm_buf_reserve(&b, n);
        assert_non_null(p);
        assert_ptr_equal(p, b.data + b.len);
        assert_true(b.cap - b.len > n); /* one more, for the NUL */
        memset(p, 'r', n);
        exm_buf_putc(&b, 'c');
        assert_int_equal(b.len, n + 1);
    }
    exm_buf_done(&b);
}

static void
a_failure_sticks_until_the_buffer_is_cleared(void **state)
{
    exm_buf b = {0};
    exm_error err = {0};

    (void) state;
    exm_buf_puts(&b, "kept");
    assert_null(exm_buf_reserve(&b, SIZE_MAX)); /* no power of two holds it */
    assert_null(exm_buf_reserve(&b, 0));
    exm_buf_puts(&b, "x");
    exm_buf_putc(&b, 'x');
    exm_buf_putf(&b, "%0300d", 1);
    exm_buf_put_u64(&b, 1);
    exm_buf_put_double(&b, 1.0);
    exm_buf_put_varint(&b, 1);
    assert_string_equal(b.data, "kept");
    assert_int_equal(exm_buf_check(&b, &err), EXM_ENOMEM);
    assert_int_equal(err.at, 4);
    exm_buf_clear(&b);
    assert_int_equal(exm_buf_check(&b, &err), EXM_OK);
    exm_buf_puts(&b, "again");
    assert_string_equal(b.data, "again");
    exm_buf_done(&b);
}

/* ---- numbers ---- */

static void
whole_numbers_equal_printf(void **state)
{
    char want[32];

    (void) state;
    for (int i = 0; i < 4000; i++) {
        /* all sizes, and both sides of each power of two and ten */
        const uint64_t u = i < 64    ? (uint64_t) 1 << i
                           : i < 128 ? ((uint64_t) 1 << (i - 64)) - 1
                                     : next_random() >> (i % 64);
        const int64_t v = (int64_t) (i % 2 ? 0 - u : u);
        exm_buf b = {0};

        exm_buf_put_u64(&b, u);
        (void) snprintf(want, sizeof want, "%" PRIu64, u);
        assert_string_equal(b.data, want);
        exm_buf_clear(&b);
        exm_buf_put_i64(&b, v);
        (void) snprintf(want, sizeof want, "%" PRId64, v);
        assert_string_equal(b.data, want);
        exm_buf_done(&b);
    }
}

static void
assert_whole(int64_t i, uint64_t u, const char *both)
{
    exm_buf b = {0};

    exm_buf_put_i64(&b, i);
    exm_buf_putc(&b, ' ');
    exm_buf_put_u64(&b, u);
    assert_string_equal(b.data, both);
    exm_buf_done(&b);
}

static void
whole_numbers_reach_both_ends(void **state)
{
    (void) state;
    assert_whole(0, 0, "0 0");
    assert_whole(INT64_MAX, UINT64_MAX, "9223372036854775807 18446744073709551615");
    assert_whole(INT64_MIN, 10, "-9223372036854775808 10");
    assert_whole(-1, 9, "-1 9");
}

/* Digits of the mantissa, without leading and trailing zeros. */
static int
significant(const char *s)
{
    int n = 0, zeros = 0;

    for (; *s && *s != 'e'; s++) {
        if (*s < '0' || *s > '9') continue;
        if (*s == '0') {
            zeros += n > 0;
        } else {
            n += zeros + 1;
            zeros = 0;
        }
    }
    return n;
}

/* The least precision at which printf's correctly rounded digits read back. */
static int
least_precision(double v)
{
    char s[64];

    for (int p = 1; p < 17; p++) {
        (void) snprintf(s, sizeof s, "%.*e", p - 1, v);
        if (strtod(s, NULL) == v) return p;
    }
    return 17;
}

static void
check_double(double v)
{
    exm_buf b = {0};
    char *end;
    double back;

    exm_buf_put_double(&b, v);
    back = strtod(b.data, &end);
    assert_int_equal(*end, '\0');
    assert_memory_equal(&back, &v, sizeof v); /* -0 too */
    if (fabs(v) >= 0x1p-1022) assert_int_equal(significant(b.data), least_precision(v));
    exm_buf_done(&b);
}

static void
doubles_read_back_and_are_as_short_as_can_be(void **state)
{
    static const double edge[] = {0.0,
                                  -0.0,
                                  0.1,
                                  1.0 / 3.0,
                                  2.0 / 3.0,
                                  1e22,
                                  1e23,
                                  123456789012345678.0,
                                  0x1p-1022,
                                  0x1p-1074,
                                  0x1.fffffffffffffp+1023,
                                  9007199254740993.0,
                                  5e-324};

    (void) state;
    for (size_t i = 0; i < LEN(edge); i++) {
        check_double(edge[i]);
        check_double(-edge[i]);
    }
    for (int i = 0; i < 20000; i++) {
        double v = random_double();

        if (isfinite(v)) check_double(v);
        check_double((double) (next_random() % 1000000) / 1000.0); /* short ones */
    }
}

static void
assert_double(double v, const char *want)
{
    exm_buf b = {0};

    exm_buf_put_double(&b, v);
    assert_string_equal(b.data, want);
    exm_buf_done(&b);
}

static void
assert_fixed(double v, int decimals, const char *want)
{
    exm_buf b = {0};

    exm_buf_put_fixed(&b, v, decimals);
    assert_string_equal(b.data, want);
    exm_buf_done(&b);
}

static void
check_known_doubles(void)
{
    assert_double(0.5, "0.5");
    assert_double(-1234.5, "-1234.5");
    assert_double(0.1 + 0.2, "0.30000000000000004");
    assert_double(1e300, "1e+300");
    assert_double(-2.5e-7, "-2.5e-07");
    assert_double((double) NAN, "NA");
    assert_double((double) INFINITY, "Inf");
    assert_double(-(double) INFINITY, "-Inf");
    assert_fixed(2.25, 1, "2.2"); /* halves to even, as IEEE 754 has it */
    assert_fixed(2.35, 1, "2.4");
    assert_fixed(-0.5, 0, "-0");
    assert_fixed(99.96, 1, "100.0");
    assert_fixed(0.1, 17, "0.10000000000000001");
    assert_fixed((double) NAN, 2, "NA");
    assert_fixed(-(double) INFINITY, 2, "-Inf");
}

static void
known_doubles_and_words(void **state)
{
    exm_buf b = {0};

    (void) state;
    check_known_doubles();
    exm_buf_put_fixed(&b, -0x1.fffffffffffffp+1023, 17); /* the longest */
    assert_int_equal(b.len, 1 + 309 + 1 + 17);
    exm_buf_done(&b);
}

static void
a_decimal_comma_changes_nothing(void **state)
{
    char s[8];

    (void) state;
    if (!comma_on()) {
        print_message("no localedef: the locale is not tried\n");
        skip();
    }
    (void) snprintf(s, sizeof s, "%.1f", 0.5);
    assert_string_equal(s, "0,5"); /* negative control: printf does change */
    check_known_doubles();
    comma_off();
}

static void
varints_follow_the_definition(void **state)
{
    (void) state;
    for (int i = 0; i < 5000; i++) {
        const uint64_t v = i < 64    ? (uint64_t) 1 << i
                           : i < 128 ? ((uint64_t) 1 << (i - 64)) - 1
                                     : next_random() >> (i % 64);
        exm_buf b = {0};
        uint64_t back = 0;

        exm_buf_put_varint(&b, v);
        for (size_t k = b.len; k-- > 0;) {
            const unsigned char c = (unsigned char) b.data[k];

            assert_int_equal(c >> 7, k + 1 < b.len); /* a high bit but for the last */
            back = back << 7 | (c & 127);
        }
        assert_true(back == v);
        assert_true(b.len == 1 || b.data[b.len - 1] != 0); /* no longer than needed */
        exm_buf_done(&b);
    }
}

/* ---- memory ---- */

static void
put_all_kinds(exm_buf *b)
{
    for (int i = 0; i < 40; i++) {
        exm_buf_puts(b, "some words ");
        exm_buf_putf(b, "%0300d", i);
        exm_buf_put_i64(b, -i);
        exm_buf_put_double(b, i / 8.0);
        exm_buf_put_fixed(b, i, 2);
        exm_buf_put_varint(b, UINT64_MAX);
        exm_buf_putc(b, '\n');
    }
}

static void
each_allocation_can_fail(void **state)
{
    exm_buf whole = {0};
    int k;

    (void) state;
    put_all_kinds(&whole);
    for (k = 0;; k++) {
        exm_buf b = {0};
        exm_status st;

        oom_arm(k);
        put_all_kinds(&b);
        st = exm_buf_check(&b, NULL);
        if (!oom_fired()) {
            assert_int_equal(st, EXM_OK);
            assert_int_equal(b.len, whole.len);
            exm_buf_done(&b);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
        assert_true(b.len < whole.len); /* what came before the failure, and no more */
        if (b.len > 0) assert_memory_equal(b.data, whole.data, b.len);
        exm_buf_done(&b);
    }
    oom_arm(-1);
    assert_int_equal(k, 7); /* 64 bytes, 512 for a text of 300, then doubled to 16 KiB */
    exm_buf_done(&whole);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_puts_add_up),
        cmocka_unit_test(formatted_text_of_any_length_is_whole),
        cmocka_unit_test(a_reservation_is_room_and_no_length),
        cmocka_unit_test(a_failure_sticks_until_the_buffer_is_cleared),
        cmocka_unit_test(whole_numbers_equal_printf),
        cmocka_unit_test(whole_numbers_reach_both_ends),
        cmocka_unit_test(doubles_read_back_and_are_as_short_as_can_be),
        cmocka_unit_test(known_doubles_and_words),
        cmocka_unit_test(a_decimal_comma_changes_nothing),
        cmocka_unit_test(varints_follow_the_definition),
        cmocka_unit_test(each_allocation_can_fail),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
