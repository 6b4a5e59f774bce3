// The options of the demos without supervisors, ingest and pipeline, for CLI11.

#pragma once

#include <troupe/program/cli_names.hpp>
#include <troupe/tools/command_line.hpp>

#include <cstdint>

namespace troupe::tools {

/// Where the options of `run ingest` go.
class ingest_command_line {
public:
  void add_options(CLI::App& to);
  /// What was given, once it has been read.
  ///
  /// @throws usage_mistake
  run_ingest asked() const;

private:
  run_ingest read_{"/var/lib/dpkg/status", {}};
};

/// Where the options of `run pipeline` go.
class pipeline_command_line {
public:
  void add_options(CLI::App& to);
  /// What was given, once it has been read.
  ///
  /// @throws usage_mistake
  run_pipeline asked() const;

private:
  run_pipeline read_{};
  std::uint64_t fail_at_ = 0; // 0: none
};

/// What is wrong with `test`: it is there to say so.
class tests_command_line {
public:
  void add_options(CLI::App&) {}
  [[noreturn]] show_text asked() const;
};

} // namespace troupe::tools
