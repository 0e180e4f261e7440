/*
 * tally.c - from unique inserts to the counts of a record.
 *
 * Workload: 10^5 to 10^7 uniques, each annotated once (~0.1 us), on all threads.  Each
 * thread adds up integers of its own: counts per feature, signatures (which features a
 * read fits, and how), lengths, clades; isomiRs go into one array, each task's at the
 * start of its own stretch.  Merging is addition, so threads and order leave no trace;
 * then rates are estimated and shared reads are split (share.c).
 *
 * A feature is a miRNA entity, or a template of another class, or the other strand of one, or
 * a hairpin of which the read lies outside the matures (class "hairpin", last in the record).
 * Reads of repeats (poly-A, Alu) fit thousands of transcripts: no count of any of those would
 * mean something, and to carry them all along would cost more than all other reads.  What
 * more than MANY features of a class explain best is counted for one feature, "(many)".
 */
#include "tally.h"

#include "exomir/trna.h"

#include "annotate_impl.h"
#include "fragment_table.h"
#include "isomir_table.h"
#include "share.h"
#include "trace_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 2048,      /* uniques per task */
    GROUP = 16,        /* of them annotated together: see annotate_impl.h */
    ERROR_MARGIN = 10, /* also what one sequencing error would explain */
    CLADE_NT = 20,     /* k-mer length of exm_ref_clade_find() */
    CLADE_OFFSETS = 3, /* 5' ends vary: the first three 20-mers are looked up */
    TOP = 5,
    MANY = 100
};

struct per_feature {
    uint64_t unique[2], best[2];
};

struct worker {
    exm_annotation group[GROUP];
    const exm_annotation *ann; /* of the insert that is counted */
    exm_signatures sigs;
    struct per_feature *feature; /* [n_features] */
    exm_record_class *class;     /* [n_classes]; names unused */
    uint64_t *len_by_class;      /* [n_classes][EXM_LEN_BINS] */
    uint64_t *foreign_mirna;     /* [n_foreign] reads */
    uint64_t *word;              /* scratch: one fit per feature of a read */
    size_t cap_words;
    exm_fragment_list fragments;
    exm_pile *pile; /* with qualities only */
    uint64_t trf[EXM_TRF_COUNT][2];
    uint64_t annotated, unannotated, foreign, molecules;
    uint64_t top[TOP]; /* largest read counts, descending */
};

struct job {
    const exm_annotator *annotator;
    const exm_ref *ref;
    const exm_collapse *uniques;
    const exm_tally_editing *editing; /* or NULL */
    exm_trna *trna;
    struct worker *worker;
    unsigned n_workers;
    size_t n_tasks;
    size_t n_entities, n_templates, n_features;
    size_t many;               /* features from there on are "(many)" of each class */
    size_t n_classes;          /* those of the bundle, antisense ones, and "hairpin" */
    uint32_t *antisense_class; /* [classes of the bundle]; 0: there is none */
    exm_record_isomir *isomir; /* [uniques]: task i owns CHUNK of them from i * CHUNK on */
    uint32_t *n_isomirs; /* [tasks]: how many it used; pages never touched cost nothing */
};

/* ---- what a candidate counts for ---- */

static uint32_t
feature_of(const struct job *j, const exm_candidate *c)
{
    const size_t templates = j->n_entities + (c->antisense ? j->n_templates : 0);

    return c->entity != UINT32_MAX ? c->entity : (uint32_t) templates + c->template_id;
}

static uint32_t
class_of(const struct job *j, const exm_candidate *c)
{
    if (c->class_id == 0 && c->entity == UINT32_MAX) return (uint32_t) j->n_classes - 1;
    return c->antisense ? j->antisense_class[c->class_id] : c->class_id;
}

static uint64_t
fit_of(const struct job *j, const exm_candidate *c)
{
    return exm_fit_pack(&(exm_fit){.feature = feature_of(j, c),
                                   .has_shift = c->entity != UINT32_MAX,
                                   .d5 = c->entity != UINT32_MAX ? c->d5 : 0,
                                   .d3 = c->entity != UINT32_MAX ? c->d3 : 0,
                                   .n_sub = c->n_sub,
                                   .n_add5 = c->n_add5,
                                   .n_tail = c->n_tail});
}

