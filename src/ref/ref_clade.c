/*
 * ref_clade.c - 20-mers that only the miRNAs of other clades hold.
 *
 * 39 % of bovine plasma reads equal a human mature exactly, so shared miRNAs say nothing
 * about a sample's origin.  Kept are the 20-mers of foreign matures that no template of
 * the bundle holds with one substitution or none, and that do not come from the bundle's
 * own clade.  A key is hi plane << 20 | lo plane, 40 bits.
 */
#include "clade_table.h"
#include "ref_draft.h"
#include "ref_format.h"

#include <stdlib.h>
#include <string.h>

enum { NT = EXM_REF_CLADE_K, OWN = -1, SEVERAL = -2 };

/* ---- a set of keys ---- */

struct key_set {
    uint64_t *slot; /* key + 1; 0 is free */
    size_t n_slots;
};

static size_t
place_of(const struct key_set *s, uint64_t key)
{
    uint64_t h = key * 0x9e3779b97f4a7c15u;
    size_t i;

    h ^= h >> 29;
    for (i = h & (s->n_slots - 1); s->slot[i] && s->slot[i] != key + 1;
         i = (i + 1) & (s->n_slots - 1)) {}
    return i;
}

static int
holds(const struct key_set *s, uint64_t key)
{
    return s->slot[place_of(s, key)] != 0;
}

static int
fill_set(struct key_set *s, const uint64_t *lo, const uint64_t *hi, const uint64_t *no,
         uint64_t text_len)
{
    s->n_slots = 1024;
    while (s->n_slots < 2 * text_len) s->n_slots *= 2;
    s->slot = calloc(s->n_slots, sizeof *s->slot);
    if (!s->slot) return 0;
    for (uint64_t p = 0; p + NT <= text_len; p++) {
        const uint64_t key = exm_plane_bits(hi, p, NT) << NT | exm_plane_bits(lo, p, NT);

        if (exm_plane_bits(no, p, NT) == 0) s->slot[place_of(s, key)] = key + 1;
    }
    return 1;
}

/* Does the bundle hold the key with at most one substitution? */
static int
is_near(const struct key_set *s, uint64_t key)
{
    if (holds(s, key)) return 1;
    for (int i = 0; i < NT; i++) {
        const uint64_t lo = (uint64_t) 1 << i, hi = lo << NT;

        if (holds(s, key ^ lo) || holds(s, key ^ hi) || holds(s, key ^ lo ^ hi)) return 1;
    }
    return 0;
}

/* ---- foreign 20-mers ---- */

struct foreign {
    uint64_t key;
    int clade;        /* number in struct names, or OWN */
    const char *code; /* species, n_code letters */
    size_t n_code;
};

struct names {
    const char *clade[64];
    int n;
};

static int
clade_number(struct names *v, const char *clade)
{
    for (int i = 0; i < v->n; i++)
        if (strcmp(v->clade[i], clade) == 0) return i;
    if (v->n == 64) return SEVERAL;
    v->clade[v->n] = clade;
    return v->n++;
}

static int
by_key(const void *pa, const void *pb)
{
    const struct foreign *a = pa, *b = pb;
    int d = (a->key > b->key) - (a->key < b->key);

    if (d == 0) d = (a->clade > b->clade) - (a->clade < b->clade);
    if (d == 0) d = strncmp(a->code, b->code, a->n_code < b->n_code ? a->n_code : b->n_code);
    return d ? d : (a->n_code > b->n_code) - (a->n_code < b->n_code);
}

/* The key of 20 letters, or UINT64_MAX. */
static uint64_t
key_of(const char *seq)
{
    uint64_t lo = 0, hi = 0;

    for (int i = 0; i < NT; i++) {
        const int c = exm_base_code(seq[i]);

        if (c < 0) return UINT64_MAX;
        lo |= (uint64_t) (c & 1) << i;
        hi |= (uint64_t) (c >> 1) << i;
    }
    return hi << NT | lo;
}

struct collector {
    struct foreign *v;
    size_t n, cap;
    struct names names;
    const char *own; /* clade of the bundle's species, or NULL */
    const char *species;
};

static int
is_species(const struct collector *c, const char *code, size_t n)
{
    if (!c->species || strlen(c->species) != n) return 0;
    for (size_t i = 0; i < n; i++)
        if ((code[i] | 32) != (c->species[i] | 32)) return 0;
    return 1;
}

