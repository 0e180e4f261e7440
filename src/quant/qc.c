/*
 * qc.c - verdicts on one sample.
 *
 * All checks and their general limits stand in one table; those named exomir are this
 * program's own, and data/limits/ has others by fluid (docs/methods/counting.md); the five
 * of miRTrace and exceRpt's verdict are reproduced as published.
 */
#include "exomir/qc.h"

#include "exomir/calibrate.h"
#include "exomir/clade.h"

#include "exomir/ref.h"
#include "exomir/text.h"
#include "limits_impl.h"
#include "qc_umi.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *
exm_verdict_name(exm_verdict v)
{
    static const char *const name[] = {"pass", "note", "warn", "fail", "na"};

    return (unsigned) v < 5 ? name[v] : "na";
}

/* ---- the numbers ---- */

static double
percent(uint64_t n, uint64_t of)
{
    return of ? 100.0 * (double) n / (double) of : (double) NAN;
}

static uint64_t
kept(const exm_record *r)
{
    return r->fate[EXM_FATE_KEPT];
}

static uint64_t
kind_reads(const exm_record *r, uint32_t kind)
{
    uint64_t n = 0;

    for (size_t i = 0; i < r->n_classes; i++)
        if (r->classes[i].kind == kind) n += r->classes[i].em[0];
    return n;
}

static double
reads_in(const exm_record *r)
{
    return (double) r->reads_in;
}

static double
adapter_found(const exm_record *r)
{
    return strcmp(r->kit, "none") == 0 ? (double) NAN
                                       : percent(r->adapter_found, r->reads_in);
}

static double
dimers(const exm_record *r)
{
    return strcmp(r->kit, "none") == 0 ? (double) NAN
                                       : percent(r->fate[EXM_FATE_DIMER], r->reads_in);
}

static double
length_mode(const exm_record *r)
{
    size_t best = 0;

    for (size_t i = 1; i < EXM_LEN_BINS; i++)
        if (r->len_kept[i] > r->len_kept[best]) best = i;
    return r->len_kept[best] ? (double) best : (double) NAN;
}

static uint64_t
between(const uint64_t *bins, size_t from, size_t to)
{
    uint64_t n = 0;

    for (size_t i = from; i <= to; i++) n += bins[i];
    return n;
}

static double
share_19_24(const exm_record *r)
{
    return percent(between(r->len_kept, 19, 24), kept(r));
}

static double
mirna(const exm_record *r)
{
    return percent(r->classes[0].em[0], kept(r));
}

static double
unannotated(const exm_record *r)
{
    return percent(r->unannotated, kept(r));
}

/* Reads that speak for another clade where they are more than chance and conserved RNA. */
static double
foreign(const exm_record *r)
{
    exm_clade_verdict v;

    exm_clade_judge(r, &v);
    if (!v.traced || kept(r) == 0) return (double) NAN;
    return v.found ? percent(v.evidence, kept(r)) : 0.0;
}

static double
complexity(const exm_record *r)
{
    return percent(r->unique_reads, kept(r));
}

static double
detected(const exm_record *r, uint64_t least)
{
    double n = 0.0;

    for (size_t i = 0; i < r->n_features; i++)
        n += r->features[i].class_id == 0 && r->features[i].em[0] >= least ? 1.0 : 0.0;
    return n;
}

static double
detected_1(const exm_record *r)
{
    return detected(r, 1);
}

static double
detected_10(const exm_record *r)
{
    return detected(r, 10);
}

static double
top5(const exm_record *r)
{
    return percent(r->top5_reads, kept(r));
}

static double
duplication(const exm_record *r)
{
    return r->umi_len && r->molecules ? (double) kept(r) / (double) r->molecules
                                      : (double) NAN;
}

static double
q30(const exm_record *r)
{
    return percent(r->bases_q30, r->bases);
}

