/*
 * infer.c - which kit made these reads?
 *
 * Every preset's adapter is searched in the first reads; a kit is supported by reads that
 * hold its adapter behind an insert of plausible length.  Presets that share an adapter
 * are told apart by the first 4 nt: reads of one miRNA share them, unless they are random.
 * Tailed kits are told apart likewise, by whether nt 5-12 recur as often as nt 17-24.
 * Nothing found means trimmed reads, if their lengths differ, or an adapter nobody told us
 * of, if one 3' sequence is enriched.
 */
#include "exomir/infer.h"

#include "exomir/trim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PRESETS = 9,
    OLD_KIT = 1,  /* illumina-v1 in the list of presets */
    TAIL_KIT = 7, /* cats: any poly-A tail */
    SOLID = 8,    /* nt of adapter that count as seen */
    NEAR = 4,     /* nt by which the starts of presets that share an adapter differ */
    INSERT_MIN = 15,
    INSERT_MAX = 40,
    K = 12,     /* of the enriched 3' sequence */
    PREFIX = 4, /* nt that a 4N kit puts before the insert */
    WORD = 8,   /* nt; 4^8 is TABLE */
    HEAD = 4,   /* nt 5-12: in dplex the UMI, in other tailed kits the insert */
    BODY = 16,  /* nt 17-24: the insert in all of them */
    LENGTHS = 512,
    TABLE = 1 << 16
};

/* Shares of reads; each is far from what the files of the test data and simulated kits show. */
static const double clear_share = 0.25;  /* a kit's adapter is there */
static const double absent_share = 0.03; /* it is not */
static const double rival_factor =
    0.35; /* another kit at this share of the best: unclear */
static const double random_prefix = 0.2; /* below: the first nt are random */
static const double fixed_prefix = 0.7;  /* above: they are not; between: some reads' are */
static const double enriched_least = 0.20;
static const double body_recurs = 0.3; /* of tailed reads: inserts seen before */
static const double head_recurs = 0.5; /* below this part of it: the head is a UMI */

struct kmer {
    uint32_t code, n;
};

/* A K-mer behind a prefix, and the prefix that most reads have had before it so far (Boyer
 * and Moore's majority vote): one error in the first of them must not count against all. */
struct core {
    uint32_t code, prefix, votes, used;
};

/* The first version of the old adapter lacks the three bases that v1.5 begins with. */
static const char old_adapter[] = "TCGTATGCCGTCTTCTGCTTG";

struct exm_inferrer {
    exm_trimmer *trimmer[PRESETS];
    exm_trimmer *older;
    uint64_t n_older, n_newer; /* reads of the old kit without and with those three bases */
    uint64_t found[PRESETS], found_any[PRESETS];
    uint64_t reads, lengths[LENGTHS];
    struct kmer *table; /* commonest K-mers at plausible places */
    struct core *core;  /* K-mers behind the first PREFIX nt */
    uint64_t prefix_same, prefix_other;
    uint64_t n_tailed, head_again, body_again; /* reads whose words were seen before */
    unsigned char head[TABLE], body[TABLE];
};

static exm_layout
older_layout(void)
{
    exm_layout l = *exm_kit_get(OLD_KIT);

    memset(l.adapter, 0, sizeof l.adapter);
    memcpy(l.adapter, old_adapter, sizeof old_adapter);
    l.adapter_len = sizeof old_adapter - 1;
    return l;
}

exm_status
exm_inferrer_new(exm_inferrer **ret, exm_error *reterr)
{
    exm_inferrer *f = calloc(1, sizeof *f);
    exm_trim_options o = exm_trim_defaults();
    const exm_layout older = older_layout();
    exm_status st = EXM_OK;

    if (f) f->table = calloc(TABLE, sizeof *f->table);
    if (f) f->core = calloc(TABLE, sizeof *f->core);
    if (!f || !f->table || !f->core) {
        exm_inferrer_free(f);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to infer the kit");
    }
    o.max_ee = -1.0;
    o.max_one_base = 2.0;
    o.min_overlap = SOLID;
    for (size_t i = 0; st == EXM_OK && i < PRESETS; i++)
        st = exm_trimmer_new(exm_kit_get(i), &o, &f->trimmer[i], reterr);
    if (st == EXM_OK) st = exm_trimmer_new(&older, &o, &f->older, reterr);
    if (st != EXM_OK) {
        exm_inferrer_free(f);
        return st;
    }
    *ret = f;
    return EXM_OK;
}

