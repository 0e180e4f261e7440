/*
 * test_outputs.c - tests of exomir/outputs.h
 *
 * Files made of records are read back by plain parsers: every cell is a number of a
 * record, rows are sorted, and totals agree from file to file.
 */
#include "exomir/isomir.h"
#include "exomir/outputs.h"
#include "json_reader.h"
#include "make_record.h"
#include "oom.h"
#include "tmpfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 4, COLUMNS = 10, ROWS = 1000 };

/* ---- a run ---- */

struct run {
    exm_record *r[SAMPLES];
    const exm_record *view[SAMPLES];
    exm_qc qc[SAMPLES];
    size_t n;
    char folder[TMP_PATH], out[TMP_PATH + 8];
    exm_outdir *dir;
};

/* Samples of 30, 37, 44 ... miRNAs, so that each has rows that others lack. */
static void
start(struct run *x, size_t n, uint32_t umi_len)
{
    static const char *const names[SAMPLES] = {"A", "B-1", "b.2", "c_3"};

    *x = (struct run){.n = n};
    for (size_t i = 0; i < n; i++) {
        x->r[i] = make_record(&(record_shape){.sample = names[i],
                                              .n_classes = 4,
                                              .n_mirnas = 30 + 7 * i,
                                              .scale = (uint64_t) 1000 << (8 * i),
                                              .umi_len = i == 1 ? 0 : umi_len},
                              i + 1);
        x->view[i] = x->r[i];
        exm_qc_sample(x->r[i], &x->qc[i]);
    }
    tmp_folder(x->folder);
    (void) snprintf(x->out, sizeof x->out, "%s/out", x->folder);
    assert_int_equal(exm_outdir_new(x->out, &x->dir, NULL), EXM_OK);
}

static void
finish(struct run *x)
{
    char cmd[TMP_PATH + 32];

    exm_outdir_free(x->dir);
    for (size_t i = 0; i < x->n; i++) exm_record_free(x->r[i]);
    (void) snprintf(cmd, sizeof cmd, "rm -rf '%s'", x->folder);
    assert_int_equal(system(cmd), 0);
}

static void
write_all(struct run *x)
{
    static const char *const extra[] = {"patient", "fluid"};
    const char *cells[2 * SAMPLES];
    exm_error err = {0};

    for (size_t i = 0; i < 2 * x->n; i++)
        cells[i] = i % 3 == 0 ? "" : i % 3 == 1 ? NULL : "P 1";
    if (exm_outputs_counts(x->view, x->n, x->dir, &err) != EXM_OK ||
        exm_outputs_isomirs(x->view, x->n, x->dir, &err) != EXM_OK ||
        exm_outputs_gff3(x->view, x->n, x->dir, &err) != EXM_OK ||
        exm_outputs_coldata(x->view, x->n, extra, 2, cells, x->dir, &err) != EXM_OK ||
        exm_outputs_qc(x->view, x->qc, x->n, x->dir, &err) != EXM_OK ||
        exm_outputs_multiqc(x->view, x->qc, x->n, x->dir, &err) != EXM_OK)
        fail_msg("%s", err.msg);
}

/* A staged file; the caller frees it.  NULL where there is none. */
static char *
read_staged(const struct run *x, const char *name)
{
    const char *path = exm_outdir_staged_path(x->dir, name);
    FILE *f;
    long n;
    char *s;

    if (!path) return NULL;
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    n = ftell(f);
    rewind(f);
    s = malloc((size_t) n + 1);
    assert_non_null(s);
    assert_int_equal(fread(s, 1, (size_t) n, f), n);
    s[n] = '\0';
    assert_int_equal(fclose(f), 0);
    assert_int_equal(strlen(s), n); /* no NUL */
    assert_true(n > 0 && s[n - 1] == '\n');
    return s;
}

/* ---- tables ---- */

struct table {
    char *text;
    const char *cell[ROWS][COLUMNS];
    size_t rows, cols;
};

static void
read_table(const struct run *x, const char *name, struct table *t)
{
    size_t cols = 0;

    memset(t, 0, sizeof *t);
    t->text = read_staged(x, name);
    assert_non_null(t->text);
    for (char *p = t->text; *p;) {
        const size_t n = strcspn(p, "\t\n");
        const char end = p[n];

        p[n] = '\0';
        assert_in_range(cols, 0, COLUMNS - 1);
        assert_in_range(t->rows, 0, ROWS - 1);
        t->cell[t->rows][cols++] = p;
        p += n + 1;
        if (end != '\n') continue;
        if (t->rows == 0) t->cols = cols;
        assert_int_equal(cols, t->cols);
        t->rows++;
        cols = 0;
    }
}

