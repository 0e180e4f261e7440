/*
 * isomir_table.c - sort a sample's isomiRs by feature, length and sequence.
 *
 * Workload: 10^4 to 10^7 entries over at most a few thousand features.  One in-place
 * radix pass by entity (American flag: every entry is moved at most once), then the
 * stretch of each is sorted on its own, several in parallel.  Entities and the record's
 * features are both sorted by name, so the list is in the features' order, too.
 */
#include "isomir_table.h"

#include "packed.h"

#include <stdlib.h>
#include <string.h>

static int
by_length_then_letters(const void *pa, const void *pb)
{
    const exm_record_isomir *a = pa, *b = pb;

    return exm_packed_order(a->lo, a->hi, b->lo, b->hi);
}

static size_t
close_gaps(exm_record_isomir *v, const uint32_t *used, size_t n_tasks, size_t stretch)
{
    size_t n = 0;

    for (size_t i = 0; i < n_tasks; i++) {
        memmove(v + n, v + i * stretch, used[i] * sizeof *v);
        n += used[i];
    }
    return n;
}

/* Swaps every entry into the stretch of its feature; next[f] is the first unfilled place. */
static void
flag_pass(exm_record_isomir *v, const size_t *start, size_t *next, size_t n_features)
{
    for (size_t f = 0; f < n_features; f++) {
        while (next[f] < start[f + 1]) {
            exm_record_isomir x = v[next[f]];

            while (x.feature != f) {
                const exm_record_isomir y = v[next[x.feature]];

                v[next[x.feature]++] = x;
                x = y;
            }
            v[next[f]++] = x;
        }
    }
}

/* position[entity] among the record's features; class 0 comes first there. */
static int
map_features(const exm_record *rec, const exm_ref *ref, uint32_t *position)
{
    const uint32_t n = exm_ref_n_entities(ref);
    size_t f = 0;

    /* Both lists are sorted by name, so one walk joins them. */
    for (uint32_t e = 0; e < n; e++) {
        position[e] = UINT32_MAX;
        if (f < rec->n_features && rec->features[f].class_id == 0 &&
            strcmp(rec->features[f].name, exm_ref_entity_get(ref, e)->name) == 0)
            position[e] = (uint32_t) f++;
    }
    return f == rec->n_features || rec->features[f].class_id != 0;
}

static char *
copy_of(const char *s)
{
    const size_t n = strlen(s) + 1;
    char *p = malloc(n);

    return p ? memcpy(p, s, n) : NULL;
}

/* Bases of the mature's own hairpin that are A, from its end on (record.h). */
static uint32_t
a_behind(const exm_ref *ref, const exm_ref_mature *m)
{
    const exm_ref_template *t = exm_ref_template_get(ref, m->template_id);
    const int64_t end = (int64_t) m->start + m->len;
    uint32_t bits = 0;

    for (int d3 = EXM_A_BEHIND_FROM; d3 <= EXM_A_BEHIND_TO; d3++) {
        const int64_t at = end + d3;
        uint64_t p, other;

        if (at < 0 || at >= (int64_t) t->len) continue;
        p = t->start + (uint64_t) at;
        other = exm_ref_plane_lo(ref)[p >> 6] | exm_ref_plane_hi(ref)[p >> 6] |
                exm_ref_plane_no(ref)[p >> 6];
        if (!(other >> (p & 63) & 1)) bits |= (uint32_t) 1 << (d3 - EXM_A_BEHIND_FROM);
    }
    return bits;
}

/* The mature's own hairpin, for which 'start' holds, then every other one on which the
 * entity lies under this name. */
