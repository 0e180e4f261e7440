/*
 * test_annotate.c - tests of exm_annotate()
 *
 * Thousands of reads, most of them built to be hard, are explained by the library on both
 * SIMD paths and by an oracle that walks over every letter of the reference.
 */
#include "annotate_world.h"
#include "exomir/annotate.h"
#include "exomir/pool.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { READS = 6000, RANDOM_READS = 40000 };

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

/* ---- comparing ---- */

/* The documented gap: two differences that leave fewer than 8 matching nt in a row. */
static int
is_missed(const exm_candidate *c, uint32_t n)
{
    return c->n_sub + c->n_add5 == 2 && oracle_longest_run(c, n) < 8;
}

static void
drop_missed(struct oracle_result *r, uint32_t n)
{
    size_t k = 0;

    for (size_t i = 0; i < r->n; i++)
        if (!is_missed(r->cand + i, n)) r->cand[k++] = r->cand[i];
    r->n = k;
}

static void
annotate(const exm_annotator *a, const char *read, uint32_t n, uint32_t margin,
         exm_annotation *ret)
{
    uint64_t lo, hi;
    exm_error err = {0};

    assert_int_equal(exm_pack(read, n, &lo, &hi, &err), EXM_OK);
    assert_int_equal(exm_annotate(a, lo, hi, margin, ret, &err), EXM_OK);
}

static int
agree(const exm_annotation *got, const struct oracle_result *r)
{
    if (got->n != r->n || got->n_best != r->n_best) return 0;
    for (size_t i = 0; i < r->n; i++)
        if (!oracle_same(got->cand + i, r->cand + i)) return 0;
    return 1;
}

static void
show(const char *who, const exm_candidate *c, size_t n, size_t n_best)
{
    print_message("%s: %zu, %zu best\n", who, n, n_best);
    for (size_t i = 0; i < n && i < 8; i++)
        print_message(
            "  class %u template %u start %ld mature %d cost %u shift %u d5 %d d3 "
            "%d sub %u add5 %u tail %u\n",
            c[i].class_id, c[i].template_id, (long) c[i].start, (int) c[i].mature,
            c[i].cost, c[i].shift, c[i].d5, c[i].d3, c[i].n_sub, c[i].n_add5, c[i].n_tail);
}

static void
assert_agree(const char *read, uint32_t margin, const exm_annotation *got,
             const struct oracle_result *r)
{
    if (agree(got, r)) return;
    show("oracle", r->cand, r->n, r->n_best);
    show("library", got->cand, got->n, got->n_best);
    fail_msg("%s, margin %u: another answer than the oracle's", read, margin);
}

static void
check_read(const char *read, uint32_t n, exm_annotation *a, exm_annotation *b)
{
    static const uint32_t margins[] = {10, 0, 3, 20, UINT32_MAX};

    oracle_collect(&world.oracle, read, n, &all);
    drop_missed(&all, n);
    for (size_t i = 0; i < sizeof margins / sizeof margins[0]; i++) {
        memcpy(want.cand, all.cand, all.n * sizeof *all.cand);
        want.n = all.n;
        oracle_rank(&want, margins[i]);
        annotate(world.scalar, read, n, margins[i], a);
        assert_agree(read, margins[i], a, &want);
        annotate(world.sse4, read, n, margins[i], b);
        assert_agree(read, margins[i], b, &want);
    }
}

/* ---- tests ---- */

/* What the reads of a run have shown, so that it is not empty. */
struct seen {
    unsigned explained, cost[30], add5[3], hairpin_only, between_classes, lost_hairpins,
        spikes, other_add5;
};

static void
note(struct seen *s, const exm_annotation *a)
{
    const exm_candidate *c = a->cand;

    if (a->n == 0) return;
    s->explained++;
    s->cost[c->cost]++;
    if (c->mature != UINT32_MAX) s->add5[c->n_add5]++;
    s->hairpin_only += c->class_id == 0 && c->mature == UINT32_MAX;
    s->other_add5 += c->mature == UINT32_MAX && c->n_add5 > 0;
    s->between_classes += c[a->n_best - 1].class_id != c->class_id;
    s->lost_hairpins += a->n > a->n_best && c[a->n_best].cost == c->cost;
    s->spikes += exm_ref_class_get(world.small.ref, c->class_id)->kind == EXM_KIND_SPIKE;
}