void
exm_inferrer_free(exm_inferrer *f)
{
    if (!f) return;
    for (size_t i = 0; i < PRESETS; i++) exm_trimmer_free(f->trimmer[i]);
    exm_trimmer_free(f->older);
    free(f->table);
    free(f->core);
    free(f);
}

/* ---- looking at reads ---- */

static uint32_t
code_of(const char *s, uint32_t n)
{
    uint32_t code = 0;

    for (uint32_t i = 0; i < n; i++) code = code << 2 | ((unsigned char) s[i] >> 1 & 3U);
    return code;
}

/* Same nt 5-16 as an earlier read: the same first 4 too? */
static void
count_prefix(exm_inferrer *f, const exm_read *r)
{
    uint32_t prefix, code;
    struct core *c;

    if (r->len < PREFIX + K) return;
    prefix = code_of(r->seq, PREFIX);
    code = code_of(r->seq + PREFIX, K);
    c = f->core + (code * 2654435761u >> 16);
    if (!c->used) {
        *c = (struct core){code, prefix, 1, 1};
    } else if (c->code == code && c->prefix == prefix) {
        f->prefix_same++;
        c->votes++;
    } else if (c->code == code) {
        f->prefix_other++;
        if (--c->votes == 0) *c = (struct core){code, prefix, 1, 1};
    }
}

/* A small table of K-mers with replacement: the frequent ones stay.  A repeat of up to
 * three bases counts once a read. */
static void
count_kmers(exm_inferrer *f, const exm_read *r)
{
    const uint32_t mask = ((uint32_t) 1 << 2 * K) - 1;
    uint32_t code = 0, good = 0, last[3] = {UINT32_MAX, UINT32_MAX, UINT32_MAX};

    for (uint32_t i = 0; i < r->len && i < INSERT_MAX + K + 4; i++) {
        struct kmer *slot;

        good = r->seq[i] == 'N' ? 0 : good + 1;
        code = (code << 2 | ((unsigned char) r->seq[i] >> 1 & 3U)) & mask;
        if (good < K || i + 1 < INSERT_MIN + K) continue;
        if (code == last[0] || code == last[1] || code == last[2]) continue;
        last[i % 3] = code;
        slot = f->table + (code * 2654435761u >> 16);
        if (slot->n == 0) slot->code = code;
        if (slot->code == code)
            slot->n++;
        else
            slot->n--;
    }
}

/* Where the adapter begins, UINT32_MAX when it is not there. */
static uint32_t
adapter_at(exm_trimmer *trimmer, const exm_layout *l, const exm_read *r, uint32_t *insert)
{
    exm_trimmed t;

    exm_trim_batch(trimmer, r, 1, &t);
    *insert = t.len;
    return t.adapter_found ? t.start + t.len + l->n_3 : UINT32_MAX;
}

/* Do the beginnings of reads with a tail recur as their middles do? */
static void
count_words(exm_inferrer *f, const exm_read *r, uint32_t tail)
{
    uint32_t head, body;

    if (tail < BODY + WORD) return;
    head = code_of(r->seq + HEAD, WORD);
    body = code_of(r->seq + BODY, WORD);
    f->n_tailed++;
    f->head_again += f->head[head];
    f->body_again += f->body[body];
    f->head[head] = f->body[body] = 1;
}

/* Which of the old kit's two adapters?  Its search forgives errors, so the three bases that
 * the newer one has in front are looked at themselves. */
