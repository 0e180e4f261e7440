/* test_fasta.c - tests of exomir/fasta.h */
#include "exomir/fasta.h"
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
parse(const char *text, exm_fasta **ret, exm_error *err)
{
    return exm_fasta_parse(text, strlen(text), "x.fa", ret, err);
}

static void
every_legal_form_gives_the_same_entries(void **state)
{
    static const char *const same[] = {
        ">a one two\nACGT\nAC\n>b\nTTNN\n",
        ">a one two\r\nACGT\r\nAC\r\n>b\r\nTTNN\r\n",    /* CRLF */
        ">a one two\nACGTAC\n>b\nTTNN",                  /* no final newline */
        "\n\n>a one two\n\nacg\nuac\n\n\n>b\nuury\n\n",  /* blanks, lower case, U, IUPAC */
        "\xEF\xBB\xBF>a\tone two \nACGTAC\n>b \nTT._\n", /* BOM, tab, tRNAdb's unknowns */
    };

    (void) state;
    for (size_t i = 0; i < LEN(same); i++) {
        exm_fasta *f = NULL;
        exm_error err = {0};
        const exm_fasta_entry *e;

        assert_int_equal(parse(same[i], &f, &err), EXM_OK);
        assert_int_equal(exm_fasta_count(f), 2);
        e = exm_fasta_get(f, 0);
        assert_string_equal(e->id, "a");
        assert_string_equal(e->description, "one two");
        assert_string_equal(e->seq, "ACGTAC");
        assert_int_equal(e->len, 6);
        e = exm_fasta_get(f, 1);
        assert_string_equal(e->id, "b");
        assert_string_equal(e->description, "");
        assert_string_equal(e->seq, "TTNN");
        assert_int_equal(e->len, 4);
        assert_null(exm_fasta_get(f, 2));
        exm_fasta_free(f);
    }
}

static void
lines_are_those_of_the_headers(void **state)
{
    exm_fasta *f = NULL;

    (void) state;
    assert_int_equal(parse("\n>a\nAC\n\nGT\n>b\nA\n", &f, NULL), EXM_OK);
    assert_int_equal(exm_fasta_get(f, 0)->line, 2);
    assert_int_equal(exm_fasta_get(f, 1)->line, 6);
    exm_fasta_free(f);
}

static void
damage_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "x.fa: the file is empty"},
        {"\n\n", "x.fa: the file is empty"},
        {"ACGT\n", "line 1: text before the first '>': this is no FASTA file"},
        {"\n@r1\nACGT\n+\nIIII\n",
         "line 2: text before the first '>'; this looks like FASTQ"},
        {">\nACGT\n", "line 1: '>' without a name"},
        {"> a\nACGT\n", "line 1: '>' without a name"},
        {">a\n>b\nAC\n", "line 1: 'a' has no sequence"},
        {">a\nAC\n>b\n", "line 3: 'b' has no sequence (file cut short?)"},
        {">a\nAC\n>b\nAC\n>a\nGG\n", "line 5: 'a' is there already, on line 1"},
        {">a\nAC\nAXG\n", "line 3: 'X' is no base"},
        {">a\nAC-GT\n", "aligned sequences need their gaps removed"},
        {">a\nACGT\n+\nIIII\n",
         "line 3: '+' is no base (IUPAC DNA or RNA letter); is this a FASTQ"},
        {">a\nAC GT\n", "line 2: ' ' is no base"},
        {">a\nAC\xC3\xA4\n", "line 2: byte 0xC3 is no base"},
        {">a\x01x\nAC\n", "line 1: control byte 0x01 in a name"},
        {">a \x7fx\nAC\n", "line 1: control byte 0x7F in a name"},
        {">\ta\nAC\n", "line 1: '>' without a name"},
        {">a\nA\x01G\n", "line 2: byte 0x01 is no base"},
        {">a\nA~G\n", "aligned sequences need their gaps removed"},
        {">a\nACGT\n@b\nACGT\n",
         "'@' is no base (IUPAC DNA or RNA letter); is this a FASTQ"},
    };

    (void) state;
    for (size_t i = 0; i < LEN(bad); i++) {
        exm_fasta *f = NULL;
        exm_error err = {0};

        assert_int_equal(parse(bad[i].text, &f, &err), EXM_EDATA);
        assert_null(f);
        if (!strstr(err.msg, bad[i].says))
            fail_msg("'%s' lacks '%s'", err.msg, bad[i].says);
        assert_non_null(strstr(err.msg, "x.fa"));
    }
}

