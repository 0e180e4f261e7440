/*
 * collapse.c - the table of unique inserts.
 *
 * Workload: 10^6 to 4 x 10^8 reads of a sample fall on 10^5 to 2.5 x 10^7 distinct
 * inserts, almost all of them below 64 nt.  So the table is flat (collapse_table.h), keyed
 * by the two bit planes of trim.h (length is in the key), and a batch is hashed and
 * prefetched some reads ahead of the one being added: a slot is one cache miss, and the
 * miss is over before it is needed.
 *
 * With UMIs the key has a third word, and finish() folds the table to one row per insert,
 * in place: reads added up, molecules counted (umi_fold.c).
 *
 * Inserts of 64 nt and more have a table of their own, keyed by a 128-bit hash of their
 * letters (of 10^8 inserts two share one with a chance of 10^-23), which lie in an arena.
 *
 * What would grow beyond the limit goes to disk instead, sorted (collapse_spill.h); at the
 * end the merged rows are mapped and used like those in memory.
 */
#include "exomir/collapse.h"

#include "collapse_spill.h"
#include "collapse_table.h"

#include "exomir/tempfile.h"
#include "exomir/text.h"

#define XXH_INLINE_ALL
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
    LOOK_AHEAD = 24, /* reads between prefetch and use: ~300 ns of work, a DRAM miss */
    LEN_BITS = 28    /* of a long insert's length in its place; the offset lies above */
};

/* Words of a row of long inserts; once UMIs are folded, the place is the first. */
enum { FAR_HASH, FAR_HASH_2, FAR_UMI, FAR_READS, FAR_PLACE, FAR_WIDTH };

struct exm_collapse {
    int umi, finished;
    exm_umi_tally *umis; /* NULL without UMIs */
    exm_umi_summary umi_summary;

    exm_table main, far;
    char *arena; /* letters of long inserts, those before it are in the file */
    size_t arena_len, arena_cap;
    uint64_t filed; /* letters in the file */

    uint64_t most; /* bytes; 0: no limit */
    char *folder;  /* for what is more */
    exm_spill *main_spill, *far_spill;
    exm_tempfile *letters;

    /* Once finished. */
    uint64_t *row, *far_row, *folded; /* folded: far_row with UMIs, ours */
    size_t n, n_far;
    const char *text;
};

static exm_status
no_memory(const exm_collapse *c, exm_error *reterr)
{
    return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu unique reads",
                    c->main.used + c->far.used);
}

/* ---- room ---- */

static uint64_t
bytes_in_use(const exm_collapse *c)
{
    return exm_table_bytes(c->main.width, c->main.n_slots) +
           (c->far.slot ? exm_table_bytes(c->far.width, c->far.n_slots) : 0) + c->arena_cap;
}

static int
may_take(const exm_collapse *c, uint64_t more)
{
    return c->most == 0 || bytes_in_use(c) + more <= c->most;
}

static exm_status
spill_table(exm_collapse *c, exm_table *t, exm_spill **spill, exm_error *reterr)
{
    exm_status st = EXM_OK;

    if (t->used == 0) return EXM_OK;
    if (!*spill) st = exm_spill_new(c->folder, t->n_key, t->width, spill, reterr);
    if (st != EXM_OK) return st;
    exm_table_pack(t, 1);
    st = exm_spill_put(*spill, t->slot, t->used, reterr);
    exm_table_clear(t);
    return st;
}

static exm_status
spill_letters(exm_collapse *c, exm_error *reterr)
{
    exm_status st = EXM_OK;

    if (c->arena_len == 0) return EXM_OK;
    if (!c->letters) st = exm_tempfile_new(c->folder, &c->letters, reterr);
    if (st == EXM_OK) st = exm_tempfile_write(c->letters, c->arena, c->arena_len, reterr);
    c->filed += c->arena_len;
    c->arena_len = 0;
    return st;
}

static exm_status
spill_all(exm_collapse *c, exm_error *reterr)
{
    exm_status st = spill_table(c, &c->main, &c->main_spill, reterr);

    if (st == EXM_OK) st = spill_table(c, &c->far, &c->far_spill, reterr);
    return st == EXM_OK ? spill_letters(c, reterr) : st;
}

