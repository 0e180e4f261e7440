/*
 * test_em.c - tests of exomir/em.h
 *
 * Cases that can be solved on paper, a slow oracle in plain loops, the likelihood that EM
 * must not lower, and rounding against its definition.
 */
#include "exomir/em.h"
#include "exomir/rng.h"
#include "oom.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FEATURES = 40, CLASSES = 200, MOST = 8 };

/* ---- problems ---- */

struct problem {
    exm_em_problem p;
    uint64_t count[CLASSES];
    size_t off[CLASSES + 1];
    uint32_t feature[CLASSES * MOST];
    double weight[CLASSES * MOST];
};

static void
start(struct problem *x, size_t n_features)
{
    *x = (struct problem){.p = {.n_features = n_features}};
    x->p.count = x->count;
    x->p.off = x->off;
    x->p.feature = x->feature;
    x->p.weight = x->weight;
}

static void
add(struct problem *x, uint64_t count, size_t n, const uint32_t *feature,
    const double *weight)
{
    const size_t at = x->off[x->p.n_classes];

    for (size_t i = 0; i < n; i++) {
        x->feature[at + i] = feature[i];
        x->weight[at + i] = weight ? weight[i] : 1.0;
    }
    x->count[x->p.n_classes++] = count;
    x->off[x->p.n_classes] = at + n;
}

static void
draw(struct problem *x, uint64_t seed)
{
    exm_rng r;

    exm_rng_init(&r, seed, 0);
    start(x, FEATURES);
    for (size_t c = 0; c < CLASSES; c++) {
        const size_t n = 1 + (size_t) exm_rng_below(&r, MOST);
        uint32_t f[MOST];
        double w[MOST];

        for (size_t i = 0; i < n; i++) {
            f[i] = (uint32_t) ((i * 5 + exm_rng_below(&r, 5)) % FEATURES);
            w[i] = exm_rng_double(&r) + 1e-6;
        }
        add(x, exm_rng_below(&r, 5) ? exm_rng_below(&r, 10000) : 0, n, f, w);
    }
}

static double
log_likelihood(const exm_em_problem *p, const double *t)
{
    double sum = 0.0, total = 0.0;

    for (size_t f = 0; f < p->n_features; f++) total += t[f];
    for (size_t c = 0; c < p->n_classes; c++) {
        double x = 0.0;

        if (p->count[c] == 0) continue;
        for (size_t i = p->off[c]; i < p->off[c + 1]; i++)
            x += p->weight[i] * t[p->feature[i]] / total;
        sum += (double) p->count[c] * log(x);
    }
    return sum;
}

/* ---- solving ---- */

static void
solve(const struct problem *x, double *t)
{
    const exm_em_options o = {.max_iterations = 100000, .tolerance = 1e-9};
    exm_error err = {0};

    if (exm_em_solve(&x->p, &o, t, NULL, &err) != EXM_OK) fail_msg("%s", err.msg);
}

static void
assert_near(double x, double want, double tolerance)
{
    if (!(fabs(x - want) <= tolerance)) fail_msg("%.17g instead of %.17g", x, want);
}

