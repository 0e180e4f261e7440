/*
 * input_gzip.c - gzip members (RFC 1952) one after another, each with CRC and length.
 *
 * Workload: sequencers write one member of up to 50 GB, `cat` makes several, bcl
 * converters add empty ones, tape adds zero padding.  The deflate data go through
 * ISA-L, the fastest streaming inflate there is; it is given raw deflate with CRC
 * counting (ISAL_GZIP_NO_HDR), and header and trailer are read here, so that each is
 * checked whatever piece of it a read ends in, and each message names its byte.
 *
 * A member whose extra field has the BC subfield is a BGZF block: it says its own size,
 * and goes whole through input_bgzf.c; several may be cut out for other threads.  Members of both kinds may follow one another;
 * when the last one is a BGZF block it must be the EOF block, because a file cut
 * between two blocks looks whole otherwise.
 */
#include "input_impl.h"

#include "exomir/simd.h"

#include <isa-l/igzip_lib.h>

#include <inttypes.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

enum { FHCRC = 2, FEXTRA = 4, FNAME = 8, FCOMMENT = 16, RESERVED = 0xe0 };
enum { HEADER_LEN = 10, TRAILER_LEN = 8, INFLATE_MAX = 1 << 30 };

typedef enum phase {
    BETWEEN = 0, /* a header, padding or the end comes next */
    DEFLATE,     /* inside a member */
    TRAILER,
    BLOCK /* an unpacked BGZF block is being handed out */
} phase;

typedef struct gzip {
    phase phase;
    uint64_t members, member_at; /* member_at: packed offset of the current header */
    uint32_t header_crc;
    int last_is_bgzf, last_is_eof;
    struct inflate_state *z;
    exm_bgzf *bgzf;
    uint8_t *block; /* [EXM_BGZF_MAX], for blocks that the caller has no room for */
    size_t block_pos, block_n;
} gzip;

static void
gzip_close(void *state)
{
    gzip *g = state;

    exm_bgzf_free(g->bgzf);
    free(g->block);
    free(g->z);
    free(g);
}

static exm_status
no_memory(const exm_input *in, exm_error *reterr)
{
    return exm_fail(reterr, EXM_ENOMEM, 0, "%s: no memory to unpack", in->label);
}

static exm_status
gzip_open(exm_input *in, exm_error *reterr)
{
    gzip *g = calloc(1, sizeof *g);

    if (!g) return no_memory(in, reterr);
    in->state = g;
    /* The first member's kind names the container; its header is checked when read. */
    if (exm_raw_have(in) >= HEADER_LEN + 2 && (in->buf[in->pos + 3] & FEXTRA) != 0) {
        const uint8_t *p = in->buf + in->pos + HEADER_LEN;
        const size_t xlen = p[0] | (size_t) p[1] << 8;
        exm_status s = exm_raw_need(in, HEADER_LEN + 2 + xlen, reterr);

        if (s != EXM_OK) return s;
        p = in->buf + in->pos + HEADER_LEN + 2;
        if (exm_raw_have(in) >= HEADER_LEN + 2 + xlen && exm_bgzf_size(p, xlen) > 0)
            in->container = EXM_CONTAINER_BGZF;
    }
    return EXM_OK;
}

/* ---- header ---- */

/* n bytes that are there: they count as used. */
static const uint8_t *
use_header(exm_input *in, gzip *g, size_t n)
{
    const uint8_t *p = in->buf + in->pos;

    in->pos += n;
    g->header_crc = libdeflate_crc32(g->header_crc, p, n);
    return p;
}

/* n contiguous header bytes; *ret points at them. */
static exm_status
header_bytes(exm_input *in, gzip *g, size_t n, const uint8_t **ret, exm_error *reterr)
{
    const exm_status s = exm_raw_need(in, n, reterr);

    if (s != EXM_OK) return s;
    if (exm_raw_have(in) < n) return exm_raw_truncated(in, "a gzip header", reterr);
    *ret = use_header(in, g, n);
    return EXM_OK;
}

/* A name or comment: skipped up to its NUL, however long. */
static exm_status
header_text(exm_input *in, gzip *g, exm_error *reterr)
{
    for (;;) {
        const uint8_t *nul;
        size_t n;
        const exm_status s = exm_raw_need(in, 1, reterr);

        if (s != EXM_OK) return s;
        n = exm_raw_have(in);
        if (n == 0) return exm_raw_truncated(in, "a gzip header", reterr);
        nul = memchr(in->buf + in->pos, 0, n);
        if (nul) n = (size_t) (nul - (in->buf + in->pos)) + 1;
        (void) use_header(in, g, n);
        if (nul) return EXM_OK;
    }
}