static double
spikes(const exm_record *r)
{
    for (size_t i = 0; i < r->n_classes; i++)
        if (r->classes[i].kind == EXM_KIND_SPIKE)
            return percent(kind_reads(r, EXM_KIND_SPIKE), kept(r));
    return (double) NAN;
}

static double
spike_fit(const exm_record *r)
{
    return exm_calibrate_sample(r).r2;
}

static double
ambiguous(const exm_record *r)
{
    uint64_t n = 0;

    for (size_t i = 0; i < r->n_classes; i++)
        n += r->classes[i].shared_within + r->classes[i].shared_between;
    return percent(n, r->annotated);
}

static double
between_classes(const exm_record *r)
{
    uint64_t n = 0;

    for (size_t i = 0; i < r->n_classes; i++) n += r->classes[i].shared_between;
    return percent(n, r->annotated);
}

static double
error_rate(const exm_record *r)
{
    return 100.0 * r->error_rate;
}

/* Of the miRNA reads whose variant is named. */
static double
open_ends(const exm_record *r)
{
    uint64_t open = 0, all = 0;

    if (!exm_record_is_poly_a(r)) return (double) NAN;
    for (size_t i = 0; i < r->n_isomirs; i++) {
        all += r->isomirs[i].count[0];
        if (exm_record_has_open_end(r, &r->isomirs[i])) open += r->isomirs[i].count[0];
    }
    return percent(open, all);
}

static double
mirtrace_length(const exm_record *r)
{
    return percent(between(r->len_kept, 20, 25), r->reads_in);
}

static double
kept_share(const exm_record *r)
{
    return percent(kept(r), r->reads_in);
}

static double
mirtrace_complexity(const exm_record *r)
{
    return r->mirnas_in_reference ? 100.0 * detected(r, 1) / (double) r->mirnas_in_reference
                                  : (double) NAN;
}

static double
transcriptome(const exm_record *r)
{
    const uint64_t not_of_it =
        kind_reads(r, EXM_KIND_SPIKE) + kind_reads(r, EXM_KIND_ARTIFACT);

    return r->annotated > not_of_it ? (double) (r->annotated - not_of_it) : 0.0;
}

/* Share in the explained RNA; it says something only where all large classes are told. */
static double
cargo(const exm_record *r, const char *name)
{
    const uint64_t all = (uint64_t) transcriptome(r);
    uint64_t n = 0;
    int rrna = 0, trna = 0;

    for (size_t i = 0; i < r->n_classes; i++) {
        rrna |= exm_text_same(r->classes[i].name, "rRNA");
        trna |= exm_text_same(r->classes[i].name, "tRNA");
        if (exm_text_same(r->classes[i].name, name)) n += r->classes[i].em[0];
    }
    return rrna && trna ? percent(n, all) : (double) NAN;
}

static double
cargo_mirna(const exm_record *r)
{
    return cargo(r, "miRNA");
}

static double
cargo_rrna(const exm_record *r)
{
    return cargo(r, "rRNA");
}

static double
cargo_trna(const exm_record *r)
{
    return cargo(r, "tRNA");
}

static double
not_computable(const exm_record *r)
{
    (void) r;
    return (double) NAN;
}

/* ---- the limits ---- */

struct limit {
    const char *id, *title, *unit, *source;
    double (*value)(const exm_record *r);
    double low, high;           /* NaN: none */
    exm_verdict outside;        /* verdict beyond a limit */
    double fail_low, fail_high; /* beyond these the sample fails; NaN: never */
    const char *advice;         /* what to do then, or why it is not computable */
};

#define NONE ((double) NAN)

/* A sample fails where its counts would be of something else, or of next to nothing: at the
 * shares below which a run stops without --allow-*, where another species shows (plasma of
 * cattle on the human reference: 0.23 %), and where exceRpt rejects. */
