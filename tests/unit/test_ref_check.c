/*
 * test_ref_check.c - hostile reference bundles, of exomir/ref.h
 *
 * The checksum finds accidents only.  Here it is right and one thing after the other is
 * wrong: each must be refused by the check that is there for it, which the message names.
 */
#include "bundle.h"
#include "oom.h"
#include "small_ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Templates: 0 mir-1-1, 1 mir-1-2, 2 mir-7, 3 t1, 4 t2, 5 S1 (classes of 3, 2, 1).
 * Matures: 0 miR-1-5p and 1 miR-1-3p on 0, 2 miR-1-3p on 1, 3 miR-7-5p on 2.
 * Entities: 0 miR-1-3p, 1 miR-1-5p, 2 miR-7-5p.
 */
static const struct small_texts texts = {
    .hairpin =
        ">hsa-mir-1-1 MI0000001\n"
        "TGGGAAACATACTTCTTTATATGCCCATATGGACCTGCTAAGCTATGGAATGTAAAGAAGTATGTATCTCA\n"
        ">hsa-mir-1-2 MI0000002\n"
        "ACCTACTCAGAGTACATACTTCTTTATGTACCCATATGAACATACAATGCTATGGAATGTAAAGAAGTATGTATTT\n"
        ">hsa-mir-7 MI0000003\n"
        "TTGGATGTTGGCCTAGTTCTGTGTGGAAGACTAGTGATTTTGTTGTTTTTAGATAACTAA\n",
    .mature = ">hsa-miR-1-5p MIMAT0000001\nACATACTTCTTTATATGCCCAT\n"
              ">hsa-miR-1-3p MIMAT0000002\nTGGAATGTAAAGAAGTATGTAT\n"
              ">hsa-miR-7-5p MIMAT0000003\nTGGAAGACTAGTGATTTTGTTGT\n",
    .class_name = {"tRNA"},
    .class_text = {">t1\nGCATTGGTGGTTCAGTGGTAGAATTCTCGCCTCCCACGCGGGAGACCCGGGTTCAATTCCC\n"
                   ">t2\nACGTNNNNACGATCGATCGACTAGCATCAGCATCACTACGACATACG\n"},
    .spike = ">S1\nCACGCACGCTCAGATACC\n",
    .clade = ">cel-lin-4 MIMAT1\nTCCCTGAGACCTCAAGTGTGA\n>ath-miR-1\nTGACAGAAGAGAGTGAGCAC\n",
    .gff = "chr2\t.\tmiRNA_primary_transcript\t1001\t1071\t.\t+\t.\tID=a;Name=hsa-mir-1-1\n"
           "chr2\t.\tmiRNA\t1006\t1027\t.\t+\t.\tID=b;Name=hsa-miR-1-5p;Derives_from=a\n"
           "chr7\t.\tmiRNA_primary_transcript\t501\t560\t.\t-\t.\tID=c;Name=hsa-mir-7\n"
           "chr7\t.\tmiRNA\t514\t536\t.\t-\t.\tID=d;Name=hsa-miR-7-5p;Derives_from=c\n"};

static struct small_ref sound;

static int
make_sound(void **state)
{
    (void) state;
    small_ref_build(&texts, &sound);
    return 0;
}

static int
free_sound(void **state)
{
    (void) state;
    small_ref_done(&sound);
    return 0;
}

/* ---- edits ---- */

#define CLASS(i, field)                                                                    \
    ((i) * sizeof(exm_ref_class_rec) + offsetof(exm_ref_class_rec, field))
#define TEMPLATE(i, field)                                                                 \
    ((i) * sizeof(exm_ref_template_rec) + offsetof(exm_ref_template_rec, field))
#define MATURE(i, field)                                                                   \
    ((i) * sizeof(exm_ref_mature_rec) + offsetof(exm_ref_mature_rec, field))
#define ENTITY(i, field)                                                                   \
    ((i) * sizeof(exm_ref_entity_rec) + offsetof(exm_ref_entity_rec, field))
#define FOREIGN(i, field)                                                                  \
    ((i) * sizeof(exm_ref_foreign_rec) + offsetof(exm_ref_foreign_rec, field))
#define LOCUS(i, field)                                                                    \
    ((i) * sizeof(exm_ref_locus_rec) + offsetof(exm_ref_locus_rec, field))
