/* fuzz_sheet.c - any bytes as a sample sheet: no crash, and what is accepted keeps its promises. */
#include "exomir/sheet.h"
#include "exomir/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int ok)
{
    if (!ok) abort();
}

static void
check_sample(const exm_sheet *s, size_t i)
{
    const exm_sheet_sample *p = exm_sheet_get(s, i);

    must(exm_text_is_file_safe(p->id) && p->n_paths > 0);
    must(i == 0 || strcmp(exm_sheet_get(s, i - 1)->id, p->id) < 0);
    for (size_t k = 0; k < p->n_paths; k++) must(p->paths[k][0] != '\0');
    for (size_t c = 0; c < exm_sheet_columns(s); c++)
        must(strpbrk(p->cells[c], "\t\r\n") == NULL && exm_sheet_column(s, c) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    exm_sheet *s = NULL;
    exm_error err = {0};
    const exm_status st =
        exm_sheet_parse((const char *) data, size, "fuzz.csv", "dir", &s, &err);

    if (st != EXM_OK) {
        must(st == EXM_EDATA && s == NULL && err.msg[0] != '\0');
        return 0;
    }
    must(exm_sheet_count(s) > 0);
    for (size_t i = 0; i < exm_sheet_count(s); i++) check_sample(s, i);
    exm_sheet_free(s);
    return 0;
}