static const struct limit limits[] = {
    {"reads", "Reads sequenced", "reads", "exomir", reads_in, 1e5, NONE, EXM_VERDICT_WARN,
     NONE, NONE, "Rare miRNAs are missed: sequence deeper, or compare only abundant ones"},
    {"adapter_found", "Adapter found", "%", "exomir", adapter_found, 50.0, NONE,
     EXM_VERDICT_WARN, 2.0, NONE,
     "Check the kit, and whether inserts are longer than the reads"},
    {"adapter_dimers", "Adapter dimers", "%", "exomir", dimers, NONE, 20.0,
     EXM_VERDICT_WARN, NONE, NONE, "Too little input RNA, or the size selection failed"},
    {"kept", "Reads kept", "%", "exomir", kept_share, 20.0, NONE, EXM_VERDICT_WARN, 5.0,
     NONE, "The read flow shows what became of the others"},
    {"length_mode", "Commonest insert length", "nt", "exomir", length_mode, 20.0, 24.0,
     EXM_VERDICT_WARN, NONE, NONE,
     "miRNA peaks at 21-23 nt: degraded RNA, or other cargo prevails"},
    {"length_19_24", "Inserts of 19-24 nt", "%", "exomir", share_19_24, 20.0, NONE,
     EXM_VERDICT_WARN, NONE, NONE,
     "Few inserts have the length of miRNA: look at the length plot"},
    {"mirna", "miRNA among inserts", "%", "exomir", mirna, 5.0, NONE, EXM_VERDICT_WARN, 1.0,
     NONE, "Other RNA prevails: see the cargo plot before counts are compared"},
    {"unannotated", "Inserts of unknown origin", "%", "exomir", unannotated, NONE, 60.0,
     EXM_VERDICT_NOTE, NONE, NONE,
     "Add classes to the reference (--class), or suspect contamination"},
    {"cargo_mirna", "miRNA in the explained RNA", "%", "exomir", cargo_mirna, NONE, NONE,
     EXM_VERDICT_NOTE, NONE, NONE, "Unusual for exosomes: see the cargo plot"},
    {"cargo_rrna", "rRNA in the explained RNA", "%", "exomir", cargo_rrna, NONE, NONE,
     EXM_VERDICT_NOTE, NONE, NONE,
     "Unusual for exosomes: much of it is cell debris or degraded RNA, little a depletion"},
    {"cargo_trna", "tRNA in the explained RNA", "%", "exomir", cargo_trna, NONE, NONE,
     EXM_VERDICT_NOTE, NONE, NONE, "Unusual for exosomes: see the types of tRNA fragments"},
    {"foreign", "miRNA of another clade", "%", "exomir", foreign, NONE, 0.0,
     EXM_VERDICT_WARN, NONE, 0.2,
     "Another species in the sample, the kit's columns, or swapped samples"},
    {"complexity", "Distinct inserts", "%", "exomir", complexity, 0.5, NONE,
     EXM_VERDICT_NOTE, NONE, NONE, "Few molecules were amplified very often"},
    {"mirnas_1", "miRNAs seen (1 read)", "miRNAs", "exomir", detected_1, 100.0, NONE,
     EXM_VERDICT_WARN, 50.0, NONE, "Too few for most signatures"},
    {"mirnas_10", "miRNAs seen (10 reads)", "miRNAs", "exomir", detected_10, NONE, NONE,
     EXM_VERDICT_PASS, NONE, NONE, ""},
    {"top5", "Reads in the 5 commonest inserts", "%", "exomir", top5, NONE, 80.0,
     EXM_VERDICT_NOTE, NONE, NONE, "A handful of inserts takes most of the sequencing"},
    {"umi_duplication", "Reads per molecule", "reads", "exomir", duplication, NONE, 20.0,
     EXM_VERDICT_NOTE, NONE, NONE, "More sequencing will hardly find new molecules"},
    {"q30", "Bases of Q30 and better", "%", "exomir", q30, 70.0, NONE, EXM_VERDICT_WARN,
     NONE, NONE, "A poor run: isomiRs and single-base differences are less sure"},
    {"spikes", "Spike-ins among inserts", "%", "exomir", spikes, NONE, 30.0,
     EXM_VERDICT_NOTE, NONE, NONE,
     "Spike-ins take much of the sequencing: less input than planned?"},
    {"spike_fit", "Spike-ins follow their amounts, R2", "", "exomir", spike_fit, 0.9, NONE,
     EXM_VERDICT_NOTE, NONE, NONE,
     "Counts do not follow what was added: see the calibration, and whether amounts are "
     "right"},
    {"ambiguous", "Reads that fit several features", "%", "exomir", ambiguous, NONE, 50.0,
     EXM_VERDICT_NOTE, NONE, NONE,
     "Compare the columns unique and EM of the miRNAs you rely on"},
    {"between_classes", "Reads shared between classes", "%", "exomir", between_classes,
     NONE, 10.0, EXM_VERDICT_NOTE, NONE, NONE,
     "miRNAs that equal tRNA or rRNA pieces are uncertain"},
    {"error_rate", "Substitutions per base in miRNA", "%", "exomir", error_rate, NONE, 1.0,
     EXM_VERDICT_NOTE, NONE, NONE, "Poor sequencing, or many edited or variant miRNAs"},
    {"open_ends", "3' ends that a poly-A kit leaves open", "%", "exomir", open_ends, NONE,
     0.0, EXM_VERDICT_NOTE, NONE, NONE,
     "A of their own were cut with the tail: marked polyA in isomir.counts.tsv and "
     "mirna.gff3; added A are never seen. Compare 3' ends with no other kit"},
    {"mirtrace_quality", "miRTrace: bases of Q30", "%", "miRTrace 1.0.1", q30, 50.0, NONE,
     EXM_VERDICT_WARN, NONE, NONE, "miRTrace calls this low sequencing quality"},
    {"mirtrace_length", "miRTrace: reads of 20-25 nt", "%", "miRTrace 1.0.1",
     mirtrace_length, 25.0, NONE, EXM_VERDICT_WARN, NONE, NONE,
     "miRTrace calls this an unusual length distribution"},
    {"mirtrace_passed", "miRTrace: reads that pass QC", "%", "miRTrace 1.0.1", kept_share,
     25.0, NONE, EXM_VERDICT_WARN, NONE, NONE, "miRTrace warns of few reads that pass"},
    {"mirtrace_mirna", "miRTrace: miRNA of passing reads", "%", "miRTrace 1.0.1", mirna,
     10.0, NONE, EXM_VERDICT_WARN, NONE, NONE, "miRTrace warns of little miRNA"},
    {"mirtrace_complexity", "miRTrace: reference miRNAs seen", "%", "miRTrace 1.0.1",
     mirtrace_complexity, 10.0, NONE, EXM_VERDICT_WARN, NONE, NONE,
     "miRTrace warns of low complexity"},
    {"excerpt_transcriptome", "exceRpt: transcriptome reads", "reads", "exceRpt",
     transcriptome, 1e5, NONE, EXM_VERDICT_FAIL, 1e5, NONE,
     "exceRpt rejects samples below 100,000"},
    {"excerpt_ratio", "exceRpt: transcriptome / genome", "", "exceRpt", not_computable, 0.5,
     NONE, EXM_VERDICT_FAIL, 0.5, NONE,
     "Needs a genome, which this reference does not hold"},
};

