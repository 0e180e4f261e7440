/*
 * report_data.c - the numbers behind the report's pictures, as one JSON object.
 *
 * Workload: 1 to 1,000 samples of which a browser shall draw any at once, so every sample
 * is cut down to some 3 kB here: lengths up to SHOWN_LENGTHS, the commonest miRNAs, and at
 * most seven kinds of cargo.  The five classes with most reads over the run stand alone
 * (their colours then mean the same in every picture), the rest is "other".
 */
#include "report_data.h"

#include "exomir/calibrate.h"
#include "exomir/json.h"
#include "exomir/variants.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHOWN_LENGTHS = 60, /* nt; the last bin is that and more */
    TOP_MIRNAS = 50,
    OWN_COLOUR = 5, /* classes that are not folded */
    OTHER = OWN_COLOUR,
    UNANNOTATED,
    GROUPS,
    SHIFT = 5, /* ends are shown from -SHIFT to +SHIFT nt, the outer ones and beyond */
    SHIFTS = 2 * SHIFT + 1,
    TAILS = 4,  /* 0 to 3 nt */
    REGIONS = 5 /* of a substitution */
};

static const char *const region_name[REGIONS] = {
    "seed (2-7)", "offset (8)", "central (9-12)", "suppl. (13-17)", "elsewhere"};

/* ---- which class has a colour of its own ---- */

struct folding {
    const char *name[OWN_COLOUR];
    size_t n;
};

struct class_total {
    const char *name;
    uint64_t reads;
};

static int
most_first(const void *pa, const void *pb)
{
    const struct class_total *a = pa, *b = pb;

    if (a->reads != b->reads) return a->reads > b->reads ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* Records of one reference have the same classes at the same place: look there first. */
static struct class_total *
total_of(struct class_total *t, size_t *n, const char *name, size_t likely)
{
    if (likely < *n && strcmp(t[likely].name, name) == 0) return t + likely;
    for (size_t i = 0; i < *n; i++)
        if (strcmp(t[i].name, name) == 0) return t + i;
    t[*n] = (struct class_total){.name = name};
    return t + (*n)++;
}

/* miRNA first, whatever its share: it is what the run is about. */
static exm_status
choose_classes(const exm_record *const *r, size_t n, struct folding *ret, exm_error *reterr)
{
    size_t room = 1, n_total = 0;
    struct class_total *t;
    struct folding f = {.n = 0};

    for (size_t i = 0; i < n; i++) room += r[i]->n_classes;
    t = calloc(room, sizeof *t);
    if (!t) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the report");
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < r[i]->n_classes; c++)
            total_of(t, &n_total, r[i]->classes[c].name, c)->reads +=
                r[i]->classes[c].em[0];
    if (n_total > 1) qsort(t + 1, n_total - 1, sizeof *t, most_first);
    for (size_t i = 0; i < n_total && f.n < OWN_COLOUR; i++)
        if (i == 0 || t[i].reads > 0) f.name[f.n++] = t[i].name;
    free(t);
    *ret = f;
    return EXM_OK;
}

static size_t
group_of(const struct folding *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->name[i], name) == 0) return i;
    return OTHER;
}

static void
put_groups(const struct folding *f, exm_json *j)
{
    exm_json_key(j, "groups");
    exm_json_array(j);
    for (size_t i = 0; i < GROUPS; i++)
        exm_json_str(j, i < f->n     ? f->name[i]
                        : i < OTHER  ? ""
                        : i == OTHER ? "other"
                                     : "unannotated");
    exm_json_end(j);
}

/* ---- one sample ---- */

static void
put_array(exm_json *j, const char *key, const uint64_t *v, size_t n)
{
    exm_json_key(j, key);
    exm_json_array(j);
    for (size_t i = 0; i < n; i++) exm_json_u64(j, v[i]);
    exm_json_end(j);
}

