/*
 * record.c - the sample record on disk (.exr; layout in docs/formats.md).
 *
 * Magic, format version, fields as LEB128 integers and counted texts, SHA-256 of all that.
 * One routine walks the record for writing and for reading, so the two cannot drift apart.
 * When reading, every count is checked against the bytes that are left before memory is
 * asked for, and every index against its array; numbers have one form only, so that what is
 * read is written again as the same bytes.  IsomiRs come sorted, so features and matures
 * are stored as differences.
 */
#include "exomir/record.h"

#include "packed.h"

#include "exomir/input.h"
#include "exomir/layout.h"
#include "exomir/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 4, MAGIC_BYTES = 8, MAX_CLASSES = 4096 };

static const char magic[MAGIC_BYTES + 1] = "EXMREC\r\n";
static const size_t file_limit = (size_t) 8 << 30;

void
exm_record_free(exm_record *r)
{
    if (!r) return;
    free(r->sample);
    free(r->database);
    free(r->params_json);
    free(r->kit_evidence);
    free(r->len_by_class);
    for (size_t i = 0; r->classes && i < r->n_classes; i++) free(r->classes[i].name);
    for (size_t i = 0; r->features && i < r->n_features; i++) free(r->features[i].name);
    for (size_t i = 0; r->matures && i < r->n_matures; i++) {
        free(r->matures[i].name);
        free(r->matures[i].hairpins);
    }
    for (size_t i = 0; r->variants && i < r->n_variants; i++) {
        free(r->variants[i].known);
        free(r->variants[i].same_as);
    }
    for (size_t i = 0; r->spikes && i < r->n_spikes; i++) free(r->spikes[i].name);
    for (size_t i = 0; r->clades && i < r->n_clades; i++) free(r->clades[i].name);
    for (size_t i = 0; r->traces && i < r->n_traces; i++) {
        free(r->traces[i].clade);
        free(r->traces[i].mirna);
    }
    free(r->classes);
    free(r->features);
    free(r->matures);
    free(r->isomirs);
    free(r->fragments);
    free(r->variants);
    free(r->spikes);
    free(r->clades);
    free(r->copies);
    free(r->traces);
    free(r);
}

int
exm_record_has_trna(const exm_record *r)
{
    for (size_t c = 0; c < r->n_classes; c++)
        if (exm_text_same(r->classes[c].name, "tRNA") ||
            exm_text_same(r->classes[c].name, "pre-tRNA"))
            return 1;
    return 0;
}

int
exm_record_is_poly_a(const exm_record *r)
{
    exm_layout layout;

    return exm_layout_parse(r->layout, &layout, NULL) == EXM_OK && layout.poly_a > 0;
}

int
exm_record_has_open_end(const exm_record *r, const exm_record_isomir *x)
{
    const int8_t d3 = x->variant.d3;

    return x->variant.n_tail == 0 && d3 >= EXM_A_BEHIND_FROM && d3 <= EXM_A_BEHIND_TO &&
           (r->matures[x->mature].a_behind >> (d3 - EXM_A_BEHIND_FROM) & 1) != 0;
}

/* ---- the codec ---- */

struct codec {
    exm_buf *const out;                   /* writing */
    const unsigned char *p, *end, *begin; /* reading, when out is NULL */
    const char *source;
    exm_status st;
    exm_error *err;
};

static void
refuse(struct codec *c, const char *what)
{
    if (c->st != EXM_OK) return;
    if (c->out)
        c->st = exm_fail(c->err, EXM_EINVAL, 0, "record: %s could not be read back", what);
    else
        c->st = exm_fail(c->err, EXM_EDATA, (size_t) (c->p - c->begin),
                         "%s: sample record is damaged at byte %zu: %s", c->source,
                         (size_t) (c->p - c->begin), what);
}

static void
do_u64(struct codec *c, uint64_t *v)
{
    uint64_t x = 0;

    if (c->st != EXM_OK) return;
    if (c->out) {
        exm_buf_put_varint(c->out, *v);
        return;
    }
    for (unsigned shift = 0;; shift += 7) {
        unsigned char b;

        if (c->p == c->end || shift > 63) {
            refuse(c, "a number without end");
            return;
        }
        b = *c->p++;
        x |= (uint64_t) (b & 127) << shift;
        if (b & 128) continue;
        /* One number, one form: equal records are equal bytes. */
        if ((b == 0 && shift > 0) || (b > 1 && shift == 63)) {
            refuse(c, "a number in another form");
            return;
        }
        break;
    }
    *v = x;
}

