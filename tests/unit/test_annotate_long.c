/*
 * test_annotate_long.c - tests of exm_annotate_long()
 *
 * The oracle of test_annotate.c, on inserts of 64 nt and more: here nothing may be missed.
 */
#include "annotate_world.h"
#include "exomir/annotate.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { READS = 4000, LONGEST = 400 };

static struct world world;
static struct oracle_result all, want;

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
check_read(const char *read, uint32_t n, exm_annotation *a)
{
    static const uint32_t margins[] = {10, 0, 13, UINT32_MAX};
    exm_error err = {0};

    oracle_collect(&world.oracle, read, n, &all);
    for (size_t i = 0; i < sizeof margins / sizeof margins[0]; i++) {
        memcpy(want.cand, all.cand, all.n * sizeof *all.cand);
        want.n = all.n;
        oracle_rank(&want, margins[i]);
        assert_int_equal(exm_annotate_long(world.sse4, read, n, margins[i], a, &err),
                         EXM_OK);
        if (a->n != want.n || a->n_best != want.n_best)
            fail_msg("%s: %zu explanations, %zu best; the oracle has %zu, %zu", read, a->n,
                     a->n_best, want.n, want.n_best);
        for (size_t k = 0; k < want.n; k++)
            if (!oracle_same(a->cand + k, want.cand + k))
                fail_msg("%s: explanation %zu is another one", read, k);
    }
}

static void
long_reads_are_explained_as_the_rules_say(void **state)
{
    exm_annotation a = {0};
    char read[WORLD_READ];
    unsigned hairpins = 0, cargo = 0, spikes = 0, added = 0, tails = 0, two = 0, far = 0;

    (void) state;
    for (unsigned i = 0; i < READS; i++) {
        const uint32_t most = i % 2 ? 90 : LONGEST;
        const uint32_t n = read_of_template(&world, 64, most, read);
        const exm_candidate *c;

        check_read(read, n, &a);
        if (a.n == 0) continue;
        c = a.cand;
        hairpins += c->class_id == 0;
        cargo += exm_ref_class_get(world.small.ref, c->class_id)->kind == EXM_KIND_CARGO;
        spikes += exm_ref_class_get(world.small.ref, c->class_id)->kind == EXM_KIND_SPIKE;
        added += c->n_add5 > 0;
        tails += c->n_tail > 0;
        two += c->n_sub == 2;
        far += c->n_sub && c->sub_at[c->n_sub - 1] == 255;
    }
    assert_true(hairpins > 200 && cargo > 400 && spikes > 10);
    assert_true(added > 50 && tails > 200 && two > 100 && far > 20);
    exm_annotation_done(&a);
}

/* The bundle's last template: nothing but the text's end lies behind it. */
static void
a_tail_may_hang_over_the_last_template(void **state)
{
    exm_buf hairpin = {0}, mature = {0}, last = {0};
    exm_annotation a = {0};
    char read[WORLD_READ];
    struct small_ref small;
    exm_annotator *annotator = NULL;
    exm_error err = {0};

    (void) state;
    random_letters(&world.rng, read, 60);
    put_entry(&hairpin, "exm-mir-1", read, 60);
    put_entry(&mature, "exm-miR-1-5p", read + 4, 22);
    random_letters(&world.rng, read, 80);
    put_entry(&last, "last", read, 80);
    small_ref_build(&(struct small_texts){.hairpin = hairpin.data,
                                          .mature = mature.data,
                                          .class_name = {"x"},
                                          .class_text = {last.data}},
                    &small);
    assert_int_equal(exm_annotator_new(small.ref, &annotator, &err), EXM_OK);
    for (uint32_t over = 0; over <= 5; over++) {
        random_letters(&world.rng, read + 80, over);
        assert_int_equal(exm_annotate_long(annotator, read + 10, 70 + over, 0, &a, &err),
                         EXM_OK);
        assert_int_equal(a.n, over <= 3 ? 1 : 0);
        if (a.n > 0) assert_int_equal(a.cand[0].n_tail, over);
    }
    exm_buf_done(&hairpin);
    exm_buf_done(&mature);
    exm_buf_done(&last);
    exm_annotator_free(annotator);
    small_ref_done(&small);
    exm_annotation_done(&a);
}

