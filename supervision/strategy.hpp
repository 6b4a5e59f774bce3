// Which children are started anew when one of them is: a pure function.

#pragma once

#include <cstdint>
#include <string_view>

namespace troupe {

/// Which children a supervisor starts anew when it starts one anew, and how it stops them all. (The names and the
/// meaning are OTP's; `dynamic` is its `simple_one_for_one`.)
enum class restart_strategy : std::uint8_t {
  one_for_one,  ///< That one.
  one_for_all,  ///< All: the others are stopped, last first, and then all are started in their order.
  rest_for_one, ///< That one and those that were started after it, in the same way.
  dynamic,      ///< That one. Children come and go in any number, have no order, and are stopped all at once.
};

/// The strategy's name, as in the enumeration.
std::string_view to_string(restart_strategy strategy) noexcept;

/// Where the children that are started anew begin, in their order; they go on to the last.
enum class restart_from : std::uint8_t {
  itself_alone, ///< And nowhere further: that child, and no other.
  itself,
  first,
};

constexpr restart_from restarted_with(restart_strategy strategy) noexcept {
  switch (strategy) {
  case restart_strategy::one_for_all:
    return restart_from::first;
  case restart_strategy::rest_for_one:
    return restart_from::itself;
  case restart_strategy::one_for_one:
  case restart_strategy::dynamic:
    break;
  }
  return restart_from::itself_alone;
}

} // namespace troupe
