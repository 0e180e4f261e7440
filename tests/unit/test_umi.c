/*
 * test_umi.c - tests of exomir/umi.h.
 *
 * Random sets are compared with the slow definition (umi_oracle.h).  They are drawn from few
 * centres and their neighbours, with mostly one read, so that nearly every one has edges.
 */
#include "exomir/annotate.h"
#include "exomir/rng.h"
#include "exomir/umi.h"
#include "oom.h"
#include "umi_oracle.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { MOST = 500, ROUNDS = 60 };

static const umi_twist none = {0};

typedef uint64_t urow[4];

static void *
zeros(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);

    assert_non_null(p);
    return p;
}

/* ---- drawing ---- */

static void
mutate(exm_rng *r, char *s, size_t n, unsigned times)
{
    for (; times > 0 && n > 0; times--)
        s[exm_rng_below(r, n)] = "ACGT"[exm_rng_below(r, 4)];
}

static void
draw_letters(exm_rng *r, char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) s[i] = "ACGT"[exm_rng_below(r, 4)];
    s[n] = '\0';
}

static uint64_t
draw_reads(exm_rng *r)
{
    return 1 + exm_rng_below(r, 1 + exm_rng_below(r, 1 + exm_rng_below(r, 12)));
}

static int
is_new(const umi_node *v, size_t n, const umi_node *x)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].insert, x->insert) == 0 && strcmp(v[i].umi, x->umi) == 0) return 0;
    return 1;
}

/* Up to n distinct nodes of 'inserts' inserts near each other and UMIs near few centres. */
static size_t
draw_nodes(uint64_t seed, umi_node *v, size_t n, unsigned inserts, unsigned umi_len)
{
    char insert[64], centre[8][36];
    exm_rng r;
    size_t made = 0;

    exm_rng_init(&r, seed, 0);
    draw_letters(&r, insert, 20);
    for (size_t c = 0; c < 8; c++) draw_letters(&r, centre[c], umi_len);
    for (size_t tries = 0; tries < 4 * n && made < n; tries++) {
        umi_node x = {.reads = draw_reads(&r)};
        const size_t umi = exm_rng_below(&r, 8);

        memcpy(x.insert, insert, sizeof insert);
        if (inserts > 1) {
            exm_rng other;

            exm_rng_init(&other, exm_rng_below(&r, inserts), seed);
            mutate(&other, x.insert, 20, (unsigned) exm_rng_below(&other, 4));
            x.insert[20 - exm_rng_below(&other, 2)] = '\0';
        }
        memcpy(x.umi, centre[umi], sizeof x.umi);
        mutate(&r, x.umi, umi_len, (unsigned) exm_rng_below(&r, 4));
        if (exm_rng_below(&r, 8) == 0 && umi_len > 1) x.umi[umi_len - 1] = '\0';
        x.code = umi_oracle_code(x.umi);
        assert_int_equal(
            exm_pack(x.insert, (uint32_t) strlen(x.insert), &x.lo, &x.hi, NULL), EXM_OK);
        if (is_new(v, made, &x)) v[made++] = x;
    }
    return made;
}

static void
shuffle(umi_node *v, size_t n, uint64_t seed)
{
    exm_rng r;

    exm_rng_init(&r, seed, 9);
    for (size_t i = n; i > 1; i--) {
        const size_t k = exm_rng_below(&r, i);
        const umi_node x = v[i - 1];

        v[i - 1] = v[k];
        v[k] = x;
    }
}

/* ---- one insert ---- */

static int
by_umi(const void *pa, const void *pb)
{
    const exm_umi_tag *a = pa, *b = pb;

    return (a->umi > b->umi) - (a->umi < b->umi);
}

/* Molecules by the definition, sorted by UMI. */
static size_t
slow_molecules(const umi_node *nodes, size_t n, const umi_twist *w, exm_umi_tag *ret)
{
    umi_node *v = zeros(n, sizeof *v);
    size_t m = 0;

    memcpy(v, nodes, n * sizeof *v);
    umi_oracle_run(v, n, w);
    for (size_t i = 0; i < n; i++) {
        if (v[i].molecule != i) continue;
        ret[m] = (exm_umi_tag){.umi = v[i].code};
        for (size_t k = 0; k < n; k++)
            if (v[k].molecule == i) ret[m].reads += v[k].reads;
        m++;
    }
    qsort(ret, m, sizeof *ret, by_umi);
    free(v);
    return m;
}

