/*
 * collapse.c - the table of unique inserts.
 *
 * Workload: 10^6 to 4 x 10^8 reads of a sample fall on 10^5 to 2.5 x 10^7 distinct
 * inserts, almost all of them below 64 nt.  So the table is flat, open-addressed with
 * linear probing, keyed by the two bit planes of trim.h (length is in the key), and a
 * batch is hashed and prefetched some reads ahead of the one being added: a slot is
 * one cache miss, and the miss is over before it is needed.
 *
 * With UMIs the key has a third word, and finish() folds the table to one row per insert,
 * in place: reads added up, molecules counted (umi_fold.c).
 *
 * Inserts of 64 nt and more take a second, slower table that keeps their letters.
 */
#include "exomir/collapse.h"

#include "exomir/pages.h"

#define XXH_INLINE_ALL
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

__extension__ typedef unsigned __int128 u128;

enum {
    LOOK_AHEAD = 24, /* reads between prefetch and use: ~300 ns of work, a DRAM miss */
    MIN_SLOTS = 1 << 12,
    MAX_LOAD_PERCENT = 60
};

/*
 * A slot is n_key words of key, then n_val words of value; the first value is the
 * number of reads, which is never 0 in a used slot.
 */
typedef struct table {
    uint64_t *slot;
    size_t n_slots, used; /* n_slots is a power of two */
    unsigned n_key, n_val;
} table;

/* A long insert: its letters lie in the arena. */
typedef struct long_entry {
    uint64_t hash, umi;
    size_t at;
    uint32_t len;
    uint64_t reads;     /* 0: free */
    uint64_t molecules; /* of a folded row, whose umi is 0; as exm_umi_fold() has them */
} long_entry;

typedef struct long_table {
    long_entry *e;
    size_t n_slots, used;
} long_table;

struct exm_collapse {
    int umi, finished;
    exm_umi_tally *umis; /* NULL without UMIs */
    exm_umi_summary umi_summary;
    table main;
    long_table far;
    char *arena;
    size_t arena_len, arena_cap;
};

/* ---- hashing ---- */

/* Two 64x64 -> 128 multiplications folded; odd random constants (digits of pi). */
static inline uint64_t
fold(uint64_t a, uint64_t b)
{
    const u128 m = (u128) (a ^ 0x243f6a8885a308d3u) * (b ^ 0x13198a2e03707345u);

    return (uint64_t) m ^ (uint64_t) (m >> 64);
}

static inline uint64_t
hash_key(const uint64_t *key, unsigned n_key)
{
    const uint64_t h = fold(key[0], key[1]);

    return n_key == 2 ? h : fold(h, key[2]);
}

/* ---- the flat table ---- */

static size_t
slot_bytes(const table *t, size_t n_slots)
{
    return n_slots * (t->n_key + t->n_val) * sizeof(uint64_t);
}

static int
table_init(table *t, unsigned n_key, unsigned n_val, uint64_t expect)
{
    size_t n = MIN_SLOTS;

    while (n < SIZE_MAX / 512 && n / 100 * MAX_LOAD_PERCENT < expect) n *= 2;
    *t = (table){.n_slots = n, .n_key = n_key, .n_val = n_val};
    t->slot = exm_pages_new(slot_bytes(t, n));
    return t->slot != NULL;
}

static void
table_done(table *t)
{
    exm_pages_free(t->slot, slot_bytes(t, t->n_slots));
    t->slot = NULL;
}

/* The slot of 'key' or the free one where it belongs. */
static inline uint64_t *
table_seek(const table *t, const uint64_t *key, uint64_t hash, unsigned n_key,
           unsigned n_val)
{
    const size_t mask = t->n_slots - 1;
    const unsigned width = n_key + n_val;

    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint64_t *s = t->slot + i * width;

        if (s[n_key] == 0) return s;
        if (s[0] == key[0] && s[1] == key[1] && (n_key == 2 || s[2] == key[2])) return s;
    }
}

