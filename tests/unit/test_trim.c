/* test_trim.c - tests of exomir/trim.h: what each read becomes, by hand. */
#include "exomir/trim.h"

#include "oom.h"
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
#define TRUSEQ "TGGAATTCTCGGGTGCCAAGG"
#define LINKER "AACTGTAGGCACCATCAAT"
#define LET7   "TGAGGTAGTAGGTTGTATAGTT" /* 22 nt */

/* ---- one read ---- */

/* A copy in memory of exactly the promised size, so that a byte further is found by ASan. */
static char *
padded(const char *s, size_t n, int pad)
{
    char *p = malloc(n + EXM_SEQ_PAD);

    assert_non_null(p);
    memcpy(p, s, n);
    memset(p + n, pad, EXM_SEQ_PAD);
    return p;
}

static exm_trimmer *
trimmer(const char *layout, const exm_trim_options *o)
{
    exm_layout l;
    exm_trimmer *t = NULL;
    exm_error err;

    if (exm_layout_parse(layout, &l, &err) != EXM_OK ||
        exm_trimmer_new(&l, o, &t, &err) != EXM_OK)
        fail_msg("%s: %s", layout, err.msg);
    return t;
}

static exm_trimmed
trim_one(const char *layout, const char *seq, const char *qual, exm_trim_options o)
{
    exm_trimmed both[2];

    for (int i = 0; i < 2; i++) {
        char *s = padded(seq, strlen(seq), 'A'),
             *q = qual ? padded(qual, strlen(seq), 0) : NULL;
        const exm_read r = {
            .seq = s, .qual = q, .len = (uint32_t) strlen(seq), .copies = 1};
        exm_trimmer *t;

        o.simd = i ? EXM_SIMD_SSE4 : EXM_SIMD_SCALAR;
        t = trimmer(layout, &o);
        exm_trim_batch(t, &r, 1, both + i);
        exm_trimmer_free(t);
        free(s);
        free(q);
    }
    assert_true(oracle_same(both, both + 1));
    return both[0];
}

struct example {
    const char *layout, *seq;
    exm_fate fate;
    const char *insert; /* of a read that was kept */
    const char *umi;
};

