/*
 * test_explain.c - tests of exomir/explain.h
 *
 * What is told is what the annotator says: the same explanations in the same order, as
 * text and as JSON, and a sentence that fits them.
 */
#include "annotate_world.h"
#include "exomir/explain.h"
#include "json_reader.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct world world;

static int
set_up(void **state)
{
    (void) state;
    world_init(&world);
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    world_done(&world);
    return 0;
}

static void
explain(const char *seq, int json, exm_buf *ret)
{
    exm_error err = {0};

    exm_buf_clear(ret);
    if (exm_explain_read(world.small.ref, world.sse4, seq, json, ret, &err) != EXM_OK)
        fail_msg("%s", err.msg);
}

static const char *
feature_of(const exm_candidate *c)
{
    return c->entity != UINT32_MAX
               ? exm_ref_entity_get(world.small.ref, c->entity)->name
               : exm_ref_template_get(world.small.ref, c->template_id)->name;
}

/* The events of one candidate up to its bits, as the JSON reader gives them. */
static void
put_candidate(const exm_candidate *c, exm_buf *b)
{
    const int bare = c->class_id == 0 && c->entity == UINT32_MAX;

    exm_buf_clear(b);
    exm_buf_putf(b, "{kclass\"s%s\"kfeature\"s%s\"ktemplate\"s%s\"kstart\"%lld#kcost\"%u#",
                 bare ? "hairpin" : exm_ref_class_get(world.small.ref, c->class_id)->name,
                 feature_of(c), exm_ref_template_get(world.small.ref, c->template_id)->name,
                 (long long) c->start, c->cost);
    exm_buf_putf(b, "ksubstitutions\"%u#kadditions_5p\"%u#ktail\"%u#kshift\"%u#", c->n_sub,
                 c->n_add5, c->n_tail, c->shift);
}

static size_t
occurrences(const char *text, const char *what)
{
    size_t n = 0;

    for (const char *p = strstr(text, what); p; p = strstr(p + 1, what)) n++;
    return n;
}

static void
json_holds_the_annotators_explanations_in_order(void **state)
{
    exm_buf json = {0}, events = {0}, want = {0};
    exm_annotation a = {0};
    char read[WORLD_READ];
    unsigned explained = 0;

    (void) state;
    for (unsigned i = 0; i < 400; i++) {
        const uint32_t n =
            i % 3 ? read_of_mature(&world, read) : read_of_template(&world, 5, 150, read);
        const char *p;

        explain(read, 1, &json);
        assert_true(is_json(json.data, &events));
        assert_int_equal(exm_annotate_long(world.scalar, read, n, 10, &a, NULL), EXM_OK);
        p = events.data;
        for (size_t k = 0; k < a.n; k++) {
            put_candidate(a.cand + k, &want);
            p = strstr(p, want.data);
            assert_non_null(p);
            assert_true(strncmp(strstr(p, "kbest\"") + 6, k < a.n_best ? "t" : "f", 1) ==
                        0);
        }
        assert_int_equal(occurrences(events.data, "{kclass"), a.n);
        explained += a.n > 0;
    }
    assert_true(explained > 100);
    exm_buf_done(&json);
    exm_buf_done(&events);
    exm_buf_done(&want);
    exm_annotation_done(&a);
}

static void
text_has_a_line_per_explanation(void **state)
{
    exm_buf text = {0};
    exm_annotation a = {0};
    char read[WORLD_READ];

    (void) state;
    for (unsigned i = 0; i < 200; i++) {
        const uint32_t n = read_of_template(&world, 16, 60, read);
        size_t lines, best;

        explain(read, 0, &text);
        assert_int_equal(exm_annotate_long(world.scalar, read, n, 10, &a, NULL), EXM_OK);
        assert_int_equal(strncmp(text.data, read, n), 0);
        lines = occurrences(text.data, "\n") - 2; /* behind read and reason */
        best = occurrences(text.data, "\n* ");
        assert_int_equal(lines, a.n ? a.n + 2 : 0);
        assert_int_equal(best, a.n_best);
    }
    exm_buf_done(&text);
    exm_annotation_done(&a);
}

static void
assert_says(const char *read, const char *what)
{
    exm_buf b = {0}, events = {0};

    explain(read, 0, &b);
    if (!strstr(b.data, what)) fail_msg("'%s' lacks '%s'", b.data, what);
    explain(read, 1, &b);
    assert_true(is_json(b.data, &events));
    if (!strstr(events.data, what)) fail_msg("'%s' lacks '%s'", events.data, what);
    exm_buf_done(&b);
    exm_buf_done(&events);
}

