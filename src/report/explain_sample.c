/*
 * explain_sample.c - a run's folder read back, and what can be told of one sample.
 *
 * Workload: one sample, once; qc.json of 1,000 samples has some 10 MB.
 */
#include "exomir/explain_sample.h"

#include "exomir/input.h"
#include "exomir/text.h"
#include "explain_sample_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t largest_file = (size_t) 1 << 30;

const char *
exm_story_text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s ? s : "";
}

double
exm_story_number(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);

    return json_is_number(v) ? json_number_value(v) : (double) NAN;
}

exm_verdict
exm_story_verdict(const json_t *check)
{
    const char *word = exm_story_text(check, "verdict");

    for (int v = 0; v < EXM_VERDICT_NA; v++)
        if (strcmp(word, exm_verdict_name((exm_verdict) v)) == 0) return (exm_verdict) v;
    return EXM_VERDICT_NA;
}

/* ---- the two documents ---- */

static exm_status
load(const char *dir, const char *name, const char *text, size_t n, json_t **ret,
     exm_error *reterr)
{
    json_error_t why;
    json_t *j = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);

    if (!j && json_error_code(&why) == json_error_out_of_memory)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to read %s/%s", dir, name);
    if (!j)
        return exm_fail(reterr, EXM_EDATA, (size_t) why.position,
                        "%.200s/%s, line %d: damaged: %.150s", dir, name, why.line,
                        why.text);
    *ret = j;
    return EXM_OK;
}

/* The object of this sample in the document's list; NULL: none. */
static const json_t *
part_of(const json_t *document, const char *sample)
{
    const json_t *list = json_object_get(document, "samples");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);

        if (strcmp(exm_story_text(o, "sample"), sample) == 0) return o;
    }
    return NULL;
}

static exm_status
find_parts(const char *dir, exm_story *s, exm_error *reterr)
{
    s->judged = part_of(s->qc, s->r->sample);
    s->made = part_of(s->provenance, s->r->sample);
    if (!s->judged || !s->made)
        return exm_fail(reterr, EXM_EDATA, 0, "%.200s/%s: no sample '%.200s'", dir,
                        s->judged ? "provenance.json" : "qc.json", s->r->sample);
    if (strcmp(exm_story_text(s->judged, "content"), s->r->content) == 0 &&
        strcmp(exm_story_text(s->made, "content"), s->r->content) == 0)
        return EXM_OK;
    return exm_fail(
        reterr, EXM_EDATA, 0,
        "%.200s: record, qc.json and provenance.json of '%.200s' are not of one "
        "run",
        dir, s->r->sample);
}

/* ---- what stands out ---- */

/* Keeps the 'room' features with the largest measure, ties by name. */
static size_t
keep_largest(const exm_record_feature **list, size_t n, size_t room,
             const exm_record_feature *f, uint64_t (*measure)(const exm_record_feature *))
{
    const uint64_t v = measure(f);
    size_t at = n;

    if (v == 0) return n;
    while (at > 0 &&
           (measure(list[at - 1]) < v ||
            (measure(list[at - 1]) == v && strcmp(list[at - 1]->name, f->name) > 0)))
        at--;
    if (at == room) return n;
    if (n == room) n--;
    memmove(list + at + 1, list + at, (n - at) * sizeof(const exm_record_feature *));
    list[at] = f;
    return n + 1;
}

static uint64_t
em_reads(const exm_record_feature *f)
{
    return f->em[0];
}

/* Reads of a count that sharing decided on. */
static uint64_t
decided_by_sharing(const exm_record_feature *f)
{
    return f->em[0] > f->unique[0] ? f->em[0] - f->unique[0] : f->unique[0] - f->em[0];
}

static void
find_features(exm_story *s)
{
    const exm_record *r = s->r;

    for (size_t i = 0; i < r->n_features; i++) {
        if (r->features[i].class_id != 0) continue;
        s->n_top = keep_largest(s->top, s->n_top, EXM_STORY_TOP, r->features + i, em_reads);
        s->n_shared = keep_largest(s->shared, s->n_shared, EXM_STORY_SHARED,
                                   r->features + i, decided_by_sharing);
    }
    for (size_t i = 0; i < r->n_classes; i++) {
        s->tied += r->classes[i].shared_within + r->classes[i].shared_between;
        s->tied_between += r->classes[i].shared_between;
    }
}

static void
count_checks(exm_story *s)
{
    const json_t *items = json_object_get(s->judged, "items");

    for (size_t i = 0; i < json_array_size(items); i++)
        s->checks[exm_story_verdict(json_array_get(items, i))]++;
}

