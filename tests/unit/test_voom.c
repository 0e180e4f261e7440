/* test_voom.c - tests of exomir/voom.h, lsq.h, lowess.h and ebayes.h against limma and oracles. */
#include "exomir/voom.h"

#include "exomir/lowess.h"
#include "exomir/rng.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "golden_set.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* A golden set as limma's script sees it: filtered counts, TMM libraries. */
typedef struct voom_set {
    golden_set all;
    double *y, *lib;
    exm_counts c;
    exm_design d;
} voom_set;

static void
set_read(const char *set, voom_set *g)
{
    double *f;
    size_t n, k = 0, second = 0;
    unsigned char *keep;

    golden_set_read(set, &g->all);
    g->d = g->all.d;
    n = g->d.n_samples;
    for (size_t s = 0; s < n; s++) second += g->d.x[(s + 1) * g->d.n_coef - 1] > 0.0;
    keep = calloc(g->all.c.n_features, 1);
    assert_int_equal(exm_norm_filter(&g->all.c, NULL,
                                     (double) (second < n - second ? second : n - second),
                                     NULL, keep, NULL),
                     EXM_OK);
    g->y = calloc(g->all.c.n_features * n, sizeof *g->y);
    for (size_t r = 0; r < g->all.c.n_features; r++)
        if (keep[r]) memcpy(g->y + k++ * n, g->all.y + r * n, n * sizeof *g->y);
    g->c = (exm_counts){g->y, k, n};
    g->lib = calloc(n, sizeof *g->lib);
    f = calloc(n, sizeof *f);
    exm_counts_lib(&g->c, g->lib);
    assert_int_equal(exm_norm_factors(&g->c, NULL, EXM_NORM_TMM, f, NULL), EXM_OK);
    for (size_t s = 0; s < n; s++) g->lib[s] *= f[s];
    free(f);
    free(keep);
}

static void
set_done(voom_set *g)
{
    free(g->y);
    free(g->lib);
    golden_set_done(&g->all);
}

static int
corner_agrees(const char *what, const char *set, const double *got, size_t n_samples,
              double rtol)
{
    char name[64];
    exm_table *t;
    double *want, *mine;
    size_t rows, cols;
    int ok;

    (void) snprintf(name, sizeof name, "out/%s_%s.tsv", what, set);
    t = golden_table(name);
    rows = exm_table_rows(t);
    cols = exm_table_cols(t) - 1;
    want = golden_matrix(t);
    mine = calloc(rows * cols, sizeof *mine);
    for (size_t r = 0; r < rows; r++)
        memcpy(mine + r * cols, got + r * n_samples, cols * sizeof *mine);
    ok = golden_agrees(what, mine, want, rows * cols, rtol, 1e-12);
    free(want);
    free(mine);
    exm_table_free(t);
    return ok;
}

static int
column_agrees(const exm_table *t, const char *name, const exm_voom_row *row, size_t offset,
              double rtol)
{
    double *want = golden_column(t, name), *got = calloc(exm_table_rows(t), sizeof *got);
    int ok;

    for (size_t r = 0; r < exm_table_rows(t); r++)
        memcpy(got + r, (const char *) (row + r) + offset, sizeof *got);
    ok = golden_agrees(name, got, want, exm_table_rows(t), rtol, 1e-12);
    free(want);
    free(got);
    return ok;
}

