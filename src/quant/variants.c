/*
 * variants.c - tests of the substitutions in a sample's miRNAs.
 *
 * Workload: some 600 miRNAs with reads, 12,000 sites, three other bases each.  For every pair
 * of site and base that can be tested it is asked once what the mature with that base would
 * be taken for (annotate.c, 0.2 us): 10 ms.  All floating point is portable and in the order
 * of the sites, so the numbers are the same everywhere.
 */
#include "exomir/variants.h"

#include "pile.h"

#include "exomir/binomial.h"
#include "exomir/padjust.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BASES = 4, A = 0, C = 1, T = 2, G = 3, DEEP = 1000, DEEP_SITES = 20 };

static const double unit = 1.0 / (1 << 30); /* of exm_qualities_error() */
static const double quantile = 0.95;
static const double most_error = 0.1; /* a share above it is no error */
static const double most_fdr = 0.05, least_share = 0.01;

/* A site with the pairs that can be tested. */
struct site {
    uint32_t entity, position; /* 0-based */
    uint32_t ref;
    uint64_t n;            /* good reads */
    double error;          /* mean of 10^(-Q/10) */
    unsigned tested;       /* bit b: another base b is tested */
    uint32_t other[BASES]; /* entity + 1 or, in what is no miRNA, UINT32_MAX; 0: none */
};

struct work {
    const exm_pile *pile;
    const exm_annotator *annotator;
    const exm_known *known;
    const exm_ref *ref;
    struct site *site;
    size_t n;
    double control[BASES][BASES];
    double *p, *fdr; /* [n * BASES], by site and base */
    exm_error *err;
};

static exm_status
no_memory(exm_error *reterr)
{
    return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to test substitutions");
}

static uint64_t
good(const struct work *w, const struct site *s, uint32_t b)
{
    return w->pile->good[w->pile->first[s->entity] + s->position][b];
}

static const char *
known_id(const struct work *w, const struct site *s, uint32_t b)
{
    const exm_known_variant *v = exm_known_find(w->known, s->entity, s->position + 1, b);

    return v ? v->id : "";
}

/* ---- which pairs can be told apart ---- */

/* What the mature with base b there would be taken for: 0 this miRNA alone. */
static exm_status
ask(const struct work *w, exm_annotation *ann, struct site *s, uint32_t b)
{
    const exm_ref_entity *e = exm_ref_entity_get(w->ref, s->entity);
    const uint64_t bit = (uint64_t) 1 << s->position;
    uint64_t lo, hi;
    exm_status st = exm_pack(e->seq, e->len, &lo, &hi, w->err);

    lo = b & 1 ? lo | bit : lo & ~bit;
    hi = b & 2 ? hi | bit : hi & ~bit;
    if (st == EXM_OK) st = exm_annotate(w->annotator, lo, hi, 0, ann, w->err);
    if (st != EXM_OK) return st;
    s->other[b] = ann->n_best == 0 ? UINT32_MAX : 0;
    for (size_t i = 0; i < ann->n_best; i++)
        if (ann->cand[i].entity != s->entity) {
            const uint32_t other = ann->cand[i].entity;

            s->other[b] = other == UINT32_MAX ? other : other + 1;
            break;
        }
    return EXM_OK;
}

/* Sites with reads, in order. */
static exm_status
collect_sites(struct work *w)
{
    const uint32_t entities = exm_ref_n_entities(w->ref);
    const uint32_t all = w->pile->first[entities];

    w->site = calloc(all + 1U, sizeof *w->site);
    if (!w->site) return no_memory(w->err);
    for (uint32_t e = 0; e < entities; e++) {
        const exm_ref_entity *x = exm_ref_entity_get(w->ref, e);

        for (uint32_t k = 0; k < x->len; k++) {
            const uint32_t at = w->pile->first[e] + k;
            struct site *s = w->site + w->n;

            *s = (struct site){.entity = e, .position = k};
            s->ref = (uint32_t) (x->seq[k] >> 1) & 3;
            for (int b = 0; b < BASES; b++) s->n += w->pile->good[at][b];
            if (s->n == 0) continue;
            s->error = (double) w->pile->error[at] * unit / (double) s->n;
            w->n++;
        }
    }
    return EXM_OK;
}

