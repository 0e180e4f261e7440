/*
 * fuzz_fastq.c - any bytes as reads: whole and in pieces, scalar and SIMD, one result.
 *
 * The first byte chooses the size of the pieces, the rest is the file.  Each block is
 * parsed in memory of its exact size, so that a read past the pad is found.
 */
#include "exomir/fastq.h"

#include <stdlib.h>
#include <string.h>

enum { CAP = 4 };

typedef struct outcome {
    uint64_t hash, records;
    exm_status status;
    exm_reads_format format;
    exm_error err;
} outcome;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t
mix(uint64_t h, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char) p[i]) * 1099511628211u;
    return h;
}

/* What exm_read promises of every record. */
static void
check(const exm_read *r)
{
    if (r->copies == 0) abort();
    for (uint32_t i = 0; i < r->len; i++) {
        if (r->seq[i] == 0 || !strchr("ACGTN", r->seq[i])) abort();
        if (r->qual && (r->qual[i] < 33 || r->qual[i] > 126)) abort();
    }
    if (memchr(r->name, 0, r->name_len) || memchr(r->name, '\n', r->name_len)) abort();
}

/* One block; returns the bytes used. */
static size_t
block(exm_fastq *p, const uint8_t *data, size_t n, int last, int pad, size_t *ret_n,
      outcome *o)
{
    char *mem = malloc(n + EXM_SEQ_PAD);
    exm_read r[CAP];
    size_t used = 0;

    *ret_n = 0;
    if (!mem) abort();
    if (n > 0) memcpy(mem, data, n);
    memset(mem + n, pad, EXM_SEQ_PAD);
    o->status = exm_fastq_parse(p, mem, n, last, r, CAP, ret_n, &used, &o->err);
    if (o->status == EXM_OK && (*ret_n > CAP || used > n)) abort();
    for (size_t i = 0; o->status == EXM_OK && i < *ret_n; i++) {
        check(&r[i]);
        o->hash = mix(o->hash * 31 + r[i].copies, r[i].name, r[i].name_len);
        o->hash = mix(o->hash * 31, r[i].seq, r[i].len);
        if (r[i].qual) o->hash = mix(o->hash * 31, r[i].qual, r[i].len);
    }
    free(mem);
    return used;
}

static void
parse(const uint8_t *data, size_t size, size_t piece, exm_simd simd, int pad, outcome *o)
{
    exm_fastq *p = NULL;
    size_t at = 0, upto = piece < size ? piece : size;

    memset(o, 0, sizeof *o);
    if (exm_fastq_new("fuzz", simd, &p, NULL) != EXM_OK) abort();
    for (;;) {
        size_t n = 0;
        const size_t used = block(p, data + at, upto - at, upto == size, pad, &n, o);

        if (o->status != EXM_OK) break;
        at += used;
        if (n == 0 && upto == size) {
            if (at == size) break;
            if (used == 0) abort(); /* the end was neither reached nor refused */
        } else if (n == 0) {
            upto = upto + piece < size ? upto + piece : size;
        }
    }
    o->records = exm_fastq_records(p);
    o->format = exm_fastq_format(p);
    exm_fastq_free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    outcome whole, other;
    size_t piece;

    if (size == 0) return 0;
    piece = (size_t) data[0] + 1;
    data++;
    size--;
    if (size / piece > 512) piece = size / 512 + 1;
    parse(data, size, size + 1, EXM_SIMD_SCALAR, 0, &whole);
    if (whole.status != EXM_OK && (whole.status != EXM_EDATA || !whole.err.msg[0])) abort();
    for (int way = 0; way < 3; way++) {
        parse(data, size, way == 0 ? size + 1 : piece,
              way == 1 ? EXM_SIMD_SCALAR : EXM_SIMD_SSE4, way == 2 ? '\n' : 'A', &other);
        if (whole.status != other.status || whole.hash != other.hash ||
            whole.records != other.records || whole.format != other.format ||
            strcmp(whole.err.msg, other.err.msg) != 0)
            abort();
    }
    return 0;
}
