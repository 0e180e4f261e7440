/*
 * fuzz_record.c - any bytes as a sample record: refused with their place, or a record whose
 * written form is the same bytes.  The input lacks the checksum, which is put behind it,
 * so that what lies behind the checksum is reached.
 */
#include "exomir/digest.h"
#include "exomir/record.h"
#include "exomir/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
    if (!ok) abort();
}

static void
put_checksum(exm_buf *b)
{
    char hex[EXM_SHA256_HEX];
    unsigned char sha[EXM_SHA256_LEN];

    require(exm_sha256_of(b->data, b->len, hex, NULL) == EXM_OK);
    exm_sha256_bytes(hex, sha);
    exm_buf_put(b, sha, sizeof sha);
}

/* What later stages rely on. */
static void
check(const exm_record *r)
{
    uint64_t fates = 0;

    for (int i = 0; i < EXM_FATE_COUNT; i++) fates += r->fate[i];
    require(fates == r->reads_in && exm_text_is_file_safe(r->sample));
    (void) exm_record_is_poly_a(r);
    require(r->n_classes > 0 && strlen(r->ref_sha256) == EXM_SHA256_HEX - 1);
    for (size_t i = 0; i < r->n_features; i++) {
        require(r->features[i].class_id < r->n_classes);
        require(!strpbrk(r->features[i].name, "\t\r\n"));
    }
    for (size_t i = 0; i < r->n_isomirs; i++) {
        const exm_record_isomir *x = &r->isomirs[i];
        const uint32_t len = 63U - (uint32_t) __builtin_clzll(x->lo);
        exm_buf name = {0};

        require(x->feature < r->n_features && x->mature < r->n_matures);
        require(i == 0 || r->isomirs[i - 1].feature <= x->feature);
        require(x->hi >> len == 0 && x->variant.n_sub <= 2);
        require(!exm_record_has_open_end(r, x) || x->variant.n_tail == 0);
        exm_variant_put(&x->variant, &name);
        exm_variant_put_cigar(&x->variant, len, &name);
        require(name.len > 0);
        exm_buf_done(&name);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    exm_buf b = {0}, again = {0};
    exm_record *r = NULL;
    exm_error err = {.code = EXM_OK};
    exm_status st;

    if (size > 0) exm_buf_put(&b, data, size);
    st = exm_record_decode(b.data ? b.data : "", b.len, "fuzz", &r, &err);
    require(st != EXM_OK || r); /* a checksum by chance: no */
    exm_record_free(r);
    r = NULL;
    exm_buf_put(&b, "", 0);
    put_checksum(&b);
    st = exm_record_decode(b.data, b.len, "fuzz", &r, &err);
    if (st != EXM_OK) {
        require(st == EXM_EDATA && !r && err.at <= b.len && err.msg[0]);
    } else {
        check(r);
        require(exm_record_encode(r, &again, &err) == EXM_OK);
        require(again.len == b.len && memcmp(again.data, b.data, b.len) == 0);
    }
    exm_record_free(r);
    exm_buf_done(&b);
    exm_buf_done(&again);
    return 0;
}
