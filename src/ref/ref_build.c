/*
 * ref_build.c - from the user's files to a draft of the bundle.
 *
 * Workload: run once per reference; some thousand matures and up to some 10^5 templates.
 * Clarity before speed.  Placing matures is in ref_place.c, writing in ref_write.c.
 */
#include "ref_draft.h"

#include "exomir/input.h"
#include "exomir/json.h"
#include "exomir/table.h"
#include "exomir/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_TEMPLATE = 16 }; /* shorter than the shortest insert: nothing could match it */

static const size_t slurp_limit = (size_t) 1 << 30;

void *
exm_draft_grow(void *array, size_t *n, size_t *cap, size_t size)
{
    char *p, *at;

    memcpy(&p, array, sizeof p); /* the pointer's type is the caller's business */
    if (*n == *cap) {
        const size_t more = *cap ? *cap * 2 : 32;

        p = realloc(p, more * size);
        if (!p) return NULL;
        memcpy(array, &p, sizeof p);
        *cap = more;
    }
    at = p + (*n)++ * size;
    memset(at, 0, size);
    return at;
}

void
exm_draft_done(exm_draft *d)
{
    for (size_t i = 0; i < d->n_fasta; i++) exm_fasta_free(d->fasta[i]);
    for (size_t i = 0; i < d->n_text; i++) free(d->text[i]);
    free(d->fasta);
    free(d->text);
    free(d->class);
    free(d->template);
    free(d->mature);
    free(d->alias);
    exm_buf_done(&d->sources);
    *d = (exm_draft){0};
}

const char *
exm_draft_keep(exm_draft *d, const char *s, size_t n)
{
    char **slot = EXM_DRAFT_ADD(d, text, n_text, cap_text);

    if (!slot) return NULL;
    *slot = malloc(n + 1);
    if (!*slot) return NULL;
    memcpy(*slot, s, n);
    (*slot)[n] = '\0';
    return *slot;
}

static exm_status
no_memory(exm_error *reterr)
{
    return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to build the reference");
}

exm_status
exm_draft_note_source(exm_draft *d, const char *role, const char *path, size_t entries,
                      exm_error *reterr)
{
    const char *slash = strrchr(path, '/');
    char sha256[EXM_SHA256_HEX];
    exm_json j;
    exm_status st = exm_sha256_of_file(path, sha256, reterr);

    if (st != EXM_OK) return st;
    if (d->sources.len > 0) {
        d->sources.len--; /* the line feed that ended the last object */
        exm_buf_putc(&d->sources, ',');
    }
    exm_json_init_compact(&j, &d->sources);
    exm_json_object(&j);
    exm_json_kstr(&j, "role", role);
    exm_json_kstr(&j, "file", slash ? slash + 1 : path);
    exm_json_kstr(&j, "sha256", sha256);
    exm_json_ku64(&j, "entries", entries);
    exm_json_end(&j);
    return exm_json_finish(&j, reterr);
}

exm_status
exm_draft_read(exm_draft *d, const char *role, const char *path, const exm_fasta **ret,
               exm_error *reterr)
{
    exm_fasta *f = NULL, **slot;
    exm_status st = exm_fasta_read(path, &f, reterr);

    if (st != EXM_OK) return st;
    slot = EXM_DRAFT_ADD(d, fasta, n_fasta, cap_fasta);
    if (!slot) {
        exm_fasta_free(f);
        return no_memory(reterr);
    }
    *slot = f;
    *ret = f;
    return exm_draft_note_source(d, role, path, exm_fasta_count(f), reterr);
}

/* "hsa-miR-1": three or four letters and a hyphen make a species prefix. */
int
exm_draft_is_wanted(const exm_draft *d, const char *name)
{
    const char *hyphen = strchr(name, '-');
    const size_t n = hyphen ? (size_t) (hyphen - name) : 0;
    char prefix[8];

    if (!d->species || n < 3 || n > 4) return 1;
    for (size_t i = 0; i < n; i++) {
        const char c = name[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) return 1;
        prefix[i] = c;
    }
    prefix[n] = '\0';
    return exm_text_same(prefix, d->species);
}

