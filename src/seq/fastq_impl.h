/*
 * fastq_impl.h - the parts of the FASTQ/FASTA parser.
 *
 *   fastq.c           the object, the general way through a FASTQ record
 *   fastq_fasta.c     FASTA and collapsed FASTA
 *   fastq_diagnose.c  what is wrong, in words
 *   fastq_scalar.c    kernels in portable C: the definition
 *   fastq_sse4.c      the same in SSE4.2
 */
#ifndef EXM_SEQ_FASTQ_IMPL_H
#define EXM_SEQ_FASTQ_IMPL_H

#include "exomir/fastq.h"

/*
 * Kernels may read EXM_SEQ_PAD bytes past what they are given.
 *
 * run()      whole records of the common layout at p: a name line without NUL and CR,
 *            bases A C G T N, a bare '+', as many quality bytes 33..126, each line with
 *            '\n'.  Stops at the first record that is anything else, or not whole; the
 *            general way then judges it.  *len is the guess for the next read's length.
 * bases()    1 when all of s[0..n) is A C G T N
 * quality()  1 when all of q[0..n) is 33..126
 */
typedef struct exm_fastq_kernels {
    size_t (*run)(const char *p, const char *end, exm_read *ret, size_t cap, uint32_t *len,
                  const char **ret_next);
    int (*bases)(const char *s, size_t n);
    int (*quality)(const char *q, size_t n);
} exm_fastq_kernels;

extern const exm_fastq_kernels exm_fastq_scalar;
extern const exm_fastq_kernels exm_fastq_sse4;

enum { EXM_RECORD_MAX = 256 << 20 }; /* bytes of one record: bounds the reader's memory */
enum { EXM_QUAL_MIN = 33, EXM_QUAL_MAX = 126 };

struct exm_fastq {
    char *source;
    const char *label; /* the end of source that fits a message */
    const exm_fastq_kernels *k;
    exm_reads_format format;
    uint64_t records, line; /* delivered so far; 1-based number of the next line */
    uint64_t blank_line;    /* first of the blank lines just passed; 0: none */
    uint32_t len;           /* of the last read: the next one's is likely the same */
    char *norm;             /* normalised sequences of this call */
    size_t norm_cap, norm_used;
};

/* What became of the record at the start of the data. */
typedef enum exm_step {
    EXM_STEP_RECORD = 0, /* *ret and *ret_next are set */
    EXM_STEP_BLANK,      /* an empty line between records was passed */
    EXM_STEP_MORE,       /* more bytes are needed */
    EXM_STEP_FAIL
} exm_step;

/* A line without its end.  'ended' is 0 when the data stop before its '\n'. */
typedef struct exm_line {
    const char *s, *next;
    size_t n;
    int ended;
} exm_line;

exm_line exm_line_at(const char *s, const char *end);

exm_step exm_fasta_step(exm_fastq *p, const char *s, const char *end, int last,
                        exm_read *ret, const char **ret_next, exm_error *reterr);

/* Exchanges the memory of normalised sequences with the caller's, which may be NULL and 0:
 * what the last call rewrote lives in memory of the caller's then. */
void exm_fastq_swap_memory(exm_fastq *p, char **norm, size_t *cap);
/* Room for all that data[s..end) can still be normalised to; 0 when out of memory. */
int exm_fastq_norm_room(exm_fastq *p, size_t n);
/* Append n bases of any IUPAC letters, normalised; the room must be there. */
void exm_fastq_norm_put(exm_fastq *p, const char *s, size_t n);
/* Offset of the first byte that is no IUPAC letter, or n. */
size_t exm_fastq_bad_base(const exm_fastq *p, const char *s, size_t n);

/* ---- messages: EXM_STEP_FAIL after exm_fail() with file, record and line ---- */

exm_step exm_fastq_say(const exm_fastq *p, uint64_t line, exm_error *reterr,
                       const char *fmt, ...) EXM_PRINTF(4, 5);
exm_step exm_fastq_say_truncated(const exm_fastq *p, uint64_t line, const char *where,
                                 exm_error *reterr);
exm_step exm_fastq_say_base(const exm_fastq *p, uint64_t line, const char *s, size_t at,
                            exm_error *reterr);
exm_step exm_fastq_say_start(const exm_fastq *p, const char *s, size_t n,
                             exm_error *reterr);
exm_step exm_fastq_no_memory(const exm_fastq *p, exm_error *reterr);
/* NUL or a CR that ends no line in a name: EXM_STEP_RECORD when there is none. */
exm_step exm_fastq_check_name(const exm_fastq *p, const exm_line *l, exm_error *reterr);

#endif
