/*
 * gff3.c - GFF3 as miRBase, MirGeneDB and miRCarta write it.
 *
 * Workload: a few thousand rows, read once.  The text is copied once and cut into strings
 * in place; %-escapes only shrink, so decoding needs no second copy.
 * Source: GFF3 specification 1.26 (Sequence Ontology).
 */
#include "gff3.h"

#include "exomir/text.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 9 };

/* Beyond any chromosome; sums and differences of two positions cannot overflow. */
static const uint64_t last_position = (uint64_t) 1 << 40;

struct exm_gff3 {
    char *text;
    exm_gff3_row *row;
    size_t n, cap;
};

struct cursor {
    exm_gff3 *g;
    const char *source;
    size_t line;
};

static int
kind_of(const char *type, exm_gff3_kind *ret)
{
    static const struct {
        const char *type;
        exm_gff3_kind kind;
    } known[] = {
        {"miRNA_primary_transcript", EXM_GFF3_HAIRPIN},
        {"pre_miRNA", EXM_GFF3_HAIRPIN},
        {"pri_miRNA", EXM_GFF3_HAIRPIN},
        {"miRNA_precursor", EXM_GFF3_HAIRPIN},
        {"miRNA", EXM_GFF3_MATURE},
        {"mature_miRNA", EXM_GFF3_MATURE},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(type, known[i].type) != 0) continue;
        *ret = known[i].kind;
        return 1;
    }
    return 0;
}

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/* Decodes %XX in place; 0 on a bad escape or one that hides a control byte. */
static int
decode(char *s)
{
    char *to = s;

    while (*s) {
        int c = (unsigned char) *s++;

        if (c == '%') {
            const int hi = hex_value(s[0]);
            const int lo = hi < 0 ? -1 : hex_value(s[1]);

            if (lo < 0) return 0;
            c = 16 * hi + lo;
            s += 2;
        }
        if (c < 0x20 || c == 0x7f) return 0;
        *to++ = (char) c;
    }
    *to = '\0';
    return 1;
}

static exm_status
set_attribute(const struct cursor *c, exm_gff3_row *row, const char *key, char *value,
              exm_error *reterr)
{
    const struct {
        const char *key;
        const char **to;
    } known[] = {{"ID", &row->id},
                 {"Name", &row->name},
                 {"Alias", &row->alias},
                 {"Derives_from", &row->parent},
                 {"Parent", &row->parent}};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(key, known[i].key) != 0) continue;
        if (!decode(value))
            return exm_fail(reterr, EXM_EDATA, c->line,
                            "%s: line %zu: bad %%-escape in attribute %s", c->source,
                            c->line, key);
        /* Derives_from is the more exact of the two parents. */
        if (strcmp(key, "Parent") != 0 || row->parent[0] == '\0') *known[i].to = value;
    }
    return EXM_OK;
}

static exm_status
attributes(const struct cursor *c, char *text, exm_gff3_row *row, exm_error *reterr)
{
    row->id = row->name = row->alias = row->parent = "";
    while (text) {
        char *next = strchr(text, ';');
        char *eq;

        if (next) *next++ = '\0';
        while (*text == ' ') text++;
        eq = strchr(text, '=');
        if (eq) {
            exm_status s;

            *eq = '\0';
            s = set_attribute(c, row, text, eq + 1, reterr);
            if (s != EXM_OK) return s;
        } else if (*text && strcmp(text, ".") != 0) {
            return exm_fail(reterr, EXM_EDATA, c->line,
                            "%s: line %zu: attribute '%.60s' has no '=' (GTF instead of "
                            "GFF3?)",
                            c->source, c->line, text);
        }
        text = next;
    }
    if (row->name[0] == '\0') row->name = row->id;
    if (row->id[0] == '\0') row->id = row->name;
    if (row->id[0] == '\0')
        return exm_fail(reterr, EXM_EDATA, c->line, "%s: line %zu: neither ID nor Name",
                        c->source, c->line);
    return EXM_OK;
}

static exm_status
coordinate(const struct cursor *c, const char *s, const char *what, uint64_t *ret,
           exm_error *reterr)
{
    uint64_t v = 0;

    if (exm_text_u64(s, strlen(s), &v, NULL) != EXM_OK || v == 0 || v > last_position)
        return exm_fail(reterr, EXM_EDATA, c->line,
                        "%s: line %zu: %s '%.40s' is no position (whole number from 1)",
                        c->source, c->line, what, s);
    *ret = v;
    return EXM_OK;
}