/* ---- the other classes ---- */

static exm_status
add_class(exm_draft *d, const char *name, exm_class_kind kind, exm_error *reterr)
{
    exm_draft_class *c;

    if (!exm_text_is_file_safe(name))
        return exm_fail(reterr, EXM_EDATA, 0,
                        "class '%s': a name holds letters, digits, '.', '_' and '-'", name);
    if (exm_text_same(name, "hairpin") && d->n_classes > 0)
        return exm_fail(reterr, EXM_EDATA, 0, "class '%s': the name is taken", name);
    for (size_t i = 0; i < d->n_classes; i++)
        if (exm_text_same(d->class[i].name, name))
            return exm_fail(reterr, EXM_EDATA, 0, "class '%s' is named twice%s", name,
                            i == 0 ? " (miRNA comes from --mature and --hairpin)" : "");
    c = EXM_DRAFT_ADD(d, class, n_classes, cap_classes);
    if (!c) return no_memory(reterr);
    c->name = name;
    c->kind = kind;
    return EXM_OK;
}

static exm_status
add_template(exm_draft *d, const char *name, const char *seq, size_t len, double amount,
             exm_error *reterr)
{
    exm_draft_template *t;

    if (len < LEAST_TEMPLATE) {
        exm_buf_putf(&d->log->notes, "%s: %zu nt, too short to match an insert: left out\n",
                     name, len);
        return EXM_OK;
    }
    t = EXM_DRAFT_ADD(d, template, n_templates, cap_templates);
    if (!t) return no_memory(reterr);
    *t = (exm_draft_template){.name = name,
                              .accession = "",
                              .seq = seq,
                              .len = len,
                              .class_id = (uint32_t) d->n_classes - 1,
                              .amount = amount};
    return EXM_OK;
}

/* Mature tRNA carries CCA that its gene does not hold. */
static const char *
with_cca(exm_draft *d, const exm_fasta_entry *e, size_t *ret_len)
{
    exm_buf b = {0};
    const char *s;

    *ret_len = e->len;
    if (e->len >= 3 && memcmp(e->seq + e->len - 3, "CCA", 3) == 0) return e->seq;
    exm_buf_put(&b, e->seq, e->len);
    exm_buf_puts(&b, "CCA");
    s = b.failed ? NULL : exm_draft_keep(d, b.data, b.len);
    *ret_len = b.len;
    exm_buf_done(&b);
    return s;
}

static exm_status
add_fasta_class(exm_draft *d, const exm_ref_source *src, exm_class_kind kind,
                exm_error *reterr)
{
    const exm_fasta *f = NULL;
    const int trna = exm_text_same(src->name, "tRNA");
    exm_status st = add_class(d, src->name, kind, reterr);

    if (st == EXM_OK) st = exm_draft_read(d, src->name, src->path, &f, reterr);
    for (size_t i = 0; st == EXM_OK && i < exm_fasta_count(f); i++) {
        const exm_fasta_entry *e = exm_fasta_get(f, i);
        size_t len = e->len;
        const char *seq = trna ? with_cca(d, e, &len) : e->seq;

        st = seq ? add_template(d, e->id, seq, len, (double) NAN, reterr) : no_memory(reterr);
    }
    return st;
}

/* ---- spike-ins: FASTA, or a table with columns spikeID, sequence[, amount] ---- */

