#include <troupe/scope/time_source.hpp>

#include <troupe/scope/fiber.hpp>

#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

class counting_timer final : public timer {
public:
  explicit counting_timer(instant when) noexcept : timer(when, &on_time) {}
  int fired = 0;

private:
  static void on_time(timer& self, detail::wakeups&) noexcept { ++static_cast<counting_timer&>(self).fired; }
};

instant at(int milliseconds) { return instant{std::chrono::milliseconds{milliseconds}}; }

} // namespace

TEST_CASE("adding a wait to an instant never overflows", "[scope][B7]") {
  static_assert(saturated(instant{}, 5ns) == instant{5ns});
  static_assert(saturated(instant{5ns}, duration::max()) == instant::max());
  static_assert(saturated(instant{}, duration::max()) == instant::max());
  static_assert(saturated(instant::max(), 1ns) == instant::max());
  static_assert(saturated(instant::max(), duration::max()) == instant::max());
  static_assert(saturated(instant{}, -5ns) == instant{-5ns});
  static_assert(saturated(instant{}, duration::min()) == instant::min());
  static_assert(saturated(instant::max(), duration::min()) == instant{-1ns});
  static_assert(saturated(instant{-5ns}, duration::min()) == instant::min());
  static_assert(saturated(instant::min(), -1ns) == instant::min());
}

TEST_CASE("durations of any unit are clipped to what the clock can hold", "[scope][B7]") {
  CHECK(clipped(3s) == 3s);
  CHECK(clipped(-3s) == -3s);
  CHECK(clipped(0h) == duration::zero());
  CHECK(clipped(duration::max()) == duration::max());
  CHECK(clipped(std::chrono::hours::max()) == duration::max());
  CHECK(clipped(std::chrono::seconds::max()) == duration::max());
  CHECK(clipped(std::chrono::years{std::numeric_limits<int>::max()}) == duration::max());
  CHECK(clipped(duration::max() - 1ns) == duration::max() - 1ns);
}

TEST_CASE("a clipped negative duration can be added to any instant of the clock", "[scope][B7]") {
  for (const duration lowest :
       {clipped(duration::min()), clipped(std::chrono::hours::min()), clipped(std::chrono::seconds::min()),
        clipped(std::chrono::duration<double>{-std::numeric_limits<double>::infinity()})}) {
    CHECK(lowest < -std::chrono::hours{24 * 365 * 100});
    CHECK(saturated(instant{}, lowest) < instant{});
  }
}

TEST_CASE("floating durations are clipped, and one that is not a number has passed", "[scope][B7]") {
  using seconds = std::chrono::duration<double>;
  using milliseconds = std::chrono::duration<double, std::milli>;
  using minutes = std::chrono::duration<float, std::ratio<60>>;
  CHECK(clipped(seconds{1.5}) == 1'500ms);
  CHECK(clipped(seconds{std::numeric_limits<double>::infinity()}) == duration::max());
  CHECK(clipped(seconds{std::numeric_limits<double>::max()}) == duration::max());
  CHECK(clipped(minutes{std::numeric_limits<float>::max()}) == duration::max());
  CHECK(clipped(seconds{std::nan("")}) < duration::zero());
  CHECK(clipped(seconds{-0.0}) == duration::zero());
  // Within half a microsecond of the clock's end, where the conversion in double would round up to beyond it.
  CHECK(clipped(milliseconds{9'223'372'036'854.775'808}) > std::chrono::hours{24 * 365 * 292});
}

TEST_CASE("a unit that is no whole number of nanoseconds does not overflow on its way", "[scope][B7]") {
  using frames = std::chrono::duration<std::int64_t, std::ratio<1, 60>>;
  const std::int64_t frames_a_year = std::int64_t{60} * 3'600 * 24 * 365;
  CHECK(clipped(frames{60}) == 1s);
  CHECK(clipped(frames{200 * frames_a_year}) == std::chrono::hours{24 * 365 * 200});
  CHECK(clipped(frames{-100 * frames_a_year}) == -std::chrono::hours{24 * 365 * 100});
  CHECK(clipped(frames::max()) == duration::max());
}

TEST_CASE("the heap gives timers by instant, then in the order of adding", "[scope]") {
  timer_heap heap;
  counting_timer late{at(3)}, first{at(1)}, second{at(1)}, middle{at(2)};
  for (timer* each : {static_cast<timer*>(&late), static_cast<timer*>(&first), static_cast<timer*>(&second),
                      static_cast<timer*>(&middle)})
    heap.add(*each);
  for (timer* expected : {static_cast<timer*>(&first), static_cast<timer*>(&second), static_cast<timer*>(&middle),
                          static_cast<timer*>(&late)}) {
    REQUIRE(heap.first() == expected);
    CHECK(heap.remove(*expected));
  }
  CHECK(heap.first() == nullptr);
}

TEST_CASE("a timer can be taken out once, from any place, and added again", "[scope]") {
  timer_heap heap;
  counting_timer one{at(1)}, two{at(2)};
  CHECK_FALSE(heap.remove(one));
  heap.add(one);
  heap.add(two);
  CHECK(heap.size() == 2);
  CHECK(heap.remove(two));
  CHECK_FALSE(heap.remove(two));
  heap.add(two);
  CHECK(heap.remove(one));
  CHECK(heap.first() == &two);
  detail::wakeups woken;
  heap.first()->fire(woken);
  CHECK(heap.first()->has_fired());
  CHECK(two.fired == 1);
}

TEST_CASE("the heap agrees with a sorted set through random additions and removals", "[scope]") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    seeded_random random{seed};
    timer_heap heap;
    std::vector<std::unique_ptr<counting_timer>> timers;
    std::set<std::pair<instant, std::size_t>> model; // by instant, then by index: they are added in that order
    const auto take_out = [&](auto chosen) {
      REQUIRE(heap.remove(*timers[chosen->second]));
      model.erase(chosen);
    };
    for (int i = 0; i < 100; ++i)
      if (model.empty() || random.below(3) != 0) {
        timers.push_back(std::make_unique<counting_timer>(at(static_cast<int>(random.below(50)))));
        heap.add(*timers.back());
        model.emplace(timers.back()->when(), timers.size() - 1);
      } else {
        take_out(std::next(model.begin(), static_cast<std::ptrdiff_t>(random.below(model.size()))));
      }
    while (!model.empty()) {
      REQUIRE(heap.size() == model.size());
      REQUIRE(heap.first() == timers[model.begin()->second].get());
      take_out(model.begin());
    }
    REQUIRE(heap.first() == nullptr);
  }
}
