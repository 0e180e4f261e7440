/*
 * fastq_scalar.c - the parser's kernels in portable C.
 *
 * They define what fastq_sse4.c must find, byte for byte.  memchr() of the C library
 * is vectorised on every CPU that matters, so lines are found with it.
 */
#include "fastq_impl.h"

#include <string.h>

/* A table, because five comparisons a byte cost twice as much. */
static const unsigned char is_base[256] = {
    ['A'] = 1, ['C'] = 1, ['G'] = 1, ['T'] = 1, ['N'] = 1};

static int
bases(const char *s, size_t n)
{
    unsigned good = 1;

    for (size_t i = 0; i < n; i++) good &= is_base[(unsigned char) s[i]];
    return good == 1;
}

/*
 * Eight bytes x at once, each below 0x80 or refused: x + 1 reaches bit 7 when x is 127,
 * and (x | 0x80) - 33 loses bit 7 when x is below 33; neither carries into a neighbour.
 */
static int
quality(const char *q, size_t n)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t bad = 0;
    size_t i = 0;

    for (; i + 8 <= n; i += 8) {
        uint64_t x;

        memcpy(&x, q + i, 8);
        bad |= x | ((x & ~high) + ones) | ~((x | high) - ones * EXM_QUAL_MIN);
    }
    for (; i < n; i++)
        if ((unsigned char) q[i] < EXM_QUAL_MIN || (unsigned char) q[i] > EXM_QUAL_MAX)
            bad = high;
    return (bad & high) == 0;
}

static size_t
run(const char *p, const char *end, exm_read *ret, size_t cap, uint32_t *len,
    const char **ret_next)
{
    size_t k = 0;

    while (k < cap && p < end && *p == '@') {
        const char *h = memchr(p, '\n', (size_t) (end - p)), *s, *nl, *q;
        size_t n, name;

        if (!h) break;
        s = h + 1;
        name = (size_t) (h - p) - 1;
        if (memchr(p, '\r', name + 1) || memchr(p, 0, name + 1)) break;
        nl = memchr(s, '\n', (size_t) (end - s));
        if (!nl) break;
        n = (size_t) (nl - s);
        q = s + n + 3;
        if ((size_t) (end - s) < 2 * n + 4 || s[n + 1] != '+' || s[n + 2] != '\n' ||
            q[n] != '\n' || n > EXM_RECORD_MAX / 4 || name > EXM_RECORD_MAX / 4)
            break;
        if (!bases(s, n) || !quality(q, n)) break;
        *len = (uint32_t) n;
        ret[k++] = (exm_read){.name = p + 1,
                              .seq = s,
                              .qual = q,
                              .name_len = (uint32_t) name,
                              .len = (uint32_t) n,
                              .copies = 1};
        p = q + n + 1;
    }
    *ret_next = p;
    return k;
}

const exm_fastq_kernels exm_fastq_scalar = {run, bases, quality};