/* A new row finds none: the table grows, or all goes to disk. */
static exm_status
make_room(exm_collapse *c, exm_table *t, exm_error *reterr)
{
    const uint64_t more = exm_table_bytes(t->width, 2 * (uint64_t) t->n_slots) -
                          exm_table_bytes(t->width, t->n_slots);

    if (!may_take(c, more)) return spill_all(c, reterr);
    return exm_table_grow(t) ? EXM_OK : no_memory(c, reterr);
}

/* ---- long inserts ---- */

/* Room for len letters in the arena. */
static exm_status
make_room_for_letters(exm_collapse *c, size_t len, exm_error *reterr)
{
    size_t cap = c->arena_cap ? c->arena_cap : 1 << 14;
    char *p;
    exm_status st;

    if (c->arena_cap - c->arena_len >= len) return EXM_OK;
    while (cap - c->arena_len < len) cap *= 2;
    if (c->arena_len > 0 && !may_take(c, cap - c->arena_cap)) {
        st = spill_all(c, reterr);
        return st == EXM_OK ? make_room_for_letters(c, len, reterr) : st;
    }
    p = realloc(c->arena, cap);
    if (!p) return no_memory(c, reterr);
    c->arena = p;
    c->arena_cap = cap;
    return EXM_OK;
}

static exm_status
far_init(exm_collapse *c, exm_error *reterr)
{
    if (c->far.slot) return EXM_OK;
    return exm_table_init(&c->far, FAR_READS, FAR_WIDTH,
                          exm_table_slots_for(FAR_WIDTH, 0, c->most))
               ? EXM_OK
               : no_memory(c, reterr);
}

static exm_status
add_letters(exm_collapse *c, const char *seq, uint32_t len, uint64_t *ret_place,
            exm_error *reterr)
{
    const exm_status st = make_room_for_letters(c, len, reterr);
    const uint64_t at = c->filed + c->arena_len;

    if (st != EXM_OK) return st;
    if (len >> LEN_BITS != 0 || at >> (64 - LEN_BITS) != 0) return no_memory(c, reterr);
    memcpy(c->arena + c->arena_len, seq, len);
    c->arena_len += len;
    *ret_place = at << LEN_BITS | len;
    return EXM_OK;
}

static exm_status
add_long(exm_collapse *c, const char *seq, uint32_t len, uint64_t umi, uint64_t reads,
         exm_error *reterr)
{
    const XXH128_hash_t h = XXH3_128bits(seq, len);
    const uint64_t key[FAR_READS] = {h.low64, h.high64, umi};
    const uint64_t hash = exm_table_hash(key, FAR_READS);
    uint64_t place = 0;
    exm_status st = far_init(c, reterr);

    if (st != EXM_OK) return st;
    if (exm_table_seek(&c->far, key, hash, FAR_READS, FAR_WIDTH)[FAR_READS] == 0)
        st = add_letters(c, seq, len, &place, reterr);
    while (st == EXM_OK &&
           !exm_table_add(&c->far, key, hash, FAR_READS, FAR_WIDTH, reads, place))
        st = make_room(c, &c->far, reterr);
    return st;
}

/* ---- public ---- */

static exm_status
set_up(exm_collapse *c, const exm_collapse_options *o, exm_error *reterr)
{
    const unsigned n_key = o->umi ? 3 : 2;
    exm_status st = EXM_OK;

    c->umi = o->umi;
    c->most = o->folder ? o->max_bytes : 0;
    if (o->folder) c->folder = exm_text_dup(o->folder);
    if (o->folder && !c->folder) return no_memory(c, reterr);
    if (o->umi) st = exm_umi_tally_new(&o->how, &c->umis, reterr);
    if (st == EXM_OK && !exm_table_init(&c->main, n_key, n_key + 1,
                                        exm_table_slots_for(n_key + 1, o->expect, c->most)))
        st = no_memory(c, reterr);
    return st;
}

