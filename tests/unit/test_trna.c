/*
 * test_trna.c - tests of trna.h, of masked precursors, and of the record's fragments
 *
 * Yeast tRNA-Phe is numbered as the canon is, so the anticodon loop is known; types are
 * compared with the definitions, written down once more, for every stretch of it.
 */
#include "exomir/trna.h"
#include "oom.h"
#include "quant/fragment_table.h"
#include "small_ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LEADER   "GATTCAGCAA"
#define PHE      "GCGGATTTAGCTCAGTTGGGAGAGCGCCAGACTGAAGATCTGGAGGTCCTGTGTTCGATCCACAGAATTCGCA"
#define PHE_1    "GCGGATTTAGCTCAGTTGGGAGAGCGCCAGACTGAAGA"
#define PHE_2    "TCTGGAGGTCCTGTGTTCGATCCACAGAATTCGCA"
#define INTRON   "AAACGATTACCGTAAC"
#define TRAILER  "CCAGTAACGTTTT"
#define STRANGER "GTCATTGACCGTATGCCTTAGGCTTAACCGGAATTCAGCTTACGA"
/* Pairs with nothing. */
#define FLAT "ACCAACACCACAACACCAACAACCACAACCACACAACCAACCACACCAACCACAACACCAACAACCACAACA"

static const char hairpin[] =
    ">h\nAGTAAACCTTTCCTCATGCAATTCAAAACCATTTTACGGAGGATATGTCCGTAATGTAGGCGAAATACCAAATT\n";
static const char mature[] = ">exm-miR-1-5p\nTTTCCTCATGCAATTCAAAACC\n";

static const struct small_texts texts = {
    .hairpin = hairpin,
    .mature = mature,
    .class_name = {"pre-tRNA", "tRNA"}, /* whatever the order */
    .class_text = {">pre-1\n" LEADER PHE TRAILER "\n>pre-2\n" LEADER PHE_1 INTRON PHE_2
                   "GATTTT\n>stranger\n" STRANGER "\n",
                   ">flat\n" FLAT "\n>phe\n" PHE "\n"}};

static struct small_ref small;
static exm_trna *trna;

static int
set_up(void **state)
{
    (void) state;
    small_ref_build(&texts, &small);
    return exm_trna_new(small.ref, &trna, NULL) == EXM_OK ? 0 : 1;
}

static int
tear_down(void **state)
{
    (void) state;
    exm_trna_free(trna);
    small_ref_done(&small);
    return 0;
}

static uint32_t
template_named(const char *name)
{
    for (uint32_t i = 0; i < exm_ref_n_templates(small.ref); i++)
        if (strcmp(exm_ref_template_get(small.ref, i)->name, name) == 0) return i;
    fail_msg("no template %s", name);
    return 0;
}

static void
loop_of_trna_phe_is_where_the_canon_has_it(void **state)
{
    uint32_t from = 0, to = 0;

    (void) state;
    assert_true(exm_trna_any(trna));
    assert_int_equal(exm_trna_loop(trna, template_named("phe"), &from, &to), 1);
    assert_int_equal(from, 31); /* positions 32 to 38 */
    assert_int_equal(to, 38);
    assert_memory_equal(&PHE[from + 2], "GAA", 3);
}

/* Negative control: nothing pairs, and other classes have no loop at all. */
static void
no_loop_where_nothing_pairs(void **state)
{
    uint32_t from, to;

    (void) state;
    assert_int_equal(exm_trna_loop(trna, template_named("flat"), &from, &to), 0);
    assert_int_equal(exm_trna_loop(trna, template_named("h"), &from, &to), 0);
    assert_int_equal(exm_trna_loop(trna, UINT32_MAX, &from, &to), 0);
    assert_int_equal(exm_trna_trailer(trna, template_named("phe")), 0);
}

/* ---- types ---- */

/* The definitions for positions 1 to 76, first and last base of the read. */
static exm_trf
type_by_definition(int first, int last)
{
    const int five = first <= 1, three = last == 76;

    if (five && three) return EXM_TRF_WHOLE;
    if (five) return last >= 31 && last <= 38 ? EXM_TRF_5P_HALF : EXM_TRF_5P;
    if (three) return first >= 32 && first <= 39 ? EXM_TRF_3P_HALF : EXM_TRF_3P;
    return EXM_TRF_INTERNAL;
}

