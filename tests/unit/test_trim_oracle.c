/*
 * test_trim_oracle.c - trimming against its slow definition, on reads made to be hard:
 * every kit and odd layouts, adapters at all places, cut, with errors and N, overlapping
 * themselves, poly-A behind A, short and very long reads, every filter at its limit.
 * Every read goes both SIMD ways, in different batches, and is followed by other bytes.
 */
#include "exomir/rng.h"
#include "trim_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { LONGEST = 700, READS = 16000, SLICE = 200, STRIDE = LONGEST + EXM_SEQ_PAD };

/* Beside the kits: adapters that overlap themselves, are short, loose, long or hold N. */
static const char *const layouts[] = {
    "insert",
    "N4,insert",
    "insert,ACACACACACACACACACAC",
    "insert,AAAAAAAACCCC/3",
    "insert,TGGAATTC/2",
    "insert,ACGTAC/1",
    "insert,TGGNNNNTCTCGGGTGCCNAGG",
    "insert,NNNNNNTGGAATTCTCGGGTGCCAAGG/2",
    "insert,GATTACAGATTACAGATTACAGATTACAGATTACAGATTACAGATTACAGATTACAGATTACAG/7",
    "N3,U5,N2,insert,N2,U6,N1,TGGAATTCTCGGGTGCCAAGG,U7,min12",
    "N64,insert,N64,TGGAATTCTCGGGTGCCAAGG",
    "insert,A5",
    "insert,A40,min20",
};

typedef struct slice {
    char seq[SLICE][STRIDE], qual[SLICE][STRIDE];
    exm_read reads[SLICE];
} slice;

static uint32_t
below(exm_rng *r, uint32_t n)
{
    return (uint32_t) exm_rng_below(r, n);
}

/* ---- reads ---- */

typedef struct strand {
    char *s;
    uint32_t n;
} strand;

static void
put(strand *x, char c)
{
    if (x->n < LONGEST) x->s[x->n++] = c;
}

static void
put_random(exm_rng *r, strand *x, uint32_t n)
{
    while (n-- > 0) put(x, "ACGT"[below(r, 4)]);
}

/* A unit of 1 to 3 nt over and over: low complexity, and what periodic adapters hide in. */
static void
put_repeat(exm_rng *r, strand *x, uint32_t n)
{
    const uint32_t period = 1 + below(r, 3);
    char unit[3];

    for (uint32_t i = 0; i < 3; i++) unit[i] = "AACGT"[below(r, 5)];
    for (uint32_t i = 0; i < n; i++) put(x, unit[i % period]);
}

static void
put_insert(exm_rng *r, strand *x)
{
    const uint32_t kind = below(r, 16);

    if (kind == 0)
        put_random(r, x, below(r, LONGEST));
    else if (kind < 4)
        put_repeat(r, x, below(r, 70));
    else if (kind < 6)
        put_random(r, x, 55 + below(r, 30)); /* about the longest packed insert */
    else
        put_random(r, x, below(r, 40));
}

static void
put_adapter(exm_rng *r, strand *x, const exm_layout *l)
{
    const uint32_t n = l->poly_a ? l->poly_a + below(r, 20) : l->adapter_len;
    const uint32_t from = below(r, 4) || n == 0 ? 0 : below(r, n),
                   one_in = 4 + below(r, 30);

    for (uint32_t j = from; j < n; j++) {
        const char c = l->poly_a ? 'A' : l->adapter[j];

        if (below(r, 4 * one_in) == 0) continue; /* a base too few, or too many */
        if (below(r, 4 * one_in) == 0) put(x, "ACGT"[below(r, 4)]);
        put(x, c == 'N' || below(r, one_in) == 0 ? "ACGTN"[below(r, 5)] : c);
    }
}