_Static_assert(sizeof limits / sizeof limits[0] <= EXM_QC_MAX, "every item has a place");

/* ---- words ---- */

/* Two decimals for small numbers, none for large ones. */
static int
decimals_of(double x)
{
    return fabs(x) >= 1000.0 || x == floor(x) ? 0 : fabs(x) >= 10.0 ? 1 : 2;
}

/* The likely cause, where the record tells more than the limit does. */
static void
add_cause(exm_qc_item *q, const struct limit *l, const exm_record *r)
{
    const size_t n = strlen(q->reason), room = sizeof q->reason - n;

    if (l->value == mirna && unannotated(r) > 50.0)
        (void) snprintf(q->reason + n, room,
                        " Most inserts match nothing: a reference of another species?");
}

/* What a value that is not computable would take. */
static const char *
missing(const struct limit *l, const exm_record *r)
{
    if (l->value == not_computable) return l->advice;
    if (r->reads_in == 0) return "There are no reads";
    if (l->value == cargo_mirna || l->value == cargo_rrna || l->value == cargo_trna)
        return "The reference lacks rRNA or tRNA, or no read is explained";
    if (l->value == adapter_found || l->value == dimers)
        return "The reads came without adapter";
    if (l->value == q30) return "The reads carry no qualities";
    if (l->value == duplication && r->umi_len == 0) return "The kit has no UMIs";
    if (l->value == open_ends && !exm_record_is_poly_a(r)) return "The kit has no poly-A";
    if (l->value == foreign && r->foreign_in_reference == 0)
        return "The reference traces no other clade (ref build --clade)";
    if (kept(r) == 0) return "No insert was kept";
    if (l->value == spikes) return "The reference holds no spike-ins";
    if (l->value == spike_fit) return "Fewer than 3 spike-ins of known amount were counted";
    if (l->value == error_rate) return "No miRNA has 100 unambiguous reads";
    return "No insert is explained";
}

