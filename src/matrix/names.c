/*
 * names.c - names of other tables and versions, found in a reference bundle.
 *
 * Workload: 10^2 to 10^4 names, once.  Matures and their aliases are the bundle's own index;
 * hairpins get a sorted list of their names and accessions here.
 */
#include "exomir/names.h"

#include "exomir/text.h"

#include <stdlib.h>
#include <string.h>

struct hairpin {
    char *name; /* one of those joined by '/', or an accession */
    const char *whole;
};

struct hairpins {
    struct hairpin *v;
    size_t n, cap;
};

const char *
exm_names_kind(exm_name_kind k)
{
    static const char *const names[] = {"unknown", "mature", "hairpin"};

    return names[k];
}

/* ---- hairpins ---- */

/* Case-blind, then by bytes, so that one order serves both searches. */
static int
blind_order(const char *a, const char *b)
{
    for (; *a && exm_text_lower(*a) == exm_text_lower(*b); a++) b++;
    return (unsigned char) exm_text_lower(*a) - (unsigned char) exm_text_lower(*b);
}

static int
by_name(const void *pa, const void *pb)
{
    const struct hairpin *a = pa, *b = pb;
    const int c = blind_order(a->name, b->name);

    return c ? c : strcmp(a->name, b->name);
}

static char *
copy_part(const char *s, size_t n)
{
    char *r = malloc(n + 1);

    if (!r) return NULL;
    memcpy(r, s, n);
    r[n] = '\0';
    return r;
}

static int
add_parts(struct hairpins *h, const char *joined, const char *whole)
{
    for (const char *s = joined; *s;) {
        const size_t n = strcspn(s, "/");

        if (h->n == h->cap) {
            const size_t cap = h->cap ? h->cap * 2 : 1024;
            struct hairpin *v = realloc(h->v, cap * sizeof *v);

            if (!v) return 0;
            h->v = v;
            h->cap = cap;
        }
        h->v[h->n] = (struct hairpin){copy_part(s, n), whole};
        if (!h->v[h->n].name) return 0;
        h->n++;
        s += n + (s[n] == '/');
    }
    return 1;
}

static int
hairpins_make(const exm_ref *ref, struct hairpins *h)
{
    const exm_ref_class *k = exm_ref_class_get(ref, 0);

    for (uint32_t i = 0; i < k->n_templates; i++) {
        const exm_ref_template *t = exm_ref_template_get(ref, k->first_template + i);

        if (!add_parts(h, t->name, t->name) || !add_parts(h, t->accession, t->name))
            return 0;
    }
    if (h->n > 0) qsort(h->v, h->n, sizeof *h->v, by_name);
    return 1;
}

static void
hairpins_done(struct hairpins *h)
{
    for (size_t i = 0; i < h->n; i++) free(h->v[i].name);
    free(h->v);
}

