/* provenance.h - what every provenance.json holds: who made a folder, of what, and what is in it.
 * No clock and no path of this machine: the same inputs give the same bytes. */
#ifndef EXM_CLI_PROVENANCE_H
#define EXM_CLI_PROVENANCE_H

#include "exomir/json.h"
#include "exomir/outdir.h"
#include "opt.h"

/* Opens the object; program, version and the options as given. */
void exm_provenance_begin(exm_json *j, exm_buf *out, const exm_common *c);
/* "key": an input file by name and SHA-256. */
EXM_MUST_USE exm_status exm_provenance_input(exm_json *j, const char *key, const char *path,
                                             exm_error *reterr);
/* The folder's files; closes the object. */
EXM_MUST_USE exm_status exm_provenance_end(exm_json *j, const exm_outdir *dir,
                                           exm_error *reterr);

#endif
