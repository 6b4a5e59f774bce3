#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/random.hpp>
#include <troupe/supervision/supervisor.hpp>
#include <troupe/tools/pool.hpp>
#include <troupe/tools/ticker.hpp>

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace troupe::tools {

bool crashes_at(const pool_options& options, std::uint64_t id, std::uint32_t crashes_before) noexcept {
  const std::uint64_t of_run = seeded_random{options.seed}.next();
  return seeded_random{of_run + (id << 8U) + crashes_before}.below(100) < options.crash_percent;
}

std::uint64_t crashes_drawn(const pool_options& options) noexcept {
  std::uint64_t crashes = 0;
  for (std::uint64_t id = 1; id <= options.messages; ++id)
    for (std::uint32_t before = 0; before <= options.redeliveries && crashes_at(options, id, before); ++before)
      ++crashes;
  return crashes;
}

pool_run::pool_run(const pool_options& with, std::function<bool(const pool_run&, instant now)> on_progress)
    : options(with), crashes_expected(crashes_drawn(with)), listener(std::move(on_progress)), consumers(with.consumers),
      ids(with.messages),
      queue(capacity{with.capacity}, [this](job&& item, drop_reason why) { take_undelivered(std::move(item), why); }) {
  for (std::size_t i = 1; i <= with.consumers; ++i)
    names.push_back(fmt::format("consumer-{}", i));
}

void pool_run::take_undelivered(job&& item, drop_reason why) noexcept {
  if (why == drop_reason::crashed && item.crashes <= options.redeliveries)
    consumers[item.consumer].again = item;
  else
    give_up(item, why);
}

void pool_run::give_up_rest() noexcept {
  for (counts& each : consumers)
    if (const std::optional<job> item = std::exchange(each.again, std::nullopt))
      give_up(*item, drop_reason::crashed);
}

void pool_run::give_up(const job& item, drop_reason why) noexcept {
  // relaxed: read when all fibers have ended, which orders it
  given_up_[static_cast<std::size_t>(why)].fetch_add(1, std::memory_order_relaxed);
  ids.note_undelivered(item.id);
}

namespace {

using job = pool_run::job;

/// What a consumer was given again. Let go of before it is handled, it goes where the mailbox gives what nobody handles.
class given_again {
public:
  given_again(pool_run& run, job item) noexcept : run_(run), item_(item) {}
  given_again(const given_again&) = delete;
  given_again& operator=(const given_again&) = delete;
  ~given_again() {
    if (!handled_)
      run_.take_undelivered(std::move(item_),
                            this_fiber::stopping() ? drop_reason::handling_cancelled : drop_reason::crashed);
  }

  job& item() noexcept { return item_; }
  void handled() noexcept { handled_ = true; }

private:
  pool_run& run_;
  job item_;
  bool handled_ = false;
};

/// A crash comes in the middle of the work, before it has an effect: a message that is given again has none twice.
task<> handle(pool_run& run, job& item) {
  co_await yield(); // others come between; stopped here, it has no effect either
  pool_run::counts& mine = run.consumers[item.consumer];
  if (crashes_at(run.options, item.id, item.crashes)) {
    ++item.crashes;
    ++mine.crashes;
    throw std::runtime_error(fmt::format("message {}: crashed on purpose", item.id));
  }
  ++mine.handled;
  mine.handled_again += item.crashes != 0 ? 1 : 0;
  run.ids.note_handled(item.id);
}

task<> consume(pool_run& run, std::uint32_t index, receiver<job> in) {
  ++run.consumers[index].runs;
  if (const std::optional<job> mine = std::exchange(run.consumers[index].again, std::nullopt)) {
    given_again kept{run, *mine};
    co_await handle(run, kept.item());
    kept.handled();
  }
  while (auto item = co_await in.receive()) {
    item->consumer = index;
    co_await handle(run, *item);
  }
}

task<> produce(pool_run& run, std::uint64_t first, sender<job> out) {
  for (std::uint64_t id = first; id <= run.options.messages; id += run.options.producers) {
    run.ids.note_sent(id);
    const job next{.id = id};
    const send_status sent = co_await out.send(next);
    if (sent == send_status::closed)
      co_return;
  }
}

/// A consumer ends when the mailbox is closed and drained, and the supervisor when all consumers have.
task<> serve(pool_run& run) {
  const std::size_t intensity = run.options.intensity.value_or(static_cast<std::size_t>(run.crashes_expected));
  co_await supervise({.intensity = intensity, .stops = auto_shutdown::all_significant}, [&](supervisor& top) -> task<> {
    for (std::uint32_t i = 0; i < run.options.consumers; ++i) {
      const child_spec spec{.name = run.names[i], .restart = restart_type::transient, .significant = true};
      co_await top.start(spec, consume, std::ref(run), i, run.queue.receiver());
    }
    co_await in_task_group([&](task_group& producers) {
      for (std::uint64_t first = 1; first <= run.options.producers; ++first)
        producers.start(produce, std::ref(run), first, run.queue.sender());
    });
    co_await top.run();
  });
}

} // namespace

task<> pool(pool_run& run) {
  run.begun = this_fiber::pointer()->runs_on().time().now();
  co_await in_task_group([&](task_group& group) -> task<> {
    const child<> work = group.start({.name = "pool"}, serve, std::ref(run));
    const auto look = [&run](instant now) {
      run.unwanted = !run.listener(run, now);
      return !run.unwanted;
    };
    const child<> shown = group.start({.name = "progress"}, tick, run.options.progress_pause, look, std::ref(group));
    co_await work.wait_ended();
    shown.cancel();
  });
}

} // namespace troupe::tools
