/*
 * test_qc.c - tests of exomir/qc.h
 *
 * Every limit just below, at, and just above; what a record does not hold is not computed;
 * words agree with numbers, and no locale shows.
 */
#include "comma.h"
#include "exomir/qc.h"
#include "make_record.h"
#include "oom.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A sample of whose every number is well within its limits: 200,000 reads. */
static exm_record *
good_record(void)
{
    exm_record *r = make_record(
        &(record_shape){
            .sample = "S", .n_classes = 5, .n_mirnas = 300, .scale = 50, .umi_len = 12},
        3);

    r->classes[1].kind = EXM_KIND_SPIKE;
    r->classes[2].kind = EXM_KIND_ARTIFACT;
    memset(r->fate, 0, sizeof r->fate);
    memset(r->len_kept, 0, sizeof r->len_kept);
    r->reads_in = 200000;
    r->fate[EXM_FATE_KEPT] = 180000;
    r->fate[EXM_FATE_DIMER] = 20000;
    r->adapter_found = 190000;
    for (size_t c = 0; c < 5; c++)
        memset(&r->classes[c].em, 0, sizeof r->classes[c].em),
            r->classes[c].shared_within = r->classes[c].shared_between = 0;
    r->classes[0].em[0] = 120000;
    r->classes[1].em[0] = 5000;
    r->classes[2].em[0] = 1000;
    r->classes[3].em[0] = 24000;
    r->annotated = 150000;
    r->unannotated = 29990;
    r->foreign = 10;
    r->len_kept[22] = 160000;
    r->len_kept[30] = 20000;
    r->unique_reads = 9000;
    r->top5_reads = 90000;
    r->molecules = 90000;
    r->bases = 10000000;
    r->bases_q30 = 9000000;
    r->mirnas_in_reference = 1000;
    r->error_rate = 0.001;
    return r;
}

static const exm_qc_item *
item(const exm_qc *q, const char *id)
{
    for (size_t i = 0; i < q->n; i++)
        if (strcmp(q->item[i].id, id) == 0) return q->item + i;
    fail_msg("no item '%s'", id);
    return NULL;
}

static void
assert_item(const exm_record *r, const char *id, double value, exm_verdict want)
{
    exm_qc q;
    const exm_qc_item *x;

    exm_qc_sample(r, &q);
    x = item(&q, id);
    if (!(fabs(x->value - value) < 1e-9 * (1.0 + fabs(value))) || x->verdict != want)
        fail_msg("%s: %.17g is '%s', expected %.17g '%s'", id, x->value,
                 exm_verdict_name(x->verdict), value, exm_verdict_name(want));
    assert_true(strlen(x->reason) > 0 && strlen(x->reason) < sizeof x->reason - 1);
}

/* ---- limits ---- */

static void
set_detected(exm_record *r, uint64_t n)
{
    for (size_t i = 0; i < r->n_features; i++) r->features[i].em[0] = i < n ? 5 : 0;
}

static void
the_five_warnings_of_mirtrace_begin_below_their_limits(void **state)
{
    exm_record *r = good_record();

    (void) state;
    r->bases = 1000;
    r->bases_q30 = 499;
    assert_item(r, "mirtrace_quality", 49.9, EXM_VERDICT_WARN);
    r->bases_q30 = 500;
    assert_item(r, "mirtrace_quality", 50.0, EXM_VERDICT_PASS);
    r->bases_q30 = 501;
    assert_item(r, "mirtrace_quality", 50.1, EXM_VERDICT_PASS);

    r->reads_in = 1000;
    for (size_t k = 19; k <= 26; k++) r->len_kept[k] = 0;
    r->len_kept[19] = r->len_kept[26] = 900; /* outside of 20-25 */
    r->len_kept[20] = 100;
    r->len_kept[25] = 149;
    assert_item(r, "mirtrace_length", 24.9, EXM_VERDICT_WARN);
    r->len_kept[25] = 150;
    assert_item(r, "mirtrace_length", 25.0, EXM_VERDICT_PASS);
    r->len_kept[22] = 1;
    assert_item(r, "mirtrace_length", 25.1, EXM_VERDICT_PASS);

    r->fate[EXM_FATE_KEPT] = 249;
    assert_item(r, "mirtrace_passed", 24.9, EXM_VERDICT_WARN);
    r->fate[EXM_FATE_KEPT] = 250;
    assert_item(r, "mirtrace_passed", 25.0, EXM_VERDICT_PASS);
    r->fate[EXM_FATE_KEPT] = 251;
    assert_item(r, "mirtrace_passed", 25.1, EXM_VERDICT_PASS);

    r->fate[EXM_FATE_KEPT] = 1000;
    r->classes[0].em[0] = 99;
    assert_item(r, "mirtrace_mirna", 9.9, EXM_VERDICT_WARN);
    r->classes[0].em[0] = 100;
    assert_item(r, "mirtrace_mirna", 10.0, EXM_VERDICT_PASS);
    r->classes[0].em[0] = 101;
    assert_item(r, "mirtrace_mirna", 10.1, EXM_VERDICT_PASS);

    r->mirnas_in_reference = 1000;
    set_detected(r, 99);
    assert_item(r, "mirtrace_complexity", 9.9, EXM_VERDICT_WARN);
    set_detected(r, 100);
    assert_item(r, "mirtrace_complexity", 10.0, EXM_VERDICT_PASS);
    set_detected(r, 101);
    assert_item(r, "mirtrace_complexity", 10.1, EXM_VERDICT_PASS);
    exm_record_free(r);
}

