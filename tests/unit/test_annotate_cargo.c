/*
 * test_annotate_cargo.c - tests of junctions and of the other strand
 *
 * Reads across back-splices and beside them, and of both strands of transcripts, are
 * explained by the library and by an oracle that walks over every letter.
 */
#include "annotate_world.h"
#include "exomir/annotate.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CIRCLES = 24, TRANSCRIPTS = 8, READS = 8000, CIRC = 1, LNC = 2 };

static struct small_ref small;
static struct oracle oracle;
static exm_annotator *annotator[2]; /* by SIMD path */
static exm_rng rng;
static struct oracle_result want;

/* Junctions of exons that the transcripts hold too, at places that the headers tell; and
 * every third in the middle, without a word. */
static int
set_up(void **state)
{
    exm_buf circ = {0}, lnc = {0};
    char seq[TRANSCRIPTS][600], x[600], name[80];
    exm_error err = {0};

    (void) state;
    exm_rng_init(&rng, 2026, 11);
    for (unsigned i = 0; i < TRANSCRIPTS; i++) {
        random_letters(&rng, seq[i], 400);
        if (i % 4 == 3) memcpy(seq[i], seq[i - 1], 200); /* isoforms */
        (void) snprintf(name, sizeof name, "lnc-%u", i + 1);
        put_entry(&lnc, name, seq[i], 400);
    }
    for (unsigned i = 0; i < CIRCLES; i++) {
        const char *from = seq[i % TRANSCRIPTS];
        const uint32_t before = i % 3 == 0 ? 40 : 8 + below(&rng, 90);
        const uint32_t behind = i % 3 == 0 ? 40 : 8 + below(&rng, 90);

        memcpy(x, from + 300 - before, before); /* the exon's end, then its beginning */
        memcpy(x + before, from + 20 * (i / TRANSCRIPTS), behind);
        (void) snprintf(name, sizeof name, i % 3 == 0 ? "circ-%u" : "circ-%u x junction=%u",
                        i + 1, before);
        put_entry(&circ, name, x, (size_t) before + behind);
    }
    small_ref_build(
        &(struct small_texts){.hairpin =
                                  ">exm-mir-1\nTGGATCCTAGCTAGGATACCAGTACCATGATCATTAGGCA"
                                  "TGACCGATACGATTTACGAGACT\n",
                              .mature = ">exm-miR-1-5p\nCTAGCTAGGATACCAGTACCAT\n",
                              .class_name = {"circRNA", "lncRNA"},
                              .class_text = {circ.data, lnc.data},
                              .antisense = "lncRNA"},
        &small);
    exm_buf_done(&circ);
    exm_buf_done(&lnc);
    oracle_init(&oracle, small.ref);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(exm_annotator_new(small.ref, &annotator[i], &err), EXM_OK);
        exm_annotator_set_simd(annotator[i], i ? EXM_SIMD_SSE4 : EXM_SIMD_SCALAR);
    }
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    exm_annotator_free(annotator[0]);
    exm_annotator_free(annotator[1]);
    oracle_done(&oracle);
    small_ref_done(&small);
    return 0;
}

/* A piece of a template, with up to two other bases, a tail or additions. */
static uint32_t
make_read(uint32_t class_id, uint32_t least, uint32_t most, char *ret)
{
    const exm_ref_class *c = exm_ref_class_get(small.ref, class_id);
    const uint32_t id = c->first_template + below(&rng, c->n_templates);
    const exm_ref_template *t = exm_ref_template_get(small.ref, id);
    uint32_t n = least + below(&rng, most - least + 1), start, tail = below(&rng, 6);

    if (n > t->len) n = t->len;
    start = below(&rng, t->len - n + 1);
    if (class_id == CIRC && t->junction >= start + n) start = t->junction - n / 2;
    if (start + n > t->len) start = t->len - n;
    memcpy(ret, oracle.seq[id] + start, n);
    for (uint32_t subs = below(&rng, 4); subs > 1; subs--)
        mutate(&rng, ret + below(&rng, n));
    if (tail > 0 && tail < 4 && tail < n)
        for (uint32_t i = n - tail; i < n; i++) mutate(&rng, ret + i);
    ret[n] = '\0';
    return n;
}

