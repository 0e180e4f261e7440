/*
 * ref_write.c - from the draft to the bundle's bytes.
 *
 * Everything is sorted by name before it is written, so the order of the user's options
 * and files within a class does not show, and nothing of the machine or the clock enters.
 */
#include "ref_draft.h"

#include "exomir/json.h"
#include "ref_format.h"

#include <stdlib.h>
#include <string.h>

/* A text of the string section by its offset; 0 is "". */
typedef struct writer {
    exm_draft *d;
    exm_buf section[EXM_SEC_COUNT];
    uint64_t *lo, *hi, *no;
    uint64_t text_len;
    size_t words;
    uint64_t *start; /* [templates] */
    exm_error *err;
} writer;

static exm_status
no_memory(const writer *w)
{
    return exm_fail(w->err, EXM_ENOMEM, 0, "no memory to write the reference");
}

static uint32_t
put_text(writer *w, const char *s)
{
    exm_buf *b = &w->section[EXM_SEC_STRINGS];
    const size_t at = b->len;

    if (*s == '\0') return 0;
    exm_buf_put(b, s, strlen(s) + 1);
    return (uint32_t) at;
}

static void
put_u32(exm_buf *b, uint32_t v)
{
    exm_buf_put(b, &v, sizeof v);
}

/* ---- merge and sort ---- */

struct order {
    const exm_draft_template *t;
    uint32_t id; /* in the draft */
};

static int
by_class_then_seq(const void *pa, const void *pb)
{
    const exm_draft_template *a = ((const struct order *) pa)->t;
    const exm_draft_template *b = ((const struct order *) pb)->t;
    int d = (a->class_id > b->class_id) - (a->class_id < b->class_id);

    if (d == 0) d = (a->len > b->len) - (a->len < b->len);
    if (d == 0) d = memcmp(a->seq, b->seq, a->len);
    return d ? d : strcmp(a->name, b->name);
}

static int
by_class_then_name(const void *pa, const void *pb)
{
    const exm_draft_template *a = ((const struct order *) pa)->t;
    const exm_draft_template *b = ((const struct order *) pb)->t;
    const int d = (a->class_id > b->class_id) - (a->class_id < b->class_id);

    return d ? d : strcmp(a->name, b->name);
}

static int
same_sequence(const exm_draft_template *a, const exm_draft_template *b)
{
    return a->class_id == b->class_id && a->len == b->len && memcmp(a->seq, b->seq, a->len) == 0;
}

/* The names of v[from .. to) joined by '/', as the name of the first. */
static exm_status
join_names(writer *w, const struct order *v, size_t from, size_t to)
{
    exm_draft_template *t = w->d->template + v[from].id;
    exm_buf b = {0};
    const char *joined;

    for (size_t i = from; i < to; i++) {
        if (i > from) exm_buf_putc(&b, '/');
        exm_buf_puts(&b, v[i].t->name);
    }
    joined = b.failed ? NULL : exm_draft_keep(w->d, b.data, b.len);
    exm_buf_done(&b);
    if (!joined) return no_memory(w);
    t->name = joined;
    return EXM_OK;
}

/* Identical sequences of a class become one template; then templates are put in order.
 * to[old] gets the new number. */
static exm_status
merge_templates(writer *w, uint32_t *to)
{
    exm_draft *d = w->d;
    const size_t n = d->n_templates;
    struct order *v = calloc(n + 1, sizeof *v);
    exm_draft_template *sorted = calloc(n + 1, sizeof *sorted);
    uint32_t *first = calloc(n + 1, sizeof *first); /* old number -> number of its twin */
    size_t kept = 0;
    exm_status st = v && sorted && first ? EXM_OK : no_memory(w);

    for (size_t i = 0; st == EXM_OK && i < n; i++)
        v[i] = (struct order){d->template + i, (uint32_t) i};
    if (st == EXM_OK) qsort(v, n, sizeof *v, by_class_then_seq);
    for (size_t i = 0; st == EXM_OK && i < n;) {
        size_t k = i + 1;
        const uint32_t id = v[i].id;

        while (k < n && same_sequence(v[i].t, v[k].t)) k++;
        if (k > i + 1) st = join_names(w, v, i, k);
        d->log->merged_templates += (uint32_t) (k - i - 1);
        for (size_t j = i; j < k; j++) first[v[j].id] = id;
        v[kept++] = (struct order){d->template + id, id};
        i = k;
    }
    if (st == EXM_OK) {
        qsort(v, kept, sizeof *v, by_class_then_name);
        for (size_t i = 0; i < kept; i++) {
            sorted[i] = *v[i].t;
            to[v[i].id] = (uint32_t) i;
        }
        for (size_t i = 0; i < n; i++) to[i] = to[first[i]];
        memcpy(d->template, sorted, kept * sizeof *sorted);
        d->n_templates = kept;
    }
    free(v);
    free(sorted);
    free(first);
    return st;
}

