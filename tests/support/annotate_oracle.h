/*
 * annotate_oracle.h - the rules of annotate.h, letter by letter.
 *
 * Every template, every start, no index, no bit planes: what an explanation is, which of
 * them count, and their order, written from the header's words alone.
 */
#ifndef EXM_TEST_ANNOTATE_ORACLE_H
#define EXM_TEST_ANNOTATE_ORACLE_H

#include "exomir/annotate.h"

#include <stdlib.h>
#include <string.h>

enum { ORACLE_CAP = 8192 };

/* The bundle's templates as letters, 'N' where there is no base. */
struct oracle {
    const exm_ref *ref;
    char **seq;
    uint32_t *bits; /* [classes] that an explanation needs */
};

struct oracle_result {
    exm_candidate cand[ORACLE_CAP];
    size_t n, n_best;
};

static inline char
oracle_letter(const exm_ref *r, uint64_t p)
{
    const uint64_t bit = (uint64_t) 1 << (p & 63);
    const int lo = (exm_ref_plane_lo(r)[p >> 6] & bit) != 0;
    const int hi = (exm_ref_plane_hi(r)[p >> 6] & bit) != 0;

    return exm_ref_plane_no(r)[p >> 6] & bit ? 'N' : "ACTG"[lo + 2 * hi];
}

static inline void
oracle_init(struct oracle *o, const exm_ref *ref)
{
    o->ref = ref;
    o->seq = calloc(exm_ref_n_templates(ref), sizeof *o->seq);
    o->bits = calloc(exm_ref_n_classes(ref), sizeof *o->bits);
    if (!o->seq || !o->bits) abort();
    for (uint32_t i = 0; i < exm_ref_n_templates(ref); i++) {
        const exm_ref_template *t = exm_ref_template_get(ref, i);

        o->seq[i] = malloc(t->len + 1U);
        if (!o->seq[i]) abort();
        for (uint32_t k = 0; k < t->len; k++)
            o->seq[i][k] = oracle_letter(ref, t->start + k);
        o->seq[i][t->len] = '\0';
    }
    /* 13 + log2 of the search space, at least 2^15, rounded up. */
    for (uint32_t c = 0; c < exm_ref_n_classes(ref); c++) {
        o->bits[c] = 13 + 15;
        while ((uint64_t) 1 << (o->bits[c] - 13) < exm_ref_class_get(ref, c)->positions)
            o->bits[c]++;
    }
}

static inline void
oracle_done(struct oracle *o)
{
    for (uint32_t i = 0; i < exm_ref_n_templates(o->ref); i++) free(o->seq[i]);
    free(o->seq);
    free(o->bits);
}

/* The template's base at 'at', or 'N' outside of it. */
static inline char
oracle_base(const char *seq, uint32_t len, long at)
{
    return at < 0 || at >= (long) len ? 'N' : seq[at];
}

/* Length of the insert without its tail. */
static inline uint32_t
oracle_core(const char *t, uint32_t t_len, long start, const char *read, uint32_t n)
{
    for (uint32_t i = n - 3; i < n; i++)
        if (oracle_base(t, t_len, start + (long) i) != read[i]) return i;
    return n;
}

/*
 * Additions before the template's position 'from', then substitutions, in the core.
 * 0 when there are too many, or one stands against no base.
 */
static inline int
oracle_differences(const char *t, uint32_t t_len, long start, const char *read,
                   uint32_t core, long from, exm_candidate *c)
{
    uint32_t i = 0, subs = 0;

    while (i < core && start + (long) i < from &&
           oracle_base(t, t_len, start + (long) i) != read[i])
        i++;
    if (i > EXM_MAX_SUBS) return 0;
    c->n_add5 = (uint8_t) i;
    memset(c->sub_at, 0, sizeof c->sub_at);
    memset(c->sub_ref, 0, sizeof c->sub_ref);
    for (; i < core; i++) {
        const char b = oracle_base(t, t_len, start + (long) i);

        if (b == read[i]) continue;
        if (b == 'N' || c->n_add5 + subs == EXM_MAX_SUBS) return 0;
        c->sub_at[subs] = (uint8_t) (i < 255 ? i : 255);
        c->sub_ref[subs++] = (uint8_t) (b == 'A' ? 0 : b == 'C' ? 1 : b == 'T' ? 2 : 3);
    }
    c->n_sub = (uint8_t) subs;
    return 1;
}