static void
a_nul_is_found_wherever_it_stands(void **state)
{
    char text[] = ">ab cd\nACGT\n>e\nGG\n";
    const size_t n = sizeof text - 1;

    (void) state;
    for (size_t i = 0; i < n; i++) {
        const char c = text[i];
        exm_fasta *f = NULL;

        text[i] = '\0';
        assert_int_equal(exm_fasta_parse(text, n, "x.fa", &f, NULL), EXM_EDATA);
        assert_null(f);
        text[i] = c;
    }
    {
        exm_fasta *f = NULL; /* negative control */

        assert_int_equal(exm_fasta_parse(text, n, "x.fa", &f, NULL), EXM_OK);
        exm_fasta_free(f);
    }
}

static void
files_are_read_and_absent_ones_named(void **state)
{
    char path[] = "/tmp/exm_fasta_XXXXXX";
    const int fd = mkstemp(path);
    static const char text[] = ">a\nACGU\n";
    exm_fasta *f = NULL;
    exm_error err = {0};

    (void) state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    assert_int_equal(exm_fasta_read(path, &f, &err), EXM_OK);
    assert_string_equal(exm_fasta_get(f, 0)->seq, "ACGT");
    exm_fasta_free(f);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(exm_fasta_read(path, &f, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, path));
    assert_int_equal(exm_fasta_read(NULL, &f, NULL), EXM_EINVAL);
    assert_int_equal(exm_fasta_read(path, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_fasta_parse(NULL, 1, "x", &f, NULL), EXM_EINVAL);
    assert_int_equal(exm_fasta_parse(">a\nA\n", 5, NULL, &f, NULL), EXM_EINVAL);
    assert_int_equal(exm_fasta_parse(">a\nA\n", 5, "x", NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_fasta_parse(NULL, 0, "x", &f, NULL), EXM_EDATA);
    exm_fasta_free(NULL);
}

static void
standard_input_is_named(void **state)
{
    static const char good[] = ">a\nAC\n", bad[] = ">a\nA!\n";
    const int saved = dup(STDIN_FILENO);
    exm_fasta *f = NULL;
    exm_error err = {0};

    (void) state;
    for (int turn = 0; turn < 2; turn++) {
        int fd[2];

        assert_int_equal(pipe(fd), 0);
        assert_int_equal(write(fd[1], turn ? bad : good, 6), 6);
        assert_int_equal(close(fd[1]), 0);
        assert_true(dup2(fd[0], STDIN_FILENO) >= 0);
        assert_int_equal(exm_fasta_read("-", &f, &err), turn ? EXM_EDATA : EXM_OK);
        (void) close(fd[0]);
    }
    assert_non_null(strstr(err.msg, "standard input: line 2: '!' is no base"));
    assert_string_equal(exm_fasta_get(f, 0)->seq, "AC");
    exm_fasta_free(f);
    (void) dup2(saved, STDIN_FILENO);
    (void) close(saved);
}

static void
each_allocation_can_fail(void **state)
{
    (void) state;
    for (int k = 0;; k++) {
        exm_fasta *f = NULL;
        exm_error err = {0};
        exm_status s;

        oom_arm(k);
        s = parse(">a\nAC\n>b\nGG\n", &f, &err);
        if (!oom_fired()) {
            oom_arm(-1);
            assert_int_equal(s, EXM_OK);
            exm_fasta_free(f);
            assert_true(k >= 3);
            break;
        }
        assert_int_equal(s, EXM_ENOMEM);
        assert_null(f);
    }
    oom_arm(-1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_legal_form_gives_the_same_entries),
        cmocka_unit_test(lines_are_those_of_the_headers),
        cmocka_unit_test(damage_is_refused_with_its_place),
        cmocka_unit_test(a_nul_is_found_wherever_it_stands),
        cmocka_unit_test(files_are_read_and_absent_ones_named),
        cmocka_unit_test(standard_input_is_named),
        cmocka_unit_test(each_allocation_can_fail),
    };
    return cmocka_run_group_tests_name("fasta", tests, NULL, NULL);
}
