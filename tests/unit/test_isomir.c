/*
 * test_isomir.c - tests of exomir/isomir.h
 *
 * Licence plates are read back by a decoder of their own, CIGARs are played back over the
 * read, and both must give what went in.
 */
#include "exomir/isomir.h"
#include "exomir/rng.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- variants ---- */

static void
variants_read_as_the_specification_writes_them(void **state)
{
    static const struct {
        exm_variant v;
        const char *text;
    } cases[] = {
        {{.d5 = 0}, "NA"},
        {{.d5 = 1}, "iso_5p:+1"},
        {{.d5 = -2}, "iso_5p:-2"},
        {{.d3 = 3}, "iso_3p:+3"},
        {{.d3 = -8}, "iso_3p:-8"},
        {{.n_tail = 2}, "iso_add3p:2"},
        {{.n_add5 = 1}, "iso_add5p:1"},
        {{.n_sub = 1, .sub_at = {3}}, "iso_snv_seed"},
        {{.n_sub = 2, .sub_at = {3, 12}}, "iso_snv_seed,iso_snv_central_supp"},
        /* Both in one region are told twice, in order. */
        {{.n_sub = 2, .sub_at = {1, 6}}, "iso_snv_seed,iso_snv_seed"},
        /* A replaced last base. */
        {{.d3 = -1, .n_tail = 1}, "iso_3p:-1,iso_add3p:1"},
        {{.d5 = -5, .d3 = 6, .n_add5 = 2, .n_tail = 3},
         "iso_5p:-5,iso_add5p:2,iso_3p:+6,iso_add3p:3"},
        {{.d5 = 1, .d3 = -1, .n_tail = 1, .n_sub = 1, .sub_at = {6}},
         "iso_5p:+1,iso_snv_central_offset,iso_3p:-1,iso_add3p:1"},
        {{.d5 = 0, .n_add5 = 1, .n_sub = 1, .sub_at = {9}}, "iso_add5p:1,iso_snv_central"},
    };

    (void) state;
    for (size_t i = 0; i < LEN(cases); i++) {
        exm_buf b = {0};

        exm_variant_put(&cases[i].v, &b);
        assert_string_equal(b.data, cases[i].text);
        /* Behind other text: no comma in front, "NA" all the same. */
        exm_buf_clear(&b);
        exm_buf_puts(&b, "x=");
        exm_variant_put(&cases[i].v, &b);
        assert_string_equal(b.data + 2, cases[i].text);
        exm_buf_done(&b);
    }
}

/* Position on the mature, 1-based, whatever the read's own start. */
static void
a_substitutions_region_follows_its_place_on_the_mature(void **state)
{
    (void) state;
    for (int d5 = -5; d5 <= 5; d5++) {
        for (int add5 = 0; add5 <= 1; add5++) {
            for (int at = add5; at < 40; at++) {
                const exm_variant v = {.d5 = (int8_t) d5,
                                       .n_add5 = (uint8_t) add5,
                                       .n_sub = 1,
                                       .sub_at = {(uint8_t) at}};
                const int first = 1 + d5;          /* mature position of the first base */
                const int p = first + (at - add5); /* templated bases count from there */
                const char *want = p == 1   ? "iso_snv"
                                   : p < 1  ? "iso_snv"
                                   : p < 8  ? "iso_snv_seed"
                                   : p < 9  ? "iso_snv_central_offset"
                                   : p < 13 ? "iso_snv_central"
                                   : p < 18 ? "iso_snv_central_supp"
                                            : "iso_snv";
                exm_buf b = {0};
                char *snv, *end;

                exm_variant_put(&v, &b);
                snv = strstr(b.data, "iso_snv");
                assert_non_null(snv);
                end = strchr(snv, ',');
                if (end) *end = '\0';
                assert_string_equal(snv, want);
                exm_buf_done(&b);
            }
        }
    }
}

/* ---- CIGARs ---- */

