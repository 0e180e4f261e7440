/*
 * ref_place.c - where does each mature lie?
 *
 * The GFF says on which hairpin and about where; the sequences decide: a mature is placed
 * where its hairpin holds exactly its sequence, at the occurrence nearest to the GFF's
 * coordinates.  Without GFF, or where it fails, hairpins of the same name stem are
 * searched ("hsa-miR-1-3p" on hsa-mir-1-1, hsa-mir-1-2), the occurrence on the arm that
 * the name says first.  A mature that no hairpin holds becomes a template of its own.
 * A hairpin that holds a mature's sequence by chance, unnamed, is not used.
 */
#include "exomir/input.h"
#include "gff3.h"
#include "ref_draft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEM_MAX = 128 };

static const size_t gff_limit = (size_t) 1 << 30;

struct hairpin {
    const char *name;
    char stem[STEM_MAX];
    uint32_t template_id;
};

struct placer {
    exm_draft *d;
    const exm_fasta *mature, *hairpin;
    struct hairpin *by_name; /* sorted by name */
    struct hairpin *by_stem; /* sorted by stem, then name */
    size_t n_hairpins;
    const exm_fasta_entry **mature_by_name;
    size_t n_matures;
    exm_gff3 *gff;
    exm_error *err;
};

static exm_status
no_memory(const struct placer *p)
{
    return exm_fail(p->err, EXM_ENOMEM, 0, "no memory to place matures");
}

/* ---- names ---- */

static int
ends_with(const char *s, size_t n, const char *end)
{
    const size_t k = strlen(end);

    return n >= k && memcmp(s + n - k, end, k) == 0;
}

/* Lower case, without arm, star, or the words databases hang on hairpins. */
static void
stem_of(const char *name, char ret[STEM_MAX])
{
    static const char *const ends[] = {"*", "-5p", "-3p", "_5p", "_3p", "_pre", "_pri"};
    size_t n = strlen(name);
    int again = 1;

    if (n >= STEM_MAX) n = STEM_MAX - 1;
    for (size_t i = 0; i < n; i++) {
        const char c = name[i];

        ret[i] = c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
    }
    while (again) {
        again = 0;
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
            if (ends_with(ret, n, ends[i]) && n > strlen(ends[i])) {
                n -= strlen(ends[i]);
                again = 1;
            }
        }
    }
    ret[n] = '\0';
}

static uint32_t
arm_of_name(const char *name)
{
    size_t n = strlen(name);

    while (n > 0 && name[n - 1] == '*') n--;
    if (n < 3 || name[n - 1] != 'p' || (name[n - 3] != '-' && name[n - 3] != '_')) return 0;
    return name[n - 2] == '5' ? 5 : name[n - 2] == '3' ? 3 : 0;
}

/* Is 'stem' that of a copy of 'of': equal, or followed by "-<digits>"? */
static int
is_copy(const char *stem, const char *of)
{
    const size_t n = strlen(of);

    if (strncmp(stem, of, n) != 0) return 0;
    if (stem[n] == '\0') return 1;
    if (stem[n] != '-') return 0;
    for (const char *p = stem + n + 1; *p; p++)
        if (*p < '0' || *p > '9') return 0;
    return stem[n + 1] != '\0';
}

/* ---- look-up tables ---- */

static int
hairpins_by_name(const void *a, const void *b)
{
    return strcmp(((const struct hairpin *) a)->name, ((const struct hairpin *) b)->name);
}

static int
hairpins_by_stem(const void *a, const void *b)
{
    const int d = strcmp(((const struct hairpin *) a)->stem, ((const struct hairpin *) b)->stem);

    return d ? d : hairpins_by_name(a, b);
}

static int
entries_by_id(const void *a, const void *b)
{
    return strcmp((*(const exm_fasta_entry *const *) a)->id,
                  (*(const exm_fasta_entry *const *) b)->id);
}

