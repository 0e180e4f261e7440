/*
 * fuzz_layout.c - any text as a layout string: refused with its place, or a layout within
 * every limit whose written form reads back as the same.
 */
#include "exomir/layout.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
    if (!ok) abort();
}

static int
same_layout(const exm_layout *a, const exm_layout *b)
{
    return strcmp(a->name, b->name) == 0 && a->n_5 == b->n_5 && a->n_3 == b->n_3 &&
           a->umi5_at == b->umi5_at && a->umi5_len == b->umi5_len &&
           a->umi3_at == b->umi3_at && a->umi3_len == b->umi3_len &&
           a->umi_after_len == b->umi_after_len && strcmp(a->adapter, b->adapter) == 0 &&
           a->max_mismatches == b->max_mismatches && a->poly_a == b->poly_a &&
           strcmp(a->adapter2, b->adapter2) == 0 && a->min_insert == b->min_insert;
}

/* What trimming and simulation rely on. */
static void
check(const exm_layout *l)
{
    require(l->n_5 <= 64 && l->n_3 <= 64 && exm_layout_umi_len(l) <= EXM_UMI_MAX);
    require(l->umi5_at + l->umi5_len <= l->n_5 && l->umi3_at + l->umi3_len <= l->n_3);
    require(l->adapter_len == strlen(l->adapter) && l->adapter_len <= EXM_ADAPTER_MAX);
    require(l->adapter2_len == strlen(l->adapter2) && l->adapter2_len <= EXM_ADAPTER_MAX);
    require(strspn(l->adapter, "ACGTN") == l->adapter_len);
    require(l->poly_a == 0 || (l->adapter_len == 0 && l->umi_after_len == 0));
    require(l->adapter_len > 0 || l->poly_a > 0 ||
            (l->n_3 == 0 && l->umi_after_len == 0 && l->adapter2_len == 0));
    require(l->max_mismatches >= -1 && 4 * l->max_mismatches <= (int) l->adapter_len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), again[512];
    const exm_layout *kit = NULL;
    exm_layout l = {.name = "untouched"}, m;
    exm_error err = {.code = EXM_OK};
    exm_status st;

    if (!text) abort();
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    st = exm_layout_parse(text, &l, &err);
    if (st != EXM_OK) {
        require(st == EXM_EDATA && err.at <= strlen(text) && err.msg[0]);
        require(strcmp(l.name, "untouched") == 0);
    } else {
        check(&l);
        exm_layout_format(&l, again, sizeof again);
        require(exm_layout_parse(again, &m, NULL) == EXM_OK && same_layout(&l, &m));
    }
    if (exm_kit_find(text, &kit, &err) == EXM_OK)
        require(strcmp(kit->name, text) == 0);
    else
        require(kit == NULL && err.msg[0]);
    free(text);
    return 0;
}
