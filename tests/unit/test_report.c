/*
 * test_report.c - tests of exomir/report.h
 *
 * The report is one file whose data are JSON and whose numbers are the records'; no text
 * of a user ever becomes markup; the same records give the same bytes.
 */
#include "comma.h"
#include "exomir/report.h"
#include "json_reader.h"
#include "make_record.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const exm_report_info info = {.title = "exomir count",
                                     .version = "1.2.3",
                                     .command = "--kit truseq",
                                     .reference = "hsa 0123"};

static exm_record *
record(const char *sample, uint64_t seed)
{
    return make_record(
        &(record_shape){
            .sample = sample, .n_classes = 9, .n_mirnas = 80, .scale = 1000, .umi_len = 12},
        seed);
}

static void
write_report(exm_record *const *records, size_t n, const exm_report_info *i, exm_buf *ret)
{
    exm_qc *qc = zeros(n, sizeof *qc);
    exm_error err = {0};

    for (size_t k = 0; k < n; k++) exm_qc_sample(records[k], qc + k);
    if (exm_report_count((const exm_record *const *) records, qc, n, i, ret, &err) !=
        EXM_OK)
        fail_msg("%s", err.msg);
    free(qc);
}

/* The data block, as events of the JSON reader. */
static void
data_of(const exm_buf *html, exm_buf *events)
{
    static const char open[] = "<script type=\"application/json\" id=\"data\">";
    const char *from = strstr(html->data, open), *to;
    char *json;

    assert_non_null(from);
    from += strlen(open);
    to = strstr(from, "</script>");
    assert_non_null(to);
    json = malloc((size_t) (to - from) + 1);
    assert_non_null(json);
    memcpy(json, from, (size_t) (to - from));
    json[to - from] = '\0';
    if (!is_json(json, events)) fail_msg("the data are no JSON");
    free(json);
}

static size_t
occurrences(const char *text, const char *what)
{
    size_t n = 0;

    for (const char *p = strstr(text, what); p; p = strstr(p + 1, what)) n++;
    return n;
}

/* The events of a key and its list of numbers. */
static void
put_numbers(exm_buf *b, const char *key, const uint64_t *v, size_t n)
{
    exm_buf_clear(b);
    exm_buf_putc(b, 'k');
    exm_buf_puts(b, key);
    exm_buf_puts(b, "\"[");
    for (size_t i = 0; i < n; i++) {
        exm_buf_put_u64(b, v[i]);
        exm_buf_putc(b, '#');
    }
    exm_buf_putc(b, ']');
}

static void
the_report_holds_the_records_numbers(void **state)
{
    exm_record *r[2] = {record("S1", 1), record("S2", 2)};
    exm_buf html = {0}, events = {0}, want = {0};

    (void) state;
    write_report(r, 2, &info, &html);
    data_of(&html, &events);
    for (size_t k = 0; k < 2; k++) {
        uint64_t all = 0, canonical = 0; /* molecules */

        put_numbers(&want, "fates", r[k]->fate, EXM_FATE_COUNT);
        assert_non_null(strstr(events.data, want.data));
        for (size_t i = 0; i < r[k]->n_isomirs; i++) {
            const exm_variant *v = &r[k]->isomirs[i].variant;

            all += r[k]->isomirs[i].count[1];
            if (!v->d5 && !v->d3 && !v->n_add5 && !v->n_tail && !v->n_sub)
                canonical += r[k]->isomirs[i].count[1];
        }
        exm_buf_clear(&want);
        exm_buf_putf(&want, "kisomirs\"{kall\"%llu#kcanonical\"%llu#",
                     (unsigned long long) all, (unsigned long long) canonical);
        assert_non_null(strstr(events.data, want.data));
        assert_true(r[k]->classes[0].em[1] < r[k]->classes[0].em[0]);
        exm_buf_clear(&want);
        exm_buf_putf(&want, "kmirna\"%llu#kpoly_a\"f",
                     (unsigned long long) r[k]->classes[0].em[1]);
        assert_non_null(strstr(events.data, want.data));
        /* Every class with its reads. */
        for (size_t c = 0; c < r[k]->n_classes; c++) {
            exm_buf_clear(&want);
            exm_buf_putf(&want, "[s%s\"%llu#0#]", r[k]->classes[c].name,
                         (unsigned long long) r[k]->classes[c].em[0]);
            assert_non_null(strstr(events.data, want.data));
        }
    }
    assert_int_equal(occurrences(events.data, "kverdict\""), 2);
    assert_non_null(strstr(events.data, "[sadapter_dimer\"sadapter dimer\"s"));
    exm_buf_done(&html);
    exm_buf_done(&events);
    exm_buf_done(&want);
    for (size_t k = 0; k < 2; k++) exm_record_free(r[k]);
}

