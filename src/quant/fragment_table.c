/*
 * fragment_table.c - a sample's tRNA fragments, sorted by type, tRNA, length and sequence.
 *
 * Workload: 10^3 to 10^6 unique reads, a tenth of the isomiRs or less: one list and one sort.
 */
#include "fragment_table.h"

#include "packed.h"

#include <stdlib.h>
#include <string.h>

exm_status
exm_fragment_list_add(exm_fragment_list *l, const exm_record_fragment *x, exm_error *reterr)
{
    if (l->n == l->cap) {
        const size_t cap = l->cap ? l->cap * 2 : 256;
        exm_record_fragment *v = realloc(l->v, cap * sizeof *v);

        if (!v) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for tRNA fragments");
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n++] = *x;
    return EXM_OK;
}

exm_status
exm_fragment_list_merge(exm_fragment_list *to, const exm_fragment_list *from,
                        exm_error *reterr)
{
    exm_status st = EXM_OK;

    for (size_t i = 0; st == EXM_OK && i < from->n; i++)
        st = exm_fragment_list_add(to, from->v + i, reterr);
    return st;
}

void
exm_fragment_list_done(exm_fragment_list *l)
{
    free(l->v);
    *l = (exm_fragment_list){0};
}

static int
by_place_in_table(const void *pa, const void *pb)
{
    const exm_record_fragment *a = pa, *b = pb;

    if (a->type != b->type) return a->type < b->type ? -1 : 1;
    if (a->feature != b->feature) return a->feature < b->feature ? -1 : 1;
    return exm_packed_order(a->lo, a->hi, b->lo, b->hi);
}

/* position[template] among the record's features: both are sorted by class, then name. */
static void
map_templates(const exm_record *rec, const exm_ref *ref, uint32_t *position)
{
    size_t f = 0;

    while (f < rec->n_features && rec->features[f].class_id == 0) f++;
    for (uint32_t t = 0; t < exm_ref_n_templates(ref); t++) {
        const exm_ref_template *x = exm_ref_template_get(ref, t);

        position[t] = UINT32_MAX;
        if (x->class_id > 0 && f < rec->n_features &&
            rec->features[f].class_id == x->class_id &&
            strcmp(rec->features[f].name, x->name) == 0)
            position[t] = (uint32_t) f++;
    }
}

exm_status
exm_fragment_table_fill(exm_record *rec, exm_fragment_list *l, const exm_ref *ref,
                        exm_error *reterr)
{
    uint32_t *position = calloc(exm_ref_n_templates(ref) + 1U, sizeof *position);

    if (!position) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for tRNA fragments");
    map_templates(rec, ref, position);
    for (size_t i = 0; i < l->n; i++) {
        l->v[i].feature = position[l->v[i].feature];
        if (l->v[i].feature == UINT32_MAX) {
            free(position);
            return exm_fail(reterr, EXM_EINVAL, i,
                            "features and templates are out of order");
        }
    }
    free(position);
    if (l->n > 1) qsort(l->v, l->n, sizeof *l->v, by_place_in_table);
    rec->fragments = l->v;
    rec->n_fragments = l->n;
    *l = (exm_fragment_list){0};
    return EXM_OK;
}
