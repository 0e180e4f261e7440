/* test_deseq.c - tests of exomir/deseq.h against DESeq2 1.38.3 and against slow oracles. */
#include "exomir/deseq.h"

#include "exomir/rng.h"
#include "oom.h"
#include "stats/deseq_impl.h"
#include "stats/nb_gamma.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "golden_set.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- against the package ---- */

typedef struct outcome {
    golden_set g;
    double *sf;
    exm_deseq_row *row;
    exm_deseq_fit fit;
} outcome;

static void
run(const char *set, int changed, exm_pool *pool, outcome *o)
{
    double contrast[3] = {0, 0, 0};
    exm_error err = {0};

    golden_set_read(set, &o->g);
    o->g.y[5 * o->g.c.n_samples + 2] += changed;
    o->sf = calloc(o->g.c.n_samples, sizeof *o->sf);
    o->row = calloc(o->g.c.n_features, sizeof *o->row);
    contrast[o->g.d.n_coef - 1] = 1.0;
    if (exm_norm_size_factors(&o->g.c, 0, o->sf, &err) != EXM_OK ||
        exm_deseq(&o->g.c, o->sf, &o->g.d, contrast, NULL, NULL, pool, o->row, &o->fit,
                  &err) != EXM_OK)
        fail_msg("%s", err.msg);
}

static void
done(outcome *o)
{
    free(o->sf);
    free(o->row);
    golden_set_done(&o->g);
}

/* Column 'name' against the doubles at 'offset' of the rows.  Rows on which the package hands
 * over to L-BFGS-B are compared by a tolerance of their own. */
static int
column_agrees(const exm_table *t, const char *name, const outcome *o, size_t offset,
              double rtol)
{
    const size_t n = exm_table_rows(t);
    double *want = golden_column(t, name), *got = calloc(n, sizeof *got);
    int ok = 1;

    assert_int_equal(n, o->g.c.n_features);
    for (size_t r = 0; r < n; r++) {
        memcpy(got + r, (const char *) (o->row + r) + offset, sizeof *got);
        if (!o->row[r].climbed) continue;
        ok &=
            isnan(want[r]) ? isnan(got[r]) : fabs(got[r] - want[r]) <= 1e-3 * fabs(want[r]);
        got[r] = want[r];
    }
    ok &= golden_agrees(name, got, want, n, rtol, 1e-12);
    free(want);
    free(got);
    return ok;
}

static int
flag_agrees(const exm_table *t, const char *name, const outcome *o, size_t offset)
{
    double *want = golden_column(t, name);
    size_t differ = 0;

    for (size_t r = 0; r < exm_table_rows(t); r++)
        if (!isnan(want[r]))
            differ += want[r] != (double) *((const unsigned char *) (o->row + r) + offset);
    free(want);
    return differ == 0;
}

static int
scalars_agree(const char *set, const exm_deseq_fit *fit)
{
    static const char *const names[] = {"asymptDisp", "extraPois", "dispPriorVar",
                                        "varLogDispEsts", "filterThreshold"};
    const double got[] = {fit->a0, fit->a1, fit->prior_var, fit->var_log_disp,
                          fit->filter_threshold};
    char name[64];
    exm_table *t;
    double *want;
    int ok = 1;

    (void) snprintf(name, sizeof name, "out/deseq2_scalars_%s.tsv", set);
    t = golden_table(name);
    want = golden_column(t, "value");
    for (size_t i = 0; i < LEN(got); i++) {
        assert_string_equal(exm_table_get(t, i, 0), names[i]);
        ok &= golden_agrees(names[i], got + i, want + i, 1, 1e-6, 0.0);
    }
    free(want);
    exm_table_free(t);
    return ok;
}

