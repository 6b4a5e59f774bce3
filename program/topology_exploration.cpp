#include <troupe/program/conclusion.hpp>
#include <troupe/program/loaded_topology.hpp>
#include <troupe/program/topology_commands.hpp>
#include <troupe/testing/explore.hpp>
#include <troupe/topology/running.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace troupe::tools {

namespace {

void arm(simulation& in, const std::vector<std::string>& faults) {
  constexpr std::size_t strikes_max = 3;
  for (const std::string& each : faults) {
    armed_fault one = each == "crash"      ? crash()
                      : each == "cancel"   ? cancelled()
                      : each == "overflow" ? overflowing()
                      : each == "reset"    ? resetting()
                                           : failing_start();
    in.arm(one.times(strikes_max));
  }
}

std::string lines_of(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& each : all)
    text += each + '\n';
  return text;
}

/// With faults the books must balance; without any, what it expects of itself must come out as well.
scenario scenario_of(const topology::description& what, const topology::kinds& known,
                     const std::vector<std::string>& faults) {
  return [&what, &known, &faults](simulation& in) -> task<> {
    auto& tree = in.make<topology::running>(what, known);
    in.at_end([&tree, &faults]() -> std::string {
      const topology::report came = tree.result();
      return lines_of(came.unbalanced) + (faults.empty() ? lines_of(came.unexpected) : "");
    });
    arm(in, faults);
    co_await topology::run(tree);
  };
}

std::string json_of(const exploration& tried) {
  return nlohmann::json{{"schedules", tried.schedules},           {"one_deviation", tried.one_deviation},
                        {"two_deviations", tried.two_deviations}, {"steps_min", tried.steps_min},
                        {"steps_max", tried.steps_max},           {"steps_total", tried.steps_total}}
             .dump(2) +
         '\n';
}

} // namespace

exit_code execute(const explore_topology& asked, const topology_context& in) {
  const loaded_topology loaded = load_topology(in, asked.which);
  if (!loaded.what)
    return loaded.otherwise;
  const scenario what = scenario_of(*loaded.what, in.known, asked.faults);
  try {
    if (!asked.replay.empty()) {
      replay(asked.replay, what);
      return print("the run holds\n");
    }
    // Limits pass when they are due: what a file expects is said of a machine that keeps up.
    const exploration tried = troupe::explore(
        {.schedules = asked.schedules, .steps_max = 1'000'000, .time_passes_at_any_moment = false}, what);
    return print(asked.as_json ? json_of(tried) : tried.text() + '\n');
  } catch (const broken& found) {
    if (asked.as_json) {
      const exit_code printed = print(
          nlohmann::json{{"broken", found.what()}, {"replay", found.schedule()}, {"schedules", found.schedules()}}.dump(
              2, ' ', false, nlohmann::json::error_handler_t::replace) +
          '\n');
      return printed != exit_code::ok ? printed : exit_code::failed;
    }
    std::string again = asked.faults.empty() ? "" : fmt::format(" --faults {}", fmt::join(asked.faults, ","));
    say(fmt::format("{}\n\nTo have it again: {} explore {}{} --replay '{}'\n", found.what(), in.program, asked.which,
                    again, found.schedule()));
    return exit_code::failed;
  } catch (const std::invalid_argument& error) { // --replay
    say(fmt::format("troupe: error: --replay: {}\n  try:  the text that a failure has printed, in quotes\n",
                    error.what()));
    return exit_code::usage;
  }
}

} // namespace troupe::tools
