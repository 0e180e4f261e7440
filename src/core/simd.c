/* simd.c - which paths this CPU runs. */
#include "exomir/simd.h"

#include <string.h>

exm_simd
exm_simd_resolve(exm_simd want)
{
#if defined(__x86_64__)
    const int sse4 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");

    if (want != EXM_SIMD_SCALAR && sse4) return EXM_SIMD_SSE4;
#else
    (void) want;
#endif
    return EXM_SIMD_SCALAR;
}

#if defined(__x86_64__)
__attribute__((target("avx"))) static void
clear_upper_halves(void)
{
    __builtin_ia32_vzeroupper();
}
#endif

void
exm_simd_leave_avx(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx")) clear_upper_halves();
#endif
}

const char *
exm_simd_name(exm_simd path)
{
    switch (path) {
    case EXM_SIMD_AUTO:
        return "auto";
    case EXM_SIMD_SSE4:
        return "sse4";
    case EXM_SIMD_SCALAR:
        break;
    }
    return "scalar";
}

exm_status
exm_simd_parse(const char *word, exm_simd *ret, exm_error *reterr)
{
    static const exm_simd all[] = {EXM_SIMD_AUTO, EXM_SIMD_SCALAR, EXM_SIMD_SSE4};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(word, exm_simd_name(all[i])) == 0) {
            *ret = all[i];
            return EXM_OK;
        }
    }
    return exm_fail(reterr, EXM_EDATA, 0, "'%s' is no SIMD path: auto, scalar or sse4",
                    word);
}
