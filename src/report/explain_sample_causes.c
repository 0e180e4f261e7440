/*
 * explain_sample_causes.c - what else may stand behind a sample's numbers.
 *
 * None of these is a verdict: limits are qc.json's.
 */
#include "explain_sample_impl.h"

#include "exomir/hemolysis.h"
#include "exomir/ref.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FEW_READS = 20 }; /* of both, below which their ratio says nothing */

static double
percent(uint64_t n, uint64_t of)
{
    return of ? 100.0 * (double) n / (double) of : (double) NAN;
}

static exm_confounder *
add(exm_story *s, const char *id, const char *title, double value, const char *unit)
{
    exm_confounder *c = s->confounder + s->n_confounders++;

    *c = (exm_confounder){.id = id, .title = title, .value = value, .unit = unit};
    return c;
}

static uint64_t
reads_of(const exm_record *r, const char *name)
{
    uint64_t n = 0;

    for (size_t i = 0; i < r->n_features; i++)
        if (r->features[i].class_id == 0 &&
            exm_hemolysis_has_name(r->features[i].name, name))
            n += r->features[i].em[0];
    return n;
}

/* log2((miR-451a + 0.5) / (miR-23a-3p + 0.5)), and the share of the signature. */
static void
add_red_cells(exm_story *s)
{
    const exm_record *r = s->r;
    const uint64_t red = reads_of(r, "miR-451a"), other = reads_of(r, "miR-23a-3p");
    uint64_t signature = 0;
    exm_confounder *c =
        add(s, "red_cells", "Red cells, miR-451a over miR-23a-3p",
            red + other >= FEW_READS ? log2(((double) red + 0.5) / ((double) other + 0.5))
                                     : (double) NAN,
            "log2");

    (void) snprintf(c->text, sizeof c->text,
                    "%llu and %llu reads%s. It rises with hemolysis. Limits are known for "
                    "qPCR only (delta Cq of 23a-3p and 451a: below 5 unaffected, above 7 "
                    "severe), so compare it among samples that were handled alike.",
                    (unsigned long long) red, (unsigned long long) other,
                    red + other < FEW_READS ? ", too few to compare" : "");
    for (size_t i = 0; i < r->n_features; i++)
        if (r->features[i].class_id == 0 && exm_hemolysis_is_signature(r->features[i].name))
            signature += r->features[i].em[0];
    c = add(s, "red_cell_mirnas", "The 20 miRNAs of red cells",
            percent(signature, r->n_classes ? r->classes[0].em[0] : 0), "% of miRNA");
    (void) snprintf(c->text, sizeof c->text,
                    "The published hemolysis metric rests on them; it needs a cohort.");
}

static void
add_foreign(exm_story *s)
{
    const exm_record *r = s->r;
    exm_confounder *c = add(s, "other_species", "Other species",
                            percent(r->foreign, r->fate[EXM_FATE_KEPT]), "% of kept reads");

    if (r->n_clades > 0)
        (void) snprintf(c->text, sizeof c->text, "%llu read%s, most like %.60s (%llu).",
                        (unsigned long long) r->foreign, r->foreign == 1 ? "" : "s",
                        r->clades[0].name, (unsigned long long) r->clades[0].reads);
    else
        (void) snprintf(c->text, sizeof c->text,
                        "No such read, or the reference traces none (ref build --clade).");
}

static void
add_classes(exm_story *s, uint32_t kind, const char *id, const char *title,
            const char *text)
{
    uint64_t reads = 0;
    int there = 0;

    for (size_t i = 0; i < s->r->n_classes; i++) {
        if (s->r->classes[i].kind != kind) continue;
        there = 1;
        reads += s->r->classes[i].em[0];
    }
    if (there) {
        exm_confounder *c =
            add(s, id, title, percent(reads, s->r->fate[EXM_FATE_KEPT]), "% of kept reads");

        (void) snprintf(c->text, sizeof c->text, "%s", text);
    }
}

void
exm_story_find_confounders(exm_story *s)
{
    exm_confounder *c;

    add_red_cells(s);
    add_foreign(s);
    add_classes(s, EXM_KIND_SPIKE, "spike_ins", "Spike-ins",
                "The more, the less RNA the sample gave.");
    add_classes(s, EXM_KIND_ARTIFACT, "artifacts", "Artifacts",
                "Adapters, primers and other artifacts of the library.");
    c = add(s, "commonest_inserts", "The five commonest inserts",
            percent(s->r->top5_reads, s->r->fate[EXM_FATE_KEPT]), "% of kept reads");
    (void) snprintf(c->text, sizeof c->text, "What they take, rare miRNAs lack.");
}
