# Folder = target = layer.
#
# A layer's headers are spelled <troupe/<folder>/<name>.hpp> everywhere. In the build tree each target has an include
# root of its own, layers/<folder>/troupe/<folder>, a link to the folder. A target gets the roots of what it links and no
# other, so an upward or sibling include is a compile error (tests/layers.cmake proves it for every pair).

define_property(GLOBAL PROPERTY TROUPE_LAYERS BRIEF_DOCS "Layers, lowest first" FULL_DOCS "Layers, lowest first")
define_property(TARGET PROPERTY TROUPE_SEES BRIEF_DOCS "Layers this one may include"
  FULL_DOCS "Layers this one may include")
define_property(TARGET PROPERTY TROUPE_USES BRIEF_DOCS "Libraries its .cpp files use"
  FULL_DOCS "Libraries its .cpp files use")

# Makes the include root of one folder: `root`/troupe/`name` is a link to `path`.
function(troupe_include_root name path root_variable)
  set(root "${PROJECT_BINARY_DIR}/layers/${name}")
  file(MAKE_DIRECTORY "${root}/troupe")
  get_filename_component(link "${path}" NAME)
  file(CREATE_LINK "${path}" "${root}/troupe/${link}" SYMBOLIC)
  set(${root_variable} "${root}" PARENT_SCOPE)
endfunction()

# troupe_add_layer(name [SEES lower...] [USES library...])
#
# Target troupe_<name>, alias troupe::<name>: a static library of all .cpp files in the folder, or an interface library
# when it has none. SEES are the layers its headers may include; USES are libraries that only its .cpp files see.
function(troupe_add_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 layer "" "" "SEES;USES")
  set(target troupe_${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${name}/*.cpp")
  troupe_include_root(${name} "${PROJECT_SOURCE_DIR}/${name}" root)

  if(sources)
    add_library(${target} STATIC ${sources})
    troupe_own_code(${target})
    target_precompile_headers(${target} REUSE_FROM troupe_standard_parsed_once)
    set(visibility PUBLIC)
    target_link_libraries(${target} PRIVATE ${layer_USES})
  else()
    add_library(${target} INTERFACE)
    set(visibility INTERFACE)
    if(layer_USES)
      target_link_libraries(${target} INTERFACE ${layer_USES})
    endif()
  endif()
  add_library(troupe::${name} ALIAS ${target})
  target_compile_features(${target} ${visibility} cxx_std_20)
  target_include_directories(${target} ${visibility}
    "$<BUILD_INTERFACE:${root}>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  list(TRANSFORM layer_SEES PREPEND troupe_ OUTPUT_VARIABLE lower)
  target_link_libraries(${target} ${visibility} ${lower} Threads::Threads)
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name} TROUPE_SEES "${layer_SEES}" TROUPE_USES "${layer_USES}")
  set_property(GLOBAL APPEND PROPERTY TROUPE_LAYERS ${name})
endfunction()

# troupe_add_umbrella(header): <troupe/troupe.hpp> and target troupe::troupe, which brings every layer.
function(troupe_add_umbrella header)
  get_property(layers GLOBAL PROPERTY TROUPE_LAYERS)
  list(TRANSFORM layers PREPEND troupe_)
  troupe_include_root(umbrella "${PROJECT_SOURCE_DIR}/${header}" root)
  add_library(troupe_umbrella INTERFACE)
  add_library(troupe::troupe ALIAS troupe_umbrella)
  target_link_libraries(troupe_umbrella INTERFACE ${layers})
  target_include_directories(troupe_umbrella INTERFACE
    "$<BUILD_INTERFACE:${root}>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  set_target_properties(troupe_umbrella PROPERTIES EXPORT_NAME troupe)
  set_property(GLOBAL PROPERTY TROUPE_UMBRELLA "${header}")
endfunction()

# troupe_add_caf_side(layer): target troupe::caf, for programs that include the layer's opt-in headers caf_*.hpp.
function(troupe_add_caf_side layer)
  add_library(troupe_caf INTERFACE)
  add_library(troupe::caf ALIAS troupe_caf)
  target_link_libraries(troupe_caf INTERFACE troupe_${layer} CAF::core)
  set_target_properties(troupe_caf PROPERTIES EXPORT_NAME caf)
endfunction()

# Target verify_headers: every public header compiles alone, twice in a row, with all warnings, seeing only its layer.
function(troupe_add_header_check)
  get_property(layers GLOBAL PROPERTY TROUPE_LAYERS)
  get_property(umbrella GLOBAL PROPERTY TROUPE_UMBRELLA)
  add_custom_target(verify_headers)
  foreach(name IN LISTS layers ITEMS umbrella)
    if(name STREQUAL "umbrella")
      set(headers "${PROJECT_SOURCE_DIR}/${umbrella}")
      list(FILTER headers EXCLUDE REGEX "^$")
    else()
      file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${name}/*.hpp")
      list(REMOVE_ITEM headers "${PROJECT_SOURCE_DIR}/${umbrella}")
    endif()
    set(sources "")
    foreach(path IN LISTS headers)
      if(NOT EXISTS "${path}")
        continue()
      endif()
      if(name STREQUAL "umbrella")
        set(header troupe.hpp)
      else()
        file(RELATIVE_PATH header "${PROJECT_SOURCE_DIR}" "${path}")
      endif()
      set(source "${PROJECT_BINARY_DIR}/verify_headers/${header}.cpp")
      set(TROUPE_HEADER "${header}")
      configure_file("${PROJECT_SOURCE_DIR}/cmake/header_alone.cpp.in" "${source}" @ONLY)
      list(APPEND sources "${source}")
    endforeach()
    if(sources)
      add_library(troupe_verify_${name} OBJECT EXCLUDE_FROM_ALL ${sources})
      get_target_property(uses troupe_${name} TROUPE_USES) # what its opt-in headers show
      target_link_libraries(troupe_verify_${name} PRIVATE troupe_${name} $<$<BOOL:${uses}>:${uses}>)
      troupe_own_code(troupe_verify_${name})
      add_dependencies(verify_headers troupe_verify_${name})
    endif()
  endforeach()
endfunction()
