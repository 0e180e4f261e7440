/*
 * reader_impl.h - private to seq: what the parts of the reader share.
 *
 *   reader.c         taking batches: who unpacks, who parses
 *   reader_blocks.c  blocks of unpacked bytes (or of BGZF blocks still to be unpacked), and
 *                    hashing of what was packed
 */
#ifndef EXM_SEQ_READER_IMPL_H
#define EXM_SEQ_READER_IMPL_H

#include "input_impl.h"

#include "exomir/reader.h"

#include <pthread.h>

enum {
    EXM_READER_HEAD =
        64 << 10, /* room before a block's data, for the carried part of a record */
    EXM_READER_BATCH = 256,
    EXM_READER_TAKERS_MAX = 60
};

typedef struct exm_block {
    char *mem, *data; /* data = mem + EXM_READER_HEAD; EXM_SEQ_PAD zeros follow data[n) */
    size_t n, file;
    unsigned pins;           /* batches whose reads lie here */
    int last;                /* the file ended here, verified */
    int packed;              /* 'pieces' are to be unpacked into data; n is known then */
    exm_bgzf_pieces *pieces; /* NULL until BGZF is met */
    exm_container container;
    uint64_t raw_bytes;          /* of the file, when the block was filled */
    char sha256[EXM_SHA256_HEX]; /* of the file, with 'last' */
    exm_status status;           /* what is met behind data[n) */
    exm_error err;
} exm_block;

/* First in, first out; of room for all blocks. */
typedef struct exm_blocks {
    exm_block *b[EXM_READER_TAKERS_MAX + 4];
    size_t head, n;
} exm_blocks;

/* What whoever unpacks owns meanwhile. */
typedef struct exm_unpacker {
    exm_input *in;
    size_t file;
    exm_sha256 *sha;
    int hash_failed, done;
} exm_unpacker;

struct exm_reader_batch {
    exm_read reads[EXM_READER_BATCH];
    exm_reader *reader; /* whose block is pinned; NULL: none is */
    exm_block *block;   /* NULL: the reads lie in the spill */
    exm_bgzf *bgzf;     /* of its thread; NULL until needed */
    char *norm;         /* the parser's normalised sequences */
    size_t norm_cap;
    size_t file; /* that the reads are of */
    uint64_t copies;
    exm_multihash content;
};

struct exm_reader {
    exm_reader_options o;
    char **paths;
    size_t n_files;
    exm_reader_file *files;

    exm_block *blocks;
    size_t n_blocks;
    exm_unpacker u; /* of the thread that has set 'unpacking' */

    pthread_mutex_t lock; /* of all that follows */
    int has_lock;
    pthread_cond_t changed; /* blocks came or went, or the end */
    int has_changed;
    exm_blocks full, empty;
    int unpacking;
    int stop_pipe[2]; /* ends a wait for a pipe among the inputs; -1 without one */

    exm_block *cur;
    const char *at; /* bytes not parsed yet: at[0..left) */
    size_t left;
    int in_spill; /* 'at' points into the spill */
    int cur_last, ended;
    char *spill; /* a record larger than the head room is put together here */
    size_t spill_cap;
    unsigned spill_pins;
    exm_fastq *parser;
    size_t file; /* that the parser is in */
    uint64_t raw_before, total;
    exm_multihash content;
    exm_reader_batch *own; /* of exm_reader_next() */
    exm_status failed;
    exm_error err;
};

void exm_blocks_push(exm_blocks *q, exm_block *b);
exm_block *exm_blocks_pop(exm_blocks *q);
EXM_MUST_USE exm_status exm_blocks_new(exm_reader *r, exm_error *reterr);
void exm_blocks_free(exm_reader *r);

/* The next block of the stream, with whatever there is to say about it.  Touches r->u and
 * what never changes; the rest of r is another thread's. */
void exm_block_fill(exm_reader *r, exm_block *b);
/* Then, when b->packed; touches nothing of r that changes.  *d is made when it is NULL. */
void exm_block_unpack(const exm_reader *r, exm_block *b, exm_bgzf **d);

#endif