static void
draw_read(exm_rng *r, const exm_layout *l, strand *x)
{
    const uint32_t adapters = below(r, 6);

    x->n = 0;
    put_random(r, x, below(r, 10) ? l->n_5 : below(r, l->n_5 + 1));
    put_insert(r, x);
    if (below(r, 8)) put_random(r, x, l->n_3);
    for (uint32_t k = 0; k < (adapters > 3 ? 1 : adapters); k++) {
        put_adapter(r, x, l);
        put_random(r, x, below(r, 2) ? below(r, 8) : 0);
    }
    if (below(r, 4)) put_random(r, x, below(r, 30));
    if (below(r, 3) == 0 && x->n > 0) x->n = below(r, x->n + 1);
    if (below(r, 3) == 0)
        for (uint32_t i = 0; i < x->n; i++)
            if (below(r, 30) == 0) x->s[i] = 'N';
}

static void
draw_qualities(exm_rng *r, char *qual, uint32_t n)
{
    const uint32_t least = below(r, 40), range = 1 + below(r, 94 - least);

    for (uint32_t i = 0; i < n; i++)
        qual[i] = (char) (33 + least + below(r, below(r, 40) ? range : 94 - least));
    for (uint32_t i = n - below(r, n + 1); below(r, 3) == 0 && i < n; i++)
        qual[i] = (char) (33 + below(r, 20)); /* a bad end */
}

static void
draw_slice(exm_rng *r, const exm_layout *l, slice *v)
{
    for (uint32_t i = 0; i < SLICE; i++) {
        strand x = {v->seq[i], 0};

        draw_read(r, l, &x);
        draw_qualities(r, v->qual[i], x.n);
        v->reads[i] = (exm_read){.seq = v->seq[i],
                                 .qual = below(r, 8) ? v->qual[i] : NULL,
                                 .len = x.n,
                                 .copies = 1};
    }
}

static void
pad(slice *v, int byte)
{
    for (uint32_t i = 0; i < SLICE; i++) {
        memset(v->seq[i] + v->reads[i].len, byte, EXM_SEQ_PAD);
        memset(v->qual[i] + v->reads[i].len, byte, EXM_SEQ_PAD);
    }
}

static exm_trim_options
draw_options(exm_rng *r, const exm_layout *l)
{
    static const double rates[] = {0.1, 0.1, 0.1, 0.0, 0.05, 0.12, 0.2};
    static const double errors[] = {1.0, 1.0, -1.0, 0.1, 5.0};
    static const double shares[] = {0.9, 0.9, 2.0, 0.8, 1.0};
    const uint32_t longest = l->poly_a ? l->poly_a : l->adapter_len ? l->adapter_len : 64;
    exm_trim_options o = exm_trim_defaults();

    if (below(r, 3) == 0) return o;
    o.max_error_rate = rates[below(r, longest < 40 ? LEN(rates) : 6)]; /* < 8 in all */
    o.max_ee = errors[below(r, LEN(errors))];
    o.max_one_base = shares[below(r, LEN(shares))];
    o.min_overlap = below(r, 2) ? 3 : 1 + below(r, longest < 12 ? longest : 12);
    o.quality_cutoff = below(r, 2) ? 0 : (int) below(r, 40);
    o.indels = below(r, 3) == 0;
    o.min_len = 10 + below(r, 12);
    o.max_len = below(r, 2) ? 1000 : o.min_len + below(r, 60);
    o.min_umi = 4 + below(r, 12);
    return o;
}

/* ---- comparing ---- */

static exm_trimmer *
trimmer(const exm_layout *l, exm_trim_options o, exm_simd simd)
{
    exm_trimmer *t = NULL;
    exm_error err;

    o.simd = simd;
    if (exm_trimmer_new(l, &o, &t, &err) != EXM_OK) fail_msg("%s: %s", l->name, err.msg);
    return t;
}

