// Trio's cases that need threads or the real clock.

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <atomic>
#include <functional>
#include <thread>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

task<> endless() { co_await tests::wait_for_ever(); }

/// Starts its successor with its last breath, until its group is cancelled.
task<> goes_on_and_on(task_group& group, std::atomic<long>& generations) {
  generations.fetch_add(1);
  group.start(goes_on_and_on, std::ref(group), std::ref(generations));
  co_return;
}

} // namespace

TEST_CASE("a limit on the real clock passes no sooner than it should, and not much later",
          "[conformance][stress][TR-040]") {
  static constexpr duration limit = 200ms;
  thread_pool_executor pool{1};
  bool in_range = false;
  for (int attempt = 0; attempt < 4 && !in_range; ++attempt) { // a busy machine may be late, but hardly four times
    const instant begun = pool.time().now();
    const auto ended = pool.run([]() -> task<> {
      const bool in_time = co_await move_on_after(limit, endless());
      CHECK_FALSE(in_time);
    });
    CHECK(ended.has_value());
    const duration took = pool.time().now() - begun;
    CHECK(took >= limit);
    in_range = took < 2 * limit;
  }
  CHECK(in_range);
}

TEST_CASE("children that start their successor on and on leave others their turns", "[conformance][stress][TR-064]") {
  for (const std::size_t threads : {1U, 2U}) {
    thread_pool_executor pool{threads};
    std::atomic<long> generations{0};
    const auto ended = pool.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start(goes_on_and_on, std::ref(group), std::ref(generations));
        for (int turns = 0; turns < 20; ++turns) // hangs when it gets none
          co_await yield();
        group.cancel();
      });
    });
    CHECK(ended.has_value());
    CHECK(generations.load() > 0);
  }
}

TEST_CASE("every item from a plain thread wakes the fiber that waits for it, and the thread is told of the end",
          "[conformance][stress][TR-065]") {
  const int items = static_cast<int>(tests::seeds(5'000));
  for (const std::size_t threads : {1U, 2U}) {
    thread_pool_executor pool{threads};
    mailbox<int> box{capacity{1}}; // so that the fiber waits for nearly each of them
    long told = 0;
    std::thread outside{[out = box.sender(), &told] {
      for (;;) {
        const send_status sent = out.try_send(1);
        if (sent == send_status::closed)
          return;
        told += sent == send_status::accepted ? 1 : 0;
        std::this_thread::yield();
      }
    }};
    const auto ended = pool.run(
        [items](receiver<int> in) -> task<long> {
          long seen = 0;
          for (int i = 0; i < items; ++i) { // hangs when a wake is lost
            auto item = co_await in.receive();
            seen += *item;
          }
          co_return seen;
        },
        box.receiver());
    outside.join();
    outcome<long> got = ended;
    CHECK(got.value() == items);
    CHECK(told >= items);
  }
}

TEST_CASE("a plain thread starts children in a group that is open, and each of them runs",
          "[conformance][stress][TR-065]") {
  const int children = static_cast<int>(tests::seeds(5'000));
  thread_pool_executor pool{2};
  const mailbox<task_group*> opened{capacity{1}};
  const mailbox<int> ran{capacity{16}};
  auto top = make_root(pool, [&]() -> task<> {
    const auto in = ran.receiver();
    const auto out = opened.sender();
    co_await in_task_group([&](task_group& group) -> task<> {
      co_await out.send(&group);
      for (int i = 0; i < children; ++i) {
        auto item = co_await in.receive();
        static_cast<void>(item);
      }
    });
  });
  const receiver<task_group*> in = opened.receiver();
  const sender<int> out = ran.sender();
  top->start();
  task_group* group = nullptr;
  while (group == nullptr)
    if (auto item = in.try_receive())
      group = *item;
  for (int i = 0; i < children; ++i) // the group is open: its body waits for all of them
    group->start([](sender<int> to) -> task<> { co_await to.send(1); }, out);
  top->wait();
  CHECK(top->take().has_value());
}
