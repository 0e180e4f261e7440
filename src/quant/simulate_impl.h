/* simulate_impl.h - private to quant: what is simulated, and how it is written. */
#ifndef EXM_QUANT_SIMULATE_IMPL_H
#define EXM_QUANT_SIMULATE_IMPL_H

#include "exomir/simulate.h"

#include "exomir/rng.h"

enum { EXM_SIM_INSERT_MAX = 64 }; /* nt */

static const char exm_sim_letters[] = "ACTG"; /* by plane code */

static inline int
exm_sim_code(char c)
{
    return c == 'A' ? 0 : c == 'C' ? 1 : c == 'T' ? 2 : 3;
}

static inline int
exm_sim_chance(exm_rng *r, double p)
{
    return exm_rng_double(r) < p;
}

static inline char
exm_sim_letter(exm_rng *r)
{
    return exm_sim_letters[exm_rng_u64(r) >> 62];
}

/* One of the three other letters. */
static inline char
exm_sim_other_letter(exm_rng *r, char c)
{
    return exm_sim_letters[(exm_sim_code(c) + 1 + (int) exm_rng_below(r, 3)) & 3];
}

/* A weighted choice among things: cumulative integer weights. */
typedef struct exm_sim_choice {
    uint32_t *id;
    uint64_t *upto;
    size_t n;
} exm_sim_choice;

typedef struct exm_molecule {
    uint32_t feature; /* row of the truth table */
    uint32_t len;
    char seq[EXM_SIM_INSERT_MAX + 1];
    char umi[EXM_UMI_MAX + 1];
    char variant[64];
    uint32_t seen;
} exm_molecule;

/* Rows of the truth table: entities, templates, then these, then the foreign sequences. */
enum { EXM_SIM_RANDOM, EXM_SIM_DIMER, EXM_SIM_BACKGROUND, EXM_SIM_OWN_ROWS };

/* A site that is edited in a share of its molecules. */
typedef struct exm_sim_site {
    uint32_t entity, position; /* 0-based, on the mature */
    uint64_t molecules, edited;
} exm_sim_site;

typedef struct exm_simulator {
    const exm_ref *ref;
    const exm_simulate_options *o;
    exm_rng rng;
    exm_sim_choice mirna, foreign;
    exm_sim_choice *cargo; /* [classes] */
    uint64_t *cut_cargo;   /* [classes] cumulative share, in 2^-32 of all reads */
    uint64_t cut_dimer, cut_random, cut_foreign, cut_background, cut_mirna_from;
    uint32_t n_entities, first_own, n_features;
    uint64_t *reads, *molecules; /* [n_features] */
    uint64_t background_nt;
    exm_sim_site *site;
    size_t n_sites;
    exm_buf out;
    uint64_t made;
} exm_simulator;

const char *exm_simulate_feature(const exm_simulator *s, uint32_t f); /* its name */
/* Appends one FASTQ record to s->out, with m's UMI as given; strand and qual are scratch. */
void exm_simulate_put_read(exm_simulator *s, const exm_molecule *m, const char *umi,
                           exm_buf *strand, exm_buf *qual);

/* ---- amplification (simulate_pcr.c) ---- */

/* The molecule, of n, that the next read is a copy of. */
uint64_t exm_simulate_choose(exm_simulator *s, uint64_t n);
/* Errors in a copy of molecule m's UMI. */
void exm_simulate_copy_umi(exm_simulator *s, uint64_t m, char *umi);

/* ---- sequences from files (simulate_other.c) ---- */

/* Foreign matures and the background; nothing to do without them. */
EXM_MUST_USE exm_status exm_simulate_others_init(exm_simulator *s, exm_error *reterr);
void exm_simulate_foreign(exm_simulator *s, uint32_t entry, exm_molecule *ret);
void exm_simulate_background(exm_simulator *s, exm_molecule *ret);

/* ---- edited sites (simulate_edit.c) ---- */

/* o->edit_sites of them among the expressed miRNAs; nothing to do for 0. */
EXM_MUST_USE exm_status exm_simulate_edits_init(exm_simulator *s, exm_error *reterr);
/* Edits the templated bases [0, n) of a read that begins at 'd5' of its mature. */
void exm_simulate_edit(exm_simulator *s, uint32_t entity, int64_t d5, char *seq,
                       uint32_t n);
/* The table of o->edits. */
void exm_simulate_put_edits(const exm_simulator *s, exm_buf *b);

#endif