/* Spike-ins and artifacts are no transcriptome. */
static void
excerpt_asks_for_100000_transcriptome_reads(void **state)
{
    exm_record *r = good_record();

    (void) state;
    r->annotated = 105999; /* of which 5,000 and 1,000 are not */
    assert_item(r, "excerpt_transcriptome", 99999.0, EXM_VERDICT_FAIL);
    r->annotated = 106000;
    assert_item(r, "excerpt_transcriptome", 100000.0, EXM_VERDICT_PASS);
    r->annotated = 106001;
    assert_item(r, "excerpt_transcriptome", 100001.0, EXM_VERDICT_PASS);
    exm_record_free(r);
}

/* A number of the record, and three values of it: fine at the limit, beyond, and the
 * verdict there. */
struct edge {
    const char *id;
    size_t field; /* offset of a uint64_t */
    uint64_t at, beyond;
    double value; /* of the item at the limit */
    exm_verdict verdict;
};

#define FIELD(f) offsetof(exm_record, f)

static void
our_own_limits_are_where_the_table_says(void **state)
{
    /* Of 200,000 reads, 180,000 kept, 150,000 annotated. */
    static const struct edge edges[] = {
        {"reads", FIELD(reads_in), 100000, 99999, 100000.0, EXM_VERDICT_WARN},
        {"adapter_found", FIELD(adapter_found), 100000, 99999, 50.0, EXM_VERDICT_WARN},
        {"adapter_dimers", FIELD(fate[EXM_FATE_DIMER]), 40000, 40001, 20.0,
         EXM_VERDICT_WARN},
        {"kept", FIELD(fate[EXM_FATE_KEPT]), 40000, 39999, 20.0, EXM_VERDICT_WARN},
        {"length_19_24", FIELD(len_kept[22]), 36000, 35999, 20.0, EXM_VERDICT_WARN},
        {"unannotated", FIELD(unannotated), 108000, 108001, 60.0, EXM_VERDICT_NOTE},
        {"complexity", FIELD(unique_reads), 900, 899, 0.5, EXM_VERDICT_NOTE},
        {"top5", FIELD(top5_reads), 144000, 144001, 80.0, EXM_VERDICT_NOTE},
        {"umi_duplication", FIELD(molecules), 9000, 8999, 20.0, EXM_VERDICT_NOTE},
        {"q30", FIELD(bases_q30), 7000000, 6999999, 70.0, EXM_VERDICT_WARN},
    };

    (void) state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        const struct edge *e = edges + i;
        exm_record *r = good_record();
        uint64_t *field = (uint64_t *) (void *) ((char *) r + e->field);
        exm_qc q;

        *field = e->at;
        assert_item(r, e->id, e->value, EXM_VERDICT_PASS);
        *field = e->beyond;
        exm_qc_sample(r, &q);
        if (item(&q, e->id)->verdict != e->verdict) fail_msg("%s beyond its limit", e->id);
        exm_record_free(r);
    }
}

