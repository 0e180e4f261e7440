/*
 * annotate_world.h - a small reference of everything that makes annotation hard, and reads
 * made from it.
 *
 * Hairpins with paralogues that differ by one or two bases inside or outside of a mature,
 * one mature on several hairpins, overlapping matures, matures at the very ends and on no
 * hairpin, unknown bases; tRNAs with isodecoders, one of which holds a mature and one a
 * piece of a hairpin; a class with repeats; spike-ins below and above 63 nt; an adapter;
 * two matures of other clades.
 */
#ifndef EXM_TEST_ANNOTATE_WORLD_H
#define EXM_TEST_ANNOTATE_WORLD_H

#include "annotate_oracle.h"
#include "exomir/rng.h"
#include "small_ref.h"

#include <stdio.h>

enum { WORLD_READ = 420 };

struct world {
    struct small_ref small;
    struct oracle oracle;
    exm_annotator *scalar, *sse4;
    exm_rng rng;
    char foreign[2][24]; /* matures of a nematode and of a plant */
};

static inline uint32_t
below(exm_rng *r, uint32_t n)
{
    return (uint32_t) exm_rng_below(r, n);
}

static inline void
random_letters(exm_rng *r, char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) s[i] = "ACGT"[below(r, 4)];
    s[n] = '\0';
}

/* Another base than the one that is there. */
static inline void
mutate(exm_rng *r, char *c)
{
    const char old = *c;

    while (*c == old) *c = "ACGT"[below(r, 4)];
}

static inline void
put_entry(exm_buf *b, const char *name, const char *seq, size_t n)
{
    exm_buf_putc(b, '>');
    exm_buf_puts(b, name);
    exm_buf_putc(b, '\n');
    exm_buf_put(b, seq, n);
    exm_buf_putc(b, '\n');
}

/* Hairpins and matures; shared[] gets the first hairpin. */
static inline void
world_mirnas(exm_rng *r, exm_buf *hairpin, exm_buf *mature, char shared[128])
{
    char seq[256], copy[256], name[64];

    for (unsigned f = 0; f < 24; f++) {
        const uint32_t n = f == 20 ? 180 : 60 + below(r, 50);
        const uint32_t at5 = f % 6 == 0 ? below(r, 3) : 8 + below(r, 6);
        const uint32_t len5 = 19 + below(r, 6), len3 = 20 + below(r, 4);
        const uint32_t at3 = f % 6 == 1 ? n - len3 : n - len3 - 9;

        random_letters(r, seq, n);
        if (f == 0) memcpy(shared, seq, n + 1);
        if (f == 7) seq[at5 - 1] = seq[at3 - 2] = 'N';
        if (f == 8) seq[at5 + 25] = 'N';
        (void) snprintf(name, sizeof name, "exm-mir-%u-1", f + 1);
        put_entry(hairpin, name, seq, n);
        (void) snprintf(name, sizeof name, "exm-miR-%u-5p", f + 1);
        put_entry(mature, name, seq + at5, len5);
        (void) snprintf(name, sizeof name, "exm-miR-%u-3p", f + 1);
        put_entry(mature, name, seq + at3, len3);
        if (f % 5 == 2) { /* overlaps the first by all but three */
            (void) snprintf(name, sizeof name, "exm-miR-%u", f + 1);
            put_entry(mature, name, seq + at5 + 3, len5);
        }
        if (f % 3 == 0) { /* a second copy with other flanks */
            memcpy(copy, seq, n + 1);
            for (uint32_t i = 0; i < n; i++)
                if (i < at5 || (i >= at5 + len5 && i < at3) || i >= at3 + len3)
                    if (below(r, 8) == 0) mutate(r, copy + i);
            (void) snprintf(name, sizeof name, "exm-mir-%u-2", f + 1);
            put_entry(hairpin, name, copy, n);
        }
        if (f % 4 == 1) { /* a paralogue: one or two bases of each mature differ */
            memcpy(copy, seq, n + 1);
            mutate(r, copy + at5 + below(r, len5));
            mutate(r, copy + at3 + below(r, len3));
            mutate(r, copy + at3 + below(r, len3));
            (void) snprintf(name, sizeof name, "exm-mir-%u", 100 + f);
            put_entry(hairpin, name, copy, n);
            (void) snprintf(name, sizeof name, "exm-miR-%u-5p", 100 + f);
            put_entry(mature, name, copy + at5, len5);
            (void) snprintf(name, sizeof name, "exm-miR-%u-3p", 100 + f);
            put_entry(mature, name, copy + at3, len3);
        }
        if (f % 8 == 3) { /* a namesake in all but the name */
            memcpy(copy, seq, n + 1);
            mutate(r, copy + at3 - 1);
            (void) snprintf(name, sizeof name, "exm-mir-%u", 200 + f);
            put_entry(hairpin, name, copy, n);
            (void) snprintf(name, sizeof name, "exm-miR-%u-5p", 200 + f);
            put_entry(mature, name, copy + at5, len5);
        }
    }
    random_letters(r, seq, 22);
    put_entry(mature, "exm-miR-999-5p", seq, 22);
}

