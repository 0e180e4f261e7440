/*
 * hemolysis.c - the sequencing metric of hemolysis.
 *
 * Workload: one cohort, once.  The matrix is copied with its samples' and rows' filters
 * applied; the rest is the normalisation of stats.
 */
#include "exomir/hemolysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double least_count = 5.0, cpm_prior = 2.0;

static const char *const signature[] = {
    "miR-106b-3p", "miR-140-3p", "miR-142-5p", "miR-532-5p", "miR-17-5p",
    "miR-19b-3p",  "miR-30c-5p", "miR-324-5p", "miR-192-5p", "miR-660-5p",
    "miR-186-5p",  "miR-425-5p", "miR-25-3p",  "miR-363-3p", "miR-183-5p",
    "miR-451a",    "miR-182-5p", "miR-191-5p", "miR-194-5p", "miR-20b-5p",
};

const char *
exm_hemolysis_mirna(size_t i)
{
    return i < sizeof signature / sizeof signature[0] ? signature[i] : NULL;
}

int
exm_hemolysis_has_name(const char *feature, const char *name)
{
    const size_t n = strlen(name);

    for (const char *p = feature; *p;) {
        const size_t len = strcspn(p, "/");

        if (len >= n && memcmp(p + len - n, name, n) == 0 &&
            (len == n || p[len - n - 1] == '-'))
            return 1;
        p += len + (p[len] == '/');
    }
    return 0;
}

int
exm_hemolysis_is_signature(const char *feature)
{
    for (size_t i = 0; exm_hemolysis_mirna(i); i++)
        if (exm_hemolysis_has_name(feature, signature[i])) return 1;
    return 0;
}

exm_hemolysis_options
exm_hemolysis_defaults(void)
{
    return (exm_hemolysis_options){.min_reads = 1e6, .min_cpm = 40.0, .caution = 1.9};
}

/* What is being worked on: the samples with enough reads, then the rows that are kept. */
struct work {
    size_t *sample; /* of the matrix, [n_samples] */
    size_t n_samples;
    size_t *row; /* of the matrix, [n_rows] */
    size_t n_rows;
    double *y;   /* [n_rows][n_samples] */
    double *lib; /* [n_samples] */
    double *log_cpm;
};

static void
work_done(struct work *w)
{
    free(w->sample);
    free(w->row);
    free(w->y);
    free(w->lib);
    free(w->log_cpm);
}

static exm_status
choose_samples(const exm_matrix *m, const exm_hemolysis_options *o, struct work *w,
               exm_error *reterr)
{
    const exm_counts all = exm_matrix_counts(m);

    exm_counts_lib(&all, w->lib);
    for (size_t s = 0; s < m->n_samples; s++)
        if (w->lib[s] > o->min_reads) w->sample[w->n_samples++] = s;
    if (w->n_samples == 0)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "hemolysis: no sample has more than %.0f counts", o->min_reads);
    return EXM_OK;
}

/* Rows with any count of 5 and more among the chosen samples. */
static void
take_rows(const exm_matrix *m, struct work *w)
{
    for (size_t f = 0; f < m->n_features; f++) {
        double *to = w->y + w->n_rows * w->n_samples;
        int any = 0;

        for (size_t k = 0; k < w->n_samples; k++) {
            const double y = m->y[f * m->n_samples + w->sample[k]];

            to[k] = y < least_count ? 0.0 : y;
            any |= to[k] > 0.0;
        }
        if (any) w->row[w->n_rows++] = f;
    }
}

static exm_status
filter_rows(const exm_hemolysis_options *o, struct work *w, exm_error *reterr)
{
    const exm_counts c = {w->y, w->n_rows, w->n_samples};
    const size_t n = w->n_samples;
    const double need = o->smallest_group > 0.0 && o->smallest_group < (double) n
                            ? o->smallest_group
                            : (double) n;
    double *f = calloc(n + 1, sizeof *f);
    size_t kept = 0;
    exm_status st;

    if (!f) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu samples", n);
    st = exm_norm_factors(&c, NULL, EXM_NORM_TMM, f, reterr);
    if (st == EXM_OK) exm_counts_lib(&c, w->lib);
    for (size_t r = 0; st == EXM_OK && r < c.n_features; r++) {
        double in = 0.0;

        for (size_t s = 0; s < n; s++)
            in += w->y[r * n + s] / (w->lib[s] * f[s]) * 1e6 > o->min_cpm;
        if (in < need) continue;
        memmove(w->y + kept * n, w->y + r * n, n * sizeof *w->y);
        w->row[kept++] = w->row[r];
    }
    free(f);
    if (st != EXM_OK) return st;
    w->n_rows = kept;
    if (kept == 0)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "hemolysis: no miRNA has more than %g CPM in %.0f samples",
                        o->min_cpm, need);
    return EXM_OK;
}

