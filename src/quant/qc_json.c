/*
 * qc_json.c - what is known of a sample's quality, for qc.json (docs/schemas/qc.schema.json).
 */
#include "exomir/qc.h"

#include "exomir/calibrate.h"
#include "exomir/clade.h"
#include "exomir/variants.h"
#include "qc_umi.h"

#include <string.h>

/* Reads by type of tRNA fragment, or null where the reference has no tRNA. */
static void
put_trna(const exm_record *r, exm_json *j)
{
    exm_json_key(j, "trna");
    if (!exm_record_has_trna(r)) {
        exm_json_null(j);
        return;
    }
    exm_json_object(j);
    for (int t = 0; t < EXM_TRF_COUNT; t++)
        exm_json_ku64(j, exm_trf_name((exm_trf) t), r->trf[t][0]);
    exm_json_end(j);
}

/* The calibration, or null where the reference holds no spike-ins. */
static void
put_spikes(const exm_record *r, exm_json *j)
{
    const exm_calibration c = exm_calibrate_sample(r);

    exm_json_key(j, "spikes");
    if (r->n_spikes == 0) {
        exm_json_null(j);
        return;
    }
    exm_json_object(j);
    exm_json_ku64(j, "given", c.given);
    exm_json_ku64(j, "fitted", c.fitted);
    exm_json_kdouble(j, "slope", c.slope);
    exm_json_kdouble(j, "intercept", c.intercept);
    exm_json_kdouble(j, "r2", c.r2);
    exm_json_kdouble(j, "limit_of_detection", c.lod);
    exm_json_key(j, "list");
    exm_json_array(j);
    for (size_t i = 0; i < r->n_spikes; i++) {
        const struct exm_record_spike *x = r->spikes + i;
        const uint64_t count = x->count[r->umi_len > 0];

        exm_json_object(j);
        exm_json_kstr(j, "name", x->name);
        exm_json_kdouble(j, "amount", x->amount);
        exm_json_ku64(j, "count", count);
        exm_json_kdouble(j, "recovery_percent",
                         exm_calibrate_recovery(&c, x->amount, count));
        exm_json_end(j);
    }
    exm_json_end(j);
    exm_json_end(j);
}

/* Substitutions by their calls, or null where they were not tested. */
static void
put_editing(const exm_record *r, exm_json *j)
{
    static const char *const calls[] = {"edited", "variant", "known", "low", "indistinct"};

    exm_json_key(j, "editing");
    if (!r->editing) {
        exm_json_null(j);
        return;
    }
    exm_json_object(j);
    exm_json_ku64(j, "sites", r->edit_sites);
    exm_json_kdouble(j, "control_rate", r->control_rate);
    for (size_t c = 0; c < sizeof calls / sizeof calls[0]; c++) {
        uint64_t n = 0;

        for (size_t i = 0; i < r->n_variants; i++)
            n += strcmp(exm_variant_call(r->variants + i), calls[c]) == 0;
        exm_json_ku64(j, calls[c], n);
    }
    exm_json_end(j);
}

/* What stands behind the check 'foreign', or null where nothing can be traced. */
static void
put_foreign(const exm_record *r, exm_json *j)
{
    exm_clade_verdict v;

    exm_clade_judge(r, &v);
    exm_json_key(j, "foreign");
    if (!v.traced) {
        exm_json_null(j);
        return;
    }
    exm_json_object(j);
    exm_json_kbool(j, "found", v.found);
    exm_json_kstr(j, "clade", v.name[0] ? v.label : NULL);
    exm_json_ku64(j, "reads", v.reads);
    exm_json_ku64(j, "mirnas", v.mirnas);
    exm_json_ku64(j, "evidence", v.evidence);
    exm_json_kdouble(j, "share_percent", v.share);
    exm_json_kdouble(j, "limit_reads", v.limit);
    exm_json_end(j);
}

void
exm_qc_put_json(const exm_record *r, const exm_qc *q, exm_json *j)
{
    exm_json_object(j);
    exm_json_kstr(j, "sample", r->sample);
    exm_json_kstr(j, "verdict", exm_verdict_name(q->overall));
    exm_json_kstr(j, "limits", q->limits);
    exm_json_kstr(j, "kit", r->kit);
    exm_json_kstr(j, "layout", r->layout);
    exm_json_kstr(j, "kit_evidence", r->kit_evidence);
    exm_json_kstr(j, "content", r->content);
    exm_json_ku64(j, "reads_in", r->reads_in);
    exm_json_key(j, "fates");
    exm_json_object(j);
    for (int f = 0; f < EXM_FATE_COUNT; f++)
        exm_json_ku64(j, exm_fate_name((exm_fate) f), r->fate[f]);
    exm_json_end(j);
    exm_json_key(j, "kept");
    exm_json_object(j);
    for (size_t i = 0; i < r->n_classes; i++)
        exm_json_ku64(j, r->classes[i].name, r->classes[i].em[0]);
    exm_json_ku64(j, "unannotated", r->unannotated);
    exm_json_ku64(j, "foreign", r->foreign);
    exm_json_end(j);
    exm_json_ku64(j, "molecules", r->molecules);
    exm_qc_put_umis(r, j);
    put_trna(r, j);
    put_spikes(r, j);
    put_editing(r, j);
    put_foreign(r, j);
    exm_json_key(j, "clades");
    exm_json_array(j);
    for (size_t i = 0; i < r->n_clades && i < 20; i++) {
        exm_json_object(j);
        exm_json_kstr(j, "clade", r->clades[i].name);
        exm_json_ku64(j, "reads", r->clades[i].reads);
        exm_json_end(j);
    }
    exm_json_end(j);
    exm_json_key(j, "items");
    exm_json_array(j);
    for (size_t i = 0; i < q->n; i++) {
        const exm_qc_item *x = q->item + i;

        exm_json_object(j);
        exm_json_kstr(j, "id", x->id);
        exm_json_kstr(j, "title", x->title);
        exm_json_kdouble(j, "value", x->value);
        exm_json_kstr(j, "unit", x->unit);
        exm_json_kdouble(j, "low", x->low);
        exm_json_kdouble(j, "high", x->high);
        exm_json_kdouble(j, "fail_low", x->fail_low);
        exm_json_kdouble(j, "fail_high", x->fail_high);
        exm_json_kstr(j, "verdict", exm_verdict_name(x->verdict));
        exm_json_kstr(j, "reason", x->reason);
        exm_json_kstr(j, "source", x->source);
        exm_json_kstr(j, "basis", x->basis);
        exm_json_end(j);
    }
    exm_json_end(j);
    exm_json_end(j);
}
