/* places_scalar.c - the portable path. */
#define EXM_PLACES_PATH exm_places_hits_scalar
#include "places.h"

static inline uint32_t
alike(const exm_ref_place *p, uint32_t n, int readable, uint32_t want, uint32_t mask)
{
    (void) readable;
    return alike_each(p, n, want, mask);
}
