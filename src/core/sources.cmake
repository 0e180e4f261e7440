# Explicit list: one file per line.
list(APPEND EXM_SOURCES
  src/core/status.c
  src/core/pages.c
)
