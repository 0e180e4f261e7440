/*
 * test_variants.c - tests of exomir/variants.h
 *
 * Reads whose alignment is known by making go through the tables of uniques and qualities; the
 * oracle counts bases at the positions they were made from, and redoes every test.
 */
#include "exomir/binomial.h"
#include "exomir/padjust.h"
#include "exomir/rng.h"
#include "exomir/variants.h"
#include "oom.h"
#include "quant/tally.h"
#include "small_ref.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Flanks of the mature: 12 nt before, 14 behind. */
#define LEFT  "CATTGACCGTAC"
#define RIGHT "CGTACCATTGCAGG"
#define M_1   "TGAGCATTCAGGACATCTAAGC" /* many A */
#define M_2   "TTGCCAATCGTATAGCCGTTAC" /* edited at 6 it is M_3 */
#define M_3   "TTGCCGATCGTATAGCCGTTAC"
#define M_4   "ACTGGTTCAACGCTAAGTCCTA"

#define HEAD "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"

enum { MIRNAS = 4, NT = 22, READS = 60000 };

static const char *const mature[MIRNAS] = {M_1, M_2, M_3, M_4};
static const struct small_texts texts = {
    .hairpin = ">x-mir-1\n" LEFT M_1 RIGHT "\n>x-mir-2\nGG" LEFT M_2 RIGHT
               "\n>x-mir-3\nCC" LEFT M_3 RIGHT "\n>x-mir-4\nTT" LEFT M_4 RIGHT "\n",
    .mature =
        ">x-miR-1\n" M_1 "\n>x-miR-2\n" M_2 "\n>x-miR-3\n" M_3 "\n>x-miR-4\n" M_4 "\n",
    .gff = "1\t.\tmiRNA_primary_transcript\t1001\t1048\t.\t+\t.\tID=a;Name=x-mir-1\n"
           "1\t.\tmiRNA\t1013\t1034\t.\t+\t.\tID=b;Name=x-miR-1;Derives_from=a\n"};

/* What the reads are made with. */
struct recipe {
    double edit;  /* share with G at position 10 (1-based) of miRNA 1, an A */
    double snp;   /* share with T for A at position 13 of miRNA 1 */
    double error; /* per base; errors have a good quality as often as other bases */
    double good;  /* share of bases of Q40, the others have Q20 */
};

static struct small_ref small;
static exm_annotator *annotator;
static uint64_t base[MIRNAS][NT][4]; /* good bases by position and code: the oracle */
static double error_sum[MIRNAS][NT];

static int
set_up(void **state)
{
    (void) state;
    small_ref_build(&texts, &small);
    return exm_annotator_new(small.ref, &annotator, NULL) == EXM_OK ? 0 : 1;
}

static int
tear_down(void **state)
{
    (void) state;
    exm_annotator_free(annotator);
    small_ref_done(&small);
    return 0;
}

static uint32_t
code_of(char c)
{
    return (uint32_t) (c >> 1) & 3;
}

/* ---- reads ---- */

struct made {
    char seq[40], qual[40];
    uint32_t len;
    int mirna, d5;  /* the read begins at base d5 of the mature */
    unsigned other; /* changes that are not A to G */
};

static void
make_read(exm_rng *r, const struct recipe *c, struct made *m)
{
    static const char *const left = LEFT, *const right = RIGHT;

    m->mirna = (int) exm_rng_below(r, MIRNAS);
    m->d5 = exm_rng_below(r, 10) == 0 ? (int) exm_rng_below(r, 5) - 2 : 0;
    m->len = (uint32_t) (NT - m->d5) + (uint32_t) exm_rng_below(r, 3) - 1;
    m->other = 0;
    for (uint32_t i = 0; i < m->len; i++) {
        const int at = m->d5 + (int) i;
        char true_base = at < 0     ? left[12 + at]
                         : at >= NT ? right[at - NT]
                                    : mature[m->mirna][at];
        char b = true_base;

        if (m->mirna == 0 && at == 9 && exm_rng_double(r) < c->edit) b = 'G';
        if (m->mirna == 0 && at == 12 && exm_rng_double(r) < c->snp) b = 'T';
        if (exm_rng_double(r) < c->error)
            b = "ACTG"[(code_of(b) + 1 + exm_rng_below(r, 3)) & 3];
        if (i + 3 < m->len && b != true_base && !(true_base == 'A' && b == 'G')) m->other++;
        m->seq[i] = b;
        m->qual[i] = exm_rng_double(r) < c->good ? 'I' : '5';
    }
}

