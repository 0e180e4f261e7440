/* test_norm.c - tests of exomir/norm.h, order.h and accum.h against R and slow oracles. */
#include "exomir/norm.h"

#include "exomir/accum.h"
#include "exomir/order.h"
#include "exomir/rng.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "golden.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static const char *const sets[] = {"synth", "acc"};

static exm_counts
read_counts(const char *set)
{
    char name[64];
    exm_table *t;
    exm_counts c;

    (void) snprintf(name, sizeof name, "in/%s_counts.tsv", set);
    t = golden_table(name);
    c = (exm_counts){.y = golden_matrix(t),
                     .n_features = exm_table_rows(t),
                     .n_samples = exm_table_cols(t) - 1};
    exm_table_free(t);
    return c;
}

static void
free_counts(exm_counts *c)
{
    free((double *) (uintptr_t) c->y);
}

static exm_table *
out_table(const char *what, const char *set)
{
    char name[64];

    (void) snprintf(name, sizeof name, "out/%s_%s.tsv", what, set);
    return golden_table(name);
}

static int
factors_agree(const exm_counts *c, const exm_table *t, exm_norm_method m, const char *col)
{
    double *want = golden_column(t, col), *got = calloc(c->n_samples, sizeof *got);
    exm_error err = {0};
    int ok;

    assert_non_null(got);
    if (exm_norm_factors(c, NULL, m, got, &err) != EXM_OK) fail_msg("%s: %s", col, err.msg);
    ok = golden_agrees(col, got, want, c->n_samples, 1e-14, 0.0);
    free(got);
    free(want);
    return ok;
}

static void
factors_equal_edger(void **state)
{
    static const struct {
        exm_norm_method m;
        const char *col;
    } all[] = {{EXM_NORM_TMM, "TMM"},
               {EXM_NORM_TMMWSP, "TMMwsp"},
               {EXM_NORM_RLE, "RLE"},
               {EXM_NORM_UQ, "UQ"}};

    (void) state;
    for (size_t i = 0; i < LEN(sets); i++) {
        exm_counts c = read_counts(sets[i]);
        exm_table *t = out_table("norm", sets[i]);
        double *lib = golden_column(t, "lib.size"), *got = calloc(c.n_samples, sizeof *got);

        exm_counts_lib(&c, got);
        assert_true(golden_agrees("lib.size", got, lib, c.n_samples, 0.0, 0.0));
        for (size_t k = 0; k < LEN(all); k++)
            assert_true(factors_agree(&c, t, all[k].m, all[k].col));
        /* Negative control: one count changed by 1 must be seen. */
        ((double *) (uintptr_t) c.y)[7 * c.n_samples + 3] += 1.0;
        assert_false(factors_agree(&c, t, EXM_NORM_TMM, "TMM"));
        free(lib);
        free(got);
        exm_table_free(t);
        free_counts(&c);
    }
}

static void
size_factors_equal_deseq2(void **state)
{
    (void) state;
    for (size_t i = 0; i < LEN(sets); i++) {
        exm_counts c = read_counts(sets[i]);
        exm_table *t = out_table("norm", sets[i]);
        double *got = calloc(c.n_samples, sizeof *got);

        for (int pos = 0; pos < 2; pos++) {
            const char *col = pos ? "sf_poscounts" : "sf_ratio";
            double *want = golden_column(t, col);

            assert_int_equal(exm_norm_size_factors(&c, pos, got, NULL), EXM_OK);
            assert_true(golden_agrees(col, got, want, c.n_samples, 1e-14, 0.0));
            free(want);
        }
        free(got);
        exm_table_free(t);
        free_counts(&c);
    }
}

