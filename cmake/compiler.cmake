# Chooses the C++ compiler before project() when nobody else did.
#
# An explicit CMAKE_CXX_COMPILER or CXX wins. TROUPE_COMPILER (set by the presets that need a particular family) is
# `clang`, `gcc`, or empty: the newest clang from 16 on, else g++.

set(TROUPE_COMPILER "" CACHE STRING "Compiler family to look for: clang, gcc, or empty for the best one found")

if(NOT CMAKE_CXX_COMPILER AND NOT DEFINED ENV{CXX} AND NOT CMAKE_TOOLCHAIN_FILE
   AND (CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR))
  set(troupe_clangs "")
  foreach(version IN ITEMS 25 24 23 22 21 20 19 18 17 16)
    list(APPEND troupe_clangs clang++-${version})
  endforeach()
  set(troupe_gccs g++ g++-16 g++-15 g++-14 g++-13 g++-12)

  # A name without a number may be too old (Debian 12: clang++ is 14, Ubuntu 22.04: g++ is 11), so it is asked.
  function(troupe_major_version result compiler)
    execute_process(COMMAND "${compiler}" -dumpversion OUTPUT_VARIABLE version ERROR_QUIET)
    string(REGEX MATCH "^[0-9]+" version "${version}")
    set(${result} "${version}" PARENT_SCOPE)
  endfunction()

  set(troupe_candidates "")
  if(NOT TROUPE_COMPILER STREQUAL "gcc")
    foreach(name IN LISTS troupe_clangs ITEMS clang++)
      list(APPEND troupe_candidates "${name}=16")
    endforeach()
  endif()
  if(NOT TROUPE_COMPILER STREQUAL "clang")
    foreach(name IN LISTS troupe_gccs)
      list(APPEND troupe_candidates "${name}=12")
    endforeach()
  endif()
  foreach(candidate IN LISTS troupe_candidates)
    string(REPLACE "=" ";" candidate "${candidate}")
    list(GET candidate 0 name)
    list(GET candidate 1 version_min)
    find_program(troupe_found_compiler NAMES "${name}" NO_CACHE)
    if(troupe_found_compiler)
      troupe_major_version(version "${troupe_found_compiler}")
      if(version GREATER_EQUAL version_min)
        set(CMAKE_CXX_COMPILER "${troupe_found_compiler}" CACHE FILEPATH "C++ compiler")
        break()
      endif()
    endif()
    unset(troupe_found_compiler)
  endforeach()
  if(NOT CMAKE_CXX_COMPILER)
    message(FATAL_ERROR
      "troupe: no suitable C++ compiler found (wanted: ${TROUPE_COMPILER}; clang++ >= 16 or g++ >= 12).\n"
      "Install one (Debian 12: apt-get install clang-19, or g++), or name yours with CXX=... .")
  endif()
endif()
