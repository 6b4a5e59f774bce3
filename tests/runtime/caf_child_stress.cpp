#include <troupe/runtime/caf_child.hpp>

#include "caf_children.hpp"

#include <tests/budget.hpp>

#include <troupe/simulation/random.hpp>
#include <troupe/supervision/supervised_actor.hpp>

#include <array>
#include <cstdint>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr int askers = 6;
constexpr int times = 1000; // for each of them

/// True when it is known that nothing was begun.
bool nothing_begun(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const ask_error& why) {
    return why.nothing_begun();
  } catch (const deadline_exceeded& late) {
    return !late.fate() || nothing_begun(late.fate());
  } catch (...) {
    return false;
  }
}

/// What became of the asks of one fiber.
struct tally {
  std::uint64_t asked = 0;
  std::uint64_t answered = 0;
  std::uint64_t not_begun = 0; // receiver_down, restarting
  std::uint64_t begun = 0;     // broken_promise
  std::uint64_t failed = 0;    // with CAF's error
  std::uint64_t late = 0;
  std::uint64_t else_ = 0;
  std::vector<int> not_begun_ids;

  std::uint64_t outcomes() const { return answered + not_begun + begun + failed + late + else_; }
  void add(const tally& other) {
    answered += other.answered;
    not_begun += other.not_begun;
    begun += other.begun;
    failed += other.failed;
    late += other.late;
  }
  void count(const outcome<int>& how) {
    if (!how.has_error()) {
      ++(how.has_value() ? answered : else_);
      return;
    }
    try {
      std::rethrow_exception(how.error());
    } catch (const ask_error& why) {
      ++(why.why() == ask_failure::broken_promise ? begun : why.nothing_begun() ? not_begun : else_);
    } catch (const caf_failure&) {
      ++failed;
    } catch (const deadline_exceeded&) {
      ++late;
    } catch (...) {
      ++else_;
    }
  }
};

/// Most add; some fail, and some are not answered before the actor ends.
task<int> asked_at_random(const caf_ref<caf::actor>& to, std::uint64_t random, int id) {
  if (random == 0)
    return to.ask<int>(fail_atom::value, 1);
  if (random == 1)
    return to.ask<int>(hold_atom::value);
  return to.ask<int>(add_atom::value, id);
}

/// Asks one of several, at random, as often as told, with ids from `id` on; some of it with very little time.
task<> asks(const std::array<caf_ref<caf::actor>, 3>& whom, std::uint64_t seed, int id, tally& counted) {
  seeded_random random{seed};
  for (const int last = id + times; id != last; ++id) {
    const caf_ref<caf::actor>& to = whom[random.below(3)];
    ++counted.asked;
    const bool little = random.below(4) == 0;
    const duration limit = little ? std::chrono::microseconds{random.below(50)} : duration{1min};
    task<int> ask = asked_at_random(to, random.below(20), id);
    const outcome<int> how = co_await as_outcome(fail_after(limit, std::move(ask)));
    counted.count(how);
    if (how.has_error() && nothing_begun(how.error()))
      counted.not_begun_ids.push_back(id);
  }
}

/// Does the children harm until it is stopped.
task<> harm(const supervisor& top, const std::array<caf_ref<caf::actor>, 3>& whom, std::uint64_t seed) {
  seeded_random random{seed};
  while (true) {
    const caf_ref<caf::actor>& one = whom[random.below(3)];
    const std::string& name = one.child().name();
    switch (random.below(6)) {
    case 0:
      static_cast<void>(one.tell(fail_atom::value, 1));
      break;
    case 1:
      caf::anon_send_exit(one.handle(),
                          random.below(2) == 0 ? caf::exit_reason::kill : caf::exit_reason::user_shutdown);
      break;
    case 2:
      one.child().cancel();
      break;
    case 3:
      one.child().kill();
      break;
    case 4: {
      co_await top.stop(name);
      const outcome<> again = co_await as_outcome(top.restart(name));
      static_cast<void>(again);
      break;
    }
    default:
      static_cast<void>(one.tell(quit_atom::value, caf::make_error(caf::sec::runtime_error)));
    }
    for (std::uint64_t wait = random.below(50); wait > 0; --wait)
      co_await yield();
  }
}

} // namespace

TEST_CASE("each ask of CAF children that fail, are killed, stopped and started anew has one outcome",
          "[runtime][stress][F2][A7][caf_actors]") {
  const auto rounds = static_cast<std::uint64_t>(seeds(20));
  tally all;
  for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
    caf_place place;
    place.seen.done = std::vector<std::atomic<bool>>(askers * times);
    std::array<tally, askers> counted;
    const supervisor_options options{.strategy =
                                         seed % 2 == 0 ? restart_strategy::one_for_one : restart_strategy::rest_for_one,
                                     .intensity = 1'000'000};
    const outcome<> how = place.run(options, [&](supervisor& top) -> task<> {
      const auto first = co_await start_caf_child(top, {.name = "a"}, place.system(), counter, &place.seen, 1);
      const auto second = co_await start_caf_child<counter_class>(top, {.name = "b"}, place.system(), &place.seen, 1);
      const auto third =
          co_await start_caf_child<counter_class>(top, {.name = "c", .shutdown = 0ms}, place.system(), &place.seen, 1);
      const std::array<caf_ref<caf::actor>, 3> whom{first, second, third};
      co_await in_task_group([&](task_group& both) -> task<> {
        const child<> nemesis = both.start(harm, top, std::cref(whom), seed);
        co_await in_task_group([&](task_group& group) {
          for (int i = 0; i < askers; ++i)
            group.start(asks, std::cref(whom), seed * 100 + static_cast<std::uint64_t>(i), i * times,
                        std::ref(counted[static_cast<std::size_t>(i)]));
        });
        nemesis.cancel();
      });
    });
    INFO("seed " << seed);
    REQUIRE(how.has_value());
    for (const tally& each : counted) {
      CHECK(each.asked == times);
      CHECK(each.outcomes() == each.asked);
      CHECK(each.else_ == 0);
      all.add(each);
    }
    CHECK(place.actors_left() == 0);
    std::size_t done_all_the_same = 0;
    for (const tally& each : counted)
      for (const int id : each.not_begun_ids)
        done_all_the_same += place.seen.done[static_cast<std::size_t>(id)] ? 1 : 0;
    CHECK(done_all_the_same == 0);
  }
  CHECK((all.answered > 0 && all.not_begun > 0 && all.begun > 0 && all.failed > 0 && all.late > 0)); // all of them
}