static size_t
fast_molecules(const umi_node *v, size_t n, exm_umi_dedup how, exm_umi_tag *ret)
{
    exm_umi_work *w = NULL;
    size_t m = 0;

    for (size_t i = 0; i < n; i++)
        ret[i] = (exm_umi_tag){.umi = v[i].code, .reads = v[i].reads};
    assert_int_equal(exm_umi_work_new(&w, NULL), EXM_OK);
    assert_int_equal(exm_umi_group(w, how, ret, n, &m, NULL), EXM_OK);
    exm_umi_work_free(w);
    qsort(ret, m, sizeof *ret, by_umi);
    return m;
}

static int
same_tags(const exm_umi_tag *a, size_t n, const exm_umi_tag *b, size_t m)
{
    if (n != m) return 0;
    for (size_t i = 0; i < n; i++)
        if (a[i].umi != b[i].umi || a[i].reads != b[i].reads) return 0;
    return 1;
}

/* Sets, out of ROUNDS, in which the library and a variant of the rule differ. */
static int
differing_sets(const umi_twist *w)
{
    umi_node *v = zeros(MOST, sizeof *v);
    exm_umi_tag *slow = zeros(MOST, sizeof *slow), *fast = zeros(MOST, sizeof *fast);
    int differ = 0;

    for (uint64_t k = 0; k < ROUNDS; k++) {
        const unsigned len = k % 3 ? 3 + (unsigned) k % 10 : 1 + (unsigned) k / 2;
        const size_t n = draw_nodes(k, v, k % 2 ? 1 + k / 2 : MOST, 1, len);
        const size_t m = slow_molecules(v, n, w, slow);

        shuffle(v, n, k);
        differ +=
            !same_tags(slow, m, fast, fast_molecules(v, n, EXM_UMI_DIRECTIONAL, fast));
    }
    free(v);
    free(slow);
    free(fast);
    return differ;
}

static void
equals_the_slow_definition(void **state)
{
    (void) state;
    assert_int_equal(differing_sets(&none), 0);
}

/* Each part of the rule is seen by the comparison above. */
static void
other_rules_differ(void **state)
{
    (void) state;
    assert_true(differing_sets(&(umi_twist){.plus = 1}) > ROUNDS / 2);
    assert_true(differing_sets(&(umi_twist){.plus = -1}) > ROUNDS / 2);
    assert_true(differing_sets(&(umi_twist){.apart = 1}) > ROUNDS / 2);
    assert_true(differing_sets(&(umi_twist){.lengths = 1}) > ROUNDS / 8);
}

struct by_hand {
    const char *umis; /* "ACGT:3 ACGA:1" */
    const char *molecules;
};

/* The worked examples of docs/methods/umi.md and what lies beside them. */
static const struct by_hand example[] = {
    {"", ""},
    {"ACGT:7", "ACGT:7"},
    {"ACGT:3 ACGA:2", "ACGT:5"},                /* 3 >= 2 x 2 - 1 */
    {"ACGT:2 ACGA:2", "ACGA:2 ACGT:2"},         /* 2 < 3 */
    {"ACGT:4 ACGA:3", "ACGT:4 ACGA:3"},         /* 4 < 5 */
    {"ACGT:1 ACGA:1", "ACGA:2"},                /* A before T */
    {"ACGT:9 ACAA:1", "ACGT:9 ACAA:1"},         /* two bases */
    {"ACGT:9 ACGA:3 ACAA:1", "ACGT:13"},        /* by way of ACGA */
    {"ACGT:9 ACGA:1 ACAA:3", "ACGT:10 ACAA:3"}, /* ACGA goes to the more frequent */
    {"ACGT:9 ACG:1", "ACGT:9 ACG:1"},           /* lengths */
    {"ACGT:1 ACGA:1 ACAA:1 AAAA:1", "AAAA:4"},  /* singletons are a chain */
    {"ACGT:5 ACGA:3 ACGC:3", "ACGT:11"},
    {"ACGT:4 ACGA:3 ACGC:1", "ACGT:5 ACGA:3"},
};

