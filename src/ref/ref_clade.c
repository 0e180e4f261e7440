/*
 * ref_clade.c - 20-mers that only the miRNAs of other clades hold.
 *
 * 39 % of bovine plasma reads equal a human mature exactly, so shared miRNAs say nothing
 * about where a sample comes from.  Every 20-mer of every foreign mature is a candidate (a
 * read may be trimmed at either end); those that the bundle's own clade has, or that any
 * template holds with at most one substitution, are dropped: a sequencing error must not
 * turn a human tRNA into a nematode.
 *
 * One conserved piece of another RNA that a foreign species lists as its miRNA can bring any
 * number of reads, so it is also kept which 20-mers belong to one miRNA: those that follow
 * each other in any mature, over all species (union-find).
 *
 * Some 10^5 candidates meet up to 10^8 text positions.  With one substitution at most, one
 * of the two 10-mer halves is exact, so candidates are bucketed by either half and each
 * text position looks into two buckets of 0.1 candidates on average: O(text), 8 MB.
 */
#include "clade_table.h"
#include "exomir/text.h"
#include "ref_draft.h"
#include "ref_format.h"

#include <stdlib.h>
#include <string.h>

enum {
    NT = EXM_REF_CLADE_K,
    HALF = NT / 2,
    HALF_CODES = 1 << (2 * HALF),
    CODE_MAX = 8 /* letters of a species code */
};

static const uint64_t plane_mask = ((uint64_t) 1 << NT) - 1;
static const uint64_t half_mask = ((uint64_t) 1 << HALF) - 1;

static const uint64_t no_key = UINT64_MAX;

/* One occurrence of a 20-mer. */
struct foreign {
    uint64_t key, before; /* the 20-mer one base earlier in the mature, or no_key */
    const char *name;     /* the mature's */
    const char *clade;    /* "" for the bundle's own */
    char code[CODE_MAX + 1];
};

struct collector {
    exm_draft *d;
    struct foreign *v;
    size_t n, cap;
    const char *own;
    exm_buf unknown; /* codes without a clade, each once, blanks around */
    exm_error *err;
};

/* ---- collecting ---- */

static exm_status
note_unknown(struct collector *c, const char *code)
{
    char word[CODE_MAX + 3] = " ";

    memcpy(word + 1, code, strlen(code) + 1);
    word[strlen(code) + 1] = ' ';
    word[strlen(code) + 2] = '\0';
    if (c->unknown.data && strstr(c->unknown.data, word)) return EXM_OK;
    exm_buf_puts(&c->unknown, word);
    exm_buf_putf(&c->d->log.notes, "%s: species code without a clade, labelled other:%s\n",
                 code, code);
    return exm_buf_check(&c->unknown, c->err);
}

/* Every unknown code is a clade of its own. */
static exm_status
clade_of(struct collector *c, const char *code, const char **ret)
{
    exm_status s;

    *ret = exm_clade_of_code(code, strlen(code));
    if (*ret) return EXM_OK;
    s = note_unknown(c, code);
    if (s == EXM_OK) {
        *ret = exm_draft_keep(c->d, code, strlen(code));
        if (!*ret) s = exm_draft_no_memory(c->err);
    }
    return s;
}

static exm_status
collect(struct collector *c, const exm_fasta_entry *e, size_t *without_code)
{
    const size_t n_code = exm_name_code_len(e->id);
    struct foreign x = {.name = e->id, .clade = ""};
    exm_status s;

    if (n_code == 0 || n_code > CODE_MAX) {
        (*without_code)++;
        return EXM_OK;
    }
    for (size_t i = 0; i < n_code; i++) x.code[i] = exm_text_lower(e->id[i]);
    s = clade_of(c, x.code, &x.clade);
    if (s != EXM_OK) return s;
    if (strcmp(x.code, c->d->species) == 0 || (c->own && strcmp(x.clade, c->own) == 0))
        x.clade = "";
    for (size_t i = 0, run = 0; i < e->len; i++) {
        const int b = exm_base_code(e->seq[i]);
        struct foreign *to;
        uint64_t lo = x.key & plane_mask, hi = x.key >> NT;

        x.before = run >= NT ? x.key : no_key;
        run = b < 0 ? 0 : run + 1;
        lo = lo >> 1 | (uint64_t) (b & 1) << (NT - 1);
        hi = hi >> 1 | (uint64_t) (b >> 1 & 1) << (NT - 1);
        x.key = lo | hi << NT;
        if (run < NT) continue;
        to = exm_draft_grow(&c->v, &c->n, &c->cap, sizeof *c->v);
        if (!to) return exm_draft_no_memory(c->err);
        *to = x;
    }
    return EXM_OK;
}

