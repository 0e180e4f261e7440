/*
 * known.c - known variants out of a VCF.
 *
 * Workload: 10^3 to 10^9 lines, of which a few thousand touch a hairpin, so the file is read as
 * a stream: of each line the first five columns are kept, and a place is looked up among some
 * 2,000 loci by bisection.
 */
#include "exomir/known.h"

#include "exomir/buf.h"
#include "exomir/input.h"
#include "exomir/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE = 1 << 16,
    COLUMNS = 8,    /* that a line must have */
    LOOKED_AT = 5,  /* CHROM POS ID REF ALT */
    KEPT = 1 << 16, /* bytes of a line that are kept; longer alleles are no substitutions */
    MANY = 3,       /* disagreeing lines that are no accident, if they are ... */
    DISAGREE_PART = 10 /* ... this part of those on hairpins */
};

struct exm_known {
    exm_known_variant *v;
    size_t n, cap;
    struct known_text {
        struct known_text *next;
        char s[];
    } * text;
    char sha256[EXM_SHA256_HEX];
};

/* ---- the object ---- */

void
exm_known_free(exm_known *k)
{
    if (!k) return;
    while (k->text) {
        struct known_text *next = k->text->next;

        free(k->text);
        k->text = next;
    }
    free(k->v);
    free(k);
}

size_t
exm_known_count(const exm_known *k)
{
    return k->n;
}

const exm_known_variant *
exm_known_get(const exm_known *k, size_t i)
{
    return i < k->n ? k->v + i : NULL;
}

const char *
exm_known_sha256(const exm_known *k)
{
    return k->sha256;
}

static int
by_place(const exm_known_variant *a, const exm_known_variant *b)
{
    if (a->entity != b->entity) return a->entity < b->entity ? -1 : 1;
    if (a->position != b->position) return a->position < b->position ? -1 : 1;
    return (a->alt > b->alt) - (a->alt < b->alt);
}

static int
by_place_then_id(const void *pa, const void *pb)
{
    const exm_known_variant *a = pa, *b = pb;
    const int c = by_place(a, b);

    return c ? c : strcmp(a->id, b->id);
}

