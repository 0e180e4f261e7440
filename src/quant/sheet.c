/*
 * sheet.c - the sample sheet.
 *
 * Written by hand in a spreadsheet, by people, at most some ten thousand rows: what
 * matters is that every mistake is found before any read is counted, and is told with
 * its line.  Rows are sorted by (sample, row), so that the lanes of a sample stand
 * together in the sheet's order; files are sorted once more to find one named twice.
 */
#include "exomir/sheet.h"

#include "exomir/input.h"
#include "exomir/layout.h"
#include "exomir/table.h"
#include "exomir/text.h"

#include <stdlib.h>
#include <string.h>

enum { SHEET_LIMIT = 64 << 20 };

struct lane {
    const char *id;
    size_t row;
    char *path;
};

struct exm_sheet {
    exm_table *table;
    char *source;
    size_t sample_col, fastq_col, kit_col;
    size_t *column; /* table columns that describe samples */
    size_t n_columns;
    struct lane *lane;  /* [n_lanes], sorted by id, then row */
    const char **paths; /* [n_lanes] the same order */
    size_t n_lanes;
    exm_sheet_sample *sample;
    const char **cells; /* [n_samples x n_columns] */
    size_t n_samples;
};

/* ---- cells ---- */

static exm_status
bad_cell(const exm_sheet *s, size_t row, size_t col, const char *want, exm_error *reterr)
{
    return exm_fail(reterr, EXM_EDATA, row, "%.200s, line %llu, column '%.40s': '%.80s' %s",
                    s->source, (unsigned long long) exm_table_line(s->table, row),
                    exm_table_col_name(s->table, col), exm_table_get(s->table, row, col),
                    want);
}

/* Two digits at p as a number within [low, high], or -1. */
static int
two_digits(const char *p, int low, int high)
{
    int v;

    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9') return -1;
    v = 10 * (p[0] - '0') + (p[1] - '0');
    return v < low || v > high ? -1 : v;
}

static int
days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* "YYYY-MM-DD"; the length was checked by the caller. */
static int
is_date(const char *s)
{
    const int century = two_digits(s, 0, 99);
    const int years = century < 0 ? -1 : two_digits(s + 2, 0, 99);
    const int month = years < 0 || s[4] != '-' ? -1 : two_digits(s + 5, 1, 12);

    if (month < 0 || s[7] != '-') return 0;
    return two_digits(s + 8, 1, days_in_month(100 * century + years, month)) > 0;
}

/* "Z" or "+hh:mm" / "-hh:mm", at most 14 hours as on any map. */
static int
is_offset(const char *s)
{
    if (strcmp(s, "Z") == 0) return 1;
    if ((s[0] != '+' && s[0] != '-') || strlen(s) != 6 || s[3] != ':') return 0;
    return two_digits(s + 1, 0, 14) >= 0 && two_digits(s + 4, 0, 59) >= 0;
}

/* ISO 8601, extended form: date, 'T', hh:mm[:ss[.fraction]], offset. */
static int
is_moment(const char *s)
{
    if (strlen(s) < 17 || !is_date(s) || s[10] != 'T') return 0;
    if (two_digits(s + 11, 0, 23) < 0 || s[13] != ':' || two_digits(s + 14, 0, 59) < 0)
        return 0;
    s += 16;
    if (*s == ':') {
        if (two_digits(s + 1, 0, 60) < 0) return 0; /* 60: a leap second */
        s += 3;
        if (*s == '.') {
            const size_t n = strspn(s + 1, "0123456789");

            if (n == 0) return 0;
            s += 1 + n;
        }
    }
    return is_offset(s);
}

static exm_status
check_collected(const exm_sheet *s, size_t row, size_t col, exm_error *reterr)
{
    const char *cell = exm_table_get(s->table, row, col);

    if (!*cell || is_moment(cell)) return EXM_OK;
    if (strlen(cell) == 10 && is_date(cell))
        return bad_cell(s, row, col,
                        "lacks the time of day and its offset: 2024-03-01T09:30+01:00",
                        reterr);
    return bad_cell(s, row, col,
                    "is no date and time with offset (ISO 8601): 2024-03-01T09:30+01:00",
                    reterr);
}

static exm_status
check_volume(const exm_sheet *s, size_t row, size_t col, exm_error *reterr)
{
    const char *cell = exm_table_get(s->table, row, col);
    double v = 0.0;

    if (!*cell) return EXM_OK;
    if (exm_text_double(cell, strlen(cell), &v, NULL) != EXM_OK || !(v > 0.0 && v < 1e9))
        return bad_cell(s, row, col, "is no volume in millilitres: a number > 0 like 0.5",
                        reterr);
    return EXM_OK;
}

