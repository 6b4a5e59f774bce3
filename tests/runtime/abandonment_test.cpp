// Children that their supervisor has abandoned, at the end of a runtime.

#include <troupe/runtime/runtime.hpp>

#include "child_process.hpp"

#include <tests/catch.hpp>
#include <tests/scope/waits.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/supervision/supervised_actor.hpp>
#include <troupe/supervision/supervisor.hpp>
#include <troupe/supervision/tree_event.hpp>

#include <atomic>
#include <memory>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

using flag = std::shared_ptr<std::atomic<bool>>;

/// Never waits, until it is let go.
task<> keeps_its_thread(flag let_go, flag runs) {
  *runs = true;
  while (!*let_go)
    continue;
  co_return;
}

task<> leaves_one_behind(flag let_go) {
  const flag runs = std::make_shared<std::atomic<bool>>(false);
  co_await supervise({}, [&](supervisor& top) -> task<> {
    co_await top.start({.name = "stuck", .shutdown = 1ms, .abandon_after = 1ms}, keeps_its_thread, let_go, runs);
    while (!*runs)
      co_await yield();
  });
}

/// The path of what was abandoned, and nothing else.
class abandonments final : public event_sink {
public:
  void on_event(const event&) noexcept override {}
  void on_tree_event(const tree_event& told) noexcept override {
    if (told.kind == tree_event_kind::abandoned)
      paths_ += std::string(told.path) + " ";
  }
  const std::string& paths() const { return paths_; }

private:
  std::string paths_;
};

runtime_options two_workers(duration shutdown_limit) {
  return {.workers = 2, .shutdown_limit = shutdown_limit, .slow_slice = 1h};
}

} // namespace

TEST_CASE("a runtime waits at its end for a child that was abandoned", "[runtime][A10]") {
  if (in_child_process()) {
    const flag let_go = std::make_shared<std::atomic<bool>>(false);
    {
      runtime here{two_workers(1h)};
      if (!here.run(leaves_one_behind, let_go).has_value() || here.fibers().abandoned() != 1)
        end_child(1);
      tell_parent("the root has ended");
      *let_go = true;
    }
    tell_parent("the runtime has ended");
    end_child(0);
  }
  child_process child;
  CHECK(child.wait_for_end() == 0);
  CHECK(child.output == "the root has ended\nthe runtime has ended\n");
}

TEST_CASE("a child that was abandoned and never ends is counted at the limit, and the process ends", "[runtime][A10]") {
  if (in_child_process()) {
    {
      runtime here{two_workers(20ms)};
      if (!here.run(leaves_one_behind, std::make_shared<std::atomic<bool>>(false)).has_value())
        end_child(1);
      tell_parent("the root has ended");
    }
    end_child(2);
  }
  child_process child;
  CHECK(child.wait_for_end() == runtime_options{}.stuck_exit_code);
  CHECK(child.output == "the root has ended\n"
                        "troupe: shutdown took longer than its limit of 20 ms; still running:\n"
                        "  1 child that a supervisor has abandoned, not ended\n");
}

TEST_CASE("an actor that never waits is abandoned behind its grace, and told by its path, and its supervisor goes on",
          "[runtime][A10]") {
  struct word {};
  abandonments told;
  runtime_options options = two_workers(1h);
  options.sink = &told;
  runtime here{options};
  const flag let_go = std::make_shared<std::atomic<bool>>(false);
  const flag runs = std::make_shared<std::atomic<bool>>(false);
  const auto root = [&]() -> task<> {
    const auto body = [&](supervisor& top) -> task<> {
      const auto spins = [](inbox<message<word>>, flag until, flag begun) { return keeps_its_thread(until, begun); };
      const actor_spec spec{.name = "stuck", .shutdown = 1ms, .abandon_after = 1ms};
      co_await top.start_actor(spec, spins, let_go, runs);
      while (!*runs)
        co_await yield();
      co_await top.stop("stuck");
      CHECK(here.fibers().abandoned() == 1);
      CHECK(top.count().listed == 0);
      const supervised next = co_await top.start({.name = "next"}, sleep_for_ever);
      CHECK(next.state() == child_status::running);
      *let_go = true;
    };
    co_await supervise({}, body);
  };
  CHECK(here.run(root).has_value());
  CHECK(told.paths() == "/stuck ");
}
