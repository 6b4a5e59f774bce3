#include <troupe/runtime/caf_run.hpp>

#include "caf_children.hpp"

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Awaits `asked` in a child that is cancelled when `ready` holds, and says what became of it.
template <class T, class Ready>
task<bool> ends_when_cancelled(task<T> asked, Ready ready) {
  bool cancelled = false;
  co_await in_task_group([&](task_group& group) -> task<> {
    const auto asks = [&]() -> task<> { static_cast<void>(co_await std::move(asked)); };
    const child<> asking = group.start(asks);
    co_await until(ready);
    asking.cancel();
    co_await asking.wait_ended();
    cancelled = asking.result().cancelled();
  });
  co_return cancelled;
}

/// Asks it to block, and waits until it does.
task<> block(caf_ref<caf::actor> whom, probe& seen) {
  CHECK(whom.tell(block_atom::value) == send_status::accepted);
  co_await until([&] { return seen.blocked == 1; });
}

/// Skips what it is asked to add, until it is told to go on.
caf::behavior skips(caf::event_based_actor* self, probe* seen) {
  self->set_default_handler(caf::skip);
  return {[self, seen](hold_atom) { self->become([seen](add_atom, int) { return seen->handled.fetch_add(1) + 1; }); }};
}

class small_counter : public bounded<> {
public:
  small_counter(caf::actor_config& config, probe* seen) : bounded(config, capacity{2}), seen_(*seen) {}
  caf::behavior make_behavior() override { return handlers(this, seen_, 40); }

private:
  probe& seen_;
};

} // namespace

TEST_CASE("what waits in the mailbox of a CAF child when the asker's time is up, or it is stopped, is never begun",
          "[runtime][B6][F2][caf_actors]") {
  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    auto whom = co_await start_counter(top, place);
    co_await block(whom, place.seen);
    const std::string late = co_await word_of(fail_after(1ms, whom.ask<int>(add_atom::value, 2)));
    CHECK(late == "late, not_started");
    const bool cancelled = co_await ends_when_cancelled(whom.ask<int>(add_atom::value, 2), [] { return true; });
    CHECK(cancelled);
    const std::string none = co_await word_of(fail_after(0ms, whom.ask<int>(add_atom::value, 2)));
    CHECK(none == "late, with no fate");
    place.seen.go.release();
    const int sum = co_await whom.ask<int>(add_atom::value, 1);
    CHECK(sum == 41);
  });
  CHECK(place.seen.handled == 1);
}

TEST_CASE("what a CAF child has begun when the asker's time is up is in doubt, and its answer goes nowhere",
          "[runtime][B6][F2][caf_actors]") {
  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    auto whom = co_await start_counter(top, place);
    std::string late = "late, not_started";
    while (late == "late, not_started") // the machine may stand still
      late = co_await word_of(fail_after(1ms, whom.ask<int>(hold_atom::value)));
    CHECK(late == "late, in_doubt");
    const bool cancelled =
        co_await ends_when_cancelled(whom.ask<int>(hold_atom::value), [&] { return place.seen.held == 2; });
    CHECK(cancelled);
    const bool blocked =
        co_await ends_when_cancelled(whom.ask<void>(block_atom::value), [&] { return place.seen.blocked == 1; });
    CHECK(blocked);
    place.seen.go.release(); // and answers
    const int sum = co_await whom.ask<int>(add_atom::value, 2);
    CHECK(sum == 42);
  });
}

TEST_CASE("of a blocking CAF child nobody knows whether an ask was begun, so it is in doubt",
          "[runtime][B6][caf_actors]") {
  caf_place place;
  const auto waits = [&](caf::blocking_actor* self) {
    place.seen.go.acquire();
    self->receive([](const caf::exit_msg&) {});
  };
  place.run([&](supervisor& top) -> task<> {
    auto whom = co_await start_caf_child(top, {.name = "it"}, place.system(), waits);
    const std::string late = co_await word_of(fail_after(1ms, whom.ask<int>(add_atom::value, 2)));
    CHECK(late == "late, in_doubt");
    place.seen.go.release();
  });
}

TEST_CASE("an ask that a blocking CAF child has not received when it ends is in doubt", "[runtime][F2][caf_actors]") {
  caf_place place;
  const auto returns_when_asked = [](caf::blocking_actor* self) { self->await_data(); };
  place.run([&](supervisor& top) -> task<> {
    auto whom = co_await start_caf_child(top, {.name = "it", .restart = restart_type::temporary}, place.system(),
                                         returns_when_asked);
    const std::string word = co_await word_of(whom.ask<int>(add_atom::value, 2));
    CHECK(word == "in_doubt");
  });
}