static int
rows_agree(const char *set, const outcome *o)
{
    static const struct {
        const char *name;
        size_t offset;
        double rtol;
    } columns[] = {{"baseMean", offsetof(exm_deseq_row, base_mean), 1e-13},
                   {"dispGeneEst", offsetof(exm_deseq_row, disp_gene), 1e-6},
                   {"dispFit", offsetof(exm_deseq_row, disp_trend), 1e-6},
                   {"dispMAP", offsetof(exm_deseq_row, disp_map), 1e-5},
                   {"dispersion", offsetof(exm_deseq_row, dispersion), 1e-5},
                   {"log2FoldChange", offsetof(exm_deseq_row, log2fc), 1e-5},
                   {"lfcSE", offsetof(exm_deseq_row, se), 1e-5},
                   {"stat", offsetof(exm_deseq_row, stat), 1e-5},
                   {"pvalue", offsetof(exm_deseq_row, p), 1e-4},
                   {"padj", offsetof(exm_deseq_row, fdr), 1e-4},
                   {"maxCooks", offsetof(exm_deseq_row, max_cooks), 1e-5}};
    char name[64];
    exm_table *t;
    int ok = 1;

    (void) snprintf(name, sizeof name, "out/deseq2_wald_%s.tsv", set);
    t = golden_table(name);
    for (size_t i = 0; i < LEN(columns); i++)
        ok &= column_agrees(t, columns[i].name, o, columns[i].offset, columns[i].rtol);
    ok &= flag_agrees(t, "dispOutlier", o, offsetof(exm_deseq_row, disp_outlier));
    ok &= flag_agrees(t, "betaConv", o, offsetof(exm_deseq_row, converged));
    ok &= flag_agrees(t, "replace", o, offsetof(exm_deseq_row, replaced));
    exm_table_free(t);
    (void) snprintf(name, sizeof name, "out/deseq2_shrinknormal_%s.tsv", set);
    t = golden_table(name);
    ok &= column_agrees(t, "log2FoldChange", o, offsetof(exm_deseq_row, shrunken), 1e-5);
    ok &= column_agrees(t, "lfcSE", o, offsetof(exm_deseq_row, shrunken_se), 1e-5);
    exm_table_free(t);
    return ok;
}

static int
vst_agrees(const char *set, const outcome *o)
{
    char name[64];
    exm_table *t;
    double *want, *got;
    size_t rows, cols;
    int ok;

    (void) snprintf(name, sizeof name, "out/deseq2_vst_%s.tsv", set);
    t = golden_table(name);
    rows = exm_table_rows(t);
    cols = exm_table_cols(t) - 1;
    want = golden_matrix(t);
    got = calloc(rows * cols, sizeof *got);
    for (size_t r = 0; r < rows; r++)
        for (size_t s = 0; s < cols; s++)
            got[r * cols + s] =
                exm_deseq_vst(&o->fit, o->g.y[r * o->g.c.n_samples + s] / o->sf[s]);
    ok = golden_agrees("variance-stabilised", got, want, rows * cols, 1e-6, 0.0);
    free(want);
    free(got);
    exm_table_free(t);
    return ok;
}

static void
equals_the_package(void **state)
{
    static const char *const sets[] = {"synth", "acc"};

    (void) state;
    for (size_t i = 0; i < LEN(sets); i++)
        for (int changed = 0; changed < 2; changed++) {
            outcome o;
            size_t climbed = 0;
            int ok;

            run(sets[i], changed, NULL, &o);
            ok = scalars_agree(sets[i], &o.fit);
            ok &= rows_agree(sets[i], &o);
            ok &= vst_agrees(sets[i], &o);
            for (size_t f = 0; f < o.g.c.n_features; f++) climbed += o.row[f].climbed;
            printf("  %zu rows climbed\n", climbed);
            assert_true(climbed <= 5);
            assert_int_equal(ok, !changed); /* one count more by 1 must be seen */
            done(&o);
        }
}

static void
threads_leave_no_trace(void **state)
{
    exm_pool *pool = NULL;
    outcome a, b;

    (void) state;
    assert_int_equal(exm_pool_new(3, &pool, NULL), EXM_OK);
    run("synth", 0, NULL, &a);
    run("synth", 0, pool, &b);
    assert_memory_equal(&a.fit, &b.fit, sizeof a.fit);
    for (size_t f = 0; f < a.g.c.n_features; f++)
        assert_memory_equal(a.row + f, b.row + f, sizeof *a.row);
    done(&a);
    done(&b);
    exm_pool_free(pool);
}

