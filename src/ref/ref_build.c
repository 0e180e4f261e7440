/*
 * ref_build.c - from the user's files to the bundle's bytes.
 *
 * Workload: run once per reference; some thousand matures and up to some 10^5 templates, at
 * most 2^32 nt.  Memory is a small multiple of the input.  Nothing of the machine, the
 * clock or the folder enters, so the same inputs give the same bytes.
 */
#include "ref_draft.h"

#include "exomir/text.h"
#include "ref_format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Mature tRNA carries CCA, which the gene does not hold: a 3' fragment ends in it. */
static exm_status
append_cca(exm_draft *d, exm_draft_template *t, exm_error *reterr)
{
    exm_buf b = {0};

    if (t->len >= 3 && memcmp(t->seq + t->len - 3, "CCA", 3) == 0) return EXM_OK;
    exm_buf_put(&b, t->seq, t->len);
    exm_buf_puts(&b, "CCA");
    t->seq = exm_draft_keep_buf(d, &b);
    if (!t->seq) return exm_draft_no_memory(reterr);
    t->len += 3;
    return EXM_OK;
}

/* "junction=30" among the words of a header, else the middle. */
static exm_status
read_junction(const exm_fasta_entry *e, const char *path, uint32_t nt, uint32_t *ret,
              exm_error *reterr)
{
    size_t n;
    const char *word = exm_draft_word(e->description, "junction=", &n);
    const char *label = exm_draft_label(path);
    const unsigned long long line = (unsigned long long) e->line;
    uint64_t at = e->len / 2;

    if (!word && e->len % 2 == 1)
        return exm_fail(
            reterr, EXM_EDATA, (size_t) e->line,
            "%s: line %llu: '%.60s' has %zu nt and no junction=K in its header: "
            "the junction is the middle then, with as many nt on both sides",
            label, line, e->id, e->len);
    if (word && (exm_text_u64(word, n, &at, NULL) != EXM_OK || at > e->len))
        return exm_fail(reterr, EXM_EDATA, (size_t) e->line,
                        "%s: line %llu: junction=%.*s is no number of bases of its %zu nt",
                        label, line, n < 40 ? (int) n : 40, word, e->len);
    if (at < nt || e->len - at < nt)
        return exm_fail(reterr, EXM_EDATA, (size_t) e->line,
                        "%s: line %llu: the junction of '%.60s' has less than the %u nt on "
                        "both sides that a read has to cover (--junction-nt)",
                        label, line, e->id, nt);
    *ret = (uint32_t) at;
    return EXM_OK;
}

static exm_status
add_fasta_class(exm_draft *d, const char *role, const exm_ref_source *src,
                exm_class_kind kind, uint32_t junction_nt, exm_error *reterr)
{
    const int is_trna = exm_text_same(src->name, "tRNA");
    const int is_junction =
        kind == EXM_KIND_CARGO && exm_text_same(src->name, EXM_REF_JUNCTION_CLASS);
    const exm_fasta *f = NULL;
    exm_status s = exm_draft_add_class(d, src->name, kind, reterr);

    if (s == EXM_OK) s = exm_draft_read(d, role, src->name, src->path, &f, reterr);
    if (s == EXM_OK && is_junction) d->class[d->n_classes - 1].junction_nt = junction_nt;
    for (size_t i = 0; s == EXM_OK && i < exm_fasta_count(f); i++) {
        const exm_fasta_entry *e = exm_fasta_get(f, i);
        exm_draft_template t = {.name = e->id,
                                .accession = "",
                                .seq = e->seq,
                                .len = e->len,
                                .amount = (double) NAN};

        if (is_trna) s = append_cca(d, &t, reterr);
        if (is_junction) s = read_junction(e, src->path, junction_nt, &t.junction, reterr);
        if (s == EXM_OK) s = exm_draft_add_template(d, &t, reterr);
    }
    return s;
}

static exm_status
mark_antisense(exm_draft *d, const char *name, exm_error *reterr)
{
    for (size_t i = 1; i < d->n_classes; i++) {
        exm_draft_class *c = d->class + i;

        if (c->kind != EXM_KIND_CARGO || !exm_text_same(c->name, name)) continue;
        c->flags |= EXM_CLASS_ANTISENSE;
        return EXM_OK;
    }
    return exm_fail(reterr, EXM_EDATA, 0,
                    "antisense of '%.60s': no class of this name is given, such as "
                    "--class %.60s=FASTA",
                    name, name);
}

