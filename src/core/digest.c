/*
 * digest.c - SHA-256 through OpenSSL, and the order-free content hash.
 *
 * OpenSSL's own SHA256_ functions, not its EVP interface: fetching a digest there allocates
 * in libraries that libcrypto initialises at first use, and 3.0 crashes where one of those
 * allocations fails.  These allocate nothing, and run the same assembly.
 */
#define OPENSSL_SUPPRESS_DEPRECATED 1 /* deprecated in favour of EVP since 3.0 */

#include "exomir/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct exm_sha256 {
    SHA256_CTX ctx;
};

exm_status
exm_sha256_new(exm_sha256 **ret, exm_error *reterr)
{
    exm_sha256 *h = calloc(1, sizeof *h);

    if (!h || SHA256_Init(&h->ctx) != 1) {
        free(h);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a SHA-256");
    }
    *ret = h;
    return EXM_OK;
}

void
exm_sha256_free(exm_sha256 *h)
{
    free(h);
}

exm_status
exm_sha256_add(exm_sha256 *h, const void *p, size_t n, exm_error *reterr)
{
    if (n > 0 && SHA256_Update(&h->ctx, p, n) != 1)
        return exm_fail(reterr, EXM_EINVAL, 0, "SHA-256 failed");
    return EXM_OK;
}

static void
to_hex(const unsigned char *p, size_t n, char *ret)
{
    static const char digit[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        ret[2 * i] = digit[p[i] >> 4];
        ret[2 * i + 1] = digit[p[i] & 15];
    }
    ret[2 * n] = '\0';
}

exm_status
exm_sha256_hex(exm_sha256 *h, char ret[EXM_SHA256_HEX], exm_error *reterr)
{
    unsigned char md[EXM_SHA256_LEN];

    if (SHA256_Final(md, &h->ctx) != 1)
        return exm_fail(reterr, EXM_EINVAL, 0, "SHA-256 failed");
    to_hex(md, sizeof md, ret);
    return EXM_OK;
}

static unsigned
hex_value(char c)
{
    return (unsigned) (c <= '9' ? c - '0' : c - 'a' + 10);
}

void
exm_sha256_bytes(const char hex[EXM_SHA256_HEX], unsigned char ret[EXM_SHA256_LEN])
{
    for (size_t i = 0; i < EXM_SHA256_LEN; i++)
        ret[i] = (unsigned char) (hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
}

exm_status
exm_sha256_of(const void *p, size_t n, char ret[EXM_SHA256_HEX], exm_error *reterr)
{
    exm_sha256 *h = NULL;
    exm_status st = exm_sha256_new(&h, reterr);

    if (st == EXM_OK) st = exm_sha256_add(h, p, n, reterr);
    if (st == EXM_OK) st = exm_sha256_hex(h, ret, reterr);
    exm_sha256_free(h);
    return st;
}

static exm_status
add_file(exm_sha256 *h, int fd, const char *path, exm_error *reterr)
{
    static const size_t size = 1 << 16;
    unsigned char *buf = malloc(size);
    exm_status st = EXM_OK;

    if (!buf) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to hash %s", path);
    while (st == EXM_OK) {
        const ssize_t n = read(fd, buf, size);

        if (n == 0) break;
        if (n < 0 && errno == EINTR) continue;
        st = n < 0 ? exm_fail_errno(reterr, errno, 0, "%s", path)
                   : exm_sha256_add(h, buf, (size_t) n, reterr);
    }
    free(buf);
    return st;
}

exm_status
exm_sha256_of_file(const char *path, char ret[EXM_SHA256_HEX], exm_error *reterr)
{
    exm_sha256 *h = NULL;
    exm_status st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) return exm_fail_errno(reterr, errno, 0, "%s", path);
    st = exm_sha256_new(&h, reterr);
    if (st == EXM_OK) st = add_file(h, fd, path, reterr);
    if (st == EXM_OK) st = exm_sha256_hex(h, ret, reterr);
    exm_sha256_free(h);
    (void) close(fd);
    return st;
}

__extension__ typedef unsigned __int128 u128;

static const char between[3] = {'\n', '+', '\n'};

/* Sequence and quality that do not lie in one piece. */
static XXH128_hash_t
hash_pieces(const char *seq, size_t n_seq, const char *qual, size_t n_qual)
{
    XXH3_state_t state;

    (void) XXH3_128bits_reset(&state);
    (void) XXH3_128bits_update(&state, n_seq ? seq : "", n_seq);
    (void) XXH3_128bits_update(&state, between, sizeof between);
    (void) XXH3_128bits_update(&state, n_qual ? qual : "", n_qual);
    return XXH3_128bits_digest(&state);
}

void
exm_multihash_add(exm_multihash *h, const char *seq, size_t n_seq, const char *qual,
                  size_t n_qual, uint64_t copies)
{
    const int one_piece = qual == seq + n_seq + sizeof between &&
                          memcmp(seq + n_seq, between, sizeof between) == 0;
    const XXH128_hash_t x = one_piece ? XXH3_128bits(seq, n_seq + sizeof between + n_qual)
                                      : hash_pieces(seq, n_seq, qual, n_qual);
    u128 one = (u128) x.high64 << 64 | x.low64, sum = (u128) h->hi << 64 | h->lo;

    sum += one * copies;
    h->lo = (uint64_t) sum;
    h->hi = (uint64_t) (sum >> 64);
}

void
exm_multihash_merge(exm_multihash *h, const exm_multihash *other)
{
    const u128 sum = ((u128) h->hi << 64 | h->lo) + ((u128) other->hi << 64 | other->lo);

    h->lo = (uint64_t) sum;
    h->hi = (uint64_t) (sum >> 64);
}

void
exm_multihash_hex(const exm_multihash *h, char ret[33])
{
    unsigned char b[16];

    for (int i = 0; i < 8; i++) {
        b[i] = (unsigned char) (h->hi >> (56 - 8 * i));
        b[8 + i] = (unsigned char) (h->lo >> (56 - 8 * i));
    }
    to_hex(b, sizeof b, ret);
}
