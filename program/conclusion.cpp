#include <troupe/program/conclusion.hpp>
#include <troupe/program/output.hpp>

#include <fmt/format.h>

#include <csignal>
#include <system_error>
#include <unistd.h>

namespace troupe::tools {

void say(const std::string& text) noexcept { static_cast<void>(write_all(STDERR_FILENO, text)); }

exit_code print(const std::string& text) {
  const std::error_code error = write_all(STDOUT_FILENO, text);
  if (!error)
    return exit_code::ok;
  if (error == std::errc::broken_pipe)
    return exit_code::output_closed;
  say(fmt::format("troupe: error: cannot write to standard output: {}\n", error.message()));
  return exit_code::failed;
}

std::string reason_of(const ended_tree& run) {
  if (!run.how.cancelled())
    return {};
  switch (run.signal) {
  case SIGINT:
    return "stopped by Ctrl-C (SIGINT)";
  case SIGTERM:
    return "stopped by SIGTERM";
  default:
    return fmt::format("stopped: {}", to_string(run.how.cause().reason));
  }
}

namespace {

exit_code code_of_stop(const ended_tree& run) {
  switch (run.signal) {
  case SIGINT:
    return exit_code::interrupted;
  case SIGTERM:
    return exit_code::terminated;
  default:
    return exit_code::failed;
  }
}

} // namespace

exit_code conclude(const std::string& report, const books& audited, const ended_tree& run, const std::string& failure) {
  const exit_code printed = print(report);
  if (!failure.empty())
    say("troupe: error: " + failure + '\n');
  if (!all_hold(audited)) {
    say("troupe: error: the accounting does not hold; this is a bug in troupe:\n" + failures_in(audited));
    return exit_code::books_do_not_balance;
  }
  if (printed != exit_code::ok)
    return printed;
  if (run.how.cancelled())
    return code_of_stop(run);
  return failure.empty() ? exit_code::ok : exit_code::failed;
}

} // namespace troupe::tools