static void
do_u32(struct codec *c, uint32_t *v)
{
    uint64_t x = *v;

    do_u64(c, &x);
    if (x > UINT32_MAX) refuse(c, "a number is too large");
    *v = (uint32_t) x;
}

static void
do_u8(struct codec *c, uint8_t *v)
{
    uint32_t x = *v;

    do_u32(c, &x);
    if (x > UINT8_MAX) refuse(c, "a number is too large");
    *v = (uint8_t) x;
}

static void
do_i8(struct codec *c, int8_t *v) /* zigzag */
{
    uint32_t x = (uint32_t) (*v < 0 ? -2 * *v - 1 : 2 * *v);

    do_u32(c, &x);
    if (x > UINT8_MAX) refuse(c, "a number is too large");
    *v = (int8_t) (x & 1 ? -(int) (x >> 1) - 1 : (int) (x >> 1));
}

static void
do_bytes(struct codec *c, void *p, size_t n)
{
    if (c->st != EXM_OK) return;
    if (c->out) {
        exm_buf_put(c->out, p, n);
    } else if ((size_t) (c->end - c->p) < n) {
        refuse(c, "it ends too early");
    } else {
        memcpy(p, c->p, n);
        c->p += n;
    }
}

static void
do_double(struct codec *c, double *v)
{
    do_bytes(c, v, sizeof *v); /* IEEE 754, little-endian as every supported machine */
}

static void
do_text(struct codec *c, char **s)
{
    const char *text = *s ? *s : "";
    uint64_t n = c->out ? strlen(text) : 0;

    do_u64(c, &n);
    if (c->st != EXM_OK) return;
    if (c->out) {
        exm_buf_put(c->out, text, n);
        return;
    }
    if (n > (size_t) (c->end - c->p) || memchr(c->p, '\0', n)) {
        refuse(c, "a text is too long or holds NUL");
        return;
    }
    *s = malloc(n + 1);
    if (!*s) {
        c->st = exm_fail(c->err, EXM_ENOMEM, 0, "%s: no memory", c->source);
        return;
    }
    memcpy(*s, c->p, n);
    (*s)[n] = '\0';
    c->p += n;
}

/* A text in a fixed array, which holds zeros. */
static void
do_short_text(struct codec *c, char *s, size_t size)
{
    uint64_t n = c->out ? strlen(s) : 0;

    do_u64(c, &n);
    if (c->st == EXM_OK && n >= size) refuse(c, "a text is too long");
    if (c->st != EXM_OK) return;
    do_bytes(c, s, n);
    if (c->out) return;
    s[n] = '\0';
    if (strlen(s) != n) refuse(c, "a text holds NUL");
}

/* A count, and memory for it; each element takes at least 'least' bytes in the file. */
static void *
do_array(struct codec *c, void *array, size_t *n, size_t size, size_t least)
{
    uint64_t count = *n;

    do_u64(c, &count);
    if (c->st != EXM_OK || c->out) return array;
    if (count > (size_t) (c->end - c->p) / least) {
        refuse(c, "a list is longer than the file");
        return array;
    }
    array = calloc(count + 1, size);
    if (!array)
        c->st = exm_fail(c->err, EXM_ENOMEM, 0, "%s: no memory", c->source);
    else
        *n = (size_t) count;
    return array;
}

static void
do_bins(struct codec *c, uint64_t *bins, size_t n)
{
    for (size_t i = 0; i < n; i++) do_u64(c, bins + i);
}

/* ---- the record ---- */

