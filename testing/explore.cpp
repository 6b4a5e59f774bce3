#include <troupe/testing/explorer.hpp>

#include <fmt/format.h>

#include <utility>

namespace troupe {

explored_as::explored_as(const std::source_location& where)
    : explored_as(fmt::format("{}:{}", where.file_name(), where.line()), [](const std::string& schedule) {
        return fmt::format("TROUPE_REPLAY='{0}', or replay(\"{0}\", …) in a test.", schedule);
      }) {}
explored_as::explored_as(std::string name, std::function<std::string(const std::string& schedule)> again)
    : name_(std::move(name)), again_(std::move(again)) {}

void simulate(std::uint64_t seed, const scenario& what, clock_mode clock, const explored_as& told) {
  detail::explorer{budget{.schedules = 1, .seed = seed}, what, told}.simulate(clock);
}

exploration explore(budget limits, const scenario& what, const explored_as& told) {
  return detail::explorer{limits, what, told}.explore();
}

exploration sweep(fault_set faults, const scenario& what, std::size_t seeds, std::size_t schedules_max,
                  const explored_as& told) {
  return detail::explorer{budget{.schedules = schedules_max}, what, told}.sweep(faults, seeds);
}

void replay(std::string_view schedule, const scenario& what, const explored_as& told) {
  detail::explorer{budget{}, what, told}.replay(detail::run_plan::parse(schedule));
}

std::string exploration::text() const {
  std::string made = fmt::format("{} schedules, {} to {} steps each, {} on average", schedules, steps_min, steps_max,
                                 schedules != 0 ? steps_total / schedules : 0);
  if (one_deviation != 0)
    made += fmt::format("; {}{} with one deviation", all_of_one ? "all " : "", one_deviation);
  if (two_deviations != 0)
    made += fmt::format(", {}{} with two", all_of_two ? "all " : "", two_deviations);
  made += '\n';
  for (std::size_t i = 0; i < faults_count; ++i)
    if (faults[i] != 0)
      made += fmt::format("  {} at {} places\n", to_string(static_cast<fault>(i)), faults[i]);
  if (!never_struck.empty())
    made += fmt::format("  never: {}\n", fmt::join(never_struck, ", "));
  return made;
}

} // namespace troupe
