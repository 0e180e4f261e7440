/*
 * test_bam.c - tests of src/quant/bam*.c
 *
 * Files are read back with htslib, and every record is held against the texts of the
 * reference alone: CIGAR, MD and NM must rebuild the template, counts must add up to what
 * went in and to the record's own, places must be those of exm_annotate().
 */
#include "annotate_world.h"
#include "exomir/bam.h"
#include "exomir/record.h"
#include "oom.h"
#include "quant/bam_impl.h"
#include "quant/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { INSERTS = 5000, FEATURES = 400 };

struct insert {
    char seq[WORLD_READ];
    uint32_t len;
    uint64_t copies, umi;
};

static struct world world;
static struct insert inserts[INSERTS];
static char folder[TMP_PATH];

static int
set_up(void **state)
{
    exm_rng *r = &world.rng;

    (void) state;
    tmp_folder(folder);
    world_init(&world);
    for (size_t i = 0; i < INSERTS; i++) {
        struct insert *x = inserts + i;

        switch (below(r, 10)) {
        case 0:
            x->len = 16 + below(r, 60);
            random_letters(r, x->seq, x->len);
            break;
        case 1:
            x->len = read_of_template(&world, 64, 140, x->seq);
            break;
        case 2:
        case 3:
            x->len = read_of_template(&world, 16, 50, x->seq);
            break;
        case 4:
            *x = inserts[i ? below(r, (uint32_t) i) : 0];
            break;
        default:
            x->len = read_of_mature(&world, x->seq);
        }
        if (x->len < 14) x->len = 14, memcpy(x->seq, "ACGTACGTACGTAC", 15);
        x->seq[x->len] = '\0';
        x->copies = 1 + below(r, 9);
        x->umi = 1024 + below(r, 3); /* AAAAA, AAAAC, AAAAT */
    }
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    world_done(&world);
    return rmdir(folder);
}

/* ---- writing ---- */

static exm_collapse *
collapse(size_t n, size_t stride, int umi)
{
    exm_collapse *c = NULL;

    assert_int_equal(exm_collapse_new(&(exm_collapse_options){.umi = umi}, &c, NULL),
                     EXM_OK);
    for (size_t i = 0; i < n; i++) {
        const struct insert *x = inserts + i * stride % n;
        const exm_read read = {.seq = x->seq, .len = x->len, .copies = x->copies};
        exm_trimmed t = {.fate = EXM_FATE_KEPT, .len = x->len, .umi = x->umi};

        if (x->len <= EXM_PACKED_MAX)
            assert_int_equal(exm_pack(x->seq, x->len, &t.lo, &t.hi, NULL), EXM_OK);
        assert_int_equal(exm_collapse_add(c, &read, &t, 1, NULL), EXM_OK);
    }
    assert_int_equal(exm_collapse_finish(c, NULL), EXM_OK);
    return c;
}

static exm_record *
tallied(const exm_collapse *c, int umi, exm_pool *pool)
{
    exm_record *r = calloc(1, sizeof *r);

    assert_non_null(r);
    r->umi_len = umi ? 5 : 0;
    r->sample = strdup("S1");
    memset(r->content, 'c', 32);
    memset(r->ref_sha256, 'a', 64);
    memset(r->params_sha256, 'b', 64);
    assert_int_equal(exm_tally_run(world.sse4, world.small.ref, c, NULL, pool, r, NULL),
                     EXM_OK);
    return r;
}

struct written {
    char run[TMP_PATH], bam[TMP_PATH], bai[TMP_PATH], sha[2][EXM_SHA256_HEX];
    exm_record *record;
};

