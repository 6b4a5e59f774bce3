#include <troupe/runtime/runtime.hpp>

#include "child_process.hpp"

#include <tests/catch.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/offload.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <atomic>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <thread>

using namespace troupe;
using namespace std::chrono_literals;
using tests::child_process;
using tests::end_child;
using tests::in_child_process;
using tests::tell_parent;

namespace {

struct says_gone {
  ~says_gone() { tell_parent("gone"); }
};

task<int> add(int a, std::unique_ptr<int> b) {
  co_await sleep_for(1ms);
  co_return a + *b;
}

task<> fails() {
  co_await yield();
  throw std::runtime_error("on purpose");
}

task<> waits_for_ever() { co_await sleep_for(1000h); }

task<> serves() {
  const says_gone guard;
  co_await sleep_for(1000h);
}

task<> root_with_services() {
  co_await in_task_group([](task_group& group) -> task<> {
    group.start(serves);
    group.start(serves);
    co_await sleep_for(1ms); // both run to their wait, or nearly
    tell_parent("ready");
    co_await sleep_for(1000h);
  });
}

task<> never_waits() {
  tell_parent("ready");
  for (bool asked = false;;)
    if (this_fiber::stop_requested() && !asked) { // asks each time: a loop without any effect may be compiled away
      asked = true;
      tell_parent("asked to stop");
    }
  co_return;
}

task<> root_with_a_stuck_child() {
  co_await in_task_group([](task_group& group) {
    group.start(waits_for_ever);
    group.start(never_waits);
  });
}

struct left_behind {
  std::atomic<bool> begun{false};
  std::atomic<bool> go_on{false};
};

/// Ends, and leaves behind a function that waits to go on.
task<> root_that_abandons(std::shared_ptr<left_behind> state) {
  const auto blocks = [](const std::shared_ptr<left_behind>& own) {
    tell_parent("running");
    own->begun = true;
    while (!own->go_on)
      std::this_thread::yield();
    tell_parent("returned");
  };
  co_await in_task_group([&](task_group& group) -> task<> {
    group.start([&]() -> task<> { co_await offload_abandon(blocks, state); });
    while (!state->begun)
      co_await sleep_for(1ms);
    group.cancel();
  });
}

task<int> ends_normally_after_a_signal() {
  const bool ended = co_await move_on_after(1000h, in_task_group([](task_group& group) -> task<> {
                                              tell_parent("ready");
                                              for (;;) { // without a wait: nothing is stopped
                                                if (this_fiber::stop_requested())
                                                  break;
                                              }
                                              group.cancel();
                                              co_return;
                                            }));
  co_return ended ? 5 : 6;
}

} // namespace

TEST_CASE("a runtime runs a task with its arguments and gives the value", "[runtime]") {
  runtime here{runtime_options{.workers = 2}};
  CHECK(here.workers() == 2);
  CHECK(here.run(add, 40, std::make_unique<int>(2)).value() == 42);
  CHECK(here.run(add, 1, std::make_unique<int>(1)).value() == 2);
  CHECK(here.signalled() == 0);
}

TEST_CASE("a runtime gives the error of its root", "[runtime]") {
  runtime here{runtime_options{.workers = 1}};
  const outcome<> ended = here.run(fails);
  REQUIRE(ended.has_error());
  CHECK(message_of(ended.error()) == "on purpose");
}

TEST_CASE("a requested shutdown cancels the root, and every root after it", "[runtime]") {
  runtime here{runtime_options{.workers = 2}};
  const auto asks = [&here]() -> task<> {
    here.request_shutdown();
    co_await waits_for_ever();
  };
  const outcome<> first = here.run(std::ref(asks));
  REQUIRE(first.cancelled());
  CHECK(first.cause().reason == cancel_reason::shutdown);
  CHECK(here.signalled() == 0);
  CHECK(here.run(waits_for_ever).cancelled());
}

TEST_CASE("runtimes without signals can live side by side", "[runtime]") {
  runtime one{runtime_options{.workers = 1, .handle_signals = false}};
  runtime other{runtime_options{.workers = 1, .handle_signals = false}};
  CHECK(one.run(add, 1, std::make_unique<int>(2)).value() == 3);
  CHECK(other.run(add, 3, std::make_unique<int>(4)).value() == 7);
}

