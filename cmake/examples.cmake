# Each examples/<name>.cpp is a program, example_<name>, and with the tests also a test: it must print what the comment at
# its end says.

find_package(Python3 COMPONENTS Interpreter QUIET)
file(GLOB troupe_examples CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.cpp")
foreach(source IN LISTS troupe_examples)
  get_filename_component(name "${source}" NAME_WE)
  add_executable(example_${name} "${source}")
  troupe_own_code(example_${name})
  troupe_parse_library_once(example_${name})
  target_link_libraries(example_${name} PRIVATE troupe::troupe fmt::fmt)
  set_target_properties(example_${name} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/examples")
  if(TROUPE_BUILD_TESTS)
    if(Python3_Interpreter_FOUND)
      add_test(NAME "examples: ${name}" COMMAND "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tests/example_output.py"
        $<TARGET_FILE:example_${name}> "${source}")
    else()
      add_test(NAME "examples: ${name}" COMMAND example_${name})
    endif()
    set_tests_properties("examples: ${name}" PROPERTIES
      LABELS examples ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1")
  endif()
endforeach()
