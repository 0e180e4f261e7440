/* test_hemolysis.c - tests of exomir/hemolysis.h; the published cohort where EXM_SHARED has it. */
#include "exomir/hemolysis.h"

#include "exomir/input.h"
#include "exomir/text.h"
#include "oom.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
names_are_found_in_any_form(void **state)
{
    size_t n = 0;

    (void) state;
    while (exm_hemolysis_mirna(n)) n++;
    assert_int_equal(n, 20);
    assert_true(exm_hemolysis_is_signature("hsa-miR-451a"));
    assert_true(exm_hemolysis_is_signature("miR-451a"));
    assert_true(exm_hemolysis_is_signature("hsa-miR-1-3p/hsa-miR-25-3p"));
    assert_false(exm_hemolysis_is_signature("hsa-miR-3140-3p")); /* ends like miR-140-3p */
    assert_false(exm_hemolysis_is_signature("hsa-miR-451b"));
    assert_false(exm_hemolysis_is_signature(""));
}

static void
equals_the_published_values(void **state)
{
    const char *shared = getenv("EXM_SHARED");
    exm_hemolysis_options o = exm_hemolysis_defaults();
    char path[512];
    exm_matrix *m = NULL;
    exm_hemolysis *h;
    exm_table *t = NULL;
    char *data = NULL;
    size_t n = 0;
    double worst = 0.0;
    exm_error err = {0};

    (void) state;
    if (!shared) {
        print_message("EXM_SHARED is not set: the published cohort is not compared\n");
        skip();
    }
    (void) snprintf(path, sizeof path, "%s/data/cohorts/counts_GSE105052.csv.gz", shared);
    if (exm_matrix_read(path, &m, &err) != EXM_OK) fail_msg("%s", err.msg);
    (void) snprintf(path, sizeof path, "%s/data/cohorts/draculr_GSE105052_expected.csv",
                    shared);
    assert_int_equal(exm_input_slurp(path, 1 << 20, &data, &n, &err), EXM_OK);
    assert_int_equal(exm_table_parse(data, n, path, &t, &err), EXM_OK);
    o.min_reads = 0.0;
    o.smallest_group = 17.0;
    h = calloc(m->n_samples, sizeof *h);
    assert_int_equal(exm_table_rows(t), 42);
    for (int changed = 0; changed < 2; changed++) {
        worst = 0.0;
        if (exm_hemolysis_run(m, &o, h, NULL, &err) != EXM_OK) fail_msg("%s", err.msg);
        for (size_t r = 0; r < exm_table_rows(t); r++) {
            const char *name = exm_table_get(t, r, 0), *cell = exm_table_get(t, r, 1);
            double want = 0.0;
            size_t s = 0;

            while (s < m->n_samples && strcmp(m->samples[s], name) != 0) s++;
            assert_true(s < m->n_samples);
            assert_int_equal(exm_text_double(cell, strlen(cell), &want, NULL), EXM_OK);
            worst = fmax(worst, fabs(h[s].metric - want));
            if (!changed)
                assert_int_equal(h[s].metric >= o.caution,
                                 strcmp(exm_table_get(t, r, 2), "Clear") != 0);
        }
        printf("  hemolysis metric of 42 samples: largest difference %.1e%s\n", worst,
               changed ? " with one count changed" : "");
        if (!changed) assert_true(worst <= 1e-10);
        for (size_t f = 0; f < m->n_features; f++) /* the control: ten reads more */
            if (strcmp(m->features[f], "hsa-miR-451a") == 0) m->y[f * m->n_samples] += 10.0;
    }
    assert_true(worst > 1e-10);
    free(h);
    free(data);
    exm_table_free(t);
    exm_matrix_free(m);
}

static const char small[] = "m\ta\tb\tc\n"
                            "hsa-miR-451a\t900\t10\t500\n"
                            "hsa-miR-23a-3p\t100\t80\t0\n"
                            "hsa-miR-21-5p\t1000\t900\t800\n"
                            "hsa-miR-16-5p\t700\t650\t4\n";

static void
small_cohorts(void **state)
{
    exm_hemolysis_options o = exm_hemolysis_defaults();
    exm_matrix *m = NULL;
    exm_hemolysis h[3];
    exm_error err;
    size_t used = 0;

    (void) state;
    assert_int_equal(exm_matrix_parse(small, strlen(small), "small", &m, &err), EXM_OK);
    assert_int_equal(exm_hemolysis_run(m, &o, h, &used, &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "no sample has more than 1000000 counts"));
    o.min_reads = 1500.0; /* the third has less */
    assert_int_equal(exm_hemolysis_run(m, &o, h, &used, &err), EXM_OK);
    assert_int_equal(used, 1);
    assert_true(isfinite(h[0].metric) && isfinite(h[1].metric) && isnan(h[2].metric));
    assert_true(h[0].metric > h[1].metric);
    assert_true(fabs(h[0].log2_451a_23a - log2(900.5 / 100.5)) < 1e-15);
    assert_true(fabs(h[2].log2_451a_23a - log2(500.5 / 0.5)) < 1e-15);
    o.min_cpm = 1e7;
    assert_int_equal(exm_hemolysis_run(m, &o, h, &used, &err), EXM_EDATA);
    for (int k = 0;; k++) {
        exm_status st;

        o.min_cpm = 40.0;
        oom_arm(k);
        st = exm_hemolysis_run(m, &o, h, &used, NULL);
        if (!oom_fired()) {
            assert_int_equal(st, EXM_OK);
            assert_true(k > 5);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
    }
    oom_arm(-1);
    exm_matrix_free(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_in_any_form),
        cmocka_unit_test(equals_the_published_values),
        cmocka_unit_test(small_cohorts),
    };

    return cmocka_run_group_tests_name("hemolysis", tests, NULL, NULL);
}
