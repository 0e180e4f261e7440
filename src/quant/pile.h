/* pile.h - private to quant: the counts behind exm_pile. */
#ifndef EXM_QUANT_PILE_H
#define EXM_QUANT_PILE_H

#include "exomir/variants.h"

struct exm_pile {
    const exm_ref *ref;
    uint32_t *first;     /* [entities + 1]: first site of each */
    uint64_t (*good)[4]; /* [sites]: reads by base code */
    uint64_t *error;     /* [sites]: sum of the reads' error, 2^-30 each */
};

#endif
