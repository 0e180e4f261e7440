/*
 * test_record.c - tests of exomir/record.h
 *
 * What goes in comes out, field by field, whatever the numbers; what is no record, or was
 * one before a byte fell off or over, is refused.  Behind the checksum, too: with a new
 * one, a changed record is refused or is another whole record with the very same bytes.
 */
#include "exomir/digest.h"
#include "exomir/record.h"
#include "make_record.h"
#include "oom.h"
#include "tmpfile.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SHA = 32, HEAD = 9 };

static void
encode(const exm_record *r, exm_buf *b)
{
    exm_error err = {0};

    if (exm_record_encode(r, b, &err) != EXM_OK) fail_msg("%s", err.msg);
}

static exm_record *
decode(const exm_buf *b)
{
    exm_record *r = NULL;
    exm_error err = {0};

    if (exm_record_decode(b->data, b->len, "test", &r, &err) != EXM_OK)
        fail_msg("%s", err.msg);
    return r;
}

static void
assert_round_trip(const exm_record *r)
{
    exm_buf b = {0}, again = {0};
    exm_record *back;

    encode(r, &b);
    back = decode(&b);
    assert_true(same_record(r, back));
    encode(back, &again);
    assert_int_equal(b.len, again.len);
    assert_memory_equal(b.data, again.data, b.len);
    exm_record_free(back);
    exm_buf_done(&b);
    exm_buf_done(&again);
}

static exm_record *
small_record(void)
{
    return make_record(
        &(record_shape){
            .sample = "S1", .n_classes = 3, .n_mirnas = 6, .scale = 1000, .umi_len = 12},
        1);
}

/* ---- round trips ---- */

static void
records_come_back_as_they_were(void **state)
{
    (void) state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        const record_shape shape = {.sample = "a-b.c_d",
                                    .n_classes = 2 + (size_t) seed % 7,
                                    .n_mirnas = (size_t) seed * 3,
                                    .scale = (uint64_t) 1 << (seed + 5),
                                    .umi_len = seed % 2 ? 12 : 0};
        exm_record *r = make_record(&shape, seed);

        assert_round_trip(r);
        exm_record_free(r);
    }
}

/* Fields at both ends of their range. */
static void
extreme_values_come_back(void **state)
{
    static const double rates[] = {0.0,         -0.0, 1e-300, 0.02, (double) INFINITY,
                                   (double) NAN};
    exm_record *r = small_record();

    (void) state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        r->error_rate = rates[i];
        assert_round_trip(r);
    }
    r->fate[EXM_FATE_SHORT] += UINT64_MAX - r->reads_in;
    r->reads_in = r->molecules = r->bases = UINT64_MAX;
    r->bases_q30 = (uint64_t) 1 << 63;
    r->umi_len = UINT32_MAX;
    r->umi = (exm_umi_options){.dedup = EXM_UMI_DIRECTIONAL, .correct = 1};
    r->umi_pairs = r->fate[EXM_FATE_KEPT];
    free(r->copies);
    r->n_copies = 1;
    r->copies = zeros(1, sizeof *r->copies);
    r->copies[0] = (exm_umi_copies){.reads = r->umi_pairs, .molecules = 1};
    for (size_t k = 0; k < EXM_LEN_BINS; k++)
        r->len_raw[k] = r->len_kept[k] = (uint64_t) 1 << (k % 64);
    r->features[0].em[0] = r->features[0].em[1] = UINT64_MAX;
    r->features[1].unique[1] = (uint64_t) UINT32_MAX + 1;
    r->features[2].best[0] = 127;
    r->features[3].best[0] = 128;
    r->isomirs[0].count[0] = UINT64_MAX;
    r->isomirs[0].count[1] = 0;
    r->isomirs[1].count[0] = 5; /* more molecules than reads: no sense, but no loss */
    r->isomirs[1].count[1] = 9;
    r->isomirs[0].hits = r->isomirs[0].n_features = UINT32_MAX;
    r->isomirs[0].variant.d5 = INT8_MIN;
    r->isomirs[0].variant.d3 = INT8_MAX;
    r->matures[0].start = UINT32_MAX;
    r->traces[0].group = UINT32_MAX;
    r->foreign_in_reference = UINT64_MAX;
    memset(r->layout, 'x', sizeof r->layout - 1);
    assert_round_trip(r);
    exm_record_free(r);
}