static void
do_head(struct codec *c, exm_record *r)
{
    do_text(c, &r->sample);
    do_short_text(c, r->content, sizeof r->content);
    do_short_text(c, r->params_sha256, sizeof r->params_sha256);
    do_short_text(c, r->ref_sha256, sizeof r->ref_sha256);
    do_text(c, &r->database);
    do_short_text(c, r->version, sizeof r->version);
    do_text(c, &r->params_json);
    do_short_text(c, r->kit, sizeof r->kit);
    do_short_text(c, r->layout, sizeof r->layout);
    do_text(c, &r->kit_evidence);
    do_u32(c, &r->umi_len);
    do_u64(c, &r->reads_in);
    do_bins(c, r->fate, EXM_FATE_COUNT);
    do_u64(c, &r->adapter_found);
    do_u64(c, &r->annotated);
    do_u64(c, &r->unannotated);
    do_u64(c, &r->foreign);
    do_u64(c, &r->molecules);
    do_u64(c, &r->unique_reads);
    do_u64(c, &r->top5_reads);
    do_u64(c, &r->bases);
    do_u64(c, &r->bases_q30);
    do_bins(c, r->len_raw, EXM_LEN_BINS);
    do_bins(c, r->len_kept, EXM_LEN_BINS);
    do_bins(c, r->len_short, EXM_LEN_BINS);
    do_u64(c, &r->mirnas_in_reference);
    do_u64(c, &r->foreign_in_reference);
    do_double(c, &r->error_rate);
}

static void
do_classes(struct codec *c, exm_record *r)
{
    r->classes = do_array(c, r->classes, &r->n_classes, sizeof *r->classes, 7);
    if (c->st == EXM_OK && (r->n_classes == 0 || r->n_classes > MAX_CLASSES))
        refuse(c, "an impossible number of classes");
    if (c->st == EXM_OK && !c->out) {
        r->len_by_class =
            calloc((r->n_classes + 1) * EXM_LEN_BINS, sizeof *r->len_by_class);
        if (!r->len_by_class)
            c->st = exm_fail(c->err, EXM_ENOMEM, 0, "%s: no memory", c->source);
    }
    for (size_t i = 0; c->st == EXM_OK && i < r->n_classes; i++) {
        exm_record_class *k = r->classes + i;

        do_text(c, &k->name);
        do_u32(c, &k->kind);
        do_bins(c, k->em, 2);
        do_u64(c, &k->unambiguous);
        do_u64(c, &k->shared_within);
        do_u64(c, &k->shared_between);
        do_bins(c, r->len_by_class + i * EXM_LEN_BINS, EXM_LEN_BINS);
    }
}

static void
do_features(struct codec *c, exm_record *r)
{
    r->features = do_array(c, r->features, &r->n_features, sizeof *r->features, 8);
    for (size_t i = 0; c->st == EXM_OK && i < r->n_features; i++) {
        exm_record_feature *f = r->features + i;

        do_text(c, &f->name);
        do_u32(c, &f->class_id);
        do_bins(c, f->em, 2);
        do_bins(c, f->unique, 2);
        do_bins(c, f->best, 2);
        if (c->st == EXM_OK && f->class_id >= r->n_classes) refuse(c, "an unknown class");
    }
    r->matures = do_array(c, r->matures, &r->n_matures, sizeof *r->matures, 5);
    for (size_t i = 0; c->st == EXM_OK && i < r->n_matures; i++) {
        do_text(c, &r->matures[i].name);
        do_text(c, &r->matures[i].hairpins);
        do_u32(c, &r->matures[i].start);
        do_u32(c, &r->matures[i].len);
        do_u32(c, &r->matures[i].a_behind);
    }
}

static void
do_variant(struct codec *c, exm_variant *v, uint32_t len)
{
    do_i8(c, &v->d5);
    do_i8(c, &v->d3);
    do_u8(c, &v->n_add5);
    do_u8(c, &v->n_tail);
    do_u8(c, &v->n_sub);
    if (c->st == EXM_OK && (v->n_sub > 2 || v->n_add5 + v->n_tail > len))
        refuse(c, "an impossible variant");
    for (int i = 0; c->st == EXM_OK && i < v->n_sub; i++) {
        do_u8(c, &v->sub_at[i]);
        do_u8(c, &v->sub_ref[i]);
        if (v->sub_ref[i] > 3 || v->sub_at[i] >= len - v->n_tail ||
            v->sub_at[i] < (i == 0 ? v->n_add5 : v->sub_at[0] + 1))
            refuse(c, "an impossible substitution");
    }
}

/* The sentinel is the top bit of lo, above every bit of hi. */
static int
is_packed(uint64_t lo, uint64_t hi)
{
    return lo > 1 && (hi == 0 || __builtin_clzll(hi) > __builtin_clzll(lo));
}

