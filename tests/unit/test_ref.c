/*
 * test_ref.c - tests of exomir/ref.h
 *
 * The small reference is made here: random hairpins, and matures cut from them, in the
 * dialects of miRBase, MirGeneDB and miRCarta.  Every index is compared with a walk over
 * the letters.  With EXM_SHARED set to the shared data the real databases are built too.
 */
#include "exomir/fasta.h"
#include "exomir/ref.h"
#include "oom.h"
#include "ref/ref_format.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- a folder of small files ---- */

static char folder[64];
static char s1[71], s2[71], s3[61], s9[71], alone[23], shortie[16], trna[74], rrna[301];

static uint32_t
next_random(void)
{
    static uint32_t x = 2463534242u; /* xorshift32: same draws on every machine */

    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    return x;
}

static void
random_letters(char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) s[i] = "ACGT"[next_random() >> 30];
    s[n] = '\0';
}

/* The path of a file in the folder; a ring of buffers, so several can be in use. */
static const char *
path_of(const char *name)
{
    static char ring[16][128];
    static int turn;
    char *to = ring[turn++ % 16];

    (void) snprintf(to, sizeof ring[0], "%s/%s", folder, name);
    return to;
}

static void put_file(const char *name, const char *fmt, ...) EXM_PRINTF(2, 3);

static void
put_file(const char *name, const char *fmt, ...)
{
    FILE *f = fopen(path_of(name), "wb");
    va_list ap;

    assert_non_null(f);
    va_start(ap, fmt);
    assert_true(vfprintf(f, fmt, ap) >= 0);
    va_end(ap);
    assert_int_equal(fclose(f), 0);
}

/* miR-1: two hairpins (the second on the minus strand); miR-7a/b: identical hairpins. */
static int
make_files(void **state)
{
    (void) state;
    (void) snprintf(folder, sizeof folder, "/tmp/exm_ref_XXXXXX");
    if (!mkdtemp(folder)) return -1;
    random_letters(s1, 70);
    random_letters(s2, 70);
    random_letters(s3, 60);
    random_letters(s9, 70);
    random_letters(alone, 22);
    random_letters(shortie, 15);
    random_letters(trna, 73);
    random_letters(rrna, 300);
    memcpy(s2 + 38, s1 + 40, 22);
    trna[72] = 'G'; /* no CCA at its end */
    rrna[100] = 'N';
    put_file(
        "hairpin.fa",
        ">hsa-mir-7b MI0000004 x\n%s\n>hsa-mir-1-1 MI0000001 x\n%s\n"
        ">hsa-mir-1-2 MI0000002 x\n%s\n>hsa-mir-7a MI0000003 x\n%s\n>mmu-mir-9 MI0000005\n"
        "%s\n",
        s3, s1, s2, s3, s9);
    put_file("mature.fa",
             ">hsa-miR-1-5p MIMAT0000011 x\n%.22s\n>hsa-miR-1-3p MIMAT0000012\n%.22s\n"
             ">hsa-miR-7b-5p MIMAT0000014\n%.22s\n>hsa-miR-7a-5p MIMAT0000013\n%.22s\n"
             ">hsa-miR-99-5p MIMAT0000015\n%s\n>hsa-miR-98 MIMAT0000016\n%s\n"
             ">mmu-miR-9-5p MIMAT0000017\n%.22s\n",
             s1 + 5, s1 + 40, s3 + 4, s3 + 4, alone, shortie, s9 + 3);
    put_file(
        "mirna.gff3",
        "##gff-version 3\n"
        "1\t.\tmiRNA_primary_transcript\t1001\t1070\t.\t+\t.\tID=MI0000001;Name=hsa-mir-1-"
        "1\n"
        "1\t.\tmiRNA\t1006\t1027\t.\t+\t.\tID=MIMAT0000011;Name=hsa-miR-1-5p;"
        "Derives_from=MI0000001\n"
        "1\t.\tmiRNA\t1041\t1062\t.\t+\t.\tID=MIMAT0000012;Name=hsa-miR-1-3p;"
        "Derives_from=MI0000001\n"
        "2\t.\tmiRNA_primary_transcript\t2001\t2070\t.\t-\t.\tID=MI0000002;Name=hsa-mir-1-"
        "2\n"
        "2\t.\tmiRNA\t2011\t2032\t.\t-\t.\tID=MIMAT0000012_1;Name=hsa-miR-1-3p;"
        "Derives_from=MI0000002\n"
        "3\t.\tmiRNA_primary_transcript\t3001\t3060\t.\t+\t.\tID=MI0000003;Name=hsa-mir-"
        "7a\n"
        "3\t.\tmiRNA\t3005\t3026\t.\t+\t.\tID=MIMAT0000013;Name=hsa-miR-7a-5p;"
        "Derives_from=MI0000003\n"
        "4\t.\tmiRNA_primary_transcript\t4001\t4060\t.\t+\t.\tID=MI0000004;Name=hsa-mir-"
        "7b\n"
        "4\t.\tmiRNA\t4008\t4029\t.\t+\t.\tID=MIMAT0000014;Name=hsa-miR-7b-5p;"
        "Derives_from=MI0000004\n"
        "5\t.\tmiRNA_primary_transcript\t1\t70\t.\t+\t.\tID=MI0000005;Name=mmu-mir-9\n");
    put_file("old.fa",
             ">hsa-miR-1a-3p MIMAT0000012 trimmed\n%.20s\n>Hsa-Mir-7_5p\n%.22s\n"
             ">hsa-miR-1-5p MIMAT0000013 now the name of another\n%.22s\n>hsa-miR-666 "
             "x\nACGTACGT\n",
             s1 + 40, s3 + 4, s3 + 4);
    put_file("trna.fa", ">t1\n%s\n>t2\n%sCCA\n>tiny\nACGTACGTAC\n", trna, trna);
    put_file("rrna.fa", ">r1\n%s\n", rrna);
    put_file("artifact.fa", ">adapter\nTGGAATTCTCGGGTGCCAAGG\n");
    put_file("spike.csv",
             "\xEF\xBB\xBFspikeID,sequence,amount\nS2,%s,2.5\nS1,acguACGUacguACGUacgu,\n"
             "S3,%s,1\n",
             "CACGCACGCTCAGATACC", "CACGCACGCTCAGATACC");
    put_file("clade.fa",
             ">cel-miR-1 MIMAT1\nTTTTACGATCGATCGGGATCC\n>cbr-miR-1\nTTTTACGATCGATCGGGATC\n"
             ">ath-miR-2\nGGGGGATTTTAACGCGCGATT\n>cel-miR-2\nGGGGGATTTTAACGCGCGAT\n"
             ">xyz-miR-3\nCAGTCAGGCATTTACGGCCTA\n>mml-miR-4\nCCCAAAGGGTTTACGACCCGA\n"
             ">dme-miR-5\nAATTCCGGAACCTTGGAACCA\n>dme-miR-6\n%.10s%c%.11s\n"
             ">hsa-miR-7\nACACACAGTGTGTTTCAGAGC\n>cel-miR-8\nACACACAGTGTGTTTCAGAGC\n",
             s1 + 20, s1[30] == 'A' ? 'C' : 'A', s1 + 31);
    return 0;
}

