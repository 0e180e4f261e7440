/* test_layout.c - tests of exomir/layout.h: kit presets and layout strings. */
#include "exomir/layout.h"

#include "exomir/rng.h"
#include "oom.h"

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

/* Every field but the name; padding bytes do not count. */
static int
same_layout(const exm_layout *a, const exm_layout *b)
{
    return a->n_5 == b->n_5 && a->n_3 == b->n_3 && a->umi5_at == b->umi5_at &&
           a->umi5_len == b->umi5_len && a->umi3_at == b->umi3_at &&
           a->umi3_len == b->umi3_len && a->umi_after_len == b->umi_after_len &&
           strcmp(a->adapter, b->adapter) == 0 && a->adapter_len == b->adapter_len &&
           a->max_mismatches == b->max_mismatches && a->poly_a == b->poly_a &&
           strcmp(a->adapter2, b->adapter2) == 0 && a->adapter2_len == b->adapter2_len &&
           a->min_insert == b->min_insert;
}

static exm_layout
parsed(const char *text)
{
    exm_layout l;
    exm_error err = {.code = EXM_OK};

    if (exm_layout_parse(text, &l, &err) != EXM_OK) fail_msg("%s: %s", text, err.msg);
    assert_int_equal(l.adapter_len, strlen(l.adapter));
    assert_int_equal(l.adapter2_len, strlen(l.adapter2));
    return l;
}

/* ---- presets ---- */

/* The table of kits, written out from the makers' documentation. */
static const char *const kit_table[][2] = {
    {"truseq", "insert,TGGAATTCTCGGGTGCCAAGG"},
    {"illumina-v1", "insert,ATCTCGTATGCCGTCTTCTGCTTG"},
    {"nebnext", "insert,AGATCGGAAGAGCACACGTCTGAACTCCAGTCAC"},
    {"qiaseq", "insert,AACTGTAGGCACCATCAAT/2,U12,AGATCGGAAGAGCACACGTCTGAACTCCAGTCA"},
    {"nextflex-v3", "N4,insert,N4,TGGAATTCTCGGGTGCCAAGG"},
    {"nextflex-v4", "insert,TGGAATTCTCGGGTGCCAAGG,min16"},
    {"smarter", "N3,insert,A10,min15"},
    {"cats", "N3,insert,A8"},
    {"dplex", "U12,N4,insert,A8,AGATCGGAAGAGCACACGTCTG,min15"},
};

static void
presets_are_the_documented_kits(void **state)
{
    (void) state;
    for (size_t i = 0; i < LEN(kit_table); i++) {
        const exm_layout *kit = exm_kit_get(i), *found = NULL;
        const exm_layout l = parsed(kit_table[i][1]);
        char text[512];

        assert_non_null(kit);
        assert_string_equal(kit->name, kit_table[i][0]);
        assert_true(same_layout(kit, &l));
        assert_string_equal(l.name, "custom");
        exm_layout_format(kit, text, sizeof text);
        assert_string_equal(text, kit_table[i][1]);
        assert_int_equal(exm_kit_find(kit_table[i][0], &found, NULL), EXM_OK);
        assert_ptr_equal(found, kit);
        assert_true(strlen(exm_kit_description(i)) > 3);
        for (size_t k = 0; k < i; k++) /* no two kits are the same thing */
            assert_false(same_layout(kit, exm_kit_get(k)));
    }
    assert_null(exm_kit_get(LEN(kit_table)));
    assert_null(exm_kit_get(SIZE_MAX));
    assert_null(exm_kit_description(LEN(kit_table)));
}

