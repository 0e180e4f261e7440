/* test_matrix.c - tests of exomir/matrix.h and exomir/formula.h */
#include "exomir/formula.h"

#include "oom.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static exm_status
parse(const char *text, exm_matrix **m, exm_error *err)
{
    return exm_matrix_parse(text, strlen(text), "m.tsv", m, err);
}

static void
matrices_are_sorted_whatever_their_order(void **state)
{
    static const char *const same[] = {
        "mirna\tS1\tS2\tS10\nmiR-1\t1\t2\t3\nmiR-2\t4\t5\t6\n",
        "mirna,S2,S10,S1\r\nmiR-2,5,6,4\r\nmiR-1,2,3,1",
        "\xef\xbb\xbfmirna;S10;S2;S1\nmiR-1;3;2;1\nmiR-2;6.0;5e0;4\n",
    };

    (void) state;
    for (size_t i = 0; i < LEN(same); i++) {
        exm_matrix *m = NULL;
        exm_error err;
        const double want[] = {1, 3, 2, 4, 6, 5}; /* S1 S10 S2 in byte order */

        if (parse(same[i], &m, &err) != EXM_OK) fail_msg("%s", err.msg);
        assert_int_equal(m->n_features, 2);
        assert_int_equal(m->n_samples, 3);
        assert_string_equal(m->samples[1], "S10");
        assert_string_equal(m->features[1], "miR-2");
        assert_memory_equal(m->y, want, sizeof want);
        exm_matrix_free(m);
    }
}

static void
bad_matrices_are_told(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"m\tS1\na\t1.5\n", "line 2, sample S1: '1.5': it is not a whole number"},
        {"m\tS1\na\t-1\n", "a count is not negative"},
        {"m\tS1\na\tNA\n", "no missing values"},
        {"m\tS1\na\t\n", "it is empty"},
        {"m\tS1\na\t1,5\n", "a decimal comma?"},
        {"m\tS1\na\tx\n", "it is no number"},
        {"m\tS1\na\t1e17\n", "too large"},
        {"m\tS1\na\t1\na\t2\n", "line 3: 'a' stands in line 2 already"},
        {"m\tS1\tS1\na\t1\t2\n", "S1"},
        {"m\tS1\n", "no matrix of counts"},
        {"m\na\n", "no matrix of counts"},
        {"m\tS1\n\t3\n", "has no name"},
    };

    (void) state;
    for (size_t i = 0; i < LEN(bad); i++) {
        exm_matrix *m = NULL;
        exm_error err;

        if (parse(bad[i].text, &m, &err) != EXM_EDATA)
            fail_msg("accepted: %s", bad[i].text);
        if (!strstr(err.msg, bad[i].says)) fail_msg("%zu: %s", i, err.msg);
        assert_non_null(strstr(err.msg, "m.tsv"));
        assert_null(m);
    }
}

/* ---- models ---- */

static const char counts[] =
    "m\ts1\ts2\ts3\ts4\ts5\ts6\ts7\ts8\na\t1\t2\t3\t4\t5\t6\t7\t8\n";
static const char known[] = "sample\tgroup\tbatch\tage\tsex\tsite\tsame\thole\n"
                            "s8\tz\tb2\t31\tm\tx-1\tk\t\n"
                            "s1\tctl\tb1\t40\tf\tx-1\tk\t1\n"
                            "s2\tctl\tb2\t50\tm\tx\tk\t1\n"
                            "s3\ttrt\tb1\t44.5\tf\tx\tk\t1\n"
                            "s4\ttrt\tb2\t61\tm\tx-1\tk\t1\n"
                            "s5\tctl\tb1\t35\tm\tx\tk\t1\n"
                            "s6\ttrt\tb2\t72\tf\tx\tk\t1\n"
                            "s7\tz\tb1\t30\tf\tx-1\tk\t1\n"
                            "other\tz\tb1\t30\tf\tx\tk\t1\n";

