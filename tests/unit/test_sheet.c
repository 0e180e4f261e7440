/* test_sheet.c - tests of exomir/sheet.h */
#include "exomir/sheet.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static exm_status
parse(const char *text, exm_sheet **ret, exm_error *err)
{
    return exm_sheet_parse(text, strlen(text), "s.csv", "data", ret, err);
}

static void
samples_are_sorted_and_lanes_keep_their_order(void **state)
{
    static const char text[] = "batch,sample,fastq_1,fastq_2,patient,kit\n"
                               "b1,P2,z.fq.gz,,anna,qiaseq\n"
                               "b1,P10,/abs/x.fq,,bert,\n"
                               ",P2,a.fq.gz,,,\n";
    exm_sheet *s = NULL;
    exm_error err = {0};
    const exm_sheet_sample *p10, *p2;

    (void) state;
    assert_int_equal(parse(text, &s, &err), EXM_OK);
    assert_int_equal(exm_sheet_count(s), 2);
    p10 = exm_sheet_get(s, 0);
    p2 = exm_sheet_get(s, 1);
    assert_null(exm_sheet_get(s, 2));
    assert_string_equal(p10->id, "P10"); /* byte order */
    assert_int_equal(p10->n_paths, 1);
    assert_string_equal(p10->paths[0], "/abs/x.fq");
    assert_string_equal(p10->kit, "");
    assert_int_equal(p10->line, 3);
    assert_string_equal(p2->id, "P2");
    assert_int_equal(p2->n_paths, 2);
    assert_string_equal(p2->paths[0], "data/z.fq.gz"); /* the sheet's order, not by name */
    assert_string_equal(p2->paths[1], "data/a.fq.gz");
    assert_string_equal(p2->kit, "qiaseq");
    assert_int_equal(p2->line, 2);

    assert_int_equal(exm_sheet_columns(s), 2);
    assert_string_equal(exm_sheet_column(s, 0), "batch");
    assert_string_equal(exm_sheet_column(s, 1), "patient");
    assert_null(exm_sheet_column(s, 2));
    assert_string_equal(p2->cells[0], "b1"); /* filled from the other lane */
    assert_string_equal(p2->cells[1], "anna");
    assert_string_equal(p10->cells[1], "bert");
    exm_sheet_free(s);
    exm_sheet_free(NULL);
}

static void
folders_are_joined(void **state)
{
    static const struct {
        const char *folder, *file, *path;
    } cases[] = {
        {"", "a.fq", "a.fq"},
        {".", "a.fq", "a.fq"},
        {"x/y", "../a.fq", "x/y/../a.fq"},
        {"x", "/r/a.fq", "/r/a.fq"},
        {"/.", "a.fq", "/./a.fq"},
    };

    (void) state;
    for (size_t i = 0; i < LEN(cases); i++) {
        char text[128];
        exm_sheet *s = NULL;

        (void) snprintf(text, sizeof text, "sample\tfastq_1\nA\t%s\n", cases[i].file);
        assert_int_equal(
            exm_sheet_parse(text, strlen(text), "s.tsv", cases[i].folder, &s, NULL),
            EXM_OK);
        assert_string_equal(exm_sheet_get(s, 0)->paths[0], cases[i].path);
        assert_int_equal(exm_sheet_columns(s), 0);
        exm_sheet_free(s);
    }
}

/* ---- moments: the parser against a definition by tables of days ---- */

static int
accepted(const char *collected)
{
    char text[256];
    exm_sheet *s = NULL;
    exm_status st;

    (void) snprintf(text, sizeof text, "sample,fastq_1,collected\nA,a.fq,%s\n", collected);
    st = parse(text, &s, NULL);
    assert_true(st == EXM_OK || st == EXM_EDATA);
    assert_true((st == EXM_OK) == (s != NULL));
    exm_sheet_free(s);
    return st == EXM_OK;
}

static void
moments_need_a_time_and_an_offset(void **state)
{
    static const char *const good[] = {
        "",
        "2024-03-01T09:30+01:00",
        "2024-02-29T23:59:60Z",
        "1999-12-31T00:00:00.123456-11:30",
        "2000-02-29T12:00Z",
    };
    static const char *const bad[] = {
        "2024-03-01",             /* no time */
        "2024-03-01T09:30",       /* no offset */
        "2024-03-01 09:30+01:00", /* blank for T */
        "2023-02-29T09:30Z",      /* no leap year */
        "1900-02-29T09:30Z",      /* nor this century */
        "2024-00-10T09:30Z",
        "2024-13-10T09:30Z",
        "2024-04-31T09:30Z",
        "2024-04-00T09:30Z",
        "2024-04-01T24:00Z",
        "2024-04-01T09:60Z",
        "2024-04-01T09:30:61Z",
        "2024-04-01T09:30:.5Z",
        "2024-04-01T09:30:10.Z",
        "2024-04-01T09:30+0100",
        "2024-04-01T09:30+15:00",
        "2024-04-01T09:30+01:60",
        "2024-04-01T09:30z",
        "01.03.2024 09:30",
        "24-03-01T09:30+01:00",
        "2a24-03-01T09:30+01:00",
        "/024-03-01T09:30+01:00",
        "20:4-03-01T09:30+01:00",
        "202/-03-01T09:30+01:00",
        "2024/03-01T09:30+01:00",
        "2024-03/01T09:30+01:00",
        "2024-03-01T09.30+01:00",
        "2024-03-01T25:30+01:00",
        "2024-03-01T09:30+01.00",
        "2024-03-01T09:30+01:000",
        "2024-03-01T09:30 01:00",
        "2024-03-01T9:30+01:00",
    };

    (void) state;
    for (size_t i = 0; i < LEN(good); i++) assert_true(accepted(good[i]));
    for (size_t i = 0; i < LEN(bad); i++) assert_false(accepted(bad[i]));
    for (int year = 1896; year <= 2004; year += 4) {
        const int leap = year != 1900; /* the one century among them */
        char text[32];

        (void) snprintf(text, sizeof text, "%d-02-29T00:00Z", year);
        assert_int_equal(accepted(text), leap);
    }
}

