/*
 * make_record.h - sample records out of chance, whole in every sum and order that record.h
 * promises, and their comparison field by field.
 */
#ifndef EXM_TEST_MAKE_RECORD_H
#define EXM_TEST_MAKE_RECORD_H

#include "exomir/record.h"
#include "exomir/ref.h"
#include "exomir/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct record_shape {
    const char *sample;
    size_t n_classes; /* the last is "hairpin" */
    size_t n_mirnas;  /* features of class 0; others have one each */
    uint64_t scale;   /* counts are below it */
    uint32_t umi_len;
} record_shape;

static inline char *
text_copy(const char *s)
{
    const size_t n = strlen(s) + 1;
    char *p = malloc(n);

    if (!p) abort();
    return memcpy(p, s, n);
}

static inline void *
zeros(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);

    if (!p) abort();
    return p;
}

/* Letters in the order A C G T to the packed form. */
static inline void
pack_letters(const char *s, uint64_t *lo, uint64_t *hi)
{
    uint32_t n = 0;

    *lo = *hi = 0;
    for (; s[n]; n++) {
        *lo |= (uint64_t) (s[n] >> 1 & 1) << n;
        *hi |= (uint64_t) (s[n] >> 2 & 1) << n;
    }
    *lo |= (uint64_t) 1 << n;
}

/* Reads and molecules: as many, or fewer with UMIs. */
static inline void
draw_counts(exm_rng *r, const record_shape *s, uint64_t c[2])
{
    c[0] = 1 + exm_rng_below(r, s->scale);
    c[1] = s->umi_len ? 1 + exm_rng_below(r, c[0]) : c[0];
}

/* Isomirs of one mature: sequences that grow by a letter, so they are in order. */
static inline void
make_isomirs(exm_rng *r, const record_shape *s, exm_record *to, uint32_t f)
{
    char seq[64];
    const size_t n = 1 + (size_t) exm_rng_below(r, 4);

    for (unsigned i = 0; i < 18; i++) seq[i] = "ACGT"[exm_rng_below(r, 4)];
    for (size_t i = 0; i < n; i++) {
        exm_record_isomir *x = to->isomirs + to->n_isomirs++;

        seq[18 + i] = "ACGT"[exm_rng_below(r, 4)];
        seq[19 + i] = '\0';
        *x = (exm_record_isomir){.feature = f, .mature = f, .hits = 1 + (uint32_t) i};
        pack_letters(seq, &x->lo, &x->hi);
        x->n_features = 1 + (uint32_t) exm_rng_below(r, 3);
        x->variant = (exm_variant){.d5 = (int8_t) ((int) exm_rng_below(r, 11) - 5),
                                   .d3 = (int8_t) ((int) exm_rng_below(r, 15) - 8),
                                   .n_add5 = (uint8_t) exm_rng_below(r, 2),
                                   .n_tail = (uint8_t) exm_rng_below(r, 4),
                                   .n_sub = (uint8_t) exm_rng_below(r, 2)};
        if (i == 0) x->variant = (exm_variant){0};
        if (x->variant.n_sub) {
            x->variant.sub_at[0] = (uint8_t) (2 + exm_rng_below(r, 10));
            x->variant.sub_ref[0] = (uint8_t) exm_rng_below(r, 4);
        }
        draw_counts(r, s, x->count);
        for (int k = 0; k < 2; k++) {
            to->features[f].best[k] += x->count[k];
            if (x->n_features == 1) to->features[f].unique[k] += x->count[k];
        }
    }
}

/* Two fragments of every tRNA: of one type, and a longer one of the next. */
static inline void
make_fragments(exm_rng *r, const record_shape *s, exm_record *to)
{
    to->fragments = zeros(2 * to->n_features, sizeof *to->fragments);
    for (uint32_t type = 1; type <= 2; type++) {
        for (size_t f = s->n_mirnas; f < to->n_features; f++) {
            exm_record_fragment *x = to->fragments + to->n_fragments++;

            *x = (exm_record_fragment){.type = type, .feature = (uint32_t) f};
            pack_letters(type == 1 ? "GCATTGGTGGTTCAGTGG" : "GCATTGGTGGTTCAGTGGTA", &x->lo,
                         &x->hi);
            draw_counts(r, s, x->count);
            for (int k = 0; k < 2; k++) to->trf[type][k] += x->count[k];
        }
    }
}

