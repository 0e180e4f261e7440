/*
 * packed.h - bytes for tests of packed input: a growing array, gzip members, BGZF, zstd.
 *
 * Packing is done by libdeflate and libzstd, which the library only unpacks with (gzip
 * it unpacks with ISA-L): the two sides check each other.
 */
#ifndef EXM_TEST_PACKED_H
#define EXM_TEST_PACKED_H

#include <libdeflate.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

typedef struct bytes {
    uint8_t *p;
    size_t n, cap;
} bytes;

static inline void
add(bytes *b, const void *p, size_t n)
{
    if (b->cap - b->n < n || !b->p) {
        b->cap = 2 * (b->n + n) + 64;
        b->p = realloc(b->p, b->cap);
        if (!b->p) abort();
    }
    if (n > 0) memcpy(b->p + b->n, p, n);
    b->n += n;
}

static inline void
add_text(bytes *b, const char *s)
{
    add(b, s, strlen(s));
}

static inline void
add_u32(bytes *b, uint32_t v)
{
    const uint8_t le[4] = {(uint8_t) v, (uint8_t) (v >> 8), (uint8_t) (v >> 16),
                           (uint8_t) (v >> 24)};

    add(b, le, 4);
}

static inline void
add_same(bytes *b, int c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t x = (uint8_t) c;

        add(b, &x, 1);
    }
}

static inline void
bytes_done(bytes *b)
{
    free(b->p);
    *b = (bytes){0};
}

/* Raw deflate of p, appended. */
static inline void
add_deflate(bytes *b, const void *p, size_t n)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    const size_t bound = c ? libdeflate_deflate_compress_bound(c, n) : 0;
    uint8_t *tmp = malloc(bound + 1);
    size_t k;

    if (!c || !tmp) abort();
    k = libdeflate_deflate_compress(c, p, n, tmp, bound);
    if (k == 0) abort();
    add(b, tmp, k);
    free(tmp);
    libdeflate_free_compressor(c);
}

/* One gzip member with the given flags and the optional header fields as they stand. */
static inline void
add_gzip_with(bytes *b, unsigned flags, const bytes *fields, const void *p, size_t n)
{
    const uint8_t head[10] = {0x1f, 0x8b, 8, (uint8_t) flags, 0, 0, 0, 0, 0, 0xff};

    add(b, head, sizeof head);
    if (fields) add(b, fields->p, fields->n);
    add_deflate(b, p, n);
    add_u32(b, libdeflate_crc32(0, p, n));
    add_u32(b, (uint32_t) n);
}

static inline void
add_gzip(bytes *b, const void *p, size_t n)
{
    add_gzip_with(b, 0, NULL, p, n);
}

static inline void
add_bgzf_block(bytes *b, const void *p, size_t n)
{
    const size_t at = b->n;
    size_t size;
    bytes extra = {0};

    add(&extra, "\x06\0BC\x02\0\0\0", 8);
    add_gzip_with(b, 4, &extra, p, n);
    size = b->n - at - 1;
    b->p[at + 16] = (uint8_t) size;
    b->p[at + 17] = (uint8_t) (size >> 8);
    bytes_done(&extra);
}

static inline void
add_bgzf_eof(bytes *b)
{
    add(b, "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0\x42\x43\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0",
        28);
}

static inline void
add_bgzf(bytes *b, const void *p, size_t n, size_t block)
{
    for (size_t i = 0; i < n; i += block)
        add_bgzf_block(b, (const uint8_t *) p + i, n - i < block ? n - i : block);
    add_bgzf_eof(b);
}

static inline void
add_zstd(bytes *b, const void *p, size_t n, int checksum)
{
    ZSTD_CCtx *c = ZSTD_createCCtx();
    const size_t bound = ZSTD_compressBound(n);
    uint8_t *tmp = malloc(bound);
    size_t k;

    if (!c || !tmp) abort();
    if (ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, checksum))) abort();
    k = ZSTD_compress2(c, tmp, bound, p, n);
    if (ZSTD_isError(k)) abort();
    add(b, tmp, k);
    free(tmp);
    (void) ZSTD_freeCCtx(c);
}

/* xorshift32: the same draws on every machine. */
static inline uint32_t
draw(uint32_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 17;
    *x ^= *x << 5;
    return *x;
}

/* One FASTQ record of n random bases named r<i>. */
static inline void
add_record(bytes *b, uint32_t *x, unsigned i, size_t n)
{
    char name[32], tmp[2];
    unsigned digits = i, k = sizeof name;

    name[--k] = '\0';
    do {
        name[--k] = (char) ('0' + digits % 10);
        digits /= 10;
    } while (digits > 0);
    add_text(b, "@r");
    add_text(b, name + k);
    add_text(b, "\n");
    for (size_t j = 0; j < n; j++) {
        tmp[0] = "ACGT"[draw(x) >> 8 & 3];
        add(b, tmp, 1);
    }
    add_text(b, "\n+\n");
    for (size_t j = 0; j < n; j++) {
        tmp[0] = "F:,#"[draw(x) >> 8 & 3];
        add(b, tmp, 1);
    }
    add_text(b, "\n");
}

#endif
