/* explain_sample_json.c - a sample's story for programs. */
#include "explain_sample_impl.h"

#include "exomir/trim.h"

static void
put_features(exm_json *j, const char *key, const exm_record_feature *const *list, size_t n)
{
    exm_json_key(j, key);
    exm_json_array(j);
    for (size_t i = 0; i < n; i++) {
        exm_json_object(j);
        exm_json_kstr(j, "mirna", list[i]->name);
        exm_json_ku64(j, "em", list[i]->em[0]);
        exm_json_ku64(j, "unique", list[i]->unique[0]);
        exm_json_ku64(j, "best", list[i]->best[0]);
        exm_json_end(j);
    }
    exm_json_end(j);
}

static void
put_run(const exm_story *s, exm_json *j)
{
    const json_t *inputs = json_object_get(s->made, "inputs");

    exm_json_key(j, "run");
    exm_json_object(j);
    exm_json_kstr(j, "version", exm_story_text(s->provenance, "version"));
    exm_json_kstr(j, "command", exm_story_text(s->provenance, "command"));
    exm_json_kstr(j, "reference_sha256", s->r->ref_sha256);
    exm_json_key(j, "files");
    exm_json_array(j);
    for (size_t i = 0; i < json_array_size(inputs); i++)
        exm_json_str(j, exm_story_text(json_array_get(inputs, i), "file"));
    exm_json_end(j);
    exm_json_end(j);
}

static void
put_flow(const exm_story *s, exm_json *j)
{
    const exm_record *r = s->r;

    exm_json_ku64(j, "reads_in", r->reads_in);
    exm_json_key(j, "fates");
    exm_json_array(j);
    for (int f = 0; f < EXM_FATE_COUNT; f++) {
        exm_json_object(j);
        exm_json_kstr(j, "fate", exm_fate_name((exm_fate) f));
        exm_json_ku64(j, "reads", r->fate[f]);
        exm_json_kstr(j, "meaning", exm_fate_description((exm_fate) f));
        exm_json_end(j);
    }
    exm_json_end(j);
    exm_json_key(j, "kept");
    exm_json_object(j);
    for (size_t i = 0; i < r->n_classes; i++)
        exm_json_ku64(j, r->classes[i].name, r->classes[i].em[0]);
    exm_json_ku64(j, "unannotated", r->unannotated);
    exm_json_ku64(j, "foreign", r->foreign);
    exm_json_end(j);
    exm_json_ku64(j, "molecules", r->molecules);
}

static void
put_kit(const exm_story *s, exm_json *j)
{
    exm_json_key(j, "kit");
    exm_json_object(j);
    exm_json_kstr(j, "name", s->r->kit);
    exm_json_kstr(j, "layout", s->r->layout);
    exm_json_ku64(j, "umi_nt", s->r->umi_len);
    exm_json_kstr(j, "evidence", s->r->kit_evidence);
    exm_json_kstr(j, "first_reads", exm_story_text(s->made, "kit_inference"));
    exm_json_end(j);
}

/* As they stand in qc.json, the worst first. */
static void
put_checks(const exm_story *s, exm_json *j)
{
    static const exm_verdict order[] = {EXM_VERDICT_FAIL, EXM_VERDICT_WARN,
                                        EXM_VERDICT_NOTE, EXM_VERDICT_PASS, EXM_VERDICT_NA};
    const json_t *items = json_object_get(s->judged, "items");

    exm_json_key(j, "checks");
    exm_json_array(j);
    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
        for (size_t i = 0; i < json_array_size(items); i++) {
            const json_t *x = json_array_get(items, i);

            if (exm_story_verdict(x) != order[k]) continue;
            exm_json_object(j);
            exm_json_kstr(j, "id", exm_story_text(x, "id"));
            exm_json_kstr(j, "title", exm_story_text(x, "title"));
            exm_json_kstr(j, "verdict", exm_verdict_name(order[k]));
            exm_json_kdouble(j, "value", exm_story_number(x, "value"));
            exm_json_kstr(j, "unit", exm_story_text(x, "unit"));
            exm_json_kdouble(j, "low", exm_story_number(x, "low"));
            exm_json_kdouble(j, "high", exm_story_number(x, "high"));
            exm_json_kdouble(j, "fail_low", exm_story_number(x, "fail_low"));
            exm_json_kdouble(j, "fail_high", exm_story_number(x, "fail_high"));
            exm_json_kstr(j, "reason", exm_story_text(x, "reason"));
            exm_json_kstr(j, "basis", exm_story_text(x, "basis"));
            exm_json_end(j);
        }
    }
    exm_json_end(j);
}

exm_status
exm_story_put_json(const exm_story *s, exm_buf *b, exm_error *reterr)
{
    exm_json j;

    exm_json_init(&j, b);
    exm_json_object(&j);
    exm_json_kstr(&j, "sample", s->r->sample);
    exm_json_kstr(&j, "verdict", exm_story_text(s->judged, "verdict"));
    exm_json_kstr(&j, "limits", exm_story_text(s->judged, "limits"));
    exm_json_kstr(&j, "use", "Research use only");
    put_run(s, &j);
    put_flow(s, &j);
    put_kit(s, &j);
    put_checks(s, &j);
    put_features(&j, "top", s->top, s->n_top);
    exm_json_key(&j, "shared");
    exm_json_object(&j);
    exm_json_ku64(&j, "reads", s->tied);
    exm_json_ku64(&j, "between_classes", s->tied_between);
    exm_json_ku64(&j, "of", s->r->annotated);
    put_features(&j, "mirnas", s->shared, s->n_shared);
    exm_json_end(&j);
    exm_json_key(&j, "confounders");
    exm_json_array(&j);
    for (size_t i = 0; i < s->n_confounders; i++) {
        exm_json_object(&j);
        exm_json_kstr(&j, "id", s->confounder[i].id);
        exm_json_kstr(&j, "title", s->confounder[i].title);
        exm_json_kdouble(&j, "value", s->confounder[i].value);
        exm_json_kstr(&j, "unit", s->confounder[i].unit);
        exm_json_kstr(&j, "text", s->confounder[i].text);
        exm_json_end(&j);
    }
    exm_json_end(&j);
    exm_json_end(&j);
    return exm_json_finish(&j, reterr);
}
