/*
 * simulate.c - small-RNA reads whose truth is known.
 *
 * Workload: 10^4 to 10^7 reads, drawn one by one, so memory does not grow with them
 * (with UMIs: it grows with the molecules).  Only integers and exactly rounded operations
 * decide anything, so a seed gives the same file on every machine: no exp(), no log().
 *
 * A read's true variant is given in the normal form of annotate.h at the place where it
 * was made: what a tail has in common with the template counts as templated, a mismatch
 * among the last three bases begins a tail.
 */
#include "simulate_impl.h"

#include "exomir/annotate.h"
#include "exomir/isomir.h"
#include "exomir/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    INSERT_MIN = 16, /* nt: shorter miRNA inserts are washed out when libraries are sized */
    READ_MAX = 512,
    PIECE = 1 << 16,      /* bytes handed to the sink at a time */
    CARGO_TEMPLATES = 60, /* expressed per class */
    TAIL_MAX = EXM_MAX_TAIL
};

enum { INSERT_MAX = EXM_SIM_INSERT_MAX };

exm_simulate_options
exm_simulate_defaults(void)
{
    exm_simulate_options o = {.reads = 300000,
                              .seed = 1,
                              .read_len = 51,
                              .share_cargo = 0.10,
                              .share_random = 0.05,
                              .error_rate = 0.001,
                              .isomir_rate = 0.5,
                              .mirnas = 400,
                              .molecules_share = 0.4,
                              .pcr_cycles = 15,
                              .skew = 2,
                              .edit_rate = 0.1,
                              .quality_levels = 4};
    const exm_layout *truseq;

    if (exm_kit_find("truseq", &truseq, NULL) == EXM_OK) o.layout = *truseq;
    return o;
}

/* ---- chance ---- */

/* Near-normal, mean 0 and SD 1: twelve uniforms (Irwin-Hall). */
static double
near_normal(exm_rng *r)
{
    double s = -6.0;

    for (int i = 0; i < 12; i++) s += exm_rng_double(r);
    return s;
}

/*
 * Log-normal weight 2^(3 z), scaled by 2^20: 2^x is taken as (1 + frac) 2^floor, exact in
 * doubles and on every machine.  Six SD span 2^18, the range seen in plasma.
 */
static uint64_t
abundance(exm_rng *r)
{
    const double x = 20.0 + 3.0 * near_normal(r);
    const uint64_t whole = (uint64_t) x;
    const double frac = x - (double) whole;

    return (uint64_t) ((1.0 + frac) * (double) ((uint64_t) 1 << whole));
}

static uint32_t
choose(const exm_sim_choice *c, exm_rng *r)
{
    const uint64_t x = exm_rng_below(r, c->upto[c->n - 1]);
    size_t lo = 0, hi = c->n - 1;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;

        if (x < c->upto[mid])
            hi = mid;
        else
            lo = mid + 1;
    }
    return c->id[lo];
}

static void
choice_done(exm_sim_choice *c)
{
    free(c->id);
    free(c->upto);
}

/* 'want' of the ids [first, first + n), each with an abundance. */
static exm_status
choice_init(exm_sim_choice *c, uint32_t first, uint32_t n, uint32_t want, exm_rng *r,
            exm_error *reterr)
{
    uint64_t sum = 0;

    if (want > n) want = n;
    c->id = calloc(n ? n : 1, sizeof *c->id);
    c->upto = calloc(n ? n : 1, sizeof *c->upto);
    if (!c->id || !c->upto) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to simulate");
    for (uint32_t i = 0; i < n; i++) c->id[i] = first + i;
    for (uint32_t i = 0; i < want; i++) { /* the first 'want' of a shuffle */
        const uint32_t k = i + (uint32_t) exm_rng_below(r, n - i);
        const uint32_t t = c->id[i];

        c->id[i] = c->id[k];
        c->id[k] = t;
        sum += abundance(r);
        c->upto[i] = sum;
    }
    c->n = want;
    return EXM_OK;
}

/* ---- templates ---- */

static int
template_base(const exm_ref *ref, const exm_ref_template *t, int64_t at)
{
    const uint64_t p = t->start + (uint64_t) at;
    const uint64_t bit = (uint64_t) 1 << (p & 63);

    if (at < 0 || at >= (int64_t) t->len || exm_ref_plane_no(ref)[p >> 6] & bit) return -1;
    return (exm_ref_plane_lo(ref)[p >> 6] & bit ? 1 : 0) |
           (exm_ref_plane_hi(ref)[p >> 6] & bit ? 2 : 0);
}

