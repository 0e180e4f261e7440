/*
 * outputs.c - tables of a run out of its sample records.
 *
 * Workload: 1 to 1,000 samples.  Features and isomiRs are sorted in every record, so one
 * cursor per record walks each list once; only the isomiRs of one feature are in memory
 * at a time.
 */
#include "outputs_impl.h"

#include "exomir/annotate.h"
#include "exomir/json.h"

#include <stdlib.h>
#include <string.h>

typedef enum column { COL_EM, COL_UNIQUE, COL_BEST } column;

static exm_status
no_memory(exm_error *reterr)
{
    return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the output tables");
}

/* ---- miRNAs ---- */

/* The least name at any cursor, or NULL at the end of all. */
static const char *
least_name(const exm_record *const *r, size_t n, const size_t *at)
{
    const char *least = NULL;

    for (size_t i = 0; i < n; i++) {
        const exm_record_feature *f = r[i]->features + at[i];

        if (at[i] >= r[i]->n_features || f->class_id != 0) continue;
        if (!least || strcmp(f->name, least) < 0) least = f->name;
    }
    return least;
}

static uint64_t
cell(const exm_record_feature *f, column c, int which)
{
    switch (c) {
    case COL_UNIQUE:
        return f->unique[which];
    case COL_BEST:
        return f->best[which];
    case COL_EM:
        break;
    }
    return f->em[which];
}

static exm_status
put_mirnas(const exm_record *const *r, size_t n, const char *name, column c, int which,
           exm_outdir *dir, exm_error *reterr)
{
    size_t *at = calloc(n ? n : 1, sizeof *at);
    exm_buf b = {0};
    const char *feature;
    exm_status st;

    if (!at) return no_memory(reterr);
    exm_outputs_put_header(&b, "mirna", r, n);
    while ((feature = least_name(r, n, at)) != NULL) {
        exm_buf_puts(&b, feature);
        for (size_t i = 0; i < n; i++) {
            const exm_record_feature *f = r[i]->features + at[i];
            const int here = at[i] < r[i]->n_features && f->class_id == 0 &&
                             strcmp(f->name, feature) == 0;

            exm_buf_putc(&b, '\t');
            exm_buf_put_u64(&b, here ? cell(f, c, which) : 0);
        }
        exm_buf_putc(&b, '\n');
        for (size_t i = 0; i < n; i++) /* 'feature' lies in one of these records */
            if (at[i] < r[i]->n_features && r[i]->features[at[i]].class_id == 0 &&
                (r[i]->features[at[i]].name == feature ||
                 strcmp(r[i]->features[at[i]].name, feature) == 0))
                at[i]++;
    }
    st = exm_outdir_put(dir, name, &b, reterr);
    exm_buf_done(&b);
    free(at);
    return st;
}

/* ---- classes ---- */

/* One reference: the classes are the same, and nearly always at the same place. */
static const exm_record_class *
class_named(const exm_record *r, const char *name, size_t likely)
{
    if (likely < r->n_classes && strcmp(r->classes[likely].name, name) == 0)
        return r->classes + likely;
    for (size_t i = 0; i < r->n_classes; i++)
        if (strcmp(r->classes[i].name, name) == 0) return r->classes + i;
    return NULL;
}

static exm_status
put_classes(const exm_record *const *r, size_t n, exm_outdir *dir, exm_error *reterr)
{
    static const char *const rest[] = {"unannotated", "foreign"};
    exm_buf b = {0};
    exm_status st;

    exm_outputs_put_header(&b, "class", r, n);
    for (size_t c = 0; n > 0 && c < r[0]->n_classes; c++) {
        exm_buf_puts(&b, r[0]->classes[c].name);
        for (size_t i = 0; i < n; i++) {
            const exm_record_class *k = class_named(r[i], r[0]->classes[c].name, c);

            exm_buf_putc(&b, '\t');
            exm_buf_put_u64(&b, k ? k->em[0] : 0);
        }
        exm_buf_putc(&b, '\n');
    }
    for (int k = 0; k < 2; k++) {
        exm_buf_puts(&b, rest[k]);
        for (size_t i = 0; i < n; i++) {
            exm_buf_putc(&b, '\t');
            exm_buf_put_u64(&b, k == 0 ? r[i]->unannotated : r[i]->foreign);
        }
        exm_buf_putc(&b, '\n');
    }
    st = exm_outdir_put(dir, "classes.counts.tsv", &b, reterr);
    exm_buf_done(&b);
    return st;
}

