#include <troupe/mailbox/mailbox.hpp>

#include <tests/mailbox/simulated.hpp>
#include <tests/mailbox/traffic.hpp>

#include <troupe/scope/event.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

std::string watched(traffic& all, simulation_options options) {
  step_invariants invariants;
  options.before_step = [&](std::uint64_t) { invariants.look(all.box().statistics()); };
  simulator world{std::move(options)};
  outcome<> ended = world.run(&traffic::run, &all);
  std::string problems = invariants.problems();
  if (ended.has_error())
    problems += message_of(ended.error()) + '\n';
  return problems + all.problems();
}

/// By the seed: shared receivers or an inbox, and each strategy.
traffic_options traffic_of(const simulated_run& run) {
  constexpr overflow strategies[] = {overflow::suspend,     overflow::suspend,     overflow::suspend, overflow::reject,
                                     overflow::drop_newest, overflow::drop_oldest, overflow::conflate};
  traffic_options made;
  made.capacity = run.capacity;
  made.on_full = strategies[run.seed % std::size(strategies)];
  made.one_reader = made.on_full == overflow::conflate || run.seed % 2 == 0;
  made.seed = run.seed;
  return made;
}

/// Checks that those who wait on one side of a mailbox are served in the order in which they began to wait, and that
/// while one waits each other is served at most once.
class first_come_first_served final : public event_sink {
public:
  /// From now on `fiber_number` counts as a receiver.
  void receives(std::uint64_t fiber_number) { receivers_.insert(fiber_number); }

  void on_event(const event& happened) noexcept override {
    if (happened.object == 0)
      return; // no wait for a mailbox
    std::deque<std::uint64_t>& line = lines_[receivers_.contains(happened.subject)];
    const std::uint64_t who = happened.subject;
    switch (happened.kind) {
    case event_kind::wait_begun:
      line.push_back(who);
      ++waits_[who];
      served_before_[who] = served_;
      break;
    case event_kind::wait_granted:
      overtaken_ += line.empty() || line.front() != who;
      for (const auto& [other, times] : served_)
        more_than_a_round_ +=
            receivers_.contains(other) == receivers_.contains(who) && times > served_before_[who][other] + 1;
      ++served_[who];
      leave(line, who);
      break;
    case event_kind::wait_stopped:
      leave(line, who);
      break;
    default:
      break;
    }
  }
  int overtaken() const noexcept { return overtaken_; }
  int more_than_a_round() const noexcept { return more_than_a_round_; }
  /// How often a fiber has begun to wait.
  int waits_of(std::uint64_t fiber_number) { return waits_[fiber_number]; }

private:
  static void leave(std::deque<std::uint64_t>& line, std::uint64_t who) {
    if (const auto place = std::find(line.begin(), line.end(), who); place != line.end())
      line.erase(place);
  }

  std::set<std::uint64_t> receivers_;
  std::deque<std::uint64_t> lines_[2];
  std::map<std::uint64_t, int> waits_;
  std::map<std::uint64_t, int> served_;
  std::map<std::uint64_t, std::map<std::uint64_t, int>> served_before_; // when its wait began
  int overtaken_ = 0;
  int more_than_a_round_ = 0;
};

struct fair_world {
  explicit fair_world(std::size_t slots) : box(capacity{slots}) {}

  mailbox<std::size_t> box;
  first_come_first_served sink;
  std::string problems;
  std::vector<std::size_t> accepted = std::vector<std::size_t>(6); // by sender
};

task<> send_one_in_turn(const sender<std::size_t>& out, std::size_t who, bool by_permit) {
  if (by_permit) {
    permit<std::size_t> slot = co_await out.reserve();
    slot.send(who);
  } else {
    co_await out.send(who);
  }
}

task<> send_in_turn(fair_world& world, sender<std::size_t> out, std::size_t who) {
  const std::uint64_t me = this_fiber::pointer()->number();
  for (int i = 0; i < 10; ++i) {
    const mailbox_statistics now = out.statistics();
    const bool must_wait = now.senders_waiting > 0 || now.depth + now.reserved == now.capacity;
    const int waits_before = world.sink.waits_of(me);
    if (must_wait) {
      std::size_t newcomer = who;
      if (out.try_send(std::move(newcomer)) != send_status::full)
        world.problems += "try_send overtook those who wait\n";
    }
    co_await send_one_in_turn(out, who, i % 3 == 2);
    if (must_wait != (world.sink.waits_of(me) == waits_before + 1))
      world.problems += "a newcomer waits exactly when there is no room or others wait\n";
  }
}

