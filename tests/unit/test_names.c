/* test_names.c - tests of exomir/names.h */
#include "exomir/names.h"

#include "oom.h"
#include "small_ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* One mature on two hairpins, and a hairpin and a mature that differ in case alone. */
static const struct small_texts texts = {
    .species = "hsa",
    .hairpin =
        ">hsa-mir-1-1 MI0000001\n"
        "AGTAAACCTTTCCTCATGCAATTCAAAACCATTTTACGGAGGATATGTCCGTAATGTAGGCGAAATACCAAATT\n"
        ">hsa-mir-1-2 MI0000002\n"
        "CCCCCTTACCTCCTTTTTCCTCATGCAATTCAAAACCAAAAGCTGTTGCATGAGGTAAACCAGGTCTCTCCGCC\n"
        ">hsa-mir-137 MI0000003\n"
        "ATTAAAAAAGTTCAACGGCAGCTGCAATGGGTGTTTTAAGATACAAATAGGCAATGACGGATATATATTGAGGC\n"
        ">hsa-mir-45 MI0000004\n"
        "GGCTTAACCTGATACCGGTTAGCATTCGCCAAGTCTTACGGCATTGACCAAGTTGCCTAGGATTACCAGTTAAC\n",
    .mature = ">hsa-miR-1-3p MIMAT0000001\nTTTCCTCATGCAATTCAAAACC\n"
              ">hsa-miR-9-3p MIMAT0000009\nTTTCCTCATGCAATTCAAAACC\n"
              ">hsa-miR-137-5p MIMAT0000003\nAGTTCAACGGCAGCTGCAATGG\n"
              ">hsa-miR-137-3p MIMAT0000005\nATAGGCAATGACGGATATATAT\n"
              ">hsa-miR-45 MIMAT0000004\nAACCTGATACCGGTTAGCATTC\n"};
static const char one[] = "hsa-miR-1-3p/hsa-miR-9-3p";

static void
find(const exm_ref *ref, const char *const *names, size_t n, exm_name *found)
{
    exm_error err;

    if (exm_names_find(ref, names, n, found, &err) != EXM_OK) fail_msg("%s", err.msg);
}

struct expected {
    const char *name;
    exm_name_kind kind;
    const char *becomes; /* NULL: unknown */
};

static void
expect_names(const struct expected *v, size_t n)
{
    const char *names[16];
    exm_name found[16];
    struct small_ref r;

    small_ref_build(&texts, &r);
    for (size_t i = 0; i < n; i++) names[i] = v[i].name;
    find(r.ref, names, n, found);
    for (size_t i = 0; i < n; i++) {
        if (found[i].kind != v[i].kind)
            fail_msg("%s: %s", v[i].name, exm_names_kind(found[i].kind));
        if (v[i].becomes)
            assert_string_equal(found[i].name, v[i].becomes);
        else
            assert_null(found[i].name);
    }
    small_ref_done(&r);
}

static void
lists_of_matures(void **state)
{
    static const struct expected v[] = {
        {"hsa-miR-1-3p", EXM_NAME_MATURE, one},
        {"MIMAT0000009", EXM_NAME_MATURE, one},
        {"miR-9-3p", EXM_NAME_MATURE, one},
        {"HSA-mir-1-3P", EXM_NAME_MATURE, one},
        {"hsa-miR-1-3p;hsa-miR-9-3p", EXM_NAME_MATURE, one},
        {"hsa-miR-45", EXM_NAME_MATURE, "hsa-miR-45"},
        {"hsa-mir-45", EXM_NAME_HAIRPIN, "hsa-mir-45"},
        {"hsa-miR-137", EXM_NAME_UNKNOWN, NULL}, /* which arm? */
        {"hsa-miR-1-3p/hsa-miR-45", EXM_NAME_UNKNOWN, NULL},
        {"hsa-miR-1-3p/no", EXM_NAME_UNKNOWN, NULL},
        {"cel-miR-39-3p", EXM_NAME_UNKNOWN, NULL},
    };

    (void) state;
    expect_names(v, LEN(v));
}

static void
lists_of_hairpins(void **state)
{
    static const struct expected v[] = {
        {"hsa-mir-1-1", EXM_NAME_HAIRPIN, "hsa-mir-1-1"},
        {"MI0000002", EXM_NAME_HAIRPIN, "hsa-mir-1-2"},
        {"mir-137", EXM_NAME_HAIRPIN, "hsa-mir-137"},
        {"HSA-MIR-45", EXM_NAME_HAIRPIN, "hsa-mir-45"},
        {"hsa-miR-45", EXM_NAME_MATURE, "hsa-miR-45"}, /* spelled so */
        {"hsa-mir-1-3P", EXM_NAME_UNKNOWN, NULL},
        {"hsa-mir-4", EXM_NAME_UNKNOWN, NULL},
    };

    (void) state;
    expect_names(v, LEN(v));
}

