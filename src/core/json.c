/* json.c - streaming JSON writer. */
#include "exomir/json.h"

#include <math.h>
#include <string.h>

enum { MAX_DEPTH = 64 };

static void
init(exm_json *j, exm_buf *out, int compact)
{
    *j = (exm_json){.out = out, .compact = compact};
}

void
exm_json_init(exm_json *j, exm_buf *out)
{
    init(j, out, 0);
}

void
exm_json_init_compact(exm_json *j, exm_buf *out)
{
    init(j, out, 1);
}

static void
new_line(exm_json *j)
{
    if (j->compact) return;
    exm_buf_putc(j->out, '\n');
    for (int i = 0; i < j->depth; i++) exm_buf_puts(j->out, "  ");
}

/* Comma, line break and the check that a value may stand here. */
static void
before_value(exm_json *j)
{
    if (j->depth == 0) {
        if (j->count[0]) j->broken = 1; /* a second top-level value */
        j->count[0] = 1;
        return;
    }
    if (j->kind[j->depth] == '{') {
        if (!j->key_pending) j->broken = 1;
        j->key_pending = 0;
        return;
    }
    if (j->count[j->depth]) exm_buf_putc(j->out, ',');
    j->count[j->depth] = 1;
    new_line(j);
}

static void
open_level(exm_json *j, char kind)
{
    before_value(j);
    exm_buf_putc(j->out, kind);
    if (j->depth + 1 >= MAX_DEPTH) {
        j->broken = 1;
        return;
    }
    j->depth++;
    j->kind[j->depth] = (unsigned char) kind;
    j->count[j->depth] = 0;
}

void
exm_json_object(exm_json *j)
{
    open_level(j, '{');
}

void
exm_json_array(exm_json *j)
{
    open_level(j, '[');
}

void
exm_json_end(exm_json *j)
{
    unsigned char kind, filled;

    if (j->depth == 0 || j->key_pending) {
        j->broken = 1;
        return;
    }
    kind = j->kind[j->depth];
    filled = j->count[j->depth];
    j->depth--;
    if (filled) new_line(j);
    exm_buf_putc(j->out, kind == '{' ? '}' : ']');
}

/* Length of the valid UTF-8 sequence at s, or 0 (RFC 3629: no overlongs, no surrogates). */
static size_t
utf8_length(const unsigned char *s, size_t n)
{
    size_t len;

    if (s[0] < 0x80) return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        len = 2;
    else if (s[0] >= 0xe0 && s[0] <= 0xef)
        len = 3;
    else if (s[0] >= 0xf0 && s[0] <= 0xf4)
        len = 4;
    else
        return 0;
    if (len > n) return 0;
    for (size_t i = 1; i < len; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return len;
}

static void
put_escaped(exm_buf *b, unsigned char c)
{
    static const char digit[] = "0123456789abcdef";
    char s[7] = "\\u0000";

    s[4] = digit[c >> 4];
    s[5] = digit[c & 15];
    exm_buf_put(b, s, 6);
}

static void
put_char(exm_buf *b, unsigned char c)
{
    switch (c) {
    case '"':
        exm_buf_puts(b, "\\\"");
        break;
    case '\\':
        exm_buf_puts(b, "\\\\");
        break;
    case '\n':
        exm_buf_puts(b, "\\n");
        break;
    case '\t':
        exm_buf_puts(b, "\\t");
        break;
    case '\r':
        exm_buf_puts(b, "\\r");
        break;
    default:
        if (c < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x7f)
            put_escaped(b, c);
        else
            exm_buf_putc(b, (char) c);
    }
}

static void
put_string(exm_json *j, const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *) text;

    exm_buf_putc(j->out, '"');
    for (size_t i = 0; i < n;) {
        const size_t len = utf8_length(s + i, n - i);

        if (len == 0) {
            exm_buf_puts(j->out, "\\ufffd");
            i++;
        } else if (len == 1) {
            put_char(j->out, s[i++]);
        } else {
            exm_buf_put(j->out, s + i, len);
            i += len;
        }
    }
    exm_buf_putc(j->out, '"');
}

void
exm_json_key(exm_json *j, const char *key)
{
    if (j->depth == 0 || j->kind[j->depth] != '{' || j->key_pending) {
        j->broken = 1;
        return;
    }
    if (j->count[j->depth]) exm_buf_putc(j->out, ',');
    j->count[j->depth] = 1;
    new_line(j);
    put_string(j, key, strlen(key));
    exm_buf_puts(j->out, j->compact ? ":" : ": ");
    j->key_pending = 1;
}

void
exm_json_strn(exm_json *j, const char *s, size_t n)
{
    before_value(j);
    put_string(j, s, n);
}

void
exm_json_str(exm_json *j, const char *s)
{
    if (s)
        exm_json_strn(j, s, strlen(s));
    else
        exm_json_null(j);
}

void
exm_json_u64(exm_json *j, uint64_t v)
{
    before_value(j);
    exm_buf_put_u64(j->out, v);
}

void
exm_json_i64(exm_json *j, int64_t v)
{
    before_value(j);
    exm_buf_put_i64(j->out, v);
}

void
exm_json_double(exm_json *j, double v)
{
    before_value(j);
    if (isfinite(v))
        exm_buf_put_double(j->out, v);
    else
        exm_buf_puts(j->out, "null");
}

void
exm_json_bool(exm_json *j, int v)
{
    before_value(j);
    exm_buf_puts(j->out, v ? "true" : "false");
}

void
exm_json_null(exm_json *j)
{
    before_value(j);
    exm_buf_puts(j->out, "null");
}

void
exm_json_kstr(exm_json *j, const char *key, const char *s)
{
    exm_json_key(j, key);
    exm_json_str(j, s);
}

void
exm_json_ku64(exm_json *j, const char *key, uint64_t v)
{
    exm_json_key(j, key);
    exm_json_u64(j, v);
}

void
exm_json_ki64(exm_json *j, const char *key, int64_t v)
{
    exm_json_key(j, key);
    exm_json_i64(j, v);
}

void
exm_json_kdouble(exm_json *j, const char *key, double v)
{
    exm_json_key(j, key);
    exm_json_double(j, v);
}

void
exm_json_kbool(exm_json *j, const char *key, int v)
{
    exm_json_key(j, key);
    exm_json_bool(j, v);
}

exm_status
exm_json_finish(exm_json *j, exm_error *reterr)
{
    if (j->broken || j->depth != 0 || !j->count[0])
        return exm_fail(reterr, EXM_EINVAL, j->out->len, "unbalanced JSON");
    exm_buf_putc(j->out, '\n');
    return exm_buf_check(j->out, reterr);
}