static void
limits_of_classes_are_where_the_table_says(void **state)
{
    exm_record *r = good_record();

    (void) state;
    r->classes[0].em[0] = 9000;
    assert_item(r, "mirna", 5.0, EXM_VERDICT_PASS);
    r->classes[0].em[0] = 8982;
    assert_item(r, "mirna", 4.99, EXM_VERDICT_WARN);
    r->classes[1].em[0] = 54000;
    assert_item(r, "spikes", 30.0, EXM_VERDICT_PASS);
    r->classes[1].em[0] = 54018;
    assert_item(r, "spikes", 30.01, EXM_VERDICT_NOTE);
    r->classes[0].shared_within = 60000;
    r->classes[3].shared_between = 15000;
    assert_item(r, "ambiguous", 50.0, EXM_VERDICT_PASS);
    assert_item(r, "between_classes", 10.0, EXM_VERDICT_PASS);
    r->classes[3].shared_between = 15015;
    assert_item(r, "ambiguous", 50.01, EXM_VERDICT_NOTE);
    assert_item(r, "between_classes", 10.01, EXM_VERDICT_NOTE);
    r->error_rate = 0.01;
    assert_item(r, "error_rate", 1.0, EXM_VERDICT_PASS);
    r->error_rate = 0.0101;
    assert_item(r, "error_rate", 1.01, EXM_VERDICT_NOTE);
    set_detected(r, 100);
    assert_item(r, "mirnas_1", 100.0, EXM_VERDICT_PASS);
    assert_item(r, "mirnas_10", 0.0, EXM_VERDICT_PASS);
    set_detected(r, 99);
    assert_item(r, "mirnas_1", 99.0, EXM_VERDICT_WARN);
    for (size_t i = 0; i < 7; i++) r->features[i].em[0] = 9 + i;
    assert_item(r, "mirnas_10", 6.0, EXM_VERDICT_PASS);
    exm_record_free(r);
}

static void
the_commonest_length_lies_between_20_and_24(void **state)
{
    exm_record *r = good_record();

    (void) state;
    for (size_t k = 16; k <= 30; k++) {
        memset(r->len_kept, 0, sizeof r->len_kept);
        r->len_kept[k] = 10;
        r->len_kept[40] = 9;
        assert_item(r, "length_mode", (double) k,
                    k >= 20 && k <= 24 ? EXM_VERDICT_PASS : EXM_VERDICT_WARN);
    }
    exm_record_free(r);
}

/* ---- verdict of a sample ---- */

static exm_verdict
overall(const exm_record *r)
{
    exm_qc q;

    exm_qc_sample(r, &q);
    return q.overall;
}

static void
the_worst_verdict_is_the_samples_and_notes_are_left_aside(void **state)
{
    exm_record *r = good_record();

    (void) state;
    assert_int_equal(overall(r), EXM_VERDICT_PASS);
    r->top5_reads = 179000; /* a note */
    assert_int_equal(overall(r), EXM_VERDICT_PASS);
    r->error_rate = (double) NAN; /* not computable */
    assert_int_equal(overall(r), EXM_VERDICT_PASS);
    r->bases_q30 = 6000000; /* a warning */
    assert_int_equal(overall(r), EXM_VERDICT_WARN);
    r->classes[0].em[0] = 1799; /* next to no miRNA */
    assert_int_equal(overall(r), EXM_VERDICT_FAIL);
    r->classes[0].em[0] = 1800;
    assert_int_equal(overall(r), EXM_VERDICT_WARN);
    r->fate[EXM_FATE_KEPT] = 0;
    assert_int_equal(overall(r), EXM_VERDICT_FAIL);
    exm_record_free(r);
}

/* At the limit a warning, beyond it a failure, which the reason gives that limit for. */
static void
a_sample_fails_where_the_table_says(void **state)
{
    static const struct {
        const char *id;
        size_t field; /* offset of a uint64_t */
        uint64_t at, beyond;
        double value; /* of the item at the limit */
        const char *words;
    } edges[] = {
        {"adapter_found", FIELD(adapter_found), 4000, 3999, 2.0, ", below 2%. "},
        {"kept", FIELD(fate[EXM_FATE_KEPT]), 10000, 9999, 5.0, ", below 5%. "},
    };

    (void) state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        exm_record *r = good_record();
        uint64_t *field = (uint64_t *) (void *) ((char *) r + edges[i].field);
        exm_qc q;

        *field = edges[i].at;
        assert_item(r, edges[i].id, edges[i].value, EXM_VERDICT_WARN);
        *field = edges[i].beyond;
        exm_qc_sample(r, &q);
        assert_int_equal(item(&q, edges[i].id)->verdict, EXM_VERDICT_FAIL);
        assert_non_null(strstr(item(&q, edges[i].id)->reason, edges[i].words));
        assert_int_equal(q.overall, EXM_VERDICT_FAIL);
        exm_record_free(r);
    }
}

