/*
 * test_qualities.c - tests of exomir/qualities.h
 *
 * The oracle adds up every read, base by base, in plain arrays.
 */
#include "exomir/annotate.h"
#include "exomir/qualities.h"
#include "exomir/rng.h"
#include "oom.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { READS = 30000, INSERTS = 7000, LONGEST = 60, UMIS = 3, AT = 4 };

struct item {
    char seq[AT + LONGEST + 1], qual[AT + LONGEST + 1];
    uint32_t insert, len;
    uint64_t umi, copies;
    int kept;
};

static struct item items[READS];
static char insert_seq[INSERTS][LONGEST + 1];

/* The insert begins at base AT of the read; few inserts are common. */
static int
set_up(void **state)
{
    exm_rng r;

    (void) state;
    exm_rng_init(&r, 6, 0);
    for (int i = 0; i < INSERTS; i++) {
        const uint32_t len = 16 + (uint32_t) exm_rng_below(&r, LONGEST - 16);

        for (uint32_t k = 0; k < len; k++) insert_seq[i][k] = "ACGT"[exm_rng_below(&r, 4)];
    }
    for (int i = 0; i < READS; i++) {
        struct item *x = items + i;

        x->insert = (uint32_t) exm_rng_below(&r, 1 + exm_rng_below(&r, INSERTS));
        x->len = (uint32_t) strlen(insert_seq[x->insert]);
        memset(x->seq, 'A', AT);
        memcpy(x->seq + AT, insert_seq[x->insert], x->len);
        for (uint32_t k = 0; k < AT + x->len; k++)
            x->qual[k] = (char) (33 + exm_rng_below(&r, 10) * 5); /* 0 to 45 */
        if (i % 97 == 0) x->qual[AT] = '~';                       /* 93 */
        x->umi = 1024 + exm_rng_below(&r, UMIS);
        x->copies = i % 50 == 0 ? 4 : 1;
        x->kept = exm_rng_below(&r, 20) > 0;
    }
    return 0;
}

static exm_status
feed(exm_qualities *q, size_t from, size_t to, size_t stride, int with_qual, int copies)
{
    exm_status st = EXM_OK;

    for (size_t i = from; st == EXM_OK && i < to; i++) {
        const struct item *x = items + i * stride % READS;
        const exm_read read = {.seq = x->seq,
                               .qual = with_qual ? x->qual : NULL,
                               .len = AT + x->len,
                               .copies = copies ? x->copies : 1};
        exm_trimmed t = {.fate = x->kept ? EXM_FATE_KEPT : EXM_FATE_LONG,
                         .start = AT,
                         .len = x->len,
                         .umi = x->umi};

        assert_int_equal(exm_pack(x->seq + AT, x->len, &t.lo, &t.hi, NULL), EXM_OK);
        st = exm_qualities_add(q, &read, &t, 1, NULL);
    }
    return st;
}

static exm_qualities *
run(int umi, size_t stride, int with_qual, int copies)
{
    exm_qualities *q = NULL;

    assert_int_equal(exm_qualities_new(umi, &q, NULL), EXM_OK);
    assert_int_equal(feed(q, 0, READS, stride, with_qual, copies), EXM_OK);
    assert_int_equal(exm_qualities_finish(q, NULL), EXM_OK);
    return q;
}

static int
get(const exm_qualities *q, const char *seq, uint64_t good[EXM_QUALITIES_NT])
{
    uint64_t lo, hi;

    assert_int_equal(exm_pack(seq, strlen(seq), &lo, &hi, NULL), EXM_OK);
    return exm_qualities_get(q, lo, hi, good);
}

/* ---- against the oracle ---- */

static uint64_t want[INSERTS][LONGEST], seen[INSERTS];
static unsigned char of_umi[INSERTS][UMIS][LONGEST];

static void
count_all(int with_qual, int copies)
{
    memset(want, 0, sizeof want);
    memset(seen, 0, sizeof seen);
    memset(of_umi, 0, sizeof of_umi);
    for (int i = 0; i < READS; i++) {
        const struct item *x = items + i;

        if (!x->kept) continue;
        seen[x->insert]++;
        for (uint32_t k = 0; k < x->len; k++) {
            if (with_qual && x->qual[AT + k] - 33 < 30) continue;
            want[x->insert][k] += copies ? x->copies : 1;
            of_umi[x->insert][x->umi - 1024][k] = 1;
        }
    }
}

