/*
 * umi_insert.c - pairs of insert and UMI that are errors of another insert's.
 *
 * Workload: up to 10^8 rows.  An error leaves the UMI as it was, so rows are looked at by
 * UMI: with 12 nt nearly every UMI has one to three of them, which are compared pair by
 * pair.  Short UMIs have many: those inserts go into a hash table, in which the neighbours of
 * each are looked up, 3 for each base.
 */
#include "umi_impl.h"

#include <stdlib.h>
#include <string.h>

enum { PAIRWISE = 48 }; /* rows of one UMI up to which comparing is cheaper */

struct job {
    uint64_t (*row)[EXM_UMI_WORDS];
    const uint32_t *run;
    const uint64_t *total;
    uint32_t *taker;
    uint32_t *slot; /* hash table of one UMI's rows: index + 1, or 0 */
    size_t cap_slots, n_slots;
    int shift;
};

/* ---- inserts ---- */

static unsigned
length_of(const uint64_t *row)
{
    const uint64_t any = row[EXM_UMI_LO] | row[EXM_UMI_HI];

    return any ? 63U - (unsigned) __builtin_clzll(any) : 0;
}

static int
are_neighbours(const uint64_t *a, const uint64_t *b)
{
    const uint64_t d = (a[EXM_UMI_LO] ^ b[EXM_UMI_LO]) | (a[EXM_UMI_HI] ^ b[EXM_UMI_HI]);

    return d != 0 && (d & (d - 1)) == 0 && length_of(a) == length_of(b);
}

/* Does row i come before row k, in the order in which takers are chosen? */
static int
is_before(const struct job *j, size_t i, size_t k)
{
    const uint64_t *a = j->row[i], *b = j->row[k];
    const uint64_t ta = j->total[j->run[i]], tb = j->total[j->run[k]];

    if (a[EXM_UMI_READS] != b[EXM_UMI_READS]) return a[EXM_UMI_READS] > b[EXM_UMI_READS];
    if (ta != tb) return ta > tb;
    if (a[EXM_UMI_LO] != b[EXM_UMI_LO]) return a[EXM_UMI_LO] < b[EXM_UMI_LO];
    return a[EXM_UMI_HI] < b[EXM_UMI_HI];
}

/* Row i's reads may go to its neighbour k: do they go there rather than where they went? */
static void
offer(struct job *j, size_t i, size_t k)
{
    if (!exm_umi_is_child(j->row[k][EXM_UMI_READS], j->row[i][EXM_UMI_READS]) ||
        !is_before(j, k, i))
        return;
    if (j->taker[i] == i || is_before(j, k, j->taker[i])) j->taker[i] = (uint32_t) k;
}

/* ---- the rows of one UMI; their indices are the low halves of the words ---- */

static void
match_pairs(struct job *j, const uint64_t *at, size_t n)
{
    for (size_t a = 0; a < n; a++) {
        const uint32_t i = (uint32_t) at[a];

        for (size_t b = a + 1; b < n; b++) {
            const uint32_t k = (uint32_t) at[b];

            if (!are_neighbours(j->row[i], j->row[k])) continue;
            offer(j, i, k);
            offer(j, k, i);
        }
    }
}

static size_t
home_of(const struct job *j, uint64_t lo, uint64_t hi)
{
    const uint64_t h = (lo ^ hi * 0x9e3779b97f4a7c15u) * 0xd1342543de82ef95u;

    return (size_t) (h >> j->shift);
}

static exm_status
build_table(struct job *j, const uint64_t *at, size_t n, exm_error *reterr)
{
    j->n_slots = 64;
    j->shift = 58;
    for (; j->n_slots < 2 * n; j->n_slots *= 2) j->shift--;
    if (j->n_slots > j->cap_slots) {
        free(j->slot);
        j->cap_slots = 0;
        j->slot = malloc(j->n_slots * sizeof *j->slot);
        if (!j->slot)
            return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu inserts of a UMI", n);
        j->cap_slots = j->n_slots;
    }
    memset(j->slot, 0, j->n_slots * sizeof *j->slot);
    for (size_t a = 0; a < n; a++) {
        const uint64_t *r = j->row[(uint32_t) at[a]];
        size_t s = home_of(j, r[EXM_UMI_LO], r[EXM_UMI_HI]);

        while (j->slot[s]) s = (s + 1) & (j->n_slots - 1);
        j->slot[s] = (uint32_t) at[a] + 1;
    }
    return EXM_OK;
}

