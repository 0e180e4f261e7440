/*
 * ref_format.h - the bundle as it lies on disk (private to src/ref).
 *
 *     header (64 bytes) | section table | sections, each at a multiple of 8 bytes
 *
 * All numbers are little-endian.  The payload, everything behind the header, is covered by
 * the header's SHA-256, so a bundle is whole or refused.  Gaps between sections are zero.
 * docs/formats.md describes every field for other readers.
 */
#ifndef EXM_REF_FORMAT_H
#define EXM_REF_FORMAT_H

#include "exomir/digest.h"
#include "exomir/ref.h"

#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the bundle is mapped as it is: a little-endian machine is needed"
#endif

#define EXM_REF_MAGIC "EXMREF\0\n"

enum {
    EXM_REF_VERSION = 4,
    EXM_REF_PAD = 64,    /* 'no' positions before the first and after the last template */
    EXM_REF_K_MIRNA = 8, /* finds every read of >= 16 nt with one substitution or tail */
    EXM_REF_K_OTHER_MIN = 8, /* the other classes: see exm_ref_k() */
    EXM_REF_K_OTHER_MAX = 12,
    EXM_REF_CLADE_K = 20,
    EXM_REF_MIN_TEMPLATE = 16
};

/* Sections in the order of the table; the number of each is its place there, from 0. */
enum exm_ref_section {
    EXM_SEC_META = 0,
    EXM_SEC_STRINGS,    /* NUL-terminated; offset 0 is "" */
    EXM_SEC_PROVENANCE, /* JSON, NUL-terminated */
    EXM_SEC_CLASSES,
    EXM_SEC_TEMPLATES,
    EXM_SEC_MATURES,
    EXM_SEC_ENTITIES,
    EXM_SEC_ENTITY_MATURES, /* u32 */
    EXM_SEC_LOOKUP,         /* by folded name, then name */
    EXM_SEC_PLANE_LO,
    EXM_SEC_PLANE_HI,
    EXM_SEC_PLANE_NO,
    EXM_SEC_OFF_MIRNA,    /* u32 [4^8 + 1]; and so on for each index, in turn */
    EXM_SEC_PLACES_MIRNA, /* exm_ref_place */
    EXM_SEC_OFF_OTHER,    /* u32 [4^k + 1], k from 8 to 12 */
    EXM_SEC_PLACES_OTHER,
    EXM_SEC_OFF_LARGE, /* u32 [4^k + 1], k 0 or from 8 to 12 */
    EXM_SEC_PLACES_LARGE,
    EXM_SEC_CLADE_KEYS,   /* u64, ascending: lo | hi << 20 */
    EXM_SEC_CLADE_MIRNAS, /* u32 per key: into FOREIGN */
    EXM_SEC_CLADE_NAMES,  /* u32 string per label */
    EXM_SEC_FOREIGN,      /* by label, then group */
    EXM_SEC_LOCI,         /* by chromosome, then position */
    EXM_SEC_COUNT
};

/* The index that covers a class. */
static inline int
exm_ref_index_of(uint32_t class_id, uint64_t positions)
{
    if (class_id == 0) return 0;
    return positions > EXM_REF_LARGE ? 2 : 1;
}

static inline uint32_t
exm_ref_index_step(int which)
{
    return which == 2 ? EXM_REF_STEP : 1;
}

/* k for so many places.  Short seeds find more, long ones have short lists, and a table that
 * is larger than the cache costs more than all else: the least k with one place per code,
 * and in the index of large classes, where inserts have to be longer, with 16. */
static inline uint32_t
exm_ref_k(int which, uint64_t places)
{
    uint32_t k = EXM_REF_K_OTHER_MIN;

    if (which == 0) return EXM_REF_K_MIRNA;
    if (which == 2 && places == 0) return 0;
    while (k < EXM_REF_K_OTHER_MAX &&
           (which == 2 ? 16U : 1U) * ((uint64_t) 1 << 2 * k) < places)
        k++;
    return k;
}

