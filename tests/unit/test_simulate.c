/*
 * test_simulate.c - tests of exomir/simulate.h
 *
 * The truth is counted again in the reads; every kit's reads are taken apart by the
 * library's trimmer, and must give the inserts that stand before the primer; the names of
 * miRNA reads must be among what the annotator says of them.
 */
#include "annotate_world.h"
#include "exomir/fastq.h"
#include "exomir/isomir.h"
#include "exomir/simulate.h"
#include "exomir/trim.h"
#include "oom.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LONG_READ = 384 };

/* What follows an adapter: 12 nt that it may end in the first ones of, index and primer. */
static const char joint[] = "AACTCCAGTCAC";
static const char primer[] = "ATCACGATCTCGTATGCCGTCTTCTGCTTG";

static struct world world;

static int
set_up(void **state)
{
    (void) state;
    world_init(&world);
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    world_done(&world);
    return 0;
}

/* ---- running, and reading what comes out ---- */

struct run {
    exm_buf fastq, truth;
    unsigned pieces;
};

static exm_status
sink(void *ctx, const char *p, size_t n, exm_error *reterr)
{
    struct run *r = ctx;

    assert_true(n > 0);
    r->pieces++;
    exm_buf_put(&r->fastq, p, n);
    return exm_buf_check(&r->fastq, reterr);
}

static void
run_done(struct run *r)
{
    exm_buf_done(&r->fastq);
    exm_buf_done(&r->truth);
}

static void
simulate(const exm_simulate_options *o, struct run *r)
{
    exm_error err = {0};

    *r = (struct run){.pieces = 0};
    if (exm_simulate_reads(world.small.ref, o, sink, r, &r->truth, &err) != EXM_OK)
        fail_msg("%s", err.msg);
    exm_buf_reserve(&r->fastq, EXM_SEQ_PAD);
}

struct record {
    char feature[64], variant[64];
    unsigned long number, errors;
    const char *seq, *qual;
    uint32_t len;
};

/* The record at *p, which moves behind it; 0 at the end. */
static int
next_record(const char **p, struct record *ret)
{
    const char *line = *p, *end;

    if (!*line) return 0;
    assert_int_equal(sscanf(line, "@sim%lu:%63[^:]:%63[^ ] errors=%lu\n", &ret->number,
                            ret->feature, ret->variant, &ret->errors),
                     4);
    ret->seq = strchr(line, '\n') + 1;
    end = strchr(ret->seq, '\n');
    ret->len = (uint32_t) (end - ret->seq);
    assert_memory_equal(end, "\n+\n", 3);
    ret->qual = end + 3;
    end = strchr(ret->qual, '\n');
    assert_int_equal(end - ret->qual, ret->len);
    for (uint32_t i = 0; i < ret->len; i++) {
        assert_non_null(strchr("ACGT", ret->seq[i]));
        assert_in_range(ret->qual[i], '!', 'J');
    }
    *p = end + 1;
    return 1;
}

/* Reads and molecules of a feature in the truth table; 0 0 where it has no row. */
static void
truth_of(const struct run *r, const char *feature, unsigned long *reads,
         unsigned long *molecules)
{
    const size_t n = strlen(feature);

    *reads = *molecules = 0;
    for (const char *p = r->truth.data; p; p = strchr(p, '\n')) {
        if (*p == '\n') p++;
        if (strncmp(p, feature, n) == 0 && p[n] == '\t')
            assert_int_equal(sscanf(p + n, "\t%lu\t%lu\n", reads, molecules), 2);
    }
}

static exm_simulate_options
options(const char *kit, uint64_t reads)
{
    exm_simulate_options o = exm_simulate_defaults();
    const exm_layout *l = NULL;

    if (kit) {
        assert_int_equal(exm_kit_find(kit, &l, NULL), EXM_OK);
        o.layout = *l;
    }
    o.reads = reads;
    o.read_len = 76;
    return o;
}

/* ---- truth ---- */

