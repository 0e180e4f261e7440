/* ref.h - the reference bundle: every template a read may come from, in one mapped file. */
#ifndef EXM_REF_H
#define EXM_REF_H

#include "exomir/buf.h"
#include "exomir/digest.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Vocabulary
 *   template  one reference sequence: a hairpin, a tRNA, an rRNA, a spike-in ...
 *   class     a kind of template; class 0 is "miRNA" (all hairpins)
 *   mature    a mature miRNA located on one template: (template, start, length)
 *   entity    all matures of one sequence: "hsa-miR-1-3p", or names joined by '/'
 *             (sorted, byte order) when differently named matures are identical.
 * Sequences are stored as one text in two bit planes (base i of the text: bit i of
 * lo and hi; A 0, C 1, T 2, G 3) and a third plane 'no' with a 1 where the text is no
 * ACGT or lies between templates.  At least 64 'no' positions stand before the first
 * template, after the last, and 1 or more between any two, so 64-nt windows never run
 * out of the text, and a match never crosses templates.
 */
typedef enum exm_class_kind {
    EXM_KIND_MIRNA = 0,
    EXM_KIND_CARGO,
    EXM_KIND_SPIKE,
    EXM_KIND_ARTIFACT
} exm_class_kind;

typedef struct exm_ref_class {
    const char *name;
    exm_class_kind kind;
    uint32_t first_template, n_templates;
    uint64_t positions;   /* start positions a read can have: the search space */
    int index;            /* the seed index that covers it */
    int antisense;        /* what nothing explains may be the other strand of these */
    uint32_t junction_nt; /* 0, or templates are back-splice junctions, and an insert has to
                             cover so many nt on both sides of one */
} exm_ref_class;

typedef struct exm_ref_template {
    const char *name,
        *accession; /* identical sequences are one template, names joined by '/' */
    uint32_t class_id;
    uint32_t len;
    uint64_t start; /* position of its first base in the text */
    uint32_t first_mature, n_matures;
    uint32_t junction; /* bases before a back-splice, or 0 */
} exm_ref_template;

typedef struct exm_ref_mature {
    const char *name, *accession; /* "hsa-miR-1-3p", "MIMAT..." or "" */
    uint32_t entity, template_id;
    uint32_t start, len; /* on the template */
    uint32_t arm;        /* 5, 3, or 0 unknown */
} exm_ref_mature;

typedef struct exm_ref_entity {
    const char *name; /* feature name in every output */
    const char *seq;  /* ACGT */
    const char *
        aliases; /* other names (older versions, MirGeneDB, accession), ',' between, or "" */
    uint32_t len, first_mature_ref, n_mature_refs; /* into exm_ref_entity_matures() */
} exm_ref_entity;

typedef struct exm_ref exm_ref;

EXM_MUST_USE exm_status exm_ref_open(const char *path, exm_ref **ret, exm_error *reterr);
/* Same checks over memory kept alive (8-byte aligned) by the caller; used by the fuzz target. */
EXM_MUST_USE exm_status exm_ref_open_memory(const void *p, size_t n, const char *source,
                                            exm_ref **ret, exm_error *reterr);
/*
 * exm_ref_validate() - the file is mapped, so what is written into it afterwards is seen:
 * EXM_EDATA when that has happened, and results made with it must not be published.  A
 * file that took its place by rename, or was only touched, does no harm.  One system call
 * unless the file was written to.  A file that is cut short while it is mapped raises
 * SIGBUS at the next look behind its end.
 */
EXM_MUST_USE exm_status exm_ref_validate(const exm_ref *r, exm_error *reterr);
void exm_ref_free(exm_ref *r);

const char *exm_ref_sha256(const exm_ref *r);  /* of the payload: identity in provenance */
const char *exm_ref_species(const exm_ref *r); /* "hsa" */
/* "miRBase v22": of the miRNAs' names; "" when unknown. */
const char *exm_ref_database(const exm_ref *r);
const char *exm_ref_provenance(const exm_ref *r); /* JSON: sources with SHA-256, counts */

