#include <troupe/scope/snapshot.hpp>

#include <tests/catch.hpp>

#include <troupe/scope/root.hpp>
#include <troupe/scope/thread_pool_executor.hpp>
#include <troupe/supervision/supervised_actor.hpp>

#include <atomic>
#include <thread>

using namespace troupe;

namespace {

struct job {};
struct question {
  reply<int> to;
};
using work = message<job, question>;

task<> hangs(inbox<work> in, const std::atomic<bool>& let_go) {
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](job&) {
          while (!let_go.load())
            std::this_thread::yield();
        },
        [](question& asked) { asked.to(1); });
}

task<> asks(actor_ref<work> whom) { co_await whom.ask<question>(); }

task<> program(const std::atomic<bool>& let_go) {
  const auto block = [&](supervisor& top) -> task<> {
    const auto stuck = co_await top.start_actor({.name = "stuck", .capacity = 7}, hangs, std::cref(let_go));
    co_await stuck.tell<job>();
    co_await stuck.tell<job>();
    co_await top.start({.name = "client", .restart = restart_type::temporary}, asks, stuck);
    co_await top.run();
  };
  co_await supervise({}, block);
}

} // namespace

TEST_CASE("a snapshot tells without the help of an actor that hangs what it has, what it keeps waiting, and whom",
          "[scope][G2][stress]") {
  thread_pool_executor pool{2};
  std::atomic<bool> let_go{false};
  auto top = make_root(pool, program, std::cref(let_go));
  top->start();
  tree_snapshot seen;
  do {
    std::this_thread::yield();
    seen = take_snapshot(*top);
  } while (seen.nodes.size() != 4 || !seen.nodes[3].wait || !seen.nodes[2].mailbox || !seen.nodes[2].in_hand ||
           seen.nodes[2].mailbox->depth != 2);
  const tree_node& stuck = seen.nodes[2];
  CHECK(seen.path(2) == "/stuck");
  CHECK(stuck.activity == node_activity::runs);
  CHECK(stuck.state == "running");
  CHECK(stuck.incarnation == 1);
  CHECK(stuck.mailbox->capacity == 7);
  CHECK(stuck.in_hand->type.ends_with("job"));
  CHECK(stuck.in_hand->held);
  CHECK(seen.path(3) == "/client");
  CHECK(seen.nodes[3].wait->to == "ask");
  CHECK(seen.nodes[3].wait->on == std::size_t{2});
  let_go.store(true);
  top->cancel();
  top->wait();
}
