/* limits.c - tables of limits: by fluid, from the library's own data, and the user's. */
#include "limits_impl.h"

#include "exomir/input.h"
#include "exomir/table.h"
#include "exomir/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_FILE = 1 << 20 };

static const double largest_limit = 1e12;

static const struct {
    const char *name;
    const unsigned char *text;
} fluids[] = {
    {"cells", exm_asset_cells_tsv},   {"csf", exm_asset_csf_tsv},
    {"plasma", exm_asset_plasma_tsv}, {"saliva", exm_asset_saliva_tsv},
    {"serum", exm_asset_serum_tsv},   {"unknown", exm_asset_unknown_tsv},
    {"urine", exm_asset_urine_tsv},
};

enum { FLUIDS = sizeof fluids / sizeof fluids[0] };

struct exm_limits {
    exm_limit limit[EXM_QC_MAX];
    char *source[EXM_QC_MAX]; /* owned; limit[i].source is one of them */
    exm_buf name, text;
    char sha256[EXM_SHA256_HEX];
};

const char *
exm_limits_fluid(size_t i)
{
    return i < FLUIDS ? fluids[i].name : NULL;
}

const char *
exm_limits_find(const char *words)
{
    if (exm_text_same(words, "cerebrospinal fluid")) return "csf";
    for (size_t i = 0; i < FLUIDS; i++)
        if (exm_text_same(words, fluids[i].name)) return fluids[i].name;
    return NULL;
}

const exm_limit *
exm_limits_get(const exm_limits *l, size_t check)
{
    return l->limit[check].source ? l->limit + check : NULL;
}

const char *
exm_limits_name(const exm_limits *l)
{
    return l->name.data;
}

const char *
exm_limits_sha256(const exm_limits *l)
{
    return l->sha256;
}

/* ---- one row ---- */

struct row {
    const exm_table *t;
    const char *source;
    size_t at;
    const size_t *column;
};

enum { ID, LOW, HIGH, FAIL_LOW, FAIL_HIGH, BEYOND, SOURCE, COLUMNS };

static const char *const column_name[COLUMNS] = {"id",        "low",    "high",  "fail_low",
                                                 "fail_high", "beyond", "source"};

static const char *
cell(const struct row *r, int column)
{
    return exm_table_get(r->t, r->at, r->column[column]);
}

static exm_status
bad(const struct row *r, int column, const char *what, exm_error *reterr)
{
    const uint64_t line = exm_table_line(r->t, r->at);

    return exm_fail(reterr, EXM_EDATA, line, "%.200s, line %llu: %s '%.60s': %s", r->source,
                    (unsigned long long) line, column_name[column], cell(r, column), what);
}

/* A number or, with an empty cell, NaN. */
static exm_status
number(const struct row *r, int column, double *ret, exm_error *reterr)
{
    const char *s = cell(r, column);
    double v = (double) NAN;

    if (*s && (exm_text_double(s, strlen(s), &v, NULL) != EXM_OK ||
               !(v >= 0.0 && v <= largest_limit)))
        return bad(r, column, "a limit is a number from 0 to 1e12, or empty", reterr);
    *ret = v;
    return EXM_OK;
}

static exm_status
find_check(const struct row *r, const unsigned char *seen, size_t *ret, exm_error *reterr)
{
    const char *id = cell(r, ID), *ids[EXM_QC_MAX], *near;
    const size_t i = exm_qc_find(id);
    char what[128];
    size_t n = 0;

    if (i != SIZE_MAX && seen[i]) return bad(r, ID, "is listed twice", reterr);
    if (i != SIZE_MAX && exm_qc_is_own(i)) {
        *ret = i;
        return EXM_OK;
    }
    if (i != SIZE_MAX)
        return bad(r, ID, "a published gate, whose limits stay as published", reterr);
    for (size_t k = 0; exm_qc_id(k); k++)
        if (exm_qc_is_own(k)) ids[n++] = exm_qc_id(k);
    near = exm_text_closest(id, ids, n);
    (void) snprintf(what, sizeof what, "no such check%s%s", near ? "; did you mean " : "",
                    near ? near : "");
    return bad(r, ID, what, reterr);
}

static exm_status
check_order(const struct row *r, const exm_limit *x, exm_error *reterr)
{
    if (x->low > x->high) return bad(r, LOW, "is above high", reterr);
    if (!isnan(x->fail_low) && !(x->fail_low <= x->low))
        return bad(r, FAIL_LOW, "needs a low, and is not above it", reterr);
    if (!isnan(x->fail_high) && !(x->fail_high >= x->high))
        return bad(r, FAIL_HIGH, "needs a high, and is not below it", reterr);
    return EXM_OK;
}