static exm_status
push(const struct cursor *c, const exm_gff3_row *row, exm_error *reterr)
{
    exm_gff3 *g = c->g;

    if (g->n == g->cap) {
        const size_t cap = g->cap ? 2 * g->cap : 64;
        exm_gff3_row *r = realloc(g->row, cap * sizeof *r);

        if (!r)
            return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the rows of %s",
                            c->source);
        g->row = r;
        g->cap = cap;
    }
    g->row[g->n++] = *row;
    return EXM_OK;
}

static exm_status
data_line(const struct cursor *c, char *text, exm_error *reterr)
{
    char *col[COLUMNS];
    exm_gff3_row row = {.line = c->line};
    exm_status s;
    size_t n = 0;

    for (char *p = text; p && n < COLUMNS; n++) {
        col[n] = p;
        p = strchr(p, '\t');
        if (p) *p++ = '\0';
        if (n == COLUMNS - 1 && p) n++; /* a tenth column */
    }
    if (n != COLUMNS)
        return exm_fail(reterr, EXM_EDATA, c->line,
                        "%s: line %zu: %s9 tab-separated columns expected%s", c->source,
                        c->line, n > COLUMNS ? "more than " : "",
                        text[0] == '>' ? ": this is FASTA, a GFF3 is needed"
                        : n < COLUMNS  ? " (file cut short?)"
                                       : "");
    s = coordinate(c, col[3], "start", &row.start, reterr);
    if (s == EXM_OK) s = coordinate(c, col[4], "end", &row.end, reterr);
    if (s != EXM_OK) return s;
    if (row.start > row.end)
        return exm_fail(reterr, EXM_EDATA, c->line,
                        "%s: line %zu: start %s is after end %s", c->source, c->line,
                        col[3], col[4]);
    if (strlen(col[6]) != 1 || !strchr("+-.?", col[6][0]))
        return exm_fail(reterr, EXM_EDATA, c->line,
                        "%s: line %zu: strand '%.20s' is none of + - . ?", c->source,
                        c->line, col[6]);
    if (!kind_of(col[2], &row.kind)) return EXM_OK;
    if (col[0][0] == '\0' || !decode(col[0]))
        return exm_fail(reterr, EXM_EDATA, c->line,
                        "%s: line %zu: the name of the chromosome is empty, has a control "
                        "byte or a bad %% escape",
                        c->source, c->line);
    row.seqid = col[0];
    row.strand = col[6][0];
    s = attributes(c, col[8], &row, reterr);
    return s == EXM_OK ? push(c, &row, reterr) : s;
}

static exm_status
lines(struct cursor *c, char *text, exm_error *reterr)
{
    while (text && *text) {
        char *next = strchr(text, '\n');
        size_t len;

        c->line++;
        if (next) *next++ = '\0';
        len = strlen(text);
        while (len > 0 && (text[len - 1] == '\r' || text[len - 1] == ' '))
            text[--len] = '\0';
        if (strcmp(text, "##FASTA") == 0) break;
        if (len > 0 && text[0] != '#') {
            const exm_status s = data_line(c, text, reterr);

            if (s != EXM_OK) return s;
        }
        text = next;
    }
    if (c->g->n == 0)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "%s holds no miRNA rows (types miRNA_primary_transcript or "
                        "pre_miRNA, and miRNA): is this the right GFF3?",
                        c->source);
    return EXM_OK;
}

exm_status
exm_gff3_parse(const char *data, size_t n, const char *source, exm_gff3 **ret,
               exm_error *reterr)
{
    struct cursor c = {.source = source};
    const char *nul;
    exm_status s;

    if ((!data && n > 0) || !source || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "data, source or ret is NULL");
    nul = n ? memchr(data, '\0', n) : NULL;
    if (nul)
        return exm_fail(reterr, EXM_EDATA, (size_t) (nul - data),
                        "%s: NUL byte at offset %zu (binary file, or damaged copy?)",
                        source, (size_t) (nul - data));
    if (exm_text_bom_len(data, n)) data += 3, n -= 3;
    c.g = calloc(1, sizeof *c.g);
    if (c.g) c.g->text = malloc(n + 1);
    if (!c.g || !c.g->text) {
        exm_gff3_free(c.g);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %s", source);
    }
    if (n) memcpy(c.g->text, data, n);
    c.g->text[n] = '\0';
    s = lines(&c, c.g->text, reterr);
    if (s != EXM_OK) {
        exm_gff3_free(c.g);
        return s;
    }
    *ret = c.g;
    return EXM_OK;
}

size_t
exm_gff3_count(const exm_gff3 *g)
{
    return g->n;
}

const exm_gff3_row *
exm_gff3_get(const exm_gff3 *g, size_t i)
{
    return i < g->n ? &g->row[i] : NULL;
}

void
exm_gff3_free(exm_gff3 *g)
{
    if (!g) return;
    free(g->text);
    free(g->row);
    free(g);
}