static void
cases_that_paper_can_solve(void **state)
{
    static const uint32_t a[] = {0}, b[] = {1}, ab[] = {0, 1}, cd[] = {2, 3};
    static const double unequal[] = {3.0, 1.0};
    struct problem x;
    double t[4];

    (void) state;
    /* 30 and 10 of their own share 8 as 30 : 10, whatever the start. */
    start(&x, 2);
    add(&x, 30, 1, a, NULL);
    add(&x, 10, 1, b, NULL);
    add(&x, 8, 2, ab, NULL);
    solve(&x, t);
    assert_near(t[0], 36.0, 1e-8);
    assert_near(t[1], 12.0, 1e-8);

    /* Weights 3 : 1 and nothing of their own: the likelier takes all but vanishingly few,
     * t_1 shrinking by 3 from step to step. */
    start(&x, 2);
    add(&x, 100, 2, ab, unequal);
    solve(&x, t);
    assert_near(t[0], 100.0, 1e-8);
    assert_near(t[1], 0.0, 1e-8);

    /* One of the two alone has reads: it takes the shared ones as well. */
    start(&x, 2);
    add(&x, 1, 1, b, NULL);
    add(&x, 99, 2, ab, NULL);
    solve(&x, t);
    assert_near(t[0], 0.0, 1e-6);
    assert_near(t[1], 100.0, 1e-6);

    /* Ties without evidence stay ties; what nobody fits stays 0. */
    start(&x, 4);
    add(&x, 7, 2, cd, NULL);
    solve(&x, t);
    assert_true(t[0] == 0.0 && t[1] == 0.0 && t[2] == 3.5 && t[3] == 3.5);

    /*
     * Weights against abundance.  A has a of its own, B has b, s reads fit both at weights
     * w : 1.  The fixed point x = a + s w x / (w x + N - x), N = a + b + s, solves
     *     (w - 1) x^2 + (N - (w - 1) a - s w) x - a N = 0.
     */
    start(&x, 2);
    add(&x, 20, 1, a, NULL);
    add(&x, 50, 1, b, NULL);
    add(&x, 30, 2, ab, unequal);
    solve(&x, t);
    {
        const double w = 3.0, own = 20.0, s = 30.0, n = 100.0;
        const double p = (n - (w - 1.0) * own - s * w) / (w - 1.0);
        const double q = -own * n / (w - 1.0);

        assert_near(t[0], -p / 2.0 + sqrt(p * p / 4.0 - q), 1e-7);
    }
    /* Nothing at all. */
    start(&x, 2);
    solve(&x, t);
    assert_true(t[0] == 0.0 && t[1] == 0.0);
    start(&x, 0);
    solve(&x, t);
}

/* One step after the other, in the order that the header gives. */
static void
slow_steps(const exm_em_problem *p, unsigned steps, double *t)
{
    double next[FEATURES];

    for (unsigned k = 0; k <= steps; k++) {
        memset(next, 0, sizeof next);
        for (size_t c = 0; c < p->n_classes; c++) {
            double sum = 0.0;

            for (size_t i = p->off[c]; i < p->off[c + 1]; i++)
                sum += p->weight[i] * (k ? t[p->feature[i]] : 1.0);
            for (size_t i = p->off[c]; sum > 0.0 && i < p->off[c + 1]; i++)
                next[p->feature[i]] += (double) p->count[c] * p->weight[i] *
                                       (k ? t[p->feature[i]] : 1.0) / sum;
        }
        memcpy(t, next, p->n_features * sizeof *t);
    }
}

static void
steps_equal_the_slow_ones_and_raise_the_likelihood(void **state)
{
    (void) state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct problem x;
        double t[FEATURES], slow[FEATURES], before = -HUGE_VAL;
        uint64_t total = 0;

        draw(&x, seed);
        for (size_t c = 0; c < x.p.n_classes; c++) total += x.count[c];
        for (unsigned k = 0; k < 60; k++) {
            const exm_em_options o = {.max_iterations = k, .tolerance = 0.0};
            exm_error err = {0};
            unsigned did = 99;
            double l, sum = 0.0;

            assert_int_equal(exm_em_solve(&x.p, &o, t, &did, &err), EXM_ENOCONV);
            assert_int_equal(did, k);
            slow_steps(&x.p, k, slow);
            for (size_t f = 0; f < FEATURES; f++) {
                assert_near(t[f], slow[f], 1e-9 * (1.0 + slow[f]));
                sum += t[f];
            }
            assert_near(sum, (double) total, 1e-9 * (double) total);
            l = log_likelihood(&x.p, t);
            if (!(l >= before - 1e-9 * fabs(before))) fail_msg("step %u lowers it", k);
            before = l;
        }
    }
}

