/*
 * test_ref_extras.c - amounts of spike-ins and places in the genome, of exomir/ref.h
 */
#include "exomir/ref.h"
#include "oom.h"
#include "tmpfile.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HAIRPIN "AGTAAACCTTTCCTCATGCAATTCAAAACCATTTTACGGAGGATATGTCCGTAATGTAGGCG"
#define MATURE  "TTTCCTCATGCAATTCAAAACC"
#define OTHER   "CCCCCTTACCTCCTTATTCAGGACCTAACCTAAAAGCTGTTGCATGAGGTAAACCAGGTCTCTCCG"
#define SPIKE_1 "GATCCGTAACGGCTTAGCTGAC"
#define SPIKE_2 "CATTGCGGAATCAGTTCCGATG"

enum { FILES = 6 };

static const char *const names[FILES] = {"h.fa", "m.fa", "s.fa", "a.tsv", "g.gff3", "t.fa"};
static char folder[TMP_PATH], path[FILES][TMP_PATH];

struct texts {
    const char *hairpin, *mature, *spike, *amounts, *gff; /* NULL: the usual one, or none */
};

static int
set_up(void **state)
{
    (void) state;
    tmp_folder(folder);
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    tmp_remove(folder, names, FILES);
    return 0;
}

static exm_status
build(const struct texts *t, exm_buf *bytes, exm_ref_build_log *log, exm_error *err)
{
    const char *const text[FILES] = {t->hairpin ? t->hairpin : ">x-mir-1\n" HAIRPIN "\n",
                                     t->mature ? t->mature : ">x-miR-1-5p\n" MATURE "\n",
                                     t->spike,
                                     t->amounts,
                                     t->gff,
                                     ">t\n" OTHER "\n"};
    exm_ref_source spike = {"spike", path[2]}, class = {"other", path[5]};
    exm_ref_build_options o = {.classes = &class, .n_classes = 1};

    for (int i = 0; i < FILES; i++)
        if (text[i]) (void) tmp_write(path[i], folder, names[i], text[i], strlen(text[i]));
    o.hairpin = path[0];
    o.mature = path[1];
    o.spikes = &spike;
    o.n_spikes = t->spike ? 1 : 0;
    o.spike_amounts = t->amounts ? path[3] : NULL;
    o.gff = t->gff ? path[4] : NULL;
    return exm_ref_build(&o, bytes, log, err);
}

static exm_ref *
open_built(const struct texts *t, exm_buf *bytes)
{
    exm_error err = {0};
    exm_ref *r = NULL;

    if (build(t, bytes, NULL, &err) != EXM_OK ||
        exm_ref_open_memory(bytes->data, bytes->len, "t", &r, &err) != EXM_OK)
        fail_msg("%s", err.msg);
    return r;
}

static double
amount(const exm_ref *r, const char *name)
{
    for (uint32_t i = 0; i < exm_ref_n_templates(r); i++)
        if (strcmp(exm_ref_template_get(r, i)->name, name) == 0)
            return exm_ref_spike_amount(r, i);
    fail_msg("no spike-in %s", name);
    return 0.0;
}

static void
expect_amounts(const char *spike, const char *amounts, double a, double b)
{
    exm_buf bytes = {0};
    exm_ref *r = open_built(&(struct texts){.spike = spike, .amounts = amounts}, &bytes);
    const double got_a = amount(r, "A"), got_b = amount(r, "B");

    assert_true(isnan(a) ? isnan(got_a) : got_a == a);
    assert_true(isnan(b) ? isnan(got_b) : got_b == b);
    exm_ref_free(r);
    exm_buf_done(&bytes);
}

static void
amounts_come_from_headers_columns_and_tables(void **state)
{
    static const char plain[] = ">A\n" SPIKE_1 "\n>B\n" SPIKE_2 "\n";
    static const char headers[] =
        ">A made in 2020 amount=12.5 fmol\n" SPIKE_1 "\n>B amount=1e-3\n" SPIKE_2 "\n";

    (void) state;
    expect_amounts(plain, NULL, (double) NAN, (double) NAN);
    expect_amounts(headers, NULL, 12.5, 1e-3);
    expect_amounts(">A amount=\n" SPIKE_1 "\n>B my_amount=5\n" SPIKE_2 "\n", NULL,
                   (double) NAN, (double) NAN);
    expect_amounts("spikeID,sequence,amount\nA," SPIKE_1 ",7\nB," SPIKE_2 ",\n", NULL, 7.0,
                   (double) NAN);
    expect_amounts(plain, "spikeID\tamount\nB\t3\nA\t0\n", 0.0, 3.0);
    expect_amounts(plain, "name,unit,amount\nA,fmol,5\n", 5.0, (double) NAN);
    expect_amounts(headers, "id,amount\nA,2\nnosuch,4\n", 2.0, 1e-3); /* the table wins */
    expect_amounts(headers, "id,amount\nA,\n", (double) NAN, 1e-3);
}

