#include <troupe/program/conclusion.hpp>
#include <troupe/program/human_text.hpp>
#include <troupe/program/output.hpp>
#include <troupe/program/progress_line.hpp>
#include <troupe/program/topology_commands.hpp>
#include <troupe/tools/command.hpp>
#include <troupe/tools/ingest_report.hpp>
#include <troupe/tools/ledger_command.hpp>
#include <troupe/tools/listing.hpp>
#include <troupe/tools/load_command.hpp>
#include <troupe/tools/tree_demos.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace troupe::tools {

namespace {

/// Reports rejected records and progress on standard error.
class ingest_screen final : public ingest_listener {
public:
  /// @param shows_progress  false where the line would mix with what the user types
  ingest_screen(std::string input, bool shows_progress) : input_(std::move(input)), shows_progress_(shows_progress) {}

  void on_rejected(const rejection& rejected) override {
    ++rejections_;
    if (rejections_ <= shown_max)
      line_.message(fmt::format("troupe: {}:{}: rejected: {}", input_, rejected.line, rejected.why));
    else if (rejections_ == shown_max + 1)
      line_.message("troupe: further rejected records are counted and not shown");
  }

  bool on_progress(const ingest_progress& now) override {
    if (shows_progress_)
      line_.show(text_(now), now.now);
    return !reader_gone(STDOUT_FILENO);
  }

  void finish(const ingest_progress& last) {
    if (shows_progress_)
      line_.finish(text_(last), last.now);
  }

private:
  static constexpr std::uint64_t shown_max = 20;

  const std::string input_;
  const bool shows_progress_;
  std::uint64_t rejections_ = 0; // only the aggregator calls on_rejected
  ingest_progress_text text_;    // only the ticker calls on_progress
  progress_line line_{progress_screen::standard_error()};
};

exit_code execute(const run_ingest& asked) {
  std::optional<file_source> input;
  try {
    input.emplace(asked.input);
  } catch (const std::system_error& error) {
    say(fmt::format("troupe: error: {}\n  try:  troupe run ingest --input FILE\n", error.what()));
    return exit_code::failed;
  }
  if (input->is_terminal())
    say("troupe: reading from the terminal; end the input with Ctrl-D\n");

  ingest_screen screen{input->name(), !input->is_terminal()};
  ingest_run run{*input, screen, asked.options};
  const ended_tree end = run_tree(&ingest, run, [&](instant now) { screen.finish(run.progress(now)); });
  if (run.unwanted)
    return exit_code::output_closed;

  std::string failure = run.input_error;
  if (end.how.has_error())
    failure = message_of(end.how.error());
  const std::string partial = failure.empty() ? reason_of(end) : failure;
  const ingest_totals totals = ingest_totals::of(run);
  const books audited = audit(totals, !end.how.cancelled() && !end.how.has_error());
  return conclude(report(totals, run.sections, audited, end.at - run.begun, partial), audited, end, failure);
}

exit_code execute(const run_pipeline& asked) {
  progress_line line{progress_screen::standard_error()};
  const auto text = [](const pipeline_run& run) {
    const mailbox_statistics queue = run.queue.statistics();
    return fmt::format("{} of {} items, queue {}/{} ({} waiting)", queue.settled, run.options.items, queue.depth,
                       queue.capacity, queue.senders_waiting);
  };
  pipeline_run run{asked.options, [&](const pipeline_run& running, instant now) {
                     line.show(text(running), now);
                     return !reader_gone(STDOUT_FILENO);
                   }};
  const ended_tree end = run_tree(&pipeline, run, [&](instant now) { line.finish(text(run), now); });
  if (run.unwanted)
    return exit_code::output_closed;

  const std::string failure = end.how.has_error() ? message_of(end.how.error()) : std::string();
  const books audited = audit(run, failure.empty() && !end.how.cancelled());
  return conclude(report(run, end.how, audited, end.at - run.begun, reason_of(end)), audited, end, failure);
}

exit_code execute(const run_ledger& asked) { return demonstrate(asked); }
exit_code execute(const run_ledger_server& asked) { return serve_ledger(asked); }
exit_code execute(const run_load& asked) { return put_load(asked); }
exit_code execute(const new_project& asked) { return print(write_project(asked)); }
exit_code execute(const list_names& asked) { return print(list_of_demos(asked.as_json, columns_of(STDOUT_FILENO))); }
exit_code execute(const run_pool& asked) { return demonstrate(asked); }

exit_code execute(const run_program& asked) {
  const std::filesystem::path program =
      std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / asked.program;
  std::string path = program.string();
  std::vector<std::string> words = asked.arguments;
  std::vector<char*> arguments{path.data()};
  for (std::string& each : words)
    arguments.push_back(each.data());
  arguments.push_back(nullptr);
  ::execv(path.c_str(), arguments.data());
  say(fmt::format(
      "troupe: error: cannot run {}: {}\n  try:  in troupe's sources: cmake --build --preset release --target "
      "{}\n",
      path, std::generic_category().message(errno), program.filename().string()));
  return exit_code::failed;
}
exit_code execute(const run_storm& asked) { return demonstrate(asked); }

} // namespace

exit_code execute(const command& asked) {
  return std::visit(
      [](const auto& each) {
        if constexpr (requires { execute(each, tool_context()); })
          return execute(each, tool_context());
        else
          return execute(each);
      },
      asked);
}

} // namespace troupe::tools