static void
do_isomirs(struct codec *c, exm_record *r)
{
    uint32_t feature = 0, mature = 0;

    r->isomirs = do_array(c, r->isomirs, &r->n_isomirs, sizeof *r->isomirs, 13);
    for (size_t i = 0; c->st == EXM_OK && i < r->n_isomirs; i++) {
        exm_record_isomir *x = r->isomirs + i;
        uint32_t step = x->feature - feature,
                 turn = x->mature - mature; /* wrap is undone */
        uint64_t molecules_less = x->count[0] - x->count[1];

        do_u32(c, &step);
        do_u32(c, &turn);
        x->feature = feature += step;
        x->mature = mature += turn;
        do_u64(c, &x->lo);
        do_u64(c, &x->hi);
        if (c->st != EXM_OK) break;
        if (x->feature >= r->n_features || x->mature >= r->n_matures ||
            !is_packed(x->lo, x->hi)) {
            refuse(c, "an isomiR of nothing");
            break;
        }
        do_variant(c, &x->variant, 63U - (uint32_t) __builtin_clzll(x->lo));
        do_u32(c, &x->hits);
        do_u32(c, &x->n_features);
        do_u64(c, &x->count[0]);
        do_u64(c, &molecules_less);
        x->count[1] = x->count[0] - molecules_less;
    }
}

static void
do_fragments(struct codec *c, exm_record *r)
{
    uint32_t feature = 0;

    for (int t = 0; t < EXM_TRF_COUNT; t++) do_bins(c, r->trf[t], 2);
    r->fragments = do_array(c, r->fragments, &r->n_fragments, sizeof *r->fragments, 6);
    for (size_t i = 0; c->st == EXM_OK && i < r->n_fragments; i++) {
        exm_record_fragment *x = r->fragments + i;
        uint32_t step = x->feature - feature; /* wrap is undone */
        uint64_t molecules_less = x->count[0] - x->count[1];

        do_u32(c, &x->type);
        do_u32(c, &step);
        x->feature = feature += step;
        do_u64(c, &x->lo);
        do_u64(c, &x->hi);
        do_u64(c, &x->count[0]);
        do_u64(c, &molecules_less);
        x->count[1] = x->count[0] - molecules_less;
        if (c->st == EXM_OK && (x->type >= EXM_TRF_COUNT || x->feature >= r->n_features ||
                                !is_packed(x->lo, x->hi)))
            refuse(c, "a tRNA fragment of nothing");
    }
}

static void
do_variants(struct codec *c, exm_record *r)
{
    uint32_t feature = 0;

    do_u32(c, &r->editing);
    do_u64(c, &r->edit_sites);
    do_double(c, &r->control_rate);
    r->variants = do_array(c, r->variants, &r->n_variants, sizeof *r->variants, 32);
    for (size_t i = 0; c->st == EXM_OK && i < r->n_variants; i++) {
        exm_record_variant *x = r->variants + i;
        uint32_t step = x->feature - feature; /* wrap is undone */

        do_u32(c, &step);
        x->feature = feature += step;
        do_u32(c, &x->position);
        do_u8(c, &x->ref);
        do_u8(c, &x->alt);
        do_u64(c, &x->count);
        do_u64(c, &x->total);
        do_double(c, &x->error_rate);
        do_double(c, &x->p);
        do_double(c, &x->fdr);
        do_text(c, &x->known);
        do_text(c, &x->same_as);
        if (c->st == EXM_OK &&
            (x->feature >= r->n_features || x->position == 0 || x->ref > 3 || x->alt > 3 ||
             x->ref == x->alt || x->count == 0 || x->count > x->total))
            refuse(c, "an impossible substitution in a miRNA");
    }
}

static void
do_spikes(struct codec *c, exm_record *r)
{
    r->spikes = do_array(c, r->spikes, &r->n_spikes, sizeof *r->spikes, 12);
    for (size_t i = 0; c->st == EXM_OK && i < r->n_spikes; i++) {
        struct exm_record_spike *x = r->spikes + i;

        do_text(c, &x->name);
        do_u32(c, &x->class_id);
        do_double(c, &x->amount);
        do_bins(c, x->count, 2);
        if (c->st == EXM_OK &&
            (x->class_id >= r->n_classes || x->amount < 0.0 || isinf(x->amount)))
            refuse(c, "an impossible spike-in");
    }
}