static exm_status
check_kit(const exm_sheet *s, size_t row, exm_error *reterr)
{
    const char *cell = exm_table_get(s->table, row, s->kit_col);
    const exm_layout *kit;
    exm_layout layout;
    exm_error why = {0};

    if (!*cell || strcmp(cell, "auto") == 0) return EXM_OK;
    if (exm_kit_find(cell, &kit, &why) == EXM_OK) return EXM_OK;
    if (strstr(cell, "insert")) { /* meant as a layout string */
        if (exm_layout_parse(cell, &layout, &why) == EXM_OK) return EXM_OK;
    }
    return exm_fail(reterr, EXM_EDATA, row, "%.200s, line %llu, column 'kit': %.250s",
                    s->source, (unsigned long long) exm_table_line(s->table, row), why.msg);
}

/* A tab or a line break would break the tables that the cell is written to. */
static int
has_control(const char *s)
{
    for (; *s; s++)
        if ((unsigned char) *s < 0x20 || *s == 0x7f) return 1;
    return 0;
}

/*
 * Would a spreadsheet compute this when it opens coldata.tsv?  '=' and '@' begin a formula;
 * '+' and '-' do so as well, but "-80C", "+" and "-0.5" are plain words of a laboratory:
 * what has none of the signs that a call or a link to another program needs is left alone.
 */
static int
is_formula(const char *s)
{
    return *s == '=' || *s == '@' || ((*s == '+' || *s == '-') && strpbrk(s, "(|!"));
}

/* The columns that are carried into coldata.tsv. */
static exm_status
check_carried(const exm_sheet *s, size_t row, exm_error *reterr)
{
    for (size_t k = 0; k < s->n_columns; k++)
        if (is_formula(exm_table_get(s->table, row, s->column[k])))
            return bad_cell(s, row, s->column[k],
                            "is a formula to a spreadsheet: write it in other words",
                            reterr);
    return EXM_OK;
}

static exm_status
check_row(const exm_sheet *s, size_t row, exm_error *reterr)
{
    const exm_table *t = s->table;
    const char *id = exm_table_get(t, row, s->sample_col);
    const char *file = exm_table_get(t, row, s->fastq_col);
    const size_t second = exm_table_find(t, "fastq_2");
    const size_t collected = exm_table_find(t, "collected");
    const size_t volume = exm_table_find(t, "input_volume_ml");
    exm_status st = EXM_OK;

    for (size_t c = 0; c < exm_table_cols(t); c++)
        if (has_control(exm_table_get(t, row, c)))
            return bad_cell(s, row, c, "holds a tab, a line break or a control character",
                            reterr);
    if (!*id) return bad_cell(s, row, s->sample_col, "is empty: a name is needed", reterr);
    if (!exm_text_is_file_safe(id))
        return bad_cell(
            s, row, s->sample_col,
            "is no sample name: use up to 200 letters, digits, '.', '_' and '-', not "
            "starting with '.'",
            reterr);
    if (!*file) return bad_cell(s, row, s->fastq_col, "is empty: a file is needed", reterr);
    if (strcmp(file, "-") == 0)
        return bad_cell(s, row, s->fastq_col,
                        "is no file: standard input has no place here", reterr);
    if (second != SIZE_MAX && *exm_table_get(t, row, second))
        return bad_cell(s, row, second,
                        "cannot be used: small inserts lie wholly in the first read; leave "
                        "fastq_2 empty",
                        reterr);
    if (s->kit_col != SIZE_MAX) st = check_kit(s, row, reterr);
    if (st == EXM_OK) st = check_carried(s, row, reterr);
    if (st == EXM_OK && collected != SIZE_MAX)
        st = check_collected(s, row, collected, reterr);
    if (st == EXM_OK && volume != SIZE_MAX) st = check_volume(s, row, volume, reterr);
    return st;
}

/* ---- columns ---- */

/* Columns that coldata.tsv makes itself: a second one of the name could not be told apart. */
static int
is_reserved(const char *name)
{
    static const char *const taken[] = {"reads_in", "reads_kept", "molecules", "mirna",
                                        "content"};

    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (strcmp(taken[i], name) == 0) return 1;
    return 0;
}

