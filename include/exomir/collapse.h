/* collapse.h - the table of unique inserts. */
#ifndef EXM_COLLAPSE_H
#define EXM_COLLAPSE_H

#include "exomir/trim.h"
#include "exomir/umi.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct exm_collapse exm_collapse;

typedef struct exm_collapse_options {
    int umi;             /* 1: count molecules per insert as well, by their UMIs */
    exm_umi_options how; /* with UMIs */
    uint64_t expect;     /* unique inserts expected; sizes the table at once */
    /* Beyond max_bytes (0: no limit) rows are sorted into nameless files in 'folder', merged
     * at the end and mapped from there (tempfile.h): the same uniques, and EXM_EIO when the
     * disk fails.  NULL: no limit.  With UMIs, finish() needs 16 to 24 bytes besides for each
     * pair of insert and UMI. */
    uint64_t max_bytes;
    const char *folder;
} exm_collapse_options;

EXM_MUST_USE exm_status exm_collapse_new(const exm_collapse_options *o, exm_collapse **ret,
                                         exm_error *reterr);
void exm_collapse_free(exm_collapse *c);

/* Adds the kept reads among n trimmed ones.  reads[i] belongs to trimmed[i]. */
EXM_MUST_USE exm_status exm_collapse_add(exm_collapse *c, const exm_read *reads,
                                         const exm_trimmed *trimmed, size_t n,
                                         exm_error *reterr);

/* One unique insert.  Packed up to 63 nt; longer ones have seq (not NUL-terminated). */
typedef struct exm_unique {
    uint64_t lo, hi;
    const char *seq; /* NULL when packed */
    uint32_t len;
    uint64_t reads, molecules;
    uint64_t umi; /* of a single molecule (trim.h); 0: several, or the kit has none */
} exm_unique;

/* Ends adding.  Order of the uniques is that of the table: not meaningful, not stable. */
EXM_MUST_USE exm_status exm_collapse_finish(exm_collapse *c, exm_error *reterr);
size_t exm_collapse_count(const exm_collapse *c);
exm_unique exm_collapse_get(const exm_collapse *c, size_t i);

/* Pairs and molecules of the whole table, which owns the list; zeros without UMIs. */
exm_umi_summary exm_collapse_umis(const exm_collapse *c);

#ifdef __cplusplus
}
#endif
#endif
