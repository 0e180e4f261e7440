/* qc_umi.c - what UMIs tell of a library: duplication, support of molecules, saturation. */
#include "exomir/qc.h"

#include "qc_umi.h"

#include <math.h>
#include <string.h>

void
exm_qc_umis_of(const exm_record *r, exm_qc_umis *ret)
{
    const double reads = (double) r->fate[EXM_FATE_KEPT];
    exm_qc_umis q = {.duplicates = (double) NAN, .new_molecules = (double) NAN};

    if (r->umi_len == 0 || r->fate[EXM_FATE_KEPT] == 0) {
        *ret = q;
        return;
    }
    for (size_t i = 0; i < r->n_copies; i++) {
        const exm_umi_copies *x = r->copies + i;

        q.found += x->molecules;
        if (x->reads == 1)
            q.once = x->molecules;
        else if (x->reads == 2)
            q.twice = x->molecules;
    }
    q.more = q.found - q.once - q.twice;
    q.duplicates = 100.0 * (1.0 - (double) q.found / reads);
    q.new_molecules = 100.0 * (double) q.once / reads;
    exm_umi_saturation(r->copies, r->n_copies, EXM_QC_POINTS, q.point);
    *ret = q;
}

void
exm_qc_put_umis(const exm_record *r, exm_json *j)
{
    exm_qc_umis q;

    exm_json_key(j, "umis");
    if (r->umi_len == 0) {
        exm_json_null(j);
        return;
    }
    exm_qc_umis_of(r, &q);
    exm_json_object(j);
    exm_json_ku64(j, "length_nt", r->umi_len);
    exm_json_kstr(j, "dedup", exm_umi_dedup_name(r->umi.dedup));
    exm_json_kbool(j, "corrected", r->umi.correct);
    exm_json_ku64(j, "pairs", r->umi_pairs);
    exm_json_ku64(j, "found", q.found);
    exm_json_ku64(j, "seen_once", q.once);
    exm_json_ku64(j, "seen_twice", q.twice);
    exm_json_ku64(j, "seen_more", q.more);
    exm_json_kdouble(j, "duplicates_percent", q.duplicates);
    exm_json_kdouble(j, "new_molecules_percent", q.new_molecules);
    exm_json_key(j, "saturation");
    exm_json_array(j);
    for (size_t k = 0; q.found > 0 && k < EXM_QC_POINTS; k++) {
        exm_json_object(j);
        exm_json_ku64(j, "reads", q.point[k].reads);
        exm_json_kdouble(j, "molecules", q.point[k].molecules);
        exm_json_end(j);
    }
    exm_json_end(j);
    exm_json_end(j);
}
