/*
 * trim_driver.c - the library's trimming as a filter, for comparison with cutadapt.
 *
 *     trim_driver make SEED N ADAPTER          FASTQ on standard output
 *     trim_driver make-indels SEED N ADAPTER   the same, with bases too many and too few
 *     trim_driver trim LAYOUT CUTOFF FASTQ     the insert's length, one line a read
 *     trim_driver align ADAPTER FASTQ          where its alignment begins and ends, or -1 -1
 *
 * The reads that 'make' draws are hard for the choice between occurrences: pieces of the
 * adapter with substitutions, shifted against each other, next to its own repeats, behind
 * random or repetitive inserts, with N, cut anywhere.  'trim' runs the SIMD path, the
 * scalar path and the slow definition, and fails where two of them differ; 'align' likewise.
 */
#include "exomir/reader.h"
#include "exomir/rng.h"
#include "exomir/text.h"
#include "exomir/trim.h"

#include "../support/trim_oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 160, BATCH = 256 };

typedef struct strand {
    char s[2 * LONGEST];
    uint32_t n;
    int indels;
} strand;

static uint32_t
below(exm_rng *r, uint32_t n)
{
    return (uint32_t) exm_rng_below(r, n);
}

static void
put(strand *x, char c)
{
    if (x->n < LONGEST) x->s[x->n++] = c;
}

static char
any_base(exm_rng *r)
{
    return "ACGT"[below(r, 4)];
}

static void
put_random(exm_rng *r, strand *x, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) put(x, any_base(r));
}

/* A unit of 1 to 3 nt of the adapter over and over. */
static void
put_repeat(exm_rng *r, strand *x, const char *adapter, uint32_t n)
{
    const uint32_t period = 1 + below(r, 3);
    const uint32_t at = below(r, (uint32_t) strlen(adapter) - period + 1);

    for (uint32_t i = 0; i < n; i++) put(x, adapter[at + i % period]);
}

/* adapter[from..from+n) in which about one base in 'one_in' is another; with indels half
 * as many are missing, doubled or followed by another. */
static void
put_piece(exm_rng *r, strand *x, const char *adapter, uint32_t from, uint32_t n,
          uint32_t one_in)
{
    for (uint32_t i = 0; i < n; i++) {
        const char c = adapter[from + i];
        const uint32_t kind = x->indels && below(r, 2 * one_in) == 0 ? 1 + below(r, 3) : 0;

        if (kind == 1) continue;
        if (kind == 2) put(x, c == 'N' ? 'A' : c);
        if (kind == 3) put(x, any_base(r));
        put(x, c == 'N' || below(r, one_in) == 0 ? any_base(r) : c);
    }
}

static void
draw_strand(exm_rng *r, strand *x, const char *adapter)
{
    const uint32_t len = (uint32_t) strlen(adapter);
    const uint32_t kind = below(r, 8), one_in = 4 + below(r, 20);

    x->n = 0;
    if (kind < 5)
        put_random(r, x, below(r, 48));
    else if (kind < 7)
        put_repeat(r, x, adapter, below(r, 48));
    for (uint32_t k = below(r, 5); k > 0; k--) {
        const uint32_t from = below(r, 3) ? 0 : below(r, len);
        const uint32_t n = below(r, 2) ? len - from : 1 + below(r, len - from);

        put_piece(r, x, adapter, from, n, one_in);
        if (below(r, 3) == 0) put_random(r, x, below(r, 6));
    }
    if (below(r, 2)) put_random(r, x, below(r, 30));
    if (below(r, 4) == 0) put_piece(r, x, adapter, 0, 1 + below(r, len), one_in);
    if (below(r, 4) == 0 && x->n > 0) x->n = 1 + below(r, x->n);
    for (uint32_t i = 0; below(r, 4) == 0 && i < x->n; i++)
        if (below(r, 25) == 0) x->s[i] = 'N';
}

static int
make(uint64_t seed, uint64_t n, const char *adapter, int indels)
{
    exm_rng r;

    exm_rng_init(&r, seed, 0);
    for (uint64_t i = 0; i < n; i++) {
        strand x = {.indels = indels};
        char qual[LONGEST];
        const uint32_t floor = below(&r, 30), range = 1 + below(&r, 40 - floor);

        draw_strand(&r, &x, adapter);
        for (uint32_t k = 0; k < x.n; k++) qual[k] = (char) (33 + floor + below(&r, range));
        if (printf("@%llu\n%.*s\n+\n%.*s\n", (unsigned long long) i, (int) x.n, x.s,
                   (int) x.n, qual) < 0)
            return 1;
    }
    return fflush(stdout) != 0;
}

static int
complain(const exm_error *err)
{
    (void) fprintf(stderr, "trim_driver: %s\n", err->msg);
    return 1;
}

/* Do the three ways agree on these reads?  Prints where not. */
static int
agree(const exm_layout *l, int cutoff, const exm_read *reads, size_t n,
      const exm_trimmed *a, const exm_trimmed *b)
{
    for (size_t i = 0; i < n; i++) {
        const long slow =
            cutoff > 0
                ? -2
                : exm_trim_find_adapter_slow(reads[i].seq, reads[i].len, l->adapter,
                                             l->adapter_len, 0.1, l->max_mismatches, 3);

        if (oracle_same(a + i, b + i) &&
            (slow == -2 || l->poly_a > 0 ||
             (slow >= 0 ? a[i].len == (uint32_t) slow : !a[i].adapter_found)))
            continue;
        (void) fprintf(stderr, "trim_driver: SIMD %u, scalar %u, slow %ld on %.*s\n",
                       a[i].len, b[i].len, slow, (int) reads[i].len, reads[i].seq);
        return 0;
    }
    return 1;
}