#define LOOKUP(i, field)                                                                   \
    ((i) * sizeof(exm_ref_lookup_rec) + offsetof(exm_ref_lookup_rec, field))

static uint32_t
get32(const struct bundle *b, int section, size_t at)
{
    uint32_t x;

    memcpy(&x, b->section[section].data + at, sizeof x);
    return x;
}

static void
set32(struct bundle *b, int section, size_t at, uint32_t value)
{
    assert_true(at + sizeof value <= b->section[section].len);
    memcpy(b->section[section].data + at, &value, sizeof value);
}

static void
set_bit(struct bundle *b, int plane, uint64_t position, int value)
{
    char *byte = b->section[plane].data + position / 8;
    const int bit = 1 << (position % 8);

    *byte = (char) (value ? *byte | bit : *byte & ~bit);
}

/* Position in the text of a mature's first base. */
static uint64_t
mature_at(uint32_t i)
{
    const exm_ref_mature *m = exm_ref_mature_get(sound.ref, i);

    return exm_ref_template_get(sound.ref, m->template_id)->start + m->start;
}

/* Opens what the edits made of the bundle; the error says why not. */
static exm_error
verdict(struct bundle *b)
{
    exm_ref *r = NULL;
    exm_error err = {.code = EXM_OK};
    size_t n = 0;
    unsigned char *file = bundle_file(b, &n);

    if (exm_ref_open_memory(file, n, "m", &r, &err) != EXM_OK) assert_null(r);
    exm_ref_free(r);
    free(file);
    bundle_done(b);
    return err;
}

static void
expect_refused(struct bundle *b, const char *says)
{
    const exm_error err = verdict(b);

    if (err.code != EXM_EDATA) fail_msg("taken, but should be refused for '%s'", says);
    if (!strstr(err.msg, says)) fail_msg("'%s' lacks '%s'", err.msg, says);
}

static struct bundle
open_sound(void)
{
    struct bundle b;

    bundle_open(&sound.bytes, &b);
    return b;
}

static void
an_unedited_bundle_is_taken(void **state)
{
    struct bundle b = open_sound();
    const exm_error err = verdict(&b);

    (void) state;
    if (err.code != EXM_OK) fail_msg("%s", err.msg);
}

/* ---- the file ---- */

static void
headers_are_checked(void **state)
{
    struct bundle b = open_sound();
    unsigned char *file;
    size_t n;
    exm_ref *r = NULL;
    exm_error err;

    (void) state;
    b.header.version = 0;
    expect_refused(&b, "damaged header");
    b = open_sound();
    b.header.version = EXM_REF_VERSION + 1;
    expect_refused(&b, "use a newer exomir");
    b = open_sound();
    b.header.n_sections--;
    expect_refused(&b, "damaged header");
    b = open_sound();
    b.header.reserved = 1;
    expect_refused(&b, "damaged header");
    b = open_sound();
    b.header.magic[0] = 0x1f; /* the first byte of gzip, not its second */
    expect_refused(&b, "it was not made by 'exomir ref build'");

    b = open_sound();
    file = bundle_file(&b, &n);
    b.header.file_bytes = n - 8; /* something stands behind it */
    memcpy(file, &b.header, sizeof b.header);
    assert_int_equal(exm_ref_open_memory(file, n, "m", &r, &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "something was appended"));
    b.header.file_bytes = n = 200; /* a right checksum of half a section table */
    {
        char hex[EXM_SHA256_HEX];

        assert_int_equal(exm_sha256_of(file + 64, n - 64, hex, NULL), EXM_OK);
        exm_sha256_bytes(hex, b.header.sha256);
    }
    memcpy(file, &b.header, sizeof b.header);
    assert_int_equal(exm_ref_open_memory(file, n, "m", &r, &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "section table of size 200"));
    assert_null(r);
    free(file);
    bundle_done(&b);
}

