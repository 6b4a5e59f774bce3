#include <troupe/testing/explorer.hpp>

#include <fmt/format.h>

namespace troupe {

void simulate(std::uint64_t seed, const scenario& what, std::source_location where) {
  const auto random = random_walk();
  random->begin_run(seed, 0);
  detail::explorer in{budget{.schedules = 1, .seed = seed}, what, where};
  in.once({{clock_mode::race, 1, {}}, random.get(), std::nullopt, seed, false});
}

exploration explore(budget limits, const scenario& what, std::source_location where) {
  return detail::explorer{limits, what, where}.explore();
}

exploration sweep(fault_set faults, const scenario& what, std::size_t seeds, std::source_location where) {
  return detail::explorer{budget{}, what, where}.sweep(faults, seeds);
}

void replay(std::string_view schedule, const scenario& what, std::source_location where) {
  detail::explorer{budget{}, what, where}.once(detail::run_plan::parse(schedule));
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
  return made;
}

} // namespace troupe