static int
remove_files(void **state)
{
    static const char *const names[] = {
        "hairpin.fa", "mature.fa",   "mirna.gff3", "old.fa",   "trna.fa",
        "rrna.fa",    "artifact.fa", "spike.csv",  "clade.fa", "x.fa",
        "y.fa",       "x.gff3",      "x.exoref"};

    (void) state;
    for (size_t i = 0; i < LEN(names); i++) (void) unlink(path_of(names[i]));
    return rmdir(folder);
}

/* ---- building ---- */

struct full {
    exm_ref_source classes[2], spikes[1];
    const char *aliases[1];
    exm_ref_build_options o;
};

static void
full_options(struct full *f)
{
    *f = (struct full){
        .classes = {{"tRNA", path_of("trna.fa")}, {"rRNA", path_of("rrna.fa")}},
        .spikes = {{"spike", path_of("spike.csv")}},
        .aliases = {path_of("old.fa")}};
    f->o = (exm_ref_build_options){.mature = path_of("mature.fa"),
                                   .hairpin = path_of("hairpin.fa"),
                                   .gff = path_of("mirna.gff3"),
                                   .species = "HSA",
                                   .classes = f->classes,
                                   .n_classes = 2,
                                   .spikes = f->spikes,
                                   .n_spikes = 1,
                                   .aliases = f->aliases,
                                   .n_aliases = 1,
                                   .artifact = path_of("artifact.fa"),
                                   .clade = path_of("clade.fa")};
}

struct built {
    exm_buf bytes;
    exm_ref_build_log log;
    exm_ref *ref;
};

static void
build(const exm_ref_build_options *o, struct built *b)
{
    exm_error err = {0};

    *b = (struct built){0};
    if (exm_ref_build(o, &b->bytes, &b->log, &err) != EXM_OK) fail_msg("%s", err.msg);
    if (exm_ref_open_memory(b->bytes.data, b->bytes.len, "memory", &b->ref, &err) != EXM_OK)
        fail_msg("%s", err.msg);
}

static void
build_done(struct built *b)
{
    exm_ref_free(b->ref);
    exm_buf_done(&b->bytes);
    exm_buf_done(&b->log.notes);
}

static void
assert_note(const struct built *b, const char *text)
{
    if (!b->log.notes.data || !strstr(b->log.notes.data, text))
        fail_msg("no note '%s' in:\n%s", text, b->log.notes.data ? b->log.notes.data : "");
}

static uint32_t
template_named(const exm_ref *r, const char *name)
{
    for (uint32_t i = 0; i < exm_ref_n_templates(r); i++)
        if (strcmp(exm_ref_template_get(r, i)->name, name) == 0) return i;
    fail_msg("no template %s", name);
    return 0;
}

/* The letter at a text position, '-' where 'no'. */
static char
letter(const exm_ref *r, uint64_t p)
{
    const uint64_t bit = (uint64_t) 1 << (p & 63);
    const int lo = (exm_ref_plane_lo(r)[p >> 6] & bit) != 0;
    const int hi = (exm_ref_plane_hi(r)[p >> 6] & bit) != 0;

    return exm_ref_plane_no(r)[p >> 6] & bit ? '-' : "ACTG"[lo + 2 * hi];
}

/* What exm_ref_place.around says of the k-mer at p, letter by letter. */
static uint32_t
around(const exm_ref *r, uint64_t p, uint32_t k)
{
    uint32_t x = 0;

    for (uint32_t i = 0; i < 16; i++) {
        const char c = letter(r, i < 8 ? p - 8 + i : p + k + i - 8);

        x |= (uint32_t) (c == 'C' || c == 'G') << i;
        x |= (uint32_t) (c == 'T' || c == 'G') << (16 + i);
    }
    return x;
}

static void
template_letters(const exm_ref *r, uint32_t t, char *to)
{
    const exm_ref_template *x = exm_ref_template_get(r, t);

    for (uint32_t i = 0; i < x->len; i++) to[i] = letter(r, x->start + i);
    to[x->len] = '\0';
}

/* ---- tests ---- */

