/*
 * test_calibrate.c - tests of calibrate.h
 *
 * Lines that are known beforehand, and the normal equations solved once more in long double.
 */
#include "exomir/calibrate.h"
#include "exomir/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MOST = 40 };

static struct exm_record_spike v[MOST];

static void
set(size_t i, double amount, uint64_t count)
{
    v[i] = (struct exm_record_spike){.amount = amount, .count = {count, count / 2}};
}

static void
near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance)) fail_msg("%.17g is not %.17g", a, b);
}

/* count = 20 amount: slope 1, intercept log10 20. */
static void
proportional_counts_have_slope_1(void **state)
{
    exm_calibration c;

    (void) state;
    for (size_t i = 0; i < 5; i++)
        set(i, pow(10.0, (double) i), 20 * (uint64_t) pow(10, (double) i));
    c = exm_calibrate(v, 5, 0);
    assert_true(c.given == 5 && c.fitted == 5);
    near(c.slope, 1.0, 1e-14);
    near(c.intercept, log10(20.0), 1e-14);
    near(c.r2, 1.0, 1e-14);
    near(c.lod, -log(0.05) / 20.0, 1e-14);
    for (size_t i = 0; i < 5; i++)
        near(exm_calibrate_recovery(&c, v[i].amount, v[i].count[0]), 100.0, 1e-11);
    near(exm_calibrate_recovery(&c, 10.0, 100), 50.0, 1e-11);
    /* Molecules: half as many. */
    c = exm_calibrate(v, 5, 1);
    near(c.intercept, 1.0, 1e-14);
}

static void
lines_equal_the_normal_equations(void **state)
{
    exm_rng r;

    (void) state;
    exm_rng_init(&r, 5, 0);
    for (int turn = 0; turn < 2000; turn++) {
        const size_t n = 3 + (size_t) exm_rng_below(&r, MOST - 3);
        long double s = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0, slope, intercept, r2;
        exm_calibration c;

        for (size_t i = 0; i < n; i++) {
            long double x, y;

            set(i, exp(10.0 * exm_rng_double(&r) - 3.0), exm_rng_below(&r, 100000));
            if (exm_rng_below(&r, 8) == 0) v[i].amount = (double) NAN;
            if (exm_rng_below(&r, 8) == 0) v[i].amount = 0.0;
            if (!(v[i].amount > 0.0) || v[i].count[0] == 0) continue;
            x = log10l((long double) v[i].amount);
            y = log10l((long double) v[i].count[0]);
            s += 1;
            sx += x;
            sy += y;
            sxx += x * x;
            sxy += x * y;
            syy += y * y;
        }
        c = exm_calibrate(v, n, 0);
        assert_int_equal(c.fitted, (uint32_t) s);
        if (s < 3) {
            assert_true(isnan(c.slope) && isnan(c.lod));
            continue;
        }
        slope = (s * sxy - sx * sy) / (s * sxx - sx * sx);
        intercept = (sy - slope * sx) / s;
        r2 = (s * sxy - sx * sy) * (s * sxy - sx * sy) /
             ((s * sxx - sx * sx) * (s * syy - sy * sy));
        near(c.slope, (double) slope, 1e-11);
        near(c.intercept, (double) intercept, 1e-11);
        near(c.r2, (double) r2, 1e-11);
        assert_true(slope > 0 ? c.lod >= 0.0 : isnan(c.lod));
    }
}

static void
too_little_gives_no_line(void **state)
{
    exm_calibration c;

    (void) state;
    set(0, 1.0, 10);
    set(1, 10.0, 100);
    set(2, 100.0, 0);
    c = exm_calibrate(v, 3, 0); /* two points */
    assert_true(c.given == 3 && c.fitted == 2 && isnan(c.slope) && isnan(c.r2));
    assert_true(isnan(exm_calibrate_recovery(&c, 1.0, 10)));
    set(0, 7.0, 10);
    set(1, 7.0, 100);
    set(2, 7.0, 1000);
    c = exm_calibrate(v, 3, 0); /* one amount */
    assert_true(c.fitted == 3 && isnan(c.slope));
    set(1, 8.0, 10);
    set(2, 9.0, 10);
    c = exm_calibrate(v, 3, 0); /* equal counts: flat */
    assert_true(c.slope == 0.0 && isnan(c.r2) && isnan(c.lod));
    c = exm_calibrate(v, 0, 0);
    assert_true(c.given == 0 && isnan(c.slope));
}

static void
what_was_not_counted_or_not_given_has_no_recovery(void **state)
{
    const exm_calibration c = {.slope = 1.0, .intercept = 1.0};

    (void) state;
    assert_true(exm_calibrate_recovery(&c, 3.0, 0) == 0.0);
    assert_true(isnan(exm_calibrate_recovery(&c, (double) NAN, 5)));
    assert_true(isnan(exm_calibrate_recovery(&c, 0.0, 5)));
    near(exm_calibrate_recovery(&c, 2.0, 30), 150.0, 1e-12);
}

static void
samples_with_umis_are_calibrated_by_molecules(void **state)
{
    exm_record r = {.spikes = v, .n_spikes = 4};

    (void) state;
    for (size_t i = 0; i < 4; i++) set(i, 1.0 + (double) i, 100 * (i + 1));
    near(exm_calibrate_sample(&r).intercept, 2.0, 1e-12);
    r.umi_len = 12;
    near(exm_calibrate_sample(&r).intercept, log10(50.0), 1e-12);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proportional_counts_have_slope_1),
        cmocka_unit_test(lines_equal_the_normal_equations),
        cmocka_unit_test(too_little_gives_no_line),
        cmocka_unit_test(what_was_not_counted_or_not_given_has_no_recovery),
        cmocka_unit_test(samples_with_umis_are_calibrated_by_molecules),
    };

    return cmocka_run_group_tests_name("calibrate", tests, NULL, NULL);
}
