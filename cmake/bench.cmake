# The benchmark program: target troupe_bench, built as bench/troupe_bench. With the tests each workload is run once,
# small, so that the program that measures is known to work.

file(GLOB troupe_bench_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/*.cpp")
troupe_include_root(bench "${PROJECT_SOURCE_DIR}/bench" troupe_bench_root)

add_executable(troupe_bench ${troupe_bench_sources})
troupe_own_code(troupe_bench)
troupe_parse_library_once(troupe_bench)
target_include_directories(troupe_bench PRIVATE "${troupe_bench_root}")
target_link_libraries(troupe_bench PRIVATE troupe::troupe troupe::testing CAF::core)
set_target_properties(troupe_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")

# The load of echo and lines, which knows nothing of troupe.
add_executable(stream_load "${PROJECT_SOURCE_DIR}/bench/peers/stream_load.cpp")
set_target_properties(stream_load PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench" CXX_STANDARD 20)
add_dependencies(troupe_bench stream_load)

if(TROUPE_BUILD_TESTS)
  set(workloads pipeline pipeline_work chain pingpong ask ring spawn idle fanin restart children children_in_order taskgroup burn deadlines cancel exploration line echo lines)
  if(NOT TROUPE_SANITIZE STREQUAL "thread") # the distribution's CAF, and with it its actors, is not instrumented
    list(APPEND workloads caf_beside_fibers fibers_beside_caf)
  endif()
  foreach(workload IN LISTS workloads)
    set(items 1000)
    if(workload STREQUAL "burn")
      set(items 1)
    elseif(workload STREQUAL "taskgroup")
      set(items 100)
    endif()
    add_test(NAME "bench: ${workload}" COMMAND troupe_bench ${workload} ${items})
    set_tests_properties("bench: ${workload}" PROPERTIES
      LABELS bench ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1")
  endforeach()
  add_test(NAME "bench: observed" COMMAND troupe_bench observed 1000 --pairs 3 --clients 3)
  set_tests_properties("bench: observed" PROPERTIES
    LABELS bench ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1")
  add_test(NAME "bench: a median of warm runs" COMMAND troupe_bench pipeline 1000 --warm 3)
  set_tests_properties("bench: a median of warm runs" PROPERTIES
    LABELS bench ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1")
endif()

# The Savina suite at its full sizes, beside CAF's own actors: target troupe_savina, built when it is asked for.
find_package(CLI11 REQUIRED)
file(GLOB troupe_savina_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/savina/*.cpp" "${PROJECT_SOURCE_DIR}/tests/savina/*.cpp")
list(FILTER troupe_savina_sources EXCLUDE REGEX "tests/savina/.*_(test|sim|stress)[.]cpp$")
add_executable(troupe_savina EXCLUDE_FROM_ALL ${troupe_savina_sources})
troupe_own_code(troupe_savina)
troupe_parse_library_once(troupe_savina)
target_include_directories(troupe_savina PRIVATE "${PROJECT_SOURCE_DIR}") # <tests/savina/...>
target_link_libraries(troupe_savina PRIVATE troupe::troupe CAF::core CLI11::CLI11)
set_target_properties(troupe_savina PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
