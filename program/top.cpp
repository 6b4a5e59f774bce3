#include <troupe/observe/scene_json.hpp>
#include <troupe/observe/scene_text.hpp>
#include <troupe/program/awaited_signals.hpp>
#include <troupe/program/conclusion.hpp>
#include <troupe/program/host_and_port.hpp>
#include <troupe/program/human_text.hpp>
#include <troupe/program/terminal_screen.hpp>
#include <troupe/program/top.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#define CPPHTTPLIB_OPENSSL_SUPPORT // as the library itself was compiled, on which the sizes of its classes depend
#include <httplib.h>

#include <csignal>
#include <optional>

namespace troupe::tools {

namespace {

using namespace std::chrono_literals;

constexpr int connection_seconds_max = 3;
constexpr int answer_seconds_max = 5;
constexpr std::size_t plain_lines_max = 10'000;
constexpr std::size_t plain_columns_max = 1'000;

class view {
public:
  explicit view(const top_options& asked) : asked_(asked), client_(asked.host, asked.port) {
    client_.set_connection_timeout(connection_seconds_max);
    client_.set_read_timeout(answer_seconds_max);
    client_.set_keep_alive(true);
  }

  exit_code run() {
    const auto first = look();
    if (!first)
      return fail();
    if (asked_.as_json)
      return print(json_ + '\n');
    if (asked_.once || !terminal_screen::is_possible())
      return plain(*first);
    return redraw(*first);
  }

private:
  std::string reason(httplib::Error of) const {
    switch (of) {
    case httplib::Error::Connection:
      return why_unreachable({asked_.host, asked_.port}).value_or("it took the connection only now");
    case httplib::Error::ConnectionTimeout:
      return fmt::format("no connection within {} s", connection_seconds_max);
    case httplib::Error::Read:
      return fmt::format("the connection was lost, or nothing came within {} s", answer_seconds_max);
    default:
      return fmt::format("the exchange failed ({})", httplib::to_string(of));
    }
  }

  std::optional<scene> look() {
    const auto answer = client_.Get("/tree.json");
    if (!answer) {
      why_ = fmt::format("{}:{} does not answer: {}", asked_.host, asked_.port, reason(answer.error()));
      return std::nullopt;
    }
    json_ = answer->body;
    std::optional<scene> seen = answer->status == 200 ? read_scene(json_) : std::nullopt;
    if (!seen)
      why_ = fmt::format("{}:{} is no observer of this version: it says {} {}", asked_.host, asked_.port,
                         answer->status, printable(answer->body.substr(0, 100)));
    return seen;
  }

  exit_code fail() const {
    say(fmt::format("troupe: error: {}\n  try:  run FILE --observe 8080, and top 127.0.0.1:8080\n", why_));
    return exit_code::failed;
  }

  exit_code plain(scene seen) {
    const awaited_signals signals{SIGINT, SIGTERM};
    for (;;) {
      const exit_code printed = print(frame_text(seen, {plain_columns_max, plain_lines_max, false}));
      if (asked_.once || printed != exit_code::ok || !seen.attached || signals.wait(1s) != 0)
        return printed;
      auto next = look();
      if (!next)
        return exit_code::ok; // it has ended
      seen = std::move(*next);
    }
  }

  exit_code redraw(scene seen) {
    std::error_code error;
    {
      terminal_screen screen{true};
      for (int caught = 0; caught == 0;) {
        error = screen.draw([&seen](const frame_shape& shape) { return frame_text(seen, shape); });
        if (error)
          break;
        caught = screen.wait(250ms);
        auto next = look();
        if (!next)
          break;
        seen = std::move(*next);
      }
    }
    if (!why_.empty())
      say(fmt::format("troupe: {}\n", why_));
    return error ? exit_code::output_closed : exit_code::ok;
  }

  const top_options asked_;
  httplib::Client client_;
  std::string json_;
  std::string why_;
};

} // namespace

void top_command_line::add_options(CLI::App& to) {
  const auto read = [this](const std::string& text) {
    const auto found = read_host_and_port(text);
    if (!found || found->port == 0)
      throw CLI::ValidationError(
          "HOST:PORT", fmt::format("`{}` is no host and port, as in 127.0.0.1:8080 or [::1]:8080", printable(text)));
    read_.host = found->host;
    read_.port = found->port;
  };
  to.add_option_function<std::string>("HOST:PORT", read, "where a program is observed")->required()->type_name("");
  to.add_flag("--once", read_.once, "print one frame, and end");
  to.add_flag("--json", read_.as_json, "print the tree as JSON, and end");
}

exit_code top(const top_options& asked) { return view(asked).run(); }

} // namespace troupe::tools
