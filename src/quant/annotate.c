/*
 * annotate.c - all acceptable explanations of an insert, on bit planes.
 *
 * Workload: 10^5 to 10^7 unique inserts of 16-63 nt against 10^5 to 10^8 positions.  A seed
 * look-up gives positions p in the text at which the insert may begin; there, the 64-nt
 * window of the text is fetched (two words and a shift per plane) and one expression
 *
 *     differ = (lo ^ text_lo) | (hi ^ text_hi) | text_no
 *
 * has a bit for every base that the template does not explain (places.h).  All rules of
 * annotate.h are bit counts on it.
 *
 * What the seeds guarantee.  The bits rule asks for a core (the insert without its tail) of
 * 14 nt or more without, 18 with one and 22 with two substitutions.  Of the seeds at 0 and k,
 * which do not overlap, one substitution spares one: with k <= 9 all explanations with at
 * most one are found.  With k = 8 (miRNA; other classes of at most 65,536 positions) those at k - 2,
 * k - 1 and 2k - 2, 2k - 1, 2k besides spare one of any two substitutions that leave 8
 * matching nt in a row at all: where the second lies at 2k or beyond, 0 or k are spared; at
 * 2k - 1 and 2k - 2, k - 1 and k - 2; before, 2k - 2; and likewise with cores of 23 and 24
 * and more.  With k = 9 they find most.  With a larger k the first look-ups are at 0, 4,
 * 8 ... (from 30 nt on: five evenly spread) and at the insert's end, and there are no second
 * ones; one substitution at 8 to k - 1 may then be missed where the core ends before the
 * seed at 12 does.
 *
 * A position is reached once per matching seed; it is judged at the first.
 */
#include "exomir/annotate.h"

#include "annotate_impl.h"
#include "places.h"

#include <stdlib.h>
#include <string.h>

enum {
    COST_SUB = 10,
    COST_TAIL = 3,
    BITS_MATCH = 2,
    BITS_SUB = 6,
    BITS_BASE = 13,
    BITS_NEVER = 1 << 20, /* more than any insert has */
    FEW = 12,             /* candidates, for which a call of qsort() is too long a way */
    PIGEONHOLE_K = 9 /* longest seed of which two fit into the least core of one mismatch */
};

struct exm_annotator {
    const exm_ref *ref;
    const uint64_t *lo, *hi, *no;
    exm_ref_index index[EXM_REF_INDEXES];
    uint32_t *min_bits;       /* [classes] */
    unsigned char *whole;     /* [classes] 1: short templates count at their whole length */
    unsigned char *junction;  /* [classes] nt to be covered on both sides of a junction */
    exm_annotator *antisense; /* or NULL */
    exm_seed_plan plan[EXM_REF_INDEXES]
                      [EXM_ANNOTATE_MAX_PACKED + 1]; /* by length; empty for short ones */
    exm_places_hits hits;
};

/* An insert, and the run of one exm_annotate_answer(). */
struct query {
    const exm_annotator *a;
    exm_question *asked;
    exm_annotation *out;
    exm_error *err;
};

static uint64_t
low_bits(uint32_t n)
{
    return n >= 64 ? ~(uint64_t) 0 : ((uint64_t) 1 << n) - 1;
}

/* ---- which seeds ---- */

static void
add_seed(exm_seed_plan *s, uint32_t n, uint32_t k, uint32_t at)
{
    if (at + k > n) return;
    s->at[s->n] = (unsigned char) at;
    s->around[s->n++] = (uint16_t) exm_places_around(low_bits(n - EXM_MAX_TAIL), at, k);
}

/* Of a stretch's k-mers the index holds one in 'step': each next to another is asked for. */
static void
plan_stretches(exm_seed_plan *s, uint32_t n, uint32_t k, uint32_t step)
{
    const uint32_t stretch = k + step - 1, apart = (k + step - 1) / step * step;
    const uint32_t second = apart + stretch < n ? apart : n - stretch;

    if (n < stretch) { /* as many as there are */
        for (uint32_t at = 0; at + k <= n; at++) add_seed(s, n, k, at);
    } else {
        for (uint32_t i = 0; i < step; i++) add_seed(s, n, k, i);
        for (uint32_t i = 0; i < step; i++)
            if (second + i >= step) add_seed(s, n, k, second + i);
    }
    s->n_first = s->n;
}

