/* explain_sample_text.c - a sample's story for people. */
#include "explain_sample_impl.h"

#include "exomir/trim.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 90 };

/* 84,330 */
static void
put_count(exm_buf *b, uint64_t n, size_t width)
{
    char digits[24], out[40];
    size_t k = 0;

    (void) snprintf(digits, sizeof digits, "%llu", (unsigned long long) n);
    for (const char *c = digits; *c; c++) {
        if (c > digits && strlen(c) % 3 == 0) out[k++] = ',';
        out[k++] = *c;
    }
    for (size_t pad = k; pad < width; pad++) exm_buf_putc(b, ' ');
    exm_buf_put(b, out, k);
}

static void
put_share(exm_buf *b, uint64_t n, uint64_t of)
{
    if (of == 0) {
        exm_buf_puts(b, "    -  ");
        return;
    }
    if (n < of) exm_buf_putc(b, ' ');
    if (10 * n < of) exm_buf_putc(b, ' ');
    exm_buf_put_fixed(b, 100.0 * (double) n / (double) of, 1);
    exm_buf_puts(b, " %");
}

/* Words of 'text' in lines of up to WIDTH bytes, all but the first indented; the line that
 * is being written is 'column' long. */
static void
put_wrapped(exm_buf *b, size_t column, size_t indent, const char *text)
{
    for (const char *p = text; *p;) {
        const size_t n = strcspn(p, " ");

        if (p > text && column + 1 + n > WIDTH) {
            exm_buf_putc(b, '\n');
            for (size_t i = 0; i < indent; i++) exm_buf_putc(b, ' ');
            column = indent;
        } else if (p > text) {
            exm_buf_putc(b, ' ');
            column++;
        }
        exm_buf_put(b, p, n);
        column += n;
        p += n + (p[n] == ' ');
    }
    exm_buf_putc(b, '\n');
}

static void
put_line(exm_buf *b, uint64_t n, uint64_t of, const char *what, const char *meaning)
{
    exm_buf_puts(b, "  ");
    put_count(b, n, 14);
    exm_buf_puts(b, "  ");
    put_share(b, n, of);
    exm_buf_puts(b, "  ");
    exm_buf_puts(b, what);
    if (*meaning) {
        exm_buf_puts(b, ": ");
        exm_buf_puts(b, meaning);
    }
    exm_buf_putc(b, '\n');
}

static void
put_head(const exm_story *s, exm_buf *b)
{
    const json_t *reference = json_object_get(s->provenance, "reference");
    const json_t *inputs = json_object_get(s->made, "inputs");

    exm_buf_putf(b, "%s: %s, by the limits for %s\n\n", s->r->sample,
                 exm_story_text(s->judged, "verdict"), exm_story_text(s->judged, "limits"));
    exm_buf_putf(b, "  made by exomir %s: %s\n", exm_story_text(s->provenance, "version"),
                 exm_story_text(s->provenance, "command"));
    exm_buf_putf(b, "  reference %s %s\n", exm_story_text(reference, "species"),
                 exm_story_text(reference, "sha256"));
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const json_t *f = json_array_get(inputs, i);

        exm_buf_putf(b, "  reads from %s (%s), SHA-256 %s\n", exm_story_text(f, "file"),
                     exm_story_text(f, "container"), exm_story_text(f, "sha256"));
    }
}

static void
put_flow(const exm_story *s, exm_buf *b)
{
    const exm_record *r = s->r;
    const uint64_t kept = r->fate[EXM_FATE_KEPT];

    exm_buf_puts(b, "\nWhere the reads went\n  ");
    put_count(b, r->reads_in, 14);
    exm_buf_puts(b, "           reads\n");
    for (int f = 0; f < EXM_FATE_COUNT; f++)
        if (r->fate[f] > 0 || f == EXM_FATE_KEPT)
            put_line(b, r->fate[f], r->reads_in, exm_fate_name((exm_fate) f),
                     exm_fate_description((exm_fate) f));
    exm_buf_puts(b, "\nWhat the kept reads are\n");
    for (size_t i = 0; i < r->n_classes; i++)
        if (r->classes[i].em[0] > 0 || i == 0)
            put_line(b, r->classes[i].em[0], kept, r->classes[i].name, "");
    put_line(b, r->foreign, kept, "foreign", "begin like a miRNA of another clade only");
    put_line(b, r->unannotated, kept, "unannotated",
             "nothing in the reference explains them");
    if (r->umi_len == 0) return;
    exm_buf_puts(b, "  ");
    put_count(b, r->molecules, 14);
    exm_buf_putf(b, "           molecules by their UMIs of %u nt\n", r->umi_len);
}

static void
put_kit(const exm_story *s, exm_buf *b)
{
    const char *seen = exm_story_text(s->made, "kit_inference");

    exm_buf_putf(b, "\nKit\n  %s: %s\n  ", s->r->kit, s->r->layout);
    put_wrapped(b, 2, 2,
                *s->r->kit_evidence ? s->r->kit_evidence : "It was named, not inferred.");
    if (!*seen) return;
    exm_buf_puts(b, "  In the first reads: ");
    put_wrapped(b, 22, 2, seen);
}

/* ---- checks ---- */

/* A value as it was in qc.json, without the noise of binary fractions. */
static void
put_value(exm_buf *b, double v, const char *unit)
{
    if (v == floor(v) && v >= 0.0 && v < 1e15)
        put_count(b, (uint64_t) v, 0);
    else
        exm_buf_put_fixed(b, v, fabs(v) < 1.0 ? 3 : 1);
    if (*unit) exm_buf_putf(b, " %s", unit);
}

