/*
 * test_annotate_large.c - what exm_annotate() finds in classes of more than 65,536 positions
 *
 * There the header promises less.  The look-ups that annotate.c documents are written down
 * once more, and for every place of one substitution, and many of two, with every tail, the
 * library finds exactly what they find.
 */
#include "annotate_world.h"
#include "exomir/annotate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static exm_rng rng;

/* Classes of two templates each, n nt together. */
static void
build(uint32_t n_classes, uint32_t n, struct small_ref *ret)
{
    static const char *const names[] = {"big", "big2", "big3", "big4", "big5"};
    struct small_texts t = {
        .hairpin = ">exm-mir-1\n"
                   "TGGATCCTAGCTAGGATACCAGTACCATGATCATTAGGCATGACCGATACGATTTACGAGACT\n",
        .mature = ">exm-miR-1-5p\nCTAGCTAGGATACCAGTACCAT\n"};
    exm_buf big[5] = {{0}};
    char *seq = malloc(n + 1U);

    if (!seq) abort();
    for (uint32_t i = 0; i < n_classes; i++) {
        const uint32_t here = n / n_classes + (i < n % n_classes);

        random_letters(&rng, seq, here);
        put_entry(&big[i], "big-1", seq, here - 300);
        put_entry(&big[i], "big-2", seq + here - 300, 300);
        t.class_name[i] = names[i];
        t.class_text[i] = big[i].data;
    }
    small_ref_build(&t, ret);
    for (uint32_t i = 0; i < n_classes; i++) exm_buf_done(&big[i]);
    free(seq);
}

/* Is there a seed of k nt at a documented place that touches no bit of 'differ'? */
static int
is_looked_up(uint32_t n, uint32_t k, uint64_t differ)
{
    static const uint32_t of_9[] = {0, 9, 18, 17, 16, 8, 7};
    const uint32_t last = n - k, step = n < 30 ? 4 : last / 4;
    const uint64_t seed = ((uint64_t) 1 << k) - 1;

    if (k == 9) {
        for (size_t i = 0; i < sizeof of_9 / sizeof of_9[0]; i++)
            if (of_9[i] <= last && !(differ & seed << of_9[i])) return 1;
        return 0;
    }
    for (uint32_t at = 0; at <= last; at += step)
        if (!(differ & seed << at)) return 1;
    return !(differ & seed << last);
}

/* The same for a class that is held at every fourth position: the seeds of two stretches,
 * which lie so that one's lie where the other's do. */
static int
is_looked_up_by_fours(uint64_t at, uint32_t n, uint32_t k, uint64_t differ)
{
    const uint64_t seed = ((uint64_t) 1 << k) - 1;
    const uint32_t second = k == 8 ? 8 : 12;

    for (uint32_t i = 0; i + k <= n; i++) {
        const int is_first = i < 4;
        const int is_second =
            second + k + 3 < n ? i >= second && i < second + 4 : i + k + 3 >= n;

        if ((is_first || is_second) && (at + i) % 4 == 0 && !(differ & seed << i)) return 1;
    }
    return 0;
}

struct counts {
    unsigned asked[3], found[3]; /* by substitutions */
    uint32_t longest_core;       /* of those with one that are missed */
};

/* A read of big-1 with the wanted differences, and whether it is found at its place. */
static void
ask(const exm_ref *ref, const exm_annotator *a, uint32_t n, uint32_t tail, uint64_t subs,
    struct counts *ret)
{
    const int large = exm_ref_class_get(ref, 1)->index == 2;
    const uint32_t k = exm_ref_index_get(ref, large ? 2 : 1)->k;
    const exm_ref_template *t = exm_ref_template_get(ref, 1);
    const uint32_t at = 100 + below(&rng, t->len - 300), core = n - tail;
    const int n_subs = __builtin_popcountll(subs);
    exm_annotation ann = {0};
    exm_error err = {0};
    char read[64];
    uint64_t lo, hi, differ = subs;
    int found = 0;

