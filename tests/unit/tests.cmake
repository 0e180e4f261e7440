# Unit tests tests/unit/test_<name>.c: one name per line.
list(APPEND EXM_UNIT_TESTS
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
)
