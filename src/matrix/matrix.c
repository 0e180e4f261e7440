/*
 * matrix.c - count matrices and sample tables from text.
 *
 * Workload: 10^2 to 10^4 features, 2 to 10^4 samples, read once.  Everything is put into
 * byte order of the names on the way in.
 */
#include "exomir/matrix.h"

#include "exomir/input.h"
#include "exomir/text.h"

#include <stdlib.h>
#include <string.h>

static const double most_exact =
    9007199254740992.0; /* 2^53: beyond, counts are not exact */
static const size_t file_limit = (size_t) 4 << 30;

struct named {
    const char *name;
    size_t at; /* row or column of the table */
};

static int
by_name(const void *a, const void *b)
{
    return strcmp(((const struct named *) a)->name, ((const struct named *) b)->name);
}

void
exm_matrix_free(exm_matrix *m)
{
    if (!m) return;
    for (size_t f = 0; m->features && f < m->n_features; f++) free(m->features[f]);
    for (size_t s = 0; m->samples && s < m->n_samples; s++) free(m->samples[s]);
    free(m->features);
    free(m->samples);
    free(m->y);
    free(m);
}

exm_counts
exm_matrix_counts(const exm_matrix *m)
{
    return (exm_counts){.y = m->y, .n_features = m->n_features, .n_samples = m->n_samples};
}

/* ---- cells ---- */

static int
has_decimal_comma(const char *s)
{
    const char *comma = strchr(s, ',');

    return comma && comma > s && comma[1] >= '0' && comma[1] <= '9' &&
           !strchr(comma + 1, ',');
}

static exm_status
refuse_cell(const exm_table *t, const char *source, size_t row, size_t col, const char *s,
            exm_error *reterr)
{
    double x;
    const char *why = "it is no number";

    if (*s == '\0')
        why = "it is empty; a count that was not measured cannot be 0 in silence";
    else if (exm_text_same(s, "NA") || exm_text_same(s, "NaN"))
        why = "counts know no missing values: leave the sample or the feature out";
    else if (has_decimal_comma(s))
        why = "a decimal comma? Write numbers with a point, and counts as whole numbers";
    else if (exm_text_double(s, strlen(s), &x, NULL) == EXM_OK)
        why = x < 0.0           ? "a count is not negative (log or centred values?)"
              : x >= most_exact ? "it is too large for a count"
                                : "it is not a whole number: normalised values (CPM, TPM)? "
                                  "Give the raw counts";
    return exm_fail(reterr, EXM_EDATA, row, "%s: line %llu, sample %.60s: '%.40s': %s",
                    source, (unsigned long long) exm_table_line(t, row),
                    exm_table_col_name(t, col), s, why);
}

/* "12", and "12.0" or "1e+05" as R and spreadsheets write whole numbers. */
static int
whole_number(const char *s, double *ret)
{
    double x;

    if (exm_text_double(s, strlen(s), &x, NULL) != EXM_OK) return 0;
    if (!(x >= 0.0 && x < most_exact) || x != (double) (uint64_t) x) return 0;
    *ret = x;
    return 1;
}

static exm_status
fill(exm_matrix *m, const exm_table *t, const char *source, const struct named *f,
     const struct named *s, exm_error *reterr)
{
    for (size_t i = 0; i < m->n_features; i++) {
        for (size_t k = 0; k < m->n_samples; k++) {
            const char *cell = exm_table_get(t, f[i].at, s[k].at);

            if (!whole_number(cell, &m->y[i * m->n_samples + k]))
                return refuse_cell(t, source, f[i].at, s[k].at, cell, reterr);
        }
    }
    return EXM_OK;
}

/* ---- names ---- */

static exm_status
check_features(const exm_table *t, const char *source, const struct named *v, size_t n,
               exm_error *reterr)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].name[0] == '\0')
            return exm_fail(reterr, EXM_EDATA, v[i].at,
                            "%s: line %llu: the feature has no name", source,
                            (unsigned long long) exm_table_line(t, v[i].at));
        if (i > 0 && strcmp(v[i].name, v[i - 1].name) == 0)
            return exm_fail(reterr, EXM_EDATA, v[i].at,
                            "%s: line %llu: '%.100s' stands in line %llu already", source,
                            (unsigned long long) exm_table_line(t, v[i].at), v[i].name,
                            (unsigned long long) exm_table_line(t, v[i - 1].at));
    }
    return EXM_OK;
}

static char **
copy_names(const struct named *v, size_t n)
{
    char **r = calloc(n + 1, sizeof *r);

    for (size_t i = 0; r && i < n; i++) {
        r[i] = exm_text_dup(v[i].name);
        if (r[i]) continue;
        while (i-- > 0) free(r[i]);
        free(r);
        return NULL;
    }
    return r;
}

static exm_status
from_table(const exm_table *t, const char *source, exm_matrix *m, struct named *f,
           struct named *s, exm_error *reterr)
{
    exm_status st;

    for (size_t i = 0; i < m->n_features; i++)
        f[i] = (struct named){exm_table_get(t, i, 0), i};
    for (size_t k = 0; k < m->n_samples; k++)
        s[k] = (struct named){exm_table_col_name(t, k + 1), k + 1};
    qsort(f, m->n_features, sizeof *f, by_name);
    qsort(s, m->n_samples, sizeof *s, by_name);
    st = check_features(t, source, f, m->n_features, reterr);
    if (st != EXM_OK) return st;
    m->features = copy_names(f, m->n_features);
    m->samples = copy_names(s, m->n_samples);
    m->y =
        calloc(m->n_features * m->n_samples + 1, sizeof *m->y); /* sizes of a parsed text */
    if (!m->features || !m->samples || !m->y)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu x %zu counts",
                        m->n_features, m->n_samples);
    return fill(m, t, source, f, s, reterr);
}

