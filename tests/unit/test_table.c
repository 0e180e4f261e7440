/*
 * test_table.c - tests of exomir/table.h
 *
 * Random tables are written in every legal form and must come back cell by cell; damage is
 * told with its line.  Text lies in memory of its exact size, so that overreads show.
 */
#include "exomir/buf.h"
#include "exomir/table.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static exm_status
parse_bytes(const char *text, size_t n, exm_table **ret, exm_error *err)
{
    char *exact = malloc(n ? n : 1);
    exm_status st;

    if (!exact) abort();
    memcpy(exact, text, n);
    st = exm_table_parse(exact, n, "t.csv", ret, err);
    free(exact);
    return st;
}

static exm_status
parse(const char *text, exm_table **ret, exm_error *err)
{
    return parse_bytes(text, strlen(text), ret, err);
}

static void
assert_cells(const char *text, size_t rows, size_t cols, const char *const *want)
{
    exm_table *t = NULL;
    exm_error err = {0};

    if (parse(text, &t, &err) != EXM_OK) fail_msg("'%s': %s", text, err.msg);
    assert_int_equal(exm_table_rows(t), rows);
    assert_int_equal(exm_table_cols(t), cols);
    for (size_t c = 0; c < cols; c++)
        assert_string_equal(exm_table_col_name(t, c), want[c]);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++)
            assert_string_equal(exm_table_get(t, r, c), want[(r + 1) * cols + c]);
    exm_table_free(t);
}

static void
every_legal_form_gives_the_same_cells(void **state)
{
    static const char *const cells[] = {"a", "b", "c", "1", "", "x y", "", "2", "z"};
    static const char *const same[] = {
        "a\tb\tc\n1\t\tx y\n\t2\tz\n",
        "a,b,c\n1,,x y\n,2,z\n",
        "a;b;c\n1;;x y\n;2;z\n",
        "a,b,c\r\n1,,x y\r\n,2,z\r\n",
        "a,b,c\n1,,x y\n,2,z",                          /* no final newline */
        "a,b,c\r\n1,,x y\r\n,2,z\r",                    /* cut within it */
        "\357\273\277a,b,c\n1,,x y\n,2,z\n",            /* byte order mark */
        "# made by hand\n#\n\na,b,c\n1,,x y\n,2,z\n\n", /* comments, blank lines around */
        "a,b,c\n1,,x y\n,2,z\r\n\r\n\n\r",
        "\"a\",\"b\",c\n\"1\",\"\",\"x y\"\n\"\",2,\"z\"\n",
        "\"a\",\"b\",\"c\"\r\n1,,\"x y\"\r\n,\"2\",\"z\"",
    };

    (void) state;
    for (size_t i = 0; i < LEN(same); i++) assert_cells(same[i], 2, 3, cells);
}

static void
quotes_keep_what_they_hold(void **state)
{
    static const char *const quoted[] = {"a,b", "say \"so\"", "x\r\ny", "\"", "", "#"};
    static const char *const tabs[] = {"\"a", "b\"", "\"x\"", "y\"z"};
    static const char *const inner[] = {"h", "i", "5'", "a\"b"};

    (void) state;
    assert_cells("\"a,b\",\"say \"\"so\"\"\"\n\"x\r\ny\",\"\"\"\"\n\"\",#\n", 2, 2, quoted);
    assert_cells("\"a\tb\"\n\"x\"\ty\"z\n", 1, 2, tabs); /* no quoting in TSV */
    assert_cells("h,i\n5',a\"b\n", 1, 2, inner); /* a quote inside a cell is a letter */
}

static void
the_header_names_the_separator(void **state)
{
    static const char *const tab[] = {"a,b", "c;d", "1,2", "3"};
    static const char *const comma[] = {"a;b", "c", "1\t2", "3"};
    static const char *const one[] = {"a", "1,2", "3;4\t", "\n"};

    (void) state;
    assert_cells("a,b\tc;d\n1,2\t3\n", 1, 2, tab);
    assert_cells("a;b,c\n1\t2,3\n", 1, 2, comma);
    assert_cells("a\n1,2\n3;4\t\n\"\n\"\n", 3, 1, one); /* no separator: one column */
    assert_cells("a", 0, 1, one);
}