/* Optional fields; *ret_bgzf gets the size that a BC subfield states, or 0. */
static exm_status
header_fields(exm_input *in, gzip *g, unsigned flags, size_t *ret_bgzf, exm_error *reterr)
{
    const uint8_t *p = in->buf;
    exm_status s = EXM_OK;

    *ret_bgzf = 0;
    if ((flags & FEXTRA) != 0) {
        s = header_bytes(in, g, 2, &p, reterr);
        if (s == EXM_OK) {
            const size_t n = p[0] | (size_t) p[1] << 8;

            s = header_bytes(in, g, n, &p, reterr);
            if (s == EXM_OK) *ret_bgzf = exm_bgzf_size(p, n);
        }
    }
    if (s == EXM_OK && (flags & FNAME) != 0) s = header_text(in, g, reterr);
    if (s == EXM_OK && (flags & FCOMMENT) != 0) s = header_text(in, g, reterr);
    if (s == EXM_OK && (flags & FHCRC) != 0) {
        const uint32_t want = g->header_crc & 0xffff;

        s = header_bytes(in, g, 2, &p, reterr);
        if (s == EXM_OK && (p[0] | (uint32_t) p[1] << 8) != want)
            s = exm_raw_damaged(in, g->member_at, "the CRC of a gzip header is wrong",
                                reterr);
    }
    return s;
}

static exm_status
read_header(exm_input *in, gzip *g, size_t *ret_bgzf, exm_error *reterr)
{
    const uint8_t *p = in->buf;
    unsigned method, flags;
    exm_status s;

    g->member_at = exm_raw_at(in);
    g->header_crc = 0;
    s = header_bytes(in, g, HEADER_LEN, &p, reterr);
    if (s != EXM_OK) return s;
    method = p[2]; /* copied: the buffer may move below */
    flags = p[3];
    if (method != 8)
        return exm_raw_damaged(in, g->member_at, "unknown packing method in a gzip header",
                               reterr);
    if ((flags & RESERVED) != 0)
        return exm_raw_damaged(in, g->member_at, "reserved flags set in a gzip header",
                               reterr);
    return header_fields(in, g, flags, ret_bgzf, reterr);
}

/* ---- between members ---- */

static exm_status
check_end(const exm_input *in, const gzip *g, exm_error *reterr)
{
    if (g->last_is_bgzf && !g->last_is_eof)
        return exm_fail(
            reterr, EXM_EDATA, (size_t) in->raw_bytes,
            "%s: byte %" PRIu64 ": the BGZF end-of-file block is missing: the "
            "file was cut between two blocks; the download or copy stopped early?",
            in->label, in->raw_bytes);
    return EXM_OK;
}

/* After the last member only zeros may follow, up to the end of the file. */
static exm_status
skip_padding(exm_input *in, exm_error *reterr)
{
    for (;;) {
        const exm_status s = exm_raw_need(in, 1, reterr);

        if (s != EXM_OK || exm_raw_have(in) == 0) return s;
        for (; in->pos < in->end; in->pos++) {
            if (in->buf[in->pos] == 0) continue;
            return exm_fail(reterr, EXM_EDATA, (size_t) exm_raw_at(in),
                            "%s: byte %" PRIu64 ": bytes that are no gzip data follow the "
                            "last gzip member: a second file appended, or a damaged copy?",
                            in->label, exm_raw_at(in));
        }
    }
}

static exm_status
start_deflate(exm_input *in, gzip *g, exm_error *reterr)
{
    if (!g->z) {
        g->z = malloc(sizeof *g->z);
        if (!g->z) return no_memory(in, reterr);
        isal_inflate_init(g->z);
    } else {
        isal_inflate_reset(g->z);
    }
    g->z->crc_flag = ISAL_GZIP_NO_HDR;
    g->z->avail_in = 0;
    g->z->next_in = NULL;
    g->phase = DEFLATE;
    return EXM_OK;
}

