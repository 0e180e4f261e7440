/* rng.h - reproducible random numbers: same seed, same stream, every machine. */
#ifndef EXM_RNG_H
#define EXM_RNG_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* xoshiro256** (Blackman & Vigna 2021, ACM TOMS 47:36), seeded through splitmix64. */
typedef struct exm_rng {
    uint64_t s[4];
} exm_rng;

/* Independent streams of one seed are numbered: (seed, stream). */
void exm_rng_init(exm_rng *r, uint64_t seed, uint64_t stream);
uint64_t exm_rng_u64(exm_rng *r);
double exm_rng_double(exm_rng *r);                  /* [0, 1), 53 bits */
uint64_t exm_rng_below(exm_rng *r, uint64_t bound); /* [0, bound), unbiased; bound > 0 */

#ifdef __cplusplus
}
#endif
#endif