static double
rounded(double x, int decimals)
{
    double scale = 1.0;

    for (int i = 0; i < decimals; i++) scale *= 10.0;
    return round(x * scale) / scale;
}

/* As many more as it takes to show on which side of its limit a value lies. */
static int
decimals_beside(double x, double bound)
{
    int n = decimals_of(x);

    while (n < 9 && rounded(x, n) == bound) n++;
    return n;
}

/* 84,330: a comma before every three digits of a whole number. */
static void
put_whole(char *to, size_t size, double x)
{
    char plain[32];
    size_t k = 0;

    (void) snprintf(plain, sizeof plain, "%.0f", fabs(x));
    if (x < 0.0) to[k++] = '-';
    for (const char *c = plain; *c && k + 2 < size; c++) {
        if (c > plain && strlen(c) % 3 == 0) to[k++] = ',';
        to[k++] = *c;
    }
    to[k] = '\0';
}

/* Printf's radix is the locale's, a point is wanted; decimals <= 9, |x| < 1000 with any. */
static void
put_number(char *to, size_t size, double x, int decimals)
{
    const char *sign = x < 0.0 ? "-" : "";
    unsigned long long scale = 1, v;

    if (decimals == 0) {
        put_whole(to, size, x);
        return;
    }
    for (int i = 0; i < decimals; i++) scale *= 10;
    v = (unsigned long long) round(fabs(x) * (double) scale);
    (void) snprintf(to, size, "%s%llu.%0*llu", sign, v / scale, decimals, v % scale);
}

/* Which clade, by how many reads, against which limit. */
static void
say_clade(exm_qc_item *q, const struct limit *l, const exm_record *r)
{
    exm_clade_verdict v;
    char reads[48], evidence[48], share[48], limit[48];

    exm_clade_judge(r, &v);
    if (v.reads == 0) {
        (void) snprintf(q->reason, sizeof q->reason, "No read of another clade");
        return;
    }
    put_number(reads, sizeof reads, (double) v.reads, 0);
    put_number(evidence, sizeof evidence, (double) v.evidence, 0);
    put_number(share, sizeof share, v.share, v.share < 0.01 ? 4 : 2);
    put_number(limit, sizeof limit, v.limit, 1);
    (void) snprintf(q->reason, sizeof q->reason,
                    "%s: %s read%s of %u miRNA%s, %s%% of kept; %s without the commonest, "
                    "limit %s%s%s%s",
                    v.label, reads, v.reads == 1 ? "" : "s", v.mirnas,
                    v.mirnas == 1 ? "" : "s", share, evidence, limit, v.found ? ". " : "",
                    v.found ? l->advice : "", v.found ? "." : "");
}

