/* report_diff.c - the numbers behind the pictures of a differential-expression analysis. */
#include "exomir/report_diff.h"

#include "exomir/json.h"
#include "page.h"
#include "report_assets.h"

/* A row is an array: names of its fields stand in diff.js. */
static void
put_row(const exm_diff *d, size_t i, exm_json *j)
{
    const exm_diff_row *r = d->rows + i;
    const double before[] = {r->log2fc, r->ci_low, r->ci_high,      r->stat,
                             r->p,      r->fdr,    r->mean_log2_cpm};
    const double after[] = {r->level, r->spread, r->spread_trend, r->spread_final};

    exm_json_array(j);
    exm_json_str(j, d->matrix->features[r->feature]);
    for (size_t k = 0; k < sizeof before / sizeof before[0]; k++)
        exm_json_double(j, before[k]);
    exm_json_array(j);
    for (size_t g = 0; g < d->n_groups; g++)
        exm_json_double(j, d->group_cpm[i * d->n_groups + g]);
    exm_json_end(j);
    exm_json_str(j, exm_diff_tag(d, i));
    for (size_t k = 0; k < sizeof after / sizeof after[0]; k++)
        exm_json_double(j, after[k]);
    exm_json_end(j);
}

static void
put_samples(const exm_diff *d, exm_json *j)
{
    exm_json_key(j, "samples");
    exm_json_array(j);
    for (size_t s = 0; s < d->matrix->n_samples; s++) {
        exm_json_object(j);
        exm_json_kstr(j, "name", d->matrix->samples[s]);
        exm_json_kdouble(j, "library", d->lib[s] / d->factor[s]);
        exm_json_kdouble(j, "group", d->n_groups ? (double) d->group->level[s] : -1.0);
        exm_json_key(j, "pc");
        exm_json_array(j);
        exm_json_double(j, d->pc[2 * s]);
        exm_json_double(j, d->pc[2 * s + 1]);
        exm_json_end(j);
        exm_json_end(j);
    }
    exm_json_end(j);
}

static void
put_top(const exm_diff *d, exm_json *j)
{
    const size_t n = d->matrix->n_samples;

    exm_json_key(j, "top");
    exm_json_array(j);
    for (size_t i = 0; i < d->n_top; i++) {
        exm_json_array(j);
        exm_json_u64(j, d->top[i]);
        exm_json_array(j);
        for (size_t s = 0; s < n; s++) exm_json_double(j, d->top_log_cpm[i * n + s]);
        exm_json_end(j);
        exm_json_end(j);
    }
    exm_json_end(j);
}

static exm_status
put_data(const exm_diff *d, const exm_diff_options *o, const char *version, exm_buf *ret,
         exm_error *reterr)
{
    exm_json j;

    exm_json_init_compact(&j, ret);
    exm_json_object(&j);
    exm_json_kstr(&j, "title", "exomir diff");
    exm_json_kstr(&j, "version", version);
    exm_json_kstr(&j, "engine", exm_diff_engine_name(o->engine));
    exm_json_kstr(&j, "normalisation", exm_diff_norm_used(o));
    exm_json_kstr(&j, "design", o->design);
    exm_json_kstr(&j, "contrast", o->contrast);
    exm_json_ku64(&j, "features", d->matrix->n_features);
    exm_json_key(&j, "groups");
    exm_json_array(&j);
    for (size_t g = 0; g < d->n_groups; g++) exm_json_str(&j, d->group->levels[g]);
    exm_json_end(&j);
    exm_json_key(&j, "pc_share");
    exm_json_array(&j);
    for (int i = 0; i < 2; i++) exm_json_double(&j, d->pc_share[i]);
    exm_json_end(&j);
    put_samples(d, &j);
    exm_json_key(&j, "rows");
    exm_json_array(&j);
    for (size_t i = 0; i < d->n_rows; i++) put_row(d, i, &j);
    exm_json_end(&j);
    put_top(d, &j);
    exm_json_end(&j);
    return exm_json_finish(&j, reterr);
}

exm_status
exm_report_diff(const exm_diff *d, const exm_diff_options *o, const char *version,
                exm_buf *ret, exm_error *reterr)
{
    exm_status s;

    if (!d || !o || !version || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "report: an argument is NULL");
    exm_page_begin("exomir diff", "The numbers are in diff.tsv and diff.json beside it.",
                   ret);
    s = put_data(d, o, version, ret, reterr);
    if (s != EXM_OK) return s;
    exm_page_end(exm_asset_diff_js, ret);
    return exm_buf_check(ret, reterr);
}