static inline void
add_to_class(exm_record *to, const exm_record_feature *f, size_t length)
{
    exm_record_class *c = to->classes + f->class_id;

    for (int k = 0; k < 2; k++) c->em[k] += f->em[k];
    c->unambiguous += f->unique[0];
    c->shared_within += f->best[0] - f->unique[0];
    to->len_by_class[f->class_id * EXM_LEN_BINS + length] += f->best[0];
    to->len_kept[length] += f->best[0];
    to->annotated += f->best[0];
    to->molecules += f->best[1];
}

static inline void
make_features(exm_rng *r, const record_shape *s, exm_record *to)
{
    char name[64];

    for (size_t f = 0; f < s->n_mirnas + s->n_classes - 1; f++) {
        exm_record_feature *x = to->features + to->n_features++;

        *x = (exm_record_feature){
            .class_id = f < s->n_mirnas ? 0 : (uint32_t) (f - s->n_mirnas + 1)};
        (void) snprintf(name, sizeof name, x->class_id ? "other-%04zu" : "exm-miR-%04zu-5p",
                        f);
        x->name = text_copy(name);
        if (x->class_id == 0) {
            to->matures[f] =
                (exm_record_mature){.start = 5, .len = 22, .a_behind = 0x5A3C >> f % 3};
            to->matures[f].name = text_copy(name);
            (void) snprintf(name, sizeof name, "exm-mir-%04zu%s", f,
                            f % 3 ? "" : ",exm-mir-x");
            to->matures[f].hairpins = text_copy(name);
            to->n_matures++;
            make_isomirs(r, s, to, (uint32_t) f);
        } else {
            draw_counts(r, s, x->best);
            memcpy(x->unique, x->best, sizeof x->unique);
        }
        memcpy(x->em, x->best, sizeof x->em);
        add_to_class(to, x, x->class_id ? 30 : 22);
    }
}

/* Two clades with one miRNA each. */
static inline void
make_clades(const record_shape *s, exm_record *r)
{
    static const char *const label[] = {"nematodes:cel", "plants:ath"};
    static const char *const name[] = {"cel-miR-1", "ath-miR-2"};

    r->clades = zeros(2, sizeof *r->clades);
    r->traces = zeros(2, sizeof *r->traces);
    for (uint32_t i = 0; i < 2; i++) {
        r->clades[i].name = text_copy(label[i]);
        r->traces[i].clade = text_copy(label[i]);
        r->traces[i].mirna = text_copy(name[i]);
        r->traces[i].group = 7 + i;
        r->traces[i].reads = r->clades[i].reads = (i ? 1 : 3) * s->scale;
    }
    r->n_clades = r->n_traces = 2;
    r->foreign_in_reference = 100;
}

/* As many molecules as the record has: all of one read, but one that has the rest. */
static inline void
make_copies(exm_record *r)
{
    const uint64_t reads = r->fate[EXM_FATE_KEPT], more = reads - r->molecules;

    if (r->umi_len == 0) return;
    r->umi.dedup = EXM_UMI_DIRECTIONAL;
    r->umi_pairs = r->molecules + more / 2;
    r->copies = zeros(2, sizeof *r->copies);
    if (r->molecules > (more > 0))
        r->copies[r->n_copies++] =
            (exm_umi_copies){.reads = 1, .molecules = r->molecules - (more > 0)};
    if (more > 0)
        r->copies[r->n_copies++] = (exm_umi_copies){.reads = 1 + more, .molecules = 1};
}

/* Of the class before the hairpins'; the second has no amount, the third was not seen. */
static inline void
make_spikes(exm_rng *rng, const record_shape *s, exm_record *r)
{
    r->spikes = zeros(3, sizeof *r->spikes);
    for (int i = 0; i < 3; i++) {
        char name[16];

        (void) snprintf(name, sizeof name, "spike-%d", i);
        r->spikes[i].name = text_copy(name);
        r->spikes[i].class_id = s->n_classes > 2 ? (uint32_t) s->n_classes - 2 : 0;
        r->spikes[i].amount = i == 1 ? (double) NAN : 0.5 * (i + 1);
        if (i < 2) draw_counts(rng, s, r->spikes[i].count);
    }
    r->n_spikes = 3;
}

