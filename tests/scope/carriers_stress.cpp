#include <troupe/scope/carriers.hpp>

#include "driven_pool.hpp"
#include "tickets.hpp"

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/root.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/steady_time.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <thread>
#include <vector>

using namespace troupe;
using tests::driven_pool;
using tests::tickets;

namespace {

struct match {
  tickets to_ping, to_pong;
  bool over = false;
  int operations = 0;
};

task<> ping(match& game) {
  while (!game.over) {
    game.to_pong.give();
    co_await game.to_ping.take();
    ++game.operations;
  }
  game.to_pong.give();
}

task<> pong(match& game) {
  while (!game.over) {
    co_await game.to_pong.take();
    game.to_ping.give();
    ++game.operations;
  }
}

task<> third(match& game, int& longest_wait) {
  co_await yield();
  for (int turn = 0; turn < 100; ++turn) {
    const int before = game.operations;
    co_await yield();
    longest_wait = std::max(longest_wait, game.operations - before);
  }
  game.over = true;
}

task<> match_with_a_third(match& game, int& longest_wait) {
  co_await in_task_group([&](task_group& group) {
    group.start(third, std::ref(game), std::ref(longest_wait));
    group.start(ping, std::ref(game));
    group.start(pong, std::ref(game));
  });
}

task<> take_many(tickets& from, int count) {
  for (int i = 0; i < count; ++i)
    co_await from.take();
}

task<> leaf(std::atomic<int>& ran) {
  ran.fetch_add(1);
  co_return;
}

task<> spawn_many(int count, std::atomic<int>& ran) {
  co_await in_task_group([&](task_group& group) -> task<> {
    for (int i = 0; i < count; ++i) {
      group.start(leaf, std::ref(ran));
      if (i % 64 == 63)
        co_await yield();
    }
  });
}

} // namespace

TEST_CASE("a third fiber runs within two slices of a ping-pong pair on one carrier", "[scope][stress]") {
  steady_time time;
  driven_pool pool{time, 1};
  match game;
  int longest_wait = 0;
  auto top = make_root(pool, match_with_a_third, std::ref(game), std::ref(longest_wait));
  top->start();
  pool.drain();
  REQUIRE(top->has_ended());
  CHECK(longest_wait > 0);
  CHECK(longest_wait <= 2 * pool.operations_per_slice());
}

TEST_CASE("a fiber that is woken from outside goes back to the carrier that ran it last", "[scope][stress]") {
  steady_time time;
  driven_pool pool{time, 3};
  for (std::size_t started_on : {0u, 1u, 2u}) {
    tickets wakes;
    auto top = make_root(pool, take_many, std::ref(wakes), 4);
    top->start(); // the carriers in turn
    for (int wake = 0; wake < 4; ++wake) {
      REQUIRE(pool.brought() == 1);
      CHECK(&pool.first_brought() == &pool.at(started_on));
      pool.drain();
      REQUIRE_FALSE(top->has_ended());
      wakes.give();
    }
    pool.drain();
    CHECK(top->has_ended());
  }
}

namespace {

struct noted_at_the_end {
  std::vector<int>& into;
  int number;
  ~noted_at_the_end() { into.push_back(number); }
};

task<> wait_and_note(std::vector<int>& ended, int number) {
  const noted_at_the_end note{ended, number};
  co_await sleep_until(instant::max());
}

} // namespace

TEST_CASE("fibers that are woken together run in the order in which they were woken", "[scope][stress]") {
  steady_time time;
  driven_pool pool{time, 1};
  std::vector<int> ended;
  const auto cancelled = [&ended]() -> task<> {
    co_await in_task_group([&ended](task_group& group) -> task<> {
      for (int i = 0; i < 5; ++i)
        group.start(wait_and_note, std::ref(ended), i);
      co_await yield();
      group.cancel(); // reaches the newest child first
    });
  };
  auto top = make_root(pool, std::ref(cancelled));
  top->start();
  pool.drain();
  REQUIRE(top->has_ended());
  CHECK(ended == std::vector<int>{4, 3, 2, 1, 0});
}