static void
reverse(const char *seq, uint32_t n, char *ret)
{
    for (uint32_t i = 0; i < n; i++) switch (seq[n - 1 - i]) {
        case 'A':
            ret[i] = 'T';
            break;
        case 'C':
            ret[i] = 'G';
            break;
        case 'G':
            ret[i] = 'C';
            break;
        default:
            ret[i] = 'A';
        }
    ret[n] = '\0';
}

/* Two differences that leave fewer than 8 matching nt in a row are not promised. */
static void
keep(uint32_t n, uint32_t class_id)
{
    size_t k = 0;

    for (size_t i = 0; i < want.n; i++) {
        const exm_candidate *c = want.cand + i;

        if (c->n_sub + c->n_add5 == 2 && oracle_longest_run(c, n) < 8) continue;
        if (class_id == UINT32_MAX || c->class_id == class_id) want.cand[k++] = *c;
    }
    want.n = k;
    oracle_rank(&want, 10);
}

static void
assert_wanted(const char *read, const exm_annotation *got, int antisense)
{
    int same = got->n == want.n && got->n_best == want.n_best;

    for (size_t i = 0; same && i < want.n; i++)
        same = oracle_same(got->cand + i, want.cand + i) &&
               got->cand[i].antisense == antisense;
    if (!same) fail_msg("%s: another answer than the oracle's", read);
}

static void
ask(int simd, const char *read, uint32_t n, int antisense, exm_annotation *ret)
{
    const exm_annotator *a = annotator[simd];
    const int is_long = n > EXM_ANNOTATE_MAX_PACKED;
    uint64_t lo = 0, hi = 0;
    exm_error err = {0};
    exm_status st;

    if (!is_long) assert_int_equal(exm_pack(read, n, &lo, &hi, &err), EXM_OK);
    if (antisense)
        st = exm_annotate_antisense(a, lo, hi, is_long ? read : NULL, n, 10, ret, &err);
    else if (is_long)
        st = exm_annotate_long(a, read, n, 10, ret, &err);
    else
        st = exm_annotate(a, lo, hi, 10, ret, &err);
    assert_int_equal(st, EXM_OK);
}

static void
both_strands_are_explained_as_the_rules_say(void **state)
{
    exm_annotation a = {0};
    unsigned found[2][3] = {{0}}, beside = 0;
    char read[WORLD_READ], other[WORLD_READ];

    (void) state;
    for (unsigned i = 0; i < READS; i++) {
        const uint32_t class_id = i % 2 ? CIRC : LNC;
        const uint32_t n = i % 10 < 2 ? make_read(class_id, 64, 90, other)
                                      : make_read(class_id, 14, 50, other);
        const int flip = i % 4 >= 2;

        if (flip)
            reverse(other, n, read);
        else
            memcpy(read, other, n + 1U);
        oracle_collect(&oracle, read, n, &want);
        keep(n, UINT32_MAX);
        for (int simd = 0; simd < 2; simd++) {
            ask(simd, read, n, 0, &a);
            assert_wanted(read, &a, 0);
        }
        if (a.n > 0) found[0][a.cand->class_id]++;
        beside += !flip && class_id == CIRC && a.n == 0;
        reverse(read, n, other);
        oracle_collect(&oracle, other, n, &want);
        keep(n, LNC);
        for (int simd = 0; simd < 2; simd++) {
            ask(simd, read, n, 1, &a);
            assert_wanted(read, &a, 1);
        }
        if (a.n > 0) found[1][a.cand->class_id]++;
    }
    assert_true(found[0][CIRC] > 250 && found[0][LNC] > 1200 && found[1][LNC] > 1200);
    assert_int_equal(found[1][CIRC], 0); /* not marked */
    assert_true(beside > 120);
    exm_annotation_done(&a);
}

