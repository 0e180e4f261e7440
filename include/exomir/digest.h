/* digest.h - SHA-256 of streams (OpenSSL), and the order-free content hash of reads. */
#ifndef EXM_DIGEST_H
#define EXM_DIGEST_H

#include "exomir/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EXM_SHA256_LEN = 32, EXM_SHA256_HEX = 65 }; /* HEX counts the NUL */

typedef struct exm_sha256 exm_sha256;

EXM_MUST_USE exm_status exm_sha256_new(exm_sha256 **ret, exm_error *reterr);
void exm_sha256_free(exm_sha256 *h); /* free(NULL) is legal */
EXM_MUST_USE exm_status exm_sha256_add(exm_sha256 *h, const void *p, size_t n,
                                       exm_error *reterr);
/* Finishes: ret gets 64 lower-case hex digits and a NUL.  The object can only be freed then. */
EXM_MUST_USE exm_status exm_sha256_hex(exm_sha256 *h, char ret[EXM_SHA256_HEX],
                                       exm_error *reterr);
/* The bytes that such digits stand for. */
void exm_sha256_bytes(const char hex[EXM_SHA256_HEX], unsigned char ret[EXM_SHA256_LEN]);
/* One call for a buffer in memory, and for a whole file. */
EXM_MUST_USE exm_status exm_sha256_of(const void *p, size_t n, char ret[EXM_SHA256_HEX],
                                      exm_error *reterr);
EXM_MUST_USE exm_status exm_sha256_of_file(const char *path, char ret[EXM_SHA256_HEX],
                                           exm_error *reterr);

/*
 * Order-free hash of a multiset of reads.
 *
 *     H = sum over reads of XXH3_128(seq "\n+\n" qual)   (mod 2^128)
 *
 * seq is the normalised sequence (upper case, U as T, IUPAC as N), qual the
 * quality bytes (none for FASTA).  What is hashed are the bytes of a plain FASTQ
 * record behind its name: where seq and qual lie like that in memory they are
 * hashed there, about 9 ns a read.  Names do not enter: archives rename reads.
 * A read that stands for c copies is added c times.  Sums of disjoint parts add.
 * Not a cryptographic digest: it detects accidents, not forgery.
 */
typedef struct exm_multihash {
    uint64_t lo, hi;
} exm_multihash;

void exm_multihash_add(exm_multihash *h, const char *seq, size_t n_seq, const char *qual,
                       size_t n_qual, uint64_t copies);
void exm_multihash_merge(exm_multihash *h, const exm_multihash *other);
/* 32 lower-case hex digits (hi, then lo) and a NUL. */
void exm_multihash_hex(const exm_multihash *h, char ret[33]);

#ifdef __cplusplus
}
#endif
#endif