/* What finds up to one substitution; and what finds two, behind those. */
static void
plan_seeds(exm_seed_plan *s, uint32_t n, const exm_ref_index *index)
{
    const uint32_t k = index->k, last = n - k, step = n < 30 ? 4 : last / 4;

    if (index->off[(size_t) 1 << 2 * k] == 0) return; /* nothing to be found */
    if (index->step > 1) {
        plan_stretches(s, n, k, index->step);
        return;
    }
    if (k > PIGEONHOLE_K) {
        for (uint32_t at = 0; at <= last; at += step) add_seed(s, n, k, at);
        if (last % step != 0) add_seed(s, n, k, last);
        s->n_first = s->n;
        return;
    }
    add_seed(s, n, k, 0);
    add_seed(s, n, k, k);
    s->n_first = s->n;
    if (n >= 3 * k + EXM_MAX_TAIL) { /* any core holds three seeds: one is spared */
        add_seed(s, n, k, 2 * k);
        return;
    }
    for (uint32_t i = 0; i <= 2; i++) add_seed(s, n, k, 2 * k - i);
    for (uint32_t i = 1; i <= 2; i++) add_seed(s, n, k, k - i);
}

/* ---- the object ---- */

static uint32_t
bits_needed(uint64_t positions)
{
    uint32_t log2_up = EXM_LEAST_SPACE_LOG2;

    while (log2_up < 63 && ((uint64_t) 1 << log2_up) < positions) log2_up++;
    return BITS_BASE + log2_up;
}

/* Does an index hold any class that is looked at? */
static int
is_of_use(const exm_annotator *a, int which)
{
    for (uint32_t c = 0; c < exm_ref_n_classes(a->ref); c++)
        if (exm_ref_class_get(a->ref, c)->index == which && a->min_bits[c] != BITS_NEVER)
            return 1;
    return 0;
}

static exm_status
make(const exm_ref *ref, int antisense, exm_annotator **ret, exm_error *reterr)
{
    const uint32_t n = exm_ref_n_classes(ref);
    exm_annotator *a = calloc(1, sizeof *a);

    if (a) a->min_bits = calloc(n, sizeof *a->min_bits);
    if (a) a->whole = calloc(n, sizeof *a->whole);
    if (a) a->junction = calloc(n, sizeof *a->junction);
    if (!a || !a->min_bits || !a->whole || !a->junction) {
        exm_annotator_free(a);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the annotator");
    }
    a->ref = ref;
    a->lo = exm_ref_plane_lo(ref);
    a->hi = exm_ref_plane_hi(ref);
    a->no = exm_ref_plane_no(ref);
    for (uint32_t c = 0; c < n; c++) {
        const exm_ref_class *k = exm_ref_class_get(ref, c);

        a->min_bits[c] =
            antisense && !k->antisense ? BITS_NEVER : bits_needed(k->positions);
        a->whole[c] = k->kind == EXM_KIND_SPIKE;
        a->junction[c] = (unsigned char) k->junction_nt;
    }
    for (int w = 0; w < EXM_REF_INDEXES; w++) {
        a->index[w] = *exm_ref_index_get(ref, w);
        if (!is_of_use(a, w)) continue;
        for (uint32_t len = EXM_ANNOTATE_MIN_NT; len <= EXM_ANNOTATE_MAX_PACKED; len++)
            plan_seeds(&a->plan[w][len], len, &a->index[w]);
    }
    exm_annotator_set_simd(a, EXM_SIMD_AUTO);
    *ret = a;
    return EXM_OK;
}

exm_status
exm_annotator_new(const exm_ref *ref, exm_annotator **ret, exm_error *reterr)
{
    exm_annotator *a = NULL;
    exm_status st;
    int antisense = 0;

    if (!ref || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "annotator: an argument is NULL");
    for (uint32_t c = 0; c < exm_ref_n_classes(ref); c++)
        antisense |= exm_ref_class_get(ref, c)->antisense;
    st = make(ref, 0, &a, reterr);
    if (st == EXM_OK && antisense) st = make(ref, 1, &a->antisense, reterr);
    if (st == EXM_OK)
        *ret = a;
    else
        exm_annotator_free(a);
    return st;
}

void
exm_annotator_free(exm_annotator *a)
{
    if (!a) return;
    exm_annotator_free(a->antisense);
    free(a->min_bits);
    free(a->whole);
    free(a->junction);
    free(a);
}

void
exm_annotator_set_simd(exm_annotator *a, exm_simd path)
{
    a->hits = exm_simd_resolve(path) == EXM_SIMD_SSE4 ? exm_places_hits_sse4
                                                      : exm_places_hits_scalar;
    if (a->antisense) a->antisense->hits = a->hits;
}

