/*
 * test_record_rules.c - what a sample record promises, of exomir/record.h
 *
 * Merging walks many records side by side and puts their names into files as they are, so
 * a record whose lists are out of order, whose reads do not add up, or whose names are no
 * names is refused, however right its checksum.
 */
#include "exomir/record.h"

#include "make_record.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Three classes; features 0 to 5 are miRNAs. */
static exm_record *
whole_record(void)
{
    return make_record(
        &(record_shape){
            .sample = "S1", .n_classes = 3, .n_mirnas = 6, .scale = 1000, .umi_len = 12},
        1);
}

/* The error of reading r back; its code is EXM_OK when r is taken. */
static exm_error
verdict(const exm_record *r)
{
    exm_buf b = {0};
    exm_record *back = NULL;
    exm_error err = {.code = EXM_OK};

    assert_int_equal(exm_record_encode(r, &b, NULL), EXM_OK);
    if (exm_record_decode(b.data, b.len, "S1.exr", &back, &err) == EXM_OK)
        assert_true(same_record(r, back));
    else
        assert_null(back);
    exm_record_free(back);
    exm_buf_done(&b);
    return err;
}

static void
expect_refused(const exm_record *r, const char *says)
{
    const exm_error err = verdict(r);

    if (err.code != EXM_EDATA) fail_msg("taken, although %s", says);
    if (!strstr(err.msg, says)) fail_msg("'%s' lacks '%s'", err.msg, says);
}

static void
expect_taken(const exm_record *r)
{
    const exm_error err = verdict(r);

    if (err.code != EXM_OK) fail_msg("%s", err.msg);
}

/* ---- texts ---- */

/* Writes c at 'at', expects the refusal, and puts the old letter back. */
static void
with_letter(const exm_record *r, char *at, int c, const char *says)
{
    const char was = *at;

    *at = (char) c;
    expect_refused(r, says);
    *at = was;
}

static void
texts_are_fit_for_files(void **state)
{
    static const char control[] = "\x01\t\n\r\x1f\x7f";
    exm_record *r = whole_record();

    (void) state;
    expect_taken(r);
    for (const char *c = control; *c; c++) {
        static const char text[] = "a text holds control characters";
        static const char name[] = "a name holds control characters";

        with_letter(r, r->sample, *c, "the sample's name is no file name");
        with_letter(r, r->version + 1, *c, text);
        with_letter(r, r->kit, *c, text);
        with_letter(r, r->layout + 3, *c, text);
        with_letter(r, r->kit_evidence, *c, text);
        with_letter(r, r->classes[1].name, *c, name);
        with_letter(r, r->features[6].name + 1, *c, name);
        with_letter(r, r->matures[2].name + 2, *c, name);
        with_letter(r, r->matures[2].hairpins, *c, name);
        with_letter(r, r->clades[1].name, *c, name);
    }
    with_letter(r, r->sample, '/', "no file name");
    with_letter(r, r->sample, '.', "no file name");
    with_letter(r, r->sample, '\0', "no file name");
    r->sample[1] = '-';
    r->kit_evidence[0] = '\xc3'; /* other letters are the writer's business */
    r->params_json[0] = '\n';    /* as is JSON */
    expect_taken(r);
    exm_record_free(r);
}

static void
digests_have_their_digits(void **state)
{
    static const char says[] = "a digest has other digits";
    exm_record *r = whole_record();

    (void) state;
    with_letter(r, r->content, 'A', says);
    with_letter(r, r->content + 31, '\0', says);
    with_letter(r, r->params_sha256 + 63, 'g', says);
    with_letter(r, r->params_sha256, '\0', says);
    with_letter(r, r->ref_sha256 + 7, ' ', says);
    with_letter(r, r->ref_sha256 + 63, '\0', says);
    expect_taken(r);
    exm_record_free(r);
}

/* ---- sums ---- */

static void
reads_add_up(void **state)
{
    static const char says[] = "the reads do not add up";
    exm_record *r = whole_record();

    (void) state;
    for (int f = 0; f < EXM_FATE_COUNT; f++) {
        r->fate[f]++;
        expect_refused(r, says);
        r->fate[f]--;
    }
    r->reads_in--;
    expect_refused(r, says);
    r->reads_in++;
    r->annotated++;
    expect_refused(r, says);
    r->unannotated--;
    expect_taken(r); /* moved from one to the other */
    r->foreign++;
    expect_refused(r, says);
    exm_record_free(r);
}

