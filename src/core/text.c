/* text.c - numbers and words from text; nothing here asks for the locale. */
#define _GNU_SOURCE 1 /* strtod_l */
#include "exomir/text.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 63 };

static int
shown(size_t n)
{
    return n < 60 ? (int) n : 60;
}

static exm_status
no_number(const char *s, size_t n, size_t at, const char *what, exm_error *reterr)
{
    return exm_fail(reterr, EXM_EDATA, at, "'%.*s' is no %s", shown(n), s, what);
}

/* The digits s[from..n), at most 'most'. */
static exm_status
whole(const char *s, size_t n, size_t from, uint64_t most, uint64_t *ret, exm_error *reterr)
{
    uint64_t v = 0;

    if (n == 0) return exm_fail(reterr, EXM_EDATA, 0, "a number is missing");
    if (from == n) return no_number(s, n, n, "whole number", reterr);
    for (size_t i = from; i < n; i++) {
        const unsigned d = (unsigned) (unsigned char) s[i] - '0';

        if (d > 9) return no_number(s, n, i, "whole number", reterr);
        if (v > (most - d) / 10)
            return exm_fail(reterr, EXM_EDATA, i, "'%.*s' is too large", shown(n), s);
        v = v * 10 + d;
    }
    *ret = v;
    return EXM_OK;
}

exm_status
exm_text_u64(const char *s, size_t n, uint64_t *ret, exm_error *reterr)
{
    return whole(s, n, 0, UINT64_MAX, ret, reterr);
}

exm_status
exm_text_i64(const char *s, size_t n, int64_t *ret, exm_error *reterr)
{
    const int negative = n > 0 && s[0] == '-';
    const size_t skip = negative || (n > 0 && s[0] == '+') ? 1 : 0;
    const uint64_t most = (uint64_t) INT64_MAX + (uint64_t) negative;
    uint64_t v = 0;
    const exm_status st = whole(s, n, skip, most, &v, reterr);

    if (st == EXM_OK) *ret = negative ? (int64_t) (0 - v) : (int64_t) v;
    return st;
}

/* Digits, at most one point, an optional exponent: what strtod_l may be shown. */
static size_t
number_length(const char *s, size_t n)
{
    size_t i = 0, digits = 0;

    if (i < n && (s[i] == '-' || s[i] == '+')) i++;
    for (; i < n && s[i] >= '0' && s[i] <= '9'; i++) digits++;
    if (i < n && s[i] == '.') i++;
    for (; i < n && s[i] >= '0' && s[i] <= '9'; i++) digits++;
    if (digits == 0) return 0;
    if (i < n && (s[i] == 'e' || s[i] == 'E')) {
        size_t k = i + 1;
        const size_t first = k + (k < n && (s[k] == '-' || s[k] == '+'));

        for (k = first; k < n && s[k] >= '0' && s[k] <= '9'; k++) {
        }
        if (k > first) i = k;
    }
    return i;
}

/* Up to 15 digits over a power of ten: both are exact, so one operation rounds once. */
static int
exact_value(const char *s, size_t n, double *ret)
{
    static const double ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    uint64_t v = 0;
    size_t digits = 0, decimals = 0, i = 0;
    int point = 0;

    if (n > 0 && (s[0] == '-' || s[0] == '+')) i = 1;
    for (; i < n; i++) {
        if (s[i] == '.') {
            point = 1;
        } else if (s[i] >= '0' && s[i] <= '9') {
            v = v * 10 + (uint64_t) (s[i] - '0');
            decimals += point ? 1U : 0U;
            if (++digits > 15) return 0;
        } else {
            return 0;
        }
    }
    *ret = (double) v / ten[decimals];
    if (s[0] == '-') *ret = -*ret;
    return 1;
}

static int
is_word(const char *s, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(s, word, n) == 0;
}

exm_status
exm_text_double(const char *s, size_t n, double *ret, exm_error *reterr)
{
    char small[128];
    locale_t c;
    double v;

    if (is_word(s, n, "NA") || is_word(s, n, "NaN")) {
        *ret = (double) NAN;
        return EXM_OK;
    }
    if (is_word(s, n, "Inf") || is_word(s, n, "-Inf")) {
        *ret = s[0] == '-' ? -(double) INFINITY : (double) INFINITY;
        return EXM_OK;
    }
    if (n == 0) return exm_fail(reterr, EXM_EDATA, 0, "a number is missing");
    if (number_length(s, n) != n)
        return no_number(s, n, number_length(s, n), "number", reterr);
    if (exact_value(s, n, ret)) return EXM_OK;
    if (n >= sizeof small)
        return exm_fail(reterr, EXM_EDATA, n, "'%.*s' has more than %zu digits", shown(n),
                        s, sizeof small - 1);
    memcpy(small, s, n);
    small[n] = '\0';
    c = newlocale(LC_NUMERIC_MASK, "C", (locale_t) 0);
    if (c == (locale_t) 0) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a locale");
    v = strtod_l(small, NULL, c);
    freelocale(c);
    if (isinf(v)) return exm_fail(reterr, EXM_EDATA, 0, "'%s' is too large", small);
    *ret = v;
    return EXM_OK;
}

int
exm_text_same(const char *a, const char *b)
{
    while (*a && exm_text_lower(*a) == exm_text_lower(*b)) a++, b++;
    return exm_text_lower(*a) == exm_text_lower(*b);
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment distance, case-blind; three rows. */
static size_t
distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t row[3][WORD_MAX + 2];
    size_t *before = row[0], *above = row[1], *now = row[2];

    for (size_t j = 0; j <= m; j++) above[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *t;

        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const size_t change = exm_text_lower(a[i - 1]) != exm_text_lower(b[j - 1]);

            now[j] = least(least(above[j], now[j - 1]) + 1, above[j - 1] + change);
            if (i > 1 && j > 1 && exm_text_lower(a[i - 1]) == exm_text_lower(b[j - 2]) &&
                exm_text_lower(a[i - 2]) == exm_text_lower(b[j - 1]))
                now[j] = least(now[j], before[j - 2] + 1);
        }
        t = before, before = above, above = now, now = t;
    }
    return above[m];
}

const char *
exm_text_closest(const char *typed, const char *const *words, size_t n)
{
    const size_t len = strlen(typed);
    const size_t limit = len / 3 > 1 ? len / 3 : 1;
    size_t best = limit + 1;
    const char *ret = NULL;

    if (len == 0 || len > WORD_MAX) return NULL;
    for (size_t i = 0; i < n; i++) {
        const size_t m = strlen(words[i]);
        size_t d;

        if (m > WORD_MAX) continue;
        d = distance(typed, len, words[i], m);
        if (len >= 3 && m > len && distance(typed, len, words[i], len) == 0)
            d = least(d, 1);
        if (d < best) {
            best = d;
            ret = words[i];
        }
    }
    return ret;
}

int
exm_text_is_file_safe(const char *s)
{
    const char *from = s;

    if (*s == '\0' || *s == '.') return 0;
    for (; *s; s++) {
        const char c = exm_text_lower(*s);

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
              c == '-'))
            return 0;
    }
    return s - from <= EXM_FILE_SAFE_MAX;
}

char *
exm_text_dup(const char *s)
{
    const size_t n = strlen(s) + 1;
    char *p = malloc(n);

    return p ? memcpy(p, s, n) : NULL;
}
