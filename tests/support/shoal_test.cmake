# shoal_test(NAME LABEL SOURCE...): one doctest executable, run as one ctest entry with that label.
function(shoal_test name label)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE shoal::shoal shoal_test_support)
  if(SHOAL_SANITIZE)
    target_precompile_headers(${name} REUSE_FROM shoal_test_support)
  endif()
  add_dependencies(checks ${name})
  if(label STREQUAL integration)
    add_dependencies(integration ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 600
    ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/tsan.supp")
endfunction()

add_library(shoal_test_support STATIC ${CMAKE_CURRENT_LIST_DIR}/doctest_main.cpp
  ${CMAKE_CURRENT_LIST_DIR}/log_capture.cpp
  ${CMAKE_CURRENT_LIST_DIR}/node.cpp
  ${CMAKE_CURRENT_LIST_DIR}/raw_peer.cpp
  ${CMAKE_CURRENT_LIST_DIR}/tcp_proxy.cpp
  ${CMAKE_CURRENT_LIST_DIR}/temp_dir.cpp)
target_link_libraries(shoal_test_support
  PUBLIC doctest::doctest shoal::shoal cppzmq spdlog::spdlog_header_only)
target_include_directories(shoal_test_support PUBLIC ${PROJECT_SOURCE_DIR}/tests)
if(SHOAL_SANITIZE)
  target_precompile_headers(shoal_test_support PRIVATE <doctest/doctest.h> <algorithm> <chrono>
    <deque> <filesystem> <functional> <map> <memory> <optional> <set> <span> <string> <variant>
    <vector>)
  # It includes doctest once more, as its implementation.
  set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/doctest_main.cpp
    PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endif()
