#include <tests/savina/nested_asks.hpp>

#include <tests/savina/nested_ask_problems.hpp>

#include <troupe/scope/checkpoint.hpp>

#include <atomic>
#include <cstdint>
#include <functional>

namespace troupe::savina {

// ---- SV-14: a series that waits for its term has what comes meanwhile in its mailbox --------------------------------

namespace {

struct compute {
  double term;
  reply<double> to;
};
struct next_term {};
struct get_term {
  reply<double> to;
};
using series_message = message<next_term, get_term>;

task<> rate_computer(inbox<message<compute>> in, double rate) {
  while (auto next = co_await in.receive())
    co_await next->match([&](compute& asked) { asked.to(next_term_of(rate, asked.term)); });
}

task<> series(inbox<series_message> in, double term, actor_ref<message<compute>> computer) {
  while (auto next = co_await in.receive())
    co_await next->match([&](next_term&) -> task<> { term = co_await computer.ask<compute>(term); },
                         [&](get_term& asked) { asked.to(term); });
}

} // namespace

task<findings> logistic_map(logistic_map_size size, setting how) {
  std::vector<double> terms;
  co_await in_task_group([&](task_group& group) -> task<> {
    std::vector<actor_ref<series_message>> all;
    for (std::size_t i = 0; i < size.series; ++i)
      all.push_back(group.start_actor(bounded(how), series, first_term_of(i),
                                      group.start_actor(bounded(how), rate_computer, rate_of(i))));
    for (std::size_t n = 0; n < size.terms; ++n)
      for (const auto& each : all)
        co_await each.tell<next_term>();
    for (const auto& each : all) {
      const double term = co_await each.ask<get_term>();
      terms.push_back(term);
    }
  });
  co_return judged(terms, size);
}

// ---- SV-15 ----------------------------------------------------------------------------------------------------------

namespace {

struct deposit {
  std::int64_t amount;
  reply<void> to;
};
struct balance {
  reply<std::int64_t> to;
};
struct transfer;
using account_message = message<deposit, balance, transfer>;
struct transfer {
  actor_ref<account_message> destination;
  std::int64_t amount;
  reply<bool> to; // false: a cycle of transfers would have waited for itself, and nothing was done
};

/// True when it has arrived; false: it would never have.
task<bool> arrived(const transfer& asked) {
  try {
    co_await asked.destination.ask<deposit>(asked.amount);
  } catch (const ask_error& failed) {
    if (failed.why() != ask_failure::would_deadlock || !failed.nothing_begun())
      throw;
    co_return false;
  }
  co_return true;
}

task<> account(inbox<account_message> in) {
  std::int64_t cents = first_balance;
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](deposit& asked) {
          cents += asked.amount;
          asked.to();
        },
        [&](balance& asked) { asked.to(cents); },
        [&](transfer& asked) -> task<> {
          cents -= asked.amount;
          const bool acknowledged = co_await arrived(asked);
          if (!acknowledged)
            cents += asked.amount;
          asked.to(acknowledged);
        });
}

struct bank_books {
  std::atomic<std::size_t> acknowledged{0}, refused{0};
};

task<> teller(const std::vector<actor_ref<account_message>>& accounts, std::size_t index, banking_size size,
              transfer_order order, std::uint64_t seed, bank_books& books) {
  for (transfers_of all{index, size, order, seed}; all.any_left();) {
    const drawn_transfer drawn = all.next();
    for (bool through = false; !through;) {
      through = co_await accounts[drawn.source].ask<transfer>(accounts[drawn.destination], drawn.amount);
      ++(through ? books.acknowledged : books.refused);
      if (!through)
        co_await yield();
    }
  }
}

task<findings> bank(banking_size size, transfer_order order, setting how, bank_books& books) {
  std::vector<std::int64_t> balances;
  co_await in_task_group([&](task_group& group) -> task<> {
    std::vector<actor_ref<account_message>> accounts;
    for (std::size_t i = 0; i < size.accounts; ++i)
      accounts.push_back(group.start_actor(bounded(how), account));
    co_await in_task_group([&](task_group& working) {
      for (std::size_t i = 0; i < size.tellers; ++i)
        working.start(teller, std::cref(accounts), i, size, order, how.seed, std::ref(books));
    });
    for (const auto& each : accounts) {
      const std::int64_t cents = co_await each.ask<balance>();
      balances.push_back(cents);
    }
  });
  co_return judged(balances, books.acknowledged, size, order, how.seed);
}

} // namespace

task<findings> banking(banking_size size, setting how) {
  bank_books books;
  findings wrong = co_await bank(size, transfer_order::ascending, how, books);
  wrong.equal("transfers that were refused", books.refused.load(), 0);
  co_return wrong;
}

task<findings> banking_in_any_order(banking_size size, setting how, std::size_t& refused) {
  bank_books books;
  findings wrong = co_await bank(size, transfer_order::any, how, books);
  refused = books.refused;
  co_return wrong;
}

} // namespace troupe::savina