static size_t
parse_tags(const char *s, exm_umi_tag *ret)
{
    size_t n = 0;

    while (*s) {
        char umi[32];
        size_t k = 0;

        while (*s != ':') umi[k++] = *s++;
        umi[k] = '\0';
        ret[n++] =
            (exm_umi_tag){.umi = umi_oracle_code(umi), .reads = (uint64_t) (s[1] - '0')};
        s += 2;
        if (*s >= '0' && *s <= '9')
            ret[n - 1].reads = 10 * ret[n - 1].reads + (uint64_t) (*s++ - '0');
        if (*s == ' ') s++;
    }
    return n;
}

static void
examples_by_hand(void **state)
{
    exm_umi_work *w = NULL;

    (void) state;
    assert_int_equal(exm_umi_work_new(&w, NULL), EXM_OK);
    for (size_t i = 0; i < LEN(example); i++) {
        exm_umi_tag got[8], want[8];
        size_t n = parse_tags(example[i].umis, got), m = 0;
        const size_t k = parse_tags(example[i].molecules, want);

        assert_int_equal(exm_umi_group(w, EXM_UMI_DIRECTIONAL, got, n, &m, NULL), EXM_OK);
        assert_true(same_tags(want, k, got, m)); /* in order of founding */
        n = parse_tags(example[i].umis, got);
        assert_int_equal(exm_umi_group(w, EXM_UMI_EXACT, got, n, &m, NULL), EXM_OK);
        assert_int_equal(m, n);
    }
    exm_umi_work_free(w);
}

/* 4^10 UMIs of one read are one chain; of those with a check base none has a neighbour.  A
 * quadratic way would take hours here. */
static void
a_million_umis(void **state)
{
    const size_t n = (size_t) 1 << 20;
    exm_umi_tag *tag = zeros(n, sizeof *tag);
    exm_umi_work *w = NULL;
    size_t m = 0;

    (void) state;
    assert_int_equal(exm_umi_work_new(&w, NULL), EXM_OK);
    for (size_t i = 0; i < n; i++) tag[i] = (exm_umi_tag){.umi = n + i, .reads = 1};
    assert_int_equal(exm_umi_group(w, EXM_UMI_DIRECTIONAL, tag, n, &m, NULL), EXM_OK);
    assert_int_equal(m, 1);
    assert_true(tag[0].umi == n && tag[0].reads == n);
    for (size_t i = 0; i < n / 4; i++) {
        uint64_t check = 0;

        for (size_t k = 0; k < 18; k += 2) check += i >> k & 3;
        tag[i] = (exm_umi_tag){.umi = n + 4 * i + (check & 3), .reads = 1 + i % 3};
    }
    assert_int_equal(exm_umi_group(w, EXM_UMI_DIRECTIONAL, tag, n / 4, &m, NULL), EXM_OK);
    assert_int_equal(m, n / 4);
    exm_umi_work_free(w);
    free(tag);
}

/* ---- all rows ---- */

/* What a fold gives, in an order of its own. */
struct folded {
    urow *row; /* insert, reads, molecules */
    size_t n;
    uint64_t pairs;
    exm_umi_copies copies[64];
    size_t n_copies;
};

static int
by_words(const void *pa, const void *pb)
{
    return memcmp(pa, pb, sizeof(urow));
}