/* ---- refusals: what is said ---- */

static void
mistakes_are_told_with_line_and_cause(void **state)
{
    static const struct {
        const char *text;
        const char *word[3]; /* each must stand in the message */
    } cases[] = {
        {"name,fastq_1\nA,a.fq\n", {"s.csv", "'sample'", "sample,fastq_1"}},
        {"sample,file\nA,a.fq\n", {"s.csv", "'fastq_1'", "sample,fastq_1"}},
        {"sample,fastq_1,mirna\nA,a.fq,1\n", {"s.csv", "'mirna'", "rename"}},
        {"sample,fastq_1\n", {"s.csv", "no samples", ""}},
        {"sample,fastq_1\nA,a.fq\n,b.fq\n", {"line 3", "'sample'", "empty"}},
        {"sample,fastq_1\nA,\n", {"line 2", "'fastq_1'", "empty"}},
        {"sample,fastq_1\nA B,a.fq\n", {"line 2", "'A B'", "letters"}},
        {"sample,fastq_1\n../A,a.fq\n", {"line 2", "'../A'", "letters"}},
        {"sample,fastq_1\nA,-\n", {"line 2", "standard input", ""}},
        {"sample,fastq_1,fastq_2\nA,a.fq,b.fq\n", {"line 2", "fastq_2", "first read"}},
        {"sample,fastq_1\nA,a.fq\nB,b.fq\nA,a.fq\n", {"lines 2 and 4", "a.fq", "twice"}},
        {"sample,fastq_1\nA,a.fq\nB,a.fq\n", {"lines 2 and 3", "a.fq", "twice"}},
        {"sample,fastq_1,fluid\nA,a.fq,plasma\nA,b.fq,serum\n",
         {"lines 2 and 3", "fluid 'plasma'", "'serum'"}},
        {"sample,fastq_1,kit\nA,a.fq,truseq\nA,b.fq,qiaseq\n",
         {"lines 2 and 3", "kit 'truseq'", "'qiaseq'"}},
        {"sample,fastq_1,kit\nA,a.fq,trueseq\n", {"line 2", "'kit'", "truseq"}},
        {"sample,fastq_1,kit\nA,a.fq,\"insert,QQQ\"\n", {"line 2", "'kit'", ""}},
        {"sample,fastq_1,collected\nA,a.fq,2024-03-01\n",
         {"line 2", "collected", "offset"}},
        {"sample,fastq_1,collected\nA,a.fq,yesterday\n",
         {"line 2", "'yesterday'", "ISO 8601"}},
        {"sample,fastq_1,collected\nA,a.fq,2024-13-01\n", {"line 2", "ISO 8601", ""}},
        {"sample,fastq_1,input_volume_ml\nA,a.fq,1e9\n", {"line 2", "'1e9'", "> 0"}},
        {"sample,fastq_1,note\nA,a.fq,\x7f\n", {"line 2", "note", "control"}},
        {"sample,fastq_1,input_volume_ml\nA,a.fq,\"0,5\"\n", {"line 2", "'0,5'", "0.5"}},
        {"sample,fastq_1,input_volume_ml\nA,a.fq,0\n", {"line 2", "'0'", "> 0"}},
        {"sample,fastq_1,input_volume_ml\nA,a.fq,NA\n", {"line 2", "'NA'", "> 0"}},
        {"sample,fastq_1,note\nA,a.fq,\"two\nlines\"\n", {"line 2", "note", "line break"}},
        {"sample,fastq_1,note\nA,a.fq,\"a\tb\"\n", {"line 2", "note", "tab"}},
        {"sample,fastq_1,\"a\nb\"\nA,a.fq,\n", {"column 3", "line break", ""}},
        {"sample,fastq_1,note\nA,a.fq,=1+1\n", {"line 2", "'=1+1'", "formula"}},
        {"sample,fastq_1,note\nA,a.fq,@SUM(A1)\n", {"line 2", "note", "formula"}},
        {"sample,fastq_1,note\nA,a.fq,-2+3+cmd|' /C calc'!A0\n",
         {"line 2", "note", "formula"}},
        {"sample,fastq_1,note\nA,a.fq,\"+HYPERLINK(\"\"x\"\")\"\n",
         {"line 2", "note", "formula"}},
        {"sample,fastq_1,=1\nA,a.fq,2\n", {"column 3", "'=1'", "formula"}},
    };

    (void) state;
    for (size_t i = 0; i < LEN(cases); i++) {
        exm_sheet *s = NULL;
        exm_error err = {0};

        assert_int_equal(parse(cases[i].text, &s, &err), EXM_EDATA);
        assert_null(s);
        for (size_t k = 0; k < 3; k++)
            if (!strstr(err.msg, cases[i].word[k]))
                fail_msg("case %zu: '%s' lacks '%s'", i, err.msg, cases[i].word[k]);
    }
}