static exm_status
put_mature(const exm_ref *ref, uint32_t id, exm_record_mature *to, exm_error *reterr)
{
    const exm_ref_mature *m = exm_ref_mature_get(ref, id);
    const exm_ref_entity *e = exm_ref_entity_get(ref, m->entity);
    const uint32_t *ids = exm_ref_entity_matures(ref) + e->first_mature_ref;
    uint32_t last = m->template_id;
    exm_buf b = {0};
    exm_status st;

    exm_buf_puts(&b, exm_ref_template_get(ref, m->template_id)->name);
    for (uint32_t i = 0; i < e->n_mature_refs; i++) {
        const exm_ref_mature *other = exm_ref_mature_get(ref, ids[i]);

        if (other->template_id == m->template_id || other->template_id == last ||
            strcmp(other->name, m->name) != 0)
            continue;
        last = other->template_id; /* two places on one hairpin stand together */
        exm_buf_putc(&b, ',');
        exm_buf_puts(&b, exm_ref_template_get(ref, last)->name);
    }
    st = exm_buf_check(&b, reterr);
    if (st != EXM_OK) {
        exm_buf_done(&b);
        return st;
    }
    to->hairpins = b.data;
    to->name = copy_of(m->name);
    to->start = m->start;
    to->len = m->len;
    to->a_behind = a_behind(ref, m);
    if (!to->name || !to->hairpins)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the record's matures");
    return EXM_OK;
}

/* The matures that name any isomiR, in the bundle's order; isomiRs are renumbered. */
static exm_status
fill_matures(exm_record *rec, const exm_ref *ref, exm_error *reterr)
{
    const uint32_t n = exm_ref_n_matures(ref);
    uint32_t *position = calloc(n + 1U, sizeof *position);
    size_t used = 0;
    exm_status st = EXM_OK;

    if (!position)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the record's matures");
    for (size_t i = 0; i < rec->n_isomirs; i++) position[rec->isomirs[i].mature] = 1;
    for (uint32_t m = 0; m < n; m++) used += position[m];
    rec->matures = calloc(used + 1, sizeof *rec->matures);
    if (!rec->matures)
        st = exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the record's matures");
    for (uint32_t m = 0; st == EXM_OK && m < n; m++) {
        if (!position[m]) continue;
        position[m] = (uint32_t) rec->n_matures;
        st = put_mature(ref, m, rec->matures + rec->n_matures++, reterr);
    }
    for (size_t i = 0; st == EXM_OK && i < rec->n_isomirs; i++)
        rec->isomirs[i].mature = position[rec->isomirs[i].mature];
    free(position);
    return st;
}

exm_status
exm_isomir_table_group(exm_record *rec, const uint32_t *used, size_t n_tasks,
                       size_t stretch, size_t n_entities, size_t *start, exm_error *reterr)
{
    size_t *next = calloc(n_entities + 1, sizeof *next);
    exm_record_isomir *smaller;

    if (!next) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to sort isomiRs");
    rec->n_isomirs = close_gaps(rec->isomirs, used, n_tasks, stretch);
    smaller = realloc(rec->isomirs, (rec->n_isomirs + 1) * sizeof *smaller);
    if (smaller) rec->isomirs = smaller; /* else the larger block serves as well */
    memset(start, 0, (n_entities + 1) * sizeof *start);
    for (size_t i = 0; i < rec->n_isomirs; i++) start[rec->isomirs[i].feature + 1]++;
    for (size_t f = 0; f < n_entities; f++) start[f + 1] += start[f];
    memcpy(next, start, n_entities * sizeof *next);
    flag_pass(rec->isomirs, start, next, n_entities);
    free(next);
    return EXM_OK;
}

void
exm_isomir_table_sort(exm_record *rec, const size_t *start, size_t entity)
{
    const size_t n = start[entity + 1] - start[entity];

    if (n > 1)
        qsort(rec->isomirs + start[entity], n, sizeof *rec->isomirs,
              by_length_then_letters);
}

exm_status
exm_isomir_table_number(exm_record *rec, const exm_ref *ref, exm_error *reterr)
{
    uint32_t *position = calloc(exm_ref_n_entities(ref) + 1U, sizeof *position);
    exm_status st = EXM_OK;

    if (!position) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to number isomiRs");
    if (!map_features(rec, ref, position))
        st = exm_fail(reterr, EXM_EINVAL, 0, "features and entities are out of order");
    for (size_t i = 0; st == EXM_OK && i < rec->n_isomirs; i++)
        rec->isomirs[i].feature = position[rec->isomirs[i].feature];
    free(position);
    return st == EXM_OK ? fill_matures(rec, ref, reterr) : st;
}