static int
test_agrees(const voom_set *g, const char *set, const double *e, const double *w)
{
    char name[64];
    exm_table *t;
    exm_voom_row *row = calloc(g->c.n_features, sizeof *row);
    exm_ebayes_prior prior;
    double contrast[3] = {0, 0, 0}, *want;
    exm_error err = {0};
    int ok = 1;

    contrast[g->d.n_coef - 1] = 1.0;
    (void) snprintf(name, sizeof name, "out/voom_limma_%s.tsv", set);
    t = golden_table(name);
    assert_int_equal(exm_table_rows(t), g->c.n_features);
    if (exm_voom_test(g->c.n_features, e, w, &g->d, contrast, NULL, row, &prior, &err) !=
        EXM_OK)
        fail_msg("%s", err.msg);
    want = golden_column(t, "df.prior");
    ok &= golden_agrees("df.prior", &prior.df, want, 1, 1e-9, 0.0);
    free(want);
    want = golden_column(t, "s2.prior");
    ok &= golden_agrees("s2.prior", &prior.s2, want, 1, 1e-9, 0.0);
    free(want);
    ok &= column_agrees(t, "logFC", row, offsetof(exm_voom_row, log2fc), 1e-9);
    ok &= column_agrees(t, "CI.L", row, offsetof(exm_voom_row, ci_low), 1e-9);
    ok &= column_agrees(t, "CI.R", row, offsetof(exm_voom_row, ci_high), 1e-9);
    ok &= column_agrees(t, "AveExpr", row, offsetof(exm_voom_row, mean_e), 1e-12);
    ok &= column_agrees(t, "t", row, offsetof(exm_voom_row, stat), 1e-7);
    ok &= column_agrees(t, "P.Value", row, offsetof(exm_voom_row, p), 1e-7);
    ok &= column_agrees(t, "s2.post", row, offsetof(exm_voom_row, s2_post), 1e-9);
    ok &= column_agrees(t, "df.total", row, offsetof(exm_voom_row, df), 1e-9);
    free(row);
    exm_table_free(t);
    return ok;
}

static void
voom_equals_limma(void **state)
{
    static const char *const sets[] = {"synth", "acc"};

    (void) state;
    for (size_t i = 0; i < LEN(sets); i++) {
        voom_set g;
        double *e, *w;
        size_t n;
        exm_error err = {0};

        set_read(sets[i], &g);
        n = g.c.n_features * g.c.n_samples;
        e = calloc(n, sizeof *e);
        w = calloc(n, sizeof *w);
        for (int changed = 0; changed < 2; changed++) {
            int ok = 1;

            g.y[5 * g.c.n_samples + 2] += changed;
            if (exm_voom_weights(&g.c, g.lib, &g.d, 0.5, NULL, e, w, NULL, NULL, &err) !=
                EXM_OK)
                fail_msg("%s", err.msg);
            ok &= corner_agrees("voom_E", sets[i], e, g.c.n_samples, 1e-13);
            ok &= corner_agrees("voom_W", sets[i], w, g.c.n_samples, 1e-9);
            ok &= test_agrees(&g, sets[i], e, w);
            assert_int_equal(ok, !changed); /* one count more by 1 must be seen */
        }
        free(e);
        free(w);
        set_done(&g);
    }
}

static void
threads_leave_no_trace(void **state)
{
    voom_set g;
    double *e[2], *w[2], contrast[3] = {0, 0, 1};
    exm_voom_row *row[2];
    size_t n;
    exm_pool *pool = NULL;

    (void) state;
    set_read("synth", &g);
    n = g.c.n_features * g.c.n_samples;
    assert_int_equal(exm_pool_new(3, &pool, NULL), EXM_OK);
    for (int i = 0; i < 2; i++) {
        e[i] = calloc(n, sizeof *e[i]);
        w[i] = calloc(n, sizeof *w[i]);
        row[i] = calloc(g.c.n_features, sizeof *row[i]);
        assert_int_equal(exm_voom_weights(&g.c, g.lib, &g.d, 0.5, i ? pool : NULL, e[i],
                                          w[i], NULL, NULL, NULL),
                         EXM_OK);
        assert_int_equal(exm_voom_test(g.c.n_features, e[i], w[i], &g.d, contrast,
                                       i ? pool : NULL, row[i], NULL, NULL),
                         EXM_OK);
    }
    assert_memory_equal(w[0], w[1], n * sizeof **w);
    assert_memory_equal(row[0], row[1], g.c.n_features * sizeof **row);
    for (int i = 0; i < 2; i++) {
        free(e[i]);
        free(w[i]);
        free(row[i]);
    }
    exm_pool_free(pool);
    set_done(&g);
}

/* ---- least squares against the normal equations ---- */

