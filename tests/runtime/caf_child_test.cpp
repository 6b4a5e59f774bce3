#include <troupe/runtime/caf_child.hpp>

#include "caf_children.hpp"

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Says what `body` says of how the first run has ended, when it was sent `args`.
template <class... Args>
exit_reason end_by(const Args&... args) {
  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    const auto whom = co_await start_caf_child(top, {.name = "counter"}, place.system(), counter, &place.seen, 40);
    CHECK(whom.tell(args...) == send_status::accepted);
    co_await place.ended();
  });
  return *place.told.ended();
}

} // namespace

TEST_CASE("an exit reason of CAF's is an end of the child: normal, cancelled or failed", "[runtime][caf_actors]") {
  CHECK(end_by(quit_atom::value, caf::error{}).kind == exit_kind::normal);
  CHECK(end_by(quit_atom::value, caf::make_error(caf::exit_reason::normal)).kind == exit_kind::normal);
  CHECK(end_by(quit_atom::value, caf::make_error(caf::exit_reason::user_shutdown)).kind == exit_kind::cancelled);
  const auto exits = [](caf::error why) { return caf::exit_msg{{}, std::move(why)}; };
  CHECK(end_by(exits(caf::exit_reason::user_shutdown)).kind == exit_kind::cancelled);
  const exit_reason killed = end_by(exits(caf::exit_reason::kill));
  CHECK(killed.kind == exit_kind::failed);
  CHECK(caf_error_in(killed.error) == caf::exit_reason::kill);
  const exit_reason failed = end_by(quit_atom::value, caf::make_error(caf::sec::bad_function_call));
  CHECK(failed.kind == exit_kind::failed);
  CHECK(caf_error_in(failed.error) == caf::sec::bad_function_call);
  CHECK(message_of(failed.error).find("bad_function_call") != std::string::npos);
}

TEST_CASE("a CAF actor whose constructor or function throws or quits has not started, and is no child",
          "[runtime][A8][caf_actors]") {
  struct throws_when_made : caf::event_based_actor {
    throws_when_made(caf::actor_config& config, int code) : event_based_actor(config) { throw broken{code}; }
  };
  const auto why = [](const outcome<>& started) {
    REQUIRE(started.has_error());
    try {
      std::rethrow_exception(started.error());
    } catch (const start_failed& failed) {
      return failed.cause();
    }
  };
  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    const auto throws = [](caf::event_based_actor*, int code) -> caf::behavior { throw broken{code}; };
    const auto quits = [](caf::event_based_actor* self) { self->quit(caf::sec::bad_function_call); };
    const auto ended = [&](auto start) -> task<std::exception_ptr> {
      outcome<> how = co_await as_outcome(std::move(start));
      co_return why(how);
    };
    const auto dropped = [](auto start) -> task<> { static_cast<void>(co_await std::move(start)); };
    const auto thrown = co_await ended(dropped(start_caf_child(top, {.name = "a"}, place.system(), throws, 1)));
    CHECK(code_of(thrown) == 1);
    const auto made = co_await ended(dropped(start_caf_child<throws_when_made>(top, {.name = "b"}, place.system(), 2)));
    CHECK(code_of(made) == 2);
    const auto quit = co_await ended(dropped(start_caf_child(top, {.name = "c"}, place.system(), quits)));
    CHECK(caf_error_in(quit) == caf::sec::bad_function_call);
    CHECK(top.children().empty());
  });
}

TEST_CASE("a CAF actor that fails to start anew counts as a restart", "[runtime][A5][caf_actors]") {
  caf_place place;
  std::atomic<int> runs{0};
  const auto starts_once = [&runs](caf::event_based_actor*) -> caf::behavior {
    if (runs.fetch_add(1) != 0)
      throw broken{1};
    return {[](fail_atom) { throw broken{2}; }};
  };
  const outcome<> ended = place.run({.intensity = 3}, [&](supervisor& top) -> task<> {
    const auto whom = co_await start_caf_child(top, {.name = "it"}, place.system(), starts_once);
    CHECK(whom.tell(fail_atom::value) == send_status::accepted);
    co_await top.run();
  });
  CHECK(ended.has_error());
  CHECK(runs == 4);
}

