/*
 * count_plan.c - which files make up which sample, and by what kit.
 *
 * Names are made from file names by one rule (cmd_count.c states it): no further surgery,
 * since what looks like a lane suffix in one centre is a sample in another.
 */
#include "count.h"
#include "kit_opt.h"

#include "exomir/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- kit ---- */

/* A cell of the sheet: a preset, "auto", or a layout string. */
static exm_status
set_kit(exm_sample_options *o, const char *kit, exm_error *reterr)
{
    const exm_layout *preset;
    exm_status s;

    if (strcmp(kit, "auto") == 0) {
        o->infer_kit = 1;
        return EXM_OK;
    }
    o->infer_kit = 0;
    if (strstr(kit, "insert")) return exm_layout_parse(kit, &o->layout, reterr);
    s = exm_kit_find(kit, &preset, reterr);
    if (s == EXM_OK) o->layout = *preset;
    return s;
}

static void
read_umi_options(exm_count_args *a)
{
    for (size_t i = 0; a->umi_dedup && exm_umi_dedup_name(i); i++)
        if (strcmp(a->umi_dedup, exm_umi_dedup_name(i)) == 0)
            a->options.umi.dedup = (exm_umi_dedup) i;
}

static int
read_kit_options(exm_count_args *a)
{
    int given = 0;
    const int code = exm_kit_options(&a->common, a->kit, a->layout, a->no_adapter,
                                     &a->options.layout, &given);

    a->options.infer_kit = !given;
    if (code == EXM_EXIT_OK && a->options.trim.min_len > a->options.trim.max_len)
        return exm_msg_error(&a->common, EXM_EXIT_USAGE, NULL,
                             "--min-length %u is above --max-length %u",
                             a->options.trim.min_len, a->options.trim.max_len);
    return code;
}

static int
read_skip(const exm_count_args *a, unsigned *ret)
{
    static const char *const words[] = {"report", "gff", "isomirs", "multiqc"};

    for (const char *s = a->skip ? a->skip : ""; *s;) {
        const size_t n = strcspn(s, ",");
        unsigned bit = 0;

        for (unsigned k = 0; k < 4; k++)
            if (strlen(words[k]) == n && strncmp(words[k], s, n) == 0) bit = 1U << k;
        if (!bit)
            return exm_msg_error(&a->common, EXM_EXIT_USAGE,
                                 "use some of report,gff,isomirs,multiqc",
                                 "option '--skip': unknown output '%.*s'", (int) n, s);
        *ret |= bit;
        s += n + (s[n] == ',');
    }
    return EXM_EXIT_OK;
}

/* ---- samples ---- */

static size_t
without_suffix(const char *s, size_t n, const char *const *suffixes)
{
    for (; *suffixes; suffixes++) {
        const size_t m = strlen(*suffixes);

        if (n > m && memcmp(s + n - m, *suffixes, m) == 0) return n - m;
    }
    return n;
}

/* A copy of the file's name without folder, packing and format; NULL without memory. */
static char *
name_of(const char *path)
{
    static const char *const packing[] = {".gz", ".bgz", ".bgzf", ".zst", NULL};
    static const char *const format[] = {".fastq", ".fq", ".fasta", ".fa", NULL};
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    char *name = exm_text_dup(base);

    if (name) {
        const size_t n = without_suffix(base, strlen(base), packing);

        name[without_suffix(base, n, format)] = '\0';
    }
    return name;
}

static int
by_id(const void *a, const void *b)
{
    const exm_count_sample *x = a, *y = b;
    const int c = strcmp(x->id, y->id);

    return c ? c : strcmp(x->paths[0], y->paths[0]); /* one order for messages */
}

static int
plan_from_sheet(exm_count_args *a, exm_count_plan *p)
{
    exm_error err = {0};

    if (exm_sheet_read(a->sheet, &p->sheet, &err) != EXM_OK)
        return exm_msg_status(&a->common, &err, NULL);
    p->n = exm_sheet_count(p->sheet);
    p->sample = calloc(p->n, sizeof *p->sample);
    if (!p->sample)
        return exm_msg_error(&a->common, EXM_EXIT_FAIL, NULL, "no memory for %zu samples",
                             p->n);
    for (size_t i = 0; i < p->n; i++) {
        const exm_sheet_sample *s = exm_sheet_get(p->sheet, i);
        exm_count_sample *t = &p->sample[i];

        *t = (exm_count_sample){.id = s->id,
                                .paths = s->paths,
                                .n_paths = s->n_paths,
                                .row = i,
                                .options = a->options};
        if (s->kit[0] && set_kit(&t->options, s->kit, &err) != EXM_OK)
            return exm_msg_status(&a->common, &err, NULL);
    }
    return EXM_EXIT_OK;
}

