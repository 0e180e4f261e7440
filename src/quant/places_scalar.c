/* places_scalar.c - the portable path. */
#define EXM_PLACES_PATH exm_places_fit_scalar
#include "places.h"