static void
few_mirnas_and_little_mirna_fail(void **state)
{
    exm_record *r = good_record();

    (void) state;
    r->classes[0].em[0] = 1800;
    assert_item(r, "mirna", 1.0, EXM_VERDICT_WARN);
    r->classes[0].em[0] = 1782;
    assert_item(r, "mirna", 0.99, EXM_VERDICT_FAIL);
    set_detected(r, 50);
    assert_item(r, "mirnas_1", 50.0, EXM_VERDICT_WARN);
    set_detected(r, 49);
    assert_item(r, "mirnas_1", 49.0, EXM_VERDICT_FAIL);
    exm_record_free(r);
}

/* Where the table is silent nothing fails, however bad the value is. */
static void
poor_sequencing_warns_and_does_not_fail(void **state)
{
    exm_record *r = good_record();

    (void) state;
    r->bases_q30 = 0;
    r->fate[EXM_FATE_DIMER] = 199999;
    assert_item(r, "q30", 0.0, EXM_VERDICT_WARN);
    assert_item(r, "mirtrace_quality", 0.0, EXM_VERDICT_WARN);
    assert_item(r, "adapter_dimers", 99.9995, EXM_VERDICT_WARN);
    assert_int_equal(overall(r), EXM_VERDICT_WARN);
    exm_record_free(r);
}

/* ---- what is not there ---- */

static void
assert_na(const exm_qc *q, const char *id)
{
    const exm_qc_item *x = item(q, id);

    if (x->verdict != EXM_VERDICT_NA || !isnan(x->value))
        fail_msg("%s is %g '%s'", id, x->value, exm_verdict_name(x->verdict));
    assert_non_null(strstr(x->reason, "Not computable"));
}

static void
what_the_input_does_not_hold_is_not_computed(void **state)
{
    exm_record *r = good_record();
    exm_qc q;

    (void) state;
    memcpy(r->kit, "none", 5);
    r->umi_len = 0;
    r->bases = r->bases_q30 = 0;
    r->error_rate = (double) NAN;
    r->classes[1].kind = EXM_KIND_CARGO; /* no spike-ins */
    r->mirnas_in_reference = 0;
    r->foreign_in_reference = 0;
    exm_qc_sample(r, &q);
    assert_na(&q, "adapter_found");
    assert_na(&q, "adapter_dimers");
    assert_na(&q, "umi_duplication");
    assert_na(&q, "q30");
    assert_na(&q, "mirtrace_quality");
    assert_na(&q, "error_rate");
    assert_na(&q, "spikes");
    assert_na(&q, "foreign");
    assert_na(&q, "mirtrace_complexity");
    assert_na(&q, "excerpt_ratio");
    assert_non_null(strstr(item(&q, "excerpt_ratio")->reason, "genome"));
    assert_int_equal(q.overall, EXM_VERDICT_PASS);
    exm_record_free(r);
}

static void
an_empty_sample_fails_and_divides_by_nothing(void **state)
{
    exm_record *r = make_record(
        &(record_shape){.sample = "empty", .n_classes = 2, .n_mirnas = 0, .scale = 1}, 0);
    exm_record blank = {.sample = r->sample,
                        .classes = r->classes,
                        .n_classes = 2,
                        .len_by_class = r->len_by_class,
                        .kit_evidence = r->kit_evidence,
                        .error_rate = (double) NAN};
    exm_qc q;

    (void) state;
    memset(r->classes[1].em, 0, sizeof r->classes[1].em);
    exm_qc_sample(&blank, &q);
    assert_int_equal(q.overall, EXM_VERDICT_FAIL);
    for (size_t i = 0; i < q.n; i++) {
        const int counts =
            strcmp(q.item[i].unit, "reads") == 0 || strcmp(q.item[i].unit, "miRNAs") == 0;

        assert_int_equal(isnan(q.item[i].value) != 0, q.item[i].verdict == EXM_VERDICT_NA);
        if (!isnan(q.item[i].value)) assert_true(counts && q.item[i].value == 0.0);
    }
    exm_record_free(r);
}

