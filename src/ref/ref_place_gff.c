/* ref_place_gff.c - matures at the coordinates of a GFF3; the rules are in ref_place.c. */
#include "gff3.h"
#include "ref_place.h"

#include <stdlib.h>
#include <string.h>

enum { CUT_LEAST = 15, CUT_MOST = 40 }; /* nt of a mature that only the GFF3 knows */

/* A mature row under its hairpin row; both are row numbers. */
struct child {
    uint32_t hairpin, row;
};

/* A mature that the FASTA lacks, cut from an anchored hairpin. */
struct cut {
    const char *name, *accession, *seq;
    size_t len;
    uint32_t template_id, start;
    size_t line;
};

struct reader {
    exm_placer *p;
    const exm_gff3 *g;
    exm_key *hairpin_id; /* ID of hairpin rows -> row */
    size_t n_hairpin_ids;
    exm_key *hairpin_stem; /* stem of hairpin rows -> row */
    size_t n_hairpin_stems;
    exm_key *template_key; /* name, accession -> template */
    size_t n_template_keys;
    exm_key *mature_key; /* name, accession -> mature */
    size_t n_mature_keys;
    struct child *child;
    size_t n_children;
    struct cut *cut;
    size_t n_cuts, cap_cuts;
    size_t n_turned; /* hairpins whose matures are counted from the wrong end */
    exm_error *err;
};

/* ---- tables ---- */

static exm_status
make_tables(struct reader *r)
{
    const exm_draft *d = r->p->d;
    const size_t rows = exm_gff3_count(r->g);

    r->hairpin_id = calloc(rows + 1, sizeof *r->hairpin_id);
    r->hairpin_stem = calloc(rows + 1, sizeof *r->hairpin_stem);
    r->child = calloc(rows + 1, sizeof *r->child);
    r->template_key = calloc(2 * d->n_templates + 1, sizeof *r->template_key);
    r->mature_key = calloc(2 * r->p->n_matures + 1, sizeof *r->mature_key);
    if (!r->hairpin_id || !r->hairpin_stem || !r->child || !r->template_key ||
        !r->mature_key)
        return exm_draft_no_memory(r->err);
    for (uint32_t i = 0; i < rows; i++) {
        const exm_gff3_row *x = exm_gff3_get(r->g, i);
        char stem[EXM_STEM_MAX];
        const char *kept;

        if (x->kind != EXM_GFF3_HAIRPIN) continue;
        exm_name_stem(x->name, stem);
        kept = exm_draft_keep(r->p->d, stem, strlen(stem));
        if (!kept) return exm_draft_no_memory(r->err);
        r->hairpin_id[r->n_hairpin_ids++] = (exm_key){.key = x->id, .value = i};
        r->hairpin_stem[r->n_hairpin_stems++] = (exm_key){.key = kept, .value = i};
    }
    for (uint32_t i = 0; i < d->n_templates; i++) {
        const exm_draft_template *t = &d->template[i];

        r->template_key[r->n_template_keys++] = (exm_key){.key = t->name, .value = i};
        if (t->accession[0])
            r->template_key[r->n_template_keys++] =
                (exm_key){.key = t->accession, .value = i};
    }
    for (uint32_t i = 0; i < r->p->n_matures; i++) {
        const exm_place_mature *m = &r->p->mature[i];

        r->mature_key[r->n_mature_keys++] = (exm_key){.key = m->name, .value = i};
        if (m->accession[0])
            r->mature_key[r->n_mature_keys++] = (exm_key){.key = m->accession, .value = i};
    }
    exm_keys_sort(r->hairpin_id, r->n_hairpin_ids);
    exm_keys_sort(r->hairpin_stem, r->n_hairpin_stems);
    exm_keys_sort(r->template_key, r->n_template_keys);
    exm_keys_sort(r->mature_key, r->n_mature_keys);
    return EXM_OK;
}

