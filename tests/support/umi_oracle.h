/*
 * umi_oracle.h - the slow definition of counting molecules, for tests and fuzzing.
 *
 * Written from exomir/umi.h with letters and every pair of nodes; no codes, no tables, no
 * code shared with the library.  A node is an insert with a UMI; a part is a letter string.
 */
#ifndef EXM_TEST_UMI_ORACLE_H
#define EXM_TEST_UMI_ORACLE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct umi_node {
    char insert[96], umi[36];
    uint64_t lo, hi, code; /* what breaks ties */
    uint64_t reads;        /* as observed, then with what was given */
    uint64_t own;          /* as observed */
    size_t taker, molecule;
} umi_node;

/* What a variant of the rule does; all 0 is the rule. */
typedef struct umi_twist {
    int plus;      /* added to 2 b - 1 */
    int apart;     /* bases more that may differ */
    int lengths;   /* 1: lengths are not looked at */
    int no_insert; /* 1: errors of inserts stay */
} umi_twist;

/* 1 when two strings are neighbours. */
static inline int
umi_oracle_near(const char *a, const char *b, const umi_twist *w)
{
    const size_t na = strlen(a), nb = strlen(b), n = na < nb ? na : nb;
    int wrong = 0;

    if (na != nb && !w->lengths) return 0;
    for (size_t i = 0; i < n; i++) wrong += a[i] != b[i];
    return wrong >= 1 && wrong <= 1 + w->apart;
}

/* Would a's reads make b's an error?  reads stay below 2^60. */
static inline int
umi_oracle_child(uint64_t a, uint64_t b, const umi_twist *w)
{
    return (int64_t) a >= 2 * (int64_t) b - 1 + w->plus;
}

static inline uint64_t
umi_oracle_total(const umi_node *v, size_t n, const umi_node *x)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].insert, x->insert) == 0) sum += v[i].own;
    return sum;
}

/* Does a come before b among takers? */
static inline int
umi_oracle_before(const umi_node *v, size_t n, const umi_node *a, const umi_node *b)
{
    const uint64_t ta = umi_oracle_total(v, n, a), tb = umi_oracle_total(v, n, b);

    if (a->own != b->own) return a->own > b->own;
    if (ta != tb) return ta > tb;
    return a->lo != b->lo ? a->lo < b->lo : a->hi < b->hi;
}

static inline void
umi_oracle_give(umi_node *v, size_t n, const umi_twist *w)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            if (strcmp(v[i].umi, v[k].umi) != 0 || strlen(v[i].insert) > 63 ||
                !umi_oracle_near(v[i].insert, v[k].insert, w) ||
                !umi_oracle_child(v[k].own, v[i].own, w) ||
                !umi_oracle_before(v, n, v + k, v + i))
                continue;
            if (v[i].taker == i || umi_oracle_before(v, n, v + k, v + v[i].taker))
                v[i].taker = k;
        }
    }
    for (size_t i = 0; i < n; i++) {
        size_t k = i;

        while (v[k].taker != k) k = v[k].taker;
        if (k != i) v[k].reads += v[i].own;
    }
}

/* All that edges reach from node i, one after the other. */
static inline void
umi_oracle_spread(umi_node *v, size_t n, size_t i, size_t molecule, const umi_twist *w)
{
    v[i].molecule = molecule;
    for (size_t k = 0; k < n; k++)
        if (v[k].molecule == n && v[k].taker == k &&
            strcmp(v[i].insert, v[k].insert) == 0 &&
            umi_oracle_near(v[i].umi, v[k].umi, w) &&
            umi_oracle_child(v[i].reads, v[k].reads, w))
            umi_oracle_spread(v, n, k, molecule, w);
}

/*
 * v[i].molecule becomes the node that founded i's molecule, or n where its reads were given
 * away; v[i].reads those that count for it.
 */
static inline void
umi_oracle_run(umi_node *v, size_t n, const umi_twist *w)
{
    for (size_t i = 0; i < n; i++) {
        v[i].molecule = n;
        v[i].taker = i;
        v[i].own = v[i].reads;
    }
    if (!w->no_insert) umi_oracle_give(v, n, w);
    for (;;) {
        size_t first = n;

        for (size_t i = 0; i < n; i++) {
            if (v[i].molecule < n || v[i].taker != i) continue;
            if (first == n || v[i].reads > v[first].reads ||
                (v[i].reads == v[first].reads && v[i].code < v[first].code))
                first = i;
        }
        if (first == n) return;
        umi_oracle_spread(v, n, first, first, w);
    }
}

/* Letters of a UMI's code: a 1, then two bits a base. */
static inline void
umi_oracle_decode(uint64_t code, char *s)
{
    int top = 63;

    while (top > 0 && (code >> top & 1) == 0) top--;
    for (int k = top / 2; k-- > 0;) *s++ = "ACTG"[code >> 2 * k & 3];
    *s = '\0';
}

/* The code of letters, first base first. */
static inline uint64_t
umi_oracle_code(const char *s)
{
    uint64_t x = 1;

    for (; *s; s++)
        x = x * 4 + (uint64_t) (*s == 'A' ? 0 : *s == 'C' ? 1 : *s == 'T' ? 2 : 3);
    return x;
}

#endif
