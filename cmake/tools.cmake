# The command-line program: target troupe_tool, built as tools/troupe. Everything but main.cpp is a library, so that
# tests/tools can link it.

file(GLOB troupe_tool_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tools/*.cpp")
list(REMOVE_ITEM troupe_tool_sources "${PROJECT_SOURCE_DIR}/tools/main.cpp")
troupe_include_root(tools "${PROJECT_SOURCE_DIR}/tools" troupe_tool_root)

if(troupe_tool_sources)
  add_library(troupe_tools STATIC ${troupe_tool_sources})
  troupe_embed(troupe_tools tools/embedded_files.hpp troupe::tools::project_template "${PROJECT_SOURCE_DIR}/tools/template"
    CMakeLists.txt README.md gitignore launcher main.cpp service.hpp service_test.cpp)
  file(GLOB troupe_topologies CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/topologies"
    "${PROJECT_SOURCE_DIR}/topologies/*.toml")
  troupe_embed(troupe_tools tools/embedded_files.hpp troupe::tools::built_in_topologies "${PROJECT_SOURCE_DIR}/topologies"
    ${troupe_topologies})
  troupe_own_code(troupe_tools)
  troupe_parse_library_once(troupe_tools)
  # As in troupe_program: mostly CLI11's templates.
  foreach(name IN ITEMS command_line flow_demo_options ledger_options listing load_command_line new_command_line tree_demo_options)
    set_source_files_properties("${PROJECT_SOURCE_DIR}/tools/${name}.cpp" PROPERTIES
      COMPILE_OPTIONS -O0 SKIP_PRECOMPILE_HEADERS ON)
  endforeach()
  set(troupe_tool_visibility PUBLIC)
else()
  add_library(troupe_tools INTERFACE)
  set(troupe_tool_visibility INTERFACE)
endif()
target_include_directories(troupe_tools ${troupe_tool_visibility} "${troupe_tool_root}")
target_link_libraries(troupe_tools ${troupe_tool_visibility} troupe::troupe troupe::program troupe_ledger fmt::fmt CLI11::CLI11
  nlohmann_json::nlohmann_json)

if(EXISTS "${PROJECT_SOURCE_DIR}/tools/main.cpp")
  add_executable(troupe_tool tools/main.cpp)
  troupe_own_code(troupe_tool)
  troupe_parse_library_once(troupe_tool)
  target_link_libraries(troupe_tool PRIVATE troupe_tools)
  target_compile_definitions(troupe_tools ${troupe_tool_visibility} TROUPE_VERSION="${PROJECT_VERSION}")
  set_target_properties(troupe_tool PROPERTIES
    OUTPUT_NAME troupe RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tools")
  install(TARGETS troupe_tool RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/topologies" DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/troupe")
endif()