/* One whole BGZF block, straight into dst when it fits there. */
static exm_status
read_block(exm_input *in, gzip *g, size_t size, uint8_t *dst, size_t cap, size_t *ret_n,
           exm_error *reterr)
{
    const size_t header = (size_t) (exm_raw_at(in) - g->member_at);
    const char *wrong;
    size_t body, n = 0;
    exm_status s;

    if (size <= header + TRAILER_LEN)
        return exm_raw_damaged(in, g->member_at, "a BGZF block states an impossible size",
                               reterr);
    body = size - header;
    s = exm_raw_need(in, body, reterr);
    if (s != EXM_OK) return s;
    if (exm_raw_have(in) < body) return exm_raw_truncated(in, "a BGZF block", reterr);

    if (!g->bgzf) {
        g->bgzf = exm_bgzf_new();
        g->block = malloc(EXM_BGZF_MAX);
        if (!g->bgzf || !g->block) return no_memory(in, reterr);
    }
    if (cap < EXM_BGZF_MAX) dst = g->block;
    wrong = exm_bgzf_block(g->bgzf, in->buf + in->pos, body, dst, &n);
    if (wrong) return exm_raw_damaged(in, g->member_at, wrong, reterr);
    in->pos += body;
    g->members++;
    if (dst == g->block) {
        g->block_pos = 0;
        g->block_n = n;
        g->phase = BLOCK;
    } else {
        *ret_n = n;
    }
    return EXM_OK;
}

/* A header, or the end of the file: then *ret_end is set. */
static exm_status
next_member(exm_input *in, gzip *g, uint8_t *dst, size_t cap, size_t *ret_n, int *ret_end,
            exm_error *reterr)
{
    size_t bgzf = 0;
    const uint8_t *p;
    exm_status s = exm_raw_need(in, EXM_BGZF_EOF_LEN, reterr);

    if (s != EXM_OK) return s;
    p = in->buf + in->pos;
    if (exm_raw_have(in) == 0 || p[0] != 0x1f || (exm_raw_have(in) > 1 && p[1] != 0x8b)) {
        s = skip_padding(in, reterr);
        if (s == EXM_OK) s = check_end(in, g, reterr);
        *ret_end = s == EXM_OK;
        return s;
    }
    g->last_is_eof = exm_bgzf_is_eof(p, exm_raw_have(in));
    s = read_header(in, g, &bgzf, reterr);
    if (s != EXM_OK) return s;
    g->last_is_bgzf = bgzf > 0;
    return bgzf > 0 ? read_block(in, g, bgzf, dst, cap, ret_n, reterr)
                    : start_deflate(in, g, reterr);
}

/* ---- inside a member ---- */

static const char *
inflate_failure(int code)
{
    switch (code) {
    case ISAL_INVALID_BLOCK:
        return "invalid deflate block";
    case ISAL_INVALID_SYMBOL:
        return "invalid deflate symbol";
    case ISAL_INVALID_LOOKBACK:
        return "a deflate match reaches before the start";
    default:
        return "invalid deflate data";
    }
}

static exm_status
inflate_some(exm_input *in, gzip *g, uint8_t *dst, size_t cap, size_t *ret_n,
             exm_error *reterr)
{
    struct inflate_state *z = g->z;
    const uint32_t room = (uint32_t) (cap < INFLATE_MAX ? cap : INFLATE_MAX);
    size_t given;
    int code;
    exm_status s = EXM_OK;

    if (exm_raw_have(in) == 0) s = exm_raw_need(in, 1, reterr);
    if (s != EXM_OK) return s;
    given = exm_raw_have(in);
    z->next_in = in->buf + in->pos;
    z->avail_in = (uint32_t) given; /* at most EXM_RAW_CHUNK */
    z->next_out = dst;
    z->avail_out = room;
    code = isal_inflate(z);
    exm_simd_leave_avx();
    in->pos = in->end - z->avail_in;
    *ret_n = room - z->avail_out;
    if (code < 0) return exm_raw_damaged(in, exm_raw_at(in), inflate_failure(code), reterr);
    if (z->block_state == ISAL_BLOCK_FINISH) {
        g->phase = TRAILER;
    } else if (*ret_n == 0 && given == 0) {
        return exm_raw_truncated(in, "compressed data", reterr); /* nothing left to give */
    }
    return EXM_OK;
}

/* CRC-32 and length; the first bytes of them may be in ISA-L's bit buffer already. */
static exm_status
check_trailer(exm_input *in, gzip *g, exm_error *reterr)
{
    struct inflate_state *z = g->z;
    uint8_t t[TRAILER_LEN];
    size_t n = 0;
    uint32_t crc, size;
    exm_status s;

    z->read_in >>= z->read_in_length % 8; /* what is left of the last byte of deflate */
    for (int left = z->read_in_length / 8; left > 0 && n < TRAILER_LEN; left--) {
        t[n++] = (uint8_t) (z->read_in & 0xff);
        z->read_in >>= 8;
    }
    s = exm_raw_need(in, TRAILER_LEN - n, reterr);
    if (s != EXM_OK) return s;
    if (exm_raw_have(in) < TRAILER_LEN - n)
        return exm_raw_truncated(in, "the checksum of a gzip member", reterr);
    memcpy(t + n, in->buf + in->pos, TRAILER_LEN - n);
    in->pos += TRAILER_LEN - n;

    crc = t[0] | (uint32_t) t[1] << 8 | (uint32_t) t[2] << 16 | (uint32_t) t[3] << 24;
    size = t[4] | (uint32_t) t[5] << 8 | (uint32_t) t[6] << 16 | (uint32_t) t[7] << 24;
    if (crc != z->crc)
        return exm_raw_damaged(in, exm_raw_at(in) - TRAILER_LEN,
                               "the CRC-32 of a gzip member is wrong", reterr);
    if (size != z->total_out) /* both modulo 2^32, as RFC 1952 has it */
        return exm_raw_damaged(in, exm_raw_at(in) - 4,
                               "the length of a gzip member is wrong", reterr);
    g->members++;
    g->phase = BETWEEN;
    return EXM_OK;
}