static exm_candidate
place(const char *template, int64_t start)
{
    const uint32_t id = template_named(template);

    return (exm_candidate){.class_id = exm_ref_template_get(small.ref, id)->class_id,
                           .template_id = id,
                           .start = start};
}

static void
types_are_those_of_the_definitions(void **state)
{
    unsigned seen[EXM_TRF_COUNT] = {0};

    (void) state;
    for (int first = 1; first <= 76; first++) {
        for (int last = first + 15; last <= 76; last++) {
            const exm_candidate c = place("phe", first - 1);
            const exm_trf t = exm_trna_type(trna, &c, (uint32_t) (last - first + 1), 0);

            assert_int_equal(t, type_by_definition(first, last));
            seen[t]++;
        }
    }
    assert_int_equal(seen[EXM_TRF_WHOLE], 1);
    assert_int_equal(seen[EXM_TRF_5P_HALF], 8);
    assert_int_equal(seen[EXM_TRF_3P_HALF], 8);
    assert_true(seen[EXM_TRF_5P] > 40 && seen[EXM_TRF_3P] > 40 &&
                seen[EXM_TRF_INTERNAL] > 1000);
}

/* Additions stand before the first base, a tail behind the last: neither moves an end. */
static void
additions_and_tails_move_no_end(void **state)
{
    exm_candidate c = place("phe", -1);

    (void) state;
    c.n_add5 = 1;
    assert_int_equal(exm_trna_type(trna, &c, 36, 0), EXM_TRF_5P_HALF); /* ends at 35 */
    c = place("phe", 0);
    c.n_tail = 3;
    assert_int_equal(exm_trna_type(trna, &c, 41, 0), EXM_TRF_5P_HALF); /* ends at 38 */
    c.n_tail = 2;
    assert_int_equal(exm_trna_type(trna, &c, 41, 0), EXM_TRF_5P); /* 39 */
    c = place("phe", 40);
    c.n_tail = 1;
    assert_int_equal(exm_trna_type(trna, &c, 37, 0), EXM_TRF_3P); /* CCA, then one more */
    assert_int_equal(exm_trna_type(trna, &c, 36, 0), EXM_TRF_INTERNAL); /* CC, then one */
    /* Without a known loop there are no halves. */
    c = place("flat", 0);
    assert_int_equal(exm_trna_type(trna, &c, 33, 0), EXM_TRF_5P);
    c = place("h", 0);
    assert_int_equal(exm_trna_type(trna, &c, 22, 1), EXM_TRF_NONE);
}

static void
names_and_descriptions_differ(void **state)
{
    (void) state;
    for (int a = 0; a < EXM_TRF_COUNT; a++) {
        assert_true(exm_trf_name((exm_trf) a)[0] && exm_trf_description((exm_trf) a)[0]);
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(exm_trf_name((exm_trf) a), exm_trf_name((exm_trf) b));
            assert_string_not_equal(exm_trf_description((exm_trf) a),
                                    exm_trf_description((exm_trf) b));
        }
    }
    assert_string_equal(exm_trf_name(EXM_TRF_NONE), "");
}

/* ---- precursors ---- */

static void
letters_of(const exm_ref_template *t, char *ret)
{
    for (uint32_t i = 0; i < t->len; i++) {
        const uint64_t p = t->start + i, bit = (uint64_t) 1 << (p & 63);
        const int lo = (exm_ref_plane_lo(small.ref)[p >> 6] & bit) != 0;
        const int hi = (exm_ref_plane_hi(small.ref)[p >> 6] & bit) != 0;

        ret[i] = exm_ref_plane_no(small.ref)[p >> 6] & bit ? 'N' : "ACTG"[lo + 2 * hi];
    }
    ret[t->len] = '\0';
}

/* Replaces [from, to) of 'text' by N. */
static void
mask(char *text, size_t from, size_t to)
{
    memset(text + from, 'N', to - from);
}

