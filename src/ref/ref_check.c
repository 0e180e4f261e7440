/*
 * ref_check.c - what a bundle claims, checked before it is believed.
 *
 * The SHA-256 finds accidents; it cannot find a file that was made wrong on purpose or by
 * a faulty program.  So every offset, count, id and string is checked as well, up to each
 * k-mer of the indexes against the text: O(file), some 15 ms for the human bundle, most of
 * it the SHA-256 and the 4 million offsets of the 11-mer index.
 */
#include "ref_impl.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { AHEAD = 24 }; /* places: by then the text has come from memory */

static exm_status
broken(const exm_ref *r, const char *what, size_t at, exm_error *reterr)
{
    return exm_fail(reterr, EXM_EDATA, at,
                    "%s: broken reference bundle (%s %zu): its checksum is right, so the "
                    "program that wrote it was wrong; build it again",
                    r->source, what, at);
}

static uint64_t
codes_of(uint32_t k)
{
    return (uint64_t) 1 << 2 * k;
}

/* ---- the file as a whole ---- */

static exm_status
no_bundle(const exm_ref *r, exm_error *reterr)
{
    const unsigned char *p = r->map;
    const char *hint = "it was not made by 'exomir ref build'";

    if (p[0] == 0x1f && p[1] == 0x8b)
        hint = "it is gzip-packed; a bundle is mapped, so unpack it first";
    else if (p[0] == '>')
        hint = "it is FASTA; make a bundle of it with 'exomir ref build'";
    return exm_fail(reterr, EXM_EDATA, 0, "%s is no reference bundle: %s", r->source, hint);
}

static exm_status
check_header(exm_ref *r, exm_error *reterr)
{
    exm_ref_header h;

    if (r->n < sizeof h)
        return exm_fail(reterr, EXM_EDATA, r->n,
                        "%s: %zu bytes are no reference bundle (empty or cut short)",
                        r->source, r->n);
    memcpy(&h, r->map, sizeof h);
    if (memcmp(h.magic, EXM_REF_MAGIC, sizeof h.magic) != 0) return no_bundle(r, reterr);
    if (h.version > EXM_REF_VERSION)
        return exm_fail(reterr, EXM_EDATA, 8,
                        "%s has format version %u, this exomir reads up to %d: use a newer "
                        "exomir, or build the bundle again with this one",
                        r->source, h.version, (int) EXM_REF_VERSION);
    if (h.version > 0 && h.version < EXM_REF_VERSION)
        return exm_fail(reterr, EXM_EDATA, 8,
                        "%s has format version %u, an older exomir's; this one reads %d: "
                        "build the bundle again",
                        r->source, h.version, (int) EXM_REF_VERSION);
    if (h.version != EXM_REF_VERSION || h.n_sections != EXM_SEC_COUNT || h.reserved != 0)
        return exm_fail(reterr, EXM_EDATA, 8, "%s: damaged header: build the bundle again",
                        r->source);
    if (h.file_bytes != r->n)
        return exm_fail(reterr, EXM_EDATA, r->n,
                        "%s: %zu bytes instead of %llu (%s): copy it again", r->source,
                        r->n, (unsigned long long) h.file_bytes,
                        r->n < h.file_bytes ? "truncated" : "something was appended");
    return EXM_OK;
}

static exm_status
check_digest(exm_ref *r, exm_error *reterr)
{
    const size_t head = sizeof(exm_ref_header);
    unsigned char sha[EXM_SHA256_LEN];
    exm_status s = exm_sha256_of(r->map + head, r->n - head, r->sha256, reterr);

    if (s != EXM_OK) return s;
    exm_sha256_bytes(r->sha256, sha);
    if (memcmp(sha, r->map + offsetof(exm_ref_header, sha256), sizeof sha) != 0)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "%s: the SHA-256 does not match: the file is damaged (bit flip, "
                        "or copied in text mode?); copy or build it again",
                        r->source);
    return EXM_OK;
}

/* Section i as n items of 'size' bytes; UINT32_MAX bounds every count. */
static const void *
section(const exm_ref *r, enum exm_ref_section i, size_t size, uint64_t *ret_n)
{
    exm_ref_extent x;

    memcpy(&x, r->map + sizeof(exm_ref_header) + (size_t) i * sizeof x, sizeof x);
    if (x.offset % 8 != 0 || x.offset > r->n || x.bytes > r->n - x.offset ||
        x.bytes % size != 0 || x.bytes / size >= UINT32_MAX)
        return NULL;
    *ret_n = x.bytes / size;
    return r->map + x.offset;
}

