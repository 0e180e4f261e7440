/*
 * fuzz_record.c - any bytes as a sample record: refused with their place, or a record whose
 * written form is the same bytes.  The input lacks the checksum, which is put behind it,
 * so that what lies behind the checksum is reached.
 */
#include "exomir/digest.h"
#include "exomir/record.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
    if (!ok) abort();
}

static unsigned char
digit(char c)
{
    return (unsigned char) (c <= '9' ? c - '0' : c - 'a' + 10);
}

static void
put_checksum(exm_buf *b)
{
    char hex[EXM_SHA256_HEX];

    require(exm_sha256_of(b->data, b->len, hex, NULL) == EXM_OK);
    for (size_t i = 0; hex[i]; i += 2)
        exm_buf_putc(b, (char) (digit(hex[i]) << 4 | digit(hex[i + 1])));
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
        require(exm_record_encode(r, &again, &err) == EXM_OK);
        require(again.len == b.len && memcmp(again.data, b.data, b.len) == 0);
    }
    exm_record_free(r);
    exm_buf_done(&b);
    exm_buf_done(&again);
    return 0;
}
