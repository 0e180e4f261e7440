/*
 * ref_pretrna.c - precursors of tRNAs beside the tRNAs themselves.
 *
 * Workload: some hundred tRNAs and precursors, once per bundle.  A precursor holds its mature
 * tRNA, so every read of a tRNA would tie with it.  What the class tRNA holds is therefore
 * masked in the class pre-tRNA, and found by 20-mers: exons too are found so, and genes whose
 * tRNA in the other file has another name.  The bases next to a mask stay, so that a read
 * across a processing site still lies on its precursor.
 */
#include "ref_draft.h"
#include "ref_format.h"

#include "exomir/text.h"

#include <stdlib.h>
#include <string.h>

enum { NT = 20, CCA = 3 };
static const size_t flank = EXM_PRETRNA_FLANK;

static const uint64_t mask_40 = ((uint64_t) 1 << 2 * NT) - 1;

/* The 20-mers of a sequence, last base lowest. */
struct roll {
    uint64_t key;
    size_t run;
};

/* Takes one base; 1 when the 20 last ones are a key. */
static int
roll_on(struct roll *r, char c)
{
    const int b = exm_base_code(c);

    r->run = b < 0 ? 0 : r->run + 1;
    r->key = (r->key << 2 | (uint64_t) (b & 3)) & mask_40;
    return r->run >= NT;
}

static int
by_value(const void *pa, const void *pb)
{
    const uint64_t a = *(const uint64_t *) pa, b = *(const uint64_t *) pb;

    return (a > b) - (a < b);
}

static uint32_t
class_named(const exm_draft *d, const char *name)
{
    for (uint32_t c = 1; c < d->n_classes; c++)
        if (d->class[c].kind == EXM_KIND_CARGO && exm_text_same(d->class[c].name, name))
            return c;
    return UINT32_MAX;
}

/* All 20-mers of the tRNAs without their CCA, sorted; NULL when out of memory. */
static uint64_t *
keys_of(const exm_draft *d, uint32_t class_id, size_t *ret_n)
{
    size_t n = 0, room = 1;
    uint64_t *key;

    for (size_t i = 0; i < d->n_templates; i++)
        if (d->template[i].class_id == class_id) room += d->template[i].len;
    key = malloc(room * sizeof *key);
    if (!key) return NULL;
    for (size_t i = 0; i < d->n_templates; i++) {
        const exm_draft_template *t = &d->template[i];
        struct roll r = {0};

        for (size_t k = 0; t->class_id == class_id && k + CCA < t->len; k++)
            if (roll_on(&r, t->seq[k])) key[n++] = r.key;
    }
    if (n > 1) qsort(key, n, sizeof *key, by_value);
    *ret_n = n;
    return key;
}

static int
holds(const uint64_t *key, size_t n, uint64_t wanted)
{
    return bsearch(&wanted, key, n, sizeof *key, by_value) != NULL;
}

/* Masks [from, to) but for its flanks. */
static void
mask_stretch(char *seq, size_t from, size_t to, size_t *masked)
{
    if (to - from <= 2 * flank) return;
    memset(seq + from + flank, 'N', to - from - 2 * flank);
    *masked += to - from - 2 * flank;
}

static exm_status
mask_template(exm_draft *d, exm_draft_template *t, const uint64_t *key, size_t n,
              exm_error *reterr)
{
    char *seq = exm_draft_keep(d, t->seq, t->len);
    struct roll r = {0};
    size_t from = 0, to = 0, masked = 0;

    if (!seq) return exm_draft_no_memory(reterr);
    for (size_t k = 0; k < t->len; k++) {
        if (!roll_on(&r, t->seq[k]) || !holds(key, n, r.key)) continue;
        if (k + 1 - NT > to) {
            mask_stretch(seq, from, to, &masked);
            from = k + 1 - NT;
        }
        to = k + 1;
    }
    mask_stretch(seq, from, to, &masked);
    if (masked == 0)
        exm_buf_putf(&d->log.notes,
                     "%s: holds no tRNA of class tRNA, so its trailer is not known\n",
                     t->name);
    t->seq = seq;
    return EXM_OK;
}

exm_status
exm_draft_mask_pretrna(exm_draft *d, exm_error *reterr)
{
    const uint32_t trna = class_named(d, "tRNA"), pre = class_named(d, "pre-tRNA");
    size_t n = 0;
    uint64_t *key;
    exm_status s = EXM_OK;

    if (trna == UINT32_MAX || pre == UINT32_MAX) return EXM_OK;
    key = keys_of(d, trna, &n);
    if (!key) return exm_draft_no_memory(reterr);
    for (size_t i = 0; s == EXM_OK && i < d->n_templates; i++)
        if (d->template[i].class_id == pre)
            s = mask_template(d, &d->template[i], key, n, reterr);
    free(key);
    return s;
}