static exm_status
choose_tests(struct work *w)
{
    exm_annotation ann = {0};
    exm_status st = EXM_OK;

    for (size_t i = 0; st == EXM_OK && i < w->n; i++) {
        struct site *s = w->site + i;

        for (uint32_t b = 0; st == EXM_OK && b < BASES; b++) {
            if (b == s->ref || s->n < EXM_VARIANT_LEAST) continue;
            st = ask(w, &ann, s, b);
            if (s->other[b] == 0 && !known_id(w, s, b)[0]) s->tested |= 1U << b;
        }
    }
    exm_annotation_done(&ann);
    return st;
}

/* ---- rates of errors ---- */

static int
by_value(const void *pa, const void *pb)
{
    const double a = *(const double *) pa, b = *(const double *) pb;

    return (a > b) - (a < b);
}

/* How often r is read as b where it is not: scratch has room for all sites. */
static double
rate_of(const struct work *w, uint32_t r, uint32_t b, double *scratch)
{
    uint64_t reads = 0, wrong = 0;
    size_t deep = 0;

    for (size_t i = 0; i < w->n; i++) {
        const struct site *s = w->site + i;
        const double share = (double) good(w, s, b) / (double) s->n;

        if (s->ref != r || !(s->tested >> b & 1)) continue;
        if (s->n >= DEEP) scratch[deep++] = share;
        if (share > most_error) continue;
        reads += s->n;
        wrong += good(w, s, b);
    }
    if (deep >= DEEP_SITES) {
        qsort(scratch, deep, sizeof *scratch, by_value);
        return fmin(scratch[(size_t) (quantile * (double) (deep - 1))], most_error);
    }
    return reads > 0 ? (double) wrong / (double) reads : 0.0;
}

/* ---- tests ---- */

static int
is_editing(const struct site *s, uint32_t b)
{
    return s->ref == A && b == G;
}

static double
null_rate(const struct work *w, const struct site *s, uint32_t b)
{
    return fmax(s->error, w->control[s->ref][b]);
}

static exm_status
test_all(struct work *w, uint64_t *ret_sites)
{
    const size_t n = w->n * BASES;
    double *other = malloc((n + 1) * sizeof *other);
    exm_status st;

    w->p = malloc((n + 1) * sizeof *w->p);
    w->fdr = malloc((n + 1) * sizeof *w->fdr);
    if (!other || !w->p || !w->fdr) {
        free(other);
        return no_memory(w->err);
    }
    for (uint32_t r = 0; r < BASES; r++)
        for (uint32_t b = 0; b < BASES; b++)
            w->control[r][b] = r == b ? 0.0 : rate_of(w, r, b, w->p);
    w->control[A][G] = w->control[T][C];
    for (size_t i = 0; i < n; i++) {
        const struct site *s = w->site + i / BASES;
        const uint32_t b = (uint32_t) (i % BASES);

        w->p[i] = s->tested >> b & 1
                      ? exm_binomial_upper(good(w, s, b), s->n, null_rate(w, s, b))
                      : (double) NAN;
        w->fdr[i] = is_editing(s, b) ? w->p[i] : (double) NAN;
        other[i] = is_editing(s, b) ? (double) NAN : w->p[i];
        *ret_sites += is_editing(s, b) && !isnan(w->p[i]);
    }
    st = exm_padjust_bh(n, w->fdr, w->fdr, w->err);
    if (st == EXM_OK) st = exm_padjust_bh(n, other, other, w->err);
    for (size_t i = 0; st == EXM_OK && i < n; i++)
        if (isnan(w->fdr[i])) w->fdr[i] = other[i];
    free(other);
    return st;
}