uint32_t exm_ref_n_classes(const exm_ref *r);
const exm_ref_class *exm_ref_class_get(const exm_ref *r, uint32_t i);
uint32_t exm_ref_n_templates(const exm_ref *r);
const exm_ref_template *exm_ref_template_get(const exm_ref *r, uint32_t i);
uint32_t exm_ref_n_matures(const exm_ref *r); /* sorted by template, then start */
const exm_ref_mature *exm_ref_mature_get(const exm_ref *r, uint32_t i);
uint32_t exm_ref_n_entities(const exm_ref *r); /* sorted by name */
const exm_ref_entity *exm_ref_entity_get(const exm_ref *r, uint32_t i);
const uint32_t *exm_ref_entity_matures(const exm_ref *r); /* mature ids grouped by entity */
/* Entity by any of its names or aliases (case-sensitive first, then case-blind); UINT32_MAX. */
uint32_t exm_ref_find_entity(const exm_ref *r, const char *name);

/* The text.  planes[j] has (text_len + 63) / 64 + 2 words. */
uint64_t exm_ref_text_len(const exm_ref *r);
const uint64_t *exm_ref_plane_lo(const exm_ref *r);
const uint64_t *exm_ref_plane_hi(const exm_ref *r);
const uint64_t *exm_ref_plane_no(const exm_ref *r);
/* Template that holds text position p, or UINT32_MAX between templates. O(1)-O(log n). */
uint32_t exm_ref_template_at(const exm_ref *r, uint64_t p);

enum { EXM_REF_AROUND = 8 };

/*
 * A place that holds a seed, and what stands around the seed there, so that most places are
 * refused without a look at the text: bits 0-7 of 'around' are the 'lo' plane bits of the 8
 * bases before the seed, first base lowest, bits 8-15 those of the 8 bases behind it, bits
 * 16-31 the 'hi' plane bits of the same; 0 where the text has no base.
 */
typedef struct exm_ref_place {
    uint32_t at; /* text position of the seed's first base */
    uint32_t around;
} exm_ref_place;

/*
 * Seed indexes: for a k-mer with code c (2k bits: its 'lo' plane bits, first base lowest,
 * then its 'hi' plane bits above them), places place[off[c] .. off[c+1]) of the text,
 * by ascending position.  Index 0 covers class miRNA (k = 8); index 1 other classes of up to
 * EXM_REF_LARGE positions each (k = 8 to 12, the least with a code for each position); index
 * 2 larger ones, of which it holds the places at multiples of EXM_REF_STEP only (k = 8 to 12,
 * the least with a code for 16 of them, and 0 where there are none).
 */
enum { EXM_REF_INDEXES = 3, EXM_REF_LARGE = 1 << 18, EXM_REF_STEP = 4 };

typedef struct exm_ref_index {
    uint32_t k, step;    /* places are multiples of 'step' */
    const uint32_t *off; /* [4^k + 1] */
    const exm_ref_place *place;
} exm_ref_index;
const exm_ref_index *exm_ref_index_get(const exm_ref *r, int which);

/*
 * Clade tracing: 20-mers of foreign matures that no template of this bundle holds with
 * <= 1 substitution.  Each stands for a foreign miRNA under the label of those that hold it:
 * a species ("nematodes:cel"), a clade ("nematodes"), or "several clades".
 */
typedef struct exm_ref_foreign {
    uint32_t clade;   /* label */
    uint32_t group;   /* equal for all 20-mers of one miRNA, under whatever label */
    const char *name; /* of its matures under this label the first in byte order */
} exm_ref_foreign;
/* The foreign miRNA, or UINT32_MAX.  lo/hi: planes of 20 nt. */
uint32_t exm_ref_clade_find(const exm_ref *r, uint64_t lo, uint64_t hi);
uint32_t exm_ref_n_foreign(const exm_ref *r);
exm_ref_foreign exm_ref_foreign_get(const exm_ref *r, uint32_t i); /* i < n */
uint32_t exm_ref_n_clades(const exm_ref *r);
const char *exm_ref_clade_name(const exm_ref *r, uint32_t i);