/* In molecules where there are UMIs, most first, as in mirna.counts.tsv. */
static void
the_commonest_mirnas_are_those_of_the_tables(void **state)
{
    exm_record *r = record("S1", 1);
    exm_buf html = {0}, events = {0}, want = {0};
    const exm_record_feature *most = r->features;
    const char *top;

    (void) state;
    for (size_t i = 0; i < r->n_features; i++)
        if (r->features[i].class_id == 0 && r->features[i].em[1] > most->em[1])
            most = r->features + i;
    write_report(&r, 1, &info, &html);
    data_of(&html, &events);
    exm_buf_putf(&want, "ktop\"[[s%s\"%llu#%llu#%llu#]", most->name,
                 (unsigned long long) most->em[1], (unsigned long long) most->unique[1],
                 (unsigned long long) most->best[1]);
    top = strstr(events.data, "ktop\"[");
    assert_non_null(top);
    assert_int_equal(strncmp(top, want.data, want.len), 0);
    (void) snprintf(r->layout, sizeof r->layout, "N3,insert,A8");
    exm_buf_clear(&html);
    exm_buf_clear(&events);
    write_report(&r, 1, &info, &html);
    data_of(&html, &events);
    assert_non_null(strstr(events.data, "kpoly_a\"t"));
    exm_buf_done(&html);
    exm_buf_done(&events);
    exm_buf_done(&want);
    exm_record_free(r);
}

/* Parts of the pictures add up: cargo and lengths to the kept reads. */
static void
pictures_add_up_to_the_kept_reads(void **state)
{
    exm_record *r = record("S1", 3);
    exm_buf html = {0}, events = {0};
    const char *keys[] = {"kcargo\"[", "klengths\"["};

    (void) state;
    write_report(&r, 1, &info, &html);
    data_of(&html, &events);
    for (int k = 0; k < 2; k++) {
        const char *p = strstr(events.data, keys[k]);
        unsigned long long sum = 0;
        int depth = 1;

        assert_non_null(p);
        for (p += strlen(keys[k]); depth > 0; p++) {
            if (*p == '[') {
                depth++;
            } else if (*p == ']') {
                depth--;
            } else {
                char *end;

                sum += strtoull(p, &end, 10);
                assert_true(*end == '#');
                p = end;
            }
        }
        assert_true(sum == r->fate[EXM_FATE_KEPT]);
    }
    exm_buf_done(&html);
    exm_buf_done(&events);
    exm_record_free(r);
}

/* ---- text of users ---- */

static void
text_of_users_never_becomes_markup(void **state)
{
    static const char evil[] = "</script><script>alert(1)//\"'&<!--<b>\xe2\x80\xa8\xff";
    const exm_report_info odd = {
        .title = evil, .version = evil, .command = evil, .reference = evil};
    exm_record *r = record(evil, 1);
    exm_buf plain = {0}, html = {0}, events = {0};
    exm_record *good = record("S", 1);
    const char *title;

    (void) state;
    free(r->kit_evidence);
    free(r->features[0].name);
    free(r->classes[1].name);
    r->kit_evidence = text_copy(evil);
    r->features[0].name = text_copy(evil);
    r->classes[1].name = text_copy(evil);
    r->features[0].em[1] += 100000000; /* so that it is among the commonest */
    write_report(&good, 1, &info, &plain);
    write_report(&r, 1, &odd, &html);
    /* As many elements as in a report of plain names, and none of the evil ones. */
    assert_int_equal(occurrences(html.data, "<script"), occurrences(plain.data, "<script"));
    assert_int_equal(occurrences(html.data, "</script"),
                     occurrences(plain.data, "</script"));
    assert_int_equal(occurrences(html.data, "<!--"), occurrences(plain.data, "<!--"));
    assert_int_equal(occurrences(html.data, "<b>"), 0);
    title = strstr(html.data, "<title>");
    assert_non_null(title);
    assert_int_equal(
        strncmp(title + 7, "&lt;/script>&lt;script>alert(1)//\"'&amp;&lt;!--", 45), 0);
    data_of(&html, &events);
    /* It is there, as text; what is no UTF-8 is U+FFFD. */
    assert_non_null(strstr(events.data, "kname\"s</script><script>alert(1)//\"'&<!--<b>"
                                        "\xe2\x80\xa8\xef\xbf\xbd\""));
    exm_buf_done(&plain);
    exm_buf_done(&html);
    exm_buf_done(&events);
    exm_record_free(r);
    exm_record_free(good);
}

