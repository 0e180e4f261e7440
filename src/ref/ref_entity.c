/*
 * ref_entity.c - identical templates become one, identical matures become one entity.
 *
 * Everything is sorted by name, so the order of entries in the files does not show.
 */
#include "ref_draft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- joined names ---- */

/* The words of v, each once, in byte order, joined by '/'. Words of length 0 are skipped. */
static const char *
join(exm_draft *d, exm_key *v, size_t n)
{
    exm_buf b = {0};

    exm_keys_sort(v, n);
    for (size_t i = 0; i < n; i++) {
        if (v[i].key[0] == '\0' || (i > 0 && strcmp(v[i - 1].key, v[i].key) == 0)) continue;
        if (b.len > 0) exm_buf_putc(&b, '/');
        exm_buf_puts(&b, v[i].key);
    }
    return exm_draft_keep_buf(d, &b);
}

/* ---- templates ---- */

struct order {
    const exm_draft_template *t;
    uint32_t id; /* before the merge */
};

static int
by_class_and_seq(const void *pa, const void *pb)
{
    const struct order *a = pa, *b = pb;
    int c = (a->t->class_id > b->t->class_id) - (a->t->class_id < b->t->class_id);

    if (c == 0) c = (a->t->len > b->t->len) - (a->t->len < b->t->len);
    if (c == 0) c = memcmp(a->t->seq, b->t->seq, a->t->len);
    if (c == 0) c = (a->t->junction > b->t->junction) - (a->t->junction < b->t->junction);
    if (c == 0) c = strcmp(a->t->name, b->t->name);
    return c ? c : (a->id > b->id) - (a->id < b->id);
}

static int
by_class_and_name(const void *pa, const void *pb)
{
    const struct order *a = pa, *b = pb;
    int c = (a->t->class_id > b->t->class_id) - (a->t->class_id < b->t->class_id);

    if (c == 0) c = strcmp(a->t->name, b->t->name);
    return c ? c : (a->id > b->id) - (a->id < b->id);
}

static int
is_twin(const struct order *a, const struct order *b)
{
    return a->t->class_id == b->t->class_id && a->t->len == b->t->len &&
           a->t->junction == b->t->junction && memcmp(a->t->seq, b->t->seq, a->t->len) == 0;
}

/* v[0..n) have one sequence: the first takes the names, accessions and amounts of all. */
static exm_status
merge_twins(exm_draft *d, const struct order *v, size_t n, exm_key *keys, exm_error *reterr)
{
    exm_draft_template *t = &d->template[v[0].id];
    double amount = 0.0;

    for (size_t i = 0; i < n; i++) {
        keys[i] = (exm_key){.key = v[i].t->accession};
        amount += v[i].t->amount;
    }
    t->accession = join(d, keys, n);
    for (size_t i = 0; i < n; i++) keys[i] = (exm_key){.key = v[i].t->name};
    t->name = join(d, keys, n);
    t->amount = amount; /* reads of twins cannot be told apart; NaN when one is unknown */
    return t->name && t->accession ? EXM_OK : exm_draft_no_memory(reterr);
}

struct merging {
    struct order *v;
    exm_key *keys;
    exm_draft_template *sorted;
    uint32_t *to; /* new number of each old template */
};

static exm_status
merge_into(exm_draft *d, struct merging *m, exm_error *reterr)
{
    const size_t n = d->n_templates;
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) m->v[i] = (struct order){&d->template[i], (uint32_t) i};
    qsort(m->v, n, sizeof *m->v, by_class_and_seq);
    for (size_t i = 0, k; i < n; i = k) {
        for (k = i + 1; k < n && is_twin(&m->v[i], &m->v[k]); k++) {
        }
        if (k > i + 1) {
            const exm_status s = merge_twins(d, m->v + i, k - i, m->keys, reterr);

            if (s != EXM_OK) return s;
        }
        d->log.merged_templates += (uint32_t) (k - i - 1);
        for (size_t j = i; j < k; j++) m->to[m->v[j].id] = m->v[i].id;
        m->v[kept++] = m->v[i];
    }
    qsort(m->v, kept, sizeof *m->v, by_class_and_name);
    for (size_t i = 0; i < kept; i++) m->sorted[i] = *m->v[i].t;
    /* 'to' holds the survivor's old number; it becomes the survivor's place in 'sorted'. */
    for (size_t i = 0; i < kept; i++) m->keys[m->v[i].id].value = (uint32_t) i;
    for (size_t i = 0; i < n; i++) m->to[i] = m->keys[m->to[i]].value;
    memcpy(d->template, m->sorted, kept * sizeof *m->sorted);
    d->n_templates = kept;
    for (size_t i = 0; i < d->n_matures; i++)
        d->mature[i].template_id = m->to[d->mature[i].template_id];
    for (size_t i = 0; i < d->n_loci; i++)
        d->locus[i].template_id = m->to[d->locus[i].template_id];
    return EXM_OK;
}

