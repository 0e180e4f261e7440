/*
 * ref_place.c - where does each mature lie?
 *
 * The GFF3 says on which hairpin and where; the sequences decide.  Three data bases write
 * three dialects: miRBase links by Derives_from and gives hairpins their full length,
 * miRCarta the same with names of its own, MirGeneDB has no links, calls the hairpin
 * "_pre" in the GFF3 and "_pri" (with 30 nt of flanks) in the FASTA, and keeps the star
 * arms out of the FASTA.  So a hairpin's offset is not assumed but found: the shift under
 * which most of its matures fit their coordinates (the anchor).
 *
 *   1. a mature fits at its coordinates                         -> placed
 *   2. it is elsewhere on that hairpin (arm by name first)      -> placed and noted
 *   3. the FASTA lacks it, but the hairpin is anchored          -> cut from the hairpin
 *   4. no GFF3, or not found there: hairpins of its name stem   -> placed (noted with GFF3)
 *   5. on no hairpin                                            -> a template of its own
 *
 * A hairpin that holds a mature's sequence without being listed or named for it is not
 * used: a chance hit would spread one miRNA over places nobody has described.
 */
#include "ref_place.h"

#include "ref_format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The longest insert in its window, additions and tail included, then has 63 nt. */
enum { LONGEST_MATURE = 47 };

/* ---- finding sequences ---- */

static int
fits(const exm_draft_template *t, int64_t at, const exm_place_mature *m)
{
    return at >= 0 && (uint64_t) at + m->len <= t->len &&
           memcmp(t->seq + at, m->seq, m->len) == 0;
}

/* On which half of the hairpin does the middle lie?  5 or 3. */
static uint32_t
half_of(const exm_draft_template *t, uint64_t start, size_t len)
{
    return 2 * start + len < t->len ? 5 : 3;
}

int64_t
exm_place_search(const exm_draft_template *t, const exm_place_mature *m, int64_t near_to)
{
    const uint32_t arm = exm_name_arm(m->name);
    int64_t best = -1, best_far = 0;
    int best_arm = 0;

    for (int64_t i = 0; (uint64_t) i + m->len <= t->len; i++) {
        int on_arm;
        int64_t far;

        if (!fits(t, i, m)) continue;
        on_arm = arm == 0 || half_of(t, (uint64_t) i, m->len) == arm;
        far = i < near_to ? near_to - i : i - near_to;
        if (best < 0 || on_arm > best_arm || (on_arm == best_arm && far < best_far)) {
            best = i;
            best_arm = on_arm;
            best_far = far;
        }
    }
    return best;
}

exm_status
exm_place_add(exm_placer *p, uint32_t i, uint32_t template_id, uint64_t start,
              exm_error *reterr)
{
    exm_place_mature *m = &p->mature[i];
    exm_draft_mature *to = EXM_DRAFT_ADD(p->d, mature, n_matures, cap_matures);
    uint32_t arm = exm_name_arm(m->name);

    if (!to) return exm_draft_no_memory(reterr);
    if (arm == 0) arm = half_of(&p->d->template[template_id], start, m -> len);
    *to = (exm_draft_mature){.name = m->name,
                             .seq = m->seq,
                             .len = (uint32_t) m->len,
                             .template_id = template_id,
                             .start = (uint32_t) start,
                             .arm = arm,
                             .entity = i}; /* the accession is filled in at the end */
    m->placed = 1;
    return EXM_OK;
}

/* ---- inputs ---- */

static const char *
accession_in(exm_draft *d, const char *description)
{
    return exm_draft_keep(d, description, exm_name_accession_len(description));
}

static exm_status
add_hairpins(exm_placer *p, const exm_fasta *f, const char *path, exm_error *reterr)
{
    exm_draft *d = p->d;
    exm_status s = EXM_OK;

    for (size_t i = 0; s == EXM_OK && i < exm_fasta_count(f); i++) {
        const exm_fasta_entry *e = exm_fasta_get(f, i);
        const char *acc;

        if (!exm_draft_is_wanted(d, e->id)) continue;
        acc = accession_in(d, e->description);
        if (!acc) return exm_draft_no_memory(reterr);
        s = exm_draft_add_template(d,
                                   &(exm_draft_template){.name = e->id,
                                                         .accession = acc,
                                                         .seq = e->seq,
                                                         .len = e->len,
                                                         .amount = (double) NAN},
                                   reterr);
    }
    if (s == EXM_OK && d->n_templates == 0)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "%s holds no hairpin of species '%s': the first is '%.60s'", path,
                        d->species, exm_fasta_get(f, 0)->id);
    d->log.hairpins = (uint32_t) d->n_templates;
    return s;
}

