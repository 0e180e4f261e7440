/*
 * test_known.c - tests of exomir/known.h
 *
 * Two hairpins, one on each strand, whose places are known; every line of a VCF is worked out
 * by hand, or by walking the genome base by base.
 */
#include "exomir/known.h"
#include "exomir/rng.h"
#include "oom.h"
#include "packed.h"
#include "small_ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* x-mir-1 at chr2:1001-1062 (+), its mature at base 8; x-mir-2 at chr7:501-566 (-). */
#define PLUS  "AGTAAACCTTTCCTCATGCAATTCAAAACCATTTTACGGAGGATATGTCCGTAATGTAGGCG"
#define MINUS "CCCCCTTACCTCCTTATTCAGGACCTAACCTAAAAGCTGTTGCATGAGGTAAACCAGGTCTCTCCG"

#define HEAD "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
#define REST "\t.\tPASS\t.\n"

static const struct small_texts texts = {
    .hairpin = ">x-mir-1\n" PLUS "\n>x-mir-2\n" MINUS "\n",
    .mature = ">x-miR-1-5p\nTTTCCTCATGCAATTCAAAACC\n>x-miR-2-5p\nCCTCCTTATTCAGGACCTAACC\n",
    .gff = "chr2\t.\tmiRNA_primary_transcript\t1001\t1062\t.\t+\t.\tID=a;Name=x-mir-1\n"
           "chr2\t.\tmiRNA\t1009\t1030\t.\t+\t.\tID=b;Name=x-miR-1-5p;Derives_from=a\n"
           "chr7\t.\tmiRNA_primary_transcript\t501\t566\t.\t-\t.\tID=c;Name=x-mir-2\n"
           "chr7\t.\tmiRNA\t537\t558\t.\t-\t.\tID=d;Name=x-miR-2-5p;Derives_from=c\n"};

static struct small_ref small;

static int
set_up(void **state)
{
    (void) state;
    small_ref_build(&texts, &small);
    return exm_ref_n_loci(small.ref) == 2 ? 0 : 1;
}

static int
tear_down(void **state)
{
    (void) state;
    small_ref_done(&small);
    return 0;
}

static exm_known *
parse(const char *text, exm_known_log *log)
{
    exm_known *k = NULL;
    exm_error err = {0};

    if (exm_known_parse(text, strlen(text), "k.vcf", small.ref, &k, log, &err) != EXM_OK)
        fail_msg("%s", err.msg);
    return k;
}

/* "x-miR-1-5p 3 T>G rs1; ..." */
static void
expect(const char *text, const char *want)
{
    exm_known *k = parse(text, NULL);
    char got[1024] = "";

    for (size_t i = 0; i < exm_known_count(k); i++) {
        const exm_known_variant *v = exm_known_get(k, i);

        (void) snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s %u %c>%c %s",
                        i ? "; " : "", exm_ref_entity_get(small.ref, v->entity)->name,
                        v->position, "ACTG"[v->ref], "ACTG"[v->alt], v -> id);
        assert_ptr_equal(exm_known_find(k, v->entity, v->position, v->alt), v);
    }
    assert_string_equal(got, want);
    assert_null(exm_known_get(k, exm_known_count(k)));
    exm_known_free(k);
}

