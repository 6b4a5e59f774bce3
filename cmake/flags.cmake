# How troupe's own code is compiled: language level, warnings, sanitizers, ccache. Nothing here reaches a consumer
# except C++20 itself.

if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
   OR (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16))
  message(FATAL_ERROR
    "troupe: ${CMAKE_CXX_COMPILER} is ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}; its coroutines are not "
    "good enough. Use clang++ >= 16 or g++ >= 12: CXX=clang++-19 cmake ... in a fresh build folder.")
endif()

set(CMAKE_CXX_SCAN_FOR_MODULES OFF) # no modules here, and the scanner is a package of its own

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Debug CACHE STRING "Build type" FORCE)
  endif()
  if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
    find_program(TROUPE_CCACHE ccache)
    if(TROUPE_CCACHE)
      # A ccache that cannot write its cache fails every compilation, so it is tried first.
      set(probe "${PROJECT_BINARY_DIR}/ccache_probe")
      file(WRITE "${probe}.cpp" "int ccache_probe;\n")
      execute_process(COMMAND "${TROUPE_CCACHE}" "${CMAKE_CXX_COMPILER}" -c "${probe}.cpp" -o "${probe}.o"
        RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
      if(result EQUAL 0)
        # What ccache asks for where headers are precompiled; clang must not write the time into them either.
        set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros "${TROUPE_CCACHE}")
        if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
          add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
        endif()
      else()
        message(STATUS "troupe: ccache does not work here (is its folder writable?); building without it")
      endif()
    endif()
  endif()

  if(TROUPE_FUZZ) # what it has seen of the program's paths tells libFuzzer which inputs are new
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
  if(TROUPE_SANITIZE STREQUAL "address")
    # CAF's headers bind a null reference in spawn(function) without arguments: spawn a class, or pass an argument.
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
  elseif(TROUPE_SANITIZE STREQUAL "thread")
    add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
    add_link_options(-fsanitize=thread)
  elseif(TROUPE_SANITIZE)
    message(FATAL_ERROR "troupe: TROUPE_SANITIZE is `${TROUPE_SANITIZE}`; it can be address, thread or empty.")
  endif()
endif()

# Warnings and language level for one of our own targets.
function(troupe_own_code target)
  target_compile_features(${target} PRIVATE cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
  if(TROUPE_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()
