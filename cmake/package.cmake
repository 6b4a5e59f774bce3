# `cpack -G DEB` in the build folder makes one package, troupe: the program, the headers and the static libraries.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME troupe)
set(CPACK_PACKAGE_VENDOR "troupe developers")
set(TROUPE_PACKAGE_CONTACT "troupe developers <troupe@localhost>" CACHE STRING
  "Who builds the package and answers for it: a name, and an address that exists")
set(CPACK_PACKAGE_CONTACT "${TROUPE_PACKAGE_CONTACT}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "structured concurrency for C++ actors, with its demos")
set(CPACK_PACKAGE_DESCRIPTION
"Every task has an owner, every mailbox a bound, every wait obeys the cancels
and deadlines around it, and every failure has an address. C++20 coroutines on
the worker threads of CAF, with supervisors, byte streams, and a testing kit.
The package has headers, static libraries, and the program, whose command new
makes a project that uses them.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON) # what the program is linked with
# What find_package(troupe) looks for. nlohmann/json, toml++ and CLI11 are only compiled in.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libcaf-dev, libfmt-dev, libcpp-httplib-dev, libssl-dev")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "cmake, g++ | clang, catch2")
include(CPack)