static void
count_old_kit(exm_inferrer *f, const exm_read *r, uint32_t at)
{
    const char *const newer = exm_kit_get(OLD_KIT)->adapter;

    if (at >= 3 && memcmp(r->seq + at - 3, newer, 3) == 0)
        f->n_newer++;
    else
        f->n_older++;
}

/* A read speaks for the kit whose adapter comes first: a poly-A behind another adapter, or
 * the second adapter behind a UMI, are not the kit's own. */
static void
look(exm_inferrer *f, const exm_read *r)
{
    uint32_t at[PRESETS], insert[PRESETS], first = UINT32_MAX, older_insert, older;

    f->reads++;
    f->lengths[r->len < LENGTHS ? r->len : LENGTHS - 1]++;
    for (size_t i = 0; i < PRESETS; i++) {
        at[i] = adapter_at(f->trimmer[i], exm_kit_get(i), r, &insert[i]);
        if (at[i] < first) first = at[i];
    }
    older = adapter_at(f->older, exm_kit_get(OLD_KIT), r, &older_insert);
    if (older != UINT32_MAX) count_old_kit(f, r, older);
    if (older < first && at[OLD_KIT] == UINT32_MAX) {
        at[OLD_KIT] = first = older;
        insert[OLD_KIT] = older_insert;
    }
    for (size_t i = 0; i < PRESETS; i++) {
        if (at[i] == UINT32_MAX) continue;
        f->found_any[i]++;
        if (at[i] <= first + NEAR && insert[i] >= INSERT_MIN && insert[i] <= INSERT_MAX)
            f->found[i]++;
    }
    if (at[0] != UINT32_MAX) count_prefix(f, r);
    if (at[TAIL_KIT] != UINT32_MAX) count_words(f, r, at[TAIL_KIT]);
    count_kmers(f, r);
}

int
exm_inferrer_add(exm_inferrer *f, const exm_read *reads, size_t n)
{
    for (size_t i = 0; i < n && f->reads < EXM_INFER_READS; i++) look(f, reads + i);
    return f->reads < EXM_INFER_READS;
}

/* ---- deciding ---- */

static double
share(uint64_t n, uint64_t of)
{
    return of ? (double) n / (double) of : 0.0;
}

static int
preset_number(const char *name)
{
    for (size_t i = 0; i < PRESETS; i++)
        if (strcmp(exm_kit_get(i)->name, name) == 0) return (int) i;
    return -1;
}

static int
best_first(const void *pa, const void *pb)
{
    const exm_infer_score *a = pa, *b = pb;

    if (a->found != b->found) return a->found > b->found ? -1 : 1;
    return preset_number(a->kit) - preset_number(b->kit);
}

/* Kits whose reads also hold another kit's adapter: not rivals of each other. */
static int
same_family(const char *a, const char *b)
{
    static const char *const family[][2] = {
        {"truseq", "nextflex-v3"},
        {"truseq", "nextflex-v4"},
        {"nextflex-v3", "nextflex-v4"},
        {"qiaseq", "nebnext"},
        {"smarter", "cats"},
        {"smarter", "dplex"},
        {"cats", "dplex"},
        {"dplex", "nebnext"},
    };

    for (size_t i = 0; i < sizeof family / sizeof family[0]; i++)
        if ((strcmp(a, family[i][0]) == 0 && strcmp(b, family[i][1]) == 0) ||
            (strcmp(a, family[i][1]) == 0 && strcmp(b, family[i][0]) == 0))
            return 1;
    return strcmp(a, b) == 0;
}

static double
found_share(const exm_inferrer *f, const char *kit)
{
    return share(f->found_any[preset_number(kit)], f->reads);
}

/* A UMI in front, as in dplex: inserts recur, what stands before them does not. */
static int
has_umi_head(const exm_inferrer *f)
{
    const double body = share(f->body_again, f->n_tailed);

    return body > body_recurs && share(f->head_again, f->n_tailed) < head_recurs * body;
}

