/* ref_draft.h - private to ref: a bundle while it is being put together. */
#ifndef EXM_REF_DRAFT_H
#define EXM_REF_DRAFT_H

#include "exomir/fasta.h"
#include "exomir/ref.h"

typedef struct exm_draft_template {
    const char *name, *accession, *seq;
    size_t len;
    uint32_t class_id;
    double amount;
} exm_draft_template;

/* A mature at a place. */
typedef struct exm_draft_mature {
    const char *name, *accession, *seq;
    uint32_t len, template_id, start, arm;
    uint32_t entity; /* set when entities are formed */
} exm_draft_mature;

/* Another name of whatever entity has this sequence. */
typedef struct exm_draft_alias {
    const char *text, *seq;
    uint32_t entity;
} exm_draft_alias;

typedef struct exm_draft_class {
    const char *name;
    exm_class_kind kind;
} exm_draft_class;

/* Growing arrays, and everything that must be freed with them. */
typedef struct exm_draft {
    exm_draft_class *class;
    size_t n_classes, cap_classes;
    exm_draft_template *template;
    size_t n_templates, cap_templates;
    exm_draft_mature *mature;
    size_t n_matures, cap_matures;
    exm_draft_alias *alias;
    size_t n_aliases, cap_aliases;
    exm_fasta **fasta; /* kept open: names and sequences point into them */
    size_t n_fasta, cap_fasta;
    char **text; /* made texts */
    size_t n_text, cap_text;
    exm_buf sources; /* JSON objects of the inputs, comma separated */
    const char *species;
    exm_ref_build_log *log;
} exm_draft;

void exm_draft_done(exm_draft *d);

/* Appends one zeroed element to one of the arrays above; NULL when out of memory.
 * 'array' is the address of the array's pointer, of whatever type. */
void *exm_draft_grow(void *array, size_t *n, size_t *cap, size_t size);
#define EXM_DRAFT_ADD(d, what, n_what, cap_what)                                               \
    exm_draft_grow(&(d)->what, &(d)->n_what, &(d)->cap_what, sizeof *(d)->what)

/* A copy of n bytes that lives as long as the draft; NULL when out of memory. */
const char *exm_draft_keep(exm_draft *d, const char *s, size_t n);
/* Reads a FASTA, notes it as a source, keeps it. */
EXM_MUST_USE exm_status exm_draft_read(exm_draft *d, const char *role, const char *path,
                                       const exm_fasta **ret, exm_error *reterr);
EXM_MUST_USE exm_status exm_draft_note_source(exm_draft *d, const char *role, const char *path,
                                              size_t entries, exm_error *reterr);
/* 1 when the name has no species prefix, or the wanted one. */
int exm_draft_is_wanted(const exm_draft *d, const char *name);

/* Hairpins and matures with their places (ref_place.c). */
EXM_MUST_USE exm_status exm_draft_add_mirnas(exm_draft *d, const exm_ref_build_options *o,
                                             exm_error *reterr);
/* Merge, sort, form entities, write (ref_write.c). */
EXM_MUST_USE exm_status exm_draft_write(exm_draft *d, const char *clade_path, exm_buf *ret,
                                        exm_error *reterr);

/* 20-mers of foreign matures that no template holds with one substitution (ref_clade.c). */
typedef struct exm_clade_keys {
    uint64_t *key;
    uint32_t *label;
    size_t n;
    char **name;
    size_t n_names;
    uint32_t dropped;
} exm_clade_keys;
EXM_MUST_USE exm_status exm_clade_keys_build(const exm_fasta *all, const char *species,
                                             const uint64_t *lo, const uint64_t *hi,
                                             const uint64_t *no, uint64_t text_len,
                                             exm_clade_keys *ret, exm_error *reterr);
void exm_clade_keys_done(exm_clade_keys *k);

#endif
