/*
 * simulate_edit.c - sites of miRNAs at which a share of the molecules has G for A.
 */
#include "simulate_impl.h"

#include <stdlib.h>
#include <string.h>

enum { END = 3 }; /* last bases of a mature that are never edited */

static int
by_place(const void *pa, const void *pb)
{
    const exm_sim_site *a = pa, *b = pb;

    if (a->entity != b->entity) return a->entity < b->entity ? -1 : 1;
    return (a->position > b->position) - (a->position < b->position);
}

/* All A of the expressed miRNAs that may be edited. */
static exm_status
list_sites(exm_simulator *s, exm_error *reterr)
{
    size_t room = 1;

    for (size_t i = 0; i < s->mirna.n; i++)
        room += exm_ref_entity_get(s->ref, s->mirna.id[i])->len;
    s->site = calloc(room, sizeof *s->site);
    if (!s->site) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to simulate");
    for (size_t i = 0; i < s->mirna.n; i++) {
        const exm_ref_entity *e = exm_ref_entity_get(s->ref, s->mirna.id[i]);

        for (uint32_t k = 0; k + END < e->len; k++)
            if (e->seq[k] == 'A')
                s->site[s->n_sites++] =
                    (exm_sim_site){.entity = s->mirna.id[i], .position = k};
    }
    return EXM_OK;
}

exm_status
exm_simulate_edits_init(exm_simulator *s, exm_error *reterr)
{
    const size_t wanted = s->o->edit_sites;
    exm_status st;

    if (wanted == 0) return EXM_OK;
    st = list_sites(s, reterr);
    if (st != EXM_OK) return st;
    if (s->n_sites < wanted)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "simulate: %zu sites to edit, but the expressed miRNAs have %zu",
                        wanted, s->n_sites);
    for (size_t i = 0; i < wanted; i++) { /* the first ones of a shuffle */
        const size_t k = i + (size_t) exm_rng_below(&s->rng, s->n_sites - i);
        const exm_sim_site t = s->site[i];

        s->site[i] = s->site[k];
        s->site[k] = t;
    }
    s->n_sites = wanted;
    qsort(s->site, s->n_sites, sizeof *s->site, by_place);
    return EXM_OK;
}

/* The first site of an entity, or behind it. */
static size_t
first_site(const exm_simulator *s, uint32_t entity)
{
    size_t lo = 0, hi = s->n_sites;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;

        if (s->site[mid].entity < entity)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void
exm_simulate_edit(exm_simulator *s, uint32_t entity, int64_t d5, char *seq, uint32_t n)
{
    for (size_t i = first_site(s, entity); i < s->n_sites && s->site[i].entity == entity;
         i++) {
        exm_sim_site *x = s->site + i;
        const int64_t at = (int64_t) x->position - d5;

        if (at < 0 || at >= (int64_t) n || seq[at] != 'A') continue;
        x->molecules++;
        if (!exm_sim_chance(&s->rng, s->o->edit_rate)) continue;
        x->edited++;
        seq[at] = 'G';
    }
}

void
exm_simulate_put_edits(const exm_simulator *s, exm_buf *b)
{
    exm_buf_puts(b, "mirna\tposition\tmolecules\tedited\n");
    for (size_t i = 0; i < s->n_sites; i++) {
        const exm_sim_site *x = s->site + i;

        exm_buf_putf(b, "%s\t%u\t%llu\t%llu\n", exm_ref_entity_get(s->ref, x->entity)->name,
                     x->position + 1, (unsigned long long) x->molecules,
                     (unsigned long long) x->edited);
    }
}
