// An order service of actors: reserve, commit in a shield, notify. Cancelled before every single step it is never torn.

#include <troupe/actors/actor.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <functional>
#include <map>
#include <optional>
#include <set>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

// -- the stock: what is reserved is given back, or sold ---------------------------------------------------------------

struct reserve {
  int order;
  reply<int> to;
};
struct give_back {
  int order;
  reply<void> to;
};
using stock_message = message<reserve, give_back>;

task<> stock(inbox<stock_message> in, std::set<int>& reserved) {
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](reserve& asked) -> task<> {
          co_await sleep_for(1s);
          reserved.insert(asked.order);
          asked.to(asked.order);
        },
        [&](give_back& asked) {
          reserved.erase(asked.order);
          asked.to();
        });
}

// -- the bank: three steps, of which all are done or none -------------------------------------------------------------

struct pay {
  int order;
  reply<int> to;
};
using bank_message = message<pay>;

struct ledger {
  std::map<int, int> steps; // by order
};

task<> bank(inbox<bank_message> in, ledger& books) {
  while (auto next = co_await in.receive())
    co_await next->match([&](pay& asked) -> task<> {
      for (int step = 0; step < 3; ++step) {
        co_await sleep_for(1s);
        ++books.steps[asked.order];
      }
      asked.to(1'000 + asked.order);
    });
}

// -- an order ---------------------------------------------------------------------------------------------------------

class reservation {
public:
  reservation(actor_ref<stock_message> at, int order) : at_(std::move(at)), order_(order) {}

  task<> release() { co_await at_.ask<give_back>(order_); }

private:
  actor_ref<stock_message> at_;
  int order_;
};

struct shop {
  actor_ref<stock_message> in_stock;
  actor_ref<bank_message> at_bank;
};

/// What customers were told.
struct told {
  std::map<int, int> receipts;
  std::set<int> notified;
};

task<reservation> reserved(actor_ref<stock_message> at, int order) {
  // What the stock has begun must be known here, so that it can be given back.
  static_cast<void>(co_await at.ask<reserve>(order));
  co_return reservation{at, order};
}

task<int> paid(actor_ref<bank_message> at, int order) { co_return co_await at.ask<pay>(order); }

task<> place(const shop& open, int order, told& customers) {
  co_await in_exit_stack([&](exit_stack& stack) -> task<> {
    co_await stack.enter_on_failure(exit_options{.limit = 1h}, reserved(open.in_stock, order));
    const int receipt = co_await shield(1h, paid(open.at_bank, order));
    customers.receipts[order] = receipt;
  });
  co_await checkpoint();
  customers.notified.insert(order);
}

constexpr int orders = 3;

struct result {
  std::set<int> reserved;
  ledger books;
  told customers;
  int in_time = 0;
};

/// Three orders at once. Before step `cancel_at` all of them are cancelled, not the services, which outlive them.
/// Returns the steps of the run.
std::uint64_t run_shop(simulation_options options, std::optional<std::uint64_t> cancel_at, duration limit,
                       result& seen) {
  task_group* open_orders = nullptr;
  options.before_step = [&](std::uint64_t step) {
    if (step == cancel_at && open_orders != nullptr)
      open_orders->cancel();
  };
  simulator simulated{options};
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await in_task_group([&](task_group& services) -> task<> {
      const shop open{services.start_actor({.name = "stock", .capacity = 1}, stock, std::ref(seen.reserved)),
                      services.start_actor({.name = "bank", .capacity = 1}, bank, std::ref(seen.books))};
      co_await in_task_group([&](task_group& group) {
        open_orders = &group;
        for (int order = 0; order < orders; ++order)
          group.start([&open, &seen, order, limit]() -> task<> {
            const outcome<> placed = co_await as_outcome(fail_after(limit, place(open, order, seen.customers)));
            seen.in_time += placed.has_value();
          });
      });
      open_orders = nullptr;
    });
  });
  CHECK(ended.has_value());
  return simulated.steps();
}

void require_whole(const result& seen) {
  for (int order = 0; order < orders; ++order) {
    const auto steps = seen.books.steps.find(order);
    const int done = steps == seen.books.steps.end() ? 0 : steps->second;
    CHECK((done == 0 || done == 3));
    CHECK(seen.customers.receipts.contains(order) == (done == 3));
    CHECK(seen.reserved.contains(order) == (done == 3)); // sold, or given back
    if (seen.customers.notified.contains(order))
      CHECK(done == 3);
  }
}

} // namespace

TEST_CASE("an order is whole or was never placed, cancelled before every step", "[programs][B4][B5][B6]") {
  std::size_t whole = 0, none = 0;
  for (std::uint64_t seed = 0; seed < seeds(100); ++seed) {
    for (std::uint64_t k = 0;; ++k) {
      INFO("seed " << seed << ", cancelled before step " << k);
      result seen;
      const std::uint64_t steps = run_shop({.seed = seed}, k, 1h, seen);
      require_whole(seen);
      whole += seen.customers.receipts.size();
      none += static_cast<std::size_t>(orders) - seen.customers.receipts.size();
      if (steps < k)
        break;
    }
  }
  CHECK(whole > 0);
  CHECK(none > 0);
}

TEST_CASE("an order is whole or was never placed, whenever its time is up", "[programs][B2][B6][B7]") {
  for (std::uint64_t seed = 0; seed < seeds(100); ++seed)
    for (const duration limit : {duration{-1s}, duration{0s}, duration{1ms}, duration{1s}, duration{2500ms},
                                 duration{4s}, duration{5s}, duration{7s}, duration{11s}, duration{1h}}) {
      INFO("seed " << seed << ", limit " << limit.count());
      result seen;
      run_shop({.seed = seed}, std::nullopt, limit, seen);
      require_whole(seen);
      if (limit <= 0s)
        CHECK(seen.books.steps.empty());
      if (limit == 1h)
        CHECK(seen.in_time == orders);
    }
}
