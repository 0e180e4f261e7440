/*
 * ref_draft.h - a bundle while it is being put together (private to src/ref).
 *
 * The road: classes and templates are read (ref_build.c, ref_spike.c, ref_pretrna.c), matures
 * get their places (ref_place.c), identical templates merge and entities form (ref_entity.c),
 * other names find their entity (ref_alias.c), and all is written (ref_write.c,
 * ref_clade.c).
 */
#ifndef EXM_REF_DRAFT_H
#define EXM_REF_DRAFT_H

#include "exomir/fasta.h"
#include "exomir/ref.h"

typedef struct exm_draft_class {
    const char *name;
    exm_class_kind kind;
    uint32_t flags, junction_nt; /* ref_format.h */
} exm_draft_class;

typedef struct exm_draft_template {
    const char *name, *accession, *seq;
    size_t len;
    uint32_t class_id, junction;
    double amount; /* spike-ins; NaN when not given */
} exm_draft_template;

/* A mature at a place. */
typedef struct exm_draft_mature {
    const char *name, *accession, *seq;
    uint32_t len, template_id, start, arm, entity;
} exm_draft_mature;

/* A template's place in the genome; 'low' is the 1-based position of its lowest base. */
typedef struct exm_draft_locus {
    const char *chrom;
    uint32_t template_id;
    int minus;
    uint64_t low;
} exm_draft_locus;

typedef struct exm_draft_entity {
    const char *name, *seq, *aliases;
    uint32_t len, n_matures;
} exm_draft_entity;

/* How a name came to its entity; the lower rank wins a contested name. */
typedef enum exm_name_rank {
    EXM_RANK_NAME = 0,
    EXM_RANK_ACCESSION,
    EXM_RANK_ALIAS,
    EXM_RANK_STEM /* old style without arm */
} exm_name_rank;

typedef struct exm_draft_name {
    const char *text;
    uint32_t entity;
    exm_name_rank rank;
} exm_draft_name;

typedef struct exm_draft_source {
    const char *role, *class_name, *file;
    uint64_t bytes, entries;
    char sha256[EXM_SHA256_HEX]; /* of the file as it is, packed or not */
} exm_draft_source;

/* Growing arrays, and everything that must be freed with them. */
typedef struct exm_draft {
    exm_draft_class *class;
    size_t n_classes, cap_classes;
    exm_draft_template *template;
    size_t n_templates, cap_templates;
    exm_draft_mature *mature;
    size_t n_matures, cap_matures;
    exm_draft_locus *locus;
    size_t n_loci, cap_loci;
    exm_draft_entity *entity;
    size_t n_entities;
    exm_draft_name *name;
    size_t n_names, cap_names;
    exm_draft_source *source;
    size_t n_sources, cap_sources;
    struct exm_draft_fasta {
        exm_fasta *f;
    } * fasta; /* kept open: names and sequences point into them */
    size_t n_fasta, cap_fasta;
    struct exm_draft_chunk *chunk; /* made texts */
    char species[16];              /* lower case, "" keeps all */
    char database[48];             /* "miRBase v22", "" unknown */
    exm_ref_build_log log;
} exm_draft;

void exm_draft_done(exm_draft *d);

/* Inline, so that the compiler and its analyzers see that it never is EXM_OK. */
static inline exm_status
exm_draft_no_memory(exm_error *reterr)
{
    (void) exm_fail(reterr, EXM_ENOMEM, 0, "no memory to build the reference bundle");
    return EXM_ENOMEM;
}

/*
 * Appends one zeroed element to one of the arrays above; NULL when out of memory.
 * 'array' is the address of the array's pointer, of whatever type.
 */
void *exm_draft_grow(void *array, size_t *n, size_t *cap, size_t size);
#define EXM_DRAFT_ADD(d, what, n_what, cap_what)                                           \
    exm_draft_grow(&(d)->what, &(d)->n_what, &(d)->cap_what, sizeof *(d)->what)

/* A copy of n bytes and a NUL that lives as long as the draft; NULL when out of memory. */
char *exm_draft_keep(exm_draft *d, const char *s, size_t n);
/* Moves the text of b there and releases b; NULL when either ran out of memory. */
const char *exm_draft_keep_buf(exm_draft *d, exm_buf *b);

/* What stands behind 'key', such as "amount=", in the first word of a header that begins so:
 * ret_n letters, or NULL. */
const char *exm_draft_word(const char *description, const char *key, size_t *ret_n);

/* How messages name a path. */
const char *exm_draft_label(const char *path);
/* A whole unpacked file, entered as a source with entries 0; free(*ret). */
EXM_MUST_USE exm_status exm_draft_slurp(exm_draft *d, const char *role,
                                        const char *class_name, const char *path,
                                        char **ret, size_t *ret_n, exm_error *reterr);
