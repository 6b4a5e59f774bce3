#include <troupe/simulation/strategies.hpp>

#include <tests/catch.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace troupe;

namespace {

/// A model of fibers that take steps: which takes the next one is picked among those that have some left.
class steps_of_fibers {
public:
  explicit steps_of_fibers(std::vector<std::size_t> left) : left_(std::move(left)) {}

  /// The number of whoever takes the next step; 0: nobody has one.
  std::uint64_t next(search_strategy& by) {
    std::vector<choice> all;
    for (std::size_t i = 0; i < left_.size(); ++i)
      if (left_[i] != 0)
        all.push_back({choice_kind::fiber, i + 1, objects_ ? i % 2 + 100 : 0});
    if (all.empty())
      return 0;
    const std::size_t picked = all.size() == 1 ? 0 : by.pick(all);
    REQUIRE(picked < all.size());
    --left_[all[picked].number - 1];
    return all[picked].number;
  }
  void share_objects() { objects_ = true; }

private:
  std::vector<std::size_t> left_;
  bool objects_ = false;
};

std::string order_of(search_strategy& by, std::vector<std::size_t> steps, bool share = false) {
  steps_of_fibers model{std::move(steps)};
  if (share)
    model.share_objects();
  std::string order;
  while (const std::uint64_t one = model.next(by))
    order += static_cast<char>('0' + one);
  return order;
}

/// Runs until fiber 1 has taken all of its 20 steps before fiber 2 takes its first one.
std::size_t runs_to_starve(search_strategy& by, std::size_t most) {
  for (std::size_t run = 1; run <= most; ++run) {
    by.begin_run(run, 200); // of a run of which this is a small part
    if (order_of(by, {20, 1}).back() == '2')
      return run;
  }
  return most;
}

} // namespace

TEST_CASE("each strategy repeats a run from its seed, and makes others from others", "[simulation]") {
  const std::array all = {random_walk(), priorities_with_changes(3), priorities_with_changes(5),
                          partial_order_sampling()};
  for (const auto& each : all) {
    INFO(each->name());
    std::set<std::string> orders;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      each->begin_run(seed, 9);
      const std::string order = order_of(*each, {3, 3, 3}, true);
      each->begin_run(seed, 9);
      CHECK(order_of(*each, {3, 3, 3}, true) == order);
      orders.insert(order);
    }
    CHECK(orders.size() > 5);
  }
}

TEST_CASE("the names of strategies tell them apart", "[simulation]") {
  CHECK(random_walk()->name() == "random");
  CHECK(priorities_with_changes(3)->name() == "pct3");
  CHECK(partial_order_sampling()->name() == "pos");
}

TEST_CASE("priorities let one fiber wait for long, which a random walk hardly ever does", "[simulation]") {
  CHECK(runs_to_starve(*priorities_with_changes(3), 1'000) < 20);
  CHECK(runs_to_starve(*random_walk(), 1'000) == 1'000);
}

TEST_CASE("all orders of two steps each are found by a random walk and by sampling", "[simulation]") {
  for (const auto& each : {random_walk(), partial_order_sampling()}) {
    std::set<std::string> orders;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      each->begin_run(seed, 4);
      orders.insert(order_of(*each, {2, 2}, true));
    }
    CHECK(orders.size() == 6);
  }
}

TEST_CASE("priorities change at one point less than their depth", "[simulation]") {
  // Without a change the fiber with the highest priority takes all of its steps, then the next one: one switch.
  const auto switches = [](const std::string& order) {
    std::size_t count = 0;
    for (std::size_t i = 1; i < order.size(); ++i)
      count += order[i] != order[i - 1] ? 1 : 0;
    return count;
  };
  const auto none = priorities_with_changes(1);
  const auto two = priorities_with_changes(3);
  std::size_t most = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    none->begin_run(seed, 20);
    CHECK(switches(order_of(*none, {10, 10})) == 1);
    two->begin_run(seed, 20);
    most = std::max(most, switches(order_of(*two, {10, 10})));
  }
  CHECK(most == 3);
}

TEST_CASE("who runs for very long while others are ready falls behind them", "[simulation]") {
  const auto pct = priorities_with_changes(1);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    pct->begin_run(seed, 20);
    const std::string order = order_of(*pct, {1'000, 1});
    CHECK(order.find('2') < 200);
  }
}