static int
matures_by_place(const void *pa, const void *pb)
{
    const exm_draft_mature *a = pa, *b = pb;

    if (a->template_id != b->template_id) return a->template_id < b->template_id ? -1 : 1;
    if (a->start != b->start) return a->start < b->start ? -1 : 1;
    if (a->len != b->len) return a->len < b->len ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* One mature per place: twins of merged hairpins fall together, other names are joined. */
static exm_status
merge_matures(writer *w)
{
    exm_draft *d = w->d;
    size_t kept = 0;

    qsort(d->mature, d->n_matures, sizeof *d->mature, matures_by_place);
    for (size_t i = 0; i < d->n_matures; i++) {
        exm_draft_mature *last = kept ? d->mature + kept - 1 : NULL;
        const exm_draft_mature *m = d->mature + i;

        if (!last || last->template_id != m->template_id || last->start != m->start ||
            last->len != m->len) {
            d->mature[kept++] = *m;
        } else if (strcmp(last->name, m->name) != 0) {
            exm_buf b = {0};

            exm_buf_putf(&b, "%s/%s", last->name, m->name);
            last->name = b.failed ? NULL : exm_draft_keep(d, b.data, b.len);
            exm_buf_done(&b);
            if (!last->name) return no_memory(w);
        }
    }
    d->n_matures = kept;
    return EXM_OK;
}

/* ---- entities ---- */

struct entity {
    const char *name, *seq;
    uint32_t len, n; /* places */
};

struct by_seq {
    const char *seq, *name;
    uint32_t mature;
};

static int
seqs_then_names(const void *pa, const void *pb)
{
    const struct by_seq *a = pa, *b = pb;
    const int d = strcmp(a->seq, b->seq);

    return d ? d : strcmp(a->name, b->name);
}

static int
entities_by_name(const void *pa, const void *pb)
{
    return strcmp(((const struct entity *) pa)->name, ((const struct entity *) pb)->name);
}

/* Is 'name' one of the '/'-joined parts of 'list'? */
static int
holds_part(const exm_buf *list, const char *name)
{
    const size_t n = strlen(name);
    const char *p = list->data;

    while (p && (p = strstr(p, name)) != NULL) {
        if ((p == list->data || p[-1] == '/') && (p[n] == '/' || p[n] == '\0')) return 1;
        p++;
    }
    return 0;
}

static int
parts_in_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The distinct parts of all the names, sorted, joined by '/'. */
static const char *
entity_name(writer *w, const struct by_seq *v, size_t n)
{
    exm_buf all = {0}, out = {0};
    const char *part[256], *ret;
    size_t parts = 0;

    for (size_t i = 0; i < n; i++) {
        if (all.len > 0) exm_buf_putc(&all, '/');
        exm_buf_puts(&all, v[i].name);
    }
    if (all.failed) return NULL;
    for (char *p = all.data; p && parts < 256;) {
        char *slash = strchr(p, '/');

        if (slash) *slash = '\0';
        part[parts++] = p;
        p = slash ? slash + 1 : NULL;
    }
    qsort(part, parts, sizeof *part, parts_in_order);
    for (size_t i = 0; i < parts; i++) {
        if (holds_part(&out, part[i])) continue;
        if (out.len > 0) exm_buf_putc(&out, '/');
        exm_buf_puts(&out, part[i]);
    }
    ret = out.failed ? NULL : exm_draft_keep(w->d, out.data, out.len);
    exm_buf_done(&all);
    exm_buf_done(&out);
    return ret;
}

/* Group matures by sequence, name the groups, sort them; numbers go into the matures. */
static exm_status
form_entities(writer *w, struct entity **ret, size_t *ret_n)
{
    exm_draft *d = w->d;
    struct by_seq *v = calloc(d->n_matures + 1, sizeof *v);
    struct entity *e = calloc(d->n_matures + 1, sizeof *e);
    size_t n = 0;
    exm_status st = v && e ? EXM_OK : no_memory(w);

    for (size_t i = 0; st == EXM_OK && i < d->n_matures; i++)
        v[i] = (struct by_seq){d->mature[i].seq, d->mature[i].name, (uint32_t) i};
    if (st == EXM_OK) qsort(v, d->n_matures, sizeof *v, seqs_then_names);
    for (size_t i = 0; st == EXM_OK && i < d->n_matures;) {
        size_t k = i + 1;

        while (k < d->n_matures && strcmp(v[i].seq, v[k].seq) == 0) k++;
        e[n].name = entity_name(w, v + i, k - i);
        e[n].seq = v[i].seq;
        e[n].len = (uint32_t) strlen(v[i].seq);
        e[n].n = (uint32_t) (k - i);
        if (!e[n++].name) st = no_memory(w);
        i = k;
    }
    if (st == EXM_OK) {
        qsort(e, n, sizeof *e, entities_by_name);
        for (size_t i = 1; st == EXM_OK && i < n; i++)
            if (strcmp(e[i - 1].name, e[i].name) == 0)
                st = exm_fail(w->err, EXM_EDATA, 0,
                              "two different sequences are both named '%s' in the matures",
                              e[i].name);
    }
    /* Matures and aliases find their entity by sequence. */
    for (size_t k = 0; st == EXM_OK && k < n; k++) {
        const struct by_seq key = {e[k].seq, "", 0};
        size_t lo = 0, hi = d->n_matures;

        while (lo < hi) {
            const size_t mid = lo + (hi - lo) / 2;

            if (strcmp(v[mid].seq, key.seq) < 0)
                lo = mid + 1;
            else
                hi = mid;
        }
        for (; lo < d->n_matures && strcmp(v[lo].seq, key.seq) == 0; lo++)
            d->mature[v[lo].mature].entity = (uint32_t) k;
    }
    free(v);
    *ret = e;
    *ret_n = n;
    if (st != EXM_OK) {
        free(e);
        *ret = NULL;
    }
    return st;
}

/* ---- aliases ---- */

static int
aliases_by_seq(const void *pa, const void *pb)
{
    return strcmp(((const exm_draft_alias *) pa)->seq, ((const exm_draft_alias *) pb)->seq);
}

static int
aliases_by_text(const void *pa, const void *pb)
{
    const exm_draft_alias *a = pa, *b = pb;
    const int d = exm_ref_fold_compare(a->text, b->text);

    return d ? d : (a->entity > b->entity) - (a->entity < b->entity);
}

struct seq_entity {
    const char *seq;
    uint32_t id;
};

static int
seq_entities(const void *pa, const void *pb)
{
    return strcmp(((const struct seq_entity *) pa)->seq, ((const struct seq_entity *) pb)->seq);
}

/* Aliases of no entity are dropped, equal ones merged, and an alias that means two
 * different entities goes to the one whose name comes first (and is noted). */
static exm_status
resolve_aliases(writer *w, const struct entity *e, size_t n)
{
    exm_draft *d = w->d;
    struct seq_entity *v = calloc(n + 1, sizeof *v);
    size_t kept = 0;

    if (!v) return no_memory(w);
    for (size_t i = 0; i < n; i++) {
        exm_draft_alias *own;

        v[i] = (struct seq_entity){e[i].seq, (uint32_t) i};
        own = EXM_DRAFT_ADD(d, alias, n_aliases, cap_aliases);
        if (!own) {
            free(v);
            return no_memory(w);
        }
        own->text = e[i].name; /* joined names find their entity too */
        own->seq = e[i].seq;
    }
    qsort(v, n, sizeof *v, seq_entities);
    qsort(d->alias, d->n_aliases, sizeof *d->alias, aliases_by_seq);
    for (size_t i = 0; i < d->n_aliases; i++) {
        const struct seq_entity key = {d->alias[i].seq, 0};
        const struct seq_entity *found = bsearch(&key, v, n, sizeof *v, seq_entities);

        if (!found) continue;
        d->alias[kept] = d->alias[i];
        d->alias[kept++].entity = found->id;
    }
    free(v);
    d->n_aliases = kept;
    qsort(d->alias, d->n_aliases, sizeof *d->alias, aliases_by_text);
    kept = 0;
    for (size_t i = 0; i < d->n_aliases; i++) {
        const exm_draft_alias *a = d->alias + i;

        if (kept > 0 && strcmp(d->alias[kept - 1].text, a->text) == 0) {
            if (d->alias[kept - 1].entity != a->entity)
                exm_buf_putf(&d->log->notes, "%s: means several miRNAs, %s is taken\n", a->text,
                             e[d->alias[kept - 1].entity].name);
            continue;
        }
        d->alias[kept++] = *a;
    }
    d->n_aliases = kept;
    return EXM_OK;
}

/* ---- the text ---- */

static void
set_base(writer *w, uint64_t p, char c)
{
    const int code = exm_base_code(c);
    const uint64_t bit = (uint64_t) 1 << (p & 63);

    if (code < 0) return;
    w->no[p >> 6] &= ~bit;
    if (code & 1) w->lo[p >> 6] |= bit;
    if (code & 2) w->hi[p >> 6] |= bit;
}

static exm_status
write_text(writer *w)
{
    const exm_draft *d = w->d;
    uint64_t p = EXM_REF_PAD;

    w->start = calloc(d->n_templates + 1, sizeof *w->start);
    if (!w->start) return no_memory(w);
    for (size_t i = 0; i < d->n_templates; i++) {
        w->start[i] = p;
        p += d->template[i].len + 1;
    }
    w->text_len = p + EXM_REF_PAD;
    if (w->text_len > UINT32_MAX)
        return exm_fail(w->err, EXM_EDATA, 0,
                        "the reference holds %llu nt; a bundle takes at most 4.29 x 10^9",
                        (unsigned long long) w->text_len);
    w->words = (w->text_len + 63) / 64 + 2;
    w->lo = calloc(w->words, 8);
    w->hi = calloc(w->words, 8);
    w->no = malloc(w->words * 8);
    if (!w->lo || !w->hi || !w->no) return no_memory(w);
    memset(w->no, 0xff, w->words * 8);
    for (size_t i = 0; i < d->n_templates; i++)
        for (size_t k = 0; k < d->template[i].len; k++)
            set_base(w, w->start[i] + k, d->template[i].seq[k]);
    exm_buf_put(&w->section[EXM_SEC_PLANE_LO], w->lo, w->words * 8);
    exm_buf_put(&w->section[EXM_SEC_PLANE_HI], w->hi, w->words * 8);
    exm_buf_put(&w->section[EXM_SEC_PLANE_NO], w->no, w->words * 8);
    return EXM_OK;
}

/* ---- seed indexes ---- */

/* Counting sort of the positions in [from, to) by their k-mer. */
static exm_status
write_index(writer *w, uint32_t k, uint64_t from, uint64_t to, enum exm_ref_section off_section)
{
    const size_t n_codes = (size_t) 1 << (2 * k);
    uint32_t *off = calloc(n_codes + 1, sizeof *off), *pos = NULL;
    exm_status st = off ? EXM_OK : no_memory(w);

    for (uint64_t p = from; st == EXM_OK && p + k <= to; p++)
        if (exm_plane_bits(w->no, p, k) == 0)
            off[(exm_plane_bits(w->hi, p, k) << k | exm_plane_bits(w->lo, p, k)) + 1]++;
    for (size_t c = 0; st == EXM_OK && c < n_codes; c++) off[c + 1] += off[c];
    if (st == EXM_OK) {
        exm_buf_put(&w->section[off_section], off, (n_codes + 1) * sizeof *off);
        pos = calloc(off[n_codes] + 1U, sizeof *pos);
        if (!pos) st = no_memory(w);
    }
    if (st == EXM_OK) {
        const size_t n_pos = off[n_codes];

        for (uint64_t p = from; p + k <= to; p++)
            if (exm_plane_bits(w->no, p, k) == 0)
                pos[off[exm_plane_bits(w->hi, p, k) << k | exm_plane_bits(w->lo, p, k)]++] = (uint32_t) p;
        exm_buf_put(&w->section[off_section + 1], pos, n_pos * sizeof *pos);
    }
    free(off);
    free(pos);
    return st;
}

/* ---- tables ---- */

/* Start positions that a miRNA read can have: within 5 nt of a mature's start. */
static uint64_t
mirna_positions(const writer *w)
{
    const exm_draft *d = w->d;
    uint64_t n = 0, next = 0;

    for (size_t i = 0; i < d->n_matures; i++) { /* sorted by place */
        const uint64_t at = w->start[d->mature[i].template_id] + d->mature[i].start;
        uint64_t from = at - 5;

        if (from < next) from = next;
        if (at + 6 > from) n += at + 6 - from;
        if (at + 6 > next) next = at + 6;
    }
    return n;
}

static void
write_classes(writer *w)
{
    const exm_draft *d = w->d;
    size_t t = 0;

    for (size_t c = 0; c < d->n_classes; c++) {
        exm_ref_class_rec k = {.name = put_text(w, d->class[c].name),
                                .kind = d->class[c].kind,
                                .first_template = (uint32_t) t};

        for (; t < d->n_templates && d->template[t].class_id == c; t++)
            k.positions += d->template[t].len;
        k.n_templates = (uint32_t) t - k.first_template;
        if (c == 0) k.positions = mirna_positions(w);
        exm_buf_put(&w->section[EXM_SEC_CLASSES], &k, sizeof k);
    }
}

static void
write_templates(writer *w)
{
    const exm_draft *d = w->d;
    size_t m = 0;

    for (size_t i = 0; i < d->n_templates; i++) {
        const exm_draft_template *t = d->template + i;
        exm_ref_template_rec k = {.name = put_text(w, t->name),
                                   .accession = put_text(w, t->accession),
                                   .class_id = t->class_id,
                                   .len = (uint32_t) t->len,
                                   .start = w->start[i],
                                   .first_mature = (uint32_t) m,
                                   .amount = t->amount};

        while (m < d->n_matures && d->mature[m].template_id == i) m++;
        k.n_matures = (uint32_t) m - k.first_mature;
        exm_buf_put(&w->section[EXM_SEC_TEMPLATES], &k, sizeof k);
    }
    for (size_t i = 0; i < d->n_matures; i++) {
        const exm_draft_mature *p = d->mature + i;
        const exm_ref_mature_rec k = {.name = put_text(w, p->name),
                                       .accession = put_text(w, p->accession),
                                       .entity = p->entity,
                                       .template_id = p->template_id,
                                       .start = p->start,
                                       .len = p->len,
                                       .arm = p->arm};

        exm_buf_put(&w->section[EXM_SEC_MATURES], &k, sizeof k);
    }
}

static exm_status
write_entities(writer *w, const struct entity *e, size_t n)
{
    const exm_draft *d = w->d;
    uint32_t *from = calloc(n + 1, sizeof *from), *ids = calloc(d->n_matures + 1, sizeof *ids);
    exm_buf *others = calloc(n + 1, sizeof *others);
    uint32_t at = 0;

    if (!from || !ids || !others) {
        free(from);
        free(ids);
        free(others);
        return no_memory(w);
    }
    for (size_t i = 0; i < n; i++) {
        from[i] = at;
        at += e[i].n;
    }
    for (size_t i = 0; i < d->n_matures; i++) ids[from[d->mature[i].entity]++] = (uint32_t) i;
    for (size_t i = 0; i < d->n_aliases; i++) {
        const exm_draft_alias *a = d->alias + i;
        exm_buf *o = others + a->entity;

        if (strcmp(a->text, e[a->entity].name) == 0) continue;
        if (o->len > 0) exm_buf_putc(o, ',');
        exm_buf_puts(o, a->text);
        w->section[EXM_SEC_STRINGS].failed |= o->failed;
    }
    at = 0;
    for (size_t i = 0; i < n; i++) {
        const exm_ref_entity_rec k = {.name = put_text(w, e[i].name),
                                       .seq = put_text(w, e[i].seq),
                                       .aliases = others[i].data ? put_text(w, others[i].data) : 0,
                                       .len = e[i].len,
                                       .first_mature_ref = at,
                                       .n_mature_refs = e[i].n};

        exm_buf_put(&w->section[EXM_SEC_ENTITIES], &k, sizeof k);
        at += e[i].n;
        exm_buf_done(&others[i]);
    }
    exm_buf_put(&w->section[EXM_SEC_ENTITY_MATURES], ids, d->n_matures * sizeof *ids);
    for (size_t i = 0; i < d->n_aliases; i++) {
        const exm_ref_lookup_rec k = {put_text(w, d->alias[i].text), d->alias[i].entity};

        exm_buf_put(&w->section[EXM_SEC_LOOKUP], &k, sizeof k);
    }
    free(from);
    free(ids);
    free(others);
    return EXM_OK;
}

static exm_status
write_clades(writer *w, const char *path)
{
    const exm_fasta *all = NULL;
    exm_clade_keys k = {0};
    exm_status st = EXM_OK;

    if (path) st = exm_draft_read(w->d, "clade", path, &all, w->err);
    if (path && st == EXM_OK)
        st = exm_clade_keys_build(all, w->d->species, w->lo, w->hi, w->no, w->text_len, &k,
                                  w->err);
    if (st == EXM_OK) {
        exm_buf_put(&w->section[EXM_SEC_CLADE_KEYS], k.key, k.n * sizeof *k.key);
        exm_buf_put(&w->section[EXM_SEC_CLADE_LABELS], k.label, k.n * sizeof *k.label);
        for (size_t i = 0; i < k.n_names; i++)
            put_u32(&w->section[EXM_SEC_CLADE_NAMES], put_text(w, k.name[i]));
        w->d->log->clade_kmers = (uint32_t) k.n;
        w->d->log->clade_kmers_dropped = k.dropped;
    }
    exm_clade_keys_done(&k);
    return st;
}

static exm_status
write_meta(writer *w, size_t n_entities)
{
    const exm_draft *d = w->d;
    exm_buf text = {0};
    exm_json j;
    exm_status st;
    exm_ref_meta meta = {.text_len = w->text_len};

    exm_json_init_compact(&j, &text);
    exm_json_object(&j);
    exm_json_kstr(&j, "species", d->species ? d->species : "");
    exm_json_ku64(&j, "matures_read", d->log->matures_read);
    exm_json_ku64(&j, "matures_placed", d->log->matures_placed);
    exm_json_ku64(&j, "matures_unplaced", d->log->matures_unplaced);
    exm_json_ku64(&j, "entities", n_entities);
    exm_json_ku64(&j, "hairpins", d->log->hairpins);
    exm_json_ku64(&j, "templates", d->n_templates);
    exm_json_ku64(&j, "templates_merged", d->log->merged_templates);
    exm_json_ku64(&j, "clade_20mers", d->log->clade_kmers);
    exm_json_end(&j);
    st = exm_json_finish(&j, w->err);
    if (st == EXM_OK && d->sources.len > 0) { /* "...}\n" becomes "...,"sources":[...]}" */
        text.len -= 2;
        exm_buf_puts(&text, ",\"sources\":[");
        exm_buf_put(&text, d->sources.data, d->sources.len - 1);
        exm_buf_puts(&text, "]}\n");
        st = exm_buf_check(&text, w->err);
    }
    if (st == EXM_OK) {
        meta.species = put_text(w, d->species ? d->species : "");
        exm_buf_put(&w->section[EXM_SEC_META], &meta, sizeof meta);
        exm_buf_put(&w->section[EXM_SEC_PROVENANCE], text.data, text.len + 1);
    }
    exm_buf_done(&text);
    return st;
}

/* ---- header and sections ---- */

static unsigned
hex_value(char c)
{
    return (unsigned) (c <= '9' ? c - '0' : c - 'a' + 10);
}

static exm_status
assemble(writer *w, exm_buf *ret)
{
    exm_ref_extent table[EXM_SEC_COUNT];
    exm_ref_header h = {
                             .version = EXM_REF_VERSION,
                             .n_sections = EXM_SEC_COUNT};
    static const char zero[8];
    const size_t at = ret->len;
    char hex[EXM_SHA256_HEX];
    uint64_t offset = sizeof h + sizeof table;
    exm_status st;

    for (int i = 0; i < EXM_SEC_COUNT; i++) {
        st = exm_buf_check(&w->section[i], w->err);
        if (st != EXM_OK) return st;
        table[i] = (exm_ref_extent){offset, w->section[i].len};
        offset += (w->section[i].len + 7) / 8 * 8;
    }
    h.file_bytes = offset;
    memcpy(h.magic, EXM_REF_MAGIC, sizeof h.magic);
    exm_buf_put(ret, &h, sizeof h);
    exm_buf_put(ret, table, sizeof table);
    for (int i = 0; i < EXM_SEC_COUNT; i++) {
        exm_buf_put(ret, w->section[i].data, w->section[i].len);
        exm_buf_put(ret, zero, (8 - w->section[i].len % 8) % 8);
    }
    st = exm_buf_check(ret, w->err);
    if (st == EXM_OK)
        st = exm_sha256_of(ret->data + at + sizeof h, ret->len - at - sizeof h, hex, w->err);
    if (st != EXM_OK) return st;
    for (int i = 0; i < EXM_SHA256_LEN; i++)
        h.sha256[i] = (unsigned char) (hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
    memcpy(ret->data + at, &h, sizeof h);
    return EXM_OK;
}

static exm_status
write_all(writer *w, uint32_t *to, const char *clade_path, exm_buf *ret)
{
    exm_draft *d = w->d;
    struct entity *e = NULL;
    size_t n = 0;
    uint64_t mirna_end;
    exm_status st = merge_templates(w, to);

    for (size_t i = 0; st == EXM_OK && i < d->n_matures; i++)
        d->mature[i].template_id = to[d->mature[i].template_id];
    if (st == EXM_OK) st = merge_matures(w);
    if (st == EXM_OK) st = form_entities(w, &e, &n);
    if (st == EXM_OK) d->log->entities = (uint32_t) n;
    if (st == EXM_OK) st = resolve_aliases(w, e, n);
    if (st == EXM_OK) st = write_text(w);
    if (st == EXM_OK) {
        exm_buf_putc(&w->section[EXM_SEC_STRINGS], '\0');
        write_classes(w);
        write_templates(w);
        st = write_entities(w, e, n);
    }
    if (st == EXM_OK) {
        size_t t = 0;

        while (t < d->n_templates && d->template[t].class_id == 0) t++;
        mirna_end = t < d->n_templates ? w->start[t] : w->text_len - EXM_REF_PAD;
        st = write_index(w, EXM_REF_K_MIRNA, EXM_REF_PAD, mirna_end, EXM_SEC_OFF_MIRNA);
        if (st == EXM_OK)
            st = write_index(w, EXM_REF_K_OTHER, mirna_end, w->text_len - EXM_REF_PAD,
                             EXM_SEC_OFF_OTHER);
    }
    if (st == EXM_OK) st = write_clades(w, clade_path);
    if (st == EXM_OK) st = write_meta(w, n);
    if (st == EXM_OK) st = assemble(w, ret);
    free(e);
    return st;
}

exm_status
exm_draft_write(exm_draft *d, const char *clade_path, exm_buf *ret, exm_error *reterr)
{
    writer w = {.d = d, .err = reterr};
    uint32_t *to = calloc(d->n_templates + 1, sizeof *to);
    exm_status st = to ? write_all(&w, to, clade_path, ret) : no_memory(&w);

    for (int i = 0; i < EXM_SEC_COUNT; i++) exm_buf_done(&w.section[i]);
    free(to);
    free(w.lo);
    free(w.hi);
    free(w.no);
    free(w.start);
    return st;
}
