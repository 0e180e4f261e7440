/* clade_table.h - private to ref. */
#ifndef EXM_REF_CLADE_TABLE_H
#define EXM_REF_CLADE_TABLE_H

#include <stddef.h>

/* Clade of a miRBase species code ("cel" -> "nematodes"), NULL when unknown. Case-blind. */
const char *exm_clade_of_code(const char *code, size_t len);

#endif
