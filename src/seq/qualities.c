/*
 * qualities.c - good bases per position of each unique insert.
 *
 * Workload: as collapse.c, 10^6 to 10^8 reads on 10^5 to 10^7 inserts, when it is asked for.
 * Three quarters of the inserts are seen once, so a slot holds one word: while there is one
 * read, the mask of its good positions; from the second on, the number of a block of
 * counts.  With UMIs a slot is a molecule and its word stays a mask, the union over its
 * reads; finish() makes counts of them.
 */
#include "exomir/qualities.h"

#include "exomir/pages.h"
#include "exomir/portable.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

enum {
    NT = EXM_QUALITIES_NT,
    MIN_SLOTS = 1 << 12,
    MAX_LOAD_PERCENT = 60,
    SCALE_BITS = 30, /* of exm_qualities_error() */
    QUALITIES = 64,  /* Q 0 to 63; better ones count as 63 */
    OFFSET = 33
};

/* Slot: lo, hi, [umi], word.  word: mask << 1 | 1, or block << 1 (block 0 is no block). */
typedef struct slots {
    uint64_t *slot;
    size_t n, used;
    unsigned n_key;
} slots;

struct exm_qualities {
    int umi;
    slots main;
    uint32_t (*block)[NT];
    size_t n_blocks, cap_blocks;
    uint64_t seen[NT][QUALITIES]; /* bases by insert position and quality */
    uint64_t error[NT];
};

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
    const u128 m = (u128) (a ^ 0x243f6a8885a308d3u) * (b ^ 0x13198a2e03707345u);

    return (uint64_t) m ^ (uint64_t) (m >> 64);
}

static uint64_t
hash_key(const uint64_t *key, unsigned n_key)
{
    const uint64_t h = fold(key[0], key[1]);

    return n_key == 2 ? h : fold(h, key[2]);
}

static size_t
slot_bytes(size_t n, unsigned n_key)
{
    return n * (n_key + 1) * sizeof(uint64_t);
}

static int
slots_init(slots *s, unsigned n_key, size_t n)
{
    *s = (slots){.n = n, .n_key = n_key};
    s->slot = exm_pages_new(slot_bytes(n, n_key));
    return s->slot != NULL;
}

static void
slots_done(slots *s)
{
    exm_pages_free(s->slot, slot_bytes(s->n, s->n_key));
    s->slot = NULL;
}

/* The slot of 'key', or the free one where it belongs (its word is 0). */
static uint64_t *
seek(const slots *s, const uint64_t *key)
{
    const size_t mask = s->n - 1;
    const unsigned width = s->n_key + 1;

    for (size_t i = hash_key(key, s->n_key) & mask;; i = (i + 1) & mask) {
        uint64_t *p = s->slot + i * width;

        if (p[s->n_key] == 0 || memcmp(p, key, s->n_key * sizeof *key) == 0) return p;
    }
}

static int
slots_grow(slots *s)
{
    slots bigger;

    if (s->n > SIZE_MAX / 1024 || !slots_init(&bigger, s->n_key, s->n * 2)) return 0;
    for (size_t i = 0; i < s->n; i++) {
        const uint64_t *p = s->slot + i * (s->n_key + 1);

        if (p[s->n_key] != 0) memcpy(seek(&bigger, p), p, (s->n_key + 1) * sizeof *p);
    }
    bigger.used = s->used;
    slots_done(s);
    *s = bigger;
    return 1;
}

/* The word of a key, made (0) when it is new; NULL without memory. */
static uint64_t *
word_of(slots *s, const uint64_t *key)
{
    uint64_t *p = seek(s, key);

    if (p[s->n_key] == 0) {
        if (s->used >= s->n / 100 * MAX_LOAD_PERCENT) {
            if (!slots_grow(s)) return NULL;
            p = seek(s, key);
        }
        s->used++;
        memcpy(p, key, s->n_key * sizeof *key);
    }
    return p + s->n_key;
}

/* ---- blocks of counts ---- */

static void
add_mask(uint32_t *count, uint64_t mask, uint64_t copies)
{
    for (; mask; mask &= mask - 1) {
        uint32_t *c = count + __builtin_ctzll(mask);

        *c = copies > UINT32_MAX - *c ? UINT32_MAX : *c + (uint32_t) copies;
    }
}

/* Adds 'copies' reads of this mask to a word. */
static int
add_to_word(exm_qualities *q, uint64_t *word, uint64_t mask, uint64_t copies)
{
    if (*word == 0 && copies == 1) {
        *word = mask << 1 | 1;
        return 1;
    }
    if (*word == 0 || *word & 1) {
        if (q->n_blocks == q->cap_blocks) {
            const size_t cap = q->cap_blocks * 2;
            uint32_t(*p)[NT] = realloc(q->block, cap * sizeof *p);

            if (!p) return 0;
            q->block = p;
            q->cap_blocks = cap;
        }
        memset(q->block[q->n_blocks], 0, sizeof q->block[0]);
        add_mask(q->block[q->n_blocks], *word >> 1, 1);
        *word = (uint64_t) q->n_blocks++ << 1;
    }
    add_mask(q->block[*word >> 1], mask, copies);
    return 1;
}

