/* layout.c - layout strings: where the insert lies in a read. */
#include "exomir/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t
exm_layout_umi_len(const exm_layout *l)
{
    return l->umi5_len + l->umi3_len + l->umi_after_len;
}

int
exm_layout_has_adapter(const exm_layout *l)
{
    return l->adapter_len > 0 || l->poly_a > 0;
}

exm_layout
exm_layout_none(void)
{
    return (exm_layout){.name = "none", .max_mismatches = -1};
}

/* ---- parsing ---- */

enum {
    CUT_MAX = 64,      /* nt cut on one side of the insert; trimming counts on it */
    MIN_ADAPTER_NT = 6 /* known bases: fewer are found everywhere by chance */
};

enum place { BEFORE, BEHIND, AFTER_ADAPTER }; /* the insert; the insert; the adapter */

struct parser {
    exm_layout l;
    enum place where;
    int has_insert, has_second;
    size_t at;
    exm_error *err;
};

static exm_status
wrong(const struct parser *p, const char *what, const char *token, size_t n)
{
    return exm_fail(p->err, EXM_EDATA, p->at, "layout, character %zu, '%.*s': %s",
                    p->at + 1, (int) (n < 80 ? n : 80), token, what);
}

/* A letter followed by digits: the number, 0 when it is something else. */
static uint32_t
number_after(const char *s, size_t n, size_t from)
{
    uint32_t v = 0;

    if (n <= from || n > from + 4) return 0;
    for (size_t i = from; i < n; i++) {
        if (s[i] < '0' || s[i] > '9') return 0;
        v = v * 10 + (uint32_t) (s[i] - '0');
    }
    return v;
}

static exm_status
take_cut(struct parser *p, uint32_t n, int umi, const char *token, size_t len)
{
    exm_layout *l = &p->l;
    const uint32_t before = p->where == BEFORE ? l->n_5 : p->where == BEHIND ? l->n_3 : 0;

    if (umi && exm_layout_umi_len(l) + n > EXM_UMI_MAX)
        return wrong(p, "UMIs hold at most 31 nt", token, len);
    if (before + n > CUT_MAX)
        return wrong(p, "at most 64 nt are cut on one side of the insert", token, len);
    if (p->where == AFTER_ADAPTER) {
        if (!umi || l->umi_after_len > 0 || p->has_second)
            return wrong(p, "directly behind the adapter only one UMI makes sense", token,
                         len);
        if (l->poly_a > 0)
            return wrong(p, "a UMI behind a poly-A has no fixed place", token, len);
        l->umi_after_len = n;
        return EXM_OK;
    }
    if (p->where == BEFORE) {
        if (umi && l->umi5_len > 0) return wrong(p, "a second UMI there", token, len);
        if (umi) {
            l->umi5_at = l->n_5;
            l->umi5_len = n;
        }
        l->n_5 += n;
        return EXM_OK;
    }
    if (umi && l->umi3_len > 0) return wrong(p, "a second UMI there", token, len);
    if (umi) {
        l->umi3_at = l->n_3;
        l->umi3_len = n;
    }
    l->n_3 += n;
    return EXM_OK;
}

static int
is_bases(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] == '\0' || !strchr("ACGTN", s[i])) return 0;
    return n > 0;
}

static size_t
count_known(const char *s, size_t n)
{
    size_t known = 0;

    for (size_t i = 0; i < n; i++) known += s[i] != 'N';
    return known;
}

static exm_status
take_sequence(struct parser *p, const char *token, size_t len)
{
    const char *slash = memchr(token, '/', len);
    const size_t n = slash ? (size_t) (slash - token) : len;
    exm_layout *l = &p->l;

    if (!is_bases(token, n))
        return wrong(p,
                     "expected insert, N<n>, U<n>, A<n>, min<n> or a sequence of A C G T N",
                     token, len);
    if (p->where == BEFORE) return wrong(p, "a 5' adapter is not sequenced", token, len);
    if (n > EXM_ADAPTER_MAX) return wrong(p, "an adapter has at most 64 nt", token, len);
    if (p->where == BEHIND) {
        if (count_known(token, n) < MIN_ADAPTER_NT)
            return wrong(p, "an adapter has at least 6 nt that are not N", token, len);
        memcpy(l->adapter, token, n);
        l->adapter_len = (uint32_t) n;
        p->where = AFTER_ADAPTER;
        if (slash) {
            if (len - n != 2 || token[n + 1] < '0' || token[n + 1] > '9')
                return wrong(p, "expected one digit behind '/'", token, len);
            l->max_mismatches = token[n + 1] - '0';
            if ((size_t) l->max_mismatches * 4 > n)
                return wrong(p, "at most a quarter of an adapter may differ", token, len);
        }
        return EXM_OK;
    }
    if (slash || p->has_second) return wrong(p, "nothing can follow there", token, len);
    memcpy(l->adapter2, token, n);
    l->adapter2_len = (uint32_t) n;
    p->has_second = 1;
    return EXM_OK;
}