static void
matures_lie_where_the_gff_and_the_sequences_say(void **state)
{
    struct full f;
    struct built b;
    const exm_ref_mature *m;
    const exm_ref_template *t;
    const exm_ref_entity *e;

    (void) state;
    full_options(&f);
    build(&f.o, &b);
    assert_int_equal(b.log.matures_read, 6);
    assert_int_equal(b.log.matures_unplaced, 2);
    assert_int_equal(b.log.matures_placed, 4);
    assert_int_equal(b.log.hairpins, 4);
    assert_int_equal(b.log.merged_templates, 3); /* 7a/7b, t1/t2, S2/S3 */
    assert_int_equal(b.log.entities, 4);
    assert_string_equal(exm_ref_species(b.ref), "hsa");

    /* Templates by name, byte order: miR-99-5p on its own, mir-1-1, mir-1-2, mir-7a/7b. */
    assert_int_equal(exm_ref_class_get(b.ref, 0)->n_templates, 4);
    t = exm_ref_template_get(b.ref, 3);
    assert_string_equal(t->name, "hsa-mir-7a/hsa-mir-7b");
    assert_string_equal(t->accession, "MI0000003/MI0000004");
    assert_string_equal(exm_ref_template_get(b.ref, 1)->accession, "MI0000001");

    assert_int_equal(exm_ref_n_matures(b.ref), 5);
    m = exm_ref_mature_get(b.ref, 1);
    assert_string_equal(m->name, "hsa-miR-1-5p");
    assert_string_equal(m->accession, "MIMAT0000011");
    assert_int_equal(m->start, 5);
    assert_int_equal(m->arm, 5);
    m = exm_ref_mature_get(b.ref, 2);
    assert_int_equal(m->start, 40);
    assert_int_equal(m->arm, 3);
    m = exm_ref_mature_get(b.ref, 3); /* minus strand */
    assert_string_equal(m->name, "hsa-miR-1-3p");
    assert_int_equal(m->template_id, 2);
    assert_int_equal(m->start, 38);
    m = exm_ref_mature_get(b.ref, 4); /* one place of two names */
    assert_string_equal(m->name, "hsa-miR-7a-5p/hsa-miR-7b-5p");
    assert_string_equal(m->accession, "MIMAT0000013/MIMAT0000014");
    assert_int_equal(m->start, 4);
    m = exm_ref_mature_get(b.ref, 0);
    assert_string_equal(m->name, "hsa-miR-99-5p");
    assert_int_equal(m->len, exm_ref_template_get(b.ref, 0)->len);
    assert_null(exm_ref_mature_get(b.ref, 5));

    /* Entities in byte order; miR-1-3p has two places. */
    e = exm_ref_entity_get(b.ref, 0);
    assert_string_equal(e->name, "hsa-miR-1-3p");
    assert_int_equal(e->n_mature_refs, 2);
    assert_int_equal(exm_ref_entity_matures(b.ref)[e->first_mature_ref], 2);
    assert_int_equal(exm_ref_entity_matures(b.ref)[e->first_mature_ref + 1], 3);
    assert_memory_equal(e->seq, s1 + 40, 22);
    assert_string_equal(exm_ref_entity_get(b.ref, 2)->name, "hsa-miR-7a-5p/hsa-miR-7b-5p");

    assert_note(&b, "hsa-mir-7b: its matures lie -3 nt off the GFF3");
    assert_note(&b, "hsa-miR-99-5p: on no hairpin: stands alone");
    assert_note(&b, "hsa-miR-98: on no hairpin, and with 15 nt too short");
    assert_note(&b, "tiny: 13 nt, shorter than 16: left out");
    assert_null(strstr(b.log.notes.data, "mmu-"));
    build_done(&b);
}

static void
entities_answer_to_all_their_names(void **state)
{
    struct full f;
    struct built b;
    uint32_t e;

    (void) state;
    full_options(&f);
    build(&f.o, &b);
    e = exm_ref_find_entity(b.ref, "hsa-miR-1-3p");
    assert_int_equal(e, 0);
    assert_int_equal(exm_ref_find_entity(b.ref, "MIMAT0000012"), e);
    assert_int_equal(exm_ref_find_entity(b.ref, "hsa-miR-1a-3p"), e); /* same accession */
    assert_int_equal(exm_ref_find_entity(b.ref, "hsa-miR-1a"), UINT32_MAX);
    assert_int_equal(exm_ref_find_entity(b.ref, "HSA-MIR-1-3P"), e);
    assert_int_equal(exm_ref_find_entity(b.ref, "miR-1-3p"), e); /* species added */
    assert_string_equal(exm_ref_entity_get(b.ref, e)->aliases,
                        "MIMAT0000012,hsa-miR-1a-3p");
    e = exm_ref_find_entity(b.ref, "hsa-miR-7a-5p");
    assert_int_equal(e, 2);
    assert_int_equal(exm_ref_find_entity(b.ref, "hsa-miR-7b-5p"), e);
    assert_int_equal(exm_ref_find_entity(b.ref, "hsa-miR-7a-5p/hsa-miR-7b-5p"), e);
    assert_int_equal(exm_ref_find_entity(b.ref, "Hsa-Mir-7_5p"), e); /* same sequence */
    assert_int_equal(exm_ref_find_entity(b.ref, "hsa-miR-7b"), e);   /* one arm is known */
    /* A name in use is not lost to an old file; two arms make no name without arm. */
    assert_int_equal(exm_ref_find_entity(b.ref, "hsa-miR-1-5p"), 1);
    assert_int_equal(exm_ref_find_entity(b.ref, "hsa-miR-1"), UINT32_MAX);
    assert_int_equal(exm_ref_find_entity(b.ref, "hsa-miR-666"), UINT32_MAX);
    assert_int_equal(exm_ref_find_entity(b.ref, "hsa-mir-1-1"), UINT32_MAX); /* a hairpin */
    assert_int_equal(exm_ref_find_entity(b.ref, ""), UINT32_MAX);
    for (uint32_t i = 0; i < exm_ref_n_entities(b.ref); i++)
        assert_int_equal(exm_ref_find_entity(b.ref, exm_ref_entity_get(b.ref, i)->name), i);
    build_done(&b);
}