/* The member of the best kit's family that the reads speak for. */
static const char *
refine(const exm_inferrer *f, const exm_inference *v, const char *best)
{
    if (same_family(best, "truseq")) {
        return v->prefix_same < fixed_prefix ? "nextflex-v3" : "truseq";
    }
    if (same_family(best, "smarter")) {
        if (has_umi_head(f) || found_share(f, "nebnext") > clear_share / 2) return "dplex";
        return v->score[0].found > 0 &&
                       found_share(f, "smarter") > 0.8 * found_share(f, "cats")
                   ? "smarter"
                   : "cats";
    }
    if (strcmp(best, "nebnext") == 0 && found_share(f, "qiaseq") > clear_share)
        return "qiaseq";
    return best;
}

static void
set_enriched(const exm_inferrer *f, exm_inference *v)
{
    const struct kmer *most = f->table;

    for (size_t i = 1; i < TABLE; i++)
        if (f->table[i].n > most->n) most = f->table + i;
    if (most->n == 0) return;
    v->enriched_share = share(most->n, f->reads);
    if (v->enriched_share > 1.0) v->enriched_share = 1.0;
    for (int i = 0; i < K; i++) v->enriched[i] = "ACTG"[most->code >> 2 * (K - 1 - i) & 3];
    v->enriched[K] = '\0';
}

/* Enough inserts recur?  A few 12-mers do by chance, with any 4 nt before them. */
static int
prefixes_tell(const exm_inferrer *f)
{
    const uint64_t pairs = f->prefix_same + f->prefix_other;

    return pairs >= 10 && 100 * pairs >= f->reads;
}

static void
set_scores(const exm_inferrer *f, exm_inference *v)
{
    uint64_t most = 0;

    v->told = prefixes_tell(f);
    for (size_t i = 0; i < PRESETS; i++) {
        exm_infer_score *s = v->score + i;

        memcpy(s->kit, exm_kit_get(i)->name, sizeof s->kit);
        s->found = share(f->found[i], f->reads);
        s->found_any = share(f->found_any[i], f->reads);
    }
    v->n_scores = PRESETS;
    qsort(v->score, PRESETS, sizeof *v->score, best_first);
    for (size_t i = 0; i < LENGTHS; i++)
        if (f->lengths[i] > most) most = f->lengths[i];
    v->length_spread = f->reads ? 1.0 - share(most, f->reads) : 0.0;
    v->prefix_same =
        prefixes_tell(f) ? share(f->prefix_same, f->prefix_same + f->prefix_other) : 1.0;
}

/* What told this kit from others with its adapter, or that nothing can. */
static void
tell_family(const exm_inferrer *f, const exm_inference *v, const char *kit, char *to,
            size_t n)
{
    if (same_family(kit, "truseq") && !prefixes_tell(f))
        (void) snprintf(
            to, n,
            "; too few inserts recur to see whether random nt stand beside them "
            "(nextflex-v3)");
    else if (same_family(kit, "truseq"))
        (void) snprintf(to, n, "; reads of one insert share their first 4 nt in %.0f %%%s",
                        100.0 * v->prefix_same,
                        strcmp(kit, "truseq") == 0 ? " (nextflex-v4 looks the same)" : "");
    else if (strcmp(kit, "dplex") == 0)
        (void) snprintf(to, n,
                        "; nt 5-12 were seen before in %.0f %% of reads, nt 17-24 in "
                        "%.0f %%: a UMI is in front",
                        100.0 * share(f->head_again, f->n_tailed),
                        100.0 * share(f->body_again, f->n_tailed));
    else if (strcmp(kit, "smarter") == 0)
        (void) snprintf(to, n, " (cats looks the same)");
}

