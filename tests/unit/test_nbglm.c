/* test_nbglm.c - tests of exomir/nbglm.h and of its vector functions by slow oracles. */
#include "exomir/nbglm.h"

#include "exomir/rng.h"
#include "oom.h"
#include "stats/vmath.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { N = 20, P = 3 };

typedef struct world {
    double x[N * P], offset[N], y[N], mu[N], coef[P];
    exm_design d;
} world;

/* An intercept, a factor, and a factor (0) or a covariate (1): one way or not. */
static void
make_world(exm_rng *rng, int covariate, world *w)
{
    for (size_t s = 0; s < N; s++) {
        w->x[P * s] = 1.0;
        w->x[P * s + 1] = s < 8 ? 1.0 : 0.0;
        w->x[P * s + 2] = covariate ? exm_rng_double(rng) : (s >= 14 ? 1.0 : 0.0);
        w->offset[s] = log(0.5 + exm_rng_double(rng));
        w->y[s] = floor(60.0 * exm_rng_double(rng) * exp(w->offset[s]));
    }
    w->d = (exm_design){w->x, N, P};
}

/* X'(y - mu) / (1 + phi mu) = 0 at the maximum. */
static void
fits_solve_their_equations(void **state)
{
    exm_rng rng;

    (void) state;
    exm_rng_init(&rng, 31, 1);
    for (int round = 0; round < 60; round++) {
        const double phi = round % 7 == 0 ? 0.0 : 2.0 * exm_rng_double(&rng);
        world w;
        exm_nbglm *g = NULL;
        double deviance, by_hand = 0.0, warm[P], mu[N];

        make_world(&rng, round % 2, &w);
        assert_int_equal(exm_nbglm_new(&w.d, w.offset, &g, NULL), EXM_OK);
        deviance = exm_nbglm_fit(g, w.y, phi, NULL, w.coef, w.mu);
        for (size_t s = 0; s < N; s++) {
            double eta = w.offset[s];

            for (size_t k = 0; k < P; k++) eta += w.coef[k] * w.x[P * s + k];
            assert_true(fabs(w.mu[s] - exp(eta)) < 1e-12 * w.mu[s]);
            by_hand += exm_nb_unit_deviance(w.y[s], w.mu[s], phi);
        }
        assert_true(fabs(deviance - by_hand) < 1e-10 * by_hand);
        for (size_t k = 0; k < P; k++) {
            double score = 0.0, scale = 0.0;

            for (size_t s = 0; s < N; s++) {
                score += w.x[P * s + k] * (w.y[s] - w.mu[s]) / (1.0 + phi * w.mu[s]);
                scale += fabs(w.x[P * s + k] * (w.y[s] - w.mu[s]) / (1.0 + phi * w.mu[s]));
            }
            assert_true(fabs(score) < 1e-3 * scale); /* the last step gains below 1e-6 */
        }
        memcpy(warm, w.coef, sizeof warm);
        assert_true(exm_nbglm_fit(g, w.y, phi, warm, warm, mu) <= deviance * (1.0 + 1e-12));
        for (size_t k = 0; k < P; k++) assert_true(fabs(warm[k] - w.coef[k]) < 1e-3);
        exm_nbglm_free(g);
    }
}

/* A group without counts: a rate of zero, in either kind of fit. */
static void
a_group_of_zeros_is_fitted(void **state)
{
    exm_rng rng;

    (void) state;
    exm_rng_init(&rng, 32, 1);
    for (int covariate = 0; covariate < 2; covariate++) {
        world w;
        exm_nbglm *g = NULL;

        make_world(&rng, covariate, &w);
        memset(w.y, 0, 8 * sizeof *w.y);
        assert_int_equal(exm_nbglm_new(&w.d, w.offset, &g, NULL), EXM_OK);
        assert_true(isfinite(exm_nbglm_fit(g, w.y, 0.3, NULL, w.coef, w.mu)));
        for (size_t s = 0; s < 8; s++) assert_true(w.mu[s] < 1e-4);
        memset(w.y, 0, sizeof w.y);
        assert_true(exm_nbglm_fit(g, w.y, 0.3, NULL, w.coef, w.mu) < 1e-6);
        assert_true(isinf(exm_nbglm_common_rate(g, w.y, 0.3)));
        exm_nbglm_free(g);
    }
}

