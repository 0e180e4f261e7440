/* test_ref_database.c - tests of src/ref/ref_database.c: which database the miRNAs are from. */
#include "ref/ref_draft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void
what_the_user_says_is_a_short_plain_name(void **state)
{
    static const char too_long[] = "a long name of a data base that nobody has "
                                   "the patience to read";
    static const char *const bad[] = {"",    "  ",        "a;b", "a\tb",  "a=b",
                                      "a,b", "miRBase\n", "é",   too_long};
    exm_draft d = {0};
    exm_error err = {0};

    (void) state;
    assert_int_equal(exm_draft_set_database(&d, NULL, NULL), EXM_OK);
    assert_string_equal(d.database, "");
    assert_int_equal(exm_draft_set_database(&d, "  our_DB 3.1+ ", NULL), EXM_OK);
    assert_string_equal(d.database, "our_DB 3.1+");
    for (size_t i = 0; i < LEN(bad); i++) {
        assert_int_equal(exm_draft_set_database(&d, bad[i], &err), EXM_EDATA);
        assert_string_equal(d.database, "our_DB 3.1+");
    }
    assert_non_null(strstr(err.msg, "miRBase v22"));
}

static void
the_head_of_a_gff3_names_it(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"##gff-version 3\n##date 2018-3-5\n#\n# microRNAs:               miRBase v22\n#\n",
         "miRBase v22"},
        {"##gff-version 3\n# microRNAs:    MirGeneDB v2.0\r\n# genome-build-id:  hg38\r\n",
         "MirGeneDB v2.0"},
        {"#microRNAs:x", "x"},
        {"\n\n# microRNAs: a\n# microRNAs: b\n", "a"},
        {"# microRNAs:\n# microRNAs: b\n", "b"},
        {"# microRNAs: a\tb\n", ""},
        {"##gff-version 3\n#\n# genome-build: GRCh38.p10\n", ""},
        {"1\t.\tmiRNA\n# microRNAs: late\n", ""},
        {"# the microRNAs: x\n", ""},
        {"# microRNAs", ""},
        {"#", ""},
        {"", ""},
    };

    (void) state;
    for (size_t i = 0; i < LEN(cases); i++) {
        exm_draft d = {0};

        exm_draft_database_of_gff(&d, cases[i].text, strlen(cases[i].text));
        if (strcmp(d.database, cases[i].want) != 0)
            fail_msg("'%s' of '%s'", d.database, cases[i].text);
    }
}

static void
files_are_called_after_it(void **state)
{
    static const struct {
        const char *file, *want;
    } cases[] = {
        {"hsa_matures_miRBase_v22.fa", "miRBase v22"},
        {"hsa_miRgeneDB_v2.gff3", "MirGeneDB v2"},
        {"MIRGENEDB-2.1.fa.gz", "MirGeneDB v2.1"},
        {"hsa_hairpins_miRCarta_v1.1.fa", "miRCarta v1.1"},
        {"mirbase22.1.fa", "miRBase v22.1"},
        {"mirbase.fa", "miRBase"},
        {"mirbase_v.fa", "miRBase"},
        {"mirbase12345678901.fa", "miRBase"}, /* no version */
        {"mature.fa", ""},
        {"mirbas_v22.fa", ""},
        {"", ""},
    };

    (void) state;
    for (size_t i = 0; i < LEN(cases); i++) {
        exm_draft_source source = {.role = "mature", .file = cases[i].file};
        exm_draft d = {.source = &source, .n_sources = 1};

        exm_draft_find_database(&d);
        if (strcmp(d.database, cases[i].want) != 0)
            fail_msg("'%s' of '%s'", d.database, cases[i].file);
        assert_int_equal(d.log.notes.len > 0, cases[i].want[0] == '\0');
        exm_buf_done(&d.log.notes);
    }
}

static void
what_is_said_wins_over_the_gff_and_that_over_file_names(void **state)
{
    static const char gff[] = "# microRNAs: miRBase v22\n";
    exm_draft_source sources[] = {{.role = "alias", .file = "miRBase_v21.fa"},
                                  {.role = "mature", .file = "mature.fa"},
                                  {.role = "hairpin", .file = "miRCarta_v1.fa"},
                                  {.role = "gff", .file = "MirGeneDB_v2.gff3"}};
    exm_draft d = {.source = sources, .n_sources = LEN(sources)};

    (void) state;
    exm_draft_find_database(&d);
    assert_string_equal(d.database, "MirGeneDB v2");
    d.n_sources = 3;
    d.database[0] = '\0';
    exm_draft_find_database(&d);
    assert_string_equal(d.database, "miRCarta v1");
    d.n_sources = 2; /* other names say nothing of these */
    d.database[0] = '\0';
    exm_draft_find_database(&d);
    assert_string_equal(d.database, "");
    exm_draft_database_of_gff(&d, gff, strlen(gff));
    exm_draft_find_database(&d);
    assert_string_equal(d.database, "miRBase v22");
    assert_int_equal(exm_draft_set_database(&d, "mine", NULL), EXM_OK);
    exm_draft_database_of_gff(&d, gff, strlen(gff));
    exm_draft_find_database(&d);
    assert_string_equal(d.database, "mine");
    exm_buf_done(&d.log.notes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_user_says_is_a_short_plain_name),
        cmocka_unit_test(the_head_of_a_gff3_names_it),
        cmocka_unit_test(files_are_called_after_it),
        cmocka_unit_test(what_is_said_wins_over_the_gff_and_that_over_file_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
