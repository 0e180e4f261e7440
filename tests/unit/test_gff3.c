/* test_gff3.c - tests of src/ref/gff3.h (private) */
#include "oom.h"
#include "ref/gff3.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static exm_status
parse(const char *text, exm_gff3 **ret, exm_error *err)
{
    return exm_gff3_parse(text, strlen(text), "x.gff3", ret, err);
}

static void
rows_of_each_database_are_read(void **state)
{
    static const char text[] =
        "##gff-version 3\n"
        "# a comment\n"
        "chr1\t.\tmiRNA_primary_transcript\t17\t86\t.\t-\t.\tID=MI1;Alias=MI1;Name=hsa-mir-"
        "1\r\n"
        "chr1\t.\tgene\t1\t2\t.\t+\t.\tanything goes=here\n"
        "chr1\t.\tmiRNA\t20\t41\t.\t-\t.\tID=MIMAT1;Name=hsa-miR-1-5p;Derives_from=MI1\n"
        "\n"
        "chr2\t.\tpre_miRNA\t1\t60\t.\t+\t.\tID=Hsa-Mir-8_pre;Alias=MI0000342,x\n"
        "chr2\t.\tmiRNA\t1\t22\t.\t?\t.\tID=a%20b%3Bc%2C;Parent=p;Derives_from=d;Parent=q;"
        "\n"
        "##FASTA\n>not\tread\n";
    exm_gff3 *g = NULL;
    exm_error err = {0};
    const exm_gff3_row *r;

    (void) state;
    assert_int_equal(parse(text, &g, &err), EXM_OK);
    assert_int_equal(exm_gff3_count(g), 4);
    r = exm_gff3_get(g, 0);
    assert_int_equal(r->kind, EXM_GFF3_HAIRPIN);
    assert_string_equal(r->seqid, "chr1");
    assert_int_equal(r->start, 17);
    assert_int_equal(r->end, 86);
    assert_int_equal(r->strand, '-');
    assert_string_equal(r->id, "MI1");
    assert_string_equal(r->name, "hsa-mir-1"); /* no CR */
    assert_string_equal(r->parent, "");
    assert_int_equal(r->line, 3);
    r = exm_gff3_get(g, 1);
    assert_int_equal(r->kind, EXM_GFF3_MATURE);
    assert_string_equal(r->parent, "MI1");
    r = exm_gff3_get(g, 2);
    assert_int_equal(r->kind, EXM_GFF3_HAIRPIN);
    assert_string_equal(r->name, "Hsa-Mir-8_pre"); /* the ID stands in */
    assert_string_equal(r->alias, "MI0000342,x");
    r = exm_gff3_get(g, 3);
    assert_string_equal(r->id, "a b;c,");
    assert_string_equal(r->parent, "d"); /* Derives_from beats Parent, before or after */
    assert_null(exm_gff3_get(g, 4));
    exm_gff3_free(g);
    exm_gff3_free(NULL);
}

#define ROW "chr1\t.\tmiRNA\t20\t41\t.\t-\t.\tID=m\n"