/* The oracle takes reads of up to one change, which any of these miRNAs explains alone; what
 * equals M_3 is taken for it. */
static void
count_read(const struct made *m, uint64_t *lo, uint64_t *hi)
{
    exm_annotation a = {0};
    int alone = 1, mirna = -1;

    assert_int_equal(exm_pack(m->seq, m->len, lo, hi, NULL), EXM_OK);
    assert_int_equal(exm_annotate(annotator, *lo, *hi, 10, &a, NULL), EXM_OK);
    for (size_t i = 0; i < a.n_best; i++) {
        alone &= a.cand[i].entity == a.cand[0].entity;
        mirna = (int) a.cand[0].entity;
    }
    if (a.n > 0 && mirna >= 0 && alone) {
        const char *name = exm_ref_entity_get(small.ref, (uint32_t) mirna)->name;
        const char *seq = mature[name[6] - '1'];

        uint32_t added = 0; /* wrong bases before the mature, from the read's first on */

        while (m->d5 + (int) added < 0 && m->seq[added] != (LEFT)[12 + m->d5 + (int) added])
            added++;
        for (uint32_t i = 0; i + 3 < m->len; i++) {
            const int at = m->d5 + (int) i;
            unsigned other = 0;

            if (at < 0 || at >= NT || m->qual[i] != 'I') continue;
            for (uint32_t k = added; k + 3 < m->len; k++) {
                const int there = m->d5 + (int) k;
                const char want = there < 0     ? (LEFT)[12 + there]
                                  : there >= NT ? (RIGHT)[there - NT]
                                                : seq[there];

                other += k != i && m->seq[k] != want && !(want == 'A' && m->seq[k] == 'G');
            }
            if (other > 0) continue;
            base[mirna][at][code_of(m->seq[i])]++;
            error_sum[mirna][at] += 1e-4; /* Q40 */
        }
    }
    exm_annotation_done(&a);
}

static exm_record *
run(const struct recipe *c, uint64_t seed, unsigned threads, const exm_known *known)
{
    exm_record *rec = calloc(1, sizeof *rec);
    exm_qualities *q = NULL;
    exm_collapse *table = NULL;
    exm_pool *pool = NULL;
    exm_rng r;

    memset(base, 0, sizeof base);
    memset(error_sum, 0, sizeof error_sum);
    exm_rng_init(&r, seed, 0);
    assert_non_null(rec);
    assert_int_equal(exm_qualities_new(0, &q, NULL), EXM_OK);
    assert_int_equal(exm_collapse_new(&(exm_collapse_options){0}, &table, NULL), EXM_OK);
    for (int i = 0; i < READS; i++) {
        struct made m;
        exm_read read = {.copies = 1};
        exm_trimmed t = {.fate = EXM_FATE_KEPT};

        make_read(&r, c, &m);
        count_read(&m, &t.lo, &t.hi);
        read.seq = m.seq;
        read.qual = m.qual;
        read.len = t.len = m.len;
        assert_int_equal(exm_collapse_add(table, &read, &t, 1, NULL), EXM_OK);
        assert_int_equal(exm_qualities_add(q, &read, &t, 1, NULL), EXM_OK);
    }
    assert_int_equal(exm_collapse_finish(table, NULL), EXM_OK);
    assert_int_equal(exm_qualities_finish(q, NULL), EXM_OK);
    assert_int_equal(exm_pool_new(threads, &pool, NULL), EXM_OK);
    assert_int_equal(exm_tally_run(annotator, small.ref, table,
                                   &(exm_tally_editing){q, known}, pool, rec, NULL),
                     EXM_OK);
    exm_pool_free(pool);
    exm_collapse_free(table);
    exm_qualities_free(q);
    assert_int_equal(rec->editing, 1);
    return rec;
}

static const exm_record_variant *
row(const exm_record *r, const char *mirna, uint32_t position, char alt)
{
    for (size_t i = 0; i < r->n_variants; i++) {
        const exm_record_variant *v = r->variants + i;

        if (strcmp(r->features[v->feature].name, mirna) == 0 && v->position == position &&
            v->alt == code_of(alt))
            return v;
    }
    return NULL;
}