/* Parses FASTA text of the last source, and keeps it. */
EXM_MUST_USE exm_status exm_draft_parse(exm_draft *d, const char *path, const char *data,
                                        size_t n, const exm_fasta **ret, exm_error *reterr);
/* Both steps. */
EXM_MUST_USE exm_status exm_draft_read(exm_draft *d, const char *role,
                                       const char *class_name, const char *path,
                                       const exm_fasta **ret, exm_error *reterr);
EXM_MUST_USE exm_status exm_draft_add_class(exm_draft *d, const char *name,
                                            exm_class_kind kind, exm_error *reterr);
/* Into the last class; noted and left out when too short. */
EXM_MUST_USE exm_status exm_draft_add_template(exm_draft *d, const exm_draft_template *t,
                                               exm_error *reterr);

/* ---- the annotation database (ref_database.c) ---- */

/* What the user said, or nothing (NULL); EXM_EDATA for what is no name. */
EXM_MUST_USE exm_status exm_draft_set_database(exm_draft *d, const char *name,
                                               exm_error *reterr);
/* What the GFF3's head says, and then the sources' file names, while it is unknown. */
void exm_draft_database_of_gff(exm_draft *d, const char *text, size_t n);
void exm_draft_find_database(exm_draft *d);

/* The steps, in this order. */
EXM_MUST_USE exm_status exm_draft_add_spikes(exm_draft *d, const exm_ref_source *src,
                                             exm_error *reterr);
/* The table of --spike-amounts, once all spike-ins are there. */
EXM_MUST_USE exm_status exm_draft_set_amounts(exm_draft *d, const char *path,
                                              exm_error *reterr);
/* Masks what class tRNA holds in class pre-tRNA; nothing to do without either. */
EXM_MUST_USE exm_status exm_draft_mask_pretrna(exm_draft *d, exm_error *reterr);
EXM_MUST_USE exm_status exm_draft_place(exm_draft *d, const exm_ref_build_options *o,
                                        exm_error *reterr);
EXM_MUST_USE exm_status exm_draft_merge(exm_draft *d, exm_error *reterr);
EXM_MUST_USE exm_status exm_draft_add_aliases(exm_draft *d, const exm_ref_build_options *o,
                                              exm_error *reterr);
/* ret: empty; filled on success. */
EXM_MUST_USE exm_status exm_draft_write(exm_draft *d, const char *clade_path, exm_buf *ret,
                                        exm_error *reterr);

/* ---- names (ref_name.c) ---- */

enum { EXM_STEM_MAX = 128 };

/* 5, 3, or 0: "-5p", "_3p", each perhaps with a '*'. */
uint32_t exm_name_arm(const char *name);
/* Length of the name without arm, star, "_pre" and "_pri". */
size_t exm_name_stem_len(const char *name);
/* Lower-case stem; longer names are cut. */
void exm_name_stem(const char *name, char ret[EXM_STEM_MAX]);
/* Length of the species code ("hsa" of "hsa-miR-1", "mdv2" of "mdv2-miR-M1"), 0 for none. */
size_t exm_name_code_len(const char *name);
/* 1 when the name has the wanted species code, or none at all. */
int exm_draft_is_wanted(const exm_draft *d, const char *name);
/* The accession (MI0000001, MIMAT0000001) that s begins with; its length, 0 for none. */
size_t exm_name_accession_len(const char *s);

/* ---- sorted keys ---- */

typedef struct exm_key {
    const char *key;
    uint32_t value;
} exm_key;

void exm_keys_sort(exm_key *v, size_t n);
/* The first with this key, or n. */
size_t exm_keys_find(const exm_key *v, size_t n, const char *key);

/* ---- clade tracing (ref_clade.c) ---- */

typedef struct exm_clade_keys {
    uint64_t *key;
    uint32_t *label, *group; /* group: one number for all 20-mers of a miRNA */
    const char **first_name; /* of the matures that hold the key, byte order */
    size_t n;
    const char **name; /* of the labels */
    size_t n_names;
    struct exm_clade_foreign {
        uint32_t label, group;
        const char *name;
    } * foreign; /* the miRNAs of each label, sorted by label, then group */
    size_t n_foreign;
    uint32_t *of_key; /* key -> foreign */
} exm_clade_keys;

EXM_MUST_USE exm_status exm_clade_keys_build(exm_draft *d, const exm_fasta *all,
                                             const uint64_t *lo, const uint64_t *hi,
                                             const uint64_t *no, uint64_t text_len,
                                             exm_clade_keys *ret, exm_error *reterr);
void exm_clade_keys_done(exm_clade_keys *k);

#endif