uint32_t
exm_annotator_min_bits(const exm_annotator *a, uint32_t class_id)
{
    return a->min_bits[class_id];
}

const exm_ref *
exm_annotator_ref(const exm_annotator *a)
{
    return a->ref;
}

const exm_annotator *
exm_annotator_antisense(const exm_annotator *a)
{
    return a->antisense;
}

int
exm_annotator_takes(const exm_annotator *a, const exm_ref_template *t, int64_t start,
                    uint32_t n, uint32_t core)
{
    const int64_t nt = a->junction[t->class_id], junction = t->junction;

    if (nt) return start + nt <= junction && start + (int64_t) core >= junction + nt;
    return !a->whole[t->class_id] || t->len > EXM_ANNOTATE_MAX_PACKED ||
           (start == 0 && n == t->len);
}

int
exm_annotator_takes_subs(const exm_annotator *a, const exm_ref_template *t,
                         const exm_candidate *c)
{
    const int64_t nt = a->junction[t->class_id], junction = t->junction;

    for (int i = 0; nt && i < c->n_sub; i++) {
        const int64_t at = c->start + c->sub_at[i];

        if (at >= junction - nt && at < junction + nt) return 0;
    }
    return 1;
}

void
exm_annotation_done(exm_annotation *a)
{
    if (!a) return;
    free(a->cand);
    *a = (exm_annotation){0};
}

/* ---- judging a place ---- */

static uint32_t
shift_of(int d5, int d3)
{
    return 2U * (uint32_t) abs(d5) + (uint32_t) abs(d3);
}

/* An insert laid at a place of the text. */
struct place {
    uint64_t begin;  /* text position of its base 0 */
    uint64_t differ; /* bit i: base i is not explained here */
    uint64_t none;   /* bit i: it stands against no base of the text */
};

/* The same at a place of a template, without the tail. */
struct fit {
    const exm_ref_template *t;
    int64_t start;
    uint32_t core;
    uint64_t differ, none;
};

/* Leading mismatches that lie before the mature's start, at most two. */
static uint32_t
additions(uint64_t core_differ, int d5)
{
    uint32_t n = 0;

    while (n < EXM_MAX_SUBS && d5 + (int) n < 0 && (core_differ >> n & 1)) n++;
    return n;
}

/* The mature of least shift whose window holds the templated stretch; where there is none,
 * only bases before the template are additions. */
static void
name_mature(const struct query *q, const struct fit *f, exm_candidate *c)
{
    for (uint32_t i = f->t->first_mature; i < f->t->first_mature + f->t->n_matures; i++) {
        const exm_ref_mature *m = exm_ref_mature_get(q->a->ref, i);
        const int64_t raw5 = f->start - (int64_t) m->start;
        const int64_t d3 = f->start + (int64_t) f->core - (int64_t) (m->start + m->len);
        uint32_t add5;
        int64_t d5;

        if (raw5 < -EXM_WINDOW_5P - EXM_MAX_SUBS || raw5 > EXM_WINDOW_5P ||
            d3 < -EXM_WINDOW_3P_IN || d3 > EXM_WINDOW_3P_OUT)
            continue;
        add5 = additions(f->differ, (int) raw5);
        d5 = raw5 + add5;
        if (d5 < -EXM_WINDOW_5P || f->none >> add5) continue;
        if (c->mature != UINT32_MAX && shift_of((int) d5, (int) d3) >= c->shift) continue;
        c->mature = i;
        c->entity = m->entity;
        c->d5 = (int8_t) d5;
        c->d3 = (int8_t) d3;
        c->n_add5 = (uint8_t) add5;
        c->shift = shift_of((int) d5, (int) d3);
    }
}

/* Room for one more candidate: filled where it will stay. */
static exm_candidate *
next_candidate(exm_annotation *o)
{
    if (o->n == o->cap) {
        const size_t cap = o->cap ? o->cap * 2 : 16;
        exm_candidate *p = realloc(o->cand, cap * sizeof *p);

        if (!p) return NULL;
        o->cand = p;
        o->cap = cap;
    }
    return o->cand + o->n;
}

