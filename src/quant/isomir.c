/* isomir.c - mirGFF3 1.2 names, CIGARs, and MINTplates licence plates. */
#include "exomir/isomir.h"

#include <string.h>

static void
put_part(exm_buf *out, size_t from, const char *name)
{
    if (out->len > from) exm_buf_putc(out, ',');
    exm_buf_puts(out, name);
}

static void
put_signed(exm_buf *out, size_t from, const char *name, int v)
{
    if (v == 0) return;
    put_part(out, from, name);
    exm_buf_putc(out, v > 0 ? '+' : '-');
    exm_buf_put_u64(out, (uint64_t) (v > 0 ? v : -v));
}

static void
put_count(exm_buf *out, size_t from, const char *name, unsigned n)
{
    if (n == 0) return;
    put_part(out, from, name);
    exm_buf_put_u64(out, n);
}

/* The region of a 1-based position on the mature. */
static const char *
snv_region(int position)
{
    if (position >= 2 && position <= 7) return "iso_snv_seed";
    if (position == 8) return "iso_snv_central_offset";
    if (position >= 9 && position <= 12) return "iso_snv_central";
    if (position >= 13 && position <= 17) return "iso_snv_central_supp";
    return "iso_snv";
}

void
exm_variant_put(const exm_variant *v, exm_buf *out)
{
    const size_t from = out->len;

    put_signed(out, from, "iso_5p:", v->d5);
    put_count(out, from, "iso_add5p:", v->n_add5);
    for (int i = 0; i < v->n_sub && i < 2; i++)
        put_part(out, from, snv_region(v->sub_at[i] - v->n_add5 + v->d5 + 1));
    put_signed(out, from, "iso_3p:", v->d3);
    put_count(out, from, "iso_add3p:", v->n_tail);
    if (out->len == from) exm_buf_puts(out, "NA");
}

static void
put_run(exm_buf *out, uint32_t n, char c)
{
    if (n == 0) return;
    if (n > 1) exm_buf_put_u64(out, n);
    exm_buf_putc(out, c);
}

void
exm_variant_put_cigar(const exm_variant *v, uint32_t read_len, exm_buf *out)
{
    const uint32_t core = read_len - v->n_tail;
    uint32_t at = v->n_add5;

    put_run(out, v->n_add5, 'I');
    for (int i = 0; i < v->n_sub && i < 2; i++) {
        put_run(out, v->sub_at[i] - at, 'M');
        exm_buf_putc(out, "ACTG"[v->sub_ref[i] & 3]);
        at = v->sub_at[i] + 1U;
    }
    put_run(out, core - at, 'M');
    put_run(out, v->n_tail, 'I');
}

static int
uid_code(char c)
{
    switch (c) {
    case 'A':
    case 'a':
        return 0;
    case 'C':
    case 'c':
        return 1;
    case 'G':
    case 'g':
        return 2;
    case 'T':
    case 't':
    case 'U':
    case 'u':
        return 3;
    default:
        return -1;
    }
}

/* Two symbols for a value below 1,024; one where 32 are enough and 'short_form' allows it. */
static void
put_symbols(exm_buf *out, unsigned v, int short_form)
{
    static const char alphabet[] = "BD0EF1HI2JK3LM4NO5PQ6RS7UV8WX9YZ";

    if (!short_form || v >= 32) exm_buf_putc(out, alphabet[v / 32]);
    exm_buf_putc(out, alphabet[v % 32]);
}

exm_status
exm_uid_put(const char *prefix, const char *seq, size_t len, exm_buf *out,
            exm_error *reterr)
{
    static const unsigned base[] = {0, 0, 4, 20, 84}; /* by length of the rest */
    unsigned v = 0;
    size_t in = 0;

    for (size_t i = 0; i < len; i++)
        if (uid_code(seq[i]) < 0)
            return exm_fail(reterr, EXM_EDATA, i, "base %zu is none of A C G T U", i + 1);
    exm_buf_puts(out, prefix);
    exm_buf_putc(out, '-');
    exm_buf_put_u64(out, len);
    exm_buf_putc(out, '-');
    for (size_t i = 0; i < len; i++) {
        v = v * 4 + (unsigned) uid_code(seq[i]);
        if (++in < 5) continue;
        put_symbols(out, v, 0);
        v = 0;
        in = 0;
    }
    if (in > 0) put_symbols(out, v + base[in], 1);
    return exm_buf_check(out, reterr);
}
