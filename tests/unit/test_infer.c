/* test_infer.c - tests of exomir/infer.h: which kit made these reads? */
#include "exomir/infer.h"

#include "exomir/reader.h"
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

enum { MATURES = 300, LONGEST = 160, READS = 8000, BATCH = 100 };

/* ---- a library ---- */

typedef struct library {
    exm_rng r;
    char mature[MATURES][40];
    uint32_t len[MATURES];
    uint32_t read_len;
    uint32_t poly_a;    /* A's of the tail, for kits with one */
    uint32_t no_insert; /* percent of adapter dimers */
    uint32_t degraded;  /* percent of inserts of any length and sequence */
    uint32_t one_in;    /* one base in so many is wrong */
} library;

static uint32_t
below(exm_rng *r, uint32_t n)
{
    return (uint32_t) exm_rng_below(r, n);
}

static library
new_library(uint64_t seed, uint32_t read_len)
{
    library v = {
        .read_len = read_len, .poly_a = 16, .no_insert = 5, .degraded = 20, .one_in = 200};

    exm_rng_init(&v.r, seed, 0);
    for (int i = 0; i < MATURES; i++) {
        v.len[i] = 19 + below(&v.r, 6);
        for (uint32_t k = 0; k < v.len[i] + 4; k++) v.mature[i][k] = "ACGT"[below(&v.r, 4)];
    }
    return v;
}

typedef struct strand {
    char s[LONGEST + EXM_SEQ_PAD];
    uint32_t n;
} strand;

static void
put(strand *x, char c, uint32_t limit)
{
    if (x->n < limit) x->s[x->n++] = c;
}

static void
put_random(library *v, strand *x, uint32_t n)
{
    while (n-- > 0) put(x, "ACGT"[below(&v->r, 4)], v -> read_len);
}

static void
put_text(library *v, strand *x, const char *s)
{
    for (; *s; s++) put(x, *s, v->read_len);
}

/* A miRNA with ragged ends (few make up most reads), a fragment, or nothing. */
static void
put_insert(library *v, strand *x)
{
    const uint32_t dice = below(&v->r, 100);
    const uint32_t i = below(&v->r, 1 + below(&v->r, 1 + below(&v->r, MATURES)));

    if (dice < v->no_insert) return;
    if (dice < v->no_insert + v->degraded) {
        put_random(v, x, 15 + below(&v->r, 30));
        return;
    }
    for (uint32_t k = below(&v->r, 20) == 0, to = v->len[i] + below(&v->r, 4) - 1; k < to;
         k++)
        put(x, v->mature[i][k], v->read_len);
}

/* One read of a kit; 'trimmed' leaves the insert alone. */
static void
draw_read(library *v, const exm_layout *l, int trimmed, strand *x)
{
    x->n = 0;
    if (!trimmed) put_random(v, x, l->n_5);
    put_insert(v, x);
    if (!trimmed) {
        put_random(v, x, l->n_3);
        for (uint32_t k = 0; l->poly_a > 0 && k < v->poly_a; k++) put(x, 'A', v->read_len);
        put_text(v, x, l->adapter);
        put_random(v, x, l->umi_after_len);
        put_text(v, x, l->adapter2);
        put_text(v, x, "GCTCGTATGCAGTCG");
        put_random(v, x, v->read_len);
    }
    for (uint32_t k = 0; k < x->n; k++)
        if (below(&v->r, v->one_in) == 0) x->s[k] = "ACGTN"[below(&v->r, 5)];
    memset(x->s + x->n, 'A', EXM_SEQ_PAD);
}

/* Adds n reads: 'share' percent by layout a, the others by b; NULL means trimmed reads. */
static int
feed(exm_inferrer *f, library *v, const exm_layout *a, const exm_layout *b, uint32_t share,
     uint32_t n)
{
    static strand x[BATCH];
    exm_read reads[BATCH];
    int more = 1;

    for (uint32_t done = 0; done < n; done += BATCH) {
        for (uint32_t i = 0; i < BATCH; i++) {
            const exm_layout *l = below(&v->r, 100) < share ? a : b;

            draw_read(v, l, l == NULL, x + i);
            reads[i] = (exm_read){.seq = x[i].s, .len = x[i].n, .copies = 1};
        }
        more = exm_inferrer_add(f, reads, BATCH);
    }
    return more;
}