static exm_status
add_spike_row(exm_draft *d, const exm_table *t, const char *path, size_t row, const size_t *col,
              exm_error *reterr)
{
    const char *name = exm_table_get(t, row, col[0]), *text = exm_table_get(t, row, col[1]);
    const unsigned long long line = exm_table_line(t, row);
    double amount = (double) NAN;
    exm_buf fa = {0};
    exm_fasta *one = NULL, **slot;
    exm_status st = EXM_OK;

    if (col[2] != SIZE_MAX) {
        const char *a = exm_table_get(t, row, col[2]);

        if (exm_text_double(a, strlen(a), &amount, NULL) != EXM_OK || amount < 0.0)
            return exm_fail(reterr, EXM_EDATA, (size_t) line,
                            "%s, line %llu: amount '%s' is no number >= 0", path, line, a);
    }
    exm_buf_putf(&fa, ">%s\n%s\n", name, text);
    st = exm_buf_check(&fa, reterr);
    if (st == EXM_OK && exm_fasta_parse(fa.data, fa.len, path, &one, reterr) != EXM_OK)
        st = exm_fail(reterr, EXM_EDATA, (size_t) line,
                      "%s, line %llu: '%s' is no name with a sequence", path, line, name);
    exm_buf_done(&fa);
    if (st != EXM_OK) return st;
    slot = EXM_DRAFT_ADD(d, fasta, n_fasta, cap_fasta);
    if (!slot) {
        exm_fasta_free(one);
        return no_memory(reterr);
    }
    *slot = one;
    return add_template(d, exm_fasta_get(one, 0)->id, exm_fasta_get(one, 0)->seq,
                        exm_fasta_get(one, 0)->len, amount, reterr);
}

static exm_status
add_spike_table(exm_draft *d, const char *data, size_t n, const char *path, exm_error *reterr)
{
    exm_table *t = NULL;
    exm_status st = exm_table_parse(data, n, path, &t, reterr);

    if (st == EXM_OK) {
        const size_t col[] = {exm_table_find(t, "spikeID"), exm_table_find(t, "sequence"),
                              exm_table_find(t, "amount")};

        if (col[0] == SIZE_MAX || col[1] == SIZE_MAX)
            st = exm_fail(reterr, EXM_EDATA, 1,
                          "%s: spike-ins are FASTA or a table with columns spikeID, sequence "
                          "and perhaps amount",
                          path);
        for (size_t i = 0; st == EXM_OK && i < exm_table_rows(t); i++)
            st = add_spike_row(d, t, path, i, col, reterr);
    }
    exm_table_free(t);
    return st;
}

static exm_status
add_spikes(exm_draft *d, const exm_ref_source *src, exm_error *reterr)
{
    char *data = NULL;
    size_t n = 0, at = 0, before;
    exm_status st = exm_input_slurp(src->path, slurp_limit, &data, &n, reterr);

    if (st != EXM_OK) return st;
    if (n >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) at = 3;
    while (at < n && (data[at] == '\n' || data[at] == '\r')) at++;
    if (at < n && data[at] == '>') {
        st = add_fasta_class(d, src, EXM_KIND_SPIKE, reterr);
    } else {
        st = add_class(d, src->name, EXM_KIND_SPIKE, reterr);
        before = d->n_templates;
        if (st == EXM_OK) st = add_spike_table(d, data, n, src->path, reterr);
        if (st == EXM_OK)
            st = exm_draft_note_source(d, src->name, src->path, d->n_templates - before, reterr);
    }
    free(data);
    return st;
}

/* ---- other names ---- */

static exm_status
add_alias(exm_draft *d, const char *text, const char *seq, exm_error *reterr)
{
    exm_draft_alias *a;

    if (*text == '\0') return EXM_OK;
    a = EXM_DRAFT_ADD(d, alias, n_aliases, cap_aliases);
    if (!a) return no_memory(reterr);
    a->text = text;
    a->seq = seq;
    return EXM_OK;
}

static int
by_accession(const void *pa, const void *pb)
{
    const exm_draft_mature *a = *(const exm_draft_mature *const *) pa;
    const exm_draft_mature *b = *(const exm_draft_mature *const *) pb;

    return strcmp(a->accession, b->accession);
}

