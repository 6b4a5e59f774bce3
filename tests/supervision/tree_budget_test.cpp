#include <troupe/supervision/tree_budget.hpp>

#include "children.hpp"

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/supervision/supervisor.hpp>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// How often the leaf of a tree of three levels, each with an intensity of 3, begins until the root gives up.
int runs_of_a_leaf_that_fails(std::optional<restart_budget> of_root, std::optional<restart_budget> below,
                              outcome<>& how) {
  int runs = 0;
  const auto leaf = [&runs]() -> task<> {
    ++runs;
    co_await sleep_for(1ms);
    throw std::runtime_error("it fails");
  };
  const auto level = [](auto what, std::optional<restart_budget> budget) {
    return [=]() -> task<> {
      co_await supervise({.intensity = 3, .period = 1h, .budget = budget}, [&](supervisor& top) -> task<> {
        co_await top.start({.name = "below"}, what);
        co_await top.run();
      });
    };
  };
  simulator simulated{in_any_order()};
  how = simulated.run(level(level(level(leaf, std::nullopt), below), of_root));
  return runs;
}

} // namespace

TEST_CASE("intensities multiply from level to level, and the budget of a tree does not", "[supervision][A5]") {
  outcome<> how;
  CHECK(runs_of_a_leaf_that_fails(std::nullopt, std::nullopt, how) == 64);
  CHECK(runs_of_a_leaf_that_fails(restart_budget{5, 1h}, std::nullopt, how) == 6); // the first, and five restarts
  CHECK(message_of(how.error()).find("and the budget of its tree has no restart left") != std::string::npos);
  CHECK(runs_of_a_leaf_that_fails(restart_budget{100, 1h}, std::nullopt, how) == 64);
  CHECK(runs_of_a_leaf_that_fails(restart_budget{0, 1h}, std::nullopt, how) == 1);
}

TEST_CASE("who has no restart left in the budget tells all above up to it, with the causes", "[supervision][A5]") {
  outcome<> how;
  runs_of_a_leaf_that_fails(restart_budget{2, 1h}, std::nullopt, how);
  std::string paths;
  for (std::exception_ptr error = how.error(); error != nullptr;) {
    try {
      std::rethrow_exception(error);
    } catch (const escalated& gave_up) {
      CHECK(gave_up.why() == escalation::budget);
      paths += gave_up.failures().back().path + " ";
      error = gave_up.failures().back().reason.error;
    } catch (const std::runtime_error& leaf) {
      paths += leaf.what();
      error = nullptr;
    }
  }
  CHECK(paths == "/below /below/below /below/below/below it fails");
}

TEST_CASE("a budget that is used up reaches its supervisor, however long those below take to stop",
          "[supervision][A5]") {
  int runs = 0;
  std::string log;
  const auto leaf = [&runs]() -> task<> {
    ++runs;
    co_await sleep_for(1ms);
    throw std::runtime_error("it fails");
  };
  const auto below = [&]() -> task<> {
    co_await supervise({.intensity = 10, .period = 1s}, [&](supervisor& top) -> task<> {
      co_await top.start({.name = "slow"}, slow_to_stop, std::ref(log), std::string("slow"), 3s);
      co_await top.start({.name = "leaf"}, leaf);
      co_await top.run();
    });
  };
  const outcome<> ended =
      supervised_by({.intensity = 10, .period = 1s, .budget = restart_budget{3, 1s}}, [&](supervisor& top) -> task<> {
        co_await top.start({.name = "below"}, below);
        co_await top.run();
      });
  CHECK(ended.has_error());
  CHECK(runs == 4);
}

TEST_CASE("a budget further down counts in the one above, and above its own supervisor it does not hold",
          "[supervision][A5]") {
  outcome<> how;
  // Each time the middle supervisor is started anew it has a new budget of two restarts: four times three runs.
  CHECK(runs_of_a_leaf_that_fails(std::nullopt, restart_budget{2, 1h}, how) == 12);
  // Two restarts of the leaf, one of the middle one, two of the leaf, which is five in all; the sixth is one too many.
  CHECK(runs_of_a_leaf_that_fails(restart_budget{5, 1h}, restart_budget{2, 1h}, how) == 6);
}

TEST_CASE("a budget is one of any period, not for ever", "[supervision][A5]") {
  const outcome<> ended =
      supervised_by({.intensity = 100, .budget = restart_budget{2, 10s}}, [](supervisor& top) -> task<> {
        const supervised child =
            co_await top.start({.name = "a"}, failing_after, 5s); // two within any ten seconds but one
        co_await sleep_for(1min);
        CHECK(child.incarnation() > 10);
      });
  CHECK(message_of(ended.error()).find("budget") != std::string::npos);
  const outcome<> slower =
      supervised_by({.intensity = 100, .budget = restart_budget{2, 10s}}, [](supervisor& top) -> task<> {
        const supervised child = co_await top.start({.name = "a"}, failing_after, 5001ms);
        co_await sleep_for(1min);
        CHECK(child.incarnation() == 12);
      });
  CHECK(slower.has_value());
}