TEST_CASE("what main returns follows the outcome", "[runtime]") {
  CHECK(exit_code_of(outcome<>{}, 0) == 0);
  CHECK(exit_code_of(outcome<int>{3}, 0) == 3);
  CHECK(exit_code_of(outcome<int>{3}, SIGINT) == 3);
  const cancel_cause shutdown{cancel_reason::shutdown, 0};
  CHECK(exit_code_of(outcome<>{shutdown}, SIGINT) == 130);
  CHECK(exit_code_of(outcome<int>{shutdown}, SIGTERM) == 143);
}

// ---- what ends a process: each case runs itself once more, as the child
// ----------------------------------------------

TEST_CASE("SIGINT cancels the root, cleanup runs, and the exit code is 130", "[runtime][TR-048]") {
  if (in_child_process())
    end_child(troupe::run(root_with_services));
  child_process child;
  child.wait_for("ready");
  child.send(SIGINT);
  CHECK(child.wait_for_end() == 130);
  CHECK(child.output == "ready\ngone\ngone\n");
}

TEST_CASE("SIGTERM cancels the root, cleanup runs, and the exit code is 143", "[runtime]") {
  if (in_child_process())
    end_child(troupe::run(root_with_services));
  child_process child;
  child.wait_for("ready");
  child.send(SIGTERM);
  CHECK(child.wait_for_end() == 143);
  CHECK(child.output == "ready\ngone\ngone\n");
}

TEST_CASE("a root that ends normally in spite of a signal keeps its exit code", "[runtime]") {
  if (in_child_process())
    end_child(troupe::run(ends_normally_after_a_signal));
  child_process child;
  child.wait_for("ready");
  child.send(SIGINT);
  CHECK(child.wait_for_end() == 5);
}

TEST_CASE("a second signal prints who still runs and ends the process", "[runtime]") {
  if (in_child_process())
    end_child(troupe::run(root_with_a_stuck_child));
  child_process child;
  child.wait_for("ready");
  child.send(SIGTERM);
  child.wait_for("asked to stop");
  child.send(SIGINT); // another one: of two that are the same and come at once one is made
  CHECK(child.wait_for_end() == 130);
  INFO(child.output);
  CHECK(child.output.find("troupe: a second signal, SIGINT; still running:\n") != std::string::npos);
  CHECK(child.output.find("  /   waits to join its children for ") != std::string::npos);
  CHECK(child.output.find("  /1  runs  is being stopped\n") != std::string::npos);
}

TEST_CASE("a signal that comes twice at once stops as one does", "[runtime]") {
  if (in_child_process()) {
    struct sends_it_again {
      ~sends_it_again() { ::kill(::getpid(), SIGTERM); }
    };
    runtime here;
    const outcome<> ended = here.run([]() -> task<> {
      const sends_it_again when_it_is_stopped;
      tell_parent("ready");
      co_await sleep_for(1h);
    });
    tell_parent("the root has ended");
    end_child(exit_code_of(ended, here.signalled()));
  }
  child_process child;
  child.wait_for("ready");
  child.send(SIGTERM);
  CHECK(child.wait_for_end() == 143);
  CHECK(child.output == "ready\nthe root has ended\n");
}

TEST_CASE("a root that does not end within the limit is reported, and the process ends", "[runtime][E5]") {
  if (in_child_process()) {
    runtime here{runtime_options{.shutdown_limit = 20ms}};
    end_child(exit_code_of(here.run(root_with_a_stuck_child), here.signalled()));
  }
  child_process child;
  child.wait_for("ready");
  child.send(SIGTERM);
  CHECK(child.wait_for_end() == runtime_options{}.stuck_exit_code);
  INFO(child.output);
  CHECK(child.output.find("troupe: shutdown took longer than its limit of 20 ms; still running:\n") !=
        std::string::npos);
  CHECK(child.output.find("  /1  runs  is being stopped\n") != std::string::npos);
}

TEST_CASE("what outlives a process that a second signal ends is put back first", "[runtime]") {
  if (in_child_process()) {
    runtime here{runtime_options{.before_exit = []() noexcept { tell_parent("put back"); }}};
    end_child(exit_code_of(here.run(root_with_a_stuck_child), here.signalled()));
  }
  child_process child;
  child.wait_for("ready");
  child.send(SIGTERM);
  child.wait_for("asked to stop");
  CHECK(child.output.find("put back") == std::string::npos);
  child.send(SIGINT);
  CHECK(child.wait_for_end() == 130);
  CHECK(child.output.find("put back\ntroupe: a second signal, SIGINT; still running:\n") != std::string::npos);
}