    for (uint32_t i = 0; i < n; i++) {
        read[i] = oracle_letter(ref, t->start + at + i);
        if (subs >> i & 1 || i == core) mutate(&rng, read + i);
        if (i > core) read[i] = "ACGT"[below(&rng, 4)];
        if (read[i] != oracle_letter(ref, t->start + at + i)) differ |= (uint64_t) 1 << i;
    }
    if (2 * ((int) core - n_subs) - 6 * n_subs < (int) exm_annotator_min_bits(a, 1)) return;
    assert_int_equal(exm_pack(read, n, &lo, &hi, &err), EXM_OK);
    assert_int_equal(exm_annotate(a, lo, hi, UINT32_MAX, &ann, &err), EXM_OK);
    for (size_t i = 0; i < ann.n; i++)
        found |= ann.cand[i].template_id == 1 && ann.cand[i].start == (int64_t) at;
    assert_int_equal(found, large ? is_looked_up_by_fours(t->start + at, n, k, differ)
                                  : is_looked_up(n, k, differ));
    ret->asked[n_subs]++;
    ret->found[n_subs] += found ? 1U : 0U;
    if (n_subs == 1 && !found && core > ret->longest_core) ret->longest_core = core;
    exm_annotation_done(&ann);
}

static void
check_classes(uint32_t n_classes, uint32_t n_big, int index, uint32_t k, struct counts *ret)
{
    struct small_ref small;
    exm_annotator *a = NULL;
    exm_error err = {0};

    *ret = (struct counts){.longest_core = 0};
    exm_rng_init(&rng, k, 0);
    build(n_classes, n_big, &small);
    assert_int_equal(exm_ref_class_get(small.ref, 1)->index, index);
    assert_int_equal(exm_ref_index_get(small.ref, index)->k, k);
    assert_int_equal(exm_annotator_new(small.ref, &a, &err), EXM_OK);
    for (uint32_t n = 14; n <= 63; n++) {
        for (uint32_t tail = 0; tail <= 3; tail++) {
            const uint32_t end = tail ? n - tail : n - 3; /* of what can be substituted */

            ask(small.ref, a, n, tail, 0, ret);
            for (uint32_t p = 0; p < end; p++) {
                ask(small.ref, a, n, tail, (uint64_t) 1 << p, ret);
                for (uint32_t q = p + 1; q < end; q += 1 + below(&rng, 5))
                    ask(small.ref, a, n, tail, (uint64_t) 1 << p | (uint64_t) 1 << q, ret);
            }
        }
    }
    exm_annotator_free(a);
    small_ref_done(&small);
    assert_true(ret->asked[0] > 100 && ret->asked[1] > 3000 && ret->asked[2] > 10000);
    assert_int_equal(ret->found[0], ret->asked[0]);
}

/* More than are told of in one call of places.h, whatever the number of the last turn. */
static void
an_insert_at_any_number_of_places_is_found_at_all(void **state)
{
    static const char core[] = "GATTACCGTTACGGAATCCATGCAAT";
    static const exm_simd paths[] = {EXM_SIMD_SCALAR, EXM_SIMD_SSE4};

    (void) state;
    exm_rng_init(&rng, 4, 0);
    for (uint32_t n = 1; n <= 150; n += n < 5 || (n > 55 && n < 72) ? 1 : 7) {
        exm_buf many = {0};
        struct small_ref small;
        exm_annotator *a = NULL;
        exm_annotation ann = {0};
        exm_error err = {0};
        uint64_t lo, hi;

        for (uint32_t i = 0; i < n; i++) {
            char seq[96], name[16];

            random_letters(&rng, seq, 90);
            memcpy(seq + 10 + below(&rng, 40), core, sizeof core - 1);
            (void) snprintf(name, sizeof name, "t-%u", i);
            put_entry(&many, name, seq, 90);
        }
        small_ref_build(&(struct small_texts){.hairpin = ">h\nTGGATCCTAGCTAGGATACCAGT\n",
                                              .mature = ">exm-miR-1\nTGGATCCTAGCTAGGATAC\n",
                                              .class_name = {"many"},
                                              .class_text = {many.data}},
                        &small);
        assert_int_equal(exm_annotator_new(small.ref, &a, &err), EXM_OK);
        assert_int_equal(exm_pack(core, sizeof core - 1, &lo, &hi, &err), EXM_OK);
        for (size_t p = 0; p < 2; p++) {
            exm_annotator_set_simd(a, paths[p]);
            assert_int_equal(exm_annotate(a, lo, hi, 0, &ann, &err), EXM_OK);
            assert_int_equal(ann.n, n);
            for (uint32_t i = 1; i < n; i++)
                assert_true(ann.cand[i].template_id > ann.cand[i - 1].template_id);
        }
        exm_annotation_done(&ann);
        exm_annotator_free(a);
        small_ref_done(&small);
        exm_buf_done(&many);
    }
}