/* The mature of least shift whose window holds the templated stretch; 0 for none. */
static inline int
oracle_mature(const struct oracle *o, uint32_t id, long start, const char *read,
              uint32_t core, exm_candidate *ret)
{
    const exm_ref_template *t = exm_ref_template_get(o->ref, id);
    int found = 0;

    for (uint32_t i = t->first_mature; i < t->first_mature + t->n_matures; i++) {
        const exm_ref_mature *m = exm_ref_mature_get(o->ref, i);
        exm_candidate c = *ret;
        long d5, d3;

        if (!oracle_differences(o->seq[id], t->len, start, read, core, (long) m->start, &c))
            continue;
        d5 = start + c.n_add5 - (long) m->start;
        d3 = start + (long) core - (long) (m->start + m->len);
        if (d5 < -5 || d5 > 5 || d3 < -8 || d3 > 6) continue;
        c.shift = (uint32_t) (2 * labs(d5) + labs(d3));
        if (found && c.shift >= ret->shift) continue;
        c.mature = i;
        c.entity = m->entity;
        c.d5 = (int8_t) d5;
        c.d3 = (int8_t) d3;
        *ret = c;
        found = 1;
    }
    return found;
}

/* Two differences and a tail of three at most: a quick no that changes nothing. */
static inline int
oracle_is_hopeless(const char *t, uint32_t t_len, long start, const char *read, uint32_t n)
{
    uint32_t wrong = 0;

    for (uint32_t i = 0; i < n && wrong <= 5; i++)
        wrong += oracle_base(t, t_len, start + (long) i) != read[i];
    return wrong > 5;
}

/* A junction's nt on both sides all match, and none of them is in the tail. */
static inline int
oracle_crosses(const struct oracle *o, const exm_ref_template *t, const char *seq,
               long start, const char *read, uint32_t core)
{
    const long nt = (long) exm_ref_class_get(o->ref, t->class_id)->junction_nt;

    for (long at = (long) t->junction - nt; at < (long) t->junction + nt; at++)
        if (at < start || at >= start + (long) core ||
            oracle_base(seq, t->len, at) != read[at - start])
            return 0;
    return 1;
}

static inline int
oracle_explains(const struct oracle *o, uint32_t id, long start, const char *read,
                uint32_t n, exm_candidate *ret)
{
    const exm_ref_template *t = exm_ref_template_get(o->ref, id);
    const uint32_t core = oracle_core(o->seq[id], t->len, start, read, n);
    exm_candidate c = {.class_id = t->class_id,
                       .template_id = id,
                       .mature = UINT32_MAX,
                       .entity = UINT32_MAX,
                       .start = start,
                       .n_tail = (uint8_t) (n - core)};
    long bits;
    int wrong;

    if (exm_ref_class_get(o->ref, t->class_id)->kind == EXM_KIND_SPIKE && t->len <= 63 &&
        (start != 0 || n != t->len))
        return 0;
    if (exm_ref_class_get(o->ref, t->class_id)->junction_nt &&
        !oracle_crosses(o, t, o->seq[id], start, read, core))
        return 0;
    if ((t->class_id != 0 || !oracle_mature(o, id, start, read, core, &c)) &&
        !oracle_differences(o->seq[id], t->len, start, read, core, 0, &c))
        return 0;
    wrong = c.n_sub + c.n_add5;
    bits = 2 * ((long) core - wrong) - 6 * (long) wrong;
    if (bits < (long) o->bits[t->class_id]) return 0;
    c.cost = (uint32_t) (10 * wrong + 3 * c.n_tail);
    *ret = c;
    return 1;
}