static uint64_t
number(const char *s)
{
    char *end;
    const unsigned long long v = strtoull(s, &end, 10);

    assert_true(*s >= '0' && *s <= '9' && *end == '\0');
    return v;
}

static const exm_record_feature *
feature_named(const exm_record *r, const char *name)
{
    for (size_t i = 0; i < r->n_features; i++)
        if (r->features[i].class_id == 0 && strcmp(r->features[i].name, name) == 0)
            return r->features + i;
    return NULL;
}

enum rule { EM, UNIQUE, BEST };

static uint64_t
count_of(const exm_record_feature *f, enum rule rule, int which)
{
    if (!f) return 0;
    return rule == EM ? f->em[which] : rule == UNIQUE ? f->unique[which] : f->best[which];
}

static void
assert_sample_header(const struct run *x, const struct table *t, const char *first)
{
    assert_string_equal(t->cell[0][0], first);
    assert_int_equal(t->cols, x->n + 1);
    for (size_t i = 0; i < x->n; i++)
        assert_string_equal(t->cell[0][i + 1], x->r[i]->sample);
}

static void
check_mirnas(const struct run *x, const char *file, enum rule rule, int which)
{
    struct table t;
    size_t most = 0;

    read_table(x, file, &t);
    assert_sample_header(x, &t, "mirna");
    for (size_t row = 1; row < t.rows; row++) {
        int seen = 0;

        if (row > 1) assert_true(strcmp(t.cell[row - 1][0], t.cell[row][0]) < 0);
        for (size_t i = 0; i < x->n; i++) {
            const exm_record_feature *f = feature_named(x->r[i], t.cell[row][0]);

            assert_true(number(t.cell[row][i + 1]) == count_of(f, rule, which));
            seen |= f != NULL;
        }
        assert_true(seen);
    }
    /* The last sample has all features of the others. */
    for (size_t i = 0; i < x->r[x->n - 1]->n_features; i++)
        most += x->r[x->n - 1]->features[i].class_id == 0;
    assert_int_equal(t.rows - 1, most);
    free(t.text);
}

static void
mirna_tables_hold_the_records_counts(void **state)
{
    struct run x;

    (void) state;
    for (uint32_t umi = 0; umi <= 12; umi += 12) {
        start(&x, SAMPLES, umi);
        write_all(&x);
        check_mirnas(&x, "mirna.counts.tsv", EM, umi > 0);
        check_mirnas(&x, "mirna.unique.tsv", UNIQUE, umi > 0);
        check_mirnas(&x, "mirna.best.tsv", BEST, umi > 0);
        if (umi)
            check_mirnas(&x, "mirna.reads.tsv", EM, 0);
        else
            assert_null(exm_outdir_staged_path(x.dir, "mirna.reads.tsv"));
        finish(&x);
    }
}

static void
class_rows_add_up_to_the_kept_reads(void **state)
{
    struct run x;
    struct table t, mirna, coldata;

    (void) state;
    start(&x, SAMPLES, 12);
    write_all(&x);
    read_table(&x, "classes.counts.tsv", &t);
    read_table(&x, "mirna.reads.tsv", &mirna);
    read_table(&x, "coldata.tsv", &coldata);
    assert_sample_header(&x, &t, "class");
    assert_int_equal(t.rows, 1 + 4 + 2);
    assert_string_equal(t.cell[1][0], "miRNA");
    assert_string_equal(t.cell[4][0], "hairpin");
    assert_string_equal(t.cell[5][0], "unannotated");
    assert_string_equal(t.cell[6][0], "foreign");
    for (size_t i = 0; i < x.n; i++) {
        uint64_t kept = 0, em = 0;

        for (size_t row = 1; row < t.rows; row++) kept += number(t.cell[row][i + 1]);
        for (size_t row = 1; row < mirna.rows; row++) em += number(mirna.cell[row][i + 1]);
        assert_true(kept == x.r[i]->fate[EXM_FATE_KEPT]);
        assert_true(em == number(t.cell[1][i + 1]));
        assert_true(em == number(coldata.cell[i + 1][5]));
        assert_true(kept == number(coldata.cell[i + 1][3]));
    }
    free(t.text);
    free(mirna.text);
    free(coldata.text);
    finish(&x);
}