static exm_status
gzip_read(exm_input *in, uint8_t *dst, size_t cap, size_t *ret_n, exm_error *reterr)
{
    gzip *g = in->state;
    exm_status s = EXM_OK;
    int end = 0;

    *ret_n = 0;
    while (s == EXM_OK && !end && *ret_n == 0) {
        switch (g->phase) {
        case BETWEEN:
            s = next_member(in, g, dst, cap, ret_n, &end, reterr);
            break;
        case DEFLATE:
            s = inflate_some(in, g, dst, cap, ret_n, reterr);
            break;
        case TRAILER:
            s = check_trailer(in, g, reterr);
            break;
        case BLOCK: {
            const size_t left = g->block_n - g->block_pos, n = left < cap ? left : cap;

            memcpy(dst, g->block + g->block_pos, n);
            g->block_pos += n;
            *ret_n = n;
            if (g->block_pos == g->block_n) g->phase = BETWEEN;
            break;
        }
        }
    }
    return s;
}

/* ---- BGZF blocks, for several threads ---- */

/* Sizes of the BGZF block that stands next, whole and with nothing unusual in its header;
 * else *ret_size is 0. */
static exm_status
peek_block(exm_input *in, size_t *ret_header, size_t *ret_size, exm_error *reterr)
{
    const uint8_t *p;
    size_t header, size;
    exm_status s = exm_raw_need(in, EXM_BGZF_EOF_LEN, reterr); /* the shortest block */

    *ret_size = 0;
    if (s != EXM_OK || exm_raw_have(in) < EXM_BGZF_EOF_LEN) return s;
    p = in->buf + in->pos;
    if (p[0] != 0x1f || p[1] != 0x8b || p[2] != 8 || p[3] != FEXTRA) return EXM_OK;
    header = HEADER_LEN + 2 + (p[HEADER_LEN] | (size_t) p[HEADER_LEN + 1] << 8);
    s = exm_raw_need(in, header, reterr);
    if (s != EXM_OK || exm_raw_have(in) < header) return s;
    size = exm_bgzf_size(in->buf + in->pos + HEADER_LEN + 2, header - HEADER_LEN - 2);
    if (size <= header + TRAILER_LEN) return EXM_OK;
    s = exm_raw_need(in, size, reterr);
    if (s != EXM_OK || exm_raw_have(in) < size) return s;
    *ret_header = header;
    *ret_size = size;
    return EXM_OK;
}

static exm_status
gzip_cut(exm_input *in, size_t room, exm_bgzf_pieces *ret, exm_error *reterr)
{
    gzip *g = in->state;
    exm_status s = EXM_OK;

    if (g->phase != BETWEEN) return EXM_OK;
    while (ret->n < EXM_BGZF_PIECES) {
        size_t header, size, body, made;
        const uint8_t *p, *t;

        s = peek_block(in, &header, &size, reterr);
        if (s != EXM_OK || size == 0) break;
        p = in->buf + in->pos;
        t = p + size - 4;
        made = t[0] | (size_t) t[1] << 8 | (size_t) t[2] << 16 | (size_t) t[3] << 24;
        body = size - header;
        if (made > EXM_BGZF_MAX || made > room - ret->made || body > ret->cap - ret->used)
            break;
        memcpy(ret->packed + ret->used, p + header, body);
        ret->piece[ret->n++] =
            (struct exm_bgzf_piece){.at = exm_raw_at(in), .pos = ret->used, .n = body};
        ret->used += body;
        ret->made += made;
        g->last_is_bgzf = 1;
        g->last_is_eof = exm_bgzf_is_eof(p, size);
        g->members++;
        in->pos += size;
    }
    return s;
}

const exm_input_codec exm_codec_gzip = {EXM_CONTAINER_GZIP, gzip_open, gzip_read,
                                        gzip_close, gzip_cut};