static int
table_grow(table *t)
{
    const unsigned width = t->n_key + t->n_val;
    table bigger = *t;

    if (t->n_slots > SIZE_MAX / 1024) return 0;
    bigger.n_slots = t->n_slots * 2;
    bigger.slot = exm_pages_new(slot_bytes(&bigger, bigger.n_slots));
    if (!bigger.slot) return 0;
    for (size_t i = 0; i < t->n_slots; i++) {
        const uint64_t *s = t->slot + i * width;

        if (s[t->n_key] == 0) continue;
        memcpy(table_seek(&bigger, s, hash_key(s, t->n_key), t->n_key, t->n_val), s,
               width * sizeof *s);
    }
    table_done(t);
    *t = bigger;
    return 1;
}

/* Adds reads to the row of 'key'.  n_key is a constant where it is called. */
static inline int
table_add(table *t, const uint64_t *key, uint64_t hash, unsigned n_key, uint64_t reads)
{
    uint64_t *s = table_seek(t, key, hash, n_key, 1);

    if (s[n_key] == 0) {
        if (t->used >= t->n_slots / 100 * MAX_LOAD_PERCENT) {
            if (!table_grow(t)) return 0;
            s = table_seek(t, key, hash, n_key, 1);
        }
        t->used++;
        memcpy(s, key, n_key * sizeof *key);
    }
    s[n_key] += reads;
    return 1;
}

/* Moves the used slots to the front, so that the i-th unique is found at once. */
static void
table_pack(table *t)
{
    const unsigned width = t->n_key + t->n_val;
    size_t n = 0;

    for (size_t i = 0; i < t->n_slots; i++) {
        const uint64_t *s = t->slot + i * width;

        if (s[t->n_key] != 0) memmove(t->slot + n++ * width, s, width * sizeof *s);
    }
}

/* ---- long inserts ---- */

static long_entry *
long_seek(const long_table *t, const char *arena, const char *seq, uint32_t len,
          uint64_t hash, uint64_t umi)
{
    const size_t mask = t->n_slots - 1;

    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        long_entry *e = t->e + i;

        if (e->reads == 0) return e;
        if (e->hash == hash && e->umi == umi && e->len == len &&
            memcmp(arena + e->at, seq, len) == 0)
            return e;
    }
}

static int
long_grow(long_table *t, const char *arena)
{
    long_table bigger = {.n_slots = t->n_slots ? t->n_slots * 2 : 256, .used = t->used};

    bigger.e = calloc(bigger.n_slots, sizeof *bigger.e);
    if (!bigger.e) return 0;
    for (size_t i = 0; i < t->n_slots; i++) {
        const long_entry *e = t->e + i;

        if (e->reads)
            *long_seek(&bigger, arena, arena + e->at, e->len, e->hash, e->umi) = *e;
    }
    free(t->e);
    *t = bigger;
    return 1;
}

static int
arena_add(exm_collapse *c, const char *seq, size_t len, size_t *ret_at)
{
    if (c->arena_cap - c->arena_len < len) {
        size_t cap = c->arena_cap ? c->arena_cap : 1 << 14;
        char *p;

        while (cap - c->arena_len < len) {
            if (cap > SIZE_MAX / 2) return 0;
            cap *= 2;
        }
        p = realloc(c->arena, cap);
        if (!p) return 0;
        c->arena = p;
        c->arena_cap = cap;
    }
    memcpy(c->arena + c->arena_len, seq, len);
    *ret_at = c->arena_len;
    c->arena_len += len;
    return 1;
}

static int
long_add(exm_collapse *c, const char *seq, uint32_t len, uint64_t umi, uint64_t reads)
{
    const uint64_t hash = XXH3_64bits(seq, len) ^ fold(umi, len);
    long_entry *e;

    if (c->far.used * 10 >= c->far.n_slots * 6 && !long_grow(&c->far, c->arena)) return 0;
    e = long_seek(&c->far, c->arena, seq, len, hash, umi);
    if (e->reads == 0) {
        size_t at;

        if (!arena_add(c, seq, len, &at)) return 0;
        *e = (long_entry){.hash = hash, .umi = umi, .at = at, .len = len};
        c->far.used++;
    }
    e->reads += reads;
    return 1;
}