/* Copies bases [from, to) of a template; fewer where it ends or holds an N. */
static uint32_t
copy_bases(const exm_ref *ref, const exm_ref_template *t, int64_t from, int64_t to,
           char *ret)
{
    uint32_t n = 0;

    for (int64_t i = from; i < to && n < INSERT_MAX; i++) {
        const int b = template_base(ref, t, i);

        if (b < 0) break;
        ret[n++] = exm_sim_letters[b];
    }
    ret[n] = '\0';
    return n;
}

/* ---- miRNA reads ---- */

struct shape { /* what is done to a mature */
    int d5, d3;
    uint32_t n_tail, n_sub;
    char tail[TAIL_MAX + 1];
};

static int
draw_shift(exm_rng *r, int most)
{
    int d = 1;

    while (d < most && exm_sim_chance(r, 0.3)) d++;
    return exm_sim_chance(r, 0.5) ? d : -d;
}

static char
draw_tail_base(exm_rng *r)
{
    const double x = exm_rng_double(r);

    return x < 0.55 ? 'A' : x < 0.85 ? 'T' : x < 0.93 ? 'C' : 'G';
}

static uint32_t
draw_tail_len(exm_rng *r)
{
    return exm_sim_chance(r, 0.8) ? 1 : exm_sim_chance(r, 0.75) ? 2 : 3;
}

static struct shape
draw_variant(exm_simulator *s)
{
    exm_rng *r = &s->rng;
    struct shape v = {0};

    if (!exm_sim_chance(r, s->o->isomir_rate)) return v;
    do { /* at least one thing; 3' ends vary most, 5' ends least */
        if (exm_sim_chance(r, 0.60)) v.d3 = draw_shift(r, 3);
        if (exm_sim_chance(r, 0.06)) v.d5 = draw_shift(r, 2);
        if (exm_sim_chance(r, 0.25)) v.n_tail = draw_tail_len(r);
        if (exm_sim_chance(r, 0.06)) v.n_sub = 1;
    } while (v.d3 == 0 && v.d5 == 0 && v.n_tail == 0 && v.n_sub == 0);
    return v;
}

static struct shape
draw_shape(exm_simulator *s)
{
    struct shape v = draw_variant(s);

    if (s->o->tail_share > 0.0 && v.n_tail == 0 &&
        exm_sim_chance(&s->rng, s->o->tail_share))
        v.n_tail = draw_tail_len(&s->rng);
    for (uint32_t i = 0; i < v.n_tail; i++) v.tail[i] = draw_tail_base(&s->rng);
    return v;
}

/* nt that one end loses, geometric, at most so many. */
static uint32_t
draw_loss(exm_simulator *s, uint32_t most)
{
    const double again = s->o->lost_nt / (1.0 + s->o->lost_nt);
    uint32_t n = 0;

    while (n < most && exm_sim_chance(&s->rng, again)) n++;
    return n;
}

/* Takes bases off both ends; returns how many off the first. */
static uint32_t
degrade(exm_simulator *s, exm_molecule *m)
{
    uint32_t spare = m->len > INSERT_MIN ? m->len - INSERT_MIN : 0, low, high;

    if (s->o->lost_nt <= 0.0) return 0;
    low = draw_loss(s, spare);
    high = draw_loss(s, spare - low);
    m->len -= low + high;
    memmove(m->seq, m->seq + low, m->len);
    m->seq[m->len] = '\0';
    return low;
}

/*
 * The normal form of read 'seq' that begins at template position 'start': what
 * annotate.h defines, written down once more from the definition.
 */
