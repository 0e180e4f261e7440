/* commands.h - the option tables, one per cmd_<verb>.c. */
#ifndef EXM_CLI_COMMANDS_H
#define EXM_CLI_COMMANDS_H

#include "opt.h"

extern const exm_cmd exm_cmd_ref_build;
extern const exm_cmd exm_cmd_ref_show;
extern const exm_cmd exm_cmd_count;
extern const exm_cmd exm_cmd_explain;
extern const exm_cmd exm_cmd_explain_sample;
extern const exm_cmd exm_cmd_matrix_merge;
extern const exm_cmd exm_cmd_matrix_import;
extern const exm_cmd exm_cmd_diff;
extern const exm_cmd exm_cmd_simulate_reads;
extern const exm_cmd exm_cmd_doctor;
extern const exm_cmd exm_cmd_man;
extern const exm_cmd exm_cmd_completion;
extern const exm_cmd exm_cmd_help;

#endif
