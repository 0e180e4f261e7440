/* reader.h - reads of one sample (one or more files) in batches; inflates on its own thread. */
#ifndef EXM_READER_H
#define EXM_READER_H

#include "exomir/digest.h"
#include "exomir/fastq.h"
#include "exomir/input.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct exm_reader_options {
    exm_simd simd;
    int threaded;     /* 1: a second thread unpacks ahead of the caller */
    size_t block;     /* bytes per block, default 1 MiB */
    int hash_input;   /* 1: SHA-256 of each packed file (in the caller's thread) */
    int hash_content; /* 1: order-free hash over all reads */
    int allow_empty;  /* 1: a file without reads is no error */
} exm_reader_options;

exm_reader_options exm_reader_defaults(void);

/* What is known of one input file once the reader has passed it. */
typedef struct exm_reader_file {
    const char *path;
    exm_container container;
    exm_reads_format format;
    uint64_t raw_bytes, reads;
    char sha256[EXM_SHA256_HEX]; /* "" without hash_input */
} exm_reader_file;

typedef struct exm_reader exm_reader;

/* Files are read in the order given, as one stream of reads. */
EXM_MUST_USE exm_status exm_reader_open(const char *const *paths, size_t n_paths,
                                        const exm_reader_options *o, exm_reader **ret,
                                        exm_error *reterr);

/*
 * exm_reader_next() - the next batch (at most 256 reads); *ret_n == 0 is the verified
 * end of all files.  Records stay valid until the next call.  Errors as in input.h
 * and fastq.h.  A file without a single read is EXM_EDATA unless allow_empty.
 */
EXM_MUST_USE exm_status exm_reader_next(exm_reader *r, const exm_read **ret, size_t *ret_n,
                                        exm_error *reterr);

size_t exm_reader_files(const exm_reader *r);
const exm_reader_file *exm_reader_file_get(const exm_reader *r, size_t i);
exm_multihash exm_reader_content(const exm_reader *r);
/* Packed bytes read and their total (0 when a pipe is among the files): for progress. */
void exm_reader_progress(const exm_reader *r, uint64_t *done, uint64_t *total);
void exm_reader_close(exm_reader *r); /* joins the thread; legal at any time and on NULL */

#ifdef __cplusplus
}
#endif
#endif