static void
put_substitutions(const struct query *q, uint64_t begin, uint64_t core_differ,
                  exm_candidate *c)
{
    int k = 0;

    for (core_differ = core_differ >> c->n_add5 << c->n_add5; core_differ;
         core_differ &= core_differ - 1) {
        const uint32_t at = (uint32_t) __builtin_ctzll(core_differ);
        const uint64_t p = begin + at;

        c->sub_at[k] = (uint8_t) at;
        c->sub_ref[k++] = (uint8_t) ((q->a->lo[p >> 6] >> (p & 63) & 1) |
                                     (q->a->hi[p >> 6] >> (p & 63) & 1) << 1);
        c->n_sub = (uint8_t) k;
    }
}

/* How many bits are set, which are EXM_MAX_SUBS = 2 at most; more are told as 3. */
static uint32_t
count_few(uint64_t x)
{
    const uint64_t y = x & (x - 1), z = y & (y - 1);

    return (uint32_t) (x != 0) + (uint32_t) (y != 0) + (uint32_t) (z != 0);
}

/* A place that fits; a seed of its lies at text position 'seed'. */
static exm_status
judge(const struct query *q, const struct place *place, uint64_t seed)
{
    exm_question *asked = q->asked;
    const uint32_t id = exm_ref_template_at(q->a->ref, seed);
    const exm_ref_template *t = exm_ref_template_get(q->a->ref, id);
    const int64_t start = (int64_t) place->begin - (int64_t) t->start;
    /* What lies before the template may well be the end of another one. */
    const uint64_t before = start < 0 ? low_bits((uint32_t) -start) : 0;
    const uint64_t late = place->differ >> (asked->n - EXM_MAX_TAIL);
    const uint32_t tail = late ? EXM_MAX_TAIL - (uint32_t) __builtin_ctzll(late) : 0;
    const uint32_t core = asked->n - tail;
    const struct fit f = {.t = t,
                          .start = start,
                          .core = core,
                          .differ = (place->differ | before) & low_bits(core),
                          .none = (place->none | before) & low_bits(core)};
    const uint32_t wrong = count_few(f.differ), cost = COST_SUB * wrong + COST_TAIL * tail;
    exm_candidate *c;

    if (wrong > EXM_MAX_SUBS || cost > (uint64_t) asked->best + asked->margin ||
        BITS_MATCH * (core - wrong) < BITS_SUB * wrong + q->a->min_bits[t->class_id] ||
        !exm_annotator_takes(q->a, t, start, asked->n, core))
        return EXM_OK;
    c = next_candidate(q->out);
    if (!c) return exm_fail(q->err, EXM_ENOMEM, 0, "no memory for explanations");
    *c = (exm_candidate){.class_id = t->class_id,
                         .template_id = id,
                         .mature = UINT32_MAX,
                         .entity = UINT32_MAX,
                         .start = start,
                         .n_tail = (uint8_t) tail,
                         .n_add5 = (uint8_t) (start < 0 ? -start : 0),
                         .cost = cost};
    if (t->class_id == 0) name_mature(q, &f, c);
    if (f.none >> c->n_add5) return EXM_OK; /* a substitution against no base */
    put_substitutions(q, place->begin, f.differ, c);
    if (!exm_annotator_takes_subs(q->a, t, c)) return EXM_OK;
    q->out->n++;
    if (cost < asked->best) asked->best = cost;
    return EXM_OK;
}

/* ---- seeds ---- */

/* Was this place reached by an earlier seed?  Then that seed's bases all match. */
static int
seen_before(const exm_seed_plan *s, const exm_ref_index *index, uint32_t i,
            const struct place *p)
{
    for (uint32_t e = 0; e < i; e++)
        if ((p->differ >> s->at[e] & low_bits(index->k)) == 0 &&
            ((p->begin + s->at[e]) & (index->step - 1)) == 0)
            return 1;
    return 0;
}

static uint64_t
window(const uint64_t *plane, uint64_t p)
{
    const uint64_t *w = plane + (p >> 6);

    return w[0] >> (p & 63) | w[1] << 1 << (63 - (p & 63));
}

/* Compares the whole insert; 0: it does not fit. */
static int
compare(const struct query *q, uint64_t begin, struct place *ret)
{
    const uint64_t mask = low_bits(q->asked->n);
    const uint64_t none = window(q->a->no, begin) & mask;
    const uint64_t differ = (((window(q->a->lo, begin) ^ q->asked->lo) |
                              (window(q->a->hi, begin) ^ q->asked->hi)) &
                             mask) |
                            none;

    *ret = (struct place){begin, differ, none};
    return count_few(differ & mask >> EXM_MAX_TAIL) <= EXM_MAX_SUBS;
}