static int
check_name(const exm_common *c, const char *name, const char *path)
{
    if (strcmp(path, "-") == 0)
        return exm_msg_error(c, EXM_EXIT_USAGE, "add --sample NAME",
                             "standard input has no name to call the sample by");
    if (strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0)
        return exm_msg_error(c, EXM_EXIT_USAGE, "add --sample NAME",
                             "a pipe (%s) has no name to call the sample by", path);
    if (exm_text_is_file_safe(name)) return EXM_EXIT_OK;
    return exm_msg_error(
        c, EXM_EXIT_USAGE, "add --sample NAME, or use a sample sheet",
        "'%s' gives no sample name: use up to 200 letters, digits, '.', '_' and "
        "'-'",
        path);
}

static int
check_repeats(const exm_common *c, const exm_words *files)
{
    for (size_t i = 0; i < files->n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(files->v[i], files->v[k]) == 0)
                return exm_msg_error(c, EXM_EXIT_USAGE, NULL,
                                     "'%s' is named twice, so its reads would be counted "
                                     "twice",
                                     files->v[i]);
    return EXM_EXIT_OK;
}

static int
plan_lanes(exm_count_args *a, const exm_words *files, exm_count_plan *p)
{
    if (!exm_text_is_file_safe(a->sample))
        return exm_msg_error(
            &a->common, EXM_EXIT_USAGE,
            "use up to 200 letters, digits, '.', '_' and '-', not starting "
            "with '.'",
            "option '--sample': '%s' is no sample name", a->sample);
    p->n = 1;
    p->sample[0] = (exm_count_sample){
        .id = a->sample, .paths = files->v, .n_paths = files->n, .options = a->options};
    return EXM_EXIT_OK;
}

static int
plan_from_files(exm_count_args *a, const exm_words *files, exm_count_plan *p)
{
    int code = check_repeats(&a->common, files);

    if (code != EXM_EXIT_OK) return code;
    p->sample = calloc(files->n, sizeof *p->sample);
    p->names = calloc(files->n, sizeof *p->names);
    if (!p->sample || !p->names)
        return exm_msg_error(&a->common, EXM_EXIT_FAIL, NULL, "no memory for %zu samples",
                             files->n);
    if (a->sample) return plan_lanes(a, files, p);
    p->n = files->n;
    for (size_t i = 0; i < p->n; i++) {
        p->names[i] = name_of(files->v[i]);
        if (!p->names[i])
            return exm_msg_error(&a->common, EXM_EXIT_FAIL, NULL, "no memory for names");
        code = check_name(&a->common, p->names[i], files->v[i]);
        if (code != EXM_EXIT_OK) return code;
        p->sample[i] = (exm_count_sample){
            .id = p->names[i], .paths = &files->v[i], .n_paths = 1, .options = a->options};
    }
    qsort(p->sample, p->n, sizeof *p->sample, by_id);
    for (size_t i = 1; i < p->n; i++)
        if (strcmp(p->sample[i - 1].id, p->sample[i].id) == 0)
            return exm_msg_error(&a->common, EXM_EXIT_USAGE,
                                 "lanes of one sample: --sample NAME; else a sample sheet "
                                 "gives the names",
                                 "two files make a sample called '%s': %s and %s",
                                 p->sample[i].id, p->sample[i - 1].paths[0],
                                 p->sample[i].paths[0]);
    return EXM_EXIT_OK;
}

/* A file as the system knows it, whatever its path. */
struct identity {
    dev_t device;
    ino_t number;
    const char *path;
};

static int
by_identity(const void *pa, const void *pb)
{
    const struct identity *a = pa, *b = pb;

    if (a->device != b->device) return a->device < b->device ? -1 : 1;
    if (a->number != b->number) return a->number < b->number ? -1 : 1;
    return strcmp(a->path, b->path);
}

