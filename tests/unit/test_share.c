/*
 * test_share.c - tests of src/quant/signature.h and src/quant/share.h
 *
 * Signatures are a multiset, whatever the order of adding and merging; rates and weights
 * are what plain arithmetic gives; shared reads add up.
 */
#include "exomir/em.h"
#include "exomir/rng.h"
#include "oom.h"
#include "quant/share.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
assert_near(double x, double want)
{
    if (!(fabs(x - want) <= 1e-12 * (1.0 + fabs(want))))
        fail_msg("%.17g instead of %.17g", x, want);
}

/* ---- fits ---- */

static void
fits_survive_packing_and_sort_by_feature(void **state)
{
    uint64_t last = 0;

    (void) state;
    for (uint32_t f = 0; f < 3; f++) {
        const uint32_t feature = f == 2 ? UINT32_MAX : f * 77777;

        for (int has = 0; has <= 1; has++) {
            for (int d5 = -5; d5 <= 5; d5++) {
                for (int d3 = -8; d3 <= 6; d3++) {
                    for (unsigned k = 0; k < 3 * 3 * 4; k++) {
                        const exm_fit fit = {.feature = feature,
                                             .has_shift = has,
                                             .d5 = d5,
                                             .d3 = d3,
                                             .n_sub = k / 12,
                                             .n_add5 = k / 4 % 3,
                                             .n_tail = k % 4};
                        const uint64_t w = exm_fit_pack(&fit);
                        const exm_fit back = exm_fit_unpack(w);

                        assert_true(back.feature == feature && back.has_shift == has &&
                                    back.d5 == d5 && back.d3 == d3 &&
                                    back.n_sub == fit.n_sub && back.n_add5 == fit.n_add5 &&
                                    back.n_tail == fit.n_tail);
                        assert_true(f == 0 || last >> 32 <= w >> 32);
                        assert_true(w != last); /* another fit, another word */
                        last = w;
                    }
                }
            }
        }
    }
}

/* ---- signatures ---- */

enum { ADDS = 30000, KINDS = 3000, MOST = 5 };

/* List number k: its words follow from the number. */
static uint32_t
words_of(uint32_t k, uint64_t *w)
{
    const uint32_t n = 1 + k % MOST;

    for (uint32_t i = 0; i < n; i++) w[i] = (uint64_t) (k / 3 + i * 40) << 32 | (k * 7 % 5);
    return n;
}

static void
add(exm_signatures *s, uint32_t k, const uint64_t count[2])
{
    uint64_t w[MOST];
    const uint32_t n = words_of(k, w);

    assert_int_equal(exm_signatures_add(s, w, n, count, NULL), EXM_OK);
}

static void
assert_same_lists(const exm_signatures *a, const exm_signatures *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(a->list[i].n, b->list[i].n);
        assert_memory_equal(a->word + a->list[i].at, b->word + b->list[i].at,
                            a->list[i].n * sizeof *a->word);
        assert_memory_equal(a->list[i].count, b->list[i].count, sizeof a->list[i].count);
    }
}

static void
signatures_are_a_multiset(void **state)
{
    static uint64_t want[KINDS][2];
    exm_signatures one = {0}, part[3] = {{0}};
    exm_rng r;
    size_t distinct = 0;
    uint64_t sum = 0, all = 0;

    (void) state;
    exm_rng_init(&r, 3, 0);
    for (unsigned i = 0; i < ADDS; i++) {
        const uint32_t k = (uint32_t) exm_rng_below(&r, KINDS);
        const uint64_t count[2] = {1 + exm_rng_below(&r, 9), 1};

        add(&one, k, count);
        add(&part[exm_rng_below(&r, 3)], k, count);
        want[k][0] += count[0];
        want[k][1] += count[1];
        all += count[0];
    }
    for (int i = 1; i < 3; i++)
        assert_int_equal(exm_signatures_merge(&part[0], &part[i], NULL), EXM_OK);
    assert_int_equal(exm_signatures_sort(&one, NULL), EXM_OK);
    assert_int_equal(exm_signatures_sort(&part[0], NULL), EXM_OK);
    assert_same_lists(&one, &part[0]);
    for (size_t i = 0; i < one.n; i++) {
        const uint64_t *w = one.word + one.list[i].at;

        sum += one.list[i].count[0];
        if (i > 0) { /* ascending, none twice */
            const struct exm_signature *b = one.list + i - 1;
            const uint64_t *v = one.word + b->at;
            uint32_t k = 0;

            while (k < b->n && k < one.list[i].n && v[k] == w[k]) k++;
            assert_true(k == b->n ? b->n < one.list[i].n : v[k] < w[k]);
        }
    }
    assert_int_equal(sum, all);
    for (uint32_t k = 0; k < KINDS; k++) {
        uint64_t w[MOST], found[2] = {0, 0};
        const uint32_t n = words_of(k, w);

        if (!want[k][0]) continue;
        distinct++;
        for (size_t i = 0; i < one.n; i++)
            if (one.list[i].n == n &&
                memcmp(one.word + one.list[i].at, w, n * sizeof *w) == 0)
                memcpy(found, one.list[i].count, sizeof found);
        assert_memory_equal(found, want[k], sizeof found);
    }
    assert_int_equal(one.n, distinct);
    exm_signatures_done(&one);
    for (int i = 0; i < 3; i++) exm_signatures_done(&part[i]);
}

