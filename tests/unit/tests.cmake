# Unit tests tests/unit/test_<name>.c: one name per line.
list(APPEND EXM_UNIT_TESTS
  buf
  text
  table
  json
  digest
  rng
  pool
  outdir
  sheet
  input
  fastq
  reader
  malformed
  collapse
  layout
  trim
  trim_oracle
  infer
  fasta
  gff3
  ref
  annotate
  annotate_long
  annotate_large
)