static void
open_known(exm_matrix **m, exm_coldata *c)
{
    exm_error err;

    assert_int_equal(parse(counts, m, &err), EXM_OK);
    if (exm_coldata_parse(known, strlen(known), "c.tsv", *m, c, &err) != EXM_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(c->n_extra, 1);
    assert_string_equal(exm_coldata_cell(c, 7, 0), "s8");
}

/* Column names joined by blanks, and the first and the last sample's row. */
static void
designs_are_those_of_r(void **state)
{
    static const struct {
        const char *formula, *names;
        double first[8], last[8]; /* s1: ctl b1 40 f; s8: z b2 31 m */
    } all[] = {
        {"~ group", "(Intercept) grouptrt groupz", {1, 0, 0}, {1, 0, 1}},
        {"~batch+group", "(Intercept) batchb2 grouptrt groupz", {1, 0, 0, 0}, {1, 1, 0, 1}},
        {"~ 0 + group", "groupctl grouptrt groupz", {1, 0, 0}, {0, 0, 1}},
        {"~ group - 1", "groupctl grouptrt groupz", {1, 0, 0}, {0, 0, 1}},
        {"~ 0 + group + batch",
         "groupctl grouptrt groupz batchb2",
         {1, 0, 0, 0},
         {0, 0, 1, 1}},
        {"~ age", "(Intercept) age", {1, 40}, {1, 31}},
        {"~ 0 + age", "age", {40}, {31}},
        {"~ sex * age", "(Intercept) sexm age sexm:age", {1, 0, 40, 0}, {1, 1, 31, 31}},
        {"~ age:sex + sex",
         "(Intercept) sexm age:sexf age:sexm",
         {1, 0, 40, 0},
         {1, 1, 0, 31}},
        {"~ sex:batch",
         "(Intercept) sexf:batchb1 sexm:batchb1 sexf:batchb2 sexm:batchb2",
         {0},
         {0}}, /* aliased: refused below */
        {"~ 0 + sex:batch",
         "sexf:batchb1 sexm:batchb1 sexf:batchb2 sexm:batchb2",
         {1, 0, 0, 0},
         {0, 0, 0, 1}},
        {"~ 1", "(Intercept)", {1}, {1}},
        {" ~ `sex` ", "(Intercept) sexm", {1, 0}, {1, 1}},
    };
    exm_matrix *m = NULL;
    exm_coldata c = {0};

    (void) state;
    open_known(&m, &c);
    for (size_t i = 0; i < LEN(all); i++) {
        exm_model *model = NULL;
        exm_error err;
        char names[300] = "";
        const exm_status st = exm_formula_model(all[i].formula, &c, &model, &err);

        if (strcmp(all[i].formula, "~ sex:batch") == 0) {
            assert_int_equal(st, EXM_EDATA);
            assert_non_null(strstr(err.msg, "'sexm:batchb2' is determined by"));
            continue;
        }
        if (st != EXM_OK) fail_msg("%s", err.msg);
        for (size_t k = 0; k < model->n_coef; k++) {
            if (k) strcat(names, " ");
            strcat(names, model->names[k]);
        }
        assert_string_equal(names, all[i].names);
        assert_memory_equal(model->x, all[i].first, model->n_coef * sizeof(double));
        assert_memory_equal(model->x + 7 * model->n_coef, all[i].last,
                            model->n_coef * sizeof(double));
        exm_model_free(model);
    }
    exm_coldata_done(&c);
    exm_matrix_free(m);
}

static void
bad_formulas_are_told(void **state)
{
    static const struct {
        const char *formula, *says;
    } bad[] = {
        {"group", "'~', which is missing at position 1"},
        {"~ gruop", "no column 'gruop'; is it 'group'?"},
        {"~ group +", "the formula ends too early"},
        {"~ group batch", "'+' was expected at position 9"},
        {"~ group + (batch)", "a name was expected"},
        {"~ group - batch", "only '- 1' can be taken away"},
        {"~ same", "is 'k' for all samples"},
        {"~ hole", "'hole' is unknown for sample 's8'"},
        {"~ `group", "no closing backtick"},
        {"~ 0", "without any column"},
        {"~ group * batch * sex", "no residual degree of freedom"},
        {"~", "the formula ends too early"},
    };
    exm_matrix *m = NULL;
    exm_coldata c = {0};

    (void) state;
    open_known(&m, &c);
    for (size_t i = 0; i < LEN(bad); i++) {
        exm_model *model = NULL;
        exm_error err;

        if (exm_formula_model(bad[i].formula, &c, &model, &err) != EXM_EDATA)
            fail_msg("accepted: %s", bad[i].formula);
        if (!strstr(err.msg, bad[i].says)) fail_msg("%s: %s", bad[i].formula, err.msg);
        assert_null(model);
    }
    exm_coldata_done(&c);
    exm_matrix_free(m);
}

static void
contrasts_are_sums_of_names(void **state)
{
    static const struct {
        const char *formula, *text;
        double want[4];
        const char *says; /* or refused */
    } all[] = {
        {"~ group", "trt-ctl", {0, 1, 0}, NULL},
        {"~ group", "z - trt", {0, -1, 1}, NULL},
        {"~ group", "-trt + z", {0, -1, 1}, NULL},
        {"~ group", "grouptrt", {0, 1, 0}, NULL},
        {"~ 0 + group", "trt-ctl", {-1, 1, 0}, NULL},
        {"~ 0 + group", "z - 0.5 trt - 0.5*ctl", {-0.5, -0.5, 1}, NULL},
        {"~ site", "x-1 - x", {0, 1}, NULL}, /* a level that holds a minus */
        {"~ site", "x-x-1", {0, -1}, NULL},
        {"~ group", "ctl", {0}, "compares nothing"},
        {"~ group",
         "trt-clt",
         {0},
         "'clt' is no coefficient and no level of the model; is it 'ctl'?"},
        {"~ group", "trt ctl", {0}, "'+' or '-' was expected"},
        {"~ group", "", {0}, "is no coefficient"},
        {"~ group", "trt-", {0}, "is no coefficient"},
    };
    exm_matrix *m = NULL;
    exm_coldata c = {0};

    (void) state;
    open_known(&m, &c);
    for (size_t i = 0; i < LEN(all); i++) {
        exm_model *model = NULL;
        exm_error err;
        double got[8];
        exm_status st;

        if (exm_formula_model(all[i].formula, &c, &model, &err) != EXM_OK)
            fail_msg("%s", err.msg);
        st = exm_formula_contrast(all[i].text, model, got, &err);
        if (all[i].says) {
            if (st != EXM_EDATA || !strstr(err.msg, all[i].says))
                fail_msg("%s: %s", all[i].text, err.msg);
        } else {
            if (st != EXM_OK) fail_msg("%s: %s", all[i].text, err.msg);
            assert_memory_equal(got, all[i].want, model->n_coef * sizeof *got);
        }
        exm_model_free(model);
    }
    exm_coldata_done(&c);
    exm_matrix_free(m);
}

static void
coldata_must_know_the_samples(void **state)
{
    static const char missing[] = "s\tg\nS1\ta\nS3\tb\n",
                      twice[] = "s\tg\nS1\ta\nS2\tb\nS1\tb\n";
    exm_matrix *m = NULL;
    exm_coldata c = {0};
    exm_error err;

    (void) state;
    assert_int_equal(parse("m\tS2\tS1\na\t1\t2\n", &m, &err), EXM_OK);
    assert_int_equal(exm_coldata_parse(missing, strlen(missing), "c", m, &c, &err),
                     EXM_EDATA);
    assert_non_null(strstr(err.msg, "no row of sample 'S2'"));
    assert_int_equal(exm_coldata_parse(twice, strlen(twice), "c", m, &c, &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "line 4: sample 'S1' stands in line 2 already"));
    assert_null(c.table);
    exm_matrix_free(m);
}

static void
each_allocation_can_fail(void **state)
{
    int failures = 0;

    (void) state;
    for (int k = 0;; k++) {
        exm_matrix *m = NULL;
        exm_coldata c = {0};
        exm_model *model = NULL;
        exm_error err;
        exm_status st;

        oom_arm(k);
        st = parse(counts, &m, &err);
        if (st == EXM_OK) st = exm_coldata_parse(known, strlen(known), "c", m, &c, &err);
        if (st == EXM_OK) st = exm_formula_model("~ group + sex * age", &c, &model, &err);
        exm_model_free(model);
        exm_coldata_done(&c);
        exm_matrix_free(m);
        if (!oom_fired()) {
            assert_int_equal(st, EXM_OK);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
        failures++;
    }
    oom_arm(-1);
    assert_true(failures > 30);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrices_are_sorted_whatever_their_order),
        cmocka_unit_test(bad_matrices_are_told),
        cmocka_unit_test(designs_are_those_of_r),
        cmocka_unit_test(bad_formulas_are_told),
        cmocka_unit_test(contrasts_are_sums_of_names),
        cmocka_unit_test(coldata_must_know_the_samples),
        cmocka_unit_test(each_allocation_can_fail),
    };

    return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
