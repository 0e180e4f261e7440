/*
 * input_zstd.c - zstd frames (RFC 8878) one after another.
 *
 * libzstd verifies, where the writer put one, a frame's XXH64 checksum (the zstd program does
 * by default), and its stated size unless the last block is empty: so that is verified here.
 * Where frames end is told by a return of 0: a file that ends anywhere else was cut.  A frame
 * without checksum is only as safe as its structure; nothing can be done about that when
 * reading.
 */
#include "input_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

typedef struct zstd {
    ZSTD_DCtx *ctx;
    int between;             /* a frame has just ended and was verified */
    int inside;              /* a frame has begun: */
    unsigned long long size; /* what it says of itself, or ZSTD_CONTENTSIZE_UNKNOWN */
    unsigned long long made; /* unpacked of it so far */
} zstd;

enum { HEADER_MAX = 18 }; /* bytes of a frame's header */

static exm_status
zstd_open(exm_input *in, exm_error *reterr)
{
    zstd *z = calloc(1, sizeof *z);

    if (z) z->ctx = ZSTD_createDCtx();
    in->state = z;
    if (!z || !z->ctx)
        return exm_fail(reterr, EXM_ENOMEM, 0, "%s: no memory to unpack", in->label);
    return EXM_OK;
}

static void
zstd_close(void *state)
{
    zstd *z = state;

    (void) ZSTD_freeDCtx(z->ctx); /* NULL is legal */
    free(z);
}

static exm_status
zstd_failure(const exm_input *in, size_t code, exm_error *reterr)
{
    switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_memory_allocation:
        return exm_fail(reterr, EXM_ENOMEM, 0, "%s: no memory to unpack", in->label);
    case ZSTD_error_frameParameter_windowTooLarge:
        return exm_fail(
            reterr, EXM_EDATA, (size_t) exm_raw_at(in),
            "%s: packed with zstd --long or --ultra and a window above 128 MiB: "
            "pack it again without",
            in->label);
    case ZSTD_error_prefix_unknown:
        return exm_fail(reterr, EXM_EDATA, (size_t) exm_raw_at(in),
                        "%s: byte %" PRIu64 ": bytes that are no zstd data follow the last "
                        "zstd frame: a second file appended, or a damaged copy?",
                        in->label, exm_raw_at(in));
    default:
        return exm_raw_damaged(in, exm_raw_at(in), ZSTD_getErrorName(code), reterr);
    }
}

/* At the start of a frame: what size does it state? */
static exm_status
begin_frame(exm_input *in, zstd *z, exm_error *reterr)
{
    const exm_status s = exm_raw_need(in, HEADER_MAX, reterr);

    if (s != EXM_OK) return s;
    z->size = ZSTD_getFrameContentSize(in->buf + in->pos, exm_raw_have(in));
    if (z->size == ZSTD_CONTENTSIZE_ERROR) z->size = ZSTD_CONTENTSIZE_UNKNOWN;
    z->made = 0;
    z->inside = 1;
    return EXM_OK;
}

static exm_status
end_frame(const exm_input *in, zstd *z, exm_error *reterr)
{
    z->inside = 0;
    if (z->size == ZSTD_CONTENTSIZE_UNKNOWN || z->size == z->made) return EXM_OK;
    return exm_raw_damaged(in, exm_raw_at(in), "a frame holds less than it states", reterr);
}

static exm_status
zstd_read(exm_input *in, uint8_t *dst, size_t cap, size_t *ret_n, exm_error *reterr)
{
    ZSTD_outBuffer out = {.size = cap, .pos = 0};
    zstd *z = in->state;

    out.dst = dst;
    *ret_n = 0;
    while (out.pos == 0) {
        ZSTD_inBuffer raw;
        size_t left;
        exm_status s = EXM_OK;

        if (exm_raw_have(in) == 0) s = exm_raw_need(in, 1, reterr);
        if (s == EXM_OK && !z->inside && exm_raw_have(in) > 0)
            s = begin_frame(in, z, reterr);
        if (s != EXM_OK) return s;
        raw = (ZSTD_inBuffer){.src = in->buf + in->pos, .size = exm_raw_have(in), .pos = 0};
        if (raw.size == 0 && z->between) return EXM_OK;
        left = ZSTD_decompressStream(z->ctx, &out, &raw);
        in->pos += raw.pos;
        *ret_n = out.pos;
        if (ZSTD_isError(left)) return zstd_failure(in, left, reterr);
        z->made += out.pos;
        z->between = left == 0;
        if (z->between && z->inside) s = end_frame(in, z, reterr);
        if (s != EXM_OK) return s;
        if (raw.size + out.pos == 0 && left > 0) /* nothing to take, nothing to give */
            return exm_raw_truncated(in, "a zstd frame", reterr);
    }
    return EXM_OK;
}

const exm_input_codec exm_codec_zstd = {EXM_CONTAINER_ZSTD, zstd_open, zstd_read,
                                        zstd_close, NULL};