/* Stat()s one file of a sample; pipes and the like have no identity (0). */
static int
look_at_file(const exm_common *c, const exm_count_sample *t, const char *path,
             struct identity *ret)
{
    struct stat st;

    *ret = (struct identity){.path = path};
    if (strcmp(path, "-") == 0) return EXM_EXIT_OK;
    if (stat(path, &st) != 0) {
        exm_error err = {0};

        (void) exm_fail_errno(&err, errno, 0, "sample '%s': %s", t->id, path);
        return exm_msg_status(c, &err,
                              "check the spelling; paths in a sheet start at the sheet's "
                              "folder");
    }
    if (S_ISDIR(st.st_mode))
        return exm_msg_error(c, EXM_EXIT_FAIL, "name the files in it",
                             "sample '%s': %s is a folder", t->id, path);
    if (S_ISREG(st.st_mode)) {
        ret->device = st.st_dev;
        ret->number = st.st_ino;
    }
    return EXM_EXIT_OK;
}

/* Files that are missing, or that are one under two paths, are found before any counting. */
static int
check_files(const exm_common *c, const exm_count_plan *p)
{
    struct identity *file;
    size_t n = 0, all = 0;
    int code = EXM_EXIT_OK;

    for (size_t i = 0; i < p->n; i++) all += p->sample[i].n_paths;
    file = calloc(all + 1, sizeof *file);
    if (!file) return exm_msg_error(c, EXM_EXIT_FAIL, NULL, "no memory for %zu files", all);
    for (size_t i = 0; i < p->n && code == EXM_EXIT_OK; i++) {
        const exm_count_sample *t = &p->sample[i];

        for (size_t k = 0; k < t->n_paths && code == EXM_EXIT_OK; k++)
            code = look_at_file(c, t, t->paths[k], &file[n++]);
    }
    if (code == EXM_EXIT_OK) qsort(file, n, sizeof *file, by_identity);
    for (size_t i = 1; i < n && code == EXM_EXIT_OK; i++)
        if (file[i].number != 0 && file[i].number == file[i - 1].number &&
            file[i].device == file[i - 1].device)
            code =
                exm_msg_error(c, EXM_EXIT_USAGE, NULL,
                              "'%s' and '%s' are one file, so its reads would be counted "
                              "twice",
                              file[i - 1].path, file[i].path);
    free(file);
    return code;
}

int
exm_count_plan_make(exm_count_args *a, const exm_words *files, exm_count_plan *ret)
{
    int code;

    if (a->vcf) a->options.editing = 1;
    if (a->sheet && (files->n > 0 || a->sample))
        return exm_msg_error(&a->common, EXM_EXIT_USAGE, "put all files into the sheet",
                             "--sheet excludes FASTQ files and --sample");
    if (!a->sheet && files->n == 0)
        return exm_msg_error(&a->common, EXM_EXIT_USAGE,
                             "name FASTQ files, '-' for standard input, or --sheet CSV",
                             "no reads to count");
    read_umi_options(a);
    code = read_kit_options(a);
    if (code == EXM_EXIT_OK) code = read_skip(a, &ret->skip);
    if (code != EXM_EXIT_OK) return code;
    a->options.trim.simd = (exm_simd) a->common.simd;
    a->options.reader.simd = (exm_simd) a->common.simd;
    a->options.reader.hash_input = 1;
    a->options.reader.hash_content = 1;
    a->options.reader.allow_empty = a->options.allow_empty;
    code = a->sheet ? plan_from_sheet(a, ret) : plan_from_files(a, files, ret);
    if (code == EXM_EXIT_OK) code = exm_count_plan_limits(a, ret);
    if (code == EXM_EXIT_OK) code = check_files(&a->common, ret);
    return code;
}

void
exm_count_plan_done(exm_count_plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->sample) {
            exm_sample_inputs_done(&p->sample[i].inputs);
            exm_record_free(p->sample[i].record);
        }
        if (p->names) free(p->names[i]);
    }
    for (size_t i = 0; i < EXM_FLUIDS_MAX; i++) exm_limits_free(p->limits[i]);
    exm_known_free(p->known);
    free(p->names);
    free(p->sample);
    exm_sheet_free(p->sheet);
    *p = (exm_count_plan){0};
}
