/* text.h - numbers and words from text, independent of the locale. */
#ifndef EXM_TEXT_H
#define EXM_TEXT_H

#include "exomir/status.h"

#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exm_text_u64(), _i64(), _double() - the whole of s[0..n) is one number.
 * No leading or trailing blanks, no sign for u64, no hex, '.' is the decimal
 * point in every locale.  Doubles take "NA"/"NaN" as NaN and "Inf"/"-Inf"; they
 * are correctly rounded, a value too small becomes 0, and one written with more
 * than 127 bytes is refused.  EXM_EDATA (at = offset of the first byte that is no
 * part of a number, or makes it too large) when s is anything else; the message
 * quotes s.  *ret is untouched on failure.
 */
EXM_MUST_USE exm_status exm_text_u64(const char *s, size_t n, uint64_t *ret,
                                     exm_error *reterr);
EXM_MUST_USE exm_status exm_text_i64(const char *s, size_t n, int64_t *ret,
                                     exm_error *reterr);
EXM_MUST_USE exm_status exm_text_double(const char *s, size_t n, double *ret,
                                        exm_error *reterr);

/*
 * exm_text_closest() - the word of words[0..n) nearest to 'typed' by
 * Damerau-Levenshtein distance (case-blind), for "did you mean"; NULL when none
 * is within max(1, strlen(typed)/3) edits.  A prefix of a word counts as near.
 */
const char *exm_text_closest(const char *typed, const char *const *words, size_t n);

/* The lower-case letter of an ASCII capital; every other byte as it is. */
static inline char
exm_text_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

/* Bytes of the UTF-8 byte order mark that s[0..n) begins with: 3 or 0. */
static inline size_t
exm_text_bom_len(const char *s, size_t n)
{
    return n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* Case-blind ASCII comparison of whole strings, locale-free: 1 when equal. */
int exm_text_same(const char *a, const char *b);

/* A name that is safe as a file name component: [A-Za-z0-9._-], not starting with '.', and
 * short enough for ".bam.bai.tmp.<pid>.<n>" to fit behind it. */
enum { EXM_FILE_SAFE_MAX = 200 };
int exm_text_is_file_safe(const char *s);

/* strdup with the house's allocator rules; NULL when out of memory. */
char *exm_text_dup(const char *s);

#ifdef __cplusplus
}
#endif
#endif