static exm_status
read_verdict(const struct row *r, exm_limit *x, exm_error *reterr)
{
    const int bounded = !isnan(x->low) || !isnan(x->high);

    for (int v = EXM_VERDICT_NOTE; bounded && v <= EXM_VERDICT_FAIL; v++) {
        if (strcmp(cell(r, BEYOND), exm_verdict_name((exm_verdict) v)) != 0) continue;
        x->beyond = (exm_verdict) v;
        return EXM_OK;
    }
    if (bounded) return bad(r, BEYOND, "is note, warn or fail", reterr);
    x->beyond = EXM_VERDICT_NOTE; /* never beyond */
    return *cell(r, BEYOND) ? bad(r, BEYOND, "needs a low or a high", reterr) : EXM_OK;
}

static exm_status
take_row(const struct row *r, exm_limits *l, unsigned char *seen, exm_error *reterr)
{
    exm_limit x = {0};
    size_t i = 0;
    char *source;
    exm_status st = find_check(r, seen, &i, reterr);

    if (st == EXM_OK) st = number(r, LOW, &x.low, reterr);
    if (st == EXM_OK) st = number(r, HIGH, &x.high, reterr);
    if (st == EXM_OK) st = number(r, FAIL_LOW, &x.fail_low, reterr);
    if (st == EXM_OK) st = number(r, FAIL_HIGH, &x.fail_high, reterr);
    if (st == EXM_OK) st = check_order(r, &x, reterr);
    if (st == EXM_OK) st = read_verdict(r, &x, reterr);
    if (st != EXM_OK) return st;
    if (!*cell(r, SOURCE))
        return bad(r, SOURCE, "say where the limits are from, such as 'own choice'",
                   reterr);
    source = exm_text_dup(cell(r, SOURCE));
    if (!source) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for limits");
    free(l->source[i]);
    l->source[i] = source;
    x.source = source;
    l->limit[i] = x;
    seen[i] = 1;
    return EXM_OK;
}

/* ---- tables ---- */

static exm_status
take_table(exm_limits *l, const exm_table *t, const char *source, exm_error *reterr)
{
    size_t column[COLUMNS];
    unsigned char seen[EXM_QC_MAX] = {0};
    exm_status st = EXM_OK;

    for (int k = 0; k < COLUMNS; k++) {
        column[k] = exm_table_find(t, column_name[k]);
        if (column[k] == SIZE_MAX)
            return exm_fail(reterr, EXM_EDATA, 0,
                            "%.200s: no column '%s'; a table of limits has id, low, high, "
                            "fail_low, fail_high, beyond and source",
                            source, column_name[k]);
    }
    for (size_t i = 0; st == EXM_OK && i < exm_table_rows(t); i++)
        st = take_row(&(struct row){t, source, i, column}, l, seen, reterr);
    return st;
}

exm_status
exm_limits_add(exm_limits *l, const char *data, size_t n, const char *source,
               exm_error *reterr)
{
    exm_table *t = NULL;
    exm_status st;

    if (!l || !data || !source)
        return exm_fail(reterr, EXM_EINVAL, 0, "limits: an argument is NULL");
    st = exm_table_parse(data, n, source, &t, reterr);
    if (st == EXM_OK) st = take_table(l, t, source, reterr);
    exm_table_free(t);
    if (st != EXM_OK) return st;
    if (l->name.len > 0) exm_buf_puts(&l->name, " + ");
    exm_buf_puts(&l->name, source);
    exm_buf_put(&l->text, data, n);
    st = exm_buf_check(&l->name, reterr);
    if (st == EXM_OK) st = exm_buf_check(&l->text, reterr);
    return st == EXM_OK ? exm_sha256_of(l->text.data, l->text.len, l->sha256, reterr) : st;
}

exm_status
exm_limits_new(const char *fluid, exm_limits **ret, exm_error *reterr)
{
    exm_limits *l;
    size_t i = 0;
    exm_status st;

    if (!fluid || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "limits: an argument is NULL");
    while (i < FLUIDS && strcmp(fluids[i].name, fluid) != 0) i++;
    if (i == FLUIDS)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "no limits for the fluid '%.100s': there are cells, csf, plasma, "
                        "saliva, serum, unknown and urine",
                        fluid);
    l = calloc(1, sizeof *l);
    if (!l) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for limits");
    st = exm_limits_add(l, (const char *) fluids[i].text,
                        strlen((const char *) fluids[i].text), fluid, reterr);
    if (st != EXM_OK) {
        exm_limits_free(l);
        return st;
    }
    *ret = l;
    return EXM_OK;
}

exm_status
exm_limits_read(exm_limits *l, const char *path, exm_error *reterr)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    char *text = NULL;
    size_t n = 0;
    exm_status st;

    if (!l || !path) return exm_fail(reterr, EXM_EINVAL, 0, "limits: an argument is NULL");
    st = exm_input_slurp(path, LARGEST_FILE, &text, &n, reterr);
    if (st == EXM_OK) st = exm_limits_add(l, text, n, slash ? slash + 1 : path, reterr);
    free(text);
    return st;
}

void
exm_limits_free(exm_limits *l)
{
    if (!l) return;
    for (size_t i = 0; i < EXM_QC_MAX; i++) free(l->source[i]);
    exm_buf_done(&l->name);
    exm_buf_done(&l->text);
    free(l);
}