/* ---- counts ---- */

static void
counts_are_those_of_the_oracle(void **state)
{
    const struct recipe c = {.edit = 0.2, .snp = 0.1, .error = 0.004, .good = 0.8};
    exm_record *r = run(&c, 1, 1, NULL);
    size_t rows = 0;

    (void) state;
    for (uint32_t e = 0; e < MIRNAS; e++) {
        const char *name = exm_ref_entity_get(small.ref, e)->name;
        const char *seq = exm_ref_entity_get(small.ref, e)->seq;

        for (uint32_t p = 0; p < NT; p++) {
            uint64_t total = 0;

            for (uint32_t b = 0; b < 4; b++) total += base[e][p][b];
            for (uint32_t b = 0; b < 4; b++) {
                const exm_record_variant *v = row(r, name, p + 1, "ACTG"[b]);

                if (b == code_of(seq[p]) || base[e][p][b] == 0) {
                    assert_null(v);
                    continue;
                }
                rows++;
                assert_non_null(v);
                assert_int_equal(v->count, base[e][p][b]);
                assert_int_equal(v->total, total);
                assert_int_equal(v->ref, code_of(seq[p]));
                if (!isnan(v->p))
                    assert_true(v->error_rate >= error_sum[e][p] / (double) total - 1e-9);
            }
        }
    }
    assert_int_equal(rows, r->n_variants);
    assert_true(rows > 150);
    exm_record_free(r);
}

/* ---- tests ---- */

static void
p_values_follow_from_the_rows(void **state)
{
    const struct recipe c = {.edit = 0.05, .snp = 0.0, .error = 0.003, .good = 1.0};
    exm_record *r = run(&c, 2, 1, NULL);
    double p[4000], fdr[4000];
    size_t n = 0, k = 0;

    (void) state;
    for (size_t i = 0; i < r->n_variants; i++) {
        const exm_record_variant *v = r->variants + i;

        if (isnan(v->p)) {
            assert_true(isnan(v->fdr));
            assert_true(v->same_as[0] || v->total < EXM_VARIANT_LEAST);
            continue;
        }
        assert_true(v->p == exm_binomial_upper(v->count, v->total, v->error_rate));
        assert_true(v->error_rate >= 1e-4 - 1e-9);
        if (v->ref == 0 && v->alt == 3) p[n++] = v->p;
    }
    /* Sites without a G have P = 1; they count among the tests. */
    for (assert_true(r->edit_sites >= n); n < r->edit_sites; n++) p[n] = 1.0;
    assert_int_equal(exm_padjust_bh(n, p, fdr, NULL), EXM_OK);
    for (size_t i = 0; i < r->n_variants; i++) {
        const exm_record_variant *v = r->variants + i;

        if (!isnan(v->p) && v->ref == 0 && v->alt == 3) assert_true(v->fdr == fdr[k++]);
    }
    /* T to C, pooled: no 20 sites are deep enough. */
    assert_true(r->control_rate > 0.0003 && r->control_rate < 0.003);
    exm_record_free(r);
}

static void
edited_sites_are_found_and_errors_are_not(void **state)
{
    const struct recipe edited = {.edit = 0.03, .error = 0.002, .good = 0.9};
    const struct recipe plain = {.edit = 0.0, .error = 0.002, .good = 0.9};
    exm_record *r = run(&edited, 3, 1, NULL);
    const exm_record_variant *v = row(r, "x-miR-1", 10, 'G');

    (void) state;
    assert_non_null(v);
    assert_string_equal(exm_variant_call(v), "edited");
    assert_true(fabs((double) v->count / (double) v->total - 0.03) < 0.01);
    for (size_t i = 0; i < r->n_variants; i++)
        if (r->variants + i != v)
            assert_string_not_equal(exm_variant_call(r->variants + i), "edited");
    exm_record_free(r);
    r = run(&plain, 3, 1, NULL);
    for (size_t i = 0; i < r->n_variants; i++) {
        assert_string_not_equal(exm_variant_call(r->variants + i), "edited");
        assert_string_not_equal(exm_variant_call(r->variants + i), "variant");
    }
    exm_record_free(r);
}