static uint64_t
fit_of_many(const struct job *j, const exm_candidate *c)
{
    return exm_fit_pack(&(exm_fit){.feature = (uint32_t) j->many + class_of(j, c),
                                   .n_sub = c->n_sub,
                                   .n_add5 = c->n_add5,
                                   .n_tail = c->n_tail});
}

/* How the best explanations tie. */
struct tie {
    uint32_t features, hits;
    int classes; /* several */
    int many;    /* of the class that explains it first */
};

/* The words of one class among the best. */
struct run {
    uint32_t class_id, first;  /* first: among the words */
    const exm_candidate *last; /* counted; where they are many already */
};

static exm_status
make_room(struct worker *w, exm_error *reterr)
{
    const size_t cap = w->ann->n + w->ann->n / 2 + 16;
    uint64_t *p;

    if (w->ann->n <= w->cap_words) return EXM_OK;
    p = realloc(w->word, cap * sizeof *p);
    if (!p) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for tied features");
    w->word = p;
    w->cap_words = cap;
    return EXM_OK;
}

/* Does candidate c stand back?  Bare hairpins do where a mature explains the read as well;
 * and of so many what one error would explain is not asked. */
static int
stands_back(const struct worker *w, const exm_candidate *c)
{
    const exm_candidate *best = w->ann->cand;

    if (c->class_id == 0) return c->entity == UINT32_MAX && best->entity != UINT32_MAX;
    return w->ann->n > MANY && c->cost != best->cost;
}

/* A further explanation of a class of which there are many; of one template they come in a
 * row. */
static void
count_further(struct run *r, const exm_candidate *c, struct tie *tie)
{
    if (c->template_id != r->last->template_id) tie->features++;
    r->last = c;
}

/*
 * One word per feature, candidates coming best first: the first word of a feature is its
 * best.
 */
static exm_status
collect_fits(const struct job *j, struct worker *w, uint32_t *ret_n, struct tie *ret_tie,
             exm_error *reterr)
{
    const exm_candidate *best = w->ann->cand;
    const uint32_t best_class = class_of(j, best);
    struct run run = {.class_id = UINT32_MAX};
    uint32_t n = 0;
    const exm_status st = make_room(w, reterr);

    if (st != EXM_OK) return st;
    *ret_tie = (struct tie){0};
    for (size_t i = 0; i < w->ann->n; i++) {
        const exm_candidate *c = w->ann->cand + i;
        const uint64_t fit = fit_of(j, c);
        const int ties = c->cost == best->cost;
        const uint32_t class_id = class_of(j, c);
        uint32_t k = 0;

        if (stands_back(w, c)) continue;
        if (ties) ret_tie->hits++;
        if (class_id != run.class_id) run = (struct run){.class_id = class_id, .first = n};
        if (ties && run.last) {
            count_further(&run, c, ret_tie);
            continue;
        }
        while (k < n && w->word[k] >> 32 != fit >> 32) k++;
        if (k < n) continue;
        w->word[n++] = fit;
        if (!ties) continue;
        ret_tie->features++;
        if (class_id != best_class) ret_tie->classes = 1;
        if (n - run.first <= MANY) continue;
        w->word[run.first] = fit_of_many(j, c);
        n = run.first + 1;
        run.last = c;
        if (class_id == best_class) ret_tie->many = 1;
    }
    *ret_n = n;
    return EXM_OK;
}

static void
sort_words(uint64_t *w, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) { /* a handful of words */
        const uint64_t x = w[i];
        uint32_t k = i;

        for (; k > 0 && w[k - 1] > x; k--) w[k] = w[k - 1];
        w[k] = x;
    }
}

static void
add_top(uint64_t *top, uint64_t reads)
{
    for (int k = 0; k < TOP; k++) {
        if (reads > top[k]) {
            const uint64_t t = top[k];

            top[k] = reads;
            reads = t;
        }
    }
}

