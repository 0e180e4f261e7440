/*
 * ref_alias.c - every name an entity answers to.
 *
 * Names come in ranks: the bundle's own names, accessions, names of other versions and
 * databases, and old-style names without arm ("hsa-miR-21" when only one arm is known).
 * A name belongs to the entity that claims it with the best rank; one that several claim
 * with the same rank is dropped and noted, because a guess would move a count to the wrong
 * miRNA in silence.
 */
#include "ref_draft.h"

#include "exomir/text.h"
#include "gff3.h"
#include "ref_format.h"

#include <stdlib.h>
#include <string.h>

struct index {
    exm_key *by_acc, *by_seq; /* value: entity */
    size_t n_acc, n_seq;
};

static exm_status
add_name(exm_draft *d, const char *text, uint32_t entity, exm_name_rank rank,
         exm_error *reterr)
{
    exm_draft_name *x;

    if (text[0] == '\0') return EXM_OK;
    if (rank > EXM_RANK_NAME && strchr(text, ',')) {
        exm_buf_putf(&d->log.notes, "%s: left out as alias, it holds a comma\n", text);
        return EXM_OK;
    }
    x = EXM_DRAFT_ADD(d, name, n_names, cap_names);
    if (!x) return exm_draft_no_memory(reterr);
    *x = (exm_draft_name){.text = text, .entity = entity, .rank = rank};
    return EXM_OK;
}

/* Each part of a name joined by '/', and the whole. */
static exm_status
add_joined(exm_draft *d, const char *joined, uint32_t entity, exm_name_rank rank,
           exm_error *reterr)
{
    exm_status s = EXM_OK;

    if (rank == EXM_RANK_NAME) s = add_name(d, joined, entity, rank, reterr);
    if (s == EXM_OK && rank == EXM_RANK_NAME && !strchr(joined, '/')) return EXM_OK;
    while (s == EXM_OK && *joined) {
        const size_t n = strcspn(joined, "/");
        const char *part = exm_draft_keep(d, joined, n);

        s = part ? add_name(d, part, entity, rank, reterr) : exm_draft_no_memory(reterr);
        joined += n + (joined[n] == '/');
    }
    return s;
}

/* ---- names of the bundle itself ---- */

static exm_status
add_own_names(exm_draft *d, exm_error *reterr)
{
    exm_status s = EXM_OK;

    for (size_t i = 0; s == EXM_OK && i < d->n_entities; i++)
        s = add_joined(d, d->entity[i].name, (uint32_t) i, EXM_RANK_NAME, reterr);
    for (size_t i = 0; s == EXM_OK && i < d->n_matures; i++)
        s = add_joined(d, d->mature[i].accession, d->mature[i].entity, EXM_RANK_ACCESSION,
                       reterr);
    return s;
}

/* The name without its arm; when two entities share it, resolve() finds it contested. */
static exm_status
add_stems(exm_draft *d, exm_error *reterr)
{
    const size_t n = d->n_names;
    exm_status s = EXM_OK;

    for (size_t i = 0; s == EXM_OK && i < n; i++) {
        const exm_draft_name x = d->name[i];
        const char *stem;

        if (x.rank != EXM_RANK_NAME || strchr(x.text, '/') || exm_name_arm(x.text) == 0)
            continue;
        stem = exm_draft_keep(d, x.text, exm_name_stem_len(x.text));
        s = stem ? add_name(d, stem, x.entity, EXM_RANK_STEM, reterr)
                 : exm_draft_no_memory(reterr);
    }
    return s;
}

/* ---- names of other files ---- */

static exm_status
make_index(const exm_draft *d, struct index *ix, exm_error *reterr)
{
    ix->by_acc = calloc(d->n_names + 1, sizeof *ix->by_acc);
    ix->by_seq = calloc(d->n_entities + 1, sizeof *ix->by_seq);
    if (!ix->by_acc || !ix->by_seq) return exm_draft_no_memory(reterr);
    for (size_t i = 0; i < d->n_names; i++)
        if (d->name[i].rank == EXM_RANK_ACCESSION)
            ix->by_acc[ix->n_acc++] =
                (exm_key){.key = d->name[i].text, .value = d->name[i].entity};
    for (size_t i = 0; i < d->n_entities; i++)
        ix->by_seq[ix->n_seq++] = (exm_key){.key = d->entity[i].seq, .value = (uint32_t) i};
    exm_keys_sort(ix->by_acc, ix->n_acc);
    exm_keys_sort(ix->by_seq, ix->n_seq);
    return EXM_OK;
}

/* The accession decides (it outlives trimmed ends), then the sequence; UINT32_MAX. */
static uint32_t
entity_of(const struct index *ix, const char *accession, const char *seq)
{
    size_t i = accession[0] ? exm_keys_find(ix->by_acc, ix->n_acc, accession) : ix->n_acc;

    if (i < ix->n_acc) return ix->by_acc[i].value;
    i = exm_keys_find(ix->by_seq, ix->n_seq, seq);
    return i < ix->n_seq ? ix->by_seq[i].value : UINT32_MAX;
}

static exm_status
add_other(exm_draft *d, const struct index *ix, const char *name, const char *acc,
          const char *seq, size_t *used, exm_error *reterr)
{
    const size_t n = exm_name_accession_len(acc);
    const char *accession = n ? exm_draft_keep(d, acc, n) : "";
    uint32_t e;
    exm_status s;

    if (!accession) return exm_draft_no_memory(reterr);
    if (!exm_draft_is_wanted(d, name)) return EXM_OK;
    e = entity_of(ix, accession, seq);
    if (e == UINT32_MAX) return EXM_OK;
    (*used)++;
    s = add_name(d, name, e, EXM_RANK_ALIAS, reterr);
    return s == EXM_OK ? add_name(d, accession, e, EXM_RANK_ALIAS, reterr) : s;
}

