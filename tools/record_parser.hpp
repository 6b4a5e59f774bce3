// What one record says of a package, or why it says nothing.

#pragma once

#include <troupe/tools/record_splitter.hpp>

#include <cstdint>
#include <string>
#include <variant>

namespace troupe::tools {

struct package {
  std::string name;
  std::string section;             ///< "unknown" where the record names none.
  std::uint64_t installed_kib = 0; ///< 0 where the record has no size, as for a package that was removed.
};

struct rejection {
  std::uint64_t line = 0; ///< The line at fault, or the record's first.
  std::string why;
};

using parsed_record = std::variant<package, rejection>;

/// Reads the fields Package, Section and Installed-Size; the case of a field's name does not matter.
///
/// A record is rejected when it was too long or cut off, holds a NUL byte, begins with a continuation line, has a line
/// that is neither a continuation nor `name: value`, a name that is empty or not printable ASCII, or one of the three
/// fields twice or over several lines; when it has no package name, or one with spaces or control characters; and when
/// its size is no number, negative, or does not fit 64 bits.
parsed_record parse(const record& from);

} // namespace troupe::tools
