#include <troupe/mailbox/mailbox.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/mailbox/traffic.hpp>

#include <troupe/scope/thread_pool_executor.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Repeats `round(number)` for a while; it returns what went wrong.
template <class Round>
void repeat_for(std::chrono::milliseconds wanted, Round round) {
  const auto until = std::chrono::steady_clock::now() + stress_time(wanted);
  std::string problems;
  std::uint64_t number = 0;
  do
    problems = round(number++);
  while (problems.empty() && std::chrono::steady_clock::now() < until);
  INFO("round " << number - 1);
  CHECK(problems == "");
}

/// Runs the traffic on threads, and cancels all of it after a while where `cancel_after` is not zero.
std::string run_on(std::size_t threads, traffic_options options, std::uint64_t cancel_after = 0) {
  traffic all{options};
  thread_pool_executor pool{threads};
  auto top = make_root(pool, &traffic::run, &all);
  top->start();
  if (cancel_after > 0) {
    for (std::uint64_t i = 0; i < cancel_after && !top->has_ended(); ++i)
      std::this_thread::yield();
    top->cancel();
  }
  top->wait();
  outcome<> ended = top->take();
  std::string problems = all.problems();
  if (ended.has_error())
    problems += message_of(ended.error());
  if (ended.cancelled() && cancel_after == 0)
    problems += "the traffic was cancelled by nobody";
  return problems;
}

/// By the round: shared receivers or an inbox, and each strategy.
traffic_options traffic_of(std::uint64_t round) {
  constexpr overflow strategies[] = {overflow::suspend,     overflow::suspend,     overflow::reject,
                                     overflow::drop_newest, overflow::drop_oldest, overflow::conflate};
  traffic_options made;
  made.capacity = round / 4 % 2 == 0 ? 1 : 100;
  made.on_full = strategies[round / 8 % std::size(strategies)];
  made.one_reader = made.on_full == overflow::conflate || round % 3 == 0;
  made.seed = round;
  return made;
}

std::size_t threads_of(std::uint64_t round) { return 1 + round % 4; }

} // namespace

TEST_CASE("items of four senders survive eight crashing receivers on one to four threads",
          "[mailbox][stress][C5][C9][E6]") {
  repeat_for(2s, [](std::uint64_t round) {
    traffic_options options = traffic_of(round);
    options.items_each = 500;
    options.deadlines = false;
    return run_on(threads_of(round), options);
  });
}

TEST_CASE("items survive deadlines that race with every wait", "[mailbox][stress][C6][C7]") {
  repeat_for(3s, [](std::uint64_t round) {
    traffic_options options = traffic_of(round);
    options.items_each = 200;
    options.crash_one_in = 20;
    return run_on(threads_of(round), options);
  });
}

TEST_CASE("a cancel of all from another thread loses no item and gives back every slot",
          "[mailbox][stress][C5][C6][C7][E6]") {
  repeat_for(3s, [](std::uint64_t round) {
    traffic_options options = traffic_of(round);
    options.items_each = 100'000;
    options.crash_one_in = 20;
    options.deadlines = round % 2 == 0;
    return run_on(threads_of(round), options, 1 + seeded_random{round}.below(300));
  });
}

TEST_CASE("eight senders get through a mailbox of one slot on one thread", "[mailbox][stress][C1][C12]") {
  repeat_for(1s, [](std::uint64_t round) {
    traffic_options options;
    options.capacity = 1;
    options.senders = 8;
    options.receivers = 1 + round % 2;
    options.items_each = 200;
    options.deadlines = false;
    options.crash_one_in = 1'000'000'000;
    options.seed = round;
    return run_on(1, options);
  });
}

TEST_CASE("a consumer hears the next word of a sender that was parked, on threads", "[mailbox][stress]") {
  repeat_for(500ms, [](std::uint64_t round) {
    thread_pool_executor pool{threads_of(round)};
    int sum = 0;
    pool.run(
            [](int& of) -> task<> {
              mailbox<int> data{capacity{4}};
              mailbox<int> words{capacity{1}};
              co_await in_task_group([&](task_group& group) {
                group.start(
                    [](sender<int> out, sender<int> say) -> task<> {
                      for (int i = 1; i <= 5; ++i)
                        co_await out.send(i); // the fifth waits for a slot
                      co_await say.send(100);
                    },
                    data.sender(), words.sender());
                group.start(
                    [](receiver<int> in, receiver<int> hear, int& total) -> task<> {
                      while (in.statistics().depth < 4 || in.statistics().senders_waiting == 0)
                        co_await yield();
                      if (auto first = co_await in.receive())
                        total += *first;
                      if (auto word = co_await hear.receive())
                        total += *word;
                      while (auto item = co_await in.receive())
                        total += *item;
                    },
                    data.receiver(), words.receiver(), std::ref(of));
              });
            },
            std::ref(sum))
        .value();
    return sum == 115 ? std::string{} : "the sum is " + std::to_string(sum);
  });
}