static exm_status
merge_templates(exm_draft *d, exm_error *reterr)
{
    const size_t n = d->n_templates + 1;
    struct merging m = {.v = calloc(n, sizeof *m.v),
                        .keys = calloc(n, sizeof *m.keys),
                        .sorted = calloc(n, sizeof *m.sorted),
                        .to = calloc(n, sizeof *m.to)};
    exm_status s;

    if (m.v && m.keys && m.sorted && m.to)
        s = merge_into(d, &m, reterr);
    else
        s = exm_draft_no_memory(reterr);
    free(m.v);
    free(m.keys);
    free(m.sorted);
    free(m.to);
    return s;
}

/* ---- entities ---- */

static int
by_entity_name(const void *pa, const void *pb)
{
    return strcmp(((const exm_draft_entity *) pa)->name,
                  ((const exm_draft_entity *) pb)->name);
}

static exm_status
form_entities(exm_draft *d, exm_key *by_seq, exm_key *names, exm_error *reterr)
{
    const size_t n = d->n_matures;

    for (size_t i = 0; i < n; i++)
        by_seq[i] = (exm_key){.key = d->mature[i].seq, .value = (uint32_t) i};
    exm_keys_sort(by_seq, n);
    for (size_t i = 0, k; i < n; i = k) {
        exm_draft_entity *e = &d->entity[d->n_entities++];

        for (k = i; k < n && strcmp(by_seq[i].key, by_seq[k].key) == 0; k++)
            names[k - i] = (exm_key){.key = d->mature[by_seq[k].value].name};
        *e = (exm_draft_entity){.name = join(d, names, k - i),
                                .seq = by_seq[i].key,
                                .aliases = "",
                                .len = d->mature[by_seq[i].value].len};
        if (!e->name) return exm_draft_no_memory(reterr);
    }
    qsort(d->entity, d->n_entities, sizeof *d->entity, by_entity_name);
    for (size_t i = 1; i < d->n_entities; i++)
        if (strcmp(d->entity[i - 1].name, d->entity[i].name) == 0)
            return exm_fail(reterr, EXM_EDATA, i,
                            "two different mature sequences are named '%.80s': rename one",
                            d->entity[i].name);
    for (size_t i = 0; i < d->n_entities; i++)
        names[i] = (exm_key){.key = d->entity[i].seq, .value = (uint32_t) i};
    exm_keys_sort(names, d->n_entities);
    for (size_t i = 0; i < n; i++)
        d->mature[i].entity =
            names[exm_keys_find(names, d->n_entities, d->mature[i].seq)].value;
    d->log.entities = (uint32_t) d->n_entities;
    return EXM_OK;
}

/* ---- places ---- */

static int
by_place(const void *pa, const void *pb)
{
    const exm_draft_mature *a = pa, *b = pb;
    int c = (a->template_id > b->template_id) - (a->template_id < b->template_id);

    if (c == 0) c = (a->start > b->start) - (a->start < b->start);
    if (c == 0) c = (a->len > b->len) - (a->len < b->len);
    return c ? c : strcmp(a->name, b->name);
}

static int
is_same_place(const exm_draft_mature *a, const exm_draft_mature *b)
{
    return a->template_id == b->template_id && a->start == b->start && a->len == b->len;
}

/* One mature per place: twins of merged hairpins fall together, other names are joined. */
static exm_status
merge_places(exm_draft *d, exm_key *keys, exm_error *reterr)
{
    const size_t n = d->n_matures;
    size_t kept = 0;

    if (n > 0) qsort(d->mature, n, sizeof *d->mature, by_place);
    for (size_t i = 0, k; i < n; i = k) {
        exm_draft_mature m = d->mature[i];

        for (k = i; k < n && is_same_place(&m, &d->mature[k]); k++) {
            keys[k - i] = (exm_key){.key = d->mature[k].accession};
            if (d->mature[k].arm != m.arm) m.arm = 0; /* the names disagree */
        }
        if (k > i + 1) {
            m.accession = join(d, keys, k - i);
            for (size_t j = i; j < k; j++)
                keys[j - i] = (exm_key){.key = d->mature[j].name};
            m.name = join(d, keys, k - i);
            if (!m.name || !m.accession) return exm_draft_no_memory(reterr);
        }
        d->mature[kept++] = m;
        d->entity[m.entity].n_matures++;
    }
    d->n_matures = kept;
    return EXM_OK;
}

exm_status
exm_draft_merge(exm_draft *d, exm_error *reterr)
{
    const size_t n = d->n_matures + 1;
    exm_key *a = calloc(n, sizeof *a), *b = calloc(n, sizeof *b);
    exm_status s;

    d->entity = calloc(n, sizeof *d->entity);
    s = a && b && d->entity ? merge_templates(d, reterr) : exm_draft_no_memory(reterr);
    if (s == EXM_OK) s = form_entities(d, a, b, reterr);
    if (s == EXM_OK) s = merge_places(d, a, reterr);
    free(a);
    free(b);
    return s;
}
