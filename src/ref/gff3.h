/* gff3.h - the rows of a miRNA GFF3 that place matures on hairpins (private to src/ref). */
#ifndef EXM_REF_GFF3_H
#define EXM_REF_GFF3_H

#include "exomir/status.h"

#include <stdint.h>

typedef enum exm_gff3_kind {
    EXM_GFF3_HAIRPIN =
        0,          /* miRNA_primary_transcript, pre_miRNA, pri_miRNA, miRNA_precursor */
    EXM_GFF3_MATURE /* miRNA, mature_miRNA */
} exm_gff3_kind;

typedef struct exm_gff3_row {
    exm_gff3_kind kind;
    const char *seqid;
    uint64_t start, end; /* 1-based, inclusive, start <= end */
    char strand;         /* '+', '-', '.' or '?' */
    const char *id, *name, *alias,
        *parent; /* decoded; "" when absent; name falls back to id */
    size_t line;
} exm_gff3_row;

typedef struct exm_gff3 exm_gff3;

/*
 * exm_gff3_parse() - rows of other types are checked for shape and left out.  EXM_EDATA
 * (file, line, cause) for a row without 9 columns, bad or reversed coordinates, an unknown
 * strand, a bad %-escape, a miRNA row without ID and Name, NUL; and for a file without any
 * hairpin or mature row.  CRLF, a missing final newline and a UTF-8 BOM are accepted.
 * Reads up to a ##FASTA directive.
 */
EXM_MUST_USE exm_status exm_gff3_parse(const char *data, size_t n, const char *source,
                                       exm_gff3 **ret, exm_error *reterr);
size_t exm_gff3_count(const exm_gff3 *g);
const exm_gff3_row *exm_gff3_get(const exm_gff3 *g, size_t i);
void exm_gff3_free(exm_gff3 *g);

#endif