/* Most places that fit are reached by every seed: no second comparison. */
static int
was_tried(exm_question *q, uint64_t begin)
{
    for (uint32_t i = 0; i < EXM_TRIED && i < q->n_tried; i++)
        if (q->tried[i] == begin) return 1;
    q->tried[q->n_tried++ % EXM_TRIED] = begin;
    return 0;
}

/* The places of the seeds that were asked for in one index. */
static exm_status
scan(const struct query *q, int which)
{
    const exm_seeds *s = &q->asked->seeds[which];
    const exm_ref_index *index = &q->a->index[which];
    exm_places_query places = {.asked = q->asked,
                               .seeds = s,
                               .place = index->place,
                               .n_places = index->off[(size_t) 1 << 2 * index->k],
                               .k = index->k,
                               .seed = s->seed,
                               .end = s->end};
    exm_hit hit[EXM_HITS];
    size_t n;

    while ((n = q->a->hits(&places, hit)) > 0) {
        for (size_t i = 0; i < n; i++) {
            const uint32_t by = (uint32_t) (hit[i] >> 32);
            const uint64_t seed = index->place[(uint32_t) hit[i]].at;
            const uint64_t begin = seed - s->plan->at[by];
            struct place p;
            exm_status st;

            if (was_tried(q->asked, begin) || !compare(q, begin, &p) ||
                seen_before(s->plan, index, by, &p))
                continue;
            st = judge(q, &p, seed);
            if (st != EXM_OK) return st;
        }
        if (n < EXM_HITS - 3) break;
    }
    return EXM_OK;
}

/* Two substitutions cost 20: of no interest where something below 20 - margin is known, nor
 * where the bits rule refuses them whatever matches. */
static int
two_may_count(const exm_question *q)
{
    return (uint64_t) q->best + q->margin >= (uint64_t) 2 * COST_SUB &&
           BITS_MATCH * (q->n - 2) >= BITS_SUB * 2 + BITS_BASE + EXM_LEAST_SPACE_LOG2;
}

/* Are there any that were not asked for yet? */
static int
has_second_seeds(const exm_question *q)
{
    int more = 0;

    for (int w = 0; w < EXM_REF_INDEXES; w++) more |= q->seeds[w].end < q->seeds[w].plan->n;
    return more;
}

/* ---- order ---- */

static int
is_bare_hairpin(const exm_candidate *c)
{
    return c->class_id == 0 && c->entity == UINT32_MAX;
}

/* Does a stand before b? */
static int
ranks_before(const exm_candidate *a, const exm_candidate *b)
{
    const int only_a = is_bare_hairpin(a), only_b = is_bare_hairpin(b);

    if (a->cost != b->cost) return a->cost < b->cost;
    if (only_a != only_b) return only_b; /* a bare hairpin behind all classes */
    if (a->class_id != b->class_id) return a->class_id < b->class_id;
    if (a->shift != b->shift) return a->shift < b->shift;
    if (a->entity != b->entity) return a->entity < b->entity;
    if (a->template_id != b->template_id) return a->template_id < b->template_id;
    return a->start < b->start;
}

static int
by_rank(const void *pa, const void *pb)
{
    return ranks_before(pb, pa) - ranks_before(pa, pb);
}

static void
sort_by_rank(exm_candidate *c, size_t n)
{
    if (n > FEW) {
        qsort(c, n, sizeof *c, by_rank);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        const exm_candidate x = c[i];
        size_t k = i;

        for (; k > 0 && ranks_before(&x, c + k - 1); k--) c[k] = c[k - 1];
        c[k] = x;
    }
}

void
exm_annotation_rank(exm_annotation *o, uint32_t best, uint32_t margin)
{
    size_t n = 0;

    for (size_t i = 0; i < o->n; i++)
        if (o->cand[i].cost <= (uint64_t) best + margin) {
            if (n < i) o->cand[n] = o->cand[i];
            n++;
        }
    o->n = n;
    if (n > 1) sort_by_rank(o->cand, n);
    o->n_best = 0;
    while (o->n_best < n && o->cand[o->n_best].cost == best &&
           !(o->cand[0].entity != UINT32_MAX && is_bare_hairpin(o->cand + o->n_best)))
        o->n_best++;
}

/* ---- the steps ---- */

/* The codes of seeds [seed, end) of the plan. */
static void
ask_for(const exm_annotator *a, exm_question *q, int which, uint32_t seed, uint32_t end)
{
    exm_seeds *s = &q->seeds[which];
    const uint32_t k = a->index[which].k;
    const uint64_t mask = low_bits(k);

    s->seed = seed;
    s->end = end;
    for (uint32_t i = seed; i < end; i++) {
        const uint32_t at = s->plan->at[i];
        const uint64_t code = (q->hi >> at & mask) << k | (q->lo >> at & mask);

        s->from[i] = (uint32_t) code;
        __builtin_prefetch(a->index[which].off + code);
    }
}