static void
failed_allocations_of_signatures_are_reported(void **state)
{
    int failures = 0;

    (void) state;
    for (int k = 0; k < 40; k++) {
        exm_signatures s = {0}, to = {0};
        const uint64_t count[2] = {1, 1};
        exm_error err = {0};
        exm_status st = EXM_OK;

        oom_arm(k);
        for (uint32_t i = 0; st == EXM_OK && i < KINDS; i++) {
            uint64_t w[MOST];

            st = exm_signatures_add(&s, w, words_of(i, w), count, &err);
        }
        if (st == EXM_OK) st = exm_signatures_merge(&to, &s, &err);
        if (st == EXM_OK) st = exm_signatures_sort(&to, &err);
        oom_arm(-1);
        if (st != EXM_OK) {
            assert_int_equal(st, EXM_ENOMEM);
            failures++;
        } else {
            assert_int_equal(to.n, s.n);
        }
        exm_signatures_done(&s);
        exm_signatures_done(&to);
    }
    assert_in_range(failures, 10, 39);
}

/* ---- rates ---- */

/* count reads that fit one feature alone. */
static void
add_fit(exm_signatures *s, uint64_t count, exm_fit f)
{
    const uint64_t w = exm_fit_pack(&f), c[2] = {count, count};

    assert_int_equal(exm_signatures_add(s, &w, 1, c, NULL), EXM_OK);
}

static void
rates_are_means_over_well_covered_features(void **state)
{
    static const uint32_t len[] = {20, 22, 24, 22, 0};
    exm_signatures s = {0};
    exm_rates r;
    double error[2];

    (void) state;
    /* Feature 0: 100 reads, 10 shifted by +1, 20 with a tail, 5 with a substitution. */
    add_fit(&s, 65, (exm_fit){.feature = 0, .has_shift = 1});
    add_fit(&s, 10, (exm_fit){.feature = 0, .has_shift = 1, .d5 = 1, .d3 = -2});
    add_fit(&s, 20, (exm_fit){.feature = 0, .has_shift = 1, .n_tail = 2});
    add_fit(&s, 5, (exm_fit){.feature = 0, .has_shift = 1, .n_sub = 1});
    /* Feature 1: ten times as many, all canonical but one in four hundred. */
    add_fit(&s, 997, (exm_fit){.feature = 1, .has_shift = 1});
    add_fit(&s, 3, (exm_fit){.feature = 1, .has_shift = 1, .n_sub = 2});
    /* 99 reads are too few; a template without ends says nothing. */
    add_fit(&s, 99, (exm_fit){.feature = 2, .has_shift = 1, .n_sub = 2, .d3 = 5});
    add_fit(&s, 5000, (exm_fit){.feature = 4, .n_sub = 1});
    {
        const exm_fit f[2] = {{.feature = 0, .has_shift = 1, .n_sub = 2},
                              {.feature = 3, .has_shift = 1}};
        const uint64_t w[2] = {exm_fit_pack(&f[0]), exm_fit_pack(&f[1])};
        const uint64_t c[2] = {100000, 1};

        /* Shared reads say nothing either. */
        assert_int_equal(exm_signatures_add(&s, w, 2, c, NULL), EXM_OK);
    }
    assert_int_equal(exm_rates_estimate(&s, 5, len, &r, NULL), EXM_OK);
    assert_true(r.measured);
    assert_near(r.d5[8], (0.9 + 1.0) / 2.0);
    assert_near(r.d5[9], 0.1 / 2.0);
    assert_near(r.d5[7], 1e-4); /* nothing is impossible */
    assert_near(r.d3[8], (0.9 + 1.0) / 2.0);
    assert_near(r.d3[6], 0.1 / 2.0);
    assert_near(r.d3[13], 1e-4);
    assert_near(r.tail[0], (0.8 + 1.0) / 2.0);
    assert_near(r.tail[2], 0.2 / 2.0);
    assert_near(r.tail[1], 1e-4);
    /* nt: of +1 and -2 three fewer. */
    error[0] = 5.0 / (65 * 20 + 10 * 17 + 20 * 20 + 5 * 20);
    error[1] = 6.0 / (1000 * 22);
    assert_true(error[0] > error[1]);
    assert_near(r.seen_error, error[0]); /* the upper of two medians */
    assert_near(r.error, error[0]);
    exm_signatures_done(&s);
}