/* The value of the key s[0..n), or UINT32_MAX. */
static uint32_t
find_part(const exm_key *v, size_t n_keys, const char *s, size_t n)
{
    char word[EXM_STEM_MAX];
    size_t i;

    if (n == 0 || n >= sizeof word) return UINT32_MAX;
    memcpy(word, s, n);
    word[n] = '\0';
    i = exm_keys_find(v, n_keys, word);
    return i < n_keys ? v[i].value : UINT32_MAX;
}

/* "MI0006363_2" is another place of MI0006363. */
static size_t
without_copy(const char *id)
{
    const char *bar = strrchr(id, '_');

    if (!bar || !bar[1] || strspn(bar + 1, "0123456789") != strlen(bar + 1))
        return strlen(id);
    return (size_t) (bar - id);
}

/* By name, ID, accession (Alias or ID); UINT32_MAX. */
static uint32_t
find_row(const exm_key *v, size_t n, const exm_gff3_row *x)
{
    uint32_t i = find_part(v, n, x->name, strlen(x->name));

    if (i == UINT32_MAX) i = find_part(v, n, x->id, strlen(x->id));
    if (i == UINT32_MAX) i = find_part(v, n, x->alias, strcspn(x->alias, ","));
    if (i == UINT32_MAX) i = find_part(v, n, x->id, without_copy(x->id));
    return i;
}

static uint32_t
find_mature(const struct reader *r, const exm_gff3_row *x)
{
    const size_t n = strlen(x->name);
    uint32_t i = find_row(r->mature_key, r->n_mature_keys, x);

    if (i == UINT32_MAX && n > 1 && x->name[n - 1] == '*')
        i = find_part(r->mature_key, r->n_mature_keys, x->name, n - 1);
    return i;
}

/* The FASTA's hairpin for a row: as above, then by stem ("X_pre" is "X_pri"). */
static uint32_t
find_template(const struct reader *r, const exm_gff3_row *h)
{
    uint32_t t = find_row(r->template_key, r->n_template_keys, h);
    char stem[EXM_STEM_MAX];
    size_t i;

    if (t != UINT32_MAX) return t;
    exm_name_stem(h->name, stem);
    i = exm_keys_find(r->p->stem, r->p->n_stems, stem);
    return i < r->p->n_stems ? r->p->stem[i].value : UINT32_MAX;
}

/* ---- children ---- */

static int
contains(const exm_gff3_row *h, const exm_gff3_row *m)
{
    return h->kind == EXM_GFF3_HAIRPIN && h->strand == m->strand && h->start <= m->start &&
           h->end >= m->end && strcmp(h->seqid, m->seqid) == 0;
}

/* The first of the sorted keys that begins with s[0..n) and whose row holds m. */
static uint32_t
holder_with_prefix(const struct reader *r, const exm_key *v, size_t n_keys, const char *s,
                   size_t n, const exm_gff3_row *m)
{
    size_t lo = 0, hi = n_keys;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;

        if (strncmp(v[mid].key, s, n) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; n > 0 && lo < n_keys && strncmp(v[lo].key, s, n) == 0; lo++)
        if (contains(exm_gff3_get(r->g, v[lo].value), m)) return v[lo].value;
    return UINT32_MAX;
}

/*
 * The row that Derives_from names, or another copy of it ("MI0033425_2", to which miRBase
 * does not point) that holds the mature; else a row of the same stem around it; else what
 * Derives_from names although it does not hold it; else any row around it.
 */