static void
reads_of_the_reference_are_explained_as_the_rules_say(void **state)
{
    exm_annotation a = {0}, b = {0}, c = {0};
    struct seen s = {0};
    char read[WORLD_READ];

    (void) state;
    for (unsigned i = 0; i < READS; i++) {
        const uint32_t n = i % 3 == 0 ? read_of_mature(&world, read)
                                      : read_of_template(&world, 10, 63, read);

        check_read(read, n, &a, &b);
        annotate(world.sse4, read, n, 10, &c);
        note(&s, &c);
    }
    assert_true(s.explained > READS / 4);
    for (unsigned cost = 0; cost < 30; cost++)
        if (cost % 10 % 3 == 0) assert_true(s.cost[cost] > 50);
    assert_true(s.add5[1] > 20 && s.add5[2] > 5 && s.other_add5 > 50);
    assert_true(s.hairpin_only > 500 && s.between_classes > 10 && s.lost_hairpins > 5);
    assert_true(s.spikes > 20);
    exm_annotation_done(&a);
    exm_annotation_done(&b);
    exm_annotation_done(&c);
}

static void
every_shift_of_a_mature_is_named_up_to_the_windows_edge(void **state)
{
    exm_annotation a = {0}, b = {0};
    char read[WORLD_READ];

    (void) state;
    for (uint32_t i = 0; i < exm_ref_n_matures(world.small.ref); i += 7) {
        const exm_ref_mature *m = exm_ref_mature_get(world.small.ref, i);
        const exm_ref_template *t = exm_ref_template_get(world.small.ref, m->template_id);

        for (int d5 = -7; d5 <= 7; d5++) {
            for (int d3 = -10; d3 <= 8; d3++) {
                const int64_t from = (int64_t) (t->start + m->start) + d5;
                const uint32_t n = (uint32_t) ((int) m->len + d3 - d5);

                (void) copy_text(&world, from, n, read);
                check_read(read, n, &a, &b);
            }
        }
    }
    exm_annotation_done(&a);
    exm_annotation_done(&b);
}

/* A read of template t from 'start' on with two substitutions; a tail where the core's end
 * would be one.  Returns its length. */
static uint32_t
read_with_two(const exm_ref_template *t, uint32_t start, uint32_t core, uint32_t p,
              uint32_t q, char *read)
{
    const uint32_t n = q + 4 > core ? core + 3 : core;

    (void) copy_text(&world, (int64_t) t->start + start, n, read);
    mutate(&world.rng, read + p);
    mutate(&world.rng, read + q);
    if (n > core) mutate(&world.rng, read + core);
    return n;
}

/* The gap is what the header says: of all pairs of places in cores of 22 and 23 nt, four. */
static void
two_substitutions_are_missed_in_four_patterns_of_484(void **state)
{
    static const uint32_t templates[] = {1, 44, 47}; /* a hairpin, a tRNA, an rRNA */
    exm_annotation a = {0}, b = {0};
    char read[WORLD_READ];

    (void) state;
    for (size_t k = 0; k < 3; k++) {
        const exm_ref_template *t = exm_ref_template_get(world.small.ref, templates[k]);
        unsigned pairs = 0, missed = 0;

        assert_int_equal(t->class_id, k);
        for (uint32_t core = 22; core <= 25; core++) {
            for (uint32_t p = 0; p < core; p++) {
                for (uint32_t q = p + 1; q < core; q++) {
                    const uint32_t n = read_with_two(t, 22, core, p, q, read);
                    exm_candidate c;

                    check_read(read, n, &a, &b);
                    assert_true(
                        oracle_explains(&world.oracle, templates[k], 22, read, n, &c));
                    pairs += core <= 23;
                    missed += is_missed(&c, n) ? 1U : 0U;
                }
            }
        }
        assert_int_equal(pairs, 484);
        assert_int_equal(missed, 4);
    }
    exm_annotation_done(&a);
    exm_annotation_done(&b);
}

