/*
 * human_matures.c - every human mature of miRBase 22, and what lies next to it
 *
 * With the real reference: a mature explains itself at cost 0 and shift 0; one base less or
 * more of the hairpin at either end is iso_5p or iso_3p of one; another base than the
 * hairpin's is an addition of one.  Asked at all places of all matures.
 *
 * Exits 77 where EXM_DEMO does not lead to the data ('./run demo' fetches them).
 */
#include "exomir/annotate.h"
#include "exomir/isomir.h"
#include "exomir/ref.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = 4096, MATURES = 2656, ROOM = 64 };

struct state {
    const exm_ref *ref;
    const exm_annotator *annotator;
    exm_annotation ann;
    unsigned asked, failed;
};

static void
stop(const char *what, const exm_error *err)
{
    (void) fprintf(stderr, "human_matures: %s: %s\n", what, err->msg);
    exit(1);
}

static void
build(const char *demo, exm_buf *bytes, exm_ref **ref)
{
    static const char below[] = "optimir/usr/lib/python3/dist-packages/optimir/resources";
    char mature[PATH], hairpin[PATH], gff[PATH];
    const exm_ref_build_options o = {
        .mature = mature, .hairpin = hairpin, .gff = gff, .species = "hsa"};
    exm_ref_build_log log = {.matures_read = 0};
    exm_error err = {.code = EXM_OK};
    FILE *f;

    (void) snprintf(mature, sizeof mature, "%s/%s/fasta/hsa_matures_miRBase_v22.fa", demo,
                    below);
    (void) snprintf(hairpin, sizeof hairpin, "%s/%s/fasta/hsa_hairpins_miRBase_v22.fa",
                    demo, below);
    (void) snprintf(gff, sizeof gff, "%s/%s/coordinates/hsa_miRBase_v22.gff3", demo, below);
    f = fopen(mature, "rb");
    if (!f) {
        (void) fprintf(stderr, "human_matures: no %s: skipped\n", mature);
        exit(77);
    }
    (void) fclose(f);
    if (exm_ref_build(&o, bytes, &log, &err) != EXM_OK) stop("building", &err);
    if (exm_ref_open_memory(bytes->data, bytes->len, "human", ref, &err) != EXM_OK)
        stop("opening", &err);
    exm_buf_done(&log.notes);
    if (log.matures_read != MATURES || log.matures_placed != MATURES) {
        (void) fprintf(stderr, "human_matures: %u matures read, %u placed, %d expected\n",
                       log.matures_read, log.matures_placed, MATURES);
        exit(1);
    }
}

/* The template's base, or '\0' outside of it. */
static char
base_at(const exm_ref *ref, const exm_ref_template *t, long at)
{
    const uint64_t p = t->start + (uint64_t) at, bit = (uint64_t) 1 << (p & 63);

    if (at < 0 || at >= (long) t->len || exm_ref_plane_no(ref)[p >> 6] & bit) return '\0';
    return "ACTG"[((exm_ref_plane_lo(ref)[p >> 6] & bit) != 0) +
                  2 * ((exm_ref_plane_hi(ref)[p >> 6] & bit) != 0)];
}

static void
put_variant(const exm_candidate *c, exm_buf *b)
{
    const exm_variant v = {.d5 = c->d5,
                           .d3 = c->d3,
                           .n_add5 = c->n_add5,
                           .n_tail = c->n_tail,
                           .n_sub = c->n_sub,
                           .sub_at = {c->sub_at[0], c->sub_at[1]},
                           .sub_ref = {c->sub_ref[0], c->sub_ref[1]}};

    exm_buf_clear(b);
    exm_variant_put(&v, b);
}

/* Is the read explained at its place, at this cost, as this variant of this mature? */
static int
is_explained(struct state *s, uint32_t id, const char *read, long start, uint32_t cost,
             const char *variant)
{
    const exm_ref_mature *m = exm_ref_mature_get(s->ref, id);
    exm_error err = {.code = EXM_OK};
    exm_buf text = {0};
    uint64_t lo, hi;
    int ok = 0;

    if (exm_pack(read, strlen(read), &lo, &hi, &err) != EXM_OK ||
        exm_annotate(s->annotator, lo, hi, 20, &s->ann, &err) != EXM_OK)
        stop(read, &err);
    for (size_t i = 0; !ok && i < s->ann.n; i++) {
        const exm_candidate *c = s->ann.cand + i;

        if (c->template_id != m->template_id || c->start != start || c->mature != id ||
            c->cost != cost)
            continue;
        put_variant(c, &text);
        ok = strcmp(text.data, variant) == 0;
    }
    exm_buf_done(&text);
    return ok;
}

