/*
 * test_tally_cargo.c - tests of src/quant/tally.h for cargo: repeats and the other strand
 */
#include "annotate_world.h"
#include "exomir/collapse.h"
#include "exomir/pool.h"
#include "exomir/record.h"
#include "oom.h"
#include "quant/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 100, TEMPLATES = 160, NT = 90, ALL_HOLD = 10, HUNDRED_HOLD = 40, OWN = 65 };

static struct small_ref small;
static exm_annotator *annotator;
static exm_rng rng;
static char text[TEMPLATES][NT + 1];

/*
 * 160 transcripts hold one piece (at 10), the first 100 of them another (at 40), and each its
 * own end; one in another class holds the first piece, too.
 */
static int
set_up(void **state)
{
    exm_buf lnc = {0}, other = {0};
    char all[32], hundred[32], name[32];
    exm_error err = {0};

    (void) state;
    exm_rng_init(&rng, 5, 7);
    random_letters(&rng, all, 24);
    random_letters(&rng, hundred, 24);
    for (unsigned i = 0; i < TEMPLATES; i++) {
        random_letters(&rng, text[i], NT);
        memcpy(text[i] + ALL_HOLD, all, 24);
        if (i < MOST) memcpy(text[i] + HUNDRED_HOLD, hundred, 24);
        (void) snprintf(name, sizeof name, "lnc-%03u", i);
        put_entry(&lnc, name, text[i], NT);
    }
    put_entry(&other, "other", text[7], HUNDRED_HOLD);
    small_ref_build(
        &(struct small_texts){.hairpin =
                                  ">exm-mir-1\nTGGATCCTAGCTAGGATACCAGTACCATGATCATTAGGCA"
                                  "TGACCGATACGATTTACGAGACT\n",
                              .mature = ">exm-miR-1-5p\nCTAGCTAGGATACCAGTACCAT\n",
                              .class_name = {"lncRNA", "misc"},
                              .class_text = {lnc.data, other.data},
                              .antisense = "lncRNA"},
        &small);
    exm_buf_done(&lnc);
    exm_buf_done(&other);
    assert_int_equal(exm_annotator_new(small.ref, &annotator, &err), EXM_OK);
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    exm_annotator_free(annotator);
    small_ref_done(&small);
    return 0;
}

static void
add(exm_collapse *c, const char *seq, uint32_t n, uint64_t copies, int reverse)
{
    char s[NT + 1];
    const exm_read read = {.seq = s, .len = n, .copies = copies};
    exm_trimmed t = {.fate = EXM_FATE_KEPT, .len = n};

    memcpy(s, seq, n);
    if (reverse) exm_revcomp_letters(seq, n, s);
    s[n] = '\0';
    if (n <= EXM_PACKED_MAX) assert_int_equal(exm_pack(s, n, &t.lo, &t.hi, NULL), EXM_OK);
    assert_int_equal(exm_collapse_add(c, &read, &t, 1, NULL), EXM_OK);
}

/* On each strand: 1000 reads of the piece of all, 100 of that of a hundred, some of 3 ends
 * and of a whole template. */
static exm_collapse *
make_reads(void)
{
    exm_collapse *c = NULL;

    assert_int_equal(exm_collapse_new(&(exm_collapse_options){.umi = 0}, &c, NULL), EXM_OK);
    for (int reverse = 0; reverse < 2; reverse++) {
        const uint64_t copies = reverse ? 2 : 1;

        add(c, text[0] + ALL_HOLD, 24, 1000 * copies, reverse);
        add(c, text[0] + HUNDRED_HOLD, 24, 100 * copies, reverse);
        for (int i = 0; i < 3; i++) add(c, text[i] + OWN, 22, 7 * copies, reverse);
        add(c, text[4] + 2, 80, 5 * copies, reverse);
    }
    assert_int_equal(exm_collapse_finish(c, NULL), EXM_OK);
    return c;
}

static exm_status
tally(const exm_collapse *c, unsigned threads, exm_record **ret, exm_error *err)
{
    exm_record *r = calloc(1, sizeof *r);
    exm_pool *pool = NULL;
    exm_status st = EXM_ENOMEM;

    if (r) st = exm_pool_new(threads, &pool, err);
    if (st == EXM_OK) st = exm_tally_run(annotator, small.ref, c, NULL, pool, r, err);
    exm_pool_free(pool);
    *ret = r;
    return st;
}