static exm_inference
infer(library v, const exm_layout *a, const exm_layout *b, uint32_t share)
{
    exm_inferrer *f = NULL;
    exm_inference r;

    assert_int_equal(exm_inferrer_new(&f, NULL), EXM_OK);
    assert_int_equal(feed(f, &v, a, b, share, READS), 1);
    assert_int_equal(exm_inferrer_finish(f, &r, NULL), EXM_OK);
    exm_inferrer_free(f);
    assert_true(r.evidence[0] != 0);
    for (size_t i = 1; i < r.n_scores; i++)
        assert_true(r.score[i - 1].found >= r.score[i].found);
    return r;
}

static const exm_layout *
kit(const char *name)
{
    const exm_layout *l = NULL;

    assert_int_equal(exm_kit_find(name, &l, NULL), EXM_OK);
    return l;
}

static void
expect_kit(const exm_inference *r, const char *name, const char *what)
{
    if (r->call != EXM_KIT_PRESET || strcmp(r->layout.name, name) != 0)
        fail_msg("%s: call %d, %s: %s", what, (int) r->call, r->layout.name, r->evidence);
}

static void
expect_call(const exm_inference *r, exm_kit_call call, const char *what)
{
    if (r->call != call)
        fail_msg("%s: call %d, %s: %s", what, (int) r->call, r->layout.name, r->evidence);
    if (call != EXM_KIT_PRESET) assert_string_equal(r->layout.name, "none");
}

/* ---- simulated kits ---- */

static void
each_kit_is_recognised(void **state)
{
    static const uint32_t read_len[] = {50, 75, 100, 150};
    const exm_layout *l;

    (void) state;
    for (size_t i = 0; (l = exm_kit_get(i)); i++)
        for (size_t k = 0; k < LEN(read_len); k++) {
            library v = new_library(10 * i + k, read_len[k]);
            exm_inference r;
            char what[64];

            if (strcmp(l->name, "cats") == 0) v.poly_a = 8;
            r = infer(v, l, l, 100);
            (void) snprintf(what, sizeof what, "%s, %u nt", l->name, read_len[k]);
            /* v4 has truseq's layout: the evidence says so */
            expect_kit(&r, strcmp(l->name, "nextflex-v4") == 0 ? "truseq" : l->name, what);
            if (strcmp(r.layout.name, "truseq") == 0)
                assert_non_null(strstr(r.evidence, "nextflex-v4"));
            assert_non_null(strstr(r.evidence, r.layout.name));
            assert_int_equal(r.reads, READS);
        }
}

/* One insert makes up the library, and the first read of it has an error up front. */
static void
one_error_does_not_turn_a_kit(void **state)
{
    static const char read[] = "NGTTCAACGGCAGCTGCAATGGTGGAATTCTCGGGTGCCAAGGAACTCCAG";
    exm_inferrer *f = NULL;
    exm_inference r;

    (void) state;
    assert_int_equal(exm_inferrer_new(&f, NULL), EXM_OK);
    for (int i = 0; i < 500; i++) {
        char s[sizeof read + EXM_SEQ_PAD] = {0};
        const exm_read x = {.seq = s, .len = sizeof read - 1, .copies = 1};

        memcpy(s, read, sizeof read);
        if (i > 0) s[0] = 'A';
        exm_inferrer_add(f, &x, 1);
    }
    assert_int_equal(exm_inferrer_finish(f, &r, NULL), EXM_OK);
    exm_inferrer_free(f);
    expect_kit(&r, "truseq", "one wrong base");
    assert_true(r.prefix_same > 0.99);
}

static void
named_kits_are_contradicted_when_reads_can_tell(void **state)
{
    static const struct {
        const char *reads, *named;
        int want;
    } cases[] = {
        {"truseq", "truseq", 0},
        {"truseq", "nextflex-v4", 0},
        {"truseq", "nextflex-v3", 1},
        {"truseq", "illumina-v1", 1},
        {"truseq", "qiaseq", 1},
        {"nextflex-v3", "truseq", 1},
        {"nextflex-v3", "nextflex-v4", 1},
        {"nextflex-v3", "nextflex-v3", 0},
        {"qiaseq", "nebnext", 1},
        {"nebnext", "qiaseq", 1},
        {"qiaseq", "qiaseq", 0},
        {"smarter", "cats", 0},
        {"smarter", "dplex", 0},
        {"dplex", "smarter", 0},
        {"dplex", "nebnext", 1},
        {"smarter", "truseq", 1},
        {"illumina-v1", "illumina-v1", 0},
        {"truseq", "custom", 0},
        {"truseq", "none", 1}, /* called trimmed, and not */
    };
    exm_inference r;

    (void) state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const exm_layout *l = kit(cases[i].reads);

        r = infer(new_library(70 + i, 100), l, l, 100);
        if (exm_inference_contradicts(&r, cases[i].named) != cases[i].want)
            fail_msg("reads of %s, named %s: %s", cases[i].reads, cases[i].named,
                     r.evidence);
    }
    /* Too few inserts recur: a 4N kit cannot be ruled out. */
    r.told = 0;
    assert_int_equal(exm_inference_contradicts(&r, "nextflex-v3"), 0);
    assert_int_equal(exm_inference_contradicts(&r, "nebnext"), 1);
    /* Trimmed reads, and unclear ones, contradict nobody. */
    r = infer(new_library(90, 75), NULL, NULL, 100);
    assert_int_equal(exm_inference_contradicts(&r, "truseq"), 0);
    assert_int_equal(exm_inference_contradicts(&r, "none"), 0);
    r = infer(new_library(91, 75), kit("truseq"), kit("nebnext"), 50);
    assert_int_equal(exm_inference_contradicts(&r, "truseq"), 0);
}