TEST_CASE("an exit message to a CAF child is handled next, whatever is queued", "[runtime][C3][A9][caf_actors]") {
  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    const auto whom = co_await start_caf_child(top, {.name = "counter"}, place.system(), counter, &place.seen, 0);
    CHECK(whom.tell(block_atom::value) == send_status::accepted);
    co_await until([&] { return place.seen.blocked == 1; });
    for (int i = 0; i < 10'000; ++i)
      CHECK(whom.tell(add_atom::value, 1) == send_status::accepted);
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto stopped = group.start([&]() -> task<> { co_await top.stop("counter"); });
      co_await until([&] { return !whom.handle(); }); // the exit message was sent
      place.seen.go.release();
    });
  });
  CHECK(place.told.ended()->kind == exit_kind::cancelled);
  CHECK(place.seen.handled < 1000); // those of the round that CAF is in
}

TEST_CASE("a CAF child that handles exits by itself has its shutdown for that, and is then killed",
          "[runtime][A9][A10][caf_actors]") {
  const auto stop_of = [](duration shutdown, auto on_exit) {
    caf_place place;
    const auto handles = [&](caf::event_based_actor* self) -> caf::behavior {
      self->set_exit_handler([self, on_exit](caf::exit_msg& exit) { on_exit(self, exit); });
      return {[](add_atom) {}};
    };
    place.run([&](supervisor& top) -> task<> {
      static_cast<void>(co_await start_caf_child(top, {.name = "it", .shutdown = shutdown}, place.system(), handles));
      co_await top.stop("it");
    });
    CHECK(place.told.has(tree_event_kind::killed) == (place.told.ended()->kind == exit_kind::killed));
    return *place.told.ended();
  };
  const auto ignores = [](auto*, caf::exit_msg&) {};
  CHECK(stop_of(20ms, ignores).kind == exit_kind::killed);
  CHECK(stop_of(0ms, ignores).kind == exit_kind::killed);
  const auto ends_later = [](caf::event_based_actor* self, caf::exit_msg& exit) {
    CHECK(exit.reason == caf::exit_reason::user_shutdown);
    self->delayed_send(self, 1ms, add_atom::value); // its cleanup
    self->become([self](add_atom) { self->quit(); });
  };
  CHECK(stop_of(1min, ends_later).kind == exit_kind::cancelled);
  const auto awaits = [](caf::event_based_actor* self) -> caf::behavior { // looks at nothing else meanwhile
    self->request(caf::actor{self}, caf::infinite, add_atom::value).await([] {});
    return {[](add_atom) {}};
  };
  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    static_cast<void>(co_await start_caf_child(top, {.name = "it", .shutdown = 20ms}, place.system(), awaits));
    co_await top.stop("it");
  });
  CHECK(place.told.ended()->kind == exit_kind::killed);
  const auto fails = [](caf::event_based_actor*, caf::exit_msg&) { throw broken{1}; };
  CHECK(code_of(stop_of(1min, fails).error) == 1);
}

TEST_CASE("a CAF child whose handler does not return is abandoned after its grace, and counted",
          "[runtime][A10][caf_actors]") {
  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    const auto whom = co_await start_caf_child(top, {.name = "counter", .shutdown = 1ms, .abandon_after = 1ms},
                                               place.system(), counter, &place.seen, 0);
    CHECK(whom.tell(block_atom::value) == send_status::accepted);
    co_await until([&] { return place.seen.blocked == 1; });
    co_await top.stop("counter");
    CHECK(place.told.has(tree_event_kind::abandoned));
    CHECK(place.fibers().abandoned() == 1);
    place.seen.go.release();
    co_await until([&] { return place.fibers().abandoned() == 0; });
  });
}

TEST_CASE("a cancel, a kill and the end of the supervisor stop a CAF child", "[runtime][A9][caf_actors]") {
  caf_place place;
  place.run([&](supervisor& top) -> task<> {
    const auto whom = co_await start_caf_child<counter_class>(top, {.name = "counter"}, place.system(), &place.seen, 0);
    whom.child().cancel();
    co_await place.started(2);
    CHECK(place.told.ended(1)->kind == exit_kind::cancelled);
    whom.child().kill();
    co_await place.started(3);
    CHECK(place.told.ended(2)->kind == exit_kind::killed);
  });
  CHECK(place.told.ended(3)->kind == exit_kind::cancelled);
  CHECK(place.actors_left() == 0);
}
