/* isomir.h - names for what a read differs in from its mature: mirGFF3 1.2. */
#ifndef EXM_ISOMIR_H
#define EXM_ISOMIR_H

#include "exomir/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers that a variant's name follows from (see exm_candidate). */
typedef struct exm_variant {
    int8_t d5, d3;
    uint8_t n_add5, n_tail, n_sub;
    uint8_t sub_at[2], sub_ref[2]; /* read position; template base code */
} exm_variant;

/*
 * exm_variant_put() - mirGFF3 1.2 "Variant", "NA" for the canonical mature.  Order:
 * iso_5p, iso_add5p, iso_snv..., iso_3p, iso_add3p; comma separated.  A substitution's
 * position on the mature is p = sub_at - n_add5 + d5 + 1 (1-based): 2-7 seed, 8
 * central_offset, 9-12 central, 13-17 central_supp, else iso_snv.
 * A replaced last base is iso_3p:-1,iso_add3p:1 (the specification leaves it open).
 */
void exm_variant_put(const exm_variant *v, exm_buf *out);

/* mirGFF3 "Cigar": M match, D/I, a letter for the reference base of a mismatch ("11MA7M");
 * additions and tail are 'I'. read_len is the whole read. */
void exm_variant_put_cigar(const exm_variant *v, uint32_t read_len, exm_buf *out);

/*
 * exm_uid_put() - MINTplates licence plate: prefix "iso", length, codes
 * ("iso-22-XKVLRYVPQ").  EXM_EDATA on a letter that is not ACGTU (either case).
 */
EXM_MUST_USE exm_status exm_uid_put(const char *prefix, const char *seq, size_t len,
                                    exm_buf *out, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
