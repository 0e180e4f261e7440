/*
 * fastq_diagnose.c - what is wrong with a file of reads, in words a user can act on.
 *
 * A verdict is a function of the bytes up to and including the line at fault, never of
 * how the file was cut into blocks: the same damage gives the same message for every
 * block size and thread count.
 */
#include "fastq_impl.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

exm_step
exm_fastq_say(const exm_fastq *p, uint64_t line, exm_error *reterr, const char *fmt, ...)
{
    char what[320];
    va_list ap;

    va_start(ap, fmt);
    if (vsnprintf(what, sizeof what, fmt, ap) < 0) what[0] = '\0';
    va_end(ap);
    (void) exm_fail(reterr, EXM_EDATA, (size_t) p->records,
                    "%s: record %" PRIu64 ", line %" PRIu64 ": %s", p->label,
                    p->records + 1, line, what);
    return EXM_STEP_FAIL;
}

exm_step
exm_fastq_no_memory(const exm_fastq *p, exm_error *reterr)
{
    (void) exm_fail(reterr, EXM_ENOMEM, (size_t) p->records, "%s: no memory for a read",
                    p->label);
    return EXM_STEP_FAIL;
}

exm_step
exm_fastq_say_truncated(const exm_fastq *p, uint64_t line, const char *where,
                        exm_error *reterr)
{
    return exm_fastq_say(p, line, reterr,
                         "truncated record: the file ends in %s; the download or copy "
                         "stopped early?",
                         where);
}

exm_step
exm_fastq_say_base(const exm_fastq *p, uint64_t line, const char *s, size_t at,
                   exm_error *reterr)
{
    const unsigned c = (unsigned char) s[at];

    if (c == 0)
        return exm_fastq_say(p, line, reterr,
                             "NUL byte at position %zu of the sequence: a damaged copy?",
                             at + 1);
    if (c == '\r')
        return exm_fastq_say(p, line, reterr,
                             "carriage return inside the sequence: lines end in a bare CR; "
                             "convert them with: tr '\\r' '\\n'");
    if (c == ' ' || c == '\t')
        return exm_fastq_say(p, line, reterr, "blank at position %zu of the sequence",
                             at + 1);
    return c > 32 && c < 127
               ? exm_fastq_say(
                     p, line, reterr,
                     "'%c' at position %zu of the sequence is no IUPAC base letter",
                     (int) c, at + 1)
               : exm_fastq_say(
                     p, line, reterr,
                     "byte 0x%02x at position %zu of the sequence is no IUPAC base "
                     "letter",
                     c, at + 1);
}

exm_step
exm_fastq_check_name(const exm_fastq *p, const exm_line *l, exm_error *reterr)
{
    const char *nul = memchr(l->s, 0, l->n), *cr = memchr(l->s, '\r', l->n);

    if (nul && (!cr || nul < cr))
        return exm_fastq_say(
            p, p->line, reterr,
            "NUL byte in the read's name: a damaged copy, or UTF-16 text?");
    if (cr)
        return exm_fastq_say(p, p->line, reterr,
                             "carriage return inside the line: lines end in a bare CR; "
                             "convert them with: tr '\\r' '\\n'");
    return EXM_STEP_RECORD;
}

/* ---- files that begin with neither '@' nor '>' ---- */

static int
begins(const char *s, size_t n, const char *word, size_t n_word)
{
    return n >= n_word && memcmp(s, word, n_word) == 0;
}

static int
looks_like_html(const char *s, size_t n)
{
    static const char *const tags[] = {"<html", "<!doc", "<?xml", "<head", "<body"};

    for (size_t t = 0; t < sizeof tags / sizeof tags[0]; t++) {
        size_t i = 0;

        while (i < 5 && i < n && (s[i] | 0x20) == (tags[t][i] | 0x20)) i++;
        if (i == 5) return 1;
    }
    return 0;
}

static int
looks_binary(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned c = (unsigned char) s[i];

        if (c == 127 || c >= 0x80 || (c < 32 && c != '\t' && c != '\n' && c != '\r'))
            return 1;
    }
    return 0;
}

exm_step
exm_fastq_say_start(const exm_fastq *p, const char *s, size_t n, exm_error *reterr)
{
    const char *what =
        "the file begins with neither '@' (FASTQ) nor '>' (FASTA): it holds no "
        "reads, or its first line is damaged";

    if (begins(s, n, "\xff\xfe", 2) || begins(s, n, "\xfe\xff", 2))
        what = "the file is UTF-16 text (byte-order mark): save it as plain text, or get "
               "the original";
    else if (begins(s, n, "\xef\xbb\xbf", 3))
        what = "the file begins with a UTF-8 byte-order mark (BOM): an editor has changed "
               "it; remove the first 3 bytes, or get the original";
    else if (begins(s, n, "\x1f\x8b", 2))
        what = "the file is gzip inside gzip: it was packed twice; unpack it once";
    else if (begins(s, n, "BAM\1", 4) || begins(s, n, "CRAM", 4))
        what = "the file is BAM or CRAM, not FASTQ: convert it with samtools fastq";
    else if (looks_like_html(s, n))
        what = "the file is HTML or XML, not reads: the download gave an error page?";
    else if (looks_binary(s, n))
        what = "the file is binary, neither FASTQ nor FASTA: the wrong file, or damaged";
    (void) exm_fail(reterr, EXM_EDATA, 0, "%s: record 1, line %" PRIu64 ": %s", p->label,
                    p->line, what);
    return EXM_STEP_FAIL;
}
