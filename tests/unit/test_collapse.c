/*
 * test_collapse.c - tests of exomir/collapse.h.
 *
 * The oracle sorts and counts; the library's table is read out, sorted the same way, and
 * compared row by row.
 */
#include "exomir/annotate.h"
#include "exomir/collapse.h"
#include "exomir/rng.h"
#include "oom.h"
#include "umi_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { N = 20000, MAX_LEN = 90, UMIS = 64, BATCH = 256 };

struct item {
    char seq[MAX_LEN + 1];
    uint32_t len;
    uint64_t umi, copies;
    int kept;
};

/* One unique insert as it should be, or is. */
struct row {
    char seq[MAX_LEN + 1];
    uint64_t reads, molecules, umi;
};

struct rows {
    struct row *v;
    size_t n;
};

static void *
zeros(size_t n, size_t size)
{
    void *p = calloc(n, size);

    assert_non_null(p);
    return p;
}

/* Skewed draws from few inserts, so that most are seen many times; some are long. */
static void
draw(struct item *v, size_t n, uint64_t seed)
{
    exm_rng r;

    exm_rng_init(&r, seed, 0);
    for (size_t i = 0; i < n; i++) {
        const uint64_t which = exm_rng_below(&r, 1 + exm_rng_below(&r, 3000));
        exm_rng insert;

        exm_rng_init(&insert, which, 1);
        v[i].len = 16 + (uint32_t) exm_rng_below(&insert, MAX_LEN - 16);
        for (uint32_t k = 0; k < v[i].len; k++)
            v[i].seq[k] = "ACGT"[exm_rng_below(&insert, 4)];
        v[i].seq[v[i].len] = '\0';
        v[i].umi = exm_rng_below(&r, UMIS);
        v[i].copies = 1 + exm_rng_below(&r, 3);
        v[i].kept = exm_rng_below(&r, 10) > 0;
    }
}

static void
shuffle(struct item *v, size_t n, uint64_t seed)
{
    exm_rng r;

    exm_rng_init(&r, seed, 2);
    for (size_t i = n; i > 1; i--) {
        const size_t k = exm_rng_below(&r, i);
        const struct item x = v[i - 1];

        v[i - 1] = v[k];
        v[k] = x;
    }
}

static exm_status
feed(exm_collapse *c, const struct item *v, size_t n, size_t batch)
{
    exm_read reads[BATCH];
    exm_trimmed t[BATCH];

    for (size_t at = 0; at < n; at += batch) {
        const size_t m = n - at < batch ? n - at : batch;
        exm_status st;

        for (size_t i = 0; i < m; i++) {
            const struct item *x = v + at + i;

            reads[i] = (exm_read){.seq = x->seq, .len = x->len, .copies = x->copies};
            t[i] = (exm_trimmed){.fate = x->kept ? EXM_FATE_KEPT : EXM_FATE_SHORT,
                                 .len = x->len,
                                 .umi = x->umi};
            if (x->len <= EXM_PACKED_MAX &&
                exm_pack(x->seq, x->len, &t[i].lo, &t[i].hi, NULL) != EXM_OK)
                return EXM_EINVAL;
        }
        st = exm_collapse_add(c, reads, t, m, NULL);
        if (st != EXM_OK) return st;
    }
    return EXM_OK;
}

/* ---- the slow definition ---- */

static int
by_seq_and_umi(const void *pa, const void *pb)
{
    const struct item *a = pa, *b = pb;
    const int d = strcmp(a->seq, b->seq);

    return d ? d : (a->umi > b->umi) - (a->umi < b->umi);
}

static int
by_seq(const void *pa, const void *pb)
{
    return strcmp(((const struct row *) pa)->seq, ((const struct row *) pb)->seq);
}

/* Sorted by sequence and UMI, a molecule is a change of either. */
static struct rows
oracle(const struct item *items, size_t n, int umi)
{
    struct item *v = zeros(n, sizeof *v);
    struct rows r = {zeros(n, sizeof *r.v), 0};
    const struct item *last = NULL;

    memcpy(v, items, n * sizeof *v);
    qsort(v, n, sizeof *v, by_seq_and_umi);
    for (size_t i = 0; i < n; i++) {
        struct row *row;
        int new_insert;

        if (!v[i].kept) continue;
        new_insert = !last || strcmp(last->seq, v[i].seq) != 0;
        if (new_insert) memcpy(r.v[r.n++].seq, v[i].seq, sizeof v[i].seq);
        row = r.v + r.n - 1;
        row->reads += v[i].copies;
        row->molecules += umi ? new_insert || last->umi != v[i].umi : v[i].copies;
        row->umi = umi && row->molecules == 1 ? v[i].umi : 0;
        last = v + i;
    }
    free(v);
    return r;
}

