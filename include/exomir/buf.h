/* buf.h - a growing byte buffer whose failure is sticky, so that callers check once. */
#ifndef EXM_BUF_H
#define EXM_BUF_H

#include "exomir/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * data is NUL-terminated whenever cap > 0; len does not count that NUL.
 * After a failed allocation 'failed' is set, the contents are kept, and every
 * further put is a no-op: exm_buf_check() at the end reports it.
 * Zero-initialise ({0}) or exm_buf_init(); release with exm_buf_done().
 */
typedef struct exm_buf {
    char *data;
    size_t len, cap;
    int failed;
} exm_buf;

void exm_buf_init(exm_buf *b);
void exm_buf_done(exm_buf *b);  /* frees and zeroes; legal on {0} */
void exm_buf_clear(exm_buf *b); /* len = 0 and failed = 0; keeps the memory */

/* Room for n more bytes; returns a pointer to the first free byte, or NULL (sticky). */
char *exm_buf_reserve(exm_buf *b, size_t n);

void exm_buf_put(exm_buf *b, const void *p, size_t n);
void exm_buf_puts(exm_buf *b, const char *s);
void exm_buf_putc(exm_buf *b, char c);
void exm_buf_putf(exm_buf *b, const char *fmt, ...) EXM_PRINTF(2, 3); /* no %f/%g: locale */
void exm_buf_put_u64(exm_buf *b, uint64_t v);                         /* decimal */
void exm_buf_put_i64(exm_buf *b, int64_t v);

/*
 * exm_buf_put_double() - the first of "%.15g", "%.16g", "%.17g" that reads back to the
 * same double, '.' in every locale; NaN as "NA", infinities as "Inf"/"-Inf".  No correctly
 * rounded decimal is shorter, but for subnormal numbers.
 */
void exm_buf_put_double(exm_buf *b, double v);
/* Fixed number of decimals (0-17), '.' in every locale, NaN "NA". */
void exm_buf_put_fixed(exm_buf *b, double v, int decimals);

/* LEB128: unsigned, and zigzag for signed. */
void exm_buf_put_varint(exm_buf *b, uint64_t v);

/* EXM_OK, or EXM_ENOMEM when any earlier put failed. */
EXM_MUST_USE exm_status exm_buf_check(const exm_buf *b, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
