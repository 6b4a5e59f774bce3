# Finds standalone Asio, which has only headers and mostly no CMake package, and defines asio::asio. Sets Asio_FOUND and
# Asio_VERSION.

find_path(Asio_INCLUDE_DIR NAMES asio/io_context.hpp)
mark_as_advanced(Asio_INCLUDE_DIR)
set(Asio_VERSION "")
if(Asio_INCLUDE_DIR AND EXISTS "${Asio_INCLUDE_DIR}/asio/version.hpp")
  file(STRINGS "${Asio_INCLUDE_DIR}/asio/version.hpp" asio_line REGEX "#define ASIO_VERSION +[0-9]+")
  if(asio_line MATCHES "ASIO_VERSION +([0-9]+)")
    math(EXPR asio_major "${CMAKE_MATCH_1} / 100000")
    math(EXPR asio_minor "${CMAKE_MATCH_1} / 100 % 1000")
    math(EXPR asio_patch "${CMAKE_MATCH_1} % 100")
    set(Asio_VERSION "${asio_major}.${asio_minor}.${asio_patch}")
  endif()
endif()

include(FindPackageHandleStandardArgs)
string(CONCAT asio_reason
  "No standalone Asio found (asio/io_context.hpp), which sockets are made with. Install it (Debian, Ubuntu: apt-get "
  "install libasio-dev) or point CMAKE_PREFIX_PATH at it.")
find_package_handle_standard_args(Asio
  REQUIRED_VARS Asio_INCLUDE_DIR Asio_VERSION
  VERSION_VAR Asio_VERSION
  REASON_FAILURE_MESSAGE "\n  ${asio_reason}")

if(Asio_FOUND AND NOT TARGET asio::asio)
  add_library(asio::asio INTERFACE IMPORTED GLOBAL)
  target_compile_definitions(asio::asio INTERFACE ASIO_STANDALONE)
  # Never name a folder the compiler searches anyway: -isystem /usr/include breaks #include_next in libstdc++.
  if(NOT Asio_INCLUDE_DIR IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
    target_include_directories(asio::asio INTERFACE "${Asio_INCLUDE_DIR}")
  endif()
endif()