static void
put_isomir(const struct job *j, size_t task, const exm_unique *u, const exm_candidate *c,
           const struct tie *tie)
{
    j->isomir[task * CHUNK + j->n_isomirs[task]++] = (exm_record_isomir){
        .feature = c->entity,
        .mature = c->mature,
        .lo = u->lo,
        .hi = u->hi,
        .variant = {.d5 = c->d5,
                    .d3 = c->d3,
                    .n_add5 = c->n_add5,
                    .n_tail = c->n_tail,
                    .n_sub = c->n_sub,
                    .sub_at = {c->sub_at[0], c->sub_at[1]},
                    .sub_ref = {c->sub_ref[0], c->sub_ref[1]}},
        .hits = tie->hits,
        .n_features = tie->features,
        .count = {u->reads, u->molecules},
    };
}

static int
ends_in_ttt(const exm_unique *u)
{
    if (u->seq) return u->len >= 3 && memcmp(u->seq + u->len - 3, "TTT", 3) == 0;
    return u->len >= 3 && ((u->hi & ~u->lo) >> (u->len - 3) & 7) == 7;
}

/* The first type among the best explanations, under the tRNA that explains it first. */
static exm_status
put_fragment(const struct job *j, struct worker *w, const exm_unique *u, exm_error *reterr)
{
    const int ttt = ends_in_ttt(u);
    const exm_candidate *best = w->ann->cand;
    exm_trf type = EXM_TRF_NONE;

    for (size_t i = 0; i < w->ann->n_best; i++) {
        const exm_candidate *c = best + i;
        exm_trf x;

        if (c->class_id != best->class_id) break; /* they come class by class */
        x = exm_trna_type(j->trna, c, u->len, ttt);
        if (x < type) type = x;
    }
    if (type == EXM_TRF_NONE) return EXM_OK;
    w->trf[type][0] += u->reads;
    w->trf[type][1] += u->molecules;
    if (u->seq) return EXM_OK;
    return exm_fragment_list_add(&w->fragments,
                                 &(exm_record_fragment){.type = type,
                                                        .feature = best->template_id,
                                                        .lo = u->lo,
                                                        .hi = u->hi,
                                                        .count = {u->reads, u->molecules}},
                                 reterr);
}

static exm_status
count_explained(const struct job *j, struct worker *w, size_t task, const exm_unique *u,
                exm_error *reterr)
{
    const exm_candidate *best = w->ann->cand;
    const uint64_t count[2] = {u->reads, u->molecules};
    const uint32_t class_id = class_of(j, best);
    struct per_feature *f;
    exm_record_class *cl = w->class + class_id;
    struct tie tie;
    uint32_t n = 0;
    exm_status st = collect_fits(j, w, &n, &tie, reterr);

    if (st != EXM_OK) return st;
    f = w->feature + (tie.many ? j->many + class_id : feature_of(j, best));
    for (int k = 0; k < 2; k++) {
        f->best[k] += count[k];
        if (tie.features == 1) f->unique[k] += count[k];
    }
    if (tie.features == 1)
        cl->unambiguous += u->reads;
    else if (tie.classes)
        cl->shared_between += u->reads;
    else
        cl->shared_within += u->reads;
    w->annotated += u->reads;
    w->len_by_class[class_id * EXM_LEN_BINS +
                    (u->len < EXM_LEN_BINS ? u->len : EXM_LEN_BINS - 1)] += u->reads;
    if (best->entity != UINT32_MAX) put_isomir(j, task, u, best, &tie);
    if (w->pile && best->entity != UINT32_MAX && tie.features == 1)
        exm_pile_add(w->pile, j->editing->qualities, u, best);
    if (best->class_id > 0 && !best->antisense &&
        (st = put_fragment(j, w, u, reterr)) != EXM_OK)
        return st;
    sort_words(w->word, n);
    return exm_signatures_add(&w->sigs, w->word, n, count, reterr);
}