/* One entry per insert out of one per (insert, UMI). */
static int
long_merge(const exm_collapse *c, long_table *ret)
{
    for (size_t i = 0; i < c->far.n_slots; i++) {
        const long_entry *e = c->far.e + i;
        const char *seq = c->arena ? c->arena + e->at : "";
        uint64_t hash;
        long_entry *to;

        if (e->reads == 0) continue;
        if (ret->used * 10 >= ret->n_slots * 6 && !long_grow(ret, c->arena)) return 0;
        hash = XXH3_64bits(seq, e->len);
        to = long_seek(ret, c->arena, seq, e->len, hash, 0);
        if (to->reads == 0) {
            *to = (long_entry){.hash = hash, .at = e->at, .len = e->len};
            ret->used++;
        }
        to->reads += e->reads;
    }
    return 1;
}

/* Molecules of the merged entries, which stand for their inserts in the rows. */
static exm_status
long_count(exm_collapse *c, long_table *merged, uint64_t (*row)[4], exm_error *reterr)
{
    size_t n = 0;
    exm_status st;

    for (size_t i = 0; i < c->far.n_slots; i++) {
        const long_entry *e = c->far.e + i;
        const char *seq = c->arena ? c->arena + e->at : "";

        if (e->reads == 0) continue;
        row[n][0] = (uint64_t) (long_seek(merged, c->arena, seq, e->len,
                                          XXH3_64bits(seq, e->len), 0) -
                                merged->e);
        row[n][1] = 0;
        row[n][2] = e->umi;
        row[n++][3] = e->reads;
    }
    st = exm_umi_fold(c->umis, row, n, 0, &n, reterr);
    for (size_t i = 0; st == EXM_OK && merged->e && i < n; i++)
        merged->e[row[i][0]].molecules = row[i][3];
    return st;
}

static exm_status
long_fold_umis(exm_collapse *c, exm_error *reterr)
{
    long_table merged = {0};
    uint64_t(*row)[4] = calloc(c->far.used + 1, sizeof *row);
    exm_status st;

    st = row && long_merge(c, &merged)
             ? long_count(c, &merged, row, reterr)
             : exm_fail(reterr, EXM_ENOMEM, 0, "no memory to count molecules");
    free(row);
    free(st == EXM_OK ? c->far.e : merged.e);
    if (st == EXM_OK) c->far = merged;
    return st;
}

static void
long_pack(long_table *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n_slots; i++)
        if (t->e[i].reads) t->e[n++] = t->e[i];
}

/* ---- public ---- */

exm_status
exm_collapse_new(const exm_collapse_options *o, exm_collapse **ret, exm_error *reterr)
{
    exm_collapse *c;
    exm_status st = EXM_OK;

    if (!o || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "options or ret is NULL");
    c = calloc(1, sizeof *c);
    if (!c) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the table of reads");
    c->umi = o->umi;
    if (o->umi) st = exm_umi_tally_new(&o->how, &c->umis, reterr);
    if (st == EXM_OK && !table_init(&c->main, o->umi ? 3 : 2, 1, o->expect))
        st = exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the table of reads");
    if (st != EXM_OK) {
        exm_collapse_free(c);
        return st;
    }
    *ret = c;
    return EXM_OK;
}

void
exm_collapse_free(exm_collapse *c)
{
    if (!c) return;
    table_done(&c->main);
    exm_umi_tally_free(c->umis);
    free(c->far.e);
    free(c->arena);
    free(c);
}

typedef struct pending {
    uint64_t key[3], hash, copies;
} pending;

static inline int
add_pending(table *t, const pending *p, unsigned n_key)
{
    return table_add(t, p->key, p->hash, n_key, p->copies);
}

