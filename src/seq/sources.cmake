# Explicit list: one file per line.
list(APPEND EXM_SOURCES
  src/seq/collapse.c
  src/seq/collapse_table.c
  src/seq/collapse_spill.c
  src/seq/umi.c
  src/seq/umi_fold.c
  src/seq/umi_insert.c
  src/seq/qualities.c
  src/seq/infer.c
  src/seq/trim_sse4.c
  src/seq/trim_scalar.c
  src/seq/trim.c
  src/seq/trim_indel.c
  src/seq/kit.c
  src/seq/layout.c
  src/seq/input.c
  src/seq/input_gzip.c
  src/seq/input_bgzf.c
  src/seq/input_zstd.c
  src/seq/fastq.c
  src/seq/fastq_fasta.c
  src/seq/fastq_diagnose.c
  src/seq/fastq_scalar.c
  src/seq/fastq_sse4.c
  src/seq/reader.c
  src/seq/reader_blocks.c
)

# The one file with SSE4.2 code; on other processors it forwards to the scalar path.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  set_source_files_properties(src/seq/fastq_sse4.c PROPERTIES
    COMPILE_OPTIONS "-msse4.2;-mpopcnt")
endif()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(src/seq/trim_sse4.c PROPERTIES
    COMPILE_OPTIONS "-msse4.2;-mpopcnt")
endif()