static void
sections_lie_inside_the_file(void **state)
{
    (void) state;
    for (int i = 0; i < EXM_SEC_COUNT; i++) {
        const uint64_t n = sound.bytes.len;
        struct bundle b;
        char says[32];

        (void) snprintf(says, sizeof says, "(section %d)", i);
        for (int kind = 0; kind < 5; kind++) {
            exm_ref_extent *x;

            b = open_sound();
            x = &b.entry[i];
            b.has_entry[i] = 1;
            if (kind == 0) x->offset++; /* not aligned */
            if (kind == 1) *x = (exm_ref_extent){.offset = n + 8, .bytes = 0};
            if (kind == 2) *x = (exm_ref_extent){.offset = UINT64_MAX - 7, .bytes = 64};
            if (kind == 3) x->bytes = n - x->offset + 8;
            if (kind == 4) x->bytes = UINT64_MAX;
            expect_refused(&b, says);
        }
    }
}

/* Sections whose size is no multiple, or that contradict one another. */
static void
sizes_fit_together(void **state)
{
    static const struct {
        int section;
        size_t bytes;
        const char *says;
    } bad[] = {
        {EXM_SEC_META, 0, "(section 0)"},
        {EXM_SEC_META, 32, "(section 0)"},
        {EXM_SEC_META, 8, "(section 0)"},
        {EXM_SEC_STRINGS, 0, "(strings of size 0)"},
        {EXM_SEC_PROVENANCE, 0, "(section 2)"},
        {EXM_SEC_PROVENANCE, 5, "(section 2)"}, /* no NUL at its end */
        {EXM_SEC_CLASSES, 0, "(classes 0)"},
        {EXM_SEC_CLASSES, 25, "(section 3)"},
        {EXM_SEC_TEMPLATES, 0, "(classes 0)"},
        {EXM_SEC_TEMPLATES, 5 * sizeof(exm_ref_template_rec), "(class 2)"},
        {EXM_SEC_MATURES, 3 * sizeof(exm_ref_mature_rec), "(template 2)"},
        {EXM_SEC_MATURES, 5 * sizeof(exm_ref_mature_rec), "(text after template 5)"},
        {EXM_SEC_ENTITIES, 2 * sizeof(exm_ref_entity_rec), "(mature 3)"},
        {EXM_SEC_ENTITY_MATURES, 12, "(matures of entities 3)"},
        {EXM_SEC_PLANE_LO, 8, "(section 9)"},
        {EXM_SEC_PLANE_HI, 0, "(section 10)"},
        {EXM_SEC_PLANE_NO, 16, "(section 11)"},
        {EXM_SEC_OFF_MIRNA, 4, "(section 12)"},
        {EXM_SEC_OFF_OTHER, 4, "(section 14)"},
        {EXM_SEC_OFF_LARGE, 4, "(section 16)"},
        {EXM_SEC_PLACES_MIRNA, 8, "(size of index 0)"},
        {EXM_SEC_PLACES_OTHER, 0, "(size of index 1)"},
        {EXM_SEC_PLACES_LARGE, 8, "(size of index 2)"},
        {EXM_SEC_CLADE_KEYS, 8, "(section 19)"},
        {EXM_SEC_CLADE_NAMES, 0, "(foreign miRNA 0)"},
        {EXM_SEC_FOREIGN, 0, "(clade key 0)"},
        {EXM_SEC_LOCI, 20, "(section 22)"},
    };

    (void) state;
    for (size_t i = 0; i < LEN(bad); i++) {
        struct bundle b = open_sound();

        bundle_resize(&b, (size_t) bad[i].section, bad[i].bytes);
        expect_refused(&b, bad[i].says);
    }
}

/* ---- single numbers ---- */

enum { FAR_OFF = 1 << 30 };