/* ---- order ---- */

static void
features_are_sorted(void **state)
{
    static const char says[] = "the features are not sorted";
    exm_record *r = whole_record();
    char *name = r->features[1].name;

    (void) state;
    r->features[1].name = r->features[0].name;
    expect_refused(r, says); /* twice the same */
    r->features[1].name = r->features[2].name;
    r->features[2].name = name;
    expect_refused(r, says);
    r->features[2].name = r->features[1].name;
    r->features[1].name = name;
    expect_taken(r);
    r->features[5].class_id = 1;
    expect_taken(r); /* exm-miR-0005-5p stands before other-0006 */
    r->features[4].class_id = 2;
    expect_refused(r, says); /* class 2 before class 1 */
    exm_record_free(r);
}

/* The isomiRs of one feature, all of the lengths and letters given, must stand so. */
static void
isomirs_are_sorted_by_length_and_letters(void **state)
{
    static const char *const sorted[] = {
        "A",     "T",     "AC",    "CA",    "GA",    "TA",    "TT",    "AAAAA", "AAAAC",
        "AAAAG", "AAAAT", "AAACA", "AACAA", "ACAAA", "ACTTT", "AGAAA", "ATAAA", "ATTTT",
        "CAAAA", "CTTTT", "GAAAA", "GCAAA", "GTTTT", "TAAAA", "TGTTT", "TTTTT"};
    enum { N = sizeof sorted / sizeof sorted[0] };
    exm_record *r = whole_record();
    exm_record_isomir *v = calloc(2, sizeof *v);

    (void) state;
    assert_non_null(v);
    free(r->isomirs);
    r->isomirs = v;
    r->n_isomirs = 2;
    for (size_t a = 0; a < N; a++)
        for (size_t b = 0; b < N; b++) {
            pack_letters(sorted[a], &v[0].lo, &v[0].hi);
            pack_letters(sorted[b], &v[1].lo, &v[1].hi);
            v[0].feature = v[1].feature = 3;
            if (a <= b) /* equal ones may differ in their mature */
                expect_taken(r);
            else
                expect_refused(r, "the isomiRs are not sorted");
            v[0].feature = 2; /* another feature: the sequences do not matter */
            expect_taken(r);
            v[0].feature = 4;
            expect_refused(r, "the isomiRs are not sorted");
        }
    exm_record_free(r);
}

static void
fragments_are_sorted_and_add_up(void **state)
{
    static const char order[] = "the tRNA fragments are not sorted";
    exm_record *r = whole_record();
    exm_record_fragment *x = r->fragments, swap = x[1];

    (void) state;
    assert_int_equal(r->n_fragments, 4); /* two features, two types */
    x[1] = x[0];
    expect_refused(r, order); /* twice the same */
    x[1] = swap;
    x[1] = x[0];
    x[0] = swap;
    expect_refused(r, order);
    exm_record_free(r);
    for (int k = 0; k < 2; k++) {
        r = whole_record();
        r->trf[2][k]--;
        expect_refused(r, "the tRNA fragments do not add up");
        r->trf[2][k] += 2; /* inserts that are too long for a row */
        expect_taken(r);
        exm_record_free(r);
    }
}

/* ---- molecules ---- */

static void
molecules_are_sorted_and_add_up(void **state)
{
    static const char sums[] = "the molecules do not add up";
    static const char order[] = "the molecules are not sorted";
    exm_record *r = whole_record();
    exm_umi_copies *x = r->copies, swap = x[0];

    (void) state;
    assert_int_equal(r->n_copies, 2);
    x[1].reads++;
    expect_refused(r, sums);
    x[1].reads--;
    x[0].molecules++;
    expect_refused(r, sums);
    x[0].molecules = UINT64_MAX;
    expect_refused(r, sums);
    x[0].molecules = swap.molecules;
    x[1].reads = UINT64_MAX;
    x[1].molecules = 2;
    expect_refused(r, sums);
    exm_record_free(r);

    r = whole_record();
    x = r->copies;
    x[0] = x[1];
    x[1] = swap;
    expect_refused(r, order);
    x[0] = swap;
    expect_refused(r, order); /* twice the same */
    x[0] = (exm_umi_copies){.reads = 0, .molecules = 3};
    expect_refused(r, order);
    x[0] = (exm_umi_copies){.reads = 1, .molecules = 0};
    expect_refused(r, order);
    exm_record_free(r);

    r = whole_record();
    r->molecules++;
    expect_refused(r, sums);
    r->umi.correct = 1; /* then there are more than were found */
    expect_taken(r);
    r->umi_pairs = r->fate[EXM_FATE_KEPT] + 1;
    expect_refused(r, sums);
    r->umi_pairs = r->molecules - 2;
    expect_refused(r, sums);
    r->umi_pairs++;
    expect_taken(r);
    exm_record_free(r);
}

