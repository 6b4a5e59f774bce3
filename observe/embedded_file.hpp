// Files that the build has put into the library, as the page of the live view: cmake/embed.cmake writes them.

#pragma once

#include <span>
#include <string_view>

namespace troupe::detail {

struct embedded_file {
  std::string_view name; ///< In its folder: "tree.js".
  std::string_view text;
};

/// Those of observe/page.
std::span<const embedded_file> page_files() noexcept;

} // namespace troupe::detail