static void
variants_are_lifted_in_the_sense_of_the_mirna(void **state)
{
    (void) state;
    /* chr2:1009 is the mature's first base, T. */
    expect(HEAD "chr2\t1009\trs1\tT\tG" REST, "x-miR-1-5p 1 T>G rs1");
    expect(HEAD "chr2\t1030\trs1\tC\tA" REST, "x-miR-1-5p 22 C>A rs1");
    /* chr7:558 is the first base of miR-2 on the minus strand, C, which is G there. */
    expect(HEAD "chr7\t558\trs2\tG\tA" REST, "x-miR-2-5p 1 C>T rs2");
    expect(HEAD "chr7\t537\trs2\tG\tC" REST, "x-miR-2-5p 22 C>G rs2");
    expect(HEAD "chr7\t552\trs3\tA\tG" REST, "x-miR-2-5p 7 T>C rs3");
    /* On the hairpins, but beside the matures; and beside the hairpins. */
    expect(HEAD "chr2\t1008\trs1\tC\tG" REST "chr7\t559\trs2\tA\tG" REST
                "chr2\t1000\trs3\tA\tG" REST "chr2\t1063\trs4\tA\tG" REST
                "chr7\t500\trs5\tA\tG" REST "chr7\t567\trs6\tA\tG" REST,
           "");
}

static void
alleles_are_taken_base_by_base(void **state)
{
    (void) state;
    expect(HEAD "2\t1009\trs1\tT\tG,A,<DEL>,*" REST, /* in the order of codes */
           "x-miR-1-5p 1 T>A rs1; x-miR-1-5p 1 T>G rs1");
    expect(HEAD "CHR2\t1009\t.\tTTT\tTAC" REST,
           "x-miR-1-5p 2 T>A CHR2:1010:T>A; x-miR-1-5p 3 T>C CHR2:1011:T>C");
    expect(HEAD "chr2\t1009\trs1\tT\tTA" REST "chr2\t1009\trs2\tTT\tT" REST
                "chr2\t1009\trs3\tT\t." REST "chr2\t1009\trs4\tT\tN" REST
                "chr2\t1009\trs5\tN\tA" REST "chr2\t1009\trs6\tT\tG]17:198982]" REST,
           "");
    expect(HEAD "chr2\t1009\trs1\tt\tg" REST, "x-miR-1-5p 1 T>G rs1");
    /* Several ids: the first in byte order. */
    expect(HEAD "chr2\t1009\trs9\tT\tG" REST "chr2\t1009\trs10\tT\tG" REST,
           "x-miR-1-5p 1 T>G rs10");
    /* A long deletion that begins before the hairpin, as far as it is a substitution. */
    expect(HEAD "chr2\t999\trs1\tNNAG\tNNCG" REST, "");
}

static void
files_may_be_packed_and_have_other_line_ends(void **state)
{
    static const char text[] =
        HEAD "chr2\t1009\trs1\tT\tG" REST "chr7\t552\trs3\tA\tG" REST;
    static const char crlf[] = "##fileformat=VCFv4.3\r\n##x\r\n#CHROM\tPOS\tID\r\n"
                               "7\t552\trs3\tA\tG\t.\t.\t.\tGT\t0/1\r\n\r\n"
                               "2\t1009\trs1\tT\tG\t.\t.\t.";
    bytes gz = {0};
    exm_known *a = parse(text, NULL), *b = parse(crlf, NULL), *c = NULL;

    (void) state;
    add_gzip(&gz, text, sizeof text - 1);
    assert_int_equal(exm_known_parse(gz.p, gz.n, "k.gz", small.ref, &c, NULL, NULL),
                     EXM_OK);
    assert_int_equal(exm_known_count(a), 2);
    assert_string_equal(exm_known_sha256(a), exm_known_sha256(b));
    assert_string_equal(exm_known_sha256(a), exm_known_sha256(c));
    exm_known_free(b);
    b = parse(HEAD "chr2\t1009\trs1\tT\tG" REST, NULL);
    assert_string_not_equal(exm_known_sha256(a), exm_known_sha256(b));
    exm_known_free(a);
    exm_known_free(b);
    exm_known_free(c);
    bytes_done(&gz);
}