/* The k that an index with so many offsets has; the least allowed one if none fits. */
static uint32_t
k_of_offsets(int which, uint64_t n)
{
    if (which == 0) return EXM_REF_K_MIRNA;
    if (which == 2 && n == codes_of(0) + 1) return 0;
    for (uint32_t k = EXM_REF_K_OTHER_MIN; k <= EXM_REF_K_OTHER_MAX; k++)
        if (n == codes_of(k) + 1) return k;
    return EXM_REF_K_OTHER_MIN;
}

static exm_status
map_sections(exm_ref *r, exm_error *reterr)
{
    const size_t u32 = sizeof(uint32_t), u64 = sizeof(uint64_t);
    uint64_t n[EXM_SEC_COUNT] = {0};
    const void *p[EXM_SEC_COUNT];
    const size_t size[EXM_SEC_COUNT] = {
        [EXM_SEC_META] = sizeof(exm_ref_meta),
        [EXM_SEC_STRINGS] = 1,
        [EXM_SEC_PROVENANCE] = 1,
        [EXM_SEC_CLASSES] = sizeof(exm_ref_class_rec),
        [EXM_SEC_TEMPLATES] = sizeof(exm_ref_template_rec),
        [EXM_SEC_MATURES] = sizeof(exm_ref_mature_rec),
        [EXM_SEC_ENTITIES] = sizeof(exm_ref_entity_rec),
        [EXM_SEC_ENTITY_MATURES] = u32,
        [EXM_SEC_LOOKUP] = sizeof(exm_ref_lookup_rec),
        [EXM_SEC_PLANE_LO] = u64,
        [EXM_SEC_PLANE_HI] = u64,
        [EXM_SEC_PLANE_NO] = u64,
        [EXM_SEC_OFF_MIRNA] = u32,
        [EXM_SEC_PLACES_MIRNA] = sizeof(exm_ref_place),
        [EXM_SEC_OFF_OTHER] = u32,
        [EXM_SEC_PLACES_OTHER] = sizeof(exm_ref_place),
        [EXM_SEC_OFF_LARGE] = u32,
        [EXM_SEC_PLACES_LARGE] = sizeof(exm_ref_place),
        [EXM_SEC_CLADE_KEYS] = u64,
        [EXM_SEC_CLADE_MIRNAS] = u32,
        [EXM_SEC_CLADE_NAMES] = u32,
        [EXM_SEC_FOREIGN] = sizeof(exm_ref_foreign_rec),
        [EXM_SEC_LOCI] = sizeof(exm_ref_locus_rec),
    };

    if (r->n < sizeof(exm_ref_header) + EXM_SEC_COUNT * sizeof(exm_ref_extent))
        return broken(r, "section table of size", r->n, reterr);
    for (int i = 0; i < EXM_SEC_COUNT; i++) {
        p[i] = section(r, (enum exm_ref_section) i, size[i], &n[i]);
        if (!p[i]) return broken(r, "section", (size_t) i, reterr);
    }
    if (n[EXM_SEC_META] != 1) return broken(r, "section", EXM_SEC_META, reterr);
    r->meta = p[EXM_SEC_META];
    r->text_len = r->meta->text_len;
    r->strings = p[EXM_SEC_STRINGS];
    r->strings_bytes = n[EXM_SEC_STRINGS];
    r->provenance = p[EXM_SEC_PROVENANCE];
    if (n[EXM_SEC_PROVENANCE] == 0 || r->provenance[n[EXM_SEC_PROVENANCE] - 1] != '\0')
        return broken(r, "section", EXM_SEC_PROVENANCE, reterr);
    r->class_rec = p[EXM_SEC_CLASSES], r->n_classes = (uint32_t) n[EXM_SEC_CLASSES];
    r->template_rec = p[EXM_SEC_TEMPLATES],
    r->n_templates = (uint32_t) n[EXM_SEC_TEMPLATES];
    r->mature_rec = p[EXM_SEC_MATURES], r->n_matures = (uint32_t) n[EXM_SEC_MATURES];
    r->entity_rec = p[EXM_SEC_ENTITIES], r->n_entities = (uint32_t) n[EXM_SEC_ENTITIES];
    r->entity_matures = p[EXM_SEC_ENTITY_MATURES];
    r->n_entity_matures = (uint32_t) n[EXM_SEC_ENTITY_MATURES];
    r->lookup = p[EXM_SEC_LOOKUP], r->n_lookup = (uint32_t) n[EXM_SEC_LOOKUP];
    r->lo = p[EXM_SEC_PLANE_LO], r->hi = p[EXM_SEC_PLANE_HI], r->no = p[EXM_SEC_PLANE_NO];
    for (int i = EXM_SEC_PLANE_LO; i <= EXM_SEC_PLANE_NO; i++)
        if (r->text_len >= UINT32_MAX || n[i] != (r->text_len + 63) / 64 + 2)
            return broken(r, "section", (size_t) i, reterr);
    for (int i = 0; i < EXM_REF_INDEXES; i++) {
        const int off = EXM_SEC_OFF_MIRNA + 2 * i;

        r->index[i] = (exm_ref_index){.k = k_of_offsets(i, n[off]),
                                      .step = exm_ref_index_step(i),
                                      .off = p[off],
                                      .place = p[off + 1]};
        r->n_places[i] = n[off + 1];
        if (n[off] != codes_of(r->index[i].k) + 1)
            return broken(r, "section", (size_t) off, reterr);
    }
    r->clade_key = p[EXM_SEC_CLADE_KEYS];
    r->n_clade_keys = (uint32_t) n[EXM_SEC_CLADE_KEYS];
    r->clade_mirna = p[EXM_SEC_CLADE_MIRNAS];
    r->clade_name = p[EXM_SEC_CLADE_NAMES];
    r->n_clades = (uint32_t) n[EXM_SEC_CLADE_NAMES];
    r->foreign_rec = p[EXM_SEC_FOREIGN], r->n_foreign = (uint32_t) n[EXM_SEC_FOREIGN];
    r->locus_rec = p[EXM_SEC_LOCI], r->n_loci = (uint32_t) n[EXM_SEC_LOCI];
    if (n[EXM_SEC_CLADE_MIRNAS] != r->n_clade_keys)
        return broken(r, "section", EXM_SEC_CLADE_MIRNAS, reterr);
    return EXM_OK;
}