static void
cigars_read_as_in_the_specification(void **state)
{
    static const struct {
        exm_variant v;
        uint32_t len;
        const char *text;
    } cases[] = {
        {{.d5 = 0}, 22, "22M"},
        {{.d5 = 0}, 1, "M"},
        {{.n_sub = 1, .sub_at = {11}, .sub_ref = {0}}, 19, "11MA7M"},
        {{.n_sub = 1, .sub_at = {0}, .sub_ref = {3}}, 19, "G18M"},
        {{.n_sub = 2, .sub_at = {1, 2}, .sub_ref = {1, 2}}, 10, "MCT7M"},
        {{.n_tail = 1}, 22, "21MI"},
        {{.n_tail = 3}, 22, "19M3I"},
        {{.n_add5 = 2, .n_tail = 1}, 22, "2I19MI"},
        {{.n_add5 = 1, .n_sub = 1, .sub_at = {1}, .sub_ref = {2}}, 20, "IT18M"},
        {{.n_tail = 2, .n_sub = 1, .sub_at = {19}, .sub_ref = {0}}, 22, "19MA2I"},
    };

    (void) state;
    for (size_t i = 0; i < LEN(cases); i++) {
        exm_buf b = {0};

        exm_variant_put_cigar(&cases[i].v, cases[i].len, &b);
        assert_string_equal(b.data, cases[i].text);
        exm_buf_done(&b);
    }
}

/* Plays a CIGAR over a read: the template's bases; returns the read's length, or 0. */
static uint32_t
play(const char *cigar, const char *read, char *template)
{
    uint32_t at = 0, to = 0;

    while (*cigar) {
        uint32_t n = 0;

        while (*cigar >= '0' && *cigar <= '9') n = 10 * n + (uint32_t) (*cigar++ - '0');
        if (n == 0) n = 1;
        switch (*cigar++) {
        case 'M':
            memcpy(template + to, read + at, n);
            at += n;
            to += n;
            break;
        case 'I':
            at += n;
            break;
        case 'A':
        case 'C':
        case 'G':
        case 'T':
            template[to++] = cigar[-1];
            at++;
            break;
        default:
            return 0;
        }
    }
    template[to] = '\0';
    return at;
}

static void
a_cigar_gives_the_template_back(void **state)
{
    exm_rng r;

    (void) state;
    exm_rng_init(&r, 5, 0);
    for (unsigned i = 0; i < 3000; i++) {
        const uint32_t core = 14 + (uint32_t) exm_rng_below(&r, 40);
        char template[64], read[72], back[72];
        exm_variant v = {.n_add5 = (uint8_t) exm_rng_below(&r, 3),
                         .n_tail = (uint8_t) exm_rng_below(&r, 4),
                         .n_sub = (uint8_t) exm_rng_below(&r, 3)};
        uint32_t at = v.n_add5;
        exm_buf b = {0};

        for (uint32_t k = 0; k < core; k++) template[k] = "ACGT"[exm_rng_below(&r, 4)];
        template[core] = '\0';
        memset(read, 'A', v.n_add5);
        memcpy(read + v.n_add5, template, core);
        memset(read + v.n_add5 + core, 'T', v.n_tail);
        for (int k = 0; k < v.n_sub; k++) {
            static const char letters[] = "ACTG"; /* by plane code */
            const char *code;

            at += (uint32_t) exm_rng_below(&r, v.n_add5 + core - at - 1U + (unsigned) k);
            code = strchr(letters, read[at]);
            v.sub_at[k] = (uint8_t) at;
            v.sub_ref[k] = (uint8_t) (code - letters);
            read[at] = letters[(code - letters + 1) & 3];
            at++;
        }
        exm_variant_put_cigar(&v, v.n_add5 + core + v.n_tail, &b);
        assert_int_equal(play(b.data, read, back), v.n_add5 + core + v.n_tail);
        assert_string_equal(back, template);
        exm_buf_done(&b);
    }
}

/* ---- licence plates ---- */

static void
assert_uid(const char *prefix, const char *seq, const char *want)
{
    exm_buf b = {0};
    exm_error err = {0};

    assert_int_equal(exm_uid_put(prefix, seq, strlen(seq), &b, &err), EXM_OK);
    assert_string_equal(b.data, want);
    exm_buf_done(&b);
}

