/* fastq.h - FASTQ, FASTA and collapsed FASTA records out of a block of bytes. */
#ifndef EXM_FASTQ_H
#define EXM_FASTQ_H

#include "exomir/simd.h"
#include "exomir/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Readable bytes that must follow every block and that follow every seq and qual. */
enum { EXM_SEQ_PAD = 128 };

/* 2^53: counts are shared in doubles, which hold every whole number up to that. */
#define EXM_COPIES_MAX ((uint64_t) 1 << 53)

/* One record; pointers are into the block or into the parser, valid until the next call. */
typedef struct exm_read {
    const char *name; /* without '@' or '>'; up to the end of line, CR removed */
    const char *seq;  /* only A C G T N, upper case: U is T, IUPAC codes are N */
    const char *qual; /* [len] Phred+33 bytes 33..126, or NULL in FASTA */
    uint32_t name_len;
    uint32_t len;
    uint64_t copies; /* 1, or the N of a collapsed FASTA name "..._xN", <= EXM_COPIES_MAX */
} exm_read;

typedef enum exm_reads_format {
    EXM_READS_UNKNOWN = 0,
    EXM_READS_FASTQ,
    EXM_READS_FASTA,
    EXM_READS_COLLAPSED /* FASTA whose every name ends in _x<count> */
} exm_reads_format;

typedef struct exm_fastq exm_fastq;

/*
 * exm_fastq_new() - a parser for one file.  'source' is copied and names the file in
 * messages.  'simd' is taken through exm_simd_resolve(); results never depend on it.
 */
EXM_MUST_USE exm_status exm_fastq_new(const char *source, exm_simd simd, exm_fastq **ret,
                                      exm_error *reterr);
void exm_fastq_free(exm_fastq *p);
exm_reads_format exm_fastq_format(const exm_fastq *p);
uint64_t exm_fastq_records(const exm_fastq *p); /* delivered so far; copies not counted */

/*
 * exm_fastq_parse() - the whole records at the start of data[0..n).
 *
 * data     in   block, followed by EXM_SEQ_PAD readable bytes (of any value)
 * last     in   1 when no byte follows data[n) in the file
 * ret      out  [cap] records, cap > 0
 * ret_n    out  number of records
 * ret_used out  bytes they occupy; the rest must be given again, with more
 *
 * With *ret_n == 0 and !last more bytes are needed.  With last, everything must be
 * consumed over repeated calls, or it is an error.  Records, verdict and message are
 * the same however the file is cut into blocks.
 *
 * FASTQ  four lines a record.  Accepts CRLF (each line for itself), a missing final
 *        newline, a '+' line that repeats the whole name, empty reads, lower case, U,
 *        IUPAC codes, lines of any length (a record above 256 MiB is refused), and
 *        empty lines after the last record (nowhere else).
 * FASTA  by its first byte '>'.  The sequence may stand on several lines (joined) and
 *        be empty; a record needs at least one sequence line.  Empty lines are legal
 *        before the next '>' and at the end.
 * Collapsed FASTA  the first name ends in _x<count>; then every name must, and each
 *        count is 1 .. 2^64-1.
 *
 * The predicted layout (same read length, bare '+') is tried first; anything else goes
 * the general way with the same result.
 *
 * EXM_EDATA names file, record (1-based) and line, and the likely cause: truncated
 * record; sequence and quality of different length; no '@'; no '+'; '+' name that
 * differs; blank line; NUL; a byte that is no IUPAC code; a quality byte outside
 * 33..126; multi-line FASTQ; byte-order mark; UTF-16; bare CR line ends; binary; gzip
 * inside gzip; BAM; HTML instead of reads; a collapsed name without count or with 0.
 * reterr->at is the 0-based record.  Good records in front of a bad one are returned
 * first; the call after them fails.  Also EXM_ENOMEM, EXM_EINVAL.
 *
 * Cost     about 10 ns (SSE4.2) or 40 ns (scalar) for a read of 51 nt; no allocation
 *          but one of n bytes when a sequence has to be rewritten.
 */
EXM_MUST_USE exm_status exm_fastq_parse(exm_fastq *p, const char *data, size_t n, int last,
                                        exm_read *ret, size_t cap, size_t *ret_n,
                                        size_t *ret_used, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
