/*
 * clade.c - the verdict on foreign miRNAs.
 *
 * Workload: some tens to some thousands of traces per sample, in order of their labels, so the
 * labels of a clade ("rodents", "rodents:mmu") stand together.  One miRNA may have
 * traces under several of them: they are added up by its group.
 */
#include "exomir/clade.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double background = 1e-4; /* b */
static const double quantile = 3.72;   /* of the normal distribution at 1 - 1e-4 */
static const double spare = 3.0;

/* Length of the clade in "clade:species". */
static size_t
clade_len(const char *label)
{
    return strcspn(label, ":");
}

static int
same_clade(const char *a, const char *b)
{
    return clade_len(a) == clade_len(b) && memcmp(a, b, clade_len(a)) == 0;
}

/* Reads of the group of t[i] within t[0..n); 0 when an earlier one is of the group. */
static uint64_t
group_reads(const struct exm_record_trace *t, size_t n, size_t i)
{
    uint64_t reads = 0;

    for (size_t k = 0; k < n; k++) {
        if (t[k].group != t[i].group) continue;
        if (k < i) return 0;
        reads += t[k].reads;
    }
    return reads;
}

/* The species of half the reads or more, if there is one, behind the clade. */
static void
put_label(const struct exm_record_trace *t, size_t n, exm_clade_verdict *v)
{
    (void) snprintf(v->label, sizeof v->label, "%s", v->name);
    for (size_t i = 0; i < n;) {
        const char *label = t[i].clade;
        uint64_t reads = 0;

        for (; i < n && strcmp(t[i].clade, label) == 0; i++) reads += t[i].reads;
        if (label[clade_len(label)] == ':' && 2 * reads >= v->reads)
            (void) snprintf(v->label, sizeof v->label, "%s", label);
    }
}

static void
judge_one(const struct exm_record_trace *t, size_t n, exm_clade_verdict *best)
{
    exm_clade_verdict v = *best;
    uint64_t top = 0;

    v.reads = 0;
    v.mirnas = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t reads = group_reads(t, n, i);

        v.reads += reads;
        v.mirnas += reads > 0;
        if (reads > top) top = reads;
    }
    v.evidence = v.reads - top;
    if (best->name[0] && v.evidence <= best->evidence) return;
    (void) snprintf(v.name, sizeof v.name, "%.*s", (int) clade_len(t->clade), t->clade);
    put_label(t, n, &v);
    *best = v;
}

void
exm_clade_judge(const exm_record *r, exm_clade_verdict *ret)
{
    const double kept = (double) r->fate[EXM_FATE_KEPT], mean = background * kept;
    exm_clade_verdict v = {.traced = r->foreign_in_reference > 0};

    for (size_t i = 0, k; i < r->n_traces; i = k) {
        for (k = i; k < r->n_traces && same_clade(r->traces[i].clade, r->traces[k].clade);
             k++) {
        }
        if (strcmp(r->traces[i].clade, "several clades") != 0)
            judge_one(r->traces + i, k - i, &v);
    }
    v.limit = mean + quantile * sqrt(mean) + spare;
    v.share = kept > 0.0 ? 100.0 * (double) v.reads / kept : (double) NAN;
    v.found = (double) v.evidence > v.limit;
    *ret = v;
}
