add_test(NAME browser.report
  COMMAND sh ${PROJECT_SOURCE_DIR}/tests/browser/report.sh $<TARGET_FILE:exomir_cli>)
set_tests_properties(browser.report PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
add_test(NAME browser.diff
  COMMAND sh ${PROJECT_SOURCE_DIR}/tests/browser/diff.sh $<TARGET_FILE:exomir_cli>)
set_tests_properties(browser.diff PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