/* One base less than enough on either side, or another base there, is no junction. */
static void
a_junction_has_to_be_covered(void **state)
{
    const exm_ref_class *c = exm_ref_class_get(small.ref, CIRC);
    const int64_t nt = c->junction_nt;
    exm_annotation a = {0};
    unsigned covered = 0, missed = 0;

    (void) state;
    assert_int_equal(nt, EXM_REF_JUNCTION_NT);
    for (uint32_t id = c->first_template; id < c->first_template + c->n_templates; id++) {
        const exm_ref_template *t = exm_ref_template_get(small.ref, id);

        for (uint32_t n = 24; n <= 40; n += 8) {
            for (uint32_t start = 0; start + n <= t->len; start++) {
                const int64_t before = (int64_t) t->junction - start;
                const int covers = before >= nt && (int64_t) n - before >= nt;
                char read[64];
                int named = 0;

                memcpy(read, oracle.seq[id] + start, n);
                ask(1, read, n, 0, &a);
                for (size_t i = 0; i < a.n; i++)
                    named |= a.cand[i].template_id == id && a.cand[i].start == start;
                assert_int_equal(named, covers);
                covered += covers != 0;
                missed += !covers;
                if (!covers) continue;
                mutate(&rng, read + before - nt + below(&rng, 2 * (uint32_t) nt));
                ask(1, read, n, 0, &a);
                for (size_t i = 0; i < a.n; i++)
                    assert_false(a.cand[i].template_id == id && a.cand[i].start == start);
            }
        }
    }
    assert_true(covered > 300 && missed > 300);
    exm_annotation_done(&a);
}

static void
reverse_complements_are_those_of_the_letters(void **state)
{
    (void) state;
    for (uint32_t n = 0; n <= EXM_ANNOTATE_MAX_PACKED; n++) {
        char seq[65], other[65], got[65] = "";
        uint64_t lo, hi, rev_lo, rev_hi;
        exm_error err = {0};

        random_letters(&rng, seq, n);
        reverse(seq, n, other);
        exm_revcomp_letters(seq, n, got);
        assert_memory_equal(got, other, n);
        assert_int_equal(exm_pack(seq, n, &lo, &hi, &err), EXM_OK);
        assert_int_equal(exm_pack(other, n, &rev_lo, &rev_hi, &err), EXM_OK);
        exm_revcomp(&lo, &hi);
        assert_true(lo == rev_lo && hi == rev_hi);
    }
}

static void
each_failed_allocation_is_reported(void **state)
{
    exm_annotator *made = NULL;
    exm_annotation a = {0};
    exm_error err = {0};
    char read[128];
    int k;

    (void) state;
    for (k = 0; k < 100; k++) {
        oom_arm(k);
        if (exm_annotator_new(small.ref, &made, &err) == EXM_OK) break;
        assert_int_equal(err.code, EXM_ENOMEM);
        assert_null(made);
    }
    assert_false(oom_fired());
    oom_arm(-1);
    assert_in_range(k, 8, 20); /* two annotators */
    reverse(oracle.seq[exm_ref_class_get(small.ref, LNC)->first_template], 80, read);
    for (k = 0; k < 100; k++) {
        exm_annotation_done(&a);
        oom_arm(k);
        if (exm_annotate_antisense(made, 0, 0, read, 80, 10, &a, &err) == EXM_OK) break;
        assert_int_equal(err.code, EXM_ENOMEM);
    }
    assert_false(oom_fired());
    oom_arm(-1);
    assert_in_range(k, 2, 20);
    assert_true(a.n >= 1);
    exm_annotation_done(&a);
    exm_annotator_free(made);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_strands_are_explained_as_the_rules_say),
        cmocka_unit_test(a_junction_has_to_be_covered),
        cmocka_unit_test(reverse_complements_are_those_of_the_letters),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests_name("annotate_cargo", tests, set_up, tear_down);
}
