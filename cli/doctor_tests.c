/*
 * doctor_tests.c - known answers: does this build, on this CPU, compute what it should?
 *
 * The sequences are made up, so that the answers can be read off the text below.
 */
#include "doctor.h"

#include "exomir/annotate.h"
#include "exomir/outdir.h"
#include "exomir/ref.h"
#include "exomir/trim.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MATURE_1 "TCGATTGCAGGTACCTAAGCTA"
#define MATURE_2 "GACTTACCGATATGCGTTCAGC"

static const char matures[] =
    ">exm-miR-1-5p X1\n" MATURE_1 "\n>exm-miR-2-3p X2\n" MATURE_2 "\n";
static const char hairpins[] =
    ">exm-mir-1 H1\nACGTGGCTCC" MATURE_1 "GTTCAAGGCTTAACCGTATTGCACCTGAATCGTTAGC\n"
    ">exm-mir-2 H2\nCCATGGTTAACGGATCCTAGGCATTGCAAGTC" MATURE_2 "TGGCATCAAT\n";

static void
test_digest(exm_doctor *d)
{
    static const char want[] = /* FIPS 180-4, the example "abc" */
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    char got[EXM_SHA256_HEX] = "";
    exm_error err = {0};

    if (exm_sha256_of("abc", 3, got, &err) != EXM_OK)
        exm_doctor_add(d, "self-test SHA-256", 0, "%s", err.msg);
    else
        exm_doctor_add(d, "self-test SHA-256", strcmp(got, want) == 0,
                       "\"abc\" gives %.16s...", got);
}

/* The insert of a TruSeq read must be found, on the path given. */
static int
trims_right(exm_simd simd, exm_error *err)
{
    static const char seq[51 + EXM_SEQ_PAD] = MATURE_1 "TGGAATTCTCGGGTGCCAAGGAACTCCAG";
    const exm_read read = {.name = "r", .seq = seq, .name_len = 1, .len = 51, .copies = 1};
    exm_trim_options o = exm_trim_defaults();
    const exm_layout *truseq = NULL;
    exm_trimmer *t = NULL;
    exm_trimmed got = {0};
    char letters[64];

    o.simd = simd;
    if (exm_kit_find("truseq", &truseq, err) != EXM_OK) return 0;
    if (exm_trimmer_new(truseq, &o, &t, err) != EXM_OK) return 0;
    exm_trim_batch(t, &read, 1, &got);
    exm_trimmer_free(t);
    if (got.fate == EXM_FATE_KEPT && got.start == 0 && got.len == 22 &&
        exm_unpack(got.lo, got.hi, letters) == 22 && memcmp(letters, MATURE_1, 22) == 0)
        return 1;
    (void) exm_fail(err, EXM_EINVAL, 0, "%s: fate %s, insert of %u nt", exm_simd_name(simd),
                    exm_fate_name(got.fate), got.len);
    return 0;
}

static void
test_trimming(exm_doctor *d)
{
    const exm_simd best = exm_simd_resolve(EXM_SIMD_AUTO);
    exm_error err = {0};
    const int ok = trims_right(EXM_SIMD_SCALAR, &err) && trims_right(best, &err);

    if (ok)
        exm_doctor_add(d, "self-test trimming", 1, "scalar and %s agree",
                       exm_simd_name(best));
    else
        exm_doctor_add(d, "self-test trimming", 0, "%s", err.msg);
}

/* One insert against the small bundle: which miRNA, at what cost, and which 3' end? */
struct known {
    const char *insert, *entity;
    uint32_t cost;
    int d3;
};

static exm_status
check_known(const exm_annotator *a, const exm_ref *ref, const struct known *k,
            exm_error *err)
{
    exm_annotation found = {0};
    uint64_t lo = 0, hi = 0;
    exm_status s = exm_pack(k->insert, strlen(k->insert), &lo, &hi, err);

    if (s == EXM_OK) s = exm_annotate(a, lo, hi, 0, &found, err);
    if (s == EXM_OK && found.n == 0)
        s = exm_fail(err, EXM_EINVAL, 0, "%s is not recognised", k->insert);
    if (s == EXM_OK) {
        const exm_candidate *c = &found.cand[0];
        const char *name = c->entity < exm_ref_n_entities(ref)
                               ? exm_ref_entity_get(ref, c->entity)->name
                               : "nothing";

        if (strcmp(name, k->entity) != 0 || c->cost != k->cost || c->d3 != k->d3)
            s = exm_fail(err, EXM_EINVAL, 0, "%s is called %s, cost %u, 3' end %+d",
                         k->insert, name, c->cost, c->d3);
    }
    exm_annotation_done(&found);
    return s;
}

static exm_status
check_bundle(const exm_buf *bundle, exm_error *err)
{
    static const struct known known[] = {
        {MATURE_1, "exm-miR-1-5p", 0, 0},
        {MATURE_2, "exm-miR-2-3p", 0, 0},
        {MATURE_1 "G", "exm-miR-1-5p", 0, 1},              /* one templated nt more */
        {"TCGATTGCAGGAACCTAAGCTA", "exm-miR-1-5p", 10, 0}, /* T12A */
    };
    exm_annotator *a = NULL;
    exm_ref *ref = NULL;
    exm_status s = exm_ref_open_memory(bundle->data, bundle->len, "self-test", &ref, err);

    if (s == EXM_OK) s = exm_annotator_new(ref, &a, err);
    for (size_t i = 0; s == EXM_OK && i < sizeof known / sizeof known[0]; i++)
        s = check_known(a, ref, &known[i], err);
    exm_annotator_free(a);
    exm_ref_free(ref);
    return s;
}

static exm_status
write_text(const char *path, const char *text, exm_error *err)
{
    exm_buf b = {0};
    exm_status s;

    exm_buf_puts(&b, text);
    s = exm_buf_check(&b, err);
    if (s == EXM_OK) s = exm_outfile_put(path, &b, err);
    exm_buf_done(&b);
    return s;
}

/* Writing, renaming and reading in TMPDIR is tested on the way. */
static void
test_bundle(exm_doctor *d, const char *tmp)
{
    char mature[4200], hairpin[4200];
    exm_ref_build_options o = {.mature = mature, .hairpin = hairpin};
    exm_ref_build_log log = {0};
    exm_buf bundle = {0};
    exm_error err = {0};
    exm_status s;

    (void) snprintf(mature, sizeof mature, "%.4000s/exomir-doctor.%ld.mature.fa", tmp,
                    (long) getpid());
    (void) snprintf(hairpin, sizeof hairpin, "%.4000s/exomir-doctor.%ld.hairpin.fa", tmp,
                    (long) getpid());
    s = write_text(mature, matures, &err);
    if (s == EXM_OK) s = write_text(hairpin, hairpins, &err);
    exm_doctor_add(d, "temporary folder", s == EXM_OK, "%.300s",
                   s == EXM_OK ? tmp : err.msg);
    if (s == EXM_OK) {
        s = exm_ref_build(&o, &bundle, &log, &err);
        if (s == EXM_OK) s = check_bundle(&bundle, &err);
        exm_doctor_add(d, "self-test annotation", s == EXM_OK, "%.300s",
                       s == EXM_OK ? "four inserts against a bundle of two miRNAs"
                                   : err.msg);
    }
    (void) unlink(mature);
    (void) unlink(hairpin);
    exm_buf_done(&log.notes);
    exm_buf_done(&bundle);
}

void
exm_doctor_self_tests(exm_doctor *d, const char *tmp)
{
    test_digest(d);
    test_trimming(d);
    test_bundle(d, tmp);
}