static exm_status
add_mature(exm_placer *p, const exm_fasta_entry *e, const char *path, exm_error *reterr)
{
    exm_draft *d = p->d;
    exm_place_mature *m;
    const char *acc = accession_in(d, e->description);

    if (!acc) return exm_draft_no_memory(reterr);
    if (e->len > LONGEST_MATURE)
        return exm_fail(
            reterr, EXM_EDATA, e->line,
            "%s: line %zu: '%.80s' has %zu nt, no mature miRNA has more than %d: "
            "are --mature and --hairpin swapped?",
            path, e->line, e->id, e->len, (int) LONGEST_MATURE);
    d->log.matures_read++;
    if (memchr(e->seq, 'N', e->len)) {
        exm_buf_putf(&d->log.notes, "%s: holds unknown bases: left out\n", e->id);
        d->log.matures_unplaced++;
        return EXM_OK;
    }
    m = exm_draft_grow(&p->mature, &p->n_matures, &p->cap_matures, sizeof *p->mature);
    if (!m) return exm_draft_no_memory(reterr);
    *m = (exm_place_mature){.name = e->id, .accession = acc, .seq = e->seq, .len = e->len};
    return EXM_OK;
}

static exm_status
add_matures(exm_placer *p, const exm_fasta *f, const char *path, exm_error *reterr)
{
    exm_status s = EXM_OK;

    for (size_t i = 0; s == EXM_OK && i < exm_fasta_count(f); i++) {
        const exm_fasta_entry *e = exm_fasta_get(f, i);

        if (exm_draft_is_wanted(p->d, e->id)) s = add_mature(p, e, path, reterr);
    }
    if (s == EXM_OK && p->n_matures == 0)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "%s holds no mature miRNA of species '%s': the first is '%.60s'",
                        path, p->d->species, exm_fasta_get(f, 0)->id);
    p->n_fasta = p->n_matures;
    return s;
}

/* ---- stems ---- */

/*
 * Keys by which a mature's name finds a hairpin: its stem; the stem without a copy number
 * ("hsa-mir-1-2" -> "hsa-mir-1"); for miRCarta ("hsa-723-1383.1" holds m-723 and m-1383)
 * each number; and as a last resort, marked '?', the stem without its letter (miR-517-5p
 * is on hsa-mir-517a, b and c).
 */
static exm_status
add_stem_key(exm_placer *p, const char *s, size_t n, uint32_t template_id,
             exm_error *reterr)
{
    exm_key *k = exm_draft_grow(&p->stem, &p->n_stems, &p->cap_stems, sizeof *p->stem);
    const char *key = exm_draft_keep(p->d, s, n);

    if (!k || !key) return exm_draft_no_memory(reterr);
    *k = (exm_key){.key = key, .value = template_id};
    return EXM_OK;
}

static const char digits[] = "0123456789";

static exm_status
add_mircarta_keys(exm_placer *p, const char *stem, uint32_t template_id, exm_error *reterr)
{
    const char *dot = strrchr(stem, '.'), *at = stem + exm_name_code_len(stem);
    exm_status s = EXM_OK;

    if (!dot || at == stem || strspn(at, "-0123456789") != (size_t) (dot - at))
        return EXM_OK;
    while (s == EXM_OK && *at == '-') {
        const size_t n = strspn(at + 1, digits);
        char key[32] = "m-";

        if (n > 0 && n < sizeof key - 2) {
            memcpy(key + 2, at + 1, n);
            s = add_stem_key(p, key, n + 2, template_id, reterr);
        }
        at += 1 + n;
    }
    return s;
}

static exm_status
add_letter_key(exm_placer *p, const char *stem, size_t n, uint32_t template_id,
               exm_error *reterr)
{
    char key[EXM_STEM_MAX + 1];

    if (n < 2 || stem[n - 1] < 'a' || stem[n - 1] > 'z' || !strchr(digits, stem[n - 2]))
        return EXM_OK;
    memcpy(key, stem, n - 1);
    key[n - 1] = '?';
    return add_stem_key(p, key, n, template_id, reterr);
}

static exm_status
add_stems(exm_placer *p, exm_error *reterr)
{
    exm_status s = EXM_OK;

    for (uint32_t i = 0; s == EXM_OK && i < p->d->n_templates; i++) {
        char stem[EXM_STEM_MAX];
        size_t n, base;

        exm_name_stem(p->d->template[i].name, stem);
        n = base = strlen(stem);
        while (base > 0 && strchr(digits, stem[base - 1])) base--;
        base = base > 1 && base < n && stem[base - 1] == '-' ? base - 1 : n;
        s = add_stem_key(p, stem, n, i, reterr);
        if (s == EXM_OK && base < n) s = add_stem_key(p, stem, base, i, reterr);
        if (s == EXM_OK) s = add_letter_key(p, stem, base, i, reterr);
        if (s == EXM_OK) s = add_mircarta_keys(p, stem, i, reterr);
    }
    exm_keys_sort(p->stem, p->n_stems);
    return s;
}

