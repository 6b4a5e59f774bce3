#include <troupe/scope/steady_time.hpp>

#include <tests/catch.hpp>

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// Notes when it fires, and its place in the order of firing.
class noted_timer : public timer {
public:
  noted_timer(instant when, std::atomic<int>& fired) : timer(when, &note), fired_(fired) {}

  int place() const { return place_.load(); }
  bool has_fired() const { return place() >= 0; }
  void wait() const {
    while (!has_fired())
      std::this_thread::yield();
  }

private:
  static void note(timer& self, detail::wakeups&) noexcept {
    auto& fired = static_cast<noted_timer&>(self);
    fired.place_.store(fired.fired_.fetch_add(1));
  }

  std::atomic<int>& fired_;
  std::atomic<int> place_{-1};
};

} // namespace

TEST_CASE("timers fire in the order of their instants, each not before its own", "[scope]") {
  steady_time time;
  std::atomic<int> fired{0};
  const instant start = time.now();
  noted_timer late{start + 4ms, fired};
  noted_timer early{start + 1ms, fired};
  noted_timer middle{start + 2ms, fired};
  for (timer* added : {static_cast<timer*>(&late), static_cast<timer*>(&early), static_cast<timer*>(&middle)})
    time.add(*added);
  late.wait();
  CHECK(time.now() >= late.when());
  CHECK(early.place() == 0);
  CHECK(middle.place() == 1);
  CHECK(late.place() == 2);
}

TEST_CASE("a timer in the past fires soon, and not inside of add", "[scope]") {
  steady_time time;
  std::atomic<int> fired{0};
  noted_timer past{time.now() - 1h, fired};
  noted_timer first{instant::min(), fired};
  time.add(past);
  time.add(first);
  past.wait();
  first.wait();
  time.remove(past); // after it has fired: nothing
}

TEST_CASE("a timer that was removed does not fire", "[scope]") {
  steady_time time;
  std::atomic<int> fired{0};
  std::deque<noted_timer> timers;
  for (int i = 0; i < 200; ++i)
    timers.emplace_back(time.now() + std::chrono::microseconds{10 * i}, fired);
  for (noted_timer& added : timers)
    time.add(added);
  for (noted_timer& removed : timers)
    time.remove(removed);
  const int fired_before = fired.load();
  noted_timer last{time.now() + 3ms, fired}; // after all of them
  time.add(last);
  last.wait();
  CHECK(last.place() == fired_before);
}

TEST_CASE("remove waits for the timer's call to end", "[scope]") {
  struct slow_timer : timer {
    explicit slow_timer(instant when) : timer(when, &work) {}
    static void work(timer& self, detail::wakeups&) noexcept {
      auto& slow = static_cast<slow_timer&>(self);
      slow.begun.store(true);
      for (int i = 0; i < 1000; ++i)
        std::this_thread::yield();
      slow.ended = true; // not atomic: remove() orders it
    }
    std::atomic<bool> begun{false};
    bool ended = false;
  };
  steady_time time;
  slow_timer slow{time.now()};
  time.add(slow);
  while (!slow.begun.load())
    std::this_thread::yield();
  time.remove(slow);
  CHECK(slow.ended);
}

TEST_CASE("a timer at the end of time waits for ever and can be removed", "[scope]") {
  steady_time time;
  std::atomic<int> fired{0};
  noted_timer never{instant::max(), fired};
  noted_timer soon{time.now() + 1ms, fired};
  time.add(never);
  time.add(soon);
  soon.wait();
  time.remove(never);
  CHECK(fired.load() == 1);
}

TEST_CASE("no timer fires after stop, and stop may be called twice", "[scope]") {
  steady_time time;
  std::atomic<int> fired{0};
  noted_timer soon{time.now() + 1ms, fired};
  time.stop();
  time.stop();
  time.add(soon);
  while (time.now() < soon.when() + 1ms)
    std::this_thread::yield();
  CHECK(fired.load() == 0);
  time.remove(soon);
}

TEST_CASE("a timer that comes after others have fired or gone fires too", "[scope]") {
  steady_time time;
  std::atomic<int> fired{0};
  for (int round = 0; round < 5; ++round) {
    noted_timer gone{time.now() + 1h, fired};
    time.add(gone);
    noted_timer next{time.now() + 1ms, fired};
    time.add(next);
    next.wait();
    time.remove(gone);
    noted_timer alone{time.now() + 2ms, fired}; // the thread sleeps to where `gone` was
    time.add(alone);
    alone.wait();
  }
  CHECK(fired == 10);
}

TEST_CASE("a timer fires that is added while the thread has nothing to wait for", "[scope]") {
  steady_time time;
  std::atomic<int> fired{0};
  noted_timer first{time.now() + 1ms, fired};
  time.add(first);
  first.wait();
  const instant seen = time.now();
  while (time.now() < seen + 2ms) // it has found nothing more, and waits without a limit
    std::this_thread::yield();
  noted_timer second{time.now() + 1ms, fired};
  time.add(second);
  second.wait();
  CHECK(fired == 2);
}