static uint64_t
em_of(const exm_record *r, const char *class_name, const char *feature)
{
    for (size_t i = 0; i < r->n_features; i++)
        if (strcmp(r->features[i].name, feature) == 0 &&
            strcmp(r->classes[r->features[i].class_id].name, class_name) == 0)
            return r->features[i].em[0];
    return 0;
}

static const exm_record_class *
class_of(const exm_record *r, const char *name)
{
    for (size_t i = 0; i < r->n_classes; i++)
        if (strcmp(r->classes[i].name, name) == 0) return r->classes + i;
    fail_msg("no class %s", name);
    return NULL;
}

static void
strands_are_classes_and_repeats_have_no_template(void **state)
{
    exm_collapse *c = make_reads();
    exm_record *r = NULL;
    exm_error err = {0};
    uint64_t sum = 0;

    (void) state;
    assert_int_equal(tally(c, 2, &r, &err), EXM_OK);
    assert_int_equal(r->annotated, 3 * (1000 + 100 + 3 * 7 + 5));
    assert_int_equal(r->unannotated, 0);
    /* The other class shares with "(many)" as it would with one template. */
    assert_int_equal(em_of(r, "lncRNA", "(many)") + em_of(r, "misc", "other"), 1000);
    assert_true(em_of(r, "misc", "other") > 0);
    assert_int_equal(em_of(r, "lncRNA_antisense", "(many)"), 2000);
    assert_int_equal(class_of(r, "lncRNA_antisense")->em[0], 2 * (1000 + 100 + 3 * 7 + 5));
    assert_int_equal(class_of(r, "lncRNA_antisense")->kind, EXM_KIND_CARGO);
    /* A hundred are told apart still: the three with ends of their own get most. */
    for (unsigned i = 0; i < MOST; i++) {
        char name[32];

        (void) snprintf(name, sizeof name, "lnc-%03u", i);
        sum += em_of(r, "lncRNA", name);
    }
    assert_int_equal(sum, 100 + 3 * 7 + 5);
    assert_in_range(em_of(r, "lncRNA", "lnc-001"), 7 + 20, 7 + 40);
    assert_int_equal(class_of(r, "lncRNA")->shared_between, 1000);
    assert_int_equal(class_of(r, "lncRNA")->shared_within, 100);
    assert_int_equal(class_of(r, "lncRNA")->unambiguous, 3 * 7 + 5);
    assert_int_equal(class_of(r, "lncRNA_antisense")->shared_within, 2 * (1000 + 100));
    assert_int_equal(class_of(r, "lncRNA_antisense")->unambiguous, 2 * (3 * 7 + 5));
    exm_record_free(r);
    exm_collapse_free(c);
}

static void
encoded(const exm_record *r, exm_buf *b)
{
    exm_buf_clear(b);
    assert_int_equal(exm_record_encode(r, b, NULL), EXM_OK);
}

static void
threads_leave_no_trace(void **state)
{
    exm_collapse *c = make_reads();
    exm_buf want = {0}, got = {0};
    exm_error err = {0};

    (void) state;
    for (unsigned threads = 1; threads <= 8; threads++) {
        exm_record *r = NULL;

        assert_int_equal(tally(c, threads, &r, &err), EXM_OK);
        encoded(r, threads == 1 ? &want : &got);
        exm_record_free(r);
        if (threads == 1) continue;
        assert_int_equal(got.len, want.len);
        assert_memory_equal(got.data, want.data, want.len);
    }
    exm_buf_done(&want);
    exm_buf_done(&got);
    exm_collapse_free(c);
}

static void
each_failed_allocation_is_reported(void **state)
{
    exm_collapse *c = make_reads();
    int k, fired = 1;

    (void) state;
    for (k = 0; fired && k < 5000; k++) {
        exm_record *r = NULL;
        exm_error err = {0};
        exm_status st;

        oom_arm(k);
        st = tally(c, 1, &r, &err);
        fired = oom_fired();
        oom_arm(-1);
        if (fired && st != EXM_OK) assert_int_equal(st, EXM_ENOMEM);
        if (!fired) assert_int_equal(st, EXM_OK);
        exm_record_free(r);
    }
    assert_in_range(k, 30, 4000);
    exm_collapse_free(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strands_are_classes_and_repeats_have_no_template),
        cmocka_unit_test(threads_leave_no_trace),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests_name("tally_cargo", tests, set_up, tear_down);
}