exm_status
exm_ref_check_file(exm_ref *r, exm_error *reterr)
{
    exm_status s = check_header(r, reterr);

    if (s == EXM_OK) s = check_digest(r, reterr);
    return s == EXM_OK ? map_sections(r, reterr) : s;
}

/* ---- records ---- */

static int
is_string(const exm_ref *r, uint32_t offset)
{
    return offset < r->strings_bytes;
}

static int
is_name(const exm_ref *r, uint32_t offset)
{
    return is_string(r, offset) && r->strings[offset] != '\0';
}

static int
is_control(char c)
{
    return (unsigned char) c < 0x20 || c == 0x7f;
}

/* Names go into tables and reports as they are, and provenance to the terminal. */
static exm_status
check_strings(const exm_ref *r, exm_error *reterr)
{
    if (r->strings_bytes == 0 || r->strings[0] != '\0' ||
        r->strings[r->strings_bytes - 1] != '\0')
        return broken(r, "strings of size", (size_t) r->strings_bytes, reterr);
    for (uint64_t i = 0; i < r->strings_bytes; i++) {
        if (r->strings[i] != '\0' && is_control(r->strings[i]))
            return broken(r, "control byte in string", (size_t) i, reterr);
    }
    for (size_t i = 0; r->provenance[i]; i++)
        if (r->provenance[i] != '\n' && is_control(r->provenance[i]))
            return broken(r, "control byte in provenance", i, reterr);
    if (!is_string(r, r->meta->species) || !is_string(r, r->meta->database))
        return broken(r, "meta field", 0, reterr);
    return EXM_OK;
}

/* Classes split the templates into consecutive runs; class 0 and only it is miRNA. */
static exm_status
check_classes(const exm_ref *r, exm_error *reterr)
{
    uint64_t next = 0;

    if (r->n_classes == 0 || r->n_templates == 0) return broken(r, "classes", 0, reterr);
    for (uint32_t i = 0; i < r->n_classes; i++) {
        const exm_ref_class_rec *c = &r->class_rec[i];

        if (!is_name(r, c->name) || c->kind > EXM_KIND_ARTIFACT ||
            (c->kind == EXM_KIND_MIRNA) != (i == 0) || c->first_template != next ||
            c->flags > EXM_CLASS_ANTISENSE || c->junction_nt > EXM_REF_JUNCTION_NT_MAX ||
            ((c->flags || c->junction_nt) && c->kind != EXM_KIND_CARGO) ||
            c->n_templates > r->n_templates - next || c->positions > UINT32_MAX)
            return broken(r, "class", i, reterr);
        next += c->n_templates;
    }
    if (next != r->n_templates)
        return broken(r, "templates in classes", (size_t) next, reterr);
    return EXM_OK;
}