/* ---- rows ---- */

static char *
copy_of(const char *s)
{
    const size_t n = strlen(s) + 1;
    char *p = malloc(n);

    return p ? memcpy(p, s, n) : NULL;
}

static const char *
other_name(const struct work *w, uint32_t other)
{
    if (other == 0) return "";
    if (other == UINT32_MAX) return "no miRNA";
    return exm_ref_entity_get(w->ref, other - 1)->name;
}

static exm_status
put_row(const struct work *w, size_t i, uint32_t b, uint32_t feature, exm_record *rec)
{
    const struct site *s = w->site + i;
    exm_record_variant *v = rec->variants + rec->n_variants;

    *v = (exm_record_variant){.feature = feature,
                              .position = s->position + 1,
                              .ref = (uint8_t) s->ref,
                              .alt = (uint8_t) b,
                              .count = good(w, s, b),
                              .total = s->n,
                              .error_rate = null_rate(w, s, b),
                              .p = w->p[i * BASES + b],
                              .fdr = w->fdr[i * BASES + b],
                              .known = copy_of(known_id(w, s, b)),
                              .same_as = copy_of(other_name(w, s->other[b]))};
    rec->n_variants++;
    return v->known && v->same_as ? EXM_OK : no_memory(w->err);
}

static exm_status
put_rows(const struct work *w, exm_record *rec)
{
    static const uint32_t order[BASES] = {A, C, G, T};
    size_t rows = 0;
    uint32_t f = 0;
    exm_status st = EXM_OK;

    for (size_t i = 0; i < w->n; i++)
        for (uint32_t b = 0; b < BASES; b++)
            rows += b != w->site[i].ref && good(w, w->site + i, b) > 0 ? 1 : 0;
    rec->variants = calloc(rows + 1, sizeof *rec->variants);
    if (!rec->variants) return no_memory(w->err);
    for (size_t i = 0; st == EXM_OK && i < w->n; i++) {
        const struct site *s = w->site + i;
        const char *name = exm_ref_entity_get(w->ref, s->entity)->name;

        /* Features and entities are sorted by name; every entity with reads is a feature. */
        while (f < rec->n_features && strcmp(rec->features[f].name, name) != 0) f++;
        if (f == rec->n_features)
            return exm_fail(w->err, EXM_EINVAL, 0,
                            "features and entities are out of order");
        for (int k = 0; st == EXM_OK && k < BASES; k++)
            if (order[k] != s->ref && good(w, s, order[k]) > 0)
                st = put_row(w, i, order[k], f, rec);
    }
    return st;
}

exm_status
exm_variants_fill(const exm_pile *p, const exm_annotator *annotator, const exm_known *known,
                  exm_record *rec, exm_error *reterr)
{
    struct work w = {.pile = p, .annotator = annotator, .known = known, .err = reterr};
    exm_status st;

    if (!p || !annotator || !rec)
        return exm_fail(reterr, EXM_EINVAL, 0, "variants: an argument is NULL");
    w.ref = p->ref;
    st = collect_sites(&w);
    if (st == EXM_OK) st = choose_tests(&w);
    if (st == EXM_OK) st = test_all(&w, &rec->edit_sites);
    if (st == EXM_OK) st = put_rows(&w, rec);
    if (st == EXM_OK) {
        rec->editing = 1;
        rec->control_rate = w.control[T][C];
    }
    free(w.site);
    free(w.p);
    free(w.fdr);
    return st;
}

const char *
exm_variant_call(const exm_record_variant *v)
{
    if (v->known[0]) return "known";
    if (v->same_as[0]) return "indistinct";
    if (!(v->fdr <= most_fdr)) return "-";
    if ((double) v->count < least_share * (double) v->total) return "low";
    return v->ref == A && v->alt == G ? "edited" : "variant";
}