static int
by_key(const void *pa, const void *pb)
{
    const struct foreign *a = pa, *b = pb;
    int c = (a->key > b->key) - (a->key < b->key);

    if (c == 0) c = strcmp(a->clade, b->clade);
    return c ? c : strcmp(a->code, b->code);
}

/* ---- labels ---- */

/* v[0..n): one 20-mer, sorted by clade, then code. */
static void
put_label(const struct foreign *v, size_t n, exm_buf *b)
{
    const char *clade = v[0].clade;
    const int known = exm_clade_of_code(v[0].code, strlen(v[0].code)) != NULL;

    exm_buf_clear(b);
    if (strcmp(clade, v[n - 1].clade) != 0) {
        exm_buf_puts(b, "several clades");
    } else {
        exm_buf_puts(b, known ? clade : "other");
        if (strcmp(v[0].code, v[n - 1].code) == 0) exm_buf_putf(b, ":%s", v[0].code);
    }
}

static exm_status
make_room(struct collector *c, exm_clade_keys *k)
{
    const size_t n = c->n + 1;

    k->key = calloc(n, sizeof *k->key);
    k->label = calloc(n, sizeof *k->label);
    k->group = calloc(n, sizeof *k->group);
    k->first_name = calloc(n, sizeof *k->first_name);
    k->name = calloc(n, sizeof *k->name);
    if (!k->key || !k->label || !k->group || !k->first_name || !k->name)
        return exm_draft_no_memory(c->err);
    return EXM_OK;
}

/* Distinct 20-mers of other clades with their labels, as names of k. */
static exm_status
label_all(struct collector *c, exm_clade_keys *k)
{
    exm_key *label = calloc(c->n + 1, sizeof *label);
    exm_buf b = {0};
    exm_status s = label ? make_room(c, k) : exm_draft_no_memory(c->err);

    if (s == EXM_OK && c->n > 0) qsort(c->v, c->n, sizeof *c->v, by_key);
    for (size_t i = 0, j; s == EXM_OK && i < c->n; i = j) {
        const char *first = c->v[i].name;

        for (j = i; j < c->n && c->v[j].key == c->v[i].key; j++)
            if (strcmp(c->v[j].name, first) < 0) first = c->v[j].name;
        if (c->v[i].clade[0] == '\0') continue; /* the own clade sorts first */
        put_label(c->v + i, j - i, &b);
        s = exm_buf_check(&b, c->err);
        k->key[k->n] = c->v[i].key;
        k->first_name[k->n] = first;
        k->group[k->n] = (uint32_t) k->n;
        label[k->n].key = s == EXM_OK ? exm_draft_keep(c->d, b.data, b.len) : NULL;
        label[k->n].value = (uint32_t) k->n;
        if (s == EXM_OK && !label[k->n].key) s = exm_draft_no_memory(c->err);
        k->n++;
    }
    if (s == EXM_OK) exm_keys_sort(label, k->n);
    for (size_t i = 0; s == EXM_OK && i < k->n; i++) {
        if (i == 0 || strcmp(label[i - 1].key, label[i].key) != 0)
            k->name[k->n_names++] = label[i].key;
        k->label[label[i].value] = (uint32_t) k->n_names - 1;
    }
    exm_buf_done(&b);
    free(label);
    return s;
}

/* ---- which 20-mers are one miRNA ---- */

static uint32_t
root_of(uint32_t *group, uint32_t i)
{
    while (group[i] != i) i = group[i] = group[group[i]];
    return i;
}

static int
by_value(const void *pa, const void *pb)
{
    const uint64_t a = *(const uint64_t *) pa, b = *(const uint64_t *) pb;

    return (a > b) - (a < b);
}