static uint32_t
hairpin_of(const struct reader *r, const exm_gff3_row *m)
{
    const uint32_t named =
        find_part(r->hairpin_id, r->n_hairpin_ids, m->parent, strlen(m->parent));
    char stem[EXM_STEM_MAX];
    uint32_t h;

    if (named != UINT32_MAX && contains(exm_gff3_get(r->g, named), m)) return named;
    h = holder_with_prefix(r, r->hairpin_id, r->n_hairpin_ids, m->parent,
                           without_copy(m->parent), m);
    exm_name_stem(m->name, stem);
    if (h == UINT32_MAX)
        h = holder_with_prefix(r, r->hairpin_stem, r->n_hairpin_stems, stem,
                               strlen(stem) + 1, m);
    if (h != UINT32_MAX) return h;
    if (named != UINT32_MAX) return named;
    for (size_t i = 0; i < r->n_hairpin_ids; i++)
        if (contains(exm_gff3_get(r->g, r->hairpin_id[i].value), m))
            return r->hairpin_id[i].value;
    return UINT32_MAX;
}

static int
by_hairpin(const void *a, const void *b)
{
    const struct child *x = a, *y = b;
    const int c = (x->hairpin > y->hairpin) - (x->hairpin < y->hairpin);

    return c ? c : (x->row > y->row) - (x->row < y->row);
}

static void
find_children(struct reader *r)
{
    for (uint32_t i = 0; i < exm_gff3_count(r->g); i++) {
        const exm_gff3_row *m = exm_gff3_get(r->g, i);
        uint32_t h;

        if (m->kind != EXM_GFF3_MATURE) continue;
        h = hairpin_of(r, m);
        if (h != UINT32_MAX)
            r->child[r->n_children++] = (struct child){.hairpin = h, .row = i};
        else if (exm_draft_is_wanted(r->p->d, m->name))
            exm_buf_putf(&r->p->d->log.notes, "%s: line %zu of the GFF3 has no hairpin\n",
                         m->name, m->line);
    }
    qsort(r->child, r->n_children, sizeof *r->child, by_hairpin);
}

/* ---- one hairpin ---- */

struct hairpin {
    const exm_gff3_row *row;
    uint32_t template_id;
    const struct child *child;
    size_t n;
    int64_t offset; /* of the row's first base on the template */
    int from_end;   /* positions count down from the row's end: the minus strand */
    int anchored;
};

static int64_t
relative_start(const struct hairpin *h, const exm_gff3_row *m)
{
    return h->from_end ? (int64_t) h->row->end - (int64_t) m->end
                       : (int64_t) m->start - (int64_t) h->row->start;
}

static int
fits(const exm_draft_template *t, int64_t at, const exm_place_mature *m)
{
    return at >= 0 && at <= (int64_t) t->len && m->len <= t->len - (size_t) at &&
           memcmp(t->seq + at, m->seq, m->len) == 0;
}

/* How many of the hairpin's matures fit under its offset? */
static size_t
count_fits(const struct reader *r, const struct hairpin *h)
{
    size_t n = 0;

    for (size_t i = 0; i < h->n; i++) {
        const exm_gff3_row *x = exm_gff3_get(r->g, h->child[i].row);
        const uint32_t m = find_mature(r, x);

        if (m == UINT32_MAX) continue;
        n += (size_t) fits(&r->p->d->template[h->template_id],
                           h -> offset + relative_start(h, x), &r -> p -> mature[m]);
    }
    return n;
}

static int64_t
distance(int64_t a, int64_t b)
{
    return a < b ? b - a : a - b;
}

/* Takes over 'try' when more matures fit, or as many and it is nearer to the centre. */
static void
take_better(const struct reader *r, struct hairpin *h, size_t *best,
            const struct hairpin *try, int64_t spare)
{
    const size_t n = count_fits(r, try);

    if (n > *best ||
        (n == *best && distance(2 * try->offset, spare) < distance(2 * h->offset, spare))) {
        *best = n;
        *h = *try;
    }
}

/*
 * The offset under which most matures fit; among equals the one that centres the row on
 * the template (databases add equal flanks), which is 0 when the lengths agree.  MirGeneDB
 * 2 counts from the wrong end on the minus strand, so both directions are tried, the
 * strand's own first.
 */