static exm_status
find_columns(exm_sheet *s, exm_error *reterr)
{
    const exm_table *t = s->table;
    const size_t n = exm_table_cols(t);

    s->sample_col = exm_table_find(t, "sample");
    s->fastq_col = exm_table_find(t, "fastq_1");
    s->kit_col = exm_table_find(t, "kit");
    if (s->sample_col == SIZE_MAX || s->fastq_col == SIZE_MAX)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "%.200s: no column '%s'; the header needs at least sample,fastq_1 "
                        "(it has %zu columns, the first is '%.40s')",
                        s->source, s->sample_col == SIZE_MAX ? "sample" : "fastq_1", n,
                        n ? exm_table_col_name(t, 0) : "");
    s->column = calloc(n, sizeof *s->column);
    if (!s->column) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu columns", n);
    for (size_t c = 0; c < n; c++) {
        const char *name = exm_table_col_name(t, c);

        if (has_control(name))
            return exm_fail(reterr, EXM_EDATA, c,
                            "%.200s: the name of column %zu holds a tab, a line break or a "
                            "control character",
                            s->source, c + 1);
        if (is_formula(name))
            return exm_fail(reterr, EXM_EDATA, c,
                            "%.200s: the name of column %zu, '%.40s', is a formula to a "
                            "spreadsheet: rename it",
                            s->source, c + 1, name);
        if (is_reserved(name))
            return exm_fail(reterr, EXM_EDATA, c,
                            "%.200s: column '%s' has the name of one that coldata.tsv gets "
                            "from the reads: rename it",
                            s->source, name);
        if (c == s->sample_col || c == s->fastq_col || c == s->kit_col ||
            strcmp(name, "fastq_2") == 0)
            continue;
        s->column[s->n_columns++] = c;
    }
    return EXM_OK;
}

/* ---- lanes ---- */

static char *
join(const char *folder, const char *file)
{
    const size_t n = strlen(folder), m = strlen(file);
    const int absolute = file[0] == '/' || n == 0 || strcmp(folder, ".") == 0;
    char *path;

    if (absolute) return exm_text_dup(file);
    path = malloc(n + m + 2);
    if (!path) return NULL;
    memcpy(path, folder, n);
    path[n] = '/';
    memcpy(path + n + 1, file, m + 1);
    return path;
}

static int
by_sample(const void *a, const void *b)
{
    const struct lane *x = a, *y = b;
    const int c = strcmp(x->id, y->id);

    if (c) return c;
    return (x->row > y->row) - (x->row < y->row);
}

static int
by_path(const void *a, const void *b)
{
    const struct lane *x = a, *y = b;
    const int c = strcmp(x->path, y->path);

    if (c) return c;
    return (x->row > y->row) - (x->row < y->row);
}

static exm_status
check_paths(const exm_sheet *s, exm_error *reterr)
{
    qsort(s->lane, s->n_lanes, sizeof *s->lane, by_path);
    for (size_t i = 1; i < s->n_lanes; i++) {
        const struct lane *a = &s->lane[i - 1], *b = &s->lane[i];

        if (strcmp(a->path, b->path) != 0) continue;
        return exm_fail(
            reterr, EXM_EDATA, b->row,
            "%.160s, lines %llu and %llu: '%.160s' is named twice, so its reads "
            "would be counted twice",
            s->source, (unsigned long long) exm_table_line(s->table, a->row),
            (unsigned long long) exm_table_line(s->table, b->row), b->path);
    }
    return EXM_OK;
}

/* Room for as many samples as lanes: one lane a sample is the rule. */
static exm_status
reserve(exm_sheet *s, size_t n, exm_error *reterr)
{
    s->lane = calloc(n, sizeof *s->lane);
    s->paths = calloc(n, sizeof *s->paths);
    s->sample = calloc(n, sizeof *s->sample);
    s->cells = calloc(n * s->n_columns + 1, sizeof *s->cells);
    if (!s->lane || !s->paths || !s->sample || !s->cells)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu lanes", n);
    s->n_lanes = n;
    return EXM_OK;
}

static exm_status
collect_lanes(exm_sheet *s, const char *folder, exm_error *reterr)
{
    const size_t n = exm_table_rows(s->table);
    exm_status st;

    if (n == 0)
        return exm_fail(reterr, EXM_EDATA, 0, "%.200s: a header and no samples", s->source);
    st = reserve(s, n, reterr);
    if (st != EXM_OK) return st;
    for (size_t i = 0; i < n; i++) {
        struct lane *l = &s->lane[i];

        st = check_row(s, i, reterr);
        if (st != EXM_OK) return st;
        l->row = i;
        l->id = exm_table_get(s->table, i, s->sample_col);
        l->path = join(folder, exm_table_get(s->table, i, s->fastq_col));
        if (!l->path)
            return exm_fail(reterr, EXM_ENOMEM, i, "no memory for the paths of the sheet");
    }
    st = check_paths(s, reterr);
    if (st != EXM_OK) return st;
    qsort(s->lane, n, sizeof *s->lane, by_sample);
    for (size_t i = 0; i < n; i++) s->paths[i] = s->lane[i].path;
    return EXM_OK;
}

/* ---- samples ---- */

