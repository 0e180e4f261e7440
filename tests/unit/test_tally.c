/*
 * test_tally.c - tests of src/quant/tally.h and src/quant/isomir_table.h
 *
 * Reads go into the table of uniques, and the record's counts must be what plain loops over
 * exm_annotate()'s answers add up to; the same bytes whatever the order and the threads.
 */
#include "annotate_world.h"
#include "exomir/collapse.h"
#include "exomir/pool.h"
#include "exomir/record.h"
#include "oom.h"
#include "quant/tally.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { INSERTS = 6000, FEATURES = 400 };

struct insert {
    char seq[WORLD_READ];
    uint32_t len;
    uint64_t copies, umi;
};

static struct world world;
static struct insert inserts[INSERTS];

/* Reads of matures and templates, foreign and random ones; most inserts several times. */
static int
set_up(void **state)
{
    exm_rng *r = &world.rng;

    (void) state;
    world_init(&world);
    for (size_t i = 0; i < INSERTS; i++) {
        struct insert *x = inserts + i;

        switch (below(r, 12)) {
        case 0: /* foreign, the 5' end varies */
            memcpy(x->seq, world.foreign[below(r, 4) == 0] + below(r, 3), 20);
            x->len = 19 + below(r, 2);
            break;
        case 1:
            x->len = 16 + below(r, 30);
            random_letters(r, x->seq, x->len);
            break;
        case 2:
            x->len = read_of_template(&world, 64, 140, x->seq);
            break;
        case 3:
        case 4:
        case 5:
            x->len = read_of_template(&world, 16, 50, x->seq);
            break;
        case 6:
            *x = inserts[i ? below(r, (uint32_t) i) : 0];
            break;
        default:
            x->len = read_of_mature(&world, x->seq);
        }
        x->seq[x->len] = '\0';
        if (x->len == 0) x->len = 1, x->seq[0] = 'A';
        x->copies = 1 + below(r, 9);
        x->umi = 1024 + below(r, 3);
    }
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    world_done(&world);
    return 0;
}

/* ---- running ---- */