static void
equal_input_gives_equal_bits(void **state)
{
    const exm_em_options o = {.max_iterations = 100000, .tolerance = 1e-3};
    struct problem x, other;
    double t[FEATURES], again[FEATURES];
    exm_error err = {0};
    unsigned n = 0;

    (void) state;
    draw(&x, 99);
    draw(&other, 99);
    assert_int_equal(exm_em_solve(&x.p, &o, t, &n, &err), EXM_OK);
    assert_int_equal(exm_em_solve(&other.p, &o, again, NULL, &err), EXM_OK);
    assert_memory_equal(t, again, sizeof t);
    assert_true(n > 1 && n < o.max_iterations);
    /* A class without reads changes nothing; negative control: one read does. */
    other.count[5] = x.count[5] = 0;
    assert_int_equal(exm_em_solve(&x.p, &o, t, NULL, &err), EXM_OK);
    other.off[CLASSES] = other.off[CLASSES - 1];
    other.p.n_classes = CLASSES - 1;
    x.count[CLASSES - 1] = 0;
    assert_int_equal(exm_em_solve(&x.p, &o, t, NULL, &err), EXM_OK);
    assert_int_equal(exm_em_solve(&other.p, &o, again, NULL, &err), EXM_OK);
    assert_memory_equal(t, again, sizeof t);
    other.count[6]++;
    assert_int_equal(exm_em_solve(&other.p, &o, again, NULL, &err), EXM_OK);
    assert_memory_not_equal(t, again, sizeof t);
}

static void
an_iteration_limit_is_told_and_the_result_kept(void **state)
{
    static const uint32_t a[] = {0}, ab[] = {0, 1};
    const exm_em_options o = {.max_iterations = 3, .tolerance = 1e-12};
    struct problem x;
    double t[2] = {-1.0, -1.0};
    exm_error err = {0};
    unsigned n = 0;

    (void) state;
    start(&x, 2);
    add(&x, 10, 1, a, NULL);
    add(&x, 1000, 2, ab, NULL);
    assert_int_equal(exm_em_solve(&x.p, &o, t, &n, &err), EXM_ENOCONV);
    assert_int_equal(err.code, EXM_ENOCONV);
    assert_int_equal(n, 3);
    assert_near(t[0] + t[1], 1010.0, 1e-9);
    assert_true(t[0] > t[1] && t[1] > 0.0);
}

/* Counts beyond 2^32 keep their sum. */
static void
large_counts_keep_their_sum(void **state)
{
    static const uint32_t a[] = {0}, b[] = {1}, ab[] = {0, 1};
    struct problem x;
    double t[2];
    const exm_em_options o = exm_em_defaults();
    exm_error err = {0};
    uint64_t r[2];

    (void) state;
    start(&x, 2);
    add(&x, (uint64_t) 1 << 40, 1, a, NULL);
    add(&x, (uint64_t) 3 << 40, 1, b, NULL);
    add(&x, ((uint64_t) 1 << 42) + 1, 2, ab, NULL);
    assert_int_equal(exm_em_solve(&x.p, &o, t, NULL, &err), EXM_OK);
    assert_int_equal(exm_em_round(2, t, ((uint64_t) 1 << 43) + 1, r, &err), EXM_OK);
    assert_true(r[0] + r[1] == ((uint64_t) 1 << 43) + 1);
    assert_true(r[0] == (uint64_t) 2 << 40);
}

static void
bad_problems_are_refused(void **state)
{
    static const uint32_t a[] = {0}, ab[] = {0, 1}, outside[] = {0, 2};
    static const double zero[] = {1.0, 0.0}, negative[] = {1.0, -1.0},
                        nan[] = {1.0, (double) NAN}, inf[] = {1.0, (double) INFINITY};
    const double *const bad[] = {zero, negative, nan, inf};
    const exm_em_options o = exm_em_defaults();
    struct problem x;
    double t[2] = {5.0, 6.0};
    exm_error err = {0};

    (void) state;
    for (size_t i = 0; i < 5; i++) {
        start(&x, 2);
        add(&x, 3, 1, a, NULL);
        add(&x, 3, 2, i < 4 ? ab : outside, i < 4 ? bad[i] : NULL);
        assert_int_equal(exm_em_solve(&x.p, &o, t, NULL, &err), EXM_EINVAL);
        assert_int_equal(err.at, 1);
    }
    start(&x, 2);
    add(&x, 3, 0, NULL, NULL); /* reads that fit nothing */
    assert_int_equal(exm_em_solve(&x.p, &o, t, NULL, &err), EXM_EINVAL);
    start(&x, 2);
    add(&x, 3, 2, ab, NULL);
    x.off[1] = 0;
    x.off[0] = 2;
    assert_int_equal(exm_em_solve(&x.p, &o, t, NULL, &err), EXM_EINVAL);
    assert_int_equal(exm_em_solve(NULL, &o, t, NULL, &err), EXM_EINVAL);
    assert_int_equal(exm_em_solve(&x.p, NULL, t, NULL, &err), EXM_EINVAL);
    assert_int_equal(exm_em_solve(&x.p, &o, NULL, NULL, &err), EXM_EINVAL);
    assert_true(t[0] == 5.0 && t[1] == 6.0);
}