static void
columns_are_found_and_lines_counted(void **state)
{
    exm_table *t = NULL;

    (void) state;
    assert_int_equal(
        parse("#c\nsample,\"two\nlines\",x\n1,2,3\n\"4\n\n\",5,6\n7,8,9\n", &t, NULL),
        EXM_OK);
    assert_int_equal(exm_table_find(t, "sample"), 0);
    assert_int_equal(exm_table_find(t, "two\nlines"), 1);
    assert_int_equal(exm_table_find(t, "x"), 2);
    assert_true(exm_table_find(t, "X") == SIZE_MAX);
    assert_true(exm_table_find(t, "") == SIZE_MAX);
    assert_int_equal(exm_table_line(t, 0), 4);
    assert_int_equal(exm_table_line(t, 1), 5);
    assert_int_equal(exm_table_line(t, 2), 8);
    exm_table_free(t);
    exm_table_free(NULL);
}

/* ---- random tables, written and read back ---- */

static uint32_t
next_random(void)
{
    static uint32_t x = 2463534242u; /* xorshift32: same draws on every machine */

    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    return x >> 3;
}

enum { ROWS = 400, COLS = 7, CELL = 12 };

static void
random_cell(char *s, const char *letters)
{
    const size_t n = next_random() % CELL;

    for (size_t i = 0; i < n; i++) s[i] = letters[next_random() % strlen(letters)];
    s[n] = '\0';
}

static void
put_cell(exm_buf *b, const char *s, char sep)
{
    const int must = strchr(s, sep) || strpbrk(s, "\r\n") || s[0] == '"';

    if (sep == '\t' || (!must && next_random() % 4)) {
        exm_buf_puts(b, s);
        return;
    }
    exm_buf_putc(b, '"');
    for (; *s; s++) {
        if (*s == '"') exm_buf_putc(b, '"');
        exm_buf_putc(b, *s);
    }
    exm_buf_putc(b, '"');
}

static void
written_tables_read_back(void **state)
{
    static char cell[ROWS + 1][COLS][CELL + 1];

    (void) state;
    for (int turn = 0; turn < 60; turn++) {
        const char sep = "\t,;"[turn % 3];
        const size_t cols = 2 + next_random() % (COLS - 1), rows = next_random() % ROWS;
        exm_buf b = {0};
        exm_table *t = NULL;
        exm_error err = {0};

        for (size_t r = 0; r <= rows; r++)
            for (size_t c = 0; c < cols; c++) {
                random_cell(cell[r][c], sep == '\t' ? "ab \"," : "ab \",;\n\r\t");
                if (r == 0) { /* unique, with no other separator */
                    cell[0][c][0] = (char) ('A' + c);
                    cell[0][c][1] = '\0';
                }
                if (c > 0) exm_buf_putc(&b, sep);
                put_cell(&b, cell[r][c], sep);
                if (c + 1 == cols) exm_buf_puts(&b, turn % 2 ? "\r\n" : "\n");
            }
        if (parse_bytes(b.data, b.len, &t, &err) != EXM_OK) fail_msg("%s", err.msg);
        assert_int_equal(exm_table_rows(t), rows);
        assert_int_equal(exm_table_cols(t), cols);
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < cols; c++)
                assert_string_equal(exm_table_get(t, r, c), cell[r + 1][c]);
        exm_table_free(t);
        exm_buf_done(&b);
    }
}

/* ---- damage ---- */