static void
do_clades(struct codec *c, exm_record *r)
{
    r->clades = do_array(c, r->clades, &r->n_clades, sizeof *r->clades, 2);
    for (size_t i = 0; c->st == EXM_OK && i < r->n_clades; i++) {
        do_text(c, &r->clades[i].name);
        do_u64(c, &r->clades[i].reads);
    }
    r->traces = do_array(c, r->traces, &r->n_traces, sizeof *r->traces, 4);
    for (size_t i = 0; c->st == EXM_OK && i < r->n_traces; i++) {
        do_text(c, &r->traces[i].clade);
        do_text(c, &r->traces[i].mirna);
        do_u32(c, &r->traces[i].group);
        do_u64(c, &r->traces[i].reads);
    }
}

static void
do_umis(struct codec *c, exm_record *r)
{
    uint32_t dedup = r->umi.dedup, correct = r->umi.correct != 0;

    do_u32(c, &dedup);
    do_u32(c, &correct);
    if (c->st == EXM_OK && (dedup >= EXM_UMI_DEDUP_COUNT || correct > 1))
        refuse(c, "an unknown way to count molecules");
    r->umi.dedup = (exm_umi_dedup) dedup;
    r->umi.correct = (int) correct;
    do_u64(c, &r->umi_pairs);
    r->copies = do_array(c, r->copies, &r->n_copies, sizeof *r->copies, 2);
    for (size_t i = 0; c->st == EXM_OK && i < r->n_copies; i++) {
        do_u64(c, &r->copies[i].reads);
        do_u64(c, &r->copies[i].molecules);
    }
}

static void
do_record(struct codec *c, exm_record *r)
{
    do_head(c, r);
    do_classes(c, r);
    do_features(c, r);
    do_isomirs(c, r);
    do_fragments(c, r);
    do_variants(c, r);
    do_spikes(c, r);
    do_clades(c, r);
    do_umis(c, r);
}

/* ---- what a record promises ---- */

/* Names go into tables and reports as they are. */
static int
is_line(const char *s)
{
    for (; *s; s++)
        if ((unsigned char) *s < 0x20 || *s == 0x7f) return 0;
    return 1;
}

static int
is_hex(const char *s, size_t n)
{
    return strlen(s) == n && strspn(s, "0123456789abcdef") == n;
}

static void
check_head(struct codec *c, const exm_record *r)
{
    uint64_t fates = 0;

    for (size_t i = 0; i < EXM_FATE_COUNT; i++) fates += r->fate[i];
    if (!exm_text_is_file_safe(r->sample))
        refuse(c, "the sample's name is no file name");
    else if (!is_hex(r->content, 32) || !is_hex(r->params_sha256, 64) ||
             !is_hex(r->ref_sha256, 64))
        refuse(c, "a digest has other digits");
    else if (!is_line(r->database) || !is_line(r->version) || !is_line(r->kit) ||
             !is_line(r->layout) || !is_line(r->kit_evidence))
        refuse(c, "a text holds control characters");
    else if (fates != r->reads_in ||
             r->annotated + r->unannotated + r->foreign != r->fate[EXM_FATE_KEPT])
        refuse(c, "the reads do not add up");
}

static void
check_names(struct codec *c, const exm_record *r)
{
    int good = 1;

    for (size_t i = 0; i < r->n_classes; i++) good &= is_line(r->classes[i].name);
    for (size_t i = 0; i < r->n_matures; i++)
        good &= is_line(r->matures[i].name) && is_line(r->matures[i].hairpins);
    for (size_t i = 0; i < r->n_clades; i++) good &= is_line(r->clades[i].name);
    for (size_t i = 0; i < r->n_variants; i++)
        good &= is_line(r->variants[i].known) && is_line(r->variants[i].same_as);
    for (size_t i = 0; i < r->n_spikes; i++) good &= is_line(r->spikes[i].name);
    for (size_t i = 0; i < r->n_traces; i++)
        good &= is_line(r->traces[i].clade) && is_line(r->traces[i].mirna);
    for (size_t i = 0; i < r->n_features; i++) good &= is_line(r->features[i].name);
    if (!good) refuse(c, "a name holds control characters");
}

static int
is_sorted_pair(const exm_record_isomir *a, const exm_record_isomir *b)
{
    if (a->feature != b->feature) return a->feature < b->feature;
    return exm_packed_order(a->lo, a->hi, b->lo, b->hi) <= 0;
}

static int
are_fragments_sorted(const exm_record_fragment *a, const exm_record_fragment *b)
{
    if (a->type != b->type) return a->type < b->type;
    if (a->feature != b->feature) return a->feature < b->feature;
    return exm_packed_order(a->lo, a->hi, b->lo, b->hi) < 0;
}

