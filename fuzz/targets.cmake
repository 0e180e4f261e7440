# Fuzz targets fuzz/fuzz_<name>.c with fuzz/corpus/<name>/: one name per line.
list(APPEND EXM_FUZZ_TARGETS
  sheet
  fastq
  gzip
  layout
  trim
  record
  padjust
  table
  fasta
  gff3
  ref
  build
  matrix
  explain
  limits
  umi
  known
)
