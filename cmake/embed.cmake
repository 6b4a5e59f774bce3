# Files that a program brings along.

# troupe_embed(function folder file...): a source, in the variable <function>_source, that defines
# `const std::vector<embedded_file>& troupe::tools::<function>()` (tools/embedded_file.hpp): these files of `folder`.
function(troupe_embed function folder)
  set(text "#include <troupe/tools/embedded_file.hpp>\n\nnamespace troupe::tools {\n\n")
  string(APPEND text "const std::vector<embedded_file>& ${function}() {\n  static const std::vector<embedded_file> all{\n")
  foreach(name IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${folder}/${name}")
    file(READ "${folder}/${name}" content)
    string(APPEND text "      {\"${name}\", R\"embedded(${content})embedded\"},\n")
  endforeach()
  string(APPEND text "  };\n  return all;\n}\n\n} // namespace troupe::tools\n")
  set(source "${PROJECT_BINARY_DIR}/embedded/${function}.cpp")
  file(WRITE "${source}.new" "${text}")
  configure_file("${source}.new" "${source}" COPYONLY) # only where it differs, so that nothing is compiled again
  set(${function}_source "${source}" PARENT_SCOPE)
endfunction()