static void
anchor(struct reader *r, struct hairpin *h)
{
    const exm_draft_template *t = &r->p->d->template[h->template_id];
    const int64_t spare = (int64_t) t->len - (int64_t) (h->row->end - h->row->start + 1);
    const int from_end = h->row->strand == '-';
    size_t best;

    h->offset = spare / 2;
    h->from_end = from_end;
    best = count_fits(r, h);
    for (int turn = 0; turn < 2; turn++) {
        struct hairpin try = *h;

        try.from_end = turn ? !from_end : from_end;
        for (size_t i = 0; i < h->n; i++) {
            const exm_gff3_row *x = exm_gff3_get(r->g, h->child[i].row);
            const uint32_t m = find_mature(r, x);

            for (int64_t at = 0; m != UINT32_MAX && at < (int64_t) t->len; at++) {
                if (!fits(t, at, &r->p->mature[m])) continue;
                try.offset = at - relative_start(&try, x);
                take_better(r, h, &best, &try, spare);
            }
        }
    }
    h->anchored = spare == 0 || best > 0;
    r->n_turned += h->from_end != from_end;
    if (best > 0 && spare == 0 && h->offset != 0)
        exm_buf_putf(&r->p->d->log.notes, "%s: its matures lie %lld nt off the GFF3\n",
                     t->name, (long long) h->offset);
}

static exm_status
place_known(const struct reader *r, const struct hairpin *h, const exm_gff3_row *x,
            uint32_t m)
{
    exm_place_mature *mature = &r->p->mature[m];
    const exm_draft_template *t = &r->p->d->template[h->template_id];
    const int64_t wanted = h->offset + relative_start(h, x);
    const unsigned long long row_len = x->end - x->start + 1;
    int64_t at = wanted;

    if (mature->accession[0] == '\0') {
        const size_t n = exm_name_accession_len(x->alias);

        mature->accession = exm_draft_keep(r->p->d, x->alias, n);
        if (!mature->accession) return exm_draft_no_memory(r->err);
    }
    if (!fits(t, wanted, mature)) {
        at = exm_place_search(t, mature, wanted);
        if (at < 0) {
            exm_buf_putf(&r->p->d->log.notes, "%s: %s does not hold it, against the GFF3\n",
                         mature->name, t->name);
            return EXM_OK;
        }
        exm_buf_putf(&r->p->d->log.notes, "%s: at %lld of %s, not at %lld as in the GFF3\n",
                     mature->name, (long long) at + 1, t->name, (long long) wanted + 1);
    } else if (row_len != mature->len) {
        exm_buf_putf(&r->p->d->log.notes, "%s: %zu nt, but %llu in the GFF3\n",
                     mature->name, mature->len, row_len);
    }
    return exm_place_add(r->p, m, h->template_id, (uint64_t) at, r->err);
}

static exm_status
cut_unknown(struct reader *r, const struct hairpin *h, const exm_gff3_row *x)
{
    const exm_draft_template *t = &r->p->d->template[h->template_id];
    const int64_t at = h->offset + relative_start(h, x);
    const uint64_t len = x->end - x->start + 1;
    struct cut *c;

    if (!h->anchored || at < 0 || len < CUT_LEAST || len > CUT_MOST ||
        (uint64_t) at + len > t->len || memchr(t->seq + at, 'N', len)) {
        exm_buf_putf(&r->p->d->log.notes,
                     "%s: in the GFF3 only, and no part of %s: left out\n", x->name,
                     t->name);
        return EXM_OK;
    }
    c = exm_draft_grow(&r->cut, &r->n_cuts, &r->cap_cuts, sizeof *r->cut);
    if (!c) return exm_draft_no_memory(r->err);
    *c = (struct cut){
        .name = exm_draft_keep(r->p->d, x->name, strlen(x->name)),
        .accession = exm_draft_keep(r->p->d, x->alias, exm_name_accession_len(x->alias)),
        .seq = exm_draft_keep(r->p->d, t->seq + at, len),
        .len = len,
        .template_id = h->template_id,
        .start = (uint32_t) at,
        .line = x->line};
    return c->name && c->accession && c->seq ? EXM_OK : exm_draft_no_memory(r->err);
}

