/*
 * test_json.c - tests of exomir/json.h
 *
 * A reader for RFC 8259, written from the grammar (json_reader.h), judges what was written
 * and hands back the events; random documents must come back as the calls that made them.
 */
#include "exomir/json.h"
#include "json_reader.h"
#include "oom.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static uint32_t
next_random(void)
{
    static uint32_t x = 2463534242u; /* xorshift32: same draws on every machine */

    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    return x >> 3;
}

static void
the_reader_can_refuse(void **state)
{
    static const char *const bad[] = {"",       "{",       "[1,]",      "[1 2]", "{\"a\"}",
                                      "{1:2}",  "01",      "1.",        ".5",    "1e",
                                      "\"\n\"", "\"\\x\"", "\"\\u00\"", "tru",   "NaN",
                                      "1 2",    "[}",      "{\"a\":}",  "\"a",   "+1"};
    exm_buf events = {0};

    (void) state;
    for (size_t i = 0; i < LEN(bad); i++)
        if (is_json(bad[i], &events)) fail_msg("'%s' was taken for JSON", bad[i]);
    assert_true(is_json(" [1, -0.5e+3, {\"a\\u0041\": null}] ", &events));
    assert_string_equal(events.data, "[1#-0.5e+3#{kaA\"n}]");
    exm_buf_done(&events);
}

/* ---- documents ---- */

static void
write_example(exm_json *j)
{
    exm_json_object(j);
    exm_json_kstr(j, "name", "x");
    exm_json_kstr(j, "absent", NULL);
    exm_json_ku64(j, "most", UINT64_MAX);
    exm_json_ki64(j, "least", INT64_MIN);
    exm_json_kdouble(j, "half", 0.5);
    exm_json_kbool(j, "yes", 7);
    exm_json_kbool(j, "no", 0);
    exm_json_key(j, "list");
    exm_json_array(j);
    exm_json_null(j);
    exm_json_object(j);
    exm_json_end(j);
    exm_json_array(j);
    exm_json_u64(j, 1);
    exm_json_i64(j, -1);
    exm_json_strn(j, "ab", 1);
    exm_json_end(j);
    exm_json_end(j);
    exm_json_end(j);
}

static void
the_example_looks_like_this(void **state)
{
    exm_buf b = {0};
    exm_json j;

    (void) state;
    exm_json_init(&j, &b);
    write_example(&j);
    assert_int_equal(exm_json_finish(&j, NULL), EXM_OK);
    assert_string_equal(b.data, "{\n"
                                "  \"name\": \"x\",\n"
                                "  \"absent\": null,\n"
                                "  \"most\": 18446744073709551615,\n"
                                "  \"least\": -9223372036854775808,\n"
                                "  \"half\": 0.5,\n"
                                "  \"yes\": true,\n"
                                "  \"no\": false,\n"
                                "  \"list\": [\n"
                                "    null,\n"
                                "    {},\n"
                                "    [\n"
                                "      1,\n"
                                "      -1,\n"
                                "      \"a\"\n"
                                "    ]\n"
                                "  ]\n"
                                "}\n");
    exm_buf_clear(&b);
    exm_json_init_compact(&j, &b);
    write_example(&j);
    assert_int_equal(exm_json_finish(&j, NULL), EXM_OK);
    assert_string_equal(b.data,
                        "{\"name\":\"x\",\"absent\":null,\"most\":18446744073709551615,"
                        "\"least\":-9223372036854775808,\"half\":0.5,\"yes\":true,"
                        "\"no\":false,\"list\":[null,{},[1,-1,\"a\"]]}\n");
    exm_buf_done(&b);
}

/* What a string must come back as: each byte that is no part of UTF-8 is U+FFFD. */
static void
put_sanitised(exm_buf *b, const unsigned char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        /* By value, from the definition: decode, then ask whether encoding gives it back. */
        size_t len = s[i] < 0x80       ? 1
                     : s[i] >> 5 == 6  ? 2
                     : s[i] >> 4 == 14 ? 3
                     : s[i] >> 3 == 30 ? 4
                                       : 0;
        uint32_t c = len < 2 ? s[i] : s[i] & (0x7fu >> len);
        static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

        if (len > n - i) len = 0;
        for (size_t k = 1; k < len; k++) {
            if (s[i + k] >> 6 != 2) {
                len = 0;
                break;
            }
            c = c << 6 | (s[i + k] & 63);
        }
        if (len > 0 && (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)))
            len = 0;
        if (len == 0) {
            exm_buf_puts(b, "\xef\xbf\xbd");
            i++;
        } else {
            exm_buf_put(b, s + i, len);
            i += len;
        }
    }
}