/* n_key is a constant at both calls, so each gets its own tight loop. */
static inline int
add_batch(exm_collapse *c, const exm_read *reads, const exm_trimmed *trimmed, size_t n,
          unsigned n_key)
{
    pending ring[LOOK_AHEAD];
    size_t put = 0, taken = 0;

    for (size_t i = 0; i < n; i++) {
        const exm_trimmed *r = trimmed + i;
        pending *p;

        if (r->fate != EXM_FATE_KEPT) continue;
        if (r->len > EXM_PACKED_MAX) {
            if (!long_add(c, reads[i].seq + r->start, r->len, n_key == 3 ? r->umi : 0,
                          reads[i].copies))
                return 0;
            continue;
        }
        p = ring + put % LOOK_AHEAD;
        if (put - taken == LOOK_AHEAD) {
            if (!add_pending(&c->main, p, n_key)) return 0;
            taken++;
        }
        p->key[0] = r->lo;
        p->key[1] = r->hi;
        p->key[2] = r->umi;
        p->copies = reads[i].copies;
        p->hash = hash_key(p->key, n_key);
        __builtin_prefetch(c->main.slot + (p->hash & (c->main.n_slots - 1)) * (n_key + 1),
                           1);
        put++;
    }
    for (; taken < put; taken++)
        if (!add_pending(&c->main, ring + taken % LOOK_AHEAD, n_key)) return 0;
    return 1;
}

exm_status
exm_collapse_add(exm_collapse *c, const exm_read *reads, const exm_trimmed *trimmed,
                 size_t n, exm_error *reterr)
{
    int ok;

    if (!c || c->finished || (n > 0 && (!reads || !trimmed)))
        return exm_fail(reterr, EXM_EINVAL, 0, "collapse: bad arguments");
    ok = c->umi ? add_batch(c, reads, trimmed, n, 3) : add_batch(c, reads, trimmed, n, 2);
    if (!ok)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu unique reads",
                        c->main.used + c->far.used);
    return EXM_OK;
}

/* (insert, UMI) -> reads   becomes   insert -> reads, molecules, in the same words. */
static exm_status
fold_umis(exm_collapse *c, exm_error *reterr)
{
    exm_status st = exm_umi_fold(c->umis, (uint64_t(*)[4]) c->main.slot, c->main.used, 1,
                                 &c->main.used, reterr);

    c->main.n_key = c->main.n_val = 2;
    if (st == EXM_OK) st = long_fold_umis(c, reterr);
    if (st == EXM_OK) st = exm_umi_tally_summary(c->umis, &c->umi_summary, reterr);
    return st;
}

exm_status
exm_collapse_finish(exm_collapse *c, exm_error *reterr)
{
    exm_status st = EXM_OK;

    if (!c || c->finished)
        return exm_fail(reterr, EXM_EINVAL, 0, "collapse: finished twice");
    table_pack(&c->main);
    if (c->umi) st = fold_umis(c, reterr);
    if (st != EXM_OK) return st;
    long_pack(&c->far);
    c->finished = 1;
    return EXM_OK;
}

exm_umi_summary
exm_collapse_umis(const exm_collapse *c)
{
    return c->umi_summary;
}

size_t
exm_collapse_count(const exm_collapse *c)
{
    return c->main.used + c->far.used;
}

/* The word of a folded row: molecules, or the UMI of a single one. */
static void
set_molecules(exm_unique *u, uint64_t word)
{
    u->molecules = word & EXM_UMI_SINGLE ? 1 : word;
    u->umi = word & EXM_UMI_SINGLE ? word ^ EXM_UMI_SINGLE : 0;
}

exm_unique
exm_collapse_get(const exm_collapse *c, size_t i)
{
    exm_unique u = {0};

    if (i < c->main.used) {
        const uint64_t *s = c->main.slot + i * (c->main.n_key + c->main.n_val);

        u.lo = s[0];
        u.hi = s[1];
        u.len = 63U - (uint32_t) __builtin_clzll(s[0] | s[1]);
        u.reads = u.molecules = s[2];
        if (c->umi) set_molecules(&u, s[3]);
    } else {
        const long_entry *e = c->far.e + (i - c->main.used);

        u.seq = c->arena + e->at;
        u.len = e->len;
        u.reads = u.molecules = e->reads;
        if (c->umi) set_molecules(&u, e->molecules);
    }
    return u;
}