static void
other_substitutions_are_variants(void **state)
{
    const struct recipe c = {.snp = 0.4, .error = 0.001, .good = 0.9};
    exm_record *r = run(&c, 4, 1, NULL);
    const exm_record_variant *v = row(r, "x-miR-1", 13, 'T');

    (void) state;
    assert_non_null(v);
    assert_string_equal(exm_variant_call(v), "variant");
    assert_true(row(r, "x-miR-1", 13, 'G') == NULL ||
                strcmp(exm_variant_call(row(r, "x-miR-1", 13, 'G')), "edited") != 0);
    exm_record_free(r);
}

static void
what_equals_another_mirna_is_indistinct(void **state)
{
    const struct recipe c = {.error = 0.02, .good = 1.0};
    exm_record *r = run(&c, 5, 1, NULL);
    const exm_record_variant *v = row(r, "x-miR-2", 6, 'G');

    (void) state;
    /* miR-2 with G at 6 is miR-3: all such reads are its own, unless they err once more. */
    assert_true(!v || strcmp(v->same_as, "x-miR-3") == 0);
    v = row(r, "x-miR-3", 6, 'A');
    assert_true(!v || strcmp(v->same_as, "x-miR-2") == 0);
    for (size_t i = 0; i < r->n_variants; i++) {
        v = r->variants + i;
        if (!v->same_as[0]) continue;
        assert_true(isnan(v->p) && isnan(v->fdr));
        assert_string_equal(exm_variant_call(v), "indistinct");
    }
    exm_record_free(r);
}

static void
known_variants_are_said_to_be_known(void **state)
{
    static const char vcf[] = HEAD "chr1\t1021\trs77\tC\tA\t.\t.\t.\n" /* another base */
                                   "chr1\t1022\trs78\tA\tG\t.\t.\t.\n"
                                   "chr1\t1025\trs79\tA\tT\t.\t.\t.\n";
    const struct recipe c = {.edit = 0.5, .snp = 0.3, .error = 0.001, .good = 0.9};
    exm_known *known = NULL;
    exm_record *r;

    (void) state;
    /* Position 10 of the mature: LEFT has 12 nt, so 1001 + 12 + 9. */
    assert_int_equal(
        exm_known_parse(vcf, sizeof vcf - 1, "v", small.ref, &known, NULL, NULL), EXM_OK);
    assert_int_equal(exm_known_count(known), 3);
    r = run(&c, 6, 1, known);
    assert_string_equal(exm_variant_call(row(r, "x-miR-1", 10, 'G')), "known");
    assert_string_equal(row(r, "x-miR-1", 10, 'G')->known, "rs78");
    assert_true(isnan(row(r, "x-miR-1", 10, 'G')->fdr));
    assert_string_equal(row(r, "x-miR-1", 13, 'T')->known, "rs79");
    exm_record_free(r);
    exm_known_free(known);
    r = run(&c, 6, 1, NULL); /* negative control */
    assert_string_equal(exm_variant_call(row(r, "x-miR-1", 10, 'G')), "edited");
    exm_record_free(r);
}

static void
threads_leave_no_trace(void **state)
{
    const struct recipe c = {.edit = 0.1, .snp = 0.1, .error = 0.003, .good = 0.7};
    exm_record *a = run(&c, 7, 1, NULL), *b = run(&c, 7, 3, NULL);

    (void) state;
    assert_int_equal(a->n_variants, b->n_variants);
    assert_int_equal(a->edit_sites, b->edit_sites);
    assert_memory_equal(&a->control_rate, &b->control_rate, sizeof a->control_rate);
    for (size_t i = 0; i < a->n_variants; i++) {
        const exm_record_variant *x = a->variants + i, *y = b->variants + i;

        assert_true(x->feature == y->feature && x->position == y->position &&
                    x->alt == y->alt && x->count == y->count && x->total == y->total);
        assert_memory_equal(&x->error_rate, &y->error_rate, sizeof x->error_rate);
        assert_memory_equal(&x->p, &y->p, sizeof x->p);
        assert_memory_equal(&x->fdr, &y->fdr, sizeof x->fdr);
    }
    exm_record_free(a);
    exm_record_free(b);
}