/* Kits with a long tail look alike; the layouts then do the same. */
static void
long_tails_are_one_of_two_kits(void **state)
{
    const exm_inference r = infer(new_library(3, 75), kit("cats"), kit("cats"), 100);

    (void) state;
    assert_int_equal(r.call, EXM_KIT_PRESET);
    assert_true(r.layout.n_5 == 3 && r.layout.poly_a >= 8 && r.layout.adapter2_len == 0);
    assert_non_null(strstr(r.evidence, "cats"));
}

/* Poor libraries: half dimers, half degraded, one base in 30 wrong. */
static void
poor_libraries_are_recognised(void **state)
{
    static const char *const names[] = {"truseq",      "illumina-v1", "nebnext", "qiaseq",
                                        "nextflex-v3", "smarter",     "dplex"};

    (void) state;
    for (size_t i = 0; i < LEN(names); i++) {
        library v = new_library(40 + i, 75);
        exm_inference r;

        v.no_insert = 40;
        v.degraded = 30;
        v.one_in = 40;
        r = infer(v, kit(names[i]), kit(names[i]), 100);
        expect_kit(&r, names[i], names[i]);
        v.no_insert = 0;
        v.degraded = 100; /* no insert is seen twice: what cannot be told is not made up */
        r = infer(v, kit(names[i]), kit(names[i]), 100);
        expect_kit(&r, i == 4 ? "truseq" : names[i], names[i]);
        assert_true(strcmp(r.layout.name, "truseq") != 0 ||
                    strstr(r.evidence, "too few inserts recur"));
    }
}

/* The old kit has two adapters in use: the layout is that of the reads. */
static void
the_first_old_adapter_is_recognised(void **state)
{
    exm_layout l;
    exm_inference r;

    (void) state;
    assert_int_equal(exm_layout_parse("insert,TCGTATGCCGTCTTCTGCTTG", &l, NULL), EXM_OK);
    r = infer(new_library(5, 50), &l, &l, 100);
    expect_kit(&r, "illumina-v1", "first version");
    assert_string_equal(r.layout.adapter, l.adapter);
    r = infer(new_library(6, 50), kit("illumina-v1"), kit("illumina-v1"), 100);
    assert_string_equal(r.layout.adapter, kit("illumina-v1")->adapter);
}

/* ---- no kit, or more than one ---- */

static void
trimmed_reads_are_recognised(void **state)
{
    library v = new_library(7, 75);
    exm_inference r = infer(v, NULL, NULL, 100);

    (void) state;
    expect_call(&r, EXM_KIT_TRIMMED, "trimmed");
    assert_non_null(strstr(r.evidence, "already trimmed"));
    assert_true(r.length_spread > 0.2);
    v.no_insert = 0;
    v.degraded = 100;
    r = infer(v, NULL, NULL, 100);
    expect_call(&r, EXM_KIT_TRIMMED, "trimmed fragments");
}

static void
unknown_adapters_are_told_not_used(void **state)
{
    exm_layout l;
    exm_inference r;

    (void) state;
    assert_int_equal(exm_layout_parse("insert,GTCAGCATTCGACCTAGTCAA", &l, NULL), EXM_OK);
    r = infer(new_library(8, 60), &l, &l, 100);
    expect_call(&r, EXM_KIT_UNKNOWN_3P, "unknown adapter");
    assert_int_equal(strlen(r.enriched), 12);
    assert_non_null(strstr("GTCAGCATTCGACCTAGTCAAGCTCGTATGCAGTCG", r.enriched));
    assert_non_null(strstr(r.evidence, r.enriched));
    assert_true(r.enriched_share > 0.2);
}