static void
log_cpm_and_filter_equal_edger(void **state)
{
    (void) state;
    for (size_t i = 0; i < LEN(sets); i++) {
        exm_counts c = read_counts(sets[i]);
        exm_table *t = out_table("logcpm", sets[i]), *keep = out_table("filter", sets[i]),
                  *pheno;
        const size_t rows = exm_table_rows(t), cols = exm_table_cols(t) - 1;
        double *lib = calloc(c.n_samples, sizeof *lib), *f = calloc(c.n_samples, sizeof *f);
        double *all = calloc(c.n_features * c.n_samples, sizeof *all);
        double *want = golden_matrix(t), *got = calloc(rows * cols, sizeof *got);
        double *kept = golden_column(keep, "keep");
        unsigned char *mine = calloc(c.n_features, 1);
        char name[64];
        size_t first = 0, group, smallest;

        exm_counts_lib(&c, lib);
        assert_int_equal(exm_norm_factors(&c, NULL, EXM_NORM_TMM, f, NULL), EXM_OK);
        for (size_t s = 0; s < c.n_samples; s++) lib[s] *= f[s];
        assert_int_equal(exm_norm_log_cpm(&c, lib, 2.0, all, NULL), EXM_OK);
        for (size_t r = 0; r < rows; r++)
            memcpy(got + r * cols, all + r * c.n_samples, cols * sizeof *got);
        assert_true(golden_agrees("log-CPM", got, want, rows * cols, 1e-14, 1e-14));

        (void) snprintf(name, sizeof name, "in/%s_pheno.tsv", sets[i]);
        pheno = golden_table(name);
        group = exm_table_find(pheno, "group");
        for (size_t s = 0; s < c.n_samples; s++)
            first +=
                strcmp(exm_table_get(pheno, s, group), exm_table_get(pheno, 0, group)) == 0;
        smallest = first < c.n_samples - first ? first : c.n_samples - first;
        assert_int_equal(exm_norm_filter(&c, NULL, (double) smallest, NULL, mine, NULL),
                         EXM_OK);
        for (size_t r = 0; r < c.n_features; r++)
            if (mine[r] != (kept[r] > 0.0)) fail_msg("feature %zu of %s", r, sets[i]);
        exm_table_free(t);
        exm_table_free(keep);
        exm_table_free(pheno);
        free(lib);
        free(f);
        free(all);
        free(want);
        free(got);
        free(kept);
        free(mine);
        free_counts(&c);
    }
}

/* ---- order statistics against sorting ---- */