/* Two substitutions of the first miRNA, one of them known and one of the last. */
static inline void
make_variants(exm_rng *rng, const record_shape *s, exm_record *r)
{
    if (s->n_mirnas == 0) {
        r->control_rate = (double) NAN;
        return;
    }
    r->editing = 1;
    r->edit_sites = 1234;
    r->control_rate = 0.00025;
    r->variants = zeros(3, sizeof *r->variants);
    for (uint32_t i = 0; i < 3; i++) {
        exm_record_variant *v = r->variants + i;

        *v = (exm_record_variant){.feature = i < 2 ? 0 : (uint32_t) s->n_mirnas - 1,
                                  .position = i < 2 ? 5 : 6,
                                  .ref = 0,
                                  .alt = i == 1 ? 3 : 1,
                                  .error_rate = 0.0003,
                                  .p = i == 1 ? (double) NAN : 0.25,
                                  .fdr = i == 1 ? (double) NAN : 0.5};
        v->count = 1 + exm_rng_below(rng, 50);
        v->total = v->count + exm_rng_below(rng, 5000);
        v->known = text_copy(i == 1 ? "rs123" : "");
        v->same_as = text_copy(i == 2 ? "exm-miR-9" : "");
    }
    r->n_variants = 3;
}

static inline exm_record *
make_record(const record_shape *s, uint64_t seed)
{
    exm_record *r = zeros(1, sizeof *r);
    exm_rng rng;
    char name[32];

    exm_rng_init(&rng, seed, 0);
    r->sample = text_copy(s->sample);
    memset(r->content, 'c', sizeof r->content - 1);
    memset(r->params_sha256, 'a', sizeof r->params_sha256 - 1);
    memset(r->ref_sha256, 'b', sizeof r->ref_sha256 - 1);
    memcpy(r->version, "1.2.3", 6);
    memcpy(r->kit, "truseq", 7);
    memcpy(r->layout, "insert,TGGAATTCTCGGGTGCCAAGG", 29);
    r->database = text_copy("miRBase v22");
    r->params_json = text_copy("{\"layout\":\"auto\"}\n");
    r->kit_evidence = text_copy("inferred from the reads");
    r->umi_len = s->umi_len;
    r->classes = zeros(s->n_classes, sizeof *r->classes);
    r->n_classes = s->n_classes;
    r->len_by_class = zeros(s->n_classes * EXM_LEN_BINS, sizeof *r->len_by_class);
    for (size_t c = 0; c < s->n_classes; c++) {
        (void) snprintf(name, sizeof name, "class-%zu", c);
        r->classes[c].name = text_copy(c == 0                  ? "miRNA"
                                       : c + 1 == s->n_classes ? "hairpin"
                                                               : name);
        r->classes[c].kind = c == 0 ? EXM_KIND_MIRNA : EXM_KIND_CARGO;
    }
    r->features = zeros(s->n_mirnas + s->n_classes, sizeof *r->features);
    r->matures = zeros(s->n_mirnas, sizeof *r->matures);
    r->isomirs = zeros(s->n_mirnas * 4, sizeof *r->isomirs);
    make_features(&rng, s, r);
    make_fragments(&rng, s, r);
    make_clades(s, r);
    make_spikes(&rng, s, r);
    make_variants(&rng, s, r);
    r->foreign = 4 * s->scale;
    r->unannotated = exm_rng_below(&rng, s->scale);
    r->len_kept[40] = r->foreign + r->unannotated;
    r->molecules += r->foreign + r->unannotated;
    r->fate[EXM_FATE_KEPT] = r->annotated + r->foreign + r->unannotated;
    r->fate[EXM_FATE_DIMER] = exm_rng_below(&rng, s->scale);
    r->fate[EXM_FATE_LOW_QUALITY] = exm_rng_below(&rng, s->scale);
    for (int f = 0; f < EXM_FATE_COUNT; f++) r->reads_in += r->fate[f];
    make_copies(r);
    r->len_raw[51] = r->reads_in;
    r->len_short[0] = r->fate[EXM_FATE_DIMER];
    r->adapter_found = r->fate[EXM_FATE_KEPT];
    r->unique_reads = r->n_isomirs + 10;
    r->top5_reads = r->fate[EXM_FATE_KEPT] / 2;
    r->bases = 51 * r->reads_in;
    r->bases_q30 = 50 * r->reads_in;
    r->mirnas_in_reference = s->n_mirnas + 5;
    r->error_rate = 0.00125;
    return r;
}