/* Every place of the genome, every base: found exactly where the hairpins say. */
static void
lifting_equals_a_walk_along_the_genome(void **state)
{
    static const char *const chrom[] = {"chr2", "chr7"};
    static const char complement[] = "TGAC"; /* of A C T G */

    (void) state;
    for (uint32_t locus = 0; locus < 2; locus++) {
        const char *hairpin = locus ? MINUS : PLUS;
        const uint32_t len = (uint32_t) strlen(hairpin), low = locus ? 501 : 1001;

        for (uint32_t pos = low; pos < low + len; pos++) {
            const uint32_t at = locus ? len - 1 - (pos - low) : pos - low;
            const uint32_t code = (uint32_t) (hairpin[at] >> 1) & 3;
            const int on = at >= 8 && at < 30;

            for (uint32_t alt = 0; alt < 4; alt++) {
                char line[200];
                exm_known *k;

                if (alt == code) continue;
                (void) snprintf(line, sizeof line, HEAD "%s\t%u\tid\t%c\t%c" REST,
                                chrom[locus], pos, locus ? complement[code] : "ACTG"[code],
                                locus ? complement[alt] : "ACTG"[alt]);
                k = parse(line, NULL);
                assert_int_equal(exm_known_count(k), on);
                if (on) {
                    const exm_known_variant *v = exm_known_get(k, 0);

                    assert_int_equal(v->entity, locus);
                    assert_int_equal(v->position, at - 8 + 1);
                    assert_int_equal(v->ref, code);
                    assert_int_equal(v->alt, alt);
                    assert_null(exm_known_find(k, locus, v->position, code));
                    assert_null(exm_known_find(k, locus, v->position + 1, alt));
                }
                exm_known_free(k);
            }
        }
    }
    assert_null(exm_known_find(NULL, 0, 1, 2));
}

static void
what_was_read_is_counted(void **state)
{
    exm_known_log log;
    exm_known *k = parse(HEAD "chr1\t1009\t.\tT\tG" REST "chr2\t1009\t.\tT\tG,C" REST
                              "chr2\t1040\t.\tA\tG" REST "chr2\t1041\t.\tT\tA" REST,
                         &log);

    (void) state;
    assert_int_equal(log.lines, 4);
    assert_int_equal(log.on_hairpins, 3);
    assert_int_equal(log.disagreeing, 1); /* 1041 is no T */
    assert_int_equal(log.matures, 2);
    exm_known_free(k);
}

/* ---- refusals ---- */

static void
refused(const char *text, size_t n, const char *says)
{
    exm_known *k = NULL;
    exm_error err = {0};

    assert_int_equal(exm_known_parse(text, n, "k.vcf", small.ref, &k, NULL, &err),
                     EXM_EDATA);
    assert_null(k);
    if (!strstr(err.msg, says)) fail_msg("'%s' lacks '%s'", err.msg, says);
}

static void
what_is_no_vcf_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "is no VCF: it is empty"},
        {"\n\n", "is no VCF: it is empty"},
        {"chr2\t1009\n", "line 1: is no VCF"},
        {"##fileformat=BCF\n", "line 1: is no VCF"},
        {"##fileformat=VCFv4.2\nchr2\t1009\trs1\tT\tG" REST,
         "line 2: comes before the line"},
        {HEAD "chr2\t1009\trs1\tT\tG\t.\tPASS\n", "line 3: fewer than 8 columns"},
        {HEAD "chr2 1009 rs1 T G . PASS .\n", "line 3: fewer than 8 columns"},
        {HEAD "\nchr2\tx\trs1\tT\tG" REST, "line 4: column 2 is no position"},
        {HEAD "chr2\t-5\trs1\tT\tG" REST, "column 2 is no position"},
        {HEAD "chr2\t\trs1\tT\tG" REST, "column 2 is no position"},
        /* Three of three bases are others: hg19 on hg38. */
        {HEAD "chr2\t1009\t.\tA\tG" REST "chr2\t1010\t.\tA\tG" REST
              "chr2\t1011\t.\tA\tG" REST,
         "at 3 of 3 places REF is not the base of the hairpin"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refused(bad[i].text, strlen(bad[i].text), bad[i].says);
    refused(HEAD "chr2\t1009\trs\0001\tT\tG" REST, sizeof HEAD + 25, "line 3: holds a NUL");
}