static int
trim(const char *layout, int cutoff, const char *path)
{
    exm_trim_options o = exm_trim_defaults();
    exm_reader_options ro = exm_reader_defaults();
    exm_error err;
    exm_layout l;
    exm_trimmer *simd, *scalar;
    exm_reader *reader;
    static exm_trimmed a[BATCH], b[BATCH];

    ro.allow_empty = 1;
    o.quality_cutoff = cutoff;
    if (exm_layout_parse(layout, &l, &err) != EXM_OK) return complain(&err);
    if (exm_trimmer_new(&l, &o, &simd, &err) != EXM_OK) return complain(&err);
    o.simd = EXM_SIMD_SCALAR;
    if (exm_trimmer_new(&l, &o, &scalar, &err) != EXM_OK) return complain(&err);
    if (exm_reader_open(&path, 1, &ro, &reader, &err) != EXM_OK) return complain(&err);
    for (;;) {
        const exm_read *reads;
        size_t n;

        if (exm_reader_next(reader, &reads, &n, &err) != EXM_OK) return complain(&err);
        if (n == 0) break;
        exm_trim_batch(simd, reads, n, a);
        exm_trim_batch(scalar, reads, n, b);
        if (!agree(&l, cutoff, reads, n, a, b)) return 1;
        for (size_t i = 0; i < n; i++)
            if (printf("%u\n", a[i].len) < 0) return 1;
    }
    exm_reader_close(reader);
    exm_trimmer_free(simd);
    exm_trimmer_free(scalar);
    return fflush(stdout) != 0;
}

/* One batch; the definition and both paths of the trimmer must have it the same way. */
static int
align_batch(const exm_adapter_rule *rule, exm_trimmer *const t[2], const exm_read *reads,
            size_t n)
{
    static exm_trimmed a[BATCH], b[BATCH];

    exm_trim_batch(t[0], reads, n, a);
    exm_trim_batch(t[1], reads, n, b);
    for (size_t i = 0; i < n; i++) {
        uint32_t end = 0;
        long slow_end = 0;
        const long at =
            exm_trim_find_adapter_indels(reads[i].seq, reads[i].len, rule, &end);
        const long slow = oracle_find_indels(reads[i].seq, (long) reads[i].len, rule->seq,
                                             (long) rule->len, 0.1, -1, 3, &slow_end);

        if (at != slow || (at >= 0 && (long) end != slow_end) ||
            !oracle_same(a + i, b + i) || a[i].adapter_found != (at >= 0) ||
            a[i].len != (at >= 0 ? (uint32_t) at : reads[i].len)) {
            (void) fprintf(stderr, "trim_driver: %ld to %u, slow %ld to %ld on %.*s\n", at,
                           end, slow, slow_end, (int) reads[i].len, reads[i].seq);
            return 1;
        }
        if (printf("%ld %ld\n", at, at >= 0 ? (long) end : -1) < 0) return 1;
    }
    return 0;
}

static int
align(const char *adapter, const char *path)
{
    const exm_adapter_rule rule = {adapter, (uint32_t) strlen(adapter), 3, 0.1, -1};
    exm_trim_options o = exm_trim_defaults();
    exm_reader_options ro = exm_reader_defaults();
    char layout[EXM_ADAPTER_MAX + 16];
    exm_error err;
    exm_layout l;
    exm_trimmer *t[2];
    exm_reader *reader;
    int wrong = 0;

    ro.allow_empty = o.indels = 1;
    if (snprintf(layout, sizeof layout, "insert,%s", adapter) >= (int) sizeof layout)
        return 2;
    if (exm_layout_parse(layout, &l, &err) != EXM_OK) return complain(&err);
    if (exm_trimmer_new(&l, &o, &t[0], &err) != EXM_OK) return complain(&err);
    o.simd = EXM_SIMD_SCALAR;
    if (exm_trimmer_new(&l, &o, &t[1], &err) != EXM_OK) return complain(&err);
    if (exm_reader_open(&path, 1, &ro, &reader, &err) != EXM_OK) return complain(&err);
    while (!wrong) {
        const exm_read *reads;
        size_t n;

        if (exm_reader_next(reader, &reads, &n, &err) != EXM_OK) return complain(&err);
        if (n == 0) break;
        wrong = align_batch(&rule, t, reads, n);
    }
    exm_reader_close(reader);
    exm_trimmer_free(t[0]);
    exm_trimmer_free(t[1]);
    return fflush(stdout) != 0 || wrong;
}

int
main(int argc, char **argv)
{
    uint64_t x, n;

    if (argc == 5 && strncmp(argv[1], "make", 4) == 0 &&
        exm_text_u64(argv[2], strlen(argv[2]), &x, NULL) == EXM_OK &&
        exm_text_u64(argv[3], strlen(argv[3]), &n, NULL) == EXM_OK && argv[4][0])
        return make(x, n, argv[4], strcmp(argv[1], "make-indels") == 0);
    if (argc == 5 && strcmp(argv[1], "trim") == 0 &&
        exm_text_u64(argv[3], strlen(argv[3]), &x, NULL) == EXM_OK && x < 94)
        return trim(argv[2], (int) x, argv[4]);
    if (argc == 4 && strcmp(argv[1], "align") == 0) return align(argv[2], argv[3]);
    (void) fputs(
        "usage: trim_driver make[-indels] SEED N ADAPTER | trim LAYOUT CUTOFF FILE "
        "| align ADAPTER FILE\n",
        stderr);
    return 2;
}
