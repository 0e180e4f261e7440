/*
 * simulate_pcr.c - which molecule a read is a copy of, and what amplification did to its UMI.
 *
 * A read is a leaf of the tree that its molecule grows: in each cycle it came from the old
 * strand or the new one, and a new strand may have got a wrong base.  The trees are far too
 * large to be kept, so a branch's chance is drawn from a generator that is seeded by molecule,
 * cycle and path: all leaves below agree on it.
 */
#include "simulate_impl.h"

uint64_t
exm_simulate_choose(exm_simulator *s, uint64_t n)
{
    const double u = exm_rng_double(&s->rng);
    double x = u;

    for (uint32_t i = 1; i < s->o->skew; i++) x *= u;
    return (uint64_t) (x * (double) n);
}

void
exm_simulate_copy_umi(exm_simulator *s, uint64_t m, char *umi)
{
    const double p = 2.0 * s->o->umi_error_rate / s->o->pcr_cycles;
    uint64_t path;

    if (s->o->umi_error_rate <= 0.0) return;
    path = exm_rng_u64(&s->rng);
    for (uint32_t k = 0; k < s->o->pcr_cycles; k++) {
        exm_rng branch;

        if ((path >> k & 1) == 0) continue; /* the old strand */
        exm_rng_init(&branch, s->o->seed ^ m << 20,
                     1 + k + ((path & (((uint64_t) 2 << k) - 1)) << 6));
        for (char *c = umi; *c; c++)
            if (exm_sim_chance(&branch, p)) *c = exm_sim_other_letter(&branch, *c);
    }
}