/* A GFF3 gives names by the accession in Alias (MirGeneDB names of miRBase entries). */
static exm_status
add_gff(exm_draft *d, const struct index *ix, const char *path, const char *data, size_t n,
        size_t *used, exm_error *reterr)
{
    exm_gff3 *g = NULL;
    exm_status s = exm_gff3_parse(data, n, exm_draft_label(path), &g, reterr);

    for (size_t i = 0; s == EXM_OK && i < exm_gff3_count(g); i++) {
        const exm_gff3_row *r = exm_gff3_get(g, i);
        const char *name;

        if (r->kind != EXM_GFF3_MATURE) continue;
        name = exm_draft_keep(d, r->name, strlen(r->name));
        s = name ? add_other(d, ix, name, r->alias[0] ? r->alias : r->id, "", used, reterr)
                 : exm_draft_no_memory(reterr);
    }
    if (s == EXM_OK) d->source[d->n_sources - 1].entries = exm_gff3_count(g);
    exm_gff3_free(g);
    return s;
}

static int
is_gff(const char *data, size_t n)
{
    const size_t from = exm_text_bom_len(data, n);

    return n >= from + 5 && memcmp(data + from, "##gff", 5) == 0;
}

static exm_status
add_file(exm_draft *d, const struct index *ix, const char *path, exm_error *reterr)
{
    const exm_fasta *f = NULL;
    char *data = NULL;
    size_t n = 0, used = 0;
    exm_status s = exm_draft_slurp(d, "alias", "", path, &data, &n, reterr);

    if (s == EXM_OK && is_gff(data, n)) {
        s = add_gff(d, ix, path, data, n, &used, reterr);
    } else if (s == EXM_OK) {
        s = exm_draft_parse(d, path, data, n, &f, reterr);
        for (size_t i = 0; s == EXM_OK && i < exm_fasta_count(f); i++) {
            const exm_fasta_entry *e = exm_fasta_get(f, i);

            s = add_other(d, ix, e->id, e->description, e->seq, &used, reterr);
        }
    }
    if (s == EXM_OK)
        exm_buf_putf(&d->log.notes, "%s: %zu of %llu entries name a miRNA of the bundle\n",
                     d->source[d->n_sources - 1].file, used,
                     (unsigned long long) d->source[d->n_sources - 1].entries);
    free(data);
    return s;
}

/* ---- who owns a name ---- */

static int
by_text(const void *pa, const void *pb)
{
    const exm_draft_name *a = pa, *b = pb;
    int c = exm_ref_fold_compare(a->text, b->text);

    if (c == 0) c = (a->rank > b->rank) - (a->rank < b->rank);
    return c ? c : (a->entity > b->entity) - (a->entity < b->entity);
}

static void
resolve(exm_draft *d)
{
    const size_t n = d->n_names;
    size_t kept = 0;

    if (n > 0) qsort(d->name, n, sizeof *d->name, by_text);
    for (size_t i = 0, k; i < n; i = k) {
        const exm_draft_name x = d->name[i];
        int contested = 0;

        for (k = i; k < n && strcmp(d->name[k].text, x.text) == 0; k++)
            contested |= d->name[k].rank == x.rank && d->name[k].entity != x.entity;
        if (!contested)
            d->name[kept++] = x;
        else if (x.rank != EXM_RANK_STEM) /* two arms of one stem are no surprise */
            exm_buf_putf(&d->log.notes,
                         "%s: the name of several miRNAs, left out as alias\n", x.text);
    }
    d->n_names = kept;
}

static int
by_entity(const void *pa, const void *pb)
{
    const exm_draft_name *a = pa, *b = pb;
    int c = (a->entity > b->entity) - (a->entity < b->entity);

    if (c == 0) c = (a->rank > b->rank) - (a->rank < b->rank);
    return c ? c : strcmp(a->text, b->text);
}

/* exm_ref_entity.aliases: all but the bundle's own names. */
static exm_status
list_aliases(exm_draft *d, exm_error *reterr)
{
    exm_status s = EXM_OK;

    if (d->n_names > 0) qsort(d->name, d->n_names, sizeof *d->name, by_entity);
    for (size_t i = 0, k; s == EXM_OK && i < d->n_names; i = k) {
        exm_draft_entity *e = &d->entity[d->name[i].entity];
        exm_buf b = {0};

        for (k = i; k < d->n_names && d->name[k].entity == d->name[i].entity; k++) {
            if (d->name[k].rank == EXM_RANK_NAME) continue;
            if (b.len > 0) exm_buf_putc(&b, ',');
            exm_buf_puts(&b, d->name[k].text);
        }
        e->aliases = exm_draft_keep_buf(d, &b);
        if (!e->aliases) s = exm_draft_no_memory(reterr);
    }
    if (d->n_names > 0) qsort(d->name, d->n_names, sizeof *d->name, by_text);
    return s;
}

exm_status
exm_draft_add_aliases(exm_draft *d, const exm_ref_build_options *o, exm_error *reterr)
{
    struct index ix = {0};
    exm_status s = add_own_names(d, reterr);

    if (s == EXM_OK) s = add_stems(d, reterr);
    if (s == EXM_OK) s = make_index(d, &ix, reterr);
    for (size_t i = 0; s == EXM_OK && i < o->n_aliases; i++)
        s = add_file(d, &ix, o->aliases[i], reterr);
    free(ix.by_acc);
    free(ix.by_seq);
    if (s != EXM_OK) return s;
    resolve(d);
    return list_aliases(d, reterr);
}