/* 2 (y log(y/mu) - (y + 1/phi) log((1 + phi y) / (1 + phi mu))) in long double. */
static void
deviances_are_likelihood_ratios(void **state)
{
    static const double y[] = {0, 1, 7, 400, 1e5}, mu[] = {0.01, 1.3, 9, 350, 2e5};
    static const double phi[] = {1e-4, 0.01, 0.7, 40, 1e4};

    (void) state;
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            for (size_t k = 0; k < 5; k++) {
                const long double a = (long double) y[i] + 1e-8L;
                const long double b = (long double) mu[j] + 1e-8L;
                const long double r = 1.0L / (long double) phi[k];
                const long double d =
                    2.0L * (a * logl(a / b) + (a + r) * log1pl((b - a) / (a + r)));
                const double got = exm_nb_unit_deviance(y[i], mu[j], phi[k]);

                if (mu[j] * phi[k] > 1e6) continue;
                assert_true(fabsl((long double) got - d) < 1e-10L + 1e-9L * d);
            }
    /* Poisson without dispersion; the gamma's ratio for a large one. */
    assert_true(fabs(exm_nb_unit_deviance(5, 3, 0.0) - 2.0 * (5 * log(5.0 / 3) - 2)) <
                1e-7);
    assert_true(fabs(exm_nb_unit_deviance(2e4, 3e4, 1e4) -
                     2.0 / 1e4 * (-1.0 / 3 - log(2.0 / 3))) < 1e-12);
}

/* X'WX and its inverse by cofactors. */
static void
what_is_known_at_a_fit(void **state)
{
    exm_rng rng;

    (void) state;
    exm_rng_init(&rng, 33, 1);
    for (int round = 0; round < 20; round++) {
        const double phi = 0.05 + exm_rng_double(&rng), c[P] = {0.0, 1.0, -0.5};
        double a[P][P] = {{0.0}}, inverse[P][P], h[N], det, var = 0.0, profile, sum = 0.0;
        world w;
        exm_nbglm *g = NULL;

        make_world(&rng, 1, &w);
        assert_int_equal(exm_nbglm_new(&w.d, w.offset, &g, NULL), EXM_OK);
        (void) exm_nbglm_fit(g, w.y, phi, NULL, w.coef, w.mu);
        for (size_t s = 0; s < N; s++)
            for (size_t i = 0; i < P; i++)
                for (size_t j = 0; j < P; j++)
                    a[i][j] +=
                        w.mu[s] / (1.0 + phi * w.mu[s]) * w.x[P * s + i] * w.x[P * s + j];
        for (size_t i = 0; i < P; i++)
            for (size_t j = 0; j < P; j++)
                inverse[j][i] = a[(i + 1) % 3][(j + 1) % 3] * a[(i + 2) % 3][(j + 2) % 3] -
                                a[(i + 1) % 3][(j + 2) % 3] * a[(i + 2) % 3][(j + 1) % 3];
        det = a[0][0] * inverse[0][0] + a[0][1] * inverse[1][0] + a[0][2] * inverse[2][0];
        for (size_t i = 0; i < P; i++)
            for (size_t j = 0; j < P; j++) {
                inverse[i][j] /= det;
                var += c[i] * inverse[i][j] * c[j];
            }
        assert_true(fabs(exm_nbglm_contrast_var(g, w.mu, phi, c) - var) < 1e-10 * var);
        exm_nbglm_leverage(g, w.mu, phi, h);
        for (size_t s = 0; s < N; s++) {
            double want = 0.0;

            for (size_t i = 0; i < P; i++)
                for (size_t j = 0; j < P; j++)
                    want += w.x[P * s + i] * inverse[i][j] * w.x[P * s + j];
            want *= w.mu[s] / (1.0 + phi * w.mu[s]);
            assert_true(fabs(h[s] - want) < 1e-10);
            sum += h[s];
        }
        assert_true(fabs(sum - P) < 1e-10);
        profile = -0.5 * log(det);
        for (size_t s = 0; s < N; s++)
            profile += w.y[s] * log(w.mu[s]) - (w.y[s] + 1.0 / phi) * log1p(phi * w.mu[s]);
        assert_true(fabs(exm_nbglm_profile(g, w.y, w.mu, phi) - profile) <
                    1e-11 * fabs(profile));
        exm_nbglm_free(g);
    }
}