static void
calls_follow_their_limits(void **state)
{
    static char none[] = "", id[] = "rs1";
    exm_record_variant v = {.ref = 0,
                            .alt = 3,
                            .count = 10,
                            .total = 1000,
                            .p = 0.01,
                            .fdr = 0.05,
                            .known = none,
                            .same_as = none};

    (void) state;
    assert_string_equal(exm_variant_call(&v), "edited");
    v.fdr = 0.0500001;
    assert_string_equal(exm_variant_call(&v), "-");
    v.fdr = (double) NAN;
    assert_string_equal(exm_variant_call(&v), "-");
    v.fdr = 0.0;
    v.count = 9;
    assert_string_equal(exm_variant_call(&v), "low");
    v.count = 10;
    v.alt = 2;
    assert_string_equal(exm_variant_call(&v), "variant");
    v.ref = 3;
    v.alt = 0;
    assert_string_equal(exm_variant_call(&v), "variant");
    v.same_as = id;
    assert_string_equal(exm_variant_call(&v), "indistinct");
    v.known = id;
    assert_string_equal(exm_variant_call(&v), "known");
}

static void
each_allocation_failed_in_turn(void **state)
{
    static const char seq[] = "TGAGCATGCAGGACATCTAAGC";
    exm_unique u = {.len = NT, .reads = 20, .molecules = 20};
    const exm_read read = {.seq = seq, .qual = NULL, .len = NT, .copies = 20};
    exm_trimmed t = {.fate = EXM_FATE_KEPT, .len = NT};
    exm_qualities *q = NULL;
    exm_annotation a = {0};
    static char name[] = "x-miR-1";
    exm_record_feature feature = {.name = name};

    (void) state;
    assert_int_equal(exm_pack(seq, NT, &u.lo, &u.hi, NULL), EXM_OK);
    t.lo = u.lo;
    t.hi = u.hi;
    assert_int_equal(exm_annotate(annotator, u.lo, u.hi, 0, &a, NULL), EXM_OK);
    assert_int_equal(exm_qualities_new(0, &q, NULL), EXM_OK);
    assert_int_equal(exm_qualities_add(q, &read, &t, 1, NULL), EXM_OK);
    assert_int_equal(exm_qualities_finish(q, NULL), EXM_OK);
    for (int k = 0;; k++) {
        exm_record *rec = calloc(1, sizeof *rec);
        exm_pile *p = NULL;
        exm_status st;
        int fired;

        assert_non_null(rec);
        rec->features = &feature;
        rec->n_features = 1;
        oom_arm(k);
        st = exm_pile_new(small.ref, &p, NULL);
        if (st == EXM_OK) exm_pile_add(p, q, &u, a.cand);
        if (st == EXM_OK) st = exm_variants_fill(p, annotator, NULL, rec, NULL);
        fired = oom_fired();
        oom_arm(-1);
        exm_pile_free(p);
        if (st == EXM_OK) assert_int_equal(rec->n_variants, 1); /* T to G at 8 */
        rec->features = NULL;
        rec->n_features = 0;
        exm_record_free(rec);
        if (!fired) {
            assert_int_equal(st, EXM_OK);
            assert_true(k > 8);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
    }
    exm_annotation_done(&a);
    exm_qualities_free(q);
}

static void
misuse_is_einval(void **state)
{
    exm_pile *p = NULL;

    (void) state;
    assert_int_equal(exm_pile_new(NULL, &p, NULL), EXM_EINVAL);
    assert_int_equal(exm_pile_new(small.ref, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_variants_fill(NULL, annotator, NULL, NULL, NULL), EXM_EINVAL);
    exm_pile_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_the_oracle),
        cmocka_unit_test(p_values_follow_from_the_rows),
        cmocka_unit_test(edited_sites_are_found_and_errors_are_not),
        cmocka_unit_test(other_substitutions_are_variants),
        cmocka_unit_test(what_equals_another_mirna_is_indistinct),
        cmocka_unit_test(known_variants_are_said_to_be_known),
        cmocka_unit_test(threads_leave_no_trace),
        cmocka_unit_test(calls_follow_their_limits),
        cmocka_unit_test(each_allocation_failed_in_turn),
        cmocka_unit_test(misuse_is_einval),
    };

    return cmocka_run_group_tests_name("variants", tests, set_up, tear_down);
}