static void
classes_spikes_and_cca(void **state)
{
    static const struct {
        const char *name;
        exm_class_kind kind;
        uint32_t templates;
        uint64_t positions;
    } want[] = {
        /* starts 5, 40 (11 each), 38 (11), 4 (10: the hairpin begins), 0 (6) */
        {"miRNA", EXM_KIND_MIRNA, 4, 11 + 11 + 11 + 10 + 6},
        {"tRNA", EXM_KIND_CARGO, 1, 76},
        {"rRNA", EXM_KIND_CARGO, 1, 300},
        {"spike", EXM_KIND_SPIKE, 2, 38},
        {"artifact", EXM_KIND_ARTIFACT, 1, 21},
    };
    struct full f;
    struct built b;
    char text[400];
    uint32_t t;

    (void) state;
    full_options(&f);
    build(&f.o, &b);
    assert_int_equal(exm_ref_n_classes(b.ref), LEN(want));
    for (uint32_t i = 0; i < LEN(want); i++) {
        const exm_ref_class *c = exm_ref_class_get(b.ref, i);

        assert_string_equal(c->name, want[i].name);
        assert_int_equal(c->kind, want[i].kind);
        assert_int_equal(c->n_templates, want[i].templates);
        assert_int_equal(c->positions, want[i].positions);
    }
    assert_null(exm_ref_class_get(b.ref, LEN(want)));
    t = template_named(b.ref, "t1/t2");
    template_letters(b.ref, t, text);
    assert_memory_equal(text, trna, 73);
    assert_string_equal(text + 73, "CCA");
    assert_true(isnan(exm_ref_spike_amount(b.ref, t)));
    t = template_named(b.ref, "S1");
    template_letters(b.ref, t, text);
    assert_string_equal(text, "ACGTACGTACGTACGTACGT");
    assert_true(isnan(exm_ref_spike_amount(b.ref, t)));
    t = template_named(b.ref, "S2/S3"); /* cannot be told apart: 2.5 + 1 */
    assert_true(exm_ref_spike_amount(b.ref, t) == 3.5);
    assert_true(isnan(exm_ref_spike_amount(b.ref, UINT32_MAX)));
    t = template_named(b.ref, "r1");
    template_letters(b.ref, t, text);
    assert_int_equal(text[100], '-');
    text[100] = 'N';
    assert_string_equal(text, rrna);
    build_done(&b);
}

/* Every text position, template and k-mer against a walk over the letters. */
static void
text_and_indexes_equal_a_walk_over_the_letters(void **state)
{
    struct full f;
    struct built b;
    uint64_t n;

    (void) state;
    full_options(&f);
    build(&f.o, &b);
    n = exm_ref_text_len(b.ref);
    for (uint64_t p = 0; p < n + 64; p++) {
        uint32_t want = UINT32_MAX;

        for (uint32_t t = 0; t < exm_ref_n_templates(b.ref); t++) {
            const exm_ref_template *x = exm_ref_template_get(b.ref, t);

            if (p >= x->start && p < x->start + x->len) want = t;
        }
        assert_int_equal(exm_ref_template_at(b.ref, p), want);
        if (want == UINT32_MAX) assert_int_equal(letter(b.ref, p), '-');
    }
    assert_int_equal(exm_ref_template_at(b.ref, UINT64_MAX), UINT32_MAX);
    for (int which = 0; which < 2; which++) {
        const exm_ref_index *ix = exm_ref_index_get(b.ref, which);
        uint64_t seen = 0;

        assert_int_equal(ix->k, 8); /* of few other classes, too */
        for (uint64_t p = 0; p + ix->k <= n; p++) {
            uint64_t code = 0;
            int no = 0, found = 0;
            const uint32_t t = exm_ref_template_at(b.ref, p);

            for (uint32_t i = 0; i < ix->k; i++) {
                const char *at = strchr("ACTG", letter(b.ref, p + i));

                no |= at == NULL;
                if (at && (at - &"ACTG"[0] >= 0)) {
                    const char c = letter(b.ref, p + i);

                    code |= (uint64_t) (c == 'C' || c == 'G') << i;
                    code |= (uint64_t) (c == 'T' || c == 'G') << (ix->k + i);
                }
            }
            if (no || (exm_ref_template_get(b.ref, t)->class_id == 0) != (which == 0))
                continue;
            seen++;
            for (uint32_t i = ix->off[code]; i < ix->off[code + 1]; i++) {
                found |=
                    ix->place[i].at == p && ix->place[i].around == around(b.ref, p, ix->k);
                assert_true(i == ix->off[code] || ix->place[i].at > ix->place[i - 1].at);
            }
            assert_true(found);
        }
        assert_int_equal(ix->off[(uint64_t) 1 << 2 * ix->k], seen);
    }
    assert_int_equal(exm_ref_index_get(b.ref, 2)->k, 0); /* no large class */
    assert_int_equal(exm_ref_index_get(b.ref, 2)->off[1], 0);
    assert_null(exm_ref_index_get(b.ref, 3));
    assert_null(exm_ref_index_get(b.ref, -1));
    build_done(&b);
}

static uint32_t
foreign_of(const exm_ref *r, const char *seq)
{
    uint64_t lo = 0, hi = 0;

    for (int i = 0; i < 20; i++) {
        const uint64_t c = (uint64_t) exm_base_code(seq[i]);

        lo |= (c & 1) << i;
        hi |= (c >> 1) << i;
    }
    /* Bits beyond 20 are not looked at. */
    return exm_ref_clade_find(r, lo | (uint64_t) 1 << 33, hi | (uint64_t) 1 << 20);
}

static uint32_t
clade_of(const exm_ref *r, const char *seq)
{
    const uint32_t f = foreign_of(r, seq);

    return f == UINT32_MAX ? f : exm_ref_foreign_get(r, f).clade;
}

static void
foreign_20mers_are_known_and_near_ones_are_not(void **state)
{
    static const struct {
        const char *seq, *label;
    } want[] = {
        {"TTTTACGATCGATCGGGATC", "nematodes"},     /* two species of one clade */
        {"TTTACGATCGATCGGGATCC", "nematodes:cel"}, /* its second 20-mer is one's own */
        {"GGGGGATTTTAACGCGCGAT", "several clades"},
        {"GGGGATTTTAACGCGCGATT", "plants:ath"},
        {"CAGTCAGGCATTTACGGCCT", "other:xyz"},
        {"AATTCCGGAACCTTGGAACC", "insects:dme"},
        {"CCCAAAGGGTTTACGACCCG", NULL}, /* own clade */
        {"ACACACAGTGTGTTTCAGAG", NULL}, /* own species, too */
        {"ACACACACACACACACACAC", NULL},
        {"TTTTACGATCGATCGGGATG", NULL}, /* one substitution away: not the same */
    };
    struct full f;
    struct built b;
    char near_one[23];

    (void) state;
    full_options(&f);
    build(&f.o, &b);
    for (size_t i = 0; i < LEN(want); i++) {
        const uint32_t c = clade_of(b.ref, want[i].seq);

        if (!want[i].label)
            assert_int_equal(c, UINT32_MAX);
        else if (c == UINT32_MAX)
            fail_msg("%s is unknown", want[i].seq);
        else
            assert_string_equal(exm_ref_clade_name(b.ref, c), want[i].label);
    }
    /* 20-mers that follow each other are one miRNA, under whatever labels. */
    assert_int_equal(exm_ref_foreign_get(b.ref, foreign_of(b.ref, want[0].seq)).group,
                     exm_ref_foreign_get(b.ref, foreign_of(b.ref, want[1].seq)).group);
    assert_int_not_equal(exm_ref_foreign_get(b.ref, foreign_of(b.ref, want[0].seq)).group,
                         exm_ref_foreign_get(b.ref, foreign_of(b.ref, want[2].seq)).group);
    assert_int_equal(foreign_of(b.ref, want[0].seq) == foreign_of(b.ref, want[1].seq), 0);
    /* dme-miR-6 is hsa-mir-1-1 with one substitution: its three 20-mers are dropped. */
    memcpy(near_one, s1 + 20, 22);
    near_one[10] = s1[30] == 'A' ? 'C' : 'A';
    for (int i = 0; i < 3; i++) assert_int_equal(clade_of(b.ref, near_one + i), UINT32_MAX);
    assert_int_equal(b.log.clade_kmers_dropped, 3);
    assert_int_equal(b.log.clade_kmers, 8);
    assert_note(&b, "xyz: species code without a clade");
    assert_null(exm_ref_clade_name(b.ref, exm_ref_n_clades(b.ref)));

    /* Without species filter primates are as foreign as others. */
    build_done(&b);
    f.o.species = NULL;
    build(&f.o, &b);
    assert_string_equal(exm_ref_clade_name(b.ref, clade_of(b.ref, "CCCAAAGGGTTTACGACCCG")),
                        "primates:mml");
    build_done(&b);
}

