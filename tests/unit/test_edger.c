/* test_edger.c - tests of exomir/edger.h against edgeR 3.40.2 and against slow oracles. */
#include "exomir/edger.h"

#include "exomir/ebayes.h"
#include "exomir/rng.h"
#include "oom.h"
#include "stats/edger_impl.h"

#define MATHLIB_STANDALONE 1
#include <Rmath.h>
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
    golden_set g; /* rows that pass the filter */
    double *lib;
    exm_edger_row *row;
    exm_edger_fit fit;
} outcome;

/* edgeR's filterByExpr(group), as the golden script does. */
static void
filter(golden_set *g)
{
    const size_t n = g->c.n_samples, p = g->d.n_coef;
    unsigned char *keep = calloc(g->c.n_features, 1);
    double in_last = 0.0;
    size_t kept = 0;

    for (size_t s = 0; s < n; s++) in_last += g->x[s * p + p - 1];
    if (exm_norm_filter(&g->c, NULL, fmin(in_last, (double) n - in_last), NULL, keep,
                        NULL) != EXM_OK)
        fail();
    for (size_t f = 0; f < g->c.n_features; f++)
        if (keep[f]) memmove(g->y + kept++ * n, g->y + f * n, n * sizeof *g->y);
    g->c.n_features = kept;
    free(keep);
}

static void
read_set(const char *set, int changed, outcome *o)
{
    *o = (outcome){0};
    golden_set_read(set, &o->g);
    filter(&o->g);
    o->g.y[5 * o->g.c.n_samples + 2] += changed;
    o->lib = calloc(2 * o->g.c.n_samples, sizeof *o->lib);
    if (exm_norm_factors(&o->g.c, NULL, EXM_NORM_TMM, o->lib, NULL) != EXM_OK) fail();
    exm_counts_lib(&o->g.c, o->lib + o->g.c.n_samples);
    for (size_t s = 0; s < o->g.c.n_samples; s++) o->lib[s] *= o->lib[o->g.c.n_samples + s];
}

static void
run(const char *set, int changed, exm_pool *pool, outcome *o)
{
    double contrast[3] = {0, 0, 0};
    exm_error err = {0};

    read_set(set, changed, o);
    o->row = calloc(o->g.c.n_features, sizeof *o->row);
    contrast[o->g.d.n_coef - 1] = 1.0;
    if (exm_edger(&o->g.c, o->lib, &o->g.d, contrast, pool, o->row, &o->fit, &err) !=
        EXM_OK)
        fail_msg("%s", err.msg);
}

static void
done(outcome *o)
{
    free(o->lib);
    free(o->row);
    golden_set_done(&o->g);
}

typedef struct column {
    const char *name;
    size_t offset;
    double rtol;
} column;

static int
columns_agree(const char *table, const char *set, const outcome *o, const column *columns,
              size_t n_columns)
{
    char name[64];
    exm_table *t;
    int ok = 1;

    (void) snprintf(name, sizeof name, "out/%s_%s.tsv", table, set);
    t = golden_table(name);
    assert_int_equal(exm_table_rows(t), o->g.c.n_features);
    for (size_t i = 0; i < n_columns; i++) {
        double *want = golden_column(t, columns[i].name);
        double *got = calloc(o->g.c.n_features, sizeof *got);

        for (size_t r = 0; r < o->g.c.n_features; r++)
            memcpy(got + r, (const char *) (o->row + r) + columns[i].offset, sizeof *got);
        ok &= golden_agrees(columns[i].name, got, want, o->g.c.n_features, columns[i].rtol,
                            1e-12);
        free(want);
        free(got);
    }
    exm_table_free(t);
    return ok;
}

static int
scalars_agree(const char *set, const outcome *o)
{
    static const char *const names[] = {"common", "prior.df", "span", "ngenes"};
    const double got[] = {o->fit.common, o->fit.disp_prior_df, o->fit.span,
                          (double) o->g.c.n_features};
    char name[64];
    exm_table *t;
    double *want;
    int ok = 1;

    (void) snprintf(name, sizeof name, "out/edger_disp_scalars_%s.tsv", set);
    t = golden_table(name);
    want = golden_column(t, "value");
    for (size_t i = 0; i < LEN(got); i++) {
        assert_string_equal(exm_table_get(t, i, 0), names[i]);
        ok &= golden_agrees(names[i], got + i, want + i, 1, 1e-9, 0.0);
    }
    free(want);
    exm_table_free(t);
    return ok;
}

