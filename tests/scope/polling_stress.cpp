#include <troupe/scope/polling.hpp>

#include "tickets.hpp"

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <troupe/scope/carriers.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

using namespace troupe;
using namespace std::chrono_literals;
using tests::tickets;

namespace {

/// What a socket would be: somebody says that there is something, and whoever polls gives a ticket for it.
class bell final : public detail::pollable {
public:
  explicit bell(executor& on) : asks_(*on.polls()) { asks_.start(*this); }
  ~bell() { asks_.stop(); }

  void ring() { ring(rung_, 1); }
  /// For the guests, all at once.
  void ring_for_guests(int how_many) { ring(rung_for_guests_, how_many); }
  void poll(duration at_most) noexcept override {
    CHECK(polling_.exchange(true) == false);
    ++(carrier::here() != nullptr ? by_carriers : by_the_thread);
    int heard = 0, heard_for_guests = 0;
    {
      std::unique_lock held{mutex_};
      const auto over = [this] { return rung_ != 0 || rung_for_guests_ != 0 || interrupted_; };
      if (at_most == duration::max())
        changed_.wait(held, over);
      else if (at_most != duration::zero())
        changed_.wait_for(held, at_most, over);
      interrupted_ = false;
      heard = std::exchange(rung_, 0);
      heard_for_guests = std::exchange(rung_for_guests_, 0);
    }
    for (; heard != 0; --heard)
      visitors.give();
    for (; heard_for_guests != 0; --heard_for_guests)
      guests.give();
    polling_ = false;
  }
  void interrupt() noexcept override {
    {
      const std::lock_guard held{mutex_};
      interrupted_ = true;
    }
    changed_.notify_one();
  }

  tickets visitors, guests;
  std::atomic<int> by_carriers{0}, by_the_thread{0};

private:
  void ring(int& of, int times) {
    {
      const std::lock_guard held{mutex_};
      of += times;
    }
    changed_.notify_one();
  }

  detail::polling& asks_;
  std::atomic<bool> polling_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  int rung_ = 0, rung_for_guests_ = 0;
  bool interrupted_ = false;
};

/// Longer than any bug should take.
constexpr auto too_long = 60s;

void pause_for_a_moment(std::mt19937& random) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds{random() % 300};
  while (std::chrono::steady_clock::now() < end)
    std::this_thread::yield();
}

} // namespace

TEST_CASE("who waits for what is polled is woken whenever it comes, whatever the carriers do", "[scope][stress]") {
  const int rings = static_cast<int>(tests::seeds(tests::sanitized ? 100 : 500));
  for (const std::size_t carriers : {1U, 2U, 3U})
    for (const bool others_run : {false, true}) {
      thread_pool_executor executor{carriers};
      bell& at_the_door = executor.service<bell>();
      std::thread visitor{[&] {
        std::mt19937 random{static_cast<unsigned>(carriers)};
        for (int i = 0; i < rings; ++i) {
          pause_for_a_moment(random);
          at_the_door.ring();
        }
      }};
      std::atomic<bool> over{false};
      const auto opens = [&]() -> task<> {
        for (int i = 0; i < rings; ++i)
          co_await at_the_door.visitors.take();
        over = true;
      };
      const auto keeps_busy = [&]() -> task<> {
        for (int i = 0; !over; ++i)
          if (i % 64 == 0)
            co_await sleep_for(20us);
          else
            co_await yield();
      };
      const auto all = [&]() -> task<> {
        co_await fail_after(too_long, in_task_group([&](task_group& group) {
                              group.start(opens);
                              if (others_run)
                                group.start(keeps_busy);
                            }));
      };
      executor.run(all).value();
      visitor.join();
      CHECK(at_the_door.by_carriers > 0);
    }
}

TEST_CASE("while carriers are at home a thread polls, without a limit, and while they are busy it looks after them",
          "[scope][stress]") {
  thread_pool_executor executor{1};
  bell& at_the_door = executor.service<bell>();
  const auto waits = [&]() -> task<> { co_await at_the_door.visitors.take(); };
  std::thread visitor{[&] {
    while (at_the_door.by_the_thread == 0) // once the carrier has gone home
      std::this_thread::yield();
    at_the_door.ring();
  }};
  executor.run(waits).value();
  visitor.join();

  // The only carrier never comes to it.
  const auto never_waits = [&]() -> task<> {
    const int before = at_the_door.by_the_thread;
    at_the_door.ring();
    while (at_the_door.by_the_thread < before + 2)
      std::this_thread::yield();
    co_await at_the_door.visitors.take();
  };
  executor.run(never_waits).value();
}

