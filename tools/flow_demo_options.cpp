#include <troupe/program/number_option.hpp>
#include <troupe/tools/flow_demo_options.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr std::uint64_t workers_max = 1'024;
constexpr std::uint64_t capacity_max = 1'000'000;
constexpr std::uint64_t items_max = 1'000'000'000;

} // namespace

void ingest_command_line::add_options(CLI::App& to) {
  to.add_option("--input", read_.input, fmt::format("file to read, - for standard input [{}]", read_.input))
      ->type_name("FILE");
  ingest_options& options = read_.options;
  add_number(to, "--workers", options.parsers, 1, workers_max, "parsers, 1 to 1024 [8]");
  add_number(to, "--capacity", options.capacity, 1, capacity_max, "of each of the two mailboxes, 1 to 1000000 [100]");
}

run_ingest ingest_command_line::asked() const {
  if (read_.input.empty())
    throw usage_mistake{"--input: the name of a file is missing"};
  return read_;
}

void pipeline_command_line::add_options(CLI::App& to) {
  pipeline_options& options = read_.options;
  add_number(to, "--items", options.items, 1, items_max, "items to send, 1 to 1000000000 [10000]");
  add_number(to, "--workers", options.consumers, 1, workers_max, "consumers, 1 to 1024 [8]");
  add_number(to, "--capacity", options.capacity, 1, capacity_max, "of the mailbox, 1 to 1000000 [100]");
  add_number(to, "--fail-at", fail_at_, 1, items_max, "number of the item whose consumer throws [none]");
}

run_pipeline pipeline_command_line::asked() const {
  run_pipeline asked = read_;
  if (fail_at_ > asked.options.items)
    throw usage_mistake{fmt::format("--fail-at: there is no item {}, only {}", fail_at_, asked.options.items)};
  if (fail_at_ != 0)
    asked.options.fail_at = fail_at_;
  return asked;
}

show_text tests_command_line::asked() const {
  throw usage_mistake{"troupe's tests run in its sources",
                      "./troupe test; or ./NAME test in a project of `troupe new`"};
}

} // namespace troupe::tools
