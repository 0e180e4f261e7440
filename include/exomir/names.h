/* names.h - miRNA names of other tables in those of a reference bundle. */
#ifndef EXM_NAMES_H
#define EXM_NAMES_H

#include "exomir/buf.h"
#include "exomir/matrix.h"
#include "exomir/ref.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum exm_name_kind {
    EXM_NAME_UNKNOWN = 0, /* no name of the bundle */
    EXM_NAME_MATURE,      /* becomes the entity's name */
    EXM_NAME_HAIRPIN      /* a precursor: its reads cannot be told apart by arm */
} exm_name_kind;

const char *exm_names_kind(exm_name_kind k); /* "unknown", "mature", "hairpin" */

typedef struct exm_name {
    exm_name_kind kind;
    const char *name; /* in the bundle, which must outlive it; NULL: unknown */
} exm_name;

/*
 * exm_names_find() - what each of names[0..n) is called in the bundle.
 *
 * A name is looked up as it is spelled (as a mature, its accession or alias; as a hairpin
 * or its accession), then with the bundle's species before it ("miR-21-5p"), then both
 * case-blind.  Whether a list is of matures or of hairpins is told by the kind that more of
 * its names spell exactly.  In a list of hairpins a hairpin is sought first, since
 * hsa-let-7a-2 is one there and an old name of hsa-let-7a-2-3p elsewhere; and case-blind
 * only the list's own kind is, since hsa-miR-137, an old mature's name, is not hsa-mir-137.
 * Names joined by '/', ';' or '|' are one when all their parts are.  ret [n]; on failure
 * (EXM_ENOMEM, EXM_EINVAL) its contents are undefined.
 */
EXM_MUST_USE exm_status exm_names_find(const exm_ref *ref, const char *const *names,
                                       size_t n, exm_name *ret, exm_error *reterr);

/*
 * exm_names_apply() - the matrix in the bundle's names.  Rows that become one feature are
 * added up, but where they are equal in every sample they are one row that was written
 * under two names, and count once.  Unknown names stay, unless drop_unknown.  EXM_EDATA
 * when no name at all is known: another species, or another bundle.
 * found [m->n_features] as exm_names_find() gave it.
 */
EXM_MUST_USE exm_status exm_names_apply(const exm_matrix *m, const exm_name *found,
                                        int drop_unknown, exm_matrix **ret,
                                        exm_error *reterr);

/* names.tsv: name, kind, becomes ("NA" when unknown), reads; in the order of the matrix. */
void exm_names_put_tsv(const exm_matrix *m, const exm_name *found, exm_buf *ret);

#ifdef __cplusplus
}
#endif
#endif