exm_status
exm_explain_sample_texts(const char *dir, const exm_record *r, const char *qc, size_t n_qc,
                         const char *provenance, size_t n_provenance, int json,
                         exm_buf *ret, exm_error *reterr)
{
    exm_story s = {.r = r};
    exm_status st;

    if (!dir || !r || !qc || !provenance || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "explain: an argument is NULL");
    st = load(dir, "qc.json", qc, n_qc, &s.qc, reterr);
    if (st == EXM_OK)
        st = load(dir, "provenance.json", provenance, n_provenance, &s.provenance, reterr);
    if (st == EXM_OK) st = find_parts(dir, &s, reterr);
    if (st == EXM_OK) {
        find_features(&s);
        count_checks(&s);
        exm_story_find_confounders(&s);
        st = json ? exm_story_put_json(&s, ret, reterr)
                  : exm_story_put_text(&s, ret, reterr);
    }
    json_decref(s.qc);
    json_decref(s.provenance);
    return st;
}

/* ---- the folder ---- */

struct folder {
    const char *dir;
    exm_buf path;
    char *provenance, *qc;
    size_t n_provenance, n_qc;
};

static const char *
path_in(struct folder *f, const char *name)
{
    exm_buf_clear(&f->path);
    exm_buf_puts(&f->path, f->dir);
    exm_buf_putc(&f->path, '/');
    exm_buf_puts(&f->path, name);
    return f->path.failed ? NULL : f->path.data;
}

/* Is the file what provenance.json says it was? */
static exm_status
check_digest(struct folder *f, const json_t *provenance, const char *name,
             exm_error *reterr)
{
    const json_t *outputs = json_object_get(provenance, "outputs");
    const char *path = path_in(f, name);
    char now[EXM_SHA256_HEX];
    exm_status st;

    if (!path) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a path");
    st = exm_sha256_of_file(path, now, reterr);
    if (st != EXM_OK) return st;
    for (size_t i = 0; i < json_array_size(outputs); i++) {
        const json_t *o = json_array_get(outputs, i);

        if (strcmp(exm_story_text(o, "file"), name) != 0) continue;
        if (strcmp(exm_story_text(o, "sha256"), now) == 0) return EXM_OK;
        return exm_fail(reterr, EXM_EDATA, 0,
                        "%s: changed since the run that provenance.json tells of", path);
    }
    return exm_fail(reterr, EXM_EDATA, 0,
                    "%s: not of the run that provenance.json tells of", path);
}

static exm_status
no_such_sample(const struct folder *f, const json_t *provenance, const char *sample,
               exm_error *reterr)
{
    const json_t *list = json_object_get(provenance, "samples");
    const size_t n = json_array_size(list);
    const char **names = calloc(n + 1, sizeof *names), *near;
    exm_status st;

    if (!names) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the samples' names");
    for (size_t i = 0; i < n; i++)
        names[i] = exm_story_text(json_array_get(list, i), "sample");
    near = exm_text_closest(sample, names, n);
    if (!near && n > 0) near = names[0];
    st = exm_fail(reterr, EXM_EDATA, 0,
                  "%.200s: no sample '%.100s' among its %zu; there is '%.100s'", f->dir,
                  sample, n, near ? near : "");
    free(names);
    return st;
}

/* Provenance and qc.json as they were published, and the sample's record. */
static exm_status
read_folder(struct folder *f, const char *sample, exm_record **ret, exm_error *reterr)
{
    exm_buf name = {0};
    json_t *provenance = NULL;
    const char *path = path_in(f, "provenance.json");
    exm_error why = {0};
    exm_status st;

    if (!path) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a path");
    if (exm_input_slurp(path, largest_file, &f->provenance, &f->n_provenance, &why) !=
        EXM_OK)
        return exm_fail(reterr, why.code, 0,
                        "%.380s: not the folder of a complete run of exomir count",
                        why.msg);
    st = load(f->dir, "provenance.json", f->provenance, f->n_provenance, &provenance,
              reterr);
    if (st == EXM_OK && !part_of(provenance, sample))
        st = no_such_sample(f, provenance, sample, reterr);
    exm_buf_puts(&name, "records/");
    exm_buf_puts(&name, sample);
    exm_buf_puts(&name, ".exr");
    if (st == EXM_OK) st = exm_buf_check(&name, reterr);
    if (st == EXM_OK) st = check_digest(f, provenance, "qc.json", reterr);
    if (st == EXM_OK)
        st = exm_input_slurp(f->path.data, largest_file, &f->qc, &f->n_qc, reterr);
    if (st == EXM_OK) st = check_digest(f, provenance, name.data, reterr);
    if (st == EXM_OK) st = exm_record_read(f->path.data, ret, reterr);
    json_decref(provenance);
    exm_buf_done(&name);
    return st;
}

exm_status
exm_explain_sample(const char *dir, const char *sample, int json, exm_buf *ret,
                   exm_error *reterr)
{
    struct folder f = {.dir = dir};
    exm_record *r = NULL;
    exm_status st;

    if (!dir || !sample || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "explain: an argument is NULL");
    st = read_folder(&f, sample, &r, reterr);
    if (st == EXM_OK)
        st = exm_explain_sample_texts(dir, r, f.qc, f.n_qc, f.provenance, f.n_provenance,
                                      json, ret, reterr);
    exm_record_free(r);
    free(f.provenance);
    free(f.qc);
    exm_buf_done(&f.path);
    return st;
}