/* Places of templates in the genome, from the GFF3; sorted by chromosome, then 'low'.  Base b
 * of the template lies at low + b, or, where minus, at low + len - 1 - b (1-based). */
typedef struct exm_ref_locus {
    const char *chrom;
    uint32_t template_id;
    int minus;
    uint64_t low;
} exm_ref_locus;
uint32_t exm_ref_n_loci(const exm_ref *r);
exm_ref_locus exm_ref_locus_get(const exm_ref *r, uint32_t i); /* i < n */

/* Known amount of a spike-in template (mol or any unit of the file), NaN when not given. */
double exm_ref_spike_amount(const exm_ref *r, uint32_t template_id);

/* ---- building ---- */
#define EXM_REF_JUNCTION_CLASS   "circRNA"
#define EXM_REF_ANTISENSE_SUFFIX "_antisense" /* the class of what is found there */

enum {
    EXM_PRETRNA_FLANK = 12,      /* nt of the mature tRNA left at both ends of a mask */
    EXM_REF_JUNCTION_NT = 8,     /* linear RNA shows the same by chance in 1 of 4^8 reads */
    EXM_REF_JUNCTION_NT_MAX = 31 /* what fits into 63 nt twice */
};

typedef struct exm_ref_source {
    const char *name; /* class name for --class / --spike */
    const char *path;
} exm_ref_source;

typedef struct exm_ref_build_options {
    const char *mature, *hairpin,
        *gff;            /* FASTA, FASTA, GFF3 (gff may be NULL: located by search) */
    const char *species; /* prefix filter "hsa" (case-blind), NULL keeps all */
    const char
        *database; /* "miRBase v22"; NULL: as the GFF3's head or the file names say */
    const exm_ref_source *classes;
    size_t n_classes;
    const exm_ref_source *spikes;
    size_t n_spikes;
    const char *const *aliases; /* further mature FASTAs (older version, MirGeneDB): same
                                   sequence or same accession gives an alias */
    size_t n_aliases;
    const char *const *antisense; /* names of 'classes' */
    size_t n_antisense;
    uint32_t junction_nt;      /* of class circRNA; 0: EXM_REF_JUNCTION_NT */
    const char *spike_amounts; /* table of spikeID and amount for 'spikes', or NULL */
    const char *artifact, *clade;
} exm_ref_build_options;

/* What the builder did, for the terminal and ref show; all counts. */
typedef struct exm_ref_build_log {
    uint32_t matures_read, matures_placed, matures_unplaced, entities, hairpins,
        merged_templates;
    uint32_t clade_kmers, clade_kmers_dropped;
    exm_buf notes; /* one line per remark: unplaced matures, GFF disagreements ... */
} exm_ref_build_log;

/*
 * exm_ref_build() - make the bundle's bytes.  Deterministic: same inputs, same bytes (no
 * clock, no paths: sources enter by base name, size and SHA-256).  Class "tRNA" gets CCA
 * appended where it does not end in CCA (cytosolic and mitochondrial alike).  In class
 * "pre-tRNA" every stretch that 20-mers of class tRNA (without that CCA) cover is masked, but
 * for EXM_PRETRNA_FLANK nt at each of its ends: reads inside the mature tRNA are the tRNA's,
 * reads across a processing site and of leader, intron and trailer the precursor's.
 * Class "circRNA" holds sequences across a back-splice: behind the first K bases where the
 * header has a word "junction=K", else in the middle.
 * A mature whose hairpin is missing or does not contain it becomes its own template and
 * is noted.  EXM_EDATA for contradictions a user must solve (empty after species filter,
 * duplicate class names ...), with file and line.
 */
EXM_MUST_USE exm_status exm_ref_build(const exm_ref_build_options *o, exm_buf *ret,
                                      exm_ref_build_log *log, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