/* Matures of hairpins that the species filter left out: not missing, not ours. */
static void
mark_foreign(const struct reader *r, const struct hairpin *h)
{
    for (size_t i = 0; i < h->n; i++) {
        const uint32_t m = find_mature(r, exm_gff3_get(r->g, h->child[i].row));

        if (m != UINT32_MAX) r->p->mature[m].foreign = 1;
    }
}

/* Where the genome holds the template, flanks that only the FASTA has included. */
static exm_status
add_locus(const struct reader *r, const struct hairpin *h)
{
    const exm_draft_template *t = &r->p->d->template[h->template_id];
    const int minus = h->row->strand == '-';
    const int64_t low = minus ? (int64_t) h->row->end + h->offset - (int64_t) t->len + 1
                              : (int64_t) h->row->start - h->offset;
    exm_draft *d = r->p->d;
    exm_draft_locus *to;

    if (!h->anchored || low < 1 || (h->row->strand != '+' && !minus)) return EXM_OK;
    to = EXM_DRAFT_ADD(d, locus, n_loci, cap_loci);
    if (!to) return exm_draft_no_memory(r->err);
    *to =
        (exm_draft_locus){.chrom = exm_draft_keep(d, h->row->seqid, strlen(h->row->seqid)),
                          .template_id = h->template_id,
                          .minus = minus,
                          .low = (uint64_t) low};
    return to->chrom ? EXM_OK : exm_draft_no_memory(r->err);
}

static exm_status
place_hairpin(struct reader *r, struct hairpin *h)
{
    exm_draft_template *t;
    exm_status s = EXM_OK;

    if (!exm_draft_is_wanted(r->p->d, h->row->name)) {
        mark_foreign(r, h);
        return EXM_OK;
    }
    h->template_id = find_template(r, h->row);
    if (h->template_id == UINT32_MAX) {
        exm_buf_putf(&r->p->d->log.notes, "%s: in the GFF3, but not among the hairpins\n",
                     h->row->name);
        return EXM_OK;
    }
    t = &r->p->d->template[h->template_id];
    if (t->accession[0] == '\0')
        t->accession =
            exm_draft_keep(r->p->d, h->row->alias, exm_name_accession_len(h->row->alias));
    if (!t->accession) return exm_draft_no_memory(r->err);
    anchor(r, h);
    s = add_locus(r, h);
    for (size_t i = 0; s == EXM_OK && i < h->n; i++) {
        const exm_gff3_row *x = exm_gff3_get(r->g, h->child[i].row);
        const uint32_t m = find_mature(r, x);

        s = m == UINT32_MAX ? cut_unknown(r, h, x) : place_known(r, h, x, m);
    }
    return s;
}

static exm_status
place_hairpins(struct reader *r)
{
    exm_status s = EXM_OK;

    for (size_t i = 0, k; s == EXM_OK && i < r->n_children; i = k) {
        struct hairpin h = {.row = exm_gff3_get(r->g, r->child[i].hairpin),
                            .child = r->child + i};

        for (k = i; k < r->n_children && r->child[k].hairpin == r->child[i].hairpin; k++) {
        }
        h.n = k - i;
        s = place_hairpin(r, &h);
    }
    if (r->n_turned > 0)
        exm_buf_putf(&r->p->d->log.notes,
                     "%zu hairpins: the GFF3 counts their matures from the other end than "
                     "the strand says; the sequences decided\n",
                     r->n_turned);
    return s;
}

/* ---- matures that the FASTA lacks ---- */

