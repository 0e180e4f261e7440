/*
 * fuzz_gff3.c - any bytes as GFF3: with LF or CR LF alike, comments between lines change
 * nothing, and what is accepted keeps the promises of gff3.h.
 */
#include "ref/gff3.h"

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
parse(const char *data, size_t n, exm_gff3 **ret, exm_error *err)
{
    char *exact = malloc(n ? n : 1);
    exm_status st;

    must(exact != NULL);
    if (n > 0) memcpy(exact, data, n);
    st = exm_gff3_parse(exact, n, "fuzz", ret, err);
    free(exact);
    must(st == EXM_OK || (st == EXM_EDATA && *ret == NULL && err->msg[0]));
    return st;
}

/* No control byte, which %-escapes could hide. */
static int
is_clean(const char *s)
{
    for (; *s; s++)
        if ((unsigned char) *s < 0x20 || *s == 0x7f) return 0;
    return 1;
}

static void
check(const exm_gff3 *g)
{
    must(exm_gff3_count(g) > 0 && exm_gff3_get(g, exm_gff3_count(g)) == NULL);
    for (size_t i = 0; i < exm_gff3_count(g); i++) {
        const exm_gff3_row *r = exm_gff3_get(g, i);

        must(r->kind == EXM_GFF3_HAIRPIN || r->kind == EXM_GFF3_MATURE);
        must(r->start >= 1 && r->start <= r->end && r->end <= (uint64_t) 1 << 40);
        must(r->strand != '\0' && strchr("+-.?", r->strand));
        must(r->id[0] && r->name[0] && is_clean(r->id) && is_clean(r->name));
        must(is_clean(r->alias) && is_clean(r->parent));
        must(i == 0 || r->line > exm_gff3_get(g, i - 1)->line);
    }
}

static void
must_be_same(const exm_gff3 *a, const exm_gff3 *b)
{
    must(exm_gff3_count(a) == exm_gff3_count(b));
    for (size_t i = 0; i < exm_gff3_count(a); i++) {
        const exm_gff3_row *x = exm_gff3_get(a, i), *y = exm_gff3_get(b, i);

        must(x->kind == y->kind && x->start == y->start && x->end == y->end);
        must(x->strand == y->strand && strcmp(x->seqid, y->seqid) == 0);
        must(strcmp(x->id, y->id) == 0 && strcmp(x->name, y->name) == 0);
        must(strcmp(x->alias, y->alias) == 0 && strcmp(x->parent, y->parent) == 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    exm_gff3 *g = NULL, *other = NULL;
    exm_error err = {.code = EXM_OK};
    exm_buf b = {0};
    const exm_status st = parse((const char *) data, size, &g, &err);

    if (st == EXM_OK) check(g);
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n')
            exm_buf_puts(&b, "\r\n#\tno row\r\n");
        else
            exm_buf_putc(&b, (char) data[i]);
    }
    must(parse(b.data, b.len, &other, &err) == st);
    if (st == EXM_OK) must_be_same(g, other);
    exm_gff3_free(g);
    exm_gff3_free(other);
    exm_buf_done(&b);
    return 0;
}
