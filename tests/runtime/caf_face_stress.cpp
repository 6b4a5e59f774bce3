#include <troupe/runtime/caf_face.hpp>

#include "teller.hpp"

#include <tests/budget.hpp>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

using namespace troupe;
using namespace troupe::tests;

namespace {

/// What became of the requests of some senders.
struct tally {
  std::atomic<std::uint64_t> accepted{0}, rejected{0}, ended{0}, else_{0};

  void count(const std::string& answer) {
    auto& counter = answer == "nothing"         ? accepted
                    : answer == "overflow"      ? rejected
                    : answer == "receiver_down" ? ended
                                                : else_;
    counter.fetch_add(1);
  }
  std::uint64_t all() const { return accepted + rejected + ended + else_; }
};

struct pulse {
  int id;
};
using pulse_ref = actor_ref<message<pulse, deposit>>;

task<> counts_pulses(inbox<message<pulse, deposit>> in, std::atomic<std::uint64_t>& handled) {
  while (auto next = co_await in.receive())
    co_await next->match([&](pulse&) { handled.fetch_add(1); },
                         [&](deposit& asked) {
                           handled.fetch_add(1);
                           asked.to(asked.amount);
                         });
}

/// Starts one with this mailbox, and gives its address out.
task<> with_pulses(actor_options options, std::atomic<std::uint64_t>& handled, std::atomic<std::uint64_t>& lost,
                   const std::function<void(pulse_ref)>& give) {
  co_await in_task_group([&](task_group& group) -> task<> {
    const auto count = [&lost](message<pulse, deposit>&&, drop_reason) { lost.fetch_add(1); };
    give(group.start_actor(options, on_undelivered{count}, counts_pulses, std::ref(handled)));
    co_return;
  });
}

} // namespace

TEST_CASE("of what many CAF senders send to a small mailbox each is handled or refused, and counted",
          "[runtime][stress][C2][C8][caf_actors]") {
  const auto rounds = static_cast<int>(seeds(10'000));
  constexpr int senders = 6;
  for (const overflow on_full : {overflow::suspend, overflow::drop_newest, overflow::drop_oldest}) {
    std::atomic<std::uint64_t> handled{0}, lost{0};
    answer_counts counts;
    runtime here{{.workers = 2, .handle_signals = false}};
    std::optional<pulse_ref> ref;
    words said;
    const std::function<void(pulse_ref)> give = [&](pulse_ref made) {
      ref = std::move(made);
      said.say("ready");
    };
    auto top = make_root(here.fibers(), with_pulses, actor_options{.capacity = 8, .on_full = on_full},
                         std::ref(handled), std::ref(lost), std::cref(give));
    top->start();
    REQUIRE(said.next() == "ready");
    {
      const caf::actor whom = as_caf_actor(
          here.actor_system(), *ref, [](int id) { return pulse{id}; },
          [](deposit_atom, int amount) {
            return deposit{amount, {}};
          });
      send_on_threads(here.actor_system(), whom, senders, rounds, counts);
    }
    ref->stop_after_drain();
    top->wait();
    CHECK(top->take().has_value());
    const auto sent = static_cast<std::uint64_t>(rounds) * senders;
    CHECK(handled + lost == sent);
    CHECK(counts.answered + counts.overflown == sent / 4);
    CHECK(ref->statistics().depth_max <= 8);
    CHECK(lost > 0);
  }
}

TEST_CASE("requests of CAF actors that race with the end of a troupe actor are all answered, and its monitors told",
          "[runtime][stress][F2][A7][caf_actors]") {
  const std::size_t rounds = seeds(150);
  for (std::size_t round = 0; round < rounds; ++round) {
    teller_place place{actor_options{.capacity = 4}};
    const caf::actor whom = place.face();
    tally books;
    std::atomic<int> downs{0}, ready{0};
    std::vector<std::thread> threads;
    constexpr int senders = 3;
    for (int thread = 0; thread < senders; ++thread)
      threads.emplace_back([&] {
        const caf::scoped_actor self{place.system()};
        self->monitor(whom);
        ready.fetch_add(1);
        std::string answer = "nothing";
        while (answer != "receiver_down") {
          answer = asked<void>(self, whom, 1);
          books.count(answer);
        }
        self->receive([&](const caf::down_msg&) { downs.fetch_add(1); }, caf::after(patience) >> [] {});
      });
    while (ready.load() != senders)
      std::this_thread::yield();
    if (round % 3 == 0)
      place.ref().stop_now();
    else if (round % 3 == 1)
      place.ref().stop_after_drain();
    else
      caf::anon_send_exit(whom, caf::exit_reason::kill);
    for (std::thread& each : threads)
      each.join();
    CHECK(downs == senders);
    CHECK(books.ended == senders);
    CHECK(books.else_ == 0);
  }
}

TEST_CASE("a caf::actor whose last holder goes while its troupe actor ends is gone once, and hurts nobody",
          "[runtime][stress][A7][caf_actors]") {
  const std::size_t rounds = seeds(500);
  teller_place keeps_the_runtime;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::optional<teller_ref> ref;
    words said;
    mailbox<int> unused{capacity{1}};
    std::vector<caf::actor> faces;
    auto top = make_root(keeps_the_runtime.fibers(), [&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        ref = group.start_actor({}, teller, std::ref(said), unused.receiver());
        for (int i = 0; i < 4; ++i)
          faces.push_back(shown(keeps_the_runtime.system(), *ref));
        said.say("ready");
        co_return;
      });
    });
    top->start();
    REQUIRE(said.next() == "ready");
    ref->stop_now();
    ref.reset();
    faces.clear();
    top->wait();
    CHECK(top->take().has_value());
  }
}
