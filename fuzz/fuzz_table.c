/*
 * fuzz_table.c - any bytes as a table: with LF or CR LF alike, and what is accepted is read
 * back from CSV with every cell in quotes.
 */
#include "exomir/table.h"

#include "exomir/buf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int ok)
{
    if (!ok) abort();
}

static exm_status
parse(const char *data, size_t n, exm_table **ret, exm_error *err)
{
    char *exact = malloc(n ? n : 1);
    exm_status st;

    must(exact != NULL);
    if (n > 0) memcpy(exact, data, n);
    st = exm_table_parse(exact, n, "fuzz", ret, err);
    free(exact);
    must(st == EXM_OK || (st == EXM_EDATA && *ret == NULL && err->msg[0]));
    return st;
}

static void
check(const exm_table *t)
{
    must(exm_table_cols(t) > 0);
    for (size_t c = 0; c < exm_table_cols(t); c++)
        must(exm_table_col_name(t, c)[0] &&
             exm_table_find(t, exm_table_col_name(t, c)) == c);
    for (size_t r = 1; r < exm_table_rows(t); r++)
        must(exm_table_line(t, r) > exm_table_line(t, r - 1));
}

static void
must_be_same(const exm_table *a, const exm_table *b)
{
    must(exm_table_cols(a) == exm_table_cols(b) && exm_table_rows(a) == exm_table_rows(b));
    for (size_t c = 0; c < exm_table_cols(a); c++) {
        must(strcmp(exm_table_col_name(a, c), exm_table_col_name(b, c)) == 0);
        for (size_t r = 0; r < exm_table_rows(a); r++)
            must(strcmp(exm_table_get(a, r, c), exm_table_get(b, r, c)) == 0);
    }
}

static void
put_quoted(exm_buf *b, const char *s, int last)
{
    exm_buf_putc(b, '"');
    for (; *s; s++) exm_buf_puts(b, *s == '"' ? "\"\"" : (const char[]){*s, '\0'});
    exm_buf_puts(b, last ? "\"\n" : "\",");
}

static void
read_back(const exm_table *t)
{
    const size_t cols = exm_table_cols(t);
    exm_table *again = NULL;
    exm_buf b = {0};
    exm_error err = {.code = EXM_OK};

    for (size_t c = 0; c < cols; c++) {
        const char *s = exm_table_col_name(t, c);

        if (strpbrk(s,
                    "\t\n")) { /* would be taken for the separator, or the header's end */
            exm_buf_done(&b);
            return;
        }
        put_quoted(&b, s, c + 1 == cols);
    }
    for (size_t r = 0; r < exm_table_rows(t); r++)
        for (size_t c = 0; c < cols; c++)
            put_quoted(&b, exm_table_get(t, r, c), c + 1 == cols);
    if (cols > 1 || !strpbrk(exm_table_col_name(t, 0), ",;")) {
        must(parse(b.data, b.len, &again, &err) == EXM_OK);
        must_be_same(t, again);
    }
    exm_table_free(again);
    exm_buf_done(&b);
}

/* Line breaks inside quotes change, so only plain text is compared. */
static void
with_crlf(const uint8_t *data, size_t size, exm_status st, const exm_table *t)
{
    exm_table *other = NULL;
    exm_buf b = {0};
    exm_error err = {.code = EXM_OK};

    if (size > 0 && (memchr(data, '\r', size) || memchr(data, '"', size))) return;
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n') exm_buf_putc(&b, '\r');
        exm_buf_putc(&b, (char) data[i]);
    }
    must(parse(b.data, b.len, &other, &err) == st);
    if (st == EXM_OK) must_be_same(t, other);
    exm_table_free(other);
    exm_buf_done(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    exm_table *t = NULL;
    exm_error err = {.code = EXM_OK};
    const exm_status st = parse((const char *) data, size, &t, &err);

    if (st == EXM_OK) {
        check(t);
        read_back(t);
    }
    with_crlf(data, size, st, t);
    exm_table_free(t);
    return 0;
}
