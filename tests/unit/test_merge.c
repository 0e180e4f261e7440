/* test_merge.c - tests of exomir/merge.h */
#include "exomir/merge.h"

#include "make_record.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* A record that stands for its seed's reads. */
static exm_record *
sample(const char *id, uint64_t seed)
{
    const record_shape shape = {
        .sample = id, .n_classes = 3, .n_mirnas = 5, .scale = 100, .umi_len = 0};
    exm_record *r = make_record(&shape, seed);

    (void) snprintf(r->content, sizeof r->content, "%032llx", (unsigned long long) seed);
    memset(r->ref_sha256, 'a', 64);
    memset(r->params_sha256, 'b', 64);
    return r;
}

static exm_status
add(exm_merge *m, const char *id, uint64_t seed, exm_error *err)
{
    char source[64];

    (void) snprintf(source, sizeof source, "%s-%llu.exr", id, (unsigned long long) seed);
    return exm_merge_add(m, sample(id, seed), source, err);
}

static exm_status
describe(exm_merge *m, const char *text, const char *source, exm_error *err)
{
    return exm_merge_describe(m, text, strlen(text), source, err);
}

static const char first[] =
    "sample\tkit\treads_in\tsite\tage\nA\ttruseq\t9\tx\tNA\nB\tq\t8\ty\t50\n";
static const char second[] = "sample,fastq_1,sex,age\nA,a.fq,f,41\nZ,z.fq,m,3\n";

/* The parts 0..5 in the order of 'at'. */
static exm_status
fill(exm_merge *m, const unsigned *at, size_t n, exm_error *err)
{
    exm_status s = EXM_OK;

    for (size_t i = 0; s == EXM_OK && i < n; i++) {
        switch (at[i]) {
        case 0:
            s = add(m, "A", 1, err);
            break;
        case 1:
            s = add(m, "B", 2, err);
            break;
        case 2:
            s = add(m, "S10", 3, err);
            break;
        case 3:
            s = add(m, "S2", 3, err);
            break;
        case 4:
            s = describe(m, first, "first.tsv", err);
            break;
        default:
            s = describe(m, second, "second.csv", err);
            break;
        }
    }
    return s == EXM_OK ? exm_merge_finish(m, err) : s;
}

/* Everything that came out, as text. */
static void
write_down(const exm_merge *m, exm_buf *b)
{
    exm_error err;

    for (size_t i = 0; i < m->n; i++) {
        if (exm_record_encode(m->records[i], b, &err) != EXM_OK) fail_msg("%s", err.msg);
        for (size_t k = 0; k < m->n_columns; k++)
            exm_buf_putf(b, "|%s=%s", m->columns[k], m->cells[i * m->n_columns + k]);
    }
    exm_buf_putf(b, "%zu %s", m->n_strangers, m->notes.data);
}

static void
neither_order_nor_repetition_matters(void **state)
{
    static const unsigned orders[][9] = {{0, 1, 2, 3, 4, 5, 0, 0, 0},
                                         {5, 3, 4, 2, 1, 0, 4, 5, 3},
                                         {2, 2, 5, 1, 4, 0, 3, 1, 1}};
    static const char *const ids[] = {"A", "B", "S10", "S2"};
    exm_buf want = {0};

    (void) state;
    for (size_t i = 0; i < LEN(orders); i++) {
        exm_merge m = {0};
        exm_buf got = {0};
        exm_error err;

        if (fill(&m, orders[i], 9, &err) != EXM_OK) fail_msg("%s", err.msg);
        assert_int_equal(m.n, 4);
        for (size_t k = 0; k < 4; k++) assert_string_equal(m.records[k]->sample, ids[k]);
        write_down(&m, i == 0 ? &want : &got);
        if (i > 0) {
            assert_int_equal(got.len, want.len);
            assert_memory_equal(got.data, want.data, want.len);
        }
        exm_buf_done(&got);
        exm_merge_done(&m);
    }
    exm_buf_done(&want);
}

static void
tables_are_joined(void **state)
{
    static const unsigned all[] = {0, 1, 2, 3, 4, 5, 0};
    static const char *const columns[] = {"age", "sex", "site"};
    static const char *const cells[] = {"41", "f", "x", "50", "", "y",
                                        "",   "",  "",  "",   "", ""};
    exm_merge m = {0};
    exm_error err;

    (void) state;
    if (fill(&m, all, LEN(all), &err) != EXM_OK) fail_msg("%s", err.msg);
    assert_int_equal(m.n_again, 1);
    assert_int_equal(m.n_strangers, 1);
    assert_int_equal(m.n_columns, 3);
    for (size_t k = 0; k < 3; k++) assert_string_equal(m.columns[k], columns[k]);
    for (size_t k = 0; k < 12; k++) assert_string_equal(m.cells[k], cells[k]);
    assert_non_null(strstr(m.notes.data, "samples S10 and S2 have the same reads"));
    exm_merge_done(&m);
}

/* ---- contradictions ---- */

static void
change_reads(exm_record *r)
{
    r->content[0] = 'f';
}

static void
change_parameters(exm_record *r)
{
    r->params_sha256[0] = 'c';
}

static void
change_reference(exm_record *r)
{
    r->ref_sha256[0] = 'c';
}

static void
change_version(exm_record *r)
{
    memcpy(r->version, "9.9", 4);
}

static void
change_umi(exm_record *r)
{
    r->umi_len = 12;
}

static void
change_nothing(exm_record *r)
{
    (void) r;
}

