/* test_collapse.c - tests of exomir/collapse.h */
#include "exomir/annotate.h"
#include "exomir/collapse.h"
#include "exomir/rng.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 20000, MAX_LEN = 90 };

struct item {
    char seq[MAX_LEN + 1];
    uint32_t len;
    uint64_t umi, copies;
    int kept;
};

/* Skewed draws from few inserts, so that most are seen many times; some are long. */
static void
draw(struct item *v, size_t n)
{
    exm_rng r;

    exm_rng_init(&r, 7, 0);
    for (size_t i = 0; i < n; i++) {
        const uint64_t which = exm_rng_below(&r, 1 + exm_rng_below(&r, 3000));
        exm_rng insert;

        exm_rng_init(&insert, which, 1);
        v[i].len = 16 + (uint32_t) exm_rng_below(&insert, MAX_LEN - 16);
        for (uint32_t k = 0; k < v[i].len; k++)
            v[i].seq[k] = "ACGT"[exm_rng_below(&insert, 4)];
        v[i].seq[v[i].len] = '\0';
        v[i].umi = exm_rng_below(&r, 64);
        v[i].copies = 1 + exm_rng_below(&r, 3);
        v[i].kept = exm_rng_below(&r, 10) > 0;
    }
}

static void
feed(exm_collapse *c, const struct item *v, size_t n)
{
    for (size_t at = 0; at < n; at += 100) {
        exm_read reads[100];
        exm_trimmed t[100];
        const size_t m = n - at < 100 ? n - at : 100;

        for (size_t i = 0; i < m; i++) {
            const struct item *x = v + at + i;

            reads[i] = (exm_read){.seq = x->seq, .len = x->len, .copies = x->copies};
            t[i] = (exm_trimmed){.fate = x->kept ? EXM_FATE_KEPT : EXM_FATE_SHORT,
                                 .len = x->len,
                                 .umi = x->umi};
            if (x->len <= EXM_PACKED_MAX)
                assert_int_equal(exm_pack(x->seq, x->len, &t[i].lo, &t[i].hi, NULL),
                                 EXM_OK);
        }
        assert_int_equal(exm_collapse_add(c, reads, t, m, NULL), EXM_OK);
    }
}

static int
by_seq(const void *pa, const void *pb)
{
    const struct item *a = pa, *b = pb;
    const int d = strcmp(a->seq, b->seq);

    return d ? d : (a->umi > b->umi) - (a->umi < b->umi);
}

/* The slow definition: sort, then count runs.  Returns the number of distinct inserts. */
static size_t
oracle(struct item *v, size_t n, uint64_t *reads, uint64_t *molecules,
       char (*seq)[MAX_LEN + 1])
{
    size_t m = 0;

    qsort(v, n, sizeof *v, by_seq);
    for (size_t i = 0; i < n; i++) {
        if (!v[i].kept) continue;
        if (m == 0 || strcmp(seq[m - 1], v[i].seq) != 0) {
            memcpy(seq[m], v[i].seq, sizeof v[i].seq);
            reads[m] = molecules[m] = 0;
            m++;
        }
        reads[m - 1] += v[i].copies;
    }
    for (size_t k = 0, i = 0; k < m; k++) {
        uint64_t seen[64] = {0};

        for (; i < n && strcmp(v[i].seq, seq[k]) != 0; i++) {
        }
        for (; i < n && strcmp(v[i].seq, seq[k]) == 0; i++)
            if (v[i].kept) seen[v[i].umi] = 1;
        for (int u = 0; u < 64; u++) molecules[k] += seen[u];
    }
    return m;
}

static void
compare(int umi)
{
    struct item *v = calloc(N, sizeof *v);
    uint64_t *reads = calloc(N, sizeof *reads), *molecules = calloc(N, sizeof *molecules);
    char(*seq)[MAX_LEN + 1] = calloc(N, sizeof *seq);
    exm_collapse *c = NULL;
    size_t m, hits = 0, wrong = 0;

    assert_true(v && reads && molecules && seq);
    draw(v, N);
    assert_int_equal(exm_collapse_new(&(exm_collapse_options){.umi = umi}, &c, NULL),
                     EXM_OK);
    feed(c, v, N);
    assert_int_equal(exm_collapse_finish(c, NULL), EXM_OK);
    m = oracle(v, N, reads, molecules, seq);
    assert_int_equal(exm_collapse_count(c), m);
    for (size_t i = 0; i < m; i++) {
        const exm_unique u = exm_collapse_get(c, i);
        char s[EXM_PACKED_MAX + 2];
        size_t k = 0;

        if (!u.seq) {
            assert_int_equal(exm_unpack(u.lo, u.hi, s), u.len);
        }
        while (k < m &&
               !(strlen(seq[k]) == u.len && memcmp(seq[k], u.seq ? u.seq : s, u.len) == 0))
            k++;
        assert_true(k < m);
        hits++;
        wrong += u.reads != reads[k] || u.molecules != (umi ? molecules[k] : reads[k]);
        wrong += umi && u.molecules + 1 == molecules[k]; /* off by one would be seen */
    }
    assert_int_equal(hits, m);
    assert_int_equal(wrong, 0);
    exm_collapse_free(c);
    free(v);
    free(reads);
    free(molecules);
    free(seq);
}

static void
equals_sorting_and_counting(void **state)
{
    (void) state;
    compare(0);
}

static void
counts_distinct_umis(void **state)
{
    (void) state;
    compare(1);
}

static void
counts_go_past_32_bits(void **state)
{
    exm_collapse *c = NULL;
    const exm_read r = {.seq = "", .copies = (uint64_t) 1 << 33};
    const exm_trimmed t = {.len = 20, .lo = (uint64_t) 1 << 20, .hi = 5};

    (void) state;
    assert_int_equal(exm_collapse_new(&(exm_collapse_options){0}, &c, NULL), EXM_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(exm_collapse_add(c, &r, &t, 1, NULL), EXM_OK);
    assert_int_equal(exm_collapse_finish(c, NULL), EXM_OK);
    assert_int_equal(exm_collapse_count(c), 1);
    assert_true(exm_collapse_get(c, 0).reads == (uint64_t) 3 << 33);
    assert_int_equal(exm_collapse_add(c, &r, &t, 1, NULL), EXM_EINVAL); /* after the end */
    exm_collapse_free(c);
    exm_collapse_free(NULL);
}

static void
survives_each_failed_allocation(void **state)
{
    struct item v[300];
    int k = 0;

    (void) state;
    draw(v, 300);
    for (;; k++) {
        exm_collapse *c = NULL;
        exm_status st;

        oom_arm(k);
        st = exm_collapse_new(&(exm_collapse_options){.umi = 1}, &c, NULL);
        for (size_t i = 0; st == EXM_OK && i < 300; i++) {
            const exm_read r = {.seq = v[i].seq, .len = v[i].len, .copies = 1};
            exm_trimmed t = {.len = v[i].len, .umi = v[i].umi};

            if (t.len <= EXM_PACKED_MAX) t.lo = (uint64_t) 1 << t.len | i;
            st = exm_collapse_add(c, &r, &t, 1, NULL);
        }
        if (st == EXM_OK) st = exm_collapse_finish(c, NULL);
        exm_collapse_free(c);
        if (!oom_fired()) {
            assert_int_equal(st, EXM_OK);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
    }
    oom_arm(-1);
    assert_true(k > 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_sorting_and_counting),
        cmocka_unit_test(counts_distinct_umis),
        cmocka_unit_test(counts_go_past_32_bits),
        cmocka_unit_test(survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("collapse", tests, NULL, NULL);
}