static exm_status
place_by_key(exm_placer *p, uint32_t i, const char *key, int has_gff, exm_error *reterr)
{
    exm_status s = EXM_OK;

    for (size_t k = exm_keys_find(p->stem, p->n_stems, key);
         s == EXM_OK && k < p->n_stems && strcmp(p->stem[k].key, key) == 0; k++) {
        const uint32_t t = p->stem[k].value;
        const int64_t at = exm_place_search(&p->d->template[t], &p -> mature[i], 0);

        if (at < 0) continue;
        if (has_gff)
            exm_buf_putf(&p->d->log.notes,
                         "%s: the GFF3 gives no place that holds it; found on %s by name\n",
                         p->mature[i].name, p->d->template[t].name);
        s = exm_place_add(p, i, t, (uint64_t) at, reterr);
    }
    return s;
}

static exm_status
place_by_stem(exm_placer *p, uint32_t i, int has_gff, exm_error *reterr)
{
    char key[EXM_STEM_MAX + 2];
    size_t n;
    exm_status s;

    exm_name_stem(p->mature[i].name, key);
    n = strlen(key);
    s = place_by_key(p, i, key, has_gff, reterr);
    if (s != EXM_OK || p->mature[i].placed) return s;
    memcpy(key + n, "?", 2);
    return place_by_key(p, i, key, has_gff, reterr);
}

/* ---- matures without hairpin ---- */

static exm_status
place_alone(exm_placer *p, uint32_t i, exm_error *reterr)
{
    const exm_place_mature m = p->mature[i];
    exm_draft *d = p->d;
    exm_status s;

    d->log.matures_unplaced++;
    if (m.len < EXM_REF_MIN_TEMPLATE) {
        exm_buf_putf(
            &d->log.notes,
            "%s: on no hairpin, and with %zu nt too short to stand alone: left out\n",
            m.name, m.len);
        return EXM_OK;
    }
    exm_buf_putf(&d->log.notes, "%s: on no hairpin: stands alone, without flanks\n",
                 m.name);
    s = exm_draft_add_template(d,
                               &(exm_draft_template){.name = m.name,
                                                     .accession = "",
                                                     .seq = m.seq,
                                                     .len = m.len,
                                                     .amount = (double) NAN},
                               reterr);
    if (s == EXM_OK) s = exm_place_add(p, i, (uint32_t) d->n_templates - 1, 0, reterr);
    /* No flanks, so the place says nothing about the arm. */
    if (s == EXM_OK) d->mature[d->n_matures - 1].arm = exm_name_arm(m.name);
    return s;
}

static exm_status
place_rest(exm_placer *p, int has_gff, exm_error *reterr)
{
    exm_status s = EXM_OK;

    for (uint32_t i = 0; s == EXM_OK && i < p->n_fasta; i++) {
        if (p->mature[i].placed) continue;
        if (p->mature[i].foreign) { /* "m-1" that the GFF3 lists for other species only */
            p->d->log.matures_read--;
            continue;
        }
        s = place_by_stem(p, i, has_gff, reterr);
        if (s == EXM_OK && !p->mature[i].placed) s = place_alone(p, i, reterr);
    }
    p->d->log.matures_placed = p->d->log.matures_read - p->d->log.matures_unplaced;
    for (size_t k = 0; s == EXM_OK && k < p->d->n_matures; k++)
        p->d->mature[k].accession = p->mature[p->d->mature[k].entity].accession;
    if (s == EXM_OK && p->d->n_matures == 0)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "no mature miRNA could be placed: do --mature and --hairpin belong "
                        "together?");
    return s;
}

exm_status
exm_draft_place(exm_draft *d, const exm_ref_build_options *o, exm_error *reterr)
{
    exm_placer p = {.d = d};
    const exm_fasta *mature = NULL, *hairpin = NULL;
    exm_status s = exm_draft_read(d, "mature", "miRNA", o->mature, &mature, reterr);

    if (s == EXM_OK)
        s = exm_draft_read(d, "hairpin", "miRNA", o->hairpin, &hairpin, reterr);
    if (s == EXM_OK) s = add_hairpins(&p, hairpin, exm_draft_label(o->hairpin), reterr);
    if (s == EXM_OK) s = add_matures(&p, mature, exm_draft_label(o->mature), reterr);
    if (s == EXM_OK) s = add_stems(&p, reterr);
    if (s == EXM_OK && o->gff) s = exm_place_by_gff(&p, o->gff, reterr);
    if (s == EXM_OK) s = place_rest(&p, o->gff != NULL, reterr);
    free(p.mature);
    free(p.stem);
    return s;
}