static void
damage_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "holds no miRNA rows"},
        {"##gff-version 3\n", "holds no miRNA rows"},
        {"chr1\t.\tgene\t1\t2\t.\t+\t.\tID=g\n", "holds no miRNA rows"},
        {ROW "chr\x0f\t.\tmiRNA\t20\t41\t.\t-\t.\tID=m\n", "line 2: the name of the chrom"},
        {"\t.\tmiRNA\t20\t41\t.\t-\t.\tID=m\n", "line 1: the name of the chromosome"},
        {ROW "chr1\t.\tmiRNA\t20\t4", "line 2: 9 tab-separated columns expected (file cut"},
        {"chr1\t.\tmiRNA\t20\t41\t.\t-\t.\tID=m\tx\n", "line 1: more than 9 tab-separated"},
        {"\n>a\nACGT\n", "line 2: 9 tab-separated columns expected: this is FASTA"},
        {"chr1 . miRNA 20 41 . - . ID=m\n", "line 1: 9 tab-separated columns expected"},
        {ROW ROW "chr1\t.\tmiRNA\t42\t41\t.\t-\t.\tID=m\n",
         "line 3: start 42 is after end 41"},
        {"chr1\t.\tmiRNA\t0\t41\t.\t-\t.\tID=m\n", "start '0' is no position"},
        {"chr1\t.\tmiRNA\t-5\t41\t.\t-\t.\tID=m\n", "start '-5' is no position"},
        {"chr1\t.\tmiRNA\t1\t99999999999999999999\t.\t-\t.\tID=m\n", "is no position"},
        {"chr1\t.\tmiRNA\t1\t1099511627777\t.\t-\t.\tID=m\n", "is no position"},
        {"chr1\t.\tgene\tx\t41\t.\t-\t.\tID=m\n", "start 'x' is no position"},
        {"chr1\t.\tmiRNA\t1\t4\t.\tplus\t.\tID=m\n", "strand 'plus' is none of + - . ?"},
        {"chr1\t.\tmiRNA\t1\t4\t.\t\t.\tID=m\n", "strand '' is none"},
        {"chr1\t.\tmiRNA\t1\t4\t.\t+\t.\tName=a%2;ID=b\n",
         "bad %-escape in attribute Name"},
        {"chr1\t.\tmiRNA\t1\t4\t.\t+\t.\tID=a%00b\n", "bad %-escape in attribute ID"},
        {"chr1\t.\tmiRNA\t1\t4\t.\t+\t.\tID=a%0Ab\n", "bad %-escape"},
        {"chr1\t.\tmiRNA\t1\t4\t.\t+\t.\tID=a%7Fb\n", "bad %-escape"},
        {"chr1\t.\tmiRNA\t1\t4\t.\t+\t.\tID=a%g0b\n", "bad %-escape"},
        {"chr1\t.\tmiRNA\t1\t4\t.\t+\t.\tnote=x\n", "neither ID nor Name"},
        {"chr1\t.\tmiRNA\t1\t4\t.\t+\t.\t.\n", "neither ID nor Name"},
        {"chr1\t.\tmiRNA\t1\t4\t.\t+\t.\tgene_id \"x\"\n",
         "has no '=' (GTF instead of GFF3?)"},
    };

    (void) state;
    for (size_t i = 0; i < LEN(bad); i++) {
        exm_gff3 *g = NULL;
        exm_error err = {0};

        assert_int_equal(parse(bad[i].text, &g, &err), EXM_EDATA);
        assert_null(g);
        if (!strstr(err.msg, bad[i].says))
            fail_msg("'%s' lacks '%s'", err.msg, bad[i].says);
        assert_non_null(strstr(err.msg, "x.gff3"));
    }
    {
        exm_gff3 *g = NULL; /* negative control, and the largest position */

        assert_int_equal(
            parse(ROW "c\t.\tmiRNA\t1\t1099511627776\t.\t.\t.\tID=m\n", &g, NULL), EXM_OK);
        exm_gff3_free(g);
        g = NULL;
        assert_int_equal(exm_gff3_parse(ROW "\0", sizeof ROW, "x.gff3", &g, NULL),
                         EXM_EDATA);
        assert_null(g);
        assert_int_equal(exm_gff3_parse(NULL, 3, "x.gff3", &g, NULL), EXM_EINVAL);
        assert_int_equal(exm_gff3_parse(ROW, 3, NULL, &g, NULL), EXM_EINVAL);
        assert_int_equal(exm_gff3_parse(ROW, 3, "x.gff3", NULL, NULL), EXM_EINVAL);
        assert_int_equal(exm_gff3_parse(NULL, 0, "x.gff3", &g, NULL), EXM_EDATA);
    }
}

/* More rows than the first allocation holds; blanks behind the last column. */
static void
many_rows_are_read(void **state)
{
    static char text[200 * (sizeof ROW + 2)];
    exm_gff3 *g = NULL;

    (void) state;
    for (int i = 0; i < 200; i++)
        strcat(text, i % 2 ? ROW : "c\t\tmiRNA\t1\t2\t\t.\t\tID=m  \n");
    assert_int_equal(parse(text, &g, NULL), EXM_OK);
    assert_int_equal(exm_gff3_count(g), 200);
    assert_string_equal(exm_gff3_get(g, 198)->id, "m");
    assert_int_equal(exm_gff3_get(g, 199)->line, 200);
    exm_gff3_free(g);
    oom_arm(3); /* the second allocation of rows */
    g = NULL;
    assert_int_equal(parse(text, &g, NULL), EXM_ENOMEM);
    oom_arm(-1);
    assert_null(g);
}

static void
each_allocation_can_fail(void **state)
{
    (void) state;
    for (int k = 0;; k++) {
        exm_gff3 *g = NULL;
        exm_status s;

        oom_arm(k);
        s = parse(ROW ROW, &g, NULL);
        if (!oom_fired()) {
            oom_arm(-1);
            assert_int_equal(s, EXM_OK);
            exm_gff3_free(g);
            assert_int_equal(k, 3); /* the object, its text, its rows */
            break;
        }
        assert_int_equal(s, EXM_ENOMEM);
        assert_null(g);
    }
    oom_arm(-1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_each_database_are_read),
        cmocka_unit_test(damage_is_refused_with_its_line),
        cmocka_unit_test(many_rows_are_read),
        cmocka_unit_test(each_allocation_can_fail),
    };
    return cmocka_run_group_tests_name("gff3", tests, NULL, NULL);
}
