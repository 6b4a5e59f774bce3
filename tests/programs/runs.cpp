#include <tests/programs/runs.hpp>

#include <tests/mailbox/simulated.hpp>
#include <tests/programs/interpreter.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace troupe::tests {

std::vector<std::uint64_t> totals_of(const run_report& run) {
  std::vector<std::uint64_t> totals;
  for (const mailbox_statistics& each : run.totals) {
    totals.insert(totals.end(), {each.sent, each.settled, each.handled, each.returned});
    totals.insert(totals.end(), std::begin(each.dropped), std::end(each.dropped));
  }
  return totals;
}

void event_balance::on_event(const event& happened) noexcept {
  switch (happened.kind) {
  case event_kind::fiber_started:
    ++fibers_;
    break;
  case event_kind::fiber_ended:
    --fibers_;
    break;
  case event_kind::wait_begun:
    ++waits_;
    break;
  case event_kind::wait_granted:
  case event_kind::wait_stopped:
    --waits_;
    break;
  default:
    break;
  }
}

std::string event_balance::problems() const {
  std::string found;
  if (fibers_ != 0)
    found += std::to_string(fibers_) + " more fibers have started than ended\n";
  if (waits_ != 0)
    found += std::to_string(waits_) + " more waits have begun than ended\n";
  return found;
}

void event_balance::reset() noexcept {
  fibers_ = 0;
  waits_ = 0;
}

namespace {

class recording_balance final : public event_balance {
public:
  explicit recording_balance(std::vector<event>* all) noexcept : all_(all) {}
  void on_event(const event& happened) noexcept override {
    event_balance::on_event(happened);
    if (all_ != nullptr)
      all_->push_back(happened);
  }

private:
  std::vector<event>* all_;
};

template <class Item>
void close_the_books(interpreter<Item>& books, const outcome<>& ended, run_report& report) {
  report.failed = ended.has_error();
  report.problems += books.problems(ended);
  for (const mailbox<Item>& box : books.boxes())
    report.totals.push_back(box.statistics());
}

template <class Item>
run_report simulate_as(const program& of, simulation_options schedule, bool watched, fault spoiled_by,
                       std::vector<event>* all) {
  run_report report;
  interpreter<Item> books{of, true, spoiled_by};
  recording_balance balance{all};
  std::vector<step_invariants> invariants(of.boxes.size());
  schedule.sink = &balance;
  if (watched)
    schedule.before_step = [&](std::uint64_t) {
      for (std::size_t i = 0; i < invariants.size(); ++i)
        invariants[i].look(books.boxes()[i].statistics());
    };
  try {
    simulator world{std::move(schedule)};
    const outcome<> ended = world.run(&interpreter<Item>::run, &books);
    report.steps = world.steps();
    close_the_books(books, ended, report);
    for (const step_invariants& each : invariants)
      report.problems += each.problems();
  } catch (const std::exception& deadlock_or_livelock) {
    report.problems += deadlock_or_livelock.what();
  }
  report.problems += balance.problems();
  return report;
}

template <class Item>
run_report run_as(thread_pool_executor& pool, event_balance& events, const program& of) {
  constexpr std::chrono::minutes patience{2};
  run_report report;
  interpreter<Item> books{of, false, fault::none};
  events.reset();
  const auto top = make_root(pool, &interpreter<Item>::run, &books);
  top->start();
  if (!top->wait_for(patience)) {
    std::fprintf(stderr, "this program hangs on threads:\n%s", of.describe().c_str());
    std::abort();
  }
  close_the_books(books, top->take(), report);
  report.problems += events.problems();
  return report;
}

} // namespace

run_report simulate(const program& of, const simulation_options& schedule, bool watched, fault spoiled_by,
                    std::vector<event>* all) {
  if (of.boxed)
    return simulate_as<letter<true>>(of, schedule, watched, spoiled_by, all);
  return simulate_as<letter<false>>(of, schedule, watched, spoiled_by, all);
}

simulation_options schedule_of(const program& of, std::size_t number) {
  simulation_options made;
  made.seed = of.seed * 1'000 + number;
  made.clock = number % 2 == 0 ? clock_mode::autojump : clock_mode::race;
  made.steps_max = 100'000;
  return made;
}

run_report run_on(thread_pool_executor& pool, event_balance& events, const program& of) {
  return of.boxed ? run_as<letter<true>>(pool, events, of) : run_as<letter<false>>(pool, events, of);
}

} // namespace troupe::tests