static void
unknown_kits_are_refused_with_a_hint(void **state)
{
    static const char *const cases[][2] = {
        {"truseqq", "truseq"},         {"TruSeq", "truseq"},
        {"nebnex", "nebnext"},         {"QIAseq", "qiaseq"},
        {"smartr", "smarter"},         {"illumina-v2", "illumina-v1"},
        {"nextflex-v5", "nextflex-v"},
    };
    const exm_layout *ret = NULL;
    exm_error err;

    (void) state;
    for (size_t i = 0; i < LEN(cases); i++) {
        char hint[64];

        (void) snprintf(hint, sizeof hint, "did you mean '%s", cases[i][1]);
        assert_int_equal(exm_kit_find(cases[i][0], &ret, &err), EXM_EDATA);
        assert_non_null(strstr(err.msg, cases[i][0]));
        if (!strstr(err.msg, hint)) fail_msg("%s: %s", cases[i][0], err.msg);
    }
    assert_int_equal(exm_kit_find("zzzzzzzzzzzz", &ret, &err), EXM_EDATA);
    assert_null(strstr(err.msg, "did you mean"));
    assert_int_equal(exm_kit_find("", &ret, &err), EXM_EDATA);
    assert_int_equal(exm_kit_find(NULL, &ret, NULL), EXM_EINVAL);
    assert_int_equal(exm_kit_find("truseq", NULL, NULL), EXM_EINVAL);
    assert_null(ret);
}

/* ---- layout strings ---- */

static void
reads_each_part(void **state)
{
    exm_layout l;

    (void) state;
    l = parsed("insert");
    assert_string_equal(l.name, "none");
    assert_int_equal(l.adapter_len, 0);
    assert_int_equal(l.max_mismatches, -1);

    l = parsed("N2,U6,N3,insert,N1,U5,N2," TRUSEQ "/3,U12,ACGT,min20");
    assert_int_equal(l.n_5, 11);
    assert_int_equal(l.umi5_at, 2);
    assert_int_equal(l.umi5_len, 6);
    assert_int_equal(l.n_3, 8);
    assert_int_equal(l.umi3_at, 1);
    assert_int_equal(l.umi3_len, 5);
    assert_int_equal(l.umi_after_len, 12);
    assert_int_equal(exm_layout_umi_len(&l), 23);
    assert_string_equal(l.adapter, TRUSEQ);
    assert_int_equal(l.max_mismatches, 3);
    assert_string_equal(l.adapter2, "ACGT");
    assert_int_equal(l.min_insert, 20);
    assert_int_equal(l.poly_a, 0);

    l = parsed("min30,N3,insert,A12");
    assert_int_equal(l.poly_a, 12);
    assert_int_equal(l.min_insert, 30);
    assert_string_equal(l.adapter, "");

    l = parsed("U12,insert"); /* a UMI 5' needs no adapter */
    assert_int_equal(l.umi5_len, 12);
    l = parsed("N2,N3,insert,N1,N4,ACGTAC"); /* cuts add up */
    assert_int_equal(l.n_5, 5);
    assert_int_equal(l.n_3, 5);
    l = parsed("insert,NNNNACGTACGT"); /* N in an adapter: any base */
    assert_string_equal(l.adapter, "NNNNACGTACGT");
    l = parsed("insert,ACGTAC/0");
    assert_int_equal(l.max_mismatches, 0);
    l = parsed("U31,insert," TRUSEQ); /* the longest UMI, cut and adapter */
    assert_int_equal(exm_layout_umi_len(&l), EXM_UMI_MAX);
    l = parsed("N64,insert");
    assert_int_equal(l.n_5, 64);
    l = parsed("insert,ACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGT");
    assert_int_equal(l.adapter_len, EXM_ADAPTER_MAX);
}

struct bad {
    const char *text;
    size_t at;        /* of the bad token */
    const char *says; /* part of the message */
};

#define A64 "ACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGT"