static void
contradictions_are_told(void **state)
{
    static const struct {
        const char *id;
        void (*change)(exm_record *r);
        const char *says; /* NULL: accepted */
    } cases[] = {
        {"A", change_nothing, NULL},
        {"B", change_parameters, NULL},
        {"A", change_reads, "stands for different reads in A-1.exr and other.exr"},
        {"A", change_parameters, "counted with different parameters in A-1.exr and other"},
        {"A", change_reference,
         "different references (aaaaaaaaaaaa... and caaaaaaaaaaa..."},
        {"B", change_reference, "different references"},
        {"A", change_version, "(exomir 9.9) differ"},
    };

    (void) state;
    for (size_t i = 0; i < LEN(cases); i++) {
        exm_merge m = {0};
        exm_record *r = sample(cases[i].id, 1);
        exm_error err = {0};
        exm_status s;

        cases[i].change(r);
        assert_int_equal(add(&m, "A", 1, &err), EXM_OK);
        assert_int_equal(exm_merge_add(&m, r, "other.exr", &err), EXM_OK);
        s = exm_merge_finish(&m, &err);
        if (s != (cases[i].says ? EXM_EDATA : EXM_OK)) fail_msg("%zu: %s", i, err.msg);
        if (cases[i].says && !strstr(err.msg, cases[i].says)) fail_msg("%s", err.msg);
        exm_merge_done(&m);
    }
}

static void
remarks_name_mixed_cohorts(void **state)
{
    exm_merge m = {0};
    exm_record *umi = sample("B", 2), *other = sample("C", 3);
    exm_error err;

    (void) state;
    change_umi(umi);
    change_parameters(other);
    assert_int_equal(add(&m, "A", 1, &err), EXM_OK);
    assert_int_equal(exm_merge_add(&m, umi, "b", &err), EXM_OK);
    assert_int_equal(exm_merge_add(&m, other, "c", &err), EXM_OK);
    assert_int_equal(exm_merge_finish(&m, &err), EXM_OK);
    assert_non_null(strstr(m.notes.data, "1 of 3 samples have UMIs"));
    assert_non_null(strstr(m.notes.data, "1 of 3 samples were counted with other"));
    assert_null(strstr(m.notes.data, "same reads"));
    exm_merge_done(&m);
}

static void
tables_must_agree(void **state)
{
    static const struct {
        const char *a, *b, *says; /* NULL: accepted */
    } cases[] = {
        {"s\tx\nA\t1\n", "s\tx\nA\t1\n", NULL},
        {"s\tx\nA\t\n", "s\tx\nA\tNA\n", NULL},
        {"s\tx\nB\t1\n", "s\tx\nB\t2\n", NULL}, /* a sample that is not here */
        {"s\tx\nA\t2\n", "s\tx\nA\t1\n",
         "sample 'A', column 'x': '1' in b.tsv, '2' in a.tsv"},
        {"s\tx\nA\t1\nA\t2\n", "s\ty\nA\t1\n", "'1' in a.tsv, '2' in a.tsv"},
    };

    (void) state;
    for (size_t i = 0; i < LEN(cases); i++) {
        exm_merge m = {0};
        exm_error err = {0};
        exm_status s;

        assert_int_equal(add(&m, "A", 1, &err), EXM_OK);
        assert_int_equal(describe(&m, cases[i].a, "a.tsv", &err), EXM_OK);
        assert_int_equal(describe(&m, cases[i].b, "b.tsv", &err), EXM_OK);
        s = exm_merge_finish(&m, &err);
        if (s != (cases[i].says ? EXM_EDATA : EXM_OK)) fail_msg("%zu: %s", i, err.msg);
        if (cases[i].says && !strstr(err.msg, cases[i].says)) fail_msg("%s", err.msg);
        exm_merge_done(&m);
    }
}

static void
misuse_is_told(void **state)
{
    exm_merge m = {0};
    exm_error err;

    (void) state;
    assert_int_equal(exm_merge_finish(&m, &err), EXM_EDATA);
    assert_int_equal(describe(&m, "s\tx\nA\n", "bad.tsv", &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "bad.tsv"));
    assert_int_equal(exm_merge_add(&m, NULL, "x", &err), EXM_EINVAL);
    assert_int_equal(add(&m, "A", 1, &err), EXM_OK);
    assert_int_equal(exm_merge_finish(&m, &err), EXM_OK);
    assert_int_equal(exm_merge_finish(&m, &err), EXM_EINVAL);
    assert_int_equal(add(&m, "B", 1, &err), EXM_EINVAL);
    exm_merge_done(&m);
    exm_merge_done(&m);
}

static void
each_allocation_may_fail(void **state)
{
    int failures = 0;

    (void) state;
    for (int k = 0;; k++) {
        exm_record *a = sample("A", 1), *again = sample("A", 1);
        exm_merge m = {0};
        exm_error err;
        exm_status s;

        oom_arm(k);
        s = exm_merge_add(&m, a, "a", &err);
        if (s == EXM_OK)
            s = exm_merge_add(&m, again, "b", &err);
        else
            exm_record_free(again);
        if (s == EXM_OK) s = describe(&m, first, "first.tsv", &err);
        if (s == EXM_OK) s = exm_merge_finish(&m, &err);
        exm_merge_done(&m);
        if (!oom_fired()) {
            oom_arm(-1);
            assert_int_equal(s, EXM_OK);
            break;
        }
        oom_arm(-1);
        assert_int_equal(s, EXM_ENOMEM);
        failures++;
    }
    assert_true(failures > 20);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neither_order_nor_repetition_matters),
        cmocka_unit_test(tables_are_joined),
        cmocka_unit_test(contradictions_are_told),
        cmocka_unit_test(remarks_name_mixed_cohorts),
        cmocka_unit_test(tables_must_agree),
        cmocka_unit_test(misuse_is_told),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
