/* ref_draft.c - the growing parts of a bundle in the making, and the files it comes from. */
#include "ref_draft.h"

#include "exomir/input.h"
#include "exomir/text.h"
#include "ref_format.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 1 << 16,
    READ_STEP = 1 << 20,
    MOST_CLASSES = 4095 /* with "hairpin" as many as a sample record takes */
};

struct exm_draft_chunk {
    struct exm_draft_chunk *next;
    size_t used, cap;
    char text[];
};

void *
exm_draft_grow(void *array, size_t *n, size_t *cap, size_t size)
{
    char *p, *at;

    memcpy(&p, array, sizeof p); /* the pointer's type is the caller's business */
    if (*n == *cap) {
        const size_t more = *cap ? *cap * 2 : 32;

        p = more > SIZE_MAX / size ? NULL : realloc(p, more * size);
        if (!p) return NULL;
        memcpy(array, &p, sizeof p);
        *cap = more;
    }
    at = p + (*n)++ * size;
    memset(at, 0, size);
    return at;
}

void
exm_draft_done(exm_draft *d)
{
    for (size_t i = 0; i < d->n_fasta; i++) exm_fasta_free(d->fasta[i].f);
    while (d->chunk) {
        struct exm_draft_chunk *next = d->chunk->next;

        free(d->chunk);
        d->chunk = next;
    }
    free(d->fasta);
    free(d->class);
    free(d->template);
    free(d->mature);
    free(d->locus);
    free(d->entity);
    free(d->name);
    free(d->source);
    exm_buf_done(&d->log.notes);
    *d = (exm_draft){0};
}

char *
exm_draft_keep(exm_draft *d, const char *s, size_t n)
{
    struct exm_draft_chunk *c = d->chunk;
    char *to;

    if (!c || c->cap - c->used <= n) {
        const size_t cap = n < CHUNK ? CHUNK : n + 1;

        c = malloc(sizeof *c + cap);
        if (!c) return NULL;
        c->next = d->chunk;
        c->used = 0;
        c->cap = cap;
        d->chunk = c;
    }
    to = c->text + c->used;
    memcpy(to, s, n);
    to[n] = '\0';
    c->used += n + 1;
    return to;
}

const char *
exm_draft_keep_buf(exm_draft *d, exm_buf *b)
{
    const char *s = b->failed ? NULL : exm_draft_keep(d, b->data ? b->data : "", b->len);

    exm_buf_done(b);
    return s;
}

/* ---- sources ---- */

struct hashing {
    exm_sha256 *h;
    exm_status status;
    exm_error err;
};

static void
hash_raw(void *ctx, const void *raw, size_t n)
{
    struct hashing *x = ctx;

    if (x->status == EXM_OK) x->status = exm_sha256_add(x->h, raw, n, &x->err);
}

static exm_status
read_all(exm_input *in, exm_buf *to, exm_error *reterr)
{
    size_t got = 1;

    while (got > 0) {
        char *p = exm_buf_reserve(to, READ_STEP);
        exm_status s;

        if (!p) return exm_draft_no_memory(reterr);
        s = exm_input_read(in, p, READ_STEP, &got, reterr);
        if (s != EXM_OK) return s;
        to->len += got;
        to->data[to->len] = '\0';
    }
    return EXM_OK;
}