/* ---- matrices ---- */

static const char counts[] = "m\ta\tb\n"
                             "hsa-miR-1-3p\t3\t4\n"
                             "MIMAT0000001\t3\t4\n"
                             "hsa-miR-9-3p\t1\t0\n"
                             "hsa-miR-45\t5\t6\n"
                             "other\t7\t8\n";

static exm_status
apply(const exm_ref *ref, const char *text, int drop, exm_matrix **ret, exm_buf *tsv,
      exm_error *err)
{
    exm_matrix *m = NULL;
    exm_name found[8];
    exm_status s = exm_matrix_parse(text, strlen(text), "m.tsv", &m, err);

    if (s == EXM_OK)
        s = exm_names_find(ref, (const char *const *) m->features, m->n_features, found,
                           err);
    if (s == EXM_OK) s = exm_names_apply(m, found, drop, ret, err);
    if (s == EXM_OK) exm_names_put_tsv(m, found, tsv);
    if (s == EXM_OK) s = exm_buf_check(tsv, err);
    exm_matrix_free(m);
    return s;
}

static void
rows_of_one_feature_add_up(void **state)
{
    static const double want[] = {4, 4, 5, 6, 7, 8};
    struct small_ref r;
    exm_error err;

    (void) state;
    small_ref_build(&texts, &r);
    for (int drop = 0; drop < 2; drop++) {
        exm_matrix *m = NULL;
        exm_buf tsv = {0};

        if (apply(r.ref, counts, drop, &m, &tsv, &err) != EXM_OK) fail_msg("%s", err.msg);
        if (!m) abort();
        assert_int_equal(m->n_features, drop ? 2 : 3);
        assert_int_equal(m->n_samples, 2);
        assert_string_equal(m->features[0], one); /* a row and the same again count once */
        assert_string_equal(m->features[1], "hsa-miR-45");
        assert_memory_equal(m->y, want, (size_t) (drop ? 4 : 6) * sizeof *want);
        assert_string_equal(tsv.data, "name\tkind\tbecomes\treads\n"
                                      "MIMAT0000001\tmature\thsa-miR-1-3p/hsa-miR-9-3p\t7\n"
                                      "hsa-miR-1-3p\tmature\thsa-miR-1-3p/hsa-miR-9-3p\t7\n"
                                      "hsa-miR-45\tmature\thsa-miR-45\t11\n"
                                      "hsa-miR-9-3p\tmature\thsa-miR-1-3p/hsa-miR-9-3p\t1\n"
                                      "other\tunknown\tNA\t15\n");
        exm_buf_done(&tsv);
        exm_matrix_free(m);
    }
    small_ref_done(&r);
}

static void
another_species_is_refused(void **state)
{
    struct small_ref r;
    exm_matrix *m = NULL;
    exm_buf tsv = {0};
    exm_error err;

    (void) state;
    small_ref_build(&texts, &r);
    assert_int_equal(apply(r.ref, "m\ta\ncel-lin-4\t1\n", 0, &m, &tsv, &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "none of 1 names ('cel-lin-4' ...)"));
    assert_null(m);
    small_ref_done(&r);
}

static void
each_allocation_may_fail(void **state)
{
    struct small_ref r;
    int failures = 0;

    (void) state;
    small_ref_build(&texts, &r);
    for (int k = 0;; k++) {
        exm_matrix *m = NULL;
        exm_buf tsv = {0};
        exm_error err;
        exm_status s;

        oom_arm(k);
        s = apply(r.ref, counts, 0, &m, &tsv, &err);
        exm_buf_done(&tsv);
        exm_matrix_free(m);
        if (!oom_fired()) {
            oom_arm(-1);
            assert_int_equal(s, EXM_OK);
            break;
        }
        oom_arm(-1);
        assert_int_equal(s, EXM_ENOMEM);
        failures++;
    }
    assert_true(failures > 30);
    small_ref_done(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_matures),
        cmocka_unit_test(lists_of_hairpins),
        cmocka_unit_test(rows_of_one_feature_add_up),
        cmocka_unit_test(another_species_is_refused),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
