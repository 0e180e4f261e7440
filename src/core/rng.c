/* rng.c - xoshiro256**, seeded through splitmix64 (Blackman & Vigna 2021). */
#include "exomir/rng.h"

__extension__ typedef unsigned __int128 u128;

static uint64_t
splitmix64(uint64_t *x)
{
    uint64_t z = *x += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void
exm_rng_init(exm_rng *r, uint64_t seed, uint64_t stream)
{
    uint64_t x = seed, y = stream;

    x = splitmix64(&x) ^ (splitmix64(&y) * 0xd1342543de82ef95u);
    for (int i = 0; i < 4; i++) r->s[i] = splitmix64(&x);
}

static uint64_t
rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

uint64_t
exm_rng_u64(exm_rng *r)
{
    uint64_t *s = r->s;
    const uint64_t out = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return out;
}

double
exm_rng_double(exm_rng *r)
{
    return (double) (exm_rng_u64(r) >> 11) * 0x1p-53;
}

/* Lemire's multiplication, with rejection of the uneven remainder. */
uint64_t
exm_rng_below(exm_rng *r, uint64_t bound)
{
    const uint64_t uneven = (0 - bound) % bound;

    for (;;) {
        const u128 m = (u128) exm_rng_u64(r) * bound;

        if ((uint64_t) m >= uneven) return (uint64_t) (m >> 64);
    }
}