/* Sums that contradict each other (another program's record) never wrap to 10^19. */
static void
contradicting_sums_stay_small(void **state)
{
    exm_record *r = good_record();
    exm_qc q;

    (void) state;
    r->annotated = 10;
    exm_qc_sample(r, &q);
    assert_true(item(&q, "excerpt_transcriptome")->value == 0.0);
    exm_record_free(r);
}

static void
counts_beyond_2_to_53_are_judged_as_well(void **state)
{
    exm_record *r = good_record();

    (void) state;
    r->reads_in = UINT64_MAX;
    r->adapter_found = UINT64_MAX / 2;
    r->fate[EXM_FATE_KEPT] = UINT64_MAX / 2;
    assert_item(r, "adapter_found", 50.0, EXM_VERDICT_PASS);
    assert_item(r, "reads", 18446744073709551615.0, EXM_VERDICT_PASS);
    assert_item(r, "mirtrace_passed", 50.0, EXM_VERDICT_PASS);
    exm_record_free(r);
}

/* ---- words ---- */

static const char *
reason(const exm_record *r, const char *id)
{
    static exm_qc q;

    exm_qc_sample(r, &q);
    return item(&q, id)->reason;
}

static void
assert_begins(const char *text, const char *with)
{
    if (strncmp(text, with, strlen(with)) != 0)
        fail_msg("'%s' begins not '%s'", text, with);
}

static void
a_value_never_looks_like_the_limit_it_breaks(void **state)
{
    exm_record *r = good_record();

    (void) state;
    r->adapter_found = 99999; /* 49.9995 % */
    assert_begins(reason(r, "adapter_found"), "49.9995%, below 50%. ");
    r->adapter_found = 90000;
    assert_begins(reason(r, "adapter_found"), "45%, below 50%. ");
    r->adapter_found = 90100;
    assert_begins(reason(r, "adapter_found"), "45.1%, below 50%. ");
    r->classes[0].shared_between = 15015; /* 10.01 % */
    assert_begins(reason(r, "between_classes"), "10.01%, above 10%. ");
    r->reads_in = 99999;
    assert_begins(reason(r, "reads"), "99,999 reads, below 100,000 reads. ");
    r->len_kept[19] = 1000000;
    assert_begins(reason(r, "length_mode"), "19 nt, below 20 nt. ");
    r->bases_q30 = 10000000;
    assert_string_equal(reason(r, "q30"), "100%");
    r->bases_q30 = 9123456;
    assert_string_equal(reason(r, "q30"), "91.2%");
    exm_record_free(r);
}

static void
another_species_is_named(void **state)
{
    exm_record *r = good_record();

    (void) state;
    /* 180,000 kept: limit 18 + 3.72 sqrt(18) + 3 = 36.78 reads. */
    r->traces[0].reads = 5000; /* one miRNA of each of two clades: no evidence */
    assert_item(r, "foreign", 0.0, EXM_VERDICT_PASS);
    assert_string_equal(reason(r, "foreign"),
                        "nematodes:cel: 5,000 reads of 1 miRNA, 2.78% of kept; 0 without "
                        "the commonest, limit 36.8");
    free(r->traces[1].clade);
    r->traces[1].clade = text_copy(r->traces[0].clade);
    r->traces[1].reads = 36;
    assert_item(r, "foreign", 0.0, EXM_VERDICT_PASS);
    r->traces[1].reads = 37;
    assert_item(r, "foreign", 3700.0 / 180000, EXM_VERDICT_WARN);
    assert_begins(reason(r, "foreign"),
                  "nematodes:cel: 5,037 reads of 2 miRNAs, 2.80% of kept; 37 without the "
                  "commonest, limit 36.8. Another species");
    r->traces[1].reads = 360; /* 0.2 % */
    assert_item(r, "foreign", 0.2, EXM_VERDICT_WARN);
    r->traces[1].reads = 361;
    assert_item(r, "foreign", 36100.0 / 180000, EXM_VERDICT_FAIL);
    r->n_traces = 0;
    assert_string_equal(reason(r, "foreign"), "No read of another clade");
    r->n_traces = 2;
    r->fate[EXM_FATE_KEPT] = 900;

    r->classes[0].em[0] = 40;
    r->unannotated = 450; /* half of them: other RNA prevails, no more is said */
    assert_item(r, "mirna", 100.0 * 40 / 900, EXM_VERDICT_WARN);
    assert_null(strstr(reason(r, "mirna"), "another species"));
    r->unannotated = 451;
    assert_non_null(strstr(reason(r, "mirna"), "another species"));
    r->classes[0].em[0] = 400;
    assert_item(r, "mirna", 100.0 * 400 / 900, EXM_VERDICT_PASS);
    assert_null(strstr(reason(r, "mirna"), "another species"));
    exm_record_free(r);
}