exm_status
exm_collapse_new(const exm_collapse_options *o, exm_collapse **ret, exm_error *reterr)
{
    exm_collapse *c;
    exm_status st;

    if (!o || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "options or ret is NULL");
    c = calloc(1, sizeof *c);
    if (!c) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the table of reads");
    st = set_up(c, o, reterr);
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
    exm_table_done(&c->main);
    exm_table_done(&c->far);
    exm_umi_tally_free(c->umis);
    exm_spill_free(c->main_spill);
    exm_spill_free(c->far_spill);
    exm_tempfile_free(c->letters);
    free(c->folded);
    free(c->folder);
    free(c->arena);
    free(c);
}

typedef struct pending {
    uint64_t key[3], hash, copies;
} pending;

static inline exm_status
add_pending(exm_collapse *c, const pending *p, unsigned n_key, exm_error *reterr)
{
    exm_status st = EXM_OK;

    while (st == EXM_OK &&
           !exm_table_add(&c->main, p->key, p->hash, n_key, n_key + 1, p->copies, 0))
        st = make_room(c, &c->main, reterr);
    return st;
}

/* n_key is a constant at both calls, so each gets its own tight loop. */
static inline exm_status
add_batch(exm_collapse *c, const exm_read *reads, const exm_trimmed *trimmed, size_t n,
          unsigned n_key, exm_error *reterr)
{
    pending ring[LOOK_AHEAD];
    size_t put = 0, taken = 0;
    exm_status st = EXM_OK;

    for (size_t i = 0; st == EXM_OK && i < n; i++) {
        const exm_trimmed *r = trimmed + i;
        pending *p;

        if (r->fate != EXM_FATE_KEPT) continue;
        if (r->len > EXM_PACKED_MAX) {
            st = add_long(c, reads[i].seq + r->start, r->len, n_key == 3 ? r->umi : 0,
                          reads[i].copies, reterr);
            continue;
        }
        p = ring + put % LOOK_AHEAD;
        if (put - taken == LOOK_AHEAD) {
            st = add_pending(c, p, n_key, reterr);
            taken++;
        }
        p->key[0] = r->lo;
        p->key[1] = r->hi;
        p->key[2] = r->umi;
        p->copies = reads[i].copies;
        p->hash = exm_table_hash(p->key, n_key);
        __builtin_prefetch(exm_table_home(&c->main, p->hash, n_key + 1), 1);
        put++;
    }
    for (; st == EXM_OK && taken < put; taken++)
        st = add_pending(c, ring + taken % LOOK_AHEAD, n_key, reterr);
    return st;
}

exm_status
exm_collapse_add(exm_collapse *c, const exm_read *reads, const exm_trimmed *trimmed,
                 size_t n, exm_error *reterr)
{
    if (!c || c->finished || (n > 0 && (!reads || !trimmed)))
        return exm_fail(reterr, EXM_EINVAL, 0, "collapse: bad arguments");
    return c->umi ? add_batch(c, reads, trimmed, n, 3, reterr)
                  : add_batch(c, reads, trimmed, n, 2, reterr);
}

/* ---- the end ---- */

/* All rows of a table: those in memory, or merged on disk, where the last ones join them. */
static exm_status
gather(exm_collapse *c, exm_table *t, exm_spill **spill, uint64_t **ret, size_t *ret_n,
       exm_error *reterr)
{
    exm_status st;

    if (!*spill) {
        if (t->slot) exm_table_pack(t, 0);
        *ret = t->slot;
        *ret_n = t->used;
        return EXM_OK;
    }
    st = spill_table(c, t, spill, reterr);
    exm_table_done(t);
    return st == EXM_OK ? exm_spill_merge(*spill, c->most, ret, ret_n, reterr) : st;
}

static exm_status
gather_letters(exm_collapse *c, exm_error *reterr)
{
    void *p = NULL;
    exm_status st;

    c->text = c->arena;
    if (!c->letters) return EXM_OK;
    st = spill_letters(c, reterr);
    if (st == EXM_OK) st = exm_tempfile_map(c->letters, &p, reterr);
    c->text = p;
    return st;
}

static int
by_hashes(const void *pa, const void *pb)
{
    const uint64_t *a = pa, *b = pb;

    if (a[FAR_HASH] != b[FAR_HASH]) return a[FAR_HASH] < b[FAR_HASH] ? -1 : 1;
    return (a[FAR_HASH_2] > b[FAR_HASH_2]) - (a[FAR_HASH_2] < b[FAR_HASH_2]);
}