static void
the_truth_is_what_the_reads_hold(void **state)
{
    static const char *const kits[] = {"truseq", "qiaseq", "dplex"};

    (void) state;
    for (size_t i = 0; i < 3; i++) {
        exm_simulate_options o = options(kits[i], 1500);
        struct run r;
        struct record x;
        char *counted;
        unsigned long n = 0, sum = 0, molecules = 0;

        o.share_dimer = 0.05;
        simulate(&o, &r);
        assert_memory_equal(r.truth.data, "feature\treads\tmolecules\n", 24);
        counted = calloc(r.truth.len + 1, 1);
        assert_non_null(counted);
        for (const char *p = r.fastq.data; next_record(&p, &x);) {
            assert_int_equal(x.number, ++n);
            assert_int_equal(x.len, 76);
        }
        assert_int_equal(n, o.reads);
        /* Feature by feature, in one walk over the truth. */
        for (const char *p = strchr(r.truth.data, '\n') + 1; *p; p = strchr(p, '\n') + 1) {
            unsigned long want = 0, made = 0, here = 0;
            char feature[64];

            assert_int_equal(sscanf(p, "%63[^\t]\t%lu\t%lu\n", feature, &want, &made), 3);
            for (const char *q = r.fastq.data; next_record(&q, &x);)
                here += strcmp(x.feature, feature) == 0;
            assert_int_equal(here, want);
            assert_true(made > 0 && made <= want);
            if (o.layout.umi_after_len + o.layout.umi5_len == 0)
                assert_int_equal(made, want);
            sum += want;
            molecules += made;
        }
        assert_int_equal(sum, o.reads);
        assert_true(i == 0 ? molecules == sum : molecules < sum / 2);
        free(counted);
        run_done(&r);
    }
}

static void
shares_are_kept(void **state)
{
    exm_simulate_options o = options("truseq", 20000);
    struct run r;
    struct record x;
    unsigned long dimer, random, none;
    double mirna = 0, trna = 0, rrna = 0, canonical = 0;

    (void) state;
    o.share_dimer = 0.10;
    o.share_random = 0.20;
    o.cargo = "tRNA=0.05,rRNA=0.15";
    o.isomir_rate = 0.3;
    simulate(&o, &r);
    truth_of(&r, "dimer", &dimer, &none);
    truth_of(&r, "random", &random, &none);
    for (const char *p = r.fastq.data; next_record(&p, &x);) {
        trna += strncmp(x.feature, "tRNA", 4) == 0;
        rrna += strncmp(x.feature, "rRNA", 4) == 0 || strcmp(x.feature, "repeat") == 0;
        mirna += strncmp(x.feature, "exm-miR", 7) == 0;
        canonical += strncmp(x.feature, "exm-miR", 7) == 0 && strcmp(x.variant, "NA") == 0;
    }
    /* Five standard deviations of a share p of n reads. */
#define NEAR(x, p, n)                                                                      \
    assert_true(fabs((double) (x) - (p) * (n)) < 5 * sqrt((n) * (p) * (1 - (p))))
    NEAR(dimer, 0.10, 20000.0);
    NEAR(random, 0.20, 20000.0);
    NEAR(trna, 0.05, 20000.0);
    NEAR(rrna, 0.15, 20000.0);
    NEAR(mirna, 0.50, 20000.0);
    /* Some isomiRs end up canonical: a tail may be templated. */
    assert_true(canonical / mirna > 0.67 && canonical / mirna < 0.85);
    run_done(&r);

    /* All of one kind. */
    o = options("truseq", 500);
    o.share_dimer = 1.0;
    o.share_random = o.share_cargo = 0.0;
    simulate(&o, &r);
    truth_of(&r, "dimer", &dimer, &none);
    assert_int_equal(dimer, 500);
    run_done(&r);
    o.share_dimer = 0.0;
    simulate(&o, &r);
    for (const char *p = r.fastq.data; next_record(&p, &x);)
        assert_memory_equal(x.feature, "exm-miR", 7);
    run_done(&r);
}

/* ---- seeds ---- */

static void
a_seed_gives_the_same_reads(void **state)
{
    exm_simulate_options o = options("qiaseq", 3000);
    struct run a, b;

    (void) state;
    simulate(&o, &a);
    simulate(&o, &b);
    assert_true(a.pieces > 3);
    assert_int_equal(a.fastq.len, b.fastq.len);
    assert_memory_equal(a.fastq.data, b.fastq.data, a.fastq.len);
    assert_string_equal(a.truth.data, b.truth.data);
    run_done(&b);
    o.seed = 2;
    simulate(&o, &b);
    assert_true(a.fastq.len != b.fastq.len ||
                memcmp(a.fastq.data, b.fastq.data, a.fastq.len) != 0);
    run_done(&a);
    run_done(&b);
}