static void
without_umis_nothing_is_said_of_them(void **state)
{
    static const char says[] = "molecules without UMIs";
    exm_record *r = whole_record();

    (void) state;
    r->umi_len = 0;
    expect_refused(r, says);
    r->n_copies = 0;
    r->umi_pairs = 0;
    expect_refused(r, says);
    r->umi.dedup = EXM_UMI_EXACT;
    expect_taken(r);
    r->umi.correct = 1;
    expect_refused(r, says);
    exm_record_free(r);
}

/* ---- poly-A kits ---- */

static void
a_layout_with_a_poly_a_is_recognised(void **state)
{
    static const struct {
        const char *layout;
        int is;
    } cases[] = {{"N3,insert,A10,min15", 1},
                 {"U12,N4,insert,A8,AGATCGGAAGAGCACACGTCTG,min15", 1},
                 {"insert,A12", 1},
                 {"insert,TGGAATTCTCGGGTGCCAAGG", 0},
                 {"insert,AAAAAAAA", 0}, /* an adapter, as far as a layout can tell */
                 {"insert", 0},
                 {"", 0},
                 {"no layout at all", 0}};
    exm_record *r = whole_record();

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void) snprintf(r->layout, sizeof r->layout, "%s", cases[i].layout);
        if (exm_record_is_poly_a(r) != cases[i].is) fail_msg("'%s'", cases[i].layout);
    }
    exm_record_free(r);
}

/* Of a hairpin that goes on with A behind ends of -8, 0, 1 and 6, and nowhere else. */
static void
an_end_is_open_where_the_hairpin_goes_on_with_a(void **state)
{
    exm_record_mature m = {.a_behind = 1U << 0 | 1U << 8 | 1U << 9 | 1U << 14};
    exm_record r = {.matures = &m, .n_matures = 1};
    exm_record_isomir x = {.mature = 0};

    (void) state;
    for (int d3 = -20; d3 <= 20; d3++) {
        const int want = d3 == -8 || d3 == 0 || d3 == 1 || d3 == 6;

        x.variant = (exm_variant){.d3 = (int8_t) d3};
        assert_int_equal(exm_record_has_open_end(&r, &x), want);
        x.variant.n_tail = 1; /* what follows a tail is no template */
        assert_int_equal(exm_record_has_open_end(&r, &x), 0);
    }
}

static void
spike_ins_have_a_class_and_a_possible_amount(void **state)
{
    static const double bad[] = {-1.0, (double) INFINITY, -(double) INFINITY};
    exm_record *r = whole_record();
    exm_error err = {.code = EXM_OK};
    exm_buf b = {0};

    (void) state;
    for (size_t i = 0; i < 3; i++) { /* what could not be read back is not written */
        r->spikes[0].amount = bad[i];
        assert_int_equal(exm_record_encode(r, &b, NULL), EXM_EINVAL);
    }
    r->spikes[0].amount = 0.0;
    expect_taken(r);
    r->spikes[2].class_id = 3;
    assert_int_equal(exm_record_encode(r, &b, &err), EXM_EINVAL);
    assert_non_null(strstr(err.msg, "an impossible spike-in"));
    exm_buf_done(&b);
    r->spikes[2].class_id = 2;
    with_letter(r, r->spikes[1].name, '\t', "a name holds control characters");
    exm_record_free(r);
}

