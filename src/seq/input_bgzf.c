/*
 * input_bgzf.c - the blocks of BGZF (SAM specification 4.1).
 *
 * A block says its packed size in the BC subfield and its unpacked size, at most
 * 64 KiB, in its trailer, so it is unpacked in one call by libdeflate: no state has to
 * be kept between blocks, which is what makes ISA-L's streaming slow on them.
 */
#include "input_impl.h"

#include <libdeflate.h>
#include <string.h>

/* exm_bgzf is libdeflate's object under another name; never looked into. */
exm_bgzf *
exm_bgzf_new(void)
{
    return (exm_bgzf *) libdeflate_alloc_decompressor();
}

void
exm_bgzf_free(exm_bgzf *b)
{
    if (b) libdeflate_free_decompressor((struct libdeflate_decompressor *) b);
}

size_t
exm_bgzf_size(const uint8_t *extra, size_t n)
{
    size_t i = 0;

    while (i + 4 <= n) {
        const size_t len = extra[i + 2] | (size_t) extra[i + 3] << 8;

        if (extra[i] == 'B' && extra[i + 1] == 'C' && len == 2 && i + 6 <= n)
            return (extra[i + 4] | (size_t) extra[i + 5] << 8) + 1;
        i += 4 + len;
    }
    return 0;
}

int
exm_bgzf_is_eof(const uint8_t *p, size_t n)
{
    static const uint8_t marker[EXM_BGZF_EOF_LEN] = {
        0x1f, 0x8b, 8,  4, 0, 0, 0, 0, 0, 0xff, 6, 0, 'B', 'C',
        2,    0,    27, 0, 3, 0, 0, 0, 0, 0,    0, 0, 0,   0};

    return n >= sizeof marker && memcmp(p, marker, sizeof marker) == 0;
}

const char *
exm_bgzf_block(exm_bgzf *b, const uint8_t *body, size_t n, uint8_t *dst, size_t *ret_n)
{
    struct libdeflate_decompressor *d = (struct libdeflate_decompressor *) b;
    const uint8_t *t = body + n - 8;
    const uint32_t crc =
        t[0] | (uint32_t) t[1] << 8 | (uint32_t) t[2] << 16 | (uint32_t) t[3] << 24;
    const uint32_t size =
        t[4] | (uint32_t) t[5] << 8 | (uint32_t) t[6] << 16 | (uint32_t) t[7] << 24;
    size_t used = 0, made = 0;

    if (size > EXM_BGZF_MAX) return "a BGZF block states an impossible length";
    /* Asked for the exact size: shorter or longer output is a failure by itself. */
    if (libdeflate_deflate_decompress_ex(d, body, n - 8, dst, size, &used, &made) !=
            LIBDEFLATE_SUCCESS ||
        made != size)
        return "invalid deflate data in a BGZF block";
    if (used != n - 8) return "a BGZF block holds more than its data";
    if (libdeflate_crc32(0, dst, size) != crc) return "the CRC-32 of a BGZF block is wrong";
    *ret_n = size;
    return NULL;
}

exm_status
exm_bgzf_unpack(exm_bgzf *b, const exm_bgzf_pieces *p, const char *label, exm_container c,
                uint8_t *dst, size_t *ret_n, exm_error *reterr)
{
    size_t made = 0;

    for (size_t i = 0; i < p->n; i++) {
        const struct exm_bgzf_piece *e = &p->piece[i];
        size_t n = 0;
        const char *wrong = exm_bgzf_block(b, p->packed + e->pos, e->n, dst + made, &n);

        *ret_n = made += n;
        if (wrong) return exm_packed_damaged(label, c, e->at, wrong, reterr);
    }
    return EXM_OK;
}
