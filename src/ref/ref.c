/*
 * ref.c - the reference bundle: open, and answer questions about it.
 *
 * Workload: opened once per run, then read by every thread.  The planes and indexes stay
 * in the mapped file (shared between processes, paged in on demand); the small records
 * become structs with pointers, so that callers never see offsets.  What the file claims
 * is checked in ref_check.c before anything here relies on it.
 */
#include "ref_impl.h"

#include "exomir/text.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Case-blind only. */
static int
fold_order(const char *a, const char *b)
{
    while (*a && exm_text_lower(*a) == exm_text_lower(*b)) a++, b++;
    return (unsigned char) exm_text_lower(*a) - (unsigned char) exm_text_lower(*b);
}

int
exm_ref_fold_compare(const char *a, const char *b)
{
    const int c = fold_order(a, b);

    return c ? c : strcmp(a, b);
}

/* ---- records to structs ---- */

static exm_status
make_arrays(exm_ref *r, exm_error *reterr)
{
    const size_t n[] = {r->n_classes, r->n_templates, r->n_matures, r->n_entities};
    size_t bytes = 0;

    for (size_t i = 0; i < sizeof n / sizeof n[0]; i++) bytes += n[i];
    r->classes = calloc(n[0] + 1, sizeof *r->classes);
    r->templates = calloc(n[1] + 1, sizeof *r->templates);
    r->matures = calloc(n[2] + 1, sizeof *r->matures);
    r->entities = calloc(n[3] + 1, sizeof *r->entities);
    r->bucket = calloc((size_t) (r->text_len >> EXM_REF_BUCKET) + 2, sizeof *r->bucket);
    if (!r->classes || !r->templates || !r->matures || !r->entities || !r->bucket)
        return exm_fail(reterr, EXM_ENOMEM, 0, "%s: no memory for %zu records", r->source,
                        bytes);
    return EXM_OK;
}

/* bucket[b]: the last template that starts at or before position b << EXM_REF_BUCKET. */
static void
fill_buckets(exm_ref *r)
{
    const size_t n = (size_t) (r->text_len >> EXM_REF_BUCKET) + 2;
    uint32_t t = 0;

    for (size_t b = 0; b < n; b++) {
        const uint64_t p = (uint64_t) b << EXM_REF_BUCKET;

        while (t + 1 < r->n_templates && r->templates[t + 1].start <= p) t++;
        r->bucket[b] = t;
    }
}

static void
fill_arrays(exm_ref *r)
{
    const char *s = r->strings;

    for (uint32_t i = 0; i < r->n_classes; i++) {
        const exm_ref_class_rec *c = &r->class_rec[i];

        r->classes[i] = (exm_ref_class){.name = s + c->name,
                                        .kind = (exm_class_kind) c->kind,
                                        .first_template = c->first_template,
                                        .n_templates = c->n_templates,
                                        .positions = c->positions,
                                        .index = exm_ref_index_of(i, c->positions),
                                        .antisense = (c->flags & EXM_CLASS_ANTISENSE) != 0,
                                        .junction_nt = c->junction_nt};
    }
    for (uint32_t i = 0; i < r->n_templates; i++) {
        const exm_ref_template_rec *t = &r->template_rec[i];

        r->templates[i] = (exm_ref_template){.name = s + t->name,
                                             .accession = s + t->accession,
                                             .class_id = t->class_id,
                                             .len = t->len,
                                             .start = t->start,
                                             .first_mature = t->first_mature,
                                             .n_matures = t->n_matures,
                                             .junction = t->junction};
    }
    for (uint32_t i = 0; i < r->n_matures; i++) {
        const exm_ref_mature_rec *m = &r->mature_rec[i];

        r->matures[i] = (exm_ref_mature){.name = s + m->name,
                                         .accession = s + m->accession,
                                         .entity = m->entity,
                                         .template_id = m->template_id,
                                         .start = m->start,
                                         .len = m->len,
                                         .arm = m->arm};
    }
    for (uint32_t i = 0; i < r->n_entities; i++) {
        const exm_ref_entity_rec *e = &r->entity_rec[i];

        r->entities[i] = (exm_ref_entity){.name = s + e->name,
                                          .seq = s + e->seq,
                                          .aliases = s + e->aliases,
                                          .len = e->len,
                                          .first_mature_ref = e->first_mature_ref,
                                          .n_mature_refs = e->n_mature_refs};
    }
    fill_buckets(r);
}