/* ---- kits ---- */

/* Where the insert ends in a read without errors: counted back from the primer. */
static uint32_t
insert_end(const exm_layout *l, const char *seq, uint32_t len)
{
    const char *adapter = l->adapter2_len ? l->adapter2 : l->adapter;
    size_t shared = strlen(joint);
    char read[LONG_READ + 1], *at;

    memcpy(read, seq, len);
    read[len] = '\0';
    at = strstr(read, primer);
    assert_non_null(at);
    while (shared > strlen(adapter) ||
           memcmp(adapter + strlen(adapter) - shared, joint, shared) != 0)
        shared--;
    at -= strlen(joint) - shared;
    return (uint32_t) (at - read) - l->adapter2_len - l->umi_after_len - l->adapter_len -
           (l->poly_a ? l->poly_a + 4 : 0) - l->n_3;
}

static uint64_t
pack_umi(const char *s, uint32_t n)
{
    uint64_t v = 1;

    for (uint32_t i = 0; i < n; i++) v = v << 2 | (uint64_t) (s[i] >> 1 & 3);
    return v;
}

static void
assert_trimmed(const exm_layout *l, const struct record *x, const exm_trimmed *t)
{
    const uint32_t end = insert_end(l, x->seq, x->len), from = l->n_5;
    char seq[64];

    assert_true(end >= from);
    assert_true(t->adapter_found);
    if (strcmp(x->feature, "dimer") == 0) {
        assert_int_equal(t->fate, EXM_FATE_DIMER);
        return;
    }
    assert_int_equal(t->start, from);
    if (l->poly_a) { /* an insert's own A in front of the tail cannot be told from it */
        assert_in_range(t->len, 0, end - from);
        for (uint32_t i = from + t->len; i < end; i++) assert_int_equal(x->seq[i], 'A');
    } else {
        assert_int_equal(t->len, end - from);
    }
    if (t->len < 16) return;
    assert_int_equal(t->fate, EXM_FATE_KEPT);
    if (t->len <= EXM_PACKED_MAX) {
        assert_int_equal(exm_unpack(t->lo, t->hi, seq), t->len);
        assert_memory_equal(seq, x->seq + from, t->len);
    }
    if (l->umi5_len) assert_true(t->umi == pack_umi(x->seq + l->umi5_at, l->umi5_len));
    if (l->umi_after_len)
        assert_true(t->umi ==
                    pack_umi(x->seq + end + l->n_3 + l->adapter_len, l->umi_after_len));
}

static void
trimming_returns_the_insert_of_every_kit(void **state)
{
    (void) state;
    for (size_t k = 0; exm_kit_get(k); k++) {
        const exm_layout *l = exm_kit_get(k);
        exm_simulate_options o = options(l->name, 1500);
        exm_trim_options to = exm_trim_defaults();
        exm_trimmer *trimmer = NULL;
        struct run r;
        struct record x;

        o.read_len = LONG_READ;
        o.error_rate = 0.0;
        o.share_dimer = 0.05;
        to.max_ee = -1.0;
        to.max_one_base = 2.0;
        simulate(&o, &r);
        assert_int_equal(exm_trimmer_new(l, &to, &trimmer, NULL), EXM_OK);
        for (const char *p = r.fastq.data; next_record(&p, &x);) {
            const exm_read read = {.seq = x.seq, .qual = x.qual, .len = x.len, .copies = 1};
            exm_trimmed t;

            assert_int_equal(x.errors, 0);
            exm_trim_batch(trimmer, &read, 1, &t);
            assert_trimmed(l, &x, &t);
        }
        exm_trimmer_free(trimmer);
        run_done(&r);
    }
}

/* Without an adapter a read is its insert, and as long. */
static void
reads_without_adapter_are_their_inserts(void **state)
{
    exm_simulate_options o = options(NULL, 1000);
    struct run r;
    struct record x;
    unsigned shorter = 0;

    (void) state;
    o.layout = exm_layout_none();
    o.read_len = 30;
    simulate(&o, &r);
    for (const char *p = r.fastq.data; next_record(&p, &x);) {
        assert_in_range(x.len, 14, 30);
        shorter += x.len < 30;
    }
    assert_true(shorter > 800);
    run_done(&r);
}

/* ---- names ---- */