static void
check_string(const unsigned char *s, size_t n)
{
    exm_buf b = {0}, events = {0}, want = {0};
    exm_json j;

    exm_json_init_compact(&j, &b);
    exm_json_strn(&j, (const char *) s, n);
    assert_int_equal(exm_json_finish(&j, NULL), EXM_OK);
    if (!is_json(b.data, &events)) fail_msg("no JSON: %s", b.data);
    exm_buf_putc(&want, 's');
    put_sanitised(&want, s, n);
    exm_buf_putc(&want, '"');
    assert_int_equal(events.len, want.len);
    assert_memory_equal(events.data, want.data, want.len);
    /* It may stand in HTML, and is printable but for what is no ASCII. */
    for (size_t i = 0; i + 1 < b.len; i++) {
        assert_null(strchr("<>&", b.data[i]));
        assert_true((unsigned char) b.data[i] >= 0x20 && b.data[i] != 0x7f);
    }
    exm_buf_done(&b);
    exm_buf_done(&events);
    exm_buf_done(&want);
}

static void
strings_read_back_as_utf8(void **state)
{
    static const unsigned char lead[] = {0,    'a',  '"',  '\\', '<',  0x7f, 0x80, 0x9f,
                                         0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed,
                                         0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff};
    unsigned char s[8] = {0};

    (void) state;
    check_string(s, 0);
    for (unsigned a = 0; a < 256; a++) {
        s[0] = (unsigned char) a;
        check_string(s, 1);
        for (unsigned b = 0; b < 256; b++) {
            s[1] = (unsigned char) b;
            check_string(s, 2);
        }
    }
    for (int i = 0; i < 40000; i++) {
        const size_t n = 3 + next_random() % 5;

        for (size_t k = 0; k < n; k++)
            s[k] = next_random() % 3 ? lead[next_random() % sizeof lead]
                                     : (unsigned char) (next_random() & 255);
        check_string(s, n);
    }
}

static void
known_escapes(void **state)
{
    exm_buf b = {0};
    exm_json j;

    (void) state;
    exm_json_init_compact(&j, &b);
    exm_json_str(&j, "</script>&\"\\\n\t\r\b\x7f\xc3\xa4\xff");
    assert_int_equal(exm_json_finish(&j, NULL), EXM_OK);
    assert_string_equal(b.data,
                        "\"\\u003c/script\\u003e\\u0026\\\"\\\\\\n\\t\\r\\u0008\\u007f"
                        "\xc3\xa4\\ufffd\"\n");
    exm_buf_done(&b);
}

static void
numbers_read_back_or_are_null(void **state)
{
    static const double special[] = {(double) NAN, (double) INFINITY, -(double) INFINITY};
    exm_buf b = {0}, events = {0};
    exm_json j;

    (void) state;
    for (int i = 0; i < 20000; i++) {
        const uint64_t u =
            (uint64_t) next_random() << 40 ^ (uint64_t) next_random() << 20 ^ next_random();
        double v, back;

        memcpy(&v, &u, sizeof v);
        if (!isfinite(v)) continue;
        exm_buf_clear(&b);
        exm_json_init(&j, &b);
        exm_json_double(&j, v);
        assert_int_equal(exm_json_finish(&j, NULL), EXM_OK);
        assert_true(is_json(b.data, &events));
        back = strtod(b.data, NULL);
        assert_memory_equal(&back, &v, sizeof v);
    }
    for (size_t i = 0; i < LEN(special); i++) {
        exm_buf_clear(&b);
        exm_json_init(&j, &b);
        exm_json_double(&j, special[i]);
        assert_int_equal(exm_json_finish(&j, NULL), EXM_OK);
        assert_string_equal(b.data, "null\n");
    }
    exm_buf_done(&b);
    exm_buf_done(&events);
}

/* ---- random documents ---- */

static void
random_scalar(exm_json *j, exm_buf *want)
{
    const int64_t v = (int64_t) next_random() - (1 << 28);

    switch (next_random() % 4) {
    case 0:
        exm_json_i64(j, v);
        exm_buf_putf(want, "%" PRId64 "#", v);
        break;
    case 1:
        exm_json_bool(j, (int) (v & 1));
        exm_buf_putc(want, v & 1 ? 't' : 'f');
        break;
    case 2:
        exm_json_null(j);
        exm_buf_putc(want, 'n');
        break;
    default:
        exm_json_str(j, "w\"");
        exm_buf_puts(want, "sw\"\"");
    }
}