static void
group_all(const struct collector *c, exm_clade_keys *k)
{
    for (size_t i = 0, at = 0; i < c->n; i++) {
        const uint64_t *before;
        uint32_t a, b;

        while (at < k->n && k->key[at] < c->v[i].key) at++;
        if (at == k->n || k->key[at] != c->v[i].key || c->v[i].before == no_key) continue;
        before = bsearch(&c->v[i].before, k->key, k->n, sizeof *k->key, by_value);
        if (!before) continue; /* the own clade has that one */
        a = root_of(k->group, (uint32_t) at);
        b = root_of(k->group, (uint32_t) (before - k->key));
        k->group[a > b ? a : b] = a > b ? b : a;
    }
    for (uint32_t i = 0; i < k->n; i++) k->group[i] = root_of(k->group, i);
}

struct traced {
    uint32_t label, group, key;
};

static int
by_label_and_group(const void *pa, const void *pb)
{
    const struct traced *a = pa, *b = pb;

    if (a->label != b->label) return a->label < b->label ? -1 : 1;
    if (a->group != b->group) return a->group < b->group ? -1 : 1;
    return (a->key > b->key) - (a->key < b->key);
}

/* The miRNAs of the labels out of the keys that are left; key -> miRNA in k->of_key. */
static exm_status
make_foreign(exm_clade_keys *k, exm_error *reterr)
{
    struct traced *v = calloc(k->n + 1, sizeof *v);

    k->foreign = calloc(k->n + 1, sizeof *k->foreign);
    k->of_key = calloc(k->n + 1, sizeof *k->of_key);
    if (!v || !k->foreign || !k->of_key) {
        free(v);
        return exm_draft_no_memory(reterr);
    }
    for (uint32_t i = 0; i < k->n; i++)
        v[i] = (struct traced){.label = k->label[i], .group = k->group[i], .key = i};
    if (k->n > 1) qsort(v, k->n, sizeof *v, by_label_and_group);
    for (size_t i = 0; i < k->n; i++) {
        struct exm_clade_foreign *f = k->foreign + k->n_foreign;
        const char *name = k->first_name[v[i].key];

        if (i == 0 || v[i - 1].label != v[i].label || v[i - 1].group != v[i].group) {
            *f = (struct exm_clade_foreign){v[i].label, v[i].group, name};
            k->n_foreign++;
        } else if (strcmp(name, f[-1].name) < 0) {
            f[-1].name = name;
        }
        k->of_key[v[i].key] = (uint32_t) k->n_foreign - 1;
    }
    free(v);
    return EXM_OK;
}

/* ---- what the bundle itself holds ---- */

struct halves {
    uint32_t *off; /* [HALF_CODES + 1] */
    uint32_t *id;  /* candidates by the code of this half */
};

/* Code of half 0 (first 10 nt) or 1. */
static uint32_t
half_code(uint64_t lo, uint64_t hi, int which)
{
    const int shift = which * HALF;

    return (uint32_t) ((lo >> shift & half_mask) | (hi >> shift & half_mask) << HALF);
}

static int
fill_halves(struct halves *h, const exm_clade_keys *k, int which)
{
    h->off = calloc((size_t) HALF_CODES + 2, sizeof *h->off);
    h->id = calloc(k->n + 1, sizeof *h->id);
    if (!h->off || !h->id) return 0;
    /* off[c + 2] counts, then off[c + 1] is the cursor of code c and ends as its end. */
    for (size_t i = 0; i < k->n; i++)
        h->off[half_code(k->key[i] & plane_mask, k->key[i] >> NT, which) + 2]++;
    for (uint32_t c = 1; c <= HALF_CODES; c++) h->off[c + 1] += h->off[c];
    for (uint32_t i = 0; i < k->n; i++)
        h->id[h->off[half_code(k->key[i] & plane_mask, k->key[i] >> NT, which) + 1]++] = i;
    return 1;
}

static void
mark_near(const struct halves *h, const exm_clade_keys *k, uint64_t lo, uint64_t hi,
          int which, unsigned char *held)
{
    const uint32_t c = half_code(lo, hi, which);

    for (uint32_t i = h->off[c]; i < h->off[c + 1]; i++) {
        const uint64_t key = k->key[h->id[i]];
        const uint64_t diff = ((key & plane_mask) ^ lo) | (key >> NT ^ hi);

        if ((diff & (diff - 1)) == 0) held[h->id[i]] = 1; /* one bit or none */
    }
}