static void
complain(const exm_layout *l, const exm_trim_options *o, const exm_read *r,
         const oracle_result *want, const exm_trimmed *got)
{
    char text[512];

    exm_layout_format(l, text, sizeof text);
    fail_msg("%s, rate %g, overlap %u, quality %d: %.*s\n"
             "is %s with %ld nt from %ld, said to be %s with %u nt from %u",
             text, o->max_error_rate, o->min_overlap, o->quality_cutoff, (int) r->len,
             r->seq, exm_fate_name(want->fate), want->len, want->start,
             exm_fate_name(got->fate), got->len, got->start);
}

/* n reads of one layout; adds to the number of each fate that was seen. */
static void
compare(const exm_layout *l, uint64_t seed, uint32_t n, uint64_t fates[EXM_FATE_COUNT])
{
    slice *v = calloc(1, sizeof *v);
    exm_trimmed a[SLICE], b[SLICE];
    exm_rng r;

    assert_non_null(v);
    exm_rng_init(&r, seed, 3);
    for (uint32_t done = 0; done < n; done += SLICE) {
        const exm_trim_options o = draw_options(&r, l);
        exm_trimmer *scalar = trimmer(l, o, EXM_SIMD_SCALAR),
                    *sse4 = trimmer(l, o, EXM_SIMD_SSE4);

        draw_slice(&r, l, v);
        pad(v, 'A');
        exm_trim_batch(scalar, v->reads, SLICE, a);
        pad(v, (int) below(&r, 256));
        memset(b, 0xa5, sizeof b);
        for (uint32_t at = 0, k; at < SLICE; at += k) { /* cut into batches anywhere */
            k = 1 + below(&r, 9);
            if (k > SLICE - at) k = SLICE - at;
            exm_trim_batch(sse4, v->reads + at, k, b + at);
        }
        for (uint32_t i = 0; i < SLICE; i++) {
            const oracle_result want = oracle_trim(l, &o, v->reads + i);

            if (!oracle_agrees(&want, a + i, v->seq[i]))
                complain(l, &o, v->reads + i, &want, a + i);
            if (!oracle_same(a + i, b + i)) complain(l, &o, v->reads + i, &want, b + i);
            fates[want.fate]++;
        }
        exm_trimmer_free(scalar);
        exm_trimmer_free(sse4);
    }
    free(v);
}

static void
every_kit_equals_the_definition(void **state)
{
    uint64_t fates[EXM_FATE_COUNT] = {0};
    const exm_layout *l;

    (void) state;
    for (size_t i = 0; (l = exm_kit_get(i)); i++) compare(l, 100 + i, READS, fates);
    for (int f = 0; f < EXM_FATE_COUNT; f++) /* the reads reach every verdict, often */
        if (fates[f] < 1000)
            fail_msg("only %u %s", (unsigned) fates[f], exm_fate_name((exm_fate) f));
}

static void
odd_layouts_equal_the_definition(void **state)
{
    uint64_t fates[EXM_FATE_COUNT] = {0};

    (void) state;
    for (size_t i = 0; i < LEN(layouts); i++) {
        exm_layout l;

        assert_int_equal(exm_layout_parse(layouts[i], &l, NULL), EXM_OK);
        compare(&l, 200 + i, READS / 2, fates);
    }
}

/* The public slow function is the definition too. */
static void
slow_search_equals_the_definition(void **state)
{
    exm_rng r;
    static char seq[LONGEST];
    uint64_t found = 0;

    (void) state;
    exm_rng_init(&r, 5, 0);
    for (int i = 0; i < 40000; i++) {
        const exm_layout *l = exm_kit_get(below(&r, 6)); /* those with an adapter */
        strand x = {seq, 0};
        const double rate = below(&r, 30) / 100.0;
        const uint32_t overlap = 1 + below(&r, 8);
        const int most = below(&r, 2) ? -1 : (int) below(&r, 5);
        long at;

        draw_read(&r, l, &x);
        at = exm_trim_find_adapter_slow(seq, x.n, l->adapter, l->adapter_len, rate, most,
                                        overlap);
        assert_int_equal(
            at, oracle_find(seq, x.n, l->adapter, l->adapter_len, rate, most, overlap));
        found += at >= 0;
    }
    assert_in_range(found, 10000, 39000);
    assert_int_equal(exm_trim_find_adapter_slow("ACGT", 4, "", 0, 0.1, -1, 3), -1);
}

