#include <troupe/program/conclusion.hpp>
#include <troupe/program/human_text.hpp>
#include <troupe/program/kind_list.hpp>
#include <troupe/program/loaded_topology.hpp>
#include <troupe/program/observed_run.hpp>
#include <troupe/program/picture_output.hpp>
#include <troupe/program/top.hpp>
#include <troupe/program/topology_commands.hpp>
#include <troupe/program/topology_report.hpp>
#include <troupe/program/topology_screen.hpp>
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

exit_code execute(const check_topologies& asked, const topology_context& in) {
  exit_code worst = exit_code::ok;
  nlohmann::json all = nlohmann::json::array();
  std::string text;
  for (const std::string& file : asked.files) {
    try {
      const examined_topology seen = examine(read_topology(in, file), in.known);
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
      all.push_back({{"file", file}, {"sound", false}, {"findings", nlohmann::json::array()}, {"error", error.what()}});
      worst = std::max(worst, exit_code::usage);
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
  return {.tree = nullptr, .flows = flows, .control = control, .title = name};
}

/// On a terminal its tree is drawn, else a line says how far it is.
ended_tree run_seen(const run_topology& asked, topology::running& tree, const std::string& name,
                    const std::string& about, live_view& view) {
  const auto no_finish = [](instant) {};
  if (!asked.plain && !asked.as_json && terminal_screen::is_possible()) {
    terminal_screen screen{false};
    return run_observed(&topology::run, tree, no_finish, view, view_of(tree, name), nullptr, &screen, {about});
  }
  const topology_screen line{tree, asked.plain};
  return run_observed(&topology::run, tree, no_finish, view, view_of(tree, name));
}

} // namespace

exit_code execute(const run_topology& asked, const topology_context& in) {
  loaded_topology loaded = load_topology(in, asked.which);
  if (!loaded.what)
    return loaded.otherwise;
  std::string about;
  if (!loaded.what->title.empty())
    about = fmt::format("{}: {}", printable(loaded.what->title, 200), printable(loaded.what->watch, 400));
  topology::running tree{std::move(*loaded.what), in.known};
  live_view view{asked.observe, nullptr, [&tree] { return tree.is_ending(); }};
  if (!asked.as_json && !about.empty())
    say(about + '\n');
  const ended_tree end = run_seen(asked, tree, fmt::format("{} run {}", in.program, loaded.name), about, view);

  const topology::report came = tree.result();
  books audited;
  for (const std::string& each : came.unbalanced)
    audited.push_back({each, "", false});
  std::string failure;
  if (!end.how.cancelled() && !came.unexpected.empty())
    failure = fmt::format("{}: not as expected", loaded.name);
  const exit_code code = conclude(
      asked.as_json ? json_of(came) : text_of(came, tree.described().expect, reason_of(end)), audited, end, failure);
  view.keep(end);
  return code;
}

exit_code execute(const list_kinds& asked, const topology_context& in) {
  return print(list_of_kinds(in.known, asked.as_json));
}

exit_code execute(const draw_topology& asked, const topology_context& in) {
  const loaded_topology loaded = load_topology(in, asked.which);
  if (!loaded.what)
    return loaded.otherwise;
  if (asked.form == "mermaid")
    return put(asked.output, topology::to_mermaid(*loaded.what));
  const std::string dot = topology::to_dot(*loaded.what);
  return asked.form == "dot" ? put(asked.output, dot) : put_svg(asked.output, dot);
}

exit_code execute(const top_options& asked, const topology_context&) { return top(asked); }

exit_code execute(const show_text& asked, const topology_context&) { return print(asked.text); }

exit_code execute(const usage_error& asked, const topology_context&) {
  say(asked.text);
  return exit_code::usage;
}

} // namespace troupe::tools