static const struct example examples[] = {
    /* the plain case; the adapter whole, cut, with errors, and just too short */
    {"insert," TRUSEQ, LET7 TRUSEQ "ATCACG", EXM_FATE_KEPT, LET7, ""},
    {"insert," TRUSEQ, LET7 "TGG", EXM_FATE_KEPT, LET7, ""},
    {"insert," TRUSEQ, LET7 "TG", EXM_FATE_KEPT, LET7 "TG", ""},
    {"insert," TRUSEQ, LET7 "TGGAATTCTCGCGTGCCATGG", EXM_FATE_KEPT, LET7, ""},
    {"insert," TRUSEQ, LET7 "TGGAATTCACGCGTGCCATGG", EXM_FATE_KEPT,
     LET7 "TGGAATTCACGCGTGCCA", ""}, /* 3 errors; its last 3 nt are an adapter's first */
    {"insert," TRUSEQ, LET7 "TGGAATTCTN", EXM_FATE_KEPT, LET7, ""}, /* N: one error of 10 */
    {"insert," TRUSEQ, LET7 "TGGAATTCN", EXM_FATE_AMBIGUOUS_BASE, "", ""}, /* of 9: none */
    {"insert," TRUSEQ, LET7, EXM_FATE_KEPT, LET7, ""},
    /* the leftmost of two, but not one with fewer matches beside it */
    {"insert," TRUSEQ, LET7 TRUSEQ TRUSEQ, EXM_FATE_KEPT, LET7, ""},
    /* dimers, short inserts, and the preset that allows shorter ones */
    {"insert," TRUSEQ, TRUSEQ "ATCACGATCTCG", EXM_FATE_DIMER, "", ""},
    {"insert," TRUSEQ, "ACG" TRUSEQ, EXM_FATE_DIMER, "", ""},
    {"insert," TRUSEQ, "ACGC" TRUSEQ, EXM_FATE_SHORT, "", ""},
    {"insert," TRUSEQ, "TGAGGTAGTAGGTTG" TRUSEQ, EXM_FATE_SHORT, "", ""},
    {"insert," TRUSEQ ",min15", "TGAGGTAGTAGGTTG" TRUSEQ, EXM_FATE_KEPT, "TGAGGTAGTAGGTTG",
     ""},
    {"insert," TRUSEQ ",min30", LET7 TRUSEQ, EXM_FATE_SHORT, "", ""},
    {"insert", "", EXM_FATE_DIMER, "", ""},
    /* four random nt at both ends */
    {"N4,insert,N4," TRUSEQ, "ACGT" LET7 "CCAA" TRUSEQ, EXM_FATE_KEPT, LET7, ""},
    {"N4,insert,N4," TRUSEQ, "ACGT" LET7 "CCAA", EXM_FATE_NO_ADAPTER, "", ""},
    {"N4,insert,N4," TRUSEQ, "ACGTACGT" TRUSEQ, EXM_FATE_DIMER, "", ""},
    {"N4,insert,N4," TRUSEQ, "AC" TRUSEQ, EXM_FATE_DIMER, "", ""},
    {"N4,insert,N4," TRUSEQ, "NNNN" LET7 "NNNN" TRUSEQ, EXM_FATE_KEPT, LET7, ""},
    /* linker, two errors wherever it is whole, then the UMI */
    {"insert," LINKER "/2,U12", LET7 "AACTGTACGCACCATGAATACGTACGTACGTAGATC", EXM_FATE_KEPT,
     LET7, "ACGTACGTACGT"},
    {"insert," LINKER "/2,U12", LET7 LINKER "ACGTACGTAC", EXM_FATE_KEPT, LET7,
     "ACGTACGTAC"},
    {"insert," LINKER "/2,U12", LET7 LINKER "ACGTACGTA", EXM_FATE_NO_UMI, "", ""},
    {"insert," LINKER "/2,U12", LET7 LINKER "ACGTACNTACGT", EXM_FATE_NO_UMI, "", ""},
    {"insert," LINKER "/2,U12", LET7 "ACGTACGTACGTACGTACGT", EXM_FATE_NO_ADAPTER, "", ""},
    {"insert," LINKER "/2,U6", LET7 LINKER "ACGTACGT", EXM_FATE_KEPT, LET7, "ACGTAC"},
    {"insert," LINKER "/2,U12", LINKER "ACG", EXM_FATE_DIMER, "", ""},
    /* UMIs on three sides, concatenated 5' to 3' */
    {"N1,U3,insert,U4,N1," TRUSEQ ",U5", "AGGG" LET7 "CCCCA" TRUSEQ "TATAT", EXM_FATE_KEPT,
     LET7, "GGGCCCCTATAT"},
    /* poly-A: the insert's own 3' A go with it */
    {"N3,insert,A10,min15", "GGG" LET7 "AAAAAAAAAAAAAAAA", EXM_FATE_KEPT, LET7, ""},
    {"N3,insert,A10,min15", "GGG" LET7 "CAAAAAAAAAAAAAAAAA", EXM_FATE_KEPT, LET7 "C", ""},
    {"N3,insert,A10,min15", "GGG" LET7 "GCGCGCGC", EXM_FATE_NO_ADAPTER, "", ""},
    {"U12,N4,insert,A8," TRUSEQ ",min15", "ACGTTGCAACGTTGGG" LET7 "AAAAAAAAAAAGATCGG",
     EXM_FATE_KEPT, LET7, "ACGTTGCAACGT"},
    {"U12,N4,insert,A8,min15", "ACGTTNCAACGTTGGG" LET7 "AAAAAAAAAAA", EXM_FATE_NO_UMI, "",
     ""},
    /* judged inserts */
    {"insert", "TGAGGTAGTAGNTTGTATAGTT", EXM_FATE_AMBIGUOUS_BASE, "", ""},
    {"insert", "CCCCCCCCCCCCCCCCCCCC", EXM_FATE_LOW_COMPLEXITY, "", ""},
    {"insert", "CCCCCCCCCCCCCCCCCCGT", EXM_FATE_LOW_COMPLEXITY, "", ""}, /* 18 of 20 */
    {"insert", "CCCCCACCCCCCCCCCCGTC", EXM_FATE_KEPT, "CCCCCACCCCCCCCCCCGTC", ""}, /* 17 */
    {"insert", "GTGTGTGTGTGTGTGTGTGT", EXM_FATE_LOW_COMPLEXITY, "", ""},
    {"insert", "GTGTGTGTGTGTGTGTGACT", EXM_FATE_KEPT, "GTGTGTGTGTGTGTGTGACT", ""},
    {"insert", "GTAGTAGTAGTAGTAGTAGTA", EXM_FATE_KEPT, "GTAGTAGTAGTAGTAGTAGTA", ""},
};

