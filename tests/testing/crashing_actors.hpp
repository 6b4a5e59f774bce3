// A small tree whose actor crashes on what it is told: what tests of traces look at.

#pragma once

#include <troupe/testing/explore.hpp>
#include <troupe/testing/scenario_run.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/supervision/supervised_actor.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>

namespace troupe::tests {

struct deposit {
  int cents;
};
struct balance {
  reply<int> to;
};
using account_message = message<deposit, balance>;

inline task<> account(inbox<account_message> in) {
  int cents = 0;
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](deposit& told) {
          if (told.cents < 0)
            throw std::runtime_error("no #money; \"none\"");
          cents += told.cents;
        },
        [&](balance& asked) -> task<> {
          co_await sleep_for(std::chrono::milliseconds{5});
          asked.to(cents);
        });
}

inline task<> customer(actor_ref<account_message> bank) {
  co_await bank.tell<deposit>(100);
  static_cast<void>(co_await bank.ask<balance>());
  co_await bank.tell<deposit>(-1);
  co_await sleep_for(std::chrono::seconds{1});
  static_cast<void>(co_await bank.ask<balance>());
}

inline task<> crashing_actors() {
  co_await supervise({.intensity = 3}, [](supervisor& top) -> task<> {
    const auto bank = co_await top.start_actor({.name = "bank", .capacity = 1}, account);
    co_await in_task_group([&](task_group& group) { group.start({.name = "customer"}, customer, bank); });
  });
}

/// Runs a scenario once, as it runs where nobody interferes, and keeps all of it.
class kept_run {
public:
  explicit kept_run(const scenario& what, int operations = 1) : scenario_(what), run_(scenario_, 100'000) {
    run_.run({{clock_mode::autojump, operations, {}}, nullptr, std::nullopt, 0, true});
  }

  const trace& seen() const noexcept { return run_.seen(); }

private:
  const scenario scenario_;
  detail::scenario_run run_;
};

} // namespace troupe::tests