static void
put_variant(const exm_candidate *c, exm_buf *b)
{
    const exm_variant v = {.d5 = c->d5,
                           .d3 = c->d3,
                           .n_add5 = c->n_add5,
                           .n_tail = c->n_tail,
                           .n_sub = c->n_sub,
                           .sub_at = {c->sub_at[0], c->sub_at[1]},
                           .sub_ref = {c->sub_ref[0], c->sub_ref[1]}};

    exm_buf_clear(b);
    exm_variant_put(&v, b);
}

/* Is (feature, variant) among the explanations, best or not? */
static int
is_explained(const exm_annotation *a, const char *feature, const char *variant)
{
    exm_buf b = {0};
    int same = 0;

    for (size_t i = 0; !same && i < a->n; i++) {
        const exm_candidate *c = a->cand + i;

        if (c->entity == UINT32_MAX ||
            strcmp(exm_ref_entity_get(world.small.ref, c->entity)->name, feature) != 0)
            continue;
        put_variant(c, &b);
        same = strcmp(b.data, variant) == 0;
    }
    exm_buf_done(&b);
    return same;
}

/* Does a mature of the wanted name share its hairpin with the one that was named? */
static int
is_overlapped(const exm_annotation *a, const char *feature)
{
    for (size_t i = 0; i < a->n; i++) {
        const exm_candidate *c = a->cand + i;
        const exm_ref_template *t = exm_ref_template_get(world.small.ref, c->template_id);

        if (c->mature == UINT32_MAX) continue;
        for (uint32_t m = t->first_mature; m < t->first_mature + t->n_matures; m++) {
            const exm_ref_mature *x = exm_ref_mature_get(world.small.ref, m);
            const exm_ref_mature *y = exm_ref_mature_get(world.small.ref, c->mature);

            if (x != y && strcmp(x->name, feature) == 0 && x->start < y->start + y->len &&
                y->start < x->start + x->len)
                return 1;
        }
    }
    return 0;
}

static void
names_are_among_the_annotators_explanations(void **state)
{
    exm_simulate_options o = options("truseq", 30000);
    struct run r;
    struct record x;
    exm_annotation a = {0};
    unsigned mirna = 0, added = 0, overlapped = 0, too_short = 0;

    (void) state;
    o.read_len = 128;
    o.error_rate = 0.0;
    o.isomir_rate = 1.0;
    o.mirnas = 1000;
    simulate(&o, &r);
    for (const char *p = r.fastq.data; next_record(&p, &x);) {
        const uint32_t n = insert_end(&o.layout, x.seq, x.len);
        const char *tail = strstr(x.variant, "add3p:");
        const uint32_t core = n - (tail ? (uint32_t) (tail[6] - '0') : 0);
        uint64_t lo, hi;

        if (strncmp(x.feature, "exm-miR", 7) != 0) continue;
        assert_in_range(n, 16, 63);
        assert_int_equal(exm_pack(x.seq, n, &lo, &hi, NULL), EXM_OK);
        assert_int_equal(exm_annotate(world.sse4, lo, hi, UINT32_MAX, &a, NULL), EXM_OK);
        mirna++;
        added += strstr(x.variant, "add5p") != NULL;
        if (is_explained(&a, x.feature, x.variant)) continue;
        if (is_overlapped(&a, x.feature)) { /* by a mature of less shift */
            overlapped++;
        } else { /* less bits than it takes: a core below 18 nt with a substitution */
            too_short++;
            if (core >= 18 || core < 14 ||
                !(strstr(x.variant, "snv") || strstr(x.variant, "add5p")))
                fail_msg("%s:%s is not what the annotator says of %.*s", x.feature,
                         x.variant, (int) n, x.seq);
        }
    }
    assert_true(mirna > 20000 && added > 0);
    assert_in_range(overlapped, 1, 100);
    assert_in_range(too_short, 1, 100);
    run_done(&r);
    exm_annotation_done(&a);
}

/* ---- errors ---- */

