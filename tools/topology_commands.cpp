#include <troupe/testing/explore.hpp>
#include <troupe/tools/conclusion.hpp>
#include <troupe/tools/human_text.hpp>
#include <troupe/tools/loaded_topology.hpp>
#include <troupe/tools/observed_run.hpp>
#include <troupe/tools/picture_output.hpp>
#include <troupe/tools/topology_commands.hpp>
#include <troupe/tools/topology_report.hpp>
#include <troupe/tools/topology_screen.hpp>
#include <troupe/topology/picture.hpp>
#include <troupe/topology/running.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace troupe::tools {

namespace {

nlohmann::json as_json(const examined_topology& all) {
  nlohmann::json findings = nlohmann::json::array();
  for (const topology::finding& each : all.findings)
    findings.push_back({{"severity", each.how == topology::severity::error ? "error" : "warning"},
                        {"line", each.at.line},
                        {"column", each.at.column},
                        {"rule", each.rule},
                        {"what", each.what},
                        {"try", each.remedy}});
  return {{"file", all.source.name},
          {"sound", all.is_sound()},
          {"findings", std::move(findings)},
          {"memory_bytes", all.known.memory_bytes},
          {"restarts_max", all.known.restarts_max},
          {"shutdown_seconds_max", std::chrono::duration<double>(all.known.shutdown_max).count()},
          {"actors", all.known.actors}};
}

std::string facts_of(const examined_topology& all) {
  return fmt::format("{}: {} actors, mailboxes of at most {}, up to {} restarts of one before the root gives up, stops "
                     "within {}\n",
                     all.source.name, all.known.actors, human_bytes(all.known.memory_bytes), all.known.restarts_max,
                     human_duration(all.known.shutdown_max));
}

} // namespace

exit_code check(const check_topologies& asked, const topology::kinds& known) {
  exit_code worst = exit_code::ok;
  nlohmann::json all = nlohmann::json::array();
  std::string text;
  for (const std::string& file : asked.files) {
    try {
      const examined_topology seen = examine(read_topology(file), known);
      if (!seen.is_sound())
        worst = std::max(worst, exit_code::usage);
      if (asked.as_json) {
        all.push_back(as_json(seen));
        continue;
      }
      say(topology::render(seen.findings, seen.source.text, seen.source.name));
      if (seen.is_sound())
        text += facts_of(seen);
    } catch (const std::runtime_error& error) {
      say(fmt::format("troupe: error: {}\n", error.what()));
      worst = std::max(worst, exit_code::failed);
    }
  }
  const exit_code printed =
      print(asked.as_json ? all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n' : text);
  return printed != exit_code::ok ? printed : worst;
}

namespace {

/// What an observer sees of it, but for the tree.
observed view_of(topology::running& tree, const std::string& name) {
  const auto flows = [&tree] {
    std::vector<flow_seen> all;
    for (topology::edge_counts& each : tree.edges())
      all.push_back({std::move(each.name), std::move(each.from_paths), std::move(each.to_paths), each.counts});
    return all;
  };
  const auto control = [&tree](control_action action, std::string_view path) {
    switch (action) {
    case control_action::crash:
      return tree.control(topology::action::crash, path);
    case control_action::cancel:
      return tree.control(topology::action::cancel, path);
    default:
      return tree.control(topology::action::restart, path);
    }
  };
  return {.tree = nullptr, .flows = flows, .control = control, .title = "troupe run " + name};
}

/// On a terminal its tree is drawn, else a line says how far it is.
ended_tree run_seen(const run_topology& asked, topology::running& tree, const std::string& name,
                    const std::string& about) {
  const auto no_finish = [](instant) {};
  if (!asked.plain && !asked.as_json && terminal_screen::is_possible()) {
    terminal_screen screen{false};
    return run_observed(&topology::run, tree, no_finish, asked.observe, view_of(tree, name), nullptr, &screen, {about});
  }
  const topology_screen line{tree, asked.plain};
  return run_observed(&topology::run, tree, no_finish, asked.observe, view_of(tree, name));
}

} // namespace

exit_code run(const run_topology& asked, const topology::kinds& known) {
  loaded_topology loaded = load_topology(asked.which, known);
  if (!loaded.what)
    return loaded.otherwise;
  std::string about;
  if (!loaded.what->title.empty())
    about = fmt::format("{}: {}", printable(loaded.what->title, 200), printable(loaded.what->watch, 400));
  if (!asked.as_json && !about.empty())
    say(about + '\n');
  topology::running tree{std::move(*loaded.what), known};
  const ended_tree end = run_seen(asked, tree, loaded.name, about);

  const topology::report came = tree.result();
  books audited;
  for (const std::string& each : came.unbalanced)
    audited.push_back({each, "", false});
  std::string failure;
  if (!end.how.cancelled() && !came.unexpected.empty())
    failure = fmt::format("{}: not as expected", loaded.name);
  return conclude(asked.as_json ? json_of(came) : text_of(came, reason_of(end)), audited, end, failure);
}

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

exit_code explore(const explore_topology& asked, const topology::kinds& known) {
  const loaded_topology loaded = load_topology(asked.which, known);
  if (!loaded.what)
    return loaded.otherwise;
  const scenario what = scenario_of(*loaded.what, known, asked.faults);
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
    say(fmt::format("{}\n\nTo have it again: troupe explore {}{} --replay '{}'\n", found.what(), asked.which, again,
                    found.schedule()));
    return exit_code::failed;
  } catch (const std::invalid_argument& error) { // --replay
    say(fmt::format("troupe: error: --replay: {}\n  try:  the text that a failure has printed, in quotes\n",
                    error.what()));
    return exit_code::usage;
  }
}

exit_code draw(const draw_topology& asked, const topology::kinds& known) {
  const loaded_topology loaded = load_topology(asked.which, known);
  if (!loaded.what)
    return loaded.otherwise;
  if (asked.form == "mermaid")
    return put(asked.output, topology::to_mermaid(*loaded.what));
  const std::string dot = topology::to_dot(*loaded.what);
  return asked.form == "dot" ? put(asked.output, dot) : put_svg(asked.output, dot);
}

} // namespace troupe::tools
