/*
 * fuzz_umi.c - any inserts, UMIs and read counts: the fold equals the slow definition.
 *
 * Byte 0: bit 0 packed, bit 1 exact, bits 2-3 nt of an insert less 1, bits 4-5 nt of a UMI;
 * then a node is 3 bytes: insert, UMI (its top bit cuts the last base off), reads.  So
 * few letters that neighbours abound.  Then the rows come in another order, with the same
 * result, and the correction stays between the molecules and the reads.
 */
#include "../tests/support/umi_oracle.h"

#include "exomir/umi.h"

enum { NODES = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
put_letters(unsigned bits, size_t n, char *s)
{
    for (size_t i = 0; i < n; i++) s[i] = "ACTG"[bits >> 2 * i & 3];
    s[n] = '\0';
}

static size_t
take_nodes(const uint8_t *p, size_t size, umi_node *v)
{
    const size_t n_insert = 1 + (p[0] >> 2 & 3), n_umi = p[0] >> 4 & 3;
    size_t n = 0;

    for (size_t at = 1; at + 3 <= size && n < NODES; at += 3) {
        umi_node x = {.reads = 1U + p[at + 2]};
        size_t i = 0;

        put_letters(p[at], n_insert, x.insert);
        put_letters(p[at + 1], n_umi, x.umi);
        if (n_umi > 0 && p[at + 1] >> 7) x.umi[n_umi - 1] = '\0';
        x.code = umi_oracle_code(x.umi);
        for (size_t k = 0; k < n_insert; k++) {
            x.lo |= (uint64_t) (p[at] >> 2 * k & 1) << k;
            x.hi |= (uint64_t) (p[at] >> (2 * k + 1) & 1) << k;
        }
        x.lo |= (uint64_t) 1 << n_insert;
        while (i < n && (strcmp(v[i].insert, x.insert) != 0 || v[i].code != x.code)) i++;
        if (i == n) v[n++] = x;
    }
    return n;
}

/* Rows of the nodes from the first or from the last on, folded. */
static size_t
fold(const umi_node *v, size_t n, const exm_umi_options *o, int packed, int backwards,
     uint64_t (*row)[4])
{
    exm_umi_tally *t = NULL;
    exm_umi_summary s;
    uint64_t reads = 0;
    size_t m = 0;

    for (size_t i = 0; i < n; i++) {
        const umi_node *x = v + (backwards ? n - 1 - i : i);

        row[i][0] = x->lo;
        row[i][1] = x->hi;
        row[i][2] = x->code;
        row[i][3] = x->reads;
        reads += x->reads;
    }
    if (exm_umi_tally_new(o, &t, NULL) != EXM_OK ||
        exm_umi_fold(t, row, n, packed, &m, NULL) != EXM_OK ||
        exm_umi_tally_summary(t, &s, NULL) != EXM_OK)
        abort();
    for (size_t k = 0; k < s.n_copies; k++)
        reads -= s.copies[k].reads * s.copies[k].molecules;
    if (reads != 0 || s.pairs != n) abort();
    exm_umi_tally_free(t);
    return m;
}

static const uint64_t *
row_of(uint64_t (*row)[4], size_t m, const umi_node *x)
{
    for (size_t i = 0; i < m; i++)
        if (row[i][0] == x->lo && row[i][1] == x->hi) return row[i];
    abort();
}

/* Reads and molecules of every insert, counted again. */
static void
compare(const umi_node *v, size_t n, uint64_t (*row)[4], size_t m)
{
    uint64_t all = 0, sum = 0;

    for (size_t i = 0; i < n; i++) {
        const uint64_t *r = row_of(row, m, v + i);
        uint64_t reads = 0, molecules = 0, code = 0;

        for (size_t k = 0; k < n; k++) {
            if (strcmp(v[i].insert, v[k].insert) != 0) continue;
            reads += v[k].own;
            if (v[k].molecule != k) continue;
            molecules++;
            code = v[k].code;
        }
        if (molecules == 1) molecules = EXM_UMI_SINGLE | code;
        if (r[2] != reads || r[3] != molecules) abort();
        all += v[i].own;
    }
    for (size_t i = 0; i < m; i++) sum += row[i][2];
    if (sum != all) abort();
}

static uint64_t
number(uint64_t word)
{
    return word & EXM_UMI_SINGLE ? 1 : word;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static umi_node v[NODES];
    static uint64_t row[NODES][4], other[NODES][4];
    exm_umi_options o = {.dedup = EXM_UMI_DIRECTIONAL};
    umi_twist twist = {0};
    int packed;
    uint64_t all = 0;
    size_t n, m;

    if (size < 1) return 0;
    n = take_nodes(data, size, v);
    packed = data[0] & 1;
    twist.no_insert = !packed;
    if (data[0] & 2) o.dedup = EXM_UMI_EXACT;
    m = fold(v, n, &o, packed, 0, row);
    if (o.dedup == EXM_UMI_DIRECTIONAL) {
        umi_oracle_run(v, n, &twist);
    } else {
        for (size_t i = 0; i < n; i++) {
            v[i].own = v[i].reads;
            v[i].molecule = i;
        }
    }
    compare(v, n, row, m);
    for (size_t i = 0; i < n; i++) {
        v[i].reads = v[i].own;
        all += v[i].own;
    }
    for (o.correct = 0; o.correct < 2; o.correct++) {
        if (fold(v, n, &o, packed, 1, other) != m) abort();
        for (size_t i = 0; i < m; i++)
            if (memcmp(row[i], other[i], 3 * sizeof row[i][0]) != 0 ||
                number(other[i][3]) < number(row[i][3]) ||
                number(other[i][3]) > (row[i][3] ? all : 0) ||
                (!o.correct && other[i][3] != row[i][3]))
                abort();
    }
    return 0;
}