/* Lines longer than what is kept: genotypes cost nothing, and no allele is so long. */
static void
long_lines_are_no_trouble(void **state)
{
    enum { LONG = 200000 };
    exm_buf b = {0};
    exm_known_log log;
    exm_known *k;

    (void) state;
    exm_buf_puts(&b, HEAD "chr2\t1009\trs1\tT\tG\t.\tPASS\t.\tGT");
    for (int i = 0; i < LONG; i++) exm_buf_puts(&b, "\t0|1");
    exm_buf_puts(&b, "\nchr2\t1010\trs2\tT\t");
    for (int i = 0; i < LONG; i++) exm_buf_putc(&b, 'A');
    exm_buf_puts(&b, REST "chr2\t1011\trs3\tT\tG" REST);
    assert_int_equal(exm_buf_check(&b, NULL), EXM_OK);
    assert_int_equal(exm_known_parse(b.data, b.len, "k.vcf", small.ref, &k, &log, NULL),
                     EXM_OK);
    assert_int_equal(exm_known_count(k), 2);
    exm_known_free(k);
    exm_buf_done(&b);
}

static void
a_reference_without_places_cannot_be_lifted_to(void **state)
{
    struct small_texts t = texts;
    struct small_ref bare;
    exm_known *k = NULL;
    exm_error err = {0};

    (void) state;
    t.gff = NULL;
    small_ref_build(&t, &bare);
    assert_int_equal(exm_known_parse(HEAD, sizeof HEAD - 1, "k", bare.ref, &k, NULL, &err),
                     EXM_EDATA);
    assert_non_null(strstr(err.msg, "build it with --gff"));
    small_ref_done(&bare);
}

static void
misuse_and_absent_files(void **state)
{
    exm_known *k = NULL;

    (void) state;
    assert_int_equal(exm_known_parse(NULL, 1, "k", small.ref, &k, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_known_parse(HEAD, 9, NULL, small.ref, &k, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_known_parse(HEAD, 9, "k", NULL, &k, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_known_parse(HEAD, 9, "k", small.ref, NULL, NULL, NULL),
                     EXM_EINVAL);
    assert_int_equal(exm_known_read(NULL, small.ref, &k, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_known_read("/nonexistent.vcf", small.ref, &k, NULL, NULL),
                     EXM_EIO);
    exm_known_free(NULL);
}

static void
each_allocation_failed_in_turn(void **state)
{
    static const char text[] = HEAD "chr2\t1009\trs1\tT\tG" REST "chr7\t552\t.\tA\tG" REST;

    (void) state;
    for (int k = 0;; k++) {
        exm_known *x = NULL;
        exm_status st;
        int fired;

        oom_arm(k);
        st = exm_known_parse(text, sizeof text - 1, "k", small.ref, &x, NULL, NULL);
        fired = oom_fired();
        oom_arm(-1);
        exm_known_free(x);
        if (!fired) {
            assert_int_equal(st, EXM_OK);
            assert_true(k >= 6);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variants_are_lifted_in_the_sense_of_the_mirna),
        cmocka_unit_test(alleles_are_taken_base_by_base),
        cmocka_unit_test(files_may_be_packed_and_have_other_line_ends),
        cmocka_unit_test(lifting_equals_a_walk_along_the_genome),
        cmocka_unit_test(what_was_read_is_counted),
        cmocka_unit_test(what_is_no_vcf_is_refused_with_its_line),
        cmocka_unit_test(long_lines_are_no_trouble),
        cmocka_unit_test(a_reference_without_places_cannot_be_lifted_to),
        cmocka_unit_test(misuse_and_absent_files),
        cmocka_unit_test(each_allocation_failed_in_turn),
    };

    return cmocka_run_group_tests_name("known", tests, set_up, tear_down);
}