static void
solve_by_elimination(size_t p, double *a, double *b)
{
    for (size_t k = 0; k < p; k++) {
        for (size_t i = k + 1; i < p; i++) {
            const double f = a[i * p + k] / a[k * p + k];

            for (size_t j = k; j < p; j++) a[i * p + j] -= f * a[k * p + j];
            b[i] -= f * b[k];
        }
    }
    for (size_t k = p; k-- > 0;) {
        for (size_t j = k + 1; j < p; j++) b[k] -= a[k * p + j] * b[j];
        b[k] /= a[k * p + k];
    }
}

static void
least_squares_solve_the_normal_equations(void **state)
{
    enum { N = 12, P = 4 };
    exm_rng r;

    (void) state;
    exm_rng_init(&r, 5, 1);
    for (int round = 0; round < 300; round++) {
        double x[N * P], w[N], y[N], a[P * P] = {0}, b[P] = {0}, coef[P], cov[P * P],
                                           sigma2;
        double want = 0.0, c[P];
        const exm_design d = {x, N, P};
        exm_lsq *q = NULL;

        for (size_t i = 0; i < N * P; i++) x[i] = i % P ? exm_rng_double(&r) - 0.5 : 1.0;
        for (size_t i = 0; i < N; i++) w[i] = 0.1 + exm_rng_double(&r);
        for (size_t i = 0; i < N; i++) y[i] = exm_rng_double(&r);
        assert_int_equal(exm_lsq_new(&d, &q, NULL), EXM_OK);
        assert_int_equal(exm_lsq_factor(q, w, NULL), EXM_OK);
        exm_lsq_solve(q, y, coef, &sigma2, NULL);
        for (size_t s = 0; s < N; s++)
            for (size_t j = 0; j < P; j++) {
                b[j] += w[s] * x[s * P + j] * y[s];
                for (size_t k = 0; k < P; k++)
                    a[j * P + k] += w[s] * x[s * P + j] * x[s * P + k];
            }
        exm_lsq_unscaled_cov(q, cov);
        for (size_t j = 0; j < P; j++) /* cov a = 1 */
            for (size_t k = 0; k < P; k++) {
                double s = 0.0;

                for (size_t i = 0; i < P; i++) s += cov[j * P + i] * a[i * P + k];
                assert_true(fabs(s - (j == k)) < 1e-10);
            }
        for (size_t j = 0; j < P; j++) c[j] = exm_rng_double(&r);
        for (size_t j = 0; j < P; j++)
            for (size_t k = 0; k < P; k++) want += c[j] * cov[j * P + k] * c[k];
        assert_true(fabs(exm_lsq_contrast_var(q, c) - want) < 1e-10);
        solve_by_elimination(P, a, b);
        want = 0.0;
        for (size_t s = 0; s < N; s++) {
            double e = y[s];

            for (size_t j = 0; j < P; j++) e -= x[s * P + j] * b[j];
            want += w[s] * e * e;
        }
        for (size_t j = 0; j < P; j++) assert_true(fabs(coef[j] - b[j]) < 1e-9);
        assert_true(fabs(sigma2 - want / (N - P)) < 1e-11);
        exm_lsq_free(q);
    }
}

static void
aliased_columns_are_named(void **state)
{
    double x[] = {1, 0, 1, 1, 0, 1, 1, 1, 2, 1, 1, 2, 1, 0, 1}; /* third = first + second */
    double h[5];
    exm_design d = {x, 5, 3};
    exm_error err;

    (void) state;
    assert_int_equal(exm_design_validate(&d, &err), EXM_EDATA);
    assert_int_equal(err.at, 2);
    x[2] = 5;
    assert_int_equal(exm_design_validate(&d, &err), EXM_OK);
    assert_int_equal(exm_design_leverage(&d, h, &err), EXM_OK);
    assert_true(fabs(h[0] + h[1] + h[2] + h[3] + h[4] - 3.0) < 1e-12);
    d.n_samples = 3;
    assert_int_equal(exm_design_validate(&d, &err), EXM_EDATA);
    assert_int_equal(err.at, 3);
    x[4] = (double) NAN;
    d.n_samples = 5;
    assert_int_equal(exm_design_validate(&d, &err), EXM_EDATA);
    assert_int_equal(err.at, 1);
}