static const exm_draft_mature *
find_accession(const exm_draft_mature *const *v, size_t n, const char *acc)
{
    size_t lo = 0, hi = n;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;

        if (strcmp(v[mid]->accession, acc) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && *acc && strcmp(v[lo]->accession, acc) == 0 ? v[lo] : NULL;
}

static const char *
first_word(exm_draft *d, const char *s)
{
    return exm_draft_keep(d, s, strcspn(s, " \t"));
}

/* A name of an older version or another database: same accession, or else same sequence. */
static exm_status
add_alias_file(exm_draft *d, const char *path, const exm_draft_mature *const *by_acc,
               exm_error *reterr)
{
    const exm_fasta *f = NULL;
    exm_status st = exm_draft_read(d, "alias", path, &f, reterr);

    for (size_t i = 0; st == EXM_OK && i < exm_fasta_count(f); i++) {
        const exm_fasta_entry *e = exm_fasta_get(f, i);
        const char *acc = first_word(d, e->description);
        const exm_draft_mature *m;

        if (!acc) return no_memory(reterr);
        if (!exm_draft_is_wanted(d, e->id)) continue;
        m = find_accession(by_acc, d->n_matures, acc);
        st = add_alias(d, e->id, m ? m->seq : e->seq, reterr);
    }
    return st;
}

static exm_status
add_aliases(exm_draft *d, const exm_ref_build_options *o, exm_error *reterr)
{
    const exm_draft_mature **by_acc = calloc(d->n_matures ? d->n_matures : 1, sizeof *by_acc);
    exm_status st = by_acc ? EXM_OK : no_memory(reterr);

    for (size_t i = 0; st == EXM_OK && i < d->n_matures; i++) {
        by_acc[i] = d->mature + i;
        st = add_alias(d, d->mature[i].name, d->mature[i].seq, reterr);
        if (st == EXM_OK) st = add_alias(d, d->mature[i].accession, d->mature[i].seq, reterr);
    }
    if (st == EXM_OK) qsort(by_acc, d->n_matures, sizeof *by_acc, by_accession);
    for (size_t i = 0; st == EXM_OK && i < o->n_aliases; i++)
        st = add_alias_file(d, o->aliases[i], by_acc, reterr);
    free(by_acc);
    return st;
}

/* ---- all of it ---- */

static exm_status
fill(exm_draft *d, const exm_ref_build_options *o, exm_error *reterr)
{
    exm_status st = add_class(d, "miRNA", EXM_KIND_MIRNA, reterr);

    if (st == EXM_OK) st = exm_draft_add_mirnas(d, o, reterr);
    for (size_t i = 0; st == EXM_OK && i < o->n_classes; i++)
        st = add_fasta_class(d, o->classes + i, EXM_KIND_CARGO, reterr);
    for (size_t i = 0; st == EXM_OK && i < o->n_spikes; i++)
        st = add_spikes(d, o->spikes + i, reterr);
    if (st == EXM_OK && o->artifact)
        st = add_fasta_class(d, &(exm_ref_source){"artifact", o->artifact}, EXM_KIND_ARTIFACT,
                             reterr);
    return st == EXM_OK ? add_aliases(d, o, reterr) : st;
}

exm_status
exm_ref_build(const exm_ref_build_options *o, exm_buf *ret, exm_ref_build_log *log,
              exm_error *reterr)
{
    exm_ref_build_log unused = {0};
    exm_draft d = {.species = o ? o->species : NULL, .log = log ? log : &unused};
    exm_status st;

    if (!o || !o->mature || !o->hairpin || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "reference: an argument is NULL");
    st = fill(&d, o, reterr);
    if (st == EXM_OK) st = exm_draft_write(&d, o->clade, ret, reterr);
    exm_draft_done(&d);
    exm_buf_done(&unused.notes);
    return st;
}
