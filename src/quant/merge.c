/*
 * merge.c - the union of sets of sample records, and of what tables say of the samples.
 *
 * Workload: up to 10^4 records.  Everything is collected and sorted once at the end, so no
 * order of arrival can be seen in what comes out or in which contradiction is told first.
 */
#include "exomir/merge.h"

#include "exomir/table.h"
#include "exomir/text.h"

#include <stdlib.h>
#include <string.h>

struct part {
    exm_record *record;
    char *source;
};

struct fact {
    char *sample, *column, *value;
    const char *source; /* of the sources below */
};

struct exm_merge_parts {
    struct part *v;
    size_t n, cap;
    struct fact *facts;
    size_t n_facts, cap_facts;
    char **sources;
    size_t n_sources, cap_sources;
};

static exm_status
no_memory(exm_error *reterr)
{
    return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the records to be merged");
}

/* One element more: the array, moved where it had to be, or NULL. */
static void *
grow(void *v, size_t n, size_t *cap, size_t size)
{
    const size_t more = *cap ? *cap * 2 : 16;
    void *r;

    if (n < *cap) return v;
    r = realloc(v, more * size);
    if (r) *cap = more;
    return r;
}

static exm_status
need_parts(exm_merge *m, exm_error *reterr)
{
    if (!m->parts) m->parts = calloc(1, sizeof *m->parts);
    return m->parts ? EXM_OK : no_memory(reterr);
}

exm_status
exm_merge_add(exm_merge *m, exm_record *r, const char *source, exm_error *reterr)
{
    struct part *v = NULL;
    char *copy = NULL;

    if (!m || !r || !source || m->records) {
        exm_record_free(r);
        return exm_fail(reterr, EXM_EINVAL, 0, "merge: nothing to add, or too late");
    }
    if (need_parts(m, reterr) == EXM_OK)
        v = grow(m->parts->v, m->parts->n, &m->parts->cap, sizeof *v);
    if (v) {
        m->parts->v = v;
        copy = exm_text_dup(source);
    }
    if (!copy) {
        exm_record_free(r);
        return no_memory(reterr);
    }
    v[m->parts->n++] = (struct part){r, copy};
    return EXM_OK;
}

/* ---- what tables say ---- */

static int
is_passed_over(const char *column)
{
    static const char *const own[] = {"kit",   "reads_in", "reads_kept", "molecules",
                                      "mirna", "content",  "fastq_1",    "fastq_2"};

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(column, own[i]) == 0) return 1;
    return 0;
}

static int
add_fact(struct exm_merge_parts *p, const char *sample, const char *column,
         const char *value, const char *source)
{
    struct fact *v = grow(p->facts, p->n_facts, &p->cap_facts, sizeof *v);
    struct fact f = {.source = source};

    if (!v) return 0;
    p->facts = v;
    f.sample = exm_text_dup(sample);
    f.column = exm_text_dup(column);
    f.value = exm_text_dup(strcmp(value, "NA") == 0 ? "" : value);
    if (f.sample && f.column && f.value) {
        v[p->n_facts++] = f;
        return 1;
    }
    free(f.sample);
    free(f.column);
    free(f.value);
    return 0;
}

static const char *
keep_source(struct exm_merge_parts *p, const char *source)
{
    char **v = grow(p->sources, p->n_sources, &p->cap_sources, sizeof *v);
    char *copy;

    if (!v) return NULL;
    p->sources = v;
    copy = exm_text_dup(source);
    if (copy) v[p->n_sources++] = copy;
    return copy;
}

exm_status
exm_merge_describe(exm_merge *m, const char *data, size_t n, const char *source,
                   exm_error *reterr)
{
    exm_table *t = NULL;
    const char *kept;
    exm_status s;

    if (!m || !source || m->records)
        return exm_fail(reterr, EXM_EINVAL, 0, "merge: nothing to describe, or too late");
    s = need_parts(m, reterr);
    if (s == EXM_OK) s = exm_table_parse(data, n, source, &t, reterr);
    if (s != EXM_OK) return s;
    kept = keep_source(m->parts, source);
    if (!kept) s = no_memory(reterr);
    for (size_t r = 0; s == EXM_OK && r < exm_table_rows(t); r++) {
        for (size_t k = 1; s == EXM_OK && k < exm_table_cols(t); k++) {
            if (is_passed_over(exm_table_col_name(t, k))) continue;
            if (!add_fact(m->parts, exm_table_get(t, r, 0), exm_table_col_name(t, k),
                          exm_table_get(t, r, k), kept))
                s = no_memory(reterr);
        }
    }
    exm_table_free(t);
    return s;
}

/* ---- finish: records ---- */