TEST_CASE("an ask that a CAF child has when it ends is answered at once, and says whether it was begun",
          "[runtime][F2][A6][caf_actors]") {
  caf_place place;
  const outcome<> how = place.run(stays_down, [&](supervisor& top) -> task<> {
    auto whom = co_await start_counter(top, place);
    std::string held;
    std::string queued;
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start([&]() -> task<> { held = co_await word_of(whom.ask<int>(hold_atom::value)); });
      co_await until([&] { return place.seen.held == 1; });
      co_await block(whom, place.seen);
      CHECK(whom.tell(fail_atom::value, 1) == send_status::accepted);
      group.start([&]() -> task<> { queued = co_await word_of(whom.ask<int>(add_atom::value, 2)); });
      co_await yield();
      place.seen.go.release();
    });
    CHECK(held == "broken_promise");
    CHECK(queued == "restarting");
  });
  CHECK(how.has_value());
  CHECK(place.seen.handled == 0);
}

TEST_CASE("an ask that a CAF child has skipped was not begun", "[runtime][B6][caf_actors]") {
  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    auto whom = co_await start_caf_child(top, {.name = "it"}, place.system(), skips, &place.seen);
    const std::string late = co_await word_of(fail_after(1ms, whom.ask<int>(add_atom::value, 2)));
    CHECK(late == "late, not_started");
    int count = 0;
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start([&]() -> task<> { count = co_await whom.ask<int>(add_atom::value, 2); });
      co_await yield();
      co_await whom.ask<void>(hold_atom::value);
    });
    CHECK(count == 1);
  });
}

TEST_CASE("an ask that a CAF child has passed on to itself and then skipped has begun", "[runtime][B6][caf_actors]") {
  caf_place place;
  const auto passes_on = [](caf::event_based_actor* self) -> caf::behavior {
    self->set_default_handler(caf::skip);
    return {[self](add_atom, int more) { return self->delegate(caf::actor{self}, hold_atom::value, more); }};
  };
  place.run([&](supervisor& top) -> task<> {
    auto whom = co_await start_caf_child(top, {.name = "it"}, place.system(), passes_on);
    const std::string late = co_await word_of(fail_after(50ms, whom.ask<int>(add_atom::value, 2)));
    CHECK(late == "late, in_doubt");
  });
}

TEST_CASE("what a bounded CAF child does not count it does not count out either", "[runtime][C2][caf_actors]") {
  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    auto whom = co_await start_caf_child<small_counter>(top, {.name = "it"}, place.system(), &place.seen);
    co_await block(whom, place.seen);
    const caf::error needs_no_room = make_error(ask_failure::expired);
    const std::string late = co_await word_of(fail_after(1ms, whom.ask<void>(needs_no_room)));
    CHECK(late == "late, not_started");
    place.seen.go.release();
    const int sum = co_await whom.ask<int>(add_atom::value, 2);
    CHECK(sum == 42);
    CHECK(statistics_of(whom.handle())->depth == 0);
  });
}

TEST_CASE("a bounded CAF child refuses an ask for which it has no room, and what is revoked frees its slot",
          "[runtime][C2][C8][caf_actors]") {
  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    auto whom = co_await start_caf_child<small_counter>(top, {.name = "it"}, place.system(), &place.seen);
    co_await block(whom, place.seen);
    CHECK(whom.tell(add_atom::value, 1) == send_status::accepted);
    const std::string late = co_await word_of(fail_after(1ms, whom.ask<int>(add_atom::value, 2)));
    CHECK(late == "late, not_started");
    const std::string full = co_await word_of(whom.ask<int>(add_atom::value, 2));
    CHECK(full == "overflow");
    place.seen.go.release();
    co_await until([&] { return statistics_of(whom.handle())->depth == 0; });
    const int sum = co_await whom.ask<int>(add_atom::value, 1);
    CHECK(sum == 42);
    CHECK(statistics_of(whom.handle())->rejected == 1);
  });
}

TEST_CASE("nothing is sent to a CAF child by who is cancelled before the ask", "[runtime][B1][caf_actors]") {
  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    auto whom = co_await start_caf_child<small_counter>(top, {.name = "it"}, place.system(), &place.seen);
    co_await in_task_group([&](task_group& group) {
      group.start([&]() -> task<> {
        this_fiber::pointer()->innermost_scope().cancel();
        co_await whom.ask<void>(add_atom::value, 1);
      });
    });
    CHECK(statistics_of(whom.handle())->accepted == 0);
  });
}
