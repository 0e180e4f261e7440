/* bam_record.c - one unique insert as a BAM record. */
#include "bam_impl.h"

#include "exomir/digest.h"

#include <math.h>
#include <string.h>

enum {
    PLATE_MAX_NT = 500, /* longer inserts' licence plates would not fit into a name */
    SURE = 60,          /* MAPQ of an insert that one place explains best */
    UNMAPPED = 4,
    REVERSE = 16,
    TAG_BYTES = 400 /* of most records: one allocation for all tags */
};

void
exm_bam_scratch_done(exm_bam_scratch *s)
{
    exm_annotation_done(&s->ann);
    exm_buf_done(&s->name);
    exm_buf_done(&s->text);
    exm_buf_done(&s->other_strand);
}

exm_status
exm_bam_explain(const exm_bam_scene *c, const exm_unique *u, exm_bam_scratch *s,
                exm_error *reterr)
{
    const exm_status st =
        u->seq ? exm_annotate_long(c->annotator, u->seq, u->len, 0, &s->ann, reterr)
               : exm_annotate(c->annotator, u->lo, u->hi, 0, &s->ann, reterr);

    return st == EXM_OK && s->ann.n == 0
               ? exm_annotate_antisense(c->annotator, u->lo, u->hi, u->seq, u->len, 0,
                                        &s->ann, reterr)
               : st;
}

uint32_t
exm_bam_place(const exm_candidate *c)
{
    return (uint32_t) (c->start +
                       c->n_add5); /* additions stand before the template's stretch */
}

/* ---- parts of a record ---- */

/* The same name in every sample, and for miRNAs the UID of isomir.counts.tsv. */
static exm_status
put_name(const exm_bam_scratch *s, const char *seq, uint32_t len, exm_buf *name,
         exm_error *reterr)
{
    const char *prefix = s->ann.n > 0 && s->ann.cand->entity != UINT32_MAX ? "iso" : "seq";
    exm_multihash h = {0};
    char hex[33];

    exm_buf_clear(name);
    if (len <= PLATE_MAX_NT) return exm_uid_put(prefix, seq, len, name, reterr);
    exm_multihash_add(&h, seq, len, NULL, 0, 1);
    exm_multihash_hex(&h, hex);
    exm_buf_putf(name, "%s-%u-%s", prefix, len, hex);
    return exm_buf_check(name, reterr);
}

/* -10 log10(1 - 1/n), as for any of n equal places. */
static uint8_t
quality_of(size_t n)
{
    return n == 1 ? SURE : (uint8_t) lround(-10.0 * log10(1.0 - 1.0 / (double) n));
}

static void
set_cigar(const exm_candidate *c, uint32_t len, exm_bam_scratch *s)
{
    const uint32_t core = len - c->n_add5 - c->n_tail;

    s->n_cigar = 0;
    if (c->n_add5)
        s->cigar[s->n_cigar++] = bam_cigar_gen((uint32_t) c->n_add5, BAM_CSOFT_CLIP);
    s->cigar[s->n_cigar++] = bam_cigar_gen(core, BAM_CMATCH);
    if (c->n_tail)
        s->cigar[s->n_cigar++] = bam_cigar_gen((uint32_t) c->n_tail, BAM_CSOFT_CLIP);
}

static char
text_base(const exm_ref *ref, uint64_t p)
{
    const uint64_t word = p / 64, bit = p % 64;
    const unsigned code = (unsigned) (exm_ref_plane_lo(ref)[word] >> bit & 1) |
                          (unsigned) (exm_ref_plane_hi(ref)[word] >> bit & 1) << 1;

    return exm_ref_plane_no(ref)[word] >> bit & 1 ? 'N' : "ACTG"[code];
}

/* MD of the templated stretch. */
static void
put_differences(const exm_bam_scene *k, const exm_candidate *c, const char *seq,
                uint32_t len, exm_buf *b)
{
    const uint64_t at =
        exm_ref_template_get(k->ref, c->template_id)->start + exm_bam_place(c);
    uint64_t equal = 0;

    exm_buf_clear(b);
    for (uint32_t i = c->n_add5; i + c->n_tail < len; i++) {
        const char base = text_base(k->ref, at + i - c->n_add5);

        if (base == seq[i]) {
            equal++;
            continue;
        }
        exm_buf_put_u64(b, equal);
        exm_buf_putc(b, base);
        equal = 0;
    }
    exm_buf_put_u64(b, equal);
}

/* The other places, as "name,strand and position,CIGAR,NM;" each. */
static void
put_places(const exm_bam_scene *k, const exm_bam_scratch *s, uint32_t len, exm_buf *b)
{
    exm_buf_clear(b);
    for (size_t i = 1; i < s->ann.n_best && i <= EXM_BAM_PLACES; i++) {
        const exm_candidate *c = s->ann.cand + i;

        exm_buf_puts(b, k->names->name[c->template_id]);
        exm_buf_putf(b, ",%c%u,", c->antisense ? '-' : '+', exm_bam_place(c) + 1);
        if (c->n_add5) exm_buf_putf(b, "%uS", (unsigned) c->n_add5);
        exm_buf_putf(b, "%uM", len - c->n_add5 - c->n_tail);
        if (c->n_tail) exm_buf_putf(b, "%uS", (unsigned) c->n_tail);
        exm_buf_putf(b, ",%u;", (unsigned) c->n_sub);
    }
}

static int
add_text(bam1_t *b, const char *tag, const exm_buf *text)
{
    return !text->failed && text->len < INT32_MAX &&
           bam_aux_append(b, tag, 'Z', (int) text->len + 1, (const uint8_t *) text->data) ==
               0;
}

