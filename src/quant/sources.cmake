# Explicit list: one file per line.
list(APPEND EXM_SOURCES
  src/quant/bam.c
  src/quant/bam_header.c
  src/quant/bam_record.c
  src/quant/explain.c
  src/quant/outputs_multiqc.c
  src/quant/outputs.c
  src/quant/qc.c
  src/quant/qc_umi.c
  src/quant/qc_json.c
  src/quant/limits.c
  src/quant/merge.c
  src/quant/record.c
  src/quant/em.c
  src/quant/isomir.c
  src/quant/annotate_long.c
  src/quant/annotate_antisense.c
  src/quant/annotate.c
  src/quant/simulate.c
  src/quant/simulate_edit.c
  src/quant/simulate_other.c
  src/quant/simulate_read.c
  src/quant/simulate_pcr.c
  src/quant/sample.c
  src/quant/flow.c
  src/quant/tally.c
  src/quant/trace_table.c
  src/quant/isomir_table.c
  src/quant/share.c
  src/quant/signature.c
  src/quant/sheet.c
  src/quant/trna.c
  src/quant/clade.c
  src/quant/known.c
  src/quant/pile.c
  src/quant/variants.c
  src/quant/calibrate.c
  src/quant/fragment_table.c
  src/quant/outputs_trna.c
  src/quant/outputs_editing.c
)
list(APPEND EXM_SOURCES
  src/quant/places_scalar.c
  src/quant/places_sse4.c
)

# The same code with popcount as an instruction.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  set_source_files_properties(src/quant/places_sse4.c PROPERTIES
    COMPILE_OPTIONS "-msse4.2;-mpopcnt")
endif()

# Limits by fluid become byte arrays in the library.
foreach(fluid cells csf plasma saliva serum unknown urine)
  set(in ${PROJECT_SOURCE_DIR}/data/limits/${fluid}.tsv)
  set(out ${PROJECT_BINARY_DIR}/asset_limits_${fluid}.c)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DIN=${in} -DOUT=${out} -DNAME=exm_asset_${fluid}_tsv
            -DHEADER=quant/limits_impl.h
            -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${in} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake)
  list(APPEND EXM_SOURCES ${out})
endforeach()
