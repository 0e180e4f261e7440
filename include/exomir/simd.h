/* simd.h - which instruction set the hot loops use.  Results never depend on it. */
#ifndef EXM_SIMD_H
#define EXM_SIMD_H

#include "exomir/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum exm_simd {
    EXM_SIMD_AUTO = 0, /* the best path this CPU runs */
    EXM_SIMD_SCALAR,   /* portable C17; what ARM uses */
    EXM_SIMD_SSE4      /* x86-64-v2 (SSE4.2, popcnt) */
} exm_simd;

/*
 * exm_simd_resolve() - turn AUTO into a concrete path, and a path the CPU
 * lacks into SCALAR.  Never returns EXM_SIMD_AUTO.  Reentrant.
 */
exm_simd exm_simd_resolve(exm_simd want);

/* exm_simd_name() - "scalar", "sse4"; never NULL. */
const char *exm_simd_name(exm_simd path);

/* exm_simd_parse() - "auto", "scalar", "sse4" -> path; EXM_EDATA on another word. */
EXM_MUST_USE exm_status exm_simd_parse(const char *word, exm_simd *ret, exm_error *reterr);

/*
 * exm_simd_leave_avx() - call after code of a library that uses AVX and may leave the upper
 * halves of the vector registers in use (ISA-L 2.30 does): until they are cleared, each
 * SSE instruction of the thread waits for the one before.  Measured: 50 ns a read in all.
 * Nothing on CPUs without AVX.
 */
void exm_simd_leave_avx(void);

#ifdef __cplusplus
}
#endif
#endif
