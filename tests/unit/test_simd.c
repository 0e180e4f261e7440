/* test_simd.c - tests of exomir/simd.h */
#include "exomir/simd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
words_and_paths(void **state)
{
    static const exm_simd all[] = {EXM_SIMD_AUTO, EXM_SIMD_SCALAR, EXM_SIMD_SSE4};
    static const char *const words[] = {"auto", "scalar", "sse4"};
    exm_simd got = EXM_SIMD_AUTO;
    exm_error err = {0};

    (void) state;
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(exm_simd_name(all[i]), words[i]);
        assert_int_equal(exm_simd_parse(words[i], &got, &err), EXM_OK);
        assert_int_equal(got, all[i]);
    }
    assert_int_equal(exm_simd_parse("avx2", &got, &err), EXM_EDATA);
    assert_string_equal(err.msg, "'avx2' is no SIMD path: auto, scalar or sse4");
    assert_int_equal(exm_simd_parse("", &got, NULL), EXM_EDATA);
    assert_int_equal(exm_simd_parse("Scalar", &got, NULL), EXM_EDATA);
    assert_int_equal(got, EXM_SIMD_SSE4); /* untouched */
}

static void
what_is_resolved_can_run(void **state)
{
    const exm_simd best = exm_simd_resolve(EXM_SIMD_AUTO);

    (void) state;
    assert_int_equal(exm_simd_resolve(EXM_SIMD_SCALAR), EXM_SIMD_SCALAR);
    assert_true(best == EXM_SIMD_SCALAR || best == EXM_SIMD_SSE4);
    assert_int_equal(exm_simd_resolve(EXM_SIMD_SSE4), best); /* or what stands in for it */
#if defined(__x86_64__)
    assert_int_equal(best == EXM_SIMD_SSE4,
                     __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"));
#endif
    exm_simd_leave_avx(); /* legal at any time */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_paths),
        cmocka_unit_test(what_is_resolved_can_run),
    };
    return cmocka_run_group_tests_name("simd", tests, NULL, NULL);
}