static void
random_reads_are_unclear(void **state)
{
    library v = new_library(9, 50);
    exm_layout none = exm_layout_none();
    exm_inference r;

    (void) state;
    v.no_insert = 100; /* nothing but random bases, all of one length */
    none.n_5 = 50;
    r = infer(v, &none, &none, 100);
    expect_call(&r, EXM_KIT_UNCLEAR, "random");
}

static void
mixtures_are_unclear(void **state)
{
    static const char *const pair[][2] = {
        {"truseq", "qiaseq"},   {"truseq", "nebnext"},     {"illumina-v1", "truseq"},
        {"nebnext", "smarter"}, {"nextflex-v3", "qiaseq"}, {"truseq", "nextflex-v3"},
    };

    (void) state;
    for (size_t i = 0; i < LEN(pair); i++)
        for (uint32_t share = 40; share <= 60; share += 10) {
            const exm_inference r =
                infer(new_library(60 + i, 75), kit(pair[i][0]), kit(pair[i][1]), share);
            char what[64];

            (void) snprintf(what, sizeof what, "%s and %s", pair[i][0], pair[i][1]);
            expect_call(&r, EXM_KIT_UNCLEAR, what);
            assert_non_null(strstr(r.evidence, "two kits"));
        }
}

/* A few foreign reads, as of index hopping, do not disturb. */
static void
traces_do_not_disturb(void **state)
{
    exm_inference r = infer(new_library(71, 75), kit("truseq"), kit("qiaseq"), 95);

    (void) state;
    expect_kit(&r, "truseq", "95 % truseq");
    r = infer(new_library(72, 75), kit("nextflex-v3"), kit("truseq"), 96);
    expect_kit(&r, "nextflex-v3", "96 % nextflex");
    r = infer(new_library(73, 75), kit("qiaseq"), NULL, 90);
    expect_kit(&r, "qiaseq", "90 % qiaseq, 10 % trimmed");
}

static void
no_reads_are_no_evidence(void **state)
{
    exm_inferrer *f = NULL;
    exm_inference r;
    const exm_read empty = {.seq = "", .copies = 1};

    (void) state;
    assert_int_equal(exm_inferrer_new(&f, NULL), EXM_OK);
    assert_int_equal(exm_inferrer_add(f, NULL, 0), 1);
    assert_int_equal(exm_inferrer_finish(f, &r, NULL), EXM_OK);
    expect_call(&r, EXM_KIT_UNCLEAR, "nothing");
    assert_string_equal(r.evidence, "there are no reads");
    assert_true(r.reads == 0 && r.enriched_share == 0.0 && r.enriched[0] == 0);
    exm_inferrer_free(f);
    exm_inferrer_free(NULL);
    assert_int_equal(exm_inferrer_new(&f, NULL), EXM_OK);
    for (int i = 0; i < 100; i++) {
        char block[1 + EXM_SEQ_PAD] = {0};
        exm_read one = empty;

        one.seq = block;
        assert_int_equal(exm_inferrer_add(f, &one, 1), 1);
    }
    assert_int_equal(exm_inferrer_finish(f, &r, NULL), EXM_OK);
    expect_call(&r, EXM_KIT_UNCLEAR, "empty reads");
    exm_inferrer_free(f);
}

/* Enough is enough: later reads change nothing. */
static void
only_the_first_reads_count(void **state)
{
    library v = new_library(12, 50);
    exm_inferrer *f = NULL;
    exm_inference a, b;

    (void) state;
    assert_int_equal(exm_inferrer_new(&f, NULL), EXM_OK);
    assert_int_equal(feed(f, &v, kit("truseq"), kit("truseq"), 100, EXM_INFER_READS), 0);
    assert_int_equal(exm_inferrer_finish(f, &a, NULL), EXM_OK);
    assert_int_equal(feed(f, &v, kit("qiaseq"), kit("qiaseq"), 100, EXM_INFER_READS), 0);
    assert_int_equal(exm_inferrer_finish(f, &b, NULL), EXM_OK);
    assert_int_equal(a.reads, EXM_INFER_READS);
    assert_memory_equal(&a.score, &b.score, sizeof a.score);
    assert_string_equal(a.evidence, b.evidence);
    assert_int_equal(exm_inferrer_finish(NULL, &a, NULL), EXM_EINVAL);
    assert_int_equal(exm_inferrer_finish(f, NULL, NULL), EXM_EINVAL);
    exm_inferrer_free(f);
}

