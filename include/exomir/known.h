/* known.h - known variants of a VCF file, on the matures they touch. */
#ifndef EXM_KNOWN_H
#define EXM_KNOWN_H

#include "exomir/ref.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A known substitution of one base, in the sense of the miRNA. */
typedef struct exm_known_variant {
    uint32_t entity, position; /* 1-based, on the mature */
    uint32_t ref, alt;         /* codes A 0, C 1, T 2, G 3 */
    const char *id; /* "rs11614913", or "chr7:1001:A>G" where the file has none */
} exm_known_variant;

/* What was read; the lines of data are lines = on + off hairpins, and other ones. */
typedef struct exm_known_log {
    uint64_t lines;
    uint64_t on_hairpins; /* lines with a substitution on a hairpin of the bundle */
    uint64_t disagreeing; /* of them: the file's REF is not the hairpin's base */
    uint64_t matures;     /* variants on matures */
} exm_known_log;

typedef struct exm_known exm_known;

/*
 * exm_known_read() - a VCF (any 4.x), plain or packed; "-" is standard input.
 *
 * Positions are lifted to hairpins by the places in the genome that the bundle has from its
 * GFF3 (loci), on the minus strand complemented, and from there to every mature that covers
 * them.  Alleles of equal length are taken base by base; insertions, deletions, '*', '.' and
 * symbolic alleles are passed over.  Chromosomes may be called chr1 or 1, chrM or MT.  Only the
 * first five columns are looked at, so genotypes cost time and no memory.
 *
 * EXM_EDATA (file, line, cause): no VCF, a line with fewer than 8 columns or without a
 * position, NUL; a bundle without loci; and where 3 lines or more, and a tenth of those on
 * hairpins, disagree with the hairpins: another assembly.
 */
EXM_MUST_USE exm_status exm_known_read(const char *path, const exm_ref *ref,
                                       exm_known **ret, exm_known_log *log,
                                       exm_error *reterr);
/* The same over memory, packed or not; 'source' names it in messages. */
EXM_MUST_USE exm_status exm_known_parse(const void *data, size_t n, const char *source,
                                        const exm_ref *ref, exm_known **ret,
                                        exm_known_log *log, exm_error *reterr);
void exm_known_free(exm_known *k); /* free(NULL) is legal */

/* Sorted by entity, position, alt; of several ids the first in byte order. */
size_t exm_known_count(const exm_known *k);
const exm_known_variant *exm_known_get(const exm_known *k, size_t i);
/* NULL when not known; k may be NULL. */
const exm_known_variant *exm_known_find(const exm_known *k, uint32_t entity,
                                        uint32_t position, uint32_t alt);
/* Of the list: equal for equal variants, however the file is packed or sorted. */
const char *exm_known_sha256(const exm_known *k);

#ifdef __cplusplus
}
#endif
#endif
