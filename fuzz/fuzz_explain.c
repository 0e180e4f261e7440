/*
 * fuzz_explain.c - any bytes as qc.json and provenance.json (a NUL between): refused, or a
 * story in words and one in JSON.
 */
#include "exomir/explain_sample.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int ok)
{
    if (!ok) abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char sample[] = "S", mirna[] = "miRNA", hairpin[] = "hairpin", nothing[] = "",
                params[] = "{}";
    static char names[2][16] = {"exm-miR-451a", "exm-miR-23a-3p"};
    exm_record_class classes[2] = {{.name = mirna, .em = {90, 90}, .shared_within = 7},
                                   {.name = hairpin, .kind = 1}};
    exm_record_feature features[2] = {
        {.name = names[0], .em = {60, 60}, .unique = {50, 50}},
        {.name = names[1], .em = {30, 30}, .unique = {33, 33}}};
    const exm_record r = {.sample = sample,
                          .content = "c0",
                          .params_json = params,
                          .kit = "truseq",
                          .layout = "insert,ACGT",
                          .kit_evidence = nothing,
                          .reads_in = 100,
                          .fate = {100},
                          .annotated = 90,
                          .unannotated = 10,
                          .classes = classes,
                          .n_classes = 2,
                          .features = features,
                          .n_features = 2};
    const char *qc = (const char *) data;
    const char *cut = size > 0 ? memchr(qc, '\0', size) : NULL;
    const size_t n = cut ? (size_t) (cut - qc) : size;
    const char *provenance = cut ? cut + 1 : "";
    const size_t m = cut ? size - n - 1 : 0;

    for (int json = 0; json < 2; json++) {
        exm_buf out = {0};
        exm_error err = {0};
        const exm_status st = exm_explain_sample_texts("run", &r, size > 0 ? qc : "", n,
                                                       provenance, m, json, &out, &err);

        must(st == EXM_OK ? out.len > 100 : st == EXM_EDATA && err.msg[0] != '\0');
        exm_buf_done(&out);
    }
    return 0;
}
