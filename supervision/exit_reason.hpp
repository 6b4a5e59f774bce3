// How one run of a supervised child has ended.

#pragma once

#include <cstdint>
#include <exception>
#include <string_view>

namespace troupe {

/// How one run of a supervised child has ended.
enum class exit_kind : std::uint8_t {
  normal,    ///< Its function returned.
  cancelled, ///< It was asked to stop, and did.
  failed,    ///< An exception left its function.
  killed,    ///< It was stopped without a grace, or its grace was over.
};

/// The kind's name, as in the enumeration.
std::string_view to_string(exit_kind kind) noexcept;

/// How one run of a supervised child has ended, and with which error.
struct exit_reason {
  exit_kind kind = exit_kind::normal;
  std::exception_ptr error = nullptr; ///< Of `failed`.
};

} // namespace troupe
