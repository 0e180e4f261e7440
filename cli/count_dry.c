/*
 * count_dry.c - exomir count --dry-run: what would be done, in words.
 *
 * The kit is looked for where that costs nothing: in the first reads of ordinary files.
 * A pipe is left alone, since what is read from it is gone.
 */
#include "count.h"

#include "exomir/json.h"

#include <string.h>
#include <sys/stat.h>

static int
is_file(const char *path)
{
    struct stat st;

    return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static exm_status
look(exm_reader *reader, exm_inferrer *f, exm_inference *ret, exm_error *reterr)
{
    const exm_read *reads;
    exm_status s;
    size_t n;

    do {
        s = exm_reader_next(reader, &reads, &n, reterr);
    } while (s == EXM_OK && n > 0 && exm_inferrer_add(f, reads, n));
    if (s == EXM_OK) s = exm_inferrer_finish(f, ret, reterr);
    return s;
}

/* What the kit is or seems to be: a name and words. */
static void
say_kit(const exm_count_sample *t, exm_buf *kit, exm_buf *why)
{
    exm_reader_options o = t->options.reader;
    exm_inference inf = {0};
    exm_inferrer *f = NULL;
    exm_reader *reader = NULL;
    exm_error err = {0};
    char layout[512];
    exm_status s;

    if (!t->options.infer_kit) {
        exm_layout_format(&t->options.layout, layout, sizeof layout);
        exm_buf_puts(kit, t->options.layout.name);
        exm_buf_puts(why, layout);
        return;
    }
    if (!is_file(t->paths[0])) {
        exm_buf_puts(kit, "auto");
        exm_buf_puts(why, "not looked at: no ordinary file");
        return;
    }
    o.hash_input = o.hash_content = 0;
    s = exm_reader_open(t->paths, 1, &o, &reader, &err);
    if (s == EXM_OK) s = exm_inferrer_new(&f, &err);
    if (s == EXM_OK) s = look(reader, f, &inf, &err);
    exm_inferrer_free(f);
    exm_reader_close(reader);
    if (s != EXM_OK) {
        exm_buf_puts(kit, "auto");
        exm_buf_puts(why, err.msg);
        return;
    }
    if (inf.call == EXM_KIT_PRESET)
        exm_buf_puts(kit, inf.layout.name);
    else
        exm_buf_puts(kit, inf.call == EXM_KIT_TRIMMED ? "none" : "unclear");
    exm_buf_puts(why, inf.evidence);
}

static void
put_sample(const exm_count_sample *t, exm_json *j, exm_buf *out)
{
    exm_buf kit = {0}, why = {0};

    say_kit(t, &kit, &why);
    if (j) {
        exm_json_object(j);
        exm_json_kstr(j, "sample", t->id);
        exm_json_key(j, "files");
        exm_json_array(j);
        for (size_t k = 0; k < t->n_paths; k++) exm_json_str(j, t->paths[k]);
        exm_json_end(j);
        exm_json_kstr(j, "kit", kit.data);
        exm_json_kstr(j, "evidence", why.data);
        exm_json_end(j);
    } else {
        exm_buf_putf(out, "%s\n", t->id);
        for (size_t k = 0; k < t->n_paths; k++)
            exm_buf_putf(out, "    file  %s\n", t->paths[k]);
        exm_buf_putf(out, "    kit   %s (%s)\n", kit.data ? kit.data : "",
                     why.data ? why.data : "");
    }
    if (kit.failed || why.failed) out->failed = 1;
    exm_buf_done(&kit);
    exm_buf_done(&why);
}

int
exm_count_plan_print(const exm_count_args *a, const exm_count_plan *p, const exm_ref *ref)
{
    exm_buf out = {0}, params = {0};
    exm_error err = {0};
    exm_json json, *j = NULL;
    int code;

    if (exm_sample_params_json(&a->options, &params, &err) != EXM_OK) {
        exm_buf_done(&params);
        return exm_msg_status(&a->common, &err, NULL);
    }
    if (a->common.json) {
        j = &json;
        exm_json_init(j, &out);
        exm_json_object(j);
        exm_json_kbool(j, "dry_run", 1);
        exm_json_kstr(j, "out", a->out);
        exm_json_kstr(j, "reference_sha256", exm_ref_sha256(ref));
        exm_json_ku64(j, "threads", a->common.threads);
        exm_json_kstr(j, "parameters_json", params.data);
        exm_json_key(j, "samples");
        exm_json_array(j);
    } else {
        exm_buf_putf(&out,
                     "would count %zu sample%s on %u thread%s into %s\n"
                     "reference %s (%u miRNAs)\nparameters %s",
                     p->n, p->n == 1 ? "" : "s", a->common.threads,
                     a->common.threads == 1 ? "" : "s", a->out, a->ref,
                     exm_ref_n_entities(ref), params.data);
    }
    for (size_t i = 0; i < p->n; i++) put_sample(&p->sample[i], j, &out);
    if (j) {
        exm_json_end(j);
        exm_json_end(j);
        if (exm_json_finish(j, NULL) != EXM_OK) out.failed = 1;
    }
    code = exm_msg_print(&a->common, &out);
    exm_buf_done(&out);
    exm_buf_done(&params);
    return code;
}