/* Sorted, and those of a type no more than its total (which counts long inserts as well). */
static void
check_fragments(struct codec *c, const exm_record *r)
{
    uint64_t left[EXM_TRF_COUNT][2];

    memcpy(left, r->trf, sizeof left);
    for (size_t i = 0; i < r->n_fragments; i++) {
        const exm_record_fragment *x = &r->fragments[i];

        if (i > 0 && !are_fragments_sorted(&r->fragments[i - 1], x)) {
            refuse(c, "the tRNA fragments are not sorted");
            return;
        }
        for (int k = 0; k < 2; k++) {
            if (x->count[k] > left[x->type][k]) {
                refuse(c, "the tRNA fragments do not add up");
                return;
            }
            left[x->type][k] -= x->count[k];
        }
    }
}

/* By feature, position, then the other base in the order A C G T. */
static int
are_variants_sorted(const exm_record_variant *a, const exm_record_variant *b)
{
    static const unsigned char rank[] = {0, 1, 3, 2}; /* of codes A 0, C 1, T 2, G 3 */

    if (a->feature != b->feature) return a->feature < b->feature;
    if (a->position != b->position) return a->position < b->position;
    return rank[a->alt & 3] < rank[b->alt & 3];
}

static void
check_variants(struct codec *c, const exm_record *r)
{
    for (size_t i = 1; i < r->n_variants; i++)
        if (!are_variants_sorted(&r->variants[i - 1], &r->variants[i])) {
            refuse(c, "the substitutions are not sorted");
            return;
        }
}

static void
check_foreign(struct codec *c, const exm_record *r)
{
    uint64_t clades = 0, traces = 0;

    for (size_t i = 0; i < r->n_clades; i++) clades += r->clades[i].reads;
    for (size_t i = 0; i < r->n_traces; i++) {
        traces += r->traces[i].reads;
        if (i > 0 && strcmp(r->traces[i - 1].clade, r->traces[i].clade) > 0) {
            refuse(c, "the foreign miRNAs are not sorted");
            return;
        }
    }
    if (clades != r->foreign || traces != r->foreign)
        refuse(c, "the foreign reads do not add up");
}

/* Reads and molecules of the list against those of the record, without overflow. */
static int
do_copies_add_up(const exm_record *r)
{
    uint64_t reads = r->fate[EXM_FATE_KEPT], molecules = r->umi_pairs;

    if (molecules > reads) return 0;
    for (size_t i = 0; i < r->n_copies; i++) {
        const exm_umi_copies *x = r->copies + i;

        if (x->molecules > molecules || x->molecules > reads / x->reads) return 0;
        molecules -= x->molecules;
        reads -= x->molecules * x->reads;
    }
    return reads == 0 && (r->umi.correct || r->umi_pairs - molecules == r->molecules);
}

static void
check_umis(struct codec *c, const exm_record *r)
{
    if (r->umi_len == 0) {
        if (r->umi.dedup || r->umi.correct || r->umi_pairs || r->n_copies)
            refuse(c, "molecules without UMIs");
        return;
    }
    for (size_t i = 0; i < r->n_copies; i++) {
        if (r->copies[i].molecules > 0 &&
            r->copies[i].reads > (i > 0 ? r->copies[i - 1].reads : 0))
            continue;
        refuse(c, "the molecules are not sorted");
        return;
    }
    if (!do_copies_add_up(r)) refuse(c, "the molecules do not add up");
}

/* Merging walks the lists of many records side by side and relies on their order. */
static void
check_order(struct codec *c, const exm_record *r)
{
    for (size_t i = 1; i < r->n_features; i++) {
        const exm_record_feature *a = &r->features[i - 1], *b = &r->features[i];

        if (a->class_id > b->class_id ||
            (a->class_id == b->class_id && strcmp(a->name, b->name) >= 0)) {
            refuse(c, "the features are not sorted");
            return;
        }
    }
    for (size_t i = 1; i < r->n_isomirs; i++) {
        if (is_sorted_pair(&r->isomirs[i - 1], &r->isomirs[i])) continue;
        refuse(c, "the isomiRs are not sorted");
        return;
    }
}

/* ---- public ---- */

