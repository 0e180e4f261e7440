/* reader.h - reads of one sample (one or more files) in batches, for one or more threads. */
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
    unsigned takers;  /* threads that will take batches at once; default 1 */
    size_t block;     /* bytes per block; 0: the default, 1 MiB */
    int hash_input;   /* 1: SHA-256 of each packed file (by whoever unpacks) */
    int hash_content; /* 1: order-free hash over all reads */
    int allow_empty;  /* 1: a file without reads is no error */
} exm_reader_options;

/* SIMD auto, one taker, blocks of 1 MiB, both hashes, no empty files. */
exm_reader_options exm_reader_defaults(void);

/* What is known of one input file once the reader has passed it. */
typedef struct exm_reader_file {
    const char *path; /* "standard input" for "-"; lives as long as the reader */
    exm_container container;
    exm_reads_format format; /* EXM_READS_UNKNOWN: not passed yet, or empty */
    uint64_t raw_bytes;
    uint64_t reads; /* the sum of copies: records, unless the file is collapsed */
    char sha256[EXM_SHA256_HEX]; /* "" without hash_input */
} exm_reader_file;

typedef struct exm_reader exm_reader;

/*
 * exm_reader_open() - files are read in the order given, as one stream of reads; each
 * may have its own container and format.  "-" is standard input (once).  o NULL means
 * exm_reader_defaults().  Paths are copied.
 *
 * A missing file is EXM_EIO and a folder EXM_EDATA here, before any work; damage is
 * told by exm_reader_next().  Memory: takers + 4 blocks (2 for one taker; twice that for
 * BGZF and several takers), and twice the largest record above 64 KiB.
 */
EXM_MUST_USE exm_status exm_reader_open(const char *const *paths, size_t n_paths,
                                        const exm_reader_options *o, exm_reader **ret,
                                        exm_error *reterr);

/* The batch of one thread: its reads, and the memory that they point to. */
typedef struct exm_reader_batch exm_reader_batch;

EXM_MUST_USE exm_status exm_reader_batch_new(exm_reader_batch **ret, exm_error *reterr);
/* After its last exm_reader_take(); legal on NULL. */
void exm_reader_batch_free(exm_reader_batch *b);

/*
 * exm_reader_take() - the next batch (at most 256 reads); *ret_n == 0 is the verified end
 * of all files.  A batch never spans two files.  Records stay valid until the next call
 * with the same b.  Up to options.takers threads may call at once, each with a batch of its
 * own; whoever finds room ahead unpacks (several at once only in BGZF), whoever does not
 * parses, so that no thread waits while there is work.  Fewer may come, and later ones.  Each must call until the end or a failure.
 *
 * Errors as in input.h and fastq.h; a file without a single read is EXM_EDATA unless
 * allow_empty.  The fault that stands first in the stream is the one told, after all reads
 * before it were handed out, whatever the number of takers.  A record that makes no sense in
 * a packed file wins over the checksum that fails behind it; its message says that packing
 * may be at fault.  After a failure every further call returns the same failure.
 */
EXM_MUST_USE exm_status exm_reader_take(exm_reader *r, exm_reader_batch *b,
                                        const exm_read **ret, size_t *ret_n,
                                        exm_error *reterr);

/* The same for a single thread, with a batch that the reader owns; its reads are valid until
 * the next call of this function or of exm_reader_take(). */
EXM_MUST_USE exm_status exm_reader_next(exm_reader *r, const exm_read **ret, size_t *ret_n,
                                        exm_error *reterr);

/* From any thread: every other taker gets this failure, also one that waits for a pipe. */
void exm_reader_stop(exm_reader *r, const exm_error *why);

size_t exm_reader_files(const exm_reader *r);
const exm_reader_file *exm_reader_file_get(const exm_reader *r, size_t i);
/* Over the batches given back, by the next call or the end; zero without hash_content. */
exm_multihash exm_reader_content(const exm_reader *r);
/* From any thread.  Packed bytes read and their total (0 when a pipe is among the files). */
void exm_reader_progress(exm_reader *r, uint64_t *done, uint64_t *total);
/* When no thread is in a call; legal at any time else, and on NULL. */
void exm_reader_close(exm_reader *r);

#ifdef __cplusplus
}
#endif
#endif