static inline void
world_cargo(exm_rng *r, exm_buf *trna, exm_buf *other, const char shared[128])
{
    char seq[2048], name[64];

    for (unsigned i = 0; i < 24; i++) {
        const uint32_t n = 70 + below(r, 6);

        if (i % 3 == 0) random_letters(r, seq, n);
        mutate(r, seq + below(r, 60));
        if (i == 5) memcpy(seq + 20, shared + 6, 40);
        if (i == 9) memcpy(seq + 10, shared + 24, 30);
        if (i == 12) seq[0] = seq[33] = 'N';
        (void) snprintf(name, sizeof name, "tRNA-%u", i + 1);
        put_entry(trna, name, seq, n);
    }
    random_letters(r, seq, 1500);
    seq[700] = 'N';
    memset(seq + 100, 'N', 30);
    put_entry(other, "rRNA-1", seq, 1500);
    for (unsigned i = 0; i < 1200; i += 40) memcpy(seq + i, seq + 1300, 40);
    memcpy(seq + 1200, shared, 60);
    put_entry(other, "rRNA-2", seq, 1400);
    for (unsigned i = 0; i < 300; i++) seq[i] = "CA"[i & 1];
    put_entry(other, "repeat", seq, 300);
}

static inline void
world_init(struct world *w)
{
    exm_buf hairpin = {0}, mature = {0}, trna = {0}, other = {0}, spike = {0}, clade = {0};
    char shared[128], seq[128];
    exm_error err = {0};
    exm_rng *r = &w->rng;

    *w = (struct world){.scalar = NULL};
    exm_rng_init(r, 20240607, 0);
    world_mirnas(r, &hairpin, &mature, shared);
    world_cargo(r, &trna, &other, shared);
    for (unsigned i = 0; i < 4; i++) {
        char name[16];

        random_letters(r, seq, 20 + 15 * i + (i == 3 ? 20 : 0));
        (void) snprintf(name, sizeof name, "spike-%u", i);
        put_entry(&spike, name, seq, strlen(seq));
    }
    mutate(r, seq + 10);
    put_entry(&spike, "spike-4", seq, strlen(seq));
    for (unsigned i = 0; i < 2; i++) {
        random_letters(r, w->foreign[i], 22);
        put_entry(&clade, i ? "ath-miR-2" : "cel-miR-1", w->foreign[i], 22);
    }
    small_ref_build(&(struct small_texts){.hairpin = hairpin.data,
                                          .mature = mature.data,
                                          .class_name = {"tRNA", "rRNA"},
                                          .class_text = {trna.data, other.data},
                                          .spike = spike.data,
                                          .artifact = ">adapter\nTGGAATTCTCGGGTGCCAAGG\n",
                                          .clade = clade.data},
                    &w->small);
    oracle_init(&w->oracle, w->small.ref);
    if (exm_annotator_new(w->small.ref, &w->scalar, &err) != EXM_OK ||
        exm_annotator_new(w->small.ref, &w->sse4, &err) != EXM_OK)
        abort();
    exm_annotator_set_simd(w->scalar, EXM_SIMD_SCALAR);
    exm_annotator_set_simd(w->sse4, EXM_SIMD_SSE4);
    exm_buf_done(&hairpin);
    exm_buf_done(&mature);
    exm_buf_done(&trna);
    exm_buf_done(&other);
    exm_buf_done(&spike);
    exm_buf_done(&clade);
}