static void
bad_amounts_are_told(void **state)
{
    static const struct {
        const char *spike, *amounts, *says;
    } bad[] = {
        {">A amount=x\n" SPIKE_1 "\n", NULL, "line 1: amount 'x' is no number"},
        {">A\n" SPIKE_1 "\n>B amount=-1\n" SPIKE_2 "\n", NULL, "line 3: amount '-1'"},
        {">A amount=Inf\n" SPIKE_1 "\n", NULL, "amount 'Inf'"},
        {">A\n" SPIKE_1 "\n", "id,amount\nA,1 fmol\n", "line 2: amount '1 fmol'"},
        {">A\n" SPIKE_1 "\n", "id,mass\nA,1\n", "no column 'amount'"},
        {">A\n" SPIKE_1 "\n", "amount\n1\n", "no column 'amount'"},
        {">A\n" SPIKE_1 "\n", "id,amount\nx-mir-1,1\n", "none of its names is a spike-in"},
        {NULL, "id,amount\nA,1\n", "none of its names is a spike-in"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        exm_buf bytes = {0};
        exm_error err = {0};

        assert_int_equal(
            build(&(struct texts){.spike = bad[i].spike, .amounts = bad[i].amounts}, &bytes,
                  NULL, &err),
            EXM_EDATA);
        if (!strstr(err.msg, bad[i].says))
            fail_msg("'%s' lacks '%s'", err.msg, bad[i].says);
        assert_null(bytes.data);
    }
}

static void
an_amount_without_spike_is_remarked_on(void **state)
{
    exm_buf bytes = {0};
    exm_ref_build_log log = {0};
    exm_error err = {0};

    (void) state;
    assert_int_equal(build(&(struct texts){.spike = ">A\n" SPIKE_1 "\n",
                                           .amounts = "id,amount\nA,2\nQ,4\n"},
                           &bytes, &log, &err),
                     EXM_OK);
    assert_non_null(strstr(log.notes.data, "Q: an amount, but no spike-in"));
    exm_buf_done(&bytes);
    exm_buf_done(&log.notes);
}

/* ---- places in the genome ---- */

#define ROW(kind, from, to, strand, text)                                                  \
    "chr2\t.\t" kind "\t" from "\t" to "\t.\t" strand "\t.\t" text "\n"

static void
loci_follow_strand_and_flanks(void **state)
{
    static const struct {
        const char *hairpin, *gff;
        uint64_t low;
        int minus;
    } cases[] = {
        {NULL,
         ROW("miRNA_primary_transcript", "1001", "1062", "+", "ID=h;Name=x-mir-1")
             ROW("miRNA", "1009", "1030", "+", "ID=m;Name=x-miR-1-5p;Derives_from=h"),
         1001, 0},
        {NULL,
         ROW("miRNA_primary_transcript", "1001", "1062", "-", "ID=h;Name=x-mir-1")
             ROW("miRNA", "1033", "1054", "-", "ID=m;Name=x-miR-1-5p;Derives_from=h"),
         1001, 1},
        /* MirGeneDB: the FASTA has 10 nt of flanks that the GFF3 leaves out. */
        {">x-mir-1\nCATGCATGCA" HAIRPIN "TTGACCTTGA\n",
         ROW("pre_miRNA", "1001", "1062", "+", "ID=x-mir-1_pre")
             ROW("miRNA", "1009", "1030", "+", "ID=x-miR-1-5p"),
         991, 0},
        {">x-mir-1\nCATGCATGCA" HAIRPIN "TTGAC\n",
         ROW("pre_miRNA", "1001", "1062", "-", "ID=x-mir-1_pre")
             ROW("miRNA", "1033", "1054", "-", "ID=x-miR-1-5p"),
         996, 1},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        exm_buf bytes = {0};
        exm_ref *r = open_built(
            &(struct texts){.hairpin = cases[i].hairpin, .gff = cases[i].gff}, &bytes);
        exm_ref_locus x;

        assert_int_equal(exm_ref_n_loci(r), 1);
        x = exm_ref_locus_get(r, 0);
        assert_string_equal(x.chrom, "chr2");
        assert_string_equal(exm_ref_template_get(r, x.template_id)->name, "x-mir-1");
        assert_int_equal(x.low, cases[i].low);
        assert_int_equal(x.minus, cases[i].minus);
        exm_ref_free(r);
        exm_buf_done(&bytes);
    }
}

/* A hairpin that two loci share, and one of no known strand or before the chromosome. */
static void
loci_of_merged_hairpins_are_kept_and_impossible_ones_are_not(void **state)
{
    static const char gff[] = ROW("miRNA_primary_transcript", "2001", "2062", "-",
                                  "ID=b;Name=x-mir-1-2")
        ROW("miRNA", "2033", "2054", "-", "ID=n;Name=x-miR-1-5p;Derives_from=b")
            ROW("miRNA_primary_transcript", "1001", "1062", "+", "ID=a;Name=x-mir-1-1")
                ROW("miRNA", "1009", "1030", "+", "ID=m;Name=x-miR-1-5p;Derives_from=a");
    static const char unknown[] =
        ROW("miRNA_primary_transcript", "1001", "1062", ".", "ID=a;Name=x-mir-1")
            ROW("miRNA", "1009", "1030", ".", "ID=m;Name=x-miR-1-5p;Derives_from=a");
    exm_buf bytes = {0};
    exm_ref *r = open_built(
        &(struct texts){.hairpin = ">x-mir-1-1\n" HAIRPIN "\n>x-mir-1-2\n" HAIRPIN "\n",
                        .gff = gff},
        &bytes);

    (void) state;
    assert_int_equal(exm_ref_n_loci(r), 2);
    assert_true(exm_ref_locus_get(r, 0).low == 1001 && !exm_ref_locus_get(r, 0).minus);
    assert_true(exm_ref_locus_get(r, 1).low == 2001 && exm_ref_locus_get(r, 1).minus);
    assert_int_equal(exm_ref_locus_get(r, 0).template_id,
                     exm_ref_locus_get(r, 1).template_id);
    exm_ref_free(r);
    exm_buf_done(&bytes);
    r = open_built(&(struct texts){.gff = unknown}, &bytes);
    assert_int_equal(exm_ref_n_loci(r), 0);
    exm_ref_free(r);
    exm_buf_done(&bytes);
    r = open_built(&(struct texts){0}, &bytes); /* without GFF3 */
    assert_int_equal(exm_ref_n_loci(r), 0);
    exm_ref_free(r);
    exm_buf_done(&bytes);
}

static void
each_allocation_failed_in_turn(void **state)
{
    const struct texts t = {
        .spike = ">A amount=2\n" SPIKE_1 "\n",
        .amounts = "id,amount\nA,2\nQ,1\n",
        .gff = ROW("miRNA_primary_transcript", "1001", "1062", "+", "ID=h;Name=x-mir-1")
            ROW("miRNA", "1009", "1030", "+", "ID=m;Name=x-miR-1-5p;Derives_from=h")};

    (void) state;
    for (int k = 0;; k++) {
        exm_buf bytes = {0};
        exm_error err = {0};
        exm_status st;
        int fired;

        oom_arm(k);
        st = build(&t, &bytes, NULL, &err);
        fired = oom_fired();
        oom_arm(-1);
        exm_buf_done(&bytes);
        if (!fired) {
            assert_int_equal(st, EXM_OK);
            assert_true(k > 40);
            break;
        }
        if (st != EXM_ENOMEM) fail_msg("allocation %d: %s", k, err.msg);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_come_from_headers_columns_and_tables),
        cmocka_unit_test(bad_amounts_are_told),
        cmocka_unit_test(an_amount_without_spike_is_remarked_on),
        cmocka_unit_test(loci_follow_strand_and_flanks),
        cmocka_unit_test(loci_of_merged_hairpins_are_kept_and_impossible_ones_are_not),
        cmocka_unit_test(each_allocation_failed_in_turn),
    };

    return cmocka_run_group_tests_name("ref_extras", tests, set_up, tear_down);
}