exm_status
exm_record_encode(const exm_record *r, exm_buf *ret, exm_error *reterr)
{
    exm_record copy;
    struct codec c = {.out = ret, .st = EXM_OK, .err = reterr};
    const size_t from = ret ? ret->len : 0;
    char hex[EXM_SHA256_HEX];
    unsigned char sha[EXM_SHA256_LEN];
    exm_status st;

    if (!r || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "record: an argument is NULL");
    copy = *r; /* the walk takes a writable record, and leaves it as it is when writing */
    exm_buf_put(ret, magic, MAGIC_BYTES);
    exm_buf_put_varint(ret, FORMAT);
    do_record(&c, &copy);
    if (c.st != EXM_OK) {
        ret->len = from;
        return c.st;
    }
    st = exm_buf_check(ret, reterr);
    if (st == EXM_OK) st = exm_sha256_of(ret->data + from, ret->len - from, hex, reterr);
    if (st != EXM_OK) return st;
    exm_sha256_bytes(hex, sha);
    exm_buf_put(ret, sha, sizeof sha);
    return exm_buf_check(ret, reterr);
}

static exm_status
check_frame(const unsigned char *p, size_t n, const char *source, exm_error *reterr)
{
    char hex[EXM_SHA256_HEX];
    unsigned char sha[EXM_SHA256_LEN];
    exm_status st;

    if (n < MAGIC_BYTES || memcmp(p, magic, MAGIC_BYTES) != 0)
        return exm_fail(reterr, EXM_EDATA, 0, "%s: is no sample record (.exr)", source);
    if (n < MAGIC_BYTES + 1 + EXM_SHA256_LEN)
        return exm_fail(reterr, EXM_EDATA, n, "%s: sample record is truncated", source);
    if (p[MAGIC_BYTES] != FORMAT)
        return exm_fail(
            reterr, EXM_EDATA, MAGIC_BYTES,
            "%s: sample record of format %u, made by a%s; this one reads format %d", source,
            p[MAGIC_BYTES],
            p[MAGIC_BYTES] > FORMAT ? " newer exomir"
                                    : "n older exomir (count the sample again)",
            FORMAT);
    st = exm_sha256_of(p, n - EXM_SHA256_LEN, hex, reterr);
    if (st != EXM_OK) return st;
    exm_sha256_bytes(hex, sha);
    if (memcmp(sha, p + n - EXM_SHA256_LEN, EXM_SHA256_LEN) != 0)
        return exm_fail(
            reterr, EXM_EDATA, n,
            "%s: sample record is damaged: its checksum does not match (truncated "
            "copy?)",
            source);
    return EXM_OK;
}

exm_status
exm_record_decode(const void *p, size_t n, const char *source, exm_record **ret,
                  exm_error *reterr)
{
    const unsigned char *b = p;
    struct codec c = {.source = source, .st = EXM_OK, .err = reterr};
    exm_record *r;
    exm_status st;

    if (!p || !source || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "record: an argument is NULL");
    st = check_frame(b, n, source, reterr);
    if (st != EXM_OK) return st;
    r = calloc(1, sizeof *r);
    if (!r) return exm_fail(reterr, EXM_ENOMEM, 0, "%s: no memory", source);
    c.begin = b;
    c.p = b + MAGIC_BYTES + 1;
    c.end = b + n - EXM_SHA256_LEN;
    do_record(&c, r);
    if (c.st == EXM_OK && c.p != c.end) refuse(&c, "there is more than a record");
    if (c.st == EXM_OK) check_head(&c, r);
    if (c.st == EXM_OK) check_names(&c, r);
    if (c.st == EXM_OK) check_order(&c, r);
    if (c.st == EXM_OK) check_fragments(&c, r);
    if (c.st == EXM_OK) check_variants(&c, r);
    if (c.st == EXM_OK) check_foreign(&c, r);
    if (c.st == EXM_OK) check_umis(&c, r);
    if (c.st != EXM_OK) {
        exm_record_free(r);
        return c.st;
    }
    *ret = r;
    return EXM_OK;
}

exm_status
exm_record_read(const char *path, exm_record **ret, exm_error *reterr)
{
    char *data = NULL;
    size_t n = 0;
    exm_status st = exm_input_slurp(path, file_limit, &data, &n, reterr);

    if (st == EXM_OK) st = exm_record_decode(data, n, path, ret, reterr);
    free(data);
    return st;
}