exm_status
exm_matrix_parse(const char *data, size_t n, const char *source, exm_matrix **ret,
                 exm_error *reterr)
{
    exm_table *t = NULL;
    exm_matrix *m = NULL;
    struct named *names = NULL;
    exm_status st;

    if (!ret || !source)
        return exm_fail(reterr, EXM_EINVAL, 0, "matrix: an argument is NULL");
    st = exm_table_parse(data, n, source, &t, reterr);
    if (st != EXM_OK) return st;
    if (exm_table_cols(t) < 2 || exm_table_rows(t) == 0) {
        st = exm_fail(reterr, EXM_EDATA, 0,
                      "%s: %zu samples and %zu features: no matrix of counts", source,
                      exm_table_cols(t) - 1, exm_table_rows(t));
        exm_table_free(t);
        return st;
    }
    m = calloc(1, sizeof *m);
    names = calloc(exm_table_rows(t) + exm_table_cols(t), sizeof *names);
    if (m && names) {
        m->n_features = exm_table_rows(t);
        m->n_samples = exm_table_cols(t) - 1;
        st = from_table(t, source, m, names, names + m->n_features, reterr);
    } else {
        st = exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the counts of %s", source);
    }
    if (st == EXM_OK)
        *ret = m;
    else
        exm_matrix_free(m);
    free(names);
    exm_table_free(t);
    return st;
}

exm_status
exm_matrix_read(const char *path, exm_matrix **ret, exm_error *reterr)
{
    char *data = NULL;
    size_t n = 0;
    exm_status st;

    if (!path) return exm_fail(reterr, EXM_EINVAL, 0, "matrix: path is NULL");
    st = exm_input_slurp(path, file_limit, &data, &n, reterr);
    if (st == EXM_OK) st = exm_matrix_parse(data, n, path, ret, reterr);
    free(data);
    return st;
}

/* ---- coldata ---- */

void
exm_coldata_done(exm_coldata *c)
{
    if (!c) return;
    exm_table_free(c->table);
    free(c->row);
    *c = (exm_coldata){0};
}

const char *
exm_coldata_cell(const exm_coldata *c, size_t sample, size_t col)
{
    return exm_table_get(c->table, c->row[sample], col);
}

static exm_status
say_missing(const struct named *v, size_t n, const char *source, const char *sample,
            exm_error *reterr)
{
    const char **names = calloc(n + 1, sizeof *names), *near = NULL;
    exm_status st;

    for (size_t i = 0; names && i < n; i++) names[i] = v[i].name;
    if (names) near = exm_text_closest(sample, names, n);
    st = exm_fail(reterr, EXM_EDATA, 0,
                  "%s: no row of sample '%.100s', which the counts have%s%.100s%s", source,
                  sample, near ? "; is it '" : "", near ? near : "", near ? "'?" : "");
    free(names);
    return st;
}

/* v: the table's rows in order of their names. */
static exm_status
match(exm_coldata *c, const struct named *v, size_t n, const char *source,
      const exm_matrix *m, exm_error *reterr)
{
    size_t i = 0;

    for (size_t s = 0; s < m->n_samples; s++) {
        while (i < n && strcmp(v[i].name, m->samples[s]) < 0) i++;
        if (i == n || strcmp(v[i].name, m->samples[s]) != 0)
            return say_missing(v, n, source, m->samples[s], reterr);
        c->row[s] = v[i].at;
        if (i + 1 < n && strcmp(v[i + 1].name, v[i].name) == 0)
            return exm_fail(
                reterr, EXM_EDATA, v[i + 1].at,
                "%s: line %llu: sample '%.100s' stands in line %llu already", source,
                (unsigned long long) exm_table_line(c->table, v[i + 1].at), v[i].name,
                (unsigned long long) exm_table_line(c->table, v[i].at));
    }
    c->n_samples = m->n_samples;
    c->n_extra = n - m->n_samples;
    return EXM_OK;
}

exm_status
exm_coldata_parse(const char *data, size_t n, const char *source, const exm_matrix *m,
                  exm_coldata *ret, exm_error *reterr)
{
    exm_coldata c = {0};
    struct named *v = NULL;
    size_t rows = 0;
    exm_status st;

    if (!source || !m || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "coldata: an argument is NULL");
    st = exm_table_parse(data, n, source, &c.table, reterr);
    if (st != EXM_OK) return st;
    rows = exm_table_rows(c.table);
    v = calloc(rows + 1, sizeof *v);
    c.row = calloc(m->n_samples + 1, sizeof *c.row);
    if (!v || !c.row)
        st = exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu samples", rows);
    for (size_t i = 0; st == EXM_OK && i < rows; i++)
        v[i] = (struct named){exm_table_get(c.table, i, 0), i};
    if (st == EXM_OK) {
        qsort(v, rows, sizeof *v, by_name);
        st = match(&c, v, rows, source, m, reterr);
    }
    free(v);
    if (st == EXM_OK)
        *ret = c;
    else
        exm_coldata_done(&c);
    return st;
}

exm_status
exm_coldata_read(const char *path, const exm_matrix *m, exm_coldata *ret, exm_error *reterr)
{
    char *data = NULL;
    size_t n = 0;
    exm_status st;

    if (!path) return exm_fail(reterr, EXM_EINVAL, 0, "coldata: path is NULL");
    st = exm_input_slurp(path, file_limit, &data, &n, reterr);
    if (st == EXM_OK) st = exm_coldata_parse(data, n, path, m, ret, reterr);
    free(data);
    return st;
}