static void
examples_by_hand(void **state)
{
    (void) state;
    for (size_t i = 0; i < LEN(examples); i++) {
        const struct example *e = examples + i;
        const exm_trimmed t = trim_one(e->layout, e->seq, NULL, exm_trim_defaults());
        uint64_t umi = e->umi[0] ? 1 : 0;
        char s[EXM_PACKED_MAX];

        if (t.fate != e->fate)
            fail_msg("%s: %s is %s", e->layout, e->seq, exm_fate_name(t.fate));
        if (t.fate != EXM_FATE_KEPT) continue;
        for (const char *u = e->umi; *u; u++)
            umi = umi << 2 | (uint64_t) (*u == 'C' ? 1 : *u == 'T' ? 2 : *u == 'G' ? 3 : 0);
        assert_true(t.umi == umi);
        if (oracle_unpack(&t, s) != (long) strlen(e->insert) ||
            memcmp(s, e->insert, t.len) != 0)
            fail_msg("%s: %s gives %.*s", e->layout, e->seq, (int) t.len, s);
    }
}

/* What cutadapt 4.2 --no-indels -e 0.1 -O 3 was seen to do with adapters that repeat
 * themselves: the place it cut at, and for contrast the place of the highest score. */
static const struct {
    const char *adapter, *seq;
    long cut, highest;
} repeats[] = {
    /* 12 is too far behind 0, and the search ended with the read's last base */
    {"TTTTTTTTTTGTTTTTTTTT", "TTGTTTTTTTTTTTTTTTTTTTGTTTTTTTA", 0, 12},
    {"TTTTTTTTTTGTTTTTTTTT", "CTTTTTTTTTGTTTTTTTTTTGTTTTTTTT", 0, 11},
    {"TTTTTTTTTTGTTTTTTTTT", "TTTTTTTTTGATTTTTTTTTTGTTTTTTT", 0, 11},
    /* as far behind, but a start half an adapter behind was alive to the end */
    {"TTTTTTTTTTGTTTTTTTTT", "TTTTTTTTTGTTTTTTTTTTTGTTTTTTT", 11, 11},
    {"TTTTTTTTTTGTTTTTTTTT", "AGTTTTTTTTGTTTTTTTTTTTTTTTTTTT", 11, 11},
    {"AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAATAAAAAAAAAAAAAAAAAAAA", 0, 12},
    {"AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAATAAAAAAAAAAAAAAAAAAA", 0, 0},
    {"ACACACACACACACACACACTT", "ACACACACACACACACACACACACACACACACA", 12, 12},
    {"ACACACACACACACACACACTT", "ACACACACACACACACACACACACACACACACAC", 0, 14},
    {"ACACACACACACACACACACTT", "ACACACACACACACACACACACACGCACACACT", 0, 12},
    {"AACCAACCAACCAACCAACC", "CCAACCAACCCAACAACCAACCAACCAACCA", 14, 14},
    {"AACCAACCAACCAACCAACC", "AACCAACCTACAAACCAACCAACCAACCAA", 0, 12},
};

