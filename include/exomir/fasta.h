/* fasta.h - reference FASTA (names kept whole) for building bundles. */
#ifndef EXM_FASTA_H
#define EXM_FASTA_H

#include "exomir/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct exm_fasta_entry {
    const char *id;          /* first word after '>' */
    const char *description; /* the rest of the line, or "" */
    const char *seq;         /* upper case, U as T, IUPAC other than ACGT as N */
    size_t len;
    size_t line; /* 1-based line of the header */
} exm_fasta_entry;

typedef struct exm_fasta exm_fasta;

/*
 * exm_fasta_parse() - data[0..n) holds FASTA text; 'source' names it in messages.
 * Multi-line sequences, CRLF and blank lines between entries are fine.  EXM_EDATA
 * (file, line, cause) for text before the first '>', an empty name, an entry without
 * sequence, a duplicate id, a byte that is no IUPAC code, NUL.
 */
EXM_MUST_USE exm_status exm_fasta_parse(const char *data, size_t n, const char *source,
                                        exm_fasta **ret, exm_error *reterr);
/* Through input.h, so gz/bgz/zst are verified; "-" is standard input. */
EXM_MUST_USE exm_status exm_fasta_read(const char *path, exm_fasta **ret,
                                       exm_error *reterr);
size_t exm_fasta_count(const exm_fasta *f);
const exm_fasta_entry *exm_fasta_get(const exm_fasta *f, size_t i);
void exm_fasta_free(exm_fasta *f);

#ifdef __cplusplus
}
#endif
#endif