TEST_CASE("SIGUSR1 prints a snapshot of the tree, without the help of whoever hangs, and stops nothing",
          "[runtime][G2]") {
  if (in_child_process()) {
    runtime here{runtime_options{.workers = 2}};
    end_child(exit_code_of(here.run(root_with_a_stuck_child), here.signalled()));
  }
  child_process child;
  child.wait_for("ready");
  do { // an idle worker takes the sleeper away from behind the stuck one soon
    child.output.clear();
    child.send(SIGUSR1);
    child.wait_for("  /1  runs\n");
  } while (child.output.find("\n  /0  waits to sleep for ") == std::string::npos);
  INFO(child.output);
  CHECK(child.output.find("troupe: a snapshot of the tree:\n  /   waits to join its children for ") !=
        std::string::npos);
  child.send(SIGINT);
  child.wait_for("asked to stop");
  child.send(SIGTERM);
  CHECK(child.wait_for_end() == 143);
}

TEST_CASE("a snapshot that nobody reads does not hold up a stop", "[runtime][G2]") {
  if (in_child_process()) {
    fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4'096);
    runtime here{runtime_options{.workers = 2}};
    const outcome<> ended = here.run([]() -> task<> {
      co_await in_task_group([](task_group& group) -> task<> {
        for (int i = 0; i < 500; ++i)
          group.start(waits_for_ever);
        kill(getpid(), SIGUSR1);
        co_await sleep_for(1ms);
        kill(getpid(), SIGTERM);
      });
    });
    end_child(exit_code_of(ended, here.signalled()));
  }
  child_process child;
  child.wait_unread();
  CHECK(child.wait_for_end() == 143);
  CHECK(child.output.starts_with("troupe: a snapshot of the tree:\n"));
}

TEST_CASE("SIGUSR1 does what it did where a runtime is told to leave it, and where it was ignored or has a handler",
          "[runtime][G2]") {
  if (in_child_process()) {
    std::signal(SIGUSR1, SIG_IGN);
    {
      const runtime here;
      kill(getpid(), SIGUSR1);
      tell_parent("ignored");
    }
    std::signal(SIGUSR1, [](int) { tell_parent("handled"); });
    {
      const runtime here;
      kill(getpid(), SIGUSR1);
    }
    std::signal(SIGUSR1, SIG_DFL);
    const runtime here{runtime_options{.snapshot_on_signal = false}};
    kill(getpid(), SIGUSR1);
    end_child(1);
  }
  child_process child;
  CHECK(child.wait_for_end() == -SIGUSR1);
  CHECK(child.output == "ignored\nhandled\n");
}

TEST_CASE("a runtime gives a snapshot of the tree that runs, to any thread", "[runtime][G2]") {
  runtime here{runtime_options{.workers = 2}};
  CHECK(here.snapshot().nodes.empty());
  tree_snapshot from_fiber;
  tree_snapshot from_thread;
  const auto looks = [&](task_group& group) -> task<> {
    group.start({.name = "waits"}, waits_for_ever);
    co_await sleep_for(1ms);
    from_fiber = here.snapshot();
    co_await offload([&] { from_thread = here.snapshot(1); });
    group.cancel();
  };
  CHECK(here.run([&] { return in_task_group(std::ref(looks)); }).has_value());
  REQUIRE(from_fiber.nodes.size() == 2);
  CHECK(from_fiber.nodes[0].activity == node_activity::runs);
  CHECK(from_fiber.path(1) == "/waits");
  REQUIRE(from_thread.nodes.size() == 1);
  CHECK(from_thread.omitted == 1);
  REQUIRE(from_thread.nodes[0].wait);
  CHECK(from_thread.nodes[0].wait->to == "offload");
}

TEST_CASE("a signal requests the token of an offloaded function, and the root ends when it has returned",
          "[runtime][B8]") {
  if (in_child_process()) {
    end_child(troupe::run([]() -> task<> {
      co_await offload([](const std::stop_token& stop) {
        tell_parent("ready");
        while (!stop.stop_requested())
          std::this_thread::yield();
        tell_parent("returned");
      });
      tell_parent("delivered");
      co_await checkpoint();
      tell_parent("never told");
    }));
  }
  child_process child;
  child.wait_for("ready");
  child.send(SIGINT);
  CHECK(child.wait_for_end() == 130);
  CHECK(child.output == "ready\nreturned\ndelivered\n");
}

