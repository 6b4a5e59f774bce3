# cmake -DFILES=a.html;b.js -DTO=page_files.cpp -P embed_page.cmake

set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")
set(literals "")
set(rows "")
foreach(path IN LISTS FILES)
  get_filename_component(name "${path}" NAME)
  get_filename_component(extension "${path}" LAST_EXT)
  string(SUBSTRING "${extension}" 1 -1 extension)
  if(NOT DEFINED type_${extension})
    message(FATAL_ERROR "observe/page/${name}: a page has .html, .css, .js and .svg files")
  endif()
  set(served "/${name}")
  if(name STREQUAL "index.html")
    set(served "/")
  endif()
  file(READ "${path}" hexadecimal HEX) # as numbers: no character is special
  string(LENGTH "${hexadecimal}" length)
  math(EXPR length "${length} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hexadecimal}")
  string(MAKE_C_IDENTIFIER "${name}" identifier)
  string(APPEND literals "constexpr unsigned char ${identifier}[] = {${bytes}};\n")
  string(APPEND rows "    {\"${served}\", \"${type_${extension}}\", text_of(${identifier})},\n")
endforeach()
file(WRITE "${TO}" "// Made from observe/page/ by cmake/embed_page.cmake.

#include <troupe/observe/page.hpp>

namespace troupe::detail {

namespace {

${literals}
template <std::size_t Size>
std::string_view text_of(const unsigned char (&bytes)[Size]) noexcept {
  return {reinterpret_cast<const char*>(bytes), Size};
}

const page_file files[] = {
${rows}};

} // namespace

std::span<const page_file> page_files() noexcept { return files; }

} // namespace troupe::detail
")