exm_status
exm_outputs_counts(const exm_record *const *records, size_t n, exm_outdir *dir,
                   exm_error *reterr)
{
    const int umi = exm_outputs_any_umi(records, n);
    exm_status st = put_mirnas(records, n, "mirna.counts.tsv", COL_EM, umi, dir, reterr);

    if (st == EXM_OK)
        st = put_mirnas(records, n, "mirna.unique.tsv", COL_UNIQUE, umi, dir, reterr);
    if (st == EXM_OK)
        st = put_mirnas(records, n, "mirna.best.tsv", COL_BEST, umi, dir, reterr);
    if (st == EXM_OK && umi)
        st = put_mirnas(records, n, "mirna.reads.tsv", COL_EM, 0, dir, reterr);
    return st == EXM_OK ? put_classes(records, n, dir, reterr) : st;
}

/* ---- isomiRs: one walk over all records, feature by feature ---- */

struct entry {
    const exm_record_isomir *x;
    size_t rec;
};

/* By length, letters, record: the order of the records' own lists. */
static int
by_sequence(const void *pa, const void *pb)
{
    const struct entry *a = pa, *b = pb;
    const int c = exm_packed_order(a->x->lo, a->x->hi, b->x->lo, b->x->hi);

    return c ? c : (a->rec > b->rec) - (a->rec < b->rec);
}

struct walk {
    const exm_record *const *r;
    size_t n;
    size_t *feature, *isomir; /* cursors */
    struct entry *entry;
    size_t n_entries, cap;
    uint64_t *count; /* [n] of the row at hand */
    int *poly_a;     /* [n] whose kit is one */
    int open_end;    /* of the row at hand, in any of those (record.h) */
    int which;
    const char *database; /* of the miRNAs' names */
    exm_buf out;
    exm_outfile *file;
    exm_error *err;
};

/* Collects the entries of one feature and moves the cursors past them. */
static exm_status
gather(struct walk *w, const char *feature)
{
    w->n_entries = 0;
    for (size_t i = 0; i < w->n; i++) {
        const exm_record *r = w->r[i];

        if (w->feature[i] >= r->n_features || r->features[w->feature[i]].class_id != 0 ||
            strcmp(r->features[w->feature[i]].name, feature) != 0)
            continue;
        for (; w->isomir[i] < r->n_isomirs &&
               r->isomirs[w->isomir[i]].feature == w->feature[i];
             w->isomir[i]++) {
            if (w->n_entries == w->cap) {
                const size_t cap = w->cap ? w->cap * 2 : 4096;
                struct entry *e = realloc(w->entry, cap * sizeof *e);

                if (!e) return no_memory(w->err);
                w->entry = e;
                w->cap = cap;
            }
            w->entry[w->n_entries++] = (struct entry){r->isomirs + w->isomir[i], i};
        }
    }
    for (size_t i = 0; i < w->n; i++) { /* after the last use of 'feature' above */
        const exm_record *r = w->r[i];

        if (w->feature[i] < r->n_features && r->features[w->feature[i]].class_id == 0 &&
            strcmp(r->features[w->feature[i]].name, feature) == 0)
            w->feature[i]++;
    }
    if (w->n_entries > 1) qsort(w->entry, w->n_entries, sizeof *w->entry, by_sequence);
    return EXM_OK;
}

typedef exm_status (*row_writer)(struct walk *w, const struct entry *e, const char *seq);

