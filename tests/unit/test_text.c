/* test_text.c - tests of exomir/text.h */
#include "comma.h"
#include "exomir/text.h"
#include "oom.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static uint32_t
next_random(void)
{
    static uint32_t x = 2463534242u; /* xorshift32: same draws on every machine */

    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    return x >> 3;
}

/* Up to 'most' letters of an alphabet; memory of the exact size, so that overreads show. */
static char *
random_text(const char *alphabet, size_t most, size_t *ret_n)
{
    const size_t n = next_random() % (most + 1);
    char *s = malloc(n ? n : 1);

    if (!s) abort();
    for (size_t i = 0; i < n; i++) s[i] = alphabet[next_random() % strlen(alphabet)];
    *ret_n = n;
    return s;
}

/* ---- whole numbers against strtoull and strtoll ---- */

/* A sign at most, then digits only. */
static int
is_whole(const char *s, int with_sign)
{
    s += with_sign && (*s == '-' || *s == '+');
    return *s && strspn(s, "0123456789") == strlen(s);
}

static void
check_whole(const char *s, size_t n)
{
    char text[64];
    uint64_t u = 77;
    int64_t v = 77;
    exm_error err = {0};
    exm_status st;

    memcpy(text, s, n);
    text[n] = '\0';
    errno = 0;
    {
        const unsigned long long want = strtoull(text, NULL, 10);
        const int good = is_whole(text, 0) && errno == 0;

        st = exm_text_u64(s, n, &u, &err);
        assert_int_equal(st, good ? EXM_OK : EXM_EDATA);
        assert_true(u == (good ? (uint64_t) want : 77));
        if (!good) assert_true(err.at <= n && err.msg[0]);
    }
    errno = 0;
    {
        const long long want = strtoll(text, NULL, 10);
        const int good = is_whole(text, 1) && errno == 0;

        st = exm_text_i64(s, n, &v, &err);
        assert_int_equal(st, good ? EXM_OK : EXM_EDATA);
        assert_true(v == (good ? (int64_t) want : 77));
        if (!good) assert_true(err.at <= n && err.msg[0]);
    }
}

static void
whole_numbers_equal_strtoull_and_strtoll(void **state)
{
    static const char *const edge[] = {"0",
                                       "00000000000000000000000000000000000000001",
                                       "18446744073709551615",
                                       "18446744073709551616",
                                       "18446744073709551620",
                                       "99999999999999999999",
                                       "184467440737095516150",
                                       "9223372036854775807",
                                       "9223372036854775808",
                                       "-9223372036854775808",
                                       "-9223372036854775809",
                                       "+9223372036854775807",
                                       "-0",
                                       "+0",
                                       "-",
                                       "+",
                                       "+-1",
                                       " 1",
                                       "1 ",
                                       "0x10",
                                       "1e3",
                                       "1.0",
                                       "\xd9\xa1"};

    (void) state;
    for (size_t i = 0; i < LEN(edge); i++) check_whole(edge[i], strlen(edge[i]));
    for (int i = 0; i < 50000; i++) {
        size_t n;
        char *s = random_text(i % 2 ? "0123456789" : "0189+- x", i % 2 ? 21 : 6, &n);

        check_whole(s, n);
        free(s);
    }
}

static void
whole_numbers_say_what_is_wrong(void **state)
{
    static const struct {
        const char *s;
        size_t at_u64, at_i64;
        const char *says_i64;
    } bad[] = {
        {"", 0, 0, "a number is missing"},
        {"12x4", 2, 2, "'12x4' is no whole number"},
        {"-1x", 0, 2, "'-1x' is no whole number"},
        {"-", 0, 1, "'-' is no whole number"},
        {"--5", 0, 1, "'--5' is no whole number"},
        {"18446744073709551616", 19, 19, "'18446744073709551616' is too large"},
        {"-9223372036854775809", 0, 19, "'-9223372036854775809' is too large"},
    };
    char many[100];
    uint64_t u = 77;
    int64_t v = 77;
    exm_error err;

    (void) state;
    for (size_t i = 0; i < LEN(bad); i++) {
        assert_int_equal(exm_text_u64(bad[i].s, strlen(bad[i].s), &u, &err), EXM_EDATA);
        assert_int_equal(err.at, bad[i].at_u64);
        assert_int_equal(exm_text_i64(bad[i].s, strlen(bad[i].s), &v, &err), EXM_EDATA);
        assert_int_equal(err.at, bad[i].at_i64);
        assert_string_equal(err.msg, bad[i].says_i64);
    }
    memset(many, 'y', sizeof many); /* only the head of a long word is shown */
    assert_int_equal(exm_text_u64(many, sizeof many, &u, &err), EXM_EDATA);
    assert_int_equal(strlen(err.msg), 60 + strlen("'' is no whole number"));
    assert_true(u == 77 && v == 77);
    assert_int_equal(exm_text_u64(NULL, 0, &u, NULL), EXM_EDATA);
}