typedef struct exm_ref_header {
    unsigned char magic[8];
    uint32_t version, n_sections;
    uint64_t file_bytes, reserved;
    unsigned char sha256[EXM_SHA256_LEN]; /* of the payload */
} exm_ref_header;

typedef struct exm_ref_extent {
    uint64_t offset, bytes; /* from the start of the file */
} exm_ref_extent;

typedef struct exm_ref_meta {
    uint64_t text_len;
    uint32_t species, database;
} exm_ref_meta;

enum { EXM_CLASS_ANTISENSE = 1 }; /* flags */

typedef struct exm_ref_class_rec {
    uint32_t name, kind, first_template, n_templates;
    uint64_t positions;
    uint32_t flags, junction_nt;
} exm_ref_class_rec;

typedef struct exm_ref_template_rec {
    uint32_t name, accession, class_id, len, first_mature, n_matures;
    uint64_t start;
    double amount; /* spike-ins; NaN when not given */
    uint32_t junction, reserved;
} exm_ref_template_rec;

typedef struct exm_ref_mature_rec {
    uint32_t name, accession, entity, template_id, start, len, arm;
} exm_ref_mature_rec;

typedef struct exm_ref_entity_rec {
    uint32_t name, seq, aliases, len, first_mature_ref, n_mature_refs;
} exm_ref_entity_rec;

typedef struct exm_ref_lookup_rec {
    uint32_t name, entity;
} exm_ref_lookup_rec;

typedef struct exm_ref_foreign_rec {
    uint32_t label, group, name;
} exm_ref_foreign_rec;

typedef struct exm_ref_locus_rec {
    uint32_t chrom, template_id, minus, reserved;
    uint64_t low;
} exm_ref_locus_rec;

_Static_assert(sizeof(exm_ref_header) == 64, "header without padding");
_Static_assert(sizeof(exm_ref_meta) == 16, "meta without padding");
_Static_assert(sizeof(exm_ref_class_rec) == 32, "class without padding");
_Static_assert(sizeof(exm_ref_template_rec) == 48, "template without padding");
_Static_assert(sizeof(exm_ref_mature_rec) == 28, "mature without padding");
_Static_assert(sizeof(exm_ref_entity_rec) == 24, "entity without padding");
_Static_assert(sizeof(exm_ref_foreign_rec) == 12, "foreign miRNA without padding");
_Static_assert(sizeof(exm_ref_locus_rec) == 24, "locus without padding");

/* Code of a base letter (A 0, C 1, T 2, G 3), or -1. */
static inline int
exm_base_code(char c)
{
    return c == 'A' || c == 'C' || c == 'G' || c == 'T' ? (c >> 1) & 3 : -1;
}

/* n <= 32 bits of a plane from position p on; the word after the last must exist. */
static inline uint64_t
exm_plane_bits(const uint64_t *plane, uint64_t p, uint32_t n)
{
    const uint64_t w = p >> 6, shift = p & 63;
    const uint64_t x = plane[w] >> shift | (shift ? plane[w + 1] << (64 - shift) : 0);

    return x & (((uint64_t) 1 << n) - 1);
}

/* exm_ref_place.around of the k-mer at p, which has 8 positions before and behind it. */
static inline uint32_t
exm_ref_around(const uint64_t *lo, const uint64_t *hi, uint64_t p, uint32_t k)
{
    const uint32_t n = EXM_REF_AROUND;
    const uint64_t l = exm_plane_bits(lo, p - n, n) | exm_plane_bits(lo, p + k, n) << n;
    const uint64_t h = exm_plane_bits(hi, p - n, n) | exm_plane_bits(hi, p + k, n) << n;

    return (uint32_t) (h << 2 * n | l);
}

/* Case-blind byte order, then byte order: the order of the lookup table. */
int exm_ref_fold_compare(const char *a, const char *b);

#endif
