// Events as a test makes them up, and what is found to be wrong with them.

#pragma once

#include <troupe/scope/event.hpp>
#include <troupe/testing/violation.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace troupe::tests {

/// What an event tells, in the order in which one thinks of it.
struct told {
  event_kind kind;
  std::uint64_t object = 0;
  std::uint64_t subject = 0;
  std::uint64_t cause = 0;
  std::uint32_t place = 0;
  std::chrono::nanoseconds at{};

  event made() const { return {instant{at}, kind, place, object, subject, cause}; }
};

/// Each invariant that was violated, in order: "INV-7 INV-17".
inline std::string violated(const verdict& found) {
  std::string text;
  for (const violation& each : found.violations()) {
    const std::string name = to_string(each.which);
    text += (text.empty() ? "" : " ") + name.substr(0, name.find(' '));
  }
  return text;
}

/// What rules say of a run with these events, each a step of its own.
template <class Rules>
std::string judged(std::initializer_list<told> events) {
  verdict found;
  Rules rules{found};
  rules.begin_run();
  for (const told& each : events) {
    rules.on(each.made());
    found.now = instant{each.at};
    if constexpr (requires { rules.after_step(); })
      rules.after_step();
  }
  rules.at_end();
  return violated(found);
}

} // namespace troupe::tests