/* Where the class is one of junctions there is one, with enough bases on both sides. */
static int
has_junction(const exm_ref *r, const exm_ref_template_rec *t)
{
    const uint32_t nt = r->class_rec[t->class_id].junction_nt;

    if (nt == 0) return t->junction == 0;
    return t->junction >= nt && t->junction <= t->len && t->len - t->junction >= nt;
}

static exm_status
check_templates(const exm_ref *r, exm_error *reterr)
{
    uint64_t end = EXM_REF_PAD - 1, mature = 0;
    uint32_t class_id = 0;

    for (uint32_t i = 0; i < r->n_templates; i++) {
        const exm_ref_template_rec *t = &r->template_rec[i];

        while (class_id + 1 < r->n_classes &&
               r->class_rec[class_id + 1].first_template <= i)
            class_id++;
        if (!is_name(r, t->name) || !is_string(r, t->accession) ||
            t->class_id != class_id || t->amount < 0.0 || isinf(t->amount) || t->len == 0 ||
            t->start <= end || t->start > r->text_len || t->len > r->text_len - t->start ||
            t->first_mature != mature || t->n_matures > r->n_matures - mature ||
            t->reserved != 0 || !has_junction(r, t))
            return broken(r, "template", i, reterr);
        end = t->start + t->len; /* a gap position */
        mature += t->n_matures;
    }
    if (mature != r->n_matures || r->text_len - end < EXM_REF_PAD)
        return broken(r, "text after template", r->n_templates - 1, reterr);
    return EXM_OK;
}

static exm_status
check_matures(const exm_ref *r, exm_error *reterr)
{
    for (uint32_t i = 0; i < r->n_matures; i++) {
        const exm_ref_mature_rec *m = &r->mature_rec[i];
        const exm_ref_template_rec *t;

        if (m->template_id >= r->n_templates || m->entity >= r->n_entities ||
            !is_name(r, m->name) || !is_string(r, m->accession))
            return broken(r, "mature", i, reterr);
        t = &r->template_rec[m->template_id];
        if (t->class_id != 0 || i < t->first_mature ||
            i - t->first_mature >= t->n_matures || m->start > t->len ||
            m->len > t->len - m->start || m->len != r->entity_rec[m->entity].len ||
            (m->arm != 0 && m->arm != 3 && m->arm != 5) ||
            (i > t->first_mature && m->start < m[-1].start))
            return broken(r, "mature", i, reterr);
    }
    return EXM_OK;
}

static exm_status
check_entities(const exm_ref *r, exm_error *reterr)
{
    uint64_t next = 0;

    if (r->n_entity_matures != r->n_matures)
        return broken(r, "matures of entities", r->n_entity_matures, reterr);
    for (uint32_t i = 0; i < r->n_entities; i++) {
        const exm_ref_entity_rec *e = &r->entity_rec[i];

        if (!is_name(r, e->name) || !is_string(r, e->seq) || !is_string(r, e->aliases) ||
            e->len == 0 || strlen(r->strings + e->seq) != e->len ||
            strspn(r->strings + e->seq, "ACGT") != e->len || e->first_mature_ref != next ||
            e->n_mature_refs > r->n_matures - next)
            return broken(r, "entity", i, reterr);
        if (i > 0 && strcmp(r->strings + e[-1].name, r->strings + e->name) >= 0)
            return broken(r, "order of entity", i, reterr);
        for (uint32_t k = 0; k < e->n_mature_refs; k++) {
            const uint32_t m = r->entity_matures[next + k];

            if (m >= r->n_matures || r->mature_rec[m].entity != i)
                return broken(r, "mature of entity", i, reterr);
        }
        next += e->n_mature_refs;
    }
    if (next != r->n_matures)
        return broken(r, "matures of entities", (size_t) next, reterr);
    return EXM_OK;
}

