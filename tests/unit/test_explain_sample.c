/*
 * test_explain_sample.c - tests of exomir/explain_sample.h
 *
 * What a whole folder says is tested from outside (tests/cli/explain_sample.sh); here are the
 * lists of features, the words, and each allocation failed in turn.
 */
#include "exomir/explain_sample.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FEATURES = 40 };

static char names[FEATURES][16];
static exm_record_feature features[FEATURES];
static char sample[] = "S", mirna[] = "miRNA", hairpin[] = "hairpin", evidence[] = "",
            params[] = "{}";
static exm_record_class classes[2] = {{.name = mirna}, {.name = hairpin, .kind = 1}};

static const char qc[] =
    "{\"samples\": [{\"sample\": \"S\", \"verdict\": \"warn\", \"limits\": \"csf\", "
    "\"content\": \"c0\", "
    "\"items\": ["
    "{\"id\": \"a\", \"title\": \"A share\", \"value\": 7.25, \"unit\": \"%\", \"low\": "
    "1.5, "
    "\"high\": null, \"verdict\": \"pass\", \"reason\": \"7.25 %\"},"
    "{\"id\": \"b\", \"title\": \"A count\", \"value\": 99999, \"unit\": \"reads\", "
    "\"low\": 100000, \"high\": 2000000, \"verdict\": \"warn\", "
    "\"reason\": \"99,999 reads, below 100,000 reads. Sequence deeper, or compare only "
    "what is "
    "abundant in all of the samples that you have.\"}]}]}";
static const char provenance[] =
    "{\"samples\": [{\"sample\": \"S\", \"content\": \"c0\", \"kit_inference\": null}]}";

/* 1,234,567 reads; miRNA i has 100 i reads, the last two as many as each other. */
static exm_record
record(void)
{
    exm_record r = {.sample = sample,
                    .content = "c0",
                    .params_json = params,
                    .kit = "truseq",
                    .layout = "insert,ACGT",
                    .kit_evidence = evidence,
                    .reads_in = 1234567,
                    .fate = {1234567},
                    .annotated = 1000000,
                    .unannotated = 234567,
                    .classes = classes,
                    .n_classes = 2,
                    .features = features,
                    .n_features = FEATURES};

    for (unsigned i = 0; i < FEATURES; i++) {
        (void) snprintf(names[i], sizeof names[i], "exm-miR-%02u", i);
        features[i] = (exm_record_feature){.name = names[i],
                                           .em = {100 * (i < FEATURES - 1 ? i : i - 1)}};
        features[i].unique[0] = features[i].em[0] - (i % 7 == 3 ? 50 + i : 0);
    }
    features[20].class_id = 1; /* no miRNA */
    return r;
}

static exm_status
tell(int json, exm_buf *out, exm_error *err)
{
    const exm_record r = record();

    return exm_explain_sample_texts("run", &r, qc, sizeof qc - 1, provenance,
                                    sizeof provenance - 1, json, out, err);
}

static void
the_largest_come_first(void **state)
{
    exm_buf out = {0};
    const char *at;

    (void) state;
    assert_int_equal(tell(1, &out, NULL), EXM_OK);
    at = strstr(out.data, "\"top\"");
    for (unsigned i = 0; i < 10; i++) { /* 38 and 39 tie: by name */
        static const unsigned order[] = {38, 39, 37, 36, 35, 34, 33, 32, 31, 30};
        char want[32];

        (void) snprintf(want, sizeof want, "\"exm-miR-%02u\"", order[i]);
        at = strstr(at, "\"mirna\"");
        assert_non_null(at);
        at += sizeof "\"mirna\": " - 1;
        assert_memory_equal(at, want, strlen(want));
    }
    at = strstr(out.data, "\"mirnas\""); /* where EM and unique differ most */
    for (unsigned i = 0; i < 5; i++) {
        static const unsigned order[] = {38, 31, 24, 17, 10};
        char want[32];

        (void) snprintf(want, sizeof want, "\"exm-miR-%02u\"", order[i]);
        at = strstr(at, "\"mirna\":");
        assert_non_null(at);
        at += sizeof "\"mirna\": " - 1;
        assert_memory_equal(at, want, strlen(want));
    }
    exm_buf_done(&out);
}

static void
words_hold_numbers_that_can_be_read(void **state)
{
    exm_buf out = {0};

    (void) state;
    assert_int_equal(tell(0, &out, NULL), EXM_OK);
    assert_non_null(strstr(out.data, "S: warn, by the limits for csf\n"));
    assert_non_null(strstr(out.data, "     1,234,567  100.0 %  kept"));
    assert_non_null(strstr(out.data, "       234,567   19.0 %  unannotated"));
    assert_non_null(strstr(out.data, "  pass  A share: 7.2 % (limit: at least 1.5 %)\n"));
    assert_non_null(strstr(out.data,
                           "  warn  A count (limit: at least 100,000 reads, at most "
                           "2,000,000 reads)\n        99,999 reads, below"));
    assert_non_null(strstr(out.data, "It was named, not inferred."));
    assert_true(strstr(out.data, "\n  warn") < strstr(out.data, "\n  pass"));
    assert_int_equal(out.data[out.len - 1], '\n');
    exm_buf_done(&out);
}

static void
files_of_another_run_are_refused(void **state)
{
    exm_record r = record();
    exm_buf out = {0};
    exm_error err = {0};

    (void) state;
    r.content[1] = '1';
    assert_int_equal(exm_explain_sample_texts("run", &r, qc, sizeof qc - 1, provenance,
                                              sizeof provenance - 1, 0, &out, &err),
                     EXM_EDATA);
    assert_non_null(strstr(err.msg, "not of one run"));
    assert_int_equal(exm_explain_sample_texts("run", &r, qc, sizeof qc - 9, provenance,
                                              sizeof provenance - 1, 0, &out, &err),
                     EXM_EDATA);
    assert_non_null(strstr(err.msg, "run/qc.json, line 1: damaged"));
    assert_int_equal(exm_explain_sample(NULL, "S", 0, &out, &err), EXM_EINVAL);
    exm_buf_done(&out);
}

static void
each_failed_allocation_is_reported(void **state)
{
    (void) state;
    for (int json = 0; json < 2; json++) {
        int k;

        for (k = 0; k < 1000; k++) {
            exm_buf out = {0};
            exm_error err = {0};
            exm_status st;

            oom_arm(k);
            st = tell(json, &out, &err);
            oom_arm(-1);
            exm_buf_done(&out);
            if (st == EXM_OK) break;
            assert_int_equal(st, EXM_ENOMEM);
        }
        assert_in_range(k, 1, 999);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_come_first),
        cmocka_unit_test(words_hold_numbers_that_can_be_read),
        cmocka_unit_test(files_of_another_run_are_refused),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
