/* signature.h - private to quant: which features a read fits, and how; counted. */
#ifndef EXM_QUANT_SIGNATURE_H
#define EXM_QUANT_SIGNATURE_H

#include "exomir/status.h"

#include <stdint.h>

/*
 * One way in which a read fits a feature, in 64 bits: the feature (32 bits) and what the
 * read's likelihood under it depends on.  Sorting the words sorts by feature.
 */
typedef struct exm_fit {
    uint32_t feature;
    int has_shift; /* a mature's isomiR: d5 and d3 count */
    int d5, d3;
    unsigned n_sub, n_add5, n_tail;
} exm_fit;

uint64_t exm_fit_pack(const exm_fit *f);
exm_fit exm_fit_unpack(uint64_t w);

/* A multiset of signatures (ascending lists of packed fits, one per feature). */
typedef struct exm_signatures {
    uint64_t *word; /* all lists, one after the other */
    size_t n_words, cap_words;
    struct exm_signature {
        size_t at;
        uint32_t n;
        uint64_t hash;
        uint64_t count[2]; /* reads, molecules */
    } * list;
    size_t n, cap;
    uint32_t *slot; /* hash table of list numbers + 1 */
    size_t n_slots;
} exm_signatures;

void exm_signatures_done(exm_signatures *s);
EXM_MUST_USE exm_status exm_signatures_add(exm_signatures *s, const uint64_t *words,
                                           uint32_t n, const uint64_t count[2],
                                           exm_error *reterr);
EXM_MUST_USE exm_status exm_signatures_merge(exm_signatures *to, const exm_signatures *from,
                                             exm_error *reterr);
/* Sorts the lists by content; the table is unusable for adding afterwards. */
EXM_MUST_USE exm_status exm_signatures_sort(exm_signatures *s, exm_error *reterr);

#endif