static void
coldata_has_a_row_per_sample(void **state)
{
    static const char *const head[] = {"sample",     "kit",       "reads_in",
                                       "reads_kept", "molecules", "mirna",
                                       "content",    "patient",   "fluid"};
    struct run x;
    struct table t;

    (void) state;
    start(&x, 3, 12);
    write_all(&x);
    read_table(&x, "coldata.tsv", &t);
    assert_int_equal(t.rows, 4);
    assert_int_equal(t.cols, 9);
    for (size_t c = 0; c < 9; c++) assert_string_equal(t.cell[0][c], head[c]);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(t.cell[i + 1][0], x.r[i]->sample);
        assert_string_equal(t.cell[i + 1][1], "truseq");
        assert_true(number(t.cell[i + 1][2]) == x.r[i]->reads_in);
        assert_true(number(t.cell[i + 1][4]) == x.r[i]->molecules);
        assert_string_equal(t.cell[i + 1][6], x.r[i]->content);
    }
    assert_string_equal(t.cell[1][7], "NA");
    assert_string_equal(t.cell[1][8], "NA");
    assert_string_equal(t.cell[2][7], "P 1");
    free(t.text);
    finish(&x);
}

/* ---- isomiRs ---- */

static void
isomir_rows_add_up_to_the_best_counts(void **state)
{
    struct run x;
    struct table t, best;
    size_t entries = 0;

    (void) state;
    start(&x, SAMPLES, 12);
    write_all(&x);
    read_table(&x, "isomir.counts.tsv", &t);
    read_table(&x, "mirna.best.tsv", &best);
    assert_sample_header(&x, &t, "isomir");
    for (size_t row = 1; row < best.rows; row++) {
        uint64_t sum[SAMPLES] = {0};
        const size_t n = strlen(best.cell[row][0]);

        for (size_t k = 1; k < t.rows; k++) {
            if (strncmp(t.cell[k][0], best.cell[row][0], n) != 0 || t.cell[k][0][n] != '|')
                continue;
            assert_non_null(strstr(t.cell[k][0] + n + 1, "|iso-"));
            for (size_t i = 0; i < x.n; i++) sum[i] += number(t.cell[k][i + 1]);
        }
        for (size_t i = 0; i < x.n; i++)
            assert_true(sum[i] == number(best.cell[row][i + 1]));
    }
    for (size_t k = 1; k < t.rows; k++)
        for (size_t i = 0; i < x.n; i++) entries += number(t.cell[k][i + 1]) > 0;
    for (size_t i = 0; i < x.n; i++) entries -= x.r[i]->n_isomirs;
    assert_int_equal(entries, 0);
    free(t.text);
    free(best.text);
    finish(&x);
}

/* An attribute's value up to the ';'; must be there. */
static void
attribute(const char *line, const char *key, char *ret, size_t size)
{
    char with_equals[32];
    const char *at, *end = strchr(line, '\n');

    (void) snprintf(with_equals, sizeof with_equals, "%s=", key);
    at = strstr(line, with_equals);
    assert_non_null(at);
    assert_true(at < end);
    at += strlen(with_equals);
    assert_in_range(strcspn(at, ";"), 1, size - 1);
    memcpy(ret, at, strcspn(at, ";"));
    ret[strcspn(at, ";")] = '\0';
}

static const exm_record_isomir *
isomir_of(const exm_record *r, const char *seq, const char *mature)
{
    uint64_t lo, hi;

    pack_letters(seq, &lo, &hi);
    for (size_t i = 0; i < r->n_isomirs; i++)
        if (r->isomirs[i].lo == lo && r->isomirs[i].hi == hi &&
            strcmp(r->matures[r->isomirs[i].mature].name, mature) == 0)
            return r->isomirs + i;
    return NULL;
}