/* A sequence of 1 nt and one of 63 nt, all four letters first and last. */
static void
every_packed_sequence_comes_back(void **state)
{
    exm_record *r = small_record();
    const size_t n_isomirs = r->n_isomirs;

    (void) state;
    r->n_isomirs = 2; /* of two features, so that any sequence is in order */
    r->isomirs[1].feature = r->isomirs[1].mature = 1;
    for (uint32_t len = 1; len <= 63; len++) {
        for (unsigned code = 0; code < 4; code++) {
            exm_record_isomir *x = r->isomirs + 1;

            x->variant = (exm_variant){0};
            x->lo = (uint64_t) 1 << len | (uint64_t) (code & 1) << (len - 1) | (code & 1);
            x->hi = (uint64_t) (code >> 1) << (len - 1) | code >> 1;
            if (len == 1) x->lo = 2 | (code & 1), x->hi = code >> 1;
            assert_round_trip(r);
        }
    }
    r->n_isomirs = n_isomirs;
    exm_record_free(r);
}

static void
an_empty_sample_has_a_record(void **state)
{
    const record_shape shape = {
        .sample = "empty", .n_classes = 2, .n_mirnas = 0, .scale = 1};
    exm_record *r = make_record(&shape, 0);

    (void) state;
    r->n_features = 0; /* the one of class "hairpin" */
    free(r->features[0].name);
    for (size_t i = 0; i < 2; i++) {
        free(r->clades[i].name);
        free(r->traces[i].clade);
        free(r->traces[i].mirna);
    }
    r->n_clades = r->n_traces = 0;
    r->unannotated += r->foreign;
    r->foreign = 0;
    r->n_fragments = 0;
    assert_round_trip(r);
    exm_record_free(r);
    exm_record_free(NULL);
}

/* Comparison of records sees every field (negative control of this file). */
static void
comparison_sees_a_difference(void **state)
{
    exm_record *a = small_record(), *b = small_record();

    (void) state;
    assert_true(same_record(a, b));
    b->len_short[3]++;
    assert_false(same_record(a, b));
    b->len_short[3]--;
    b->isomirs[3].variant.n_tail ^= 1;
    assert_false(same_record(a, b));
    b->isomirs[3].variant.n_tail ^= 1;
    b->fragments[1].count[1]++;
    assert_false(same_record(a, b));
    b->fragments[1].count[1]--;
    b->features[2].unique[1]++;
    assert_false(same_record(a, b));
    b->features[2].unique[1]--;
    assert_true(same_record(a, b));
    exm_record_free(a);
    exm_record_free(b);
}

/* ---- damage ---- */

static void
assert_refused(const void *p, size_t n, const char *says)
{
    exm_record *r = NULL;
    exm_error err = {0};

    assert_int_equal(exm_record_decode(p, n, "file.exr", &r, &err), EXM_EDATA);
    assert_null(r);
    assert_non_null(strstr(err.msg, "file.exr"));
    if (says && !strstr(err.msg, says)) fail_msg("'%s' lacks '%s'", err.msg, says);
}

static void
every_changed_byte_and_every_truncation_is_refused(void **state)
{
    exm_record *r = small_record();
    exm_buf b = {0};

    (void) state;
    encode(r, &b);
    for (size_t i = 0; i < b.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            b.data[i] = (char) (b.data[i] ^ 1 << bit);
            assert_refused(b.data, b.len,
                           i < 8    ? "is no sample record"
                           : i == 8 ? "made by a"
                                    : "damaged");
            b.data[i] = (char) (b.data[i] ^ 1 << bit);
        }
        assert_refused(b.data, i, NULL);
    }
    exm_buf_putc(&b, '\0');
    assert_refused(b.data, b.len, "damaged");
    b.len--;
    exm_record_free(decode(&b)); /* control: nothing was left changed */
    exm_buf_done(&b);
    exm_record_free(r);
}