/* ---- rounding ---- */

static void
rounding_goes_by_largest_remainder(void **state)
{
    static const struct {
        double t[5];
        uint64_t total, want[5];
    } cases[] = {
        {{1.5, 2.25, 0.25, 0.0, 0.0}, 4, {2, 2, 0, 0, 0}},
        {{0.5, 0.5, 0.5, 0.5, 0.0}, 2, {1, 1, 0, 0, 0}},   /* ties: the first ones */
        {{0.25, 0.5, 0.25, 0.5, 0.5}, 2, {0, 1, 0, 1, 0}}, /* and among the larger */
        {{0.2, 0.2, 0.2, 0.2, 0.2}, 1, {1, 0, 0, 0, 0}},   /* one left over */
        {{3.0, 4.0, 5.0, 0.0, 0.0}, 12, {3, 4, 5, 0, 0}},  /* nothing to do */
        {{2.9999999999, 1e-10, 0.0, 0.0, 0.0}, 3, {3, 0, 0, 0, 0}},
        {{3.0000000001, 0.9999999998, 0.0, 0.0, 0.0}, 4, {3, 1, 0, 0, 0}},
        {{1.0, 1.0, 1.0, 0.5, 0.0}, 3, {1, 1, 1, 0, 0}},     /* half too many */
        {{1.25, 1.25, 1.25, 0.75, 0.0}, 5, {2, 1, 1, 1, 0}}, /* half too few */
        {{0.0, 2.0, 0.0, 1.0, 0.9}, 3, {0, 2, 0, 1, 0}},     /* and nearly one too many */
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t got[5] = {9, 9, 9, 9, 9};
        exm_error err = {0};

        assert_int_equal(exm_em_round(5, cases[i].t, cases[i].total, got, &err), EXM_OK);
        for (int k = 0; k < 5; k++)
            if (got[k] != cases[i].want[k]) fail_msg("case %zu, count %d", i, k);
    }
}

static void
rounding_keeps_the_sum_and_is_off_by_less_than_one(void **state)
{
    exm_rng r;

    (void) state;
    exm_rng_init(&r, 11, 0);
    for (unsigned i = 0; i < 3000; i++) {
        double t[30], all = 0.0;
        uint64_t got[30], sum = 0, total;
        const size_t n = 1 + (size_t) exm_rng_below(&r, 30);
        exm_error err = {0};

        for (size_t k = 0; k < n; k++) {
            t[k] = exm_rng_below(&r, 4) ? exm_rng_double(&r) * (double) (1U << (i % 30))
                                        : floor(exm_rng_double(&r) * 10.0);
            all += t[k];
        }
        total = (uint64_t) (all + exm_rng_double(&r));
        assert_int_equal(exm_em_round(n, t, total, got, &err), EXM_OK);
        for (size_t k = 0; k < n; k++) {
            sum += got[k];
            assert_true(fabs((double) got[k] - t[k]) < 1.0 + 1e-9);
            for (size_t j = 0; j < k; j++) /* equals are told apart by index alone */
                assert_true(t[j] != t[k] || got[j] >= got[k]);
        }
        assert_true(sum == total);
    }
}