/* prefix[h]: the first key whose top bits are >= h, so a search sees few keys. */
static void
fill_clade_prefix(exm_ref *r)
{
    uint32_t i = 0;

    for (uint32_t h = 0; h <= EXM_REF_CLADE_PREFIXES; h++) {
        while (i < r->n_clade_keys && r->clade_key[i] >> EXM_REF_CLADE_SHIFT < h) i++;
        r->clade_prefix[h] = i;
    }
}

static exm_status
open_bytes(exm_ref *r, exm_error *reterr)
{
    exm_status s = exm_ref_check_file(r, reterr);

    if (s == EXM_OK) s = exm_ref_check_records(r, reterr);
    if (s == EXM_OK) s = exm_ref_check_text(r, reterr);
    if (s == EXM_OK) s = exm_ref_check_indexes(r, reterr);
    if (s == EXM_OK) s = make_arrays(r, reterr);
    if (s != EXM_OK) return s;
    fill_arrays(r);
    fill_clade_prefix(r);
    return EXM_OK;
}

/* ---- opening ---- */

/* NULL when out of memory. */
static exm_ref *
new_ref(const char *source)
{
    exm_ref *r = calloc(1, sizeof *r);

    if (!r) return NULL;
    r->fd = -1;
    r->source = exm_text_dup(source);
    if (r->source) return r;
    free(r);
    return NULL;
}

exm_status
exm_ref_open_memory(const void *p, size_t n, const char *source, exm_ref **ret,
                    exm_error *reterr)
{
    exm_ref *r;
    exm_status s;

    if (!p || !source || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "p, source or ret is NULL");
    if ((uintptr_t) p % 8 != 0)
        return exm_fail(reterr, EXM_EINVAL, 0,
                        "the bundle in memory is not 8-byte aligned");
    r = new_ref(source);
    if (!r) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %s", source);
    r->map = p;
    r->n = n;
    s = open_bytes(r, reterr);
    if (s != EXM_OK) {
        exm_ref_free(r);
        return s;
    }
    *ret = r;
    return EXM_OK;
}

static exm_status
map_file(exm_ref *r, exm_error *reterr)
{
    struct stat st;
    void *p;

    if (fstat(r->fd, &st) != 0) return exm_fail_errno(reterr, errno, 0, "%s", r->source);
    if (!S_ISREG(st.st_mode))
        return exm_fail(
            reterr, EXM_EDATA, 0,
            "%s: a reference bundle must be a regular file (it is mapped, so no "
            "pipe or folder)",
            r->source);
    if (st.st_size < (off_t) sizeof(exm_ref_header))
        return exm_fail(reterr, EXM_EDATA, (size_t) st.st_size,
                        "%s: %lld bytes are no reference bundle (empty or cut short; make "
                        "one with 'exomir ref build')",
                        r->source, (long long) st.st_size);
    p = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_PRIVATE, r->fd, 0);
    if (p == MAP_FAILED)
        return exm_fail_errno(reterr, errno, 0, "%s: cannot be mapped", r->source);
    r->map = p;
    r->n = (size_t) st.st_size;
    r->changed = st.st_mtim;
    return EXM_OK;
}

exm_status
exm_ref_open(const char *path, exm_ref **ret, exm_error *reterr)
{
    exm_ref *r;
    exm_status s;

    if (!path || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "path or ret is NULL");
    r = new_ref(path);
    if (!r) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %s", path);
    /* A FIFO must not make us wait. */
    r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    s = r->fd < 0 ? exm_fail_errno(reterr, errno, 0, "%s", path) : map_file(r, reterr);
    if (s == EXM_OK) s = open_bytes(r, reterr);
    if (s != EXM_OK) {
        exm_ref_free(r);
        return s;
    }
    *ret = r;
    return EXM_OK;
}