/* ---- doubles against strtod ---- */

static void
check_double(const char *s, size_t n)
{
    char text[160], *end;
    double want, v = 77.0;
    int good;
    exm_error err = {0};
    exm_status st;

    memcpy(text, s, n);
    text[n] = '\0';
    want = strtod(text, &end);
    good = n > 0 && *end == '\0' && isfinite(want);
    st = exm_text_double(s, n, &v, &err);
    if ((st == EXM_OK) != good) fail_msg("'%s': %s", text, good ? "refused" : "taken");
    if (!good) {
        assert_int_equal(st, EXM_EDATA);
        assert_true(err.at <= n && err.msg[0] && v == 77.0);
        return;
    }
    if (memcmp(&v, &want, sizeof v) != 0) fail_msg("'%s' is %a, not %a", text, v, want);
}

/* The letters of any number but those of hexadecimals and words, so strtod is the oracle. */
static void
doubles_equal_strtod(void **state)
{
    static const char *const edge[] = {"0",
                                       "-0",
                                       "+0",
                                       "0.0",
                                       ".5",
                                       "5.",
                                       ".",
                                       "-.",
                                       "+",
                                       "1e",
                                       "1e+",
                                       "1e-",
                                       "1e5",
                                       "1E5",
                                       "1e+05",
                                       "e5",
                                       ".e5",
                                       "1.2.3",
                                       "1e5.5",
                                       "--1",
                                       "1e400",
                                       "-1e400",
                                       "1e-400",
                                       "4.9e-324",
                                       "2e-324",
                                       "1e308",
                                       "1.8e308",
                                       "0e999",
                                       "123456789012345",
                                       "1234567890123456",
                                       "0.000000000000001",
                                       "000000000000000001",
                                       "9007199254740993",
                                       "2.2250738585072011e-308",
                                       "0.1",
                                       "1e22",
                                       "1e23",
                                       "179769313486231580793728971405301e276",
                                       "100000000000000000000000000000000000"};

    (void) state;
    for (size_t i = 0; i < LEN(edge); i++) check_double(edge[i], strlen(edge[i]));
    for (int i = 0; i < 50000; i++) {
        size_t n;
        char *s = random_text("0019+-.eE", 8, &n);

        check_double(s, n);
        free(s);
    }
    for (int i = 0; i < 50000; i++) { /* plain decimals of every length */
        size_t n;
        char *s = random_text("0123456789", 24, &n);

        if (n > 1 && i % 3) s[next_random() % n] = '.';
        if (n > 2 && i % 5 == 0) s[0] = '-';
        check_double(s, n);
        free(s);
    }
}

