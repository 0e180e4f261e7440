/*
 * formula.c - model formulas to designs.
 *
 * A term is a set of variables, kept as a bit mask.  Parsing gives masks in order of
 * appearance; they are sorted by size, and each becomes columns by R's coding rule.
 */
#include "exomir/formula.h"

#include "exomir/buf.h"
#include "exomir/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VARS = 16, MAX_TERMS = 64, MAX_COEF = 64, MAX_NAME = 256 };

/* One column of coldata that the formula names. */
typedef struct variable {
    char name[MAX_NAME];
    size_t col;
    int is_factor;
    char **levels; /* [n_levels] byte order */
    size_t n_levels;
    size_t *level; /* [n_samples] */
    double *value; /* [n_samples], of a covariate */
} variable;

struct builder {
    const char *formula, *at; /* 'at': what comes next */
    const exm_coldata *c;
    variable var[MAX_VARS];
    size_t n_vars;
    unsigned term[MAX_TERMS];
    size_t n_terms;
    int intercept;
    int constant; /* the columns so far span the constant */
    exm_model *m;
    exm_error *err;
};

/* ---- parsing ---- */

static exm_status
say(const struct builder *b, const char *what)
{
    const size_t at = (size_t) (b->at - b->formula);

    return exm_fail(b->err, EXM_EDATA, at, "formula '%.200s': %s at position %zu",
                    b->formula, what, at + 1);
}

static void
skip_blanks(struct builder *b)
{
    while (*b->at == ' ' || *b->at == '\t') b->at++;
}

static int
takes(struct builder *b, char c)
{
    skip_blanks(b);
    if (*b->at != c) return 0;
    b->at++;
    return 1;
}

static int
is_name_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '.' || c == '_' || (unsigned char) c >= 128;
}

static exm_status
read_name(struct builder *b, char *ret)
{
    size_t n = 0;
    const int quoted = takes(b, '`');

    while (quoted ? *b->at != '`' && *b->at != '\0' : is_name_byte(*b->at)) {
        if (n + 1 == MAX_NAME) return say(b, "a name too long");
        ret[n++] = *b->at++;
    }
    ret[n] = '\0';
    if (quoted && !takes(b, '`')) return say(b, "no closing backtick");
    if (n == 0)
        return say(b, *b->at ? "a name was expected" : "the formula ends too early,");
    return EXM_OK;
}

static exm_status
unknown_column(const struct builder *b, const char *name)
{
    const size_t n = exm_table_cols(b->c->table);
    const char **names = calloc(n + 1, sizeof *names), *near = NULL;
    exm_status st;

    for (size_t i = 0; names && i < n; i++) names[i] = exm_table_col_name(b->c->table, i);
    if (names) near = exm_text_closest(name, names, n);
    st = exm_fail(b->err, EXM_EDATA, 0, "formula '%.200s': no column '%.100s'%s%.100s%s",
                  b->formula, name, near ? "; is it '" : "", near ? near : "",
                  near ? "'?" : "");
    free(names);
    return st;
}

/* The bit of a variable, which is registered when it is new. */
static exm_status
read_variable(struct builder *b, unsigned *ret_bit)
{
    char name[MAX_NAME];
    size_t i = 0;
    exm_status st = read_name(b, name);

    if (st != EXM_OK) return st;
    while (i < b->n_vars && strcmp(b->var[i].name, name) != 0) i++;
    if (i == b->n_vars) {
        const size_t col = exm_table_find(b->c->table, name);

        if (col == SIZE_MAX) return unknown_column(b, name);
        if (i == MAX_VARS) return say(b, "too many variables");
        memcpy(b->var[i].name, name, sizeof name);
        b->var[i].col = col;
        b->n_vars++;
    }
    *ret_bit = 1U << i;
    return EXM_OK;
}

/* a:b:c */
static exm_status
read_interaction(struct builder *b, unsigned *ret)
{
    *ret = 0;
    do {
        unsigned bit = 0;
        const exm_status st = read_variable(b, &bit);

        if (st != EXM_OK) return st;
        *ret |= bit;
    } while (takes(b, ':'));
    return EXM_OK;
}

