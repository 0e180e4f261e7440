/*
 * trna.c - types of tRNA fragments from their place on the tRNA.
 *
 * Workload: some hundred templates at start, then a few comparisons per unique read.  A
 * sequence alone does not tell where a tRNA is cut in half, and names of tRNAs come in too
 * many forms, so the anticodon loop is found by what makes it one: a stem of five pairs
 * around seven bases with T33.
 */
#include "exomir/trna.h"

#include "exomir/text.h"

#include <stdlib.h>

enum {
    STEM = 5,
    LOOP = 7,
    WINDOW = 2 * STEM + LOOP,
    FIRST = 18,     /* before it there is no room for acceptor stem and D arm */
    CANONICAL = 26, /* 0-based: position 27 of the canonical numbering */
    LEAST_SCORE = 24,
    SLACK = 1 /* nt that the first base of a tRF-1 may lie off the trailer's */
};

struct span {
    uint32_t from, to; /* tRNA: the loop; pre-tRNA: 'from' is the trailer's start */
};

struct exm_trna {
    uint32_t class_trna, class_pre; /* UINT32_MAX: no such class */
    uint32_t first_trna, first_pre;
    struct span *trna, *pre; /* by template, from the class's first on */
    const exm_ref *ref;
};

const char *
exm_trf_name(exm_trf t)
{
    static const char *const name[] = {"whole",  "5p-half", "3p-half", "5p-tRF",
                                       "3p-tRF", "i-tRF",   "tRF-1",   "precursor"};

    return (unsigned) t < EXM_TRF_COUNT ? name[t] : "";
}

const char *
exm_trf_description(exm_trf t)
{
    static const char *const text[] = {
        "the whole tRNA, from its first base to the CCA",
        "from the first base into the anticodon loop",
        "from the anticodon loop to the CCA",
        "from the first base, ends outside the anticodon loop",
        "ends with the CCA, begins outside the anticodon loop",
        "has neither end of the tRNA",
        "the trailer of the precursor, up to its run of T",
        "other parts of the precursor: leader, intron, unprocessed ends"};

    return (unsigned) t < EXM_TRF_COUNT ? text[t] : "";
}

/* ---- the anticodon loop ---- */

enum { A, C, T, G, NO_BASE }; /* codes of the planes */

static int
base_at(const exm_ref *r, const exm_ref_template *t, uint32_t i)
{
    const uint64_t p = t->start + i, bit = (uint64_t) 1 << (p & 63);

    if (exm_ref_plane_no(r)[p >> 6] & bit) return NO_BASE;
    return (exm_ref_plane_lo(r)[p >> 6] & bit ? 1 : 0) |
           (exm_ref_plane_hi(r)[p >> 6] & bit ? 2 : 0);
}

static int
pair_score(int a, int b)
{
    if (a > b) return pair_score(b, a);
    if (a == C && b == G) return 3;
    if (a == A && b == T) return 2;
    return a == T && b == G ? 1 : -2;
}

static int
loop_score(const exm_ref *r, const exm_ref_template *t, uint32_t p)
{
    const int b32 = base_at(r, t, p + STEM), b33 = base_at(r, t, p + STEM + 1),
              b37 = base_at(r, t, p + STEM + 5);
    int score = -abs((int) p - CANONICAL);

    for (uint32_t i = 0; i < STEM; i++)
        score += 4 * pair_score(base_at(r, t, p + i), base_at(r, t, p + WINDOW - 1 - i));
    score += b33 == T ? 12 : 0;
    score += b37 == A || b37 == G ? 4 : 0;
    score += b32 == C || b32 == T ? 4 : 0;
    return score;
}

static struct span
find_loop(const exm_ref *r, const exm_ref_template *t)
{
    struct span best = {0, 0};
    int most = LEAST_SCORE - 1;

    for (uint32_t p = FIRST; p + WINDOW <= t->len; p++) {
        const int score = loop_score(r, t, p);

        if (score <= most) continue;
        most = score;
        best = (struct span){p + STEM, p + STEM + LOOP};
    }
    return best;
}

/* The mature part of a precursor is masked but for its flanks; the trailer lies behind the
 * last masked base and one flank. */
static struct span
find_trailer(const exm_ref *r, const exm_ref_template *t)
{
    for (uint32_t i = t->len; i > 0; i--)
        if (base_at(r, t, i - 1) == NO_BASE)
            return (struct span){i + EXM_PRETRNA_FLANK < t->len ? i + EXM_PRETRNA_FLANK : 0,
                                 t->len};
    return (struct span){0, 0};
}