static exm_status
flush(struct walk *w, size_t at_least)
{
    exm_status st = exm_buf_check(&w->out, w->err);

    if (st == EXM_OK && w->out.len >= at_least && w->out.len > 0)
        st = exm_outfile_write(w->file, w->out.data, w->out.len, w->err);
    if (st == EXM_OK && w->out.len >= at_least) exm_buf_clear(&w->out);
    return st;
}

/* Rows of equal sequence of the gathered feature. */
static exm_status
put_rows(struct walk *w, row_writer row)
{
    exm_status st = EXM_OK;
    char seq[64];

    for (size_t i = 0; st == EXM_OK && i < w->n_entries;) {
        const struct entry *e = w->entry + i;
        int any = 0; /* reads whose molecules all count as another insert's have none */

        for (size_t k = 0; k < w->n; k++) w->count[k] = 0;
        w->open_end = 0;
        (void) exm_unpack(e->x->lo, e->x->hi, seq);
        for (; i < w->n_entries && w->entry[i].x->lo == e->x->lo &&
               w->entry[i].x->hi == e->x->hi;
             i++) {
            const size_t rec = w->entry[i].rec;

            w->count[rec] = w->entry[i].x->count[w->which];
            any |= w->count[rec] > 0;
            w->open_end |= w->count[rec] > 0 && w->poly_a[rec] &&
                           exm_record_has_open_end(w->r[rec], w->entry[i].x);
        }
        if (any) st = row(w, e, seq);
        if (st == EXM_OK) st = flush(w, EXM_WRITE_AT);
    }
    return st;
}

static exm_status
walk_isomirs(struct walk *w, const char *name, row_writer row, exm_outdir *dir)
{
    exm_outfile *file = NULL;
    const char *feature;
    exm_status st;

    w->feature = calloc(w->n + 1, sizeof *w->feature);
    w->isomir = calloc(w->n + 1, sizeof *w->isomir);
    w->count = calloc(w->n + 1, sizeof *w->count);
    w->poly_a = calloc(w->n + 1, sizeof *w->poly_a);
    st = w->feature && w->isomir && w->count && w->poly_a
             ? exm_outdir_open(dir, name, &file, w->err)
             : no_memory(w->err);
    w->file = file;
    for (size_t i = 0; st == EXM_OK && i < w->n; i++)
        w->poly_a[i] = exm_record_is_poly_a(w->r[i]);
    while (st == EXM_OK && (feature = least_name(w->r, w->n, w->feature)) != NULL) {
        st = gather(w, feature);
        if (st == EXM_OK) st = put_rows(w, row);
    }
    if (st == EXM_OK) st = flush(w, 0);
    if (st == EXM_OK)
        st = exm_outdir_close(dir, file, w->err);
    else
        exm_outfile_free(file);
    free(w->feature);
    free(w->isomir);
    free(w->count);
    free(w->poly_a);
    free(w->entry);
    exm_buf_done(&w->out);
    return st;
}

static const exm_record_mature *
mature_of(const struct walk *w, const struct entry *e)
{
    return w->r[e->rec]->matures + e->x->mature;
}

static exm_status
put_isomir_row(struct walk *w, const struct entry *e, const char *seq)
{
    exm_status st;

    exm_buf_puts(&w->out, mature_of(w, e)->name);
    exm_buf_putc(&w->out, '|');
    exm_variant_put(&e->x->variant, &w->out);
    exm_buf_putc(&w->out, '|');
    st = exm_uid_put("iso", seq, strlen(seq), &w->out, w->err);
    if (st != EXM_OK) return st;
    if (w->open_end) exm_buf_puts(&w->out, "|polyA");
    for (size_t i = 0; i < w->n; i++) {
        exm_buf_putc(&w->out, '\t');
        exm_buf_put_u64(&w->out, w->count[i]);
    }
    exm_buf_putc(&w->out, '\n');
    return EXM_OK;
}

