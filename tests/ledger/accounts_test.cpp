#include <troupe/ledger/accounts.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/simulation/simulator.hpp>

#include <memory>
#include <vector>

using namespace troupe;
using namespace troupe::tests;

TEST_CASE("what the accounts have read already counts once, when the journal tells it after that", "[ledger]") {
  simulator simulated{in_any_order()};
  const auto database = std::make_shared<ledger::store>(":memory:");
  database->open_accounts(2, 100);
  const std::vector<ledger::transfer> one{{"a", 0, 1, 30}};
  const std::int64_t number = database->commit(one)[0].number;
  const auto run = [&]() -> task<> {
    co_await supervise({}, [&](supervisor& top) -> task<> {
      const ledger::open_store open = [database] { return database; };
      const auto accounts = co_await top.start_actor({.name = "accounts"}, ledger::accounts, open);
      const std::vector<ledger::entry> told{{number, 0, 1, 30}, {number + 1, 1, 0, 5}};
      co_await accounts.tell<ledger::settled>(told);
      const std::optional<std::int64_t> first = co_await accounts.ask<ledger::balance_of>(0);
      const std::optional<std::int64_t> second = co_await accounts.ask<ledger::balance_of>(1);
      const std::optional<std::int64_t> none = co_await accounts.ask<ledger::balance_of>(2);
      const std::optional<std::int64_t> negative = co_await accounts.ask<ledger::balance_of>(-1);
      CHECK(first == 75);
      CHECK(second == 125);
      CHECK_FALSE(none);
      CHECK_FALSE(negative);
    });
  };
  simulated.run(run).value();
}