static void
order_equals_sorting(void **state)
{
    enum { MOST = 60 };
    exm_rng r;

    (void) state;
    exm_rng_init(&r, 3, 1);
    for (int round = 0; round < 20000; round++) {
        const size_t n = 1 + (size_t) exm_rng_below(&r, MOST);
        const uint64_t kinds = 1 + exm_rng_below(&r, 40);
        double x[MOST], sorted[MOST], y[MOST], lo, hi, least, most;
        const double p = exm_rng_double(&r);
        const size_t k = (size_t) exm_rng_below(&r, n);

        for (size_t i = 0; i < n; i++) x[i] = (double) exm_rng_below(&r, kinds);
        memcpy(sorted, x, sizeof x);
        qsort(sorted, n, sizeof *sorted, golden_ascending);
        memcpy(y, x, sizeof x);
        assert_true(exm_order_select(y, n, k) == sorted[k]);
        assert_true(exm_order_median(y, n) == (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0);
        {
            const double h = (double) (n - 1) * p;
            const size_t b = (size_t) h;
            const double want = b + 1 < n ? (1 - (h - (double) b)) * sorted[b] +
                                                (h - (double) b) * sorted[b + 1]
                                          : sorted[b];

            assert_true(fabs(exm_order_quantile(y, n, p) - want) <= 1e-12);
        }
        lo = 1.0 + (double) exm_rng_below(&r, n);
        hi = lo + (double) exm_rng_below(&r, (uint64_t) ((double) n - lo) + 1);
        exm_order_rank_window(y, n, lo, hi, &least, &most);
        for (size_t i = 0; i < n; i++) {
            double below = 0, same = 0, rank;

            for (size_t j = 0; j < n; j++) {
                below += x[j] < x[i];
                same += x[j] == x[i];
            }
            rank = below + (same + 1.0) / 2.0;
            assert_int_equal(rank >= lo && rank <= hi, x[i] >= least && x[i] <= most);
        }
    }
    assert_true(isnan(exm_order_median(NULL, 0)));
    assert_true(isnan(exm_order_quantile(NULL, 0, 0.5)));
}

static void
sums_keep_what_plain_ones_lose(void **state)
{
    const double x[] = {1.0, 1e100, 1.0, -1e100};
    const double y[] = {1.0, HUGE_VAL, 2.0};

    (void) state;
    assert_true(exm_sum(x, 4, 1) == 2.0);
    assert_true(x[0] + x[1] + x[2] + x[3] == 0.0); /* the control */
    assert_true(exm_sum(x, 2, 2) == 2.0);
    assert_true(isinf(exm_sum(y, 3, 1)));
    assert_true(isnan(exm_mean(x, 0, 1)));
}

static void
bad_counts_are_told(void **state)
{
    double y[] = {1, 2, 3, 0, 0, 0};
    exm_counts c = {.y = y, .n_features = 2, .n_samples = 3};
    double f[3] = {7, 7, 7};
    unsigned char keep[2];
    exm_error err;

    (void) state;
    y[4] = -1;
    assert_int_equal(exm_norm_factors(&c, NULL, EXM_NORM_TMM, f, &err), EXM_EDATA);
    assert_int_equal(err.at, 4);
    y[4] = (double) NAN;
    assert_int_equal(exm_norm_size_factors(&c, 0, f, &err), EXM_EDATA);
    y[4] = 0;
    y[0] = 0;
    assert_int_equal(exm_norm_factors(&c, NULL, EXM_NORM_TMM, f, &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "library size of sample 1 is 0"));
    y[3] = 5; /* no feature is in all samples now */
    assert_int_equal(exm_norm_factors(&c, NULL, EXM_NORM_RLE, f, &err), EXM_EDATA);
    assert_int_equal(exm_norm_size_factors(&c, 0, f, &err), EXM_EDATA);
    assert_int_equal(exm_norm_size_factors(&c, 1, f, &err), EXM_OK);
    f[0] = 7;
    assert_int_equal(exm_norm_factors(NULL, NULL, EXM_NORM_TMM, f, &err), EXM_EINVAL);
    assert_int_equal(exm_norm_filter(&c, NULL, 0.0, NULL, keep, &err), EXM_EINVAL);
    assert_int_equal(exm_norm_log_cpm(&c, NULL, 0.0, f, &err), EXM_EINVAL);
    assert_true(f[0] == 7);
}

static void
each_allocation_can_fail(void **state)
{
    double y[30], f[5], all[30];
    unsigned char keep[6];
    const exm_counts c = {.y = y, .n_features = 6, .n_samples = 5};

    (void) state;
    for (size_t i = 0; i < 30; i++) y[i] = (double) (1 + i * i % 17);
    for (int what = 0; what < 5; what++) {
        int failures = 0;

        for (int k = 0;; k++) {
            exm_status st = EXM_OK;

            oom_arm(k);
            if (what == 0) st = exm_norm_factors(&c, NULL, EXM_NORM_TMM, f, NULL);
            if (what == 1) st = exm_norm_factors(&c, NULL, EXM_NORM_TMMWSP, f, NULL);
            if (what == 2) st = exm_norm_size_factors(&c, 1, f, NULL);
            if (what == 3) st = exm_norm_log_cpm(&c, NULL, 2.0, all, NULL);
            if (what == 4) st = exm_norm_filter(&c, NULL, 2.0, NULL, keep, NULL);
            if (!oom_fired()) {
                assert_int_equal(st, EXM_OK);
                break;
            }
            assert_int_equal(st, EXM_ENOMEM);
            failures++;
        }
        oom_arm(-1);
        assert_true(failures >= 3);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_equal_edger),
        cmocka_unit_test(size_factors_equal_deseq2),
        cmocka_unit_test(log_cpm_and_filter_equal_edger),
        cmocka_unit_test(order_equals_sorting),
        cmocka_unit_test(sums_keep_what_plain_ones_lose),
        cmocka_unit_test(bad_counts_are_told),
        cmocka_unit_test(each_allocation_can_fail),
    };

    return cmocka_run_group_tests_name("norm", tests, NULL, NULL);
}
