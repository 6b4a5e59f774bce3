#include <troupe/program/file_option.hpp>
#include <troupe/program/host_and_port.hpp>
#include <troupe/program/human_text.hpp>
#include <troupe/program/number_option.hpp>
#include <troupe/tools/ledger_options.hpp>

#include <CLI/CLI.hpp>

#include <chrono>

namespace troupe::tools {

namespace {

constexpr std::int64_t accounts_max = 1'000'000;

} // namespace

void ledger_command_line::add_options(CLI::App& to) {
  listens_ = to.add_option("--listen", listen_, "be a server there; without it, a demo")->type_name("HOST:PORT");
  names_database_ =
      to.add_option("--database", database_, "file to keep [a new one, removed at the end]")->type_name("FILE");
  add_number(to, "--accounts", accounts_, 2, static_cast<std::uint64_t>(accounts_max),
             "accounts of a new database, 2 to 1000000 [100]");
  add_number(to, "--commit-limit", commit_limit_, 1, 60'000, "milliseconds that a commit may take [2000]");
  add_server_options(to);
  add_demo_options(to);
}

void ledger_command_line::add_demo_options(CLI::App& to) {
  of_demo_[0] = add_number(to, "--seconds", seconds_, 1, 86'400, "demo: how long clients ask, 1 to 86400 [3]");
  of_demo_[1] = add_number(to, "--clients", demo_.options.clients, 1, 1'024, "demo: clients, 1 to 1024 [32]");
  of_demo_[2] = add_number(to, "--seed", demo_.options.seed, 0, 1'000'000'000, "demo: of what the clients ask [1]");
  of_demo_[3] = to.add_flag("--audit", demo_.audit_only, "demo: only audit the database, and what clients were told");
}

void ledger_command_line::add_server_options(CLI::App& to) {
  ledger::server_options& options = server_.options;
  of_server_[0] = add_number(to, "--balance", server_.balance, 1, static_cast<std::uint64_t>(ledger::money_max),
                             "server: cents in each account of a new database [10000]");
  of_server_[1] = add_number(to, "--connections", options.connections.connections_max, 1, 100'000,
                             "server: connections at a time, 1 to 100000 [1000]");
  of_server_[2] = add_number(to, "--capacity", options.service.capacity, 1, 1'000'000,
                             "server: orders that wait, 1 to 1000000 [512]");
  of_server_[3] = add_number(to, "--at-once", options.service.at_once, 1, 10'000,
                             "server: orders in one transaction, 1 to 10000 [512]");
  of_server_[4] =
      add_number(to, "--idle-limit", idle_limit_, 1, 86'400, "server: seconds without a request, at most [60]");
  CLI::Option* const certificate = add_file(to, "--certificate", tls_.certificate_file,
                                            "server: its certificate, and what leads to an authority: serve with TLS");
  CLI::Option* const key = add_file(to, "--key", tls_.key_file, "server: the key of that");
  of_server_[5] = certificate->needs(key);
  of_server_[6] = key->needs(certificate);
}

std::optional<usage_mistake> ledger_command_line::mistake() const {
  const bool serves = listens_->count() != 0; // also with an empty one: that is a variable without a value
  for (const CLI::Option* const each : of_demo_)
    if (serves && each != nullptr && each->count() != 0)
      return usage_mistake{each->get_name() + " is an option of the demo, and --listen makes it a server", {}};
  for (const CLI::Option* const each : of_server_)
    if (!serves && each != nullptr && each->count() != 0)
      return usage_mistake{each->get_name() + " is an option of the server", "--listen 127.0.0.1:7070"};
  if (serves && !read_host_and_port(listen_))
    return usage_mistake{"--listen: `" + printable(listen_) + "` is not HOST:PORT", "--listen 127.0.0.1:7070"};
  if (serves && server_.balance > ledger::money_max / accounts_)
    return usage_mistake{"--balance: " + std::to_string(accounts_) + " accounts with so much are more than " +
                             std::to_string(ledger::money_max) + " cents in all",
                         {}};
  if (names_database_->count() != 0 && (database_.empty() || database_ == ":memory:"))
    return usage_mistake{"--database: `" + database_ +
                             "` is no file; without the option there is one that is removed at the end",
                         "--database FILE"};
  if (demo_.audit_only && database_.empty())
    return usage_mistake{"--audit needs the database to audit", "--audit --database FILE"};
  return std::nullopt;
}

command ledger_command_line::asked() const {
  if (const std::optional<usage_mistake> wrong = mistake())
    throw usage_mistake{*wrong};
  const auto commit_limit = std::chrono::milliseconds{commit_limit_};
  if (listens_->count() != 0) {
    run_ledger_server asked = server_;
    const host_and_port where = *read_host_and_port(listen_);
    asked.host = where.host;
    asked.port = where.port;
    asked.database = database_;
    asked.accounts = accounts_;
    if (!tls_.certificate_file.empty())
      asked.tls = tls_;
    asked.options.service.commit_limit = commit_limit;
    asked.options.connections.idle_limit = std::chrono::seconds{idle_limit_};
    return asked;
  }
  run_ledger asked = demo_;
  asked.options.database = database_;
  asked.options.accounts = accounts_;
  asked.options.lasts = std::chrono::seconds{seconds_};
  asked.options.service.commit_limit = commit_limit;
  return asked;
}

} // namespace troupe::tools