static void
words_stand_for_what_is_no_number(void **state)
{
    static const char *const bad[] = {"nan", "na",   "N",        "NAN",  "inf",   "+Inf",
                                      "INF", "-inf", "Infinity", "0x1p", "0x10",  " 1",
                                      "1 ",  "1,5",  "NA ",      "Infs", "1_000", "1f"};
    char many[200];
    double v = 0.0;
    exm_error err;

    (void) state;
    assert_int_equal(exm_text_double("NA", 2, &v, NULL), EXM_OK);
    assert_true(isnan(v));
    v = 0.0;
    assert_int_equal(exm_text_double("NaN", 3, &v, NULL), EXM_OK);
    assert_true(isnan(v));
    assert_int_equal(exm_text_double("Inf", 3, &v, NULL), EXM_OK);
    assert_true(isinf(v) && v > 0.0);
    assert_int_equal(exm_text_double("-Inf", 4, &v, NULL), EXM_OK);
    assert_true(isinf(v) && v < 0.0);
    v = 77.0;
    for (size_t i = 0; i < LEN(bad); i++) {
        assert_int_equal(exm_text_double(bad[i], strlen(bad[i]), &v, &err), EXM_EDATA);
        assert_non_null(strstr(err.msg, bad[i]));
    }
    assert_int_equal(exm_text_double("1.2.3", 5, &v, &err), EXM_EDATA);
    assert_int_equal(err.at, 3);
    assert_int_equal(exm_text_double("1e999", 5, &v, &err), EXM_EDATA);
    assert_string_equal(err.msg, "'1e999' is too large");
    assert_int_equal(exm_text_double("", 0, &v, &err), EXM_EDATA);
    assert_string_equal(err.msg, "a number is missing");

    memset(many, '1', sizeof many);
    assert_int_equal(exm_text_double(many, 128, &v, &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "more than 127 digits"));
    assert_true(v == 77.0);
    assert_int_equal(exm_text_double(many, 127, &v, &err), EXM_OK);
    assert_true(v > 1.1e126 && v < 1.2e126);
}

static void
a_decimal_comma_changes_nothing(void **state)
{
    double v = 0.0;

    (void) state;
    if (!comma_on()) {
        print_message("no localedef: the locale is not tried\n");
        skip();
    }
    assert_true(strtod("1.5", NULL) == 1.0); /* negative control: strtod does change */
    assert_int_equal(exm_text_double("1.5", 3, &v, NULL), EXM_OK);
    assert_true(v == 1.5);
    assert_int_equal(exm_text_double("1.5e0", 5, &v, NULL), EXM_OK); /* the slow way */
    assert_true(v == 1.5);
    assert_int_equal(exm_text_double("1,5", 3, &v, NULL), EXM_EDATA);
    comma_off();
}

/* ---- words ---- */