static exm_variant
normal_form(const exm_ref *ref, const exm_ref_mature *m, int64_t start, const char *seq,
            uint32_t len)
{
    const exm_ref_template *t = exm_ref_template_get(ref, m->template_id);
    exm_variant v = {0};
    uint32_t core = len;

    for (uint32_t i = len > TAIL_MAX ? len - TAIL_MAX : 0; i < len; i++) {
        if (template_base(ref, t, start + i) != exm_sim_code(seq[i])) {
            core = i;
            break;
        }
    }
    v.n_tail = (uint8_t) (len - core);
    while (v.n_add5 < core && start + v.n_add5 < (int64_t) m->start &&
           template_base(ref, t, start + v.n_add5) != exm_sim_code(seq[v.n_add5]))
        v.n_add5++;
    for (uint32_t i = v.n_add5; i < core; i++) {
        const int b = template_base(ref, t, start + i);

        if (b == exm_sim_code(seq[i])) continue;
        if (v.n_sub < 2) {
            v.sub_at[v.n_sub] = (uint8_t) i;
            v.sub_ref[v.n_sub] = (uint8_t) (b < 0 ? 0 : b);
        }
        v.n_sub++;
    }
    v.d5 = (int8_t) (start + v.n_add5 - (int64_t) m->start);
    v.d3 = (int8_t) (start + core - (int64_t) (m->start + m->len));
    return v;
}

static exm_status
make_mirna(exm_simulator *s, exm_molecule *ret, exm_error *reterr)
{
    const uint32_t entity = choose(&s->mirna, &s->rng);
    const exm_ref_entity *e = exm_ref_entity_get(s->ref, entity);
    const uint32_t pick = (uint32_t) exm_rng_below(&s->rng, e->n_mature_refs);
    const exm_ref_mature *m = exm_ref_mature_get(
        s->ref, exm_ref_entity_matures(s->ref)[e->first_mature_ref + pick]);
    const exm_ref_template *t = exm_ref_template_get(s->ref, m->template_id);
    struct shape v = draw_shape(s);
    int64_t from = (int64_t) m->start + v.d5;
    exm_buf text = {0};
    exm_variant normal;
    exm_status st;

    if (from < 0) from = 0;
    ret->feature = entity;
    ret->len = copy_bases(s->ref, t, from, (int64_t) m->start + m->len + v.d3, ret->seq);
    if (ret->len + v.n_tail < INSERT_MIN || ret->len + v.n_tail > INSERT_MAX) {
        v = (struct shape){0}; /* lost in size selection: the mature instead */
        from = m->start;
        ret->len = copy_bases(s->ref, t, from, from + m->len, ret->seq);
    }
    if (v.n_sub && ret->len > 0) {
        char *c = ret->seq + exm_rng_below(&s->rng, ret->len);

        *c = exm_sim_other_letter(&s->rng, *c);
    }
    exm_simulate_edit(s, entity, from - (int64_t) m->start, ret->seq, ret->len);
    memcpy(ret->seq + ret->len, v.tail, v.n_tail + 1);
    ret->len += v.n_tail;
    from += degrade(s, ret);
    normal = normal_form(s->ref, m, from, ret->seq, ret->len);
    exm_variant_put(&normal, &text);
    st = exm_buf_check(&text, reterr);
    if (st == EXM_OK) {
        const size_t n =
            text.len < sizeof ret->variant ? text.len : sizeof ret->variant - 1;

        memcpy(ret->variant, text.data, n);
        ret->variant[n] = '\0';
    }
    exm_buf_done(&text);
    return st;
}

/* ---- the other reads ---- */

/* tRNA gives halves and 3' fragments, the rest breaks anywhere. */
static void
make_cargo(exm_simulator *s, uint32_t class_id, exm_molecule *ret)
{
    const uint32_t id = choose(&s->cargo[class_id], &s->rng);
    const exm_ref_template *t = exm_ref_template_get(s->ref, id);
    const int trna = strcmp(exm_ref_class_get(s->ref, class_id)->name, "tRNA") == 0;
    const double x = exm_rng_double(&s->rng);
    int64_t len = 18 + (int64_t) exm_rng_below(&s->rng, 18), from;
    const char *kind = "fragment";

    if (trna && x < 0.5) {
        len = 29 + (int64_t) exm_rng_below(&s->rng, 6);
        from = 0;
        kind = "5p_half";
    } else if (trna && x < 0.8) {
        len = 17 + (int64_t) exm_rng_below(&s->rng, 6);
        from = (int64_t) t->len - len;
        kind = "3p_fragment";
    } else {
        from = t->len > len ? (int64_t) exm_rng_below(&s->rng, t->len - (uint64_t) len + 1)
                            : 0;
    }
    if (from < 0) from = 0;
    ret->feature = s->n_entities + id;
    ret->len = copy_bases(s->ref, t, from, from + len, ret->seq);
    from = ret->len;
    (void) degrade(s, ret);
    if (ret->len < from) kind = "fragment";
    memcpy(ret->variant, kind, strlen(kind) + 1);
}

