/* places_sse4.c - the x86-64-v2 path; elsewhere it is never chosen (exm_simd_resolve()). */
#define EXM_PLACES_PATH exm_places_fit_sse4
#include "places.h"