static struct folded
fold(const umi_node *v, size_t n, const exm_umi_options *o, int packed)
{
    struct folded f = {.row = zeros(n, sizeof *f.row)};
    exm_umi_tally *t = NULL;
    exm_umi_summary s;

    for (size_t i = 0; i < n; i++) {
        f.row[i][0] = v[i].lo;
        f.row[i][1] = v[i].hi;
        f.row[i][2] = v[i].code;
        f.row[i][3] = v[i].reads;
    }
    assert_int_equal(exm_umi_tally_new(o, &t, NULL), EXM_OK);
    assert_int_equal(exm_umi_fold(t, f.row, n, packed, &f.n, NULL), EXM_OK);
    assert_int_equal(exm_umi_tally_summary(t, &s, NULL), EXM_OK);
    assert_in_range(s.n_copies, n > 0, LEN(f.copies));
    f.pairs = s.pairs;
    f.n_copies = s.n_copies;
    if (s.n_copies > 0) memcpy(f.copies, s.copies, s.n_copies * sizeof *s.copies);
    exm_umi_tally_free(t);
    if (f.n > 0) qsort(f.row, f.n, sizeof *f.row, by_words);
    return f;
}

/* One more molecule of so many reads. */
static void
add_copy(struct folded *f, uint64_t reads)
{
    size_t k = 0;

    while (k < f->n_copies && f->copies[k].reads < reads) k++;
    if (k == f->n_copies || f->copies[k].reads != reads) {
        memmove(f->copies + k + 1, f->copies + k, (f->n_copies++ - k) * sizeof *f->copies);
        f->copies[k] = (exm_umi_copies){.reads = reads};
    }
    f->copies[k].molecules++;
}

static struct folded
slow_fold(const umi_node *nodes, size_t n, const umi_twist *w)
{
    umi_node *v = zeros(n, sizeof *v);
    struct folded f = {.row = zeros(n, sizeof *f.row), .pairs = n};
    uint64_t *code = zeros(n, sizeof *code); /* of the last founder */

    memcpy(v, nodes, n * sizeof *v);
    umi_oracle_run(v, n, w);
    for (size_t i = 0; i < n; i++) {
        size_t at = 0;
        uint64_t reads = 0;

        while (at < f.n && (f.row[at][0] != v[i].lo || f.row[at][1] != v[i].hi)) at++;
        f.n += at == f.n;
        f.row[at][0] = v[i].lo;
        f.row[at][1] = v[i].hi;
        f.row[at][2] += v[i].own;
        if (v[i].molecule != i) continue;
        f.row[at][3]++;
        for (size_t k = 0; k < n; k++) reads += v[k].molecule == i ? v[k].reads : 0;
        add_copy(&f, reads);
        code[at] = v[i].code;
    }
    for (size_t at = 0; at < f.n; at++)
        if (f.row[at][3] == 1) f.row[at][3] = EXM_UMI_SINGLE | code[at];
    free(v);
    free(code);
    if (f.n > 0) qsort(f.row, f.n, sizeof *f.row, by_words);
    return f;
}

static int
same_folded(const struct folded *a, const struct folded *b)
{
    return a->n == b->n && a->pairs == b->pairs && a->n_copies == b->n_copies &&
           memcmp(a->copies, b->copies, a->n_copies * sizeof *a->copies) == 0 &&
           (a->n == 0 || memcmp(a->row, b->row, a->n * sizeof *a->row) == 0);
}

static int
differing_folds(const umi_twist *w, int packed)
{
    umi_node *v = zeros(MOST, sizeof *v);
    int differ = 0;

    for (uint64_t k = 0; k < ROUNDS; k++) {
        const unsigned inserts = k % 3 ? 4 : 200; /* 200: many of one UMI */
        const size_t n =
            draw_nodes(1000 + k, v, 1 + k * MOST / ROUNDS, inserts, k % 4 ? 7 : 2);
        struct folded slow = slow_fold(v, n, w), fast;

        shuffle(v, n, k);
        fast = fold(v, n, &(exm_umi_options){.dedup = EXM_UMI_DIRECTIONAL}, packed);
        differ += !same_folded(&slow, &fast);
        free(slow.row);
        free(fast.row);
    }
    free(v);
    return differ;
}

static void
folds_as_defined(void **state)
{
    (void) state;
    assert_int_equal(differing_folds(&none, 1), 0);
    assert_int_equal(differing_folds(&(umi_twist){.no_insert = 1}, 0), 0);
    assert_true(differing_folds(&(umi_twist){.no_insert = 1}, 1) > ROUNDS / 2);
    assert_true(differing_folds(&(umi_twist){.plus = 1}, 1) > ROUNDS / 2);
    assert_true(differing_folds(&none, 0) > ROUNDS / 2);
}

