/*
 * signature.c - equivalence classes of reads, built while uniques are annotated.
 *
 * Workload: up to 10^7 additions fall on 10^3 to 10^5 distinct lists of 1 to ~30 words,
 * so a small hash table over one arena of words is all that is needed.
 */
#include "signature.h"

#include <stdlib.h>
#include <string.h>

enum { SHIFT_BIAS = 32 };

uint64_t
exm_fit_pack(const exm_fit *f)
{
    return (uint64_t) f->feature << 32 | (uint64_t) (f->has_shift != 0) << 20 |
           (uint64_t) (f->d5 + SHIFT_BIAS) << 14 | (uint64_t) (f->d3 + SHIFT_BIAS) << 8 |
           (uint64_t) f->n_sub << 5 | (uint64_t) f->n_add5 << 3 | (uint64_t) f->n_tail;
}

exm_fit
exm_fit_unpack(uint64_t w)
{
    return (exm_fit){.feature = (uint32_t) (w >> 32),
                     .has_shift = (int) (w >> 20 & 1),
                     .d5 = (int) (w >> 14 & 63) - SHIFT_BIAS,
                     .d3 = (int) (w >> 8 & 63) - SHIFT_BIAS,
                     .n_sub = (unsigned) (w >> 5 & 7),
                     .n_add5 = (unsigned) (w >> 3 & 3),
                     .n_tail = (unsigned) (w & 7)};
}

void
exm_signatures_done(exm_signatures *s)
{
    free(s->word);
    free(s->list);
    free(s->slot);
    *s = (exm_signatures){0};
}

static uint64_t
hash_words(const uint64_t *w, uint32_t n)
{
    uint64_t h = 0x9e3779b97f4a7c15u;

    for (uint32_t i = 0; i < n; i++) {
        h = (h ^ w[i]) * 0xd6e8feb86659fd93u;
        h ^= h >> 32;
    }
    return h;
}

/* The slot that holds this list, or the free one where it belongs. */
static uint32_t *
seek(const exm_signatures *s, const uint64_t *w, uint32_t n, uint64_t hash)
{
    for (size_t i = hash & (s->n_slots - 1);; i = (i + 1) & (s->n_slots - 1)) {
        const struct exm_signature *l;

        if (s->slot[i] == 0) return s->slot + i;
        l = s->list + s->slot[i] - 1;
        if (l->hash == hash && l->n == n && memcmp(s->word + l->at, w, n * sizeof *w) == 0)
            return s->slot + i;
    }
}

static int
grow_slots(exm_signatures *s)
{
    const size_t n_slots = s->n_slots ? s->n_slots * 2 : 1024;
    uint32_t *slot = calloc(n_slots, sizeof *slot);

    if (!slot) return 0;
    for (size_t k = 0; k < s->n; k++) {
        size_t i = s->list[k].hash & (n_slots - 1);

        while (slot[i]) i = (i + 1) & (n_slots - 1);
        slot[i] = (uint32_t) k + 1;
    }
    free(s->slot);
    s->slot = slot;
    s->n_slots = n_slots;
    return 1;
}

static int
grow_arrays(exm_signatures *s, uint32_t n)
{
    if (s->n == s->cap) {
        const size_t cap = s->cap ? s->cap * 2 : 512;
        void *p = realloc(s->list, cap * sizeof *s->list);

        if (!p) return 0;
        s->list = p;
        s->cap = cap;
    }
    if (s->cap_words - s->n_words < n) {
        size_t cap = s->cap_words ? s->cap_words * 2 : 2048;
        void *p;

        while (cap - s->n_words < n) cap *= 2;
        p = realloc(s->word, cap * sizeof *s->word);
        if (!p) return 0;
        s->word = p;
        s->cap_words = cap;
    }
    return 1;
}

static exm_status
add_hashed(exm_signatures *s, const uint64_t *words, uint32_t n, uint64_t hash,
           const uint64_t count[2], exm_error *reterr)
{
    uint32_t *slot;

    if (s->n * 2 >= s->n_slots && !grow_slots(s))
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for read signatures");
    slot = seek(s, words, n, hash);
    if (*slot == 0) {
        if (!grow_arrays(s, n))
            return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for read signatures");
        memcpy(s->word + s->n_words, words, n * sizeof *words);
        s->list[s->n] = (struct exm_signature){.at = s->n_words, .n = n, .hash = hash};
        s->n_words += n;
        *slot = (uint32_t) ++s->n;
    }
    s->list[*slot - 1].count[0] += count[0];
    s->list[*slot - 1].count[1] += count[1];
    return EXM_OK;
}

exm_status
exm_signatures_add(exm_signatures *s, const uint64_t *words, uint32_t n,
                   const uint64_t count[2], exm_error *reterr)
{
    return add_hashed(s, words, n, hash_words(words, n), count, reterr);
}

exm_status
exm_signatures_merge(exm_signatures *to, const exm_signatures *from, exm_error *reterr)
{
    for (size_t i = 0; i < from->n; i++) {
        const struct exm_signature *l = from->list + i;
        const exm_status s =
            add_hashed(to, from->word + l->at, l->n, l->hash, l->count, reterr);

        if (s != EXM_OK) return s;
    }
    return EXM_OK;
}

/* qsort has no context argument, so lists are sorted through pointers to their words. */
struct sortable {
    const uint64_t *word;
    struct exm_signature list;
};

static int
by_content(const void *pa, const void *pb)
{
    const struct sortable *a = pa, *b = pb;
    const uint32_t n = a->list.n < b->list.n ? a->list.n : b->list.n;

    for (uint32_t i = 0; i < n; i++)
        if (a->word[i] != b->word[i]) return a->word[i] < b->word[i] ? -1 : 1;
    return (a->list.n > b->list.n) - (a->list.n < b->list.n);
}

exm_status
exm_signatures_sort(exm_signatures *s, exm_error *reterr)
{
    struct sortable *v;

    if (s->n == 0) return EXM_OK;
    v = calloc(s->n, sizeof *v);
    if (!v) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to sort read signatures");
    for (size_t i = 0; i < s->n; i++)
        v[i] = (struct sortable){.word = s->word + s->list[i].at, .list = s->list[i]};
    qsort(v, s->n, sizeof *v, by_content);
    for (size_t i = 0; i < s->n; i++) s->list[i] = v[i].list;
    free(v);
    return EXM_OK;
}
