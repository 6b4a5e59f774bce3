# What every troupe target may need from outside. Targets are made visible everywhere, because a project that adds
# troupe with add_subdirectory links them through ours.

if(NOT TARGET Threads::Threads)
  set(THREADS_PREFER_PTHREAD_FLAG ON)
  find_package(Threads REQUIRED)
  set_target_properties(Threads::Threads PROPERTIES IMPORTED_GLOBAL TRUE)
endif()

if(NOT TARGET fmt::fmt)
  find_package(fmt REQUIRED)
  set_target_properties(fmt::fmt PROPERTIES IMPORTED_GLOBAL TRUE)
endif()

if(NOT TARGET nlohmann_json::nlohmann_json)
  find_package(nlohmann_json 3 REQUIRED)
  set_target_properties(nlohmann_json::nlohmann_json PROPERTIES IMPORTED_GLOBAL TRUE)
endif()

if(NOT TARGET CLI11::CLI11)
  find_package(CLI11 REQUIRED) # Debian, Ubuntu: libcli11-dev
  set_target_properties(CLI11::CLI11 PROPERTIES IMPORTED_GLOBAL TRUE)
endif()

# toml++ as headers: what links the library then needs none of it, also where the distribution has it as a library.
find_path(TROUPE_TOML_INCLUDE_DIR toml++/toml.h) # Debian, Ubuntu: libtomlplusplus-dev
if(NOT TROUPE_TOML_INCLUDE_DIR)
  message(FATAL_ERROR "troupe: toml++ was not found (toml++/toml.h). apt-get install libtomlplusplus-dev")
endif()
if(NOT TARGET troupe_toml)
  add_library(troupe_toml INTERFACE)
  target_include_directories(troupe_toml SYSTEM INTERFACE "${TROUPE_TOML_INCLUDE_DIR}")
  target_compile_definitions(troupe_toml INTERFACE TOML_HEADER_ONLY=1 TOML_EXCEPTIONS=0 TOML_ENABLE_FORMATTERS=0)
endif()

if(NOT TARGET CAF::core)
  find_package(CAF 0.17 REQUIRED COMPONENTS core)
endif()

if(NOT TARGET OpenSSL::SSL)
  find_package(OpenSSL 3 REQUIRED) # Debian, Ubuntu: libssl-dev
  set_target_properties(OpenSSL::SSL OpenSSL::Crypto PROPERTIES IMPORTED_GLOBAL TRUE)
endif()

# The server of the live view. Linked by its name: Debian's package of it brings no targets.
find_path(TROUPE_HTTPLIB_INCLUDE httplib.h)
find_library(TROUPE_HTTPLIB_LIBRARY cpp-httplib)
if(NOT TROUPE_HTTPLIB_INCLUDE OR NOT TROUPE_HTTPLIB_LIBRARY)
  message(FATAL_ERROR "troupe: no cpp-httplib found, which serves the live view: apt-get install libcpp-httplib-dev")
endif()
mark_as_advanced(TROUPE_HTTPLIB_INCLUDE TROUPE_HTTPLIB_LIBRARY)
