/*
 * ref_write.c - from the draft to the bundle's bytes.
 *
 * Small tables go into buffers; the large arrays (planes, indexes) are sized first, so
 * that the file is allocated once and places are sorted straight into it: for 100 Mb of
 * text that is 0.9 GB instead of twice as much.
 */
#include "ref_draft.h"

#include "exomir/json.h"
#include "ref_format.h"

#include <stdlib.h>
#include <string.h>

enum { START_WINDOW = 5 }; /* a read is a mature's when it starts within 5 nt: annotate.h */

struct writer {
    exm_draft *d;
    exm_buf table[EXM_SEC_COUNT]; /* the small sections */
    exm_ref_extent at[EXM_SEC_COUNT];
    uint64_t *start; /* of each template in the text */
    uint64_t *lo, *hi, *no, text_len, words;
    uint32_t *off[EXM_REF_INDEXES];   /* 4^k + 1 each */
    uint64_t *class_nt;               /* bases of each class */
    uint64_t places[EXM_REF_INDEXES]; /* at most */
    exm_clade_keys clade;
    exm_error *err;
};

static uint32_t
put_string(struct writer *w, const char *s)
{
    exm_buf *b = &w->table[EXM_SEC_STRINGS];
    const size_t at = b->len;

    if (*s == '\0') return 0;
    exm_buf_put(b, s, strlen(s) + 1);
    return (uint32_t) at; /* the section's size is checked at the end */
}

/* ---- the text ---- */

static exm_status
lay_out(struct writer *w)
{
    const exm_draft *d = w->d;
    uint64_t p = EXM_REF_PAD;

    w->start = calloc(d->n_templates + 1, sizeof *w->start);
    w->class_nt = calloc(d->n_classes + 1, sizeof *w->class_nt);
    if (!w->start || !w->class_nt) return exm_draft_no_memory(w->err);
    for (size_t i = 0; i < d->n_templates; i++) {
        w->start[i] = p;
        w->class_nt[d->template[i].class_id] += d->template[i].len;
        p += d->template[i].len + 1;
    }
    for (uint32_t c = 0; c < d->n_classes; c++) {
        const int which = exm_ref_index_of(c, w->class_nt[c]);

        w->places[which] += w->class_nt[c] / exm_ref_index_step(which);
    }
    w->text_len = p - 1 + EXM_REF_PAD;
    if (w->text_len >= UINT32_MAX || d->n_templates >= UINT32_MAX)
        return exm_fail(
            w->err, EXM_EDATA, 0,
            "the classes hold %llu nt together, a bundle takes up to 4,294,967,294: "
            "leave a large class out (the genome is no class)",
            (unsigned long long) w->text_len);
    w->words = (w->text_len + 63) / 64 + 2;
    return EXM_OK;
}

static exm_status
fill_planes(struct writer *w)
{
    w->lo = calloc(w->words + 1, sizeof *w->lo);
    w->hi = calloc(w->words + 1, sizeof *w->hi);
    w->no = malloc((w->words + 1) * sizeof *w->no);
    if (!w->lo || !w->hi || !w->no) return exm_draft_no_memory(w->err);
    memset(w->no, 0xFF, w->words * sizeof *w->no);
    for (size_t i = 0; i < w->d->n_templates; i++) {
        const exm_draft_template *t = &w->d->template[i];

        for (size_t k = 0; k < t->len; k++) {
            const int code = exm_base_code(t->seq[k]);
            const uint64_t p = w->start[i] + k, bit = (uint64_t) 1 << (p & 63);

            if (code < 0) continue;
            w->no[p >> 6] &= ~bit;
            if (code & 1) w->lo[p >> 6] |= bit;
            if (code & 2) w->hi[p >> 6] |= bit;
        }
    }
    return EXM_OK;
}

/* ---- seed indexes ---- */

static uint32_t
index_k(const struct writer *w, int which)
{
    return exm_ref_k(which, w->places[which]);
}

static uint64_t
codes_of(const struct writer *w, int which)
{
    return (uint64_t) 1 << 2 * index_k(w, which);
}

/* The code of the k-mer at p, or UINT64_MAX where it holds a 'no'. */
static uint64_t
code_at(const struct writer *w, uint64_t p, uint32_t k)
{
    if (exm_plane_bits(w->no, p, k) != 0) return UINT64_MAX;
    return exm_plane_bits(w->lo, p, k) | exm_plane_bits(w->hi, p, k) << k;
}

