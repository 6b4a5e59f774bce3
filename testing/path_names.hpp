// How tests name what has a path.

#pragma once

#include <string_view>

namespace troupe::detail {

/// Whether `name` means what has this path: it is the path, or the end of it after a '/': "db" is also "/app/db". An
/// empty name means anything.
inline bool is_named(std::string_view name, std::string_view path) noexcept {
  if (name.empty() || path == name)
    return true;
  return path.size() > name.size() && path.ends_with(name) &&
         (name.front() == '/' || path[path.size() - name.size() - 1] == '/');
}

} // namespace troupe::detail
