/*
 * fuzz_known.c - any bytes as a VCF: refused with their line, or variants that keep the
 * promises of known.h.
 */
#include "exomir/known.h"

#include "../tests/support/small_ref.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int ok)
{
    if (!ok) abort();
}

static const struct small_texts texts = {
    .hairpin =
        ">x-mir-1\nAGTAAACCTTTCCTCATGCAATTCAAAACCATTTTACGGAGGATATGTCCGTAATGTAGGCG\n"
        ">x-mir-2\nCCCCCTTACCTCCTTATTCAGGACCTAACCTAAAAGCTGTTGCATGAGGTAAACCAGGTCTCTCCG\n",
    .mature = ">x-miR-1-5p\nTTTCCTCATGCAATTCAAAACC\n>x-miR-2-5p\nCCTCCTTATTCAGGACCTAACC\n",
    .gff = "chr2\t.\tmiRNA_primary_transcript\t1001\t1062\t.\t+\t.\tID=a;Name=x-mir-1\n"
           "chr2\t.\tmiRNA\t1009\t1030\t.\t+\t.\tID=b;Name=x-miR-1-5p;Derives_from=a\n"
           "chr7\t.\tmiRNA_primary_transcript\t501\t566\t.\t-\t.\tID=c;Name=x-mir-2\n"
           "chr7\t.\tmiRNA\t537\t558\t.\t-\t.\tID=d;Name=x-miR-2-5p;Derives_from=c\n"};

static void
check(const exm_ref *ref, const exm_known *k, const exm_known_log *log)
{
    must(strlen(exm_known_sha256(k)) == 64 && log->matures == exm_known_count(k));
    must(log->on_hairpins <= log->lines && log->disagreeing <= log->on_hairpins);
    for (size_t i = 0; i < exm_known_count(k); i++) {
        const exm_known_variant *v = exm_known_get(k, i), *before = v - (i > 0);
        const exm_ref_entity *e = exm_ref_entity_get(ref, v->entity);

        must(e && v->position >= 1 && v->position <= e->len && v->alt < 4 && v->id[0]);
        must((uint32_t) (e->seq[v->position - 1] >> 1 & 3) == v->ref && v->alt != v->ref);
        must(exm_known_find(k, v->entity, v->position, v->alt) == v);
        must(i == 0 || before->entity < v->entity || before->position < v->position ||
             (before->position == v->position && before->alt < v->alt));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct small_ref small;
    exm_known *k = NULL;
    exm_known_log log;
    exm_error err = {.code = EXM_OK};
    exm_status st;

    if (!small.ref) small_ref_build(&texts, &small);
    st = exm_known_parse(data, size, "fuzz", small.ref, &k, &log, &err);
    if (st != EXM_OK) {
        must(st == EXM_EDATA && !k && err.msg[0]);
        return 0;
    }
    check(small.ref, k, &log);
    exm_known_free(k);
    return 0;
}