static void
order_of_rows_does_not_matter(void **state)
{
    umi_node *v = zeros(MOST, sizeof *v);
    const size_t n = draw_nodes(5, v, MOST, 100, 3);

    (void) state;
    for (int way = 0; way < 4; way++) {
        const exm_umi_options o = {.dedup = (exm_umi_dedup) (way & 1), .correct = way / 2};
        const struct folded first = fold(v, n, &o, 1);

        for (uint64_t k = 0; k < 20; k++) {
            struct folded other;

            shuffle(v, n, k);
            other = fold(v, n, &o, 1);
            assert_true(same_folded(&first, &other));
            free(other.row);
        }
        free(first.row);
    }
    v[3].reads++; /* the comparison can fail */
    for (int k = 0; k < 2; k++) {
        const exm_umi_options o = {.dedup = EXM_UMI_EXACT};
        struct folded a = fold(v, n, &o, 1), b;

        v[3].reads -= (uint64_t) k;
        b = fold(v, n, &o, 1);
        assert_int_equal(same_folded(&a, &b), 1 - k);
        free(a.row);
        free(b.row);
    }
    free(v);
}

/* Enough rows for many buckets, and molecules of many reads. */
static void
many_rows(void **state)
{
    enum { ROWS = 300000, INSERTS = 1000 };
    urow *row = zeros(ROWS, sizeof *row);
    exm_umi_tally *t = NULL;
    exm_umi_summary s;
    uint64_t reads = 0, molecules = 0;
    size_t n = 0;

    (void) state;
    for (uint64_t i = 0; i < ROWS; i++) {
        row[i][0] = 1U << 22 | i % INSERTS << 1; /* neighbours abound */
        row[i][1] = i % INSERTS << 9;
        row[i][2] = (uint64_t) 1 << 48 | (i / INSERTS * 0x9e3779b97f4a7c15u >> 16);
        row[i][3] = i % 1000 == 7 ? 2000 + i / 3000 : 10;
    }
    assert_int_equal(
        exm_umi_tally_new(&(exm_umi_options){.dedup = EXM_UMI_EXACT}, &t, NULL), EXM_OK);
    assert_int_equal(exm_umi_fold(t, row, ROWS, 1, &n, NULL), EXM_OK);
    assert_int_equal(n, INSERTS);
    for (size_t i = 0; i < n; i++) {
        reads += row[i][2];
        molecules += row[i][3];
    }
    assert_int_equal(molecules, ROWS);
    assert_int_equal(exm_umi_tally_summary(t, &s, NULL), EXM_OK);
    assert_int_equal(s.pairs, ROWS);
    assert_int_equal(s.n_copies, 1 + 100);
    assert_true(s.copies[0].reads == 10 && s.copies[0].molecules == ROWS - 300);
    for (size_t k = 1; k < s.n_copies; k++)
        assert_true(s.copies[k].reads == 1999 + k && s.copies[k].molecules == 3);
    for (size_t k = 0; k < s.n_copies; k++)
        reads -= s.copies[k].reads * s.copies[k].molecules;
    assert_int_equal(reads, 0);
    exm_umi_tally_free(t);
    free(row);
}

/* A chain of neighbours under one UMI, each of one read: all follow the first. */
static void
long_chains(void **state)
{
    enum { CHAIN = 2000 };
    urow *row = zeros(CHAIN, sizeof *row);
    exm_umi_tally *t = NULL;
    uint64_t molecules = 0;
    size_t n = 0;

    (void) state;
    for (uint64_t i = 0; i < CHAIN; i++) { /* Gray code: one bit changes */
        row[i][0] = 1U << 22 | (i ^ i >> 1);
        row[i][2] = 1U << 24;
        row[i][3] = 1;
    }
    assert_int_equal(
        exm_umi_tally_new(&(exm_umi_options){.dedup = EXM_UMI_DIRECTIONAL}, &t, NULL),
        EXM_OK);
    assert_int_equal(exm_umi_fold(t, row, CHAIN, 1, &n, NULL), EXM_OK);
    assert_int_equal(n, CHAIN);
    for (size_t i = 0; i < n; i++) {
        const int is_first = row[i][0] == 1U << 22;

        molecules += row[i][3] != 0;
        assert_true(row[i][3] == (is_first ? EXM_UMI_SINGLE | 1U << 24 : 0));
    }
    assert_int_equal(molecules, 1);
    exm_umi_tally_free(t);
    free(row);
}

