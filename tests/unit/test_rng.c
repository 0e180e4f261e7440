/*
 * test_rng.c - tests of exomir/rng.h
 *
 * The generators are written a second time from their definitions, bit by bit: sums and
 * products by the school method on single bits, rotations one step at a time.
 */
#include "exomir/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- slow arithmetic ---- */

static int
bit(uint64_t x, int i)
{
    return (int) (x >> i & 1);
}

static uint64_t
slow_add(uint64_t a, uint64_t b)
{
    uint64_t sum = 0;
    int carry = 0;

    for (int i = 0; i < 64; i++) {
        const int s = bit(a, i) + bit(b, i) + carry;

        sum |= (uint64_t) (s & 1) << i;
        carry = s >> 1;
    }
    return sum;
}

static uint64_t
slow_multiply(uint64_t a, uint64_t b)
{
    uint64_t product = 0;

    for (int i = 0; i < 64; i++)
        if (bit(b, i)) product = slow_add(product, a << i);
    return product;
}

static uint64_t
slow_rotate(uint64_t x, int k)
{
    while (k-- > 0) x = x << 1 | x >> 63;
    return x;
}

/* The upper and lower half of a product, by 32-bit digits. */
static uint64_t
upper_half(uint64_t a, uint64_t b, uint64_t *ret_low)
{
    const uint64_t mask = 0xffffffffu;
    const uint64_t a0 = a & mask, a1 = a >> 32, b0 = b & mask, b1 = b >> 32;
    const uint64_t low = a0 * b0, x = a1 * b0 + (low >> 32), y = a0 * b1 + (x & mask);

    *ret_low = y << 32 | (low & mask);
    return a1 * b1 + (x >> 32) + (y >> 32);
}

/* ---- slow generators ---- */

static uint64_t
slow_splitmix64(uint64_t *x)
{
    uint64_t z = *x = slow_add(*x, 0x9e3779b97f4a7c15u);

    z = slow_multiply(z ^ z >> 30, 0xbf58476d1ce4e5b9u);
    z = slow_multiply(z ^ z >> 27, 0x94d049bb133111ebu);
    return z ^ z >> 31;
}

static uint64_t
slow_xoshiro(uint64_t s[4])
{
    const uint64_t out = slow_multiply(slow_rotate(slow_multiply(s[1], 5), 7), 9);
    const uint64_t a = s[0], b = s[1], c = s[2], d = s[3];

    s[0] = a ^ b ^ d; /* the four updates of the paper, written out */
    s[1] = a ^ b ^ c;
    s[2] = a ^ c ^ b << 17;
    s[3] = slow_rotate(b ^ d, 45);
    return out;
}

/* ---- tests ---- */

static void
published_values(void **state)
{
    /* splitmix64 from 1234567, and xoshiro256** from the state 1, 2, 3, 4. */
    static const uint64_t split[] = {6457827717110365317u, 3203168211198807973u,
                                     9817491932198370423u, 4593380528125082431u,
                                     16408922859458223821u};
    static const uint64_t xoshiro[] = {11520,
                                       0,
                                       1509978240,
                                       1215971899390074240u,
                                       1216172134540287360u,
                                       607988272756665600u,
                                       16172922978634559625u,
                                       8476171486693032832u,
                                       10595114339597558777u,
                                       2904607092377533576u};
    exm_rng r = {.s = {1, 2, 3, 4}};
    uint64_t x = 1234567, s[] = {1, 2, 3, 4};

    (void) state;
    for (size_t i = 0; i < LEN(split); i++) assert_true(slow_splitmix64(&x) == split[i]);
    for (size_t i = 0; i < LEN(xoshiro); i++) {
        assert_true(slow_xoshiro(s) == xoshiro[i]);
        assert_true(exm_rng_u64(&r) == xoshiro[i]);
    }
}

static void
equals_the_slow_definition(void **state)
{
    static const uint64_t seeds[] = {0, 1, 42, 1234567, UINT64_MAX, 0x9e3779b97f4a7c15u};

    (void) state;
    for (size_t i = 0; i < LEN(seeds); i++)
        for (uint64_t stream = 0; stream < 5; stream++) {
            uint64_t x = seeds[i], y = stream, s[4];
            exm_rng r;

            x = slow_splitmix64(&x) ^
                slow_multiply(slow_splitmix64(&y), 0xd1342543de82ef95u);
            for (int k = 0; k < 4; k++) s[k] = slow_splitmix64(&x);
            exm_rng_init(&r, seeds[i], stream);
            for (int k = 0; k < 50; k++) assert_true(exm_rng_u64(&r) == slow_xoshiro(s));
        }
}