exm_status
exm_outputs_isomirs(const exm_record *const *records, size_t n, exm_outdir *dir,
                    exm_error *reterr)
{
    struct walk w = {
        .r = records, .n = n, .which = exm_outputs_any_umi(records, n), .err = reterr};

    exm_outputs_put_header(&w.out, "isomir", records, n);
    return walk_isomirs(&w, "isomir.counts.tsv", put_isomir_row, dir);
}

/* ---- mirGFF3: as the specification has it; mirtop reads both version lines, and its
 * data base wants a blank behind each ';' (docs/formats.md) ---- */

/* A name of n bytes; what has a meaning in a GFF3 line, '%' included, by its code. */
static void
put_escaped(exm_buf *b, const char *s, size_t n)
{
    for (; n > 0; s++, n--) {
        if (strchr(";=&,%", *s))
            exm_buf_putf(b, "%%%02X", (unsigned) (unsigned char) *s);
        else
            exm_buf_putc(b, *s);
    }
}

/* The database of the miRNAs as one word, as mirtop has it: "miRBasev22". */
static void
put_database(exm_buf *b, const char *s)
{
    for (; *s; s++)
        if (*s != ' ') put_escaped(b, s, 1);
}

/* Names with ',' between, which stays. */
static void
put_list(exm_buf *b, const char *s)
{
    for (;;) {
        const size_t n = strcspn(s, ",");

        put_escaped(b, s, n);
        if (!s[n]) return;
        exm_buf_putc(b, ',');
        s += n + 1;
    }
}

static exm_status
put_gff_row(struct walk *w, const struct entry *e, const char *seq)
{
    const exm_variant *v = &e->x->variant;
    const exm_record_mature *m = mature_of(w, e);
    const uint32_t len = exm_packed_length(e->x->lo);
    exm_buf *b = &w->out;
    const int is_reference =
        v->d5 == 0 && v->d3 == 0 && !v->n_sub && !v->n_tail && !v->n_add5;
    const long start = (long) m->start + v->d5 + 1;
    const long end = (long) m->start + (long) m->len + v->d3;
    exm_status st;

    put_escaped(b, m->hairpins, strcspn(m->hairpins, ","));
    exm_buf_putc(b, '\t');
    put_database(b, w->database);
    exm_buf_putf(b, "\t%s\t%ld\t%ld\t.\t+\t.\tRead=%s; UID=",
                 is_reference ? "ref_miRNA" : "isomiR", start, end, seq);
    st = exm_uid_put("iso", seq, len, b, w->err);
    if (st != EXM_OK) return st;
    exm_buf_puts(b, "; Name=");
    put_escaped(b, m->name, strlen(m->name));
    exm_buf_puts(b, "; Parent=");
    put_list(b, m->hairpins);
    exm_buf_puts(b, "; Variant=");
    exm_variant_put(v, b);
    exm_buf_puts(b, "; Cigar=");
    exm_variant_put_cigar(v, len, b);
    exm_buf_puts(b, "; Hits=");
    exm_buf_put_u64(b, e->x->hits);
    exm_buf_puts(b, "; Expression=");
    for (size_t i = 0; i < w->n; i++) {
        if (i > 0) exm_buf_putc(b, ',');
        exm_buf_put_u64(b, w->count[i]);
    }
    exm_buf_puts(b, "; Filter=Pass");
    if (e->x->n_features > 1) exm_buf_puts(b, ":shared");
    if (w->open_end) exm_buf_puts(b, e->x->n_features > 1 ? ",polyA" : ":polyA");
    exm_buf_puts(b, ";\n");
    return EXM_OK;
}

/* The database and where it is described; without one, the terms of column 3. */
static void
put_ontology(exm_buf *b, const char *database)
{
    static const struct {
        const char *name, *where;
    } known[] = {{"miRBase", " doi:10.25504/fairsharing.hmgte8"},
                 {"MirGeneDB", " http://mirgenedb.org"}};

    if (strcmp(database, "exomir") == 0) {
        exm_buf_puts(b, "http://purl.obolibrary.org/obo/so.owl");
        return;
    }
    put_database(b, database);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strncmp(database, known[i].name, strlen(known[i].name)) == 0)
            exm_buf_puts(b, known[i].where);
}