static void
the_page_fetches_nothing(void **state)
{
    exm_record *r = record("S", 1);
    exm_buf html = {0};

    (void) state;
    write_report(&r, 1, &info, &html);
    assert_non_null(strstr(html.data, "default-src 'none'"));
    assert_null(strstr(html.data, "src=\"http"));
    assert_null(strstr(html.data, "href=\"http"));
    assert_null(strstr(html.data, "@import"));
    assert_null(strstr(html.data, "fetch("));
    assert_non_null(strstr(html.data, "Research use only"));
    exm_buf_done(&html);
    exm_record_free(r);
}

/* ---- one result ---- */

static void
the_same_records_give_the_same_bytes(void **state)
{
    exm_record *r[2] = {record("S1", 1), record("S2", 2)};
    exm_buf a = {0}, b = {0};

    (void) state;
    write_report(r, 2, &info, &a);
    if (comma_on()) {
        write_report(r, 2, &info, &b);
        comma_off();
    } else {
        write_report(r, 2, &info, &b);
    }
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
    exm_buf_clear(&b);
    r[0]->unannotated++; /* control */
    write_report(r, 2, &info, &b);
    assert_true(a.len != b.len || memcmp(a.data, b.data, a.len) != 0);
    exm_buf_done(&a);
    exm_buf_done(&b);
    for (size_t k = 0; k < 2; k++) exm_record_free(r[k]);
}

static void
edges_have_a_report(void **state)
{
    exm_record *empty = make_record(
        &(record_shape){.sample = "empty", .n_classes = 2, .n_mirnas = 0, .scale = 1}, 0);
    exm_record *wide = make_record(
        &(record_shape){.sample = "wide", .n_classes = 1000, .n_mirnas = 3, .scale = 9}, 0);
    exm_record *both[2] = {empty, wide};
    exm_buf html = {0}, events = {0};
    exm_error err = {0};

    (void) state;
    write_report(NULL, 0, &info, &html);
    data_of(&html, &events);
    assert_non_null(strstr(events.data, "ksamples\"[]"));
    for (size_t n = 1; n <= 2; n++) {
        exm_buf_clear(&html);
        write_report(both, n, &info, &html);
        data_of(&html, &events);
    }
    exm_buf_clear(&html);
    wide->classes[999].em[0] = UINT64_MAX / 2; /* numbers beyond 2^53 */
    write_report(both, 2, &info, &html);
    data_of(&html, &events);
    assert_non_null(strstr(events.data, "9223372036854775807#"));
    exm_buf_clear(&html);
    assert_int_equal(exm_report_count(NULL, NULL, 1, &info, &html, &err), EXM_EINVAL);
    assert_int_equal(exm_report_count(NULL, NULL, 0, NULL, &html, &err), EXM_EINVAL);
    assert_int_equal(html.len, 0);
    exm_buf_done(&html);
    exm_buf_done(&events);
    exm_record_free(empty);
    exm_record_free(wide);
}

static void
each_failed_allocation_is_reported(void **state)
{
    exm_record *r = record("S", 1);
    exm_qc qc;
    int k;

    (void) state;
    exm_qc_sample(r, &qc);
    for (k = 0; k < 200; k++) {
        exm_buf html = {0};
        exm_error err = {0};
        exm_status st;
        int fired;

        oom_arm(k);
        st = exm_report_count((const exm_record *const *) &r, &qc, 1, &info, &html, &err);
        fired = oom_fired();
        oom_arm(-1);
        exm_buf_done(&html);
        if (st == EXM_OK) {
            assert_false(fired);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
        assert_int_equal(err.code, EXM_ENOMEM);
    }
    assert_in_range(k, 5, 100);
    exm_record_free(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_report_holds_the_records_numbers),
        cmocka_unit_test(the_commonest_mirnas_are_those_of_the_tables),
        cmocka_unit_test(pictures_add_up_to_the_kept_reads),
        cmocka_unit_test(text_of_users_never_becomes_markup),
        cmocka_unit_test(the_page_fetches_nothing),
        cmocka_unit_test(the_same_records_give_the_same_bytes),
        cmocka_unit_test(edges_have_a_report),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
