// One schedule of a simulated run: everything that was decided in it, as a short text.

#pragma once

#include <troupe/simulation/virtual_clock.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// When virtual time passes.
enum class clock_mode : std::uint8_t {
  manual,   ///< Only in `advance`.
  autojump, ///< To the next timer, once nobody can run.
  race,     ///< As a choice at every step: the earliest timer competes with the ready fibers.
};

/// A text is no schedule: says where, and what was expected.
class schedule_error : public std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// What there is to decide in a run. As a text it is `race/1:(12)3(4)1`: the clock, how many operations a fiber does at a
/// time, and then for each point at which there was a choice which of the choices was taken: a digit or letter (up to
/// 35), a number in brackets beyond that, as is one with how often it comes in a row: `[2*40]`; in parentheses so many
/// zeros, which is what happens where nobody interferes. What is not said any more is zero.
struct schedule {
  clock_mode clock = clock_mode::race;
  int operations = 1;
  std::vector<std::uint16_t> picks;

  /// Without zeros at its end.
  void trim() noexcept;
  std::string text() const;
  /// @throws `schedule_error`
  static schedule parse(std::string_view text);

  friend bool operator==(const schedule&, const schedule&) = default;
};

} // namespace troupe