/* The right checksum for bytes that were tampered with. */
static void
sign(exm_buf *b)
{
    char hex[EXM_SHA256_HEX];
    exm_error err = {0};

    assert_int_equal(exm_sha256_of(b->data, b->len - SHA, hex, &err), EXM_OK);
    for (size_t i = 0; i < SHA; i++) {
        char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

        b->data[b->len - SHA + i] = (char) strtoul(two, NULL, 16);
    }
}

static void
assert_refused_or_another_record(exm_buf *b, unsigned *refused)
{
    exm_record *r = NULL;
    exm_error err = {0};
    exm_buf again = {0};
    exm_status st;

    sign(b);
    st = exm_record_decode(b->data, b->len, "x", &r, &err);
    if (st != EXM_OK) {
        assert_int_equal(st, EXM_EDATA);
        assert_in_range(err.at, 0, b->len);
        ++*refused;
        return;
    }
    encode(r, &again);
    assert_int_equal(again.len, b->len);
    assert_memory_equal(again.data, b->data, b->len);
    exm_buf_done(&again);
    exm_record_free(r);
}

static void
behind_the_checksum_nothing_is_taken_on_trust(void **state)
{
    exm_record *r = small_record();
    exm_buf b = {0}, copy = {0};
    unsigned refused = 0;

    (void) state;
    encode(r, &b);
    for (size_t i = HEAD; i < b.len - SHA; i++) {
        static const unsigned char values[] = {0, 1, 2, 0x7f, 0x80, 0xff};

        for (size_t k = 0; k < sizeof values; k++) {
            const char old = b.data[i];

            b.data[i] = (char) values[k];
            assert_refused_or_another_record(&b, &refused);
            b.data[i] = old;
        }
        /* A byte less, a byte more. */
        exm_buf_clear(&copy);
        exm_buf_put(&copy, b.data, i);
        exm_buf_put(&copy, b.data + i + 1, b.len - i - 1);
        assert_refused_or_another_record(&copy, &refused);
        exm_buf_clear(&copy);
        exm_buf_put(&copy, b.data, i);
        exm_buf_putc(&copy, (char) 0x80);
        exm_buf_put(&copy, b.data + i, b.len - i);
        assert_refused_or_another_record(&copy, &refused);
    }
    assert_true(refused > 100);
    exm_buf_done(&b);
    exm_buf_done(&copy);
    exm_record_free(r);
}

/* A list as long as memory is asked for only where the file is long enough. */
static void
long_lists_need_long_files(void **state)
{
    static const unsigned char tail[] = {0xff, 0xff, 0xff, 0xff, 0x0f};
    exm_record *r = small_record();
    exm_buf b = {0}, copy = {0};
    unsigned refused = 0, asked = 0;

    (void) state;
    encode(r, &b);
    for (size_t i = HEAD; i < b.len - SHA; i++, asked++) {
        exm_buf_clear(&copy);
        exm_buf_put(&copy, b.data, i);
        exm_buf_put(&copy, tail, sizeof tail);
        exm_buf_put(&copy, b.data + i + 1, b.len - i - 1);
        assert_refused_or_another_record(&copy, &refused);
    }
    assert_true(refused > 0 && refused < asked);
    exm_buf_done(&b);
    exm_buf_done(&copy);
    exm_record_free(r);
}

/* ---- what cannot be written ---- */

static void
assert_not_written(const exm_record *r)
{
    exm_buf b = {0};
    exm_error err = {0};

    assert_int_equal(exm_record_encode(r, &b, &err), EXM_EINVAL);
    assert_true(err.msg[0]);
    exm_buf_done(&b);
}