void
exm_annotate_ask(const exm_annotator *a, uint64_t lo, uint64_t hi, uint32_t margin,
                 exm_question *q, exm_annotation *ret)
{
    const uint32_t n = lo | hi ? 63U - (uint32_t) __builtin_clzll(lo | hi) : 0;

    q->lo = lo & low_bits(n);
    q->hi = hi & low_bits(n);
    q->n = n;
    q->best = UINT32_MAX / 2;
    q->margin = margin;
    q->open = n >= EXM_ANNOTATE_MIN_NT;
    q->n_tried = 0;
    for (int w = 0; w < EXM_REF_INDEXES; w++) {
        q->seeds[w].plan = &a->plan[w][n];
        ask_for(a, q, w, 0, a->plan[w][n].n_first);
    }
    ret->n = ret->n_best = 0;
}

void
exm_annotate_fetch(const exm_annotator *a, exm_question *q)
{
    for (int w = 0; w < EXM_REF_INDEXES; w++) {
        const exm_ref_index *index = &a->index[w];
        exm_seeds *s = &q->seeds[w];

        for (uint32_t i = s->seed; i < s->end; i++) {
            const uint32_t *off = index->off + s->from[i];

            s->from[i] = off[0];
            s->to[i] = off[1];
            __builtin_prefetch(index->place + off[0]);
            __builtin_prefetch(index->place + off[0] + 3); /* places.h reads four */
        }
    }
}

exm_status
exm_annotate_answer(const exm_annotator *a, exm_question *q, exm_annotation *ret,
                    exm_error *reterr)
{
    const struct query run = {.a = a, .asked = q, .out = ret, .err = reterr};
    const int again = q->open && has_second_seeds(q);
    exm_status st = EXM_OK;

    for (int w = 0; q->open && st == EXM_OK && w < EXM_REF_INDEXES; w++)
        if (q->seeds[w].seed < q->seeds[w].end) st = scan(&run, w);
    if (st != EXM_OK) return st;
    q->open = again && two_may_count(q);
    for (int w = 0; q->open && w < EXM_REF_INDEXES; w++)
        ask_for(a, q, w, q->seeds[w].plan->n_first, q->seeds[w].plan->n);
    if (!q->open) exm_annotation_rank(ret, q->best, q->margin);
    return EXM_OK;
}

exm_status
exm_annotate(const exm_annotator *a, uint64_t lo, uint64_t hi, uint32_t margin,
             exm_annotation *ret, exm_error *reterr)
{
    exm_question q;
    exm_status st;

    exm_annotate_ask(a, lo, hi, margin, &q, ret);
    do {
        exm_annotate_fetch(a, &q);
        st = exm_annotate_answer(a, &q, ret, reterr);
    } while (st == EXM_OK && q.open);
    return st;
}

/* ---- packing ---- */

exm_status
exm_pack(const char *seq, size_t len, uint64_t *lo, uint64_t *hi, exm_error *reterr)
{
    uint64_t a = 0, b = 0;

    if (!seq || !lo || !hi)
        return exm_fail(reterr, EXM_EINVAL, 0, "pack: an argument is NULL");
    if (len > 63)
        return exm_fail(reterr, EXM_EDATA, 63, "%zu nt are more than the 63 that fit", len);
    for (size_t i = 0; i < len; i++) {
        const char c = seq[i];

        if (c != 'A' && c != 'C' && c != 'G' && c != 'T')
            return exm_fail(reterr, EXM_EDATA, i, "base %zu is none of A C G T", i + 1);
        a |= (uint64_t) (c >> 1 & 1) << i;
        b |= (uint64_t) (c >> 2 & 1) << i;
    }
    *lo = a | (uint64_t) 1 << len;
    *hi = b;
    return EXM_OK;
}

uint32_t
exm_unpack(uint64_t lo, uint64_t hi, char *buf)
{
    const uint32_t n = lo | hi ? 63U - (uint32_t) __builtin_clzll(lo | hi) : 0;

    for (uint32_t i = 0; i < n; i++) buf[i] = "ACTG"[(lo >> i & 1) | (hi >> i & 1) << 1];
    buf[n] = '\0';
    return n;
}
