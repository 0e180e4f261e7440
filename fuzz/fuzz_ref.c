/*
 * fuzz_ref.c - hostile reference bundles: a sound one, edited, its checksum made right.
 *
 * A bundle has half a megabyte of tables, too much for a fuzzer to mutate, so the bytes are
 * a list of edits:
 *
 *     section (mod 19), kind (mod 4), offset (3 bytes), length (1 byte), that many bytes
 *
 * kind 0 writes over the section; 1 makes the section 'offset' bytes long; 2 adds the first
 * 4 bytes to the number at 'offset'; 3 writes over the section's entry in the table.  What
 * is accepted must keep the promises of ref.h, and reads can be annotated with it.
 */
#include "exomir/annotate.h"

#include "../tests/support/bundle.h"
#include "../tests/support/small_ref.h"

enum { EDIT = 6, MOST = 1 << 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int ok)
{
    if (!ok) abort();
}

/* ---- a sound bundle ---- */

static struct small_ref sound;

static const struct small_texts texts = {
    .hairpin = ">hsa-mir-1-1 MI0000001\n"
               "TGGGAAACATACTTCTTTATATGCCCATATGGACCTGCTAAGCTATGGAATGTAAAGAAGTATGTATCTCA\n"
               ">hsa-mir-7 MI0000002\n"
               "TTGGATGTTGGCCTAGTTCTGTGTGGAAGACTAGTGATTTTGTTGTTTTTAGATAACTAA\n",
    .mature = ">hsa-miR-1-5p MIMAT0000001\nACATACTTCTTTATATGCCCAT\n"
              ">hsa-miR-1-3p MIMAT0000002\nTGGAATGTAAAGAAGTATGTAT\n"
              ">hsa-miR-7-5p MIMAT0000003\nTGGAAGACTAGTGATTTTGTTGT\n",
    .class_name = {"tRNA"},
    .class_text = {">t1\nGCATTGGTGGTTCAGTGGTAGAATTCTCGCCTCCCACGCGGGAGACCCGGGTTCAATTCCC\n"
                   ">t2\nACGTNNNNACGATCGATCGACTAGCATCAGCATCACTACGACATACG\n"},
    .spike = "spikeID,sequence,amount\nS1,CACGCACGCTCAGATACC,2.5\n",
    .clade = ">cel-lin-4 MIMAT1\nTCCCTGAGACCTCAAGTGTGA\n"
             ">ath-miR-1\nTGACAGAAGAGAGTGAGCAC\n"};

/* ---- edits ---- */

static void
edit(struct bundle *b, const uint8_t *e, size_t n)
{
    const size_t i = e[0] % EXM_SEC_COUNT;
    const size_t offset = e[2] | (size_t) e[3] << 8 | (size_t) e[4] << 16;
    exm_buf *s = &b->section[i];
    uint32_t x, d = 0;

    switch (e[1] % 4) {
    case 0:
        if (offset < s->len)
            memcpy(s->data + offset, e + EDIT, n < s->len - offset ? n : s->len - offset);
        break;
    case 1:
        bundle_resize(b, i, offset < MOST ? offset : MOST);
        break;
    case 2:
        if (s->len < sizeof x || offset > s->len - sizeof x) break;
        memcpy(&x, s->data + offset, sizeof x);
        memcpy(&d, e + EDIT, n < sizeof d ? n : sizeof d);
        x += d;
        memcpy(s->data + offset, &x, sizeof x);
        break;
    default:
        b->has_entry[i] = 1;
        memcpy(&b->entry[i], e + EDIT, n < sizeof b->entry[i] ? n : sizeof b->entry[i]);
    }
}

/* ---- what an opened bundle promises ---- */

static int
is_clean(const char *s)
{
    for (; *s; s++)
        if ((unsigned char) *s < 0x20 || *s == 0x7f) return 0;
    return 1;
}

