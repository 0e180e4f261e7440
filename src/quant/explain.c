/* explain.c - the annotation of one insert, told to a person or a program. */
#include "exomir/explain.h"

#include "exomir/isomir.h"
#include "exomir/json.h"

#include <stdlib.h>
#include <string.h>

enum { MARGIN = 10 };

struct story {
    const exm_ref *ref;
    const exm_annotator *a;
    const char *seq;
    uint32_t len;
    exm_annotation ann;
};

/* Upper case, U as T; NULL on another letter (its place in *bad) or without memory. */
static char *
normal_letters(const char *seq, size_t *bad)
{
    const size_t n = strlen(seq);
    char *s = malloc(n + 1);

    *bad = SIZE_MAX;
    if (!s) return NULL;
    for (size_t i = 0; i <= n; i++) {
        char c = seq[i];

        if (c >= 'a' && c <= 'z') c = (char) (c - 'a' + 'A');
        if (c == 'U') c = 'T';
        if (c != '\0' && !strchr("ACGT", c)) {
            *bad = i;
            free(s);
            return NULL;
        }
        s[i] = c;
    }
    return s;
}

static const char *
feature_name(const struct story *s, const exm_candidate *c)
{
    return c->entity != UINT32_MAX ? exm_ref_entity_get(s->ref, c->entity)->name
                                   : exm_ref_template_get(s->ref, c->template_id)->name;
}

static const char *
class_name(const struct story *s, const exm_candidate *c)
{
    return c->class_id == 0 && c->entity == UINT32_MAX
               ? "hairpin"
               : exm_ref_class_get(s->ref, c->class_id)->name;
}

/* Behind the class. */
static const char *
strand(const exm_candidate *c)
{
    return c->antisense ? EXM_REF_ANTISENSE_SUFFIX : "";
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

    if (c->entity != UINT32_MAX)
        exm_variant_put(&v, b);
    else
        exm_buf_puts(b, "-");
}

/* bits = 2 (matching nt) - 6 (substitutions + additions) */
static uint32_t
bits_of(const struct story *s, const exm_candidate *c)
{
    const uint32_t wrong = (uint32_t) c->n_sub + c->n_add5;

    return 2 * (s->len - c->n_tail - wrong) - 6 * wrong;
}

/* Different features among the best. */
static size_t
tied_features(const struct story *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->ann.n_best; i++) {
        size_t k = 0;

        while (k < i && strcmp(feature_name(s, s->ann.cand + k),
                               feature_name(s, s->ann.cand + i)) != 0)
            k++;
        n += k == i;
    }
    return n;
}

/* What costs as much or more: bare hairpins that a mature has beaten, then the rest. */
static void
put_others(const struct story *s, exm_buf *b)
{
    const uint32_t best = s->ann.cand->cost;
    size_t next = s->ann.n_best;

    while (next < s->ann.n && s->ann.cand[next].cost == best) next++;
    if (next > s->ann.n_best)
        exm_buf_puts(b, " Hairpins outside their matures, at the same cost, have lost.");
    if (next < s->ann.n)
        exm_buf_putf(b, " The next best costs %u.", s->ann.cand[next].cost);
}

static void
put_reason(const struct story *s, exm_buf *b)
{
    const exm_candidate *w = s->ann.cand;
    const size_t ties = s->ann.n ? tied_features(s) : 0;

    if (s->len < EXM_ANNOTATE_MIN_NT) {
        exm_buf_putf(b, "Too short: below %d nt chance explains as much as origin.",
                     EXM_ANNOTATE_MIN_NT);
    } else if (s->ann.n == 0) {
        exm_buf_puts(b,
                     "Nothing in the reference explains it with at most 2 substitutions, a "
                     "tail of 3 and enough matching bases to exclude chance.");
    } else {
        if (w->antisense)
            exm_buf_puts(b, "Nothing explains it, but its reverse complement: ");
        exm_buf_putf(b, "%s (%s%s) explains it at cost %u", feature_name(s, w),
                     class_name(s, w), strand(w), w->cost);
        if (ties > 1)
            exm_buf_putf(b,
                         ", and so do others: %zu features tie. The tie is kept: 'unique' "
                         "leaves the read out, 'best' names the first in order of class, "
                         "shift and name, EM shares it by what else the sample holds.",
                         ties);
        else if (s->ann.n_best > 1)
            exm_buf_putf(b, ", at %zu places of the same feature.", s->ann.n_best);
        else
            exm_buf_puts(b, ", and nothing else does.");
        put_others(s, b);
    }
}