static void
vector_functions_are_exact_to_two_ulp(void **state)
{
    enum { ROOM = 4096 };
    static double x[ROOM], got[ROOM];
    exm_rng rng;

    (void) state;
    exm_rng_init(&rng, 34, 1);
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < ROOM; i++)
            x[i] = round % 2 ? exp(1400.0 * (exm_rng_double(&rng) - 0.5))
                             : 1.0 + 0.5 * (exm_rng_double(&rng) - 0.5);
        exm_vec_log(ROOM, x, got);
        for (size_t i = 0; i < ROOM; i++) {
            const long double want = logl((long double) x[i]);

            assert_true(fabsl((long double) got[i] - want) <= 4.4e-16L * fabsl(want));
        }
        for (size_t i = 0; i < ROOM; i++) x[i] = 1400.0 * (exm_rng_double(&rng) - 0.5);
        exm_vec_exp(ROOM, x, got);
        for (size_t i = 0; i < ROOM; i++) {
            const long double want = expl((long double) x[i]);

            assert_true(fabsl((long double) got[i] - want) <= 2.3e-16L * want);
        }
    }
    x[0] = 0.0;
    x[1] = -1e8;
    x[2] = -709.0;
    exm_vec_exp(3, x, got);
    assert_true(got[0] == 1.0 && got[1] == 0.0 && got[2] == 0.0);
    x[0] = 1.0;
    exm_vec_log(1, x, got);
    assert_true(got[0] == 0.0);
    for (size_t n = 0; n < 9; n++) { /* every remainder of the lanes */
        double sum = 0.0, dot = 0.0, dot3 = 0.0;

        for (size_t i = 0; i < n; i++) {
            x[i] = (double) i + 1.0;
            sum += x[i];
            dot += x[i] * x[i];
            dot3 += x[i] * x[i] * x[i];
        }
        assert_true(exm_vec_sum(n, x) == sum && exm_vec_dot(n, x, x) == dot &&
                    exm_vec_dot3(n, x, x, x) == dot3);
    }
}

static void
odd_designs_are_refused(void **state)
{
    world w;
    exm_rng rng;
    exm_nbglm *g = NULL;

    (void) state;
    exm_rng_init(&rng, 35, 1);
    make_world(&rng, 0, &w);
    assert_int_equal(exm_nbglm_new(NULL, w.offset, &g, NULL), EXM_EINVAL);
    for (size_t s = 0; s < N; s++) w.x[P * s + 2] = 2.0 * w.x[P * s + 1];
    assert_int_equal(exm_nbglm_new(&w.d, w.offset, &g, NULL), EXM_EDATA);
    assert_null(g);
    exm_nbglm_free(NULL);
}

static void
each_allocation_can_fail(void **state)
{
    world w;
    exm_rng rng;
    int failures = 0;

    (void) state;
    exm_rng_init(&rng, 36, 1);
    make_world(&rng, 0, &w);
    for (int k = 0;; k++) {
        exm_nbglm *g = NULL;
        exm_status st;

        oom_arm(k);
        st = exm_nbglm_new(&w.d, w.offset, &g, NULL);
        exm_nbglm_free(g);
        if (!oom_fired()) {
            assert_int_equal(st, EXM_OK);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
        failures++;
    }
    oom_arm(-1);
    assert_true(failures > 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_solve_their_equations),
        cmocka_unit_test(a_group_of_zeros_is_fitted),
        cmocka_unit_test(deviances_are_likelihood_ratios),
        cmocka_unit_test(what_is_known_at_a_fit),
        cmocka_unit_test(vector_functions_are_exact_to_two_ulp),
        cmocka_unit_test(odd_designs_are_refused),
        cmocka_unit_test(each_allocation_can_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