/* ---- public ---- */

exm_status
exm_qualities_new(int umi, exm_qualities **ret, exm_error *reterr)
{
    exm_qualities *q;

    if (!ret) return exm_fail(reterr, EXM_EINVAL, 0, "qualities: ret is NULL");
    q = calloc(1, sizeof *q);
    if (q) {
        q->umi = umi;
        q->cap_blocks = 1024;
        q->n_blocks = 1;
        q->block = calloc(q->cap_blocks, sizeof *q->block);
    }
    if (!q || !q->block || !slots_init(&q->main, umi ? 3 : 2, MIN_SLOTS)) {
        exm_qualities_free(q);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for qualities");
    }
    *ret = q;
    return EXM_OK;
}

void
exm_qualities_free(exm_qualities *q)
{
    if (!q) return;
    slots_done(&q->main);
    free(q->block);
    free(q);
}

/* The positions of an insert that are good; their qualities are counted. */
static uint64_t
mask_of(exm_qualities *q, const exm_read *r, const exm_trimmed *t)
{
    uint64_t mask = 0;

    if (!r->qual) {
        for (uint32_t i = 0; i < t->len; i++) q->seen[i][EXM_QUALITIES_GOOD] += r->copies;
        return ((uint64_t) 1 << t->len) - 1;
    }
    for (uint32_t i = 0; i < t->len; i++) {
        const int score = r->qual[t->start + i] - OFFSET;

        if (score < EXM_QUALITIES_GOOD) continue;
        mask |= (uint64_t) 1 << i;
        q->seen[i][score < QUALITIES ? score : QUALITIES - 1] += r->copies;
    }
    return mask;
}

exm_status
exm_qualities_add(exm_qualities *q, const exm_read *reads, const exm_trimmed *trimmed,
                  size_t n, exm_error *reterr)
{
    if (!q || (n > 0 && (!reads || !trimmed)))
        return exm_fail(reterr, EXM_EINVAL, 0, "qualities: bad arguments");
    for (size_t i = 0; i < n; i++) {
        const exm_trimmed *t = trimmed + i;
        const uint64_t key[3] = {t->lo, t->hi, t->umi};
        uint64_t mask, *word;

        if (t->fate != EXM_FATE_KEPT || t->len > NT) continue;
        mask = mask_of(q, reads + i, t);
        word = word_of(&q->main, key);
        if (word && q->umi) *word |= mask << 1 | 1;
        if (!word || (!q->umi && !add_to_word(q, word, mask, reads[i].copies)))
            return exm_fail(reterr, EXM_ENOMEM, 0,
                            "no memory for the qualities of %zu "
                            "inserts",
                            q->main.used);
    }
    return EXM_OK;
}

/* (insert, UMI) -> mask   becomes   insert -> counts of molecules. */
static int
fold_umis(exm_qualities *q)
{
    slots folded;

    if (!slots_init(&folded, 2, MIN_SLOTS)) return 0;
    for (size_t i = 0; i < q->main.n; i++) {
        const uint64_t *p = q->main.slot + i * 4;
        uint64_t *word;

        if (p[3] == 0) continue;
        word = word_of(&folded, p);
        if (!word || !add_to_word(q, word, p[3] >> 1, 1)) {
            slots_done(&folded);
            return 0;
        }
    }
    slots_done(&q->main);
    q->main = folded;
    return 1;
}

exm_status
exm_qualities_finish(exm_qualities *q, exm_error *reterr)
{
    double p[QUALITIES];

    if (!q) return exm_fail(reterr, EXM_EINVAL, 0, "qualities: NULL");
    if (q->umi && !fold_umis(q))
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the qualities of molecules");
    for (int k = 0; k < QUALITIES; k++) p[k] = exm_portable_exp10(-0.1 * k);
    for (int i = 0; i < NT; i++) {
        double sum = 0.0, n = 0.0;

        for (int k = EXM_QUALITIES_GOOD; k < QUALITIES; k++) {
            sum += (double) q->seen[i][k] * p[k];
            n += (double) q->seen[i][k];
        }
        q->error[i] = (uint64_t) ((n > 0.0 ? sum / n : p[EXM_QUALITIES_GOOD]) *
                                      (double) (1 << SCALE_BITS) +
                                  0.5);
    }
    return EXM_OK;
}

int
exm_qualities_get(const exm_qualities *q, uint64_t lo, uint64_t hi, uint64_t good[NT])
{
    const uint64_t key[3] = {lo, hi, 0};
    const uint64_t word = seek(&q->main, key)[2];

    if (word == 0) return 0;
    for (int i = 0; i < NT; i++)
        good[i] = word & 1 ? word >> (i + 1) & 1 : q->block[word >> 1][i];
    return 1;
}

uint64_t
exm_qualities_error(const exm_qualities *q, uint32_t position)
{
    return q->error[position < NT ? position : NT - 1];
}