/* ---- slow oracles ---- */

static void
rises_are_sums_of_logarithms(void **state)
{
    static const double r[] = {1e-6, 0.01, 0.37, 1.0, 9.9, 15.0, 1e3, 1e8};
    static const double y[] = {0, 1, 2, 16, 17, 40, 1000};

    (void) state;
    for (size_t i = 0; i < LEN(r); i++)
        for (size_t j = 0; j < LEN(y); j++) {
            long double d = 0.0L, p = 0.0L;
            double psi;
            const double got = exm_nb_gamma_rise(y[j], r[i], &psi);

            for (int k = 0; k < (int) y[j]; k++) {
                d += log1pl(k / (long double) r[i]);
                p += 1.0L / ((long double) r[i] + k);
            }
            assert_true(fabsl((long double) got - d) <=
                        4e-15L * fabsl(d) + 2e-16L * (long double) y[j]);
            assert_true(fabsl((long double) psi - p) <= 1e-14L * p);
        }
}

/* By the series, from where it is exact to 1e-18. */
static long double
log_gamma(long double x)
{
    long double below = 0.0L;

    for (; x < 40.0L; x += 1.0L) below += logl(x);
    return (x - 0.5L) * logl(x) - x + 0.918938533204672741780329736406L +
           (1.0L / 12.0L -
            (1.0L / 360.0L - (1.0L / 1260.0L - 1.0L / (1680.0L * x * x)) / (x * x)) /
                (x * x)) /
               x -
           below;
}

/* The posterior by its formula, in long double, X'WX of two columns written out. */
static long double
posterior_by_formula(const double *y, const double *mu, const double *x, size_t n,
                     long double log_disp, const deseq_prior *prior)
{
    const long double a = expl(log_disp), r = 1.0L / a;
    long double lik = 0.0L, b00 = 0.0L, b01 = 0.0L, b11 = 0.0L;

    for (size_t s = 0; s < n; s++) {
        const long double m = (long double) mu[s], w = 1.0L / (1.0L / m + a);
        const long double k = (long double) y[s], z = (long double) x[2 * s + 1];

        lik += log_gamma(k + r) - log_gamma(r) - k * logl(m + r) - r * log1pl(m * a);
        b00 += w;
        b01 += w * z;
        b11 += w * z * z;
    }
    lik -= 0.5L * logl(b00 * b11 - b01 * b01);
    if (isinf(prior->var)) return lik;
    return lik - 0.5L * (log_disp - (long double) prior->mean) *
                     (log_disp - (long double) prior->mean) / (long double) prior->var;
}