static void
make_random(exm_simulator *s, uint32_t least, uint32_t most, uint32_t feature,
            exm_molecule *ret)
{
    ret->feature = feature;
    ret->len = least + (uint32_t) exm_rng_below(&s->rng, most - least + 1);
    for (uint32_t i = 0; i < ret->len; i++) ret->seq[i] = exm_sim_letter(&s->rng);
    ret->seq[ret->len] = '\0';
    memcpy(ret->variant, "NA", 3);
}

static exm_status
make_molecule(exm_simulator *s, exm_molecule *ret, exm_error *reterr)
{
    const uint64_t x = exm_rng_u64(&s->rng) >> 32;
    const uint32_t umi_len = exm_layout_umi_len(&s->o->layout);

    *ret = (exm_molecule){0};
    for (uint32_t i = 0; i < umi_len; i++) ret->umi[i] = exm_sim_letter(&s->rng);
    if (x >= s->cut_mirna_from) return make_mirna(s, ret, reterr);
    if (x < s->cut_dimer) {
        make_random(s, 0, 2, s->first_own + EXM_SIM_DIMER, ret);
        return EXM_OK;
    }
    if (x < s->cut_random) {
        make_random(s, 16, 40, s->first_own + EXM_SIM_RANDOM, ret);
        return EXM_OK;
    }
    for (uint32_t c = 1; c < exm_ref_n_classes(s->ref); c++) {
        if (x < s->cut_cargo[c]) {
            make_cargo(s, c, ret);
            return EXM_OK;
        }
    }
    if (x < s->cut_foreign)
        exm_simulate_foreign(s, choose(&s->foreign, &s->rng), ret);
    else
        exm_simulate_background(s, ret);
    return EXM_OK;
}

/* ---- set-up ---- */

static int
is_share(double x)
{
    return x >= 0.0 && x <= 1.0;
}

/* "tRNA=0.06,rRNA=0.04" into share[] and named[], both [classes] and zero before. */
static exm_status
parse_cargo(const exm_simulator *s, double *share, char *named, exm_error *reterr)
{
    const char *p = s->o->cargo;

    while (*p) {
        const char *eq = strchr(p, '='), *end = strchr(p, ',');
        uint32_t c = 1;
        double x;

        if (!end) end = p + strlen(p);
        if (!eq || eq > end)
            return exm_fail(reterr, EXM_EDATA, (size_t) (p - s->o->cargo),
                            "cargo '%s': expected CLASS=SHARE", p);
        for (; c < exm_ref_n_classes(s->ref); c++) {
            const char *name = exm_ref_class_get(s->ref, c)->name;

            if (strlen(name) == (size_t) (eq - p) && memcmp(name, p, strlen(name)) == 0)
                break;
        }
        if (c == exm_ref_n_classes(s->ref))
            return exm_fail(reterr, EXM_EDATA, (size_t) (p - s->o->cargo),
                            "cargo: the reference has no class '%.*s'", (int) (eq - p), p);
        if (exm_text_double(eq + 1, (size_t) (end - eq - 1), &x, NULL) != EXM_OK ||
            !is_share(x))
            return exm_fail(reterr, EXM_EDATA, (size_t) (eq + 1 - s->o->cargo),
                            "cargo: the share of %.*s, '%.*s', does not lie in [0, 1]",
                            (int) (eq - p), p, (int) (end - eq - 1), eq + 1);
        if (named[c])
            return exm_fail(reterr, EXM_EDATA, (size_t) (p - s->o->cargo),
                            "cargo: class '%.*s' is named twice", (int) (eq - p), p);
        named[c] = 1;
        share[c] = x;
        p = *end ? end + 1 : end;
    }
    return EXM_OK;
}