static void
errors_are_as_frequent_as_asked(void **state)
{
    exm_simulate_options clean = options("truseq", 4000), o;
    struct run r;
    struct record x;
    double errors = 0.0, nt = 0.0;

    (void) state;
    clean.share_random = clean.share_cargo = clean.isomir_rate = 0.0;
    clean.read_len = 128;
    o = clean;
    o.error_rate = 0.01;
    simulate(&o, &r);
    for (const char *p = r.fastq.data; next_record(&p, &x);) {
        const uint32_t e = exm_ref_find_entity(world.small.ref, x.feature);
        const exm_ref_entity *m = exm_ref_entity_get(world.small.ref, e);
        unsigned wrong = 0;

        for (uint32_t i = 0; i < m->len; i++) wrong += x.seq[i] != m->seq[i];
        assert_int_equal(wrong, x.errors); /* the name tells those within the insert */
        errors += wrong;
        nt += m->len;
    }
    NEAR(errors, 0.01, nt);
    run_done(&r);
}

/* ---- tails and degradation ---- */

static void
tails_are_as_frequent_as_asked(void **state)
{
    static const double shares[] = {0.0, 0.4, 1.0};

    (void) state;
    for (size_t i = 0; i < 3; i++) {
        exm_simulate_options o = options("truseq", 4000);
        struct run r;
        struct record x;
        unsigned tailed = 0;

        o.share_random = o.share_cargo = o.isomir_rate = 0.0;
        o.tail_share = shares[i];
        simulate(&o, &r);
        /* A tail that the template has as well is told as a longer 3' end. */
        for (const char *p = r.fastq.data; next_record(&p, &x);)
            tailed += strstr(x.variant, "iso_add3p:") || strstr(x.variant, "iso_3p:+");
        assert_true(fabs(tailed - shares[i] * 4000) <=
                    5 * sqrt(4000 * shares[i] * (1 - shares[i])));
        run_done(&r);
    }
}

/* Number behind 'key' in the variant, or 0. */
static int
offset_in(const char *variant, const char *key)
{
    const char *at = strstr(variant, key);

    return at ? (int) strtol(at + strlen(key), NULL, 10) : 0;
}

static void
both_ends_degrade(void **state)
{
    exm_simulate_options o = options("truseq", 4000);
    struct run r;
    struct record x;
    double lost5 = 0.0, lost3 = 0.0, sum = 0.0;
    const double sd = 5 * sqrt(4000 * 0.25 * 1.25); /* geometric: mean (1 + mean) */

    (void) state;
    o.share_random = o.share_cargo = o.isomir_rate = o.error_rate = 0.0;
    o.read_len = 128;
    o.lost_nt = 0.25;
    simulate(&o, &r);
    for (const char *p = r.fastq.data; next_record(&p, &x);) {
        const uint32_t e = exm_ref_find_entity(world.small.ref, x.feature);
        const exm_ref_entity *m = exm_ref_entity_get(world.small.ref, e);
        const int d5 = offset_in(x.variant, "iso_5p:"),
                  d3 = offset_in(x.variant, "iso_3p:");
        const uint32_t n = insert_end(&o.layout, x.seq, x.len);

        assert_true(d5 >= 0 && d3 <= 0 && n >= 16);
        assert_int_equal(n, (int) m->len - d5 + d3);
        assert_memory_equal(x.seq, m->seq + d5, n);
        lost5 += d5;
        lost3 -= d3;
    }
    assert_true(fabs(lost5 - 1000) < sd && fabs(lost3 - 1000) < sd);
    run_done(&r);
    /* Never below 16 nt, and cargo as well. */
    o.lost_nt = 10.0;
    o.cargo = "tRNA=0.5"; /* without unknown bases, at which a piece ends */
    simulate(&o, &r);
    for (const char *p = r.fastq.data; next_record(&p, &x);) {
        const uint32_t n = insert_end(&o.layout, x.seq, x.len);

        assert_in_range(n, 16, 35);
        sum += n;
    }
    assert_true(sum / 4000 < 18.0); /* 23 without */
    run_done(&r);
}

/* ---- what is refused ---- */

