/* buf.c - growing byte buffer; the first failure sticks and is reported by exm_buf_check(). */
#include "exomir/buf.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_VARINT = 10 }; /* 64 bits, 7 a byte */

void
exm_buf_init(exm_buf *b)
{
    *b = (exm_buf){0};
}

void
exm_buf_done(exm_buf *b)
{
    free(b->data);
    *b = (exm_buf){0};
}

void
exm_buf_clear(exm_buf *b)
{
    b->len = 0;
    b->failed = 0;
    if (b->data) b->data[0] = '\0';
}

char *
exm_buf_reserve(exm_buf *b, size_t n)
{
    if (b->failed) return NULL;
    if (b->cap - b->len <= n) { /* <=: one byte for the NUL */
        size_t cap = b->cap ? b->cap : 64;
        char *p;

        while (cap - b->len <= n) {
            if (cap > SIZE_MAX / 2) {
                b->failed = 1;
                return NULL;
            }
            cap *= 2;
        }
        p = realloc(b->data, cap);
        if (!p) {
            b->failed = 1;
            return NULL;
        }
        b->data = p;
        b->cap = cap;
        b->data[b->len] = '\0';
    }
    return b->data + b->len;
}

void
exm_buf_put(exm_buf *b, const void *p, size_t n)
{
    char *to = exm_buf_reserve(b, n);

    if (!to) return;
    if (n > 0) memcpy(to, p, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void
exm_buf_puts(exm_buf *b, const char *s)
{
    exm_buf_put(b, s, strlen(s));
}

void
exm_buf_putc(exm_buf *b, char c)
{
    exm_buf_put(b, &c, 1);
}

void
exm_buf_putf(exm_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    char small[256];
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(small, sizeof small, fmt, ap);
    if (n < 0) {
        b->failed = 1;
    } else if ((size_t) n < sizeof small) {
        exm_buf_put(b, small, (size_t) n);
    } else {
        char *to = exm_buf_reserve(b, (size_t) n);

        if (to) {
            (void) vsnprintf(to, (size_t) n + 1, fmt, again);
            b->len += (size_t) n;
        }
    }
    va_end(again);
    va_end(ap);
}

void
exm_buf_put_u64(exm_buf *b, uint64_t v)
{
    char s[20];
    size_t at = sizeof s;

    do {
        s[--at] = (char) ('0' + v % 10);
        v /= 10;
    } while (v);
    exm_buf_put(b, s + at, sizeof s - at);
}

void
exm_buf_put_i64(exm_buf *b, int64_t v)
{
    if (v < 0) exm_buf_putc(b, '-');
    exm_buf_put_u64(b, v < 0 ? 0 - (uint64_t) v : (uint64_t) v);
}

/* printf writes the locale's radix; whatever it is, it is the one thing that is neither
 * digit, sign nor exponent, and it may take several bytes. */
static size_t
fix_radix(char *s)
{
    size_t to = 0;
    int radix = 0;

    for (size_t i = 0; s[i]; i++) {
        const char c = s[i];

        if ((c >= '0' && c <= '9') || c == '-' || c == '+' || c == 'e') {
            s[to++] = c;
        } else if (!radix) {
            s[to++] = '.';
            radix = 1;
        }
    }
    s[to] = '\0';
    return to;
}

static int
put_special(exm_buf *b, double v)
{
    if (isnan(v))
        exm_buf_puts(b, "NA");
    else if (isinf(v))
        exm_buf_puts(b, v < 0 ? "-Inf" : "Inf");
    else
        return 0;
    return 1;
}

void
exm_buf_put_double(exm_buf *b, double v)
{
    char s[64];

    if (put_special(b, v)) return;
    for (int digits = 15; digits <= 17; digits++) {
        (void) snprintf(s, sizeof s, "%.*g", digits, v);
        /* Written and read under the same locale, so the radix does not matter here. */
        if (digits < 17 && strtod(s, NULL) != v) continue;
        break;
    }
    exm_buf_put(b, s, fix_radix(s));
}

void
exm_buf_put_fixed(exm_buf *b, double v, int decimals)
{
    char s[400];

    if (put_special(b, v)) return;
    (void) snprintf(s, sizeof s, "%.*f", decimals, v);
    exm_buf_put(b, s, fix_radix(s));
}

void
exm_buf_put_varint(exm_buf *b, uint64_t v)
{
    char *to = exm_buf_reserve(b, LONGEST_VARINT);

    if (!to) return;
    for (; v >= 128; v >>= 7) *to++ = (char) (v | 128);
    *to++ = (char) v;
    *to = '\0';
    b->len = (size_t) (to - b->data);
}

exm_status
exm_buf_check(const exm_buf *b, exm_error *reterr)
{
    if (b->failed) return exm_fail(reterr, EXM_ENOMEM, b->len, "no memory for a buffer");
    return EXM_OK;
}
