/*
 * fastq_fasta.c - FASTA and collapsed FASTA as reads.
 *
 * Workload: small next to FASTQ (reads that another program has trimmed or collapsed),
 * so there is one general way.  A record ends where a line begins with '>', or at the
 * end of the file; its sequence may stand on several lines, and is joined then.
 *
 * Collapsed files name reads "..._x<count>" (miRDeep2, seqcluster).  The first name
 * decides for the file, and all names must agree: a count that is overlooked in one
 * record would change the sample without a word.
 */
#include "fastq_impl.h"

#include "exomir/text.h"

#include <string.h>

enum { SHOWN = 60 }; /* bytes of a name in a message */

/* The digits after the last "_x" of a name; 0 of them when it is not so built. */
static size_t
count_digits(const char *name, size_t n)
{
    size_t d = 0;

    while (d < n && name[n - 1 - d] >= '0' && name[n - 1 - d] <= '9') d++;
    return n >= d + 2 && name[n - d - 1] == 'x' && name[n - d - 2] == '_' ? d : 0;
}

static exm_step
say_name(const exm_fastq *p, const char *name, size_t n, const char *what,
         exm_error *reterr)
{
    char shown[SHOWN + 1];
    const size_t k = n < SHOWN ? n : SHOWN;

    for (size_t i = 0; i < k; i++)
        shown[i] = name[i] >= 32 && name[i] < 127 ? name[i] : '?';
    shown[k] = '\0';
    return exm_fastq_say(p, p->line, reterr, "'%s': %s", shown, what);
}

static exm_step
read_copies(exm_fastq *p, const char *name, size_t n, uint64_t *ret, exm_error *reterr)
{
    const size_t d = count_digits(name, n);

    *ret = 1;
    if (p->records == 0 && d > 0) p->format = EXM_READS_COLLAPSED;
    if (p->format != EXM_READS_COLLAPSED) return EXM_STEP_RECORD;
    if (d == 0)
        return say_name(p, name, n,
                        "no count at its end, but the first read's name ends in _x<count>: "
                        "are collapsed and single reads mixed?",
                        reterr);
    if (exm_text_u64(name + n - d, d, ret, NULL) != EXM_OK || *ret > EXM_COPIES_MAX)
        return say_name(p, name, n, "the count is too large", reterr);
    if (*ret == 0) return say_name(p, name, n, "a read counted 0 times", reterr);
    return EXM_STEP_RECORD;
}

/* The sequence lines of one record. */
typedef struct body {
    const char *first; /* the only line with bases, when there is no more than one */
    const char *end;   /* where the next record begins */
    size_t bases, lines, with_bases;
} body;

/* Lines are checked in file order, so that the first fault is the one told. */
static exm_step
read_body(const exm_fastq *p, const char *s, const char *end, int last, body *ret,
          exm_error *reterr)
{
    uint64_t blank = 0;

    *ret = (body){.first = s, .end = s};
    while (s < end && *s != '>') {
        const exm_line l = exm_line_at(s, end);
        const uint64_t line = p->line + 1 + ret->lines;
        size_t bad;

        if (!l.ended && !last) return EXM_STEP_MORE;
        if (l.n == 0 && blank == 0) blank = line;
        if (l.n > 0 && blank != 0)
            return exm_fastq_say(p, blank, reterr, "blank line inside a sequence");
        bad = exm_fastq_bad_base(p, l.s, l.n);
        if (bad < l.n) return exm_fastq_say_base(p, line, l.s, bad, reterr);
        if (l.n > 0 && ret->with_bases++ == 0) ret->first = l.s;
        ret->bases += l.n;
        ret->lines++;
        s = l.next;
    }
    if (s == end && !last) return EXM_STEP_MORE;
    ret->end = s;
    if (ret->lines > 0) return EXM_STEP_RECORD;
    return s == end ? exm_fastq_say_truncated(p, p->line, "the name of a read", reterr)
                    : exm_fastq_say(p, p->line, reterr, "a name without a sequence line");
}

exm_step
exm_fasta_step(exm_fastq *p, const char *s, const char *end, int last, exm_read *ret,
               const char **ret_next, exm_error *reterr)
{
    const exm_line name = exm_line_at(s, end);
    uint64_t copies = 1;
    const char *seq;
    body b;
    exm_step step;

    if (s[0] != '>') /* cannot follow a record: its lines would have been taken for bases */
        return exm_fastq_say(p, p->line, reterr, "no '>' where a record should begin");
    step = exm_fastq_check_name(p, &name, reterr);
    if (step != EXM_STEP_RECORD) return step;
    if (!name.ended)
        return last ? exm_fastq_say_truncated(p, p->line, "the name of a read", reterr)
                    : EXM_STEP_MORE;
    step = read_copies(p, name.s + 1, name.n - 1, &copies, reterr);
    if (step != EXM_STEP_RECORD) return step;
    step = read_body(p, name.next, end, last, &b, reterr);
    if (step != EXM_STEP_RECORD) return step;
    if ((size_t) (b.end - s) > EXM_RECORD_MAX) return EXM_STEP_MORE; /* refused */

    seq = b.first;
    if (b.with_bases > 1 || !p->k->bases(b.first, b.bases)) {
        if (!exm_fastq_norm_room(p, (size_t) (end - s)))
            return exm_fastq_no_memory(p, reterr);
        seq = p->norm + p->norm_used;
        for (const char *at = name.next; at < b.end;) {
            const exm_line l = exm_line_at(at, b.end);

            exm_fastq_norm_put(p, l.s, l.n);
            at = l.next;
        }
    }
    *ret = (exm_read){.name = name.s + 1,
                      .seq = seq,
                      .qual = NULL,
                      .name_len = (uint32_t) (name.n - 1),
                      .len = (uint32_t) b.bases,
                      .copies = copies};
    *ret_next = b.end;
    p->line += 1 + b.lines;
    return EXM_STEP_RECORD;
}