static void
same_inputs_give_same_bytes(void **state)
{
    struct full f;
    struct built a, b;
    char text[71];

    (void) state;
    full_options(&f);
    build(&f.o, &a);
    build(&f.o, &b);
    assert_int_equal(a.bytes.len, b.bytes.len);
    assert_memory_equal(a.bytes.data, b.bytes.data, a.bytes.len);
    assert_string_equal(exm_ref_sha256(a.ref), exm_ref_sha256(b.ref));
    assert_null(strstr(exm_ref_provenance(a.ref), folder)); /* no paths */
    assert_non_null(strstr(exm_ref_provenance(a.ref), "\"file\": \"spike.csv\""));
    assert_non_null(strstr(exm_ref_provenance(a.ref), "\"entries\": 3"));
    build_done(&b);

    /* Negative control: one base of one input changes them. */
    memcpy(text, rrna, 70);
    text[70] = '\0';
    text[0] = text[0] == 'A' ? 'C' : 'A';
    put_file("rrna.fa", ">r1\n%s%s\n", text, rrna + 70);
    build(&f.o, &b);
    assert_int_equal(a.bytes.len, b.bytes.len);
    assert_string_not_equal(exm_ref_sha256(a.ref), exm_ref_sha256(b.ref));
    put_file("rrna.fa", ">r1\n%s\n", rrna);
    build_done(&a);
    build_done(&b);
}

/* Hairpins with 30 nt of flanks, star arms in the GFF3 only, minus strand mirrored. */
static void
mirgenedb_dialect(void **state)
{
    exm_ref_build_options o = {.species = "hsa"};
    struct built b;
    char pri[121], pri2[121];
    const exm_ref_mature *m;

    (void) state;
    random_letters(pri, 120);
    random_letters(pri2, 120);
    put_file("x.fa", ">Hsa-Mir-8-P1_pri\n%s\n>Hsa-Mir-10_pri\n%s\n", pri, pri2);
    put_file("y.fa", ">Hsa-Mir-8-P1_3p\n%.22s\n>Hsa-Mir-10_3p\n%.22s\n", pri + 67,
             pri2 + 68);
    put_file("x.gff3",
             "1\t.\tpre_miRNA\t1001\t1060\t.\t+\t.\tID=Hsa-Mir-8-P1_pre;Alias=MI0000342\n"
             "1\t.\tmiRNA\t1001\t1022\t.\t+\t.\tID=Hsa-Mir-8-P1_5p*;Alias=MIMAT0004571\n"
             "1\t.\tmiRNA\t1038\t1059\t.\t+\t.\tID=Hsa-Mir-8-P1_3p;Alias=MIMAT0000318\n"
             "1\t.\tpre_miRNA\t1001\t1060\t.\t-\t.\tID=Hsa-Mir-10_pre;Alias=MI0000002\n"
             "1\t.\tmiRNA\t1001\t1022\t.\t-\t.\tID=Hsa-Mir-10_5p*\n"
             "1\t.\tmiRNA\t1039\t1060\t.\t-\t.\tID=Hsa-Mir-10_3p\n");
    o.hairpin = path_of("x.fa");
    o.mature = path_of("y.fa");
    o.gff = path_of("x.gff3");
    build(&o, &b);
    assert_int_equal(exm_ref_n_matures(b.ref), 4);
    m = exm_ref_mature_get(b.ref, 0);
    assert_string_equal(m->name, "Hsa-Mir-10_5p*");
    assert_int_equal(m->start, 30);
    assert_int_equal(m->arm, 5);
    assert_memory_equal(exm_ref_entity_get(b.ref, m->entity)->seq, pri2 + 30, 22);
    assert_int_equal(exm_ref_mature_get(b.ref, 1)->start, 68);
    m = exm_ref_mature_get(b.ref, 2);
    assert_string_equal(m->name, "Hsa-Mir-8-P1_5p*");
    assert_string_equal(m->accession, "MIMAT0004571");
    assert_int_equal(m->start, 30);
    assert_int_equal(exm_ref_mature_get(b.ref, 3)->start, 67);
    assert_int_equal(exm_ref_find_entity(b.ref, "MIMAT0000318"),
                     exm_ref_mature_get(b.ref, 3)->entity);
    assert_string_equal(exm_ref_template_get(b.ref, 1)->accession, "MI0000342");
    assert_note(&b, "1 hairpins: the GFF3 counts their matures from the other end");
    assert_note(&b, "2 matures are in the GFF3 but not in the FASTA");
    build_done(&b);
}