static void
put_limit(double v, const char *unit, exm_buf *b)
{
    if (v == floor(v)) {
        put_value(b, v, unit);
        return;
    }
    exm_buf_put_double(b, v); /* as it was chosen */
    if (*unit) exm_buf_putf(b, " %s", unit);
}

static void
put_limits(const json_t *check, exm_buf *b)
{
    static const char *const key[] = {"low", "high"}, *const word[] = {"at least",
                                                                       "at most"};
    static const char *const fail_key[] = {"fail_low", "fail_high"};
    static const char *const fail_word[] = {"fails below", "fails above"};
    const char *unit = exm_story_text(check, "unit");
    const char *between = " (limit: ";

    for (int k = 0; k < 2; k++) {
        const double v = exm_story_number(check, key[k]);

        if (isnan(v)) continue;
        exm_buf_putf(b, "%s%s ", between, word[k]);
        put_limit(v, unit, b);
        between = ", ";
    }
    for (int k = 0; k < 2; k++) {
        const double v = exm_story_number(check, fail_key[k]);

        if (isnan(v) || v == exm_story_number(check, key[k])) continue;
        exm_buf_putf(b, "%s%s ", between, fail_word[k]);
        put_limit(v, "", b);
    }
    if (*between == ',') exm_buf_putc(b, ')');
}

static void
put_check(const json_t *check, exm_verdict v, exm_buf *b)
{
    exm_buf_putf(b, "  %-4s  %s", exm_verdict_name(v), exm_story_text(check, "title"));
    if (v == EXM_VERDICT_PASS || v == EXM_VERDICT_NA) {
        if (v == EXM_VERDICT_PASS) {
            exm_buf_puts(b, ": ");
            put_value(b, exm_story_number(check, "value"), exm_story_text(check, "unit"));
            put_limits(check, b);
        } else {
            exm_buf_putf(b, ": %s", exm_story_text(check, "reason"));
        }
    } else {
        put_limits(check, b);
        exm_buf_puts(b, "\n        ");
        put_wrapped(b, 8, 8, exm_story_text(check, "reason"));
        return;
    }
    exm_buf_putc(b, '\n');
}

static void
put_checks(const exm_story *s, exm_buf *b)
{
    static const exm_verdict order[] = {EXM_VERDICT_FAIL, EXM_VERDICT_WARN,
                                        EXM_VERDICT_NOTE, EXM_VERDICT_PASS, EXM_VERDICT_NA};
    const json_t *items = json_object_get(s->judged, "items");
    const char *between = "\nChecks: ";

    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
        if (s->checks[order[k]] == 0) continue;
        exm_buf_putf(b, "%s%zu %s", between, s->checks[order[k]],
                     order[k] == EXM_VERDICT_NA ? "not computable"
                                                : exm_verdict_name(order[k]));
        between = ", ";
    }
    exm_buf_putc(b, '\n');
    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++)
        for (size_t i = 0; i < json_array_size(items); i++)
            if (exm_story_verdict(json_array_get(items, i)) == order[k])
                put_check(json_array_get(items, i), order[k], b);
}

/* ---- features ---- */

static void
put_features(const exm_record_feature *const *list, size_t n, uint64_t all, exm_buf *b)
{
    exm_buf_puts(b, "        EM reads    share      unique        best  miRNA\n");
    for (size_t i = 0; i < n; i++) {
        exm_buf_puts(b, "  ");
        put_count(b, list[i]->em[0], 14);
        exm_buf_puts(b, "  ");
        put_share(b, list[i]->em[0], all);
        put_count(b, list[i]->unique[0], 12);
        put_count(b, list[i]->best[0], 12);
        exm_buf_putf(b, "  %s\n", list[i]->name);
    }
}

static void
put_shared(const exm_story *s, exm_buf *b)
{
    exm_buf_puts(b, "\nShared reads\n");
    put_line(b, s->tied, s->r->annotated,
             "of the explained reads fit several features equally well", "EM shares them");
    put_line(b, s->tied_between, s->r->annotated, "fit features of several classes", "");
    if (s->n_shared == 0) return;
    exm_buf_puts(b, "  Counts that rest on sharing most (EM and unique differ):\n");
    put_features(s->shared, s->n_shared, s->r->classes[0].em[0], b);
}

static void
put_confounders(const exm_story *s, exm_buf *b)
{
    exm_buf_puts(b, "\nWhat else may stand behind the numbers\n");
    for (size_t i = 0; i < s->n_confounders; i++) {
        const exm_confounder *c = s->confounder + i;

        exm_buf_putf(b, "  - %s: ", c->title);
        if (isnan(c->value)) {
            exm_buf_puts(b, "not computable\n    ");
        } else {
            exm_buf_put_fixed(b, c->value, 2);
            exm_buf_putf(b, " %s\n    ", c->unit);
        }
        put_wrapped(b, 4, 4, c->text);
    }
    exm_buf_puts(b, "  - ");
    put_wrapped(
        b, 4, 4,
        "Reads do not tell whether a miRNA came from vesicles (most outside of cells is "
        "bound to proteins), how blood was spun, or when it was drawn: keep the record "
        "of isolation.");
    exm_buf_puts(b, "\nResearch use only.\n");
}

exm_status
exm_story_put_text(const exm_story *s, exm_buf *b, exm_error *reterr)
{
    put_head(s, b);
    put_flow(s, b);
    put_kit(s, b);
    put_checks(s, b);
    if (s->n_top > 0) {
        exm_buf_puts(b, "\nCommonest miRNAs\n");
        put_features(s->top, s->n_top, s->r->classes[0].em[0], b);
    }
    put_shared(s, b);
    put_confounders(s, b);
    return exm_buf_check(b, reterr);
}
