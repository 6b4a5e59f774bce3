#include <troupe/testing/probe.hpp>

#include <tests/catch.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/testing/explore.hpp>

#include <chrono>
#include <functional>
#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct order {
  int number;
};
struct cancel_order {
  int number;
};
struct heartbeat {};
struct price {
  int number;
  reply<int> to;
};
using shop_message = message<order, cancel_order, heartbeat, price>;

/// What the shop under test does: it orders twice, asks for a price, and says all the time that it is there.
task<> shops(actor_ref<shop_message> at, int& paid) {
  static_cast<void>(co_await at.tell<heartbeat>());
  static_cast<void>(co_await at.tell<order>(1));
  static_cast<void>(co_await at.tell<heartbeat>());
  paid = co_await at.ask<price>(1);
  static_cast<void>(co_await at.tell<order>(2));
}

template <class Body>
task<> with_probe(Body body) {
  int paid = 0;
  co_await in_task_group([&](task_group& group) -> task<> {
    probe<shop_message> warehouse{group, "warehouse"};
    group.start(shops, warehouse.address(), std::ref(paid));
    co_await body(warehouse, paid);
  });
}

/// The report of the first run in which it does not hold.
template <class Body>
std::string report_of(Body body) {
  try {
    explore({.schedules = 100, .time_passes_at_any_moment = false}, [&] { return with_probe(body); });
  } catch (const broken& found) {
    return found.what();
  }
  return "nothing was found";
}

bool says(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

} // namespace

TEST_CASE("a probe gets the messages that are expected, past those that are allowed", "[testing]") {
  const exploration done = explore({.schedules = 300, .time_passes_at_any_moment = false}, [] {
    return with_probe([](probe<shop_message>& warehouse, int& paid) -> task<> {
      warehouse.allow<heartbeat>();
      const order first = co_await warehouse.expect<order>();
      CHECK(first.number == 1);
      price asked = co_await warehouse.expect<price>();
      CHECK(paid == 0);
      asked.to(30);
      const order second = co_await warehouse.expect<order>();
      CHECK(second.number == 2);
      CHECK(paid == 30);
      co_await warehouse.expect_nothing(1s);
    });
  });
  CHECK(done.schedules > 100);
}

TEST_CASE("a probe that gets another message than is expected, or none, says so", "[testing]") {
  const std::string other = report_of([](probe<shop_message>& warehouse, int&) -> task<> {
    static_cast<void>(co_await warehouse.expect<order>()); // a heartbeat comes first
  });
  CHECK(
      says(other, "warehouse expects a (anonymous namespace)::order, and a (anonymous namespace)::heartbeat has come"));
  const std::string none = report_of([](probe<shop_message>& warehouse, int&) -> task<> {
    warehouse.allow<heartbeat>();
    static_cast<void>(co_await warehouse.expect<order>());
    price asked = co_await warehouse.expect<price>();
    asked.to(3);
    static_cast<void>(co_await warehouse.expect<order>());
    static_cast<void>(co_await warehouse.expect<order>(2s));
  });
  CHECK(says(none, "warehouse expects a (anonymous namespace)::order, and nothing has come"));
  const std::string something =
      report_of([](probe<shop_message>& warehouse, int&) -> task<> { co_await warehouse.expect_nothing(1s); });
  CHECK(says(something, "warehouse expects nothing, and a (anonymous namespace)::heartbeat has come"));
}

TEST_CASE("a message that must not come fails the group of its probe", "[testing]") {
  const std::string report = report_of([](probe<shop_message>& warehouse, int&) -> task<> {
    warehouse.disallow<heartbeat>();
    co_await sleep_for(1s);
  });
  CHECK(says(report, "warehouse got a (anonymous namespace)::heartbeat, which must not come"));
}

TEST_CASE("nobody waits for room at a probe, and an ask that the test throws away is told so", "[testing]") {
  explore({.schedules = 50, .time_passes_at_any_moment = false}, []() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      probe<shop_message> warehouse{group};
      for (int i = 0; i < 1'000; ++i)
        static_cast<void>(co_await warehouse.address().tell<cancel_order>(i));
      for (int i = 0; i < 1'000; ++i) {
        const cancel_order next = co_await warehouse.expect<cancel_order>();
        CHECK(next.number == i);
      }
      warehouse.allow<price>();
      const child<> asks = group.start(
          [](actor_ref<shop_message> at) -> task<> {
            const auto answer = co_await as_outcome(at.ask<price>(1));
            CHECK(answer.has_error());
          },
          warehouse.address());
      co_await warehouse.expect_nothing(1s);
      CHECK(asks.ended());
    });
  });
}

TEST_CASE("a message that must not come is wrong also once a fault has struck, and so is an assertion of the test",
          "[testing]") {
  const auto after_a_crash = [](auto then) {
    return [then](simulation&) -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        probe<shop_message> warehouse{group, "warehouse"};
        const auto ended = co_await as_outcome(
            in_task_group([](task_group& inner) { inner.start([]() -> task<> { co_await checkpoint(); }); }));
        if (ended.has_error())
          co_await then(warehouse);
      });
    };
  };
  CHECK_THROWS_WITH(sweep(fault::crash, after_a_crash([](probe<shop_message>& warehouse) -> task<> {
                            warehouse.disallow<heartbeat>();
                            co_await warehouse.address().tell<heartbeat>();
                            co_await warehouse.expect_nothing(1s);
                          })),
                    ContainsSubstring("heartbeat, which must not come"));
  struct failed_assertion {}; // as Catch2's, not derived from std::exception
  CHECK_THROWS_AS(sweep(fault::crash, after_a_crash([](probe<shop_message>&) -> task<> {
                          co_await checkpoint();
                          throw failed_assertion{};
                        })),
                  broken);
  CHECK_NOTHROW(sweep(all_faults, after_a_crash([](probe<shop_message>& warehouse) -> task<> {
                        co_await warehouse.expect_nothing(1s);
                      })));
}