static void
licence_plates_equal_the_published_ones(void **state)
{
    (void) state;
    assert_uid("iso", "TGAGGTAGTAGGTTGTATAGTT", "iso-22-XKVLRYVPQ");
    assert_uid("iso", "TGAGGTAGTAGGTTGTATAG", "iso-20-XKVLRYVP");
    assert_uid("tRF", "AACCGGGCAGAAGCACCA", "tRF-18-BS6PDFD2");
    assert_uid("iso", "ugagguaguagguuguauaguu", "iso-22-XKVLRYVPQ");
    /* A rest of 1 to 4 nt: one symbol below 32, two from 32 on. */
    assert_uid("iso", "A", "iso-1-B");
    assert_uid("iso", "TT", "iso-2-Q");
    assert_uid("iso", "AGT", "iso-3-Z");
    assert_uid("iso", "ATA", "iso-3-DB");
    assert_uid("iso", "TTTT", "iso-4-KQ");
    assert_uid("iso", "AAAAA", "iso-5-BB");
    assert_uid("iso", "TTTTT", "iso-5-ZZ");
    assert_uid("iso", "", "iso-0-");
}

/* The inverse, from the definition; the length tells how long the rest is. */
static void
decode(const char *uid, char *ret)
{
    static const char alphabet[] = "BD0EF1HI2JK3LM4NO5PQ6RS7UV8WX9YZ";
    static const unsigned base[] = {0, 0, 4, 20, 84};
    size_t n = (size_t) atoi(uid), at = 0;
    const char *p = strchr(uid, '-') + 1;

    while (at < n) {
        const size_t k = n - at < 5 ? n - at : 5;
        unsigned v = (unsigned) (strchr(alphabet, *p++) - alphabet);

        if (*p) { /* a rest of one symbol is the last */
            assert_non_null(strchr(alphabet, *p));
            v = v * 32 + (unsigned) (strchr(alphabet, *p++) - alphabet);
        }
        if (k < 5) v -= base[k];
        for (size_t i = k; i-- > 0; v /= 4) ret[at + i] = "ACGT"[v % 4];
        assert_int_equal(v, 0);
        at += k;
    }
    assert_int_equal(*p, '\0');
    ret[at] = '\0';
}

static void
licence_plates_can_be_read_back(void **state)
{
    exm_rng r;

    (void) state;
    exm_rng_init(&r, 7, 0);
    for (unsigned i = 0; i < 20000; i++) {
        const size_t n = i % 64 + (i % 64 == 0);
        char seq[65], back[65];
        exm_buf b = {0};
        exm_error err = {0};

        for (size_t k = 0; k < n; k++) seq[k] = "ACGT"[exm_rng_below(&r, 4)];
        seq[n] = '\0';
        assert_int_equal(exm_uid_put("iso", seq, n, &b, &err), EXM_OK);
        decode(b.data + 4, back);
        assert_string_equal(back, seq);
        exm_buf_done(&b);
    }
}

static void
other_letters_have_no_licence_plate(void **state)
{
    (void) state;
    for (int c = 1; c < 256; c++) {
        char seq[] = "ACGTACGTAC";
        exm_buf b = {0};
        exm_error err = {0};

        seq[6] = (char) c;
        if (strchr("ACGTUacgtu", c)) continue;
        assert_int_equal(exm_uid_put("iso", seq, 10, &b, &err), EXM_EDATA);
        assert_int_equal(err.at, 6);
        assert_int_equal(b.len, 0);
        exm_buf_done(&b);
    }
}

static void
a_failed_allocation_is_reported(void **state)
{
    exm_buf b = {0};
    exm_error err = {0};

    (void) state;
    oom_arm(0);
    assert_int_equal(exm_uid_put("iso", "ACGTACGT", 8, &b, &err), EXM_ENOMEM);
    oom_arm(-1);
    exm_buf_done(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variants_read_as_the_specification_writes_them),
        cmocka_unit_test(a_substitutions_region_follows_its_place_on_the_mature),
        cmocka_unit_test(cigars_read_as_in_the_specification),
        cmocka_unit_test(a_cigar_gives_the_template_back),
        cmocka_unit_test(licence_plates_equal_the_published_ones),
        cmocka_unit_test(licence_plates_can_be_read_back),
        cmocka_unit_test(other_letters_have_no_licence_plate),
        cmocka_unit_test(a_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
