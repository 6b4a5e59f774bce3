// Trio's cases about handing work to a run from outside, by way of a mailbox and a fiber that serves it; and about the
// failures of such services.

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <cstddef>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;

namespace {

task<> endless() { co_await wait_for_ever(); }

task<> throws(std::string what) {
  throw std::runtime_error{what};
  co_return;
}

/// Fails while it is stopped: after the cancel, before it ends.
task<> fails_when_stopped(bool& begun) {
  begun = true;
  while (!this_fiber::stop_requested())
    co_await yield();
  throw std::runtime_error{"cleanup failed"};
}

/// Keeps what comes, in its order.
task<> serve(receiver<int> in, std::vector<int>& seen) {
  while (auto item = co_await in.receive())
    seen.push_back(*item);
}

} // namespace

TEST_CASE("items sent from outside of the run come in their order, and none is lost", "[conformance][TR-063][TR-066]") {
  over_seeds(5, [](const simulation_options& options) {
    constexpr int items = 1'000;
    simulator simulated{options};
    const mailbox<int> box{capacity{items}};
    std::vector<int> seen;
    const auto top = make_root(simulated, serve, box.receiver(), std::ref(seen));
    top->start();
    simulated.run_until_idle();
    {
      const sender<int> out = box.sender();
      for (int i = 0; i < items; ++i)
        REQUIRE(out.try_send(int{i}) == send_status::accepted);
      CHECK(seen.empty()); // a send runs nothing of the receiver
    }
    simulated.run_until_idle();
    CHECK(top->take().has_value());
    std::vector<int> wanted(items);
    std::iota(wanted.begin(), wanted.end(), 0);
    CHECK(seen == wanted);
  });
}

TEST_CASE("an item that is sent when the run is over is refused, and stays with the sender", "[conformance][TR-058]") {
  simulator simulated{in_any_order()};
  mailbox<std::string> box{capacity{1}};
  const sender<std::string> out = box.sender();
  CHECK(simulated.run([](receiver<std::string>) -> task<> { co_return; }, box.receiver()).has_value());
  std::string late = "too late for the run";
  CHECK(out.try_send(std::move(late)) == send_status::closed);
  CHECK(late == "too late for the run");
}

TEST_CASE("whoever handles an item may send the next one to itself, and gets it", "[conformance][TR-060]") {
  over_seeds(20, [](const simulation_options& options) {
    simulator simulated{options};
    const mailbox<int> box{capacity{1}};
    std::vector<int> seen;
    const sender<int> out = box.sender();
    REQUIRE(out.try_send(0) == send_status::accepted);
    const auto ended = simulated.run([&]() -> task<> {
      const auto in = box.receiver();
      for (int i = 0; i < 3; ++i) {
        auto item = co_await in.receive();
        seen.push_back(*item);
        CHECK(out.try_send(*item + 1) == send_status::accepted); // its slot is free since it was taken
      }
    });
    CHECK(ended.has_value());
    CHECK(seen == std::vector<int>{0, 1, 2});
  });
}

TEST_CASE("what was sent before the run failed is handled, or told to be undelivered", "[conformance][TR-061]") {
  std::size_t handled = 0;
  std::size_t undelivered = 0;
  over_seeds(50, [&](const simulation_options& options) {
    constexpr int items = 4;
    simulator simulated{options};
    std::vector<int> told;
    std::vector<int> seen;
    {
      const mailbox<int> box{capacity{items}, [&](int&& item, drop_reason) { told.push_back(item); }};
      const auto ended = simulated.run([&]() -> task<> {
        co_await in_task_group([&](task_group& group) -> task<> {
          group.start(serve, box.receiver(), std::ref(seen));
          const auto out = box.sender();
          for (int i = 0; i < items; ++i)
            co_await out.send(int{i});
          throw std::runtime_error{"error text"};
        });
      });
      const error_group failed = group_of(ended);
      CHECK(failed.errors().size() == 1);
    }
    handled += seen.size();
    undelivered += told.size();
    seen.insert(seen.end(), told.begin(), told.end());
    CHECK(seen == std::vector<int>{0, 1, 2, 3});
  });
  CHECK(handled > 0);
  CHECK(undelivered > 0);
}

TEST_CASE("the failures of a service come out of the run as a group in the group", "[conformance][TR-046]") {
  simulator simulated{in_any_order()};
  const auto ended = simulated.run([]() -> task<> {
    co_await in_task_group([](task_group& group) -> task<> {
      group.start([]() -> task<> {
        co_await in_task_group([](task_group& service) {
          service.start(throws, "one");
          service.start(throws, "two");
        });
      });
      co_await endless();
    });
  });
  const error_group outer = group_of(ended);
  REQUIRE(outer.errors().size() == 1);
  const error_group inner = group_in(outer.errors()[0].error);
  REQUIRE(inner.errors().size() == 2);
  CHECK(message_of(inner.errors()[0].error) == "one");
  CHECK(message_of(inner.errors()[1].error) == "two");
}

TEST_CASE("a service that fails while the run ends is told, and what was only stopped is not",
          "[conformance][TR-047]") {
  over_seeds(20, [](const simulation_options& options) {
    simulator simulated{options};
    bool begun = false;
    const auto ended = simulated.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start([&]() -> task<> {
          co_await in_task_group([&](task_group& service) {
            service.start(fails_when_stopped, std::ref(begun));
            service.start(endless);
          });
        });
        while (!begun)
          co_await yield();
        group.cancel(); // the body is done, and needs its services no more
      });
    });
    const error_group outer = group_of(ended);
    REQUIRE(outer.errors().size() == 1);
    const error_group inner = group_in(outer.errors()[0].error);
    REQUIRE(inner.errors().size() == 1);
    CHECK(message_of(inner.errors()[0].error) == "cleanup failed");
  });
}