static const struct bad bad_texts[] = {
    {"", 0, "empty"},
    {",insert", 0, "empty"},
    {"insert,", 7, "empty"},
    {"N4,,insert", 3, "empty"},
    {"N4", 0, "'insert' is missing"},
    {TRUSEQ, 0, "5' adapter"},
    {"N4," TRUSEQ ",insert", 3, "5' adapter"},
    {"insert,insert", 7, "twice"},
    {"insert," TRUSEQ ",insert", 29, "twice"},
    {"insert,N4", 0, "name it"},
    {"insert,U8", 0, "name it"},
    {"insert,ACGTA", 7, "at least 6"},
    {"insert,A", 7, "at least 6"},
    {"insert,NNNNNNNN", 7, "not N"},
    {"insert,NNNNNNACGTA", 7, "not N"},
    {"insert," A64 "A", 7, "at most 64"},
    {"insert,tggaattc", 7, "expected"},
    {"insert,ACGTUCGT", 7, "expected"},
    {"insert,ACGT ACGT", 7, "expected"},
    {" insert", 0, "expected"},
    {"Insert", 0, "expected"},
    {"inserts", 0, "expected"},
    {"N4,insert;TGGAATTC", 3, "expected"},
    {"insert,/2", 7, "expected"},
    {"insert,ACGTACGT/", 7, "one digit"},
    {"insert,ACGTACGT/x", 7, "one digit"},
    {"insert,ACGTACGT/12", 7, "one digit"},
    {"insert,ACGTACGT/-1", 7, "one digit"},
    {"insert,ACGTACGT/3", 7, "quarter"},
    {"N0,insert", 0, "expected"},
    {"N65,insert", 0, "at most 64"},
    {"N40,N40,insert", 4, "at most 64"},
    {"insert,N33,N32," TRUSEQ, 11, "at most 64"},
    {"N99999,insert", 0, "expected"},
    {"N-4,insert", 0, "expected"},
    {"N4x,insert", 0, "expected"},
    {"U33,insert", 0, "at most 31"},
    {"U20,insert,U13," TRUSEQ, 11, "at most 31"},
    {"U12,insert," TRUSEQ ",U21", 33, "at most 31"},
    {"U4,U4,insert", 3, "second UMI"},
    {"insert,U4,N2,U4," TRUSEQ, 13, "second UMI"},
    {"insert," TRUSEQ ",U12,U4", 33, "only one UMI"},
    {"insert," TRUSEQ ",N4", 29, "only one UMI"},
    {"insert," TRUSEQ ",ACGT,U12", 34, "only one UMI"},
    {"insert," TRUSEQ ",ACGT,ACGT", 34, "nothing can follow"},
    {"insert," TRUSEQ ",ACGT/1", 29, "nothing can follow"},
    {"insert,A10,U12", 11, "poly-A"},
    {"A10,insert", 0, "poly-A"},
    {"insert,A4", 7, "poly-A"},
    {"insert,A41", 7, "poly-A"},
    {"insert,A10,A10", 11, "poly-A"},
    {"insert," TRUSEQ ",A10", 29, "poly-A"},
    {"insert," TRUSEQ ",min9", 29, "min<n>"},
    {"min201,insert", 0, "min<n>"},
    {"minx,insert", 0, "min<n>"},
    {"min,insert", 0, "expected"},
    {"min15,insert,min16", 13, "twice"},
    {"insert\xc3\xa9", 0, "expected"},
};

static void
each_error_names_its_place(void **state)
{
    (void) state;
    for (size_t i = 0; i < LEN(bad_texts); i++) {
        const struct bad *b = bad_texts + i;
        exm_layout l = {.name = "untouched", .n_5 = 77};
        exm_error err = {.code = EXM_OK};
        char place[48];

        (void) snprintf(place, sizeof place, "character %zu,", b->at + 1);
        if (exm_layout_parse(b->text, &l, &err) != EXM_EDATA)
            fail_msg("accepted: '%s'", b->text);
        if (err.code != EXM_EDATA || err.at != b->at || !strstr(err.msg, b->says) ||
            !strstr(err.msg, place))
            fail_msg("'%s': at %zu, %s", b->text, err.at, err.msg);
        assert_string_equal(l.name, "untouched");
        assert_int_equal(l.n_5, 77);
        assert_int_equal(exm_layout_parse(b->text, &l, NULL), EXM_EDATA);
    }
}

static void
bad_arguments(void **state)
{
    exm_layout l = exm_layout_none();
    char buf[4] = "abc";

    (void) state;
    assert_int_equal(exm_layout_parse(NULL, &l, NULL), EXM_EINVAL);
    assert_int_equal(exm_layout_parse("insert", NULL, NULL), EXM_EINVAL);
    exm_layout_format(&l, buf, 0);
    assert_string_equal(buf, "abc");
}

/* ---- text and back ---- */

static void
add_part(char *text, const char *letter, uint64_t v)
{
    const size_t at = strlen(text);

    (void) snprintf(text + at, 512 - at, "%s%s%u", at > 0 ? "," : "", letter, (unsigned) v);
}

/* 0 to 2 cuts and perhaps a UMI among them. */
static void
draw_stretch(exm_rng *r, char *text)
{
    if (exm_rng_below(r, 2)) add_part(text, "N", 1 + exm_rng_below(r, 20));
    if (exm_rng_below(r, 2)) add_part(text, "U", 1 + exm_rng_below(r, 10));
    if (exm_rng_below(r, 2)) add_part(text, "N", 1 + exm_rng_below(r, 20));
}