static exm_status
add_term(struct builder *b, unsigned mask)
{
    for (size_t i = 0; i < b->n_terms; i++)
        if (b->term[i] == mask) return EXM_OK;
    if (b->n_terms == MAX_TERMS) return say(b, "too many terms");
    b->term[b->n_terms++] = mask;
    return EXM_OK;
}

/* a*b*c: all products of a choice of the parts. */
static exm_status
read_crossing(struct builder *b)
{
    unsigned part[6] = {0};
    size_t n = 0;
    exm_status st = EXM_OK;

    do {
        if (n == sizeof part / sizeof part[0]) return say(b, "too many crossed terms");
        st = read_interaction(b, &part[n++]);
        if (st != EXM_OK) return st;
    } while (takes(b, '*'));
    for (unsigned choice = 1; st == EXM_OK && choice < 1U << n; choice++) {
        unsigned mask = 0;

        for (size_t i = 0; i < n; i++)
            if (choice >> i & 1) mask |= part[i];
        st = add_term(b, mask);
    }
    return st;
}

/* "0", "1" alone, not the start of a name such as "1st". */
static int
takes_digit(struct builder *b, char digit)
{
    skip_blanks(b);
    if (*b->at != digit || is_name_byte(b->at[1])) return 0;
    b->at++;
    return 1;
}

static exm_status
parse(struct builder *b)
{
    int minus = 0;

    b->intercept = 1;
    if (!takes(b, '~')) return say(b, "a model begins with '~', which is missing");
    minus = takes(b, '-');
    for (;;) {
        exm_status st = EXM_OK;

        if (takes_digit(b, '0'))
            b->intercept = minus;
        else if (takes_digit(b, '1'))
            b->intercept = !minus;
        else if (minus)
            return say(b, "only '- 1' can be taken away; another term was found");
        else
            st = read_crossing(b);
        if (st != EXM_OK) return st;
        skip_blanks(b);
        if (*b->at == '\0') return EXM_OK;
        minus = *b->at == '-';
        if (*b->at != '+' && *b->at != '-') return say(b, "'+' was expected");
        b->at++;
    }
}

/* Main effects first, then pairs ...; a stable sort of a few terms. */
static void
sort_terms(struct builder *b)
{
    for (size_t i = 1; i < b->n_terms; i++) {
        const unsigned t = b->term[i];
        size_t k = i;

        while (k > 0 && __builtin_popcount(b->term[k - 1]) > __builtin_popcount(t)) {
            b->term[k] = b->term[k - 1];
            k--;
        }
        b->term[k] = t;
    }
}

/* ---- variables ---- */

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

static exm_status
no_memory(const struct builder *b)
{
    return exm_fail(b->err, EXM_ENOMEM, 0, "no memory for the model");
}

/* All cells present; *ret_numeric: and all are numbers. */
static exm_status
look_at_cells(const struct builder *b, const variable *v, int *ret_numeric)
{
    *ret_numeric = 1;
    for (size_t s = 0; s < b->c->n_samples; s++) {
        const char *cell = exm_coldata_cell(b->c, s, v->col);
        double x;

        if (*cell == '\0' || exm_text_same(cell, "NA"))
            return exm_fail(
                b->err, EXM_EDATA, s,
                "column '%.100s' is unknown for sample '%.100s': leave the sample "
                "out, or the column",
                v->name, exm_coldata_cell(b->c, s, 0));
        if (exm_text_double(cell, strlen(cell), &x, NULL) != EXM_OK || !isfinite(x))
            *ret_numeric = 0;
    }
    return EXM_OK;
}

static exm_status
read_covariate(const struct builder *b, variable *v)
{
    v->value = calloc(b->c->n_samples + 1, sizeof *v->value);
    if (!v->value) return no_memory(b);
    for (size_t s = 0; s < b->c->n_samples; s++) {
        const char *cell = exm_coldata_cell(b->c, s, v->col);
        const exm_status st = exm_text_double(cell, strlen(cell), v->value + s, b->err);

        if (st != EXM_OK) return st;
    }
    return EXM_OK;
}