static void
numbers_of_records_are_checked(void **state)
{
    static const struct {
        int section;
        size_t at;
        uint32_t value;
        const char *says;
    } bad[] = {
        {EXM_SEC_META, 4, 1, "(section 9)"}, /* a text of more than 2^32 nt */
        {EXM_SEC_META, 8, FAR_OFF, "(meta field 0)"},
        {EXM_SEC_META, 12, FAR_OFF, "(meta field 0)"},
        {EXM_SEC_CLASSES, CLASS(0, name), 0, "(class 0)"},
        {EXM_SEC_CLASSES, CLASS(1, name), FAR_OFF, "(class 1)"},
        {EXM_SEC_CLASSES, CLASS(2, kind), EXM_KIND_ARTIFACT + 1, "(class 2)"},
        {EXM_SEC_CLASSES, CLASS(0, kind), EXM_KIND_CARGO, "(class 0)"},
        {EXM_SEC_CLASSES, CLASS(1, kind), EXM_KIND_MIRNA, "(class 1)"},
        {EXM_SEC_CLASSES, CLASS(1, first_template), 2, "(class 1)"},
        {EXM_SEC_CLASSES, CLASS(2, n_templates), 2, "(class 2)"},
        {EXM_SEC_CLASSES, CLASS(2, n_templates), 0, "(templates in classes 5)"},
        {EXM_SEC_CLASSES, CLASS(0, positions) + 4, 1, "(class 0)"},
        {EXM_SEC_TEMPLATES, TEMPLATE(1, name), 0, "(template 1)"},
        {EXM_SEC_TEMPLATES, TEMPLATE(1, name), FAR_OFF, "(template 1)"},
        {EXM_SEC_TEMPLATES, TEMPLATE(2, accession), FAR_OFF, "(template 2)"},
        {EXM_SEC_TEMPLATES, TEMPLATE(3, class_id), 0, "(template 3)"},
        {EXM_SEC_TEMPLATES, TEMPLATE(5, amount) + 4, 0xbff00000, "(template 5)"}, /* -1 */
        {EXM_SEC_TEMPLATES, TEMPLATE(5, amount) + 4, 0x7ff00000, "(template 5)"}, /* Inf */
        {EXM_SEC_TEMPLATES, TEMPLATE(0, len), 0, "(template 0)"},
        {EXM_SEC_TEMPLATES, TEMPLATE(0, len), FAR_OFF, "(template 0)"},
        {EXM_SEC_TEMPLATES, TEMPLATE(0, start), 63, "(template 0)"},
        {EXM_SEC_TEMPLATES, TEMPLATE(1, start), 64, "(template 1)"},
        {EXM_SEC_TEMPLATES, TEMPLATE(5, start), FAR_OFF, "(template 5)"},
        {EXM_SEC_TEMPLATES, TEMPLATE(1, first_mature), 3, "(template 1)"},
        {EXM_SEC_TEMPLATES, TEMPLATE(2, n_matures), 2, "(template 2)"},
        {EXM_SEC_TEMPLATES, TEMPLATE(5, n_matures), 1, "(template 5)"},
        {EXM_SEC_MATURES, MATURE(1, template_id), 6, "(mature 1)"},
        {EXM_SEC_MATURES, MATURE(1, template_id), 3, "(mature 1)"}, /* no miRNA */
        {EXM_SEC_MATURES, MATURE(0, template_id), 1, "(mature 0)"}, /* before its matures */
        {EXM_SEC_MATURES, MATURE(2, template_id), 0, "(mature 2)"}, /* behind them */
        {EXM_SEC_MATURES, MATURE(1, entity), 3, "(mature 1)"},
        {EXM_SEC_MATURES, MATURE(1, name), 0, "(mature 1)"},
        {EXM_SEC_MATURES, MATURE(1, accession), FAR_OFF, "(mature 1)"},
        {EXM_SEC_MATURES, MATURE(3, start), 61, "(mature 3)"},
        {EXM_SEC_MATURES, MATURE(3, start), 40, "(mature 3)"}, /* its end */
        {EXM_SEC_MATURES, MATURE(1, start), 0, "(mature 1)"},  /* order */
        {EXM_SEC_MATURES, MATURE(1, len), 21, "(mature 1)"},
        {EXM_SEC_MATURES, MATURE(1, arm), 4, "(mature 1)"},
        {EXM_SEC_MATURES, MATURE(1, entity), 1, "(mature of entity 0)"},
        {EXM_SEC_ENTITIES, ENTITY(0, name), 0, "(entity 0)"},
        {EXM_SEC_ENTITIES, ENTITY(1, name), FAR_OFF, "(entity 1)"},
        {EXM_SEC_ENTITIES, ENTITY(1, seq), FAR_OFF, "(entity 1)"},
        {EXM_SEC_ENTITIES, ENTITY(1, seq), 0, "(entity 1)"}, /* "" */
        {EXM_SEC_ENTITIES, ENTITY(1, aliases), FAR_OFF, "(entity 1)"},
        {EXM_SEC_ENTITIES, ENTITY(1, first_mature_ref), 1, "(entity 1)"},
        {EXM_SEC_ENTITIES, ENTITY(2, n_mature_refs), 2, "(entity 2)"},
        {EXM_SEC_ENTITIES, ENTITY(2, n_mature_refs), 0, "(matures of entities 3)"},
        {EXM_SEC_ENTITY_MATURES, 0, 4, "(mature of entity 0)"},
        {EXM_SEC_ENTITY_MATURES, 0, 0, "(mature of entity 0)"},
        {EXM_SEC_LOOKUP, LOOKUP(0, name), 0, "(name 0)"},
        {EXM_SEC_LOOKUP, LOOKUP(1, name), FAR_OFF, "(name 1)"},
        {EXM_SEC_LOOKUP, LOOKUP(2, entity), 3, "(name 2)"},
        {EXM_SEC_CLADE_NAMES, 0, 0, "(clade 0)"},
        {EXM_SEC_CLADE_NAMES, 4, FAR_OFF, "(clade 1)"},
        {EXM_SEC_CLADE_MIRNAS, 4, 2, "(clade key 1)"},
        {EXM_SEC_CLADE_KEYS, 4, 1u << 8, "(clade key 0)"},
        {EXM_SEC_FOREIGN, FOREIGN(0, name), 0, "(foreign miRNA 0)"},
        {EXM_SEC_FOREIGN, FOREIGN(1, name), FAR_OFF, "(foreign miRNA 1)"},
        {EXM_SEC_FOREIGN, FOREIGN(1, label), 2, "(foreign miRNA 1)"},
        {EXM_SEC_FOREIGN, FOREIGN(0, label), 1, "(foreign miRNA 1)"},
        {EXM_SEC_LOCI, LOCUS(0, chrom), 0, "(locus 0)"},
        {EXM_SEC_LOCI, LOCUS(1, chrom), FAR_OFF, "(locus 1)"},
        {EXM_SEC_LOCI, LOCUS(0, template_id), 6, "(locus 0)"},
        {EXM_SEC_LOCI, LOCUS(1, minus), 2, "(locus 1)"},
        {EXM_SEC_LOCI, LOCUS(1, reserved), 1, "(locus 1)"},
        {EXM_SEC_LOCI, LOCUS(0, low), 0, "(locus 0)"},
        {EXM_SEC_LOCI, LOCUS(0, low) + 4, 1u << 31, "(locus 0)"},
        {EXM_SEC_PLANE_LO, 0, 1, "(text word 0)"},
        {EXM_SEC_PLANE_HI, 4, 1u << 31, "(text word 0)"},
        {EXM_SEC_PLANE_NO, 0, 0xfffffffe, "(gap before template 0)"},
        {EXM_SEC_OFF_MIRNA, 0, 1, "(size of index 0)"},
        {EXM_SEC_OFF_OTHER, 4 << 16, 1, "(size of index 1)"},
        {EXM_SEC_OFF_MIRNA, 400, 1u << 31, "(offset of k-mer"},
        {EXM_SEC_OFF_OTHER, (4 << 16) - 4, 0, "(offset of k-mer"},
        {EXM_SEC_PLACES_MIRNA, 0, UINT32_MAX, "(place of k-mer"},
        {EXM_SEC_PLACES_MIRNA, 0, 0, "(place of k-mer"},
        {EXM_SEC_PLACES_OTHER, 0, 64, "(place of k-mer"},         /* a miRNA */
        {EXM_SEC_PLACES_MIRNA, 4, 0x12345678, "(place of k-mer"}, /* bases around */
    };

    (void) state;
    for (size_t i = 0; i < LEN(bad); i++) {
        struct bundle b = open_sound();

        if (get32(&b, bad[i].section, bad[i].at) == bad[i].value)
            fail_msg("case %zu changes nothing", i);
        set32(&b, bad[i].section, bad[i].at, bad[i].value);
        expect_refused(&b, bad[i].says);
    }
}