exm_status
exm_ref_validate(const exm_ref *r, exm_error *reterr)
{
    struct stat st;
    char sha256[EXM_SHA256_HEX];
    const size_t head = sizeof(exm_ref_header);
    exm_status s;

    if (r->fd < 0) return EXM_OK;
    if (fstat(r->fd, &st) != 0) return exm_fail_errno(reterr, errno, 0, "%s", r->source);
    if ((size_t) st.st_size == r->n && st.st_mtim.tv_sec == r->changed.tv_sec &&
        st.st_mtim.tv_nsec == r->changed.tv_nsec)
        return EXM_OK;
    if ((size_t) st.st_size >= r->n) { /* pages behind the end must not be touched */
        s = exm_sha256_of(r->map + head, r->n - head, sha256, reterr);
        if (s != EXM_OK || strcmp(sha256, r->sha256) == 0) return s;
    }
    return exm_fail(reterr, EXM_EDATA, 0,
                    "%s: the reference bundle was written to while it was in use, so the "
                    "results cannot be trusted: run again (and put a new bundle in place "
                    "with mv, which leaves running programs alone)",
                    r->source);
}

void
exm_ref_free(exm_ref *r)
{
    if (!r) return;
    if (r->fd >= 0) {
        void *p;

        memcpy(&p, &r->map, sizeof p); /* munmap wants what mmap gave: not const */
        if (p) (void) munmap(p, r->n);
        (void) close(r->fd);
    }
    free(r->classes);
    free(r->templates);
    free(r->matures);
    free(r->entities);
    free(r->bucket);
    free(r->source);
    free(r);
}

/* ---- answers ---- */

const char *
exm_ref_sha256(const exm_ref *r)
{
    return r->sha256;
}

const char *
exm_ref_species(const exm_ref *r)
{
    return r->strings + r->meta->species;
}

const char *
exm_ref_database(const exm_ref *r)
{
    return r->strings + r->meta->database;
}

const char *
exm_ref_provenance(const exm_ref *r)
{
    return r->provenance;
}

uint32_t
exm_ref_n_classes(const exm_ref *r)
{
    return r->n_classes;
}

const exm_ref_class *
exm_ref_class_get(const exm_ref *r, uint32_t i)
{
    return i < r->n_classes ? &r->classes[i] : NULL;
}

uint32_t
exm_ref_n_templates(const exm_ref *r)
{
    return r->n_templates;
}

const exm_ref_template *
exm_ref_template_get(const exm_ref *r, uint32_t i)
{
    return i < r->n_templates ? &r->templates[i] : NULL;
}

uint32_t
exm_ref_n_matures(const exm_ref *r)
{
    return r->n_matures;
}

const exm_ref_mature *
exm_ref_mature_get(const exm_ref *r, uint32_t i)
{
    return i < r->n_matures ? &r->matures[i] : NULL;
}

uint32_t
exm_ref_n_entities(const exm_ref *r)
{
    return r->n_entities;
}

const exm_ref_entity *
exm_ref_entity_get(const exm_ref *r, uint32_t i)
{
    return i < r->n_entities ? &r->entities[i] : NULL;
}

const uint32_t *
exm_ref_entity_matures(const exm_ref *r)
{
    return r->entity_matures;
}

