#include <troupe/runtime/caf_ref.hpp>

#include "caf_children.hpp"

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// A child that fails waits to be started anew for as long as a test takes.
const supervisor_options stays_down{.intensity = 10, .backoff = {.initial = 1h, .longest = 1h, .jitter = 0}};

/// Starts a counter from 40.
auto start_counter(supervisor& top, caf_place& place) {
  return start_caf_child(top, {.name = "counter"}, place.system(), counter, &place.seen, 40);
}

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

caf::behavior answers_oddly() {
  return {[](add_atom) { return std::string("forty-two"); },
          [](hold_atom) -> caf::result<int, std::string> { return {42, "two"}; },
          [](quit_atom) { return caf::unit; },
          [](fail_atom) -> caf::result<int> { return make_error(ask_failure::expired); }};
}

/// Skips what it is asked to add, until it is told to go on.
caf::behavior skips(caf::event_based_actor* self, probe* seen) {
  self->set_default_handler(caf::skip);
  return {[self, seen](hold_atom) {
    self->become([seen](add_atom, int) { return seen->handled.fetch_add(1) + 1; });
  }};
}

class small_counter : public bounded<> {
public:
  small_counter(caf::actor_config& config, probe* seen) : bounded(config, capacity{2}), seen_(*seen) {}
  caf::behavior make_behavior() override { return handlers(this, seen_, 40); }

private:
  probe& seen_;
};

} // namespace

TEST_CASE("the address of a CAF child follows it to its newest handle", "[runtime][A7][caf_actors]") {
  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    const caf_ref<caf::actor> whom = co_await start_counter(top, place);
    const caf_ref<caf::actor> same = whom;
    const caf::actor first = whom.handle();
    CHECK(first);
    CHECK(same == whom);
    static_cast<void>(co_await word_of(whom.ask<int>(fail_atom::value, 1)));
    co_await place.started(2);
    CHECK(whom.handle());
    CHECK(whom.handle() != first);
    CHECK(same.handle() == whom.handle());
    CHECK(whom.child().incarnation() == 2);
    const int sum = co_await same.ask<int>(add_atom::value, 2);
    CHECK(sum == 42);
    co_await top.stop("counter");
    CHECK_FALSE(whom.handle());
    CHECK(whom.tell(add_atom::value, 1) == send_status::closed);
    const std::string down = co_await word_of(whom.ask<int>(add_atom::value, 2));
    CHECK(down == "receiver_down");
    co_await top.restart("counter");
    const int again = co_await whom.ask<int>(add_atom::value, 2);
    CHECK(again == 42);
  });
}

TEST_CASE("an ask gives the answer of the CAF actor, or its error, with words", "[runtime][F2][caf_actors]") {
  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    auto whom = co_await start_counter(top, place);
    const int sum = co_await whom.ask<int>(add_atom::value, 2);
    CHECK(sum == 42);
    const caf::message any = co_await whom.ask<caf::message>(add_atom::value, 2);
    CHECK(any.match_elements<int>());
    CHECK(any.get_as<int>(0) == 44);
    co_await whom.ask<void>(add_atom::value, 2);
    const outcome<int> unknown = co_await as_outcome(whom.ask<int>(std::string("?")));
    CHECK(caf_error_in(unknown.error()) == caf::sec::unexpected_message);
    CHECK(message_of(unknown.error()).find("unexpected_message") != std::string::npos);
    const outcome<int> thrown = co_await as_outcome(whom.ask<int>(fail_atom::value, 1));
    CHECK(caf_error_in(thrown.error()) == caf::sec::runtime_error);
    CHECK(message_of(thrown.error()).find("broken 1") != std::string::npos);

    auto odd = co_await start_caf_child(top, {.name = "odd"}, place.system(), answers_oddly);
    const outcome<int> other = co_await as_outcome(odd.ask<int>(add_atom::value));
    CHECK(caf_error_in(other.error()) == caf::sec::unexpected_response);
    CHECK(message_of(other.error()).find("forty-two") != std::string::npos);
    const caf::message both = co_await odd.ask<caf::message>(hold_atom::value);
    CHECK(both.match_elements<int, std::string>());
    co_await odd.ask<void>(quit_atom::value);
    const std::string word = co_await word_of(odd.ask<int>(fail_atom::value));
    CHECK(word == "expired"); // an error of troupe's
  });
}

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

TEST_CASE("an ask of a CAF child that waits to be started anew is told so at once", "[runtime][F2][A5][caf_actors]") {
  caf_place place;
  const outcome<> how = place.run(stays_down, [&](supervisor& top) -> task<> {
    auto whom = co_await start_counter(top, place);
    CHECK(whom.tell(fail_atom::value, 1) == send_status::accepted);
    co_await until([&] { return place.told.has(tree_event_kind::restarting); });
    const std::string word = co_await word_of(whom.ask<int>(add_atom::value, 2));
    CHECK(word == "restarting");
    CHECK(whom.tell(add_atom::value, 2) == send_status::closed);
  });
  CHECK(how.has_value());
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

TEST_CASE("an ask that a CAF child passes on is answered by whom it was passed to", "[runtime][F2][caf_actors]") {
  caf_place place;
  const auto passes_on = [](caf::event_based_actor* self, const caf::actor& to) -> caf::behavior {
    return {[self, to](add_atom what, int more) { return self->delegate(to, what, more); }};
  };
  place.run([&](supervisor& top) -> task<> {
    auto behind = co_await start_counter(top, place);
    auto whom = co_await start_caf_child(top, {.name = "front"}, place.system(), passes_on, behind.handle());
    const int sum = co_await whom.ask<int>(add_atom::value, 2);
    CHECK(sum == 42);
    co_await top.stop("counter");
    const outcome<int> down = co_await as_outcome(whom.ask<int>(add_atom::value, 2));
    CHECK(caf_error_in(down.error()) == caf::sec::request_receiver_down); // not of this one: it was begun
  });
}

TEST_CASE("the address of a CAF child may be kept for longer than the runtime lives", "[runtime][A7][caf_actors]") {
  std::optional<caf_ref<caf::actor>> kept;
  {
    caf_place place;
    place.run([&](supervisor& top) -> task<> { kept = co_await start_counter(top, place); });
  }
  CHECK_FALSE(kept->handle());
  CHECK(kept->tell(add_atom::value, 1) == send_status::closed);
  CHECK(kept->child().state() == child_status::down);
}