static void
look_up(struct job *j, size_t i, uint64_t lo, uint64_t hi)
{
    for (size_t s = home_of(j, lo, hi); j->slot[s]; s = (s + 1) & (j->n_slots - 1)) {
        const size_t k = j->slot[s] - 1;

        if (j->row[k][EXM_UMI_LO] != lo || j->row[k][EXM_UMI_HI] != hi) continue;
        offer(j, i, k);
        return;
    }
}

static exm_status
match_table(struct job *j, const uint64_t *at, size_t n, exm_error *reterr)
{
    const exm_status st = build_table(j, at, n, reterr);

    if (st != EXM_OK) return st;
    for (size_t a = 0; a < n; a++) {
        const uint32_t i = (uint32_t) at[a];
        const uint64_t lo = j->row[i][EXM_UMI_LO], hi = j->row[i][EXM_UMI_HI];

        for (unsigned b = 0; b < length_of(j->row[i]); b++) {
            const uint64_t bit = (uint64_t) 1 << b;

            look_up(j, i, lo ^ bit, hi);
            look_up(j, i, lo, hi ^ bit);
            look_up(j, i, lo ^ bit, hi ^ bit);
        }
    }
    return EXM_OK;
}

/* ---- all rows ---- */

static int
ascending(const void *pa, const void *pb)
{
    const uint64_t a = *(const uint64_t *) pa, b = *(const uint64_t *) pb;

    return (a > b) - (a < b);
}

/* Rows whose UMIs have one hash, mostly one UMI: equal UMIs are brought together. */
static exm_status
match_hash(struct job *j, uint64_t *at, size_t n, exm_error *reterr)
{
    exm_status st = EXM_OK;

    for (size_t from = 0, to; st == EXM_OK && from < n; from = to) {
        const uint64_t umi = j->row[(uint32_t) at[from]][EXM_UMI_CODE];

        to = from + 1;
        for (size_t k = to; k < n; k++) {
            const uint64_t x = at[k];

            if (j->row[(uint32_t) x][EXM_UMI_CODE] != umi) continue;
            at[k] = at[to];
            at[to++] = x;
        }
        if (to - from <= PAIRWISE)
            match_pairs(j, at + from, to - from);
        else
            st = match_table(j, at + from, to - from, reterr);
    }
    return st;
}

/* To the end of each chain; halving paths keeps chains short. */
static void
follow_chains(uint32_t *taker, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = i;

        while (taker[k] != taker[taker[k]]) {
            taker[k] = taker[taker[k]];
            k = taker[k];
        }
        taker[i] = taker[k];
    }
}

exm_status
exm_umi_give(uint64_t (*row)[EXM_UMI_WORDS], size_t n, const uint32_t *run,
             const uint64_t *total, uint32_t *ret_taker, exm_error *reterr)
{
    struct job j = {.row = row, .run = run, .total = total, .taker = ret_taker};
    uint64_t *at = malloc((n + 1) * sizeof *at);
    exm_status st = EXM_OK;

    if (!at) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to count molecules");
    for (size_t i = 0; i < n; i++) {
        const uint64_t h = row[i][EXM_UMI_CODE] * 0x9e3779b97f4a7c15u;

        ret_taker[i] = (uint32_t) i;
        at[i] = h >> 32 << 32 | (uint32_t) i;
    }
    if (n > 1) qsort(at, n, sizeof *at, ascending);
    for (size_t from = 0, to; st == EXM_OK && from < n; from = to) {
        for (to = from + 1; to < n && at[to] >> 32 == at[from] >> 32; to++) {
        }
        if (to - from > 1) st = match_hash(&j, at + from, to - from, reterr);
    }
    if (st == EXM_OK) follow_chains(ret_taker, n);
    free(at);
    free(j.slot);
    return st;
}