static exm_status
check_options(const exm_simulate_options *o, exm_error *reterr)
{
    if (o->reads == 0 || o->read_len < 20 || o->read_len > READ_MAX - 128)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "simulate: at least 1 read of 20 to %d nt is needed",
                        READ_MAX - 128);
    if (!is_share(o->share_cargo) || !is_share(o->share_random) ||
        !is_share(o->share_dimer) || !is_share(o->error_rate) ||
        !is_share(o->isomir_rate) || !is_share(o->molecules_share) ||
        !is_share(o->umi_error_rate) || !is_share(o->edit_rate) ||
        !is_share(o->share_foreign) || !is_share(o->share_background) ||
        !is_share(o->tail_share))
        return exm_fail(reterr, EXM_EDATA, 0, "simulate: shares and rates lie in [0, 1]");
    if ((o->share_foreign > 0.0 && !o->foreign) ||
        (o->share_background > 0.0 && !o->background))
        return exm_fail(reterr, EXM_EDATA, 0,
                        "simulate: foreign and background reads need their sequences");
    if (!(o->lost_nt >= 0.0 && o->lost_nt <= EXM_SIM_LOST_MOST))
        return exm_fail(reterr, EXM_EDATA, 0, "simulate: an end loses 0 to %g nt",
                        EXM_SIM_LOST_MOST);
    if (o->mirnas == 0)
        return exm_fail(reterr, EXM_EDATA, 0, "simulate: at least one miRNA is expressed");
    if (o->pcr_cycles < 1 || o->pcr_cycles > 40 || o->skew < 1 || o->skew > 8)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "simulate: PCR has 1 to 40 cycles and a skew of 1 to 8");
    return EXM_OK;
}

static exm_status
set_shares(exm_simulator *s, exm_error *reterr)
{
    const uint32_t n = exm_ref_n_classes(s->ref);
    double *share = calloc(n, sizeof *share), sum;
    char *named = calloc(n, 1);
    uint32_t usable = 0;
    exm_status st = EXM_OK;

    if (!share || !named) {
        free(share);
        free(named);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to simulate");
    }
    for (uint32_t c = 1; c < n; c++)
        usable += exm_ref_class_get(s->ref, c)->kind == EXM_KIND_CARGO;
    if (s->o->cargo) {
        st = parse_cargo(s, share, named, reterr);
    } else {
        for (uint32_t c = 1; c < n; c++)
            if (exm_ref_class_get(s->ref, c)->kind == EXM_KIND_CARGO)
                share[c] = s->o->share_cargo / usable;
    }
    sum = s->o->share_dimer;
    s->cut_dimer = (uint64_t) (sum * 4294967296.0);
    sum += s->o->share_random;
    s->cut_random = (uint64_t) (sum * 4294967296.0);
    for (uint32_t c = 1; c < n; c++) {
        sum += share[c];
        s->cut_cargo[c] = (uint64_t) (sum * 4294967296.0);
    }
    sum += s->o->share_foreign;
    s->cut_foreign = (uint64_t) (sum * 4294967296.0);
    sum += s->o->share_background;
    s->cut_background = s->cut_mirna_from = (uint64_t) (sum * 4294967296.0);
    free(share);
    free(named);
    if (st == EXM_OK && sum > 1.0 + 1e-9) /* 0.7 + 0.2 + 0.1 may be more than 1 */
        st = exm_fail(reterr, EXM_EDATA, 0, "simulate: the shares add up to more than 1");
    return st;
}

static exm_status
set_up(exm_simulator *s, exm_error *reterr)
{
    const uint32_t n_classes = exm_ref_n_classes(s->ref);
    exm_status st;

    s->n_entities = exm_ref_n_entities(s->ref);
    s->first_own = s->n_entities + exm_ref_n_templates(s->ref);
    s->n_features = s->first_own + EXM_SIM_OWN_ROWS +
                    (s->o->foreign ? (uint32_t) exm_fasta_count(s->o->foreign) : 0);
    s->cargo = calloc(n_classes, sizeof *s->cargo);
    s->cut_cargo = calloc(n_classes, sizeof *s->cut_cargo);
    s->reads = calloc(s->n_features, sizeof *s->reads);
    s->molecules = calloc(s->n_features, sizeof *s->molecules);
    if (!s->cargo || !s->cut_cargo || !s->reads || !s->molecules)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to simulate");
    exm_rng_init(&s->rng, s->o->seed, 0);
    st = choice_init(&s->mirna, 0, s->n_entities, s->o->mirnas, &s->rng, reterr);
    for (uint32_t c = 1; st == EXM_OK && c < n_classes; c++) {
        const exm_ref_class *k = exm_ref_class_get(s->ref, c);

        st = choice_init(&s->cargo[c], k->first_template, k->n_templates, CARGO_TEMPLATES,
                         &s->rng, reterr);
    }
    if (st == EXM_OK) st = exm_simulate_others_init(s, reterr);
    if (st == EXM_OK && s->o->foreign)
        st = choice_init(&s->foreign, 0, (uint32_t) exm_fasta_count(s->o->foreign),
                         s->o->mirnas, &s->rng, reterr);
    if (st == EXM_OK) st = exm_simulate_edits_init(s, reterr);
    return st == EXM_OK ? set_shares(s, reterr) : st;
}

