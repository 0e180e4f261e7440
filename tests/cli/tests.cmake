# Script tests of the program: one file per line.
foreach(t help usage files ref count hostile explain explain_sample stress diff bam matrix)
  add_test(NAME cli.${t}
    COMMAND sh ${PROJECT_SOURCE_DIR}/tests/cli/${t}.sh $<TARGET_FILE:exomir_cli>)
  set_tests_properties(cli.${t} PROPERTIES TIMEOUT 300)
endforeach()

# Another build (the optimised one, clang's) is compared where EXM_RELEASE names it.
add_test(NAME cli.same
  COMMAND sh -c "exec sh '${PROJECT_SOURCE_DIR}/tests/cli/same.sh' '$<TARGET_FILE:exomir_cli>' $EXM_RELEASE")
set_tests_properties(cli.same PROPERTIES TIMEOUT 300)

add_test(NAME cli.install
  COMMAND sh ${PROJECT_SOURCE_DIR}/tests/cli/install.sh $<TARGET_FILE:exomir_cli>
    ${PROJECT_BINARY_DIR})
set_tests_properties(cli.install PROPERTIES TIMEOUT 300)

# The tables of the documents, run; 77: python3, or the data that ./run fetches, is absent.
foreach(t worked kits umi documented formats schema readme cargo limits)
  add_test(NAME docs.${t}
    COMMAND sh ${PROJECT_SOURCE_DIR}/tests/cli/${t}.sh $<TARGET_FILE:exomir_cli>
      ${PROJECT_SOURCE_DIR})
  set_tests_properties(docs.${t} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
endforeach()

# Faults of the machine, a sample of them; ./run test --long tries them all.
add_test(NAME fault.count
  COMMAND python3 ${PROJECT_SOURCE_DIR}/tests/long/faults.py $<TARGET_FILE:exomir_cli> --every 15 --kills 40)
set_tests_properties(fault.count PROPERTIES TIMEOUT 300)

add_test(NAME cli.valgrind
  COMMAND sh ${PROJECT_SOURCE_DIR}/tests/cli/valgrind.sh $<TARGET_FILE:exomir_cli>)
set_tests_properties(cli.valgrind PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)

add_test(NAME cli.malformed
  COMMAND sh ${PROJECT_SOURCE_DIR}/tests/cli/malformed.sh $<TARGET_FILE:exomir_cli>)
set_tests_properties(cli.malformed PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