/* The one entity among names that equal 'name' but for case; an exact name wins. */
static uint32_t
find_name(const exm_ref *r, const char *name)
{
    uint32_t lo = 0, hi = r->n_lookup, found = UINT32_MAX;
    int several = 0;

    while (lo < hi) {
        const uint32_t mid = lo + (hi - lo) / 2;

        if (fold_order(r->strings + r->lookup[mid].name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < r->n_lookup; lo++) {
        const char *s = r->strings + r->lookup[lo].name;

        if (fold_order(s, name) != 0) break;
        if (strcmp(s, name) == 0) return r->lookup[lo].entity;
        several |= found != UINT32_MAX && found != r->lookup[lo].entity;
        found = r->lookup[lo].entity;
    }
    return several ? UINT32_MAX : found;
}

uint32_t
exm_ref_find_entity(const exm_ref *r, const char *name)
{
    const char *species = exm_ref_species(r);
    const size_t ns = strlen(species), n = strlen(name);
    char full[256];
    uint32_t e = find_name(r, name);

    if (e != UINT32_MAX || ns == 0 || n == 0 || ns + 1 + n >= sizeof full) return e;
    memcpy(full, species, ns);
    full[ns] = '-';
    memcpy(full + ns + 1, name, n);
    full[ns + 1 + n] = '\0';
    return find_name(r, full);
}

uint64_t
exm_ref_text_len(const exm_ref *r)
{
    return r->text_len;
}

const uint64_t *
exm_ref_plane_lo(const exm_ref *r)
{
    return r->lo;
}

const uint64_t *
exm_ref_plane_hi(const exm_ref *r)
{
    return r->hi;
}

const uint64_t *
exm_ref_plane_no(const exm_ref *r)
{
    return r->no;
}

uint32_t
exm_ref_template_at(const exm_ref *r, uint64_t p)
{
    uint32_t t;

    if (p >= r->text_len) return UINT32_MAX;
    t = r->bucket[p >> EXM_REF_BUCKET];
    while (t + 1 < r->n_templates && r->templates[t + 1].start <= p) t++;
    /* p may stand before the first template: the difference wraps around. */
    return p - r->templates[t].start < r->templates[t].len ? t : UINT32_MAX;
}

const exm_ref_index *
exm_ref_index_get(const exm_ref *r, int which)
{
    return which >= 0 && which < EXM_REF_INDEXES ? &r->index[which] : NULL;
}

uint32_t
exm_ref_clade_find(const exm_ref *r, uint64_t lo, uint64_t hi)
{
    const uint64_t mask = ((uint64_t) 1 << EXM_REF_CLADE_K) - 1;
    const uint64_t key = (lo & mask) | (hi & mask) << EXM_REF_CLADE_K;
    const uint64_t h = key >> EXM_REF_CLADE_SHIFT;
    uint32_t a = r->clade_prefix[h], b = r->clade_prefix[h + 1];

    while (a < b) {
        const uint32_t mid = a + (b - a) / 2;

        if (r->clade_key[mid] == key) return r->clade_mirna[mid];
        if (r->clade_key[mid] < key)
            a = mid + 1;
        else
            b = mid;
    }
    return UINT32_MAX;
}

uint32_t
exm_ref_n_clades(const exm_ref *r)
{
    return r->n_clades;
}

const char *
exm_ref_clade_name(const exm_ref *r, uint32_t i)
{
    return i < r->n_clades ? r->strings + r->clade_name[i] : NULL;
}

uint32_t
exm_ref_n_foreign(const exm_ref *r)
{
    return r->n_foreign;
}

exm_ref_foreign
exm_ref_foreign_get(const exm_ref *r, uint32_t i)
{
    const exm_ref_foreign_rec *f = &r->foreign_rec[i];

    return (exm_ref_foreign){
        .clade = f->label, .group = f->group, .name = r->strings + f->name};
}

uint32_t
exm_ref_n_loci(const exm_ref *r)
{
    return r->n_loci;
}

exm_ref_locus
exm_ref_locus_get(const exm_ref *r, uint32_t i)
{
    const exm_ref_locus_rec *x = &r->locus_rec[i];

    return (exm_ref_locus){.chrom = r->strings + x->chrom,
                           .template_id = x->template_id,
                           .minus = (int) x->minus,
                           .low = x->low};
}

double
exm_ref_spike_amount(const exm_ref *r, uint32_t template_id)
{
    return template_id < r->n_templates ? r->template_rec[template_id].amount
                                        : (double) NAN;
}
