/*
 * simulate_other.c - reads of sequences that the bundle does not hold: miRNAs of other
 * species, and pieces of a genome.
 */
#include "simulate_impl.h"

#include <string.h>

enum {
    LEAST = 16, /* nt of a read */
    MOST_PIECE = 40,
    TRIES = 64 /* to find a piece without unknown bases */
};

static char
complement(char c)
{
    return c == 'A' ? 'T' : c == 'C' ? 'G' : c == 'G' ? 'C' : 'A';
}

exm_status
exm_simulate_others_init(exm_simulator *s, exm_error *reterr)
{
    const exm_fasta *f = s->o->foreign, *b = s->o->background;

    for (size_t i = 0; f && i < exm_fasta_count(f); i++) {
        const exm_fasta_entry *e = exm_fasta_get(f, i);

        if (e->len >= EXM_SIM_INSERT_MAX || memchr(e->seq, 'N', e->len))
            return exm_fail(reterr, EXM_EDATA, i,
                            "simulate: foreign sequence '%.60s' has unknown bases, or %d "
                            "and more",
                            e->id, (int) EXM_SIM_INSERT_MAX);
    }
    for (size_t i = 0; b && i < exm_fasta_count(b); i++)
        s->background_nt += exm_fasta_get(b, i)->len;
    if (b && s->background_nt < MOST_PIECE)
        return exm_fail(reterr, EXM_EDATA, 0, "simulate: the background has %llu nt",
                        (unsigned long long) s->background_nt);
    return EXM_OK;
}

/* The mature, or without its last one or two bases, or with one more behind. */
void
exm_simulate_foreign(exm_simulator *s, uint32_t entry, exm_molecule *ret)
{
    const exm_fasta_entry *e = exm_fasta_get(s->o->foreign, entry);

    ret->feature = s->first_own + EXM_SIM_OWN_ROWS + entry;
    ret->len = (uint32_t) e->len;
    memcpy(ret->seq, e->seq, e->len);
    if (exm_sim_chance(&s->rng, s->o->isomir_rate)) {
        const uint32_t cut = (uint32_t) exm_rng_below(&s->rng, 3);

        if (cut == 0)
            ret->seq[ret->len++] = exm_sim_letter(&s->rng);
        else if (ret->len >= LEAST + cut)
            ret->len -= cut;
    }
    ret->seq[ret->len] = '\0';
    memcpy(ret->variant, "foreign", 8);
}

/* A piece of 16 to 40 nt of either strand; of the last try's letters where N abounds. */
void
exm_simulate_background(exm_simulator *s, exm_molecule *ret)
{
    const exm_fasta *b = s->o->background;
    const int minus = exm_sim_chance(&s->rng, 0.5);

    ret->feature = s->first_own + EXM_SIM_BACKGROUND;
    memcpy(ret->variant, "NA", 3);
    for (int t = 0; t < TRIES; t++) {
        uint64_t at = exm_rng_below(&s->rng, s->background_nt);
        const uint32_t len =
            LEAST + (uint32_t) exm_rng_below(&s->rng, MOST_PIECE - LEAST + 1);
        const exm_fasta_entry *e = exm_fasta_get(b, 0);

        for (size_t i = 0; at >= e->len; e = exm_fasta_get(b, ++i)) at -= e->len;
        if (len > e->len - at || memchr(e->seq + at, 'N', len)) continue;
        ret->len = len;
        for (uint32_t i = 0; i < len; i++)
            ret->seq[i] = minus ? complement(e->seq[at + len - 1 - i]) : e->seq[at + i];
        break;
    }
    ret->seq[ret->len] = '\0';
}