const char *
exm_draft_label(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static exm_status
add_source(exm_draft *d, const char *role, const char *class_name, const char *path,
           const exm_input *in, exm_sha256 *h, exm_error *reterr)
{
    const char *slash = strrchr(path, '/');
    exm_draft_source *src = EXM_DRAFT_ADD(d, source, n_sources, cap_sources);

    if (!src) return exm_draft_no_memory(reterr);
    src->role = role;
    src->class_name = class_name;
    src->file = slash ? slash + 1 : exm_draft_label(path);
    src->bytes = exm_input_raw_bytes(in);
    return exm_sha256_hex(h, src->sha256, reterr);
}

exm_status
exm_draft_slurp(exm_draft *d, const char *role, const char *class_name, const char *path,
                char **ret, size_t *ret_n, exm_error *reterr)
{
    struct hashing x = {0};
    exm_input *in = NULL;
    exm_buf text = {0};
    exm_status s = exm_sha256_new(&x.h, reterr);

    if (s == EXM_OK) s = exm_input_open(path, &in, reterr);
    if (s == EXM_OK) {
        exm_input_set_tee(in, hash_raw, &x);
        s = read_all(in, &text, reterr);
    }
    if (s == EXM_OK && x.status != EXM_OK)
        s = exm_fail(reterr, x.status, 0, "%s", x.err.msg);
    if (s == EXM_OK) s = add_source(d, role, class_name, path, in, x.h, reterr);
    exm_input_close(in);
    exm_sha256_free(x.h);
    if (s != EXM_OK) {
        exm_buf_done(&text);
        return s;
    }
    *ret = text.data;
    *ret_n = text.len;
    return EXM_OK;
}

exm_status
exm_draft_parse(exm_draft *d, const char *path, const char *data, size_t n,
                const exm_fasta **ret, exm_error *reterr)
{
    struct exm_draft_fasta *slot;
    exm_fasta *f = NULL;
    const exm_status s = exm_fasta_parse(data, n, exm_draft_label(path), &f, reterr);

    if (s != EXM_OK) return s;
    slot = EXM_DRAFT_ADD(d, fasta, n_fasta, cap_fasta);
    if (!slot) {
        exm_fasta_free(f);
        return exm_draft_no_memory(reterr);
    }
    slot->f = f;
    *ret = f;
    d->source[d->n_sources - 1].entries = exm_fasta_count(f);
    return EXM_OK;
}

exm_status
exm_draft_read(exm_draft *d, const char *role, const char *class_name, const char *path,
               const exm_fasta **ret, exm_error *reterr)
{
    char *data = NULL;
    size_t n = 0;
    exm_status s = exm_draft_slurp(d, role, class_name, path, &data, &n, reterr);

    if (s == EXM_OK) s = exm_draft_parse(d, path, data, n, ret, reterr);
    free(data);
    return s;
}

const char *
exm_draft_word(const char *description, const char *key, size_t *ret_n)
{
    const size_t k = strlen(key);
    const char *p = description;

    while (*p) {
        const size_t n = strcspn(p, " \t");

        if (n >= k && memcmp(p, key, k) == 0) {
            *ret_n = n - k;
            return p + k;
        }
        p += n;
        p += strspn(p, " \t");
    }
    return NULL;
}

/* ---- classes and templates ---- */

static int
ends_in(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);

    return n >= m && exm_text_same(name + n - m, end);
}

exm_status
exm_draft_add_class(exm_draft *d, const char *name, exm_class_kind kind, exm_error *reterr)
{
    static const char *const taken[] = {"hairpin", "unannotated", "foreign"};
    exm_draft_class *c;

    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (exm_text_same(taken[i], name))
            return exm_fail(reterr, EXM_EDATA, 0,
                            "class '%.60s': the outputs have a row of that name already",
                            name);
    if (ends_in(name, EXM_REF_ANTISENSE_SUFFIX))
        return exm_fail(reterr, EXM_EDATA, 0,
                        "class '%.60s': the outputs name what --antisense finds so", name);
    if (!exm_text_is_file_safe(name))
        return exm_fail(
            reterr, EXM_EDATA, 0,
            "class '%.60s': a class name holds letters, digits, '.', '_' and '-', "
            "such as tRNA or Y_RNA",
            name);
    for (size_t i = 0; i < d->n_classes; i++)
        if (exm_text_same(d->class[i].name, name))
            return exm_fail(reterr, EXM_EDATA, i, "class '%.60s': %s", name,
                            i == 0 ? "the name is taken by the miRNAs of --mature and "
                                     "--hairpin"
                                   : "two classes have this name; give each its own");
    if (d->n_classes == MOST_CLASSES)
        return exm_fail(reterr, EXM_EDATA, d->n_classes,
                        "class '%.60s': more than %d classes", name, (int) MOST_CLASSES);
    c = EXM_DRAFT_ADD(d, class, n_classes, cap_classes);
    if (!c) return exm_draft_no_memory(reterr);
    *c = (exm_draft_class){.name = name, .kind = kind};
    return EXM_OK;
}

exm_status
exm_draft_add_template(exm_draft *d, const exm_draft_template *t, exm_error *reterr)
{
    exm_draft_template *to;

    if (t->len < EXM_REF_MIN_TEMPLATE) {
        exm_buf_putf(&d->log.notes, "%s: %zu nt, shorter than %d: left out\n", t->name,
                     t->len, (int) EXM_REF_MIN_TEMPLATE);
        return EXM_OK;
    }
    to = EXM_DRAFT_ADD(d, template, n_templates, cap_templates);
    if (!to) return exm_draft_no_memory(reterr);
    *to = *t;
    to->class_id = (uint32_t) d->n_classes - 1;
    return EXM_OK;
}