static int
collect_entry(struct collector *c, const exm_fasta_entry *e)
{
    const char *hyphen = strchr(e->id, '-');
    const size_t n_code = hyphen ? (size_t) (hyphen - e->id) : 0;
    const char *clade;
    int number;

    if (n_code == 0 || e->len < (size_t) NT) return 1;
    clade = exm_clade_of_code(e->id, n_code);
    if (!clade) clade = "other";
    if (is_species(c, e->id, n_code) || (c->own && strcmp(clade, c->own) == 0))
        number = OWN;
    else
        number = clade_number(&c->names, clade);
    for (size_t i = 0; i + (size_t) NT <= e->len; i++) {
        const uint64_t key = key_of(e->seq + i);

        if (key == UINT64_MAX) continue;
        if (c->n == c->cap) {
            const size_t cap = c->cap ? c->cap * 2 : 4096;
            void *p = realloc(c->v, cap * sizeof *c->v);

            if (!p) return 0;
            c->v = p;
            c->cap = cap;
        }
        c->v[c->n++] = (struct foreign){key, number, e->id, n_code};
    }
    return 1;
}

/* ---- labels ---- */

static int
label_number(exm_clade_keys *k, const char *text, size_t *cap, uint32_t *ret)
{
    char *copy;

    for (size_t i = 0; i < k->n_names; i++) {
        if (strcmp(k->name[i], text) == 0) {
            *ret = (uint32_t) i;
            return 1;
        }
    }
    if (k->n_names == *cap) {
        const size_t more = *cap ? *cap * 2 : 64;
        char **p = realloc(k->name, more * sizeof *p);

        if (!p) return 0;
        k->name = p;
        *cap = more;
    }
    copy = malloc(strlen(text) + 1);
    if (!copy) return 0;
    memcpy(copy, text, strlen(text) + 1);
    *ret = (uint32_t) k->n_names;
    k->name[k->n_names++] = copy;
    return 1;
}

/* "nematodes:cel" for one species, "nematodes" for several, "several clades". */
static void
put_label(const struct collector *c, const struct foreign *v, size_t n, exm_buf *b)
{
    int species = 1;

    exm_buf_clear(b);
    for (size_t i = 1; i < n; i++) {
        if (v[i].clade != v[0].clade) {
            exm_buf_puts(b, "several clades");
            return;
        }
        species &= v[i].n_code == v[0].n_code && memcmp(v[i].code, v[0].code, v[0].n_code) == 0;
    }
    exm_buf_puts(b, c->names.clade[v[0].clade]);
    if (!species) return;
    exm_buf_putc(b, ':');
    exm_buf_put(b, v[0].code, v[0].n_code);
}

static exm_status
select_keys(struct collector *c, const struct key_set *own_text, exm_clade_keys *k,
            exm_error *reterr)
{
    exm_buf label = {0};
    size_t cap = 0;
    int ok = 1;

    k->key = calloc(c->n + 1, sizeof *k->key);
    k->label = calloc(c->n + 1, sizeof *k->label);
    if (!k->key || !k->label) ok = 0;
    if (c->n > 0) qsort(c->v, c->n, sizeof *c->v, by_key);
    for (size_t i = 0; ok && i < c->n;) {
        size_t end = i + 1;

        while (end < c->n && c->v[end].key == c->v[i].key) end++;
        if (c->v[i].clade < 0 || is_near(own_text, c->v[i].key)) { /* OWN sorts first */
            k->dropped++;
        } else {
            put_label(c, c->v + i, end - i, &label);
            ok = !label.failed && label_number(k, label.data, &cap, &k->label[k->n]);
            k->key[k->n++] = c->v[i].key;
        }
        i = end;
    }
    exm_buf_done(&label);
    return ok ? EXM_OK : exm_fail(reterr, EXM_ENOMEM, 0, "no memory for clade 20-mers");
}

exm_status
exm_clade_keys_build(const exm_fasta *all, const char *species, const uint64_t *lo,
                     const uint64_t *hi, const uint64_t *no, uint64_t text_len,
                     exm_clade_keys *ret, exm_error *reterr)
{
    struct collector c = {.species = species};
    struct key_set own_text = {0};
    exm_clade_keys k = {0};
    exm_status st = EXM_OK;

    if (species) c.own = exm_clade_of_code(species, strlen(species));
    for (size_t i = 0; st == EXM_OK && i < exm_fasta_count(all); i++)
        if (!collect_entry(&c, exm_fasta_get(all, i)))
            st = exm_fail(reterr, EXM_ENOMEM, 0, "no memory for clade 20-mers");
    if (st == EXM_OK && !fill_set(&own_text, lo, hi, no, text_len))
        st = exm_fail(reterr, EXM_ENOMEM, 0, "no memory for clade 20-mers");
    if (st == EXM_OK) st = select_keys(&c, &own_text, &k, reterr);
    free(c.v);
    free(own_text.slot);
    if (st != EXM_OK) {
        exm_clade_keys_done(&k);
        return st;
    }
    *ret = k;
    return EXM_OK;
}

void
exm_clade_keys_done(exm_clade_keys *k)
{
    for (size_t i = 0; i < k->n_names; i++) free(k->name[i]);
    free(k->key);
    free(k->label);
    free(k->name);
    *k = (exm_clade_keys){0};
}