static void
no_locale_shows(void **state)
{
    exm_record *r = good_record();

    (void) state;
    if (!comma_on()) {
        exm_record_free(r);
        skip();
    }
    r->bases_q30 = 6123456;
    r->umi_len = 12;
    r->molecules = 7000;
    assert_begins(reason(r, "q30"), "61.2%, below 70%. ");
    assert_begins(reason(r, "umi_duplication"), "25.7 reads, above 20 reads. ");
    comma_off();
    exm_record_free(r);
}

static void
verdicts_have_names(void **state)
{
    (void) state;
    assert_string_equal(exm_verdict_name(EXM_VERDICT_PASS), "pass");
    assert_string_equal(exm_verdict_name(EXM_VERDICT_NOTE), "note");
    assert_string_equal(exm_verdict_name(EXM_VERDICT_WARN), "warn");
    assert_string_equal(exm_verdict_name(EXM_VERDICT_FAIL), "fail");
    assert_string_equal(exm_verdict_name(EXM_VERDICT_NA), "na");
    assert_string_equal(exm_verdict_name((exm_verdict) 99), "na");
}

static void
json_holds_every_item_and_no_nan(void **state)
{
    exm_record *r = good_record();
    exm_buf b = {0};
    exm_json j;
    exm_qc q;
    exm_error err = {0};
    const char *p;

    (void) state;
    free(r->sample);
    r->sample = text_copy("a\"<b>");
    r->error_rate = (double) NAN;
    exm_qc_sample(r, &q);
    exm_json_init(&j, &b);
    exm_qc_put_json(r, &q, &j);
    assert_int_equal(exm_json_finish(&j, &err), EXM_OK);
    p = b.data;
    for (size_t i = 0; i < q.n; i++) {
        char key[64];

        (void) snprintf(key, sizeof key, "\"id\": \"%s\"", q.item[i].id);
        p = strstr(p, key); /* all, and in order */
        assert_non_null(p);
    }
    assert_non_null(strstr(b.data, "\"a\\\"\\u003cb\\u003e\""));
    assert_non_null(strstr(b.data, "\"value\": null"));
    assert_null(strstr(b.data, ": nan"));
    assert_null(strstr(b.data, ": NA"));
    exm_buf_done(&b);
    exm_record_free(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_five_warnings_of_mirtrace_begin_below_their_limits),
        cmocka_unit_test(excerpt_asks_for_100000_transcriptome_reads),
        cmocka_unit_test(our_own_limits_are_where_the_table_says),
        cmocka_unit_test(limits_of_classes_are_where_the_table_says),
        cmocka_unit_test(the_commonest_length_lies_between_20_and_24),
        cmocka_unit_test(the_worst_verdict_is_the_samples_and_notes_are_left_aside),
        cmocka_unit_test(a_sample_fails_where_the_table_says),
        cmocka_unit_test(few_mirnas_and_little_mirna_fail),
        cmocka_unit_test(poor_sequencing_warns_and_does_not_fail),
        cmocka_unit_test(what_the_input_does_not_hold_is_not_computed),
        cmocka_unit_test(an_empty_sample_fails_and_divides_by_nothing),
        cmocka_unit_test(contradicting_sums_stay_small),
        cmocka_unit_test(counts_beyond_2_to_53_are_judged_as_well),
        cmocka_unit_test(a_value_never_looks_like_the_limit_it_breaks),
        cmocka_unit_test(another_species_is_named),
        cmocka_unit_test(no_locale_shows),
        cmocka_unit_test(verdicts_have_names),
        cmocka_unit_test(json_holds_every_item_and_no_nan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