static void
trigamma_is_inverted(void **state)
{
    static const double at[] = {1e-9, 1e-3, 0.3, 1.0, 7.5, 1e4, 1e8};

    (void) state;
    for (size_t i = 0; i < LEN(at); i++) {
        const double x = exm_trigamma_inverse(at[i]);
        double back = 0.0, z = x;

        for (; z < 60.0; z += 1.0) back += 1.0 / (z * z); /* recurrence, then the series */
        back += 1.0 / z + 0.5 / (z * z) + 1.0 / (6.0 * z * z * z) -
                1.0 / (30.0 * pow(z, 5.0)) + 1.0 / (42.0 * pow(z, 7.0));
        assert_true(fabs(back - at[i]) <= 1e-6 * at[i]);
    }
    assert_true(isnan(exm_trigamma_inverse(0.0)));
}

static void
odd_input_is_refused(void **state)
{
    double y[8] = {1, 2, 3, 4, 5, 6, 7, 8}, x[4] = {1, 1, 1, 1}, e[8], w[8], s2[2], df[2];
    const exm_counts c = {y, 2, 4};
    exm_design d = {x, 4, 1};
    const exm_lowess_options o = exm_lowess_defaults();
    double px[3] = {1, 3, 2}, py[3] = {1, 2, 3}, fit[3];
    exm_ebayes_prior prior = {7, 7};
    exm_error err;

    (void) state;
    assert_int_equal(exm_lowess(3, px, py, &o, fit, &err), EXM_EDATA);
    assert_int_equal(err.at, 2);
    assert_int_equal(exm_lowess(1, px, py, &o, fit, &err), EXM_OK);
    assert_true(fit[0] == 1.0);
    s2[0] = s2[1] = (double) NAN;
    df[0] = df[1] = 3;
    assert_int_equal(exm_ebayes_fit(2, s2, df, &prior, &err), EXM_EDATA);
    assert_true(prior.df == 7);
    d.n_samples = 3;
    assert_int_equal(exm_voom_weights(&c, NULL, &d, 0.5, NULL, e, w, NULL, NULL, &err),
                     EXM_EINVAL);
    y[3] = -1;
    d.n_samples = 4;
    assert_int_equal(exm_voom_weights(&c, NULL, &d, 0.5, NULL, e, w, NULL, NULL, &err),
                     EXM_EDATA);
}

static void
each_allocation_can_fail(void **state)
{
    double y[24], x[8] = {1, 0, 1, 0, 1, 1, 1, 1}, e[24], w[24], contrast[2] = {0, 1};
    const exm_counts c = {y, 6, 4};
    const exm_design d = {x, 4, 2};
    exm_voom_row row[6];
    int failures = 0;

    (void) state;
    for (size_t i = 0; i < 24; i++) y[i] = (double) (10 + i * i % 23);
    for (int k = 0;; k++) {
        exm_status st;

        oom_arm(k);
        st = exm_voom_weights(&c, NULL, &d, 0.5, NULL, e, w, NULL, NULL, NULL);
        if (st == EXM_OK) st = exm_voom_test(6, e, w, &d, contrast, NULL, row, NULL, NULL);
        if (!oom_fired()) {
            assert_int_equal(st, EXM_OK);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
        failures++;
    }
    oom_arm(-1);
    assert_true(failures > 20);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(voom_equals_limma),
        cmocka_unit_test(threads_leave_no_trace),
        cmocka_unit_test(least_squares_solve_the_normal_equations),
        cmocka_unit_test(aliased_columns_are_named),
        cmocka_unit_test(trigamma_is_inverted),
        cmocka_unit_test(odd_input_is_refused),
        cmocka_unit_test(each_allocation_can_fail),
    };

    return cmocka_run_group_tests_name("voom", tests, NULL, NULL);
}