static inline void
world_done(struct world *w)
{
    exm_annotator_free(w->scalar);
    exm_annotator_free(w->sse4);
    oracle_done(&w->oracle);
    small_ref_done(&w->small);
}

/* ---- reads ---- */

/* The text's letters [p, p + n); what is no base becomes a random one. */
static inline uint32_t
copy_text(struct world *w, int64_t p, uint32_t n, char *to)
{
    const exm_ref *ref = w->small.ref;

    for (uint32_t i = 0; i < n; i++) {
        const int64_t q = p + (int64_t) i;
        const char c = q < 0 || (uint64_t) q >= exm_ref_text_len(ref)
                           ? 'N'
                           : oracle_letter(ref, (uint64_t) q);

        to[i] = c == 'N' ? "ACGT"[below(&w->rng, 4)] : c;
    }
    to[n] = '\0';
    return n;
}

/* Substitutions anywhere, a new tail, additions in front. */
static inline uint32_t
disturb(struct world *w, char *s, uint32_t n, uint32_t most)
{
    exm_rng *r = &w->rng;
    const uint32_t subs = below(r, 4), add = below(r, 8), tail = below(r, 8);

    for (uint32_t i = 0; i < subs && n > 0; i++) mutate(r, s + below(r, n));
    for (uint32_t i = 0; i < tail && tail < 4 && n < most; i++)
        s[n++] = "ACGT"[below(r, 4)];
    for (uint32_t i = 0; i < add && add < 3 && n < most; i++) {
        memmove(s + 1, s, n);
        s[0] = "ACGT"[below(r, 4)];
        n++;
    }
    s[n] = '\0';
    return n;
}

/* A read of least to most nt out of a place that may reach over a template's ends. */
static inline uint32_t
read_of_template(struct world *w, uint32_t least, uint32_t most, char *s)
{
    exm_rng *r = &w->rng;
    const uint32_t n = least + below(r, most - least + 1);
    const exm_ref_template *t;
    int64_t from;

    do {
        t = exm_ref_template_get(w->small.ref, below(r, exm_ref_n_templates(w->small.ref)));
    } while (n >= 64 && t->len + 6 < n);
    from = (int64_t) below(r, t->len + 6) - 3;
    switch (below(r, 5)) {
    case 0: /* at the start, or a little before */
        from = (int64_t) below(r, 5) - 3;
        break;
    case 1: /* up to the end, or a little beyond */
        from = (int64_t) t->len - (int64_t) n + (int64_t) below(r, 6);
        break;
    case 2: /* over the gap to the next template */
        from = (int64_t) t->len - (int64_t) below(r, n + 1);
        break;
    default:
        break;
    }
    return disturb(w, s, copy_text(w, (int64_t) t->start + from, n, s), most);
}

/* A read around a mature, inside its window and a little out of it. */
static inline uint32_t
read_of_mature(struct world *w, char *s)
{
    exm_rng *r = &w->rng;
    const exm_ref_mature *m =
        exm_ref_mature_get(w->small.ref, below(r, exm_ref_n_matures(w->small.ref)));
    const uint64_t t = exm_ref_template_get(w->small.ref, m->template_id)->start;
    const int d5 = (int) below(r, 15) - 7, d3 = (int) below(r, 19) - 10;
    const uint32_t n = (uint32_t) ((int) m->len + d3 - d5);

    return disturb(w, s, copy_text(w, (int64_t) t + (int64_t) m->start + d5, n, s), 63);
}

#endif
