# Explicit list: one file per line.
list(APPEND EXM_SOURCES
  src/report/report.c
)