task<> receive_in_turn(fair_world& world, receiver<std::size_t> in) {
  world.sink.receives(this_fiber::pointer()->number());
  while (auto item = co_await in.receive()) {
    ++world.accepted[*item];
    co_await yield();
  }
}

} // namespace

TEST_CASE("every item ends exactly once, whatever crashes or is cancelled meanwhile", "[mailbox][C5][C6][C7][C9]") {
  explore(1'000, [](const simulated_run& run) {
    traffic all{traffic_of(run)};
    return watched(all, run.options());
  });
}

TEST_CASE("a cancel of some at any step neither loses nor doubles an item", "[mailbox][C5][C6][C7][E6]") {
  explore(1'000, [](const simulated_run& run) {
    traffic_options options = traffic_of(run);
    options.senders = 3;
    options.receivers = 2;
    options.items_each = 3 + run.seed % 4;
    options.crash_one_in = 10;
    traffic all{options};
    const std::uint64_t at = seeded_random{run.seed}.below(120);
    step_invariants invariants;
    simulation_options simulated = run.options();
    simulated.before_step = [&](std::uint64_t step) {
      invariants.look(all.box().statistics());
      if (step == at)
        all.cancel_a_part();
    };
    simulator world{std::move(simulated)};
    outcome<> ended = world.run(&traffic::run, &all);
    std::string problems = invariants.problems();
    if (ended.has_error())
      problems += message_of(ended.error()) + '\n';
    return problems + all.problems();
  });
}

TEST_CASE("a cancel of all at each step in turn leaves nothing behind", "[mailbox][C5][C6][C7][E6]") {
  std::size_t steps_swept = 0;
  explore(50, [&](const simulated_run& run) {
    for (std::uint64_t k = 0;; ++k) {
      traffic_options options = traffic_of(run);
      options.senders = 3;
      options.receivers = 2;
      options.items_each = 4;
      options.crash_one_in = 10;
      traffic all{options};
      simulation_options simulated = run.options();
      simulated.cancel_at_step = k;
      simulator world{std::move(simulated)};
      outcome<> ended = world.run(&traffic::run, &all);
      std::string problems = all.problems();
      if (ended.has_error())
        problems += message_of(ended.error()) + '\n';
      if (!problems.empty())
        return "cancelled at step " + std::to_string(k) + ": " + problems;
      if (world.steps() <= k)
        return problems;
      ++steps_swept;
    }
  });
  CHECK(steps_swept > 1'000);
}

TEST_CASE("eight senders and one receiver get through any capacity", "[mailbox][C1]") {
  explore(1'000, [](const simulated_run& run) {
    traffic_options options = traffic_of(run);
    options.senders = 8;
    options.receivers = 1;
    options.on_full = overflow::suspend;
    options.items_each = 10;
    options.deadlines = false;
    traffic all{options};
    return watched(all, run.options());
  });
}

TEST_CASE("those who wait are served first come first served, and nobody overtakes them", "[mailbox][C12]") {
  explore(1'000, [](const simulated_run& run) {
    fair_world world{run.capacity};
    simulation_options options = run.options();
    options.sink = &world.sink;
    simulator executor{std::move(options)};
    outcome<> ended = executor.run(
        [](fair_world& of) -> task<> {
          co_await in_task_group([&](task_group& group) {
            for (std::size_t i = 0; i < of.accepted.size(); ++i)
              group.start(send_in_turn, std::ref(of), of.box.sender(), i);
            for (int i = 0; i < 3; ++i)
              group.start(receive_in_turn, std::ref(of), of.box.receiver());
          });
        },
        std::ref(world));
    if (ended.has_error())
      world.problems += message_of(ended.error());
    if (world.sink.overtaken() != 0)
      world.problems += "somebody was served before who came earlier\n";
    if (world.sink.more_than_a_round() != 0)
      world.problems += "somebody was served twice while another waited\n";
    for (const std::size_t count : world.accepted)
      if (count != 10)
        world.problems += "items are missing\n";
    return world.problems;
  });
}

TEST_CASE("a consumer that waits for the next word of a parked sender hears it", "[mailbox]") {
  explore(1'000, [](const simulated_run& run) {
    int sum = 0;
    simulator world{run.options()};
    world
        .run(
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
                      if (auto first = co_await in.receive()) // three items are left, and a parked sender
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
