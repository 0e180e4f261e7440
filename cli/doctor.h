/* doctor.h - what exomir doctor checks. */
#ifndef EXM_CLI_DOCTOR_H
#define EXM_CLI_DOCTOR_H

#include "msg.h"

enum { EXM_DOCTOR_MAX = 16 };

typedef struct exm_check {
    const char *name;
    int ok;
    char detail[400]; /* what was found, or what is wrong */
} exm_check;

typedef struct exm_doctor {
    exm_check check[EXM_DOCTOR_MAX];
    size_t n;
} exm_doctor;

/* Adds one finding. */
void exm_doctor_add(exm_doctor *d, const char *name, int ok, const char *fmt, ...)
    EXM_PRINTF(4, 5);

/* Known answers: digest, trimming on every SIMD path, a small bundle built in 'tmp'. */
void exm_doctor_self_tests(exm_doctor *d, const char *tmp);

#endif
