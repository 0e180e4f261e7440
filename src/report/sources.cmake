# Explicit list: one file per line.
list(APPEND EXM_SOURCES
  src/report/explain_sample.c
  src/report/explain_sample_causes.c
  src/report/explain_sample_text.c
  src/report/explain_sample_json.c
  src/report/page.c
  src/report/report.c
  src/report/report_diff.c
  src/report/report_data.c
)

# Style and scripts of the reports become byte arrays in the library.
foreach(asset page.css page.js count.js diff.js)
  string(REPLACE "." "_" name ${asset})
  set(in ${PROJECT_SOURCE_DIR}/src/report/assets/${asset})
  set(out ${PROJECT_BINARY_DIR}/asset_${name}.c)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DIN=${in} -DOUT=${out} -DNAME=exm_asset_${name}
            -DHEADER=report/report_assets.h
            -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${in} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake)
  list(APPEND EXM_SOURCES ${out})
endforeach()