static void
the_mature_part_of_a_precursor_is_masked(void **state)
{
    char got[200], want[200] = LEADER PHE TRAILER;
    const size_t first = strlen(LEADER);

    (void) state;
    letters_of(exm_ref_template_get(small.ref, template_named("pre-1")), got);
    mask(want, first + EXM_PRETRNA_FLANK, first + strlen(PHE) - EXM_PRETRNA_FLANK);
    assert_string_equal(got, want);
    /* Both exons; the trailer begins with CCA, which the tRNA has by itself. */
    (void) strcpy(want, LEADER PHE_1 INTRON PHE_2 "GATTTT");
    mask(want, first + 12, first + strlen(PHE_1) - 12);
    mask(want, first + strlen(PHE_1 INTRON) + 12,
         first + strlen(PHE_1 INTRON PHE_2) - EXM_PRETRNA_FLANK);
    letters_of(exm_ref_template_get(small.ref, template_named("pre-2")), got);
    assert_string_equal(got, want);
    letters_of(exm_ref_template_get(small.ref, template_named("stranger")), got);
    assert_string_equal(got, STRANGER);
}

static void
trailers_begin_behind_the_mature_part(void **state)
{
    const int at = (int) strlen(LEADER PHE);
    exm_candidate c = place("pre-1", at);

    (void) state;
    assert_int_equal(exm_trna_trailer(trna, template_named("pre-1")), at);
    assert_int_equal(exm_trna_trailer(trna, template_named("pre-2")),
                     strlen(LEADER PHE_1 INTRON PHE_2));
    for (int off = -3; off <= 3; off++) {
        c.start = at + off;
        assert_int_equal(exm_trna_type(trna, &c, 13, 1),
                         off >= -1 && off <= 1 ? EXM_TRF_1 : EXM_TRF_PRECURSOR);
        assert_int_equal(exm_trna_type(trna, &c, 13, 0), EXM_TRF_PRECURSOR);
    }
    c = place("pre-1", 0);
    assert_int_equal(exm_trna_type(trna, &c, 20, 1), EXM_TRF_PRECURSOR);
    c = place("stranger", 1);
    assert_int_equal(exm_trna_type(trna, &c, 20, 1), EXM_TRF_PRECURSOR);
}

/* Without class tRNA nothing is masked, and no trailer is known. */
static void
a_precursor_alone_stays_whole(void **state)
{
    struct small_texts t = texts;
    struct small_ref kept = small;
    exm_trna *alone = NULL;
    char got[200];

    (void) state;
    t.class_text[1] = NULL;
    small_ref_build(&t, &small);
    letters_of(exm_ref_template_get(small.ref, template_named("pre-1")), got);
    assert_string_equal(got, LEADER PHE TRAILER);
    assert_int_equal(exm_trna_new(small.ref, &alone, NULL), EXM_OK);
    assert_true(exm_trna_any(alone));
    assert_int_equal(exm_trna_trailer(alone, template_named("pre-1")), 0);
    exm_trna_free(alone);
    t.class_text[0] = NULL;
    small_ref_done(&small);
    small_ref_build(&t, &small);
    assert_int_equal(exm_trna_new(small.ref, &alone, NULL), EXM_OK);
    assert_false(exm_trna_any(alone));
    exm_trna_free(alone);
    small_ref_done(&small);
    small = kept;
}

/* ---- the record's table ---- */

static exm_record_fragment
entry(uint32_t type, const char *template, const char *seq)
{
    exm_record_fragment x = {.type = type, .feature = template_named(template)};

    assert_int_equal(exm_pack(seq, strlen(seq), &x.lo, &x.hi, NULL), EXM_OK);
    x.count[0] = x.count[1] = 1;
    return x;
}

