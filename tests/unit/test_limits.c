/*
 * test_limits.c - tests of exomir/limits.h
 *
 * The library's own tables are whole; a table on top changes what it lists and nothing else;
 * every way of writing a table badly is refused with its line.
 */
#include "exomir/limits.h"
#include "make_record.h"
#include "oom.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "id\tlow\thigh\tfail_low\tfail_high\tbeyond\tsource\n"

static exm_limits *
limits_of(const char *fluid)
{
    exm_limits *l = NULL;

    assert_int_equal(exm_limits_new(fluid, &l, NULL), EXM_OK);
    return l;
}

static exm_status
add(exm_limits *l, const char *text, exm_error *err)
{
    return exm_limits_add(l, text, strlen(text), "lab.tsv", err);
}

/* 1,000 reads, 900 kept, 400 explained: 100 miRNA, 200 rRNA, 80 tRNA, 20 spike-in. */
static exm_record *
record(void)
{
    exm_record *r = make_record(
        &(record_shape){.sample = "S", .n_classes = 5, .n_mirnas = 30, .scale = 9}, 7);
    static const uint64_t em[] = {100, 200, 80, 20, 0};
    static const char *const name[] = {NULL, "rRNA", "TRNA", "spikes", NULL};

    for (size_t i = 0; i < 5; i++) {
        r->classes[i].em[0] = r->classes[i].em[1] = em[i];
        r->classes[i].kind = i == 3 ? EXM_KIND_SPIKE : i ? EXM_KIND_CARGO : EXM_KIND_MIRNA;
        if (!name[i]) continue;
        free(r->classes[i].name);
        r->classes[i].name = text_copy(name[i]);
    }
    memset(r->fate, 0, sizeof r->fate);
    r->reads_in = 1000;
    r->fate[EXM_FATE_KEPT] = 900;
    r->fate[EXM_FATE_SHORT] = 100;
    r->annotated = 400;
    r->unannotated = 500;
    r->foreign = 0;
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

static int
same(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

/* ---- the library's own ---- */

static void
unknown_is_what_holds_without_limits(void **state)
{
    exm_limits *l = limits_of("unknown");
    exm_record *r = record();
    exm_qc q, general;

    (void) state;
    exm_qc_sample(r, &general);
    exm_qc_sample_by(r, l, &q);
    assert_string_equal(q.limits, "unknown");
    assert_string_equal(general.limits, "unknown");
    assert_int_equal(q.n, general.n);
    for (size_t i = 0; i < q.n; i++) {
        const exm_qc_item *a = q.item + i, *b = general.item + i;

        if (!same(a->low, b->low) || !same(a->high, b->high) ||
            !same(a->fail_low, b->fail_low) || !same(a->fail_high, b->fail_high) ||
            a->verdict != b->verdict || strcmp(a->reason, b->reason) != 0)
            fail_msg("data/limits/unknown.tsv and qc.c differ in %s", a->id);
    }
    exm_record_free(r);
    exm_limits_free(l);
}

static void
every_fluid_has_a_table(void **state)
{
    const char *fluid;
    char digests[16][EXM_SHA256_HEX];
    size_t n = 0;

    (void) state;
    for (; (fluid = exm_limits_fluid(n)) != NULL; n++) {
        exm_limits *l = limits_of(fluid);

        assert_string_equal(exm_limits_name(l), fluid);
        assert_string_equal(exm_limits_find(fluid), fluid);
        memcpy(digests[n], exm_limits_sha256(l), EXM_SHA256_HEX);
        assert_int_equal(strlen(digests[n]), 64);
        for (size_t k = 0; k < n; k++) assert_string_not_equal(digests[k], digests[n]);
        exm_limits_free(l);
    }
    assert_int_equal(n, 7);
    assert_string_equal(exm_limits_find("PLASMA"), "plasma");
    assert_string_equal(exm_limits_find("Cerebrospinal fluid"), "csf");
    assert_null(exm_limits_find("sweat"));
    assert_null(exm_limits_find(""));
    exm_limits_free(NULL);
}

static void
cargo_is_judged_where_all_classes_are_told(void **state)
{
    exm_limits *l = limits_of("plasma");
    exm_record *r = record();
    exm_qc q;

    (void) state;
    exm_qc_sample_by(r, l, &q);
    assert_true(fabs(item(&q, "cargo_mirna")->value - 100.0 * 100 / 380) < 1e-12);
    assert_true(fabs(item(&q, "cargo_rrna")->value - 100.0 * 200 / 380) < 1e-12);
    assert_true(fabs(item(&q, "cargo_trna")->value - 100.0 * 80 / 380) < 1e-12);
    assert_int_equal(item(&q, "cargo_rrna")->verdict, EXM_VERDICT_PASS);
    assert_non_null(strstr(item(&q, "cargo_rrna")->basis, "EVAtlas"));
    assert_string_equal(item(&q, "mirtrace_mirna")->basis, "as published");
    r->classes[0].em[0] = 5; /* 1.3 % */
    exm_qc_sample_by(r, l, &q);
    assert_int_equal(item(&q, "cargo_mirna")->verdict, EXM_VERDICT_NOTE);
    assert_non_null(strstr(item(&q, "cargo_mirna")->reason, "below 1.5"));
    r->classes[2].name[0] = 'x'; /* no tRNA in the reference */
    exm_qc_sample_by(r, l, &q);
    assert_int_equal(item(&q, "cargo_mirna")->verdict, EXM_VERDICT_NA);
    assert_non_null(strstr(item(&q, "cargo_mirna")->reason, "lacks rRNA or tRNA"));
    exm_record_free(r);
    exm_limits_free(l);
}

/* ---- tables on top ---- */

static void
a_table_changes_what_it_lists(void **state)
{
    exm_limits *l = limits_of("plasma");
    exm_record *r = record();
    exm_qc before, after;
    char digest[EXM_SHA256_HEX];

    (void) state;
    memcpy(digest, exm_limits_sha256(l), sizeof digest);
    exm_qc_sample_by(r, l, &before);
    assert_int_equal(add(l,
                         "# of this laboratory\n" HEAD "kept\t95\t\t92.5\t\twarn\tSOP 12\n"
                         "top5\t\t\t\t\t\tno limit here\n"
                         "reads\t2000\t\t\t\tfail\tSOP 12\n",
                         NULL),
                     EXM_OK);
    exm_qc_sample_by(r, l, &after);
    assert_string_equal(after.limits, "plasma + lab.tsv");
    assert_string_not_equal(exm_limits_sha256(l), digest);
    assert_int_equal(item(&before, "kept")->verdict, EXM_VERDICT_PASS);
    assert_int_equal(item(&after, "kept")->verdict, EXM_VERDICT_FAIL);
    assert_string_equal(item(&after, "kept")->basis, "SOP 12");
    assert_non_null(strstr(item(&after, "kept")->reason, "90%, below 92.5%"));
    assert_int_equal(item(&after, "reads")->verdict, EXM_VERDICT_FAIL);
    assert_int_equal(after.overall, EXM_VERDICT_FAIL);
    assert_true(isnan(item(&after, "top5")->high));
    for (size_t i = 0; i < after.n; i++) {
        const char *id = after.item[i].id;

        if (strcmp(id, "kept") == 0 || strcmp(id, "top5") == 0 || strcmp(id, "reads") == 0)
            continue;
        assert_true(same(after.item[i].low, before.item[i].low) &&
                    same(after.item[i].high, before.item[i].high));
        assert_string_equal(after.item[i].reason, before.item[i].reason);
    }
    exm_record_free(r);
    exm_limits_free(l);
}

static void
bad_tables_are_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"id\tlow\thigh\tfail_low\tfail_high\tbeyond\nkept\t1\t\t\t\twarn\n",
         "no column 'source'"},
        {HEAD "kep\t1\t\t\t\twarn\tx\n",
         "line 2: id 'kep': no such check; did you mean kept"},
        {HEAD "zzzzzzzzzzzzzz\t1\t\t\t\twarn\tx\n", "no such check"},
        {HEAD "kept\t1\t\t\t\twarn\tx\nkept\t2\t\t\t\twarn\tx\n",
         "line 3: id 'kept': is listed"},
        {HEAD "mirtrace_mirna\t1\t\t\t\twarn\tx\n", "published gate"},
        {HEAD "excerpt_ratio\t1\t\t\t\twarn\tx\n", "published gate"},
        {HEAD "kept\t1,5\t\t\t\twarn\tx\n", "low '1,5': a limit is a number"},
        {HEAD "kept\t-1\t\t\t\twarn\tx\n", "from 0 to 1e12"},
        {HEAD "kept\tNA\t\t\t\twarn\tx\n", "from 0 to 1e12"},
        {HEAD "kept\t\tInf\t\t\twarn\tx\n", "high 'Inf'"},
        {HEAD "kept\t1e13\t\t\t\twarn\tx\n", "from 0 to 1e12"},
        {HEAD "kept\t5\t4\t\t\twarn\tx\n", "low '5': is above high"},
        {HEAD "kept\t5\t\t6\t\twarn\tx\n", "fail_low '6': needs a low"},
        {HEAD "kept\t\t5\t4\t\twarn\tx\n", "fail_low '4': needs a low"},
        {HEAD "kept\t\t5\t\t4\twarn\tx\n", "fail_high '4': needs a high"},
        {HEAD "kept\t5\t\t\t6\twarn\tx\n", "fail_high '6': needs a high"},
        {HEAD "kept\t5\t\t\t\tpass\tx\n", "beyond 'pass': is note, warn or fail"},
        {HEAD "kept\t5\t\t\t\t\tx\n", "beyond '': is note, warn or fail"},
        {HEAD "kept\t\t\t\t\twarn\tx\n", "needs a low or a high"},
        {HEAD "kept\t5\t\t\t\twarn\t\n", "say where the limits are from"},
        {HEAD "kept\t5\n", "line 2"},
        {"", ""},
    };

    (void) state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        exm_limits *l = limits_of("unknown");
        exm_error err = {0};

        if (add(l, bad[i].text, &err) != EXM_EDATA || !strstr(err.msg, bad[i].why) ||
            !strstr(err.msg, "lab.tsv"))
            fail_msg("%s: '%s' lacks '%s'", bad[i].text, err.msg, bad[i].why);
        exm_limits_free(l);
    }
    {
        exm_limits *l = NULL;
        exm_error err = {0};

        assert_int_equal(exm_limits_new("sweat", &l, &err), EXM_EDATA);
        for (size_t i = 0; exm_limits_fluid(i); i++)
            assert_non_null(strstr(err.msg, exm_limits_fluid(i))); /* all are listed */
        assert_int_equal(exm_limits_new(NULL, &l, &err), EXM_EINVAL);
        assert_null(l);
    }
}

static void
each_failed_allocation_is_reported(void **state)
{
    int k;

    (void) state;
    for (k = 0; k < 5000; k++) {
        exm_limits *l = NULL;
        exm_error err = {0};
        exm_status st;

        oom_arm(k);
        st = exm_limits_new("urine", &l, &err);
        if (st == EXM_OK) st = add(l, HEAD "kept\t95\t\t\t\twarn\tSOP 12\n", &err);
        oom_arm(-1);
        exm_limits_free(l);
        if (st == EXM_OK) break;
        assert_int_equal(st, EXM_ENOMEM);
    }
    assert_in_range(k, 10, 4999);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_is_what_holds_without_limits),
        cmocka_unit_test(every_fluid_has_a_table),
        cmocka_unit_test(cargo_is_judged_where_all_classes_are_told),
        cmocka_unit_test(a_table_changes_what_it_lists),
        cmocka_unit_test(bad_tables_are_refused),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
