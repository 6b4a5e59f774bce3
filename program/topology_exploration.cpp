#include <troupe/program/conclusion.hpp>
#include <troupe/program/loaded_topology.hpp>
#include <troupe/program/topology_commands.hpp>
#include <troupe/testing/explore.hpp>
#include <troupe/topology/running.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
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

/// What an exploration does not tell of its runs by itself.
struct runs_seen {
  std::size_t runs = 0;    // some schedules are run twice
  std::size_t harmed = 0;  // of these: in which a fault has struck
  bool unbalanced = false; // the books of the last one

  double share_harmed() const noexcept {
    return runs != 0 ? static_cast<double>(harmed) / static_cast<double>(runs) : 0;
  }
};

/// With faults the books must balance; without any, what it expects of itself must come out as well.
scenario scenario_of(const topology::description& what, const topology::kinds& known,
                     const std::vector<std::string>& faults, runs_seen& seen) {
  return [&what, &known, &faults, &seen](simulation& in) -> task<> {
    auto& tree = in.make<topology::running>(what, known);
    seen.unbalanced = false;
    in.at_end([&in, &tree, &faults, &seen]() -> std::string {
      const topology::report came = tree.result();
      ++seen.runs;
      seen.harmed += in.was_harmed() ? 1 : 0;
      seen.unbalanced = !came.unbalanced.empty();
      return lines_of(came.unbalanced) + (faults.empty() ? lines_of(came.unexpected) : "");
    });
    arm(in, faults);
    co_await topology::run(tree);
  };
}

/// Whether troupe is to blame, and not the tree, or a kind of its nodes.
bool is_of_troupe(const broken& found, const runs_seen& seen) noexcept {
  switch (found.first().which) {
  case invariant::own:
    return seen.unbalanced;
  case invariant::no_deadlock:
  case invariant::progress:
  case invariant::determinism:
    return false;
  default:
    return true;
  }
}

/// With the command that has it again also behind a story that is too long for a glance.
std::string text_of(const broken& found, const explored_as& told) {
  constexpr std::ptrdiff_t lines_of_a_glance = 20;
  std::string text = found.what();
  if (std::count(text.begin(), text.end(), '\n') > lines_of_a_glance)
    text += fmt::format("\nTo have it again: {}\n", told.again(found.schedule()));
  return text;
}

std::string faults_of(const runs_seen& seen, const std::vector<std::string>& faults) {
  if (faults.empty())
    return {};
  if (seen.harmed == 0)
    return fmt::format("  no fault ({}) has struck: there was nothing for it to strike\n", fmt::join(faults, ", "));
  return fmt::format("  faults ({}) have struck in {:.1f} % of the runs\n", fmt::join(faults, ", "),
                     100 * seen.share_harmed());
}

std::string json_of(const exploration& tried, const runs_seen& seen) {
  return nlohmann::json{{"schedules", tried.schedules},
                        {"one_deviation", tried.one_deviation},
                        {"two_deviations", tried.two_deviations},
                        {"steps_min", tried.steps_min},
                        {"steps_max", tried.steps_max},
                        {"steps_total", tried.steps_total},
                        {"share_with_faults", seen.share_harmed()}}
             .dump(2) +
         '\n';
}

} // namespace

exit_code execute(const explore_topology& asked, const topology_context& in) {
  const loaded_topology loaded = load_topology(in, asked.which);
  if (!loaded.what)
    return loaded.otherwise;
  runs_seen seen;
  const scenario what = scenario_of(*loaded.what, in.known, asked.faults, seen);
  const std::string faults = asked.faults.empty() ? "" : fmt::format(" --faults {}", fmt::join(asked.faults, ","));
  const explored_as told{loaded.name, [&](const std::string& schedule) {
                           return fmt::format("{} explore {}{} --replay '{}'", in.program, asked.which, faults,
                                              schedule);
                         }};
  try {
    if (!asked.replay.empty()) {
      replay(asked.replay, what, told);
      return print("the run holds\n");
    }
    // Limits pass when they are due: what a file expects is said of a machine that keeps up.
    const exploration tried = troupe::explore(
        {.schedules = asked.schedules, .steps_max = 1'000'000, .time_passes_at_any_moment = false}, what, told);
    return print(asked.as_json ? json_of(tried, seen)
                               : "nothing wrong found: " + tried.text() + faults_of(seen, asked.faults));
  } catch (const broken& found) {
    const bool is_bug = is_of_troupe(found, seen);
    const exit_code code = is_bug ? exit_code::books_do_not_balance : exit_code::failed;
    const std::string text = text_of(found, told);
    if (asked.as_json) {
      const exit_code printed = print(nlohmann::json{{"broken", text},
                                                     {"replay", found.schedule()},
                                                     {"schedules", found.schedules()},
                                                     {"is_bug_in_troupe", is_bug}}
                                          .dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                                      '\n');
      return printed != exit_code::ok ? printed : code;
    }
    say(text +
        (is_bug ? "troupe: error: what troupe promises of each tree does not hold; this is a bug in troupe\n" : ""));
    return code;
  } catch (const std::invalid_argument& error) { // --replay
    say(fmt::format("troupe: error: --replay: {}\n  try:  the text that a failure has printed, in quotes\n",
                    error.what()));
    return exit_code::usage;
  }
}

} // namespace troupe::tools