static exm_status
drop_held(exm_clade_keys *k, const uint64_t *lo, const uint64_t *hi, const uint64_t *no,
          uint64_t text_len, uint32_t *dropped, exm_error *reterr)
{
    struct halves h[2] = {{0}};
    unsigned char *held = calloc(k->n + 1, 1);
    size_t kept = 0;
    exm_status s = EXM_OK;

    if (!held || !fill_halves(&h[0], k, 0) || !fill_halves(&h[1], k, 1))
        s = exm_draft_no_memory(reterr);
    for (uint64_t p = 0; s == EXM_OK && p + NT <= text_len; p++) {
        const uint64_t l = exm_plane_bits(lo, p, NT), u = exm_plane_bits(hi, p, NT);

        if (exm_plane_bits(no, p, NT) != 0) continue;
        mark_near(&h[0], k, l, u, 0, held);
        mark_near(&h[1], k, l, u, 1, held);
    }
    for (size_t i = 0; s == EXM_OK && i < k->n; i++) {
        if (held[i]) continue;
        k->key[kept] = k->key[i];
        k->group[kept] = k->group[i];
        k->first_name[kept] = k->first_name[i];
        k->label[kept++] = k->label[i];
    }
    if (s == EXM_OK) {
        *dropped = (uint32_t) (k->n - kept);
        k->n = kept;
    }
    for (int i = 0; i < 2; i++) {
        free(h[i].off);
        free(h[i].id);
    }
    free(held);
    return s;
}

/* Labels whose every 20-mer was dropped go; the rest keep their order. */
static exm_status
drop_unused_names(exm_clade_keys *k, exm_error *reterr)
{
    uint32_t *to = calloc(k->n_names + 1, sizeof *to);
    size_t n = 0;

    if (!to) return exm_draft_no_memory(reterr);
    for (size_t i = 0; i < k->n; i++) to[k->label[i]] = 1;
    for (size_t i = 0; i < k->n_names; i++) {
        if (!to[i]) continue;
        to[i] = (uint32_t) n;
        k->name[n++] = k->name[i];
    }
    for (size_t i = 0; i < k->n; i++) k->label[i] = to[k->label[i]];
    k->n_names = n;
    free(to);
    return EXM_OK;
}

exm_status
exm_clade_keys_build(exm_draft *d, const exm_fasta *all, const uint64_t *lo,
                     const uint64_t *hi, const uint64_t *no, uint64_t text_len,
                     exm_clade_keys *ret, exm_error *reterr)
{
    struct collector c = {.d = d, .err = reterr};
    exm_clade_keys k = {0};
    size_t without_code = 0;
    exm_status s = EXM_OK;

    c.own = exm_clade_of_code(d->species, strlen(d->species));
    if (d->species[0] == '\0')
        exm_buf_puts(&d->log.notes,
                     "clade: no species given, so no clade counts as the bundle's own\n");
    for (size_t i = 0; s == EXM_OK && i < exm_fasta_count(all); i++)
        s = collect(&c, exm_fasta_get(all, i), &without_code);
    if (s == EXM_OK && without_code > 0)
        exm_buf_putf(&d->log.notes, "clade: %zu names without species code left out\n",
                     without_code);
    if (s == EXM_OK) s = label_all(&c, &k);
    if (s == EXM_OK) group_all(&c, &k);
    free(c.v);
    exm_buf_done(&c.unknown);
    if (s == EXM_OK)
        s = drop_held(&k, lo, hi, no, text_len, &d->log.clade_kmers_dropped, reterr);
    if (s == EXM_OK) s = drop_unused_names(&k, reterr);
    if (s == EXM_OK) s = make_foreign(&k, reterr);
    if (s != EXM_OK) {
        exm_clade_keys_done(&k);
        return s;
    }
    d->log.clade_kmers = (uint32_t) k.n;
    *ret = k;
    return EXM_OK;
}

void
exm_clade_keys_done(exm_clade_keys *k)
{
    free(k->key);
    free(k->label);
    free(k->group);
    free(k->first_name);
    free(k->foreign);
    free(k->of_key);
    free(k->name); /* the names themselves are the draft's */
    *k = (exm_clade_keys){0};
}