TEST_CASE("a carrier that always has something to run polls between two turns", "[scope][stress]") {
  thread_pool_executor executor{1};
  bell& at_the_door = executor.service<bell>();
  const auto never_idle = [&]() -> task<> {
    at_the_door.ring(); // the thread polls, until it hears this
    co_await at_the_door.visitors.take();
    const int before = at_the_door.by_carriers;
    while (at_the_door.by_carriers < before + 3)
      co_await yield();
  };
  const auto limited = [&]() -> task<> { co_await fail_after(too_long, never_idle()); };
  executor.run(limited).value();
}

TEST_CASE("a carrier that naps in the poll is woken for a fiber from elsewhere", "[scope][stress]") {
  // Its naps there are as long as it lingers, so a wake that is lost shows: all of these would take a second and more.
  const int rounds = tests::sanitized ? 50 : 500;
  thread_pool_executor executor{1};
  static_cast<void>(executor.service<bell>());
  tickets given;
  std::atomic<int> taken{0};
  std::thread giver{[&] {
    std::mt19937 random{7};
    for (int i = 0; i < rounds; ++i) {
      while (taken != i)
        std::this_thread::yield();
      pause_for_a_moment(random);
      given.give();
    }
  }};
  const auto takes = [&]() -> task<> {
    for (int i = 0; i < rounds; ++i) {
      co_await given.take();
      ++taken;
    }
  };
  const auto began = std::chrono::steady_clock::now();
  executor.run(takes).value();
  const auto took = std::chrono::steady_clock::now() - began;
  giver.join();
  CHECK(took < rounds * carrier_policy::linger / 2);
}

TEST_CASE("an executor that polls may go at any moment after its last root", "[scope][stress]") {
  const int rounds = tests::sanitized ? 30 : 200;
  std::mt19937 random{3};
  for (int i = 0; i < rounds; ++i) {
    thread_pool_executor executor{2};
    static_cast<void>(executor.service<bell>());
    const auto passes = []() -> task<> { co_await sleep_for(10us); };
    executor.run(passes).value();
    pause_for_a_moment(random); // the carriers are in a nap, on their way home, or there
  }
}

TEST_CASE("of those who are woken by one poll none waits for long behind one that keeps its thread",
          "[scope][stress]") {
  constexpr int guests = 2;
  constexpr int visits = 150; // some 20 ms: then one carrier polls, and the other one has gone home
  for (std::uint64_t round = 0; round < tests::seeds(20); ++round) {
    thread_pool_executor executor{2};
    bell& at_the_door = executor.service<bell>();
    std::atomic<int> opened{0}, waiting{0}, came_in{0};
    std::atomic<bool> in_time{true};
    const auto opens = [&]() -> task<> {
      for (; opened != visits; ++opened)
        co_await at_the_door.visitors.take();
    };
    const auto comes_in = [&]() -> task<> {
      ++waiting;
      co_await at_the_door.guests.take();
      ++came_in;
      const auto latest = std::chrono::steady_clock::now() + too_long;
      while (came_in != guests && in_time) { // keeps its thread: the other one must come in on another
        std::this_thread::yield();
        in_time = std::chrono::steady_clock::now() < latest;
      }
    };
    std::thread outside{[&] {
      std::mt19937 random{static_cast<unsigned>(round)};
      while (waiting != guests)
        std::this_thread::yield();
      for (int i = 0; i < visits; ++i) {
        pause_for_a_moment(random);
        at_the_door.ring();
      }
      while (opened != visits)
        std::this_thread::yield();
      at_the_door.ring_for_guests(guests);
    }};
    const auto all = [&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        group.start(opens);
        for (int i = 0; i < guests; ++i)
          group.start(comes_in);
      });
    };
    executor.run(all).value();
    outside.join();
    CHECK(in_time);
  }
}
