/* collapse_table.c - what is not hot: making, growing and packing the table of rows. */
#include "collapse_table.h"

#include "exomir/pages.h"

enum { PIECE = 8 << 20 }; /* of a table that is given back while it is left */

uint64_t
exm_table_bytes(unsigned width, uint64_t n_slots)
{
    return (n_slots + EXM_TABLE_TAIL) * width * sizeof(uint64_t);
}

uint64_t
exm_table_slots_for(unsigned width, uint64_t rows, uint64_t most)
{
    uint64_t n = EXM_TABLE_SLOTS_MIN;

    while (most > 0 && n > EXM_TABLE_SLOTS_LEAST && exm_table_bytes(width, n) > most)
        n /= 2;
    while (n < UINT64_MAX / 1024 && n / 100 * EXM_TABLE_LOAD_PERCENT < rows &&
           (most == 0 || exm_table_bytes(width, 2 * n) <= most))
        n *= 2;
    return n;
}

int
exm_table_init(exm_table *t, unsigned n_key, unsigned width, uint64_t n_slots)
{
    if (exm_table_bytes(width, n_slots) > SIZE_MAX / 2) return 0;
    *t = (exm_table){.n_slots = (size_t) n_slots,
                     .n_key = n_key,
                     .width = width,
                     .shift = __builtin_clzll(n_slots) + 1};
    t->slot = exm_pages_new((size_t) exm_table_bytes(width, n_slots));
    return t->slot != NULL;
}

void
exm_table_done(exm_table *t)
{
    if (t->slot) exm_pages_free(t->slot, (size_t) exm_table_bytes(t->width, t->n_slots));
    t->slot = NULL;
}

void
exm_table_clear(exm_table *t)
{
    memset(t->slot, 0, (size_t) exm_table_bytes(t->width, t->n_slots));
    t->used = 0;
}

int
exm_table_grow(exm_table *t)
{
    const size_t slots = t->n_slots + EXM_TABLE_TAIL, piece = PIECE / 8 / t->width;
    exm_table bigger;

    if (!exm_table_init(&bigger, t->n_key, t->width, 2 * (uint64_t) t->n_slots)) return 0;
    for (size_t i = 0; i < slots; i++) {
        const uint64_t *s = t->slot + i * t->width;

        if (i > 0 && i % piece == 0) exm_pages_drop(t->slot, i * t->width * sizeof *s);
        if (s[t->n_key] == 0) continue;
        (void) exm_table_add(&bigger, s, exm_table_hash(s, t->n_key), t->n_key, t->width,
                             s[t->n_key], t->width > t->n_key + 1 ? s[t->n_key + 1] : 0);
    }
    exm_table_done(t);
    *t = bigger;
    return 1;
}

/* Row x, of hash h, to its place among n sorted ones, which is near the end. */
static void
insert(uint64_t *row, size_t n, const uint64_t *x, uint64_t h, unsigned n_key,
       unsigned width)
{
    uint64_t copy[EXM_TABLE_WIDTH_MAX] = {0};
    size_t k = n;

    memcpy(copy, x, width * sizeof *x);
    while (k > 0) {
        const uint64_t *before = row + (k - 1) * width;

        if (exm_table_order(before, exm_table_hash(before, n_key), copy, h, n_key) < 0)
            break;
        k--;
    }
    memmove(row + (k + 1) * width, row + k * width, (n - k) * width * sizeof *row);
    memcpy(row + k * width, copy, width * sizeof *copy);
}

void
exm_table_pack(exm_table *t, int sorted)
{
    const unsigned n_key = t->n_key, width = t->width;
    uint64_t last = 0;
    size_t n = 0;

    for (size_t i = 0; i < t->n_slots + EXM_TABLE_TAIL; i++) {
        const uint64_t *s = t->slot + i * width;
        uint64_t *to = t->slot + n * width;

        if (s[n_key] == 0) continue;
        if (sorted) {
            const uint64_t h = exm_table_hash(s, n_key);

            if (n > 0 && h <= last) {
                insert(t->slot, n++, s, h, n_key, width);
                continue;
            }
            last = h;
        }
        for (unsigned w = 0; w < width; w++) to[w] = s[w];
        n++;
    }
}
