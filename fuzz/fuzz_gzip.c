/*
 * fuzz_gzip.c - any bytes as a packed file (gzip, BGZF, zstd, plain).
 *
 * Byte 0 chooses the chunk of packed bytes, byte 1 the size of the pieces asked for.
 * One verdict for every chunk and piece; what is accepted as gzip must be what
 * libdeflate, an inflate by other authors, makes of the same members.
 */
#include "seq/input_impl.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_MAX = 1 << 17 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
count_raw(void *ctx, const void *raw, size_t n)
{
    (void) raw;
    *(size_t *) ctx += n;
}

/* Up to OUT_MAX bytes; *ret_n is OUT_MAX + 1 for more. */
static exm_status
unpack(const uint8_t *data, size_t size, size_t chunk, size_t piece, uint8_t *out,
       size_t *ret_n, exm_container *ret_c)
{
    exm_input *in = NULL;
    exm_error err = {.code = EXM_OK};
    size_t n = 0, k = 1, raw = 0;
    exm_status s = exm_input_open_memory(data, size, "fuzz", &in, &err);

    *ret_n = 0;
    if (s != EXM_OK) {
        if (!err.msg[0]) abort();
        return s;
    }
    exm_input_set_chunk(in, chunk);
    exm_input_set_tee(in, count_raw, &raw);
    while (s == EXM_OK && k > 0 && n <= OUT_MAX) {
        s = exm_input_read(in, out + n, piece, &k, &err);
        if (s == EXM_OK) n += k;
    }
    if (s != EXM_OK && (s == EXM_EINVAL || s == EXM_EIO || !err.msg[0])) abort();
    if (s == EXM_OK && k == 0 && (raw != size || exm_input_raw_bytes(in) != size)) abort();
    *ret_c = exm_input_container(in);
    *ret_n = n;
    exm_input_close(in);
    return s;
}

/* All members by libdeflate; zeros may follow the last. */
static int
same_by_libdeflate(const uint8_t *data, size_t size, const uint8_t *want, size_t n)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    uint8_t *out = malloc(n + 1);
    size_t at = 0, made = 0;
    int same = 1;

    if (!d || !out) abort();
    while (same && at < size && data[at] != 0) {
        size_t used = 0, got = 0;

        same = libdeflate_gzip_decompress_ex(d, data + at, size - at, out + made, n - made,
                                             &used, &got) == LIBDEFLATE_SUCCESS;
        at += used;
        made += got;
    }
    same = same && made == n && (n == 0 || memcmp(out, want, n) == 0);
    free(out);
    libdeflate_free_decompressor(d);
    return same;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *a, *b;
    size_t na = 0, nb = 0, chunk, piece;
    exm_container ca = EXM_CONTAINER_PLAIN, cb = EXM_CONTAINER_PLAIN;
    exm_status s, sb;

    if (size < 2) return 0;
    chunk = (size_t) data[0] % 64 + 1;
    piece = (size_t) data[1] * 16 + 1;
    data += 2;
    size -= 2;
    a = malloc(2 * OUT_MAX + 2);
    b = malloc(2 * OUT_MAX + 2);
    if (!a || !b) abort();
    s = unpack(data, size, EXM_RAW_CHUNK, OUT_MAX, a, &na, &ca);
    if (na <= OUT_MAX) { /* no bomb */
        sb = unpack(data, size, chunk, piece, b, &nb, &cb);
        /* Small pieces may pass OUT_MAX, and end there, before the damage is met. */
        if (sb != s && !(s != EXM_OK && nb > OUT_MAX)) abort();
        if (s == EXM_OK && (ca != cb || na != nb || memcmp(a, b, na) != 0)) abort();
        if (s == EXM_OK && (ca == EXM_CONTAINER_GZIP || ca == EXM_CONTAINER_BGZF) &&
            !same_by_libdeflate(data, size, a, na))
            abort();
    }
    free(a);
    free(b);
    return 0;
}
