/*
 * fuzz_fasta.c - any bytes as reference FASTA: with LF or CR LF alike, and what is accepted
 * is read back from its own plain form.
 */
#include "exomir/fasta.h"

#include "exomir/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int ok)
{
    if (!ok) abort();
}

/* From memory of the exact size, so that a byte behind it is found. */
static exm_status
parse(const char *data, size_t n, exm_fasta **ret, exm_error *err)
{
    char *exact = malloc(n ? n : 1);
    exm_status st;

    must(exact != NULL);
    if (n > 0) memcpy(exact, data, n);
    st = exm_fasta_parse(exact, n, "fuzz", ret, err);
    free(exact);
    must(st == EXM_OK || (st == EXM_EDATA && *ret == NULL && err->msg[0]));
    return st;
}

static void
check(const exm_fasta *f)
{
    must(exm_fasta_count(f) > 0 && exm_fasta_get(f, exm_fasta_count(f)) == NULL);
    for (size_t i = 0; i < exm_fasta_count(f); i++) {
        const exm_fasta_entry *e = exm_fasta_get(f, i);

        must(e->id[0] && !strpbrk(e->id, " \t\r\n") && !strpbrk(e->description, "\r\n"));
        must(e->len > 0 && strlen(e->seq) == e->len);
        must(strspn(e->seq, "ACGTN") == e->len);
        must(i == 0 || e->line > exm_fasta_get(f, i - 1)->line);
    }
}

static void
must_be_same(const exm_fasta *a, const exm_fasta *b)
{
    must(exm_fasta_count(a) == exm_fasta_count(b));
    for (size_t i = 0; i < exm_fasta_count(a); i++) {
        const exm_fasta_entry *x = exm_fasta_get(a, i), *y = exm_fasta_get(b, i);

        must(strcmp(x->id, y->id) == 0 && strcmp(x->description, y->description) == 0);
        must(strcmp(x->seq, y->seq) == 0);
    }
}

static void
read_back(const exm_fasta *f)
{
    exm_fasta *again = NULL;
    exm_buf b = {0};
    exm_error err;

    for (size_t i = 0; i < exm_fasta_count(f); i++) {
        const exm_fasta_entry *e = exm_fasta_get(f, i);

        exm_buf_putf(&b, ">%s %s\n%s\n", e->id, e->description, e->seq);
    }
    must(parse(b.data, b.len, &again, &err) == EXM_OK);
    must_be_same(f, again);
    exm_fasta_free(again);
    exm_buf_done(&b);
}

static void
with_crlf(const uint8_t *data, size_t size, exm_status st, const exm_fasta *f)
{
    exm_fasta *other = NULL;
    exm_buf b = {0};
    exm_error err;

    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n') exm_buf_putc(&b, '\r');
        exm_buf_putc(&b, (char) data[i]);
    }
    must(parse(b.data, b.len, &other, &err) == st);
    if (st == EXM_OK) must_be_same(f, other);
    exm_fasta_free(other);
    exm_buf_done(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    exm_fasta *f = NULL;
    exm_error err = {.code = EXM_OK};
    const exm_status st = parse((const char *) data, size, &f, &err);

    if (st == EXM_OK) {
        check(f);
        read_back(f);
    }
    with_crlf(data, size, st, f);
    exm_fasta_free(f);
    return 0;
}