static void
call_kit(const exm_inferrer *f, exm_inference *v)
{
    const char *kit = refine(f, v, v->score[0].kit);
    double rival = 0.0;
    int n;

    for (size_t i = 1; i < v->n_scores; i++)
        if (!same_family(v->score[0].kit, v->score[i].kit) && v->score[i].found > rival)
            rival = v->score[i].found;
    if (rival > rival_factor * v->score[0].found) {
        (void) snprintf(
            v->evidence, sizeof v->evidence,
            "adapters of two kits are in the reads: %s in %.1f %%, others in %.1f %%",
            v->score[0].kit, 100.0 * v->score[0].found, 100.0 * rival);
        return;
    }
    if (same_family(kit, "truseq") && v->prefix_same > random_prefix &&
        v->prefix_same < fixed_prefix) {
        (void) snprintf(v->evidence, sizeof v->evidence,
                        "two kits of one adapter are in the reads, truseq and nextflex-v3: "
                        "reads of one insert share their first 4 nt in %.0f %%, not in "
                        "nearly all or nearly none",
                        100.0 * v->prefix_same);
        return;
    }
    v->call = EXM_KIT_PRESET;
    v->layout = *exm_kit_get((size_t) preset_number(kit));
    if (strcmp(kit, "illumina-v1") == 0 && f->n_older > f->n_newer)
        v->layout = older_layout();
    n = snprintf(v->evidence, sizeof v->evidence,
                 "%s: its adapter follows an insert of %d-%d nt in %.1f %% of the first "
                 "%llu reads; next best %.1f %%",
                 kit, INSERT_MIN, INSERT_MAX, 100.0 * v->score[0].found,
                 (unsigned long long) f->reads, 100.0 * rival);
    tell_family(f, v, kit, v->evidence + n, sizeof v->evidence - (size_t) n);
}

static void
call_without_kit(const exm_inferrer *f, exm_inference *v)
{
    const double any = v->score[0].found_any;

    if (any < absent_share && v->length_spread > 0.2) {
        v->call = EXM_KIT_TRIMMED;
        (void) snprintf(
            v->evidence, sizeof v->evidence,
            "already trimmed: no known adapter in the first %llu reads (at most "
            "%.1f %%), and their lengths differ",
            (unsigned long long) f->reads, 100.0 * any);
    } else if (v->enriched_share > enriched_least) {
        v->call = EXM_KIT_UNKNOWN_3P;
        (void) snprintf(
            v->evidence, sizeof v->evidence,
            "no known kit (best: %s in %.1f %%), but %.0f %% of reads hold %s: an "
            "adapter? Then --layout insert,<its sequence>",
            v->score[0].kit, 100.0 * v->score[0].found, 100.0 * v->enriched_share,
            v->enriched);
    } else {
        (void) snprintf(v->evidence, sizeof v->evidence,
                        "no known adapter stands out (best: %s in %.1f %% of %llu reads)",
                        v->score[0].kit, 100.0 * v->score[0].found,
                        (unsigned long long) f->reads);
    }
}

exm_status
exm_inferrer_finish(exm_inferrer *f, exm_inference *ret, exm_error *reterr)
{
    exm_inference v = {.reads = 0};

    if (!f || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "inference: an argument is NULL");
    v.reads = f->reads;
    v.layout = exm_layout_none();
    set_scores(f, &v);
    set_enriched(f, &v);
    if (f->reads == 0)
        (void) snprintf(v.evidence, sizeof v.evidence, "there are no reads");
    else if (v.score[0].found >= clear_share)
        call_kit(f, &v);
    else
        call_without_kit(f, &v);
    *ret = v;
    return EXM_OK;
}

int
exm_inference_contradicts(const exm_inference *v, const char *name)
{
    const char *found = v->layout.name;

    if (v->call != EXM_KIT_PRESET || strcmp(name, found) == 0) return 0;
    if (strcmp(name, exm_layout_none().name) == 0) return 1;
    if (preset_number(name) < 0) return 0;
    if (!same_family(name, found)) return 1;
    if (same_family(name, "cats") && same_family(found, "cats")) return 0;
    if (same_family(name, "truseq"))
        return v->told &&
               (strcmp(name, "nextflex-v3") == 0 || strcmp(found, "nextflex-v3") == 0);
    return 1; /* with the linker or poly-A before a shared adapter, or without */
}
