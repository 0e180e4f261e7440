/* count_limits.c - whose limits a sample is judged by: its fluid's, and the laboratory's. */
#include "count.h"

#include <string.h>

/* What the sheet says of the sample's fluid; "" when nothing. */
static const char *
sheet_fluid(const exm_count_plan *p, const exm_count_sample *t)
{
    for (size_t k = 0; p->sheet && k < exm_sheet_columns(p->sheet); k++)
        if (strcmp(exm_sheet_column(p->sheet, k), "fluid") == 0)
            return exm_sheet_get(p->sheet, t->row)->cells[k];
    return "";
}

static void
tell_unknown(const exm_count_args *a, const exm_count_plan *p, size_t i, const char *word)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(sheet_fluid(p, &p->sample[k]), word) == 0) return; /* told already */
    exm_msg_note(
        &a->common,
        "the sheet's fluid '%.100s' has no limits of its own (there are cells, csf, "
        "plasma, saliva, serum and urine): judged as unknown",
        word);
}

static int
limits_for(const exm_count_args *a, exm_count_plan *p, const char *fluid,
           const exm_limits **ret)
{
    size_t at = 0;
    exm_error err = {0};

    while (strcmp(exm_limits_fluid(at), fluid) != 0) at++;
    if (!p->limits[at]) {
        if (exm_limits_new(fluid, &p->limits[at], &err) != EXM_OK ||
            (a->limits && exm_limits_read(p->limits[at], a->limits, &err) != EXM_OK))
            return exm_msg_status(&a->common, &err, NULL);
    }
    *ret = p->limits[at];
    return EXM_EXIT_OK;
}

int
exm_count_plan_limits(const exm_count_args *a, exm_count_plan *p)
{
    int code = EXM_EXIT_OK;

    for (size_t i = 0; code == EXM_EXIT_OK && i < p->n; i++) {
        const char *word = sheet_fluid(p, &p->sample[i]);
        const char *fluid = *word ? exm_limits_find(word) : a->fluid ? a->fluid : "unknown";

        if (!fluid) {
            tell_unknown(a, p, i, word);
            fluid = "unknown";
        }
        code = limits_for(a, p, fluid, &p->sample[i].limits);
    }
    return code;
}