/* ---- chance ---- */

/* n molecules with random UMIs of 'len' nt and 1 to 4 reads, as distinct tags. */
static size_t
draw_molecules(uint64_t seed, unsigned len, size_t n, exm_umi_tag *ret)
{
    size_t m = 0;
    exm_rng r;

    exm_rng_init(&r, seed, 3);
    for (size_t i = 0; i < n; i++)
        ret[i] = (exm_umi_tag){.umi = ((uint64_t) 1 << 2 * len) +
                                      exm_rng_below(&r, (uint64_t) 1 << 2 * len),
                               .reads = 1 + exm_rng_below(&r, 4)};
    qsort(ret, n, sizeof *ret, by_umi);
    for (size_t i = 0; i < n; i++) {
        if (m > 0 && ret[m - 1].umi == ret[i].umi)
            ret[m - 1].reads += ret[i].reads;
        else
            ret[m++] = ret[i];
    }
    return m;
}

/* Mean relative error over 40 sets, with and without correction. */
static void
check_correction(exm_umi_dedup how, unsigned len, size_t n, double at_least, double at_most)
{
    exm_umi_tag *tag = zeros(n, sizeof *tag);
    exm_umi_work *w = NULL;
    double raw = 0.0, better = 0.0;

    assert_int_equal(exm_umi_work_new(&w, NULL), EXM_OK);
    for (uint64_t k = 0; k < 40; k++) {
        size_t m = draw_molecules(k, len, n, tag);

        assert_int_equal(exm_umi_group(w, how, tag, m, &m, NULL), EXM_OK);
        raw += ((double) m - (double) n) / (double) n / 40.0;
        better +=
            ((double) exm_umi_corrected(how, tag, m) - (double) n) / (double) n / 40.0;
    }
    print_message("%s, %u nt, %zu molecules: %+.2f %%, corrected %+.2f %%\n",
                  exm_umi_dedup_name(how), len, n, 100.0 * raw, 100.0 * better);
    assert_true(raw < -at_least);
    assert_true(fabs(better) < at_most);
    exm_umi_work_free(w);
    free(tag);
}

static void
chance_is_corrected(void **state)
{
    (void) state;
    check_correction(EXM_UMI_EXACT, 6, 1000, 0.10, 0.005);
    check_correction(EXM_UMI_EXACT, 6, 4000, 0.30, 0.01);
    check_correction(EXM_UMI_EXACT, 8, 5000, 0.03, 0.002);
    check_correction(EXM_UMI_DIRECTIONAL, 8, 500, 0.04, 0.005);
    check_correction(EXM_UMI_DIRECTIONAL, 8, 1000, 0.09, 0.01);
    check_correction(EXM_UMI_DIRECTIONAL, 10, 10000, 0.06, 0.01);
}