static exm_status
take_token(struct parser *p, const char *token, size_t len)
{
    uint32_t n;

    if (len == 6 && memcmp(token, "insert", 6) == 0) {
        if (p->has_insert) return wrong(p, "the insert stands there twice", token, len);
        p->has_insert = 1;
        p->where = BEHIND;
        return EXM_OK;
    }
    if (len > 3 && memcmp(token, "min", 3) == 0) {
        n = number_after(token, len, 3);
        if (n < 10 || n > 200) return wrong(p, "min<n> with n from 10 to 200", token, len);
        if (p->l.min_insert > 0) return wrong(p, "min<n> stands there twice", token, len);
        p->l.min_insert = n;
        return EXM_OK;
    }
    n = len > 1 ? number_after(token, len, 1) : 0;
    if (n > 0 && token[0] == 'N') return take_cut(p, n, 0, token, len);
    if (n > 0 && token[0] == 'U') return take_cut(p, n, 1, token, len);
    if (n > 0 && token[0] == 'A') {
        if (p->where != BEHIND || n < 5 || n > 40)
            return wrong(p, "a poly-A of 5 to 40 nt stands behind the insert", token, len);
        p->l.poly_a = n;
        p->where = AFTER_ADAPTER;
        return EXM_OK;
    }
    return take_sequence(p, token, len);
}

exm_status
exm_layout_parse(const char *text, exm_layout *ret, exm_error *reterr)
{
    struct parser p = {.l = {.name = "custom", .max_mismatches = -1}, .err = reterr};

    if (!text || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "layout: an argument is NULL");
    if (strcmp(text, "insert") == 0) {
        *ret = exm_layout_none();
        return EXM_OK;
    }
    for (const char *s = text;;) {
        const size_t n = strcspn(s, ",");
        exm_status st;

        p.at = (size_t) (s - text);
        if (n == 0) return wrong(&p, "an empty part", s, n);
        st = take_token(&p, s, n);
        if (st != EXM_OK) return st;
        if (s[n] == '\0') break;
        s += n + 1;
    }
    p.at = 0;
    if (!p.has_insert) return wrong(&p, "the word 'insert' is missing", text, strlen(text));
    if (p.l.n_3 > 0 && !exm_layout_has_adapter(&p.l))
        return wrong(&p, "what stands behind the insert is found by an adapter: name it",
                     text, strlen(text));
    *ret = p.l;
    return EXM_OK;
}

/* ---- formatting ---- */

struct writer {
    char *buf;
    size_t n, at;
};

static void
put(struct writer *w, const char *s)
{
    const size_t k = strlen(s);

    if (w->at + k + 1 > w->n) return;
    memcpy(w->buf + w->at, s, k + 1);
    w->at += k;
}

static void
put_number(struct writer *w, const char *letter, uint32_t v)
{
    char s[16];

    if (v == 0) return;
    (void) snprintf(s, sizeof s, "%s%u", letter, v);
    if (w->at > 0) put(w, ",");
    put(w, s);
}

/* A stretch of n nt with a UMI inside: N.., U.., N.. */
static void
put_stretch(struct writer *w, uint32_t n, uint32_t at, uint32_t umi)
{
    if (umi == 0) {
        put_number(w, "N", n);
        return;
    }
    put_number(w, "N", at);
    put_number(w, "U", umi);
    put_number(w, "N", n - at - umi);
}

void
exm_layout_format(const exm_layout *l, char *buf, size_t n)
{
    struct writer w = {buf, n, 0};

    if (n == 0) return;
    buf[0] = '\0';
    put_stretch(&w, l->n_5, l->umi5_at, l->umi5_len);
    put(&w, w.at > 0 ? ",insert" : "insert");
    put_stretch(&w, l->n_3, l->umi3_at, l->umi3_len);
    put_number(&w, "A", l->poly_a);
    if (l->adapter_len > 0) {
        put(&w, ",");
        put(&w, l->adapter);
        if (l->max_mismatches >= 0) {
            const char digit[] = {'/', (char) ('0' + l->max_mismatches), '\0'};

            put(&w, digit);
        }
    }
    put_number(&w, "U", l->umi_after_len);
    if (l->adapter2_len > 0) {
        put(&w, ",");
        put(&w, l->adapter2);
    }
    put_number(&w, "min", l->min_insert);
}