static void
short_inserts_stay_unexplained(void **state)
{
    const exm_ref_template *t = exm_ref_template_get(world.small.ref, 1);
    exm_annotation a = {0};
    exm_error err = {0};
    char read[WORLD_READ];

    (void) state;
    for (uint32_t n = 0; n < 20; n++) {
        (void) copy_text(&world, (int64_t) t->start + 30, n, read);
        annotate(world.sse4, read, n, 10, &a);
        assert_int_equal(a.n > 0, n >= EXM_ANNOTATE_MIN_NT);
    }
    assert_int_equal(exm_annotate(world.sse4, 0, 0, 10, &a, &err), EXM_OK);
    assert_int_equal(a.n, 0);
    exm_annotation_done(&a);
    exm_annotation_done(NULL);
}

/* 2^-13 per read and class at most: 5 classes, so 24 of 40,000 and not many more. */
static void
random_reads_are_rarely_explained(void **state)
{
    exm_annotation a = {0};
    char read[WORLD_READ];
    unsigned explained = 0;

    (void) state;
    for (unsigned i = 0; i < RANDOM_READS; i++) {
        const uint32_t n = 16 + below(&world.rng, 25);

        random_letters(&world.rng, read, n);
        annotate(world.sse4, read, n, 10, &a);
        explained += a.n > 0;
    }
    assert_in_range(explained, 0, 44); /* 24 and four times its root */
    exm_annotation_done(&a);
}

/* Negative control: what the comparison is for, it finds. */
static void
another_answer_would_not_agree(void **state)
{
    exm_annotation a = {0};
    char read[WORLD_READ];
    const exm_ref_template *t = exm_ref_template_get(world.small.ref, 48);

    (void) state;
    (void) copy_text(&world, (int64_t) t->start, 30, read);
    oracle_collect(&world.oracle, read, 30, &want);
    oracle_rank(&want, 10);
    annotate(world.sse4, read, 30, 10, &a);
    assert_true(a.n >= 20 && agree(&a, &want));
    a.n_best--;
    assert_false(agree(&a, &want));
    a.n_best++;
    a.cand[3].start++;
    assert_false(agree(&a, &want));
    a.cand[3].start--;
    a.cand[0].n_tail ^= 1;
    assert_false(agree(&a, &want));
    a.cand[0] = a.cand[1];
    assert_false(agree(&a, &want));
    /* Nor does the oracle explain what is not there: the reversed read. */
    for (int i = 0; i < 15; i++) {
        const char c = read[i];

        read[i] = read[29 - i];
        read[29 - i] = c;
    }
    oracle_collect(&world.oracle, read, 30, &want);
    assert_int_equal(want.n, 0);
    annotate(world.sse4, read, 30, 10, &a);
    assert_int_equal(a.n, 0);
    exm_annotation_done(&a);
}

static void
limits_of_chance_follow_the_search_space(void **state)
{
    (void) state;
    for (uint32_t c = 0; c < exm_ref_n_classes(world.small.ref); c++) {
        assert_int_equal(exm_annotator_min_bits(world.sse4, c), world.oracle.bits[c]);
        assert_int_equal(world.oracle.bits[c], 13 + EXM_LEAST_SPACE_LOG2);
    }
}

/* ---- packing ---- */

static void
letters_survive_packing(void **state)
{
    char read[WORLD_READ], back[64];
    uint64_t lo = 7, hi = 8;
    exm_error err = {0};

    (void) state;
    for (uint32_t n = 0; n <= 63; n++) {
        random_letters(&world.rng, read, n);
        assert_int_equal(exm_pack(read, n, &lo, &hi, &err), EXM_OK);
        assert_int_equal(exm_unpack(lo, hi, back), n);
        assert_string_equal(back, read);
    }
    lo = 7;
    random_letters(&world.rng, read, 64);
    assert_int_equal(exm_pack(read, 64, &lo, &hi, &err), EXM_EDATA);
    assert_int_equal(exm_pack("ACGNA", 5, &lo, &hi, &err), EXM_EDATA);
    assert_int_equal(err.at, 3);
    assert_int_equal(exm_pack("acgt", 4, &lo, &hi, &err), EXM_EDATA);
    assert_int_equal(exm_pack("ACGU", 4, &lo, &hi, &err), EXM_EDATA);
    assert_int_equal(exm_pack(NULL, 4, &lo, &hi, &err), EXM_EINVAL);
    assert_int_equal(lo, 7); /* untouched */
    assert_int_equal(exm_unpack(0, 0, back), 0);
}

