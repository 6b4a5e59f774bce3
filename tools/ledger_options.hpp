// The options of the ledger, as a demo and as a server, for CLI11.

#pragma once

#include <troupe/program/cli_names.hpp>
#include <troupe/tools/command_line.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace troupe::tools {

/// Where the options of `run ledger` go.
class ledger_command_line {
public:
  void add_options(CLI::App& to);
  /// What was given, once it has been read.
  ///
  /// @throws usage_mistake
  command asked() const;

private:
  std::optional<usage_mistake> mistake() const;
  void add_demo_options(CLI::App& to);
  void add_server_options(CLI::App& to);

  run_ledger demo_;
  run_ledger_server server_;
  std::string database_;
  std::string listen_;
  tls_server_options tls_;
  std::int64_t accounts_ = 100;
  std::uint64_t seconds_ = 3;
  std::uint64_t commit_limit_ = 2'000; // milliseconds
  std::uint64_t idle_limit_ = 60;      // seconds
  CLI::Option* listens_ = nullptr;
  CLI::Option* names_database_ = nullptr;
  CLI::Option* of_demo_[4] = {};
  CLI::Option* of_server_[7] = {};
};

} // namespace troupe::tools
