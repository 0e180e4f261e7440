/*
 * test_binomial.c - tests of binomial.h
 *
 * Values of 50 digits' arithmetic; and for small n the sum over all outcomes, each one's
 * probability multiplied together trial by trial.
 */
#include "exomir/binomial.h"
#include "exomir/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance * fabs(want)))
        fail_msg("%.17g is not %.17g", got, want);
}

static void
tails_equal_50_digits(void **state)
{
    static const struct {
        uint64_t k, n;
        double p, upper;
    } cases[] = {
        {1, 10, 0.001, 0.0099551197902517895},
        {3, 10, 0.001, 1.1937150990179906e-07},
        {5, 10, 0.5, 0.623046875},
        {10, 10, 0.3, 5.9048999999999975e-06},
        {7, 10, 0.9, 0.98720480160000001},
        {2, 1000, 0.001, 0.26424108696981269},
        {10, 1000, 0.001, 1.0742833868464873e-07},
        {1, 1000, 0.001, 0.63230457522903594},
        {150, 100000, 0.001, 1.8604062101283559e-06},
        {50, 100000, 0.001, 0.99999998837054893},
        {100, 100000, 0.001, 0.51331874037955261},
        {1200, 1000000, 0.001, 4.5896386061007705e-10},
        {5000, 1000000, 0.001, 0.0},
        {20, 1000000, 1e-05, 0.0034541740304948349},
        {100500, 100000000, 0.001, 0.057103570863687711},
        {1000000300, 1000000000000, 0.001, 0.49621767583386767},
        {30, 50, 0.5, 0.10131937553227033},
        {16, 17, 0.125, 5.3290705182007514e-14},
        {400, 1000, 0.25, 1.6103065648548268e-25},
        {3, 3, 0.0001, 1.0000000000000002e-12},
        {900, 1000, 0.999, 1},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        near(exm_binomial_upper(cases[i].k, cases[i].n, cases[i].p), cases[i].upper, 1e-11);
}

/* Trial by trial: at[j] is the probability of j successes so far. */
static void
tails_equal_the_sum_over_trials(void **state)
{
    enum { MOST = 300 };
    static long double at[MOST + 2];
    exm_rng r;

    (void) state;
    exm_rng_init(&r, 4, 0);
    for (int turn = 0; turn < 400; turn++) {
        const uint64_t n = 1 + exm_rng_below(&r, MOST);
        const double u = exm_rng_double(&r), p = turn % 3 ? u : u * u * u * 0.01;
        const long double q = (long double) p;
        long double tail = 0.0L;

        for (int j = 0; j < MOST + 2; j++) at[j] = j == 0;
        for (uint64_t t = 1; t <= n; t++)
            for (uint64_t j = t + 1; j-- > 0;)
                at[j] = at[j] * (1.0L - q) + (j > 0 ? at[j - 1] * q : 0.0L);
        for (uint64_t k = n + 1; k-- > 0;) {
            tail += at[k];
            if (tail > 1e-290L) near(exm_binomial_upper(k, n, p), (double) tail, 1e-11);
        }
    }
}

static void
the_ends_are_as_stated(void **state)
{
    (void) state;
    assert_true(exm_binomial_upper(0, 0, 0.5) == 1.0);
    assert_true(exm_binomial_upper(0, 10, 0.0) == 1.0);
    assert_true(exm_binomial_upper(1, 0, 0.5) == 0.0);
    assert_true(exm_binomial_upper(1, 10, 0.0) == 0.0);
    assert_true(exm_binomial_upper(10, 10, 1.0) == 1.0);
    assert_true(exm_binomial_upper(11, 10, 1.0) == 0.0);
    assert_true(isnan(exm_binomial_upper(1, 10, -0.1)));
    assert_true(isnan(exm_binomial_upper(1, 10, 1.1)));
    assert_true(isnan(exm_binomial_upper(1, 10, (double) NAN)));
}

/* More successes are rarer, and likelier where p is larger. */
static void
tails_are_monotonous(void **state)
{
    (void) state;
    for (uint64_t n = 1; n < 3000000; n *= 7)
        for (double p = 1e-5; p < 1.0; p *= 3.0) {
            double before = 1.0;

            for (uint64_t k = 1; k <= n && k < 60; k++) {
                const double x = exm_binomial_upper(k, n, p);

                assert_true(x <= before && x >= 0.0);
                assert_true(exm_binomial_upper(k, n, p * 1.01 < 1.0 ? p * 1.01 : 1.0) >=
                            x * (1.0 - 1e-11));
                before = x;
            }
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails_equal_50_digits),
        cmocka_unit_test(tails_equal_the_sum_over_trials),
        cmocka_unit_test(the_ends_are_as_stated),
        cmocka_unit_test(tails_are_monotonous),
    };

    return cmocka_run_group_tests_name("binomial", tests, NULL, NULL);
}