static exm_status
read_factor(const struct builder *b, variable *v)
{
    const size_t n = b->c->n_samples;
    const char **cell = calloc(n + 1, sizeof *cell);

    v->is_factor = 1;
    v->levels = calloc(n + 1, sizeof *v->levels);
    v->level = calloc(n + 1, sizeof *v->level);
    if (!cell || !v->levels || !v->level) {
        free(cell);
        return no_memory(b);
    }
    for (size_t s = 0; s < n; s++) cell[s] = exm_coldata_cell(b->c, s, v->col);
    qsort(cell, n, sizeof *cell, by_text);
    for (size_t s = 0; s < n; s++) {
        if (s > 0 && strcmp(cell[s], cell[s - 1]) == 0) continue;
        v->levels[v->n_levels] = exm_text_dup(cell[s]);
        if (!v->levels[v->n_levels]) {
            free(cell);
            return no_memory(b);
        }
        v->n_levels++;
    }
    free(cell);
    for (size_t s = 0; s < n; s++)
        while (strcmp(v->levels[v->level[s]], exm_coldata_cell(b->c, s, v->col)) != 0)
            v->level[s]++;
    if (v->n_levels < 2)
        return exm_fail(b->err, EXM_EDATA, 0,
                        "column '%.100s' is '%.100s' for all samples: there is nothing to "
                        "compare",
                        v->name, v->levels[0]);
    return EXM_OK;
}

static void
variable_done(variable *v)
{
    for (size_t i = 0; i < v->n_levels; i++) free(v->levels[i]);
    free(v->levels);
    free(v->level);
    free(v->value);
}

static exm_status
read_variables(struct builder *b)
{
    for (size_t i = 0; i < b->n_vars; i++) {
        variable *v = b->var + i;
        int numeric;
        exm_status st = look_at_cells(b, v, &numeric);

        if (st == EXM_OK) st = numeric ? read_covariate(b, v) : read_factor(b, v);
        if (st != EXM_OK) return st;
    }
    return EXM_OK;
}

/* ---- columns ---- */

/* The empty term is the constant: it is there, or the first factor's levels add up to it. */
static int
has_term(const struct builder *b, unsigned mask)
{
    if (mask == 0) return 1;
    for (size_t i = 0; i < b->n_terms; i++)
        if (b->term[i] == mask) return 1;
    return 0;
}

static exm_status
add_column(struct builder *b, const char *name, const double *x)
{
    exm_model *m = b->m;

    if (m->n_coef == MAX_COEF)
        return exm_fail(b->err, EXM_EDATA, 0, "formula '%.200s': more than %d coefficients",
                        b->formula, MAX_COEF);
    m->names[m->n_coef] = exm_text_dup(name);
    if (!m->names[m->n_coef]) return no_memory(b);
    for (size_t s = 0; s < m->n_samples; s++) m->x[s * MAX_COEF + m->n_coef] = x[s];
    m->n_coef++;
    return EXM_OK;
}

/* Value of variable v in sample s under column 'pick' of its coding; first: the level of
 * column 0. */
static double
coded(const variable *v, size_t s, size_t pick, size_t first)
{
    if (!v->is_factor) return v->value[s];
    return v->level[s] == first + pick ? 1.0 : 0.0;
}

struct margin {
    const variable *v;
    size_t n, first, pick; /* columns of the coding, level of the first, the current one */
};

/* The margins of a term; returns how many.  Without intercept the first factor of all keeps
 * all its levels. */
static size_t
margins_of(struct builder *b, unsigned mask, struct margin *ret)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_vars; i++) {
        const variable *v = b->var + i;

        if (!(mask >> i & 1)) continue;
        ret[n] = (struct margin){.v = v, .n = 1};
        if (v->is_factor) {
            ret[n].first = b->constant && has_term(b, mask & ~(1U << i)) ? 1 : 0;
            b->constant = 1;
            ret[n].n = v->n_levels - ret[n].first;
        }
        n++;
    }
    return n;
}

