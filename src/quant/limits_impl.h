/* limits_impl.h - private to quant: limits and checks know each other by number. */
#ifndef EXM_QUANT_LIMITS_IMPL_H
#define EXM_QUANT_LIMITS_IMPL_H

#include "exomir/limits.h"

typedef struct exm_limit {
    double low, high, fail_low, fail_high; /* NaN: none */
    exm_verdict beyond;
    const char *source; /* NULL: this check is not listed */
} exm_limit;

/* NULL: as in the table of qc.c. */
const exm_limit *exm_limits_get(const exm_limits *l, size_t check);

/* Checks in the order of qc.json: number of an id (SIZE_MAX: none), id of a number (NULL
 * past the end), and whether its limits are this program's own. */
size_t exm_qc_find(const char *id);
const char *exm_qc_id(size_t i);
int exm_qc_is_own(size_t i);

/* data/limits/, embedded by cmake/embed.cmake; NUL-terminated. */
extern const unsigned char exm_asset_cells_tsv[];
extern const unsigned char exm_asset_csf_tsv[];
extern const unsigned char exm_asset_plasma_tsv[];
extern const unsigned char exm_asset_saliva_tsv[];
extern const unsigned char exm_asset_serum_tsv[];
extern const unsigned char exm_asset_unknown_tsv[];
extern const unsigned char exm_asset_urine_tsv[];

#endif