/* A committed run in 'name'. */
static struct written
write_run(const char *name, size_t n, size_t stride, int umi, unsigned threads)
{
    exm_collapse *c = collapse(n, stride, umi);
    struct written w;
    exm_outdir *dir = NULL;
    exm_pool *pool = NULL;
    exm_buf provenance = {0};
    exm_error err = {0};

    tmp_path(w.run, folder, name);
    tmp_path(w.bam, w.run, "bam/S1.bam");
    tmp_path(w.bai, w.run, "bam/S1.bam.bai");
    exm_buf_puts(&provenance, "{}");
    assert_int_equal(exm_pool_new(threads, &pool, NULL), EXM_OK);
    assert_int_equal(exm_outdir_new(w.run, &dir, NULL), EXM_OK);
    w.record = tallied(c, umi, pool);
    if (exm_bam_write(world.sse4, world.small.ref, c, w.record, pool, dir, &err) != EXM_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(exm_outdir_count(dir), 2);
    for (size_t i = 0; i < 2; i++)
        memcpy(w.sha[i], exm_outdir_sha256(dir, i), EXM_SHA256_HEX);
    assert_string_equal(exm_outdir_name(dir, 0), "bam/S1.bam");
    assert_int_equal(exm_outdir_commit(dir, &provenance, NULL), EXM_OK);
    exm_outdir_free(dir);
    exm_pool_free(pool);
    exm_collapse_free(c);
    exm_buf_done(&provenance);
    return w;
}

static void
written_done(struct written *w)
{
    static const char *const files[] = {"bam/S1.bam", "bam/S1.bam.bai", "provenance.json"};
    char inner[TMP_PATH];

    exm_record_free(w->record);
    for (size_t i = 0; i < 3; i++) (void) unlink(tmp_path(inner, w->run, files[i]));
    assert_int_equal(rmdir(tmp_path(inner, w->run, "bam")), 0);
    assert_int_equal(rmdir(w->run), 0);
}

/* ---- reading ---- */

static int64_t
number(const bam1_t *b, const char *tag)
{
    const uint8_t *p = bam_aux_get(b, tag);

    return p ? bam_aux2i(p) : INT64_MIN;
}

static const char *
words(const bam1_t *b, const char *tag)
{
    const uint8_t *p = bam_aux_get(b, tag);

    return p ? bam_aux2Z(p) : NULL;
}

static void
letters(const bam1_t *b, char *seq)
{
    const uint8_t *s = bam_get_seq(b);

    assert_in_range(b->core.l_qseq, 1, WORLD_READ - 1);
    for (int i = 0; i < b->core.l_qseq; i++) seq[i] = seq_nt16_str[bam_seqi(s, i)];
    seq[b->core.l_qseq] = '\0';
}

/* From MD and the read's aligned letters, the template's letters. */
static void
rebuild(const char *md, const char *aligned, size_t n, char *ret)
{
    size_t at = 0;

    while (*md) {
        char *end;
        const unsigned long equal = strtoul(md, &end, 10);

        assert_true(end > md && at + equal <= n);
        memcpy(ret + at, aligned + at, equal);
        at += equal;
        md = end;
        if (*md) {
            assert_non_null(strchr("ACGT", *md));
            assert_int_not_equal(*md, aligned[at]);
            ret[at++] = *md++;
        }
    }
    assert_int_equal(at, n);
}

/* Soft-clipped stretches, at most one on each side. */
static void
check_alignment(const bam1_t *b, const char *seq, const exm_candidate *want)
{
    const uint32_t *cigar = bam_get_cigar(b);
    const char *template = world.oracle.seq[b->core.tid];
    uint32_t k = 0, front = 0, back = 0, core;
    char built[WORLD_READ];
    size_t differ = 0;

    if (bam_cigar_op(cigar[k]) == BAM_CSOFT_CLIP) front = bam_cigar_oplen(cigar[k++]);
    assert_int_equal(bam_cigar_op(cigar[k]), BAM_CMATCH);
    core = bam_cigar_oplen(cigar[k++]);
    if (k < b->core.n_cigar) {
        assert_int_equal(bam_cigar_op(cigar[k]), BAM_CSOFT_CLIP);
        back = bam_cigar_oplen(cigar[k++]);
    }
    assert_int_equal(k, b->core.n_cigar);
    assert_int_equal(front + core + back, b->core.l_qseq);
    assert_int_equal(front, want->n_add5);
    assert_int_equal(back, want->n_tail);
    assert_int_equal(b->core.tid, want->template_id);
    assert_int_equal(b->core.pos, want->start + want->n_add5);
    assert_true((size_t) b->core.pos + core <= strlen(template));
    rebuild(words(b, "MD"), seq + front, core, built);
    assert_memory_equal(built, template + b->core.pos, core);
    for (uint32_t i = 0; i < core; i++) differ += built[i] != seq[front + i];
    assert_int_equal(number(b, "NM"), differ);
    assert_int_equal(number(b, "NM"), want->n_sub);
}

/* XA lists the other places, each of which fits as well. */
static void
check_places(const bam1_t *b, const sam_hdr_t *h, const exm_annotation *ann)
{
    const char *p = words(b, "XA");

    if (ann->n_best == 1) {
        assert_null(p);
        return;
    }
    for (size_t i = 1; i < ann->n_best && i <= EXM_BAM_PLACES; i++) {
        const exm_candidate *c = ann->cand + i;
        char want[256];
        const int n = snprintf(want, sizeof want, "%s,+%lld,",
                               sam_hdr_tid2name(h, (int) c->template_id),
                               (long long) c->start + c->n_add5 + 1);

        assert_true(n > 0 && strncmp(p, want, (size_t) n) == 0);
        p = strchr(p, ';');
        assert_non_null(p);
        p++;
    }
    assert_string_equal(p, "");
}

struct sums {
    uint64_t reads, molecules, best[FEATURES][2], records, mapped;
    uint64_t on[FEATURES]; /* records by template */
};

static size_t
feature_of(const exm_record *r, const char *class_name, const char *name)
{
    for (size_t i = 0; i < r->n_features; i++)
        if (strcmp(r->features[i].name, name) == 0 &&
            strcmp(r->classes[r->features[i].class_id].name, class_name) == 0)
            return i;
    fail_msg("no feature %s of %s", name, class_name);
    return 0;
}

static void
check_counts(const bam1_t *b, const char *seq, int umi, struct sums *s)
{
    uint64_t reads = 0, umis = 0;

    for (size_t i = 0; i < INSERTS; i++) {
        if (strcmp(inserts[i].seq, seq) != 0) continue;
        reads += inserts[i].copies;
        umis |= (uint64_t) 1 << (inserts[i].umi - 1024);
    }
    assert_int_equal(number(b, "XC"), reads);
    s->reads += reads;
    if (!umi) {
        assert_null(bam_aux_get(b, "XM"));
        assert_null(words(b, "RX"));
        return;
    }
    assert_int_equal(number(b, "XM"), __builtin_popcountll(umis));
    s->molecules += (uint64_t) number(b, "XM");
    if (number(b, "XM") > 1) {
        assert_null(words(b, "RX"));
        assert_null(words(b, "MI"));
        return;
    }
    assert_string_equal(words(b, "RX"), umis == 1   ? "AAAAA"
                                        : umis == 2 ? "AAAAC"
                                                    : "AAAAT");
    assert_non_null(strstr(words(b, "MI"), words(b, "RX")));
    assert_memory_equal(words(b, "MI"), bam_get_qname(b), strlen(bam_get_qname(b)));
}

/* Place, then length, then letters; unmapped last. */
static void
check_order(const bam1_t *b, const char *seq, const bam1_t *before, const char *last)
{
    const uint32_t tid = (uint32_t) b->core.tid, was = (uint32_t) before->core.tid;

    assert_true(was <= tid);
    if (was < tid) return;
    assert_true(before->core.pos <= b->core.pos);
    if (before->core.pos < b->core.pos) return;
    assert_true(strlen(last) <= strlen(seq));
    if (strlen(last) == strlen(seq)) assert_true(strcmp(last, seq) < 0);
}

static void
check_record(const bam1_t *b, const sam_hdr_t *h, const struct written *w, struct sums *s)
{
    exm_annotation ann = {0};
    char seq[WORLD_READ];

    letters(b, seq);
    assert_int_equal(
        exm_annotate_long(world.scalar, seq, (uint32_t) strlen(seq), 10, &ann, NULL),
        EXM_OK);
    check_counts(b, seq, w->record->umi_len > 0, s);
    assert_string_equal(words(b, "RG"), "S1");
    assert_int_equal(bam_get_qual(b)[0], 0xff);
    s->records++;
    if (ann.n == 0) {
        assert_int_equal(b->core.flag, 4);
        assert_int_equal(b->core.tid, -1);
        assert_null(bam_aux_get(b, "NH"));
        assert_memory_equal(bam_get_qname(b), "seq-", 4);
    } else {
        size_t f = feature_of(w->record, words(b, "XK"), words(b, "XF"));

        assert_int_equal(b->core.flag, 0);
        s->mapped++;
        s->on[b->core.tid]++;
        s->best[f][0] += (uint64_t) number(b, "XC");
        s->best[f][1] +=
            (uint64_t) (w->record->umi_len ? number(b, "XM") : number(b, "XC"));
        assert_int_equal(number(b, "NH"), ann.n_best);
        assert_int_equal(b->core.qual, ann.n_best == 1 ? 60 : b->core.qual);
        assert_true(ann.n_best == 1 || b->core.qual <= 3);
        assert_int_equal(number(b, "AS"), -(int64_t) ann.cand->cost);
        assert_int_equal(words(b, "XV") != NULL, ann.cand->entity != UINT32_MAX);
        check_alignment(b, seq, ann.cand);
        check_places(b, h, &ann);
    }
    exm_annotation_done(&ann);
}

static void
check_file(const struct written *w, size_t uniques)
{
    htsFile *f = hts_open(w->bam, "rb");
    sam_hdr_t *h = f ? sam_hdr_read(f) : NULL;
    hts_idx_t *idx = f ? sam_index_load(f, w->bam) : NULL;
    bam1_t *b = bam_init1(), *before = bam_init1();
    static struct sums s;
    char seq[WORLD_READ], last[WORLD_READ] = "";
    uint64_t mapped, unmapped;

    s = (struct sums){0};
    assert_true(f && h && idx && b && before);
    assert_int_equal(sam_hdr_nref(h), exm_ref_n_templates(world.small.ref));
    before->core.tid = 0;
    before->core.pos = 0;
    while (sam_read1(f, h, b) >= 0) {
        letters(b, seq);
        if (*last) check_order(b, seq, before, last);
        check_record(b, h, w, &s);
        memcpy(last, seq, sizeof last);
        assert_non_null(bam_copy1(before, b));
    }
    assert_int_equal(s.records, uniques);
    assert_true(s.mapped > uniques / 3 && s.mapped < uniques);
    assert_int_equal(s.reads,
                     w->record->annotated + w->record->unannotated + w->record->foreign);
    if (w->record->umi_len) assert_int_equal(s.molecules, w->record->molecules);
    for (size_t i = 0; i < w->record->n_features; i++)
        for (int k = 0; k < 2; k++)
            assert_int_equal(s.best[i][k], w->record->features[i].best[k]);
    for (int i = 0; i < sam_hdr_nref(h); i++) {
        if (hts_idx_get_stat(idx, i, &mapped, &unmapped) != 0) mapped = 0; /* no record */
        assert_int_equal(mapped, s.on[i]);
    }
    assert_int_equal(hts_idx_get_n_no_coor(idx), s.records - s.mapped);
    bam_destroy1(b);
    bam_destroy1(before);
    hts_idx_destroy(idx);
    sam_hdr_destroy(h);
    assert_int_equal(hts_close(f), 0);
}

/* ---- tests ---- */

static void
records_say_what_the_texts_say(void **state)
{
    (void) state;
    for (int umi = 0; umi < 2; umi++) {
        struct written w = write_run("a", INSERTS, 1, umi, 2);

        check_file(&w, w.record->unique_reads);
        written_done(&w);
    }
}

static void
order_and_threads_leave_no_trace(void **state)
{
    struct written first = write_run("a", INSERTS, 1, 1, 1), less;

    (void) state;
    for (unsigned k = 0; k < 24; k++) { /* more than one chance for a race */
        const unsigned threads = k < 20 ? 2 + k % 8 : 1 + 6 * (k - 20);
        struct written w = write_run("b", INSERTS, 1 + 10 * k, 1, threads);

        assert_string_equal(w.sha[0], first.sha[0]);
        assert_string_equal(w.sha[1], first.sha[1]);
        written_done(&w);
    }
    less = write_run("b", INSERTS - 1, 1, 1, 1);
    assert_string_not_equal(less.sha[0], first.sha[0]); /* the comparison can fail */
    written_done(&less);
    written_done(&first);
}

static void
a_sample_without_reads_has_an_empty_file(void **state)
{
    struct written w = write_run("a", 0, 1, 0, 3);
    htsFile *f = hts_open(w.bam, "rb");
    sam_hdr_t *h = sam_hdr_read(f);
    bam1_t *b = bam_init1();

    (void) state;
    assert_non_null(h);
    assert_int_equal(sam_read1(f, h, b), -1);
    bam_destroy1(b);
    sam_hdr_destroy(h);
    assert_int_equal(hts_close(f), 0);
    written_done(&w);
}

/* Letters that SAM does not allow, and names that two classes share. */
static void
names_are_legal_and_each_once(void **state)
{
    struct small_ref small;
    exm_bam_names names = {0};
    exm_buf text = {0};
    char sample[] = "S1";
    exm_record rec = {.sample = sample};
    sam_hdr_t *h;

    (void) state;
    small_ref_build(
        &(struct small_texts){
            .hairpin =
                ">m(1)\nAGTAAACCTTTCCTCATGCAATTCAAAACCATTTTACGGAGGATATGTCCGTAATGTAGGC\n"
                ">m_1_\nCCCCCTTACCTCCTTATTCAGGACCTAACCTAAAAGCTGTTGCATGAGGTAAACCAGGTC\n",
            .mature = ">miR-1\nTTTCCTCATGCAATTCAAAACC\n",
            .class_name = {"tRNA", "piRNA"},
            .class_text =
                {">m_1_\nCCGTTCGTGCTCCTCGCCCTGAAGCATTGCTTTGTGAAGAGGGACTTCAGCC\n"
                 ">=x;y\nCATTCTTCATGTGCAACCTAGGGAGAATGTGTACATACGCTCTTACTGCGGT\n",
                 ">m_1_\nATTAAAAAAGTTCAACGGCAGCTGCAATGGGTGTTTTAAGATACAAATAGGC\n"}},
        &small);
    assert_int_equal(exm_bam_names_init(small.ref, &names, NULL), EXM_OK);
    assert_int_equal(exm_bam_header(small.ref, &names, &rec, &text, NULL), EXM_OK);
    h = sam_hdr_parse(text.len, text.data);
    assert_non_null(h);
    assert_int_equal(sam_hdr_nref(h), 6);
    assert_string_equal(names.name[0], "m_1_");
    assert_string_equal(names.name[1], "m_1_|miRNA");
    assert_string_equal(names.name[3], "_x_y");
    assert_string_equal(names.name[4], "m_1_|tRNA");
    assert_string_equal(names.name[5], "m_1_|piRNA");
    assert_non_null(strstr(text.data, "@SQ\tSN:m_1_\tLN:61\tDS:miRNA m(1)\n"));
    assert_non_null(strstr(text.data, "@SQ\tSN:_x_y\tLN:55\tDS:tRNA =x;y\n"));
    sam_hdr_destroy(h);
    exm_buf_done(&text);
    exm_bam_names_done(&names);
    small_ref_done(&small);
}

static void
a_count_that_no_tag_holds_is_an_error(void **state)
{
    const exm_bam_scene scene = {
        .annotator = world.sse4, .ref = world.small.ref, .sample = "S1"};
    exm_unique u = {.len = 20, .lo = (uint64_t) 1 << 20, .reads = (uint64_t) 1 << 32};
    exm_bam_scratch s = {0};
    bam1_t *b = bam_init1();
    exm_error err = {0};

    (void) state;
    assert_int_equal(exm_bam_encode(&scene, &u, &s, b, &err), EXM_EDATA);
    u.reads--;
    assert_int_equal(exm_bam_encode(&scene, &u, &s, b, &err), EXM_OK);
    assert_int_equal(number(b, "XC"), UINT32_MAX);
    bam_destroy1(b);
    exm_bam_scratch_done(&s);
}

static void
long_inserts_have_short_names(void **state)
{
    const exm_bam_scene scene = {
        .annotator = world.sse4, .ref = world.small.ref, .sample = "S1"};
    char seq[5000], *first;
    exm_unique u = {.seq = seq, .reads = 1, .molecules = 1};
    exm_bam_scratch s = {0};
    bam1_t *b = bam_init1();

    (void) state;
    random_letters(&world.rng, seq, sizeof seq - 1);
    for (u.len = 490; u.len < sizeof seq - 1; u.len += 11)
        assert_int_equal(exm_bam_encode(&scene, &u, &s, b, NULL), EXM_OK);
    first = strdup(bam_get_qname(b));
    assert_memory_equal(first, "seq-", 4);
    seq[4000] = seq[4000] == 'A' ? 'C' : 'A';
    u.len -= 11;
    assert_int_equal(exm_bam_encode(&scene, &u, &s, b, NULL), EXM_OK);
    assert_string_not_equal(first, bam_get_qname(b));
    free(first);
    bam_destroy1(b);
    exm_bam_scratch_done(&s);
}

static void
each_failed_allocation_is_reported(void **state)
{
    exm_collapse *c = collapse(600, 1, 1);
    exm_pool *pool = NULL;
    exm_record *r;
    char run[TMP_PATH];
    int k;

    (void) state;
    tmp_path(run, folder, "oom");
    assert_int_equal(exm_pool_new(1, &pool, NULL), EXM_OK);
    r = tallied(c, 1, pool);
    for (k = 0; k < 5000; k++) {
        exm_outdir *dir = NULL;
        exm_error err = {0};
        exm_status st;

        assert_int_equal(exm_outdir_new(run, &dir, NULL), EXM_OK);
        oom_arm(k);
        st = exm_bam_write(world.sse4, world.small.ref, c, r, pool, dir, &err);
        oom_arm(-1);
        exm_outdir_free(dir);
        if (st == EXM_OK) break;
        assert_int_equal(st, EXM_ENOMEM);
    }
    assert_in_range(k, 50, 4000);
    assert_int_equal(rmdir(run), -1); /* nothing was left, not even the folder */
    exm_record_free(r);
    exm_pool_free(pool);
    exm_collapse_free(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_say_what_the_texts_say),
        cmocka_unit_test(order_and_threads_leave_no_trace),
        cmocka_unit_test(a_sample_without_reads_has_an_empty_file),
        cmocka_unit_test(names_are_legal_and_each_once),
        cmocka_unit_test(a_count_that_no_tag_holds_is_an_error),
        cmocka_unit_test(long_inserts_have_short_names),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