static exm_status
put_json(const struct story *s, exm_buf *ret, exm_error *reterr)
{
    exm_buf text = {0};
    exm_json j;

    exm_json_init(&j, ret);
    exm_json_object(&j);
    exm_json_kstr(&j, "read", s->seq);
    exm_json_ku64(&j, "length_nt", s->len);
    put_reason(s, &text);
    exm_json_kstr(&j, "reason", text.failed ? "" : text.data);
    if (text.failed) ret->failed = 1;
    exm_json_key(&j, "candidates");
    exm_json_array(&j);
    for (size_t i = 0; i < s->ann.n; i++) {
        const exm_candidate *c = s->ann.cand + i;

        exm_json_object(&j);
        exm_buf_clear(&text);
        exm_buf_putf(&text, "%s%s", class_name(s, c), strand(c));
        exm_json_kstr(&j, "class", text.failed ? "" : text.data);
        if (text.failed) ret->failed = 1;
        exm_json_kstr(&j, "feature", feature_name(s, c));
        exm_json_kstr(&j, "template", exm_ref_template_get(s->ref, c->template_id)->name);
        exm_json_ki64(&j, "start", c->start);
        exm_json_ku64(&j, "cost", c->cost);
        exm_json_ku64(&j, "substitutions", c->n_sub);
        exm_json_ku64(&j, "additions_5p", c->n_add5);
        exm_json_ku64(&j, "tail", c->n_tail);
        exm_json_ku64(&j, "shift", c->shift);
        exm_json_ku64(&j, "bits", bits_of(s, c));
        exm_json_ku64(&j, "bits_needed", exm_annotator_min_bits(s->a, c->class_id));
        exm_buf_clear(&text);
        put_variant(c, &text);
        exm_json_kstr(&j, "variant", text.failed ? "" : text.data);
        if (text.failed) ret->failed = 1; /* which the next one would clear */
        exm_json_kbool(&j, "best", i < s->ann.n_best);
        exm_json_end(&j);
    }
    exm_json_end(&j);
    exm_json_end(&j);
    exm_buf_done(&text);
    return exm_json_finish(&j, reterr);
}

static exm_status
put_text(const struct story *s, exm_buf *b, exm_error *reterr)
{
    exm_buf_putf(b, "%s  %u nt", s->seq, s->len);
    if (s->len > 0) {
        exm_status st;

        exm_buf_puts(b, "  ");
        st = exm_uid_put("iso", s->seq, s->len, b, reterr);
        if (st != EXM_OK) return st;
    }
    exm_buf_putc(b, '\n');
    put_reason(s, b);
    exm_buf_puts(b, "\n");
    if (s->ann.n > 0)
        exm_buf_puts(b, "\n  cost  sub  add5  tail  shift  bits/needed  class    feature  "
                        "variant  (template:start)\n");
    for (size_t i = 0; i < s->ann.n; i++) {
        const exm_candidate *c = s->ann.cand + i;

        exm_buf_putf(b, "%c %4u  %3u  %4u  %4u  %5u  %4u/%-6u  %-7s%s  %s  ",
                     i < s->ann.n_best ? '*' : ' ', c->cost, c->n_sub, c->n_add5, c->n_tail,
                     c->shift, bits_of(s, c), exm_annotator_min_bits(s->a, c->class_id),
                     class_name(s, c), strand(c), feature_name(s, c));
        put_variant(c, b);
        exm_buf_putf(b, "  (%s:%lld)\n", exm_ref_template_get(s->ref, c->template_id)->name,
                     (long long) c->start + 1);
    }
    return exm_buf_check(b, reterr);
}

exm_status
exm_explain_read(const exm_ref *ref, const exm_annotator *a, const char *seq, int json,
                 exm_buf *ret, exm_error *reterr)
{
    struct story s = {.ref = ref, .a = a};
    size_t bad;
    char *letters;
    exm_status st;

    if (!ref || !a || !seq || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "explain: an argument is NULL");
    letters = normal_letters(seq, &bad);
    if (!letters && bad != SIZE_MAX) {
        const char shown[] = {seq[bad] > ' ' && seq[bad] < 0x7f ? seq[bad] : '?', '\0'};

        return exm_fail(reterr, EXM_EDATA, bad,
                        "base %zu of the read, '%s', is none of A C G T U", bad + 1, shown);
    }
    if (!letters) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the read");
    s.seq = letters;
    s.len = (uint32_t) strlen(letters);
    st = exm_annotate_long(a, letters, s.len, MARGIN, &s.ann, reterr);
    if (st == EXM_OK && s.ann.n == 0)
        st = exm_annotate_antisense(a, 0, 0, letters, s.len, MARGIN, &s.ann, reterr);
    if (st == EXM_OK) st = json ? put_json(&s, ret, reterr) : put_text(&s, ret, reterr);
    exm_annotation_done(&s.ann);
    free(letters);
    return st;
}
