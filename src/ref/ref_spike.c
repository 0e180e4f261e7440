/*
 * ref_spike.c - spike-ins: FASTA, or a table "spikeID,sequence[,amount]".
 *
 * Amounts stand in that table, in the FASTA's headers (">RC2-16 amount=12.5"), or in a table
 * of their own "spikeID,amount", which wins.
 */
#include "exomir/table.h"
#include "exomir/text.h"
#include "ref_draft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct columns {
    size_t id, sequence, amount; /* amount: SIZE_MAX when there is none */
};

static exm_status
find_columns(const exm_table *t, const char *path, struct columns *ret, exm_error *reterr)
{
    struct columns c = {.id = 0, .sequence = SIZE_MAX, .amount = SIZE_MAX};

    for (size_t i = 0; i < exm_table_cols(t); i++) {
        const char *name = exm_table_col_name(t, i);

        if (exm_text_same(name, "sequence") || exm_text_same(name, "seq")) c.sequence = i;
        if (exm_text_same(name, "amount")) c.amount = i;
        if (exm_text_same(name, "spikeID") || exm_text_same(name, "id")) c.id = i;
    }
    if (c.sequence == SIZE_MAX || c.id == c.sequence)
        return exm_fail(
            reterr, EXM_EDATA, 0,
            "%s: spike-ins are a FASTA or a table with columns spikeID, sequence "
            "and perhaps amount; there is no column 'sequence'",
            path);
    *ret = c;
    return EXM_OK;
}

/* The table as FASTA text, so that names and letters pass the same checks. */
static exm_status
table_to_fasta(const exm_table *t, const struct columns *c, const char *path, exm_buf *fa,
               exm_error *reterr)
{
    for (size_t i = 0; i < exm_table_rows(t); i++) {
        const char *id = exm_table_get(t, i, c->id);
        const char *seq = exm_table_get(t, i, c->sequence);
        const unsigned long long line = (unsigned long long) exm_table_line(t, i);

        if (id[0] == '\0' || strpbrk(id, " \t\r\n"))
            return exm_fail(
                reterr, EXM_EDATA, i,
                "%s: line %llu: '%.60s' is no spike-in name (empty, or with blanks)", path,
                line, id);
        if (seq[0] == '\0' || strspn(seq, "ACGTUNacgtun") != strlen(seq))
            return exm_fail(reterr, EXM_EDATA, i,
                            "%s: line %llu: '%.60s' is no sequence of ACGTU or N", path,
                            line, seq);
        exm_buf_putf(fa, ">%s\n%s\n", id, seq);
    }
    return exm_buf_check(fa, reterr);
}

/* s[0..n) at a line of a file; nothing is NaN. */
static exm_status
read_amount(const char *s, size_t n, const char *path, unsigned long long line, double *ret,
            exm_error *reterr)
{
    *ret = (double) NAN;
    if (n == 0) return EXM_OK;
    if (exm_text_double(s, n, ret, NULL) != EXM_OK || *ret < 0.0 || isinf(*ret))
        return exm_fail(reterr, EXM_EDATA, (size_t) line,
                        "%s: line %llu: amount '%.*s' is no number from 0 on", path, line,
                        n < 40 ? (int) n : 40, s);
    return EXM_OK;
}

static exm_status
amount_of(const exm_table *t, size_t row, const struct columns *c, const char *path,
          double *ret, exm_error *reterr)
{
    const char *s = c->amount == SIZE_MAX ? "" : exm_table_get(t, row, c->amount);

    return read_amount(s, strlen(s), path, exm_table_line(t, row), ret, reterr);
}

/* "amount=12.5" among the words of a header. */
static exm_status
amount_in(const exm_fasta_entry *e, const char *path, double *ret, exm_error *reterr)
{
    size_t n;
    const char *word = exm_draft_word(e->description, "amount=", &n);

    *ret = (double) NAN;
    if (!word) return EXM_OK;
    return read_amount(word, n, path, (unsigned long long) e->line, ret, reterr);
}

static exm_status
add_table(exm_draft *d, const exm_table *t, const char *path, exm_error *reterr)
{
    struct columns c = {0};
    exm_buf fa = {0};
    const exm_fasta *f = NULL;
    exm_status s = find_columns(t, path, &c, reterr);

    if (s == EXM_OK) s = table_to_fasta(t, &c, path, &fa, reterr);
    if (s == EXM_OK) s = exm_draft_parse(d, path, fa.data, fa.len, &f, reterr);
    for (size_t i = 0; s == EXM_OK && i < exm_fasta_count(f); i++) {
        const exm_fasta_entry *e = exm_fasta_get(f, i);
        exm_draft_template x = {
            .name = e->id, .accession = "", .seq = e->seq, .len = e->len};

        s = amount_of(t, i, &c, path, &x.amount, reterr);
        if (s == EXM_OK) s = exm_draft_add_template(d, &x, reterr);
    }
    exm_buf_done(&fa);
    return s;
}