/* Beyond 2^53 doubles are whole numbers some way apart; the sum is kept all the same. */
static void
rounding_keeps_sums_beyond_2_to_53(void **state)
{
    static const struct {
        double t[3];
        uint64_t total;
    } cases[] = {
        {{0x1p60, 0.5, 0.5}, (uint64_t) 1 << 60},
        {{0x1p60, 0.5, 0.25}, ((uint64_t) 1 << 60) - 1000},
        {{0.5, 0.25, 0x1p60}, ((uint64_t) 1 << 60) - 1000},
        {{0.5, 0x1p60, 0x1p60}, ((uint64_t) 1 << 61) + 1000},
        {{0.0, 0.0, 0x1p63}, ((uint64_t) 1 << 63) - 100000},
        {{0.0, 0x1p60, 0x1p60}, ((uint64_t) 1 << 61) + 1000},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t got[3];
        exm_error err = {0};

        if (exm_em_round(3, cases[i].t, cases[i].total, got, &err) != EXM_OK)
            fail_msg("%s", err.msg);
        if (got[0] + got[1] + got[2] != cases[i].total) fail_msg("case %zu", i);
        for (int k = 0; k < 3; k++) /* and no small count strays */
            assert_true(cases[i].t[k] > 1.0 || got[k] <= (cases[i].t[k] > 0.0));
    }
}

static void
sums_that_do_not_agree_are_refused(void **state)
{
    static const double t[] = {1.5, 1.5}, negative[] = {4.0, -1.0},
                        nan[] = {3.0, (double) NAN}, huge[] = {3.0, 1e300},
                        inf[] = {3.0, (double) INFINITY};
    const double *const bad[] = {negative, nan, huge, inf};
    uint64_t got[2] = {8, 9};
    exm_error err = {0};

    (void) state;
    assert_int_equal(exm_em_round(2, t, 2, got, &err), EXM_EDATA);
    assert_int_equal(exm_em_round(2, t, 4, got, &err), EXM_EDATA);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(exm_em_round(2, bad[i], 3, got, &err), EXM_EDATA);
        assert_int_equal(err.at, 1);
    }
    assert_int_equal(exm_em_round(0, NULL, 1, got, &err), EXM_EDATA);
    assert_true(got[0] == 8 && got[1] == 9);
    assert_int_equal(exm_em_round(0, NULL, 0, NULL, &err), EXM_OK);
    assert_int_equal(exm_em_round(2, t, 3, got, &err), EXM_OK); /* control */
}

static void
each_failed_allocation_is_reported(void **state)
{
    const exm_em_options o = exm_em_defaults();
    struct problem x;
    double t[FEATURES] = {7.0};
    uint64_t got[2] = {8, 9};
    static const double halves[] = {1.5, 1.5};
    exm_error err = {0};
    int k;

    (void) state;
    draw(&x, 1);
    for (k = 0; k < 20; k++) {
        oom_arm(k);
        if (exm_em_solve(&x.p, &o, t, NULL, &err) == EXM_OK) {
            assert_false(oom_fired());
            break;
        }
        assert_int_equal(err.code, EXM_ENOMEM);
        assert_true(t[0] == 7.0);
    }
    assert_in_range(k, 4, 10);
    for (k = 0; k < 20; k++) {
        oom_arm(k);
        if (exm_em_round(2, halves, 3, got, &err) == EXM_OK) {
            assert_false(oom_fired());
            break;
        }
        assert_int_equal(err.code, EXM_ENOMEM);
        assert_true(got[0] == 8);
    }
    oom_arm(-1);
    assert_in_range(k, 2, 5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_that_paper_can_solve),
        cmocka_unit_test(steps_equal_the_slow_ones_and_raise_the_likelihood),
        cmocka_unit_test(equal_input_gives_equal_bits),
        cmocka_unit_test(an_iteration_limit_is_told_and_the_result_kept),
        cmocka_unit_test(large_counts_keep_their_sum),
        cmocka_unit_test(bad_problems_are_refused),
        cmocka_unit_test(rounding_goes_by_largest_remainder),
        cmocka_unit_test(rounding_keeps_the_sum_and_is_off_by_less_than_one),
        cmocka_unit_test(rounding_keeps_sums_beyond_2_to_53),
        cmocka_unit_test(sums_that_do_not_agree_are_refused),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