static void
expect(struct state *s, uint32_t id, const char *read, long start, uint32_t cost,
       const char *variant)
{
    s->asked++;
    if (is_explained(s, id, read, start, cost, variant)) return;
    s->failed++;
    (void) fprintf(stderr, "%s %s: %s is not explained so\n",
                   exm_ref_mature_get(s->ref, id)->name, variant, read);
}

/* The mature itself comes first of all explanations, by its entity. */
static void
expect_canonical(struct state *s, uint32_t id, const char *read)
{
    const exm_ref_mature *m = exm_ref_mature_get(s->ref, id);
    const exm_candidate *c;

    expect(s, id, read, (long) m->start, 0, "NA");
    c = s->ann.cand;
    if (s->ann.n > 0 && c->cost == 0 && c->shift == 0 && c->entity == m->entity) return;
    s->failed++;
    (void) fprintf(stderr, "%s: is not its own first explanation\n", m->name);
}

static char
another(char base)
{
    return base == 'A' ? 'C' : 'A';
}

static void
ask(struct state *s, uint32_t id)
{
    const exm_ref_mature *m = exm_ref_mature_get(s->ref, id);
    const exm_ref_template *t = exm_ref_template_get(s->ref, m->template_id);
    const char *seq = exm_ref_entity_get(s->ref, m->entity)->seq;
    const size_t n = m->len;
    const char before = base_at(s->ref, t, (long) m->start - 1);
    const char behind = base_at(s->ref, t, (long) (m->start + m->len));
    char read[ROOM + 3];

    expect_canonical(s, id, seq);
    expect(s, id, seq + 1, (long) m->start + 1, 0, "iso_5p:+1");
    memcpy(read, seq, n + 1);
    read[n - 1] = '\0';
    expect(s, id, read, (long) m->start, 0, "iso_3p:-1");
    (void) snprintf(read, sizeof read, "%s%c", seq, behind);
    if (behind) expect(s, id, read, (long) m->start, 0, "iso_3p:+1");
    read[n] = another(behind);
    read[n + 1] = '\0';
    expect(s, id, read, (long) m->start, 3, "iso_add3p:1");
    (void) snprintf(read, sizeof read, "%c%s", before ? before : 'A', seq);
    if (before) expect(s, id, read, (long) m->start - 1, 0, "iso_5p:-1");
    read[0] = another(before);
    /* 2 bits a base less 6: matures of 17 nt are too short to prove an addition. */
    if (2 * n >= 6 + exm_annotator_min_bits(s->annotator, 0))
        expect(s, id, read, (long) m->start - 1, 10, "iso_add5p:1");
}

/* Negative control: another place, cost, mature or name is not what the annotator says. */
static int
controls_fail(struct state *s)
{
    const exm_ref_mature *m = exm_ref_mature_get(s->ref, 0);
    const char *seq = exm_ref_entity_get(s->ref, m->entity)->seq;
    const long at = (long) m->start;

    return is_explained(s, 0, seq, at, 0, "NA") &&
           !is_explained(s, 0, seq, at + 1, 0, "NA") &&
           !is_explained(s, 0, seq, at, 3, "NA") && !is_explained(s, 1, seq, at, 0, "NA") &&
           !is_explained(s, 0, seq, at, 0, "iso_5p:+1");
}

int
main(void)
{
    const char *demo = getenv("EXM_DEMO");
    exm_buf bytes = {0};
    exm_ref *ref = NULL;
    exm_annotator *annotator = NULL;
    struct state s = {.asked = 0};
    exm_error err = {.code = EXM_OK};

    if (!demo || !*demo) {
        (void) fprintf(stderr, "human_matures: EXM_DEMO is not set: skipped\n");
        return 77;
    }
    build(demo, &bytes, &ref);
    if (exm_annotator_new(ref, &annotator, &err) != EXM_OK) stop("annotator", &err);
    s.ref = ref;
    s.annotator = annotator;
    for (uint32_t id = 0; id < exm_ref_n_matures(ref); id++) ask(&s, id);
    printf("%u places of %u entities, %u reads, %u wrong\n", exm_ref_n_matures(ref),
           exm_ref_n_entities(ref), s.asked, s.failed);
    if (!controls_fail(&s)) s.failed++;
    exm_annotation_done(&s.ann);
    exm_annotator_free(annotator);
    exm_ref_free(ref);
    exm_buf_done(&bytes);
    return s.failed || s.asked < 6 * MATURES;
}