static int
by_sample(const void *pa, const void *pb)
{
    const exm_record *a = ((const struct part *) pa)->record,
                     *b = ((const struct part *) pb)->record;
    int c = strcmp(a->sample, b->sample);

    if (c == 0) c = strcmp(a->content, b->content);
    if (c == 0) c = strcmp(a->params_sha256, b->params_sha256);
    return c ? c
             : strcmp(((const struct part *) pa)->source,
                      ((const struct part *) pb)->source);
}

/* Both are of one sample, a before b. */
static exm_status
check_pair(const struct part *a, const struct part *b, exm_error *reterr)
{
    const exm_record *x = a->record, *y = b->record;
    exm_buf bytes[2] = {{0}, {0}};
    int equal;
    exm_status s;

    if (strcmp(x->content, y->content) != 0)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "sample '%.100s' stands for different reads in %.150s and %.150s: "
                        "rename one, or count the lanes of one sample together",
                        x->sample, a->source, b->source);
    if (strcmp(x->params_sha256, y->params_sha256) != 0)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "sample '%.100s' was counted with different parameters in %.150s "
                        "and %.150s: leave one of them out",
                        x->sample, a->source, b->source);
    s = exm_record_encode(x, &bytes[0], reterr);
    if (s == EXM_OK) s = exm_record_encode(y, &bytes[1], reterr);
    equal = s == EXM_OK && bytes[0].len == bytes[1].len &&
            memcmp(bytes[0].data, bytes[1].data, bytes[0].len) == 0;
    exm_buf_done(&bytes[0]);
    exm_buf_done(&bytes[1]);
    if (s != EXM_OK || equal) return s;
    return exm_fail(
        reterr, EXM_EDATA, 0,
        "sample '%.100s': %.150s (exomir %.32s) and %.150s (exomir %.32s) differ, "
        "of the same reads and parameters: count them again with one version",
        x->sample, a->source, x->version, b->source, y->version);
}

static exm_status
check_reference(const struct exm_merge_parts *p, exm_error *reterr)
{
    for (size_t i = 1; i < p->n; i++)
        if (strcmp(p->v[i].record->ref_sha256, p->v[0].record->ref_sha256) != 0)
            return exm_fail(reterr, EXM_EDATA, 0,
                            "%.150s and %.150s were counted with different references "
                            "(%.12s... and %.12s...): count all with one bundle",
                            p->v[0].source, p->v[i].source, p->v[0].record->ref_sha256,
                            p->v[i].record->ref_sha256);
    return EXM_OK;
}

static exm_status
unite(exm_merge *m, exm_error *reterr)
{
    struct exm_merge_parts *p = m->parts;
    size_t n = 0;
    exm_status s;

    qsort(p->v, p->n, sizeof *p->v, by_sample);
    s = check_reference(p, reterr);
    for (size_t i = 1; s == EXM_OK && i < p->n; i++)
        if (strcmp(p->v[i - 1].record->sample, p->v[i].record->sample) == 0)
            s = check_pair(&p->v[i - 1], &p->v[i], reterr);
    if (s != EXM_OK) return s;
    m->records = calloc(p->n, sizeof(exm_record *));
    if (!m->records) return no_memory(reterr);
    for (size_t i = 0; i < p->n; i++) {
        if (i > 0 && strcmp(p->v[i - 1].record->sample, p->v[i].record->sample) == 0)
            continue;
        m->records[n++] = p->v[i].record;
    }
    m->n = n;
    m->n_again = p->n - n;
    return EXM_OK;
}

/* ---- finish: facts ---- */

static int
by_column(const void *pa, const void *pb)
{
    const struct fact *a = pa, *b = pb;
    int c = strcmp(a->column, b->column);

    if (c == 0) c = strcmp(a->sample, b->sample);
    if (c == 0) c = strcmp(a->value, b->value);
    return c ? c : strcmp(a->source, b->source);
}

static int
sample_order(const void *key, const void *element)
{
    return strcmp(key, (*(exm_record *const *) element)->sample);
}

static exm_status
contradiction(const struct fact *a, const struct fact *b, exm_error *reterr)
{
    return exm_fail(reterr, EXM_EDATA, 0,
                    "sample '%.80s', column '%.60s': '%.60s' in %.120s, '%.60s' in %.120s",
                    a->sample, a->column, a->value, a->source, b->value, b->source);
}