static int
rows_agree(const char *set, const outcome *o)
{
    static const column disp[] = {{"AveLogCPM", offsetof(exm_edger_row, log2_cpm), 1e-9},
                                  {"trended", offsetof(exm_edger_row, trended), 1e-9},
                                  {"tagwise", offsetof(exm_edger_row, tagwise), 1e-8}};
    static const column ql[] = {
        {"deviance", offsetof(exm_edger_row, deviance), 1e-6},
        {"df.residual.zeros", offsetof(exm_edger_row, df_residual), 0.0},
        {"var.prior", offsetof(exm_edger_row, s2_prior), 1e-7},
        {"var.post", offsetof(exm_edger_row, s2_post), 1e-7},
        {"df.total", offsetof(exm_edger_row, df), 1e-7},
        {"logFC", offsetof(exm_edger_row, log2fc), 1e-5},
        {"F", offsetof(exm_edger_row, f), 1e-6},
        {"PValue", offsetof(exm_edger_row, p), 1e-7}};
    int ok = columns_agree("edger_disp", set, o, disp, LEN(disp));

    ok &= columns_agree("edger_ql", set, o, ql, LEN(ql));
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
            int ok;

            run(sets[i], changed, NULL, &o);
            ok = scalars_agree(sets[i], &o);
            ok &= rows_agree(sets[i], &o);
            assert_int_equal(ok, !changed); /* one count more by 1 must be seen */
            done(&o);
        }
}

/* The package's table starts each point cold, the analysis (of both) where the last ended:
 * fits stop within 1e-6 of their deviance.  At the first point some fits give up far from the
 * maximum, and their place must be the same. */