/* ---- comparing ---- */

static inline int
same_features(const exm_record *a, const exm_record *b)
{
    if (a->n_features != b->n_features || a->n_matures != b->n_matures) return 0;
    for (size_t i = 0; i < a->n_features; i++) {
        const exm_record_feature *x = a->features + i, *y = b->features + i;

        if (strcmp(x->name, y->name) != 0 || x->class_id != y->class_id ||
            memcmp(x->em, y->em, sizeof x->em) != 0 ||
            memcmp(x->unique, y->unique, sizeof x->unique) != 0 ||
            memcmp(x->best, y->best, sizeof x->best) != 0)
            return 0;
    }
    for (size_t i = 0; i < a->n_matures; i++) {
        const exm_record_mature *x = a->matures + i, *y = b->matures + i;

        if (strcmp(x->name, y->name) != 0 || strcmp(x->hairpins, y->hairpins) != 0 ||
            x->start != y->start || x->len != y->len || x->a_behind != y->a_behind)
            return 0;
    }
    return 1;
}

static inline int
same_isomirs(const exm_record *a, const exm_record *b)
{
    if (a->n_isomirs != b->n_isomirs) return 0;
    for (size_t i = 0; i < a->n_isomirs; i++) {
        const exm_record_isomir *x = a->isomirs + i, *y = b->isomirs + i;

        if (x->feature != y->feature || x->mature != y->mature || x->lo != y->lo ||
            x->hi != y->hi || memcmp(&x->variant, &y->variant, sizeof x->variant) != 0 ||
            x->hits != y->hits || x->n_features != y->n_features ||
            memcmp(x->count, y->count, sizeof x->count) != 0)
            return 0;
    }
    return 1;
}

static inline int
same_fragments(const exm_record *a, const exm_record *b)
{
    if (a->n_fragments != b->n_fragments || memcmp(a->trf, b->trf, sizeof a->trf) != 0)
        return 0;
    for (size_t i = 0; i < a->n_fragments; i++) {
        const exm_record_fragment *x = a->fragments + i, *y = b->fragments + i;

        if (x->type != y->type || x->feature != y->feature || x->lo != y->lo ||
            x->hi != y->hi || memcmp(x->count, y->count, sizeof x->count) != 0)
            return 0;
    }
    return 1;
}

static inline int
same_variants(const exm_record *a, const exm_record *b)
{
    if (a->n_variants != b->n_variants || a->editing != b->editing ||
        a->edit_sites != b->edit_sites ||
        memcmp(&a->control_rate, &b->control_rate, sizeof a->control_rate) != 0)
        return 0;
    for (size_t i = 0; i < a->n_variants; i++) {
        const exm_record_variant *x = a->variants + i, *y = b->variants + i;

        if (x->feature != y->feature || x->position != y->position || x->ref != y->ref ||
            x->alt != y->alt || x->count != y->count || x->total != y->total ||
            memcmp(&x->error_rate, &y->error_rate, sizeof x->error_rate) != 0 ||
            memcmp(&x->p, &y->p, sizeof x->p) != 0 ||
            memcmp(&x->fdr, &y->fdr, sizeof x->fdr) != 0 ||
            strcmp(x->known, y->known) != 0 || strcmp(x->same_as, y->same_as) != 0)
            return 0;
    }
    return 1;
}