static int
add_words(bam1_t *b, const char *tag, const char *words)
{
    return bam_aux_append(b, tag, 'Z', (int) strlen(words) + 1, (const uint8_t *) words) ==
           0;
}

static int
add_number(bam1_t *b, const char *tag, int64_t v)
{
    return bam_aux_update_int(b, tag, v) == 0;
}

/* The UMI of a single molecule, which then has an identity, too. */
static int
add_molecule(bam1_t *b, const exm_unique *u, exm_bam_scratch *s)
{
    const unsigned len = (63U - (unsigned) __builtin_clzll(u->umi)) / 2;
    char umi[33];

    for (unsigned i = 0; i < len; i++) umi[i] = "ACTG"[u->umi >> 2 * (len - 1 - i) & 3];
    umi[len] = '\0';
    exm_buf_clear(&s->text);
    exm_buf_put(&s->text, s->name.data, s->name.len);
    exm_buf_putc(&s->text, '/');
    exm_buf_puts(&s->text, umi);
    return add_words(b, "RX", umi) && add_text(b, "MI", &s->text);
}

static int
add_counts(const exm_bam_scene *k, const exm_unique *u, exm_bam_scratch *s, bam1_t *b)
{
    return add_number(b, "XC", (int64_t) u->reads) &&
           (!k->umi || add_number(b, "XM", (int64_t) u->molecules)) &&
           (!u->umi || add_molecule(b, u, s)) && add_words(b, "RG", k->sample);
}

static int
add_explanation(const exm_bam_scene *k, const char *seq, uint32_t len, exm_bam_scratch *s,
                bam1_t *b)
{
    const exm_candidate *c = s->ann.cand;
    const int mature = c->entity != UINT32_MAX;
    const char *feature = mature ? exm_ref_entity_get(k->ref, c->entity)->name
                                 : exm_ref_template_get(k->ref, c->template_id)->name;
    const char *class_name = c->class_id == 0 && !mature
                                 ? "hairpin"
                                 : exm_ref_class_get(k->ref, c->class_id)->name;
    int ok;

    if (!add_number(b, "NH", (int64_t) s->ann.n_best) || !add_number(b, "HI", 1) ||
        !add_number(b, "NM", c->n_sub))
        return 0;
    put_differences(k, c, seq, len, &s->text);
    ok = add_text(b, "MD", &s->text) && add_number(b, "AS", -(int64_t) c->cost);
    exm_buf_clear(&s->text);
    exm_buf_puts(&s->text, class_name);
    if (c->antisense) exm_buf_puts(&s->text, EXM_REF_ANTISENSE_SUFFIX);
    if (!ok || !add_text(b, "XK", &s->text) || !add_words(b, "XF", feature)) return 0;
    if (mature) {
        const exm_variant v = {.d5 = c->d5,
                               .d3 = c->d3,
                               .n_add5 = c->n_add5,
                               .n_tail = c->n_tail,
                               .n_sub = c->n_sub,
                               .sub_at = {c->sub_at[0], c->sub_at[1]},
                               .sub_ref = {c->sub_ref[0], c->sub_ref[1]}};

        exm_buf_clear(&s->text);
        exm_variant_put(&v, &s->text);
        if (!add_text(b, "XV", &s->text)) return 0;
    }
    if (s->ann.n_best == 1) return 1;
    put_places(k, s, len, &s->text);
    return add_text(b, "XA", &s->text);
}

/* The letters as they stand on the template's strand; NULL without memory. */
static const char *
on_strand(const exm_candidate *best, const char *seq, uint32_t len, exm_bam_scratch *s)
{
    if (!best || !best->antisense) return seq;
    exm_buf_clear(&s->other_strand);
    exm_buf_put(&s->other_strand, seq, len);
    if (s->other_strand.failed) return NULL;
    exm_revcomp_letters(seq, len, s->other_strand.data);
    return s->other_strand.data;
}

static uint16_t
flags_of(const exm_candidate *best)
{
    if (!best) return UNMAPPED;
    return best->antisense ? REVERSE : 0;
}

exm_status
exm_bam_encode(const exm_bam_scene *c, const exm_unique *u, exm_bam_scratch *s, bam1_t *ret,
               exm_error *reterr)
{
    char packed[64];
    const char *seq = u->seq;
    const exm_candidate *best;
    exm_status st = exm_bam_explain(c, u, s, reterr);
    int ok;

    if (u->reads > UINT32_MAX) /* the largest integer of a tag */
        return exm_fail(reterr, EXM_EDATA, 0,
                        "%s: %llu reads of one insert do not fit into a BAM", c->sample,
                        (unsigned long long) u->reads);
    if (!seq) {
        (void) exm_unpack(u->lo, u->hi, packed);
        seq = packed;
    }
    if (st == EXM_OK) st = put_name(s, seq, u->len, &s->name, reterr);
    if (st != EXM_OK) return st;
    best = s->ann.n > 0 ? s->ann.cand : NULL;
    s->n_cigar = 0;
    if (best) set_cigar(best, u->len, s);
    seq = on_strand(best, seq, u->len, s);
    ok = seq && bam_set1(ret, s->name.len, s->name.data, flags_of(best),
                         best ? (int32_t) best->template_id : -1,
                         best ? (hts_pos_t) exm_bam_place(best) : -1,
                         best ? quality_of(s->ann.n_best) : 0, s->n_cigar, s->cigar, -1, -1,
                         0, u->len, seq, NULL, TAG_BYTES) >= 0;
    if (ok && best) ok = add_explanation(c, seq, u->len, s, ret);
    if (ok) ok = add_counts(c, u, s, ret);
    if (ok) return EXM_OK;
    return exm_fail(reterr, EXM_ENOMEM, 0, "%s: no memory for a record of its BAM",
                    c->sample);
}