/* G(signature) - G(others) of one sample. */
static double
metric(const exm_matrix *m, const struct work *w, size_t s)
{
    double sum[2] = {0.0, 0.0}, n[2] = {0.0, 0.0};

    for (size_t r = 0; r < w->n_rows; r++) {
        const double x = w->log_cpm[r * w->n_samples + s];
        const int in = exm_hemolysis_is_signature(m->features[w->row[r]]);

        if (!(x > 0.0)) continue;
        sum[in] += log(x);
        n[in] += 1.0;
    }
    return exp(sum[1] / n[1]) - exp(sum[0] / n[0]); /* NaN where one side is empty */
}

static void
set_ratios(const exm_matrix *m, exm_hemolysis *ret)
{
    for (size_t s = 0; s < m->n_samples; s++) {
        double red = 0.0, other = 0.0;

        for (size_t f = 0; f < m->n_features; f++) {
            if (exm_hemolysis_has_name(m->features[f], "miR-451a"))
                red += m->y[f * m->n_samples + s];
            if (exm_hemolysis_has_name(m->features[f], "miR-23a-3p"))
                other += m->y[f * m->n_samples + s];
        }
        ret[s] = (exm_hemolysis){
            .metric = (double) NAN,
            .log2_451a_23a =
                red + other > 0.0 ? log2((red + 0.5) / (other + 0.5)) : (double) NAN,
        };
    }
}

static exm_status
run(const exm_matrix *m, const exm_hemolysis_options *o, struct work *w, exm_error *reterr)
{
    exm_status st = choose_samples(m, o, w, reterr);
    exm_counts c;

    if (st != EXM_OK) return st;
    take_rows(m, w);
    if (w->n_rows == 0)
        return exm_fail(reterr, EXM_EDATA, 0, "hemolysis: no count reaches %g",
                        least_count);
    st = filter_rows(o, w, reterr);
    if (st != EXM_OK) return st;
    c = (exm_counts){w->y, w->n_rows, w->n_samples};
    return exm_norm_log_cpm(&c, NULL, cpm_prior, w->log_cpm, reterr);
}

exm_status
exm_hemolysis_run(const exm_matrix *m, const exm_hemolysis_options *o, exm_hemolysis *ret,
                  size_t *ret_used, exm_error *reterr)
{
    const exm_hemolysis_options opt = o ? *o : exm_hemolysis_defaults();
    struct work w = {0};
    size_t used = 0;
    exm_status st;

    if (!m || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "hemolysis: an argument is NULL");
    w.sample = calloc(m->n_samples + 1, sizeof *w.sample);
    w.lib = calloc(m->n_samples + 1, sizeof *w.lib);
    w.row = calloc(m->n_features + 1, sizeof *w.row);
    w.y = calloc(m->n_features * m->n_samples + 1, sizeof *w.y);
    w.log_cpm = calloc(m->n_features * m->n_samples + 1, sizeof *w.log_cpm);
    st = w.sample && w.lib && w.row && w.y && w.log_cpm
             ? run(m, &opt, &w, reterr)
             : exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the hemolysis metric");
    if (st == EXM_OK) {
        set_ratios(m, ret);
        for (size_t k = 0; k < w.n_samples; k++) ret[w.sample[k]].metric = metric(m, &w, k);
        for (size_t r = 0; r < w.n_rows; r++)
            used += (size_t) exm_hemolysis_is_signature(m->features[w.row[r]]);
        if (ret_used) *ret_used = used;
    }
    work_done(&w);
    return st;
}
