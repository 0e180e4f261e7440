/* json.h - streaming JSON writer: valid by construction, same bytes in every locale. */
#ifndef EXM_JSON_H
#define EXM_JSON_H

#include "exomir/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Writes into a caller-owned exm_buf.  Commas, quotes, indentation (2 blanks)
 * and escaping are the writer's; strings are taken as UTF-8 and every byte that
 * is not valid UTF-8 becomes U+FFFD.  '<', '>' and '&' are escaped \u003c ... so
 * that the text can stand inside an HTML <script>.  NaN and infinities become null.
 * Misuse (value without key inside an object, unbalanced end) sets 'broken' and
 * exm_json_finish() returns EXM_EINVAL; at most 63 levels are open at once.
 */
typedef struct exm_json {
    exm_buf *out;
    int depth, broken, compact;
    unsigned char kind[64];  /* per level: '{' or '[' */
    unsigned char count[64]; /* 0, or 1 when a comma is due */
    int key_pending;
} exm_json;

void exm_json_init(exm_json *j, exm_buf *out);         /* indented */
void exm_json_init_compact(exm_json *j, exm_buf *out); /* one line */
void exm_json_object(exm_json *j);                     /* '{' */
void exm_json_array(exm_json *j);                      /* '[' */
void exm_json_end(exm_json *j);                        /* closes the innermost */
void exm_json_key(exm_json *j, const char *key);
void exm_json_str(exm_json *j, const char *s); /* NULL -> null */
void exm_json_strn(exm_json *j, const char *s, size_t n);
void exm_json_u64(exm_json *j, uint64_t v);
void exm_json_i64(exm_json *j, int64_t v);
void exm_json_double(exm_json *j, double v);
void exm_json_bool(exm_json *j, int v);
void exm_json_null(exm_json *j);

/* Shorthands: key and value. */
void exm_json_kstr(exm_json *j, const char *key, const char *s);
void exm_json_ku64(exm_json *j, const char *key, uint64_t v);
void exm_json_ki64(exm_json *j, const char *key, int64_t v);
void exm_json_kdouble(exm_json *j, const char *key, double v);
void exm_json_kbool(exm_json *j, const char *key, int v);

/* Checks balance, adds the final newline, and reports out-of-memory of the buffer. */
EXM_MUST_USE exm_status exm_json_finish(exm_json *j, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