/* Does another species' miRNA begin here?  Only asked of reads that nothing here explains. */
static uint32_t
foreign_of(const exm_ref *ref, const exm_unique *u)
{
    const uint64_t mask = ((uint64_t) 1 << CLADE_NT) - 1;

    if (u->seq) return UINT32_MAX;
    for (uint32_t at = 0; at < CLADE_OFFSETS && at + CLADE_NT <= u->len; at++) {
        const uint32_t f = exm_ref_clade_find(ref, u->lo >> at & mask, u->hi >> at & mask);

        if (f != UINT32_MAX) return f;
    }
    return UINT32_MAX;
}

static void
count_unexplained(const struct job *j, struct worker *w, const exm_unique *u)
{
    const uint32_t f = foreign_of(j->ref, u);

    if (f == UINT32_MAX) {
        w->unannotated += u->reads;
    } else {
        w->foreign += u->reads;
        w->foreign_mirna[f] += u->reads;
    }
}

/* u[0..n) with n <= GROUP: explained together, so that their look-ups overlap. */
static exm_status
annotate_group(const struct job *j, struct worker *w, const exm_unique *u, size_t n,
               exm_error *reterr)
{
    exm_question q[GROUP];
    int open = 1;
    exm_status st = EXM_OK;

    for (size_t i = 0; i < n; i++)
        exm_annotate_ask(j->annotator, u[i].lo, u[i].hi, ERROR_MARGIN, q + i, w->group + i);
    while (open) {
        open = 0;
        for (size_t i = 0; i < n; i++)
            if (q[i].open) exm_annotate_fetch(j->annotator, q + i);
        for (size_t i = 0; i < n; i++) {
            if (!q[i].open) continue;
            st = exm_annotate_answer(j->annotator, q + i, w->group + i, reterr);
            if (st != EXM_OK) return st;
            open |= q[i].open;
        }
    }
    for (size_t i = 0; st == EXM_OK && i < n; i++)
        if (u[i].seq)
            st = exm_annotate_long(j->annotator, u[i].seq, u[i].len, ERROR_MARGIN,
                                   w->group + i, reterr);
    return st;
}

static exm_status
count_one(const struct job *j, struct worker *w, size_t task, const exm_unique *u,
          exm_annotation *ann, exm_error *reterr)
{
    w->ann = ann;
    w->molecules += u->molecules;
    add_top(w->top, u->reads);
    if (ann->n == 0) {
        const exm_status st = exm_annotate_antisense(j->annotator, u->lo, u->hi, u->seq,
                                                     u->len, ERROR_MARGIN, ann, reterr);

        if (st != EXM_OK) return st;
    }
    if (ann->n > 0) return count_explained(j, w, task, u, reterr);
    count_unexplained(j, w, u);
    return EXM_OK;
}

static exm_status
tally_chunk(void *ctx, size_t task, unsigned worker, exm_error *reterr)
{
    const struct job *j = ctx;
    struct worker *w = j->worker + worker;
    const size_t all = exm_collapse_count(j->uniques);
    const size_t end = (task + 1) * CHUNK < all ? (task + 1) * CHUNK : all;
    exm_status st = EXM_OK;

    for (size_t at = task * CHUNK; st == EXM_OK && at < end; at += GROUP) {
        const size_t n = end - at < GROUP ? end - at : GROUP;
        exm_unique u[GROUP];

        for (size_t i = 0; i < n; i++) u[i] = exm_collapse_get(j->uniques, at + i);
        st = annotate_group(j, w, u, n, reterr);
        for (size_t i = 0; st == EXM_OK && i < n; i++)
            st = count_one(j, w, task, u + i, w->group + i, reterr);
    }
    return st;
}

/* ---- workers ---- */

static int
worker_init(const struct job *j, struct worker *w)
{
    w->feature = calloc(j->n_features ? j->n_features : 1, sizeof *w->feature);
    w->class = calloc(j->n_classes, sizeof *w->class);
    w->len_by_class = calloc(j->n_classes * EXM_LEN_BINS, sizeof *w->len_by_class);
    w->foreign_mirna = calloc(exm_ref_n_foreign(j->ref) + 1U, sizeof *w->foreign_mirna);
    return w->feature && w->class && w->len_by_class && w->foreign_mirna;
}

