/*
 * trim_indel.c - the adapter by alignment: a base too many or too few is an error as well.
 *
 * The rule is cutadapt 4.2's without --no-indels, found by watching it on reads made to be
 * hard (tests/ref/cutadapt_indels.sh):
 *
 * Cell (i, e) is the best alignment of the adapter's first i bases that ends before base e
 * of the read, with its errors, score and start.
 *
 *     (0, e):  0 errors, score 0, start e          (i, 0):  i errors, score 0, start 0
 *     equal bases:    from (i - 1, e - 1), score + 1
 *     other bases:    from (i - 1, e - 1), score - 1  (substitution)
 *                     or   (i - 1, e),     score - 2  (the read lacks a base)
 *                     or   (i, e - 1),     score - 2  (the read has one more),
 *                     each an error more: the fewest errors, of equals the first
 *
 * A cell is alive with at most k errors, what the whole adapter (m bases) is allowed.
 *
 * 1. Column by column, the first (m, e) that is alive holds the place; another that starts at
 *    most m / 2 behind the holder takes it with a higher score.  One that starts further
 *    behind ends the search.
 * 2. Somebody holding, the search also ends, unless the read does, with a column of which
 *    the deepest cell alive (if that is row m: row m - 1) starts more than m / 2 behind the
 *    holder.
 * 3. A search that reached the read's end compares what overhangs it, (i, end) with the
 *    errors that i bases are allowed, from i = m down to the least overlap: a higher score
 *    takes the place.
 *
 * Errors change by one from row to row at most, so below the deepest cell alive nothing but
 * the next row can come alive in the next column: of most columns four or five rows are
 * computed, about 1 us a read.
 */
#include "trim_impl.h"

typedef struct cell {
    int errors, score, start;
} cell;

struct search {
    const exm_adapter_rule *rule;
    int most; /* errors that the whole adapter is allowed */
    cell row[EXM_ADAPTER_MAX + 1];
    uint32_t deep; /* rows 1 .. deep are up to date; all below are dead */
    cell best;     /* errors < 0: none */
    uint32_t end;  /* of the best one */
};

static inline cell
step(cell from, int errors, int score)
{
    from.errors += errors;
    from.score += score;
    return from;
}

/* Column e, which ends with base c. */
static void
next_column(struct search *s, uint32_t e, char c)
{
    const exm_adapter_rule *r = s->rule;
    cell diagonal = s->row[0], above = {.start = (int) e};

    s->row[0] = above;
    for (uint32_t i = 1; i <= s->deep; i++) {
        const cell left = s->row[i];

        if (r->seq[i - 1] == c || r->seq[i - 1] == 'N')
            above = step(diagonal, 0, 1);
        else if (diagonal.errors <= above.errors && diagonal.errors <= left.errors)
            above = step(diagonal, 1, -1);
        else
            above = step(above.errors <= left.errors ? above : left, 1, -2);
        s->row[i] = above;
        diagonal = left;
    }
    while (s->deep > 0 && s->row[s->deep].errors > s->most) s->deep--;
}

/* May x, which starts at most half an adapter behind the holder, take its place? */
static int
is_near(const struct search *s, const cell *x)
{
    return x->start <= s->best.start + (int) s->rule->len / 2;
}

static void
take(struct search *s, const cell *x, uint32_t end)
{
    if (s->best.errors >= 0 && x->score <= s->best.score) return;
    s->best = *x;
    s->end = end;
}

/* Rules 1 and 2 after column e; does the search go on? */
static int
judge_column(struct search *s, uint32_t e, int is_last)
{
    const uint32_t m = s->rule->len;
    const cell *x = &s->row[s->deep];

    if (s->deep == m) {
        if (s->best.errors >= 0 && !is_near(s, x)) return 0;
        take(s, x, e);
        x--;
    }
    return is_last || s->best.errors < 0 || is_near(s, x);
}

static void
overhang(struct search *s, uint32_t end)
{
    for (uint32_t i = s->deep; i >= s->rule->min_overlap && i > 0; i--)
        if (s->row[i].errors <= (int) exm_adapter_allowed(s->rule, i))
            take(s, &s->row[i], end);
}

long
exm_trim_find_adapter_indels(const char *seq, uint32_t len, const exm_adapter_rule *r,
                             uint32_t *ret_end)
{
    struct search s = {.rule = r, .best = {.errors = -1}};
    uint32_t e = 0;
    int goes_on = 1;

    if (r->len == 0) return -1;
    s.most = (int) exm_adapter_allowed(r, r->len);
    for (uint32_t i = 1; i <= r->len; i++) s.row[i] = (cell){.errors = (int) i};
    s.deep = (uint32_t) s.most < r->len ? (uint32_t) s.most : r->len;
    while (goes_on && e < len) {
        if (s.deep < r->len) s.deep++; /* dead so far; its row is not below what is true */
        e++;
        next_column(&s, e, seq[e - 1]);
        goes_on = judge_column(&s, e, e == len);
    }
    if (goes_on) overhang(&s, len);
    if (s.best.errors < 0) return -1;
    *ret_end = s.end;
    return s.best.start;
}