exm_status
exm_outputs_gff3(const exm_record *const *records, size_t n, exm_outdir *dir,
                 exm_error *reterr)
{
    struct walk w = {
        .r = records, .n = n, .which = exm_outputs_any_umi(records, n), .err = reterr};

    w.database = n > 0 && records[0]->database[0] ? records[0]->database : "exomir";
    exm_buf_puts(&w.out, "## mirGFF3. VERSION 1.2\n## VERSION: 1.2\n##source-ontology: ");
    put_ontology(&w.out, w.database);
    exm_buf_puts(&w.out, "\n## TOOLS: exomir " EXM_VERSION "\n## COLDATA: ");
    for (size_t i = 0; i < n; i++) {
        if (i > 0) exm_buf_putc(&w.out, ',');
        exm_buf_puts(&w.out, records[i]->sample);
    }
    exm_buf_putc(&w.out, '\n');
    return walk_isomirs(&w, "mirna.gff3", put_gff_row, dir);
}

/* ---- coldata ---- */

exm_status
exm_outputs_coldata(const exm_record *const *records, size_t n,
                    const char *const *extra_names, size_t n_extra,
                    const char *const *extra_cells, exm_outdir *dir, exm_error *reterr)
{
    exm_buf b = {0};
    exm_status st;

    exm_buf_puts(&b, "sample\tkit\treads_in\treads_kept\tmolecules\tmirna\tcontent");
    for (size_t k = 0; k < n_extra; k++) {
        exm_buf_putc(&b, '\t');
        exm_buf_puts(&b, extra_names[k]);
    }
    exm_buf_putc(&b, '\n');
    for (size_t i = 0; i < n; i++) {
        const exm_record *r = records[i];

        exm_buf_puts(&b, r->sample);
        exm_buf_putc(&b, '\t');
        exm_buf_puts(&b, r->kit);
        exm_buf_putc(&b, '\t');
        exm_buf_put_u64(&b, r->reads_in);
        exm_buf_putc(&b, '\t');
        exm_buf_put_u64(&b, r->fate[EXM_FATE_KEPT]);
        exm_buf_putc(&b, '\t');
        exm_buf_put_u64(&b, r->molecules);
        exm_buf_putc(&b, '\t');
        exm_buf_put_u64(&b, r->classes[0].em[0]);
        exm_buf_putc(&b, '\t');
        exm_buf_puts(&b, r->content);
        for (size_t k = 0; k < n_extra; k++) {
            const char *text = extra_cells[i * n_extra + k];

            exm_buf_putc(&b, '\t');
            exm_buf_puts(&b, text && *text ? text : "NA");
        }
        exm_buf_putc(&b, '\n');
    }
    st = exm_outdir_put(dir, "coldata.tsv", &b, reterr);
    exm_buf_done(&b);
    return st;
}

/* ---- qc.json ---- */

exm_status
exm_outputs_qc(const exm_record *const *records, const exm_qc *qc, size_t n,
               exm_outdir *dir, exm_error *reterr)
{
    exm_buf b = {0};
    exm_json j;
    exm_status st;

    exm_json_init(&j, &b);
    exm_json_object(&j);
    exm_json_kstr(&j, "schema", "exomir-qc-1");
    exm_json_kstr(&j, "use", "Research use only");
    exm_json_key(&j, "samples");
    exm_json_array(&j);
    for (size_t i = 0; i < n; i++) exm_qc_put_json(records[i], qc + i, &j);
    exm_json_end(&j);
    exm_json_end(&j);
    st = exm_json_finish(&j, reterr);
    if (st == EXM_OK) st = exm_outdir_put(dir, "qc.json", &b, reterr);
    exm_buf_done(&b);
    return st;
}