static void
a_record_that_could_not_be_read_is_not_written(void **state)
{
    exm_record *r = small_record();
    exm_record_isomir *x = r->isomirs + 1, old = *x;
    exm_buf b = {0};

    (void) state;
    x->feature = (uint32_t) r->n_features;
    assert_not_written(r);
    *x = old;
    x->mature = (uint32_t) r->n_matures;
    assert_not_written(r);
    *x = old;
    x->variant.n_sub = 3;
    assert_not_written(r);
    *x = old;
    x->variant = (exm_variant){.n_sub = 1, .sub_at = {63}};
    assert_not_written(r);
    *x = old;
    x->lo = x->hi = 0;
    assert_not_written(r);
    *x = old;
    r->features[0].class_id = 3;
    assert_not_written(r);
    r->features[0].class_id = 0;
    assert_round_trip(r); /* control */
    exm_record_free(r);
    assert_int_equal(exm_record_encode(NULL, &b, NULL), EXM_EINVAL);
}

static void
thousands_of_classes_are_a_record_too(void **state)
{
    exm_record *r = make_record(
        &(record_shape){.sample = "S", .n_classes = 4096, .n_mirnas = 3, .scale = 9}, 1);

    (void) state;
    assert_round_trip(r);
    exm_record_free(r);
    r = make_record(
        &(record_shape){.sample = "S", .n_classes = 4097, .n_mirnas = 3, .scale = 9}, 1);
    assert_not_written(r);
    exm_record_free(r);
}

/* ---- files and memory ---- */

static void
records_are_read_from_files(void **state)
{
    static const char *const names[] = {"a.exr", "b.exr"};
    char folder[TMP_PATH], path[TMP_PATH];
    exm_record *r = small_record(), *back = NULL;
    exm_buf b = {0};
    exm_error err = {0};

    (void) state;
    tmp_folder(folder);
    encode(r, &b);
    assert_int_equal(
        exm_record_read(tmp_write(path, folder, "a.exr", b.data, b.len), &back, &err),
        EXM_OK);
    assert_true(same_record(r, back));
    exm_record_free(back);
    back = NULL;
    assert_int_equal(
        exm_record_read(tmp_write(path, folder, "b.exr", b.data, b.len / 2), &back, &err),
        EXM_EDATA);
    assert_non_null(strstr(err.msg, path));
    assert_int_equal(exm_record_read(tmp_path(path, folder, "c.exr"), &back, &err),
                     EXM_EIO);
    assert_null(back);
    tmp_remove(folder, names, 2);
    exm_buf_done(&b);
    exm_record_free(r);
}

static void
each_failed_allocation_is_reported(void **state)
{
    exm_record *r = small_record(), *back = NULL;
    exm_buf b = {0}, other = {0};
    exm_error err = {0};
    int k;

    (void) state;
    encode(r, &b);
    for (k = 0; k < 10000; k++) {
        oom_arm(k);
        if (exm_record_decode(b.data, b.len, "x", &back, &err) == EXM_OK) {
            assert_false(oom_fired());
            break;
        }
        oom_arm(-1);
        assert_int_equal(err.code, EXM_ENOMEM);
        assert_null(back);
    }
    oom_arm(-1);
    assert_in_range(k, 30, 200);
    exm_record_free(back);
    for (k = 0; k < 10000; k++) {
        exm_buf_done(&other);
        oom_arm(k);
        if (exm_record_encode(r, &other, &err) == EXM_OK) {
            assert_false(oom_fired());
            break;
        }
        oom_arm(-1);
        assert_int_equal(err.code, EXM_ENOMEM);
    }
    oom_arm(-1);
    assert_in_range(k, 3, 100);
    exm_buf_done(&b);
    exm_buf_done(&other);
    exm_record_free(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_as_they_were),
        cmocka_unit_test(extreme_values_come_back),
        cmocka_unit_test(every_packed_sequence_comes_back),
        cmocka_unit_test(an_empty_sample_has_a_record),
        cmocka_unit_test(comparison_sees_a_difference),
        cmocka_unit_test(every_changed_byte_and_every_truncation_is_refused),
        cmocka_unit_test(behind_the_checksum_nothing_is_taken_on_trust),
        cmocka_unit_test(long_lists_need_long_files),
        cmocka_unit_test(a_record_that_could_not_be_read_is_not_written),
        cmocka_unit_test(thousands_of_classes_are_a_record_too),
        cmocka_unit_test(records_are_read_from_files),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