static void
say(exm_qc_item *q, const struct limit *l, const exm_record *r)
{
    const double bound = q->value < l->fail_low    ? l->fail_low
                         : q->value > l->fail_high ? l->fail_high
                         : q->value < l->low       ? l->low
                                                   : l->high;
    const char *blank = *l->unit && strcmp(l->unit, "%") != 0 ? " " : "";
    char value[48], limit[48];

    if (q->verdict == EXM_VERDICT_NA) {
        (void) snprintf(q->reason, sizeof q->reason, "Not computable here. %s.",
                        missing(l, r));
        return;
    }
    if (l->value == foreign) {
        say_clade(q, l, r);
        return;
    }
    if (q->verdict == EXM_VERDICT_PASS) {
        put_number(value, sizeof value, q->value, decimals_of(q->value));
        (void) snprintf(q->reason, sizeof q->reason, "%s%s%s", value, blank, l->unit);
        return;
    }
    put_number(value, sizeof value, q->value, decimals_beside(q->value, bound));
    put_number(limit, sizeof limit, bound, decimals_of(bound));
    (void) snprintf(q->reason, sizeof q->reason, "%s%s%s, %s %s%s%s. %s.", value, blank,
                    l->unit, q->value < l->low ? "below" : "above", limit, blank, l->unit,
                    l->advice);
}

static exm_verdict
judge(const struct limit *l, double value)
{
    if (isnan(value)) return EXM_VERDICT_NA;
    if (!(value < l->low) && !(value > l->high)) return EXM_VERDICT_PASS;
    return value < l->fail_low || value > l->fail_high ? EXM_VERDICT_FAIL : l->outside;
}

/* ---- what limits.c needs ---- */

size_t
exm_qc_find(const char *id)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (strcmp(limits[i].id, id) == 0) return i;
    return SIZE_MAX;
}

const char *
exm_qc_id(size_t i)
{
    return i < sizeof limits / sizeof limits[0] ? limits[i].id : NULL;
}

int
exm_qc_is_own(size_t i)
{
    return strcmp(limits[i].source, "exomir") == 0;
}

/* The check with the limits that hold here. */
static struct limit
limit_of(size_t i, const exm_limits *own, const char **ret_basis)
{
    struct limit l = limits[i];
    const exm_limit *x = own ? exm_limits_get(own, i) : NULL;

    *ret_basis = exm_qc_is_own(i) ? "own choice" : "as published";
    if (x) {
        l.low = x->low;
        l.high = x->high;
        l.fail_low = x->fail_low;
        l.fail_high = x->fail_high;
        l.outside = x->beyond;
        *ret_basis = x->source;
    }
    return l;
}

void
exm_qc_sample(const exm_record *r, exm_qc *ret)
{
    exm_qc_sample_by(r, NULL, ret);
}

void
exm_qc_sample_by(const exm_record *r, const exm_limits *own, exm_qc *ret)
{
    exm_qc q = {.n = sizeof limits / sizeof limits[0],
                .limits = own ? exm_limits_name(own) : "unknown"};

    for (size_t i = 0; i < q.n; i++) {
        const char *basis;
        const struct limit here = limit_of(i, own, &basis), *l = &here;
        exm_qc_item *x = q.item + i;

        *x = (exm_qc_item){.id = l->id,
                           .title = l->title,
                           .unit = l->unit,
                           .source = l->source,
                           .value = l->value(r),
                           .low = l->low,
                           .high = l->high,
                           .fail_low = l->fail_low,
                           .fail_high = l->fail_high,
                           .basis = basis};
        x->verdict = judge(l, x->value);
        say(x, l, r);
        if (x->verdict != EXM_VERDICT_PASS && x->verdict != EXM_VERDICT_NA)
            add_cause(x, l, r);
        if (x->verdict != EXM_VERDICT_NA && x->verdict != EXM_VERDICT_NOTE &&
            x->verdict > q.overall)
            q.overall = x->verdict;
    }
    *ret = q;
}
