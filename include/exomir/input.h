/* input.h - bytes of a file, whatever it is packed in; damage is never passed on in silence. */
#ifndef EXM_INPUT_H
#define EXM_INPUT_H

#include "exomir/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum exm_container {
    EXM_CONTAINER_PLAIN = 0,
    EXM_CONTAINER_GZIP, /* one or more members (RFC 1952), zero padding after the last */
    EXM_CONTAINER_BGZF, /* gzip with BC extra fields (SAM spec 4.1); must end in its EOF block */
    EXM_CONTAINER_ZSTD
} exm_container;

const char *exm_container_name(exm_container c); /* "plain", "gzip", "bgzf", "zstd" */

typedef struct exm_input exm_input;

/*
 * exm_input_open() - open 'path' ("-" is standard input) for one pass.
 *
 * The container is recognised by magic bytes, never by name, so the first bytes are
 * read here.  Files, pipes and FIFOs work alike.
 *
 * Returns  EXM_OK; EXM_EIO when it cannot be opened or read (the message has
 *          strerror); EXM_EDATA for a folder and for packers that are not read here
 *          (bzip2, xz, zip, LZ4, 7-Zip, compress), with the program that unpacks them;
 *          EXM_EINVAL (path or ret NULL); EXM_ENOMEM.
 * Memory   256 KiB of packed bytes, and the state of the unpacker: about 90 KiB for
 *          gzip, 64 KiB for BGZF, up to 128 MiB for zstd (its window).
 * Threads  different inputs are independent.
 */
EXM_MUST_USE exm_status exm_input_open(const char *path, exm_input **ret,
                                       exm_error *reterr);

/* The same over memory that the caller keeps alive; 'source' (copied) is its name. */
EXM_MUST_USE exm_status exm_input_open_memory(const void *data, size_t n,
                                              const char *source, exm_input **ret,
                                              exm_error *reterr);

/*
 * exm_input_read() - fill dst with the next bytes of the unpacked stream.
 *
 * dst      out  [cap], cap > 0; bytes past *ret_n may have been written to
 * ret_n    out  cap, or fewer where the stream ends or damage follows; 0 means that the
 *               end was reached AND verified
 *
 * Verified is: CRC-32 and length of every gzip member and BGZF block, the CRC of gzip
 * headers that have one, the EOF block when the last member is a BGZF block, zstd's
 * frame size and its checksum where the frame has one.  Legal are empty members and
 * frames, BGZF and plain members in one file, skippable frames, and zero bytes after
 * the last gzip member.  Truncation, a bad CRC, other trailing bytes, a bit flip are
 * EXM_EDATA with file, packed byte offset (also in 'at') and likely cause
 * ("truncated: the download or copy stopped early?").  A file of one byte 1f counts
 * as a gzip file cut short.
 *
 * Errors come at their place in the stream: bytes before them are delivered first, and
 * once met an error is returned again by every later call.  Bytes of a member whose CRC
 * turns out wrong have been delivered by then: a caller that publishes results must
 * wait for the end.  What is delivered does not depend on how a pipe was written.
 */
EXM_MUST_USE exm_status exm_input_read(exm_input *in, void *dst, size_t cap, size_t *ret_n,
                                       exm_error *reterr);

/*
 * Called with every run of raw (still packed) bytes as it is read from the file,
 * in order, from the thread that calls exm_input_read(); for input hashing.  Set it
 * before the first exm_input_read(): it is given at once what opening has read.
 */
typedef void (*exm_input_tee)(void *ctx, const void *raw, size_t n);
void exm_input_set_tee(exm_input *in, exm_input_tee tee, void *ctx);

exm_container exm_input_container(const exm_input *in);
const char *exm_input_source(const exm_input *in); /* the path; "standard input" for "-" */
uint64_t exm_input_raw_bytes(const exm_input *in); /* packed bytes read so far */
uint64_t exm_input_size(const exm_input *in);      /* packed size if known, else 0 */
void exm_input_close(exm_input *in);               /* close(NULL) is legal */

/*
 * exm_input_slurp() - the whole unpacked stream of a file, verified, at most 'limit'
 * bytes (EXM_EDATA above it).  *ret is malloc'd with a NUL after its *ret_n bytes.
 */
EXM_MUST_USE exm_status exm_input_slurp(const char *path, size_t limit, char **ret,
                                        size_t *ret_n, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
