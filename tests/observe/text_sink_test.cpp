#include <troupe/observe/text_sink.hpp>

#include <tests/catch.hpp>
#include <tests/supervision/children.hpp>

#include <troupe/simulation/simulator.hpp>
#include <troupe/supervision/supervisor.hpp>
#include <troupe/supervision/tree_event.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

class counting_sink final : public event_sink {
public:
  explicit counting_sink(bool takes_fiber_events) : takes_(takes_fiber_events) {}
  void on_event(const event&) noexcept override { ++events; }
  void on_tree_event(const tree_event&) noexcept override { ++tree_events; }
  bool takes_fiber_events() const noexcept override { return takes_; }

  int events = 0;
  int tree_events = 0;

private:
  const bool takes_;
};

template <class Body>
std::string told_of(supervisor_options options, Body body, event_sink* next = nullptr) {
  std::string text;
  text_sink told{[&text](std::string_view line) { text += line; }, next};
  simulator simulated{{.sink = &told}};
  const outcome<> ended = simulated.run([&]() -> task<> {
    co_await sleep_for(1h); // the story begins later
    static_cast<void>(co_await as_outcome(supervise(options, body)));
  });
  CHECK(ended.has_value());
  return text;
}

std::string words_of(tree_event happened) { return detail::in_words(happened); }

exit_reason failure(const char* what) { return {exit_kind::failed, std::make_exception_ptr(std::runtime_error(what))}; }

} // namespace

TEST_CASE("a sink of text tells the story of a tree with times, paths and causes", "[observe]") {
  const std::string told =
      told_of({.intensity = 1, .period = 5s, .backoff = {.initial = 2s, .jitter = 0}}, [](supervisor& top) -> task<> {
        co_await top.start({.name = "steady", .shutdown = 1s}, serving);
        co_await top.start({.name = "db"}, failing_after, 1s);
        co_await top.run();
      });
  CHECK(told == "    0.000  /steady #1                starts\n"
                "    0.000  /steady #1                is ready\n"
                "    0.000  /db #1                    starts\n"
                "    0.000  /db #1                    is ready\n"
                "    1.000  /db #1                    failed: it fails\n"
                "    1.000  /db #1                    restarts in 2 s\n"
                "    3.000  /db #2                    starts\n"
                "    3.000  /db #2                    is ready\n"
                "    4.000  /db #2                    failed: it fails\n"
                "    4.000  /                         gives up, that is one restart too many: it fails\n"
                "    4.000  /db #2                    is no child any more\n"
                "    4.000  /steady #1                is asked to stop, and has 1 s\n"
                "    4.000  /steady #1                has stopped\n"
                "    4.000  /steady #1                is no child any more\n");
}

TEST_CASE("a sink of text tells of a child that does not end", "[observe]") {
  std::string log;
  const std::string told = told_of({}, [&log](supervisor& top) -> task<> {
    co_await top.start({.name = "stuck", .shutdown = 1s, .abandon_after = 1500ms}, slow_to_stop, std::ref(log),
                       std::string("stuck"), 1min);
  });
  CHECK(told == "    0.000  /stuck #1                 starts\n"
                "    0.000  /stuck #1                 is ready\n"
                "    0.000  /stuck #1                 is asked to stop, and has 1 s\n"
                "    1.000  /stuck #1                 is killed, and has 1.5 s to clean up\n"
                "    2.500  /stuck #1                 does not end: abandoned\n"
                "    2.500  /stuck #1                 is no child any more\n");
}

TEST_CASE("each end of a child has words of its own", "[observe]") {
  const auto ended = [](exit_reason how) {
    return words_of({.time = {}, .kind = tree_event_kind::ended, .path = "/a", .reason = how});
  };
  CHECK(ended({}) == "has ended");
  CHECK(ended({exit_kind::cancelled}) == "was cancelled");
  CHECK(ended({exit_kind::killed}) == "was killed");
  CHECK(ended({exit_kind::failed}) == "failed");
  CHECK(ended(failure("refused")) == "failed: refused");
  const auto stopped = [](exit_reason how) {
    return words_of({.time = {}, .kind = tree_event_kind::stopped, .path = "/a", .reason = how});
  };
  CHECK(stopped({}) == "has stopped, with its work done");
  CHECK(stopped({exit_kind::cancelled}) == "has stopped");
  CHECK(stopped({exit_kind::killed}) == "has stopped, killed");
  CHECK(stopped(failure("refused")) == "has stopped, and failed in that: refused");
  CHECK(words_of({.time = {}, .kind = tree_event_kind::restarting, .path = "/a"}) == "restarts at once");
  CHECK(words_of({.time = {}, .kind = tree_event_kind::stopping, .path = "/a", .wait = duration::max()}) ==
        "is asked to stop, and has as long as it takes");
}

TEST_CASE("what users call things, and what their errors say, stays in the line of its event", "[observe]") {
  std::string text;
  text_sink told{[&text](std::string_view line) { text += line; }};
  told.on_tree_event({.time = {},
                      .kind = tree_event_kind::ended,
                      .path = "/a\nb\x1b[2J",
                      .incarnation = 1,
                      .reason = failure("two\nlines")});
  CHECK(text == "    0.000  /a\\nb\\x1b[2J #1           failed: two\\nlines\n");
}

TEST_CASE("long paths move the column of the words to the right, up to a limit", "[observe]") {
  std::vector<std::string> lines;
  text_sink told{[&lines](std::string_view line) { lines.emplace_back(line); }};
  for (const std::size_t length : {2U, 40U, 3U, 80U, 4U})
    told.on_tree_event(
        {.time = {}, .kind = tree_event_kind::begun, .path = "/" + std::string(length - 1, 'x'), .incarnation = 7});
  REQUIRE(lines.size() == 5);
  CHECK(lines[0].find("starts") == 37);
  CHECK(lines[1].find("starts") == 11 + 43 + 2);
  CHECK(lines[2].find("starts") == 11 + 43 + 2);
  CHECK(lines[3].find("starts") == 11 + 83 + 2);
  CHECK(lines[4].find("starts") == 11 + 48 + 2);
}

TEST_CASE("a sink of text passes on all events, and those of fibers only to who takes them", "[observe][G3]") {
  for (const bool takes : {false, true}) {
    counting_sink next{takes};
    static_cast<void>(told_of(
        {}, [](supervisor& top) -> task<> { co_await top.start({.name = "a"}, serving); }, &next));
    CHECK(next.tree_events == 5);
    CHECK((next.events != 0) == takes);
  }
}

TEST_CASE("a sink of text writes to a file", "[observe]") {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  text_sink told{file};
  told.on_tree_event({.time = {}, .kind = tree_event_kind::begun, .path = "/a", .incarnation = 1});
  std::rewind(file);
  char line[80] = {};
  REQUIRE(std::fgets(line, sizeof line, file) != nullptr);
  CHECK(std::string(line) == "    0.000  /a #1                     starts\n");
  std::fclose(file);
}
