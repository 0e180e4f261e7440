/* qc_umi.h - private to quant: the UMIs of a sample in qc.json. */
#ifndef EXM_QUANT_QC_UMI_H
#define EXM_QUANT_QC_UMI_H

#include "exomir/qc.h"

/* Key "umis" and its object, or null without UMIs. */
void exm_qc_put_umis(const exm_record *r, exm_json *j);

#endif
