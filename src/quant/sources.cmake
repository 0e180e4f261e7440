# Explicit list: one file per line.
list(APPEND EXM_SOURCES
  src/quant/simulate.c
  src/quant/sample.c
  src/quant/tally.c
  src/quant/isomir_table.c
  src/quant/share.c
  src/quant/signature.c
  src/quant/sheet.c
)
