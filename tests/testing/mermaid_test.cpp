#include <troupe/testing/mermaid.hpp>

#include <tests/catch.hpp>
#include <tests/testing/crashing_actors.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/task_group.hpp>

#include <string>

using namespace troupe;
using namespace troupe::tests;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

task<> sends(sender<int> out) {
  for (int i = 0; i < 400; ++i)
    co_await out.send(i);
}

task<> receives(receiver<int> in) {
  while (auto item = co_await in.receive()) {
  }
}

task<> stream() {
  mailbox<int> queue{capacity{1}};
  co_await in_task_group([&](task_group& group) {
    group.start({.name = "source"}, sends, queue.sender());
    group.start({.name = "sink"}, receives, queue.receiver());
  });
}

task<> sends_one(sender<int> out) { co_await out.send(1); }

task<> crowd_of_senders() {
  mailbox<int> queue{capacity{1}};
  co_await in_task_group([&](task_group& group) {
    for (int i = 0; i < 50; ++i)
      group.start({.name = "one_of_many_with_a_long_name"}, sends_one, queue.sender());
    group.start({.name = "sink"}, receives, queue.receiver());
  });
}

} // namespace

TEST_CASE("a run as a Mermaid diagram has participants, what they sent, and what became of them", "[testing]") {
  const kept_run run{crashing_actors};
  CHECK(to_mermaid(run.seen()) == R"(sequenceDiagram
  participant f5 as /bank
  participant f6 as /1:customer
  Note over f5: run 1 starts
  Note over f5: run 1 is ready
  f6-)f5: sends
  f6->>f5: asks (ask 7)
  Note over f5,f6: 0.005000 s
  f5-->>f6: answers (ask 7)
  f6-)f5: sends
  Note over f5: run 1 failed: no #35;money#59; #34;none#34;
  Note over f5: run 1 restarts at once
  Note over f5: run 2 starts
  Note over f5: run 2 is ready
  Note over f5,f6: 1.005000 s
  f6->>f5: asks (ask 8)
  Note over f5,f6: 1.010000 s
  f5-->>f6: answers (ask 8)
  Note over f5: is cancelled: shutdown
  Note over f5: run 2 is asked to stop, and has 5 s
  Note over f5: run 2 has stopped
  Note over f5: run 2 is no child any more
)");
}

TEST_CASE("an ask that nobody begins, and an item that nobody takes, are notes of who sent them", "[testing]") {
  const kept_run run{[]() -> task<> {
    co_await supervise({}, [](supervisor& top) -> task<> {
      const auto idle = [](inbox<account_message>) -> task<> { co_await sleep_for(std::chrono::hours{1}); };
      const auto deaf = co_await top.start_actor({.name = "deaf", .capacity = 2}, idle);
      co_await deaf.tell<deposit>(1);
      static_cast<void>(co_await move_on_after(std::chrono::seconds{1}, [](actor_ref<account_message> to) -> task<> {
        static_cast<void>(co_await to.ask<balance>());
      }(deaf)));
    });
  }};
  const std::string text = to_mermaid(run.seen());
  INFO(text);
  CHECK(contains(text, "as /\n"));
  CHECK(contains(text, ": sends to mailbox "));
  CHECK(contains(text, ": nobody takes it\n"));
  CHECK(contains(text, "is cancelled: deadline\n"));
  CHECK(contains(text, ": its ask has failed: not_started (ask "));
}

TEST_CASE("names and errors of users can neither end a line of a Mermaid diagram nor mean something in it",
          "[testing]") {
  const kept_run run{[]() -> task<> {
    co_await supervise({}, [](supervisor& top) -> task<> {
      const auto fails = []() -> task<> {
        throw std::runtime_error("a\nb; %% {c} <d> -->> #e");
        co_return;
      };
      co_await top.start({.name = "x;\ny#<z>", .restart = restart_type::temporary}, fails);
      co_await sleep_for(std::chrono::seconds{1});
    });
  }};
  const std::string text = to_mermaid(run.seen());
  INFO(text);
  CHECK(contains(text, " as /x#59;#92;ny#35;#60;z#62;\n"));
  CHECK(contains(text, ": run 1 failed: a#92;nb#59; #37;#37; #123;c#125; #60;d#62; --#62;#62; #35;e\n"));
}

TEST_CASE("of a long run a Mermaid diagram has the end, as long as it may be, and says how much it has left out",
          "[testing]") {
  const kept_run run{stream};
  const std::string all = to_mermaid(run.seen());
  CHECK_FALSE(contains(all, "left out"));
  std::size_t sends_in_all = 0;
  for (std::size_t at = all.find(": sends\n"); at != all.npos; at = all.find(": sends\n", at + 1))
    ++sends_in_all;
  CHECK(sends_in_all == 400);
  for (const std::size_t most : {350U, 1'000U, 5'000U}) {
    const std::string some = to_mermaid(run.seen(), most);
    INFO(some);
    CHECK(some.size() <= most);
    CHECK(some.size() + 250 > most);
    CHECK(some.rfind("sequenceDiagram\n", 0) == 0);
    CHECK(contains(some, " earlier messages and notes are left out\n"));
    const std::size_t last = some.rfind("\n  f");
    CHECK(all.substr(all.size() - (some.size() - last)) == some.substr(last));
  }
  CHECK(to_mermaid(run.seen(), 0).size() < 120);
  const kept_run crowd{crowd_of_senders};
  CHECK(to_mermaid(crowd.seen(), 2'000).size() <= 2'000);
}
