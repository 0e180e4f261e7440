/* fuzz_limits.c - any bytes as a table of limits: refused, or verdicts that agree with it. */
#include "exomir/limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int ok)
{
    if (!ok) abort();
}

static void
check_item(const exm_qc_item *x)
{
    const int below = x->value<x->low, above = x->value> x->high;

    must(!(x->low > x->high) && !(x->fail_low > x->low) && !(x->fail_high < x->high));
    must(strlen(x->reason) > 0 && strlen(x->basis) > 0);
    if (isnan(x->value))
        must(x->verdict == EXM_VERDICT_NA);
    else
        must((below || above) == (x->verdict != EXM_VERDICT_PASS));
    if (x->value < x->fail_low || x->value > x->fail_high)
        must(x->verdict == EXM_VERDICT_FAIL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char sample[] = "S", mirna[] = "miRNA", rrna[] = "rRNA", trna[] = "tRNA";
    static uint64_t lengths[3 * EXM_LEN_BINS];
    exm_record_class classes[3] = {{.name = mirna, .em = {40, 40}},
                                   {.name = rrna, .kind = 1},
                                   {.name = trna, .kind = 1}};
    const exm_record r = {.sample = sample,
                          .kit = "truseq",
                          .reads_in = 1234,
                          .fate = {100, 1134},
                          .adapter_found = 700,
                          .annotated = 40,
                          .unannotated = 60,
                          .unique_reads = 33,
                          .top5_reads = 50,
                          .bases = 5000,
                          .bases_q30 = 3333,
                          .len_kept[22] = 100,
                          .len_by_class = lengths,
                          .error_rate = 0.00123,
                          .classes = classes,
                          .n_classes = 3};
    exm_limits *l = NULL;
    exm_error err = {0};
    exm_status st;
    exm_qc q;

    must(exm_limits_new("unknown", &l, &err) == EXM_OK);
    st = exm_limits_add(l, size > 0 ? (const char *) data : "", size, "fuzz.tsv", &err);
    must(st == EXM_OK || (st == EXM_EDATA && err.msg[0] != '\0'));
    if (st == EXM_OK) {
        exm_qc_sample_by(&r, l, &q);
        for (size_t i = 0; i < q.n; i++) check_item(q.item + i);
    }
    exm_limits_free(l);
    return 0;
}