/* Inserts [0, n) taken with a stride that has no factor in common with n. */
static exm_collapse *
collapse(const struct insert *v, size_t n, size_t stride, int umi)
{
    exm_collapse *c = NULL;

    assert_int_equal(exm_collapse_new(&(exm_collapse_options){.umi = umi}, &c, NULL),
                     EXM_OK);
    for (size_t i = 0; i < n; i++) {
        const struct insert *x = v + i * stride % n;
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
blank_record(int umi)
{
    exm_record *r = calloc(1, sizeof *r);

    assert_non_null(r);
    r->umi_len = umi ? 5 : 0;
    return r;
}

static exm_record *
tally(const exm_collapse *c, int umi, unsigned threads)
{
    exm_record *r = blank_record(umi);
    exm_pool *pool = NULL;
    exm_error err = {0};

    assert_int_equal(exm_pool_new(threads, &pool, &err), EXM_OK);
    if (exm_tally_run(world.sse4, world.small.ref, c, NULL, pool, r, &err) != EXM_OK)
        fail_msg("%s", err.msg);
    exm_pool_free(pool);
    return r;
}

static exm_record *
run(const struct insert *v, size_t n, size_t stride, int umi, unsigned threads)
{
    exm_collapse *c = collapse(v, n, stride, umi);
    exm_record *r = tally(c, umi, threads);

    exm_collapse_free(c);
    return r;
}

/* ---- the slow sums ---- */

struct sums {
    uint64_t best[FEATURES][2], unique[FEATURES][2]; /* entities, then templates */
    uint64_t annotated, unannotated, foreign, reads, molecules, top[6];
    uint64_t unambiguous[16], within[16], between[16], length[16][EXM_LEN_BINS];
    uint64_t clade[2];
    size_t isomirs;
};

static uint32_t
feature_of(const exm_candidate *c)
{
    return c->entity != UINT32_MAX ? c->entity
                                   : exm_ref_n_entities(world.small.ref) + c->template_id;
}

static uint32_t
class_of(const exm_candidate *c)
{
    return c->class_id == 0 && c->entity == UINT32_MAX ? exm_ref_n_classes(world.small.ref)
                                                       : c->class_id;
}

static int
is_foreign(const char *seq, uint32_t len, unsigned which)
{
    for (uint32_t at = 0; at < 3 && at + 20 <= len && len < 64; at++)
        for (uint32_t k = 0; k + 20 <= 22; k++)
            if (memcmp(seq + at, world.foreign[which] + k, 20) == 0) return 1;
    return 0;
}

static void
add_unexplained(struct sums *s, const char *seq, const exm_unique *u)
{
    for (unsigned k = 0; k < 2; k++) {
        if (!is_foreign(seq, u->len, k)) continue;
        s->foreign += u->reads;
        s->clade[k] += u->reads;
        return;
    }
    s->unannotated += u->reads;
}

static void
add_explained(struct sums *s, const exm_annotation *a, const exm_unique *u)
{
    const uint64_t count[2] = {u->reads, u->molecules};
    const uint32_t f = feature_of(a->cand), c = class_of(a->cand);
    int features = 1, classes = 1;

    for (size_t i = 1; i < a->n_best; i++) {
        features &= feature_of(a->cand + i) == f;
        classes &= class_of(a->cand + i) == c;
    }
    for (int k = 0; k < 2; k++) {
        s->best[f][k] += count[k];
        if (features) s->unique[f][k] += count[k];
    }
    s->annotated += u->reads;
    (features ? s->unambiguous : classes ? s->within : s->between)[c] += u->reads;
    s->length[c][u->len < 127 ? u->len : 127] += u->reads;
    s->isomirs += a->cand->entity != UINT32_MAX;
}

static void
add_up(const exm_collapse *c, struct sums *s)
{
    exm_annotation a = {0};

    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < exm_collapse_count(c); i++) {
        const exm_unique u = exm_collapse_get(c, i);
        char seq[WORLD_READ];

        if (u.seq)
            memcpy(seq, u.seq, u.len);
        else
            (void) exm_unpack(u.lo, u.hi, seq);
        assert_int_equal(exm_annotate_long(world.scalar, seq, u.len, 10, &a, NULL), EXM_OK);
        if (a.n > 0)
            add_explained(s, &a, &u);
        else
            add_unexplained(s, seq, &u);
        s->reads += u.reads;
        s->molecules += u.molecules;
        s->top[5] = u.reads;
        for (size_t k = 5; k > 0 && s->top[k] > s->top[k - 1]; k--) {
            const uint64_t t = s->top[k];

            s->top[k] = s->top[k - 1];
            s->top[k - 1] = t;
        }
    }
    exm_annotation_done(&a);
}

/* The slow number of a record's feature. */
static uint32_t
number_of(const exm_record *r, const exm_record_feature *f)
{
    const exm_ref *ref = world.small.ref;

    if (f->class_id == 0) {
        for (uint32_t e = 0; e < exm_ref_n_entities(ref); e++)
            if (strcmp(exm_ref_entity_get(ref, e)->name, f->name) == 0) return e;
    } else {
        for (uint32_t t = 0; t < exm_ref_n_templates(ref); t++) {
            const exm_ref_template *x = exm_ref_template_get(ref, t);
            const uint32_t c = x->class_id ? x->class_id : (uint32_t) r->n_classes - 1;

            if (c == f->class_id && strcmp(x->name, f->name) == 0)
                return exm_ref_n_entities(ref) + t;
        }
    }
    fail_msg("no feature %s in the reference", f->name);
    return 0;
}

static void
assert_features(const exm_record *r, const struct sums *s)
{
    uint64_t best = 0, unique = 0, em = 0;
    static int seen[FEATURES];

    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < r->n_features; i++) {
        const exm_record_feature *f = r->features + i, *before = i ? f - 1 : NULL;
        const uint32_t n = number_of(r, f);

        assert_false(seen[n]++);
        assert_memory_equal(f->best, s->best[n], sizeof f->best);
        assert_memory_equal(f->unique, s->unique[n], sizeof f->unique);
        assert_true(f->unique[0] <= f->best[0] && f->unique[1] <= f->best[1]);
        assert_true(f->best[0] || f->em[0]);
        if (before) {
            assert_true(before->class_id <= f->class_id);
            if (before->class_id == f->class_id)
                assert_true(strcmp(before->name, f->name) < 0);
        }
        best += f->best[0];
        unique += f->unique[0];
        em += f->em[0];
    }
    for (size_t n = 0; n < FEATURES; n++) assert_true(seen[n] || !s->best[n][0]);
    assert_int_equal(best, s->annotated);
    assert_int_equal(em, s->annotated);
    assert_true(unique < best); /* there are ties */
}