/* First hairpin whose stem is not before 'stem'. */
static size_t
stem_from(const struct placer *p, const char *stem)
{
    size_t lo = 0, hi = p->n_hairpins;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;

        if (strcmp(p->by_stem[mid].stem, stem) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static const struct hairpin *
find_hairpin(const struct placer *p, const char *name)
{
    struct hairpin key = {.name = name};
    const struct hairpin *h =
        bsearch(&key, p->by_name, p->n_hairpins, sizeof *p->by_name, hairpins_by_name);
    size_t at;

    if (h) return h;
    stem_of(name, key.stem); /* "..._pre" in the GFF, "..._pri" in the FASTA */
    at = stem_from(p, key.stem);
    return at < p->n_hairpins && strcmp(p->by_stem[at].stem, key.stem) == 0 ? p->by_stem + at
                                                                            : NULL;
}

static const exm_fasta_entry *
find_mature_named(const struct placer *p, const char *name, size_t n)
{
    char key[STEM_MAX];
    const exm_fasta_entry entry = {.id = key}, *pe = &entry;
    const exm_fasta_entry **e;

    if (n >= sizeof key) return NULL;
    memcpy(key, name, n);
    key[n] = '\0';
    e = bsearch(&pe, p->mature_by_name, p->n_matures, sizeof *e, entries_by_id);
    return e ? *e : NULL;
}

static const exm_fasta_entry *
find_mature(const struct placer *p, const exm_gff3_row *r)
{
    const exm_fasta_entry *e = find_mature_named(p, r->name, strlen(r->name));
    const size_t n = strlen(r->id);

    if (!e) e = find_mature_named(p, r->id, n);
    if (!e && n > 0 && r->id[n - 1] == '*') e = find_mature_named(p, r->id, n - 1);
    return e;
}

/* ---- placing ---- */

/* Occurrence of m in the hairpin nearest to 'wanted'; -1 when there is none. */
static long
nearest_occurrence(const exm_draft_template *t, const exm_fasta_entry *m, long wanted)
{
    long best = -1;

    for (size_t i = 0; i + m->len <= t->len; i++) {
        if (memcmp(t->seq + i, m->seq, m->len) != 0) continue;
        if (best < 0 || labs((long) i - wanted) < labs(best - wanted)) best = (long) i;
    }
    return best;
}

/* "MIMAT0000062", and no other word of a description. */
static const char *
accession_of(exm_draft *d, const char *description, const char *alias, const char *prefix)
{
    const size_t n = strcspn(description, " \t");

    if (strncmp(description, prefix, strlen(prefix)) == 0)
        return exm_draft_keep(d, description, n);
    if (strncmp(alias, prefix, strlen(prefix)) == 0)
        return exm_draft_keep(d, alias, strcspn(alias, ","));
    return "";
}

static exm_status
add_place(struct placer *p, const exm_fasta_entry *m, const char *alias, uint32_t template_id,
          size_t start)
{
    exm_draft *d = p->d;
    const exm_draft_template *t = d->template + template_id;
    const char *acc = accession_of(d, m->description, alias, "MIMAT");
    uint32_t arm = arm_of_name(m->id);
    exm_draft_mature *to;

    if (arm == 0) arm = start + m->len / 2 < t->len / 2 ? 5 : 3;
    to = EXM_DRAFT_ADD(d, mature, n_matures, cap_matures);
    if (!to || !acc) return no_memory(p);
    *to = (exm_draft_mature){.name = m->id,
                             .accession = acc,
                             .seq = m->seq,
                             .len = (uint32_t) m->len,
                             .template_id = template_id,
                             .start = (uint32_t) start,
                             .arm = arm};
    return EXM_OK;
}

/* All hairpins of the mature's name stem that hold it. */
static exm_status
place_by_name(struct placer *p, const exm_fasta_entry *m, int *ret_placed)
{
    char stem[STEM_MAX];

    stem_of(m->id, stem);
    for (size_t i = stem_from(p, stem); i < p->n_hairpins; i++) {
        const struct hairpin *h = p->by_stem + i;
        const exm_draft_template *t = p->d->template + h->template_id;
        const long wanted = arm_of_name(m->id) == 3 ? (long) t->len : 0;
        long at;
        exm_status st;

        if (strncmp(h->stem, stem, strlen(stem)) != 0) break;
        if (!is_copy(h->stem, stem)) continue;
        at = nearest_occurrence(t, m, wanted);
        if (at < 0) continue;
        st = add_place(p, m, "", h->template_id, (size_t) at);
        if (st != EXM_OK) return st;
        *ret_placed = 1;
    }
    return EXM_OK;
}

static exm_status
place_alone(struct placer *p, const exm_fasta_entry *m)
{
    exm_draft_template *t = EXM_DRAFT_ADD(p->d, template, n_templates, cap_templates);

    if (!t) return no_memory(p);
    *t = (exm_draft_template){
        .name = m->id, .accession = "", .seq = m->seq, .len = m->len, .amount = (double) NAN};
    exm_buf_putf(&p->d->log->notes,
                 "%s: no hairpin holds it; it stands alone, without flanks\n", m->id);
    p->d->log->matures_unplaced++;
    return add_place(p, m, "", (uint32_t) p->d->n_templates - 1, 0);
}

/* ---- GFF ---- */

struct by_id {
    const exm_gff3_row *row;
};

static int
rows_by_id(const void *a, const void *b)
{
    return strcmp(((const struct by_id *) a)->row->id, ((const struct by_id *) b)->row->id);
}

/* The hairpin row of a mature row: by Derives_from, or the last one before that holds it. */
static const exm_gff3_row *
hairpin_row(const struct placer *p, const struct by_id *ids, size_t n_ids, size_t at)
{
    const exm_gff3_row *r = exm_gff3_get(p->gff, at);

    if (*r->parent) {
        const exm_gff3_row key_row = {.id = r->parent};
        const struct by_id key = {&key_row};
        const struct by_id *found = bsearch(&key, ids, n_ids, sizeof *ids, rows_by_id);

        return found ? found->row : NULL;
    }
    while (at-- > 0) {
        const exm_gff3_row *h = exm_gff3_get(p->gff, at);

        if (h->kind == EXM_GFF3_HAIRPIN && h->strand == r->strand && h->start <= r->start &&
            h->end >= r->end && strcmp(h->seqid, r->seqid) == 0)
            return h;
    }
    return NULL;
}

static exm_status
place_row(struct placer *p, const exm_gff3_row *r, const exm_gff3_row *h, unsigned char *placed)
{
    const exm_fasta_entry *m = find_mature(p, r);
    const struct hairpin *hairpin;
    long wanted, at;

    if (!exm_draft_is_wanted(p->d, r->name) || !m) {
        if (!m && exm_draft_is_wanted(p->d, r->name) && r->name[strlen(r->name) - 1] != '*')
            exm_buf_putf(&p->d->log->notes, "%s: in the GFF, but not among the matures\n",
                         r->name);
        return EXM_OK;
    }
    hairpin = h ? find_hairpin(p, h->name) : NULL;
    if (!hairpin && h) hairpin = find_hairpin(p, h->id);
    if (!hairpin) {
        exm_buf_putf(&p->d->log->notes, "%s: its hairpin %s is not in the FASTA\n", r->name,
                     h ? h->name : "of the GFF");
        return EXM_OK;
    }
    wanted = r->strand == '+' ? (long) r->start - (long) h->start : (long) h->end - (long) r->end;
    at = nearest_occurrence(p->d->template + hairpin->template_id, m, wanted);
    if (at < 0) {
        exm_buf_putf(&p->d->log->notes, "%s: %s does not hold its sequence\n", m->id,
                     hairpin->name);
        return EXM_OK;
    }
    for (size_t i = 0; i < p->n_matures; i++) /* by name, so the list is in FASTA order */
        if (exm_fasta_get(p->mature, i) == m) placed[i] = 1;
    return add_place(p, m, r->alias, hairpin->template_id, (size_t) at);
}

static exm_status
place_by_gff(struct placer *p, unsigned char *placed)
{
    const size_t n = exm_gff3_count(p->gff);
    struct by_id *ids = calloc(n ? n : 1, sizeof *ids);
    size_t n_ids = 0;
    exm_status st = EXM_OK;

    if (!ids) return no_memory(p);
    for (size_t i = 0; i < n; i++)
        if (exm_gff3_get(p->gff, i)->kind == EXM_GFF3_HAIRPIN)
            ids[n_ids++].row = exm_gff3_get(p->gff, i);
    qsort(ids, n_ids, sizeof *ids, rows_by_id);
    for (size_t i = 0; st == EXM_OK && i < n; i++) {
        const exm_gff3_row *r = exm_gff3_get(p->gff, i);

        if (r->kind == EXM_GFF3_MATURE)
            st = place_row(p, r, hairpin_row(p, ids, n_ids, i), placed);
    }
    free(ids);
    return st;
}

/* ---- all of it ---- */

static exm_status
add_hairpins(struct placer *p)
{
    const size_t n = exm_fasta_count(p->hairpin);

    p->by_name = calloc(n, sizeof *p->by_name);
    p->by_stem = calloc(n, sizeof *p->by_stem);
    if (!p->by_name || !p->by_stem) return no_memory(p);
    for (size_t i = 0; i < n; i++) {
        const exm_fasta_entry *e = exm_fasta_get(p->hairpin, i);
        exm_draft_template *t;
        struct hairpin *h = p->by_name + p->n_hairpins;

        if (!exm_draft_is_wanted(p->d, e->id)) continue;
        t = EXM_DRAFT_ADD(p->d, template, n_templates, cap_templates);
        if (!t) return no_memory(p);
        *t = (exm_draft_template){.name = e->id,
                                  .accession = accession_of(p->d, e->description, "", "MI"),
                                  .seq = e->seq,
                                  .len = e->len,
                                  .amount = (double) NAN};
        if (!t->accession) return no_memory(p);
        h->name = e->id;
        h->template_id = (uint32_t) p->d->n_templates - 1;
        stem_of(e->id, h->stem);
        p->by_stem[p->n_hairpins++] = *h;
    }
    qsort(p->by_name, p->n_hairpins, sizeof *p->by_name, hairpins_by_name);
    qsort(p->by_stem, p->n_hairpins, sizeof *p->by_stem, hairpins_by_stem);
    p->d->log->hairpins = (uint32_t) p->n_hairpins;
    return EXM_OK;
}

static exm_status
index_matures(struct placer *p)
{
    p->n_matures = exm_fasta_count(p->mature);
    p->mature_by_name = calloc(p->n_matures, sizeof *p->mature_by_name);
    if (!p->mature_by_name) return no_memory(p);
    for (size_t i = 0; i < p->n_matures; i++)
        p->mature_by_name[i] = exm_fasta_get(p->mature, i);
    qsort(p->mature_by_name, p->n_matures, sizeof *p->mature_by_name, entries_by_id);
    return EXM_OK;
}

static int
has_unknown_base(const exm_fasta_entry *e)
{
    return memchr(e->seq, 'N', e->len) != NULL;
}

static exm_status
place_rest(struct placer *p, const unsigned char *placed)
{
    exm_ref_build_log *log = p->d->log;

    for (size_t i = 0; i < p->n_matures; i++) {
        const exm_fasta_entry *m = exm_fasta_get(p->mature, i);
        int found = placed[i];
        exm_status st = EXM_OK;

        if (!exm_draft_is_wanted(p->d, m->id)) continue;
        log->matures_read++;
        if (m->len > 60 || has_unknown_base(m))
            return exm_fail(p->err, EXM_EDATA, m->line,
                            "line %zu of the matures: '%s' is %zu nt long%s: hairpins given as "
                            "--mature?",
                            m->line, m->id, m->len,
                            has_unknown_base(m) ? " and holds unknown bases" : "");
        if (!found) st = place_by_name(p, m, &found);
        if (st == EXM_OK && !found) st = place_alone(p, m);
        if (st != EXM_OK) return st;
    }
    if (log->matures_read == 0)
        return exm_fail(p->err, EXM_EDATA, 0,
                        "no mature miRNA of species '%s': its names begin with '%s-'?",
                        p->d->species ? p->d->species : "", p->d->species ? p->d->species : "");
    log->matures_placed = log->matures_read - log->matures_unplaced;
    return EXM_OK;
}

static exm_status
read_gff(struct placer *p, const char *path)
{
    char *data = NULL;
    size_t n = 0;
    exm_status st = exm_input_slurp(path, gff_limit, &data, &n, p->err);

    if (st == EXM_OK) st = exm_gff3_parse(data, n, path, &p->gff, p->err);
    free(data);
    if (st != EXM_OK) return st;
    return exm_draft_note_source(p->d, "gff", path, exm_gff3_count(p->gff), p->err);
}

exm_status
exm_draft_add_mirnas(exm_draft *d, const exm_ref_build_options *o, exm_error *reterr)
{
    struct placer p = {.d = d, .err = reterr};
    unsigned char *placed = NULL;
    exm_status st = exm_draft_read(d, "mature", o->mature, &p.mature, reterr);

    if (st == EXM_OK) st = exm_draft_read(d, "hairpin", o->hairpin, &p.hairpin, reterr);
    if (st == EXM_OK) st = add_hairpins(&p);
    if (st == EXM_OK) st = index_matures(&p);
    if (st == EXM_OK) {
        placed = calloc(p.n_matures, 1);
        if (!placed) st = no_memory(&p);
    }
    if (st == EXM_OK && o->gff) {
        st = read_gff(&p, o->gff);
        if (st == EXM_OK) st = place_by_gff(&p, placed);
    }
    if (st == EXM_OK) st = place_rest(&p, placed);
    free(placed);
    free(p.by_name);
    free(p.by_stem);
    free(p.mature_by_name);
    exm_gff3_free(p.gff);
    return st;
}