static void
up_to_65536_positions_seeds_are_short(void **state)
{
    struct small_ref small;

    (void) state;
    exm_rng_init(&rng, 8, 0);
    build(1, 65536, &small);
    assert_int_equal(exm_ref_index_get(small.ref, 1)->k, 8);
    small_ref_done(&small);
}

static void
up_to_262144_positions_one_substitution_is_always_found(void **state)
{
    struct counts c;

    (void) state;
    check_classes(1, 65537, 1, 9, &c);
    assert_int_equal(c.found[1], c.asked[1]);
    assert_true(c.found[2] < c.asked[2]);
    check_classes(1, 262144, 1, 9, &c);
    assert_int_equal(c.found[1], c.asked[1]);
}

/* Several classes, none of which is large. */
static void
beyond_one_substitution_is_missed_in_short_cores_only(void **state)
{
    struct counts c;

    (void) state;
    check_classes(2, 262145, 1, 10, &c);
    assert_int_equal(c.longest_core, 21);
    assert_true(c.found[1] < c.asked[1] && c.found[2] < c.asked[2]); /* control */
    check_classes(5, 1048577, 1, 11, &c);
    assert_int_equal(c.longest_core, 22);
}

static void
a_large_class_is_held_at_every_fourth_position(void **state)
{
    struct counts c;

    (void) state;
    check_classes(1, 262145, 2, 8, &c);
    assert_int_equal(c.found[1], c.asked[1]);
    assert_true(c.found[2] < c.asked[2]);
    check_classes(1, 4194304, 2, 8, &c);
    assert_int_equal(c.found[1], c.asked[1]);
    check_classes(1, 4194308, 2, 9, &c);
    assert_int_equal(c.longest_core, 23);
    assert_true(c.found[1] < c.asked[1] && c.found[2] < c.asked[2]); /* control */
}

/* Inserts of 64 nt and more, whatever the two substitutions and the tail. */
static void
long_inserts_of_large_classes_are_found(void **state)
{
    struct small_ref small;
    exm_annotator *a = NULL;
    exm_annotation ann = {0};
    exm_error err = {0};
    const exm_ref_template *t;

    (void) state;
    exm_rng_init(&rng, 64, 0);
    build(1, 4194308, &small);
    t = exm_ref_template_get(small.ref, 1);
    assert_int_equal(exm_annotator_new(small.ref, &a, &err), EXM_OK);
    for (uint32_t i = 0; i < 20000; i++) {
        const uint32_t n = 64 + below(&rng, i % 2 ? 8 : 200), tail = below(&rng, 4);
        const uint32_t at = below(&rng, t->len - n);
        char read[264];

        for (uint32_t p = 0; p < n; p++)
            read[p] = oracle_letter(small.ref, t->start + at + p);
        for (int k = 0; k < 2; k++) mutate(&rng, read + below(&rng, n - 3));
        for (uint32_t p = n - tail; p < n; p++) mutate(&rng, read + p);
        assert_int_equal(exm_annotate_long(a, read, n, 10, &ann, &err), EXM_OK);
        assert_int_equal(ann.n, 1);
        assert_int_equal(ann.cand[0].start, at);
        assert_true(ann.cand[0].n_tail >= tail && ann.cand[0].n_sub <= 2);
    }
    exm_annotation_done(&ann);
    exm_annotator_free(a);
    small_ref_done(&small);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_insert_at_any_number_of_places_is_found_at_all),
        cmocka_unit_test(up_to_65536_positions_seeds_are_short),
        cmocka_unit_test(up_to_262144_positions_one_substitution_is_always_found),
        cmocka_unit_test(beyond_one_substitution_is_missed_in_short_cores_only),
        cmocka_unit_test(a_large_class_is_held_at_every_fourth_position),
        cmocka_unit_test(long_inserts_of_large_classes_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