/* Molecules of the long inserts; a row's hashes give way to its place. */
static exm_status
fold_far(exm_collapse *c, exm_error *reterr)
{
    uint64_t(*row)[4] = calloc(c->n_far + 1, sizeof *row);
    size_t n = 0;
    exm_status st;

    c->folded = (uint64_t *) row;
    if (!row) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to count molecules");
    for (size_t i = 0; i < c->n_far; i++)
        memcpy(row[i], c->far_row + i * FAR_WIDTH, sizeof *row);
    if (c->n_far > 1) qsort(c->far_row, c->n_far, FAR_WIDTH * sizeof(uint64_t), by_hashes);
    st = exm_umi_fold(c->umis, row, c->n_far, 0, &n, reterr);
    for (size_t i = 0; st == EXM_OK && i < n; i++) {
        const uint64_t *at =
            bsearch(row[i], c->far_row, c->n_far, FAR_WIDTH * sizeof(uint64_t), by_hashes);

        row[i][0] = at ? at[FAR_PLACE] : 0; /* it is there */
    }
    c->n_far = n;
    return st;
}

/* (insert, UMI) -> reads   becomes   insert -> reads, molecules, in the same words. */
static exm_status
fold_umis(exm_collapse *c, exm_error *reterr)
{
    exm_status st = exm_umi_fold(c->umis, (uint64_t(*)[4]) c->row, c->n, 1, &c->n, reterr);

    if (st == EXM_OK) st = fold_far(c, reterr);
    if (st == EXM_OK) st = exm_umi_tally_summary(c->umis, &c->umi_summary, reterr);
    return st;
}

exm_status
exm_collapse_finish(exm_collapse *c, exm_error *reterr)
{
    exm_status st;

    if (!c || c->finished)
        return exm_fail(reterr, EXM_EINVAL, 0, "collapse: finished twice");
    st = gather(c, &c->main, &c->main_spill, &c->row, &c->n, reterr);
    if (st == EXM_OK)
        st = gather(c, &c->far, &c->far_spill, &c->far_row, &c->n_far, reterr);
    if (st == EXM_OK) st = gather_letters(c, reterr);
    if (st == EXM_OK && c->umi) st = fold_umis(c, reterr);
    if (st == EXM_OK) c->finished = 1;
    return st;
}

exm_umi_summary
exm_collapse_umis(const exm_collapse *c)
{
    return c->umi_summary;
}

size_t
exm_collapse_count(const exm_collapse *c)
{
    return c->n + c->n_far;
}

/* The word of a folded row: molecules, or the UMI of a single one. */
static void
set_molecules(exm_unique *u, uint64_t word)
{
    u->molecules = word & EXM_UMI_SINGLE ? 1 : word;
    u->umi = word & EXM_UMI_SINGLE ? word ^ EXM_UMI_SINGLE : 0;
}

static void
set_place(const exm_collapse *c, exm_unique *u, uint64_t place)
{
    u->seq = c->text + (place >> LEN_BITS);
    u->len = (uint32_t) (place & (((uint64_t) 1 << LEN_BITS) - 1));
}

exm_unique
exm_collapse_get(const exm_collapse *c, size_t i)
{
    exm_unique u = {0};

    if (i < c->n) {
        const uint64_t *s = c->row + i * (c->umi ? 4 : 3);

        u.lo = s[0];
        u.hi = s[1];
        u.len = 63U - (uint32_t) __builtin_clzll(s[0] | s[1]);
        u.reads = u.molecules = s[2];
        if (c->umi) set_molecules(&u, s[3]);
    } else if (c->umi) {
        const uint64_t *s = c->folded + (i - c->n) * 4;

        set_place(c, &u, s[0]);
        u.reads = s[2];
        set_molecules(&u, s[3]);
    } else {
        const uint64_t *s = c->far_row + (i - c->n) * FAR_WIDTH;

        set_place(c, &u, s[FAR_PLACE]);
        u.reads = u.molecules = s[FAR_READS];
    }
    return u;
}
