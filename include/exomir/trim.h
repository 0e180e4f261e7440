/* trim.h - find the insert of a read, judge it, and pack it. */
#ifndef EXM_TRIM_H
#define EXM_TRIM_H

#include "exomir/fastq.h"
#include "exomir/layout.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why a read went no further.  Every read ends in exactly one of these. */
typedef enum exm_fate {
    EXM_FATE_KEPT = 0,
    EXM_FATE_DIMER,      /* insert of 0-3 nt: adapter dimer */
    EXM_FATE_SHORT,      /* insert below min_len */
    EXM_FATE_LONG,       /* insert above max_len */
    EXM_FATE_NO_ADAPTER, /* adapter required (poly-A, UMI or random-end kits) and absent */
    EXM_FATE_NO_UMI,     /* UMI shorter than required, or holds an N */
    EXM_FATE_AMBIGUOUS_BASE, /* N in the insert */
    EXM_FATE_LOW_QUALITY,    /* expected errors of the insert above max_ee */
    EXM_FATE_LOW_COMPLEXITY, /* one base, or one dinucleotide, makes up the insert */
    EXM_FATE_COUNT
} exm_fate;

const char *exm_fate_name(exm_fate f);  /* "kept", "adapter_dimer" ...: used in outputs */
const char *exm_fate_title(exm_fate f); /* "kept", "adapter dimer" ...: for people */
const char *exm_fate_description(exm_fate f); /* one sentence for reports */

typedef struct exm_trim_options {
    exm_simd simd;
    uint32_t min_len;      /* default 16 nt; a layout's min_insert may raise or lower it */
    uint32_t max_len;      /* default 1000 nt */
    uint32_t min_overlap;  /* default 3, as cutadapt -O 3 */
    double max_error_rate; /* default 0.1, as cutadapt -e 0.1 */
    int indels; /* 1: a base too many or too few in the adapter is an error as well */
    int quality_cutoff; /* 3' quality trimming before the adapter search; 0 (default) is off */
    double max_ee;      /* expected errors allowed in the insert, default 1.0; < 0 is off */
    double max_one_base; /* share of the commonest base or dinucleotide, default 0.9 */
    uint32_t min_umi;    /* UMIs shorter than this are dropped; default 10 (or the UMI's
                              full length when that is shorter) */
} exm_trim_options;

exm_trim_options exm_trim_defaults(void);

enum { EXM_PACKED_MAX = 63 }; /* longest insert in the packed form */

/*
 * One trimmed read.  The insert is seq[start .. start+len).  Up to EXM_PACKED_MAX nt
 * it is packed in two bit planes: bit i of 'lo' and 'hi' is the code of base i
 * (A 0, C 1, T 2, G 3: bits 1 and 2 of the ASCII letter), and bit 'len' of 'lo' is a
 * sentinel 1, so that length is part of the key.  Longer inserts have lo = hi = 0.
 */
typedef struct exm_trimmed {
    exm_fate fate;
    uint32_t start, len;
    uint64_t lo, hi;
    uint64_t umi; /* 0: none; else a 1, then 2 bits a base, A0 C1 T2 G3, first base first */
    uint32_t n_q30;    /* bases of Q30 and better in the whole read; 0 without qualities */
    int adapter_found; /* 1 when the adapter (or poly-A) was seen */
} exm_trimmed;

typedef struct exm_trimmer exm_trimmer;

EXM_MUST_USE exm_status exm_trimmer_new(const exm_layout *l, const exm_trim_options *o,
                                        exm_trimmer **ret, exm_error *reterr);
void exm_trimmer_free(exm_trimmer *t);

/*
 * exm_trim_batch() - trim n reads.
 *
 * Adapter rule (without options.indels): an occurrence at position i overlaps
 * ov = min(adapter, read - i) >= min_overlap nt with at most
 * floor(max_error_rate x ov) substitutions (N in the read is a mismatch; N in the adapter
 * fits any base and is left out of ov there).  Of several occurrences that qualify the one
 * is chosen that cutadapt 4.2 --no-indels chooses; trim.c states the rule.
 * Reads must be followed by EXM_SEQ_PAD readable bytes.  Never fails: bad data was
 * refused by the parser.  Equals the scalar path bit for bit on every CPU.
 * Reentrant for different trimmers.
 */
void exm_trim_batch(exm_trimmer *t, const exm_read *reads, size_t n, exm_trimmed *ret);

/* An adapter and what may be wrong in it. */
typedef struct exm_adapter_rule {
    const char *seq; /* A C G T, or N that fits any base */
    uint32_t len;    /* at most EXM_ADAPTER_MAX */
    uint32_t min_overlap;
    double max_error_rate;
    int max_mismatches; /* as in exm_layout */
} exm_adapter_rule;

/*
 * With options.indels: an alignment that may have insertions and deletions; where it begins,
 * or -1, and in ret_end the first base behind it.  Its choice is that of cutadapt 4.2 without
 * --no-indels; trim_indel.c states the rule.
 */
long exm_trim_find_adapter_indels(const char *seq, uint32_t len, const exm_adapter_rule *r,
                                  uint32_t *ret_end);

/* Position of the adapter in seq[0..len) by the rule above, or -1.  The slow definition. */
long exm_trim_find_adapter_slow(const char *seq, uint32_t len, const char *adapter,
                                uint32_t adapter_len, double max_error_rate,
                                int max_mismatches, uint32_t min_overlap);

#ifdef __cplusplus
}
#endif
#endif
