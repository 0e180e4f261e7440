# Script tests of the program: one file per line.
foreach(t help usage files count explain stress)
  add_test(NAME cli.${t}
    COMMAND sh ${PROJECT_SOURCE_DIR}/tests/cli/${t}.sh $<TARGET_FILE:exomir_cli>)
  set_tests_properties(cli.${t} PROPERTIES TIMEOUT 300)
endforeach()