static exm_status
check_lookup(const exm_ref *r, exm_error *reterr)
{
    for (uint32_t i = 0; i < r->n_lookup; i++) {
        const exm_ref_lookup_rec *x = &r->lookup[i];

        if (!is_name(r, x->name) || x->entity >= r->n_entities ||
            (i > 0 &&
             exm_ref_fold_compare(r->strings + x[-1].name, r->strings + x->name) >= 0))
            return broken(r, "name", i, reterr);
    }
    return EXM_OK;
}

static exm_status
check_clades(const exm_ref *r, exm_error *reterr)
{
    for (uint32_t i = 0; i < r->n_clades; i++)
        if (!is_name(r, r->clade_name[i])) return broken(r, "clade", i, reterr);
    for (uint32_t i = 0; i < r->n_foreign; i++) {
        const exm_ref_foreign_rec *f = &r->foreign_rec[i];

        if (!is_name(r, f->name) || f->label >= r->n_clades ||
            (i > 0 && (f[-1].label > f->label ||
                       (f[-1].label == f->label && f[-1].group >= f->group))))
            return broken(r, "foreign miRNA", i, reterr);
    }
    for (uint32_t i = 0; i < r->n_clade_keys; i++)
        if (r->clade_mirna[i] >= r->n_foreign ||
            r->clade_key[i] >> 2 * EXM_REF_CLADE_K != 0 ||
            (i > 0 && r->clade_key[i] <= r->clade_key[i - 1]))
            return broken(r, "clade key", i, reterr);
    return EXM_OK;
}

/* Sorted, so that a position is found; a locus ends before positions do. */
static exm_status
check_loci(const exm_ref *r, exm_error *reterr)
{
    for (uint32_t i = 0; i < r->n_loci; i++) {
        const exm_ref_locus_rec *x = &r->locus_rec[i];
        int c = -1;

        if (!is_name(r, x->chrom) || x->template_id >= r->n_templates || x->minus > 1 ||
            x->reserved != 0 || x->low == 0 || x->low > INT64_MAX)
            return broken(r, "locus", i, reterr);
        if (i > 0) c = strcmp(r->strings + x[-1].chrom, r->strings + x->chrom);
        if (c > 0 || (c == 0 && x[-1].low > x->low))
            return broken(r, "order of locus", i, reterr);
    }
    return EXM_OK;
}

exm_status
exm_ref_check_records(const exm_ref *r, exm_error *reterr)
{
    exm_status s = check_strings(r, reterr);

    if (s == EXM_OK) s = check_classes(r, reterr);
    if (s == EXM_OK) s = check_templates(r, reterr);
    if (s == EXM_OK) s = check_matures(r, reterr);
    if (s == EXM_OK) s = check_entities(r, reterr);
    if (s == EXM_OK) s = check_lookup(r, reterr);
    if (s == EXM_OK) s = check_clades(r, reterr);
    if (s == EXM_OK) s = check_loci(r, reterr);
    return s;
}

/* ---- text and indexes ---- */

/* All positions of [a, b) are 'no'. */
static int
all_no(const exm_ref *r, uint64_t a, uint64_t b)
{
    while (a < b) {
        const uint32_t n = b - a < 32 ? (uint32_t) (b - a) : 32;

        if (exm_plane_bits(r->no, a, n) != ((uint64_t) 1 << n) - 1) return 0;
        a += n;
    }
    return 1;
}

static exm_status
check_mature_text(const exm_ref *r, uint32_t i, exm_error *reterr)
{
    const exm_ref_mature_rec *m = &r->mature_rec[i];
    const char *seq = r->strings + r->entity_rec[m->entity].seq;
    const uint64_t at = r->template_rec[m->template_id].start + m->start;

    for (uint32_t k = 0; k < m->len; k++) {
        const uint64_t code = (uint64_t) exm_base_code(seq[k]);

        if (exm_plane_bits(r->no, at + k, 1) != 0 ||
            exm_plane_bits(r->lo, at + k, 1) != (code & 1) ||
            exm_plane_bits(r->hi, at + k, 1) != code >> 1)
            return broken(r, "sequence of mature", i, reterr);
    }
    return EXM_OK;
}