static void
the_search_ends_at_the_top(void **state)
{
    enum { N = 14 };
    exm_rng rng;
    double x[2 * N], sf[N], y[N], mu[N];
    const exm_design d = {x, N, 2};
    deseq_model m;
    deseq_work w;

    (void) state;
    exm_rng_init(&rng, 11, 1);
    for (size_t s = 0; s < N; s++) {
        x[2 * s] = 1.0;
        x[2 * s + 1] = exm_rng_double(&rng); /* a covariate: as many cells as samples */
        sf[s] = 0.5 + exm_rng_double(&rng);
    }
    assert_int_equal(exm_deseq_model_init(&m, &d, sf, NULL), EXM_OK);
    assert_int_equal(exm_deseq_work_new(&m, &w, NULL), EXM_OK);
    for (int round = 0; round < 60; round++) {
        const deseq_prior prior = {-1.5, round % 2 ? 0.7 : HUGE_VAL};
        long double best = -HUGE_VALL, at_best = 0.0L;
        double at, first, last;
        unsigned rounds;

        for (size_t s = 0; s < N; s++) {
            mu[s] = 5.0 + 200.0 * exm_rng_double(&rng);
            y[s] = floor(mu[s] * 3.0 * exm_rng_double(&rng) * exm_rng_double(&rng));
        }
        at = exm_deseq_disp_search(&w, y, mu, -2.0, &prior, &rounds, &first, &last);
        for (int i = 0; i <= 4000; i++) {
            const long double l = -8.0L + 10.0L * i / 4000.0L;
            const long double v = posterior_by_formula(y, mu, x, N, l, &prior);

            if (v > best) {
                best = v;
                at_best = l;
            }
        }
        assert_true(fabsl(posterior_by_formula(y, mu, x, N, (long double) at, &prior) -
                          (long double) last) < 1e-9L);
        assert_true((long double) last >
                    best - 1e-4L); /* gain below 1e-6 stops the search */
        assert_true(fabsl((long double) at - at_best) < 0.02L);
        at = exm_deseq_disp_grid(&w, y, mu, &prior);
        assert_true(fabsl((long double) at - at_best) < 0.12L); /* two grids of 20 */
    }
    exm_deseq_work_done(&w);
    exm_deseq_model_done(&m);
}

/* At the maximum X'((y - mu) / (1 + a mu)) = ridge b. */
static void
the_fit_solves_its_equations(void **state)
{
    enum { N = 20 };
    exm_rng rng;
    double x[3 * N], sf[N], y[N], mu[N], h[N], ridge[3];
    const exm_design d = {x, N, 3};
    deseq_model m;
    deseq_work w;

    (void) state;
    exm_rng_init(&rng, 12, 1);
    for (size_t s = 0; s < N; s++) {
        x[3 * s] = 1.0;
        x[3 * s + 1] = s % 2 ? 1.0 : 0.0;
        x[3 * s + 2] = s < N / 2 ? 1.0 : 0.0;
        sf[s] = 0.5 + exm_rng_double(&rng);
    }
    for (size_t k = 0; k < 3; k++) ridge[k] = k ? 0.3 : 1e-6;
    assert_int_equal(exm_deseq_model_init(&m, &d, sf, NULL), EXM_OK);
    assert_int_equal(m.n_cells, 4);
    assert_int_equal(exm_deseq_work_new(&m, &w, NULL), EXM_OK);
    for (int round = 0; round < 60; round++) {
        const double disp = 0.01 + 2.0 * exm_rng_double(&rng);
        double sum_h = 0.0;

        for (size_t s = 0; s < N; s++) y[s] = 20.0 + floor(400.0 * exm_rng_double(&rng));
        assert_int_equal(exm_deseq_glm_fit(&w, y, disp, ridge, mu, h), DESEQ_SETTLED);
        for (size_t k = 0; k < 3; k++) {
            double score = -ridge[k] * w.beta[k], scale = 0.0;

            for (size_t s = 0; s < N; s++) {
                score += x[3 * s + k] * (y[s] - mu[s]) / (1.0 + disp * mu[s]);
                scale += fabs(x[3 * s + k] * (y[s] - mu[s]) / (1.0 + disp * mu[s]));
            }
            assert_true(fabs(score) < 1e-3 * scale); /* deviance stands to 1e-8 */
        }
        for (size_t s = 0; s < N; s++) {
            assert_true(h[s] > 0.0 && h[s] < 1.0);
            sum_h += h[s];
        }
        assert_true(sum_h < 3.0 && sum_h > 2.5); /* 3 without a ridge */
    }
    exm_deseq_work_done(&w);
    exm_deseq_model_done(&m);
}

