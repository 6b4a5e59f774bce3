#include <troupe/runtime/carriers_on_caf.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/scope/tickets.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/root.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/steady_time.hpp>
#include <troupe/scope/task_group.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

using namespace troupe;

namespace {

/// Clock and carriers, stopped in their order.
class caf_pool {
public:
  explicit caf_pool(std::size_t workers) : carriers(time, workers) {}
  ~caf_pool() { time.stop(); }

  template <class Function, class... Args>
  auto run(Function&& function, Args&&... args) {
    auto top = make_root(carriers, std::forward<Function>(function), std::forward<Args>(args)...);
    top->start();
    top->wait();
    return top->take();
  }

  steady_time time;
  carriers_on_caf carriers;
};

task<> leaf(std::atomic<int>& ran) {
  co_await yield();
  ran.fetch_add(1);
}

task<> sleeps(duration wait) { co_await sleep_for(wait); }

task<> spawn_many(int count, std::atomic<int>& ran) {
  co_await in_task_group([&](task_group& group) -> task<> {
    for (int i = 0; i < count; ++i) {
      group.start(leaf, std::ref(ran));
      if (i % 64 == 63)
        co_await yield();
    }
  });
}

task<> sleep_many(int count) {
  co_await in_task_group([&](task_group& group) {
    for (int i = 0; i < count; ++i)
      group.start(sleeps, std::chrono::microseconds{i * 7 % 5000});
  });
}

task<> yields_until(std::atomic<bool>& over) {
  while (!over.load())
    co_await yield();
}

/// A pair of plain CAF actors that sends one number to and fro, down to zero.
class counting_actor : public caf::event_based_actor {
public:
  counting_actor(caf::actor_config& config, std::atomic<bool>* over) : event_based_actor(config), over_(over) {}

  caf::behavior make_behavior() override {
    return {[this](int left, const caf::actor& other) {
      if (left > 0)
        send(other, left - 1, caf::actor{this});
      else
        over_->store(true);
      if (left <= 1)
        quit();
    }};
  }

private:
  std::atomic<bool>* over_;
};

/// Has something to be polled, which never comes: so a carrier without work naps in the poll.
class silence final : public detail::pollable {
public:
  explicit silence(executor& on) : asks_(*on.polls()) { asks_.start(*this); }
  ~silence() { asks_.stop(); }

  void poll(duration at_most) noexcept override {
    if (carrier::here() != nullptr && at_most != duration::zero()) {
      if (std::function<void()> call = std::exchange(at_first_nap, nullptr))
        call();
      if (!is_over)
        napped += at_most;
    }
    std::unique_lock held{mutex_};
    const auto interrupted = [this] { return std::exchange(interrupted_, false); };
    if (at_most == duration::max())
      changed_.wait(held, interrupted);
    else
      changed_.wait_for(held, at_most, interrupted);
  }
  void interrupt() noexcept override {
    {
      const std::lock_guard held{mutex_};
      interrupted_ = true;
    }
    changed_.notify_one();
  }

  std::function<void()> at_first_nap; ///< Called in the poll, on the carrier's thread.
  std::atomic<bool> is_over{false};
  duration napped{}; ///< What carriers were allowed to nap until then.

private:
  detail::polling& asks_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool interrupted_ = false;
};

/// Says when it has its turn.
class called_actor : public caf::event_based_actor {
public:
  called_actor(caf::actor_config& config, std::function<void()> told)
      : event_based_actor(config), told_(std::move(told)) {}

  caf::behavior make_behavior() override {
    return {[this](int) {
      told_();
      quit();
    }};
  }

private:
  std::function<void()> told_;
};

} // namespace

TEST_CASE("fibers run on CAF's workers and none is lost", "[runtime][stress]") {
  for (const std::size_t workers : {1U, 2U, 4U}) {
    caf_pool pool{workers};
    CHECK(pool.carriers.carriers() == workers);
    std::atomic<int> ran{0};
    REQUIRE(pool.run(spawn_many, 50'000, std::ref(ran)).has_value());
    CHECK(ran.load() == 50'000);
  }
}

TEST_CASE("timers wake fibers on CAF's workers, and idle carriers come back", "[runtime][stress]") {
  caf_pool pool{2};
  REQUIRE(pool.run(sleep_many, 2000).has_value());
  REQUIRE(pool.run(sleeps, std::chrono::milliseconds{30}).has_value()); // all go home meanwhile
  REQUIRE(pool.run(sleep_many, 100).has_value());
}

TEST_CASE("an actor system with carriers can be started and stopped many times", "[runtime][stress]") {
  for (int i = 0; i < 40; ++i) {
    caf_pool pool{static_cast<std::size_t>(1 + i % 3)};
    std::atomic<int> ran{0};
    if (i % 4 != 0)
      REQUIRE(pool.run(spawn_many, 100, std::ref(ran)).has_value());
  }
}

TEST_CASE("CAF actors get their turn while fibers keep the only worker busy", "[runtime][stress][caf_actors]") {
  caf_pool pool{1};
  std::atomic<bool> over{false};
  {
    auto& system = pool.carriers.actor_system();
    const caf::actor left = system.spawn<counting_actor>(&over);
    const caf::actor right = system.spawn<counting_actor>(&over);
    caf::anon_send(left, 1000, right);
  }
  REQUIRE(pool.run(yields_until, std::ref(over)).has_value());
  CHECK(over.load());
}

TEST_CASE("a CAF actor waits for the only worker no longer than one short nap while fibers wait for what is polled",
          "[runtime][stress][caf_actors]") {
  caf_pool pool{1};
  tests::tickets turn;
  silence* polled = nullptr;
  const caf::actor waits = pool.carriers.actor_system().spawn<called_actor>([&] {
    polled->is_over = true;
    turn.give();
  });
  const auto waits_for_it = [&]() -> task<> {
    polled = &pool.carriers.service<silence>(); // here, where the carrier is not at home: else a thread would poll
    polled->at_first_nap = [&waits] { caf::anon_send(waits, 1); };
    co_await turn.take();
  };
  REQUIRE(pool.run(waits_for_it).has_value());
  CHECK(polled->napped > duration::zero());
  CHECK(polled->napped <= carrier_policy::nap_max);
}