/* Matures have at most 47 nt, so every insert that one explains can be packed. */
static void
no_mature_explains_more_than_63_nt(void **state)
{
    exm_buf hairpin = {0}, mature = {0};
    struct small_ref small;
    exm_annotator *annotator = NULL;
    exm_annotation a = {0};
    exm_error err = {0};
    char seq[101], read[66];
    const exm_candidate *c;

    (void) state;
    random_letters(&world.rng, seq, 100);
    put_entry(&hairpin, "exm-mir-1", seq, 100);
    put_entry(&mature, "exm-miR-1-5p", seq + 20, 47);
    small_ref_build(&(struct small_texts){.hairpin = hairpin.data, .mature = mature.data},
                    &small);
    assert_int_equal(exm_annotator_new(small.ref, &annotator, &err), EXM_OK);
    memcpy(read, seq + 13, 63); /* 7 nt before the mature, of which two are additions */
    mutate(&world.rng, read);
    mutate(&world.rng, read + 1);
    mutate(&world.rng, read + 60);
    assert_int_equal(exm_annotate_long(annotator, read, 63, 0, &a, &err), EXM_OK);
    assert_int_equal(a.n, 1);
    c = a.cand;
    assert_int_equal(c->mature, 0);
    assert_true(c->d5 == -5 && c->d3 == 6 && c->n_add5 == 2 && c->n_tail == 3);
    memcpy(read, seq + 13, 64);
    assert_int_equal(exm_annotate_long(annotator, read, 64, 0, &a, &err), EXM_OK);
    assert_int_equal(a.n, 1);
    assert_int_equal(a.cand->mature, UINT32_MAX);
    exm_buf_done(&hairpin);
    exm_buf_done(&mature);
    exm_annotator_free(annotator);
    small_ref_done(&small);
    exm_annotation_done(&a);
}

static void
short_reads_are_passed_on(void **state)
{
    exm_annotation a = {0}, b = {0};
    exm_error err = {0};
    char read[WORLD_READ];

    (void) state;
    for (unsigned i = 0; i < 500; i++) {
        const uint32_t n =
            i % 2 ? read_of_mature(&world, read) : read_of_template(&world, 0, 63, read);
        uint64_t lo, hi;

        assert_int_equal(exm_pack(read, n, &lo, &hi, &err), EXM_OK);
        assert_int_equal(exm_annotate(world.sse4, lo, hi, 10, &a, &err), EXM_OK);
        assert_int_equal(exm_annotate_long(world.sse4, read, n, 10, &b, &err), EXM_OK);
        assert_int_equal(a.n, b.n);
        assert_int_equal(a.n_best, b.n_best);
        for (size_t k = 0; k < a.n; k++) assert_true(oracle_same(a.cand + k, b.cand + k));
    }
    exm_annotation_done(&a);
    exm_annotation_done(&b);
}

static void
other_letters_are_refused(void **state)
{
    exm_annotation a = {0};
    exm_error err = {0};
    char read[WORLD_READ];

    (void) state;
    for (uint32_t n = 20; n <= 100; n += 40) {
        for (const char *bad = "NacgtU-"; *bad; bad++) {
            random_letters(&world.rng, read, n);
            read[n - 2] = *bad;
            assert_int_equal(exm_annotate_long(world.sse4, read, n, 10, &a, &err),
                             EXM_EDATA);
            assert_int_equal(err.at, n - 2);
        }
    }
    exm_annotation_done(&a);
}

static void
each_failed_allocation_is_reported(void **state)
{
    const exm_ref_template *t = exm_ref_template_get(world.small.ref, 48);
    exm_annotation a = {0};
    exm_error err = {0};
    char read[WORLD_READ];
    int k;

    (void) state;
    (void) copy_text(&world, (int64_t) t->start, 80, read);
    for (k = 0; k < 100; k++) {
        exm_annotation_done(&a);
        oom_arm(k);
        if (exm_annotate_long(world.sse4, read, 80, 10, &a, &err) == EXM_OK) {
            assert_false(oom_fired());
            break;
        }
        assert_int_equal(err.code, EXM_ENOMEM);
    }
    oom_arm(-1);
    assert_in_range(k, 2, 20);
    assert_true(a.n >= 20);
    exm_annotation_done(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_reads_are_explained_as_the_rules_say),
        cmocka_unit_test(a_tail_may_hang_over_the_last_template),
        cmocka_unit_test(no_mature_explains_more_than_63_nt),
        cmocka_unit_test(short_reads_are_passed_on),
        cmocka_unit_test(other_letters_are_refused),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
