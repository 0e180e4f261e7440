/* json_reader.h - a reader for RFC 8259, written from the grammar: is it JSON, and what? */
#ifndef EXM_TEST_JSON_READER_H
#define EXM_TEST_JSON_READER_H

#include "exomir/buf.h"

#include <string.h>

struct reading {
    const char *p;
    exm_buf *events; /* "{k"a"s"b"}" and so on, one event after another */
    int bad;
};

static inline void
blanks(struct reading *r)
{
    while (*r->p && strchr(" \t\n\r", *r->p)) r->p++;
}

static inline int
next_is(struct reading *r, char c)
{
    if (*r->p != c) return 0;
    r->p++;
    return 1;
}

static inline unsigned
hex4(struct reading *r)
{
    unsigned v = 0;

    for (int i = 0; i < 4; i++) {
        const char *at = *r->p ? strchr("0123456789abcdef", *r->p) : NULL;

        if (!at) {
            r->bad = 1;
            return 0;
        }
        v = 16 * v + (unsigned) (at - "0123456789abcdef");
        r->p++;
    }
    return v;
}

static inline void
put_utf8(exm_buf *b, unsigned c)
{
    if (c < 0x80) {
        exm_buf_putc(b, (char) c);
    } else if (c < 0x800) {
        exm_buf_putc(b, (char) (0xc0 | c >> 6));
        exm_buf_putc(b, (char) (0x80 | (c & 63)));
    } else {
        exm_buf_putc(b, (char) (0xe0 | c >> 12));
        exm_buf_putc(b, (char) (0x80 | (c >> 6 & 63)));
        exm_buf_putc(b, (char) (0x80 | (c & 63)));
    }
}

static inline void
read_string(struct reading *r)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

    r->bad |= !next_is(r, '"');
    while (!r->bad && *r->p != '"') {
        if ((unsigned char) *r->p < 0x20) {
            r->bad = 1;
        } else if (next_is(r, '\\')) {
            const char *at = *r->p ? strchr(from, *r->p) : NULL;

            if (at) {
                exm_buf_putc(r->events, to[at - from]);
                r->p++;
            } else {
                r->bad |= !next_is(r, 'u');
                put_utf8(r->events, hex4(r));
            }
        } else {
            exm_buf_putc(r->events, *r->p++);
        }
    }
    r->bad |= !next_is(r, '"');
    exm_buf_putc(r->events, '"');
}

static inline void
read_number(struct reading *r)
{
    const char *start = r->p;

    (void) next_is(r, '-');
    if (!next_is(r, '0')) {
        if (!strspn(r->p, "123456789")) r->bad = 1;
        r->p += strspn(r->p, "0123456789");
    }
    if (next_is(r, '.')) {
        const size_t n = strspn(r->p, "0123456789");

        if (n == 0) r->bad = 1;
        r->p += n;
    }
    if (next_is(r, 'e') || next_is(r, 'E')) {
        size_t n;

        if (!next_is(r, '+')) (void) next_is(r, '-');
        n = strspn(r->p, "0123456789");
        if (n == 0) r->bad = 1;
        r->p += n;
    }
    exm_buf_put(r->events, start, (size_t) (r->p - start));
    exm_buf_putc(r->events, '#');
}

/* One value; a stack of its own serves instead of recursion. */
static inline void
read_value(struct reading *r)
{
    char open[128];
    int depth = 0, first = 1;

    do {
        blanks(r);
        if (depth > 0 && next_is(r, open[depth - 1] == '{' ? '}' : ']')) {
            exm_buf_putc(r->events, open[--depth] == '{' ? '}' : ']');
            first = 0;
            continue;
        }
        if (depth > 0 && !first) {
            r->bad |= !next_is(r, ',');
            blanks(r);
        }
        if (depth > 0 && open[depth - 1] == '{') {
            exm_buf_putc(r->events, 'k');
            read_string(r);
            blanks(r);
            r->bad |= !next_is(r, ':');
            blanks(r);
        }
        first = 0;
        if (*r->p == '{' || *r->p == '[') {
            open[depth++] = *r->p;
            exm_buf_putc(r->events, *r->p++);
            first = 1;
        } else if (*r->p == '"') {
            exm_buf_putc(r->events, 's');
            read_string(r);
        } else if (strncmp(r->p, "true", 4) == 0 || strncmp(r->p, "null", 4) == 0) {
            exm_buf_putc(r->events, *r->p);
            r->p += 4;
        } else if (strncmp(r->p, "false", 5) == 0) {
            exm_buf_putc(r->events, 'f');
            r->p += 5;
        } else {
            read_number(r);
        }
    } while (depth > 0 && !r->bad);
}

/* 1 when text is one value with white space around. */
static inline int
is_json(const char *text, exm_buf *events)
{
    struct reading r = {.p = text, .events = events};

    exm_buf_clear(events);
    read_value(&r);
    blanks(&r);
    return !r.bad && *r.p == '\0';
}

#endif