static void
repeating_adapters_as_cutadapt_does(void **state)
{
    (void) state;
    for (size_t i = 0; i < LEN(repeats); i++) {
        const char *a = repeats[i].adapter, *s = repeats[i].seq;
        const uint32_t n = (uint32_t) strlen(s), m = (uint32_t) strlen(a);
        const long at = exm_trim_find_adapter_slow(s, n, a, m, 0.1, -1, 3);
        long best = -1, score = 0;

        if (at != repeats[i].cut) fail_msg("%s in %s at %ld", a, s, at);
        for (uint32_t k = 0; k + 3 <= n; k++) {
            const uint32_t ov = n - k < m ? n - k : m;
            const long wrong = oracle_mismatches(s + k, a, ov);

            if (10 * wrong > (long) ov || (long) ov - 2 * wrong <= score) continue;
            best = k;
            score = (long) ov - 2 * wrong;
        }
        assert_int_equal(best, repeats[i].highest);
    }
}

static void
packing_is_as_documented(void **state)
{
    char longest[65];
    exm_trimmed t = trim_one("insert", "ACTGACTGACTGACTG", NULL, exm_trim_defaults());

    (void) state;
    assert_true(t.lo == 0x1AAAA && t.hi == 0xCCCC); /* A 0, C 1, T 2, G 3; sentinel */
    t = trim_one("insert", "AACCTTGGAACCTTGGA", NULL, exm_trim_defaults());
    assert_true(t.lo == 0x2CCCC && t.hi == 0xF0F0);
    for (size_t i = 0; i < 64; i++) longest[i] = "ACGTTGCAG"[i * 5 % 9];
    longest[64] = '\0';
    t = trim_one("insert", longest, NULL, exm_trim_defaults());
    assert_int_equal(t.fate, EXM_FATE_KEPT);
    assert_true(t.len == 64 && t.lo == 0 && t.hi == 0);
    longest[63] = '\0';
    t = trim_one("insert", longest, NULL, exm_trim_defaults());
    assert_true(t.len == 63 && t.lo >> 63 == 1 && t.hi >> 63 == 0);
}

/* ---- quality ---- */

static void
qualities_cut_the_3_prime_end(void **state)
{
    exm_trim_options o = exm_trim_defaults();
    /* 42 40 26 27 8 7 11 4 2 3 with cut-off 10: the first four stay (cutadapt's guide) */
    static const char worked[] = "TGAGGTAGTAGGTTGTAT";
    char qual[] = "IIIIIIIIKI;<)(,%#$";
    exm_trimmed t;

    (void) state;
    o.max_ee = -1.0;
    o.min_len = 10;
    o.quality_cutoff = 10;
    t = trim_one("insert", worked, qual, o);
    assert_int_equal(t.len, 12);
    o.quality_cutoff = 0;
    assert_int_equal(trim_one("insert", worked, qual, o).len, 18);
    o.quality_cutoff = 93; /* all go */
    t = trim_one("insert", worked, qual, o);
    assert_true(t.len == 0 && t.fate == EXM_FATE_DIMER);
    o.quality_cutoff = 10;
    assert_int_equal(trim_one("insert", worked, NULL, o).len, 18); /* FASTA has none */
    qual[17] = 'I'; /* a good last base stops the cut at once */
    assert_int_equal(trim_one("insert", worked, qual, o).len, 18);
    /* qualities go first: this adapter is gone before it is looked for */
    t = trim_one("insert," TRUSEQ, LET7 "TGGAA", "IIIIIIIIIIIIIIIIIIIIII#####", o);
    assert_true(t.len == 22 && !t.adapter_found);
}

