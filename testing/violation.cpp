#include <troupe/testing/violation.hpp>

#include <stdexcept>

namespace troupe {

namespace {

constexpr std::array<std::string_view, invariants_count> names = {
    "own",           "no_loss",        "no_duplicate", "fifo",        "capacity",        "no_stranded_wait",
    "no_barging",    "containment",    "stop_order",   "restart_set", "one_incarnation", "intensity",
    "escalation",    "no_stale_event", "one_outcome",  "deadline",    "shield",          "cancel_reaches",
    "cleanup",       "errors_kept",    "drain",        "no_deadlock", "progress",        "nothing_left",
    "budgeted_stop", "bytes",          "determinism"};

} // namespace

std::string to_string(invariant which) {
  const auto number = static_cast<std::size_t>(which);
  return number == 0 ? "own" : "INV-" + std::to_string(number) + " " + std::string(names[number]);
}

invariant invariant_of(std::string_view text) {
  for (std::size_t number = 0; number < invariants_count; ++number)
    if (text == names[number] || text == "INV-" + std::to_string(number))
      return static_cast<invariant>(number);
  throw std::invalid_argument("\"" + std::string(text) + "\" is no invariant: they are INV-1 to INV-" +
                              std::to_string(invariants_count - 1) + ", or a name as fifo");
}

} // namespace troupe
