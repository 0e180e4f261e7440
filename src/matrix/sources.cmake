# Explicit list: one file per line.
list(APPEND EXM_SOURCES
  src/matrix/matrix.c
  src/matrix/formula.c
  src/matrix/diff.c
  src/matrix/hemolysis.c
  src/matrix/names.c
)