static exm_status
add_fasta(exm_draft *d, const char *data, size_t n, const char *path, exm_error *reterr)
{
    const exm_fasta *f = NULL;
    exm_status s = exm_draft_parse(d, path, data, n, &f, reterr);

    for (size_t i = 0; s == EXM_OK && i < exm_fasta_count(f); i++) {
        const exm_fasta_entry *e = exm_fasta_get(f, i);
        exm_draft_template x = {
            .name = e->id, .accession = "", .seq = e->seq, .len = e->len};

        s = amount_in(e, path, &x.amount, reterr);
        if (s == EXM_OK) s = exm_draft_add_template(d, &x, reterr);
    }
    return s;
}

static int
is_fasta(const char *data, size_t n)
{
    size_t i = exm_text_bom_len(data, n);

    while (i < n && (data[i] == '\n' || data[i] == '\r')) i++;
    return i < n && data[i] == '>';
}

exm_status
exm_draft_add_spikes(exm_draft *d, const exm_ref_source *src, exm_error *reterr)
{
    const char *label = exm_draft_label(src->path);
    char *data = NULL;
    size_t n = 0;
    exm_table *t = NULL;
    exm_status s = exm_draft_add_class(d, src->name, EXM_KIND_SPIKE, reterr);

    if (s == EXM_OK)
        s = exm_draft_slurp(d, "spike", src->name, src->path, &data, &n, reterr);
    if (s == EXM_OK && is_fasta(data, n)) {
        s = add_fasta(d, data, n, label, reterr);
    } else if (s == EXM_OK) {
        s = exm_table_parse(data, n, label, &t, reterr);
        if (s == EXM_OK) s = add_table(d, t, label, reterr);
    }
    exm_table_free(t);
    free(data);
    return s;
}

/* ---- amounts in a table of their own ---- */

static exm_draft_template *
find_spike(exm_draft *d, const char *name)
{
    for (size_t i = 0; i < d->n_templates; i++)
        if (d->class[d->template[i].class_id].kind == EXM_KIND_SPIKE &&
            strcmp(d->template[i].name, name) == 0)
            return d->template + i;
    return NULL;
}

static exm_status
set_amounts(exm_draft *d, const exm_table *t, const char *path, exm_error *reterr)
{
    struct columns c = {.id = 0, .sequence = SIZE_MAX, .amount = SIZE_MAX};
    size_t found = 0;
    exm_status s = EXM_OK;

    for (size_t i = 0; i < exm_table_cols(t); i++) {
        const char *name = exm_table_col_name(t, i);

        if (exm_text_same(name, "amount")) c.amount = i;
        if (exm_text_same(name, "spikeID") || exm_text_same(name, "id")) c.id = i;
    }
    if (c.amount == SIZE_MAX || c.amount == c.id)
        return exm_fail(
            reterr, EXM_EDATA, 0,
            "%s: amounts are a table with the columns spikeID (or the first) and "
            "amount; there is no column 'amount'",
            path);
    for (size_t i = 0; s == EXM_OK && i < exm_table_rows(t); i++) {
        const char *name = exm_table_get(t, i, c.id);
        exm_draft_template *x = find_spike(d, name);
        double amount;

        s = amount_of(t, i, &c, path, &amount, reterr);
        if (s == EXM_OK && x) x->amount = amount;
        if (!x) exm_buf_putf(&d->log.notes, "%.60s: an amount, but no spike-in\n", name);
        found += x != NULL;
    }
    if (s == EXM_OK && found == 0)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "%s: none of its names is a spike-in's: are they those of --spike?",
                        path);
    return s;
}

exm_status
exm_draft_set_amounts(exm_draft *d, const char *path, exm_error *reterr)
{
    const char *label = exm_draft_label(path);
    char *data = NULL;
    size_t n = 0;
    exm_table *t = NULL;
    exm_status s = exm_draft_slurp(d, "spike amounts", "", path, &data, &n, reterr);

    if (s == EXM_OK) s = exm_table_parse(data, n, label, &t, reterr);
    if (s == EXM_OK) d->source[d->n_sources - 1].entries = exm_table_rows(t);
    if (s == EXM_OK) s = set_amounts(d, t, label, reterr);
    exm_table_free(t);
    free(data);
    return s;
}