static void
fragments_are_sorted_and_find_their_features(void **state)
{
    static char flat[] = "flat", phe[] = "phe", other[] = "h";
    exm_record_feature features[] = {{.name = other, .class_id = 0},
                                     {.name = flat, .class_id = 2},
                                     {.name = phe, .class_id = 2}};
    exm_record rec = {.features = features, .n_features = 3};
    exm_fragment_list l = {0}, more = {0};
    const exm_record_fragment v[] = {entry(EXM_TRF_3P, "flat", "ACGTACGTACGTACGT"),
                                     entry(EXM_TRF_5P, "phe", "ACGTACGTACGTACGTT"),
                                     entry(EXM_TRF_5P, "phe", "ACGTACGTACGTACTT"),
                                     entry(EXM_TRF_5P, "phe", "ACGTACGTACGTACGT"),
                                     entry(EXM_TRF_5P, "flat", "TTTTTTTTTTTTTTTT")};
    static const int order[] = {4, 3, 2, 1, 0};

    (void) state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(exm_fragment_list_add(i % 2 ? &more : &l, v + i, NULL), EXM_OK);
    assert_int_equal(exm_fragment_list_merge(&l, &more, NULL), EXM_OK);
    assert_int_equal(exm_fragment_table_fill(&rec, &l, small.ref, NULL), EXM_OK);
    assert_int_equal(rec.n_fragments, 5);
    for (int i = 0; i < 5; i++) {
        const exm_record_fragment *want = v + order[i], *got = rec.fragments + i;

        assert_true(got->lo == want->lo && got->hi == want->hi && got->type == want->type);
        assert_string_equal(features[got->feature].name,
                            exm_ref_template_get(small.ref, want->feature)->name);
    }
    free(rec.fragments);
    /* A tRNA without a count in the record is our own mistake. */
    rec.n_features = 2;
    assert_int_equal(exm_fragment_list_add(&l, v + 1, NULL), EXM_OK);
    assert_int_equal(exm_fragment_table_fill(&rec, &l, small.ref, NULL), EXM_EINVAL);
    exm_fragment_list_done(&l);
    exm_fragment_list_done(&more);
}

/* ---- misuse and memory ---- */

static void
misuse_is_einval(void **state)
{
    exm_trna *t = NULL;

    (void) state;
    assert_int_equal(exm_trna_new(NULL, &t, NULL), EXM_EINVAL);
    assert_int_equal(exm_trna_new(small.ref, NULL, NULL), EXM_EINVAL);
    exm_trna_free(NULL);
}

static void
each_allocation_failed_in_turn(void **state)
{
    exm_trna *t = NULL;
    int k = 0;

    (void) state;
    for (;; k++) {
        exm_error err = {0};
        exm_status st;

        oom_arm(k);
        st = exm_trna_new(small.ref, &t, &err);
        oom_arm(-1);
        if (st == EXM_OK) break;
        assert_int_equal(st, EXM_ENOMEM);
        assert_null(t);
        assert_true(err.msg[0] != '\0');
    }
    assert_int_equal(k, 3);
    exm_trna_free(t);
    for (k = 0;; k++) {
        exm_fragment_list l = {0};
        const exm_record_fragment x = entry(EXM_TRF_5P, "phe", "ACGTACGTACGTACGT");
        static char phe[] = "phe";
        exm_record_feature feature = {.name = phe, .class_id = 2};
        exm_record rec = {.features = &feature, .n_features = 1};
        exm_status st;

        oom_arm(k);
        st = exm_fragment_list_add(&l, &x, NULL);
        if (st == EXM_OK) st = exm_fragment_table_fill(&rec, &l, small.ref, NULL);
        oom_arm(-1);
        free(rec.fragments);
        exm_fragment_list_done(&l);
        if (st == EXM_OK) break;
        assert_int_equal(st, EXM_ENOMEM);
    }
    assert_int_equal(k, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loop_of_trna_phe_is_where_the_canon_has_it),
        cmocka_unit_test(no_loop_where_nothing_pairs),
        cmocka_unit_test(types_are_those_of_the_definitions),
        cmocka_unit_test(additions_and_tails_move_no_end),
        cmocka_unit_test(names_and_descriptions_differ),
        cmocka_unit_test(the_mature_part_of_a_precursor_is_masked),
        cmocka_unit_test(trailers_begin_behind_the_mature_part),
        cmocka_unit_test(a_precursor_alone_stays_whole),
        cmocka_unit_test(fragments_are_sorted_and_find_their_features),
        cmocka_unit_test(misuse_is_einval),
        cmocka_unit_test(each_allocation_failed_in_turn),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
