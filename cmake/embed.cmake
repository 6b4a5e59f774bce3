# Files that a library or a program brings along, so that it needs none when it runs.
#
# troupe_embed(target header function folder file...): a source of `target` that defines what `header` declares,
# `std::span<const troupe::detail::embedded_file> function() noexcept`: these files of `folder`. This file is also the
# script that writes it, when one of them has changed.

function(troupe_embed target header function folder)
  string(MAKE_C_IDENTIFIER "${function}" name)
  set(source "${PROJECT_BINARY_DIR}/embedded/${name}.cpp")
  set(script "${PROJECT_SOURCE_DIR}/cmake/embed.cmake")
  list(TRANSFORM ARGN PREPEND "${folder}/" OUTPUT_VARIABLE paths)
  add_custom_command(OUTPUT "${source}"
    COMMAND "${CMAKE_COMMAND}" "-DHEADER=${header}" "-DFUNCTION=${function}" "-DPATHS=${paths}" "-DSOURCE=${source}"
      -P "${script}"
    DEPENDS ${paths} "${script}" VERBATIM)
  target_sources(${target} PRIVATE "${source}")
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  set(rows "")
  foreach(path IN LISTS PATHS)
    get_filename_component(name "${path}" NAME)
    file(READ "${path}" content)
    string(APPEND rows "      {\"${name}\", R\"embedded(${content})embedded\"sv},\n")
  endforeach()
  file(WRITE "${SOURCE}" "#include <troupe/${HEADER}>

using namespace std::string_view_literals;

std::span<const troupe::detail::embedded_file> ${FUNCTION}() noexcept {
  static constexpr troupe::detail::embedded_file files[]{
${rows}  };
  return files;
}
")
endif()