static void
compare(const exm_qualities *q, int umi)
{
    unsigned once = 0, often = 0;

    for (int i = 0; i < INSERTS; i++) {
        const uint32_t len = (uint32_t) strlen(insert_seq[i]);
        uint64_t good[EXM_QUALITIES_NT];

        if (seen[i] == 0 || len > EXM_QUALITIES_NT) {
            assert_int_equal(get(q, insert_seq[i], good), 0);
            continue;
        }
        once += seen[i] == 1;
        often += seen[i] > 20;
        assert_int_equal(get(q, insert_seq[i], good), 1);
        for (uint32_t k = 0; k < EXM_QUALITIES_NT; k++) {
            uint64_t w = k < len ? want[i][k] : 0;

            for (int m = 0; umi && m < UMIS; m++)
                w = (m ? w : 0) + (k < len ? of_umi[i][m][k] : 0U);
            if (good[k] != w)
                fail_msg("insert %d, base %u: %llu, not %llu", i, k,
                         (unsigned long long) good[k], (unsigned long long) w);
        }
    }
    assert_true(once > 200 && often > 50);
}

static void
good_bases_are_counted_per_position(void **state)
{
    (void) state;
    for (int copies = 0; copies < 2; copies++) {
        exm_qualities *q = run(0, 1, 1, copies);

        count_all(1, copies);
        compare(q, 0);
        exm_qualities_free(q);
    }
}

static void
molecules_are_good_where_any_read_is(void **state)
{
    exm_qualities *q = run(1, 1, 1, 0);

    (void) state;
    count_all(1, 0);
    compare(q, 1);
    exm_qualities_free(q);
}

static void
without_qualities_all_is_good(void **state)
{
    exm_qualities *q = run(0, 1, 0, 0);

    (void) state;
    count_all(0, 0);
    compare(q, 0);
    for (uint32_t i = 0; i < EXM_QUALITIES_NT; i++)
        assert_int_equal(exm_qualities_error(q, i), 1073742); /* 2^30 / 1000 */
    exm_qualities_free(q);
}

static void
order_does_not_matter(void **state)
{
    exm_qualities *q = run(0, 7919, 1, 1);

    (void) state;
    count_all(1, 1);
    compare(q, 0);
    exm_qualities_free(q);
}

static void
errors_are_means_over_good_bases(void **state)
{
    exm_qualities *q = run(0, 1, 1, 1);

    (void) state;
    for (uint32_t k = 0; k < EXM_QUALITIES_NT; k++) {
        double sum = 0.0, n = 0.0;

        for (int i = 0; i < READS; i++) {
            const struct item *x = items + i;
            const int score = x->qual[AT + k] - 33;

            if (!x->kept || k >= x->len || x->len > EXM_QUALITIES_NT || score < 30)
                continue;
            sum += (double) x->copies * pow(10.0, -(score < 63 ? score : 63) / 10.0);
            n += (double) x->copies;
        }
        assert_true(n > 0.0);
        assert_true(fabs((double) exm_qualities_error(q, k) / 1073741824.0 - sum / n) <
                    1e-9);
    }
    assert_int_equal(exm_qualities_error(q, 1000),
                     exm_qualities_error(q, EXM_QUALITIES_NT - 1));
    exm_qualities_free(q);
    /* Nothing was added: Q30. */
    assert_int_equal(exm_qualities_new(0, &q, NULL), EXM_OK);
    assert_int_equal(exm_qualities_finish(q, NULL), EXM_OK);
    assert_int_equal(exm_qualities_error(q, 0), 1073742);
    exm_qualities_free(q);
}

/* ---- misuse and memory ---- */

static void
misuse_is_einval(void **state)
{
    exm_qualities *q = NULL;
    const exm_read read = {.copies = 1};

    (void) state;
    assert_int_equal(exm_qualities_new(0, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_qualities_add(NULL, NULL, NULL, 0, NULL), EXM_EINVAL);
    assert_int_equal(exm_qualities_finish(NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_qualities_new(1, &q, NULL), EXM_OK);
    assert_int_equal(exm_qualities_add(q, &read, NULL, 1, NULL), EXM_EINVAL);
    assert_int_equal(exm_qualities_add(q, NULL, NULL, 0, NULL), EXM_OK);
    exm_qualities_free(q);
    exm_qualities_free(NULL);
}

static void
each_allocation_failed_in_turn(void **state)
{
    (void) state;
    for (int umi = 0; umi < 2; umi++) {
        for (int k = 0;; k++) {
            exm_qualities *q = NULL;
            exm_status st;
            int fired;

            oom_arm(k);
            st = exm_qualities_new(umi, &q, NULL);
            if (st == EXM_OK) st = feed(q, 0, READS, 1, 1, 0);
            if (st == EXM_OK) st = exm_qualities_finish(q, NULL);
            fired = oom_fired();
            oom_arm(-1);
            exm_qualities_free(q);
            if (!fired) {
                assert_int_equal(st, EXM_OK);
                assert_true(k >= 3);
                break;
            }
            assert_int_equal(st, EXM_ENOMEM);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_bases_are_counted_per_position),
        cmocka_unit_test(molecules_are_good_where_any_read_is),
        cmocka_unit_test(without_qualities_all_is_good),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(errors_are_means_over_good_bases),
        cmocka_unit_test(misuse_is_einval),
        cmocka_unit_test(each_allocation_failed_in_turn),
    };

    return cmocka_run_group_tests_name("qualities", tests, set_up, NULL);
}
