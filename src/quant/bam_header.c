/*
 * bam_header.c - header of a BAM: templates under names that SAM allows.
 *
 * Workload: 2,000 to some 100,000 templates, once per sample.
 */
#include "bam_impl.h"

#include "exomir/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A reference's name in SAM 1.6; ';' is left out, since XA puts it between places. */
static int
is_legal(char c, int first)
{
    static const char also[] = "!#$%&+./:?@^_|~-";

    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
        return 1;
    return c != '\0' && (strchr(also, c) || (!first && strchr("*=", c)));
}

static char *
legal_copy(const char *name)
{
    char *s = exm_text_dup(*name ? name : "_");

    for (char *c = s; c && *c; c++)
        if (!is_legal(*c, c == s)) *c = '_';
    return s;
}

struct named {
    const char *name;
    uint32_t id;
};

static int
by_name(const void *pa, const void *pb)
{
    const struct named *a = pa, *b = pb;
    const int c = strcmp(a->name, b->name);

    return c ? c : (a->id > b->id) - (a->id < b->id);
}

/* "name|more"; 0 without memory. */
static int
extend(char **name, const char *more)
{
    const size_t n = strlen(*name), m = strlen(more);
    char *s = realloc(*name, n + m + 2);

    if (!s) return 0;
    s[n] = '|';
    memcpy(s + n + 1, more, m + 1);
    *name = s;
    return 1;
}

/* All but the first of equal names get their class, then (the classes being equal, too)
 * their number.  Returns how many were changed, or -1 without memory. */
static int
part(const exm_ref *ref, exm_bam_names *n, struct named *list, int round)
{
    int changed = 0;

    for (uint32_t i = 0; i < n->n; i++) list[i] = (struct named){n->name[i], i};
    qsort(list, n->n, sizeof *list, by_name);
    for (uint32_t i = n->n; i-- > 1;) { /* from the end: the names before stay readable */
        const uint32_t id = list[i].id;
        char number[16];

        if (strcmp(list[i].name, list[i - 1].name) != 0) continue;
        (void) snprintf(number, sizeof number, "%u", id);
        if (!extend(
                &n->name[id],
                round == 0
                    ? exm_ref_class_get(ref, exm_ref_template_get(ref, id)->class_id)->name
                    : number))
            return -1;
        changed++;
    }
    return changed;
}

exm_status
exm_bam_names_init(const exm_ref *ref, exm_bam_names *ret, exm_error *reterr)
{
    const uint32_t n = exm_ref_n_templates(ref);
    exm_bam_names names = {.name = calloc(n + 1U, sizeof(char *))};
    struct named *list = calloc(n + 1U, sizeof *list);
    int ok = names.name && list, changed = 1;

    for (; ok && names.n < n; names.n++) {
        names.name[names.n] = legal_copy(exm_ref_template_get(ref, names.n)->name);
        if (!names.name[names.n]) ok = 0;
    }
    for (int round = 0; ok && changed > 0; round++)
        changed = part(ref, &names, list, round);
    free(list);
    if (!ok || changed < 0) {
        exm_bam_names_done(&names);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %u reference names", n);
    }
    *ret = names;
    return EXM_OK;
}

void
exm_bam_names_done(exm_bam_names *n)
{
    for (uint32_t i = 0; n->name && i < n->n; i++) free(n->name[i]);
    free(n->name);
    *n = (exm_bam_names){0};
}

exm_status
exm_bam_header(const exm_ref *ref, const exm_bam_names *names, const exm_record *rec,
               exm_buf *ret, exm_error *reterr)
{
    const char *species = exm_ref_species(ref);

    exm_buf_puts(ret, "@HD\tVN:1.6\tSO:coordinate\n");
    for (uint32_t i = 0; i < names->n; i++) {
        const exm_ref_template *t = exm_ref_template_get(ref, i);

        exm_buf_puts(ret, "@SQ\tSN:");
        exm_buf_puts(ret, names->name[i]);
        exm_buf_puts(ret, "\tLN:");
        exm_buf_put_u64(ret, t->len);
        exm_buf_puts(ret, "\tDS:");
        exm_buf_puts(ret, exm_ref_class_get(ref, t->class_id)->name);
        if (strcmp(names->name[i], t->name) != 0) {
            exm_buf_putc(ret, ' ');
            exm_buf_puts(ret, t->name);
        }
        if (*species) {
            exm_buf_puts(ret, "\tSP:");
            exm_buf_puts(ret, species);
        }
        exm_buf_putc(ret, '\n');
    }
    exm_buf_puts(ret, "@RG\tID:");
    exm_buf_puts(ret, rec->sample);
    exm_buf_puts(ret, "\tSM:");
    exm_buf_puts(ret, rec->sample);
    exm_buf_puts(ret, "\n@PG\tID:exomir\tPN:exomir\tVN:" EXM_VERSION "\n@CO\treference ");
    exm_buf_puts(ret, rec->ref_sha256);
    exm_buf_puts(ret, "\n@CO\tparameters ");
    exm_buf_puts(ret, rec->params_sha256);
    exm_buf_puts(ret, "\n@CO\tcontent ");
    exm_buf_puts(ret, rec->content);
    exm_buf_putc(ret, '\n');
    return exm_buf_check(ret, reterr);
}