static void
too_many_expected_errors_are_dropped(void **state)
{
    exm_trim_options o = exm_trim_defaults();
    char qual[64] = {0};

    (void) state;
    memset(qual, '+', 22); /* Q10: 2.2 errors */
    assert_int_equal(trim_one("insert", LET7, qual, o).fate, EXM_FATE_LOW_QUALITY);
    o.max_ee = 2.21;
    assert_int_equal(trim_one("insert", LET7, qual, o).fate, EXM_FATE_KEPT);
    o.max_ee = 2.19;
    assert_int_equal(trim_one("insert", LET7, qual, o).fate, EXM_FATE_LOW_QUALITY);
    o.max_ee = -1.0;
    memset(qual, '!', 22);
    assert_int_equal(trim_one("insert", LET7, qual, o).fate, EXM_FATE_KEPT);
    o.max_ee = 0.0; /* even the best quality is an expected error */
    memset(qual, '~', 22);
    assert_int_equal(trim_one("insert", LET7, qual, o).fate, EXM_FATE_LOW_QUALITY);
    o.max_ee = 0.0023; /* Q40: 0.0022 */
    memset(qual, 'I', 22);
    assert_int_equal(trim_one("insert", LET7, qual, o).fate, EXM_FATE_KEPT);
    assert_int_equal(trim_one("insert", LET7, NULL, o).fate, EXM_FATE_KEPT);
    /* only the insert's qualities count */
    o.max_ee = 1.0;
    memset(qual, '!', 50);
    memset(qual + 4, 'I', 22);
    assert_int_equal(
        trim_one("N4,insert,N3," TRUSEQ, "ACGT" LET7 "GCA" TRUSEQ, qual, o).fate,
        EXM_FATE_KEPT);
}

static void
lengths_and_complexity_have_limits(void **state)
{
    exm_trim_options o = exm_trim_defaults();

    (void) state;
    o.max_len = 22;
    assert_int_equal(trim_one("insert", LET7, NULL, o).fate, EXM_FATE_KEPT);
    o.max_len = 21;
    assert_int_equal(trim_one("insert", LET7, NULL, o).fate, EXM_FATE_LONG);
    o = exm_trim_defaults();
    o.min_len = 22;
    assert_int_equal(trim_one("insert", LET7, NULL, o).fate, EXM_FATE_KEPT);
    o.min_len = 23;
    assert_int_equal(trim_one("insert", LET7, NULL, o).fate, EXM_FATE_SHORT);
    o = exm_trim_defaults();
    o.max_one_base = 1.1; /* off */
    assert_int_equal(trim_one("insert", "CCCCCCCCCCCCCCCCCCCC", NULL, o).fate,
                     EXM_FATE_KEPT);
    o.max_one_base = 1.0;
    assert_int_equal(trim_one("insert", "CCCCCCCCCCCCCCCCCCCC", NULL, o).fate,
                     EXM_FATE_LOW_COMPLEXITY);
    assert_int_equal(trim_one("insert", "CCCCCCCCCCCCCCCCCCCG", NULL, o).fate,
                     EXM_FATE_KEPT);
}

/* ---- set-up ---- */

static void
fates_have_names(void **state)
{
    (void) state;
    for (int i = 0; i < EXM_FATE_COUNT; i++) {
        assert_true(strlen(exm_fate_name((exm_fate) i)) > 3);
        assert_true(strlen(exm_fate_description((exm_fate) i)) > 20);
        assert_true(strlen(exm_fate_title((exm_fate) i)) > 3);
        assert_null(strchr(exm_fate_title((exm_fate) i), '_'));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(exm_fate_name((exm_fate) i),
                                    exm_fate_name((exm_fate) k));
    }
    assert_string_equal(exm_fate_name(EXM_FATE_KEPT), "kept");
    assert_string_equal(exm_fate_name(EXM_FATE_DIMER), "adapter_dimer");
    assert_string_equal(exm_fate_name(EXM_FATE_COUNT), "unknown");
    assert_string_equal(exm_fate_title(EXM_FATE_NO_UMI), "no UMI");
    assert_string_equal(exm_fate_title(EXM_FATE_COUNT), "unknown");
    assert_string_equal(exm_fate_description(EXM_FATE_COUNT), "");
}

