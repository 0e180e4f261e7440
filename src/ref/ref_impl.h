/* ref_impl.h - the opened bundle (private to src/ref). */
#ifndef EXM_REF_IMPL_H
#define EXM_REF_IMPL_H

#include "ref_format.h"

#include "exomir/ref.h"

#include <time.h>

enum {
    EXM_REF_BUCKET = 8, /* one entry per 256 text positions: template_at() is O(1) */
    EXM_REF_CLADE_SHIFT = 2 * EXM_REF_CLADE_K - 12,
    EXM_REF_CLADE_PREFIXES = 1 << 12
};

struct exm_ref {
    const unsigned char *map;
    size_t n;
    int fd;                  /* of the mapped file, -1 for memory of the caller */
    struct timespec changed; /* when the file was last written to */
    char *source;
    char sha256[EXM_SHA256_HEX];

    /* Into the map. */
    const exm_ref_meta *meta;
    const char *strings, *provenance;
    uint64_t strings_bytes;
    const exm_ref_class_rec *class_rec;
    const exm_ref_template_rec *template_rec;
    const exm_ref_mature_rec *mature_rec;
    const exm_ref_entity_rec *entity_rec;
    const uint32_t *entity_matures;
    const exm_ref_lookup_rec *lookup;
    const uint64_t *lo, *hi, *no;
    exm_ref_index index[EXM_REF_INDEXES];
    uint64_t n_places[EXM_REF_INDEXES];
    const uint64_t *clade_key;
    const uint32_t *clade_mirna, *clade_name;
    const exm_ref_foreign_rec *foreign_rec;
    const exm_ref_locus_rec *locus_rec;
    uint64_t text_len;
    uint32_t n_classes, n_templates, n_matures, n_entities, n_entity_matures, n_lookup;
    uint32_t n_clade_keys, n_clades, n_foreign, n_loci;

    /* Made at opening. */
    exm_ref_class *classes;
    exm_ref_template *templates;
    exm_ref_mature *matures;
    exm_ref_entity *entities;
    uint32_t *bucket;
    uint32_t clade_prefix[EXM_REF_CLADE_PREFIXES + 1];
};

/*
 * The checks, in this order; each may rely on those before it.  After all of them no
 * offset, index or string of the file can lead outside it.
 */
EXM_MUST_USE exm_status exm_ref_check_file(exm_ref *r, exm_error *reterr);
EXM_MUST_USE exm_status exm_ref_check_records(const exm_ref *r, exm_error *reterr);
EXM_MUST_USE exm_status exm_ref_check_text(const exm_ref *r, exm_error *reterr);
EXM_MUST_USE exm_status exm_ref_check_indexes(const exm_ref *r, exm_error *reterr);

#endif