static exm_status
add_other_classes(exm_draft *d, const exm_ref_build_options *o, exm_error *reterr)
{
    const exm_ref_source artifact = {.name = "artifact", .path = o->artifact};
    exm_status s = EXM_OK;

    for (size_t i = 0; s == EXM_OK && i < o->n_classes; i++)
        s = add_fasta_class(d, "class", &o->classes[i], EXM_KIND_CARGO,
                            o->junction_nt ? o->junction_nt : EXM_REF_JUNCTION_NT, reterr);
    for (size_t i = 0; s == EXM_OK && i < o->n_antisense; i++)
        s = mark_antisense(d, o->antisense[i], reterr);
    for (size_t i = 0; s == EXM_OK && i < o->n_spikes; i++)
        s = exm_draft_add_spikes(d, &o->spikes[i], reterr);
    if (s == EXM_OK && o->spike_amounts)
        s = exm_draft_set_amounts(d, o->spike_amounts, reterr);
    if (s == EXM_OK && o->artifact)
        s = add_fasta_class(d, "artifact", &artifact, EXM_KIND_ARTIFACT, 0, reterr);
    return s == EXM_OK ? exm_draft_mask_pretrna(d, reterr) : s;
}

static exm_status
set_species(exm_draft *d, const char *species, exm_error *reterr)
{
    const size_t n = species ? strlen(species) : 0;

    if (n >= sizeof d->species)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "species '%.40s' is no species code: 'hsa' is human, 'mmu' mouse",
                        species);
    for (size_t i = 0; i < n; i++) {
        const char c = species[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
            return exm_fail(reterr, EXM_EDATA, i,
                            "species '%s' is no species code: 'hsa' is human, 'mmu' mouse",
                            species);
        d->species[i] = exm_text_lower(c);
    }
    return EXM_OK;
}

static int
is_complete(const exm_ref_build_options *o)
{
    if (!o || !o->mature || !o->hairpin || (o->n_classes && !o->classes) ||
        o->junction_nt > EXM_REF_JUNCTION_NT_MAX || (o->n_spikes && !o->spikes) ||
        (o->n_aliases && !o->aliases) || (o->n_antisense && !o->antisense))
        return 0;
    for (size_t i = 0; i < o->n_classes; i++)
        if (!o->classes[i].name || !o->classes[i].path) return 0;
    for (size_t i = 0; i < o->n_spikes; i++)
        if (!o->spikes[i].name || !o->spikes[i].path) return 0;
    for (size_t i = 0; i < o->n_aliases; i++)
        if (!o->aliases[i]) return 0;
    for (size_t i = 0; i < o->n_antisense; i++)
        if (!o->antisense[i]) return 0;
    return 1;
}

exm_status
exm_ref_build(const exm_ref_build_options *o, exm_buf *ret, exm_ref_build_log *log,
              exm_error *reterr)
{
    exm_draft d = {0};
    exm_buf bytes = {0};
    exm_status s;

    if (!is_complete(o) || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "build: an option or ret is NULL");
    s = set_species(&d, o->species, reterr);
    if (s == EXM_OK) s = exm_draft_set_database(&d, o->database, reterr);
    if (s == EXM_OK) s = exm_draft_add_class(&d, "miRNA", EXM_KIND_MIRNA, reterr);
    if (s == EXM_OK) s = exm_draft_place(&d, o, reterr);
    if (s == EXM_OK) exm_draft_find_database(&d);
    if (s == EXM_OK) s = add_other_classes(&d, o, reterr);
    if (s == EXM_OK) s = exm_draft_merge(&d, reterr);
    if (s == EXM_OK) s = exm_draft_add_aliases(&d, o, reterr);
    if (s == EXM_OK) s = exm_draft_write(&d, o->clade, &bytes, reterr);
    if (s == EXM_OK) s = exm_buf_check(&d.log.notes, reterr);
    if (s == EXM_OK) {
        exm_buf_done(ret);
        *ret = bytes;
        bytes = (exm_buf){0};
    }
    if (s == EXM_OK && log) {
        exm_buf_done(&log->notes);
        *log = d.log;
        d.log.notes = (exm_buf){0};
    }
    exm_buf_done(&bytes);
    exm_draft_done(&d);
    return s;
}
