/*
 * collapse_table.h - private to seq: the hash table of rows that are counted.
 *
 * A row is n_key words of key, then the number of reads, which is never 0 in a used slot,
 * then perhaps one word more that the key determines.
 *
 * Workload: 10^6 to 4 x 10^8 additions to 10^5 to 2.5 x 10^7 rows.  Open addressing with
 * linear probing; a row's home is given by the top bits of its hash, so the rows lie nearly
 * in the order of their hashes: growing walks through both tables from front to back (and
 * gives the old one back on the way), and a sorted list is a short way off.  Rows that the
 * end of the table cuts go on into a tail behind it, so nothing wraps around.
 */
#ifndef EXM_SEQ_COLLAPSE_TABLE_H
#define EXM_SEQ_COLLAPSE_TABLE_H

#include "exomir/status.h"

#include <stdint.h>
#include <string.h>

enum {
    EXM_TABLE_SLOTS_MIN = 1 << 12,
    EXM_TABLE_SLOTS_LEAST = 1 << 8, /* where even those are more than may be taken */
    EXM_TABLE_TAIL = 1 << 10,
    EXM_TABLE_LOAD_PERCENT = 80, /* a row's probes are in one line or the next */
    EXM_TABLE_WIDTH_MAX = 5
};

typedef struct exm_table {
    uint64_t *slot;
    size_t n_slots, used; /* n_slots is a power of two, without the tail */
    unsigned n_key, width;
    int shift; /* of a hash, to its home */
} exm_table;

__extension__ typedef unsigned __int128 exm_u128;

/* Two 64x64 -> 128 multiplications folded; odd random constants (digits of pi). */
static inline uint64_t
exm_table_fold(uint64_t a, uint64_t b)
{
    const exm_u128 m = (exm_u128) (a ^ 0x243f6a8885a308d3u) * (b ^ 0x13198a2e03707345u);

    return (uint64_t) m ^ (uint64_t) (m >> 64);
}

static inline uint64_t
exm_table_hash(const uint64_t *key, unsigned n_key)
{
    const uint64_t h = exm_table_fold(key[0], key[1]);

    return n_key == 2 ? h : exm_table_fold(h, key[2]);
}

/* The order of sorted rows: -1, 0, 1. */
static inline int
exm_table_order(const uint64_t *a, uint64_t hash_a, const uint64_t *b, uint64_t hash_b,
                unsigned n_key)
{
    if (hash_a != hash_b) return hash_a < hash_b ? -1 : 1;
    for (unsigned i = 0; i < n_key; i++)
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
}

static inline uint64_t *
exm_table_home(const exm_table *t, uint64_t hash, unsigned width)
{
    return t->slot + (hash >> t->shift) * width;
}

/* The slot of 'key' or the free one where it belongs; the last slot of all is always free. */
static inline uint64_t *
exm_table_seek(const exm_table *t, const uint64_t *key, uint64_t hash, unsigned n_key,
               unsigned width)
{
    for (uint64_t *s = exm_table_home(t, hash, width);; s += width) {
        if (s[n_key] == 0) return s;
        if (s[0] == key[0] && s[1] == key[1] && (n_key == 2 || s[2] == key[2])) return s;
    }
}

/*
 * exm_table_add() - adds reads to the row of 'key', of which 'more' is the last word where
 * width is n_key + 2.  0: there is no room for a new row.  n_key and width are the table's,
 * as constants where it is called.
 */
static inline int
exm_table_add(exm_table *t, const uint64_t *key, uint64_t hash, unsigned n_key,
              unsigned width, uint64_t reads, uint64_t more)
{
    uint64_t *s = exm_table_seek(t, key, hash, n_key, width);

    if (s[n_key] == 0) {
        if (t->used >= t->n_slots / 100 * EXM_TABLE_LOAD_PERCENT ||
            s == t->slot + (t->n_slots + EXM_TABLE_TAIL - 1) * width)
            return 0;
        t->used++;
        memcpy(s, key, n_key * sizeof *key);
        if (width > n_key + 1) s[n_key + 1] = more;
    }
    s[n_key] += reads;
    return 1;
}

/* Memory of a table for so many slots (a power of two). */
uint64_t exm_table_bytes(unsigned width, uint64_t n_slots);
/* The least number of slots for 'rows', of which the table takes at most 'most' bytes
 * (0: any). */
uint64_t exm_table_slots_for(unsigned width, uint64_t rows, uint64_t most);

/* 0: no memory. */
int exm_table_init(exm_table *t, unsigned n_key, unsigned width, uint64_t n_slots);
int exm_table_grow(exm_table *t);
void exm_table_done(exm_table *t); /* legal on {0} */
void exm_table_clear(exm_table *t);

/* All rows one after the other at the front, 'sorted' or just so.  Nothing can be added then
 * before exm_table_clear(). */
void exm_table_pack(exm_table *t, int sorted);

#endif