static void
assert_classes(const exm_record *r, const struct sums *s, int umi)
{
    uint64_t em[16][2] = {{0}}, sum = 0, molecules = 0;

    assert_int_equal(r->n_classes, exm_ref_n_classes(world.small.ref) + 1);
    for (size_t i = 0; i < r->n_features; i++)
        for (int k = 0; k < 2; k++) em[r->features[i].class_id][k] += r->features[i].em[k];
    for (size_t c = 0; c < r->n_classes; c++) {
        const exm_record_class *x = r->classes + c;

        assert_string_equal(x->name,
                            c + 1 < r->n_classes
                                ? exm_ref_class_get(world.small.ref, (uint32_t) c)->name
                                : "hairpin");
        assert_memory_equal(x->em, em[c], sizeof x->em);
        assert_int_equal(x->unambiguous, s->unambiguous[c]);
        assert_int_equal(x->shared_within, s->within[c]);
        assert_int_equal(x->shared_between, s->between[c]);
        assert_memory_equal(r->len_by_class + c * EXM_LEN_BINS, s->length[c],
                            sizeof s->length[c]);
        sum += x->em[0];
        molecules += x->em[1];
    }
    assert_int_equal(sum, r->annotated);
    assert_true(umi ? molecules < sum : molecules == sum);
}

static void
unpack(const exm_record_isomir *x, char *seq)
{
    (void) exm_unpack(x->lo, x->hi, seq);
}

static void
assert_isomirs(const exm_record *r, const struct sums *s)
{
    uint64_t sum[FEATURES][2] = {{0}};

    assert_int_equal(r->n_isomirs, s->isomirs);
    for (size_t i = 0; i < r->n_isomirs; i++) {
        const exm_record_isomir *x = r->isomirs + i;
        exm_annotation a = {0};
        char seq[64], before[64];

        assert_in_range(x->feature, 0, r->n_features - 1);
        assert_in_range(x->mature, 0, r->n_matures - 1);
        for (int k = 0; k < 2; k++) sum[x->feature][k] += x->count[k];
        unpack(x, seq);
        if (i > 0 && x[-1].feature == x->feature) { /* by length, then letters */
            unpack(x - 1, before);
            if (strlen(before) == strlen(seq))
                assert_true(strcmp(before, seq) < 0);
            else
                assert_true(strlen(before) < strlen(seq));
        } else if (i > 0) {
            assert_true(x[-1].feature < x->feature);
        }
        assert_int_equal(exm_annotate(world.sse4, x->lo, x->hi, 0, &a, NULL), EXM_OK);
        assert_int_equal(x->hits, a.n_best);
        assert_true(x->n_features >= 1 && x->n_features <= x->hits);
        assert_int_equal(x->variant.d5, a.cand->d5);
        assert_int_equal(x->variant.d3, a.cand->d3);
        assert_int_equal(x->variant.n_tail, a.cand->n_tail);
        exm_annotation_done(&a);
    }
    for (size_t f = 0; f < r->n_features; f++)
        if (r->features[f].class_id == 0)
            assert_memory_equal(sum[f], r->features[f].best, sizeof sum[f]);
}

/* Every mature is of its isomiR's feature, and lies where the record says. */
static void
assert_matures(const exm_record *r)
{
    const exm_ref *ref = world.small.ref;

    for (size_t i = 0; i < r->n_isomirs; i++) {
        const exm_record_isomir *x = r->isomirs + i;
        const exm_record_mature *m = r->matures + x->mature;
        const uint32_t e = exm_ref_find_entity(ref, r->features[x->feature].name);
        exm_annotation a = {0};
        char first[64] = "";
        uint32_t t = 0;

        assert_int_equal(exm_annotate(world.sse4, x->lo, x->hi, 0, &a, NULL), EXM_OK);
        t = a.cand->template_id;
        /* The first hairpin is the one that the read was laid on. */
        memcpy(first, m->hairpins, strcspn(m->hairpins, ","));
        assert_string_equal(first, exm_ref_template_get(ref, t)->name);
        assert_int_equal(m->len, exm_ref_entity_get(ref, e)->len);
        assert_memory_equal(world.oracle.seq[t] + m->start, exm_ref_entity_get(ref, e)->seq,
                            m->len);
        assert_int_equal((int64_t) m->start + x->variant.d5 - x->variant.n_add5,
                         a.cand->start);
        exm_annotation_done(&a);
    }
}

