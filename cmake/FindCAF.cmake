# Finds CAF, the C++ Actor Framework, and defines CAF::core, CAF::io and CAF::openssl.
#
# CAF from 0.18 on brings a CMake package of its own; 0.17, which Debian and Ubuntu ship, does not. So a package of the
# wanted version is tried first, then headers and libraries are looked for. troupe needs 0.17.x for now: where only a
# newer one is installed, the message says so.
#
# Components: core (always), io, openssl. Sets CAF_FOUND and CAF_VERSION.

set(caf_wanted "${CAF_FIND_VERSION}")
set(caf_reason "")

# With a version, an incompatible package is only looked at, not loaded: no targets of it stay behind.
find_package(CAF 0.17 CONFIG QUIET)
set(caf_other_versions ${CAF_CONSIDERED_VERSIONS})
if(CAF_FOUND AND CAF_VERSION VERSION_GREATER_EQUAL 0.18)
  set(caf_other_versions ${CAF_VERSION})
  set(CAF_FOUND FALSE)
elseif(CAF_FOUND)
  return()
endif()

find_path(CAF_INCLUDE_DIR NAMES caf/config.hpp)
mark_as_advanced(CAF_INCLUDE_DIR)
set(CAF_VERSION "")
if(CAF_INCLUDE_DIR)
  # 0.17: `#define CAF_VERSION 1706` in this very file. Newer ones have it elsewhere and are not for us.
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" caf_line REGEX "#define CAF_VERSION +[0-9]+")
  if(caf_line MATCHES "CAF_VERSION +([0-9]+)")
    math(EXPR caf_major "${CMAKE_MATCH_1} / 10000")
    math(EXPR caf_minor "${CMAKE_MATCH_1} / 100 % 100")
    math(EXPR caf_patch "${CMAKE_MATCH_1} % 100")
    set(CAF_VERSION "${caf_major}.${caf_minor}.${caf_patch}")
  else()
    list(APPEND caf_other_versions "newer than 0.17 (headers in ${CAF_INCLUDE_DIR})")
  endif()
endif()
if(CAF_VERSION VERSION_GREATER_EQUAL 0.18)
  list(APPEND caf_other_versions "${CAF_VERSION}")
  set(CAF_VERSION "")
endif()

set(caf_components ${CAF_FIND_COMPONENTS})
list(PREPEND caf_components core)
list(REMOVE_DUPLICATES caf_components)
foreach(component IN LISTS caf_components)
  find_library(CAF_${component}_LIBRARY NAMES caf_${component})
  mark_as_advanced(CAF_${component}_LIBRARY)
  if(CAF_${component}_LIBRARY)
    set(CAF_${component}_FOUND TRUE)
  endif()
endforeach()

if(NOT CAF_VERSION AND caf_other_versions)
  list(JOIN caf_other_versions ", " caf_other_versions)
  set(caf_reason
    "Found CAF ${caf_other_versions}, but troupe needs 0.17.x for now: newer generations have another scheduler and "
    "another message interface. Install 0.17 (Debian, Ubuntu: apt-get install libcaf-dev) or point CMAKE_PREFIX_PATH "
    "at it.")
elseif(NOT CAF_VERSION)
  set(caf_reason
    "No CAF found. troupe needs 0.17.x: apt-get install libcaf-dev, or point CMAKE_PREFIX_PATH at your installation.")
endif()
string(CONCAT caf_reason ${caf_reason} "")

include(FindPackageHandleStandardArgs)
set(caf_message "")
if(caf_reason)
  set(caf_message REASON_FAILURE_MESSAGE "\n  ${caf_reason}")
endif()
find_package_handle_standard_args(CAF
  REQUIRED_VARS CAF_core_LIBRARY CAF_INCLUDE_DIR CAF_VERSION
  VERSION_VAR CAF_VERSION
  HANDLE_COMPONENTS
  ${caf_message})

if(CAF_FOUND)
  include(CMakeFindDependencyMacro)
  if(NOT TARGET Threads::Threads)
    find_dependency(Threads)
  endif()
  foreach(component IN LISTS caf_components)
    if(CAF_${component}_LIBRARY AND NOT TARGET CAF::${component})
      add_library(CAF::${component} UNKNOWN IMPORTED GLOBAL)
      set_target_properties(CAF::${component} PROPERTIES IMPORTED_LOCATION "${CAF_${component}_LIBRARY}")
      # Never name a folder the compiler searches anyway: -isystem /usr/include breaks #include_next in libstdc++.
      if(NOT CAF_INCLUDE_DIR IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
        target_include_directories(CAF::${component} INTERFACE "${CAF_INCLUDE_DIR}")
      endif()
      if(component STREQUAL "core")
        target_link_libraries(CAF::core INTERFACE Threads::Threads)
      else()
        target_link_libraries(CAF::${component} INTERFACE CAF::core)
      endif()
    endif()
  endforeach()
endif()