static int
by_name_and_line(const void *a, const void *b)
{
    const struct cut *x = a, *y = b;
    const int c = strcmp(x->name, y->name);

    return c ? c : (x->line > y->line) - (x->line < y->line);
}

static exm_status
add_cut(const struct reader *r, const struct cut *c)
{
    exm_placer *p = r->p;
    exm_place_mature *m =
        exm_draft_grow(&p->mature, &p->n_matures, &p->cap_matures, sizeof *p->mature);

    if (!m) return exm_draft_no_memory(r->err);
    *m = (exm_place_mature){
        .name = c->name, .accession = c->accession, .seq = c->seq, .len = c->len};
    return EXM_OK;
}

static exm_status
add_cuts(const struct reader *r)
{
    exm_status s = EXM_OK;
    size_t made = 0;

    if (r->n_cuts == 0) return EXM_OK;
    qsort(r->cut, r->n_cuts, sizeof *r->cut, by_name_and_line);
    for (size_t i = 0, k; s == EXM_OK && i < r->n_cuts; i = k) {
        const struct cut *c = &r->cut[i];

        s = add_cut(r, c);
        made++;
        for (k = i; s == EXM_OK && k < r->n_cuts && strcmp(r->cut[k].name, c->name) == 0;
             k++) {
            if (strcmp(r->cut[k].seq, c->seq) == 0)
                s = exm_place_add(r->p, (uint32_t) r->p->n_matures - 1,
                                  r->cut[k].template_id, r->cut[k].start, r->err);
            else
                exm_buf_putf(
                    &r->p->d->log.notes,
                    "%s: line %zu of the GFF3 gives it another sequence: left out\n",
                    c->name, r->cut[k].line);
        }
    }
    exm_buf_putf(
        &r->p->d->log.notes,
        "%zu matures are in the GFF3 but not in the FASTA: cut from their hairpins\n",
        made);
    return s;
}

/* ---- all of it ---- */

/* A GFF3 is not needed, but one that fits nothing is a mistake that nobody wants passed over. */
static exm_status
check_use(const struct reader *r, const char *path)
{
    if (r->p->d->n_matures > 0) return EXM_OK;
    return exm_fail(r->err, EXM_EDATA, 0,
                    "%s places none of the matures%s%s: its first row is '%.60s', on line "
                    "%zu; is it of another species or database than the FASTA files?",
                    path, r->p->d->species[0] ? " of species " : "", r->p->d->species,
                    exm_gff3_get(r->g, 0)->name, exm_gff3_get(r->g, 0)->line);
}

static exm_status
read_gff(exm_draft *d, const char *path, exm_gff3 **ret, exm_error *reterr)
{
    char *data = NULL;
    size_t n = 0;
    exm_status s = exm_draft_slurp(d, "gff", "miRNA", path, &data, &n, reterr);

    if (s == EXM_OK) s = exm_gff3_parse(data, n, exm_draft_label(path), ret, reterr);
    if (s == EXM_OK) {
        d->source[d->n_sources - 1].entries = exm_gff3_count(*ret);
        exm_draft_database_of_gff(d, data, n);
    }
    free(data);
    return s;
}

exm_status
exm_place_by_gff(exm_placer *p, const char *path, exm_error *reterr)
{
    struct reader r = {.p = p, .err = reterr};
    exm_gff3 *g = NULL;
    exm_status s = read_gff(p->d, path, &g, reterr);

    r.g = g;
    if (s == EXM_OK) s = make_tables(&r);
    if (s == EXM_OK) {
        find_children(&r);
        s = place_hairpins(&r);
    }
    if (s == EXM_OK) s = add_cuts(&r);
    if (s == EXM_OK) s = check_use(&r, exm_draft_label(path));
    free(r.hairpin_id);
    free(r.hairpin_stem);
    free(r.template_key);
    free(r.mature_key);
    free(r.child);
    free(r.cut);
    exm_gff3_free(g);
    return s;
}
