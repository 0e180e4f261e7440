/*
 * bundle.h - a reference bundle taken apart, to be edited and put together again.
 *
 * Sections are laid out as the writer does, and the checksum is made right, so that what
 * stands behind it is reached.
 */
#ifndef EXM_TEST_BUNDLE_H
#define EXM_TEST_BUNDLE_H

#include "exomir/buf.h"

#include "ref/ref_format.h"

#include <stdlib.h>
#include <string.h>

struct bundle {
    exm_buf section[EXM_SEC_COUNT];
    exm_ref_extent
        entry[EXM_SEC_COUNT]; /* of the section table, where it is to be another */
    int has_entry[EXM_SEC_COUNT];
    exm_ref_header header;
};

static inline void
bundle_open(const exm_buf *file, struct bundle *ret)
{
    memset(ret, 0, sizeof *ret);
    memcpy(&ret->header, file->data, sizeof ret->header);
    for (size_t i = 0; i < EXM_SEC_COUNT; i++) {
        exm_ref_extent x;

        memcpy(&x, file->data + sizeof ret->header + i * sizeof x, sizeof x);
        exm_buf_put(&ret->section[i], file->data + x.offset, x.bytes);
        ret->entry[i] = x;
    }
}

/* New bytes are zero. */
static inline void
bundle_resize(struct bundle *b, size_t section, size_t n)
{
    exm_buf *s = &b->section[section];

    if (n > s->len) {
        char *p = exm_buf_reserve(s, n - s->len);

        if (!p) abort();
        memset(p, 0, n - s->len + 1);
    }
    s->len = n;
}

static inline void
bundle_done(struct bundle *b)
{
    for (size_t i = 0; i < EXM_SEC_COUNT; i++) exm_buf_done(&b->section[i]);
}

/* The file in memory of its exact size; free() it. */
static inline unsigned char *
bundle_file(struct bundle *b, size_t *ret_n)
{
    size_t n = sizeof b->header + sizeof b->entry;
    char hex[EXM_SHA256_HEX];
    unsigned char *file;

    for (size_t i = 0; i < EXM_SEC_COUNT; i++) {
        const exm_ref_extent x = {.offset = n, .bytes = b->section[i].len};

        if (!b->has_entry[i]) b->entry[i] = x;
        n += (b->section[i].len + 7) / 8 * 8;
    }
    file = calloc(1, n);
    if (!file) abort();
    n = sizeof b->header;
    memcpy(file + n, b->entry, sizeof b->entry);
    n += sizeof b->entry;
    for (size_t i = 0; i < EXM_SEC_COUNT; i++) {
        if (b->section[i].len > 0) memcpy(file + n, b->section[i].data, b->section[i].len);
        n += (b->section[i].len + 7) / 8 * 8;
    }
    if (exm_sha256_of(file + sizeof b->header, n - sizeof b->header, hex, NULL) != EXM_OK)
        abort();
    exm_sha256_bytes(hex, b->header.sha256);
    b->header.file_bytes = n;
    memcpy(file, &b->header, sizeof b->header);
    *ret_n = n;
    return file;
}

#endif