/* ---- memory and threads ---- */

static void
each_failed_allocation_is_reported(void **state)
{
    exm_annotation a = {0};
    exm_annotator *made = NULL;
    exm_error err = {0};
    uint64_t lo, hi;
    char read[WORLD_READ];
    const exm_ref_template *t = exm_ref_template_get(world.small.ref, 48);
    int k;

    (void) state;
    for (k = 0; k < 100; k++) {
        oom_arm(k);
        if (exm_annotator_new(world.small.ref, &made, &err) == EXM_OK) {
            assert_false(oom_fired());
            break;
        }
        assert_int_equal(err.code, EXM_ENOMEM);
        assert_null(made);
    }
    oom_arm(-1);
    assert_in_range(k, 1, 20);
    (void) copy_text(&world, (int64_t) t->start, 30, read);
    assert_int_equal(exm_pack(read, 30, &lo, &hi, &err), EXM_OK);
    for (k = 0; k < 100; k++) {
        exm_annotation_done(&a);
        oom_arm(k);
        if (exm_annotate(made, lo, hi, 10, &a, &err) == EXM_OK) {
            assert_false(oom_fired());
            break;
        }
        assert_int_equal(err.code, EXM_ENOMEM);
    }
    oom_arm(-1);
    assert_in_range(k, 2, 20);
    assert_true(a.n >= 20);
    assert_int_equal(exm_annotator_new(NULL, &made, &err), EXM_EINVAL);
    exm_annotation_done(&a);
    exm_annotator_free(made);
    exm_annotator_free(NULL);
}

enum { SHARED_READS = 400, REPEATS = 40 };

struct shared {
    uint64_t lo[SHARED_READS], hi[SHARED_READS];
    exm_annotation want[SHARED_READS];
};

static exm_status
annotate_all(void *ctx, size_t i, unsigned worker, exm_error *reterr)
{
    const struct shared *s = ctx;
    exm_annotation a = {0};
    exm_status st = EXM_OK;

    (void) worker;
    for (size_t k = 0; st == EXM_OK && k < SHARED_READS; k++) {
        const size_t r = (k * 7 + i) % SHARED_READS;

        st = exm_annotate(world.sse4, s->lo[r], s->hi[r], 10, &a, reterr);
        if (st != EXM_OK) break;
        if (a.n != s->want[r].n || a.n_best != s->want[r].n_best)
            st = exm_fail(reterr, EXM_EINVAL, r, "another number of explanations");
        for (size_t c = 0; st == EXM_OK && c < a.n; c++)
            if (!oracle_same(a.cand + c, s->want[r].cand + c))
                st = exm_fail(reterr, EXM_EINVAL, r, "another explanation");
    }
    exm_annotation_done(&a);
    return st;
}

static void
threads_share_an_annotator(void **state)
{
    static struct shared s;
    exm_pool *pool = NULL;
    exm_error err = {0};
    char read[WORLD_READ];

    (void) state;
    for (size_t i = 0; i < SHARED_READS; i++) {
        const uint32_t n = read_of_mature(&world, read);

        assert_int_equal(exm_pack(read, n, &s.lo[i], &s.hi[i], &err), EXM_OK);
        annotate(world.sse4, read, n, 10, &s.want[i]);
    }
    assert_int_equal(exm_pool_new(8, &pool, &err), EXM_OK);
    if (exm_pool_run(pool, REPEATS, annotate_all, &s, &err) != EXM_OK)
        fail_msg("%s", err.msg);
    exm_pool_free(pool);
    for (size_t i = 0; i < SHARED_READS; i++) exm_annotation_done(&s.want[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_of_the_reference_are_explained_as_the_rules_say),
        cmocka_unit_test(every_shift_of_a_mature_is_named_up_to_the_windows_edge),
        cmocka_unit_test(two_substitutions_are_missed_in_four_patterns_of_484),
        cmocka_unit_test(short_inserts_stay_unexplained),
        cmocka_unit_test(random_reads_are_rarely_explained),
        cmocka_unit_test(another_answer_would_not_agree),
        cmocka_unit_test(limits_of_chance_follow_the_search_space),
        cmocka_unit_test(letters_survive_packing),
        cmocka_unit_test(each_failed_allocation_is_reported),
        cmocka_unit_test(threads_share_an_annotator),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
