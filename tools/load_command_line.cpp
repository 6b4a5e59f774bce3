#include <troupe/ledger/protocol.hpp>
#include <troupe/program/file_option.hpp>
#include <troupe/program/host_and_port.hpp>
#include <troupe/program/human_text.hpp>
#include <troupe/program/number_option.hpp>
#include <troupe/tools/load_command_line.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>

namespace troupe::tools {

void load_command_line::add_options(CLI::App& to) {
  load_options& options = read_.options;
  const auto read = [&options](const std::string& text) {
    const auto found = read_host_and_port(text);
    if (!found || found->port == 0)
      throw CLI::ValidationError(
          "HOST:PORT", fmt::format("`{}` is no host and port, as in 127.0.0.1:7400 or [::1]:7400", printable(text)));
    options.host = found->host;
    options.port = found->port;
  };
  to.add_option_function<std::string>("HOST:PORT", read, "where the service listens")->required()->type_name("");
  add_number(to, "--connections", options.connections, 1, 10'000, "to the service, 1 to 10000 [32]");
  add_number(to, "--rate", options.rate, 1, 1'000'000, "requests/s that begin by the clock [one by one]");
  add_number(to, "--seconds", seconds_, 1, 86'400, "how long it lasts, 1 to 86400 [10]");
  add_number(to, "--deadline", deadline_, 1, ledger::deadline_ms_max,
             "of each request, in milliseconds, 1 to 60000 [500]");
  add_number(to, "--accounts", options.accounts, 2, 1'000'000, "that it moves money between, 2 to 1000000 [100]");
  add_number(to, "--seed", options.seed, 0, 1'000'000'000, "of what it asks [1]");
  add_number(to, "--retries", options.retries, 0, 1'000, "of one request, 0 to 1000 [3]");
  add_file(to, "--acknowledged", options.acknowledged_file, "file to append what was committed to [none]");
  add_file(to, "--authorities", options.authorities_file,
           "that its certificate must be of, a file of PEM: use TLS [do not]");
  to.add_flag("--json", read_.as_json, "print the report as JSON");
}

run_load load_command_line::asked() const {
  run_load asked = read_;
  asked.options.lasts = std::chrono::seconds{seconds_};
  asked.options.deadline = std::chrono::milliseconds{deadline_};
  return asked;
}

} // namespace troupe::tools
