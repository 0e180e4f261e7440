/*
 * test_portable.c - tests of portable.h
 *
 * Against the C library's functions in long double, which have bits to spare; and against
 * themselves: the digest of many values is the same under every compiler and processor.
 */
#include "exomir/digest.h"
#include "exomir/portable.h"
#include "exomir/rng.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { VALUES = 200000 };

/* Distance in units of the last place of the true value. */
static double
ulps(double got, long double want)
{
    const double w = (double) want;
    const double step = nextafter(fabs(w), (double) INFINITY) - fabs(w);

    return (double) (fabsl((long double) got - want) / (long double) step);
}

/* Any positive double, subnormal ones too. */
static double
any_positive(exm_rng *r)
{
    uint64_t bits = exm_rng_u64(r) >> 1;
    double x;

    if (bits >> 52 >= 2047) bits &= ~((uint64_t) 1 << 62);
    memcpy(&x, &bits, sizeof x);
    return x > 0.0 ? x : 1.0;
}

static void
log_is_right_to_the_last_place(void **state)
{
    exm_rng r;
    double most = 0.0, near_one = 0.0;

    (void) state;
    exm_rng_init(&r, 1, 0);
    for (int i = 0; i < VALUES; i++) {
        const double x = any_positive(&r), y = 1.0 + (exm_rng_double(&r) - 0.5) * 0.6;
        const double z = 1.0 + (exm_rng_double(&r) - 0.5) * 2e-3;

        most = fmax(most, ulps(exm_portable_log(x), logl((long double) x)));
        most = fmax(most, ulps(exm_portable_log(y), logl((long double) y)));
        if (z != 1.0)
            near_one = fmax(near_one, (double) fabsl((long double) exm_portable_log(z) /
                                                         logl((long double) z) -
                                                     1.0L));
    }
    if (most > 2.0 || near_one > 4e-16) fail_msg("%g ulp, %g near 1", most, near_one);
}

static void
exp_is_right_to_the_last_place(void **state)
{
    exm_rng r;
    double most = 0.0;

    (void) state;
    exm_rng_init(&r, 2, 0);
    for (int i = 0; i < VALUES; i++) {
        const double x = (exm_rng_double(&r) - 0.5) * 1416.0;
        const double y = exm_rng_double(&r) - 0.5;

        most = fmax(most, ulps(exm_portable_exp(x), expl((long double) x)));
        most = fmax(most, ulps(exm_portable_exp(y), expl((long double) y)));
    }
    if (most > 2.0) fail_msg("%g ulp", most);
}

static void
tens_are_tens(void **state)
{
    double ten = 1.0;

    (void) state;
    for (int k = 0; k <= 15; k++, ten *= 10.0) {
        assert_true(fabs(exm_portable_log10(ten) - k) <= k * DBL_EPSILON);
        assert_true(fabs(exm_portable_exp10(k) / ten - 1.0) < 1e-14);
        assert_true(fabs(exm_portable_exp10(-k) * ten - 1.0) < 1e-14);
    }
}

static void
the_ends_are_as_stated(void **state)
{
    (void) state;
    assert_true(isinf(exm_portable_log(0.0)) && exm_portable_log(0.0) < 0.0);
    assert_true(isinf(exm_portable_log(-0.0)));
    assert_true(isnan(exm_portable_log(-1.0)) && isnan(exm_portable_log((double) NAN)));
    assert_true(isinf(exm_portable_log((double) INFINITY)));
    assert_true(exm_portable_log(1.0) == 0.0 && exm_portable_exp(0.0) == 1.0);
    assert_true(isinf(exm_portable_exp(709.8)) && isinf(exm_portable_exp(1e300)));
    assert_true(exm_portable_exp(-746.0) == 0.0 &&
                exm_portable_exp(-(double) INFINITY) == 0.0);
    assert_true(isnan(exm_portable_exp((double) NAN)));
    assert_true(isfinite(exm_portable_exp(709.78)) && exm_portable_exp(-745.0) > 0.0);
}

/* A change here is a change of every result that rests on these. */
static void
bits_are_the_same_everywhere(void **state)
{
    static double v[4 * 5000];
    exm_rng r;
    char hex[EXM_SHA256_HEX];
    size_t n = 0;

    (void) state;
    exm_rng_init(&r, 3, 0);
    for (int i = 0; i < 5000; i++) {
        const double x = any_positive(&r), y = (exm_rng_double(&r) - 0.5) * 40.0;

        v[n++] = exm_portable_log(x);
        v[n++] = exm_portable_log10(x);
        v[n++] = exm_portable_exp(y);
        v[n++] = exm_portable_exp10(y / 3.0);
    }
    assert_int_equal(exm_sha256_of(v, sizeof v, hex, NULL), EXM_OK);
    assert_string_equal(hex,
                        "24b5ca2fe4dd1c9207ce0bff51a9276e43a1cac111a4c48d2644808780b1bcf8");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_is_right_to_the_last_place),
        cmocka_unit_test(exp_is_right_to_the_last_place),
        cmocka_unit_test(tens_are_tens),
        cmocka_unit_test(the_ends_are_as_stated),
        cmocka_unit_test(bits_are_the_same_everywhere),
    };

    return cmocka_run_group_tests_name("portable", tests, NULL, NULL);
}