static inline int
same_spikes(const exm_record *a, const exm_record *b)
{
    if (a->n_spikes != b->n_spikes) return 0;
    for (size_t i = 0; i < a->n_spikes; i++) {
        const struct exm_record_spike *x = a->spikes + i, *y = b->spikes + i;

        if (strcmp(x->name, y->name) != 0 || x->class_id != y->class_id ||
            memcmp(&x->amount, &y->amount, sizeof x->amount) != 0 ||
            memcmp(x->count, y->count, sizeof x->count) != 0)
            return 0;
    }
    return 1;
}

static inline int
same_classes(const exm_record *a, const exm_record *b)
{
    if (a->n_classes != b->n_classes || a->n_clades != b->n_clades ||
        a->n_traces != b->n_traces ||
        memcmp(a->len_by_class, b->len_by_class,
               a->n_classes * EXM_LEN_BINS * sizeof *a->len_by_class) != 0)
        return 0;
    for (size_t i = 0; i < a->n_classes; i++) {
        const exm_record_class *x = a->classes + i, *y = b->classes + i;

        if (strcmp(x->name, y->name) != 0 || x->kind != y->kind ||
            memcmp(x->em, y->em, sizeof x->em) != 0 || x->unambiguous != y->unambiguous ||
            x->shared_within != y->shared_within || x->shared_between != y->shared_between)
            return 0;
    }
    for (size_t i = 0; i < a->n_clades; i++)
        if (strcmp(a->clades[i].name, b->clades[i].name) != 0 ||
            a->clades[i].reads != b->clades[i].reads)
            return 0;
    for (size_t i = 0; i < a->n_traces; i++) {
        const struct exm_record_trace *x = a->traces + i, *y = b->traces + i;

        if (strcmp(x->clade, y->clade) != 0 || strcmp(x->mirna, y->mirna) != 0 ||
            x->group != y->group || x->reads != y->reads)
            return 0;
    }
    return 1;
}

static inline int
same_umis(const exm_record *a, const exm_record *b)
{
    return a->umi_len == b->umi_len && a->umi.dedup == b->umi.dedup &&
           a->umi.correct == b->umi.correct && a->umi_pairs == b->umi_pairs &&
           a->n_copies == b->n_copies &&
           (a->n_copies == 0 ||
            memcmp(a->copies, b->copies, a->n_copies * sizeof *a->copies) == 0);
}

static inline int
same_flow(const exm_record *a, const exm_record *b)
{
    return a->reads_in == b->reads_in && same_umis(a, b) &&
           memcmp(a->fate, b->fate, sizeof a->fate) == 0 &&
           a->adapter_found == b->adapter_found && a->annotated == b->annotated &&
           a->unannotated == b->unannotated && a->foreign == b->foreign &&
           a->molecules == b->molecules && a->unique_reads == b->unique_reads &&
           a->top5_reads == b->top5_reads && a->bases == b->bases &&
           a->bases_q30 == b->bases_q30 &&
           memcmp(a->len_raw, b->len_raw, sizeof a->len_raw) == 0 &&
           memcmp(a->len_kept, b->len_kept, sizeof a->len_kept) == 0 &&
           memcmp(a->len_short, b->len_short, sizeof a->len_short) == 0 &&
           a->mirnas_in_reference == b->mirnas_in_reference &&
           a->foreign_in_reference == b->foreign_in_reference &&
           memcmp(&a->error_rate, &b->error_rate, sizeof a->error_rate) == 0;
}

/* Every field; a NaN equals itself. */
static inline int
same_record(const exm_record *a, const exm_record *b)
{
    return strcmp(a->sample, b->sample) == 0 && strcmp(a->content, b->content) == 0 &&
           strcmp(a->params_sha256, b->params_sha256) == 0 &&
           strcmp(a->ref_sha256, b->ref_sha256) == 0 &&
           strcmp(a->database, b->database) == 0 && strcmp(a->version, b->version) == 0 &&
           strcmp(a->params_json, b->params_json) == 0 && strcmp(a->kit, b->kit) == 0 &&
           strcmp(a->layout, b->layout) == 0 &&
           strcmp(a->kit_evidence, b->kit_evidence) == 0 && same_flow(a, b) &&
           same_classes(a, b) && same_features(a, b) && same_isomirs(a, b) &&
           same_fragments(a, b) && same_spikes(a, b) && same_variants(a, b);
}

#endif