/* ---- the object ---- */

static uint32_t
class_named(const exm_ref *r, const char *name)
{
    for (uint32_t c = 1; c < exm_ref_n_classes(r); c++)
        if (exm_ref_class_get(r, c)->kind == EXM_KIND_CARGO &&
            exm_text_same(exm_ref_class_get(r, c)->name, name))
            return c;
    return UINT32_MAX;
}

/* Spans of all templates of a class; NULL when out of memory. */
static struct span *
spans_of(const exm_ref *r, uint32_t class_id, uint32_t *ret_first,
         struct span (*find)(const exm_ref *r, const exm_ref_template *t))
{
    const exm_ref_class *k = class_id == UINT32_MAX ? NULL : exm_ref_class_get(r, class_id);
    struct span *v = calloc(k ? k->n_templates + 1U : 1, sizeof *v);

    for (uint32_t i = 0; v && k && i < k->n_templates; i++)
        v[i] = find(r, exm_ref_template_get(r, k->first_template + i));
    *ret_first = k ? k->first_template : 0;
    return v;
}

exm_status
exm_trna_new(const exm_ref *ref, exm_trna **ret, exm_error *reterr)
{
    exm_trna *t;

    if (!ref || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "trna: an argument is NULL");
    t = calloc(1, sizeof *t);
    if (t) {
        t->ref = ref;
        t->class_trna = class_named(ref, "tRNA");
        t->class_pre = class_named(ref, "pre-tRNA");
        t->trna = spans_of(ref, t->class_trna, &t->first_trna, find_loop);
        t->pre = spans_of(ref, t->class_pre, &t->first_pre, find_trailer);
    }
    if (!t || !t->trna || !t->pre) {
        exm_trna_free(t);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the tRNAs of the reference");
    }
    *ret = t;
    return EXM_OK;
}

void
exm_trna_free(exm_trna *t)
{
    if (!t) return;
    free(t->trna);
    free(t->pre);
    free(t);
}

int
exm_trna_any(const exm_trna *t)
{
    return t->class_trna != UINT32_MAX || t->class_pre != UINT32_MAX;
}

int
exm_trna_loop(const exm_trna *t, uint32_t template_id, uint32_t *ret_from, uint32_t *ret_to)
{
    const exm_ref_template *x = exm_ref_template_get(t->ref, template_id);

    if (!x || x->class_id != t->class_trna) return 0;
    *ret_from = t->trna[template_id - t->first_trna].from;
    *ret_to = t->trna[template_id - t->first_trna].to;
    return *ret_to > 0;
}

uint32_t
exm_trna_trailer(const exm_trna *t, uint32_t template_id)
{
    const exm_ref_template *x = exm_ref_template_get(t->ref, template_id);

    return x && x->class_id == t->class_pre ? t->pre[template_id - t->first_pre].from : 0;
}

/* ---- types ---- */

/* A cut before base 'at' that touches the loop. */
static int
is_cut_in(const struct span *loop, int64_t at)
{
    return loop->to > 0 && at >= loop->from && at <= loop->to;
}

static exm_trf
type_on_trna(const exm_trna *t, const exm_candidate *c, uint32_t len)
{
    const struct span *loop = t->trna + (c->template_id - t->first_trna);
    const int64_t end = exm_ref_template_get(t->ref, c->template_id)->len;
    const int64_t from = c->start + c->n_add5, to = c->start + len - c->n_tail;

    if (from <= 0 && to == end) return EXM_TRF_WHOLE;
    if (from <= 0) return is_cut_in(loop, to) ? EXM_TRF_5P_HALF : EXM_TRF_5P;
    if (to == end) return is_cut_in(loop, from) ? EXM_TRF_3P_HALF : EXM_TRF_3P;
    return EXM_TRF_INTERNAL;
}

exm_trf
exm_trna_type(const exm_trna *t, const exm_candidate *c, uint32_t len, int ends_in_ttt)
{
    if (c->class_id == t->class_trna) return type_on_trna(t, c, len);
    if (c->class_id == t->class_pre) {
        const int64_t trailer = t->pre[c->template_id - t->first_pre].from;

        return trailer > 0 && ends_in_ttt && c->start >= trailer - SLACK &&
                       c->start <= trailer + SLACK
                   ? EXM_TRF_1
                   : EXM_TRF_PRECURSOR;
    }
    return EXM_TRF_NONE;
}
