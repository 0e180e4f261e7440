/* gzout.h - a file of reads, plain or gzip, that appears only when whole. */
#ifndef EXM_CLI_GZOUT_H
#define EXM_CLI_GZOUT_H

#include "exomir/outdir.h"

/*
 * Gzip members of 1 MiB of text each, made by libdeflate, without names or times: the
 * same text gives the same bytes on every machine.  path "-" is standard output.
 */
typedef struct exm_gzout exm_gzout;

EXM_MUST_USE exm_status exm_gzout_new(const char *path, int gzip, exm_gzout **ret,
                                      exm_error *reterr);
/* ctx is the exm_gzout; has the type of exm_simulate_sink. */
EXM_MUST_USE exm_status exm_gzout_write(void *ctx, const char *p, size_t n,
                                        exm_error *reterr);
/* As exm_outfile_settle(): nothing is written after it. */
EXM_MUST_USE exm_status exm_gzout_settle(exm_gzout *g, exm_error *reterr);
EXM_MUST_USE exm_status exm_gzout_commit(exm_gzout *g, exm_error *reterr);
void exm_gzout_free(exm_gzout *g); /* without commit nothing stays */

#endif
