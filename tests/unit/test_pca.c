/* test_pca.c - tests of exomir/pca.h. */
#include "exomir/pca.h"

#include "exomir/rng.h"
#include "oom.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { NF = 40, N = 12, K = 3 };

/* x = sum over components of u d v' with orthonormal u and v of no mean: known values. */
static void
known_components_are_found(void **state)
{
    double x[NF * N], score[N * K], share[K], v[K][N], u[K][NF];
    const double d[K] = {50.0, 20.0, 3.0}, all = 2500.0 + 400.0 + 9.0;

    (void) state;
    for (int i = 0; i < K; i++) { /* cosines of whole periods are orthogonal and sum to 0 */
        for (int s = 0; s < N; s++)
            v[i][s] = sqrt(2.0 / N) * cos(2.0 * acos(-1.0) * (i + 1) * s / N + 0.3);
        for (int f = 0; f < NF; f++)
            u[i][f] = sqrt(2.0 / NF) * cos(2.0 * acos(-1.0) * (i + 2) * f / NF);
    }
    for (int f = 0; f < NF; f++)
        for (int s = 0; s < N; s++) {
            x[f * N + s] = 7.0 + f; /* means go */
            for (int i = 0; i < K; i++) x[f * N + s] += d[i] * u[i][f] * v[i][s];
        }
    assert_int_equal(exm_pca(NF, N, x, K, score, share, NULL), EXM_OK);
    for (int i = 0; i < K; i++) {
        double same = 0.0;

        assert_true(fabs(share[i] - d[i] * d[i] / all) < 1e-10);
        for (int s = 0; s < N; s++) same += score[s * K + i] * v[i][s];
        assert_true(fabs(fabs(same) - d[i]) < 1e-7 * d[i]);
    }
}

/* The residual of X'X v = d^2 v on random data, and orthogonality. */
static void
components_are_eigenvectors(void **state)
{
    static double x[NF * N];
    double score[N * K], share[K], mean;
    exm_rng r;

    (void) state;
    exm_rng_init(&r, 4, 1);
    for (size_t i = 0; i < NF * (size_t) N; i++) x[i] = exm_rng_double(&r);
    assert_int_equal(exm_pca(NF, N, x, K, score, share, NULL), EXM_OK);
    for (int f = 0; f < NF; f++) {
        mean = 0.0;
        for (int s = 0; s < N; s++) mean += x[f * N + s] / N;
        for (int s = 0; s < N; s++) x[f * N + s] -= mean;
    }
    for (int i = 0; i < K; i++) {
        double length = 0.0, most = 0.0, off = 0.0;

        for (int s = 0; s < N; s++) length += score[s * K + i] * score[s * K + i];
        for (int s = 0; s < N; s++) {
            double xx = 0.0;

            for (int f = 0; f < NF; f++) {
                double u = 0.0;

                for (int t = 0; t < N; t++) u += x[f * N + t] * score[t * K + i];
                xx += x[f * N + s] * u;
            }
            off = fmax(off, fabs(xx - length * score[s * K + i]));
            most = fmax(most, fabs(length * score[s * K + i]));
        }
        assert_true(off < 1e-5 * most);
        for (int j = 0; j < i; j++) {
            double cross = 0.0;

            for (int s = 0; s < N; s++) cross += score[s * K + i] * score[s * K + j];
            assert_true(fabs(cross) < 1e-9 * length);
        }
        assert_true(i == 0 || share[i] <= share[i - 1]);
    }
}

static void
odd_input(void **state)
{
    double x[6] = {1, 1, 1, 5, 5, 5}, score[6], share[2];
    exm_error err;

    (void) state;
    assert_int_equal(exm_pca(2, 3, x, 2, score, share, NULL), EXM_OK); /* nothing varies */
    for (int i = 0; i < 6; i++) assert_true(score[i] == 0.0);
    assert_true(share[0] == 0.0 && share[1] == 0.0);
    x[1] = 2.0; /* one component only */
    assert_int_equal(exm_pca(2, 3, x, 2, score, share, NULL), EXM_OK);
    assert_true(fabs(share[0] - 1.0) < 1e-12 && share[1] == 0.0);
    assert_true(fabs(score[2] - 2.0 / 3.0) < 1e-12 && score[3] == 0.0);
    x[4] = (double) INFINITY;
    assert_int_equal(exm_pca(2, 3, x, 2, score, share, &err), EXM_EDATA);
    assert_int_equal(err.at, 4);
    assert_int_equal(exm_pca(2, 3, x, 0, score, share, NULL), EXM_EINVAL);
    x[4] = 1.0;
    oom_arm(0);
    assert_int_equal(exm_pca(2, 3, x, 2, score, share, NULL), EXM_ENOMEM);
    assert_true(oom_fired());
    oom_arm(-1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_components_are_found),
        cmocka_unit_test(components_are_eigenvectors),
        cmocka_unit_test(odd_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