TEST_CASE("fibers of several executors that are woken together run each on its own", "[scope][stress]") {
  steady_time time;
  driven_pool here{time, 1};
  driven_pool there{time, 1};
  tickets end;
  std::optional<child<>> awaited;
  std::vector<const executor*> woken_on;
  const auto owner = [&]() -> task<> {
    co_await in_task_group([&](task_group& group) { awaited.emplace(group.start(take_many, std::ref(end), 1)); });
  };
  const auto waiter = [&]() -> task<> {
    co_await awaited->wait_ended();
    woken_on.push_back(&this_fiber::pointer()->runs_on());
  };
  auto top = make_root(here, std::ref(owner));
  top->start();
  here.drain();
  auto first = make_root(here, std::ref(waiter));
  auto second = make_root(there, std::ref(waiter));
  auto third = make_root(here, std::ref(waiter));
  for (auto* each : {first.get(), second.get(), third.get()})
    each->start();
  here.drain();
  there.drain();
  end.give();
  here.drain();
  CHECK(woken_on == std::vector<const executor*>{&here, &here});
  there.drain();
  CHECK(woken_on == std::vector<const executor*>{&here, &here, &there});
}

TEST_CASE("a carrier lets go of its thread after a turn, and goes home without work", "[scope][stress]") {
  steady_time time;
  driven_pool pool{time, 1};
  bool over = false;
  const auto busy = [&over]() -> task<> {
    while (!over)
      co_await yield();
  };
  auto top = make_root(pool, std::ref(busy));
  top->start();
  REQUIRE(pool.brought() == 1);
  for (int turn = 0; turn < 10; ++turn) {
    REQUIRE(pool.at(0).work()); // comes back by itself
    CHECK(pool.sample(0).running == nullptr);
  }
  over = true;
  pool.drain();
  CHECK(top->has_ended());
  CHECK(pool.brought() == 0);
}

TEST_CASE("a fiber that computes for longer than a turn has one slice in it", "[scope][stress]") {
  steady_time time;
  driven_pool pool{time, 1};
  bool over = false;
  int slices = 0;
  const auto busy = [&]() -> task<> {
    while (!over) {
      ++slices;
      for (const instant until = time.now() + carrier_policy::turn; time.now() < until;) {
      }
      co_await yield();
    }
  };
  auto top = make_root(pool, std::ref(busy));
  top->start();
  for (int turn = 1; turn <= 10; ++turn) {
    REQUIRE(pool.at(0).work());
    CHECK(slices == turn);
  }
  over = true;
  pool.drain();
}

TEST_CASE("of fibers that compute for longer than a turn and end one runs in it", "[scope][stress]") {
  steady_time time;
  driven_pool pool{time, 1};
  int ended = 0;
  const auto busy = [&]() -> task<> {
    for (const instant until = time.now() + carrier_policy::turn; time.now() < until;) {
    }
    ++ended;
    co_return;
  };
  const auto short_one = []() -> task<> { co_return; };
  std::vector<std::unique_ptr<root<void>>> roots;
  for (int i = 0; i < 100; ++i) { // the carrier has seen many short ones
    roots.push_back(make_root(pool, std::ref(short_one)));
    roots.back()->start();
  }
  for (int i = 0; i < 100; ++i) {
    roots.push_back(make_root(pool, std::ref(busy)));
    roots.back()->start();
  }
  while (ended == 0)
    REQUIRE(pool.at(0).work());
  REQUIRE(pool.at(0).work()); // may be long: it has known short ones and some long ones
  for (int turn = 0; turn < 5; ++turn) {
    const int before = ended;
    REQUIRE(pool.at(0).work());
    CHECK(ended == before + 1);
  }
  pool.drain();
}