static void
profiles_equal_the_package(void **state)
{
    static const char *const sets[] = {"synth", "acc"};

    (void) state;
    for (size_t i = 0; i < LEN(sets); i++) {
        const double contrast[3] = {0, 1, 0};
        char name[64];
        outcome o;
        edger_model m;
        edger_work w;
        exm_table *t;
        double *want, *got;

        read_set(sets[i], 0, &o);
        (void) snprintf(name, sizeof name, "out/edger_apl_%s.tsv", sets[i]);
        t = golden_table(name);
        want = golden_matrix(t);
        got = calloc(o.g.c.n_features, EDGER_GRID * sizeof *got);
        assert_int_equal(exm_edger_model_init(&m, &o.g.c, o.lib, &o.g.d, contrast, NULL),
                         EXM_OK);
        assert_int_equal(exm_edger_work_init(&w, &m, NULL), EXM_OK);
        for (size_t f = 0; f < o.g.c.n_features; f++)
            assert_int_equal(exm_edger_row_apl(&w, o.g.y + f * o.g.c.n_samples,
                                               got + f * EDGER_GRID, NULL),
                             EXM_OK);
        assert_true(golden_agrees("profile", got, want, o.g.c.n_features * EDGER_GRID, 1e-7,
                                  1e-12));
        for (size_t f = 0; f < o.g.c.n_features; f++) { /* both start cold there */
            got[f] = got[f * EDGER_GRID];
            want[f] = want[f * EDGER_GRID];
        }
        assert_true(golden_agrees("profile, first point", got, want, o.g.c.n_features, 1e-9,
                                  1e-12));
        exm_edger_work_done(&w);
        exm_edger_model_done(&m);
        exm_table_free(t);
        free(want);
        free(got);
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

/* ---- other models ---- */

enum { GENES = 60, SAMPLES = 12 };

typedef struct world {
    double y[GENES * SAMPLES], lib[SAMPLES], x[SAMPLES * 3];
    exm_counts c;
    exm_design d;
} world;

/* Three groups of four; every fifth row is zero in the last group. */
static void
make_world(world *w)
{
    exm_rng rng;

    exm_rng_init(&rng, 21, 1);
    for (size_t s = 0; s < SAMPLES; s++) {
        w->lib[s] = 1e5 * (0.5 + exm_rng_double(&rng));
        for (size_t k = 0; k < 3; k++) w->x[s * 3 + k] = s / 4 == k;
    }
    for (size_t f = 0; f < GENES; f++)
        for (size_t s = 0; s < SAMPLES; s++) {
            const double mu = 20.0 * (double) (1 + f) * w->lib[s] / 1e5;
            const double u = exm_rng_double(&rng), v = exm_rng_double(&rng);

            w->y[f * SAMPLES + s] =
                f % 5 == 4 && s >= 8 ? 0.0 : floor(mu * (0.3 + u + v * v));
        }
    w->c = (exm_counts){w->y, GENES, SAMPLES};
    w->d = (exm_design){w->x, SAMPLES, 3};
}

/* The same contrast of groups, as c'b and as a coefficient of another coding. */
static void
codings_are_one_model(void **state)
{
    const double of_groups[3] = {0, 1, -1}, of_coef[3] = {0, 1, 0};
    double coded[SAMPLES * 3];
    exm_edger_row a[GENES], b[GENES];
    world w;

    (void) state;
    make_world(&w);
    assert_int_equal(exm_edger(&w.c, w.lib, &w.d, of_groups, NULL, a, NULL, NULL), EXM_OK);
    for (size_t s = 0; s < SAMPLES; s++) {
        coded[s * 3] = 1.0;
        coded[s * 3 + 1] = s / 4 == 1;
        coded[s * 3 + 2] = s / 4 == 0;
    }
    w.d.x = coded;
    assert_int_equal(exm_edger(&w.c, w.lib, &w.d, of_coef, NULL, b, NULL, NULL), EXM_OK);
    for (size_t f = 0; f < GENES; f++) {
        assert_true(fabs(a[f].log2fc - b[f].log2fc) < 1e-9);
        assert_true(fabs(a[f].f - b[f].f) < 1e-6 * a[f].f);
        assert_true(fabs(a[f].se - b[f].se) < 1e-9 * a[f].se);
        assert_true(a[f].df_residual == (f % 5 == 4 ? 6.0 : 9.0)); /* 8 samples, 2 groups */
        assert_true(b[f].df_residual == a[f].df_residual);
    }
}

/* ---- slow oracles ---- */

static void
the_top_of_a_known_curve_is_found(void **state)
{
    double y[EDGER_GRID];

    (void) state;
    for (int at = -95; at <= 95; at += 7) { /* a cubic is its own spline */
        const double top = at / 10.0;

        for (int i = 0; i < EDGER_GRID; i++) {
            const double t = i - 10.0 - top;

            y[i] = 3.0 - t * t * (1.0 + t / 60.0);
        }
        assert_true(fabs(exm_edger_grid_top(y) - top) < 1e-9);
    }
    for (int i = 0; i < EDGER_GRID; i++) y[i] = -i;
    assert_true(exm_edger_grid_top(y) == -10.0);
    for (int i = 0; i < EDGER_GRID; i++) y[i] = i;
    assert_true(exm_edger_grid_top(y) == 10.0);
}

static void
local_means_are_means(void **state)
{
    enum { N = 200 };
    static double x[N], v[N * EDGER_GRID], got[N * EDGER_GRID];
    exm_rng rng;

    (void) state;
    exm_rng_init(&rng, 5, 1);
    for (size_t i = 0; i < N; i++) {
        x[i] = 10.0 * exm_rng_double(&rng);
        for (size_t c = 0; c < EDGER_GRID; c++)
            v[i * EDGER_GRID + c] = c == 0 ? 7.0 : exm_rng_double(&rng);
    }
    x[3] = 0.0; /* the left end, which is a vertex */
    assert_int_equal(exm_edger_local_means(N, x, v, 0.4, got, NULL), EXM_OK);
    for (size_t i = 0; i < N; i++) assert_true(fabs(got[i * EDGER_GRID] - 7.0) < 1e-12);
    for (size_t c = 1; c < EDGER_GRID; c++) {
        double sorted[N], sum = 0.0, weight = 0.0;

        memcpy(sorted, x, sizeof sorted);
        qsort(sorted, N, sizeof *sorted, golden_ascending);
        for (size_t i = 0; i < N; i++) {
            const double u = x[i] / sorted[79], w = u < 1.0 ? pow(1.0 - pow(u, 3), 3) : 0.0;

            sum += w * v[i * EDGER_GRID + c];
            weight += w;
        }
        assert_true(fabs(got[3 * EDGER_GRID + c] - sum / weight) < 1e-12);
    }
}

/* Variances on a line in x, without noise: they are their own prior, which is certain. */
static void
a_line_is_its_own_trend(void **state)
{
    double s2[40], df[40], x[40], prior[40], df0;

    (void) state;
    for (size_t i = 0; i < 40; i++) {
        x[i] = (double) (i * i % 37);
        df[i] = 6.0;
        s2[i] = exp(0.3 * x[i]) * exp(digamma(3.0) - log(3.0));
    }
    df[7] = 0.0; /* tells nothing, but has a prior */
    s2[7] = (double) NAN;
    for (size_t n = 3; n <= 40; n += n < 8 ? 1 : 16) {
        assert_int_equal(exm_ebayes_fit_trend(n, s2, df, x, prior, &df0, NULL), EXM_OK);
        assert_true(isinf(df0));
        for (size_t i = 0; i < n; i++)
            assert_true(fabs(prior[i] - exp(0.3 * x[i])) < 1e-9 * exp(0.3 * x[i]));
    }
    for (size_t i = 0; i < 40; i++) x[i] = 1.0; /* no trend to fit */
    for (size_t i = 0; i < 40; i++) s2[i] = i % 2 ? 9.0 : 0.1;
    assert_int_equal(exm_ebayes_fit_trend(40, s2, df, x, prior, &df0, NULL), EXM_OK);
    assert_true(prior[0] == prior[39] && df0 < 10.0);
    assert_int_equal(exm_ebayes_fit_trend(40, NULL, df, x, prior, &df0, NULL), EXM_EINVAL);
}

/* ---- bad input ---- */

static void
odd_input_is_refused(void **state)
{
    const double contrast[3] = {0, 1, -1};
    exm_edger_row row[GENES];
    exm_error err;
    world w;

    (void) state;
    make_world(&w);
    memset(row, 7, sizeof row);
    w.y[5] = 2.5;
    assert_int_equal(exm_edger(&w.c, w.lib, &w.d, contrast, NULL, row, NULL, &err),
                     EXM_EDATA);
    assert_int_equal(err.at, 5);
    assert_non_null(strstr(err.msg, "not whole"));
    w.y[5] = 2.0;
    w.lib[2] = 0.0;
    assert_int_equal(exm_edger(&w.c, w.lib, &w.d, contrast, NULL, row, NULL, &err),
                     EXM_EDATA);
    assert_int_equal(err.at, 2);
    w.lib[2] = 1e5;
    assert_int_equal(exm_edger(&w.c, NULL, &w.d, contrast, NULL, row, NULL, &err),
                     EXM_EINVAL);
    memset(w.y, 0, sizeof w.y);
    assert_int_equal(exm_edger(&w.c, w.lib, &w.d, contrast, NULL, row, NULL, &err),
                     EXM_EDATA);
    assert_non_null(strstr(err.msg, "no feature"));
    assert_int_equal(((unsigned char *) row)[0], 7);
}

static void
each_allocation_can_fail(void **state)
{
    const double contrast[3] = {0, 1, -1};
    exm_edger_row row[GENES];
    int failures = 0;
    world w;

    (void) state;
    make_world(&w);
    w.c.n_features = 6;
    for (int k = 0;; k++) {
        exm_status st;

        oom_arm(k);
        st = exm_edger(&w.c, w.lib, &w.d, contrast, NULL, row, NULL, NULL);
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
        cmocka_unit_test(profiles_equal_the_package),
        cmocka_unit_test(threads_leave_no_trace),
        cmocka_unit_test(codings_are_one_model),
        cmocka_unit_test(the_top_of_a_known_curve_is_found),
        cmocka_unit_test(local_means_are_means),
        cmocka_unit_test(a_line_is_its_own_trend),
        cmocka_unit_test(odd_input_is_refused),
        cmocka_unit_test(each_allocation_can_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
