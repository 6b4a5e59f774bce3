#include <tests/savina/nested_asks.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/simulation/random.hpp>

#include <algorithm>
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

double rate_of(std::size_t series) { return 3.46 + static_cast<double>(series) * 0.0025; }
double first_term_of(std::size_t series) { return static_cast<double>(series + 1) * 0.0025; }

task<> rate_computer(inbox<message<compute>> in, double rate) {
  while (auto next = co_await in.receive())
    co_await next->match([&](compute& asked) { asked.to(rate * asked.term * (1 - asked.term)); });
}

task<> series(inbox<series_message> in, double term, actor_ref<message<compute>> computer) {
  while (auto next = co_await in.receive())
    co_await next->match([&](next_term&) -> task<> { term = co_await computer.ask<compute>(term); },
                         [&](get_term& asked) { asked.to(term); });
}

} // namespace

task<findings> logistic_map(logistic_map_size size, setting how) {
  double sum = 0;
  co_await in_task_group([&](task_group& group) -> task<> {
    std::vector<actor_ref<series_message>> all;
    for (std::size_t i = 0; i < size.series; ++i)
      all.push_back(group.start_actor(bounded(how), series, first_term_of(i),
                                      group.start_actor(bounded(how), rate_computer, rate_of(i))));
    for (std::size_t n = 0; n < size.terms; ++n)
      for (const auto& each : all)
        co_await each.tell<next_term>();
    for (const auto& each : all)
      sum += co_await each.ask<get_term>();
  });
  double wanted = 0;
  for (std::size_t i = 0; i < size.series; ++i) {
    double term = first_term_of(i);
    for (std::size_t n = 0; n < size.terms; ++n)
      term = rate_of(i) * term * (1 - term);
    wanted += term;
  }
  findings wrong;
  wrong.expect(sum == wanted, "the sum is that of a sequential computation, to the last bit");
  co_return wrong;
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

constexpr std::int64_t first_balance = 100'000;

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

struct drawn_transfer {
  std::size_t source, destination;
  std::int64_t amount;
};

enum class transfer_order { ascending, any };

drawn_transfer draw(seeded_random& random, const banking_size& size, transfer_order order) {
  const std::size_t one = random.below(size.accounts);
  const std::size_t other = (one + 1 + random.below(size.accounts - 1)) % size.accounts;
  const auto amount = static_cast<std::int64_t>(1 + random.below(1'000));
  if (order == transfer_order::ascending)
    return {std::min(one, other), std::max(one, other), amount};
  return {one, other, amount};
}

/// The transfers of one teller.
std::size_t share_of(std::size_t teller, const banking_size& size) {
  return size.transfers / size.tellers + (teller < size.transfers % size.tellers ? 1 : 0);
}

struct bank_books {
  std::atomic<std::size_t> acknowledged{0}, refused{0};
};

task<> teller(const std::vector<actor_ref<account_message>>& accounts, std::size_t index, banking_size size,
              transfer_order order, setting how, bank_books& books) {
  seeded_random random{how.seed * 1'000'003 + index};
  for (std::size_t i = 0; i < share_of(index, size); ++i) {
    const drawn_transfer drawn = draw(random, size, order);
    for (bool through = false; !through;) {
      through = co_await accounts[drawn.source].ask<transfer>(accounts[drawn.destination], drawn.amount);
      ++(through ? books.acknowledged : books.refused);
      if (!through)
        co_await yield();
    }
  }
}

std::vector<std::int64_t> balances_wanted(const banking_size& size, transfer_order order, const setting& how) {
  std::vector<std::int64_t> balances(size.accounts, first_balance);
  for (std::size_t index = 0; index < size.tellers; ++index) {
    seeded_random random{how.seed * 1'000'003 + index};
    for (std::size_t i = 0; i < share_of(index, size); ++i) {
      const drawn_transfer drawn = draw(random, size, order);
      balances[drawn.source] -= drawn.amount;
      balances[drawn.destination] += drawn.amount;
    }
  }
  return balances;
}

task<findings> bank(banking_size size, transfer_order order, setting how, bank_books& books) {
  std::vector<std::int64_t> balances;
  co_await in_task_group([&](task_group& group) -> task<> {
    std::vector<actor_ref<account_message>> accounts;
    for (std::size_t i = 0; i < size.accounts; ++i)
      accounts.push_back(group.start_actor(bounded(how), account));
    co_await in_task_group([&](task_group& working) {
      for (std::size_t i = 0; i < size.tellers; ++i)
        working.start(teller, std::cref(accounts), i, size, order, how, std::ref(books));
    });
    for (const auto& each : accounts) {
      const std::int64_t cents = co_await each.ask<balance>();
      balances.push_back(cents);
    }
  });
  findings wrong;
  std::int64_t sum = 0;
  for (const std::int64_t each : balances)
    sum += each;
  wrong.equal("transfers that were acknowledged", books.acknowledged.load(), size.transfers);
  wrong.equal("sum of all balances", sum, first_balance * static_cast<std::int64_t>(size.accounts));
  wrong.expect(balances == balances_wanted(size, order, how), "each balance is what its transfers make of it");
  co_return wrong;
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