/* No GFF3: by name stem, copies, letters, miRCarta numbers; the arm picks among places. */
static void
without_gff_names_lead_to_hairpins(void **state)
{
    exm_ref_build_options o = {.species = "hsa"};
    struct built b;
    char h[81], twice[81];

    (void) state;
    random_letters(h, 80);
    random_letters(twice, 80);
    memcpy(twice + 50, twice + 8, 22); /* the same sequence on both arms */
    put_file(
        "x.fa",
        ">hsa-mir-5-1\n%s\n>hsa-mir-5-2\n%sA\n>hsa-mir-517a\n%sC\n>hsa-72-1383.1\n%sG\n"
        ">hsa-mir-6\n%s\n>hsa-mir-55\n%sT\n",
        h, h, h, h, twice, h);
    put_file("y.fa",
             ">hsa-miR-5-5p\n%.22s\n>hsa-miR-517-3p\n%.20s\n>m-1383\n%.21s\n"
             ">hsa-miR-6-3p\n%.22s\n>hsa-miR-8\n%.19s\n",
             h + 4, h + 45, h + 20, twice + 8, h + 30);
    o.hairpin = path_of("x.fa");
    o.mature = path_of("y.fa");
    build(&o, &b);
    assert_int_equal(b.log.matures_placed, 4);
    assert_int_equal(b.log.matures_unplaced, 1); /* miR-8: no hairpin of the name */
    assert_int_equal(exm_ref_n_matures(b.ref), 6);
    for (uint32_t i = 0; i < exm_ref_n_matures(b.ref); i++) {
        const exm_ref_mature *m = exm_ref_mature_get(b.ref, i);
        const char *t = exm_ref_template_get(b.ref, m->template_id)->name;

        if (strcmp(m->name, "hsa-miR-5-5p") == 0) {
            assert_true(strcmp(t, "hsa-mir-5-1") == 0 || strcmp(t, "hsa-mir-5-2") == 0);
            assert_int_equal(m->start, 4);
        } else if (strcmp(m->name, "hsa-miR-517-3p") == 0) {
            assert_string_equal(t, "hsa-mir-517a");
        } else if (strcmp(m->name, "m-1383") == 0) {
            assert_string_equal(t, "hsa-72-1383.1");
            assert_int_equal(m->arm, 5); /* by place: 20-41 of 81 */
        } else if (strcmp(m->name, "hsa-miR-6-3p") == 0) {
            assert_int_equal(m->start, 50);
        }
    }
    build_done(&b);
}

static void
contradictions_are_told(void **state)
{
    struct full f;
    const struct {
        const char *class_name, *spike_name, *species, *mature, *hairpin, *spike, *says;
    } bad[] = {
        {.class_name = "miRNA", .says = "the name is taken by the miRNAs"},
        {.class_name = "mirna", .says = "the name is taken by the miRNAs"},
        {.class_name = "tRNA", .says = "two classes have this name"},
        {.class_name = "artifact", .says = "two classes have this name"},
        {.class_name = "a/b", .says = "a class name holds letters"},
        {.spike_name = "rRNA", .says = "two classes have this name"},
        {.species = "xxx",
         .says = "holds no hairpin of species 'xxx': the first is 'hsa-mir-7b'"},
        {.species = "h s", .says = "'h s' is no species code"},
        {.mature = "hairpin.fa",
         .hairpin = "mature.fa",
         .says = "are --mature and --hairpin swapped"},
        {.mature = "y.fa",
         .says = "'hsa-miR-1' has 48 nt, no mature miRNA has more than 47"},
        {.spike = "id,length\nS1,20\n", .says = "there is no column 'sequence'"},
        {.spike = "spikeID,sequence,amount\nS1,ACGTACGTACGTACGTA,-1\n",
         .says = "line 2: amount '-1' is no number"},
        {.spike = "spikeID,sequence\nS1,ACGTACGTACGT ACGTA\n",
         .says = "line 2: 'ACGTACGTACGT ACGTA'"},
        {.spike = "spikeID,sequence\n,ACGT\n", .says = "line 2: '' is no spike-in name"},
        {.spike = "spikeID,sequence\nS1,ACGT\nS1,ACGT\n", .says = "is there already"},
    };

    (void) state;
    put_file("y.fa", ">hsa-miR-1\n%.48s\n", s1);
    for (size_t i = 0; i < LEN(bad); i++) {
        exm_buf out = {0};
        exm_ref_build_log log = {0};
        exm_error err = {0};

        full_options(&f);
        if (bad[i].class_name) f.classes[1].name = bad[i].class_name;
        if (bad[i].spike_name) f.spikes[0].name = bad[i].spike_name;
        if (bad[i].species) f.o.species = bad[i].species;
        if (bad[i].mature) f.o.mature = path_of(bad[i].mature);
        if (bad[i].hairpin) f.o.hairpin = path_of(bad[i].hairpin);
        if (bad[i].spike) {
            put_file("x.fa", "%s", bad[i].spike);
            f.spikes[0].path = path_of("x.fa");
        }
        if (exm_ref_build(&f.o, &out, &log, &err) != EXM_EDATA)
            fail_msg("case %zu was accepted", i);
        if (!strstr(err.msg, bad[i].says))
            fail_msg("'%s' lacks '%s'", err.msg, bad[i].says);
        assert_null(out.data); /* untouched */
        assert_null(log.notes.data);
    }
    assert_int_equal(exm_ref_build(NULL, &(exm_buf){0}, NULL, NULL), EXM_EINVAL);
    f.o.mature = NULL;
    assert_int_equal(exm_ref_build(&f.o, &(exm_buf){0}, NULL, NULL), EXM_EINVAL);
    full_options(&f);
    f.o.mature = path_of("absent.fa");
    assert_int_equal(exm_ref_build(&f.o, &(exm_buf){0}, NULL, NULL), EXM_EIO);
}

static void
more_classes_than_a_record_holds_are_refused(void **state)
{
    static char names[4096][8];
    static exm_ref_source classes[4096];
    exm_ref_build_options o = {.mature = path_of("mature.fa"),
                               .hairpin = path_of("hairpin.fa"),
                               .classes = classes,
                               .n_classes = 4095};
    exm_buf out = {0};
    exm_error err = {0};

    (void) state;
    put_file("x.fa", ">x\n%.20s\n", s1);
    for (int i = 0; i < 4096; i++) {
        (void) snprintf(names[i], sizeof names[i], "c%d", i);
        classes[i] = (exm_ref_source){names[i], path_of("x.fa")};
    }
    /* miRNA is one, so 4,094 more are the most. */
    assert_int_equal(exm_ref_build(&o, &out, NULL, &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "class 'c4094': more than 4095 classes"));
}