static void
damage_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "t.csv, line 1: the table is empty"},
        {"\n\r\n# x\n", "t.csv, line 4: the table is empty"},
        {"\xef\xbb\xbf", "line 1: the table is empty"},
        {"# only this", "line 2: the table is empty"},
        {"\xff\xfe"
         "a",
         "t.csv: UTF-16 text"},
        {"\xfe\xff"
         "a",
         "t.csv: UTF-16 text"},
        {"a,,c\n1,2,3\n", "t.csv, line 1: column 2 has no name"},
        {"#\na,b,\n", "line 2: column 3 has no name"},
        {"\"\"\n", "line 1: column 1 has no name"},
        {"#\nb,a,b\n1,2,3\n", "line 2: two columns are named 'b'"},
        {"a,b\n1,2\n1\n", "line 3: 1 cells where the header has 2"},
        {"a,b\n1,2,3\n", "line 2: 3 cells where the header has 2"},
        {"a,b\n1,2,\n", "line 2: 3 cells where the header has 2"},
        {"a,b\n1,2\n\n3,4\n", "line 3: a blank line inside the table"},
        {"a,b\r\n1,2\r\n\r\n\r\n3,4\r\n", "line 3: a blank line inside the table"},
        {"a,b\n1,\"2\n3,4\n", "line 2: a quoted cell is never closed"},
        {"a,b\n1,\"2\"\"", "line 2: a quoted cell is never closed"},
        {"a,b\n1,\"", "line 2: a quoted cell is never closed"},
        {"a,b\n\"1\n\"2,3\n", "line 3: text after the closing quote"},
        {"\"a\"b,c\n", "line 1: text after the closing quote"},
        {"a,b\r1,2\r3,4\r", "line 1: a stray carriage return"},
        {"a,b\n1\r,2\n", "line 2: a stray carriage return"},
        {"a,b\n\"1\"\r,2\n", "line 2: a stray carriage return"},
        {"a\tb\n1\t2\r3\n", "line 2: a stray carriage return"},
        {"a,b\n1,2\r\r\n", "line 2: a stray carriage return"},
    };

    (void) state;
    for (size_t i = 0; i < LEN(bad); i++) {
        exm_table *t = NULL;
        exm_error err = {0};

        if (parse(bad[i].text, &t, &err) != EXM_EDATA) fail_msg("case %zu was taken", i);
        assert_null(t);
        if (!strstr(err.msg, bad[i].says))
            fail_msg("'%s' lacks '%s'", err.msg, bad[i].says);
    }
}

static void
a_nul_is_found_wherever_it_stands(void **state)
{
    char text[] = "a,b\n\"1\",2\n";
    exm_table *t = NULL;
    exm_error err;

    (void) state;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        const char c = text[i];

        text[i] = '\0';
        assert_int_equal(parse_bytes(text, sizeof text - 1, &t, &err), EXM_EDATA);
        assert_non_null(strstr(err.msg, "a NUL at byte "));
        assert_int_equal(err.at, i);
        text[i] = c;
    }
    assert_null(t);
    assert_int_equal(parse(text, &t, NULL), EXM_OK); /* negative control */
    exm_table_free(t);
}

static void
arguments_are_checked(void **state)
{
    exm_table *t = NULL;

    (void) state;
    assert_int_equal(exm_table_parse(NULL, 1, "x", &t, NULL), EXM_EINVAL);
    assert_int_equal(exm_table_parse("a", 1, NULL, &t, NULL), EXM_EINVAL);
    assert_int_equal(exm_table_parse("a", 1, "x", NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_table_parse(NULL, 0, "x", &t, NULL), EXM_EDATA);
    /* Offsets have 32 bits; no byte of such a text is looked at. */
    assert_int_equal(exm_table_parse("a", (size_t) UINT32_MAX - 1, "x", &t, NULL),
                     EXM_EDATA);
    assert_null(t);
}

/* More cells and rows than the first allocation holds, so that growing fails too. */
static void
each_allocation_can_fail(void **state)
{
    exm_buf b = {0};
    int k;

    (void) state;
    exm_buf_puts(&b, "a,b\n");
    for (int i = 0; i < 600; i++) exm_buf_putf(&b, "%d,\"%d\"\n", i, i);
    for (k = 0;; k++) {
        exm_table *t = NULL;
        exm_status st;

        oom_arm(k);
        st = exm_table_parse(b.data, b.len, "t.csv", &t, NULL);
        oom_arm(-1);
        if (st == EXM_OK) {
            assert_string_equal(exm_table_get(t, 599, 1), "599");
            exm_table_free(t);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
        assert_null(t);
    }
    /* the table, its text, the header's names; cells 256 .. 2048, rows 256 .. 1024 */
    assert_int_equal(k, 3 + 4 + 3);
    exm_buf_done(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_legal_form_gives_the_same_cells),
        cmocka_unit_test(quotes_keep_what_they_hold),
        cmocka_unit_test(the_header_names_the_separator),
        cmocka_unit_test(columns_are_found_and_lines_counted),
        cmocka_unit_test(written_tables_read_back),
        cmocka_unit_test(damage_is_told_with_its_line),
        cmocka_unit_test(a_nul_is_found_wherever_it_stands),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(each_allocation_can_fail),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
