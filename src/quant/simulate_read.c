/*
 * simulate_read.c - from a molecule to its read: layout of the kit, errors, qualities.
 */
#include "simulate_impl.h"

#include <string.h>

const char *
exm_simulate_feature(const exm_simulator *s, uint32_t f)
{
    static const char *const own[] = {"random", "dimer", "background"};

    if (f < s->n_entities) return exm_ref_entity_get(s->ref, f)->name;
    if (f < s->first_own) return exm_ref_template_get(s->ref, f - s->n_entities)->name;
    f -= s->first_own;
    if (f < EXM_SIM_OWN_ROWS) return own[f];
    return exm_fasta_get(s->o->foreign, f - EXM_SIM_OWN_ROWS)->id;
}

static void
put_random(exm_buf *b, exm_rng *r, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) exm_buf_putc(b, exm_sim_letter(r));
}

/* A stretch of n nt of which [at, at + len) is the UMI and the rest random. */
static void
put_stretch(exm_buf *b, exm_rng *r, uint32_t n, uint32_t at, uint32_t len, const char **umi)
{
    for (uint32_t i = 0; i < n; i++) {
        if (i >= at && i < at + len)
            exm_buf_putc(b, *(*umi)++);
        else
            put_random(b, r, 1);
    }
}

/* Index and primer behind an adapter that may hold the first bases of them already. */
static const char *
what_follows(const char *adapter)
{
    static const char primer[] = "AACTCCAGTCACATCACGATCTCGTATGCCGTCTTCTGCTTG";
    enum { COMMON = 12 }; /* up to the index */
    const size_t n = strlen(adapter);

    for (size_t k = n < COMMON ? n : COMMON; k > 0; k--)
        if (memcmp(adapter + n - k, primer, k) == 0) return primer + k;
    return primer;
}

/* The sequenced strand without errors, at least read_len long unless there is no adapter. */
static void
put_strand(exm_simulator *s, const exm_molecule *m, const char *umi, exm_buf *b)
{
    const exm_layout *l = &s->o->layout;

    put_stretch(b, &s->rng, l->n_5, l->umi5_at, l->umi5_len, &umi);
    exm_buf_put(b, m->seq, m->len);
    if (l->adapter_len == 0 && l->poly_a == 0) return;
    put_stretch(b, &s->rng, l->n_3, l->umi3_at, l->umi3_len, &umi);
    exm_buf_puts(b, l->adapter);
    for (uint32_t i = 0; l->poly_a > 0 && i < l->poly_a + 4; i++) exm_buf_putc(b, 'A');
    for (uint32_t i = 0; i < l->umi_after_len; i++) exm_buf_putc(b, *umi++);
    exm_buf_puts(b, l->adapter2);
    exm_buf_puts(b, what_follows(l->adapter2_len ? l->adapter2 : l->adapter));
    while (!b->failed && b->len < s->o->read_len) exm_buf_putc(b, 'G'); /* dark cycles */
}

/* Quality of one base; errors tend to have low ones. */
static char
draw_quality(exm_simulator *s, uint32_t cycle, int is_error)
{
    const uint64_t x = exm_rng_below(&s->rng, 1000);

    if (s->o->quality_levels <= 4) {
        if (is_error) return x < 500 ? ',' : x < 900 ? ':' : 'F';
        return x < 930 ? 'F' : x < 980 ? ':' : x < 998 ? ',' : '#';
    }
    return (char) (33 + (is_error ? 5 + x % 20 : 41 - x % 8 - cycle * (x % 5) / 60));
}

void
exm_simulate_put_read(exm_simulator *s, const exm_molecule *m, const char *umi,
                      exm_buf *strand, exm_buf *qual)
{
    const uint32_t insert_at = s->o->layout.n_5;
    uint32_t errors = 0, n;

    exm_buf_clear(strand);
    exm_buf_clear(qual);
    put_strand(s, m, umi, strand);
    n = (uint32_t) strand->len;
    if (n > s->o->read_len) n = s->o->read_len;
    for (uint32_t i = 0; i < n; i++) {
        const int wrong = exm_sim_chance(&s->rng, s->o->error_rate);

        if (wrong) {
            char *c = strand->data + i;

            *c = exm_sim_other_letter(&s->rng, *c);
            errors += i >= insert_at && i < insert_at + m->len;
        }
        exm_buf_putc(qual, draw_quality(s, i, wrong));
    }
    if (strand->failed || qual->failed) { /* which the next read would clear */
        s->out.failed = 1;
        return;
    }
    exm_buf_puts(&s->out, "@sim");
    exm_buf_put_u64(&s->out, s->made + 1);
    exm_buf_putc(&s->out, ':');
    exm_buf_puts(&s->out, exm_simulate_feature(s, m->feature));
    exm_buf_putc(&s->out, ':');
    exm_buf_puts(&s->out, m->variant);
    exm_buf_puts(&s->out, " errors=");
    exm_buf_put_u64(&s->out, errors);
    exm_buf_putc(&s->out, '\n');
    exm_buf_put(&s->out, strand->data, n);
    exm_buf_puts(&s->out, "\n+\n");
    exm_buf_put(&s->out, qual->data, n);
    exm_buf_putc(&s->out, '\n');
}
