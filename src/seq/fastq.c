/*
 * fastq.c - records out of blocks of bytes; the general way through a FASTQ record.
 *
 * Workload: 10^7 to 10^9 records, nearly all of one layout.  Those are taken in runs by
 * a kernel (fastq_scalar.c, fastq_sse4.c) at about 6 ns each without copying a byte.
 * What a kernel leaves is judged here, one record at a time, line by line in file
 * order: odd but legal records (CRLF, lower case, IUPAC, a repeated name, any length)
 * are delivered the same way, everything else is refused with its place and cause.
 *
 * Sequences that need a change are rewritten into memory of the parser; it is reserved
 * once per call for all that the call can still rewrite, so pointers stay valid.
 */
#include "fastq_impl.h"
#include "input_impl.h"

#include "exomir/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a byte of a sequence becomes; 0: not a base. */
static const char base_of[256] = {
    ['A'] = 'A', ['C'] = 'C', ['G'] = 'G', ['T'] = 'T', ['U'] = 'T', ['N'] = 'N',
    ['R'] = 'N', ['Y'] = 'N', ['S'] = 'N', ['W'] = 'N', ['K'] = 'N', ['M'] = 'N',
    ['B'] = 'N', ['D'] = 'N', ['H'] = 'N', ['V'] = 'N', ['a'] = 'A', ['c'] = 'C',
    ['g'] = 'G', ['t'] = 'T', ['u'] = 'T', ['n'] = 'N', ['r'] = 'N', ['y'] = 'N',
    ['s'] = 'N', ['w'] = 'N', ['k'] = 'N', ['m'] = 'N', ['b'] = 'N', ['d'] = 'N',
    ['h'] = 'N', ['v'] = 'N',
};

exm_status
exm_fastq_new(const char *source, exm_simd simd, exm_fastq **ret, exm_error *reterr)
{
    exm_fastq *p;

    if (!source || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "source or ret is NULL");
    p = calloc(1, sizeof *p);
    if (p) p->source = exm_text_dup(source);
    if (!p || !p->source) {
        free(p);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to parse reads");
    }
    p->label = exm_source_label(p->source);
    p->k = exm_simd_resolve(simd) == EXM_SIMD_SSE4 ? &exm_fastq_sse4 : &exm_fastq_scalar;
    p->line = 1;
    *ret = p;
    return EXM_OK;
}

void
exm_fastq_free(exm_fastq *p)
{
    if (!p) return;
    free(p->norm);
    free(p->source);
    free(p);
}

exm_reads_format
exm_fastq_format(const exm_fastq *p)
{
    return p->format;
}

uint64_t
exm_fastq_records(const exm_fastq *p)
{
    return p->records;
}

/* ---- bases ---- */

void
exm_fastq_swap_memory(exm_fastq *p, char **norm, size_t *cap)
{
    char *const mine = p->norm;
    const size_t mine_cap = p->norm_cap;

    p->norm = *norm;
    p->norm_cap = *cap;
    *norm = mine;
    *cap = mine_cap;
}

int
exm_fastq_norm_room(exm_fastq *p, size_t n)
{
    char *norm;

    /* n shrinks within a call: only its first reservation can be too small. */
    if (n + EXM_SEQ_PAD <= p->norm_cap) return 1;
    norm = calloc(1, n + EXM_SEQ_PAD); /* the pad is defined bytes */
    if (!norm) return 0;
    free(p->norm);
    p->norm = norm;
    p->norm_cap = n + EXM_SEQ_PAD;
    return 1;
}

void
exm_fastq_norm_put(exm_fastq *p, const char *s, size_t n)
{
    char *dst = p->norm + p->norm_used;

    for (size_t i = 0; i < n; i++) dst[i] = base_of[(unsigned char) s[i]];
    p->norm_used += n;
}

size_t
exm_fastq_bad_base(const exm_fastq *p, const char *s, size_t n)
{
    size_t i = 0;

    if (p->k->bases(s, n)) return n;
    while (i < n && base_of[(unsigned char) s[i]] != 0) i++;
    return i;
}

/* ---- lines ---- */

exm_line
exm_line_at(const char *s, const char *end)
{
    const char *nl = s < end ? memchr(s, '\n', (size_t) (end - s)) : NULL;
    exm_line l = {.s = s, .next = nl ? nl + 1 : end, .ended = nl != NULL};

    l.n = (size_t) ((nl ? nl : end) - s);
    if (l.n > 0 && s[l.n - 1] == '\r') l.n--;
    return l;
}