static void
error_rates_stay_within_what_the_model_stands(void **state)
{
    static const uint32_t len[] = {20};
    exm_signatures s = {0};
    exm_rates r;

    (void) state;
    add_fit(&s, 100000, (exm_fit){.feature = 0, .has_shift = 1});
    assert_int_equal(exm_rates_estimate(&s, 1, len, &r, NULL), EXM_OK);
    assert_true(r.seen_error == 0.0);
    assert_near(r.error, 1e-4);
    exm_signatures_done(&s);
    add_fit(&s, 1000, (exm_fit){.feature = 0, .has_shift = 1, .n_sub = 1});
    assert_int_equal(exm_rates_estimate(&s, 1, len, &r, NULL), EXM_OK);
    assert_near(r.seen_error, 0.05);
    assert_near(r.error, 0.02);
    exm_signatures_done(&s);
}

/* The round figures of counting.md. */
static void
without_reads_the_rates_are_the_documented_ones(void **state)
{
    exm_signatures s = {0};
    const uint32_t len = 20;
    exm_rates r;

    (void) state;
    add_fit(&s, 99, (exm_fit){.feature = 0, .has_shift = 1});
    assert_int_equal(exm_rates_estimate(&s, 1, &len, &r, NULL), EXM_OK);
    assert_false(r.measured);
    for (int k = 1; k <= 8; k++) {
        assert_near(r.d5[8 + k], 0.04 * pow(0.2, k - 1));
        assert_near(r.d5[8 - k], 0.04 * pow(0.2, k - 1));
        assert_near(r.d3[8 + k], 0.125 * pow(0.5, k - 1));
        assert_near(r.d3[8 - k], 0.125 * pow(0.5, k - 1));
    }
    assert_true(r.d5[8] == 0.9 && r.d3[8] == 0.5 && r.error == 0.002);
    assert_true(r.tail[0] == 0.92 && r.tail[1] == 0.06 && r.tail[2] == 0.015 &&
                r.tail[3] == 0.005);
    exm_signatures_done(&s);
    assert_int_equal(exm_rates_estimate(&s, 0, NULL, &r, NULL), EXM_OK);
    assert_false(r.measured);
}

static void
weights_follow_the_formula(void **state)
{
    exm_rates r = {.tail = {0.7, 0.2, 0.06, 0.04}, .error = 0.003};

    (void) state;
    for (int i = 0; i < 17; i++) {
        r.d5[i] = 0.5 / (1 + abs(i - 8));
        r.d3[i] = 0.4 / (1 + abs(i - 9)); /* most end 1 nt further on */
    }
    assert_near(exm_rates_weight(&r, &(exm_fit){.has_shift = 1}), 0.5 * 0.2 * 0.7);
    assert_near(exm_rates_weight(&r, &(exm_fit){.has_shift = 1, .d5 = -1, .d3 = 1}),
                0.25 * 0.4 * 0.7);
    assert_near(exm_rates_weight(&r, &(exm_fit){.has_shift = 1, .n_tail = 2}),
                0.5 * 0.2 * 0.06 / 16.0);
    assert_near(exm_rates_weight(&r, &(exm_fit){.has_shift = 1, .n_sub = 1, .n_add5 = 1}),
                0.5 * 0.2 * 0.7 * 1e-6);
    assert_near(exm_rates_weight(&r, &(exm_fit){.n_sub = 1}), 0.5 * 0.4 * 0.7 * 1e-3);
    assert_near(exm_rates_weight(&r, &(exm_fit){.n_add5 = 2, .n_tail = 3}),
                0.5 * 0.4 * 0.04 / 64.0 * 1e-6);
    /* Shifts beyond the table count as its ends. */
    assert_near(exm_rates_weight(&r, &(exm_fit){.has_shift = 1, .d5 = -20, .d3 = 20}),
                r.d5[0] * r.d3[16] * 0.7);
}

