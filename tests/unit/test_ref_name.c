/* test_ref_name.c - tests of the names in src/ref/ref_draft.h (private) and clade_table.h */
#include "ref/clade_table.h"
#include "ref/ref_draft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void
arms_and_stems(void **state)
{
    static const struct {
        const char *name;
        uint32_t arm;
        const char *stem; /* lower case */
    } cases[] = {
        {"hsa-miR-1-5p", 5, "hsa-mir-1"},
        {"hsa-miR-1-3P", 3, "hsa-mir-1"},
        {"Hsa-Mir-8_5p*", 5, "hsa-mir-8"},
        {"Hsa-Mir-8_3p**", 3, "hsa-mir-8"},
        {"hsa-miR-9*", 0, "hsa-mir-9"},
        {"hsa-let-7a", 0, "hsa-let-7a"},
        {"Hsa-Mir-8-P1_pre", 0, "hsa-mir-8-p1"},
        {"Hsa-Mir-8_PRI", 0, "hsa-mir-8"},
        {"x-4p", 0, "x-4p"},
        {"x.5p", 0, "x.5p"},
        {"x-5q", 0, "x-5q"},
        {"5p", 0, "5p"},
        {"-5p", 5, "-5p"},
        {"a-5p-3p", 3, "a"},
        {"*", 0, "*"},
        {"**", 0, "*"},
        {"", 0, ""},
        {"m-1-5p_pre*", 0, "m-1"},
    };

    (void) state;
    for (size_t i = 0; i < LEN(cases); i++) {
        char stem[EXM_STEM_MAX];

        assert_int_equal(exm_name_arm(cases[i].name), cases[i].arm);
        exm_name_stem(cases[i].name, stem);
        assert_string_equal(stem, cases[i].stem);
        assert_int_equal(exm_name_stem_len(cases[i].name), strlen(cases[i].stem));
    }
    {
        char name[300], stem[EXM_STEM_MAX];

        memset(name, 'A', sizeof name); /* longer than a stem can be: cut */
        name[sizeof name - 1] = '\0';
        exm_name_stem(name, stem);
        assert_int_equal(strlen(stem), EXM_STEM_MAX - 1);
        assert_int_equal(strspn(stem, "a"), EXM_STEM_MAX - 1);
    }
}

static void
species_codes(void **state)
{
    static const struct {
        const char *name;
        size_t len;
    } cases[] = {
        {"hsa-miR-1", 3},   {"Hsa-Mir-8-P1_pre", 3},
        {"mdv2-miR-M1", 4}, {"bhv1-mir-B1", 4},
        {"ptvpv2a-miR", 7}, {"abcdefgh-1", 8},
        {"abcdefghi-1", 0}, {"ab-1", 0},
        {"miR-1", 0},       {"MIR-1", 0},
        {"let-7a", 0},      {"lin-4", 0},
        {"pre-1", 0},       {"mirx-1", 4},
        {"1sa-miR-1", 0},   {"h_a-miR-1", 0},
        {"h{a-miR-1", 0},   {"hsa", 0},
        {"hsa_miR", 0},     {"", 0},
        {"-", 0},           {"hsa-", 3},
        {"m-723", 0},       {"h:a-1", 0},
        {"h/a-1", 0},       {"h@a-1", 0},
        {"h`a-1", 0},
    };

    (void) state;
    for (size_t i = 0; i < LEN(cases); i++)
        if (exm_name_code_len(cases[i].name) != cases[i].len)
            fail_msg("'%s': %zu", cases[i].name, exm_name_code_len(cases[i].name));
}

static void
names_are_wanted_by_their_code(void **state)
{
    exm_draft hsa = {.species = "hsa"}, all = {.species = ""};

    (void) state;
    assert_true(exm_draft_is_wanted(&hsa, "hsa-miR-1"));
    assert_true(exm_draft_is_wanted(&hsa, "HSA-miR-1"));
    assert_true(exm_draft_is_wanted(&hsa, "m-723")); /* miRCarta: no code */
    assert_false(exm_draft_is_wanted(&hsa, "mmu-miR-1"));
    assert_false(exm_draft_is_wanted(&hsa, "hsax-miR-1"));
    assert_false(exm_draft_is_wanted(&hsa, "hsv1-miR-H1"));
    assert_true(exm_draft_is_wanted(&all, "mmu-miR-1"));
}

static void
accessions(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {{"MIMAT0000062 Homo sapiens", 12},
                 {"MI0000060", 9},
                 {"MI00060", 7},
                 {"MI0006", 0},
                 {"MIMAT00", 0},
                 {"MIMAT", 0},
                 {"mi0000060", 0},
                 {"MIRNA", 0},
                 {"M", 0},
                 {"", 0},
                 {"MI0000060_2", 9},
                 {"MIMAT00062", 10}};

    (void) state;
    for (size_t i = 0; i < LEN(cases); i++)
        assert_int_equal(exm_name_accession_len(cases[i].text), cases[i].len);
}

static void
keys_are_sorted_and_found(void **state)
{
    exm_key v[] = {{"b", 2}, {"a", 9}, {"b", 1}, {"", 4}, {"c", 0}, {"b", 1}};

    (void) state;
    exm_keys_sort(v, 0);
    exm_keys_sort(v, LEN(v));
    for (size_t i = 1; i < LEN(v); i++) {
        const int c = strcmp(v[i - 1].key, v[i].key);

        assert_true(c < 0 || (c == 0 && v[i - 1].value <= v[i].value));
    }
    assert_int_equal(exm_keys_find(v, LEN(v), "b"), 2); /* the first of them */
    assert_int_equal(exm_keys_find(v, LEN(v), ""), 0);
    assert_int_equal(exm_keys_find(v, LEN(v), "c"), 5);
    assert_int_equal(exm_keys_find(v, LEN(v), "aa"), LEN(v));
    assert_int_equal(exm_keys_find(v, LEN(v), "d"), LEN(v));
    assert_int_equal(exm_keys_find(v, 0, "b"), 0);
}

static void
clades_of_codes(void **state)
{
    (void) state;
    assert_string_equal(exm_clade_of_code("hsa", 3), "primates");
    assert_string_equal(exm_clade_of_code("HSA-miR", 3), "primates");
    assert_string_equal(exm_clade_of_code("cel", 3), "nematodes");
    assert_string_equal(exm_clade_of_code("ptvpv2a", 7), "viruses");
    assert_null(exm_clade_of_code("xyz", 3));
    assert_null(exm_clade_of_code("hs", 2));
    assert_null(exm_clade_of_code("hsa mml", 7)); /* no two codes */
    assert_null(exm_clade_of_code("", 0));
    assert_null(exm_clade_of_code("abcdefghijklmnopq", 17));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arms_and_stems),
        cmocka_unit_test(species_codes),
        cmocka_unit_test(names_are_wanted_by_their_code),
        cmocka_unit_test(accessions),
        cmocka_unit_test(keys_are_sorted_and_found),
        cmocka_unit_test(clades_of_codes),
    };
    return cmocka_run_group_tests_name("ref_name", tests, NULL, NULL);
}