static void
substitutions_are_sorted_and_possible(void **state)
{
    static const char order[] = "the substitutions are not sorted";
    exm_record *r = whole_record();
    exm_record_variant *v = r->variants;
    exm_error err = {.code = EXM_OK};
    exm_buf b = {0};

    (void) state;
    expect_taken(r);
    v[1].alt = 1; /* twice the same */
    expect_refused(r, order);
    v[0].alt = 3;
    v[1].alt = 2; /* G stands before T */
    expect_taken(r);
    v[0].alt = 2;
    v[1].alt = 3;
    expect_refused(r, order);
    v[1].position = 6;
    expect_taken(r);
    v[1].position = 4;
    expect_refused(r, order);
    v[1].position = 0; /* what could not be read back is not written */
    assert_int_equal(exm_record_encode(r, &b, &err), EXM_EINVAL);
    assert_non_null(strstr(err.msg, "an impossible substitution in a miRNA"));
    v[1].position = 6;
    v[1].alt = v[1].ref;
    assert_int_equal(exm_record_encode(r, &b, NULL), EXM_EINVAL);
    v[1].alt = 4;
    assert_int_equal(exm_record_encode(r, &b, NULL), EXM_EINVAL);
    v[1].alt = 3;
    v[1].count = v[1].total + 1;
    assert_int_equal(exm_record_encode(r, &b, NULL), EXM_EINVAL);
    v[1].count = 0;
    assert_int_equal(exm_record_encode(r, &b, NULL), EXM_EINVAL);
    v[1].count = v[1].total;
    v[2].feature = (uint32_t) r->n_features;
    assert_int_equal(exm_record_encode(r, &b, NULL), EXM_EINVAL);
    v[2].feature = 5;
    with_letter(r, v[1].known, '\n', "a name holds control characters");
    with_letter(r, v[2].same_as, '\t', "a name holds control characters");
    exm_buf_done(&b);
    exm_record_free(r);
}

static void
foreign_reads_add_up(void **state)
{
    static const char says[] = "the foreign reads do not add up";
    exm_record *r = whole_record();
    char *cel = r->traces[0].clade;

    (void) state;
    r->traces[0].reads++;
    expect_refused(r, says);
    r->clades[0].reads++;
    expect_refused(r, says); /* and they are not the sample's foreign ones */
    r->traces[0].reads--;
    expect_refused(r, says);
    r->clades[0].reads--;
    expect_taken(r);
    r->traces[0].clade = r->traces[1].clade;
    r->traces[1].clade = cel;
    expect_refused(r, "the foreign miRNAs are not sorted");
    exm_record_free(r);
}

/* ---- the bytes ---- */

/* b, with other bytes at 'at' for n of its own, sealed. */
static exm_buf
spliced(const exm_buf *b, size_t at, size_t n, const char *bytes, size_t n_bytes)
{
    exm_buf out = {0};
    char hex[EXM_SHA256_HEX];
    unsigned char sha[EXM_SHA256_LEN];

    exm_buf_put(&out, b->data, at);
    exm_buf_put(&out, bytes, n_bytes);
    exm_buf_put(&out, b->data + at + n, b->len - at - n - EXM_SHA256_LEN);
    assert_int_equal(exm_sha256_of(out.data, out.len, hex, NULL), EXM_OK);
    exm_sha256_bytes(hex, sha);
    exm_buf_put(&out, sha, sizeof sha);
    return out;
}