static void
name_column(const struct margin *g, size_t n, exm_buf *ret)
{
    exm_buf_clear(ret);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) exm_buf_putc(ret, ':');
        exm_buf_puts(ret, g[i].v->name);
        if (g[i].v->is_factor) exm_buf_puts(ret, g[i].v->levels[g[i].first + g[i].pick]);
    }
}

/* Where a main effect's levels went, for contrasts. */
static void
note_levels(const struct builder *b, const variable *v, size_t first, size_t at)
{
    for (size_t i = 0; i < b->m->n_factors; i++) {
        struct exm_model_factor *f = b->m->factors + i;

        if (strcmp(f->name, v->name) != 0) continue;
        for (size_t k = first; k < f->n_levels; k++) f->coef[k] = at + k - first;
    }
}

static exm_status
add_term_columns(struct builder *b, unsigned mask, double *x, exm_buf *name)
{
    struct margin g[MAX_VARS];
    const size_t n = margins_of(b, mask, g);
    size_t left = 1;

    for (size_t i = 0; i < n; i++) left *= g[i].n;
    if (n == 1 && g[0].v->is_factor) note_levels(b, g[0].v, g[0].first, b->m->n_coef);
    for (; left > 0; left--) { /* the first factor's levels change fastest */
        exm_status st;

        name_column(g, n, name);
        for (size_t s = 0; s < b->m->n_samples; s++) {
            x[s] = 1.0;
            for (size_t i = 0; i < n; i++) x[s] *= coded(g[i].v, s, g[i].pick, g[i].first);
        }
        st = exm_buf_check(name, b->err);
        if (st == EXM_OK) st = add_column(b, name->data, x);
        if (st != EXM_OK) return st;
        for (size_t i = 0; i < n && ++g[i].pick == g[i].n; i++) g[i].pick = 0;
    }
    return EXM_OK;
}

/* The model takes the factors over from the builder. */
static exm_status
give_factors(struct builder *b)
{
    exm_model *m = b->m;

    m->factors = calloc(b->n_vars + 1, sizeof *m->factors);
    if (!m->factors) return no_memory(b);
    for (size_t i = 0; i < b->n_vars; i++) {
        variable *v = b->var + i;
        struct exm_model_factor *f = m->factors + m->n_factors;

        if (!v->is_factor) continue;
        f->name = exm_text_dup(v->name);
        f->levels = calloc(v->n_levels + 1, sizeof *f->levels);
        f->coef = calloc(v->n_levels + 1, sizeof *f->coef);
        f->level = calloc(m->n_samples + 1, sizeof *f->level);
        m->n_factors++;
        if (!f->name || !f->levels || !f->coef || !f->level) return no_memory(b);
        memcpy(f->level, v->level, m->n_samples * sizeof *f->level);
        for (size_t k = 0; k < v->n_levels; k++) {
            f->levels[k] = exm_text_dup(v->levels[k]);
            if (!f->levels[k]) return no_memory(b);
            f->n_levels++;
            f->coef[k] = SIZE_MAX;
        }
    }
    return EXM_OK;
}

static exm_status
build_columns(struct builder *b)
{
    exm_model *m = b->m;
    double *x = calloc(m->n_samples + 1, sizeof *x);
    exm_buf name = {0};
    exm_status st = x ? EXM_OK : no_memory(b);

    b->constant = b->intercept;
    if (st == EXM_OK && b->intercept) {
        for (size_t s = 0; s < m->n_samples; s++) x[s] = 1.0;
        st = add_column(b, "(Intercept)", x);
    }
    for (size_t i = 0; st == EXM_OK && i < b->n_terms; i++)
        st = add_term_columns(b, b->term[i], x, &name);
    if (st == EXM_OK && m->n_coef == 0) st = say(b, "a model without any column");
    exm_buf_done(&name);
    free(x);
    for (size_t s = 0; s < m->n_samples; s++) /* from rows of MAX_COEF to rows of n_coef */
        memmove(m->x + s * m->n_coef, m->x + s * MAX_COEF, m->n_coef * sizeof *m->x);
    return st;
}

