/*
 * trace_table.c - a record's miRNAs of other species, by clade, and the sums of the clades.
 *
 * Workload: some thousand foreign miRNAs of the bundle, of which a sample has a handful.
 */
#include "trace_table.h"

#include <stdlib.h>
#include <string.h>

static char *
copy_of(const char *s)
{
    const size_t n = strlen(s) + 1;
    char *p = malloc(n);

    if (p) memcpy(p, s, n);
    return p;
}

static int
by_clade_then_mirna(const void *pa, const void *pb)
{
    const struct exm_record_trace *a = pa, *b = pb;
    const int c = strcmp(a->clade, b->clade);

    if (c == 0 && strcmp(a->mirna, b->mirna) == 0)
        return (a->group > b->group) - (a->group < b->group);
    return c ? c : strcmp(a->mirna, b->mirna);
}

static exm_status
fill_traces(const uint64_t *reads, const exm_ref *ref, exm_record *rec, exm_error *reterr)
{
    const uint32_t n = exm_ref_n_foreign(ref);
    size_t used = 0;

    for (uint32_t i = 0; i < n; i++) used += reads[i] > 0;
    rec->traces = calloc(used + 1, sizeof *rec->traces);
    if (!rec->traces) goto no_memory;
    for (uint32_t i = 0; i < n; i++) {
        const exm_ref_foreign f = exm_ref_foreign_get(ref, i);
        struct exm_record_trace *to = rec->traces + rec->n_traces;

        if (reads[i] == 0) continue;
        to->clade = copy_of(exm_ref_clade_name(ref, f.clade));
        to->mirna = copy_of(f.name);
        to->group = f.group;
        to->reads = reads[i];
        rec->n_traces++;
        if (!to->clade || !to->mirna) goto no_memory;
    }
    qsort(rec->traces, rec->n_traces, sizeof *rec->traces, by_clade_then_mirna);
    return EXM_OK;
no_memory:
    return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the record's foreign miRNAs");
}

static int
by_reads_then_name(const void *pa, const void *pb)
{
    const struct exm_record_clade *a = pa, *b = pb;

    if (a->reads != b->reads) return a->reads > b->reads ? -1 : 1;
    return strcmp(a->name, b->name);
}

static exm_status
fill_clades(exm_record *rec, exm_error *reterr)
{
    rec->clades = calloc(rec->n_traces + 1, sizeof *rec->clades);
    if (!rec->clades) goto no_memory;
    for (size_t i = 0; i < rec->n_traces; i++) {
        const struct exm_record_trace *t = rec->traces + i;

        if (i == 0 || strcmp(t[-1].clade, t->clade) != 0) {
            rec->clades[rec->n_clades].name = copy_of(t->clade);
            if (!rec->clades[rec->n_clades].name) goto no_memory;
            rec->n_clades++;
        }
        rec->clades[rec->n_clades - 1].reads += t->reads;
    }
    qsort(rec->clades, rec->n_clades, sizeof *rec->clades, by_reads_then_name);
    return EXM_OK;
no_memory:
    return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the record's clades");
}

exm_status
exm_trace_table_fill(exm_record *rec, const uint64_t *reads, const exm_ref *ref,
                     exm_error *reterr)
{
    const exm_status st = fill_traces(reads, ref, rec, reterr);

    return st == EXM_OK ? fill_clades(rec, reterr) : st;
}