static void
bad_options_are_refused(void **state)
{
    static const char *const cargo[] = {"tRNA",
                                        "tRNA=",
                                        "=0.1",
                                        "xRNA=0.1",
                                        "tRNA=-0.5",
                                        "tRNA=1.5",
                                        "tRNA=NA",
                                        "tRNA=NaN",
                                        "tRNA=Inf",
                                        "tRNA=x",
                                        "tRNA=0.1;",
                                        "tRNA=0.6,rRNA=0.6",
                                        ",tRNA=0.1",
                                        "miRNA=0.1",
                                        "tRNA=0.1,tRNA=0.1",
                                        "tRNA=0.1,,rRNA=0.1",
                                        "trna=0.1"};
    exm_simulate_options bad[16];
    size_t n = 0;
    struct run r = {.pieces = 0};
    exm_error err = {0};

    (void) state;
    for (size_t i = 0; i < 16; i++) bad[i] = options("truseq", 10);
    bad[n++].reads = 0;
    bad[n++].read_len = 19;
    bad[n++].read_len = LONG_READ + 1;
    bad[n++].share_cargo = -0.1;
    bad[n++].share_random = 1.1;
    bad[n++].share_dimer = (double) NAN;
    bad[n++].error_rate = -1.0;
    bad[n++].isomir_rate = 2.0;
    bad[n++].molecules_share = (double) INFINITY;
    bad[n++].mirnas = 0;
    bad[n++].tail_share = 1.5;
    bad[n++].lost_nt = -1.0;
    bad[n++].lost_nt = (double) NAN;
    bad[n].share_dimer = 0.5;
    bad[n++].share_random = 0.5; /* and 0.1 of cargo */
    for (size_t i = 0; i < n; i++) {
        err = (exm_error){.code = EXM_OK};
        if (exm_simulate_reads(world.small.ref, &bad[i], sink, &r, &r.truth, &err) !=
                EXM_EDATA ||
            !err.msg[0])
            fail_msg("options %zu were taken", i);
    }
    for (size_t i = 0; i < sizeof cargo / sizeof cargo[0]; i++) {
        exm_simulate_options o = options("truseq", 10);

        o.cargo = cargo[i];
        err = (exm_error){.code = EXM_OK};
        if (exm_simulate_reads(world.small.ref, &o, sink, &r, &r.truth, &err) !=
                EXM_EDATA ||
            !err.msg[0])
            fail_msg("cargo '%s' was taken", cargo[i]);
    }
    assert_int_equal(r.pieces, 0);
    assert_int_equal(r.truth.len, 0);
    bad[n] = options("truseq", 10);
    assert_int_equal(exm_simulate_reads(NULL, &bad[n], sink, &r, &r.truth, &err),
                     EXM_EINVAL);
    assert_int_equal(exm_simulate_reads(world.small.ref, &bad[n], NULL, &r, &r.truth, &err),
                     EXM_EINVAL);
    run_done(&r);
}

static exm_status
full(void *ctx, const char *p, size_t n, exm_error *reterr)
{
    (void) ctx;
    (void) p;
    (void) n;
    return exm_fail(reterr, EXM_EIO, 0, "disk full");
}

static void
a_failing_sink_is_reported(void **state)
{
    const exm_simulate_options o = options("truseq", 10);
    exm_buf truth = {0};
    exm_error err = {0};

    (void) state;
    assert_int_equal(exm_simulate_reads(world.small.ref, &o, full, NULL, &truth, &err),
                     EXM_EIO);
    assert_string_equal(err.msg, "disk full");
    assert_int_equal(truth.len, 0);
}

static void
each_failed_allocation_is_reported(void **state)
{
    exm_simulate_options o = options("qiaseq", 40);
    int k;

    (void) state;
    o.cargo = "tRNA=0.2";
    for (k = 0; k < 3000; k++) {
        struct run r = {.pieces = 0};
        exm_error err = {0};
        exm_status st;
        int fired;

        oom_arm(k);
        st = exm_simulate_reads(world.small.ref, &o, sink, &r, &r.truth, &err);
        fired = oom_fired();
        oom_arm(-1);
        run_done(&r);
        if (st == EXM_OK) {
            assert_false(fired);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
        assert_int_equal(err.code, EXM_ENOMEM);
    }
    assert_in_range(k, 20, 2000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_truth_is_what_the_reads_hold),
        cmocka_unit_test(shares_are_kept),
        cmocka_unit_test(a_seed_gives_the_same_reads),
        cmocka_unit_test(trimming_returns_the_insert_of_every_kit),
        cmocka_unit_test(reads_without_adapter_are_their_inserts),
        cmocka_unit_test(names_are_among_the_annotators_explanations),
        cmocka_unit_test(errors_are_as_frequent_as_asked),
        cmocka_unit_test(tails_are_as_frequent_as_asked),
        cmocka_unit_test(both_ends_degrade),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(a_failing_sink_is_reported),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