static void
layouts_volumes_and_unknown_columns_are_taken(void **state)
{
    static const char text[] =
        "sample,fastq_1,kit,input_volume_ml,colour,nta\n"
        "A,a.fq,\"N4,insert,N4,TGGAATTCTCGGGTGCCAAGG\",0.5,red,n.csv\n"
        "B,b.fq,auto,,,\n"
        "C,=c.fq,auto,1e1,-80C,+/-\n"; /* words; a file has any name */
    exm_sheet *s = NULL;

    (void) state;
    assert_int_equal(parse(text, &s, NULL), EXM_OK);
    assert_int_equal(exm_sheet_columns(s), 3);
    assert_string_equal(exm_sheet_column(s, 1), "colour");
    assert_string_equal(exm_sheet_get(s, 0)->cells[1], "red");
    assert_string_equal(exm_sheet_get(s, 0)->kit, "N4,insert,N4,TGGAATTCTCGGGTGCCAAGG");
    assert_string_equal(exm_sheet_get(s, 1)->kit, "auto");
    exm_sheet_free(s);
}

static void
files_are_read_from_their_folder(void **state)
{
    char dir[] = "/tmp/exomir_sheet_XXXXXX", path[64], want[64];
    exm_sheet *s = NULL;
    exm_error err = {0};
    FILE *f;

    (void) state;
    assert_non_null(mkdtemp(dir));
    (void) snprintf(path, sizeof path, "%s/s.csv", dir);
    (void) snprintf(want, sizeof want, "%s/a.fq", dir);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(fputs("sample,fastq_1\r\nA,a.fq", f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(exm_sheet_read(path, &s, &err), EXM_OK);
    assert_string_equal(exm_sheet_get(s, 0)->paths[0], want);
    exm_sheet_free(s);
    s = NULL;
    assert_int_equal(remove(path), 0);
    assert_int_equal(exm_sheet_read(path, &s, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "s.csv"));
    assert_null(s);
    assert_int_equal(rmdir(dir), 0);
}

static void
memory_failures_are_told(void **state)
{
    static const char text[] = "sample,fastq_1,kit,batch\nB,b.fq,truseq,1\nA,a.fq,,2\n";
    exm_sheet *none = NULL;
    int k;

    (void) state;
    assert_int_equal(exm_sheet_parse(NULL, 1, "s", "", &none, NULL), EXM_EINVAL);
    assert_int_equal(exm_sheet_parse(text, 1, NULL, "", &none, NULL), EXM_EINVAL);
    assert_int_equal(exm_sheet_parse(text, 1, "s", NULL, &none, NULL), EXM_EINVAL);
    assert_int_equal(exm_sheet_parse(text, 1, "s", "", NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_sheet_parse(NULL, 0, "s", "", &none, NULL), EXM_EDATA);
    assert_int_equal(exm_sheet_read(NULL, &none, NULL), EXM_EINVAL);
    assert_int_equal(exm_sheet_read("s", NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_sheet_read("no-such-sheet.csv", &none, NULL), EXM_EIO);
    oom_arm(0);
    assert_int_equal(exm_sheet_read("no-such-sheet.csv", &none, NULL), EXM_ENOMEM);
    oom_arm(-1);
    assert_null(none);
    for (k = 0; k < 200; k++) {
        exm_sheet *s = NULL;
        exm_status st;

        oom_arm(k);
        st = parse(text, &s, NULL);
        if (!oom_fired()) {
            assert_int_equal(st, EXM_OK);
            exm_sheet_free(s);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
        assert_null(s);
    }
    oom_arm(-1);
    assert_in_range(k, 8, 199); /* the loop met failures, and an end */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_sorted_and_lanes_keep_their_order),
        cmocka_unit_test(folders_are_joined),
        cmocka_unit_test(moments_need_a_time_and_an_offset),
        cmocka_unit_test(mistakes_are_told_with_line_and_cause),
        cmocka_unit_test(layouts_volumes_and_unknown_columns_are_taken),
        cmocka_unit_test(files_are_read_from_their_folder),
        cmocka_unit_test(memory_failures_are_told),
    };
    return cmocka_run_group_tests_name("sheet", tests, NULL, NULL);
}