/* Written anew: bit 5 of the 26 capitals. */
static char
lower(char c)
{
    return memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ", c, 26) ? (char) (c | 32) : c;
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment by its definition, without a table. */
static size_t
edits(const char *a, size_t n, const char *b, size_t m)
{
    size_t d;

    if (n == 0) return m;
    if (m == 0) return n;
    if (lower(a[n - 1]) == lower(b[m - 1])) return edits(a, n - 1, b, m - 1);
    d = edits(a, n - 1, b, m - 1);
    d = least(d, least(edits(a, n - 1, b, m), edits(a, n, b, m - 1)));
    if (n > 1 && m > 1 && lower(a[n - 1]) == lower(b[m - 2]) &&
        lower(a[n - 2]) == lower(b[m - 1]))
        d = least(d, edits(a, n - 2, b, m - 2));
    return d + 1;
}

/* Within the limit and no other word nearer; a prefix of 3 letters or more counts as 1. */
static size_t
nearness(const char *typed, const char *word)
{
    const size_t n = strlen(typed), m = strlen(word);
    const size_t d = edits(typed, n, word, m);

    if (n >= 3 && m > n && edits(typed, n, word, n) == 0) return least(d, 1);
    return d;
}

static void
the_closest_word_is_the_nearest_by_definition(void **state)
{
    static const char *const words[] = {"count", "Cot",   "ref",  "reference", "tac",
                                        "act",   "cat",   "toc",  "refer",     "t",
                                        "ca",    "other", "trace"};

    (void) state;
    for (int i = 0; i < 3000; i++) {
        size_t n, best = SIZE_MAX;
        char *s = random_text("catCuref", 5, &n), typed[8];
        const char *got;

        memcpy(typed, s, n);
        typed[n] = '\0';
        free(s);
        for (size_t k = 0; k < LEN(words); k++)
            best = least(best, nearness(typed, words[k]));
        got = exm_text_closest(typed, words, LEN(words));
        if (n == 0 || best > 1)
            assert_null(got);
        else
            assert_int_equal(nearness(typed, got), best);
    }
}

static void
the_closest_word_of_known_ones(void **state)
{
    static const char *const words[] = {"count", "simulate", "simulate reads", "doctor"};
    static const char *const longest[] = {
        "1234567890123456789012345678901234567890123456789012345678901234", /* 64 */
        "123456789012345678901234567890123456789012345678901234567890123"}; /* 63 */

    (void) state;
    assert_string_equal(exm_text_closest("cuont", words, LEN(words)), "count");
    assert_string_equal(exm_text_closest("COUNTS", words, LEN(words)), "count");
    assert_string_equal(exm_text_closest("simul", words, LEN(words)), "simulate");
    assert_string_equal(exm_text_closest("simulite raeds", words, LEN(words)),
                        "simulate reads");
    assert_null(exm_text_closest("xyz", words, LEN(words)));
    assert_null(exm_text_closest("", words, LEN(words)));
    assert_null(exm_text_closest("count", words, 0));
    /* Words of more than 63 letters are no commands: neither typed nor known ones. */
    assert_null(exm_text_closest(longest[0], longest, LEN(longest)));
    assert_ptr_equal(exm_text_closest(longest[1], longest, LEN(longest)), longest[1]);
}

static void
comparison_is_blind_to_ascii_case_only(void **state)
{
    (void) state;
    assert_true(exm_text_same("", ""));
    assert_true(exm_text_same("tRNA", "TrnA"));
    assert_false(exm_text_same("tRNA", "tRN"));
    assert_false(exm_text_same("tRN", "tRNA"));
    assert_false(exm_text_same("a", "b"));
    for (int a = 0; a < 256; a++)
        assert_int_equal(exm_text_lower((char) a), lower((char) a));
    for (int a = 1; a < 256; a++)
        for (int b = 1; b < 256; b++) {
            const char x[] = {(char) a, '\0'}, y[] = {(char) b, '\0'};

            assert_int_equal(exm_text_same(x, y), lower((char) a) == lower((char) b));
        }
}

static void
safe_names_hold_only_safe_bytes(void **state)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789._-";
    char name[EXM_FILE_SAFE_MAX + 2];

    (void) state;
    for (int c = 1; c < 256; c++) {
        const char first[] = {(char) c, 'x', '\0'}, last[] = {'x', (char) c, '\0'};
        const int good = strchr(safe, c) != NULL;

        assert_int_equal(exm_text_is_file_safe(first), good && c != '.');
        assert_int_equal(exm_text_is_file_safe(last), good);
    }
    assert_false(exm_text_is_file_safe(""));
    assert_false(exm_text_is_file_safe(".."));
    assert_true(exm_text_is_file_safe("a..b"));
    memset(name, 'x', sizeof name);
    name[EXM_FILE_SAFE_MAX] = '\0';
    assert_true(exm_text_is_file_safe(name));
    name[EXM_FILE_SAFE_MAX] = 'x';
    name[EXM_FILE_SAFE_MAX + 1] = '\0';
    assert_false(exm_text_is_file_safe(name));
}

static void
a_byte_order_mark_has_three_bytes(void **state)
{
    (void) state;
    assert_int_equal(exm_text_bom_len("\xef\xbb\xbfx", 4), 3);
    assert_int_equal(exm_text_bom_len("\xef\xbb\xbf", 3), 3);
    assert_int_equal(exm_text_bom_len("\xef\xbb", 2), 0);
    assert_int_equal(exm_text_bom_len("\xef\xbb\xbe", 3), 0);
    assert_int_equal(exm_text_bom_len(NULL, 0), 0);
}

static void
copies_are_whole_or_null(void **state)
{
    char *s = exm_text_dup("word");

    (void) state;
    assert_string_equal(s, "word");
    free(s);
    oom_arm(0);
    s = exm_text_dup("word");
    oom_arm(-1);
    assert_null(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_equal_strtoull_and_strtoll),
        cmocka_unit_test(whole_numbers_say_what_is_wrong),
        cmocka_unit_test(doubles_equal_strtod),
        cmocka_unit_test(words_stand_for_what_is_no_number),
        cmocka_unit_test(a_decimal_comma_changes_nothing),
        cmocka_unit_test(the_closest_word_is_the_nearest_by_definition),
        cmocka_unit_test(the_closest_word_of_known_ones),
        cmocka_unit_test(comparison_is_blind_to_ascii_case_only),
        cmocka_unit_test(safe_names_hold_only_safe_bytes),
        cmocka_unit_test(a_byte_order_mark_has_three_bytes),
        cmocka_unit_test(copies_are_whole_or_null),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
