#include <troupe/runtime/caf_watched.hpp>

#include "caf_children.hpp"

using namespace troupe;
using namespace troupe::tests;

namespace {

using typed_counter = caf::typed_actor<caf::replies_to<add_atom, int>::with<int>, caf::reacts_to<fail_atom>>;

typed_counter::behavior_type typed_function(typed_counter::pointer, int total) {
  return {[total](add_atom, int more) mutable { return total += more; }, [](fail_atom) { throw broken{3}; }};
}

class typed_class : public typed_counter::base {
public:
  typed_class(caf::actor_config& config, int total) : typed_counter::base(config), total_(total) {}

  typed_counter::behavior_type make_behavior() override {
    return {[this](add_atom, int more) { return total_ += more; }, [](fail_atom) { throw broken{4}; }};
  }

private:
  int total_;
};

struct total_state {
  int total = 0;
};
caf::behavior with_state(caf::stateful_actor<total_state>* self, int total) {
  self->state.total = total;
  return {[self](add_atom, int more) { return self->state.total += more; }, [](fail_atom) { throw broken{5}; }};
}

caf::behavior without_self() {
  return {[](add_atom, int more) { return more; }, [](fail_atom) { throw broken{6}; }};
}

void blocking(caf::blocking_actor* self, int total) {
  bool over = false;
  self->receive_while([&] { return !over; })([&](add_atom, int more) { return total += more; },
                                             [&](fail_atom) { throw broken{7}; },
                                             [&](const caf::exit_msg&) { over = true; });
}

/// Adds 2 to 40 and fails.
template <class Handle>
task<> works_and_fails(caf_place& place, caf_ref<Handle> whom, int code) {
  const int sum = co_await whom.template ask<int>(add_atom::value, 2);
  CHECK(sum == (code == 6 ? 2 : 42));
  const Handle before = whom.handle();
  CHECK(whom.tell(fail_atom::value) == send_status::accepted);
  co_await place.started(2);
  CHECK(code_of(place.told.ended()->error) == code);
  const Handle after = whom.handle();
  CHECK(before != after);
  const int again = co_await whom.template ask<int>(add_atom::value, 2);
  CHECK(again == sum); // made of fresh copies
}

/// Has a handler from the beginning.
class handles_when_made : public caf::event_based_actor {
public:
  explicit handles_when_made(caf::actor_config& config) : event_based_actor(config) {
    set_exception_handler([](std::exception_ptr&) -> caf::error { return caf::sec::bad_function_call; });
  }
  caf::behavior make_behavior() override {
    return {[](fail_atom) -> int { throw broken{9}; }};
  }
};

} // namespace

TEST_CASE("CAF actors of each kind are children, and each crash keeps the exception that was thrown",
          "[runtime][A1][A7][caf_actors]") {
  SECTION("a function") {
    caf_place place;
    place.run([&](supervisor& top) -> task<> {
      auto whom = co_await start_caf_child(top, {.name = "it"}, place.system(), with_state, 40);
      co_await works_and_fails(place, whom, 5);
    });
  }
  SECTION("a function without a pointer to the actor") {
    caf_place place;
    place.run([&](supervisor& top) -> task<> {
      auto whom = co_await start_caf_child(top, {.name = "it"}, place.system(), without_self);
      co_await works_and_fails(place, whom, 6);
    });
  }
  SECTION("a typed function") {
    caf_place place;
    place.run([&](supervisor& top) -> task<> {
      auto whom = co_await start_caf_child(top, {.name = "it"}, place.system(), typed_function, 40);
      static_assert(std::is_same_v<decltype(whom), caf_ref<typed_counter>>);
      co_await works_and_fails(place, whom, 3);
    });
  }
  SECTION("a typed class") {
    caf_place place;
    place.run([&](supervisor& top) -> task<> {
      auto whom = co_await start_caf_child<typed_class>(top, {.name = "it"}, place.system(), 40);
      static_assert(std::is_same_v<decltype(whom), caf_ref<typed_counter>>);
      co_await works_and_fails(place, whom, 4);
    });
  }
  SECTION("a blocking function") {
    caf_place place;
    place.run([&](supervisor& top) -> task<> {
      auto whom = co_await start_caf_child(top, {.name = "it"}, place.system(), blocking, 40);
      co_await works_and_fails(place, whom, 7);
    });
  }
  SECTION("a class") {
    caf_place place;
    place.run([&](supervisor& top) -> task<> {
      auto whom = co_await start_caf_child<counter_class>(top, {.name = "it"}, place.system(), &place.seen, 40);
      CHECK(whom.tell(fail_atom::value, 8) == send_status::accepted);
      co_await place.started(2);
      CHECK(code_of(place.told.ended()->error) == 8);
    });
    CHECK(place.actors_left() == 0);
  }
}

TEST_CASE("the failures of a supervisor that gives up have the exceptions of its CAF actors",
          "[runtime][A1][A5][caf_actors]") {
  caf_place place;
  outcome<> ended = place.run({.intensity = 2}, [&](supervisor& top) -> task<> {
    const auto whom = co_await start_caf_child(top, {.name = "counter"}, place.system(), counter, &place.seen, 40);
    for (int run = 1; run <= 3; ++run) {
      co_await place.started(static_cast<std::uint64_t>(run));
      CHECK(whom.tell(fail_atom::value, run) == send_status::accepted);
      co_await place.ended(static_cast<std::uint64_t>(run));
    }
    co_await top.run();
  });
  REQUIRE(ended.has_error());
  try {
    std::rethrow_exception(ended.error());
  } catch (const escalated& gave_up) {
    REQUIRE(gave_up.failures().size() == 3);
    for (int run = 1; run <= 3; ++run)
      CHECK(code_of(gave_up.failures()[static_cast<std::size_t>(run) - 1].reason.error) == run);
  }
}

TEST_CASE("a handler that the actor has for exceptions is called, and decides with what it ends",
          "[runtime][A1][caf_actors]") {
  const auto end_with = [](caf::error says) {
    caf_place place;
    const auto handles = [&](caf::event_based_actor* self) -> caf::behavior {
      self->set_exception_handler([&says](std::exception_ptr& thrown) {
        CHECK(code_of(thrown) == 9);
        return says;
      });
      return {[](fail_atom) { throw broken{9}; }};
    };
    place.run([&](supervisor& top) -> task<> {
      const auto whom = co_await start_caf_child(top, {.name = "it"}, place.system(), handles);
      CHECK(whom.tell(fail_atom::value) == send_status::accepted);
      co_await place.ended();
    });
    return *place.told.ended();
  };
  CHECK(code_of(end_with(caf::sec::bad_function_call).error) == 9);
  CHECK(end_with({}).kind == exit_kind::normal);
  CHECK(end_with(caf::exit_reason::user_shutdown).kind == exit_kind::cancelled);

  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    auto whom = co_await start_caf_child<handles_when_made>(top, {.name = "it"}, place.system());
    const outcome<int> asked = co_await as_outcome(whom.ask<int>(fail_atom::value));
    CHECK(caf_error_in(asked.error()) == caf::sec::bad_function_call);
  });
}