/* The third line does not begin with '+': what is it? */
static exm_step
say_no_plus(const exm_fastq *p, const exm_line *l, exm_error *reterr)
{
    const uint64_t line = p->line + 2;

    if (l->n == 0)
        return exm_fastq_say(p, line, reterr, "blank line instead of the '+' line");
    if (exm_fastq_bad_base(p, l->s, l->n) == l->n)
        return exm_fastq_say(
            p, line, reterr,
            "no '+' line: the sequence goes on in a second line; multi-line "
            "FASTQ is not read: put each sequence on one line (seqtk seq)");
    if (l->s[0] == '@')
        return exm_fastq_say(p, line, reterr,
                             "no '+' line: the next record begins here; lines were lost?");
    return exm_fastq_say(p, line, reterr,
                         "no '+' line after the sequence: the record is "
                         "damaged, or lines were lost");
}

static exm_step
check_sequence(const exm_fastq *p, const exm_line *l, int last, exm_error *reterr)
{
    size_t bad;

    if (!l->ended && !last) return EXM_STEP_MORE;
    bad = exm_fastq_bad_base(p, l->s, l->n);
    if (bad < l->n) return exm_fastq_say_base(p, p->line + 1, l->s, bad, reterr);
    if (!l->ended) return exm_fastq_say_truncated(p, p->line + 1, "the sequence", reterr);
    return EXM_STEP_RECORD;
}

static exm_step
check_plus(const exm_fastq *p, const exm_line *l, const exm_line *name, int last,
           exm_error *reterr)
{
    if (!l->ended && !last) return EXM_STEP_MORE;
    if (!l->ended && (l->n == 0 || l->s[0] == '+'))
        return exm_fastq_say_truncated(p, p->line + 2, "the '+' line", reterr);
    if (l->n == 0 || l->s[0] != '+') return say_no_plus(p, l, reterr);
    if (l->n > 1 && (l->n != name->n || memcmp(l->s + 1, name->s + 1, l->n - 1) != 0))
        return exm_fastq_say(
            p, p->line + 2, reterr,
            "the name on the '+' line differs from the one on the '@' line: "
            "lines of two records are mixed up");
    return EXM_STEP_RECORD;
}

static exm_step
check_quality(const exm_fastq *p, const exm_line *l, size_t n, int last, exm_error *reterr)
{
    const uint64_t line = p->line + 3;

    if (!l->ended && !last) return EXM_STEP_MORE;
    if (!l->ended && l->n < n)
        return exm_fastq_say_truncated(p, line, "the quality line", reterr);
    if (l->n != n)
        return exm_fastq_say(p, line, reterr,
                             "%zu bases but %zu quality values: the record is damaged, or "
                             "lines are broken",
                             n, l->n);
    if (p->k->quality(l->s, n)) return EXM_STEP_RECORD;
    for (size_t i = 0; i < n; i++) {
        const unsigned c = (unsigned char) l->s[i];

        if (c >= EXM_QUAL_MIN && c <= EXM_QUAL_MAX) continue;
        return exm_fastq_say(p, line, reterr,
                             "byte 0x%02x at position %zu of the quality line is outside "
                             "33..126 (Phred+33): a damaged copy?",
                             c, i + 1);
    }
    return EXM_STEP_RECORD;
}

static exm_step
fastq_record(exm_fastq *p, const exm_line *name, const char *end, int last, exm_read *ret,
             const char **ret_next, exm_error *reterr)
{
    exm_line seq, plus, qual;
    const char *bases;
    exm_step step = exm_fastq_check_name(p, name, reterr);

    if (step != EXM_STEP_RECORD) return step;
    if (!name->ended)
        return last ? exm_fastq_say_truncated(p, p->line, "the name of a read", reterr)
                    : EXM_STEP_MORE;
    seq = exm_line_at(name->next, end);
    step = check_sequence(p, &seq, last, reterr);
    if (step != EXM_STEP_RECORD) return step;
    plus = exm_line_at(seq.next, end);
    step = check_plus(p, &plus, name, last, reterr);
    if (step != EXM_STEP_RECORD) return step;
    qual = exm_line_at(plus.next, end);
    step = check_quality(p, &qual, seq.n, last, reterr);
    if (step != EXM_STEP_RECORD) return step;
    if ((size_t) (qual.next - name->s) > EXM_RECORD_MAX) return EXM_STEP_MORE; /* refused */

    bases = seq.s;
    if (!p->k->bases(seq.s, seq.n)) {
        if (!exm_fastq_norm_room(p, (size_t) (end - name->s)))
            return exm_fastq_no_memory(p, reterr);
        bases = p->norm + p->norm_used;
        exm_fastq_norm_put(p, seq.s, seq.n);
    }
    *ret = (exm_read){.name = name->s + 1,
                      .seq = bases,
                      .qual = qual.s,
                      .name_len = (uint32_t) (name->n - 1),
                      .len = (uint32_t) seq.n,
                      .copies = 1};
    *ret_next = qual.next;
    p->len = ret->len;
    p->line += 4;
    return EXM_STEP_RECORD;
}

