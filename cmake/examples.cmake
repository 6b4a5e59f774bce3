# Each examples/<name>.cpp is a program, example_<name>, and with the tests also a test: it must print what the comment at
# its end says. Those of examples/patterns have a program for asyncio beside them, which must do so too.

find_package(Python3 COMPONENTS Interpreter QUIET)

# Adds the test that `command`, made from `source`, prints what is said there.
function(troupe_test_example name source)
  if(NOT TROUPE_BUILD_TESTS)
    return()
  elseif(Python3_Interpreter_FOUND)
    add_test(NAME "examples: ${name}" COMMAND "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tests/example_output.py"
      "${source}" ${ARGN})
  else()
    add_test(NAME "examples: ${name}" COMMAND ${ARGN})
  endif()
  set_tests_properties("examples: ${name}" PROPERTIES
    LABELS examples ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1")
endfunction()

file(GLOB troupe_examples CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.cpp"
  "${PROJECT_SOURCE_DIR}/examples/patterns/*.cpp")
foreach(source IN LISTS troupe_examples)
  file(RELATIVE_PATH name "${PROJECT_SOURCE_DIR}/examples" "${source}")
  string(REGEX REPLACE "[.]cpp$" "" name "${name}")
  string(REPLACE "/" "_" target "example_${name}")
  if(name MATCHES "_caf_" AND TROUPE_SANITIZE STREQUAL "thread")
    continue() # runs actors of CAF itself, which ThreadSanitizer does not see into
  endif()
  add_executable(${target} "${source}")
  troupe_own_code(${target})
  troupe_parse_library_once(${target})
  target_link_libraries(${target} PRIVATE troupe::troupe fmt::fmt)
  if(name MATCHES "_caf_")
    target_link_libraries(${target} PRIVATE troupe::caf)
  endif()
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/examples")
  troupe_test_example(${name} "${source}" $<TARGET_FILE:${target}>)
endforeach()

# asyncio.TaskGroup is of Python 3.11.
if(Python3_Interpreter_FOUND AND Python3_VERSION VERSION_GREATER_EQUAL 3.11)
  file(GLOB troupe_asyncio_examples CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/patterns/*.py")
  foreach(source IN LISTS troupe_asyncio_examples)
    get_filename_component(name "${source}" NAME_WE)
    troupe_test_example("patterns/${name}, asyncio" "${source}" "${Python3_EXECUTABLE}" "${source}")
  endforeach()
endif()
