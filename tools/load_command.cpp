#include <troupe/program/conclusion.hpp>
#include <troupe/program/output.hpp>
#include <troupe/program/progress_line.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/stream_error.hpp>
#include <troupe/tools/load_command.hpp>
#include <troupe/tools/load_report.hpp>

#include <fmt/format.h>

#include <exception>
#include <random>
#include <string>
#include <unistd.h>

namespace troupe::tools {

namespace {

bool is_connect_error(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const connect_error&) {
    return true;
  } catch (...) {
    return false;
  }
}

} // namespace

exit_code put_load(const run_load& asked) {
  progress_line line{progress_screen::standard_error()};
  load_run run{asked.options};
  run.key_prefix = fmt::format("{:08x}", std::random_device{}());
  run.listener = [&line](load_run& running, instant now) {
    line.show(progress_text(running, now), now);
    return !reader_gone(STDOUT_FILENO);
  };
  const ended_tree end = run_tree(&load, run, [&](instant now) {
    if (run.has_begun())
      line.finish(progress_text(run, now), now);
  });
  if (run.unwanted)
    return exit_code::output_closed;
  // Which fiber has failed is nothing to who gave the options.
  const std::exception_ptr error = end.how.has_error() ? primary_error(end.how.error()) : nullptr;
  std::string failure = error != nullptr ? message_of(error) : failure_of(run);
  if (error != nullptr && is_connect_error(error))
    failure += "\n  try:  troupe run ledger --listen ADDRESS:PORT --database FILE";
  if (!run.has_begun())
    return conclude({}, {}, end, failure);
  const std::string partial = error != nullptr ? message_of(error) : reason_of(end);
  const duration took = end.at - run.begun;
  return conclude(asked.as_json ? report_as_json(run, took, partial) : report(run, took, partial), {}, end, failure);
}

} // namespace troupe::tools