namespace {

/// Operations that others have done, as a third fiber on the same thread sees them.
struct turns {
  long operations = 0;
  long longest = 0;
  bool over = false;
};

task<> ping(sender<int> out, receiver<int> in, turns& seen) {
  for (int i = 0; i < 50'000; ++i) {
    co_await out.send(i);
    auto answer = co_await in.receive();
    seen.operations += 2;
  }
  seen.over = true;
}

task<> pong(receiver<int> in, sender<int> out, turns& seen) {
  while (auto asked = co_await in.receive()) {
    co_await out.send(*asked);
    seen.operations += 2;
  }
}

task<> send_and_receive_at_once(sender<int> out, receiver<int> in, turns& seen) {
  for (int i = 0; i < 50'000; ++i) {
    co_await out.send(i);
    auto same = co_await in.receive();
    seen.operations += 2;
  }
  seen.over = true;
}

task<> watch_turns(turns& seen) {
  long before = 0;
  while (!seen.over) {
    co_await yield();
    seen.longest = std::max(seen.longest, seen.operations - before);
    before = seen.operations;
  }
}

constexpr long two_slices = 2 * 256;

} // namespace

TEST_CASE("a third fiber runs within two slices of a pair that play ping-pong on one thread", "[mailbox][stress]") {
  thread_pool_executor pool{1};
  turns seen;
  pool.run(
          [](turns& of) -> task<> {
            mailbox<int> there{capacity{1}};
            mailbox<int> back{capacity{1}};
            co_await in_task_group([&](task_group& group) {
              group.start(ping, there.sender(), back.receiver(), std::ref(of));
              group.start(pong, there.receiver(), back.sender(), std::ref(of));
              group.start(watch_turns, std::ref(of));
            });
          },
          std::ref(seen))
      .value();
  CHECK(seen.longest > 0);
  CHECK(seen.longest <= two_slices);
}

TEST_CASE("a fiber whose operations are always ready gives its thread away once a slice", "[mailbox][stress]") {
  thread_pool_executor pool{1};
  turns seen;
  pool.run(
          [](turns& of) -> task<> {
            mailbox<int> own{capacity{1}};
            co_await in_task_group([&](task_group& group) {
              group.start(send_and_receive_at_once, own.sender(), own.receiver(), std::ref(of));
              group.start(watch_turns, std::ref(of));
            });
          },
          std::ref(seen))
      .value();
  CHECK(seen.longest > 0);
  CHECK(seen.longest <= two_slices);
}

TEST_CASE("threads outside of any fiber send and receive beside fibers", "[mailbox][stress]") {
  repeat_for(500ms, [](std::uint64_t round) {
    constexpr std::size_t each = 300;
    ledger books{2 * each};
    mailbox<parcel> box{capacity{round / 4 % 2 == 0 ? 1u : 100u}, into_the_books()};
    {
      thread_pool_executor pool{2};
      auto top = make_root(
          pool,
          [](mailbox<parcel>& of, ledger& known) -> task<> {
            co_await in_task_group([&](task_group& group) {
              group.start(
                  [](sender<parcel> out, ledger& mine) -> task<> {
                    for (std::size_t i = 0; i < each; ++i)
                      co_await out.send(mine, i);
                  },
                  of.sender(), std::ref(known));
              group.start(
                  [](receiver<parcel> in) -> task<> {
                    while (auto item = co_await in.receive())
                      item->handled();
                  },
                  of.receiver());
            });
          },
          std::ref(box), std::ref(books));
      sender<parcel> out = box.sender();
      receiver<parcel> in = box.receiver();
      top->start();
      std::thread takes{[from = std::move(in)] {
        while (!from.statistics().closed)
          if (auto item = from.try_receive())
            item->handled();
      }};
      for (std::size_t i = 0; i < each; ++i) {
        parcel item{books, each + i};
        if (round % 2 == 0)
          while (out.send_blocking(std::move(item), std::chrono::microseconds{i % 3 * 10}) == send_status::timed_out)
            continue;
        else
          while (out.try_send(std::move(item)) == send_status::full)
            std::this_thread::yield();
      }
      { const sender<parcel> last = std::move(out); } // closes it once the fiber has sent all
      top->wait();
      takes.join();
      top->take().value();
    }
    return books.problems(box.statistics());
  });
}