static void
put_cargo(const exm_record *r, const struct folding *f, exm_json *j)
{
    uint64_t cargo[GROUPS] = {0};

    for (size_t c = 0; c < r->n_classes; c++)
        cargo[group_of(f, r->classes[c].name)] += r->classes[c].em[0];
    cargo[OTHER] += r->foreign;
    cargo[UNANNOTATED] = r->unannotated;
    put_array(j, "cargo", cargo, GROUPS);
    exm_json_key(j, "classes");
    exm_json_array(j);
    for (size_t c = 0; c < r->n_classes; c++) {
        exm_json_array(j);
        exm_json_str(j, r->classes[c].name);
        exm_json_u64(j, r->classes[c].em[0]);
        exm_json_u64(j, r->classes[c].shared_between);
        exm_json_end(j);
    }
    exm_json_end(j);
}

/* Lengths of kept inserts by group; what no class claims is the difference to all. */
static void
put_lengths(const exm_record *r, const struct folding *f, exm_json *j)
{
    uint64_t len[GROUPS][SHOWN_LENGTHS + 1] = {{0}}, left[EXM_LEN_BINS];

    memcpy(left, r->len_kept, sizeof left);
    for (size_t c = 0; c < r->n_classes; c++) {
        const size_t g = group_of(f, r->classes[c].name);

        for (size_t k = 0; k < EXM_LEN_BINS; k++) {
            const uint64_t v = r->len_by_class[c * EXM_LEN_BINS + k];

            len[g][k < SHOWN_LENGTHS ? k : SHOWN_LENGTHS] += v;
            left[k] -= v < left[k] ? v : left[k];
        }
    }
    for (size_t k = 0; k < EXM_LEN_BINS; k++)
        len[UNANNOTATED][k < SHOWN_LENGTHS ? k : SHOWN_LENGTHS] += left[k];
    exm_json_key(j, "lengths");
    exm_json_array(j);
    for (size_t g = 0; g < GROUPS; g++) {
        exm_json_array(j);
        for (size_t k = 0; k <= SHOWN_LENGTHS; k++) exm_json_u64(j, len[g][k]);
        exm_json_end(j);
    }
    exm_json_end(j);
}

