// What a supervised child releases, whichever way one of its runs ends.

#include <troupe/supervision/supervised_actor.hpp>

#include "children.hpp"

#include <tests/catch.hpp>

#include <troupe/mailbox/mailbox.hpp>

#include <functional>
#include <stdexcept>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Releases what it has, last first, and says why; the second one takes its time.
task<> with_two(receiver<int> failures, std::string& log) {
  co_await in_exit_stack([&](exit_stack& stack) -> task<> {
    const auto let_go = [](const outcome<>& ended, std::string& to, const char* what, duration takes) -> task<> {
      to += what + std::string(ended.has_error() ? " failed, " : ended.cancelled() ? " stopped, " : " done, ");
      co_await sleep_for(takes);
      to += what + std::string(" gone; ");
    };
    stack.push(let_go, std::ref(log), "file", duration{0s});
    stack.push(let_go, std::ref(log), "lock", duration{1s});
    if (auto failure = co_await failures.receive())
      throw std::runtime_error("it fails");
  });
}

} // namespace

TEST_CASE("a child releases the same in the same order before a restart, at a stop and at the end, and knows which",
          "[supervision][E4]") {
  std::string log;
  std::string traces;
  const auto next = [&log, &traces] { // since the last call
    traces += "[" + log + "]";
    log.clear();
  };
  mailbox<int> failures{capacity{1}};
  const sender<int> fail = failures.sender();
  const outcome<> ended = supervised_by({.intensity = 3}, [&](supervisor& top) -> task<> {
    const supervised child = co_await top.start({.name = "it"}, with_two, failures.receiver(), std::ref(log));
    co_await fail.send(1);
    co_await sleep_for(2s);
    CHECK(child.incarnation() == 2);
    next(); // a restart
    co_await top.stop("it");
    next();
    co_await top.restart("it");
    child.kill();
    co_await sleep_for(2s);
    CHECK(child.incarnation() == 4);
    next(); // a kill, and a restart
    child.cancel();
    co_await sleep_for(2s);
    next();
  });
  next(); // the end of its supervisor
  CHECK(ended.has_value());
  const std::string stopped = "[lock stopped, lock gone; file stopped, file gone; ]";
  CHECK(traces == "[lock failed, lock gone; file failed, file gone; ]" + stopped + stopped + stopped + stopped);
}