/* Goes through the k-mers that an index holds, by ascending position. */
struct kmers {
    const struct writer *w;
    int which;
    uint32_t k, step;
    size_t template;    /* the next one */
    uint64_t next, end; /* in the text */
};

static struct kmers
kmers_of(const struct writer *w, int which)
{
    return (struct kmers){.w = w,
                          .which = which,
                          .k = index_k(w, which),
                          .step = exm_ref_index_step(which),
                          .next = 1}; /* at no template yet */
}

/* 0: there is no more. */
static int
next_kmer(struct kmers *x, uint64_t *ret_p, uint64_t *ret_code)
{
    for (;;) {
        while (x->next + x->k > x->end) {
            const exm_draft_template *t = x->w->d->template + x->template;
            uint64_t start;

            if (x->template == x->w->d->n_templates) return 0;
            start = x->w->start[x->template ++];
            if (exm_ref_index_of(t->class_id, x->w->class_nt[t->class_id]) != x->which)
                continue;
            x->next = (start + x->step - 1) / x->step * x->step;
            x->end = start + t->len;
        }
        *ret_p = x->next;
        *ret_code = code_at(x->w, x->next, x->k);
        x->next += x->step;
        if (*ret_code != UINT64_MAX) return 1;
    }
}

static exm_status
count_kmers(struct writer *w, int which)
{
    struct kmers x = kmers_of(w, which);
    const uint64_t codes = codes_of(w, which);
    uint32_t *off = calloc(codes + 1, sizeof *off);
    uint64_t p, c;

    if (!off) return exm_draft_no_memory(w->err);
    w->off[which] = off;
    while (next_kmer(&x, &p, &c)) off[c + 1]++;
    for (c = 0; c < codes; c++) off[c + 1] += off[c];
    return EXM_OK;
}

/* Counting sort; off[c] serves as cursor and is the end of c, the start of c + 1, after. */
static void
sort_places(struct writer *w, int which, exm_ref_place *ret)
{
    struct kmers x = kmers_of(w, which);
    uint32_t *off = w->off[which];
    uint64_t p, c;

    while (next_kmer(&x, &p, &c))
        ret[off[c]++] = (exm_ref_place){.at = (uint32_t) p,
                                        .around = exm_ref_around(w->lo, w->hi, p, x.k)};
}

/* ---- tables ---- */

/* Starts within the window of any mature, each counted once; matures are sorted by place. */
static uint64_t
mirna_positions(const struct writer *w)
{
    uint64_t n = 0, next = 0;

    for (size_t i = 0; i < w->d->n_matures; i++) {
        const exm_draft_mature *m = &w->d->mature[i];
        const uint64_t t = w->start[m->template_id];
        const uint64_t end = t + w->d->template[m->template_id].len;
        uint64_t from = t + m->start - (m->start < START_WINDOW ? m->start : START_WINDOW);
        uint64_t to = t + m->start + START_WINDOW + 1;

        if (from < next) from = next;
        if (to > end) to = end;
        if (to <= from) continue;
        n += to - from;
        next = to;
    }
    return n;
}

static void
put_classes(struct writer *w)
{
    const exm_draft *d = w->d;
    size_t t = 0;

    for (size_t c = 0; c < d->n_classes; c++) {
        exm_ref_class_rec x = {.name = put_string(w, d->class[c].name),
                               .kind = (uint32_t) d->class[c].kind,
                               .flags = d->class[c].flags,
                               .junction_nt = d->class[c].junction_nt,
                               .first_template = (uint32_t) t};

        for (; t < d->n_templates && d->template[t].class_id == c; t++)
            x.positions += d->template[t].len;
        x.n_templates = (uint32_t) t - x.first_template;
        if (c == 0) x.positions = mirna_positions(w);
        exm_buf_put(&w->table[EXM_SEC_CLASSES], &x, sizeof x);
    }
}