TEST_CASE("fibers started from outside go to the carriers in turn", "[scope][stress]") {
  steady_time time;
  driven_pool pool{time, 3};
  std::atomic<int> ran{0};
  std::vector<std::unique_ptr<root<void>>> roots;
  for (int i = 0; i < 3; ++i)
    roots.push_back(make_root(pool, leaf, std::ref(ran)));
  for (const auto& started : roots)
    started->start();
  CHECK(pool.brought() == 3);
  pool.drain();
  CHECK(ran.load() == 3);
}

TEST_CASE("fibers that hold their core spread over two threads", "[scope][stress]") {
  thread_pool_executor pool{2};
  std::mutex mutex;
  std::set<std::thread::id> seen;
  const auto burn = [&]() -> task<> {
    const instant end = pool.time().now() + std::chrono::milliseconds{5};
    while (pool.time().now() < end) {
    }
    const std::lock_guard held{mutex};
    seen.insert(std::this_thread::get_id());
    co_return;
  };
  const auto eight = [&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      for (int i = 0; i < 8; ++i)
        group.start(std::ref(burn));
    });
  };
  // Once is enough on an idle machine; on a busy one the second thread may get no core for 40 ms.
  for (int attempt = 0; attempt < 200 && seen.size() < 2; ++attempt)
    REQUIRE(pool.run(std::ref(eight)).has_value());
  CHECK(seen.size() == 2);
}

TEST_CASE("nothing is lost when 100,000 fibers are started in a fiber", "[scope][stress]") {
  for (const std::size_t threads : {1U, 2U, 4U}) {
    thread_pool_executor pool{threads};
    std::atomic<int> ran{0};
    REQUIRE(pool.run(spawn_many, 100'000, std::ref(ran)).has_value());
    CHECK(ran.load() == 100'000);
  }
}

TEST_CASE("no wake from an outside thread is lost", "[scope][stress]") {
  constexpr int fibers = 64;
  constexpr int givers = 4;
  const int each = static_cast<int>(tests::seeds(200)); // tickets that each giver gives to each fiber
  for (const std::size_t threads : {1U, 2U, 4U}) {
    thread_pool_executor pool{threads};
    std::vector<std::unique_ptr<tickets>> slots;
    for (int i = 0; i < fibers; ++i)
      slots.push_back(std::make_unique<tickets>());
    const auto takers = [&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        for (const auto& slot : slots)
          group.start(take_many, std::ref(*slot), givers * each);
      });
    };
    auto top = make_root(pool, std::ref(takers));
    top->start();
    std::vector<std::thread> outside;
    for (int giver = 0; giver < givers; ++giver)
      outside.emplace_back([&, giver] {
        for (int i = 0; i < each; ++i) {
          for (int slot = 0; slot < fibers; ++slot)
            slots[static_cast<std::size_t>((slot * 7 + giver * 13 + i) % fibers)]->give();
          if (i % 16 == giver)
            std::this_thread::yield(); // let the carriers run dry, so that they nap and go home in between
        }
      });
    for (std::thread& joined : outside)
      joined.join();
    top->wait(); // hangs if one was lost
    CHECK(top->take().has_value());
  }
}

TEST_CASE("partners woken across carriers lose no wake", "[scope][stress]") {
  constexpr int pairs = 16;
  const int rounds = static_cast<int>(tests::seeds(2000));
  struct pair {
    tickets left, right;
  };
  for (const std::size_t threads : {2U, 4U}) {
    thread_pool_executor pool{threads};
    std::vector<std::unique_ptr<pair>> all;
    for (int i = 0; i < pairs; ++i)
      all.push_back(std::make_unique<pair>());
    const auto play = [rounds](tickets& mine, tickets& yours) -> task<> {
      for (int i = 0; i < rounds; ++i) {
        yours.give();
        co_await mine.take();
        if (i % 50 == 0)
          co_await yield();
      }
    };
    const auto everybody = [&]() -> task<> {
      co_await in_task_group([&](task_group& group) {
        for (const auto& two : all) {
          group.start(std::ref(play), std::ref(two->left), std::ref(two->right));
          group.start(std::ref(play), std::ref(two->right), std::ref(two->left));
        }
      });
    };
    CHECK(pool.run(std::ref(everybody)).has_value());
  }
}