static void
worker_done(struct worker *w)
{
    for (size_t i = 0; i < GROUP; i++) exm_annotation_done(w->group + i);
    exm_signatures_done(&w->sigs);
    exm_fragment_list_done(&w->fragments);
    exm_pile_free(w->pile);
    free(w->feature);
    free(w->class);
    free(w->len_by_class);
    free(w->foreign_mirna);
    free(w->word);
}

static exm_status
worker_merge(const struct job *j, struct worker *to, const struct worker *from,
             exm_error *reterr)
{
    exm_status st;

    for (size_t f = 0; f < j->n_features; f++) {
        for (int k = 0; k < 2; k++) {
            to->feature[f].unique[k] += from->feature[f].unique[k];
            to->feature[f].best[k] += from->feature[f].best[k];
        }
    }
    for (size_t c = 0; c < j->n_classes; c++) {
        to->class[c].unambiguous += from->class[c].unambiguous;
        to->class[c].shared_within += from->class[c].shared_within;
        to->class[c].shared_between += from->class[c].shared_between;
    }
    for (size_t i = 0; i < j->n_classes * EXM_LEN_BINS; i++)
        to->len_by_class[i] += from->len_by_class[i];
    for (size_t i = 0; i < exm_ref_n_foreign(j->ref); i++)
        to->foreign_mirna[i] += from->foreign_mirna[i];
    to->annotated += from->annotated;
    to->unannotated += from->unannotated;
    to->foreign += from->foreign;
    to->molecules += from->molecules;
    for (int k = 0; k < TOP; k++) add_top(to->top, from->top[k]);
    for (size_t t = 0; t < EXM_TRF_COUNT; t++)
        for (int k = 0; k < 2; k++) to->trf[t][k] += from->trf[t][k];
    if (to->pile) exm_pile_merge(to->pile, from->pile);
    st = exm_fragment_list_merge(&to->fragments, &from->fragments, reterr);
    return st == EXM_OK ? exm_signatures_merge(&to->sigs, &from->sigs, reterr) : st;
}

/* ---- the record ---- */

/* Of a feature that is no entity. */
static uint32_t
template_of(const struct job *j, size_t f)
{
    return (uint32_t) ((f - j->n_entities) % j->n_templates);
}

static const char *
feature_name(const struct job *j, size_t f)
{
    if (f < j->n_entities) return exm_ref_entity_get(j->ref, (uint32_t) f)->name;
    if (f >= j->many) return "(many)";
    return exm_ref_template_get(j->ref, template_of(j, f))->name;
}

static uint32_t
feature_class(const struct job *j, size_t f)
{
    uint32_t c;

    if (f < j->n_entities) return 0;
    if (f >= j->many) return (uint32_t) (f - j->many);
    c = exm_ref_template_get(j->ref, template_of(j, f))->class_id;
    if (f >= j->n_entities + j->n_templates) return j->antisense_class[c];
    return c == 0 ? (uint32_t) j->n_classes - 1 : c;
}

static char *
copy_of(const char *s)
{
    const size_t n = strlen(s) + 1;
    char *p = malloc(n);

    if (p) memcpy(p, s, n);
    return p;
}