static const char *
hairpins_find(const struct hairpins *h, const char *name, int exact)
{
    size_t low = 0, high = h->n;

    while (low < high) {
        const size_t mid = low + (high - low) / 2;

        if (blind_order(h->v[mid].name, name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < h->n && blind_order(h->v[low].name, name) == 0; low++)
        if (!exact || strcmp(h->v[low].name, name) == 0) return h->v[low].whole;
    return NULL;
}

/* ---- one name ---- */

static int
is_part(const char *joined, char between, const char *name)
{
    const size_t n = strlen(name);

    for (const char *s = joined; *s;) {
        const char *end = strchr(s, between);
        const size_t len = end ? (size_t) (end - s) : strlen(s);

        if (len == n && memcmp(s, name, n) == 0) return 1;
        s += len + (end != NULL);
    }
    return 0;
}

static exm_name
find_mature(const exm_ref *ref, const char *name, int exact)
{
    const uint32_t i = exm_ref_find_entity(ref, name);
    const exm_ref_entity *e;

    if (i == UINT32_MAX) return (exm_name){0};
    e = exm_ref_entity_get(ref, i);
    if (exact && strcmp(e->name, name) != 0 && !is_part(e->name, '/', name) &&
        !is_part(e->aliases, ',', name))
        return (exm_name){0};
    return (exm_name){EXM_NAME_MATURE, e->name};
}

static exm_name
find_hairpin(const struct hairpins *h, const char *name, int exact)
{
    const char *whole = hairpins_find(h, name, exact);

    return whole ? (exm_name){EXM_NAME_HAIRPIN, whole} : (exm_name){0};
}

/* What a whole list is of: EXM_NAME_UNKNOWN when its spelling does not say. */
struct search {
    const exm_ref *ref;
    struct hairpins hairpins;
    exm_name_kind level;
};

/* In a list of one kind a name of the other needs its very spelling. */
static exm_name
find_spelled(const struct search *q, const char *name, int exact)
{
    exm_name r = {0};

    if (q->level == EXM_NAME_HAIRPIN) r = find_hairpin(&q->hairpins, name, exact);
    if (r.kind == EXM_NAME_UNKNOWN && (exact || q->level != EXM_NAME_HAIRPIN))
        r = find_mature(q->ref, name, exact);
    if (r.kind == EXM_NAME_UNKNOWN && (exact || q->level == EXM_NAME_UNKNOWN))
        r = find_hairpin(&q->hairpins, name, exact);
    return r;
}

static exm_name_kind
level_of(const struct search *q, const char *const *names, size_t n)
{
    size_t matures = 0, hairpins = 0;

    for (size_t i = 0; i < n; i++) {
        matures += find_mature(q->ref, names[i], 1).kind != EXM_NAME_UNKNOWN;
        hairpins += find_hairpin(&q->hairpins, names[i], 1).kind != EXM_NAME_UNKNOWN;
    }
    return matures > hairpins   ? EXM_NAME_MATURE
           : hairpins > matures ? EXM_NAME_HAIRPIN
                                : EXM_NAME_UNKNOWN;
}

static exm_status
find_word(const struct search *q, const char *name, exm_name *ret, exm_error *reterr)
{
    exm_buf with = {0};
    exm_name r = {0};
    exm_status s;

    exm_buf_putf(&with, "%s-%s", exm_ref_species(q->ref), name);
    s = exm_buf_check(&with, reterr);
    for (int exact = 1; s == EXM_OK && exact >= 0 && r.kind == EXM_NAME_UNKNOWN; exact--) {
        r = find_spelled(q, name, exact);
        if (r.kind == EXM_NAME_UNKNOWN) r = find_spelled(q, with.data, exact);
    }
    exm_buf_done(&with);
    if (s == EXM_OK) *ret = r;
    return s;
}

/* All parts of a joined name, when they are one. */
static exm_status
find_joined(const struct search *q, const char *name, exm_name *ret, exm_error *reterr)
{
    exm_name all = {0};

    for (const char *s = name; *s;) {
        const size_t n = strcspn(s, "/;|");
        exm_name one = {0};
        char *part = copy_part(s, n);
        exm_status st =
            part ? find_word(q, part, &one, reterr)
                 : exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the names of miRNAs");

        free(part);
        if (st != EXM_OK) return st;
        if (one.kind == EXM_NAME_UNKNOWN || (all.name && all.name != one.name))
            return EXM_OK;
        all = one;
        s += n + (s[n] != '\0');
    }
    *ret = all;
    return EXM_OK;
}

exm_status
exm_names_find(const exm_ref *ref, const char *const *names, size_t n, exm_name *ret,
               exm_error *reterr)
{
    struct search q = {.ref = ref};
    exm_status s = EXM_OK;

    if (!ref || (n > 0 && (!names || !ret)))
        return exm_fail(reterr, EXM_EINVAL, 0, "names: an argument is NULL");
    if (hairpins_make(ref, &q.hairpins))
        q.level = level_of(&q, names, n);
    else
        s = exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the names of hairpins");
    for (size_t i = 0; s == EXM_OK && i < n; i++) {
        exm_name r = {0};

        s = find_word(&q, names[i], &r, reterr);
        if (s == EXM_OK && r.kind == EXM_NAME_UNKNOWN && strpbrk(names[i], "/;|"))
            s = find_joined(&q, names[i], &r, reterr);
        ret[i] = r;
    }
    hairpins_done(&q.hairpins);
    return s;
}

/* ---- matrices ---- */

struct row {
    const char *name; /* to be */
    size_t at;        /* in the old matrix */
};

static int
by_new_name(const void *pa, const void *pb)
{
    const struct row *a = pa, *b = pb;
    const int c = strcmp(a->name, b->name);

    return c ? c : (a->at > b->at) - (a->at < b->at);
}

static size_t
choose_rows(const exm_matrix *m, const exm_name *found, int drop_unknown, struct row *v)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n_features; i++) {
        if (found[i].kind == EXM_NAME_UNKNOWN && drop_unknown) continue;
        v[n++] = (struct row){found[i].name ? found[i].name : m->features[i], i};
    }
    if (n > 0) qsort(v, n, sizeof *v, by_new_name);
    return n;
}

