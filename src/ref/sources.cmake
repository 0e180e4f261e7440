# Explicit list: one file per line.
list(APPEND EXM_SOURCES
  src/ref/clade_table.c
  src/ref/fasta.c
  src/ref/gff3.c
  src/ref/ref.c
  src/ref/ref_alias.c
  src/ref/ref_build.c
  src/ref/ref_check.c
  src/ref/ref_clade.c
  src/ref/ref_database.c
  src/ref/ref_draft.c
  src/ref/ref_entity.c
  src/ref/ref_name.c
  src/ref/ref_place.c
  src/ref/ref_place_gff.c
  src/ref/ref_pretrna.c
  src/ref/ref_spike.c
  src/ref/ref_write.c
)
