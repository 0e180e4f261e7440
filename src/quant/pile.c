/*
 * pile.c - which bases the reads of a miRNA have at each position of its mature.
 *
 * Workload: 10^4 to 10^6 unique reads of miRNAs, some 20 positions each; 60,000 sites.
 */
#include "pile.h"

#include <stdlib.h>
#include <string.h>

enum { CODE_A = 0, CODE_G = 3 };

exm_status
exm_pile_new(const exm_ref *ref, exm_pile **ret, exm_error *reterr)
{
    const uint32_t n = ref ? exm_ref_n_entities(ref) : 0;
    exm_pile *p;
    uint32_t sites = 0;

    if (!ref || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "pile: an argument is NULL");
    p = calloc(1, sizeof *p);
    if (p) p->first = calloc(n + 1U, sizeof *p->first);
    if (p && p->first) {
        for (uint32_t e = 0; e < n; e++) {
            p->first[e] = sites;
            sites += exm_ref_entity_get(ref, e)->len;
        }
        p->first[n] = sites;
        p->good = calloc(sites + 1U, sizeof *p->good);
        p->error = calloc(sites + 1U, sizeof *p->error);
    }
    if (!p || !p->first || !p->good || !p->error) {
        exm_pile_free(p);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the sites of the miRNAs");
    }
    p->ref = ref;
    *ret = p;
    return EXM_OK;
}

void
exm_pile_free(exm_pile *p)
{
    if (!p) return;
    free(p->first);
    free(p->good);
    free(p->error);
    free(p);
}

static uint32_t
base_of(const exm_unique *u, uint32_t i)
{
    return (uint32_t) ((u->lo >> i & 1) | (u->hi >> i & 1) << 1);
}

/* Substitutions that are not A to G, but for one at read position 'at'. */
static uint32_t
other_changes(const exm_candidate *c, const exm_unique *u, uint32_t at)
{
    uint32_t n = 0;

    for (uint32_t k = 0; k < c->n_sub; k++)
        n += c->sub_at[k] != at &&
             !(c->sub_ref[k] == CODE_A && base_of(u, c->sub_at[k]) == CODE_G);
    return n;
}

void
exm_pile_add(exm_pile *p, const exm_qualities *q, const exm_unique *u,
             const exm_candidate *c)
{
    const uint32_t first = p->first[c->entity], len = p->first[c->entity + 1] - first;
    uint64_t good[EXM_QUALITIES_NT];
    uint32_t end = u->len - c->n_tail;

    if (u->len > EXM_QUALITIES_NT || u->len <= EXM_VARIANT_TAIL ||
        !exm_qualities_get(q, u->lo, u->hi, good))
        return;
    /* Pairs of insert and UMI that were taken for errors of others are no molecules. */
    for (uint32_t i = 0; i < u->len; i++)
        if (good[i] > u->molecules) good[i] = u->molecules;
    if (end > u->len - EXM_VARIANT_TAIL) end = u->len - EXM_VARIANT_TAIL;
    for (uint32_t i = c->n_add5; i < end; i++) {
        const int64_t at = (int64_t) i - c->n_add5 + c->d5;

        if (at < 0 || at >= (int64_t) len || good[i] == 0 || other_changes(c, u, i) > 0)
            continue;
        p->good[first + (uint32_t) at][base_of(u, i)] += good[i];
        p->error[first + (uint32_t) at] += good[i] * exm_qualities_error(q, i);
    }
}

void
exm_pile_merge(exm_pile *to, const exm_pile *from)
{
    const uint32_t n = to->first[exm_ref_n_entities(to->ref)];

    for (uint32_t i = 0; i < n; i++) {
        for (int b = 0; b < 4; b++) to->good[i][b] += from->good[i][b];
        to->error[i] += from->error[i];
    }
}