static void
seeds_and_streams_differ(void **state)
{
    uint64_t first[64];
    exm_rng r;

    (void) state;
    for (uint64_t i = 0; i < 64; i++) {
        exm_rng_init(&r, i / 8, i % 8);
        first[i] = exm_rng_u64(&r);
        for (uint64_t k = 0; k < i; k++) assert_true(first[k] != first[i]);
    }
    exm_rng_init(&r, 3, 5);
    assert_true(exm_rng_u64(&r) == first[3 * 8 + 5]); /* and the same are the same */
}

static void
doubles_are_the_upper_53_bits(void **state)
{
    exm_rng r, twin;
    double sum = 0.0;

    (void) state;
    exm_rng_init(&r, 7, 0);
    twin = r;
    for (int i = 0; i < 100000; i++) {
        const double v = exm_rng_double(&r);

        assert_true(v >= 0.0 && v < 1.0);
        assert_true(v * 0x1p53 == (double) (exm_rng_u64(&twin) >> 11));
        sum += v;
    }
    /* The mean of n uniform draws is within 5 standard deviations sqrt(1 / 12 n). */
    assert_true(sum > 1e5 * (0.5 - 5 * 0.000913) && sum < 1e5 * (0.5 + 5 * 0.000913));
}

/* The unbiased draw by its definition; *ret_rejected counts. */
static uint64_t
slow_below(exm_rng *r, uint64_t bound, int *ret_rejected)
{
    /* 2^64 mod bound, by subtraction from what is left of 2^64 - 1 */
    const uint64_t uneven = (UINT64_MAX % bound + 1) % bound;

    for (;;) {
        uint64_t low;
        const uint64_t high = upper_half(exm_rng_u64(r), bound, &low);

        if (low >= uneven) return high;
        (*ret_rejected)++;
    }
}

static void
bounded_draws_reject_the_uneven_rest(void **state)
{
    static const uint64_t bounds[] = {1,
                                      2,
                                      3,
                                      10,
                                      1u << 31,
                                      0xffffffffu,
                                      (uint64_t) 1 << 63,
                                      ((uint64_t) 1 << 63) + 1,
                                      (uint64_t) 3 << 62,
                                      UINT64_MAX};
    int rejected = 0;

    (void) state;
    for (size_t i = 0; i < LEN(bounds); i++) {
        exm_rng r, twin;

        exm_rng_init(&r, 11, i);
        twin = r;
        for (int k = 0; k < 2000; k++) {
            const uint64_t v = exm_rng_below(&r, bounds[i]);

            assert_true(v < bounds[i]);
            assert_true(v == slow_below(&twin, bounds[i], &rejected));
        }
    }
    /* 2^63 + 1 rejects half of all draws, 3 * 2^62 a quarter: the loop was tried. */
    assert_true(rejected > 2000);
}

/*
 * Without rejection 3 * 2^62 would get every third value twice as often as the others
 * (multiplication), or the lowest third (remainder).
 */
static void
bounded_draws_are_even(void **state)
{
    const uint64_t bound = (uint64_t) 3 << 62;
    int by_rest[3] = {0}, by_third[3] = {0}, biased[3] = {0};
    exm_rng r;

    (void) state;
    exm_rng_init(&r, 5, 0);
    for (int i = 0; i < 30000; i++) {
        const uint64_t v = exm_rng_below(&r, bound);
        uint64_t low;

        by_rest[v % 3]++;
        by_third[v >> 62]++;
        biased[upper_half(exm_rng_u64(&r), bound, &low) % 3]++;
    }
    for (int i = 0; i < 3; i++) { /* 5 standard deviations: 5 sqrt(n 1/3 2/3) = 408 */
        assert_in_range(by_rest[i], 9592, 10408);
        assert_in_range(by_third[i], 9592, 10408);
    }
    assert_in_range(biased[0], 14500, 15500); /* negative control */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_values),
        cmocka_unit_test(equals_the_slow_definition),
        cmocka_unit_test(seeds_and_streams_differ),
        cmocka_unit_test(doubles_are_the_upper_53_bits),
        cmocka_unit_test(bounded_draws_reject_the_uneven_rest),
        cmocka_unit_test(bounded_draws_are_even),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