static void
random_documents_come_back_as_they_were_made(void **state)
{
    (void) state;
    for (int turn = 0; turn < 500; turn++) {
        exm_buf b = {0}, want = {0}, events = {0};
        char open[64];
        int depth = 0;
        exm_json j;

        if (turn % 2)
            exm_json_init(&j, &b);
        else
            exm_json_init_compact(&j, &b);
        exm_json_array(&j);
        exm_buf_putc(&want, open[depth++] = '[');
        for (int i = 0; i < 60; i++) {
            const uint32_t what = next_random() % 6;

            if (what == 0 && depth > 1) {
                exm_json_end(&j);
                exm_buf_putc(&want, open[--depth] == '{' ? '}' : ']');
                continue;
            }
            if (open[depth - 1] == '{') {
                exm_json_key(&j, "k<");
                exm_buf_puts(&want, "kk<\"");
            }
            if (what < 4) {
                random_scalar(&j, &want);
                continue;
            }
            if (what == 4)
                exm_json_array(&j);
            else
                exm_json_object(&j);
            open[depth] = what == 4 ? '[' : '{';
            exm_buf_putc(&want, open[depth++]);
        }
        while (depth > 0) {
            exm_json_end(&j);
            exm_buf_putc(&want, open[--depth] == '{' ? '}' : ']');
        }
        assert_int_equal(exm_json_finish(&j, NULL), EXM_OK);
        if (!is_json(b.data, &events)) fail_msg("no JSON: %s", b.data);
        assert_string_equal(events.data, want.data);
        exm_buf_done(&b);
        exm_buf_done(&want);
        exm_buf_done(&events);
    }
}

/* ---- misuse ---- */

static void
misuse(exm_json *j, int kind)
{
    switch (kind) {
    case 0: /* nothing at all */
        break;
    case 1:
        exm_json_null(j);
        exm_json_null(j);
        break;
    case 2:
        exm_json_end(j);
        break;
    case 3:
        exm_json_object(j);
        break;
    case 4:
        exm_json_key(j, "a");
        exm_json_null(j);
        break;
    case 5:
        exm_json_array(j);
        exm_json_key(j, "a");
        exm_json_end(j);
        break;
    case 6:
        exm_json_object(j);
        exm_json_null(j);
        exm_json_end(j);
        break;
    case 7:
        exm_json_object(j);
        exm_json_key(j, "a");
        exm_json_end(j);
        break;
    case 8:
        exm_json_object(j);
        exm_json_key(j, "a");
        exm_json_key(j, "b");
        exm_json_null(j);
        exm_json_end(j);
        break;
    case 9:
        exm_json_array(j);
        exm_json_end(j);
        exm_json_array(j);
        exm_json_end(j);
        break;
    default: /* levels */
        for (int i = 10; i < kind; i++) exm_json_array(j);
        for (int i = 10; i < kind; i++) exm_json_end(j);
    }
}

static void
misuse_is_told_at_the_end(void **state)
{
    exm_buf b = {0}, events = {0};
    exm_json j;

    (void) state;
    for (int kind = 0; kind <= 10; kind++) {
        exm_error err = {0};

        exm_buf_clear(&b);
        exm_json_init(&j, &b);
        misuse(&j, kind);
        if (exm_json_finish(&j, &err) != EXM_EINVAL) fail_msg("misuse %d was taken", kind);
        assert_string_equal(err.msg, "unbalanced JSON");
    }
    for (int levels = 1; levels <= 200; levels++) {
        exm_buf_clear(&b);
        exm_json_init(&j, &b);
        misuse(&j, 10 + levels);
        assert_int_equal(exm_json_finish(&j, NULL), levels <= 63 ? EXM_OK : EXM_EINVAL);
        if (levels <= 63) assert_true(is_json(b.data, &events));
    }
    exm_buf_done(&b);
    exm_buf_done(&events);
}

static void
each_allocation_can_fail(void **state)
{
    int k;

    (void) state;
    for (k = 0;; k++) {
        exm_buf b = {0};
        exm_json j;
        exm_status st;

        oom_arm(k);
        exm_json_init(&j, &b);
        write_example(&j);
        st = exm_json_finish(&j, NULL);
        exm_buf_done(&b);
        if (!oom_fired()) {
            assert_int_equal(st, EXM_OK);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
    }
    oom_arm(-1);
    assert_int_equal(k, 3); /* 64, 128, 256 bytes */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reader_can_refuse),
        cmocka_unit_test(the_example_looks_like_this),
        cmocka_unit_test(strings_read_back_as_utf8),
        cmocka_unit_test(known_escapes),
        cmocka_unit_test(numbers_read_back_or_are_null),
        cmocka_unit_test(random_documents_come_back_as_they_were_made),
        cmocka_unit_test(misuse_is_told_at_the_end),
        cmocka_unit_test(each_allocation_can_fail),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