/* Each kind of damage is met somewhere, and nowhere is another record taken for it. */
static void
numbers_and_ends_are_checked_everywhere(void **state)
{
    static const char endless[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    static const struct {
        const char *bytes;
        size_t n;
        const char *says;
    } damage[] = {
        {endless, 11, "a number without end"},
        {"\xff\xff\xff\xff\x7f", 5, "a number is too large"},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, "a number in another form"},
        {"\x80\0", 2, "a number in another form"},
        {NULL, 0, "it ends too early"}, /* a file cut there */
        {NULL, 0, "a number without end"},
        {NULL, 0, "a text is too long or holds NUL"},
        {NULL, 0, "a list is longer than the file"},
    };
    exm_record *r = whole_record();
    exm_buf b = {0};

    (void) state;
    assert_int_equal(exm_record_encode(r, &b, NULL), EXM_OK);
    for (size_t k = 0; k < sizeof damage / sizeof damage[0]; k++) {
        const int cut = damage[k].bytes == NULL;
        int met = 0;

        for (size_t at = 9; at < b.len - EXM_SHA256_LEN; at++) {
            exm_buf x = spliced(&b, at, cut ? b.len - at - EXM_SHA256_LEN : 1,
                                damage[k].bytes, damage[k].n);
            exm_record *back = NULL;
            exm_error err = {.code = EXM_OK};
            exm_buf again = {0};

            if (exm_record_decode(x.data, x.len, "m", &back, &err) == EXM_OK) {
                assert_false(cut);
                assert_int_equal(exm_record_encode(back, &again, NULL), EXM_OK);
                assert_int_equal(again.len, x.len);
                assert_memory_equal(again.data, x.data, x.len);
            } else {
                assert_int_equal(err.code, EXM_EDATA);
                met |= strstr(err.msg, damage[k].says) != NULL;
            }
            exm_record_free(back);
            exm_buf_done(&again);
            exm_buf_done(&x);
        }
        if (!met) fail_msg("damage %zu: nowhere '%s'", k, damage[k].says);
    }
    exm_buf_done(&b);
    exm_record_free(r);
}

static void
arguments_are_checked(void **state)
{
    exm_record *r = whole_record(), *back = NULL;
    exm_buf b = {0};

    (void) state;
    assert_int_equal(exm_record_encode(NULL, &b, NULL), EXM_EINVAL);
    assert_int_equal(exm_record_encode(r, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_record_decode(NULL, 1, "m", &back, NULL), EXM_EINVAL);
    assert_int_equal(exm_record_decode("x", 1, NULL, &back, NULL), EXM_EINVAL);
    assert_int_equal(exm_record_decode("x", 1, "m", NULL, NULL), EXM_EINVAL);
    assert_null(back);
    exm_record_free(r);
    exm_record_free(NULL);
}

/* A change here is a change of the format: it needs another number (record.c, FORMAT). */
static void
the_format_is_fixed(void **state)
{
    exm_record *r = whole_record();
    exm_buf b = {0};
    char hex[EXM_SHA256_HEX];

    (void) state;
    assert_int_equal(exm_record_encode(r, &b, NULL), EXM_OK);
    assert_memory_equal(b.data,
                        "EXMREC\r\n\x04\x02S1\x20"
                        "cccc",
                        17);
    assert_int_equal(exm_sha256_of(b.data, b.len, hex, NULL), EXM_OK);
    assert_string_equal(hex,
                        "fc02e2d317a1a526b63dba7a77207be45bf5c6c2583172bd4661dbb8a57e0bd3");
    exm_buf_done(&b);
    exm_record_free(r);
}

/* What cannot be written leaves the buffer as it was. */
static void
a_refused_record_adds_no_byte(void **state)
{
    exm_record *r = whole_record();
    exm_buf b = {0};

    (void) state;
    exm_buf_puts(&b, "before");
    r->features[0].class_id = 3;
    assert_int_equal(exm_record_encode(r, &b, NULL), EXM_EINVAL);
    assert_int_equal(b.len, 6);
    exm_buf_done(&b);
    exm_record_free(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_fit_for_files),
        cmocka_unit_test(digests_have_their_digits),
        cmocka_unit_test(reads_add_up),
        cmocka_unit_test(features_are_sorted),
        cmocka_unit_test(isomirs_are_sorted_by_length_and_letters),
        cmocka_unit_test(fragments_are_sorted_and_add_up),
        cmocka_unit_test(a_layout_with_a_poly_a_is_recognised),
        cmocka_unit_test(an_end_is_open_where_the_hairpin_goes_on_with_a),
        cmocka_unit_test(numbers_and_ends_are_checked_everywhere),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(spike_ins_have_a_class_and_a_possible_amount),
        cmocka_unit_test(substitutions_are_sorted_and_possible),
        cmocka_unit_test(foreign_reads_add_up),
        cmocka_unit_test(molecules_are_sorted_and_add_up),
        cmocka_unit_test(without_umis_nothing_is_said_of_them),
        cmocka_unit_test(the_format_is_fixed),
        cmocka_unit_test(a_refused_record_adds_no_byte),
    };
    return cmocka_run_group_tests_name("record_rules", tests, NULL, NULL);
}