static void
counts_are_what_the_explanations_add_up_to(void **state)
{
    static struct sums s;

    (void) state;
    for (int umi = 0; umi <= 1; umi++) {
        exm_collapse *c = collapse(inserts, INSERTS, 1, umi);
        exm_record *r = tally(c, umi, 3);
        uint64_t top = 0;

        add_up(c, &s);
        assert_int_equal(r->annotated, s.annotated);
        assert_int_equal(r->unannotated, s.unannotated);
        assert_int_equal(r->foreign, s.foreign);
        assert_int_equal(r->annotated + r->unannotated + r->foreign, s.reads);
        assert_int_equal(r->molecules, s.molecules);
        assert_int_equal(r->unique_reads, exm_collapse_count(c));
        for (int k = 0; k < 5; k++) top += s.top[k];
        assert_int_equal(r->top5_reads, top);
        assert_int_equal(r->mirnas_in_reference, exm_ref_n_entities(world.small.ref));
        assert_int_equal(r->n_clades, 2);
        assert_string_equal(r->clades[0].name, "nematodes:cel");
        assert_int_equal(r->clades[0].reads, s.clade[0]);
        assert_int_equal(r->clades[1].reads, s.clade[1]);
        assert_true(s.clade[0] > s.clade[1] && s.clade[1] > 0);
        assert_true(s.annotated > 5000 && s.unannotated > 5000);
        assert_features(r, &s);
        assert_classes(r, &s, umi);
        assert_isomirs(r, &s);
        assert_matures(r);
        exm_record_free(r);
        exm_collapse_free(c);
    }
}

/* ---- one result ---- */

static void
encoded(const exm_record *r, exm_buf *b)
{
    exm_record whole = *r;

    /* What other modules fill in. */
    whole.sample = whole.database = whole.params_json = whole.kit_evidence = NULL;
    assert_int_equal(exm_record_encode(&whole, b, NULL), EXM_OK);
}

/* Against the letters of the hairpin. */
static void
matures_know_where_an_a_follows(void **state)
{
    exm_record *r = run(inserts, INSERTS, 1, 1, 1);
    const exm_ref *ref = world.small.ref;
    size_t with = 0, without = 0;

    (void) state;
    for (size_t i = 0; i < r->n_matures; i++) {
        const exm_record_mature *m = r->matures + i;
        const size_t n = strcspn(m->hairpins, ",");
        uint32_t t = 0;

        while (strlen(exm_ref_template_get(ref, t)->name) != n ||
               memcmp(exm_ref_template_get(ref, t)->name, m->hairpins, n) != 0)
            t++;
        for (int d3 = EXM_A_BEHIND_FROM; d3 <= EXM_A_BEHIND_TO; d3++) {
            const long at = (long) (m->start + m->len) + d3;
            const int is = (int) (m->a_behind >> (d3 - EXM_A_BEHIND_FROM) & 1);
            const exm_ref_template *x = exm_ref_template_get(ref, t);

            if (at < 0 || at >= (long) x->len)
                assert_int_equal(is, 0);
            else
                assert_int_equal(is, oracle_letter(ref, x->start + (uint64_t) at) == 'A');
            *(is ? &with : &without) += 1;
        }
    }
    assert_true(with > 20 && without > 20);
    exm_record_free(r);
}

static void
order_and_threads_leave_no_trace(void **state)
{
    static const size_t strides[] = {1, 7, 1999, INSERTS - 1};
    static const unsigned threads[] = {1, 2, 3, 8};
    exm_buf want = {0}, got = {0};
    exm_record *r = run(inserts, INSERTS, 1, 1, 1);

    (void) state;
    encoded(r, &want);
    exm_record_free(r);
    for (size_t i = 0; i < 16; i++) {
        r = run(inserts, INSERTS, strides[i % 4], 1, threads[i / 4]);
        exm_buf_clear(&got);
        encoded(r, &got);
        exm_record_free(r);
        assert_int_equal(got.len, want.len);
        assert_memory_equal(got.data, want.data, want.len);
    }
    /* Negative control: one read more shows. */
    inserts[17].copies++;
    r = run(inserts, INSERTS, 1, 1, 1);
    inserts[17].copies--;
    exm_buf_clear(&got);
    encoded(r, &got);
    exm_record_free(r);
    assert_true(got.len != want.len || memcmp(got.data, want.data, want.len) != 0);
    exm_buf_done(&want);
    exm_buf_done(&got);
}

/* ---- edges ---- */

