#include <troupe/simulation/virtual_clock.hpp>

#include <tests/catch.hpp>

#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

class noting_timer final : public timer {
public:
  noting_timer(instant when, std::vector<int>& to, int number) noexcept
      : timer(when, &on_time), to_(to), number_(number) {}

private:
  static void on_time(timer& self, detail::wakeups&) noexcept {
    auto& mine = static_cast<noting_timer&>(self);
    mine.to_.push_back(mine.number_);
  }

  std::vector<int>& to_;
  int number_;
};

} // namespace

TEST_CASE("a virtual clock stands still until it is moved, and never goes back", "[simulation]") {
  virtual_clock time;
  CHECK(time.now() == instant{});
  time.move_to(instant{5s});
  CHECK(time.now() == instant{5s});
  time.move_to(instant{1s});
  CHECK(time.now() == instant{5s});
}

TEST_CASE("a virtual clock fires one timer at a time, the earliest first, and moves to its instant", "[simulation]") {
  virtual_clock time;
  std::vector<int> fired;
  noting_timer late{instant{3s}, fired, 3}, early{instant{1s}, fired, 1}, second{instant{1s}, fired, 2};
  for (timer* each : {static_cast<timer*>(&late), static_cast<timer*>(&early), static_cast<timer*>(&second)})
    time.add(*each);
  CHECK(time.next() == instant{1s});
  time.fire_next();
  CHECK(fired == std::vector<int>{1});
  CHECK(time.now() == instant{1s});
  time.fire_next();
  CHECK(time.timers() == 1);
  time.fire_next();
  CHECK(fired == std::vector<int>{1, 2, 3});
  CHECK(time.now() == instant{3s});
  CHECK_FALSE(time.has_timers());
  CHECK(time.next() == instant::max());
}

TEST_CASE("a timer in the past fires without moving the clock back, and a removed one does not fire", "[simulation]") {
  virtual_clock time;
  std::vector<int> fired;
  time.move_to(instant{5s});
  noting_timer past{instant{1s}, fired, 1}, removed{instant{6s}, fired, 2};
  time.add(past);
  time.add(removed);
  time.remove(removed);
  time.fire_next();
  CHECK(time.now() == instant{5s});
  CHECK_FALSE(time.has_timers());
  CHECK(fired == std::vector<int>{1});
}