static void
check_gff_line(const struct run *x, const char *line, uint64_t *sum)
{
    char read[80], uid[80], name[80], parent[80], variant[120], cigar[80], hits[20],
        counts[200], filter[40], chrom[80], type[20];
    long from, to;
    const exm_record_isomir *any = NULL;
    const exm_record_mature *m = NULL;
    exm_buf b = {0};
    char *at;

    assert_int_equal(
        sscanf(line, "%79[^\t]\tmiRBasev22\t%19[^\t]\t%ld\t%ld\t.\t+\t.\tRead=", chrom,
               type, &from, &to),
        4);
    attribute(line, "Read", read, sizeof read);
    attribute(line, "UID", uid, sizeof uid);
    attribute(line, "Name", name, sizeof name);
    attribute(line, "Parent", parent, sizeof parent);
    attribute(line, "Variant", variant, sizeof variant);
    attribute(line, "Cigar", cigar, sizeof cigar);
    attribute(line, "Hits", hits, sizeof hits);
    attribute(line, "Expression", counts, sizeof counts);
    attribute(line, "Filter", filter, sizeof filter);
    at = counts;
    for (size_t i = 0; i < x->n; i++) {
        const exm_record_isomir *e = isomir_of(x->r[i], read, name);
        const size_t n = strcspn(at, ",");

        at[n] = '\0';
        assert_true(number(at) == (e ? e->count[1] : 0));
        sum[i] += number(at);
        at += n + 1;
        if (e && !any) any = e, m = x->r[i]->matures + e->mature;
    }
    assert_non_null(any);
    assert_int_equal(exm_uid_put("iso", read, strlen(read), &b, NULL), EXM_OK);
    assert_string_equal(uid, b.data);
    exm_buf_clear(&b);
    exm_variant_put(&any->variant, &b);
    assert_string_equal(variant, b.data);
    exm_buf_clear(&b);
    exm_variant_put_cigar(&any->variant, (uint32_t) strlen(read), &b);
    assert_string_equal(cigar, b.data);
    assert_string_equal(type, strcmp(variant, "NA") == 0 ? "ref_miRNA" : "isomiR");
    assert_true(number(hits) == any->hits);
    assert_string_equal(filter, any->n_features > 1 ? "Pass:shared" : "Pass");
    assert_string_equal(parent, m->hairpins);
    assert_int_equal(strncmp(parent, chrom, strlen(chrom)), 0);
    assert_int_equal(from, (long) m->start + 1 + any->variant.d5);
    assert_int_equal(to, (long) (m->start + m->len) + any->variant.d3);
    exm_buf_done(&b);
}

static void
gff3_lines_hold_the_records_isomirs(void **state)
{
    struct run x;
    char *text, *line;
    uint64_t sum[SAMPLES] = {0};

    (void) state;
    start(&x, SAMPLES, 12);
    write_all(&x);
    text = read_staged(&x, "mirna.gff3");
    line = strstr(text, "## VERSION: 1.2\n");
    assert_non_null(line);
    assert_non_null(strstr(text, "\n## TOOLS: exomir " EXM_VERSION "\n"));
    assert_non_null(strstr(text, "\n## COLDATA: A,B-1,b.2,c_3\n"));
    for (line = text; *line; line = strchr(line, '\n') + 1)
        if (*line != '#') check_gff_line(&x, line, sum);
    for (size_t i = 0; i < x.n; i++) {
        uint64_t want = 0;

        for (size_t k = 0; k < x.r[i]->n_isomirs; k++) want += x.r[i]->isomirs[k].count[1];
        assert_true(sum[i] == want);
    }
    free(text);
    finish(&x);
}

/* ---- poly-A kits, and databases ---- */

/* Rows of the isomiR table that end as marked, and lines of the GFF3 whose Filter says so. */
static size_t
marked(const struct run *x)
{
    char *table = read_staged(x, "isomir.counts.tsv"), *gff = read_staged(x, "mirna.gff3");
    size_t rows = 0, lines = 0;

    for (const char *at = table; (at = strstr(at, "|polyA\t")) != NULL; at++) rows++;
    for (const char *at = gff; (at = strstr(at, "; Filter=Pass:")) != NULL; at++)
        lines += strncmp(at + 14, "polyA;\n", 7) == 0 ||
                 strncmp(at + 14, "shared,polyA;\n", 14) == 0;
    free(table);
    free(gff);
    assert_int_equal(rows, lines);
    return rows;
}