/* ---- sharing ---- */

/* let-7 in small: 5,000 reads of feature 0, 8 reads that fit feature 1, or 0 by an error. */
static void
errors_of_a_neighbour_are_given_back(void **state)
{
    const uint64_t c[2] = {8, 4};
    const exm_fit f[2] = {{.feature = 0, .has_shift = 1, .n_sub = 1},
                          {.feature = 1, .has_shift = 1}};
    const uint64_t w[2] = {exm_fit_pack(&f[0]), exm_fit_pack(&f[1])};
    exm_signatures s = {0};
    exm_rates r;
    uint64_t em[2];
    const uint32_t len[2] = {22, 22};
    exm_rates measured;

    (void) state;
    assert_int_equal(exm_rates_estimate(&s, 2, len, &r, NULL), EXM_OK);
    add_fit(&s, 5000, (exm_fit){.feature = 0, .has_shift = 1});
    assert_int_equal(exm_signatures_add(&s, w, 2, c, NULL), EXM_OK);
    assert_int_equal(exm_signatures_sort(&s, NULL), EXM_OK);
    assert_int_equal(exm_share_run(&s, &r, 2, 0, em, NULL), EXM_OK);
    /* t_1 = 8 - (e / 3) t_0 = 8 - 0.002 / 3 * 5003.3: 4.66 */
    assert_int_equal(em[0], 5003);
    assert_int_equal(em[1], 5);
    assert_int_equal(exm_share_run(&s, &r, 2, 1, em, NULL), EXM_OK);
    assert_int_equal(em[0] + em[1], 5004); /* molecules */
    assert_int_equal(exm_rates_estimate(&s, 2, len, &measured, NULL), EXM_OK);
    assert_true(measured.measured && measured.error == 1e-4);
    assert_int_equal(exm_share_run(&s, &measured, 2, 0, em, NULL), EXM_OK);
    assert_int_equal(em[1], 8); /* a better run has fewer errors to give back */
    exm_signatures_done(&s);
}

static void
shared_reads_add_up_and_no_count_comes_from_nowhere(void **state)
{
    exm_rng rng;

    (void) state;
    exm_rng_init(&rng, 8, 0);
    for (unsigned round = 0; round < 30; round++) {
        exm_signatures s = {0};
        exm_rates r;
        uint64_t em[60], total[2] = {0, 0}, most[60] = {0}, least[60] = {0};
        uint32_t len[60];

        for (size_t f = 0; f < 60; f++) len[f] = 22;
        for (unsigned i = 0; i < 400; i++) {
            const uint64_t c[2] = {1 + exm_rng_below(&rng, 1000),
                                   1 + exm_rng_below(&rng, 5)};
            const uint32_t n = 1 + (uint32_t) exm_rng_below(&rng, 4);
            const uint32_t first = (uint32_t) exm_rng_below(&rng, 50);
            uint64_t w[4];

            for (uint32_t k = 0; k < n; k++) {
                w[k] = exm_fit_pack(&(exm_fit){.feature = first + 2 * k,
                                               .has_shift = first % 3 != 0,
                                               .d3 = (int) exm_rng_below(&rng, 4),
                                               .n_sub = (unsigned) exm_rng_below(&rng, 2)});
                most[first + 2 * k] += c[0];
                if (n == 1) least[first] += c[0];
            }
            assert_int_equal(exm_signatures_add(&s, w, n, c, NULL), EXM_OK);
            total[0] += c[0];
            total[1] += c[1];
        }
        assert_int_equal(exm_signatures_sort(&s, NULL), EXM_OK);
        assert_int_equal(exm_rates_estimate(&s, 60, len, &r, NULL), EXM_OK);
        for (int which = 0; which < 2; which++) {
            uint64_t sum = 0;

            assert_int_equal(exm_share_run(&s, &r, 60, which, em, NULL), EXM_OK);
            for (size_t f = 0; f < 60; f++) {
                sum += em[f];
                if (which == 0) assert_true(em[f] >= least[f] && em[f] <= most[f]);
            }
            assert_int_equal(sum, total[which]);
        }
        exm_signatures_done(&s);
    }
}

