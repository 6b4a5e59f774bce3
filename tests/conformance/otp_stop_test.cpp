// How children end while their supervisor stops: cases of OTP's supervisor_SUITE.

#include <troupe/supervision/supervisor.hpp>

#include <tests/catch.hpp>
#include <tests/failures.hpp>
#include <tests/supervision/children.hpp>

#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/tree_event.hpp>

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr restart_type types[] = {restart_type::permanent, restart_type::transient, restart_type::temporary};

/// How often each child was begun, and how its last run ended.
class last_words final : public event_sink {
public:
  void on_event(const event&) noexcept override {}
  void on_tree_event(const tree_event& told) noexcept override {
    auto& of = all_[std::string(told.path)];
    if (told.kind == tree_event_kind::begun)
      ++of.runs;
    if (told.kind == tree_event_kind::ended || told.kind == tree_event_kind::stopped)
      of.words = std::string(to_string(told.kind)) + " (" + std::string(to_string(told.reason.kind)) + ")";
  }
  /// "runs words", for example "1 stopped (cancelled)".
  std::string of(const std::string& path) const {
    const auto found = all_.find(path);
    return found == all_.end() ? "none" : std::to_string(found->second.runs) + " " + found->second.words;
  }

private:
  struct life {
    int runs = 0;
    std::string words;
  };
  std::map<std::string, life> all_;
};

/// `body(supervisor&)` under a supervisor whose events are told.
template <class Body>
outcome<> told_of(last_words& told, const supervisor_options& options, Body body) {
  simulator simulated{{.sink = &told}};
  return simulated.run([&]() -> task<> { co_await supervise(options, body); });
}

} // namespace

TEST_CASE("children that end by themselves while their supervisor stops end as they do, and none is started anew",
          "[conformance][OTP-021]") {
  const exit_kind ends[] = {exit_kind::normal, exit_kind::failed, exit_kind::cancelled, exit_kind::killed};
  last_words told;
  simulator simulated{{.sink = &told}};
  const outcome<> ended = simulated.run([&]() -> task<> {
    std::string log;
    std::vector<supervised> to_cancel;
    std::vector<supervised> to_kill;
    const auto child = [](exit_kind how) -> task<> {
      if (how == exit_kind::cancelled || how == exit_kind::killed)
        co_await serving();
      co_await sleep_for(1500ms);
      if (how == exit_kind::failed)
        throw std::runtime_error("it fails");
    };
    const auto body = [&](supervisor& top) -> task<> {
      for (const restart_type type : types)
        for (const exit_kind how : ends) {
          const std::string name = std::string(to_string(type)) + " " + std::string(to_string(how));
          const supervised it = co_await top.start({.name = name, .restart = type}, child, how);
          if (how == exit_kind::cancelled)
            to_cancel.push_back(it);
          if (how == exit_kind::killed)
            to_kill.push_back(it);
        }
      // Stopped first, from the first to the third second.
      co_await top.start({.name = "slow"}, slow_to_stop, std::ref(log), std::string("slow"), 2s);
      co_await sleep_for(1s);
    };
    const auto others_end_meanwhile = [&]() -> task<> {
      co_await sleep_for(1500ms);
      for (const supervised& each : to_cancel)
        each.cancel();
      for (const supervised& each : to_kill)
        each.kill();
    };
    const auto both = [&](task_group& group) -> task<> {
      group.start(std::ref(others_end_meanwhile));
      co_await supervise({.intensity = 100}, body);
    };
    co_await in_task_group(both);
    CHECK(now() == instant{3s});
  });
  CHECK(ended.has_value());
  CHECK(told.of("/slow") == "1 stopped (cancelled)");
  for (const restart_type type : types)
    for (const exit_kind how : ends)
      CHECK(told.of("/" + std::string(to_string(type)) + " " + std::string(to_string(how))) ==
            "1 ended (" + std::string(to_string(how)) + ")");
}

TEST_CASE("cleanup that fails does not keep dynamic children from being stopped, and each end is told as it was",
          "[conformance][OTP-022]") {
  last_words told;
  int stopped = 0;
  const outcome<> ended = told_of(told, {.strategy = restart_strategy::dynamic}, [&](supervisor& top) -> task<> {
    const auto child = [&stopped](bool fails) -> task<> {
      co_await in_exit_stack([&](exit_stack& stack) -> task<> {
        stack.push(
            [](int& count, bool throws) {
              ++count;
              if (throws)
                throw std::runtime_error("cleanup");
            },
            std::ref(stopped), fails);
        co_await serving();
      });
    };
    for (const restart_type type : types)
      for (const bool fails : {true, false})
        co_await top.start({.restart = type}, child, fails);
    co_await sleep_for(1s);
  });
  CHECK(ended.has_value());
  CHECK(stopped == 6);
  for (int number = 1; number <= 6; ++number)
    CHECK(told.of("/" + std::to_string(number)) == (number % 2 == 1 ? "1 stopped (failed)" : "1 stopped (cancelled)"));
}

TEST_CASE("a child with a grace of zero ends as killed, and its sibling as it was asked to",
          "[conformance][OTP-017][OTP-019]") {
  for (const duration grace : {duration{0s}, duration{1s}}) {
    last_words told;
    std::string log;
    const outcome<> ended = told_of(told, {}, [&](supervisor& top) -> task<> {
      co_await top.start({.name = "sibling"}, serving);
      const auto shielded = [](std::string& to) -> task<> {
        co_await in_a_shield(to, 1h);
        co_await serving();
      };
      co_await top.start({.name = "stubborn", .shutdown = grace}, shielded, std::ref(log));
      co_await sleep_for(1s);
    });
    CHECK(ended.has_value());
    CHECK(log == "in doubt ");
    CHECK(told.of("/stubborn") == "1 stopped (killed)");
    CHECK(told.of("/sibling") == "1 stopped (cancelled)");
  }
}

TEST_CASE("what the block of a supervisor throws comes out as it was thrown, to whoever started it",
          "[conformance][OTP-009]") {
  const auto fails = [](supervisor&) -> task<> {
    throw std::invalid_argument("no configuration");
    co_return;
  };
  const outcome<> alone = supervised_by({}, fails);
  REQUIRE(alone.has_error());
  CHECK_THROWS_AS(std::rethrow_exception(alone.error()), std::invalid_argument);
  const outcome<> below = supervised_by({}, [&](supervisor& top) -> task<> {
    const auto sub = [&fails](startup) -> task<> { co_await supervise({}, fails); };
    const outcome<supervised> failed = co_await as_outcome(top.start({.name = "sub"}, sub));
    CHECK(message_of(failed.error()) == "the child \"sub\" did not start: no configuration");
    CHECK(top.count().listed == 0);
    co_await top.start({.name = "next"}, serving); // and nothing else of it is left
    co_await sleep_for(1s);
    CHECK(top.count().active == 1);
  });
  CHECK(below.has_value());
}
