/* record.h - the sample record: everything later stages need of one sample, immutable. */
#ifndef EXM_RECORD_H
#define EXM_RECORD_H

#include "exomir/digest.h"
#include "exomir/isomir.h"
#include "exomir/trim.h"
#include "exomir/trna.h"
#include "exomir/umi.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EXM_A_BEHIND_FROM = -8, /* the window of a mature's 3' end */
    EXM_A_BEHIND_TO = 6
};
enum { EXM_LEN_BINS = 128 }; /* lengths 0..126 nt, the last bin is 127 and more */

/* Counts of one feature.  [0] reads, [1] molecules (equal to reads without UMIs). */
typedef struct exm_record_feature {
    char *name; /* entity name, or template name in other classes */
    uint32_t class_id;
    uint64_t em[2];     /* EM, integers by largest remainder over the whole sample */
    uint64_t unique[2]; /* reads that fit this feature alone */
    uint64_t best[2]; /* reads whose best explanation, ties by documented order, is this */
} exm_record_feature;

typedef struct exm_record_class {
    char *name;
    uint32_t kind;           /* exm_class_kind */
    uint64_t em[2];          /* sum over its features */
    uint64_t unambiguous;    /* reads of one feature only */
    uint64_t shared_within;  /* reads tied between features of this class only */
    uint64_t shared_between; /* reads (by best) tied with another class */
} exm_record_class;

/* One unique read called as a mature's isomiR (or the mature itself). */
typedef struct exm_record_isomir {
    uint32_t feature; /* into features */
    uint32_t mature;  /* into matures: which place named it */
    uint64_t lo, hi;  /* packed sequence (trim.h) */
    exm_variant variant;
    uint32_t hits;       /* places (template, start) that explain it equally well */
    uint32_t n_features; /* features tied: > 1 is a shared read */
    uint64_t count[2];
} exm_record_isomir;

/* One unique read of up to 63 nt called as a piece of a tRNA. */
typedef struct exm_record_fragment {
    uint32_t type;    /* exm_trf */
    uint32_t feature; /* into features: the tRNA that explains it best */
    uint64_t lo, hi;
    uint64_t count[2];
} exm_record_fragment;

/* A substitution at a site of a miRNA: variants.h. */
typedef struct exm_record_variant {
    uint32_t feature, position; /* into features; 1-based on the mature */
    uint8_t ref, alt;           /* codes A 0, C 1, T 2, G 3 */
    uint64_t count,
        total;         /* good reads with alt, of all at the site; molecules with UMIs */
    double error_rate; /* tested against */
    double p, fdr;     /* NaN: not tested */
    char *known;       /* id of a known variant, or "" */
    char *same_as;     /* what else the substituted mature is, or "" */
} exm_record_variant;

typedef struct exm_record_mature {
    char *name;     /* mature name(s) at this place */
    char *hairpins; /* the hairpin it was found on, then the others that hold it; ',' */
    uint32_t start, len; /* of the mature on the first of them, 0-based */
    uint32_t a_behind; /* bit d3 - EXM_A_BEHIND_FROM: that hairpin has an A behind an insert
                            that ends d3 nt behind the mature's end */
} exm_record_mature;