static int
by_class_then_name(const void *pa, const void *pb)
{
    const exm_record_feature *a = pa, *b = pb;

    if (a->class_id != b->class_id) return a->class_id < b->class_id ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* A class of the bundle, or the antisense one of it. */
static int
name_class(const exm_ref_class *of, int antisense, exm_record_class *ret)
{
    exm_buf name = {0};

    exm_buf_puts(&name, of->name);
    if (antisense) exm_buf_puts(&name, EXM_REF_ANTISENSE_SUFFIX);
    ret->name = name.failed ? NULL : copy_of(name.data);
    ret->kind = of->kind;
    exm_buf_done(&name);
    return ret->name != NULL;
}

static exm_status
fill_classes(const struct job *j, const struct worker *w, exm_record *rec,
             exm_error *reterr)
{
    const uint32_t n = exm_ref_n_classes(j->ref);
    exm_record_class *last;

    rec->classes = calloc(j->n_classes, sizeof *rec->classes);
    if (!rec->classes) goto no_memory;
    memcpy(rec->classes, w->class, j->n_classes * sizeof *rec->classes);
    rec->n_classes = j->n_classes;
    for (uint32_t c = 0; c < n; c++) {
        const exm_ref_class *of = exm_ref_class_get(j->ref, c);

        if (!name_class(of, 0, rec->classes + c)) goto no_memory;
        if (of->antisense && !name_class(of, 1, rec->classes + j->antisense_class[c]))
            goto no_memory;
    }
    last = rec->classes + j->n_classes - 1;
    last->name = copy_of("hairpin");
    last->kind = EXM_KIND_CARGO;
    if (!last->name) goto no_memory;
    rec->len_by_class = calloc(j->n_classes * EXM_LEN_BINS, sizeof *rec->len_by_class);
    if (!rec->len_by_class) goto no_memory;
    memcpy(rec->len_by_class, w->len_by_class,
           j->n_classes * EXM_LEN_BINS * sizeof *rec->len_by_class);
    return EXM_OK;
no_memory:
    return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the record's classes");
}

/* Features with any count, sorted; entity ids of isomiRs become positions among them. */
static exm_status
fill_features(const struct job *j, const struct worker *w, const uint64_t *em0,
              const uint64_t *em1, exm_record *rec, exm_error *reterr)
{
    size_t n = 0;

    for (size_t f = 0; f < j->n_features; f++)
        n += em0[f] || em1[f] || w->feature[f].best[0] ? 1U : 0U;
    rec->features = calloc(n ? n : 1, sizeof *rec->features);
    if (!rec->features)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the record's features");
    for (size_t f = 0; f < j->n_features; f++) {
        exm_record_feature *to = rec->features + rec->n_features;

        if (!em0[f] && !em1[f] && !w->feature[f].best[0]) continue;
        *to = (exm_record_feature){
            .name = copy_of(feature_name(j, f)),
            .class_id = feature_class(j, f),
            .em = {em0[f], em1[f]},
            .unique = {w->feature[f].unique[0], w->feature[f].unique[1]},
            .best = {w->feature[f].best[0], w->feature[f].best[1]},
        };
        if (!to->name)
            return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the record's features");
        rec->n_features++;
        for (int k = 0; k < 2; k++) rec->classes[to->class_id].em[k] += to->em[k];
    }
    qsort(rec->features, rec->n_features, sizeof *rec->features, by_class_then_name);
    return EXM_OK;
}

static int
is_spike(const exm_ref *ref, uint32_t template_id)
{
    const exm_ref_template *t = exm_ref_template_get(ref, template_id);

    return exm_ref_class_get(ref, t->class_id)->kind == EXM_KIND_SPIKE;
}

/* Templates are sorted by class, then name, as the spike-ins of a record are. */
static exm_status
fill_spikes(const struct job *j, const uint64_t *em0, const uint64_t *em1, exm_record *rec,
            exm_error *reterr)
{
    const uint32_t n = exm_ref_n_templates(j->ref);
    size_t used = 0;

    for (uint32_t i = 0; i < n; i++) used += is_spike(j->ref, i) ? 1 : 0;
    rec->spikes = calloc(used + 1, sizeof *rec->spikes);
    if (!rec->spikes)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the record's spike-ins");
    for (uint32_t i = 0; i < n; i++) {
        const exm_ref_template *t = exm_ref_template_get(j->ref, i);
        struct exm_record_spike *to = rec->spikes + rec->n_spikes;

        if (!is_spike(j->ref, i)) continue;
        *to = (struct exm_record_spike){
            .name = copy_of(t->name),
            .class_id = t->class_id,
            .amount = exm_ref_spike_amount(j->ref, i),
            .count = {em0[j->n_entities + i], em1[j->n_entities + i]}};
        if (!to->name)
            return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the record's spike-ins");
        rec->n_spikes++;
    }
    return EXM_OK;
}

/* What follows once all uniques are counted: on as many threads as it has parts. */
struct ending {
    struct job *j;
    struct worker *w;
    exm_record *rec;
    exm_rates rates;
    uint64_t *em[2]; /* [features] */
    size_t *start;   /* [entities + 1] of the isomiRs by entity */
    size_t n_shares; /* 1, with UMIs 2 */
};

static exm_status
estimate_rates(struct ending *e, exm_error *reterr)
{
    const struct job *j = e->j;
    uint32_t *len = calloc(j->n_features ? j->n_features : 1, sizeof *len);
    exm_status st;

    if (!len) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for feature lengths");
    for (size_t f = 0; f < j->n_entities; f++)
        len[f] = exm_ref_entity_get(j->ref, (uint32_t) f)->len;
    st = exm_signatures_sort(&e->w->sigs, reterr);
    if (st == EXM_OK)
        st = exm_rates_estimate(&e->w->sigs, j->n_features, len, &e->rates, reterr);
    if (st == EXM_OK)
        e->rec->error_rate = e->rates.measured ? e->rates.seen_error : (double) NAN;
    free(len);
    return st;
}

static exm_status
prepare_ending(void *ctx, size_t i, unsigned worker, exm_error *reterr)
{
    struct ending *e = ctx;

    (void) worker;
    if (i == 0) return estimate_rates(e, reterr);
    e->rec->isomirs = e->j->isomir; /* the record owns it from here on */
    e->j->isomir = NULL;
    return exm_isomir_table_group(e->rec, e->j->n_isomirs, e->j->n_tasks, CHUNK,
                                  e->j->n_entities, e->start, reterr);
}

/* The sharing, which takes longest, first; then the isomiRs, entity by entity. */
static exm_status
run_ending(void *ctx, size_t i, unsigned worker, exm_error *reterr)
{
    const struct ending *e = ctx;

    (void) worker;
    if (i < e->n_shares)
        return exm_share_run(&e->w->sigs, &e->rates, e->j->n_features, (int) i, e->em[i],
                             reterr);
    exm_isomir_table_sort(e->rec, e->start, i - e->n_shares);
    return EXM_OK;
}

static exm_status
share_and_sort(struct ending *e, exm_pool *pool, exm_error *reterr)
{
    const size_t n = e->j->n_features ? e->j->n_features : 1;
    exm_status st;

    e->em[0] = calloc(n, sizeof *e->em[0]);
    e->em[1] = calloc(n, sizeof *e->em[1]);
    e->start = calloc(e->j->n_entities + 1, sizeof *e->start);
    if (!e->em[0] || !e->em[1] || !e->start)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for counts");
    e->n_shares = e->rec->umi_len > 0 ? 2 : 1;
    st = exm_pool_run(pool, 2, prepare_ending, e, reterr);
    if (st == EXM_OK)
        st = exm_pool_run(pool, e->n_shares + e->j->n_entities, run_ending, e, reterr);
    if (e->n_shares == 1) memcpy(e->em[1], e->em[0], n * sizeof *e->em[1]);
    return st;
}

static exm_status
fill_record(struct job *j, struct worker *w, exm_pool *pool, exm_record *rec,
            exm_error *reterr)
{
    struct ending e = {.j = j, .w = w, .rec = rec};
    exm_status st;

    rec->annotated = w->annotated;
    rec->unannotated = w->unannotated;
    rec->foreign = w->foreign;
    rec->molecules = w->molecules;
    rec->unique_reads = exm_collapse_count(j->uniques);
    for (int k = 0; k < TOP; k++) rec->top5_reads += w->top[k];
    rec->mirnas_in_reference = j->n_entities;
    rec->foreign_in_reference = exm_ref_n_foreign(j->ref);
    memcpy(rec->trf, w->trf, sizeof rec->trf);
    st = share_and_sort(&e, pool, reterr);
    if (st == EXM_OK) st = fill_classes(j, w, rec, reterr);
    if (st == EXM_OK) st = fill_features(j, w, e.em[0], e.em[1], rec, reterr);
    if (st == EXM_OK) st = fill_spikes(j, e.em[0], e.em[1], rec, reterr);
    if (st == EXM_OK) st = exm_trace_table_fill(rec, w->foreign_mirna, j->ref, reterr);
    if (st == EXM_OK) st = exm_fragment_table_fill(rec, &w->fragments, j->ref, reterr);
    rec->control_rate = (double) NAN;
    if (st == EXM_OK && w->pile)
        st = exm_variants_fill(w->pile, j->annotator, j->editing->known, rec, reterr);
    if (st == EXM_OK) st = exm_isomir_table_number(rec, j->ref, reterr);
    free(e.em[0]);
    free(e.em[1]);
    free(e.start);
    return st;
}

/* How many classes and features there are. */
static exm_status
size_job(struct job *j, exm_error *reterr)
{
    const uint32_t n = exm_ref_n_classes(j->ref);
    uint32_t antisense = 0;

    j->antisense_class = calloc(n, sizeof *j->antisense_class);
    if (!j->antisense_class)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %u classes", n);
    for (uint32_t c = 0; c < n; c++)
        if (exm_ref_class_get(j->ref, c)->antisense)
            j->antisense_class[c] = n + antisense++;
    j->n_classes = (size_t) n + antisense + 1;
    j->n_entities = exm_ref_n_entities(j->ref);
    j->n_templates = exm_ref_n_templates(j->ref);
    j->many = j->n_entities + j->n_templates * (antisense ? 2U : 1U);
    j->n_features = j->many + j->n_classes;
    return EXM_OK;
}

exm_status
exm_tally_run(const exm_annotator *annotator, const exm_ref *ref,
              const exm_collapse *uniques, const exm_tally_editing *editing, exm_pool *pool,
              exm_record *rec, exm_error *reterr)
{
    const size_t n = exm_collapse_count(uniques);
    struct job j = {.annotator = annotator,
                    .ref = ref,
                    .uniques = uniques,
                    .editing = editing,
                    .n_workers = exm_pool_threads(pool)};
    exm_status st;

    j.n_tasks = (n + CHUNK - 1) / CHUNK;
    j.worker = calloc(j.n_workers, sizeof *j.worker);
    j.isomir = malloc((n + 1) * sizeof *j.isomir);
    j.n_isomirs = calloc(j.n_tasks + 1, sizeof *j.n_isomirs);
    st = j.worker && j.isomir && j.n_isomirs
             ? size_job(&j, reterr)
             : exm_fail(reterr, EXM_ENOMEM, 0, "no memory to count %zu unique reads", n);
    if (st == EXM_OK) st = exm_trna_new(ref, &j.trna, reterr);
    for (unsigned i = 0; st == EXM_OK && i < j.n_workers; i++)
        if (!worker_init(&j, j.worker + i))
            st = exm_fail(reterr, EXM_ENOMEM, 0, "no memory for thread %u", i);
    for (unsigned i = 0; editing && st == EXM_OK && i < j.n_workers; i++)
        st = exm_pile_new(ref, &j.worker[i].pile, reterr);
    if (st == EXM_OK) st = exm_pool_run(pool, j.n_tasks, tally_chunk, &j, reterr);
    for (unsigned i = 1; st == EXM_OK && i < j.n_workers; i++)
        st = worker_merge(&j, j.worker, j.worker + i, reterr);
    if (st == EXM_OK) st = fill_record(&j, j.worker, pool, rec, reterr);
    for (unsigned i = 0; j.worker && i < j.n_workers; i++) worker_done(j.worker + i);
    exm_trna_free(j.trna);
    free(j.antisense_class);
    free(j.worker);
    free(j.isomir);
    free(j.n_isomirs);
    return st;
}