/* With insertions and deletions, where the alignment ends as well. */
static void
alignments_equal_the_definition(void **state)
{
    exm_rng r;
    static char seq[LONGEST];
    uint64_t found = 0, shifted = 0;

    (void) state;
    exm_rng_init(&r, 7, 0);
    for (int i = 0; i < 20000; i++) {
        const exm_layout *l = exm_kit_get(below(&r, 6));
        const exm_adapter_rule rule = {l->adapter, l->adapter_len, 1 + below(&r, 8),
                                       below(&r, 20) / 100.0,
                                       below(&r, 2) ? -1 : (int) below(&r, 5)};
        strand x = {seq, 0};
        long at, want, want_end = 0;
        uint32_t end = 0;

        draw_read(&r, l, &x);
        at = exm_trim_find_adapter_indels(seq, x.n, &rule, &end);
        want = oracle_find_indels(seq, x.n, rule.seq, rule.len, rule.max_error_rate,
                                  rule.max_mismatches, rule.min_overlap, &want_end);
        assert_int_equal(at, want);
        assert_int_equal(end, want_end);
        found += at >= 0;
        shifted += at >= 0 && end < x.n && end != at + rule.len;
    }
    assert_in_range(found, 5000, 19000);
    assert_true(shifted > 200);
    assert_int_equal(exm_trim_find_adapter_indels(
                         "ACGT", 4, &(exm_adapter_rule){"", 0, 3, 0.1, -1}, NULL),
                     -1);
}

/* Negative control: each small change of the rule is noticed. */
static void
a_different_rule_is_noticed(void **state)
{
    slice *v = calloc(1, sizeof *v);
    const exm_trim_options right = exm_trim_defaults();
    exm_trim_options wrong[7];
    uint32_t seen[LEN(wrong)] = {0};
    const exm_layout *l = exm_kit_get(0);
    exm_trimmer *t = trimmer(l, right, EXM_SIMD_AUTO);
    exm_trimmed got[SLICE];
    exm_rng r;

    (void) state;
    assert_non_null(v);
    for (size_t k = 0; k < LEN(wrong); k++) wrong[k] = right;
    wrong[0].min_overlap = 4;
    wrong[1].max_error_rate = 0.09;
    wrong[2].max_ee = 1.05;
    wrong[3].max_one_base = 0.95;
    wrong[4].min_len = 17;
    wrong[5].quality_cutoff = 3;
    wrong[6].indels = 1;
    exm_rng_init(&r, 6, 0);
    for (int round = 0; round < 60; round++) {
        draw_slice(&r, l, v);
        pad(v, 'C');
        exm_trim_batch(t, v->reads, SLICE, got);
        for (uint32_t i = 0; i < SLICE; i++)
            for (size_t k = 0; k < LEN(wrong); k++) {
                const oracle_result other = oracle_trim(l, wrong + k, v->reads + i);

                seen[k] += !oracle_agrees(&other, got + i, v->seq[i]);
            }
    }
    for (size_t k = 0; k < LEN(wrong); k++)
        if (seen[k] < 5) fail_msg("rule %zu differs in %u reads", k, seen[k]);
    exm_trimmer_free(t);
    free(v);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kit_equals_the_definition),
        cmocka_unit_test(odd_layouts_equal_the_definition),
        cmocka_unit_test(slow_search_equals_the_definition),
        cmocka_unit_test(alignments_equal_the_definition),
        cmocka_unit_test(a_different_rule_is_noticed),
    };
    return cmocka_run_group_tests_name("trim_oracle", tests, NULL, NULL);
}