static void
check_templates(const exm_ref *r)
{
    const uint64_t n = exm_ref_text_len(r);
    uint32_t next = 0, mature = 0;

    for (uint32_t c = 0; c < exm_ref_n_classes(r); c++) {
        const exm_ref_class *x = exm_ref_class_get(r, c);

        must(x->first_template == next && (x->kind == EXM_KIND_MIRNA) == (c == 0));
        must(is_clean(x->name));
        next += x->n_templates;
    }
    must(next == exm_ref_n_templates(r) && next > 0);
    for (uint32_t i = 0; i < exm_ref_n_templates(r); i++) {
        const exm_ref_template *t = exm_ref_template_get(r, i);

        must(t->start >= 64 && t->start + t->len + 64 <= n && t->len > 0);
        must(is_clean(t->name) && is_clean(t->accession) && t->first_mature == mature);
        mature += t->n_matures;
        must(exm_ref_template_at(r, t->start) == i);
        must(exm_ref_template_at(r, t->start + t->len - 1) == i);
        must(exm_ref_template_at(r, t->start - 1) == UINT32_MAX);
        must(exm_ref_template_at(r, t->start + t->len) == UINT32_MAX);
        must(!(exm_ref_spike_amount(r, i) < 0.0));
    }
    must(mature == exm_ref_n_matures(r) && exm_ref_template_at(r, n) == UINT32_MAX);
}

static void
check_entities(const exm_ref *r)
{
    const uint32_t *ids = exm_ref_entity_matures(r);
    uint32_t ref = 0;

    for (uint32_t i = 0; i < exm_ref_n_entities(r); i++) {
        const exm_ref_entity *e = exm_ref_entity_get(r, i);

        must(e->name[0] && is_clean(e->name) && is_clean(e->aliases));
        must(e->first_mature_ref == ref && strlen(e->seq) == e->len);
        must(i == 0 || strcmp(exm_ref_entity_get(r, i - 1)->name, e->name) < 0);
        for (uint32_t k = 0; k < e->n_mature_refs; k++) {
            const exm_ref_mature *m = exm_ref_mature_get(r, ids[ref + k]);

            must(m && m->entity == i && m->len == e->len);
            must(m->start + m->len <= exm_ref_template_get(r, m->template_id)->len);
        }
        ref += e->n_mature_refs;
        (void) exm_ref_find_entity(r, e->name);
    }
    must(exm_ref_find_entity(r, "") == UINT32_MAX);
}

static void
check_clades(const exm_ref *r)
{
    for (uint32_t i = 0; i < exm_ref_n_clades(r); i++)
        must(is_clean(exm_ref_clade_name(r, i)));
    for (uint64_t x = 0; x < 64; x++) {
        const uint32_t c = exm_ref_clade_find(r, x * 0x9e3779b97f4a7c15u, x << 7);

        must(c == UINT32_MAX || c < exm_ref_n_clades(r));
    }
}

/* Each template's first letters, and a few of them changed, as reads. */
static void
annotate(const exm_ref *r)
{
    exm_annotator *a = NULL;
    exm_annotation found = {0};

    if (exm_annotator_new(r, &a, NULL) != EXM_OK) abort();
    for (uint32_t i = 0; i < exm_ref_n_templates(r) && i < 8; i++) {
        const exm_ref_template *t = exm_ref_template_get(r, i);
        const uint32_t len = t->len < 40 ? t->len : 40;
        uint64_t lo = 0, hi = 0;

        for (uint32_t k = 0; k < len; k++) {
            lo |= exm_plane_bits(exm_ref_plane_lo(r), t->start + k, 1) << k;
            hi |= exm_plane_bits(exm_ref_plane_hi(r), t->start + k, 1) << k;
        }
        for (uint64_t change = 0; change < 4; change++) {
            const uint64_t x = change << (len / 2);

            must(exm_annotate(a, ((uint64_t) 1 << len | lo) ^ x, hi, 10, &found, NULL) ==
                 EXM_OK);
            for (size_t k = 0; k < found.n; k++)
                must(found.cand[k].template_id < exm_ref_n_templates(r));
        }
    }
    exm_annotation_done(&found);
    exm_annotator_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bundle b;
    exm_error err = {.code = EXM_OK};
    exm_ref *r = NULL;
    unsigned char *file;
    size_t n;
    exm_status st;

    if (!sound.ref) small_ref_build(&texts, &sound);
    bundle_open(&sound.bytes, &b);
    while (size >= EDIT) {
        const size_t given = size - EDIT < data[5] ? size - EDIT : data[5];

        edit(&b, data, given);
        data += EDIT + given;
        size -= EDIT + given;
    }
    file = bundle_file(&b, &n);
    bundle_done(&b);
    st = exm_ref_open_memory(file, n, "fuzz", &r, &err);
    if (st == EXM_OK) {
        check_templates(r);
        check_entities(r);
        check_clades(r);
        annotate(r);
    } else {
        must(st == EXM_EDATA && r == NULL && err.msg[0]);
    }
    exm_ref_free(r);
    free(file);
    return 0;
}