/* ---- texts ---- */

static void
strings_are_closed_and_printable(void **state)
{
    static const char control[] = "\x01\t\n\x1f\x7f";
    struct bundle b = open_sound();
    const exm_ref_entity *e = exm_ref_entity_get(sound.ref, 1);
    const size_t end = b.section[EXM_SEC_STRINGS].len - 1;
    const uint32_t seq = get32(&b, EXM_SEC_ENTITIES, ENTITY(1, seq));

    (void) state;
    b.section[EXM_SEC_STRINGS].data[0] = 'x'; /* offset 0 is "" */
    expect_refused(&b, "(strings of size");
    b = open_sound();
    b.section[EXM_SEC_STRINGS].data[end] = 'x';
    expect_refused(&b, "(strings of size");
    for (const char *c = control; *c; c++) {
        b = open_sound();
        b.section[EXM_SEC_STRINGS].data[2] = *c;
        expect_refused(&b, "(control byte in string 2)");
        b = open_sound();
        b.section[EXM_SEC_PROVENANCE].data[1] = *c;
        if (*c == '\n')
            assert_int_equal(verdict(&b).code, EXM_OK);
        else
            expect_refused(&b, "(control byte in provenance 1)");
    }
    b = open_sound();
    assert_string_equal(b.section[EXM_SEC_STRINGS].data + seq, e->seq);
    b.section[EXM_SEC_STRINGS].data[seq + 3] = 'N'; /* of the right length */
    expect_refused(&b, "(entity 1)");
    b = open_sound();
    bundle_resize(&b, EXM_SEC_ENTITIES, 2 * sizeof(exm_ref_entity_rec));
    set32(&b, EXM_SEC_MATURES, MATURE(3, entity), 1);
    set32(&b, EXM_SEC_MATURES, MATURE(3, len), e->len);
    expect_refused(&b, "(matures of entities 3)"); /* a mature that no entity names */
}