static exm_status
made_with(const exm_layout *l, exm_trim_options o)
{
    exm_trimmer *const none = (exm_trimmer *) &o;
    exm_trimmer *t = none;
    exm_error err = {.code = EXM_OK};
    const exm_status st = exm_trimmer_new(l, &o, &t, &err);

    if (st == EXM_OK) {
        exm_trimmer_free(t);
    } else {
        assert_ptr_equal(t, none); /* untouched */
        assert_int_equal(err.code, st);
        assert_true(err.msg[0] != 0);
    }
    return st;
}

#define WITH(field, value)                                                                 \
    (o = exm_trim_defaults(), o.field = (value), made_with(exm_kit_get(0), o))

static void
senseless_options_are_refused(void **state)
{
    exm_trim_options o = exm_trim_defaults();
    exm_trimmer *t = NULL;
    exm_layout l = *exm_kit_get(0);

    (void) state;
    assert_int_equal(made_with(&l, o), EXM_OK);
    assert_int_equal(WITH(min_len, 9), EXM_EDATA);
    assert_int_equal(WITH(min_len, 10), EXM_OK);
    assert_int_equal(WITH(max_len, 15), EXM_EDATA);
    assert_int_equal(WITH(max_len, 16), EXM_OK);
    assert_int_equal(WITH(min_overlap, 0), EXM_EDATA);
    assert_int_equal(WITH(min_overlap, 21), EXM_OK);
    assert_int_equal(WITH(min_overlap, 22), EXM_EDATA); /* longer than the adapter */
    assert_int_equal(WITH(min_overlap, 65), EXM_EDATA);
    assert_int_equal(WITH(max_error_rate, -0.01), EXM_EDATA);
    assert_int_equal(WITH(max_error_rate, 0.5), EXM_EDATA);
    assert_int_equal(WITH(max_error_rate, (double) NAN), EXM_EDATA);
    assert_int_equal(WITH(max_error_rate, 0.0), EXM_OK);
    assert_int_equal(WITH(quality_cutoff, -1), EXM_EDATA);
    assert_int_equal(WITH(quality_cutoff, 94), EXM_EDATA);
    assert_int_equal(WITH(max_one_base, 0.0), EXM_EDATA);
    assert_int_equal(WITH(max_one_base, (double) NAN), EXM_EDATA);
    l.max_mismatches = 9;
    assert_int_equal(made_with(&l, exm_trim_defaults()), EXM_EDATA);
    o = exm_trim_defaults();
    assert_int_equal(exm_trimmer_new(NULL, &o, &t, NULL), EXM_EINVAL);
    assert_int_equal(exm_trimmer_new(&l, NULL, &t, NULL), EXM_EINVAL);
    assert_int_equal(exm_trimmer_new(&l, &o, NULL, NULL), EXM_EINVAL);
    assert_null(t);
    exm_trimmer_free(NULL);
}

static void
survives_each_failed_allocation(void **state)
{
    const exm_trim_options o = exm_trim_defaults();

    (void) state;
    for (int k = 0, fired = 1; fired; k++) {
        exm_trimmer *t = NULL;
        exm_status st;

        oom_arm(k);
        st = exm_trimmer_new(exm_kit_get(3), &o, &t, NULL);
        fired = oom_fired();
        oom_arm(-1);
        assert_int_equal(st, fired ? EXM_ENOMEM : EXM_OK);
        assert_true(fired == (t == NULL));
        exm_trimmer_free(t);
        assert_true(fired || k > 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_by_hand),
        cmocka_unit_test(repeating_adapters_as_cutadapt_does),
        cmocka_unit_test(packing_is_as_documented),
        cmocka_unit_test(qualities_cut_the_3_prime_end),
        cmocka_unit_test(too_many_expected_errors_are_dropped),
        cmocka_unit_test(lengths_and_complexity_have_limits),
        cmocka_unit_test(fates_have_names),
        cmocka_unit_test(senseless_options_are_refused),
        cmocka_unit_test(survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("trim", tests, NULL, NULL);
}
