/* umi.h - from UMIs to molecules: deduplication, what chance does to it, saturation. */
#ifndef EXM_UMI_H
#define EXM_UMI_H

#include "exomir/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How pairs of insert and UMI become molecules. */
typedef enum exm_umi_dedup {
    EXM_UMI_EXACT = 0,   /* every distinct pair is one */
    EXM_UMI_DIRECTIONAL, /* those that look like errors of another are of its molecule */
    EXM_UMI_DEDUP_COUNT
} exm_umi_dedup;

/* "exact", "directional": used in options and outputs; NULL past the end. */
const char *exm_umi_dedup_name(size_t how);

/* A UMI and its reads.  Codes as exm_trimmed.umi: a 1, then 2 bits a base; 0 has no bases. */
typedef struct exm_umi_tag {
    uint64_t umi, reads;
} exm_umi_tag;

/* Memory that one call leaves for the next; one per thread. */
typedef struct exm_umi_work exm_umi_work;

EXM_MUST_USE exm_status exm_umi_work_new(exm_umi_work **ret, exm_error *reterr);
void exm_umi_work_free(exm_umi_work *w);

/*
 * exm_umi_group() - the molecules of one insert.
 *
 * EXM_UMI_DIRECTIONAL (Smith, Heger & Sudbery 2017, Genome Res 27:491): an edge leads from
 * UMI a to UMI b of the same length when they differ in one base and
 *
 *     reads(a) >= 2 reads(b) - 1
 *
 * UMIs are visited by reads, most first, then by code; each that belongs to nothing yet
 * founds a molecule, which takes all that edges reach from it and belongs to nothing yet.
 * So two neighbours of one read each are one molecule, and the result depends on nothing but
 * the set of tags.
 *
 * tag[0..n) holds distinct UMIs with 1 read or more, n < 2^32.  On return tag[0..*ret_n)
 * are the molecules in the order in which they were founded: the founder's UMI, the reads
 * of all.  Cost: sorting, and one look-up for each of the 3 x length neighbours of a UMI.
 */
EXM_MUST_USE exm_status exm_umi_group(exm_umi_work *w, exm_umi_dedup how, exm_umi_tag *tag,
                                      size_t n, size_t *ret_n, exm_error *reterr);

/*
 * exm_umi_corrected() - molecules of an insert of which chance left molecule[0..n).
 *
 * Of m molecules with UMIs drawn from K = 4^length, D = K (1 - (1 - 1/K)^m) differ.
 * EXM_UMI_DIRECTIONAL merges neighbours among them, 3 length for each: with x = 3 length / K,
 * s = D / n, parents(j) the molecules before j with reads >= 2 reads(j) - 1, and of the n at
 * hand n1 with one read, n2 = n - n1 with more,
 *
 *     n = s (sum over j with more reads of exp(-x s parents(j))  +  n1 (G - x s n1 G^2 / 2))
 *     G = exp(-x s n2 - x s n1 (1 - G))
 *
 * is solved for D (D = n for EXM_UMI_EXACT), D for m; each length by itself.  The second
 * term is that of clusters of neighbours of one read, none of them beside one of more reads.
 * D is 2 n at most, m is bounded by the reads.  Rounded to the nearest integer; where less
 * than half a molecule is missing it stays n.  Sorts molecule[].
 */
uint64_t exm_umi_corrected(exm_umi_dedup how, exm_umi_tag *molecule, size_t n);

/* How many molecules have how many reads. */
typedef struct exm_umi_copies {
    uint64_t reads, molecules;
} exm_umi_copies;

/* The whole sample: pairs of insert and UMI, and molecules by reads, fewest reads first. */
typedef struct exm_umi_summary {
    uint64_t pairs;
    exm_umi_copies *copies;
    size_t n_copies;
} exm_umi_summary;

typedef struct exm_umi_options {
    exm_umi_dedup dedup;
    int correct; /* 1: exm_umi_corrected() for the counts; not for the summary */
} exm_umi_options;

/* Adds up the summary; any order of adding gives the same. */
typedef struct exm_umi_tally exm_umi_tally;

EXM_MUST_USE exm_status exm_umi_tally_new(const exm_umi_options *o, exm_umi_tally **ret,
                                          exm_error *reterr);
void exm_umi_tally_free(exm_umi_tally *t);

/*
 * exm_umi_fold() - rows of distinct (insert, UMI) become rows of distinct inserts, in place.
 *
 * EXM_UMI_DIRECTIONAL has two steps.  First, errors in inserts: a pair (i, u) gives its
 * reads to (h, u), the same UMI on an insert of the same length that differs in one base, if
 *
 *     reads(h, u) >= 2 reads(i, u) - 1
 *
 * and (h, u) comes before it: by reads, most first; reads of the whole insert, most first;
 * the insert's words, least first.  Of several that do, the first takes.  Who gives and who
 * takes is decided before anything is handed over; what a giver is given goes on with it.
 * Second, exm_umi_group() for each insert, with the pairs that have not given theirs away.
 * The reads of an insert stay its own: only molecules are counted elsewhere.
 *
 * Words of row[0..n): two for the insert, UMI, reads; n < 2^32.  'packed': the words of the
 * insert are its bit planes (trim.h); otherwise they are any name, and the first step is
 * left out.  Words of row[0..*ret_n): two for the insert, reads, molecules (of a single one:
 * EXM_UMI_SINGLE with its UMI in the bits below).  The order of the rows means nothing,
 * before and after.  16 to 24 bytes a row besides the rows.
 */
#define EXM_UMI_SINGLE ((uint64_t) 1 << 63)

EXM_MUST_USE exm_status exm_umi_fold(exm_umi_tally *t, uint64_t (*row)[4], size_t n,
                                     int packed, size_t *ret_n, exm_error *reterr);

/* What was folded so far; valid until the next call with t. */
EXM_MUST_USE exm_status exm_umi_tally_summary(exm_umi_tally *t, exm_umi_summary *ret,
                                              exm_error *reterr);

/*
 * exm_umi_saturation() - molecules expected in a sample of the reads.
 *
 * Of N reads m are drawn without replacement; a molecule of c reads is missed with
 * probability C(N - c, m) / C(N, m), the product of (N - m - i) / (N - i) for 0 <= i < c:
 *
 *     E(m) = sum over molecules of 1 - C(N - c, m) / C(N, m)
 *
 * (Hurlbert 1971, Ecology 52:577).  ret[k - 1] gets m = floor(N k / points) and
 * E(m) for k = 1 ... points; the last is all molecules.  copies[] ascends in reads.
 * Multiplications and additions in fixed order: the same bits on every machine.
 */
typedef struct exm_umi_point {
    uint64_t reads;
    double molecules;
} exm_umi_point;

void exm_umi_saturation(const exm_umi_copies *copies, size_t n, size_t points,
                        exm_umi_point *ret);

#ifdef __cplusplus
}
#endif
#endif
