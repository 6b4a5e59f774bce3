#include <troupe/observe/text_sink.hpp>
#include <troupe/program/conclusion.hpp>
#include <troupe/program/observed_run.hpp>
#include <troupe/program/output.hpp>
#include <troupe/program/progress_line.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/tools/story.hpp>
#include <troupe/tools/tree_demos.hpp>

#include <fmt/format.h>

#include <limits>
#include <unistd.h>

namespace troupe::tools {

exit_code demonstrate(const run_pool& asked) {
  progress_line line{progress_screen::standard_error()};
  const auto text = [](const pool_run& run) {
    const mailbox_statistics queue = run.queue.statistics();
    return fmt::format("{} of {} messages, mailbox {}/{} ({} waiting), {} restarts", queue.settled,
                       run.options.messages, queue.depth, queue.capacity, queue.senders_waiting,
                       run.tally.total().restarts);
  };
  pool_run run{asked.options, [&](const pool_run& running, instant now) {
                 line.show(text(running), now);
                 return !reader_gone(STDOUT_FILENO);
               }};
  const auto flows = [&run] {
    std::vector<std::string> consumers;
    for (const std::string& name : run.names)
      consumers.push_back("/pool/" + name);
    return std::vector<flow_seen>{{"messages", {"/pool"}, std::move(consumers), run.queue.statistics()}};
  };
  live_view view{asked.observe, &run.tally};
  const ended_tree end = run_observed(
      &pool, run, [&](instant now) { line.finish(text(run), now); }, view,
      {.tree = nullptr, .flows = flows, .title = "troupe run pool"}, &run.tally);
  if (run.unwanted)
    return exit_code::output_closed;

  run.give_up_rest();
  const std::string failure = end.how.has_error() ? message_of(end.how.error()) : std::string();
  const books audited = audit(run, failure.empty() && !end.how.cancelled());
  const std::string partial = failure.empty() ? reason_of(end) : "the pool gave up";
  const exit_code code = conclude(report(run, audited, end.at - run.begun, partial), audited, end, failure);
  view.keep(end);
  return code;
}

namespace {

ended_tree simulate(storm_run& run, event_sink& sink) {
  simulator simulated{{.seed = run.options.seed,
                       .steps_max = std::numeric_limits<std::uint64_t>::max(), // it ends by its own clock
                       .sink = &sink}};
  outcome<> how = simulated.run(storm, std::ref(run));
  return {std::move(how), 0, simulated.time().now()};
}

} // namespace

exit_code demonstrate(const run_storm& asked) {
  story_screen screen;
  storm_run run{asked.options, [&screen] { return !screen.failure() && !reader_gone(STDOUT_FILENO); }};
  text_sink story{[&screen](std::string_view line) { screen.write(line); }, &run.tally};
  const auto control = [&run](control_action action, std::string_view path) { return run.control(action, path); };
  live_view view{asked.simulate ? observe_options{} : asked.observe, &story};
  const ended_tree end = asked.simulate
                             ? simulate(run, story)
                             : run_observed(
                                   &storm, run, [](instant) {}, view,
                                   {.tree = nullptr, .control = control, .title = "troupe run storm"}, &story);
  if (run.unwanted && !screen.failure())
    return exit_code::output_closed;

  std::string failure;
  if (end.how.has_error())
    failure = chain_of(run.gave_up).empty() ? message_of(end.how.error()) : "the app gave up, because its sections did";
  const books audited = audit(run);
  const exit_code code = conclude(report(run, audited, end.at - run.begun, reason_of(end)), audited, end, failure);
  view.keep(end);
  return code;
}

} // namespace troupe::tools