/* Lower case and U are the same read. */
static void
letters_may_be_rna_and_lower_case(void **state)
{
    const char *seq = exm_ref_entity_get(world.small.ref, 3)->seq;
    char rna[64];
    exm_buf a = {0}, b = {0};

    (void) state;
    for (size_t i = 0; i <= strlen(seq); i++) {
        rna[i] = seq[i] == 'T' ? 'u' : seq[i];
        if (i % 2 && rna[i]) rna[i] = (char) (rna[i] | 0x20);
    }
    explain(seq, 0, &a);
    explain(rna, 0, &b);
    assert_string_equal(a.data, b.data);
    exm_buf_done(&a);
    exm_buf_done(&b);
}

static void
sentences_fit_the_explanations(void **state)
{
    const exm_ref *ref = world.small.ref;
    const exm_ref_template *t = exm_ref_template_get(ref, 48);
    exm_annotation a = {0};
    char read[WORLD_READ];
    unsigned lost = 0, next = 0;

    (void) state;
    assert_says("ACGTACGTACGTA", "Too short");
    assert_says("", "Too short");
    assert_says("ACGTTGCATTAGGCATTTTTGACCCCGATAG", "Nothing in the reference");
    (void) copy_text(&world, (int64_t) t->start + 20, 30, read); /* repeats */
    assert_says(read, "places of the same feature");
    for (unsigned i = 0; i < 3000; i++) {
        const uint32_t n = read_of_mature(&world, read);
        size_t k;

        assert_int_equal(exm_annotate_long(world.sse4, read, n, 10, &a, NULL), EXM_OK);
        if (a.n == a.n_best) continue;
        for (k = a.n_best; k < a.n && a.cand[k].cost == a.cand->cost; k++) {
        }
        if (k > a.n_best && lost++ < 3) assert_says(read, "at the same cost, have lost.");
        if (k < a.n && next++ < 3) {
            char what[64];

            (void) snprintf(what, sizeof what, "The next best costs %u.", a.cand[k].cost);
            assert_true(a.cand[k].cost > a.cand->cost);
            assert_says(read, what);
        }
    }
    assert_true(lost > 0 && next > 0);
    exm_annotation_done(&a);
}

static void
other_letters_are_refused(void **state)
{
    exm_buf b = {0};
    exm_error err = {0};

    (void) state;
    assert_int_equal(
        exm_explain_read(world.small.ref, world.sse4, "ACGTNACGT", 0, &b, &err), EXM_EDATA);
    assert_int_equal(err.at, 4);
    assert_non_null(strstr(err.msg, "base 5"));
    assert_int_equal(
        exm_explain_read(world.small.ref, world.sse4, "ACGT\x1b[2JACGT", 0, &b, &err),
        EXM_EDATA);
    assert_null(strchr(err.msg, '\x1b')); /* nothing for a terminal to obey */
    assert_int_equal(exm_explain_read(world.small.ref, world.sse4, NULL, 0, &b, &err),
                     EXM_EINVAL);
    assert_int_equal(b.len, 0);
    exm_buf_done(&b);
}

static void
each_failed_allocation_is_reported(void **state)
{
    const exm_ref_template *t = exm_ref_template_get(world.small.ref, 48);
    exm_buf want = {0}, got = {0};
    char read[WORLD_READ];

    (void) state;
    (void) copy_text(&world, (int64_t) t->start, 30, read);
    for (int json = 0; json <= 1; json++) {
        int k;

        explain(read, json, &want);
        for (k = 0; k < 500; k++) {
            exm_error err = {0};
            exm_status st;
            int fired;

            exm_buf_done(&got);
            oom_arm(k);
            st = exm_explain_read(world.small.ref, world.sse4, read, json, &got, &err);
            fired = oom_fired();
            oom_arm(-1);
            if (st == EXM_OK) {
                assert_false(fired);
                break;
            }
            assert_int_equal(st, EXM_ENOMEM);
        }
        assert_in_range(k, 4, 100);
        assert_string_equal(got.data, want.data);
    }
    exm_buf_done(&want);
    exm_buf_done(&got);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_holds_the_annotators_explanations_in_order),
        cmocka_unit_test(text_has_a_line_per_explanation),
        cmocka_unit_test(letters_may_be_rna_and_lower_case),
        cmocka_unit_test(sentences_fit_the_explanations),
        cmocka_unit_test(other_letters_are_refused),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