static void
lists_are_in_order(void **state)
{
    struct bundle b = open_sound();
    uint32_t x;

    (void) state;
    x = get32(&b, EXM_SEC_ENTITIES, ENTITY(0, name));
    set32(&b, EXM_SEC_ENTITIES, ENTITY(1, name), x);
    expect_refused(&b, "(order of entity 1)");
    b = open_sound();
    set32(&b, EXM_SEC_LOOKUP, LOOKUP(1, name), get32(&b, EXM_SEC_LOOKUP, LOOKUP(0, name)));
    expect_refused(&b, "(name 1)");
    b = open_sound();
    for (size_t i = 0; i < 8; i += 4)
        set32(&b, EXM_SEC_CLADE_KEYS, 8 + i, get32(&b, EXM_SEC_CLADE_KEYS, i));
    expect_refused(&b, "(clade key 1)");
    b = open_sound(); /* chr7 before chr2, and a later place before an earlier one */
    set32(&b, EXM_SEC_LOCI, LOCUS(0, chrom), get32(&b, EXM_SEC_LOCI, LOCUS(1, chrom)));
    expect_refused(&b, "(order of locus 1)");
    b = open_sound(); /* an entity of no letters, with a mature of none */
    set32(&b, EXM_SEC_ENTITIES, ENTITY(2, len), 0);
    set32(&b, EXM_SEC_ENTITIES, ENTITY(2, seq), 0);
    set32(&b, EXM_SEC_MATURES, MATURE(3, len), 0);
    expect_refused(&b, "(entity 2)");
}

static void
gaps_are_gaps_and_matures_are_their_letters(void **state)
{
    const exm_ref_template *last = exm_ref_template_get(sound.ref, 5);
    const uint64_t end = last->start + last->len;
    struct bundle b = open_sound();

    (void) state;
    set_bit(&b, EXM_SEC_PLANE_NO, exm_ref_template_get(sound.ref, 1)->start - 1, 0);
    expect_refused(&b, "(gap before template 1)");
    b = open_sound();
    set_bit(&b, EXM_SEC_PLANE_NO, end, 0);
    expect_refused(&b, "(gap after template 5)");
    b = open_sound(); /* the last word, which windows of 64 nt may touch */
    set_bit(&b, EXM_SEC_PLANE_NO, 8 * b.section[EXM_SEC_PLANE_NO].len - 1, 0);
    expect_refused(&b, "(gap after template 5)");
    b = open_sound(); /* fewer than 64 positions behind the last template */
    set32(&b, EXM_SEC_META, 0, get32(&b, EXM_SEC_META, 0) - 1);
    expect_refused(&b, "(text after template 5)");

    for (uint32_t i = 0; i < 4; i++) {
        const uint64_t p = mature_at(i) + i;
        char says[40];

        (void) snprintf(says, sizeof says, "(sequence of mature %u)", i);
        for (int plane = EXM_SEC_PLANE_LO; plane <= EXM_SEC_PLANE_HI; plane++) {
            b = open_sound();
            b.section[plane].data[p / 8] ^= (char) (1 << (p % 8));
            expect_refused(&b, says);
        }
        b = open_sound();
        set_bit(&b, EXM_SEC_PLANE_LO, p, 0);
        set_bit(&b, EXM_SEC_PLANE_HI, p, 0);
        set_bit(&b, EXM_SEC_PLANE_NO, p, 1);
        expect_refused(&b, says);
    }
}

