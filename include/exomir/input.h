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
 * The container is recognised by magic bytes, never by name.  Files, pipes and
 * FIFOs work alike.  EXM_EIO when it cannot be opened (the message has strerror),
 * EXM_EDATA for a folder.
 */
EXM_MUST_USE exm_status exm_input_open(const char *path, exm_input **ret, exm_error *reterr);

/* The same over memory that the caller keeps alive; 'source' names it in messages. */
EXM_MUST_USE exm_status exm_input_open_memory(const void *data, size_t n, const char *source,
                                              exm_input **ret, exm_error *reterr);

/*
 * exm_input_read() - fill dst with the next bytes of the unpacked stream.
 * Returns with *ret_n == cap unless the stream ends; *ret_n == 0 means the end was
 * reached AND verified: CRC-32 and length of every gzip member, BGZF's EOF block,
 * zstd's checksum.  Truncation, a bad CRC, trailing garbage, a bit flip are
 * EXM_EDATA with file, compressed byte offset and likely cause ("truncated: the
 * download or copy stopped early?").
 * Bytes returned before damage was met may have been delivered already: a caller
 * that publishes results must wait for the end.
 */
EXM_MUST_USE exm_status exm_input_read(exm_input *in, void *dst, size_t cap, size_t *ret_n,
                                       exm_error *reterr);

/*
 * Called with every run of raw (still packed) bytes as it is read from the file,
 * in order, from the thread that calls exm_input_read(); for input hashing.
 */
typedef void (*exm_input_tee)(void *ctx, const void *raw, size_t n);
void exm_input_set_tee(exm_input *in, exm_input_tee tee, void *ctx);

exm_container exm_input_container(const exm_input *in);
const char *exm_input_source(const exm_input *in); /* the path; "standard input" for "-" */
uint64_t exm_input_raw_bytes(const exm_input *in); /* packed bytes read so far */
uint64_t exm_input_size(const exm_input *in);      /* packed size if known, else 0 */
void exm_input_close(exm_input *in);               /* close(NULL) is legal */

/*
 * exm_input_slurp() - the whole unpacked stream of a file, at most 'limit' bytes
 * (EXM_EDATA above it).  *ret is malloc'd with a NUL after its *ret_n bytes.
 */
EXM_MUST_USE exm_status exm_input_slurp(const char *path, size_t limit, char **ret,
                                        size_t *ret_n, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