/* The longest run of matching bases in the core. */
static inline uint32_t
oracle_longest_run(const exm_candidate *c, uint32_t n)
{
    uint32_t best = 0, from = c->n_add5;

    for (int k = 0; k < c->n_sub; k++) {
        if (c->sub_at[k] - from > best) best = c->sub_at[k] - from;
        from = c->sub_at[k] + 1U;
    }
    return n - c->n_tail - from > best ? n - c->n_tail - from : best;
}

static inline int
oracle_order(const void *pa, const void *pb)
{
    const exm_candidate *a = pa, *b = pb;
    const uint32_t class_a = a->class_id || a->mature != UINT32_MAX ? a->class_id : 99999;
    const uint32_t class_b = b->class_id || b->mature != UINT32_MAX ? b->class_id : 99999;

    if (a->cost != b->cost) return a->cost < b->cost ? -1 : 1;
    if (class_a != class_b) return class_a < class_b ? -1 : 1;
    if (a->shift != b->shift) return a->shift < b->shift ? -1 : 1;
    if (a->entity != b->entity) return a->entity < b->entity ? -1 : 1;
    if (a->template_id != b->template_id) return a->template_id < b->template_id ? -1 : 1;
    return a->start < b->start ? -1 : a->start > b->start;
}

/* Drops what is too dear, sorts, counts what ties. */
static inline void
oracle_rank(struct oracle_result *r, uint32_t margin)
{
    uint64_t best = UINT64_MAX;
    size_t n = 0;
    int mature = 0;

    for (size_t i = 0; i < r->n; i++)
        if (r->cand[i].cost < best) best = r->cand[i].cost;
    for (size_t i = 0; i < r->n; i++)
        if (r->cand[i].cost <= best + margin) r->cand[n++] = r->cand[i];
    r->n = n;
    if (n > 1) qsort(r->cand, n, sizeof *r->cand, oracle_order);
    for (size_t i = 0; i < n; i++)
        mature |= r->cand[i].cost == best && r->cand[i].mature != UINT32_MAX;
    r->n_best = 0;
    for (size_t i = 0; i < n; i++)
        r->n_best += r->cand[i].cost == best && !(mature && r->cand[i].class_id == 0 &&
                                                  r->cand[i].mature == UINT32_MAX);
}

/* All explanations in no order. */
static inline void
oracle_collect(const struct oracle *o, const char *read, uint32_t n,
               struct oracle_result *ret)
{
    ret->n = ret->n_best = 0;
    if (n < EXM_ANNOTATE_MIN_NT) return;
    for (uint32_t id = 0; id < exm_ref_n_templates(o->ref); id++) {
        const long len = (long) exm_ref_template_get(o->ref, id)->len;

        for (long start = -(long) n; start < len; start++) {
            exm_candidate c;

            if (oracle_is_hopeless(o->seq[id], (uint32_t) len, start, read, n) ||
                !oracle_explains(o, id, start, read, n, &c))
                continue;
            if (ret->n == ORACLE_CAP) abort();
            ret->cand[ret->n++] = c;
        }
    }
}

static inline int
oracle_same(const exm_candidate *a, const exm_candidate *b)
{
    return a->class_id == b->class_id && a->template_id == b->template_id &&
           a->mature == b->mature && a->entity == b->entity && a->start == b->start &&
           a->cost == b->cost && a->shift == b->shift && a->d5 == b->d5 && a->d3 == b->d3 &&
           a->n_sub == b->n_sub && a->n_add5 == b->n_add5 && a->n_tail == b->n_tail &&
           memcmp(a->sub_at, b->sub_at, sizeof a->sub_at) == 0 &&
           memcmp(a->sub_ref, b->sub_ref, sizeof a->sub_ref) == 0;
}

#endif