static void
put_templates(struct writer *w)
{
    const exm_draft *d = w->d;
    size_t m = 0;

    for (size_t i = 0; i < d->n_templates; i++) {
        const exm_draft_template *t = &d->template[i];
        exm_ref_template_rec x = {.name = put_string(w, t->name),
                                  .accession = put_string(w, t->accession),
                                  .class_id = t->class_id,
                                  .len = (uint32_t) t->len,
                                  .first_mature = (uint32_t) m,
                                  .start = w->start[i],
                                  .amount = t->amount,
                                  .junction = t->junction};

        while (m < d->n_matures && d->mature[m].template_id == i) m++;
        x.n_matures = (uint32_t) m - x.first_mature;
        exm_buf_put(&w->table[EXM_SEC_TEMPLATES], &x, sizeof x);
    }
    for (size_t i = 0; i < d->n_matures; i++) {
        const exm_draft_mature *y = &d->mature[i];
        const exm_ref_mature_rec x = {.name = put_string(w, y->name),
                                      .accession = put_string(w, y->accession),
                                      .entity = y->entity,
                                      .template_id = y->template_id,
                                      .start = y->start,
                                      .len = y->len,
                                      .arm = y->arm};

        exm_buf_put(&w->table[EXM_SEC_MATURES], &x, sizeof x);
    }
}

static exm_status
put_entities(struct writer *w)
{
    const exm_draft *d = w->d;
    uint32_t *ids = calloc(d->n_matures + 1, sizeof *ids);
    uint32_t *next = calloc(d->n_entities + 1, sizeof *next);
    uint32_t at = 0;

    if (!ids || !next) {
        free(ids);
        free(next);
        return exm_draft_no_memory(w->err);
    }
    for (size_t i = 0; i < d->n_entities; i++) {
        const exm_draft_entity *e = &d->entity[i];
        const exm_ref_entity_rec x = {.name = put_string(w, e->name),
                                      .seq = put_string(w, e->seq),
                                      .aliases = put_string(w, e->aliases),
                                      .len = e->len,
                                      .first_mature_ref = at,
                                      .n_mature_refs = e->n_matures};

        next[i] = at;
        at += e->n_matures;
        exm_buf_put(&w->table[EXM_SEC_ENTITIES], &x, sizeof x);
    }
    for (size_t i = 0; i < d->n_matures; i++)
        ids[next[d->mature[i].entity]++] = (uint32_t) i;
    exm_buf_put(&w->table[EXM_SEC_ENTITY_MATURES], ids, d->n_matures * sizeof *ids);
    for (size_t i = 0; i < d->n_names; i++) {
        const exm_ref_lookup_rec x = {.name = put_string(w, d->name[i].text),
                                      .entity = d->name[i].entity};

        exm_buf_put(&w->table[EXM_SEC_LOOKUP], &x, sizeof x);
    }
    free(ids);
    free(next);
    return EXM_OK;
}

static exm_status
put_clades(struct writer *w, const char *path)
{
    const exm_fasta *all = NULL;
    exm_status s;

    if (!path) return EXM_OK;
    s = exm_draft_read(w->d, "clade", "", path, &all, w->err);
    if (s == EXM_OK)
        s = exm_clade_keys_build(w->d, all, w->lo, w->hi, w->no, w->text_len, &w->clade,
                                 w->err);
    if (s != EXM_OK) return s;
    exm_buf_put(&w->table[EXM_SEC_CLADE_KEYS], w->clade.key,
                w->clade.n * sizeof *w->clade.key);
    exm_buf_put(&w->table[EXM_SEC_CLADE_MIRNAS], w->clade.of_key,
                w->clade.n * sizeof *w->clade.of_key);
    for (size_t i = 0; i < w->clade.n_names; i++) {
        const uint32_t x = put_string(w, w->clade.name[i]);

        exm_buf_put(&w->table[EXM_SEC_CLADE_NAMES], &x, sizeof x);
    }
    for (size_t i = 0; i < w->clade.n_foreign; i++) {
        const struct exm_clade_foreign *f = w->clade.foreign + i;
        const exm_ref_foreign_rec x = {
            .label = f->label, .group = f->group, .name = put_string(w, f->name)};

        exm_buf_put(&w->table[EXM_SEC_FOREIGN], &x, sizeof x);
    }
    return EXM_OK;
}

static int
by_place_in_genome(const void *pa, const void *pb)
{
    const exm_draft_locus *a = pa, *b = pb;
    int c = strcmp(a->chrom, b->chrom);

    if (c == 0) c = (a->low > b->low) - (a->low < b->low);
    if (c == 0) c = (a->template_id > b->template_id) - (a->template_id < b->template_id);
    return c ? c : a->minus - b->minus;
}

