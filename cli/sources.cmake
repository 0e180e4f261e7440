# Explicit list: one file per line.
list(APPEND EXM_CLI_SOURCES
  cli/main.c
  cli/commands.c
  cli/opt.c
  cli/help.c
  cli/man.c
  cli/completion.c
  cli/msg.c
  cli/guard.c
  cli/own_folder.c
  cli/provenance.c
  cli/gzout.c
  cli/kit_opt.c
  cli/cmd_ref.c
  cli/cmd_ref_show.c
  cli/cmd_count.c
  cli/count_plan.c
  cli/count_known.c
  cli/count_limits.c
  cli/count_dry.c
  cli/count_run.c
  cli/count_publish.c
  cli/count_print.c
  cli/cmd_explain.c
  cli/cmd_explain_sample.c
  cli/cmd_diff.c
  cli/cmd_matrix_import.c
  cli/cmd_matrix_merge.c
  cli/cmd_simulate.c
  cli/cmd_doctor.c
  cli/doctor_tests.c
  cli/cmd_man.c
)

# Each has a manual page; tests/cli/install.sh compares this list with the program's own.
list(APPEND EXM_CLI_COMMANDS
  ref-build
  ref-show
  count
  explain-read
  explain-sample
  matrix-merge
  matrix-import
  diff
  simulate-reads
  doctor
  man
  completion
  help
)
