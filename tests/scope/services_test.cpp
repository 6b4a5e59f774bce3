#include <troupe/scope/services.hpp>

#include <tests/catch.hpp>

#include <troupe/scope/thread_pool_executor.hpp>
#include <troupe/simulation/simulator.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace troupe;

namespace {

std::vector<int>* told = nullptr;

template <int Number>
struct noted {
  explicit noted(executor&) { told->push_back(Number); }
  ~noted() { told->push_back(-Number); }
};
struct asks_for_another : noted<2> {
  explicit asks_for_another(executor& of) : noted<2>((of.service<noted<1>>(), of)) {}
};
struct fails {
  explicit fails(executor&) { throw std::runtime_error("on purpose"); }
};
struct looks_at_its_end {
  explicit looks_at_its_end(executor& on) : of(on) {}
  ~looks_at_its_end() { found_all = dynamic_cast<thread_pool_executor*>(&of) != nullptr; }
  executor& of;
  static inline bool found_all = false;
};
struct counted {
  explicit counted(executor&) { ++made; }
  static inline std::atomic<int> made{0};
};

} // namespace

TEST_CASE("an executor keeps one service of each type, and destroys the last first", "[scope]") {
  std::vector<int> order;
  told = &order;
  {
    simulator simulated;
    auto& second = simulated.service<asks_for_another>();
    CHECK(&simulated.service<asks_for_another>() == &second);
    simulated.service<noted<3>>();
    simulated.service<noted<1>>();
    CHECK(order == std::vector<int>{1, 2, 3});
  }
  CHECK(order == std::vector<int>{1, 2, 3, -3, -2, -1});
}

TEST_CASE("a service that cannot be made is not kept", "[scope]") {
  simulator simulated;
  CHECK_THROWS_AS(simulated.service<fails>(), std::runtime_error);
  CHECK_THROWS_AS(simulated.service<fails>(), std::runtime_error);
}

TEST_CASE("threads that ask for a service at once get the same one", "[scope]") {
  thread_pool_executor executor{2};
  counted* seen[2] = {};
  {
    std::thread other{[&] { seen[0] = &executor.service<counted>(); }};
    seen[1] = &executor.service<counted>();
    other.join();
  }
  CHECK(seen[0] == seen[1]);
  CHECK(counted::made == 1);
}

TEST_CASE("the services of an executor with threads end while it can still schedule what they wake", "[scope]") {
  {
    thread_pool_executor executor{1};
    executor.service<looks_at_its_end>();
  }
  CHECK(looks_at_its_end::found_all);
}