exm_status
exm_ref_check_text(const exm_ref *r, exm_error *reterr)
{
    const uint64_t words = (r->text_len + 63) / 64 + 2;
    uint64_t gap = 0;

    for (uint64_t w = 0; w < words; w++)
        if ((r->lo[w] | r->hi[w]) & r->no[w])
            return broken(r, "text word", (size_t) w, reterr);
    for (uint32_t i = 0; i < r->n_templates; i++) {
        const exm_ref_template_rec *t = &r->template_rec[i];

        if (!all_no(r, gap, t->start)) return broken(r, "gap before template", i, reterr);
        gap = t->start + t->len;
    }
    /* exm_plane_bits() reads one word ahead, so the last word is compared as it is. */
    if (!all_no(r, gap, (words - 1) * 64) || r->no[words - 1] != UINT64_MAX)
        return broken(r, "gap after template", r->n_templates - 1, reterr);
    for (uint32_t i = 0; i < r->n_matures; i++) {
        const exm_status s = check_mature_text(r, i, reterr);

        if (s != EXM_OK) return s;
    }
    return EXM_OK;
}

/* A k-mer and the bases around it: one look at each plane. */
struct kmer {
    uint64_t code;
    uint32_t around, no;
};

static struct kmer
kmer_at(const exm_ref *r, uint64_t p, uint32_t k)
{
    enum { N = EXM_REF_AROUND, ALL = (1 << N) - 1 };
    const uint32_t wide = k + 2 * N, mask = ((uint32_t) 1 << k) - 1;
    const uint32_t lo = (uint32_t) exm_plane_bits(r->lo, p - N, wide);
    const uint32_t hi = (uint32_t) exm_plane_bits(r->hi, p - N, wide);

    return (struct kmer){
        .code = (uint64_t) (hi >> N & mask) << k | (lo >> N & mask),
        .around = (lo & ALL) | (lo >> (N + k) & ALL) << N | (hi & ALL) << 2 * N |
                  (hi >> (N + k) & ALL) << 3 * N,
        .no = (uint32_t) exm_plane_bits(r->no, p, k),
    };
}

/* The place holds the k-mer of code c, on a template that the index may hold.  That it is
 * one of the right class is checked for miRNA only: explanations look the class up. */
static int
is_place(const exm_ref *r, int which, const exm_ref_place *place, uint64_t c)
{
    const uint32_t k = r->index[which].k, others = r->class_rec[0].n_templates;
    const uint64_t p = place->at;
    const uint64_t split =
        others < r->n_templates ? r->template_rec[others].start : r->text_len;
    struct kmer x;

    if (p < EXM_REF_PAD || p > r->text_len - EXM_REF_PAD - k ||
        (p < split) != (which == 0) || p % r->index[which].step != 0)
        return 0;
    x = kmer_at(r, p, k);
    return x.no == 0 && x.code == c && x.around == place->around;
}

/* Places of one k-mer lie all over the text: ask for what will be looked at. */
static void
fetch_place(const exm_ref *r, const exm_ref_place *place)
{
    const uint64_t word = (place->at < r->text_len ? place->at : 0) >> 6;

    __builtin_prefetch(r->lo + word);
    __builtin_prefetch(r->hi + word);
    __builtin_prefetch(r->no + word);
}

static exm_status
check_index(const exm_ref *r, int which, exm_error *reterr)
{
    const uint32_t *off = r->index[which].off;
    const exm_ref_place *place = r->index[which].place;
    const uint64_t codes = codes_of(r->index[which].k), n = r->n_places[which];

    if (off[0] != 0 || off[codes] != n || (r->index[which].k == 0 && n > 0))
        return broken(r, "size of index", (size_t) which, reterr);
    for (uint64_t c = 0; c < codes; c++) {
        if (off[c + 1] == off[c]) continue;
        if (off[c + 1] < off[c] || off[c + 1] > n)
            return broken(r, "offset of k-mer", (size_t) c, reterr);
        for (uint64_t i = off[c]; i < off[c + 1]; i++) {
            if (i + AHEAD < n) fetch_place(r, place + i + AHEAD);
            if (!is_place(r, which, place + i, c) ||
                (i > off[c] && place[i].at <= place[i - 1].at))
                return broken(r, "place of k-mer", (size_t) c, reterr);
        }
    }
    return EXM_OK;
}

exm_status
exm_ref_check_indexes(const exm_ref *r, exm_error *reterr)
{
    exm_status s = EXM_OK;

    for (int i = 0; s == EXM_OK && i < EXM_REF_INDEXES; i++) s = check_index(r, i, reterr);
    return s;
}