static void
open_ends_are_marked_in_samples_of_poly_a_kits(void **state)
{
    struct run x;
    size_t want = 0;

    (void) state;
    start(&x, 2, 0);
    write_all(&x);
    assert_int_equal(marked(&x), 0);
    (void) snprintf(x.r[1]->layout, sizeof x.r[1]->layout, "N3,insert,A10,min15");
    write_all(&x);
    for (size_t i = 0; i < x.r[1]->n_isomirs; i++)
        want += exm_record_has_open_end(x.r[1], x.r[1]->isomirs + i) != 0;
    assert_in_range(want, 1, x.r[1]->n_isomirs - 1);
    assert_int_equal(marked(&x), want);
    finish(&x);
}

static void
assert_database(struct run *x, const char *name, const char *ontology, const char *column)
{
    char *text;

    free(x->r[0]->database);
    x->r[0]->database = text_copy(name);
    write_all(x);
    text = read_staged(x, "mirna.gff3");
    if (!strstr(text, ontology) || !strstr(text, column))
        fail_msg("'%s': %.300s", name, text);
    free(text);
}

static void
the_gff3_names_the_database(void **state)
{
    struct run x;

    (void) state;
    start(&x, 1, 0);
    assert_database(&x, "miRBase v22",
                    "\n##source-ontology: miRBasev22 doi:10.25504/fairsharing.hmgte8\n",
                    "\tmiRBasev22\tisomiR\t");
    assert_database(&x, "MirGeneDB v2.1",
                    "\n##source-ontology: MirGeneDBv2.1 http://mirgenedb.org\n",
                    "\tMirGeneDBv2.1\tisomiR\t");
    assert_database(&x, "our own 3", "\n##source-ontology: ourown3\n",
                    "\tourown3\tisomiR\t");
    assert_database(&x, "", "\n##source-ontology: http://purl.obolibrary.org/obo/so.owl\n",
                    "\texomir\tisomiR\t");
    finish(&x);
}

/* ---- odd names ---- */

static void
rename_to(char **name, const char *to)
{
    free(*name);
    *name = text_copy(to);
}

static void
names_are_escaped_where_they_must_be(void **state)
{
    struct run x;
    char *text;

    (void) state;
    start(&x, 1, 0);
    rename_to(&x.r[0]->features[0].name, "!a;b=c&d,e%3Bf\"<g>");
    rename_to(&x.r[0]->matures[0].name, "!a;b=c&d,e%3Bf\"<g>");
    rename_to(&x.r[0]->matures[0].hairpins, "h;1,h=2%");
    rename_to(&x.r[0]->classes[1].name, "\"cla\\ss\"");
    write_all(&x);
    text = read_staged(&x, "mirna.gff3");
    assert_non_null(strstr(text, "; Name=!a%3Bb%3Dc%26d%2Ce%253Bf\"<g>; "));
    assert_non_null(strstr(text, "\nh%3B1\tmiRBasev22\t"));
    assert_non_null(strstr(text, "; Parent=h%3B1,h%3D2%25; "));
    free(text);
    text = read_staged(&x, "mirna.counts.tsv");
    assert_non_null(strstr(text, "\n!a;b=c&d,e%3Bf\"<g>\t")); /* a table has tabs only */
    free(text);
    text = read_staged(&x, "multiqc/exomir_cargo_mqc.json");
    assert_non_null(strstr(text, "\"\\\"cla\\\\ss\\\"\""));
    free(text);
    finish(&x);
}

/* ---- JSON ---- */

static void
json_files_are_json(void **state)
{
    static const char *const files[] = {
        "qc.json", "multiqc/exomir_stats_mqc.json", "multiqc/exomir_cargo_mqc.json",
        "multiqc/exomir_flow_mqc.json", "multiqc/exomir_lengths_mqc.json"};
    struct run x;
    exm_buf events = {0};

    (void) state;
    for (size_t n = 0; n <= SAMPLES; n += SAMPLES) {
        start(&x, n, 12);
        write_all(&x);
        for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
            char *text = read_staged(&x, files[i]);

            assert_non_null(text);
            if (!is_json(text, &events)) fail_msg("%s is no JSON", files[i]);
            for (size_t k = 0; k < n; k++)
                assert_non_null(strstr(events.data, x.r[k]->sample));
            free(text);
        }
        finish(&x);
    }
    exm_buf_done(&events);
}

/* ---- edges ---- */

