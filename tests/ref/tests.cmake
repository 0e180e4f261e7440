# Tests against other programs; each exits 77 where its program is not installed.
add_executable(trim_driver tests/ref/trim_driver.c)
target_link_libraries(trim_driver PRIVATE exomir exm_flags)
add_test(NAME ref.cutadapt
  COMMAND sh ${PROJECT_SOURCE_DIR}/tests/ref/cutadapt_equal.sh $<TARGET_FILE:trim_driver>)
set_tests_properties(ref.cutadapt PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
add_test(NAME ref.cutadapt_indels
  COMMAND sh ${PROJECT_SOURCE_DIR}/tests/ref/cutadapt_indels.sh $<TARGET_FILE:trim_driver>)
set_tests_properties(ref.cutadapt_indels PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
add_test(NAME ref.mirtop
  COMMAND sh ${PROJECT_SOURCE_DIR}/tests/ref/mirtop.sh $<TARGET_FILE:exomir_cli>)
set_tests_properties(ref.mirtop PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)

add_test(NAME ref.real_reads
  COMMAND sh ${PROJECT_SOURCE_DIR}/tests/ref/real_reads.sh $<TARGET_FILE:exomir_cli>)
set_tests_properties(ref.real_reads PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
add_test(NAME ref.samtools
  COMMAND sh ${PROJECT_SOURCE_DIR}/tests/ref/samtools.sh $<TARGET_FILE:exomir_cli>)
set_tests_properties(ref.samtools PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)

add_executable(human_matures tests/ref/human_matures.c)
target_link_libraries(human_matures PRIVATE exomir exm_flags)
add_test(NAME ref.human_matures COMMAND human_matures)
set_tests_properties(ref.human_matures PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
add_test(NAME ref.evatlas
  COMMAND sh ${PROJECT_SOURCE_DIR}/tests/ref/evatlas.sh ${PROJECT_SOURCE_DIR})
set_tests_properties(ref.evatlas PROPERTIES SKIP_RETURN_CODE 77)
add_test(NAME ref.multiqc
  COMMAND sh ${PROJECT_SOURCE_DIR}/tests/ref/multiqc.sh $<TARGET_FILE:exomir_cli>)
set_tests_properties(ref.multiqc PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