typedef struct exm_record {
    char *sample;
    char content[33]; /* order-free hash of the reads */
    char params_sha256[EXM_SHA256_HEX];
    char ref_sha256[EXM_SHA256_HEX];
    char *database; /* that names the miRNAs, "miRBase v22"; "" unknown */
    char version[32];
    char *params_json; /* the hashed parameters, canonical JSON */
    char kit[24];
    char layout[256];
    char *kit_evidence; /* words; "" when named by the user */
    uint32_t umi_len;   /* 0: no UMIs */

    /* flow: reads_in = sum(fate); fate[KEPT] = annotated + unannotated + foreign */
    uint64_t reads_in;
    uint64_t fate[EXM_FATE_COUNT];
    uint64_t adapter_found; /* reads with the adapter, whatever their fate */
    uint64_t annotated, unannotated, foreign;
    uint64_t molecules;               /* kept, after UMI deduplication */
    uint64_t unique_reads;            /* distinct inserts among kept reads */
    uint64_t top5_reads;              /* reads of the five commonest inserts */
    uint64_t bases, bases_q30;        /* over whole reads; 0/0 without qualities */
    uint64_t len_raw[EXM_LEN_BINS];   /* read length as sequenced */
    uint64_t len_kept[EXM_LEN_BINS];  /* insert length of kept reads */
    uint64_t len_short[EXM_LEN_BINS]; /* insert length of dimers and short ones */
    uint64_t *len_by_class;           /* [n_classes][EXM_LEN_BINS], by best class */
    uint64_t mirnas_in_reference;
    uint64_t foreign_in_reference; /* miRNAs of other clades that reads are traced to */
    double error_rate; /* substitutions per nt, median of the miRNAs with 100 unambiguous
                          reads or more; NaN when there is none */

    exm_record_class *classes; /* order of the bundle; class 0 is miRNA */
    size_t n_classes;
    exm_record_feature
        *features; /* sorted by class, then name; only those with any count */
    size_t n_features;
    exm_record_mature *matures;
    size_t n_matures;
    exm_record_isomir
        *isomirs; /* sorted by feature, then length, then sequence (ACGT order) */
    size_t n_isomirs;
    uint64_t trf[EXM_TRF_COUNT][2]; /* by type, whatever the length; best explanation */
    exm_record_fragment *fragments; /* sorted by type, then as isomirs */
    size_t n_fragments;
    uint32_t editing;             /* 1: substitutions were tested */
    uint64_t edit_sites;          /* sites tested for A to G */
    double control_rate;          /* T to C; NaN when not tested */
    exm_record_variant *variants; /* with a read; by feature, position, alt in ACGT order */
    size_t n_variants;
    struct exm_record_spike {
        char *name;
        uint32_t class_id;
        double amount; /* NaN when not known */
        uint64_t count[2];
    } * spikes; /* all spike-ins of the reference, by class, then name, EM counts */
    size_t n_spikes;
    struct exm_record_clade {
        char *name;
        uint64_t reads;
    } * clades; /* labels of foreign 20-mers, most reads first, ties by name */
    size_t n_clades;
    struct exm_record_trace {
        char *clade, *mirna; /* its label, and the miRNA's name there */
        uint32_t group;      /* equal for one miRNA under several labels */
        uint64_t reads;
    } * traces; /* sorted by clade, then miRNA; they add up to the clades */
    size_t n_traces;

    /* with UMIs; zeros without */
    exm_umi_options umi;    /* how molecules were counted */
    uint64_t umi_pairs;     /* distinct pairs of insert and UMI, before deduplication */
    exm_umi_copies *copies; /* molecules by reads, ascending: the reads add up to the kept,
                               and the molecules to 'molecules' where not corrected */
    size_t n_copies;
} exm_record;

void exm_record_free(exm_record *r); /* frees r and all it owns; free(NULL) is legal */

int exm_record_has_trna(const exm_record *r); /* a class tRNA or pre-tRNA, reads or not */

/*
 * Kits that end an insert at a poly-A cut the insert's own 3' A as well.  There an isomiR
 * without a tail whose hairpin goes on with A has an open end: it may have been longer by
 * one A or several, and what its name says of the 3' end is undecidable.  (That A were
 * added to any isomiR is never seen in such kits.)
 */
int exm_record_is_poly_a(const exm_record *r);
int exm_record_has_open_end(const exm_record *r, const exm_record_isomir *x); /* there */

/*
 * exm_record_encode() - the .exr bytes: magic, version, varint fields, SHA-256 trailer.
 * Same record, same bytes, and the other way round; EXM_EINVAL for one that could not be
 * read back (isomiRs of unknown features, more than 4,096 classes ...).
 * exm_record_decode() checks the trailer, every count against what is left of the buffer,
 * every index, the order of the lists, the sums of the flow, and that no name holds control
 * characters; EXM_EDATA with byte offset and cause ("made by a newer exomir", "damaged").
 */
EXM_MUST_USE exm_status exm_record_encode(const exm_record *r, exm_buf *ret,
                                          exm_error *reterr);
EXM_MUST_USE exm_status exm_record_decode(const void *p, size_t n, const char *source,
                                          exm_record **ret, exm_error *reterr);
EXM_MUST_USE exm_status exm_record_read(const char *path, exm_record **ret,
                                        exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