/* A group that has nothing but zeros, and one huge count: the weighted fit runs away. */
static void
what_does_not_settle_is_climbed(void **state)
{
    enum { N = 12 };
    double x[3 * N], sf[N], y[N] = {0}, mu[N], ridge[3] = {2e-6, 2e-6, 2e-6};
    const exm_design d = {x, N, 3};
    deseq_model m;
    deseq_work w;

    (void) state;
    for (size_t s = 0; s < N; s++) {
        x[3 * s] = sf[s] = 1.0;
        x[3 * s + 1] = s % 2 ? 1.0 : 0.0;
        x[3 * s + 2] = s < 4 ? 1.0 : 0.0;
    }
    y[2] = 1e6;
    y[5] = 3.0;
    y[8] = 2.0;
    assert_int_equal(exm_deseq_model_init(&m, &d, sf, NULL), EXM_OK);
    assert_int_equal(exm_deseq_work_new(&m, &w, NULL), EXM_OK);
    for (int i = 0; i < 4; i++) {
        const double disp = 0.5 * pow(3.0, i);

        assert_int_not_equal(exm_deseq_glm_fit(&w, y, disp, ridge, mu, NULL), DESEQ_LOST);
        for (size_t k = 0; k < 3; k++) assert_true(isfinite(w.beta[k]));
    }
    exm_deseq_work_done(&w);
    exm_deseq_model_done(&m);
}

/* ---- bad input ---- */

static void
odd_input_is_refused(void **state)
{
    double y[8] = {1, 2, 3, 4, 5, 6, 7, 8}, sf[4] = {1, 1, 1, 1};
    double x[8] = {1, 0, 1, 0, 1, 1, 1, 1}, contrast[2] = {0, 1};
    const exm_counts c = {y, 2, 4};
    const exm_design d = {x, 4, 2};
    exm_deseq_row row[2];
    exm_error err;

    (void) state;
    memset(row, 7, sizeof row);
    y[5] = 2.5;
    assert_int_equal(exm_deseq(&c, sf, &d, contrast, NULL, NULL, NULL, row, NULL, &err),
                     EXM_EDATA);
    assert_int_equal(err.at, 5);
    assert_non_null(strstr(err.msg, "not whole"));
    y[5] = 6;
    sf[2] = 0.0;
    assert_int_equal(exm_deseq(&c, sf, &d, contrast, NULL, NULL, NULL, row, NULL, &err),
                     EXM_EDATA);
    assert_int_equal(err.at, 2);
    sf[2] = 1.0;
    for (size_t s = 0; s < 8; s++) y[s] = 5; /* copies of one sample */
    assert_int_equal(exm_deseq(&c, sf, &d, contrast, NULL, NULL, NULL, row, NULL, &err),
                     EXM_EDATA);
    assert_non_null(strstr(err.msg, "copies"));
    assert_int_equal(exm_deseq(&c, NULL, &d, contrast, NULL, NULL, NULL, row, NULL, &err),
                     EXM_EINVAL);
    assert_int_equal(((unsigned char *) row)[0], 7);
}

static void
each_allocation_can_fail(void **state)
{
    double y[48], sf[8], x[16], contrast[2] = {0, 1};
    const exm_counts c = {y, 6, 8};
    const exm_design d = {x, 8, 2};
    exm_deseq_row row[6];
    exm_rng rng;
    int failures = 0;

    (void) state;
    exm_rng_init(&rng, 3, 1);
    for (size_t i = 0; i < 48; i++) y[i] = floor(100.0 * exm_rng_double(&rng));
    for (size_t s = 0; s < 8; s++) {
        sf[s] = x[2 * s] = 1.0;
        x[2 * s + 1] = s < 4 ? 1.0 : 0.0;
    }
    for (int k = 0;; k++) {
        exm_status st;

        oom_arm(k);
        st = exm_deseq(&c, sf, &d, contrast, NULL, NULL, NULL, row, NULL, NULL);
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
        cmocka_unit_test(equals_the_package),
        cmocka_unit_test(threads_leave_no_trace),
        cmocka_unit_test(rises_are_sums_of_logarithms),
        cmocka_unit_test(the_search_ends_at_the_top),
        cmocka_unit_test(the_fit_solves_its_equations),
        cmocka_unit_test(what_does_not_settle_is_climbed),
        cmocka_unit_test(odd_input_is_refused),
        cmocka_unit_test(each_allocation_can_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