/* ---- a block ---- */

/* Enough bytes are looked at to name the cause, however the file is cut into blocks. */
static exm_step
find_format(exm_fastq *p, const char *s, const char *end, int last, exm_error *reterr)
{
    const size_t n = (size_t) (end - s);

    if (s[0] == '@') {
        p->format = EXM_READS_FASTQ;
    } else if (s[0] == '>') {
        p->format = EXM_READS_FASTA;
    } else {
        if (n < 64 && !last) return EXM_STEP_MORE;
        return exm_fastq_say_start(p, s, n < 64 ? n : 64, reterr);
    }
    return EXM_STEP_RECORD;
}

/* One record, or one blank line, the general way. */
static exm_step
one_step(exm_fastq *p, const char *s, const char *end, int last, exm_read *ret,
         const char **ret_next, exm_error *reterr)
{
    const exm_line first = exm_line_at(s, end);
    exm_step step;

    if (first.n == 0) { /* legal only if nothing but blank lines follows */
        if (!first.ended && !last) return EXM_STEP_MORE;
        if (p->blank_line == 0) p->blank_line = p->line;
        p->line++;
        *ret_next = first.next;
        return EXM_STEP_BLANK;
    }
    if (p->blank_line != 0)
        return exm_fastq_say(
            p, p->blank_line, reterr,
            "blank line before a record: lines were lost, or an editor has "
            "changed the file");
    if (p->format == EXM_READS_UNKNOWN) {
        step = find_format(p, s, end, last, reterr);
        if (step != EXM_STEP_RECORD) return step;
    }
    if (p->format != EXM_READS_FASTQ)
        return exm_fasta_step(p, s, end, last, ret, ret_next, reterr);
    if (s[0] != '@')
        return exm_fastq_say(p, p->line, reterr,
                             "no '@' where a record should begin: the record before is "
                             "damaged, or lines were lost");
    return fastq_record(p, &first, end, last, ret, ret_next, reterr);
}

/* Records from *s on, until cap, the end, or one that cannot be delivered: that step. */
static exm_step
parse_block(exm_fastq *p, const char **s, const char *end, int last, exm_read *ret,
            size_t cap, size_t *ret_n, exm_error *reterr)
{
    exm_step step = EXM_STEP_RECORD;
    size_t k = 0;

    while (k < cap && *s < end && (step == EXM_STEP_RECORD || step == EXM_STEP_BLANK)) {
        if (p->format == EXM_READS_FASTQ && p->blank_line == 0) {
            const size_t got = p->k->run(*s, end, ret + k, cap - k, &p->len, s);

            k += got;
            p->records += got;
            p->line += 4 * (uint64_t) got;
            if (k == cap || *s == end) break;
        }
        step = one_step(p, *s, end, last, ret + k, s, reterr);
        if (step == EXM_STEP_RECORD) {
            k++;
            p->records++;
        }
    }
    *ret_n = k;
    return step;
}

exm_status
exm_fastq_parse(exm_fastq *p, const char *data, size_t n, int last, exm_read *ret,
                size_t cap, size_t *ret_n, size_t *ret_used, exm_error *reterr)
{
    const char *s = data, *end;
    size_t k = 0;
    exm_step step;
    exm_error err = {.code = EXM_OK};

    if (!p || (!data && n > 0) || !ret || cap == 0 || !ret_n || !ret_used)
        return exm_fail(reterr, EXM_EINVAL, 0, "an argument of the parser is 0");
    end = n > 0 ? data + n : data;
    p->norm_used = 0;
    step = parse_block(p, &s, end, last, ret, cap, &k, &err);
    if (step == EXM_STEP_MORE && (size_t) (end - s) > EXM_RECORD_MAX)
        step = exm_fastq_say(p, p->line, &err,
                             "a record of more than %d MiB: these are no sequencing reads",
                             EXM_RECORD_MAX >> 20);
    /* The good records before the bad one first: it is met again at the next call. */
    if (step == EXM_STEP_FAIL && k == 0) {
        if (reterr) *reterr = err;
        return err.code;
    }
    *ret_n = k;
    *ret_used = n > 0 ? (size_t) (s - data) : 0;
    return EXM_OK;
}