/* ---- what the library says ---- */

static struct rows
read_out(const exm_collapse *c)
{
    struct rows r = {zeros(exm_collapse_count(c) + 1, sizeof *r.v), exm_collapse_count(c)};

    for (size_t i = 0; i < r.n; i++) {
        const exm_unique u = exm_collapse_get(c, i);

        assert_in_range(u.len, 1, MAX_LEN);
        assert_true(u.seq == NULL || u.len > EXM_PACKED_MAX);
        if (u.seq)
            memcpy(r.v[i].seq, u.seq, u.len);
        else
            assert_int_equal(exm_unpack(u.lo, u.hi, r.v[i].seq), u.len);
        r.v[i].seq[u.len] = '\0';
        r.v[i].reads = u.reads;
        r.v[i].molecules = u.molecules;
        r.v[i].umi = u.umi;
    }
    qsort(r.v, r.n, sizeof *r.v, by_seq);
    return r;
}

static struct rows
collapse(const struct item *v, size_t n, const exm_collapse_options *o, size_t batch)
{
    exm_collapse *c = NULL;
    struct rows r;

    assert_int_equal(exm_collapse_new(o, &c, NULL), EXM_OK);
    assert_int_equal(feed(c, v, n, batch), EXM_OK);
    assert_int_equal(exm_collapse_finish(c, NULL), EXM_OK);
    r = read_out(c);
    exm_collapse_free(c);
    return r;
}

/* Rows that differ, or 1 + the number when even that differs. */
static size_t
differences(const struct rows *a, const struct rows *b)
{
    size_t wrong = 0;

    if (a->n != b->n) return 1 + (a->n > b->n ? a->n : b->n);
    for (size_t i = 0; i < a->n; i++)
        wrong += strcmp(a->v[i].seq, b->v[i].seq) != 0 || a->v[i].reads != b->v[i].reads ||
                 a->v[i].molecules != b->v[i].molecules || a->v[i].umi != b->v[i].umi;
    return wrong;
}

/* ---- tests ---- */

