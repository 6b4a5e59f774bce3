#include <troupe/supervision/tree_event.hpp>

#include "children.hpp"

#include <tests/catch.hpp>
#include <tests/failures.hpp>

#include <troupe/supervision/supervisor.hpp>

#include <set>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Writes a line for each event of a tree.
class story final : public event_sink {
public:
  void on_event(const event&) noexcept override {}
  void on_tree_event(const tree_event& happened) noexcept override {
    text_ += std::to_string(happened.time.time_since_epoch() / 1ms) + " " + std::string(happened.path) + "#" +
             std::to_string(happened.incarnation) + " " + std::string(to_string(happened.kind));
    if (happened.reason.kind != exit_kind::normal)
      text_ += " (" + std::string(to_string(happened.reason.kind)) + ")";
    if (happened.wait != 0s)
      text_ += " " + std::to_string(happened.wait / 1ms);
    text_ += '\n';
  }
  const std::string& text() const { return text_; }

private:
  std::string text_;
};

template <class Body>
std::string story_of(supervisor_options options, Body body) {
  story told;
  simulator simulated{{.sink = &told}};
  const outcome<> ended =
      simulated.run([&]() -> task<> { static_cast<void>(co_await as_outcome(supervise(options, body))); });
  CHECK(ended.has_value());
  return told.text();
}

} // namespace

TEST_CASE("the story of a child that fails, backs off and is stopped", "[supervision][OTP-044]") {
  const std::string told = story_of({.backoff = {.initial = 2s, .jitter = 0}}, [](supervisor& top) -> task<> {
    co_await top.start({.name = "a"}, failing_after, 1s);
    co_await sleep_for(3500ms);
  });
  CHECK(told == "0 /a#1 begun\n"
                "0 /a#1 started\n"
                "1000 /a#1 ended (failed)\n"
                "1000 /a#1 restarting 2000\n"
                "3000 /a#2 begun\n"
                "3000 /a#2 started\n"
                "3500 /a#2 stopping 5000\n"
                "3500 /a#2 stopped (cancelled)\n"
                "3500 /a#2 forgotten\n");
}

TEST_CASE("the story of a child that does not end, and of a supervisor that gives up", "[supervision][A5][A10]") {
  std::string log;
  const std::string told = story_of({.intensity = 0}, [&log](supervisor& top) -> task<> {
    co_await top.start({.name = "stuck", .shutdown = 1s, .abandon_after = 1s}, slow_to_stop, std::ref(log),
                       std::string("stuck"), 1min);
    co_await top.start({.name = "failing"}, failing_after, 1s);
    co_await top.run();
  });
  CHECK(told == "0 /stuck#1 begun\n"
                "0 /stuck#1 started\n"
                "0 /failing#1 begun\n"
                "0 /failing#1 started\n"
                "1000 /failing#1 ended (failed)\n"
                "1000 /#1 gave_up (failed)\n"
                "1000 /failing#1 forgotten\n"
                "1000 /stuck#1 stopping 1000\n"
                "2000 /stuck#1 killed 1000\n"
                "3000 /stuck#1 abandoned\n"
                "3000 /stuck#1 forgotten\n");
}

TEST_CASE("a child that is not heard of in time has ended with that failure", "[supervision][A8]") {
  const std::string told = story_of({}, [](supervisor& top) -> task<> {
    static_cast<void>(co_await as_outcome(
        top.start({.name = "late", .start_timeout = 3s}, [](startup) -> task<> { co_await serving(); })));
  });
  CHECK(told == "0 /late#1 begun\n"
                "3000 /late#1 stopping 5000\n"
                "3000 /late#1 ended (failed)\n"
                "3000 /late#1 forgotten\n");
}

TEST_CASE("each kind of event of a tree has a name of its own", "[supervision]") {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(tree_event_kind::gave_up); ++kind)
    names.insert(to_string(static_cast<tree_event_kind>(kind)));
  CHECK(names.size() == 10);
  CHECK(names.count("?") == 0);
  CHECK(to_string(static_cast<tree_event_kind>(99)) == "?");
}

TEST_CASE("a child whose wait is over while its supervisor stops is not started anew", "[supervision][A9]") {
  std::string log; // outlives the supervisor
  const std::string told =
      story_of({.intensity = 2, .backoff = {.initial = 2s, .jitter = 0}}, [&log](supervisor& top) -> task<> {
        co_await top.start({.name = "a"}, failing_after, 1s);
        co_await top.start({.name = "b"}, slow_to_stop, std::ref(log), "b", 3s);
        co_await sleep_for(1500ms);
      });
  CHECK(told.find("/a#2") == std::string::npos);
  CHECK(told.find("4500 /b#1 stopped") != std::string::npos);
}