static void
tear_down(exm_simulator *s)
{
    choice_done(&s->mirna);
    choice_done(&s->foreign);
    for (uint32_t c = 1; s->cargo && c < exm_ref_n_classes(s->ref); c++)
        choice_done(&s->cargo[c]);
    free(s->site);
    free(s->cargo);
    free(s->cut_cargo);
    free(s->reads);
    free(s->molecules);
    exm_buf_done(&s->out);
}

/* ---- the loops ---- */

static exm_status
flush_piece(exm_simulator *s, exm_simulate_sink sink, void *ctx, int last,
            exm_error *reterr)
{
    exm_status st = exm_buf_check(&s->out, reterr);

    if (st != EXM_OK || (!last && s->out.len < PIECE)) return st;
    if (s->out.len > 0) st = sink(ctx, s->out.data, s->out.len, reterr);
    exm_buf_clear(&s->out);
    return st;
}

/* Without UMIs every read is a molecule of its own; with them, molecules are drawn first
 * and sequenced again and again. */
static exm_status
run(exm_simulator *s, exm_simulate_sink sink, void *ctx, exm_error *reterr)
{
    const int umi = exm_layout_umi_len(&s->o->layout) > 0;
    const uint64_t n =
        umi ? (uint64_t) ((double) s->o->reads * s->o->molecules_share) + 1 : 1;
    exm_molecule *pool = calloc(n, sizeof *pool);
    exm_buf strand = {0}, qual = {0};
    exm_status st =
        pool ? EXM_OK : exm_fail(reterr, EXM_ENOMEM, 0, "no memory to simulate");

    for (uint64_t i = 0; st == EXM_OK && umi && i < n; i++)
        st = make_molecule(s, pool + i, reterr);
    for (; st == EXM_OK && s->made < s->o->reads; s->made++) {
        exm_molecule *m = pool;
        char tag[EXM_UMI_MAX + 1];

        if (umi) {
            m = pool + exm_simulate_choose(s, n);
        } else {
            st = make_molecule(s, m, reterr);
            if (st != EXM_OK) break;
        }
        memcpy(tag, m->umi, sizeof tag);
        if (umi) exm_simulate_copy_umi(s, (uint64_t) (m - pool), tag);
        s->reads[m->feature]++;
        s->molecules[m->feature] += m->seen++ == 0;
        exm_simulate_put_read(s, m, tag, &strand, &qual);
        st = flush_piece(s, sink, ctx, 0, reterr);
    }
    if (st == EXM_OK) st = flush_piece(s, sink, ctx, 1, reterr);
    exm_buf_done(&strand);
    exm_buf_done(&qual);
    free(pool);
    return st;
}

static void
put_truth(const exm_simulator *s, exm_buf *b)
{
    exm_buf_puts(b, "feature\treads\tmolecules\n");
    for (uint32_t f = 0; f < s->n_features; f++) {
        if (s->reads[f] == 0) continue;
        exm_buf_puts(b, exm_simulate_feature(s, f));
        exm_buf_putc(b, '\t');
        exm_buf_put_u64(b, s->reads[f]);
        exm_buf_putc(b, '\t');
        exm_buf_put_u64(b, s->molecules[f]);
        exm_buf_putc(b, '\n');
    }
}

exm_status
exm_simulate_reads(const exm_ref *ref, const exm_simulate_options *o,
                   exm_simulate_sink sink, void *ctx, exm_buf *ret_truth, exm_error *reterr)
{
    exm_simulator s = {.ref = ref, .o = o};
    exm_status st;

    if (!ref || !o || !sink || !ret_truth)
        return exm_fail(reterr, EXM_EINVAL, 0, "simulate: an argument is NULL");
    st = check_options(o, reterr);
    if (st == EXM_OK) st = set_up(&s, reterr);
    if (st == EXM_OK) st = run(&s, sink, ctx, reterr);
    if (st == EXM_OK) {
        put_truth(&s, ret_truth);
        st = exm_buf_check(ret_truth, reterr);
    }
    if (st == EXM_OK && o->edits) {
        exm_simulate_put_edits(&s, o->edits);
        st = exm_buf_check(o->edits, reterr);
    }
    tear_down(&s);
    return st;
}