static void
compare(int umi)
{
    struct item *v = zeros(N, sizeof *v);
    struct rows want, got;

    draw(v, N, 7);
    want = oracle(v, N, umi);
    got = collapse(v, N, &(exm_collapse_options){.umi = umi}, 100);
    assert_in_range(want.n, 1000, 3000);
    assert_int_equal(differences(&want, &got), 0);
    got.v[17].molecules++; /* the comparison can fail */
    got.v[99].reads--;
    assert_int_equal(differences(&want, &got), 2);
    free(v);
    free(want.v);
    free(got.v);
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

/* Any order, any batches, one after the other or mixed, any guess of the size. */
static void
order_and_batches_do_not_matter(void **state)
{
    static const size_t batch[] = {1, 7, 24, 25, 100, BATCH};
    struct item *v = zeros(N, sizeof *v);

    (void) state;
    draw(v, N, 8);
    for (int umi = 0; umi < 2; umi++) {
        const struct rows want = oracle(v, N, umi);

        for (size_t i = 0; i < LEN(batch); i++) {
            const exm_collapse_options o = {.umi = umi, .expect = i * i * 5000};
            struct rows got;

            shuffle(v, N, i);
            got = collapse(v, N, &o, batch[i]);
            assert_int_equal(differences(&want, &got), 0);
            free(got.v);
        }
        free(want.v);
    }
    free(v);
}

/* Two samples into one table are the sum of their tables. */
static void
merging_is_adding(void **state)
{
    struct item *v = zeros(N, sizeof *v);
    struct rows a, b, both;
    size_t at = 0;

    (void) state;
    draw(v, N / 2, 9);
    draw(v + N / 2, N / 2, 10);
    a = collapse(v, N / 2, &(exm_collapse_options){0}, 50);
    b = collapse(v + N / 2, N / 2, &(exm_collapse_options){0}, 50);
    both = collapse(v, N, &(exm_collapse_options){0}, 50);
    for (size_t i = 0, k = 0; i < a.n || k < b.n; at++) {
        const int d = i == a.n ? 1 : k == b.n ? -1 : strcmp(a.v[i].seq, b.v[k].seq);
        const uint64_t sum = (d <= 0 ? a.v[i].reads : 0) + (d >= 0 ? b.v[k].reads : 0);

        assert_true(at < both.n);
        assert_string_equal(both.v[at].seq, d <= 0 ? a.v[i].seq : b.v[k].seq);
        assert_true(both.v[at].reads == sum);
        i += d <= 0;
        k += d >= 0;
    }
    assert_int_equal(at, both.n);
    assert_true(both.n < a.n + b.n); /* they share inserts */
    free(v);
    free(a.v);
    free(b.v);
    free(both.v);
}

/* Enough inserts that the tables grow several times, with and without UMIs. */
static void
tables_grow(void **state)
{
    enum { MANY = 40000 };
    struct item *v = zeros(MANY, sizeof *v);

    (void) state;
    for (size_t i = 0; i < MANY; i++) {
        v[i].len = i % 8 ? 24 : 70;
        for (uint32_t k = 0; k < v[i].len; k++)
            v[i].seq[k] = "ACGT"[(i / 2 * 2654435761u >> 2 * (k % 16)) & 3];
        v[i].umi = i * 0x9e3779b97f4a7c15u >> 1; /* the top bit is of no UMI */
        v[i].copies = 1 + i % 5;
        v[i].kept = 1;
    }
    for (int umi = 0; umi < 2; umi++) {
        const exm_collapse_options o = {.umi = umi};
        struct rows want = oracle(v, MANY, umi), got = collapse(v, MANY, &o, BATCH);

        assert_in_range(want.n, MANY / 2, MANY);
        assert_int_equal(differences(&want, &got), 0);
        free(want.v);
        free(got.v);
    }
    free(v);
}

static void
set(struct item *x, const char *seq, uint64_t umi)
{
    *x = (struct item){.len = (uint32_t) strlen(seq), .umi = umi, .copies = 1, .kept = 1};
    memcpy(x->seq, seq, x->len + 1);
}

/* By hand: what is one insert, and what is one molecule. */
static void
near_twins_stay_apart(void **state)
{
    struct item v[40];
    char s[MAX_LEN + 1];
    size_t n = 0;
    struct rows got;

    (void) state;
    for (uint32_t len = 16; len < 30; len++) { /* A is 0 in the planes: length tells */
        memset(s, 'A', len);
        s[len] = '\0';
        set(v + n++, s, 0);
    }
    for (uint32_t len = 62; len < 67; len++) { /* about the longest packed insert */
        for (int last = 0; last < 2; last++) {
            memset(s, 'C', len);
            s[len - 1] = last ? 'G' : 'T';
            s[len] = '\0';
            set(v + n++, s, 0);
        }
    }
    got = collapse(v, n, &(exm_collapse_options){0}, 10);
    assert_int_equal(got.n, n);
    for (size_t i = 0; i < n; i++) assert_true(got.v[i].reads == 1);
    free(got.v);
}

static void
molecules_by_hand(void **state)
{
    static const char packed[] = "TGAGGTAGTAGGTTGTATAGTT";
    char far[81];
    struct item v[10];

    (void) state;
    memset(far, 'G', 80);
    far[80] = '\0';
    for (int way = 0; way < 2; way++) {
        const char *s = way ? far : packed;
        struct rows got;

        set(v + 0, s, 0); /* UMI of A only */
        set(v + 1, s, UINT64_MAX);
        set(v + 2, s, UINT64_MAX);
        set(v + 3, s, 5);
        set(v + 4, s, 5);
        set(v + 5, s, (uint64_t) 5 << 32);
        set(v + 6, s, 7); /* was not kept */
        v[6].kept = 0;
        v[4].copies = 10;
        got = collapse(v, 7, &(exm_collapse_options){.umi = 1}, 3);
        assert_int_equal(got.n, 1);
        assert_true(got.v[0].reads == 15 && got.v[0].molecules == 4);
        free(got.v);
        got = collapse(v, 7, &(exm_collapse_options){.umi = 0}, 3);
        assert_true(got.n == 1 && got.v[0].reads == 15 && got.v[0].molecules == 15);
        free(got.v);
        got = collapse(v + 6, 1, &(exm_collapse_options){.umi = 1}, 3);
        assert_int_equal(got.n, 0);
        free(got.v);
    }
}

/* Directional counting, short and long inserts together, against umi_oracle.h. */
static size_t
molecules_by_definition(const struct item *v, size_t n, const char *seq)
{
    umi_node *node = zeros(n, sizeof *node);
    size_t m = 0, molecules = 0;

    for (size_t i = 0; i < n; i++) {
        size_t k = 0;

        while (k < m && (strcmp(node[k].insert, v[i].seq) != 0 || node[k].code != v[i].umi))
            k++;
        if (k == m) {
            memcpy(node[m].insert, v[i].seq, sizeof v[i].seq);
            umi_oracle_decode(v[i].umi, node[m].umi);
            node[m].code = v[i].umi;
            if (v[i].len <= EXM_PACKED_MAX)
                assert_int_equal(
                    exm_pack(v[i].seq, v[i].len, &node[m].lo, &node[m].hi, NULL), EXM_OK);
            m++;
        }
        node[k].reads += v[i].copies;
    }
    umi_oracle_run(node, m, &(umi_twist){0});
    for (size_t k = 0; k < m; k++)
        molecules += node[k].molecule == k && strcmp(node[k].insert, seq) == 0;
    free(node);
    return molecules;
}

static void
counts_molecules_as_defined(void **state)
{
    enum { FEW = 600 };
    struct item *v = zeros(FEW, sizeof *v);
    const exm_collapse_options o = {.umi = 1, .how = {.dedup = EXM_UMI_DIRECTIONAL}};
    struct rows got;
    size_t none = 0, fewer = 0;
    exm_rng r;

    (void) state;
    exm_rng_init(&r, 12, 0);
    for (size_t i = 0; i < FEW; i++) {
        v[i].len = exm_rng_below(&r, 3) ? 20 : 80;
        memset(v[i].seq, 'A', v[i].len);
        v[i].seq[exm_rng_below(&r, 4)] = "ACGT"[exm_rng_below(&r, 4)];
        v[i].umi = 1U << 8 | exm_rng_below(&r, 1 + exm_rng_below(&r, 256));
        v[i].copies = 1 + exm_rng_below(&r, 3);
        v[i].kept = 1;
    }
    got = collapse(v, FEW, &o, 50);
    assert_int_equal(got.n, 2 * (1 + 3 * 4)); /* one base of the first four */
    for (size_t i = 0; i < got.n; i++) {
        assert_int_equal(got.v[i].molecules, molecules_by_definition(v, FEW, got.v[i].seq));
        none += got.v[i].molecules == 0;
        fewer += got.v[i].molecules < got.v[i].reads;
    }
    assert_true(fewer == got.n && none < got.n);
    free(got.v);
    free(v);
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
    assert_int_equal(exm_collapse_finish(c, NULL), EXM_EINVAL);
    exm_collapse_free(c);
    exm_collapse_free(NULL);
}

static void
bad_arguments(void **state)
{
    exm_collapse *c = NULL;
    const exm_collapse_options o = {0};

    (void) state;
    assert_int_equal(exm_collapse_new(NULL, &c, NULL), EXM_EINVAL);
    assert_int_equal(exm_collapse_new(&o, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_collapse_add(NULL, NULL, NULL, 0, NULL), EXM_EINVAL);
    assert_int_equal(exm_collapse_finish(NULL, NULL), EXM_EINVAL);
    assert_null(c);
    assert_int_equal(exm_collapse_new(&o, &c, NULL), EXM_OK);
    assert_int_equal(exm_collapse_add(c, NULL, NULL, 1, NULL), EXM_EINVAL);
    assert_int_equal(exm_collapse_add(c, NULL, NULL, 0, NULL), EXM_OK);
    assert_int_equal(exm_collapse_finish(c, NULL), EXM_OK);
    assert_int_equal(exm_collapse_count(c), 0);
    exm_collapse_free(c);
}

static void
survives_each_failed_allocation(void **state)
{
    struct item *v = zeros(1200, sizeof *v);
    const exm_collapse_options far_too_many = {.expect = (uint64_t) 1 << 60};
    exm_collapse *none = NULL;
    exm_error err;
    int k = 0;

    (void) state;
    draw(v, 1200, 11);
    for (;; k++) {
        exm_collapse *c = NULL;
        exm_status st;

        oom_arm(k);
        st = exm_collapse_new(&(exm_collapse_options){.umi = 1}, &c, NULL);
        assert_true(st == EXM_OK || c == NULL);
        if (st == EXM_OK) st = feed(c, v, 1200, 100);
        if (st == EXM_OK) st = exm_collapse_finish(c, NULL);
        exm_collapse_free(c);
        if (!oom_fired()) {
            assert_int_equal(st, EXM_OK);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
    }
    oom_arm(-1);
    assert_true(k > 5); /* the table, long inserts growing, their letters, the folding */
    /* the flat table is mapped, not allocated: ask for more than there is */
    assert_int_equal(exm_collapse_new(&far_too_many, &none, &err), EXM_ENOMEM);
    assert_null(none);
    free(v);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_sorting_and_counting),
        cmocka_unit_test(counts_distinct_umis),
        cmocka_unit_test(order_and_batches_do_not_matter),
        cmocka_unit_test(merging_is_adding),
        cmocka_unit_test(tables_grow),
        cmocka_unit_test(near_twins_stay_apart),
        cmocka_unit_test(molecules_by_hand),
        cmocka_unit_test(counts_molecules_as_defined),
        cmocka_unit_test(counts_go_past_32_bits),
        cmocka_unit_test(bad_arguments),
        cmocka_unit_test(survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("collapse", tests, NULL, NULL);
}