static void
an_empty_sample_has_classes_and_no_counts(void **state)
{
    exm_record *r = run(inserts, 0, 1, 0, 2);
    exm_buf b = {0};

    (void) state;
    assert_int_equal(r->n_classes, exm_ref_n_classes(world.small.ref) + 1);
    assert_int_equal(r->n_features + r->n_isomirs + r->n_matures + r->n_clades, 0);
    assert_int_equal(r->annotated + r->unannotated + r->foreign + r->top5_reads, 0);
    assert_true(isnan(r->error_rate));
    encoded(r, &b);
    exm_buf_done(&b);
    exm_record_free(r);
}

static struct insert
insert_of(const char *seq, uint64_t copies)
{
    struct insert x = {.len = (uint32_t) strlen(seq), .copies = copies, .umi = 1024};

    memcpy(x.seq, seq, x.len + 1);
    return x;
}

static void
one_read_is_a_sample(void **state)
{
    const exm_ref_entity *e = exm_ref_entity_get(world.small.ref, 5);
    const struct insert one = insert_of(e->seq, (uint64_t) 1 << 40);
    exm_record *r = run(&one, 1, 1, 0, 8);

    (void) state;
    assert_int_equal(r->n_features, 1);
    assert_string_equal(r->features[0].name, e->name);
    assert_true(r->features[0].em[0] == (uint64_t) 1 << 40);
    assert_true(r->features[0].unique[1] == (uint64_t) 1 << 40);
    assert_int_equal(r->n_isomirs, 1);
    assert_true(r->top5_reads == (uint64_t) 1 << 40);
    exm_record_free(r);
}

static void
foreign_reads_alone_are_a_sample(void **state)
{
    struct insert two[2];
    exm_record *r;

    (void) state;
    two[0] = insert_of(world.foreign[0], 5);
    two[1] = insert_of(world.foreign[1], 5); /* as many: by name */
    r = run(two, 2, 1, 0, 1);
    assert_int_equal(r->foreign, 10);
    assert_int_equal(r->n_features, 0);
    assert_int_equal(r->n_clades, 2);
    assert_true(strcmp(r->clades[0].name, r->clades[1].name) < 0);
    exm_record_free(r);
}

/* Long inserts and short ones, some of which no class explains. */
static void
inserts_of_any_length_are_counted(void **state)
{
    struct insert v[200];
    exm_record *r;
    uint64_t n = 0;

    (void) state;
    for (size_t i = 0; i < 200; i++) {
        char seq[WORLD_READ];

        random_letters(&world.rng, seq, i + 1);
        v[i] = insert_of(seq, 1);
        n += v[i].copies;
    }
    r = run(v, 200, 1, 0, 2);
    assert_int_equal(r->annotated + r->unannotated + r->foreign, n);
    assert_true(r->unannotated > n - 5);
    exm_record_free(r);
}

static void
each_failed_allocation_is_reported(void **state)
{
    exm_collapse *c = collapse(inserts, 3000, 1, 1);
    exm_record *whole = tally(c, 1, 1);
    exm_buf want = {0}, got = {0};
    exm_pool *pool = NULL;
    unsigned survived = 0;
    int k, fired = 1;

    (void) state;
    encoded(whole, &want);
    exm_record_free(whole);
    assert_int_equal(exm_pool_new(1, &pool, NULL), EXM_OK);
    for (k = 0; fired && k < 5000; k++) {
        exm_record *r = blank_record(1);
        exm_error err = {0};
        exm_status st;

        oom_arm(k);
        st = exm_tally_run(world.sse4, world.small.ref, c, NULL, pool, r, &err);
        fired = oom_fired();
        oom_arm(-1);
        if (st == EXM_OK) {
            survived += fired ? 1U : 0U;
            exm_buf_clear(&got);
            encoded(r, &got);
            assert_int_equal(got.len, want.len);
            assert_memory_equal(got.data, want.data, want.len);
        } else {
            assert_int_equal(st, EXM_ENOMEM);
            assert_int_equal(err.code, EXM_ENOMEM);
        }
        exm_record_free(r);
    }
    assert_in_range(k, 100, 4000);
    assert_int_equal(survived, 1); /* a block that could not be made smaller */
    exm_buf_done(&want);
    exm_buf_done(&got);
    exm_pool_free(pool);
    exm_collapse_free(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_what_the_explanations_add_up_to),
        cmocka_unit_test(matures_know_where_an_a_follows),
        cmocka_unit_test(order_and_threads_leave_no_trace),
        cmocka_unit_test(an_empty_sample_has_classes_and_no_counts),
        cmocka_unit_test(one_read_is_a_sample),
        cmocka_unit_test(foreign_reads_alone_are_a_sample),
        cmocka_unit_test(inserts_of_any_length_are_counted),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
