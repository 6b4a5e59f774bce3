# What many files parse is parsed once. That hides a missing #include, so the gcc preset goes without but in tests, and each
# public header is compiled alone by verify_headers.

# troupe_add_parsed_once(name): a target whose precompiled headers others reuse.
function(troupe_add_parsed_once name)
  add_library(${name} OBJECT EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/cmake/nothing.cpp") # a target needs a source
  troupe_own_code(${name})
endfunction()

# The standard library, for the layers.
troupe_add_parsed_once(troupe_standard_parsed_once)
target_precompile_headers(troupe_standard_parsed_once PRIVATE
  <algorithm> <array> <atomic> <chrono> <condition_variable> <coroutine> <exception> <functional> <memory> <mutex> <optional>
  <stdexcept> <string> <string_view> <thread> <utility> <vector>)

# All of troupe, for what is built on it: examples, benchmarks, the program.
function(troupe_parse_library_once target)
  if(NOT TARGET troupe_library_parsed_once)
    troupe_add_parsed_once(troupe_library_parsed_once)
    target_link_libraries(troupe_library_parsed_once PRIVATE troupe::troupe)
    target_precompile_headers(troupe_library_parsed_once PRIVATE <troupe/troupe.hpp>)
  endif()
  target_precompile_headers(${target} REUSE_FROM troupe_library_parsed_once)
endfunction()