static exm_status
check_rank(const struct builder *b)
{
    const exm_model *m = b->m;
    const exm_design d = exm_model_design(m);
    exm_error why;
    const exm_status st = exm_design_validate(&d, &why);

    if (st != EXM_EDATA) return st == EXM_OK ? st : exm_fail(b->err, st, 0, "%s", why.msg);
    if (why.at >= m->n_coef)
        return exm_fail(b->err, EXM_EDATA, 0,
                        "formula '%.200s': %zu coefficients leave %zu samples no residual "
                        "degree of freedom",
                        b->formula, m->n_coef, m->n_samples);
    return exm_fail(
        b->err, EXM_EDATA, why.at,
        "formula '%.200s': '%.100s' is determined by the terms before it: the two "
        "effects cannot be told apart in these samples",
        b->formula, m->names[why.at]);
}

exm_status
exm_formula_model(const char *formula, const exm_coldata *c, exm_model **ret,
                  exm_error *reterr)
{
    struct builder b = {.formula = formula, .at = formula, .c = c, .err = reterr};
    exm_status st;

    if (!formula || !c || !c->table || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "formula: an argument is NULL");
    b.m = calloc(1, sizeof *b.m);
    if (!b.m) return no_memory(&b);
    b.m->n_samples = c->n_samples;
    b.m->x = calloc(c->n_samples + 1, MAX_COEF * sizeof *b.m->x);
    b.m->names = calloc(MAX_COEF + 1, sizeof *b.m->names);
    st = b.m->x && b.m->names ? parse(&b) : no_memory(&b);
    if (st == EXM_OK) {
        sort_terms(&b);
        st = read_variables(&b);
    }
    if (st == EXM_OK) st = give_factors(&b);
    if (st == EXM_OK) st = build_columns(&b);
    if (st == EXM_OK) st = check_rank(&b);
    for (size_t i = 0; i < b.n_vars; i++) variable_done(b.var + i);
    if (st == EXM_OK)
        *ret = b.m;
    else
        exm_model_free(b.m);
    return st;
}

void
exm_model_free(exm_model *m)
{
    if (!m) return;
    for (size_t k = 0; m->names && k < m->n_coef; k++) free(m->names[k]);
    for (size_t i = 0; i < m->n_factors; i++) {
        struct exm_model_factor *f = m->factors + i;

        for (size_t k = 0; k < f->n_levels; k++) free(f->levels[k]);
        free(f->name);
        free(f->levels);
        free(f->level);
        free(f->coef);
    }
    free(m->factors);
    free(m->names);
    free(m->x);
    free(m);
}

exm_design
exm_model_design(const exm_model *m)
{
    return (exm_design){.x = m->x, .n_samples = m->n_samples, .n_coef = m->n_coef};
}

/* ---- contrasts ---- */

struct spot {
    const char *name; /* NULL: none */
    size_t coef;      /* SIZE_MAX: the level without a column */
    int twice;
};

/* May a name end at 'c'?  Names may hold '-' themselves, so the longest that fits is meant. */
static int
ends_name(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '+' || c == '-' || c == '*';
}

static void
consider(struct spot *best, const char *text, const char *name, size_t coef)
{
    const size_t n = strlen(name);

    if (strncmp(text, name, n) != 0 || !ends_name(text[n])) return;
    if (best->name && strlen(best->name) > n) return;
    if (best->name && strlen(best->name) == n) {
        best->twice |= best->coef != coef;
        return;
    }
    *best = (struct spot){.name = name, .coef = coef};
}