/* ---- opening ---- */

static void
put_bundle(const char *data, size_t n)
{
    FILE *f = fopen(path_of("x.exoref"), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void
files_are_mapped_and_other_files_named(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        const char *says;
    } bad[] = {
        {"", 0, "0 bytes are no reference bundle"},
        {"EXMREF", 6, "6 bytes are no reference bundle"},
        {">a\nACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGT", 68,
         "it is FASTA"},
        {"\x1f\x8b\x08zipped zipped zipped zipped zipped zipped zipped zipped zipped!", 65,
         "it is gzip-packed"},
        {"spikeID,sequence,amount and more text until there are enough bytes", 66,
         "it was not made by 'exomir ref build'"},
    };
    struct full f;
    struct built b;
    exm_ref *r = NULL;
    exm_error err = {0};

    (void) state;
    full_options(&f);
    build(&f.o, &b);
    put_bundle(b.bytes.data, b.bytes.len);
    assert_int_equal(exm_ref_open(path_of("x.exoref"), &r, &err), EXM_OK);
    assert_string_equal(exm_ref_sha256(r), exm_ref_sha256(b.ref));
    assert_string_equal(exm_ref_provenance(r), exm_ref_provenance(b.ref));
    exm_ref_free(r);
    r = NULL;
    for (size_t i = 0; i < LEN(bad); i++) {
        put_bundle(bad[i].text, bad[i].n);
        assert_int_equal(exm_ref_open(path_of("x.exoref"), &r, &err), EXM_EDATA);
        if (!strstr(err.msg, bad[i].says))
            fail_msg("'%s' lacks '%s'", err.msg, bad[i].says);
    }
    put_bundle(b.bytes.data, b.bytes.len / 2);
    assert_int_equal(exm_ref_open(path_of("x.exoref"), &r, &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "truncated"));
    assert_int_equal(exm_ref_open(folder, &r, &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "must be a regular file"));
    assert_int_equal(exm_ref_open(path_of("absent.exoref"), &r, &err), EXM_EIO);
    assert_int_equal(exm_ref_open_memory(b.bytes.data + 4, 100, "x", &r, &err), EXM_EINVAL);
    assert_int_equal(exm_ref_open(NULL, &r, &err), EXM_EINVAL);
    assert_null(r);
    build_done(&b);
}

/* Writes one byte of x.exoref in place. */
static void
patch_bundle(size_t at, char c)
{
    FILE *f = fopen(path_of("x.exoref"), "r+b");

    assert_non_null(f);
    assert_int_equal(fseek(f, (long) at, SEEK_SET), 0);
    assert_int_equal(fputc(c, f), (unsigned char) c);
    assert_int_equal(fclose(f), 0);
}

static void
changes_of_a_mapped_file_are_seen(void **state)
{
    static const struct timespec epoch[2];
    struct full f;
    struct built b;
    exm_ref *r = NULL;
    exm_error err = {0};
    size_t at;

    (void) state;
    full_options(&f);
    build(&f.o, &b);
    at = b.bytes.len - 1;
    assert_int_equal(exm_ref_validate(b.ref, &err), EXM_OK); /* memory is the caller's */
    put_bundle(b.bytes.data, b.bytes.len);
    assert_int_equal(exm_ref_open(path_of("x.exoref"), &r, &err), EXM_OK);
    assert_int_equal(exm_ref_validate(r, &err), EXM_OK);
    assert_int_equal(utimensat(AT_FDCWD, path_of("x.exoref"), epoch, 0), 0); /* touched */
    assert_int_equal(exm_ref_validate(r, &err), EXM_OK);
    patch_bundle(at, (char) (b.bytes.data[at] ^ 1));
    assert_int_equal(exm_ref_validate(r, &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "was written to while it was in use"));
    patch_bundle(at, b.bytes.data[at]);
    assert_int_equal(exm_ref_validate(r, &err), EXM_OK);
    assert_int_equal(truncate(path_of("x.exoref"), 100), 0);
    assert_int_equal(exm_ref_validate(r, &err), EXM_EDATA);
    exm_ref_free(r);

    put_bundle(b.bytes.data, b.bytes.len);
    r = NULL;
    assert_int_equal(exm_ref_open(path_of("x.exoref"), &r, &err), EXM_OK);
    assert_int_equal(unlink(path_of("x.exoref")), 0);
    put_bundle("other", 5); /* another file of the name */
    assert_int_equal(exm_ref_validate(r, &err), EXM_OK);
    exm_ref_free(r);
    build_done(&b);
}

/* Any flipped bit and any cut is refused; the untouched bytes are not. */
static void
damage_is_refused(void **state)
{
    struct full f;
    struct built b;
    exm_ref *r = NULL;
    exm_error err = {0};

    (void) state;
    full_options(&f);
    build(&f.o, &b);
    for (size_t i = 0; i < 160; i++) {
        /* all of the header and a sample of the rest, the last byte included */
        const size_t at = i < 64    ? i
                          : i < 159 ? 64 + next_random() % (b.bytes.len - 64)
                                    : b.bytes.len - 1;
        const char bit = (char) (1 << (next_random() & 7));

        b.bytes.data[at] = (char) (b.bytes.data[at] ^ bit);
        assert_int_equal(exm_ref_open_memory(b.bytes.data, b.bytes.len, "m", &r, &err),
                         EXM_EDATA);
        b.bytes.data[at] = (char) (b.bytes.data[at] ^ bit);
    }
    for (size_t n = 0; n < b.bytes.len; n = n < 600 ? n + 1 : n * 2)
        assert_int_equal(exm_ref_open_memory(b.bytes.data, n, "m", &r, &err), EXM_EDATA);
    b.bytes.data[8] = EXM_REF_VERSION + 1;
    assert_int_equal(exm_ref_open_memory(b.bytes.data, b.bytes.len, "m", &r, &err),
                     EXM_EDATA);
    assert_non_null(strstr(err.msg, "has format version 5, this exomir reads up to 4"));
    b.bytes.data[8] = EXM_REF_VERSION - 1;
    assert_int_equal(exm_ref_open_memory(b.bytes.data, b.bytes.len, "m", &r, &err),
                     EXM_EDATA);
    assert_non_null(strstr(err.msg, "build the bundle again"));
    b.bytes.data[8] = EXM_REF_VERSION;
    assert_null(r);
    assert_int_equal(exm_ref_open_memory(b.bytes.data, b.bytes.len, "m", &r, &err), EXM_OK);
    exm_ref_free(r);
    exm_ref_free(NULL);
    build_done(&b);
}

static void
each_allocation_can_fail(void **state)
{
    struct full f;
    struct built b;
    int k;

    (void) state;
    full_options(&f);
    for (k = 0;; k++) {
        exm_buf out = {0};
        exm_ref_build_log log = {0};
        exm_error err = {0};
        exm_status s;

        oom_arm(k);
        s = exm_ref_build(&f.o, &out, &log, &err);
        if (!oom_fired()) {
            oom_arm(-1);
            assert_int_equal(s, EXM_OK);
            exm_buf_done(&out);
            exm_buf_done(&log.notes);
            break;
        }
        oom_arm(-1);
        assert_int_equal(s, EXM_ENOMEM);
        assert_null(out.data);
    }
    assert_true(k > 80);
    build(&f.o, &b);
    for (k = 0;; k++) {
        exm_ref *r = NULL;
        exm_status s;

        oom_arm(k);
        s = exm_ref_open_memory(b.bytes.data, b.bytes.len, "m", &r, NULL);
        if (!oom_fired()) {
            oom_arm(-1);
            assert_int_equal(s, EXM_OK);
            exm_ref_free(r);
            break;
        }
        oom_arm(-1);
        assert_int_equal(s, EXM_ENOMEM);
        assert_null(r);
    }
    assert_true(k >= 7);
    build_done(&b);
}

/* ---- the real databases ---- */

static const char *
shared_path(const char *folder_of, const char *name)
{
    static char ring[8][512];
    static int turn;
    char *to = ring[turn++ % 8];

    (void) snprintf(to, sizeof ring[0], "%s/data/refs/%s", folder_of, name);
    return to;
}

/* Each mature of the FASTA has a place, and its arm is on the right half. */
static void
check_database(const struct built *b, const char *mature_path)
{
    exm_fasta *f = NULL;
    uint32_t wrong_half = 0, with_arm = 0;

    assert_int_equal(exm_fasta_read(mature_path, &f, NULL), EXM_OK);
    for (size_t i = 0; i < exm_fasta_count(f); i++) {
        const exm_fasta_entry *x = exm_fasta_get(f, i);
        const uint32_t e = exm_ref_find_entity(b->ref, x->id);

        assert_true(e != UINT32_MAX);
        assert_string_equal(exm_ref_entity_get(b->ref, e)->seq, x->seq);
    }
    exm_fasta_free(f);
    for (uint32_t i = 0; i < exm_ref_n_matures(b->ref); i++) {
        const exm_ref_mature *m = exm_ref_mature_get(b->ref, i);
        const exm_ref_template *t = exm_ref_template_get(b->ref, m->template_id);

        if (m->arm == 0) continue;
        with_arm++;
        wrong_half += (2 * m->start + m->len < t->len ? 5U : 3U) != m->arm;
    }
    assert_true(wrong_half * 200 < with_arm); /* under 0.5 %: asymmetric hairpins */
}

static void
real_databases_build(void **state)
{
    const char *shared = getenv("EXM_SHARED");
    exm_ref_build_options o = {.species = "hsa"};
    struct built b;

    (void) state;
    if (!shared) {
        print_message("EXM_SHARED is not set: miRBase and MirGeneDB are not tried\n");
        skip();
        return;
    }
    o.mature = shared_path(shared, "hsa_matures_miRBase_v22.fa");
    o.hairpin = shared_path(shared, "hsa_hairpins_miRBase_v22.fa");
    o.gff = shared_path(shared, "hsa_miRBase_v22.gff3.gz");
    build(&o, &b);
    assert_int_equal(b.log.matures_placed, 2656);
    assert_int_equal(b.log.entities, 2632);
    assert_int_equal(exm_ref_class_get(b.ref, 0)->n_templates, 1864);
    assert_int_equal(exm_ref_entity_get(b.ref, exm_ref_find_entity(b.ref, "hsa-miR-1-3p"))
                         ->n_mature_refs,
                     2);
    check_database(&b, o.mature);
    build_done(&b);

    o.mature = shared_path(shared, "hsa_matures_miRgeneDB_v2.fa");
    o.hairpin = shared_path(shared, "hsa_hairpins_miRgeneDB_v2.fa");
    o.gff = shared_path(shared, "hsa_miRgeneDB_v2.gff3");
    build(&o, &b);
    assert_int_equal(b.log.matures_placed, 636);
    assert_true(exm_ref_find_entity(b.ref, "Hsa-Mir-8-P2a_5p*") != UINT32_MAX);
    assert_note(&b, "539 matures are in the GFF3 but not in the FASTA");
    check_database(&b, o.mature);
    build_done(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matures_lie_where_the_gff_and_the_sequences_say),
        cmocka_unit_test(entities_answer_to_all_their_names),
        cmocka_unit_test(classes_spikes_and_cca),
        cmocka_unit_test(text_and_indexes_equal_a_walk_over_the_letters),
        cmocka_unit_test(foreign_20mers_are_known_and_near_ones_are_not),
        cmocka_unit_test(same_inputs_give_same_bytes),
        cmocka_unit_test(mirgenedb_dialect),
        cmocka_unit_test(without_gff_names_lead_to_hairpins),
        cmocka_unit_test(contradictions_are_told),
        cmocka_unit_test(more_classes_than_a_record_holds_are_refused),
        cmocka_unit_test(files_are_mapped_and_other_files_named),
        cmocka_unit_test(changes_of_a_mapped_file_are_seen),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(each_allocation_can_fail),
        cmocka_unit_test(real_databases_build),
    };
    return cmocka_run_group_tests_name("ref", tests, make_files, remove_files);
}
