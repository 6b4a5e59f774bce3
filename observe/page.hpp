// The page of the live view and what belongs to it, as the build has put them into the library.

#pragma once

#include <span>
#include <string_view>

namespace troupe::detail {

struct page_file {
  std::string_view path; ///< "/", "/tree.js".
  std::string_view type; ///< "text/html; charset=utf-8".
  std::string_view text;
};

/// All of them.
std::span<const page_file> page_files() noexcept;

} // namespace troupe::detail
