/* count_known.c - the known variants of --vcf. */
#include "count.h"

int
exm_count_plan_known(exm_count_args *a, exm_count_plan *p, const exm_ref *ref)
{
    exm_known_log log = {0};
    exm_error err = {0};

    if (!a->vcf) return EXM_EXIT_OK;
    if (exm_known_read(a->vcf, ref, &p->known, &log, &err) != EXM_OK)
        return exm_msg_status(&a->common, &err, NULL);
    for (size_t i = 0; i < p->n; i++) p->sample[i].options.known = p->known;
    if (log.on_hairpins == 0)
        exm_msg_note(&a->common,
                     "%s: none of its %llu lines lies on a hairpin: are chromosomes and "
                     "assembly those of the reference's GFF3?",
                     a->vcf, (unsigned long long) log.lines);
    else
        exm_msg_detail(
            &a->common,
            "%s: %llu lines, %llu on hairpins (%llu disagree with them), %llu "
            "variants of miRNAs",
            a->vcf, (unsigned long long) log.lines, (unsigned long long) log.on_hairpins,
            (unsigned long long) log.disagreeing, (unsigned long long) log.matures);
    return EXM_EXIT_OK;
}
