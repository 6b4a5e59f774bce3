#include <troupe/ledger/sole_use.hpp>
#include <troupe/program/conclusion.hpp>
#include <troupe/program/scratch_folder.hpp>
#include <troupe/tools/ledger_command.hpp>
#include <troupe/tools/ledger_report.hpp>
#include <troupe/tools/restart_notice.hpp>

#include <troupe/streams/socket.hpp>
#include <troupe/streams/system_socket.hpp>

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <utility>
#include <vector>

namespace troupe::tools {

namespace {

struct ledger_run {
  const ledger::load_options& options;
  ledger::load_counts counts;
  instant begun;
};

exit_code told(const std::exception& error) {
  const bool can_wait = dynamic_cast<const ledger::in_use*>(&error) != nullptr;
  say(fmt::format("troupe: error: {}\n{}", error.what(),
                  can_wait ? "  try:  stop that one first, or another --database\n" : ""));
  return exit_code::failed;
}

} // namespace

exit_code demonstrate(const run_ledger& asked) {
  std::optional<scratch_folder> scratch;
  ledger::load_options options = asked.options;
  try {
    if (options.database.empty())
      options.database = scratch.emplace().file("ledger.db");
    if (asked.audit_only && !std::filesystem::exists(options.database))
      throw std::runtime_error(options.database + ": there is no such database");
    const ledger::sole_use mine{options.database};
    std::string text;
    std::string failure;
    std::optional<ended_tree> end;
    if (!asked.audit_only) {
      ledger_run run{options, {}, {}};
      end = run_tree<ledger_run>(
          [](ledger_run& running) -> task<> {
            running.begun = this_fiber::pointer()->runs_on().time().now();
            co_await ledger::run_load(running.options, running.counts);
          },
          run, [](instant) {});
      if (end->how.has_error())
        failure = message_of(end->how.error());
      text = answers_table(run.counts, end->at - run.begun);
    }
    const books audited = audit_books(ledger::audit_ledger(options.database));
    text += text_of(audited);
    return conclude(text, audited, end ? *end : ended_tree{outcome<>{}, 0, {}}, failure);
  } catch (const std::exception& error) {
    return told(error);
  }
}

namespace {

/// The first address of a host, in numbers. Blocks where it is a name.
///
/// @throws std::runtime_error
std::string numeric_address(const std::string& host) {
  std::string why;
  const std::vector<detail::network_address> all = detail::addresses_of(host, 0, detail::lookup::names_too, why);
  if (all.empty())
    throw std::runtime_error(
        fmt::format("cannot listen on {}: {}\n  try:  an address of this machine, as 127.0.0.1", host, why));
  return all.front().host();
}

struct ledger_server_run {
  std::string address;
  std::uint16_t port;
  ledger::server_options options;
  ledger::server_counts counts;
  instant began;
  bool has_served = false;
};

/// Says why nobody can connect, at most every 5 s. Is called by one fiber at a time.
class shortage_notice {
public:
  explicit shortage_notice(const ledger_server_run& of) noexcept : of_(of) {}

  void operator()(const std::error_code& why) {
    const instant now = this_fiber::pointer()->runs_on().time().now();
    if (said_ && now - *said_ < std::chrono::seconds{5})
      return;
    said_ = now;
    say(fmt::format("troupe: ledger: connections to {} wait to be accepted: {}\n  try:  {}\n",
                    detail::host_and_port(of_.address, of_.port), why.message(), what_to_do(why)));
  }

private:
  static std::string what_to_do(const std::error_code& why) {
    rlimit now{};
    if (why == std::errc::too_many_files_open && ::getrlimit(RLIMIT_NOFILE, &now) == 0)
      return fmt::format("raise `ulimit -n`, which is {}, or lower --connections", now.rlim_cur);
    return "it is the machine that is short of it: see what else runs there";
  }

  const ledger_server_run& of_;
  std::optional<instant> said_;
};

/// @throws std::runtime_error  with what to do
listener listens(const ledger_server_run& run) {
  try {
    return listen_tcp(
        run.address, run.port,
        {.connections_max = ledger::accepted_max(run.options.connections), .on_shortage = shortage_notice{run}});
  } catch (const listen_error& error) {
    throw std::runtime_error(fmt::format("{}\n  try:  an address of this machine, and a port that is free and no less "
                                         "than 1024; or port 0: the system chooses one",
                                         error.what()));
  }
}

task<> serve_clients(ledger_server_run& run) {
  run.began = this_fiber::pointer()->runs_on().time().now();
  listener at = listens(run);
  run.port = at.port();
  run.options.on_serving = [&run] {
    print(fmt::format("listening on {}\n", detail::host_and_port(run.address, run.port)));
    run.has_served = true;
  };
  co_await ledger::run_server(std::move(at), run.options, run.counts);
}

} // namespace

exit_code serve_ledger(const run_ledger_server& asked) {
  try {
    std::optional<scratch_folder> scratch;
    const std::string database = asked.database.empty() ? scratch.emplace().file("ledger.db") : asked.database;
    std::optional<tls_server> encrypted;
    if (asked.tls)
      encrypted.emplace(*asked.tls);
    const ledger::sole_use mine{database};
    ledger_server_run run{numeric_address(asked.host), asked.port, asked.options, {}, {}};
    ledger::store{database}.open_accounts(asked.accounts, asked.balance);
    run.options.service.open = [&database] {
      return std::make_shared<ledger::store>(database, ledger::store::opening::must_exist);
    };
    run.options.tls = encrypted ? &*encrypted : nullptr;
    const auto says = [](const std::string& sentence) { say("troupe: ledger: " + sentence + '\n'); };
    run.options.service.says = says;
    restart_notice restarts{says};
    run.options.on_failure = [](const std::exception_ptr& error) {
      say("troupe: error in a connection: " + message_of(error) + '\n');
    };
    const ended_tree end = run_tree(
        &serve_clients, run, [](instant) {}, &restarts);
    const std::string failure = end.how.has_error() ? message_of(end.how.error()) : std::string();
    const std::string report = run.has_served ? server_report(run.counts, end.at - run.began) : std::string();
    const exit_code code = conclude(report, {}, end, failure);
    return code == exit_code::terminated ? exit_code::ok : code; // how a service is stopped
  } catch (const std::exception& error) {
    return told(error);
  }
}

} // namespace troupe::tools
