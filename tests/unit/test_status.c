/* test_status.c - tests of exomir/status.h */
#include "exomir/status.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
a_report_says_code_place_and_cause(void **state)
{
    exm_error err = {0};

    (void) state;
    assert_int_equal(exm_fail(&err, EXM_EDATA, 17, "%s, line %d", "x.fa", 3), EXM_EDATA);
    assert_int_equal(err.code, EXM_EDATA);
    assert_int_equal(err.at, 17);
    assert_string_equal(err.msg, "x.fa, line 3");
    assert_int_equal(exm_fail(NULL, EXM_ENOMEM, 0, "nobody asks"), EXM_ENOMEM);
}

static void
a_failed_call_has_the_systems_reason(void **state)
{
    exm_error err = {0};

    (void) state;
    assert_int_equal(exm_fail_errno(&err, ENOENT, 2, "%s", "x.fa"), EXM_EIO);
    assert_int_equal(err.code, EXM_EIO);
    assert_int_equal(err.at, 2);
    assert_string_equal(err.msg, "x.fa: No such file or directory");
    assert_int_equal(exm_fail_errno(&err, 99999, 0, "x"), EXM_EIO);
    assert_non_null(strstr(err.msg, "99999")); /* no reason is known: its number */
    assert_int_equal(exm_fail_errno(NULL, EIO, 0, "x"), EXM_EIO);
}

static void
long_reports_are_cut(void **state)
{
    char text[2000];
    exm_error err;

    (void) state;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(exm_fail(&err, EXM_EIO, 0, "%s", text), EXM_EIO);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    /* The reason stands at the end, and is not what is cut. */
    assert_int_equal(exm_fail_errno(&err, EACCES, 0, "%s", text), EXM_EIO);
    assert_non_null(strstr(err.msg, "x: Permission denied"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_says_code_place_and_cause),
        cmocka_unit_test(a_failed_call_has_the_systems_reason),
        cmocka_unit_test(long_reports_are_cut),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