/* Facts are sorted: a column's stand together, in it a sample's, "" first. */
static exm_status
fill_cells(exm_merge *m, exm_error *reterr)
{
    const struct exm_merge_parts *p = m->parts;
    size_t column = 0;

    for (size_t i = 0; i < p->n_facts; i++) {
        const struct fact *f = &p->facts[i], *before = i ? f - 1 : NULL;
        exm_record *const *at =
            bsearch(f->sample, m->records, m->n, sizeof(exm_record *), sample_order);
        const int is_new = !before || strcmp(before->column, f->column) != 0;

        column += before && is_new;
        if (is_new) m->columns[column] = f->column;
        if (!at) continue;
        if (!is_new && strcmp(before->sample, f->sample) == 0 && before->value[0] &&
            strcmp(before->value, f->value) != 0)
            return contradiction(before, f, reterr);
        m->cells[(size_t) (at - m->records) * m->n_columns + column] = f->value;
    }
    return EXM_OK;
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static exm_status
count_strangers(exm_merge *m, exm_error *reterr)
{
    const struct exm_merge_parts *p = m->parts;
    const char **names = calloc(p->n_facts + 1, sizeof *names);

    if (!names) return no_memory(reterr);
    for (size_t i = 0; i < p->n_facts; i++) names[i] = p->facts[i].sample;
    qsort(names, p->n_facts, sizeof *names, by_text);
    for (size_t i = 0; i < p->n_facts; i++) {
        if (i > 0 && strcmp(names[i], names[i - 1]) == 0) continue;
        m->n_strangers +=
            !bsearch(names[i], m->records, m->n, sizeof(exm_record *), sample_order);
    }
    free(names);
    return EXM_OK;
}

static exm_status
describe(exm_merge *m, exm_error *reterr)
{
    struct exm_merge_parts *p = m->parts;
    exm_status s;

    if (p->n_facts == 0) return EXM_OK;
    qsort(p->facts, p->n_facts, sizeof *p->facts, by_column);
    for (size_t i = 0; i < p->n_facts; i++)
        m->n_columns += i == 0 || strcmp(p->facts[i].column, p->facts[i - 1].column) != 0;
    m->columns = calloc(m->n_columns, sizeof *m->columns);
    m->cells = calloc(m->n * m->n_columns, sizeof *m->cells);
    if (!m->columns || !m->cells) return no_memory(reterr);
    for (size_t i = 0; i < m->n * m->n_columns; i++) m->cells[i] = "";
    s = fill_cells(m, reterr);
    return s == EXM_OK ? count_strangers(m, reterr) : s;
}

/* ---- finish: remarks ---- */

static int
by_content(const void *pa, const void *pb)
{
    const exm_record *a = *(exm_record *const *) pa, *b = *(exm_record *const *) pb;
    const int c = strcmp(a->content, b->content);

    return c ? c : strcmp(a->sample, b->sample);
}

static exm_status
remark(exm_merge *m, exm_error *reterr)
{
    exm_record **v = calloc(m->n, sizeof(exm_record *));
    size_t with_umi = 0, others = 0;

    if (!v) return no_memory(reterr);
    memcpy(v, m->records, m->n * sizeof(exm_record *));
    qsort(v, m->n, sizeof(exm_record *), by_content);
    for (size_t i = 1; i < m->n; i++)
        if (strcmp(v[i]->content, v[i - 1]->content) == 0)
            exm_buf_putf(&m->notes, "samples %s and %s have the same reads\n",
                         v[i - 1]->sample, v[i]->sample);
    free(v);
    for (size_t i = 0; i < m->n; i++) {
        with_umi += m->records[i]->umi_len > 0;
        others += strcmp(m->records[i]->params_sha256, m->records[0]->params_sha256) != 0;
    }
    if (with_umi > 0 && with_umi < m->n)
        exm_buf_putf(&m->notes,
                     "%zu of %zu samples have UMIs: counts are molecules there, reads in "
                     "the others\n",
                     with_umi, m->n);
    if (others > 0)
        exm_buf_putf(&m->notes,
                     "%zu of %zu samples were counted with other parameters than %s "
                     "(another kit?)\n",
                     others, m->n, m->records[0]->sample);
    return exm_buf_check(&m->notes, reterr);
}

exm_status
exm_merge_finish(exm_merge *m, exm_error *reterr)
{
    exm_status s;

    if (!m || m->records) return exm_fail(reterr, EXM_EINVAL, 0, "merge: finished already");
    if (!m->parts || m->parts->n == 0)
        return exm_fail(reterr, EXM_EDATA, 0, "no sample record to merge");
    s = unite(m, reterr);
    if (s == EXM_OK) s = describe(m, reterr);
    return s == EXM_OK ? remark(m, reterr) : s;
}

void
exm_merge_done(exm_merge *m)
{
    struct exm_merge_parts *p;

    if (!m) return;
    p = m->parts;
    for (size_t i = 0; p && i < p->n; i++) {
        exm_record_free(p->v[i].record);
        free(p->v[i].source);
    }
    for (size_t i = 0; p && i < p->n_facts; i++) {
        free(p->facts[i].sample);
        free(p->facts[i].column);
        free(p->facts[i].value);
    }
    for (size_t i = 0; p && i < p->n_sources; i++) free(p->sources[i]);
    if (p) {
        free(p->v);
        free(p->facts);
        free(p->sources);
    }
    free(p);
    free(m->records);
    free(m->columns);
    free(m->cells);
    exm_buf_done(&m->notes);
    *m = (exm_merge){0};
}