static int
most_molecules_first(const void *pa, const void *pb)
{
    const exm_record_feature *a = *(const exm_record_feature *const *) pa;
    const exm_record_feature *b = *(const exm_record_feature *const *) pb;

    if (a->em[1] != b->em[1]) return a->em[1] > b->em[1] ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* Here and below molecules, as in the tables: without UMIs they are the reads. */
static exm_status
put_top(const exm_record *r, exm_json *j, exm_error *reterr)
{
    const exm_record_feature **list;
    size_t n = 0;

    list = calloc(r->n_features ? r->n_features : 1, sizeof(const exm_record_feature *));
    if (!list) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the report");
    for (size_t i = 0; i < r->n_features; i++)
        if (r->features[i].class_id == 0 && r->features[i].em[1] > 0)
            list[n++] = r->features + i;
    if (n > 1) qsort(list, n, sizeof(const exm_record_feature *), most_molecules_first);
    exm_json_key(j, "top");
    exm_json_array(j);
    for (size_t i = 0; i < n && i < TOP_MIRNAS; i++) {
        exm_json_array(j);
        exm_json_str(j, list[i]->name);
        exm_json_u64(j, list[i]->em[1]);
        exm_json_u64(j, list[i]->unique[1]);
        exm_json_u64(j, list[i]->best[1]);
        exm_json_end(j);
    }
    exm_json_end(j);
    free(list);
    return EXM_OK;
}

static size_t
shift_bin(int d)
{
    const int bin = (d < -SHIFT ? -SHIFT : d > SHIFT ? SHIFT : d) + SHIFT;

    return (size_t) bin;
}

static size_t
region_of(const exm_variant *v, unsigned k)
{
    const int p = v->sub_at[k] - v->n_add5 + v->d5 + 1;

    return p >= 2 && p <= 7     ? 0
           : p == 8             ? 1
           : p >= 9 && p <= 12  ? 2
           : p >= 13 && p <= 17 ? 3
                                : 4;
}

/* What share of miRNA is canonical, and how the others differ. */
static void
put_isomirs(const exm_record *r, exm_json *j)
{
    uint64_t canonical = 0, all = 0, d5[SHIFTS] = {0}, d3[SHIFTS] = {0};
    uint64_t tail[TAILS] = {0}, subs[REGIONS] = {0};

    for (size_t i = 0; i < r->n_isomirs; i++) {
        const exm_variant *v = &r->isomirs[i].variant;
        const uint64_t n = r->isomirs[i].count[1];

        all += n;
        if (!v->d5 && !v->d3 && !v->n_add5 && !v->n_tail && !v->n_sub) canonical += n;
        d5[shift_bin(v->d5)] += n;
        d3[shift_bin(v->d3)] += n;
        tail[v->n_tail < TAILS ? v->n_tail : TAILS - 1] += n;
        for (unsigned k = 0; k < v->n_sub && k < 2; k++) subs[region_of(v, k)] += n;
    }
    exm_json_key(j, "isomirs");
    exm_json_object(j);
    exm_json_ku64(j, "all", all);
    exm_json_ku64(j, "canonical", canonical);
    put_array(j, "d5", d5, SHIFTS);
    put_array(j, "d3", d3, SHIFTS);
    put_array(j, "tail", tail, TAILS);
    put_array(j, "subs", subs, REGIONS);
    exm_json_end(j);
}

static void
put_checks(const exm_qc *q, exm_json *j)
{
    exm_json_key(j, "checks");
    exm_json_array(j);
    for (size_t i = 0; i < q->n; i++) {
        const exm_qc_item *x = q->item + i;

        exm_json_array(j);
        exm_json_double(j, x->value);
        exm_json_str(j, exm_verdict_name(x->verdict));
        exm_json_str(j, x->verdict == EXM_VERDICT_PASS ? "" : x->reason);
        exm_json_end(j);
    }
    exm_json_end(j);
}

/* Types of tRNA fragments, their counts, and what they are; empty without a class tRNA. */
static void
put_trna(const exm_record *r, exm_json *j)
{
    exm_json_key(j, "trna");
    exm_json_array(j);
    for (int t = 0; exm_record_has_trna(r) && t < EXM_TRF_COUNT; t++) {
        exm_json_array(j);
        exm_json_str(j, exm_trf_name((exm_trf) t));
        exm_json_u64(j, r->trf[t][1]);
        exm_json_str(j, exm_trf_description((exm_trf) t));
        exm_json_end(j);
    }
    exm_json_end(j);
}

/* What UMIs tell of the library, or null without them. */
static void
put_umis(const exm_record *r, exm_json *j)
{
    exm_qc_umis q;

    exm_json_key(j, "umis");
    exm_qc_umis_of(r, &q);
    if (q.found == 0) {
        exm_json_null(j);
        return;
    }
    exm_json_object(j);
    exm_json_kstr(j, "dedup", exm_umi_dedup_name(r->umi.dedup));
    exm_json_kbool(j, "corrected", r->umi.correct);
    exm_json_ku64(j, "pairs", r->umi_pairs);
    exm_json_ku64(j, "found", q.found);
    put_array(j, "seen", (uint64_t[]){q.once, q.twice, q.more}, 3);
    exm_json_kdouble(j, "duplicates", q.duplicates);
    exm_json_kdouble(j, "fresh", q.new_molecules);
    exm_json_key(j, "points");
    exm_json_array(j);
    for (size_t k = 0; k < EXM_QC_POINTS; k++) {
        exm_json_array(j);
        exm_json_u64(j, q.point[k].reads);
        exm_json_double(j, q.point[k].molecules);
        exm_json_end(j);
    }
    exm_json_end(j);
    exm_json_end(j);
}

/* The line through the spike-ins, and the points; null where there is none of known amount. */
static void
put_spikes(const exm_record *r, exm_json *j)
{
    const exm_calibration c = exm_calibrate_sample(r);

    exm_json_key(j, "spikes");
    if (c.given == 0) {
        exm_json_null(j);
        return;
    }
    exm_json_object(j);
    exm_json_kdouble(j, "slope", c.slope);
    exm_json_kdouble(j, "intercept", c.intercept);
    exm_json_kdouble(j, "r2", c.r2);
    exm_json_kdouble(j, "lod", c.lod);
    exm_json_key(j, "list");
    exm_json_array(j);
    for (size_t i = 0; i < r->n_spikes; i++) {
        const struct exm_record_spike *x = r->spikes + i;
        const uint64_t count = x->count[r->umi_len > 0];

        if (!(x->amount > 0.0)) continue;
        exm_json_array(j);
        exm_json_str(j, x->name);
        exm_json_double(j, x->amount);
        exm_json_u64(j, count);
        exm_json_double(j, exm_calibrate_recovery(&c, x->amount, count));
        exm_json_end(j);
    }
    exm_json_end(j);
    exm_json_end(j);
}

/* Substitutions that are more than errors, most significant as the table has them; null
 * where they were not tested. */
static void
put_editing(const exm_record *r, exm_json *j)
{
    exm_json_key(j, "editing");
    if (!r->editing) {
        exm_json_null(j);
        return;
    }
    exm_json_array(j);
    for (size_t i = 0; i < r->n_variants; i++) {
        const exm_record_variant *v = r->variants + i;
        const char *call = exm_variant_call(v);
        const char change[] = {"ACTG"[v->ref & 3], '>', "ACTG"[v->alt & 3], '\0'};

        if (strcmp(call, "edited") != 0 && strcmp(call, "variant") != 0 &&
            strcmp(call, "known") != 0)
            continue;
        exm_json_array(j);
        exm_json_str(j, r->features[v->feature].name);
        exm_json_u64(j, v->position);
        exm_json_str(j, change);
        exm_json_u64(j, v->count);
        exm_json_u64(j, v->total);
        exm_json_double(j, v->fdr);
        exm_json_str(j, call);
        exm_json_str(j, v->known);
        exm_json_end(j);
    }
    exm_json_end(j);
}

static exm_status
put_sample(const exm_record *r, const exm_qc *q, size_t set, const struct folding *f,
           exm_json *j, exm_error *reterr)
{
    exm_status s;

    exm_json_object(j);
    exm_json_kstr(j, "name", r->sample);
    exm_json_kstr(j, "verdict", exm_verdict_name(q->overall));
    exm_json_ku64(j, "limits", set);
    exm_json_kstr(j, "kit", r->kit);
    exm_json_kstr(j, "layout", r->layout);
    exm_json_kstr(j, "evidence", r->kit_evidence);
    exm_json_ku64(j, "umi", r->umi_len);
    exm_json_ku64(j, "reads", r->reads_in);
    exm_json_ku64(j, "molecules", r->molecules);
    exm_json_ku64(j, "mirna", r->classes[0].em[1]);
    exm_json_kbool(j, "poly_a", exm_record_is_poly_a(r));
    exm_json_ku64(j, "foreign", r->foreign);
    put_array(j, "fates", r->fate, EXM_FATE_COUNT);
    put_cargo(r, f, j);
    put_lengths(r, f, j);
    put_isomirs(r, j);
    put_trna(r, j);
    put_umis(r, j);
    put_spikes(r, j);
    put_editing(r, j);
    put_checks(q, j);
    s = put_top(r, j, reterr);
    exm_json_end(j);
    return s;
}

/* ---- what all samples share ---- */

static void
put_fates(exm_json *j)
{
    exm_json_key(j, "fates");
    exm_json_array(j);
    for (int f = 0; f < EXM_FATE_COUNT; f++) {
        exm_json_array(j);
        exm_json_str(j, exm_fate_name((exm_fate) f));
        exm_json_str(j, exm_fate_title((exm_fate) f));
        exm_json_str(j, exm_fate_description((exm_fate) f));
        exm_json_end(j);
    }
    exm_json_end(j);
}

/* The checks are the same ones for every sample. */
static void
put_items(const exm_qc *qc, size_t n, exm_json *j)
{
    exm_json_key(j, "items");
    exm_json_array(j);
    for (size_t i = 0; n > 0 && i < qc[0].n; i++) {
        const exm_qc_item *x = qc[0].item + i;

        exm_json_object(j);
        exm_json_kstr(j, "id", x->id);
        exm_json_kstr(j, "title", x->title);
        exm_json_kstr(j, "unit", x->unit);
        exm_json_kstr(j, "source", x->source);
        exm_json_end(j);
    }
    exm_json_end(j);
}

/* ---- limits: one set by fluid, few in a run ---- */

/* The first sample that is judged by the same set. */
static size_t
first_alike(const exm_qc *qc, size_t i)
{
    size_t k = 0;

    while (strcmp(qc[k].limits, qc[i].limits) != 0) k++;
    return k;
}

/* The number of a sample's set in the order of put_limits(). */
static size_t
set_of(const exm_qc *qc, size_t i)
{
    const size_t first = first_alike(qc, i);
    size_t n = 0;

    for (size_t k = 0; k < first; k++) n += first_alike(qc, k) == k;
    return n;
}

static void
put_limits(const exm_qc *qc, size_t n, exm_json *j)
{
    exm_json_key(j, "limits");
    exm_json_array(j);
    for (size_t i = 0; i < n; i++) {
        if (first_alike(qc, i) != i) continue;
        exm_json_object(j);
        exm_json_kstr(j, "name", qc[i].limits);
        exm_json_key(j, "of");
        exm_json_array(j);
        for (size_t k = 0; k < qc[i].n; k++) {
            const exm_qc_item *x = qc[i].item + k;

            exm_json_object(j);
            exm_json_kdouble(j, "low", x->low);
            exm_json_kdouble(j, "high", x->high);
            exm_json_kdouble(j, "fail_low", x->fail_low);
            exm_json_kdouble(j, "fail_high", x->fail_high);
            exm_json_kstr(j, "basis", x->basis);
            exm_json_end(j);
        }
        exm_json_end(j);
        exm_json_end(j);
    }
    exm_json_end(j);
}

exm_status
exm_report_put_data(const exm_record *const *records, const exm_qc *qc, size_t n,
                    const exm_report_info *info, exm_buf *ret, exm_error *reterr)
{
    struct folding f;
    exm_json j;
    exm_status s = choose_classes(records, n, &f, reterr);

    if (s != EXM_OK) return s;
    exm_json_init_compact(&j, ret);
    exm_json_object(&j);
    exm_json_kstr(&j, "title", info->title);
    exm_json_kstr(&j, "version", info->version);
    exm_json_kstr(&j, "reference", info->reference);
    exm_json_kstr(&j, "command", info->command);
    put_groups(&f, &j);
    put_fates(&j);
    put_items(qc, n, &j);
    put_limits(qc, n, &j);
    exm_json_key(&j, "regions");
    exm_json_array(&j);
    for (int i = 0; i < REGIONS; i++) exm_json_str(&j, region_name[i]);
    exm_json_end(&j);
    exm_json_key(&j, "samples");
    exm_json_array(&j);
    for (size_t i = 0; s == EXM_OK && i < n; i++)
        s = put_sample(records[i], qc + i, set_of(qc, i), &f, &j, reterr);
    exm_json_end(&j);
    exm_json_end(&j);
    return s == EXM_OK ? exm_json_finish(&j, reterr) : s;
}
