#include <troupe/runtime/caf_ref.hpp>

#include "caf_children.hpp"

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

caf::behavior answers_oddly() {
  return {[](add_atom) { return std::string("forty-two"); },
          [](hold_atom) -> caf::result<int, std::string> {
            return {42, "two"};
          },
          [](quit_atom) { return caf::unit; },
          [](fail_atom) -> caf::result<int> { return make_error(ask_failure::expired); }};
}

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
    // What another actor has told it does not say that nothing was begun here.
    const outcome<int> passed_on = co_await as_outcome(odd.ask<int>(fail_atom::value));
    CHECK(caf_error_in(passed_on.error()) == ask_failure::expired);
  });
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
