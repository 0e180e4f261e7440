# Explicit list: one file per line.
list(APPEND EXM_SOURCES
  src/core/outdir.c
  src/core/table.c
  src/core/status.c
  src/core/buf.c
  src/core/text.c
  src/core/simd.c
  src/core/digest.c
  src/core/rng.c
  src/core/json.c
  src/core/pages.c
  src/core/tempfile.c
  src/core/pool.c
  src/core/portable.c
)