/* What lanes [first, end) say in one column; "" when none says anything. */
static exm_status
agree(const exm_sheet *s, size_t first, size_t end, size_t col, const char **ret,
      exm_error *reterr)
{
    const struct lane *said = NULL;

    *ret = "";
    for (size_t i = first; i < end; i++) {
        const char *cell = exm_table_get(s->table, s->lane[i].row, col);

        if (!*cell) continue;
        if (said && strcmp(cell, *ret) != 0)
            return exm_fail(reterr, EXM_EDATA, s->lane[i].row,
                            "%.160s, lines %llu and %llu: sample '%.60s' has %.40s '%.60s' "
                            "and '%.60s'; lanes of one sample must agree",
                            s->source,
                            (unsigned long long) exm_table_line(s->table, said->row),
                            (unsigned long long) exm_table_line(s->table, s->lane[i].row),
                            said->id, exm_table_col_name(s->table, col), *ret, cell);
        said = &s->lane[i];
        *ret = cell;
    }
    return EXM_OK;
}

static exm_status
fill_sample(exm_sheet *s, size_t first, size_t end, exm_error *reterr)
{
    exm_sheet_sample *sample = &s->sample[s->n_samples];
    const char **cells = s->cells + s->n_samples * s->n_columns;
    exm_status st;

    sample->id = s->lane[first].id;
    sample->line = exm_table_line(s->table, s->lane[first].row);
    sample->paths = s->paths + first;
    sample->n_paths = end - first;
    sample->kit = "";
    sample->cells = cells;
    if (s->kit_col != SIZE_MAX) {
        st = agree(s, first, end, s->kit_col, &sample->kit, reterr);
        if (st != EXM_OK) return st;
    }
    for (size_t c = 0; c < s->n_columns; c++) {
        st = agree(s, first, end, s->column[c], &cells[c], reterr);
        if (st != EXM_OK) return st;
    }
    s->n_samples++;
    return EXM_OK;
}

static const char *
id_of(const exm_sheet *s, size_t lane)
{
    return exm_table_get(s->table, s->lane[lane].row, s->sample_col);
}

static exm_status
collect_samples(exm_sheet *s, exm_error *reterr)
{
    for (size_t first = 0, end; first < s->n_lanes; first = end) {
        exm_status st;

        end = first + 1;
        while (end < s->n_lanes && strcmp(id_of(s, first), id_of(s, end)) == 0) end++;
        st = fill_sample(s, first, end, reterr);
        if (st != EXM_OK) return st;
    }
    return EXM_OK;
}

exm_status
exm_sheet_parse(const char *data, size_t n, const char *source, const char *folder,
                exm_sheet **ret, exm_error *reterr)
{
    exm_sheet *s;
    exm_status st;

    if ((!data && n > 0) || !source || !folder || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "NULL argument to exm_sheet_parse");
    s = calloc(1, sizeof *s);
    if (!s) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a sample sheet");
    s->source = exm_text_dup(source);
    st = s->source ? exm_table_parse(data, n, source, &s->table, reterr)
                   : exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a sample sheet");
    if (st == EXM_OK) st = find_columns(s, reterr);
    if (st == EXM_OK) st = collect_lanes(s, folder, reterr);
    if (st == EXM_OK) st = collect_samples(s, reterr);
    if (st != EXM_OK) {
        exm_sheet_free(s);
        return st;
    }
    *ret = s;
    return EXM_OK;
}

exm_status
exm_sheet_read(const char *path, exm_sheet **ret, exm_error *reterr)
{
    const char *slash;
    char *data = NULL, *folder;
    size_t n = 0;
    exm_status st;

    if (!path || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "path or ret is NULL");
    folder = exm_text_dup(path);
    if (!folder) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a path");
    slash = strrchr(folder, '/');
    /* "/sheet.csv" keeps its "/" as folder "/."; "sheet.csv" is in ".". */
    if (!slash)
        folder[0] = '\0';
    else
        folder[slash - folder] = '\0';
    st = exm_input_slurp(path, SHEET_LIMIT, &data, &n, reterr);
    if (st == EXM_OK) {
        const char *from = slash == folder ? "/." : folder;

        st = exm_sheet_parse(data, n, path, from, ret, reterr);
    }
    free(data);
    free(folder);
    return st;
}

void
exm_sheet_free(exm_sheet *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->n_lanes; i++) free(s->lane[i].path);
    free(s->lane);
    free(s->paths);
    free(s->column);
    free(s->sample);
    free(s->cells);
    free(s->source);
    exm_table_free(s->table);
    free(s);
}

size_t
exm_sheet_count(const exm_sheet *s)
{
    return s->n_samples;
}

const exm_sheet_sample *
exm_sheet_get(const exm_sheet *s, size_t i)
{
    return i < s->n_samples ? &s->sample[i] : NULL;
}

size_t
exm_sheet_columns(const exm_sheet *s)
{
    return s->n_columns;
}

const char *
exm_sheet_column(const exm_sheet *s, size_t i)
{
    return i < s->n_columns ? exm_table_col_name(s->table, s->column[i]) : NULL;
}