/* 10 reads of one feature against a million that tie: 500 rounds do not settle that. */
static void
an_iteration_limit_is_no_failure(void **state)
{
    const exm_fit f[2] = {{.feature = 0, .has_shift = 1}, {.feature = 1, .has_shift = 1}};
    const uint64_t w[2] = {exm_fit_pack(&f[0]), exm_fit_pack(&f[1])};
    const uint64_t c[2] = {1000000, 1000000};
    exm_signatures s = {0};
    exm_rates r;
    uint64_t em[2];
    const uint32_t len[2] = {22, 22};
    exm_error err = {0};

    (void) state;
    add_fit(&s, 10, f[0]);
    assert_int_equal(exm_signatures_add(&s, w, 2, c, NULL), EXM_OK);
    assert_int_equal(exm_signatures_sort(&s, NULL), EXM_OK);
    assert_int_equal(exm_rates_estimate(&s, 2, len, &r, NULL), EXM_OK);
    assert_int_equal(exm_share_run(&s, &r, 2, 0, em, &err), EXM_OK);
    assert_int_equal(em[0] + em[1], 1000010);
    assert_true(em[0] > em[1] && em[1] > 400000);
    assert_true(err.code == EXM_OK && err.msg[0] == '\0');
    exm_signatures_done(&s);
}

static void
nothing_is_shared_among_nobody(void **state)
{
    exm_signatures s = {0};
    exm_rates r;
    uint64_t em[3] = {1, 2, 3};
    const uint32_t len[3] = {22, 22, 22};

    (void) state;
    assert_int_equal(exm_signatures_sort(&s, NULL), EXM_OK);
    assert_int_equal(exm_rates_estimate(&s, 3, len, &r, NULL), EXM_OK);
    assert_int_equal(exm_share_run(&s, &r, 3, 0, em, NULL), EXM_OK);
    assert_true(em[0] == 0 && em[1] == 0 && em[2] == 0);
    assert_int_equal(exm_share_run(&s, &r, 0, 0, NULL, NULL), EXM_OK);
}

static void
failed_allocations_of_sharing_are_reported(void **state)
{
    exm_signatures s = {0};
    exm_rates r;
    const uint32_t len[2] = {22, 22};
    uint64_t em[2];
    exm_error err = {0};
    int k;

    (void) state;
    add_fit(&s, 5000, (exm_fit){.feature = 0, .has_shift = 1});
    for (k = 0; k < 40; k++) {
        oom_arm(k);
        if (exm_rates_estimate(&s, 2, len, &r, &err) == EXM_OK &&
            exm_share_run(&s, &r, 2, 0, em, &err) == EXM_OK) {
            assert_false(oom_fired());
            break;
        }
        assert_int_equal(err.code, EXM_ENOMEM);
    }
    oom_arm(-1);
    assert_in_range(k, 10, 20);
    exm_signatures_done(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_survive_packing_and_sort_by_feature),
        cmocka_unit_test(signatures_are_a_multiset),
        cmocka_unit_test(failed_allocations_of_signatures_are_reported),
        cmocka_unit_test(rates_are_means_over_well_covered_features),
        cmocka_unit_test(error_rates_stay_within_what_the_model_stands),
        cmocka_unit_test(without_reads_the_rates_are_the_documented_ones),
        cmocka_unit_test(weights_follow_the_formula),
        cmocka_unit_test(errors_of_a_neighbour_are_given_back),
        cmocka_unit_test(shared_reads_add_up_and_no_count_comes_from_nowhere),
        cmocka_unit_test(an_iteration_limit_is_no_failure),
        cmocka_unit_test(nothing_is_shared_among_nobody),
        cmocka_unit_test(failed_allocations_of_sharing_are_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