TEST_CASE("an offloaded function that does not return is reported by its fiber, and the process ends",
          "[runtime][B8]") {
  if (in_child_process()) {
    runtime here{runtime_options{.shutdown_limit = 20ms}};
    end_child(exit_code_of(here.run([]() -> task<> {
      co_await offload([] {
        tell_parent("ready");
        for (;;)
          std::this_thread::yield();
      });
    }),
                           here.signalled()));
  }
  child_process child;
  child.wait_for("ready");
  child.send(SIGTERM);
  CHECK(child.wait_for_end() == runtime_options{}.stuck_exit_code);
  INFO(child.output);
  CHECK(child.output.find("  /  waits to offload for ") != std::string::npos);
  CHECK(child.output.find("left behind") == std::string::npos);
}

TEST_CASE("a runtime waits at its end for a function that was abandoned", "[runtime][B8]") {
  if (in_child_process()) {
    const auto state = std::make_shared<left_behind>();
    std::thread later;
    {
      runtime here;
      if (!here.run(root_that_abandons, state).has_value())
        end_child(1);
      tell_parent("the root has ended");
      later = std::thread{[state] { state->go_on = true; }};
    }
    tell_parent("the runtime has ended");
    later.join();
    end_child(0);
  }
  child_process child;
  CHECK(child.wait_for_end() == 0);
  CHECK(child.output == "running\nthe root has ended\nreturned\nthe runtime has ended\n");
}

TEST_CASE("an abandoned function that never returns is counted at the limit, and the process ends", "[runtime][B8]") {
  if (in_child_process()) {
    {
      runtime here{runtime_options{.shutdown_limit = 20ms}};
      if (!here.run(root_that_abandons, std::make_shared<left_behind>()).has_value())
        end_child(1);
      tell_parent("the root has ended");
    }
    end_child(2);
  }
  child_process child;
  CHECK(child.wait_for_end() == runtime_options{}.stuck_exit_code);
  CHECK(child.output == "running\nthe root has ended\n"
                        "troupe: shutdown took longer than its limit of 20 ms; still running:\n"
                        "  1 function left behind by offload_abandon, not returned\n");
}

TEST_CASE("a second signal ends the process while it waits for an abandoned function", "[runtime][B8]") {
  if (in_child_process()) {
    {
      runtime here{runtime_options{.shutdown_limit = 1h}};
      if (!here.run(root_that_abandons, std::make_shared<left_behind>()).has_value())
        end_child(1);
      here.request_shutdown();
      tell_parent("the root has ended");
    }
    end_child(2);
  }
  child_process child;
  child.wait_for("the root has ended");
  child.send(SIGTERM);
  child.send(SIGINT); // another one: the system may make one of two that are the same
  CHECK(child.wait_for_end() > 128);
  INFO(child.output);
  CHECK(child.output.find("troupe: a second signal, ") != std::string::npos);
  CHECK(child.output.find("  1 function left behind by offload_abandon, not returned\n") != std::string::npos);
}

TEST_CASE("run prints an error group line by line and returns 1", "[runtime]") {
  if (in_child_process()) {
    end_child(troupe::run([]() -> task<> {
      co_await in_task_group([](task_group& group) {
        group.start(fails);
        group.start(waits_for_ever);
      });
    }));
  }
  child_process child;
  CHECK(child.wait_for_end() == 1);
  CHECK(child.output == "troupe: 1 failure in a task group; child 0: on purpose\n  child 0: on purpose\n");
}

TEST_CASE("run prints what failed in the cleanup of an error below it", "[runtime][B5]") {
  if (in_child_process()) {
    end_child(troupe::run([]() -> task<> {
      const auto block = [](exit_stack& stack) -> task<> {
        stack.push([] { throw std::runtime_error("no connection"); });
        co_await fails();
      };
      co_await in_exit_stack([&](exit_stack& stack) -> task<> {
        stack.push([] { throw std::runtime_error("disk full"); });
        co_await in_task_group([&](task_group& group) { group.start([&] { return in_exit_stack(block); }); });
      });
    }));
  }
  child_process child;
  CHECK(child.wait_for_end() == 1);
  CHECK(child.output == "troupe: 1 failure in a task group; child 0: on purpose\n"
                        "  then its cleanup: disk full\n"
                        "  child 0: on purpose\n"
                        "    then its cleanup: no connection\n");
}

TEST_CASE("a write to a closed pipe is an error, not the end of the process", "[runtime]") {
  if (in_child_process()) {
    end_child(troupe::run([]() -> task<int> {
      int ends[2];
      if (pipe2(ends, O_CLOEXEC) != 0)
        co_return 2;
      close(ends[0]);
      const bool told = write(ends[1], "x", 1) < 0 && errno == EPIPE;
      close(ends[1]);
      co_return told ? 0 : 3;
    }));
  }
  child_process child;
  CHECK(child.wait_for_end() == 0);
}