static void
survives_each_failed_allocation(void **state)
{
    (void) state;
    for (int k = 0, fired = 1; fired; k++) {
        exm_inferrer *f = NULL;
        exm_error err = {.code = EXM_OK};
        exm_status st;

        oom_arm(k);
        st = exm_inferrer_new(&f, &err);
        fired = oom_fired();
        oom_arm(-1);
        assert_int_equal(st, fired ? EXM_ENOMEM : EXM_OK);
        assert_int_equal(err.code, st);
        assert_true(fired == (f == NULL));
        exm_inferrer_free(f);
        assert_true(fired || k >= 10);
    }
}

/* ---- real reads ---- */

static exm_inference
infer_file(const char *folder, const char *name)
{
    char path[1024];
    const char *const paths[] = {path};
    exm_reader *reader = NULL;
    exm_inferrer *f = NULL;
    exm_inference r;
    exm_error err;

    (void) snprintf(path, sizeof path, "%s/data/fastq/%s", folder, name);
    if (exm_reader_open(paths, 1, NULL, &reader, &err) != EXM_OK) fail_msg("%s", err.msg);
    assert_int_equal(exm_inferrer_new(&f, NULL), EXM_OK);
    for (;;) {
        const exm_read *reads;
        size_t n = 0;

        if (exm_reader_next(reader, &reads, &n, &err) != EXM_OK) fail_msg("%s", err.msg);
        if (n == 0 || !exm_inferrer_add(f, reads, n)) break;
    }
    assert_int_equal(exm_inferrer_finish(f, &r, NULL), EXM_OK);
    exm_inferrer_free(f);
    exm_reader_close(reader);
    return r;
}

static void
real_files_get_their_kit(void **state)
{
    static const char *const truth[][2] = {
        {"sample1.fastq.gz", "truseq"},
        {"sample2.fastq.gz", "truseq"},
        {"RNA014937_S1.fastq.gz", "truseq"},
        {"dnapi_good.fq.gz", "truseq"},
        {"sample3.fastq.gz", "illumina-v1"}, /* both versions of the old adapter */
        {"excerpt_testData_human.fastq.gz", "illumina-v1"},
        {"QiaSeq_data.fastq.gz", "qiaseq"},
        {"optimir_S1.fq.gz", "nebnext"},
        {"dnapi_processed.fq.gz", NULL},
        {"bovine_plasma_sample.fastq.gz", NULL},
    };
    const char *shared = getenv("EXM_SHARED"); /* NOLINT(concurrency-mt-unsafe) */

    (void) state;
    if (!shared) {
        print_message("skipped: EXM_SHARED does not name the folder with data/fastq\n");
        skip();
        return;
    }
    for (size_t i = 0; i < LEN(truth); i++) {
        const exm_inference r = infer_file(shared, truth[i][0]);

        if (truth[i][1])
            expect_kit(&r, truth[i][1], truth[i][0]);
        else
            expect_call(&r, EXM_KIT_TRIMMED, truth[i][0]);
        if (truth[i][1] && strcmp(truth[i][1], "illumina-v1") == 0)
            assert_string_equal(r.layout.adapter, truth[i][0][0] == 's'
                                                      ? "ATCTCGTATGCCGTCTTCTGCTTG"
                                                      : "TCGTATGCCGTCTTCTGCTTG");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kit_is_recognised),
        cmocka_unit_test(one_error_does_not_turn_a_kit),
        cmocka_unit_test(named_kits_are_contradicted_when_reads_can_tell),
        cmocka_unit_test(long_tails_are_one_of_two_kits),
        cmocka_unit_test(poor_libraries_are_recognised),
        cmocka_unit_test(the_first_old_adapter_is_recognised),
        cmocka_unit_test(trimmed_reads_are_recognised),
        cmocka_unit_test(unknown_adapters_are_told_not_used),
        cmocka_unit_test(random_reads_are_unclear),
        cmocka_unit_test(mixtures_are_unclear),
        cmocka_unit_test(traces_do_not_disturb),
        cmocka_unit_test(no_reads_are_no_evidence),
        cmocka_unit_test(only_the_first_reads_count),
        cmocka_unit_test(survives_each_failed_allocation),
        cmocka_unit_test(real_files_get_their_kit),
    };
    return cmocka_run_group_tests_name("infer", tests, NULL, NULL);
}
