/*
 * input_impl.h - what the containers of input.c share: the raw (packed) byte source.
 *
 * A codec never calls read(2).  It asks for a number of contiguous packed bytes,
 * looks at them in place and says how many it has used; all reading, hashing and
 * counting of packed bytes is in input.c.
 */
#ifndef EXM_SEQ_INPUT_IMPL_H
#define EXM_SEQ_INPUT_IMPL_H

#include "exomir/input.h"

enum {
    EXM_RAW_CHUNK = 256 << 10, /* packed bytes per read; 64 KiB to 4 MiB are alike */
    EXM_LABEL_MAX = 160        /* a longer path is shown by its end in messages */
};

/*
 * read() gives up to cap > 0 bytes in *ret_n: fewer only at the end of the stream or
 * before damage; with EXM_OK, 0 is the verified end.  On failure *ret_n is still the
 * number of good bytes before it.
 */
typedef struct exm_bgzf_pieces exm_bgzf_pieces;
typedef struct exm_input_codec {
    exm_container container;
    exm_status (*open)(exm_input *in, exm_error *reterr); /* may set in->state */
    exm_status (*read)(exm_input *in, uint8_t *dst, size_t cap, size_t *ret_n,
                       exm_error *reterr);
    void (*close)(void *state);
    /* As exm_input_cut(); NULL: there is nothing to cut. */
    exm_status (*cut)(exm_input *in, size_t room, exm_bgzf_pieces *ret, exm_error *reterr);
} exm_input_codec;

extern const exm_input_codec exm_codec_gzip; /* BGZF too: it is gzip with a directory */
extern const exm_input_codec exm_codec_zstd;

struct exm_input {
    char *source;
    const char *label; /* the end of source that fits a message */
    int fd;            /* -1 when memory is read */
    int owns_fd, stop_fd;
    const uint8_t *memory;
    size_t memory_left;

    uint8_t *buf; /* packed bytes not yet used: buf[pos..end) */
    size_t pos, end, chunk;
    int eof; /* no packed byte follows buf[end) */
    uint64_t raw_bytes, size;
    exm_input_tee tee;
    void *tee_ctx;

    exm_container container;
    const exm_input_codec *codec; /* NULL: plain */
    void *state;
    int finished;
    exm_status failed; /* sticky, with its report */
    exm_error err;
};

/*
 * exm_input_open_stoppable() - as exm_input_open(), but waiting for a pipe or FIFO
 * ends with EXM_EIO as soon as stop_fd becomes readable.  stop_fd -1 means never.
 */
EXM_MUST_USE exm_status exm_input_open_stoppable(const char *path, int stop_fd,
                                                 exm_input **ret, exm_error *reterr);

/* Read at most n packed bytes at a time (1 .. EXM_RAW_CHUNK): for tests of chunk borders. */
void exm_input_set_chunk(exm_input *in, size_t n);

/* At least n <= EXM_RAW_CHUNK contiguous bytes at buf + pos, or all there are at eof. */
EXM_MUST_USE exm_status exm_raw_need(exm_input *in, size_t n, exm_error *reterr);

static inline size_t
exm_raw_have(const exm_input *in)
{
    return in->end - in->pos;
}

/* Offset in the packed file of the next unused byte. */
static inline uint64_t
exm_raw_at(const exm_input *in)
{
    return in->raw_bytes - exm_raw_have(in);
}

/* EXM_EDATA: the packed data stop at the end of the file, in the middle of 'what'. */
EXM_MUST_USE exm_status exm_raw_truncated(const exm_input *in, const char *what,
                                          exm_error *reterr);
/* EXM_EDATA: the packed data at 'at' are damaged, as 'what' shows. */
EXM_MUST_USE exm_status exm_raw_damaged(const exm_input *in, uint64_t at, const char *what,
                                        exm_error *reterr);

/* The same where the input may be closed already. */
EXM_MUST_USE exm_status exm_packed_damaged(const char *label, exm_container c, uint64_t at,
                                           const char *what, exm_error *reterr);

/* EXM_EDATA: what should be read is a folder. */
EXM_MUST_USE exm_status exm_input_is_folder(const char *source, exm_error *reterr);

/* The end of a path that fits a message. */
const char *exm_source_label(const char *source);

/*
 * exm_bgzf_block() - unpack one deflate block of known size with its CRC and length
 * checked.  body[0..n) holds the deflate data and the 8 bytes of the trailer; *ret_n
 * is at most EXM_BGZF_MAX.  Returns NULL, or what is wrong with it.
 */
enum { EXM_BGZF_MAX = 65536, EXM_BGZF_EOF_LEN = 28 };
typedef struct exm_bgzf exm_bgzf;
exm_bgzf *exm_bgzf_new(void);
void exm_bgzf_free(exm_bgzf *b);
const char *exm_bgzf_block(exm_bgzf *b, const uint8_t *body, size_t n, uint8_t *dst,
                           size_t *ret_n);
int exm_bgzf_is_eof(const uint8_t *p, size_t n);

/* Whole BGZF blocks as they stand in the file, for any thread to unpack. */
enum { EXM_BGZF_PIECES = 64 };
struct exm_bgzf_pieces {
    size_t n, used, made; /* made: bytes they say they unpack to */
    size_t cap;           /* of packed; at least EXM_BGZF_MAX */
    struct exm_bgzf_piece {
        uint64_t at;   /* packed offset of its header in the file */
        size_t pos, n; /* its body, as for exm_bgzf_block(), in packed */
    } piece[EXM_BGZF_PIECES];
    uint8_t packed[];
};

/*
 * exm_input_cut() - takes the BGZF blocks that stand next, as many as unpack to 'room'
 * bytes.  It takes none where anything else stands next, or one that looks odd in any way,
 * or after a failure: exm_input_read() goes on there, and has the words for it.
 */
void exm_input_cut(exm_input *in, size_t room, exm_bgzf_pieces *ret);

/* All pieces in order; on failure *ret_n is still the number of good bytes before it. */
EXM_MUST_USE exm_status exm_bgzf_unpack(exm_bgzf *b, const exm_bgzf_pieces *p,
                                        const char *label, exm_container c, uint8_t *dst,
                                        size_t *ret_n, exm_error *reterr);

/* BSIZE + 1 out of a gzip extra field; 0 when it holds no BC subfield. */
size_t exm_bgzf_size(const uint8_t *extra, size_t n);

#endif
