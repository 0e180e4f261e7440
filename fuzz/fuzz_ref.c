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

#include "../tests/support/tmpfile.h"
#include "ref/ref_format.h"

enum { EDIT = 6, MOST = 1 << 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int ok)
{
    if (!ok) abort();
}

/* ---- a sound bundle ---- */

static exm_buf sound;

static const char hairpins[] =
    ">hsa-mir-1-1 MI0000001\n"
    "TGGGAAACATACTTCTTTATATGCCCATATGGACCTGCTAAGCTATGGAATGTAAAGAAG"
    "TATGTATCTCA\n>hsa-mir-7 MI0000002\n"
    "TTGGATGTTGGCCTAGTTCTGTGTGGAAGACTAGTGATTTTGTTGTTTTTAGATAACTAA\n";
static const char matures[] = ">hsa-miR-1-5p MIMAT0000001\nACATACTTCTTTATATGCCCAT\n"
                              ">hsa-miR-1-3p MIMAT0000002\nTGGAATGTAAAGAAGTATGTAT\n"
                              ">hsa-miR-7-5p MIMAT0000003\nTGGAAGACTAGTGATTTTGTTGT\n";
static const char trnas[] =
    ">t1\nGCATTGGTGGTTCAGTGGTAGAATTCTCGCCTCCCACGCGGGAGACCCGGGTTCAATTCCC\n"
    ">t2\nACGTNNNNACGATCGATCGACTAGCATCAGCATCACTACGACATACG\n";
static const char spikes[] = "spikeID,sequence,amount\nS1,CACGCACGCTCAGATACC,2.5\n";
static const char clades[] = ">cel-lin-4 MIMAT1\nTCCCTGAGACCTCAAGTGTGA\n"
                             ">ath-miR-1\nTGACAGAAGAGAGTGAGCAC\n";

static void
make_sound(void)
{
    static const struct {
        const char *name, *text;
    } files[] = {
        {"h", hairpins}, {"m", matures}, {"t", trnas}, {"s", spikes}, {"c", clades}};
    static const char *const names[] = {"h", "m", "t", "s", "c"};
    char folder[TMP_PATH], path[5][TMP_PATH];
    exm_ref_source class = {.name = "tRNA"}, spike = {.name = "spike"};
    exm_ref_build_options o = {.species = "hsa",
                               .classes = &class,
                               .n_classes = 1,
                               .spikes = &spike,
                               .n_spikes = 1};

    tmp_folder(folder);
    for (size_t i = 0; i < 5; i++)
        (void) tmp_write(path[i], folder, files[i].name, files[i].text,
                         strlen(files[i].text));
    o.hairpin = path[0];
    o.mature = path[1];
    class.path = path[2];
    spike.path = path[3];
    o.clade = path[4];
    must(exm_ref_build(&o, &sound, NULL, NULL) == EXM_OK);
    tmp_remove(folder, names, 5);
}

/* ---- edits ---- */

struct bundle {
    exm_buf section[EXM_SEC_COUNT];
    exm_ref_extent entry[EXM_SEC_COUNT];
    int has_entry[EXM_SEC_COUNT];
};

static void
resize(exm_buf *b, size_t n)
{
    if (n > b->len) {
        char *p = exm_buf_reserve(b, n - b->len);

        must(p != NULL);
        memset(p, 0, n - b->len + 1);
    }
    b->len = n;
}

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
        resize(s, offset < MOST ? offset : MOST);
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

static void
take_apart(struct bundle *b)
{
    for (size_t i = 0; i < EXM_SEC_COUNT; i++) {
        exm_ref_extent x;

        memcpy(&x, sound.data + sizeof(exm_ref_header) + i * sizeof x, sizeof x);
        b->section[i] = (exm_buf){0};
        exm_buf_put(&b->section[i], sound.data + x.offset, x.bytes);
        b->has_entry[i] = 0;
        b->entry[i] = x;
    }
}

/* The file in memory of its exact size. */
static unsigned char *
put_together(struct bundle *b, size_t *ret_n)
{
    exm_ref_header h = {.version = EXM_REF_VERSION, .n_sections = EXM_SEC_COUNT};
    size_t n = sizeof h + EXM_SEC_COUNT * sizeof(exm_ref_extent);
    char hex[EXM_SHA256_HEX];
    unsigned char *file;

    for (size_t i = 0; i < EXM_SEC_COUNT; i++) {
        const exm_ref_extent x = {.offset = n, .bytes = b->section[i].len};

        if (!b->has_entry[i]) b->entry[i] = x;
        n += (b->section[i].len + 7) / 8 * 8;
    }
    file = calloc(1, n);
    must(file != NULL);
    n = sizeof h;
    memcpy(file + n, b->entry, sizeof b->entry);
    n += sizeof b->entry;
    for (size_t i = 0; i < EXM_SEC_COUNT; i++) {
        if (b->section[i].len > 0) memcpy(file + n, b->section[i].data, b->section[i].len);
        n += (b->section[i].len + 7) / 8 * 8;
        exm_buf_done(&b->section[i]);
    }
    must(exm_sha256_of(file + sizeof h, n - sizeof h, hex, NULL) == EXM_OK);
    memcpy(h.magic, EXM_REF_MAGIC, sizeof h.magic);
    exm_sha256_bytes(hex, h.sha256);
    h.file_bytes = n;
    memcpy(file, &h, sizeof h);
    *ret_n = n;
    return file;
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

    if (!sound.data) make_sound();
    take_apart(&b);
    while (size >= EDIT) {
        const size_t given = size - EDIT < data[5] ? size - EDIT : data[5];

        edit(&b, data, given);
        data += EDIT + given;
        size -= EDIT + given;
    }
    file = put_together(&b, &n);
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