static void
positions_of_a_kmer_rise(void **state)
{
    const exm_ref_index *ix = exm_ref_index_get(sound.ref, 0);
    uint32_t c = 0;
    struct bundle b = open_sound();

    (void) state;
    while (ix->off[c + 1] - ix->off[c] < 2) c++; /* miR-1-3p lies on two hairpins */
    set32(&b, EXM_SEC_PLACES_MIRNA, 8 * ix->off[c], ix->place[ix->off[c] + 1].at);
    expect_refused(&b, "(place of k-mer"); /* twice the same */
    b = open_sound();
    set32(&b, EXM_SEC_PLACES_MIRNA, 8 * ix->off[c], ix->place[ix->off[c] + 1].at);
    set32(&b, EXM_SEC_PLACES_MIRNA, 8 * ix->off[c] + 8, ix->place[ix->off[c]].at);
    expect_refused(&b, "(place of k-mer");
}

/* In a text of one letter all that is wrong with the next position is that it is no
 * multiple of four. */
static void
places_in_large_classes_are_multiples_of_four(void **state)
{
    enum { NT = EXM_REF_LARGE + 1 };
    struct small_texts t = texts;
    struct small_ref large;
    char *text = malloc(NT + 5);
    const exm_ref_index *ix;
    struct bundle b;

    (void) state;
    assert_non_null(text);
    memcpy(text, ">x\n", 3);
    memset(text + 3, 'A', NT);
    memcpy(text + 3 + NT, "\n", 2);
    t.class_text[0] = text;
    small_ref_build(&t, &large);
    ix = exm_ref_index_get(large.ref, 2);
    assert_int_equal(ix->k, 8);
    assert_in_range(ix->off[1], NT / 4 - 2, NT / 4);
    bundle_open(&large.bytes, &b);
    assert_int_equal(verdict(&b).code, EXM_OK);
    for (uint32_t step = 1; step < 4; step++) {
        bundle_open(&large.bytes, &b);
        set32(&b, EXM_SEC_PLACES_LARGE, 8 * 9, ix->place[9].at + step);
        expect_refused(&b, "(place of k-mer 0)");
    }
    small_ref_done(&large);
    free(text);
}

static void
arguments_are_checked(void **state)
{
    exm_ref *r = NULL;
    static const uint64_t aligned[16];

    (void) state;
    assert_int_equal(exm_ref_open_memory(NULL, 8, "m", &r, NULL), EXM_EINVAL);
    assert_int_equal(exm_ref_open_memory(aligned, 8, NULL, &r, NULL), EXM_EINVAL);
    assert_int_equal(exm_ref_open_memory(aligned, 8, "m", NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_ref_open("x", NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_ref_open_memory(aligned, sizeof aligned, "m", &r, NULL),
                     EXM_EDATA);
    oom_arm(0);
    assert_int_equal(exm_ref_open("x", &r, NULL), EXM_ENOMEM);
    oom_arm(-1);
    assert_null(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unedited_bundle_is_taken),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(sections_lie_inside_the_file),
        cmocka_unit_test(sizes_fit_together),
        cmocka_unit_test(numbers_of_records_are_checked),
        cmocka_unit_test(strings_are_closed_and_printable),
        cmocka_unit_test(lists_are_in_order),
        cmocka_unit_test(gaps_are_gaps_and_matures_are_their_letters),
        cmocka_unit_test(positions_of_a_kmer_rise),
        cmocka_unit_test(places_in_large_classes_are_multiples_of_four),
        cmocka_unit_test(arguments_are_checked),
    };
    return cmocka_run_group_tests_name("ref_check", tests, make_sound, free_sound);
}