static struct spot
find_name(const char *text, const exm_model *m)
{
    struct spot best = {0};

    for (size_t k = 0; k < m->n_coef; k++) consider(&best, text, m->names[k], k);
    for (size_t i = 0; i < m->n_factors; i++)
        for (size_t k = 0; k < m->factors[i].n_levels; k++)
            consider(&best, text, m->factors[i].levels[k], m->factors[i].coef[k]);
    return best;
}

static exm_status
say_unknown(const char *text, const char *at, const exm_model *m, exm_error *reterr)
{
    enum { MOST = 2 * MAX_COEF };
    const char *names[MOST], *near;
    char word[MAX_NAME];
    size_t n = 0, len = 0;

    for (size_t k = 0; k < m->n_coef; k++) names[n++] = m->names[k];
    for (size_t i = 0; i < m->n_factors; i++)
        for (size_t k = 0; k < m->factors[i].n_levels && n < MOST; k++)
            names[n++] = m->factors[i].levels[k];
    while (at[len] && len + 1 < sizeof word && !ends_name(at[len])) len++;
    memcpy(word, at, len);
    word[len] = '\0';
    near = exm_text_closest(word, names, n);
    return exm_fail(reterr, EXM_EDATA, (size_t) (at - text),
                    "contrast '%.200s': '%.100s' is no coefficient and no level of the "
                    "model%s%.100s%s",
                    text, word, near ? "; is it '" : "", near ? near : "",
                    near ? "'?" : "");
}

static const char *
skip(const char *p)
{
    while (*p == ' ' || *p == '\t') p++;
    return p;
}

/* A factor in front of a name: "0.5", "2*"; 1 where there is none. */
static const char *
read_factor_of(const char *p, const exm_model *m, double *ret)
{
    size_t n = 0;
    double x;

    *ret = 1.0;
    if (find_name(p, m).name) return p; /* a level such as "2" */
    while ((p[n] >= '0' && p[n] <= '9') || p[n] == '.') n++;
    if (n == 0 || exm_text_double(p, n, &x, NULL) != EXM_OK) return p;
    *ret = x;
    p = skip(p + n);
    return *p == '*' ? skip(p + 1) : p;
}

/* One signed term at *p, added to c. */
static exm_status
read_contrast_term(const char *text, const char **p, const exm_model *m, double *c,
                   exm_error *reterr)
{
    double sign = 1.0, factor;
    struct spot s;

    if (**p == '+' || **p == '-') {
        sign = **p == '-' ? -1.0 : 1.0;
        (*p)++;
    } else if (*p != text) {
        return exm_fail(reterr, EXM_EDATA, (size_t) (*p - text),
                        "contrast '%.200s': '+' or '-' was expected at position %zu", text,
                        (size_t) (*p - text) + 1);
    }
    *p = read_factor_of(skip(*p), m, &factor);
    s = find_name(*p, m);
    if (!s.name) return say_unknown(text, *p, m, reterr);
    if (s.twice)
        return exm_fail(reterr, EXM_EDATA, (size_t) (*p - text),
                        "contrast '%.200s': '%.100s' is a level of two factors: write the "
                        "coefficient",
                        text, s.name);
    if (s.coef != SIZE_MAX) c[s.coef] += sign * factor;
    *p = skip(*p + strlen(s.name));
    return EXM_OK;
}

exm_status
exm_formula_contrast(const char *text, const exm_model *m, double *ret_contrast,
                     exm_error *reterr)
{
    double c[MAX_COEF] = {0.0};
    const char *p;
    int any = 0;

    if (!text || !m || !ret_contrast)
        return exm_fail(reterr, EXM_EINVAL, 0, "contrast: an argument is NULL");
    text = skip(text);
    p = text;
    do {
        const exm_status st = read_contrast_term(text, &p, m, c, reterr);

        if (st != EXM_OK) return st;
    } while (*p);
    for (size_t k = 0; k < m->n_coef; k++) any |= c[k] != 0.0;
    if (!any)
        return exm_fail(reterr, EXM_EDATA, 0, "contrast '%.200s' compares nothing", text);
    memcpy(ret_contrast, c, m->n_coef * sizeof *c);
    return EXM_OK;
}