static void
runs_of_no_sample_and_of_empty_samples_have_headers(void **state)
{
    struct run x;
    struct table t;
    char *text;

    (void) state;
    start(&x, 0, 0);
    write_all(&x);
    read_table(&x, "mirna.counts.tsv", &t);
    assert_true(t.rows == 1 && t.cols == 1);
    free(t.text);
    read_table(&x, "classes.counts.tsv", &t);
    assert_true(t.rows == 3 && t.cols == 1);
    free(t.text);
    finish(&x);

    start(&x, 1, 0);
    exm_record_free(x.r[0]);
    x.r[0] = make_record(
        &(record_shape){.sample = "empty", .n_classes = 2, .n_mirnas = 0, .scale = 1}, 0);
    x.view[0] = x.r[0];
    exm_qc_sample(x.r[0], &x.qc[0]);
    write_all(&x);
    read_table(&x, "isomir.counts.tsv", &t);
    assert_true(t.rows == 1 && t.cols == 2);
    free(t.text);
    text = read_staged(&x, "mirna.gff3");
    assert_non_null(strstr(text, "## COLDATA: empty\n"));
    free(text);
    finish(&x);
}

/* Streamed in pieces of a megabyte: nothing is lost between them. */
static void
long_tables_are_whole(void **state)
{
    struct run x;
    char *text;
    size_t lines = 0;

    (void) state;
    start(&x, 1, 0);
    exm_record_free(x.r[0]);
    x.r[0] = make_record(&(record_shape){.sample = "big",
                                         .n_classes = 1000,
                                         .n_mirnas = 9000,
                                         .scale = (uint64_t) 1 << 40},
                         5);
    x.view[0] = x.r[0];
    exm_qc_sample(x.r[0], &x.qc[0]);
    write_all(&x);
    text = read_staged(&x, "mirna.gff3");
    assert_true(strlen(text) > (2u << 20));
    for (const char *p = text; *p; p = strchr(p, '\n') + 1) lines += *p != '#';
    assert_int_equal(lines, x.r[0]->n_isomirs);
    free(text);
    text = read_staged(&x, "classes.counts.tsv");
    lines = 0;
    for (const char *p = text; *p; p = strchr(p, '\n') + 1) lines++;
    assert_int_equal(lines, 1 + 1000 + 2);
    free(text);
    finish(&x);
}

static exm_status
write_one(const struct run *x, int which, exm_error *err)
{
    const char *const cells[SAMPLES] = {"a", "b", "c", "d"};
    static const char *const extra[] = {"patient"};

    switch (which) {
    case 0:
        return exm_outputs_counts(x->view, x->n, x->dir, err);
    case 1:
        return exm_outputs_isomirs(x->view, x->n, x->dir, err);
    case 2:
        return exm_outputs_gff3(x->view, x->n, x->dir, err);
    case 3:
        return exm_outputs_coldata(x->view, x->n, extra, 1, cells, x->dir, err);
    case 4:
        return exm_outputs_qc(x->view, x->qc, x->n, x->dir, err);
    default:
        return exm_outputs_multiqc(x->view, x->qc, x->n, x->dir, err);
    }
}

static void
each_failed_allocation_is_reported(void **state)
{
    (void) state;
    for (int which = 0; which < 6; which++) {
        int k;

        for (k = 0; k < 1000; k++) {
            struct run x;
            exm_error err = {0};
            exm_status st;
            int fired;

            start(&x, 2, 12);
            oom_arm(k);
            st = write_one(&x, which, &err);
            fired = oom_fired();
            oom_arm(-1);
            finish(&x);
            if (st == EXM_OK) {
                assert_false(fired);
                break;
            }
            assert_int_equal(st, EXM_ENOMEM);
            assert_int_equal(err.code, EXM_ENOMEM);
        }
        assert_in_range(k, 3, 500);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mirna_tables_hold_the_records_counts),
        cmocka_unit_test(class_rows_add_up_to_the_kept_reads),
        cmocka_unit_test(coldata_has_a_row_per_sample),
        cmocka_unit_test(isomir_rows_add_up_to_the_best_counts),
        cmocka_unit_test(gff3_lines_hold_the_records_isomirs),
        cmocka_unit_test(open_ends_are_marked_in_samples_of_poly_a_kits),
        cmocka_unit_test(the_gff3_names_the_database),
        cmocka_unit_test(names_are_escaped_where_they_must_be),
        cmocka_unit_test(json_files_are_json),
        cmocka_unit_test(runs_of_no_sample_and_of_empty_samples_have_headers),
        cmocka_unit_test(long_tables_are_whole),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
