#include <troupe/program/number_option.hpp>
#include <troupe/tools/tree_demo_options.hpp>

#include <CLI/CLI.hpp>

namespace troupe::tools {

namespace {

constexpr std::uint64_t seed_max = 1'000'000'000;
constexpr std::uint64_t messages_max = 10'000'000; // each has six bytes of books

} // namespace

void pool_command_line::add_options(CLI::App& to) {
  pool_options& options = read_.options;
  add_number(to, "--messages", options.messages, 1, messages_max, "messages to send, 1 to 10000000 [100000]");
  add_number(to, "--producers", options.producers, 1, 1'024, "who sends them, 1 to 1024 [4]");
  add_number(to, "--workers", options.consumers, 1, 1'024, "consumers, 1 to 1024 [8]");
  add_number(to, "--capacity", options.capacity, 1, 1'000'000, "of the mailbox, 1 to 1000000 [100]");
  add_number(to, "--crash-rate", options.crash_percent, 0, 100, "percent of deliveries that crash, 0 to 100 [1]");
  add_number(to, "--redeliveries", options.redeliveries, 0, 100, "how often a message is given again, 0 to 100 [0]");
  intensity_given_ = add_number(to, "--intensity", intensity_, 0, 1'000'000'000,
                                "restarts in 5 s before the pool gives up [all crashes]");
  add_number(to, "--seed", options.seed, 0, seed_max, "of what crashes [1]");
  observe_.add_options(to);
}

run_pool pool_command_line::asked() const {
  run_pool asked = read_;
  if (intensity_given_->count() != 0)
    asked.options.intensity = intensity_;
  asked.observe = observe_.asked();
  return asked;
}

void storm_command_line::add_options(CLI::App& to) {
  storm_options& options = read_.options;
  add_number(to, "--seconds", seconds_, 1, 86'400, "how long it lasts, 1 to 86400 [3]");
  add_number(to, "--workers", options.workers, 1, 1'024, "workers of each section, 1 to 1024 [3]");
  add_number(to, "--crash-rate", options.crash_percent, 0, 100, "percent of steps that crash, 0 to 100 [4]");
  add_number(to, "--intensity", options.intensity, 0, 1'000'000,
             "restarts before a supervisor gives up, 0 to 1000000 [3]");
  add_number(to, "--seed", options.seed, 0, seed_max, "of what crashes [1]");
  to.add_flag("--simulate", read_.simulate, "in virtual time: at once, and the same for each seed");
  observe_.add_options(to);
}

run_storm storm_command_line::asked() const {
  run_storm asked = read_;
  asked.options.lasts = std::chrono::seconds{seconds_};
  asked.observe = observe_.asked();
  return asked;
}

} // namespace troupe::tools