static void
draw_bases(exm_rng *r, char *text, size_t n)
{
    size_t at = strlen(text);

    text[at++] = ',';
    for (size_t i = 0; i < n; i++)
        text[at++] = i < 6 ? "ACGT"[exm_rng_below(r, 4)] : "ACGTN"[exm_rng_below(r, 5)];
    text[at] = '\0';
}

/* Any legal layout, in the canonical order of its parts. */
static void
draw_layout(exm_rng *r, char *text)
{
    const int poly = exm_rng_below(r, 4) == 0;
    const size_t n = 6 + exm_rng_below(r, 59);

    text[0] = '\0';
    draw_stretch(r, text);
    (void) snprintf(text + strlen(text), 16, "%sinsert", text[0] ? "," : "");
    if (exm_rng_below(r, 8) > 0) {
        draw_stretch(r, text);
        if (poly)
            add_part(text, "A", 5 + exm_rng_below(r, 36));
        else
            draw_bases(r, text, n);
        if (!poly && exm_rng_below(r, 2)) {
            const char slash[] = {
                '/', (char) ('0' + exm_rng_below(r, n < 36 ? n / 4 + 1 : 10)), '\0'};

            memcpy(text + strlen(text), slash, sizeof slash);
        }
        if (!poly && exm_rng_below(r, 2)) add_part(text, "U", 1 + exm_rng_below(r, 11));
        if (exm_rng_below(r, 2)) draw_bases(r, text, 1 + exm_rng_below(r, 64));
    }
    if (exm_rng_below(r, 2)) add_part(text, "min", 10 + exm_rng_below(r, 191));
}

/* Reading what was written gives the same layout, for every layout there is. */
static void
text_and_back(void **state)
{
    exm_rng r;
    unsigned custom = 0;

    (void) state;
    exm_rng_init(&r, 11, 0);
    for (int i = 0; i < 20000; i++) {
        char text[512], again[512];
        exm_layout a, b;

        draw_layout(&r, text);
        a = parsed(text);
        exm_layout_format(&a, again, sizeof again);
        b = parsed(again);
        if (!same_layout(&a, &b) || strcmp(a.name, b.name) != 0)
            fail_msg("%s became %s", text, again);
        custom += strcmp(a.name, "custom") == 0;
        b.n_3 ^= 1; /* the comparison can fail */
        assert_false(same_layout(&a, &b));
    }
    assert_in_range(custom, 15000, 19999);
}

/* A buffer that is too short is never overrun. */
static void
short_buffers(void **state)
{
    const exm_layout *l = exm_kit_get(8);

    (void) state;
    for (size_t n = 1; n < 80; n++) {
        char *buf = malloc(n);

        assert_non_null(buf);
        exm_layout_format(l, buf, n);
        assert_true(memchr(buf, 0, n) != NULL);
        free(buf);
    }
}

static void
survives_each_failed_allocation(void **state)
{
    (void) state;
    for (int k = 0, fired = 1; fired; k++) {
        const exm_layout *kit = NULL;
        exm_layout l;
        exm_error err = {.code = EXM_OK};
        exm_status a, b, c;

        oom_arm(k);
        a = exm_layout_parse("N4,insert,N4," TRUSEQ "/2", &l, &err);
        b = exm_layout_parse("N4,insert,N4,", &l, &err);
        c = exm_kit_find("truseqq", &kit, &err);
        fired = oom_fired();
        oom_arm(-1);
        assert_true(a == EXM_OK || a == EXM_ENOMEM);
        assert_true(b == EXM_EDATA || b == EXM_ENOMEM);
        assert_true(c == EXM_EDATA || c == EXM_ENOMEM);
        assert_null(kit);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_are_the_documented_kits),
        cmocka_unit_test(unknown_kits_are_refused_with_a_hint),
        cmocka_unit_test(reads_each_part),
        cmocka_unit_test(each_error_names_its_place),
        cmocka_unit_test(bad_arguments),
        cmocka_unit_test(text_and_back),
        cmocka_unit_test(short_buffers),
        cmocka_unit_test(survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