static void
put_loci(struct writer *w)
{
    exm_draft *d = w->d;
    uint32_t chrom = 0;

    if (d->n_loci > 1) qsort(d->locus, d->n_loci, sizeof *d->locus, by_place_in_genome);
    for (size_t i = 0; i < d->n_loci; i++) {
        const exm_draft_locus *y = &d->locus[i];
        exm_ref_locus_rec x = {
            .template_id = y->template_id, .minus = (uint32_t) y->minus, .low = y->low};

        if (i > 0 && by_place_in_genome(y - 1, y) == 0) continue; /* listed twice */
        if (i == 0 || strcmp(y[-1].chrom, y->chrom) != 0) chrom = put_string(w, y->chrom);
        x.chrom = chrom;
        exm_buf_put(&w->table[EXM_SEC_LOCI], &x, sizeof x);
    }
}

/* ---- provenance ---- */

static void
put_counts(const exm_draft *d, exm_json *j)
{
    const exm_ref_build_log *log = &d->log;

    exm_json_key(j, "counts");
    exm_json_object(j);
    exm_json_ku64(j, "matures_read", log->matures_read);
    exm_json_ku64(j, "matures_placed", log->matures_placed);
    exm_json_ku64(j, "matures_unplaced", log->matures_unplaced);
    exm_json_ku64(j, "entities", log->entities);
    exm_json_ku64(j, "hairpins", log->hairpins);
    exm_json_ku64(j, "templates", d->n_templates);
    exm_json_ku64(j, "merged_templates", log->merged_templates);
    exm_json_ku64(j, "names", d->n_names);
    exm_json_ku64(j, "clade_kmers", log->clade_kmers);
    exm_json_ku64(j, "clade_kmers_dropped", log->clade_kmers_dropped);
    exm_json_end(j);
}

static exm_status
put_provenance(struct writer *w)
{
    const exm_draft *d = w->d;
    exm_buf *b = &w->table[EXM_SEC_PROVENANCE];
    exm_json j;
    exm_status s;

    exm_json_init(&j, b);
    exm_json_object(&j);
    exm_json_ku64(&j, "format", EXM_REF_VERSION);
    exm_json_kstr(&j, "species", d->species);
    exm_json_kstr(&j, "database", d->database);
    put_counts(d, &j);
    exm_json_key(&j, "sources");
    exm_json_array(&j);
    for (size_t i = 0; i < d->n_sources; i++) {
        const exm_draft_source *x = &d->source[i];

        exm_json_object(&j);
        exm_json_kstr(&j, "role", x->role);
        if (x->class_name[0]) exm_json_kstr(&j, "class", x->class_name);
        exm_json_kstr(&j, "file", x->file);
        exm_json_ku64(&j, "bytes", x->bytes);
        exm_json_kstr(&j, "sha256", x->sha256);
        exm_json_ku64(&j, "entries", x->entries);
        exm_json_end(&j);
    }
    exm_json_end(&j);
    exm_json_end(&j);
    s = exm_json_finish(&j, w->err);
    exm_buf_putc(b, '\0');
    return s;
}

static exm_status
put_tables(struct writer *w, const char *clade_path)
{
    exm_ref_meta meta = {.text_len = w->text_len};
    exm_status s;

    exm_buf_putc(&w->table[EXM_SEC_STRINGS], '\0');
    meta.species = put_string(w, w->d->species);
    meta.database = put_string(w, w->d->database);
    exm_buf_put(&w->table[EXM_SEC_META], &meta, sizeof meta);
    put_classes(w);
    put_templates(w);
    put_loci(w);
    s = put_entities(w);
    if (s == EXM_OK) s = put_clades(w, clade_path);
    if (s == EXM_OK) s = put_provenance(w);
    for (int i = 0; s == EXM_OK && i < EXM_SEC_COUNT; i++)
        s = exm_buf_check(&w->table[i], w->err);
    if (s == EXM_OK && w->table[EXM_SEC_STRINGS].len >= UINT32_MAX)
        s = exm_fail(w->err, EXM_EDATA, 0, "the names hold more than 4 GB together");
    return s;
}

/* ---- the file ---- */