const exm_known_variant *
exm_known_find(const exm_known *k, uint32_t entity, uint32_t position, uint32_t alt)
{
    const exm_known_variant wanted = {.entity = entity, .position = position, .alt = alt};
    size_t lo = 0, hi = k ? k->n : 0;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        const int c = by_place(k->v + mid, &wanted);

        if (c == 0) return k->v + mid;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static char *
keep_text(exm_known *k, const char *s, size_t n)
{
    struct known_text *t = malloc(sizeof *t + n + 1);

    if (!t) return NULL;
    memcpy(t->s, s, n);
    t->s[n] = '\0';
    t->next = k->text;
    k->text = t;
    return t->s;
}

/* ---- reading ---- */

struct reader {
    const exm_ref *ref;
    const char *source;
    exm_known *k;
    exm_known_log log;
    uint32_t longest; /* template of a locus */
    char line[KEPT + 1];
    size_t len;
    unsigned columns; /* tabs so far, plus 1 */
    int in_line, have_format, have_columns;
    unsigned long long number;
    exm_error *err;
};

static exm_status
no_memory(struct reader *r)
{
    return exm_fail(r->err, EXM_ENOMEM, 0, "%s: no memory for known variants", r->source);
}

static exm_status
refuse(struct reader *r, const char *what)
{
    return exm_fail(r->err, EXM_EDATA, (size_t) r->number, "%s: line %llu: %s", r->source,
                    r->number, what);
}

static int
code_of(char c)
{
    switch (c) {
    case 'A':
    case 'a':
        return 0;
    case 'C':
    case 'c':
        return 1;
    case 'T':
    case 't':
        return 2;
    case 'G':
    case 'g':
        return 3;
    default:
        return -1;
    }
}

/* "chr1" is "1", "chrM" and "MT" are "M". */
static const char *
chromosome(const char *name)
{
    if ((name[0] == 'c' || name[0] == 'C') && (name[1] == 'h' || name[1] == 'H') &&
        (name[2] == 'r' || name[2] == 'R') && name[3])
        name += 3;
    return exm_text_same(name, "MT") ? "M" : name;
}

/* The base of a template, or -1. */
static int
template_base(const exm_ref *ref, const exm_ref_template *t, uint64_t at)
{
    const uint64_t p = t->start + at, bit = (uint64_t) 1 << (p & 63);

    if (exm_ref_plane_no(ref)[p >> 6] & bit) return -1;
    return (exm_ref_plane_lo(ref)[p >> 6] & bit ? 1 : 0) |
           (exm_ref_plane_hi(ref)[p >> 6] & bit ? 2 : 0);
}

/* Codes A 0, C 1, T 2, G 3: A and T, C and G differ in bit 1. */
static uint32_t
in_sense(const exm_ref_locus *x, int code)
{
    return (uint32_t) (x->minus ? code ^ 2 : code);
}

static exm_status
add_to_matures(struct reader *r, const exm_ref_template *t, uint64_t at, uint32_t ref,
               uint32_t alt, const char *id)
{
    exm_known *k = r->k;

    for (uint32_t i = t->first_mature; i < t->first_mature + t->n_matures; i++) {
        const exm_ref_mature *m = exm_ref_mature_get(r->ref, i);

        if (at < m->start || at >= m->start + m->len) continue;
        if (k->n == k->cap) {
            const size_t cap = k->cap ? k->cap * 2 : 256;
            exm_known_variant *v = realloc(k->v, cap * sizeof *v);

            if (!v) return no_memory(r);
            k->v = v;
            k->cap = cap;
        }
        k->v[k->n] = (exm_known_variant){.entity = m->entity,
                                         .position = (uint32_t) (at - m->start) + 1,
                                         .ref = ref,
                                         .alt = alt,
                                         .id = keep_text(k, id, strlen(id))};
        if (!k->v[k->n].id) return no_memory(r);
        k->n++;
    }
    return EXM_OK;
}

/* What one line says of one base. */
struct base {
    uint64_t pos;
    int ref, alt;
    const char *id;
    int on, disagrees;
};

/* The first locus that begins behind 'pos' on this chromosome, or on a later one. */
static uint32_t
loci_end(const exm_ref *ref, uint32_t from, uint32_t to, uint64_t pos)
{
    while (from < to) {
        const uint32_t mid = from + (to - from) / 2;

        if (exm_ref_locus_get(ref, mid).low <= pos)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

static exm_status
lift_base(struct reader *r, uint32_t from, uint32_t to, struct base *b)
{
    for (uint32_t i = loci_end(r->ref, from, to, b->pos); i-- > from;) {
        const exm_ref_locus x = exm_ref_locus_get(r->ref, i);
        const exm_ref_template *t = exm_ref_template_get(r->ref, x.template_id);
        uint64_t at;
        exm_status s;

        if (b->pos - x.low >= r->longest) break;
        if (b->pos - x.low >= t->len) continue;
        at = x.minus ? t->len - 1 - (b->pos - x.low) : b->pos - x.low;
        b->on = 1;
        if (template_base(r->ref, t, at) != (int) in_sense(&x, b->ref)) {
            b->disagrees = 1;
            continue;
        }
        if (b->alt < 0) continue;
        s = add_to_matures(r, t, at, in_sense(&x, b->ref), in_sense(&x, b->alt), b->id);
        if (s != EXM_OK) return s;
    }
    return EXM_OK;
}

/* The loci [*from, *to) of a chromosome, whatever it is called. */
static void
loci_of(const exm_ref *ref, const char *chrom, uint32_t *from, uint32_t *to)
{
    const uint32_t n = exm_ref_n_loci(ref);

    *from = *to = 0;
    for (uint32_t i = 0; i < n; i = *to) {
        const char *name = exm_ref_locus_get(ref, i).chrom;

        *from = i;
        *to = i + 1; /* loci of one chromosome have one name in memory */
        while (*to < n && exm_ref_locus_get(ref, *to).chrom == name) ++*to;
        if (exm_text_same(chromosome(name), chromosome(chrom))) return;
    }
    *from = *to = 0;
}

/* REF and one ALT of equal length, base by base. */
static exm_status
lift_allele(struct reader *r, char *const *f, uint64_t pos, const char *alt, size_t n,
            uint32_t from, uint32_t to, int *on, int *disagrees)
{
    exm_status s = EXM_OK;

    for (size_t i = 0; s == EXM_OK && i < n; i++) {
        struct base b = {.pos = pos + i, .ref = code_of(f[3][i]), .alt = code_of(alt[i])};
        char made[96];

        if (b.ref < 0 || b.ref == b.alt) continue;
        (void) snprintf(made, sizeof made, "%.40s:%llu:%c>%c", f[0],
                        (unsigned long long) b.pos, f[3][i], alt[i]);
        b.id = strcmp(f[2], ".") == 0 || !f[2][0] ? made : f[2];
        s = lift_base(r, from, to, &b);
        *on |= b.on;
        *disagrees |= b.disagrees;
    }
    return s;
}

static exm_status
take_fields(struct reader *r, char *const *f)
{
    const size_t n_ref = strlen(f[3]);
    uint64_t pos;
    uint32_t from, to;
    int on = 0, disagrees = 0;
    exm_status s = EXM_OK;

    if (exm_text_u64(f[1], strlen(f[1]), &pos, NULL) != EXM_OK)
        return refuse(r, "column 2 is no position");
    loci_of(r->ref, f[0], &from, &to);
    for (char *alt = f[4]; s == EXM_OK && from < to;) {
        const size_t n = strcspn(alt, ",");
        const int simple = n == n_ref && strspn(alt, "ACGTacgt") >= n;

        if (simple) s = lift_allele(r, f, pos, alt, n, from, to, &on, &disagrees);
        if (!alt[n]) break;
        alt += n + 1;
    }
    r->log.on_hairpins += (uint64_t) on;
    r->log.disagreeing += (uint64_t) disagrees;
    return s;
}

/* ---- lines ---- */

static exm_status
take_line(struct reader *r)
{
    char *f[LOOKED_AT], *p = r->line;

    r->line[r->len] = '\0';
    if (r->len == KEPT && r->columns <= LOOKED_AT) return EXM_OK; /* a giant allele */
    r->log.lines++;
    if (r->columns < COLUMNS) return refuse(r, "fewer than 8 columns (separated by tabs?)");
    for (int i = 0; i < LOOKED_AT; i++) {
        f[i] = p;
        p += strcspn(p, "\t");
        if (*p) *p++ = '\0';
    }
    return take_fields(r, f);
}

static exm_status
take_header(struct reader *r)
{
    static const char format[] = "##fileformat=VCF", columns[] = "#CHROM\tPOS\t";

    r->line[r->len] = '\0';
    if (!r->have_format) {
        if (strncmp(r->line, format, sizeof format - 1) != 0)
            return refuse(r, "is no VCF: it does not begin with ##fileformat=VCF");
        r->have_format = 1;
    }
    if (strncmp(r->line, columns, sizeof columns - 1) == 0) r->have_columns = 1;
    return EXM_OK;
}

static exm_status
end_line(struct reader *r)
{
    exm_status s = EXM_OK;

    if (r->len > 0 && r->line[r->len - 1] == '\r') r->len--;
    if (r->len > 0 && (r->line[0] == '#' || !r->have_format))
        s = take_header(r);
    else if (r->len > 0 && !r->have_columns)
        s = refuse(r, "comes before the line '#CHROM POS ID ...'");
    else if (r->len > 0)
        s = take_line(r);
    r->len = 0;
    r->in_line = 0;
    return s;
}

static exm_status
take_bytes(struct reader *r, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!r->in_line) {
            r->in_line = 1;
            r->number++;
            r->columns = 1;
        }
        if (p[i] == '\0') return refuse(r, "holds a NUL byte");
        if (p[i] == '\n') {
            const exm_status s = end_line(r);

            if (s != EXM_OK) return s;
            continue;
        }
        r->columns += p[i] == '\t' && r->columns < COLUMNS;
        if (r->len < KEPT && (r->columns <= LOOKED_AT || r->line[0] == '#' || r->len == 0))
            r->line[r->len++] = p[i];
    }
    return EXM_OK;
}

static exm_status
read_all(struct reader *r, exm_input *in)
{
    char *piece = malloc(PIECE);
    size_t n = 1;
    exm_status s = piece ? EXM_OK : no_memory(r);

    while (s == EXM_OK && n > 0) {
        s = exm_input_read(in, piece, PIECE, &n, r->err);
        if (s == EXM_OK) s = take_bytes(r, piece, n);
    }
    if (s == EXM_OK && r->in_line) s = end_line(r);
    if (s == EXM_OK && !r->have_format)
        s = exm_fail(r->err, EXM_EDATA, 0, "%s: is no VCF: it is empty", r->source);
    free(piece);
    return s;
}

static exm_status
check_agreement(const struct reader *r)
{
    if (r->log.disagreeing < MANY ||
        r->log.disagreeing * DISAGREE_PART < r->log.on_hairpins)
        return EXM_OK;
    return exm_fail(
        r->err, EXM_EDATA, 0,
        "%s: at %llu of %llu places REF is not the base of the hairpin: is it of "
        "another assembly than the reference's GFF3?",
        r->source, (unsigned long long) r->log.disagreeing,
        (unsigned long long) r->log.on_hairpins);
}

static exm_status
finish(struct reader *r)
{
    exm_known *k = r->k;
    exm_buf b = {0};
    size_t n = 0;
    exm_status s;

    if (k->n > 1) qsort(k->v, k->n, sizeof *k->v, by_place_then_id);
    for (size_t i = 0; i < k->n; i++)
        if (n == 0 || by_place(k->v + n - 1, k->v + i) != 0) k->v[n++] = k->v[i];
    k->n = n;
    r->log.matures = n;
    for (size_t i = 0; i < n; i++)
        exm_buf_putf(&b, "%s\t%u\t%u\t%u\t%s\n",
                     exm_ref_entity_get(r->ref, k->v[i].entity)->name, k->v[i].position,
                     k->v[i].ref, k->v[i].alt, k->v[i].id);
    s = exm_buf_check(&b, r->err);
    if (s == EXM_OK) s = exm_sha256_of(b.data ? b.data : "", b.len, k->sha256, r->err);
    exm_buf_done(&b);
    return s;
}

static exm_status
run(exm_input *in, const exm_ref *ref, exm_known **ret, exm_known_log *log,
    exm_error *reterr)
{
    struct reader *r = calloc(1, sizeof *r);
    exm_status s;

    if (!r)
        return exm_fail(reterr, EXM_ENOMEM, 0, "%s: no memory for known variants",
                        exm_input_source(in));
    r->ref = ref;
    r->source = exm_input_source(in);
    r->err = reterr;
    r->k = calloc(1, sizeof *r->k);
    s = r->k ? EXM_OK : no_memory(r);
    for (uint32_t i = 0; i < exm_ref_n_loci(ref); i++) {
        const exm_ref_locus x = exm_ref_locus_get(ref, i);
        const uint32_t len = exm_ref_template_get(ref, x.template_id)->len;

        if (len > r->longest) r->longest = len;
    }
    if (s == EXM_OK && exm_ref_n_loci(ref) == 0)
        s = exm_fail(
            reterr, EXM_EDATA, 0,
            "%s: the reference does not know where its hairpins lie in the genome: "
            "build it with --gff",
            r->source);
    if (s == EXM_OK) s = read_all(r, in);
    if (s == EXM_OK) s = check_agreement(r);
    if (s == EXM_OK) s = finish(r);
    if (s == EXM_OK) {
        *ret = r->k;
        r->k = NULL;
        if (log) *log = r->log;
    }
    exm_known_free(r->k);
    free(r);
    return s;
}

exm_status
exm_known_read(const char *path, const exm_ref *ref, exm_known **ret, exm_known_log *log,
               exm_error *reterr)
{
    exm_input *in = NULL;
    exm_status s;

    if (!path || !ref || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "known: an argument is NULL");
    s = exm_input_open(path, &in, reterr);
    if (s == EXM_OK) s = run(in, ref, ret, log, reterr);
    exm_input_close(in);
    return s;
}

exm_status
exm_known_parse(const void *data, size_t n, const char *source, const exm_ref *ref,
                exm_known **ret, exm_known_log *log, exm_error *reterr)
{
    exm_input *in = NULL;
    exm_status s;

    if ((n > 0 && !data) || !source || !ref || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "known: an argument is NULL");
    s = exm_input_open_memory(data, n, source, &in, reterr);
    if (s == EXM_OK) s = run(in, ref, ret, log, reterr);
    exm_input_close(in);
    return s;
}