/* v[0..n) become one row: the sum of those that differ. */
static void
add_up(const exm_matrix *m, const struct row *v, size_t n, double *to)
{
    for (size_t i = 0; i < n; i++) {
        const double *y = m->y + v[i].at * m->n_samples;
        int seen = 0;

        for (size_t k = 0; k < i && !seen; k++)
            seen = memcmp(y, m->y + v[k].at * m->n_samples, m->n_samples * sizeof *y) == 0;
        for (size_t s = 0; !seen && s < m->n_samples; s++) to[s] += y[s];
    }
}

static size_t
same_name(const struct row *v, size_t n)
{
    size_t k = 1;

    while (k < n && strcmp(v[k].name, v[0].name) == 0) k++;
    return k;
}

static exm_status
build(const exm_matrix *m, const struct row *v, size_t n, exm_matrix *ret,
      exm_error *reterr)
{
    ret->features = calloc(n + 1, sizeof(char *));
    ret->samples = calloc(m->n_samples + 1, sizeof(char *));
    ret->y = calloc(n * m->n_samples + 1, sizeof *ret->y);
    if (!ret->features || !ret->samples || !ret->y)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu x %zu counts", n,
                        m->n_samples);
    for (; ret->n_samples < m->n_samples; ret->n_samples++) {
        ret->samples[ret->n_samples] = exm_text_dup(m->samples[ret->n_samples]);
        if (!ret->samples[ret->n_samples])
            return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for names of samples");
    }
    for (size_t i = 0; i < n;) {
        const size_t k = same_name(v + i, n - i);

        ret->features[ret->n_features] = exm_text_dup(v[i].name);
        if (!ret->features[ret->n_features])
            return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for names of features");
        add_up(m, v + i, k, ret->y + ret->n_features++ * m->n_samples);
        i += k;
    }
    return EXM_OK;
}

exm_status
exm_names_apply(const exm_matrix *m, const exm_name *found, int drop_unknown,
                exm_matrix **ret, exm_error *reterr)
{
    struct row *v;
    exm_matrix *r;
    size_t n, known = 0;
    exm_status s;

    if (!m || !found || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "names: an argument is NULL");
    for (size_t i = 0; i < m->n_features; i++) known += found[i].kind != EXM_NAME_UNKNOWN;
    if (known == 0)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "none of %zu names ('%.60s' ...) is in the reference: another "
                        "species, or not miRNAs?",
                        m->n_features, m->features[0]);
    v = calloc(m->n_features, sizeof *v);
    r = calloc(1, sizeof *r);
    if (v && r) {
        n = choose_rows(m, found, drop_unknown, v);
        s = build(m, v, n, r, reterr);
    } else {
        s = exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu names", m->n_features);
    }
    free(v);
    if (s == EXM_OK)
        *ret = r;
    else
        exm_matrix_free(r);
    return s;
}

void
exm_names_put_tsv(const exm_matrix *m, const exm_name *found, exm_buf *ret)
{
    exm_buf_puts(ret, "name\tkind\tbecomes\treads\n");
    for (size_t i = 0; i < m->n_features; i++) {
        double sum = 0.0;

        for (size_t s = 0; s < m->n_samples; s++) sum += m->y[i * m->n_samples + s];
        exm_buf_putf(ret, "%s\t%s\t%s\t", m->features[i], exm_names_kind(found[i].kind),
                     found[i].name ? found[i].name : "NA");
        exm_buf_put_fixed(ret, sum, 0);
        exm_buf_putc(ret, '\n');
    }
}