static void
correction_at_its_ends(void **state)
{
    exm_umi_tag tag[256];

    (void) state;
    assert_int_equal(exm_umi_corrected(EXM_UMI_EXACT, tag, 0), 0);
    tag[0] = (exm_umi_tag){.umi = 1U << 24, .reads = 9};
    assert_int_equal(exm_umi_corrected(EXM_UMI_DIRECTIONAL, tag, 1), 1);
    for (uint64_t i = 0; i < 256; i++) tag[i] = (exm_umi_tag){.umi = 256 + i, .reads = 5};
    assert_int_equal(exm_umi_corrected(EXM_UMI_EXACT, tag, 256),
                     1280); /* all of them used */
    assert_in_range(exm_umi_corrected(EXM_UMI_EXACT, tag, 255), 1275, 1275);
    assert_in_range(exm_umi_corrected(EXM_UMI_EXACT, tag, 128), 177, 178); /* 256 ln 2 */
    for (uint64_t i = 0; i < 256; i++) tag[i].reads = 1;
    assert_int_equal(exm_umi_corrected(EXM_UMI_EXACT, tag, 200),
                     200); /* never above reads */
    for (uint64_t i = 0; i < 64; i++)
        tag[i] = (exm_umi_tag){.umi = (i < 32 ? 64 : 1U << 24) + i, .reads = 5};
    /* 3 nt: 64 ln 2 = 44.36; 12 nt: 32 */
    assert_int_equal(exm_umi_corrected(EXM_UMI_EXACT, tag, 64), 76);
}

/* ---- saturation ---- */

/* Stirling's series; its next term is below 1e-19 from 100 on. */
static long double
log_factorial(long double n)
{
    long double sum = 0.0L;

    while (n < 100) {
        n += 1;
        sum -= logl(n);
    }
    return sum + n * logl(n) - n + 0.5L * logl(6.283185307179586476925287L * n) +
           1 / (12 * n) - 1 / (360 * n * n * n) + 1 / (1260 * powl(n, 5)) -
           1 / (1680 * powl(n, 7));
}

