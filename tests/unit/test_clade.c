/*
 * test_clade.c - tests of clade.h
 *
 * The verdict against one that is written down again from the header's words, on records of
 * chance; the limit against the Poisson distribution.
 */
#include "exomir/clade.h"
#include "exomir/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 40, LABELS = 7 };

static const char *const labels[LABELS] = {
    "nematodes", "nematodes:cbr", "nematodes:cel", "plants:ath",
    "rodents",   "rodents:mmu",   "several clades"};
static const char *const clades[] = {"nematodes", "plants", "rodents"};

static char text[LABELS][32];

static int
set_up(void **state)
{
    (void) state;
    for (int i = 0; i < LABELS; i++)
        (void) snprintf(text[i], sizeof text[i], "%s", labels[i]);
    return 0;
}

/* Traces of label l and group g, with reads. */
struct three {
    int label;
    uint32_t group;
    uint64_t reads;
};

static exm_clade_verdict
judge(const struct three *v, size_t n, uint64_t kept)
{
    static char mirna[] = "x";
    struct exm_record_trace trace[MOST];
    exm_record r = {.traces = trace, .n_traces = n, .foreign_in_reference = 1};
    exm_clade_verdict ret;

    r.fate[EXM_FATE_KEPT] = kept;
    for (size_t i = 0; i < n; i++)
        trace[i] = (struct exm_record_trace){.clade = text[v[i].label],
                                             .mirna = mirna,
                                             .group = v[i].group,
                                             .reads = v[i].reads};
    exm_clade_judge(&r, &ret);
    return ret;
}

/* ---- the definition again ---- */

static void
by_definition(const struct three *v, size_t n, const char *clade, exm_clade_verdict *ret)
{
    uint64_t of_group[16] = {0}, top = 0;

    *ret = (exm_clade_verdict){0};
    for (size_t i = 0; i < n; i++)
        if (strncmp(labels[v[i].label], clade, strlen(clade)) == 0)
            of_group[v[i].group] += v[i].reads;
    for (int g = 0; g < 16; g++) {
        ret->reads += of_group[g];
        ret->mirnas += of_group[g] > 0;
        if (of_group[g] > top) top = of_group[g];
    }
    ret->evidence = ret->reads - top;
}

static void
verdicts_are_those_of_the_definition(void **state)
{
    exm_rng rng;
    unsigned found = 0, none = 0, split = 0;

    (void) state;
    exm_rng_init(&rng, 11, 0);
    for (int turn = 0; turn < 20000; turn++) {
        struct three v[MOST];
        size_t n = 0;
        const uint64_t kept = exm_rng_below(&rng, 200000);
        exm_clade_verdict got, want, best = {0};
        const char *name = "";

        for (int l = 0; l < LABELS; l++)
            for (uint64_t k = exm_rng_below(&rng, 4); k > 0; k--)
                v[n++] = (struct three){.label = l,
                                        .group = (uint32_t) exm_rng_below(&rng, 16),
                                        .reads = 1 + exm_rng_below(&rng, 12)};
        got = judge(v, n, kept);
        for (int c = 0; c < 3; c++) {
            by_definition(v, n, clades[c], &want);
            if (want.reads == 0 || (name[0] && want.evidence <= best.evidence)) continue;
            best = want;
            name = clades[c];
        }
        assert_int_equal(got.reads, best.reads);
        assert_int_equal(got.mirnas, best.mirnas);
        assert_int_equal(got.evidence, best.evidence);
        assert_string_equal(got.name, name);
        assert_int_equal(strncmp(got.label, name, strlen(name)), 0);
        assert_int_equal(got.found, (double) got.evidence > got.limit);
        found += (unsigned) got.found;
        none += got.reads == 0;
        split += strcmp(got.label, got.name) != 0;
    }
    assert_true(found > 2000 && none > 0 && split > 1000);
}

/* ---- single cases ---- */

static void
one_mirna_alone_is_no_evidence(void **state)
{
    const struct three spike[] = {{2, 5, 100000}};
    /* The same miRNA under the clade's and the species' label. */
    const struct three twice[] = {{0, 5, 50000}, {2, 5, 50000}};
    const struct three two[] = {{2, 5, 100000}, {2, 6, 30}};
    exm_clade_verdict v = judge(spike, 1, 200000);

    (void) state;
    assert_true(!v.found && v.evidence == 0 && v.reads == 100000 && v.mirnas == 1);
    assert_string_equal(v.label, "nematodes:cel");
    v = judge(twice, 2, 200000);
    assert_true(!v.found && v.evidence == 0 && v.mirnas == 1);
    v = judge(two, 2, 200000); /* 20 + 3.72 * 4.47 + 3 = 39.6 */
    assert_true(!v.found && v.evidence == 30);
    v = judge(two, 2, 100000); /* 10 + 3.72 * 3.16 + 3 = 24.8 */
    assert_true(v.found);
}

static void
species_are_named_where_half_the_reads_are_theirs(void **state)
{
    struct three v[] = {{0, 1, 10}, {1, 2, 10}, {2, 3, 20}};

    (void) state;
    assert_string_equal(judge(v, 3, 100).label, "nematodes:cel");
    v[0].reads = 11;
    assert_string_equal(judge(v, 3, 100).label, "nematodes");
    assert_string_equal(judge(v, 3, 100).name, "nematodes");
}

static void
several_clades_speak_for_none(void **state)
{
    const struct three v[] = {{6, 1, 5000}, {6, 2, 5000}};
    const exm_clade_verdict x = judge(v, 2, 10000);

    (void) state;
    assert_true(x.traced && !x.found && x.reads == 0);
    assert_string_equal(x.label, "");
}

static void
without_foreign_20mers_nothing_is_traced(void **state)
{
    exm_record r = {0};
    exm_clade_verdict v;

    (void) state;
    exm_clade_judge(&r, &v);
    assert_true(!v.traced && !v.found && isnan(v.share));
}

/* ---- the limit ---- */

/* The least k with P(X > k) <= 1e-4 for a Poisson count of this mean. */
static int
poisson_quantile(double mean)
{
    double p = exp(-mean), below = p;
    int k = 0;

    while (1.0 - below > 1e-4) {
        p *= mean / ++k;
        below += p;
    }
    return k;
}

static void
the_limit_is_a_poisson_quantile(void **state)
{
    static const struct three none[] = {{0, 1, 1}};

    (void) state;
    for (double mean = 0.1; mean <= 700.0; mean *= 1.01) {
        const uint64_t kept = (uint64_t) (mean * 1e4);
        const double more =
            floor(judge(none, 1, kept).limit) - poisson_quantile(1e-4 * (double) kept);

        if (more < 0.0 || more > 2.0) fail_msg("%g above the quantile of %g", more, mean);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_are_those_of_the_definition),
        cmocka_unit_test(one_mirna_alone_is_no_evidence),
        cmocka_unit_test(species_are_named_where_half_the_reads_are_theirs),
        cmocka_unit_test(several_clades_speak_for_none),
        cmocka_unit_test(without_foreign_20mers_nothing_is_traced),
        cmocka_unit_test(the_limit_is_a_poisson_quantile),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