static uint64_t
section_bytes(const struct writer *w, int i)
{
    switch (i) {
    case EXM_SEC_PLANE_LO:
    case EXM_SEC_PLANE_HI:
    case EXM_SEC_PLANE_NO:
        return w->words * sizeof(uint64_t);
    case EXM_SEC_OFF_MIRNA:
    case EXM_SEC_OFF_OTHER:
    case EXM_SEC_OFF_LARGE:
        return (codes_of(w, (i - EXM_SEC_OFF_MIRNA) / 2) + 1) * sizeof(uint32_t);
    case EXM_SEC_PLACES_MIRNA:
    case EXM_SEC_PLACES_OTHER:
    case EXM_SEC_PLACES_LARGE: {
        const int which = (i - EXM_SEC_PLACES_MIRNA) / 2;

        return w->off[which][codes_of(w, which)] * sizeof(exm_ref_place);
    }
    default:
        return w->table[i].len;
    }
}

static void
copy_sections(struct writer *w, unsigned char *file)
{
    const void *from[EXM_SEC_COUNT];

    for (int i = 0; i < EXM_SEC_COUNT; i++) from[i] = w->table[i].data;
    from[EXM_SEC_PLANE_LO] = w->lo;
    from[EXM_SEC_PLANE_HI] = w->hi;
    from[EXM_SEC_PLANE_NO] = w->no;
    for (int which = 0; which < EXM_REF_INDEXES; which++) {
        from[EXM_SEC_OFF_MIRNA + 2 * which] = w->off[which];
        from[EXM_SEC_PLACES_MIRNA + 2 * which] = NULL;
    }
    for (int i = 0; i < EXM_SEC_COUNT; i++)
        if (from[i] && w->at[i].bytes > 0)
            memcpy(file + w->at[i].offset, from[i], (size_t) w->at[i].bytes);
    /* Last, because sorting uses the offsets up.  Sections are 8-byte aligned. */
    for (int which = 0; which < EXM_REF_INDEXES; which++)
        sort_places(w, which,
                    (void *) (file + w->at[EXM_SEC_PLACES_MIRNA + 2 * which].offset));
}

static exm_status
seal(struct writer *w, unsigned char *file, uint64_t bytes)
{
    exm_ref_header h = {
        .version = EXM_REF_VERSION, .n_sections = EXM_SEC_COUNT, .file_bytes = bytes};
    char hex[EXM_SHA256_HEX];
    const exm_status s =
        exm_sha256_of(file + sizeof h, (size_t) bytes - sizeof h, hex, w->err);

    if (s != EXM_OK) return s;
    memcpy(h.magic, EXM_REF_MAGIC, sizeof h.magic);
    exm_sha256_bytes(hex, h.sha256);
    memcpy(file, &h, sizeof h);
    return EXM_OK;
}

static exm_status
assemble(struct writer *w, exm_buf *ret)
{
    uint64_t bytes = sizeof(exm_ref_header) + sizeof w->at;
    unsigned char *file;
    exm_status s;

    for (int i = 0; i < EXM_SEC_COUNT; i++) {
        w->at[i] = (exm_ref_extent){.offset = bytes, .bytes = section_bytes(w, i)};
        bytes += (w->at[i].bytes + 7) / 8 * 8;
    }
    file = calloc(1, (size_t) bytes + 1);
    if (!file)
        return exm_fail(w->err, EXM_ENOMEM, 0, "no memory for a bundle of %llu bytes",
                        (unsigned long long) bytes);
    memcpy(file + sizeof(exm_ref_header), w->at, sizeof w->at);
    copy_sections(w, file);
    s = seal(w, file, bytes);
    if (s != EXM_OK) {
        free(file);
        return s;
    }
    exm_buf_done(ret);
    *ret =
        (exm_buf){.data = (char *) file, .len = (size_t) bytes, .cap = (size_t) bytes + 1};
    return EXM_OK;
}

exm_status
exm_draft_write(exm_draft *d, const char *clade_path, exm_buf *ret, exm_error *reterr)
{
    struct writer w = {.d = d, .err = reterr};
    exm_status s = lay_out(&w);

    if (s == EXM_OK) s = fill_planes(&w);
    for (int which = 0; s == EXM_OK && which < EXM_REF_INDEXES; which++)
        s = count_kmers(&w, which);
    if (s == EXM_OK) s = put_tables(&w, clade_path);
    if (s == EXM_OK) s = assemble(&w, ret);
    exm_clade_keys_done(&w.clade);
    for (int i = 0; i < EXM_SEC_COUNT; i++) exm_buf_done(&w.table[i]);
    free(w.start);
    free(w.lo);
    free(w.hi);
    free(w.no);
    free(w.class_nt);
    for (int which = 0; which < EXM_REF_INDEXES; which++) free(w.off[which]);
    return s;
}