static long double
log_choose(long double n, long double k)
{
    return k > n ? -(long double) INFINITY
                 : log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

static double
slow_expectation(const exm_umi_copies *c, size_t n, double reads, double drawn)
{
    const long double all = (long double) reads, m = (long double) drawn;
    long double sum = 0.0L;

    for (size_t i = 0; i < n; i++)
        sum += (long double) c[i].molecules *
               (1.0L -
                expl(log_choose(all - (long double) c[i].reads, m) - log_choose(all, m)));
    return (double) sum;
}

static void
saturation_by_hand(void **state)
{
    static const exm_umi_copies c[] = {{1, 2}, {2, 1}};
    exm_umi_point p[4];

    (void) state;
    exm_umi_saturation(c, 2, 4, p);
    assert_true(p[0].reads == 1 && fabs(p[0].molecules - 1.0) < 1e-15);
    assert_true(p[1].reads == 2 && fabs(p[1].molecules - 11.0 / 6.0) < 1e-15);
    assert_true(p[2].reads == 3 && fabs(p[2].molecules - 2.5) < 1e-15);
    assert_true(p[3].reads == 4 && p[3].molecules == 3.0);
    exm_umi_saturation(c, 0, 2, p);
    assert_true(p[1].reads == 0 && p[1].molecules == 0.0);
}

static void
saturation_equals_log_factorials(void **state)
{
    static const exm_umi_copies c[] = {{1, 500000}, {2, 200000}, {3, 90000},
                                       {7, 1000},   {50, 30},    {999, 4},
                                       {1500, 2},   {40000, 1},  {2000000, 1}};
    exm_umi_point p[20];
    double all = 0.0, wrong = 0.0;

    (void) state;
    for (size_t i = 0; i < LEN(c); i++) all += (double) (c[i].reads * c[i].molecules);
    exm_umi_saturation(c, LEN(c), 20, p);
    for (size_t k = 0; k < 20; k++) {
        const double want = slow_expectation(c, LEN(c), all, (double) p[k].reads);

        assert_true(p[k].reads == (uint64_t) (all * (double) (k + 1) / 20.0));
        assert_true(fabs(p[k].molecules - want) < 1e-10 * want);
        assert_true(k == 0 || p[k].molecules > p[k - 1].molecules);
        wrong = fmax(wrong, fabs(p[k].molecules - slow_expectation(c, LEN(c) - 3, all,
                                                                   (double) p[k].reads)));
    }
    assert_true(p[19].molecules == 791038.0);
    assert_true(wrong > 2.9); /* three molecules are seen to be missing */
}

/* ---- arguments and memory ---- */

static void
bad_arguments(void **state)
{
    const exm_umi_options o = {.dedup = EXM_UMI_EXACT},
                          bad = {.dedup = EXM_UMI_DEDUP_COUNT};
    exm_umi_tally *t = NULL;
    exm_umi_work *w = NULL;
    exm_umi_tag tag = {4, 1};
    size_t n = 7;

    (void) state;
    assert_int_equal(exm_umi_work_new(NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_umi_work_new(&w, NULL), EXM_OK);
    assert_int_equal(exm_umi_group(NULL, EXM_UMI_EXACT, &tag, 1, &n, NULL), EXM_EINVAL);
    assert_int_equal(exm_umi_group(w, EXM_UMI_EXACT, NULL, 1, &n, NULL), EXM_EINVAL);
    assert_int_equal(exm_umi_group(w, EXM_UMI_EXACT, &tag, 1, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_umi_group(w, EXM_UMI_DEDUP_COUNT, &tag, 1, &n, NULL), EXM_EINVAL);
    assert_int_equal(exm_umi_tally_new(NULL, &t, NULL), EXM_EINVAL);
    assert_int_equal(exm_umi_tally_new(&bad, &t, NULL), EXM_EINVAL);
    assert_int_equal(exm_umi_tally_new(&o, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_umi_tally_new(&o, &t, NULL), EXM_OK);
    assert_int_equal(exm_umi_fold(NULL, NULL, 0, 1, &n, NULL), EXM_EINVAL);
    assert_int_equal(exm_umi_fold(t, NULL, 1, 1, &n, NULL), EXM_EINVAL);
    assert_int_equal(exm_umi_fold(t, NULL, 0, 1, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_umi_tally_summary(t, NULL, NULL), EXM_EINVAL);
    assert_int_equal(n, 7);
    assert_int_equal(exm_umi_fold(t, NULL, 0, 1, &n, NULL), EXM_OK);
    assert_int_equal(n, 0);
    assert_string_equal(exm_umi_dedup_name(1), "directional");
    assert_null(exm_umi_dedup_name(EXM_UMI_DEDUP_COUNT));
    exm_umi_tally_free(t);
    exm_umi_work_free(w);
    exm_umi_tally_free(NULL);
    exm_umi_work_free(NULL);
}

static void
survives_each_failed_allocation(void **state)
{
    umi_node *v = zeros(MOST, sizeof *v);
    urow *row = zeros(MOST, sizeof *row);
    const size_t n = draw_nodes(3, v, MOST, 200, 2);
    int k = 0;

    (void) state;
    for (;; k++) {
        exm_umi_tally *t = NULL;
        exm_umi_summary s;
        exm_status st;
        size_t m;

        for (size_t i = 0; i < n; i++) {
            row[i][0] = v[i].lo;
            row[i][1] = v[i].hi;
            row[i][2] = v[i].code;
            row[i][3] = i ? v[i].reads : 5000;
        }
        oom_arm(k);
        st = exm_umi_tally_new(&(exm_umi_options){.dedup = EXM_UMI_DIRECTIONAL}, &t, NULL);
        if (st == EXM_OK) st = exm_umi_fold(t, row, n, 1, &m, NULL);
        if (st == EXM_OK) st = exm_umi_tally_summary(t, &s, NULL);
        exm_umi_tally_free(t);
        if (!oom_fired()) {
            assert_int_equal(st, EXM_OK);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
    }
    oom_arm(-1);
    assert_true(k > 10);
    free(v);
    free(row);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_slow_definition),
        cmocka_unit_test(other_rules_differ),
        cmocka_unit_test(examples_by_hand),
        cmocka_unit_test(a_million_umis),
        cmocka_unit_test(folds_as_defined),
        cmocka_unit_test(order_of_rows_does_not_matter),
        cmocka_unit_test(many_rows),
        cmocka_unit_test(long_chains),
        cmocka_unit_test(chance_is_corrected),
        cmocka_unit_test(correction_at_its_ends),
        cmocka_unit_test(saturation_by_hand),
        cmocka_unit_test(saturation_equals_log_factorials),
        cmocka_unit_test(bad_arguments),
        cmocka_unit_test(survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("umi", tests, NULL, NULL);
}
