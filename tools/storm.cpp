#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/assert.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/random.hpp>
#include <troupe/tools/storm.hpp>
#include <troupe/tools/ticker.hpp>

#include <fmt/format.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <utility>

namespace troupe::tools {

using namespace std::chrono_literals;

storm_run::storm_run(const storm_options& with, std::function<bool()> look) : options(with), on_look(std::move(look)) {
  for (std::size_t i = 0; i < storm_sections.size(); ++i) {
    workers_[i] = std::vector<worker>(with.workers);
    for (std::size_t n = 0; n < with.workers; ++n) {
      workers_[i][n].name = fmt::format("{}-{}", storm_sections[i].worker, n + 1);
      workers_[i][n].path = fmt::format("/app/{}/{}", storm_sections[i].name, workers_[i][n].name);
    }
  }
}

void storm_run::note_starts(const std::string& path, std::uint64_t starts) {
  const std::lock_guard held{mutex_};
  starts_[path] += starts;
}

std::uint64_t storm_run::starts_of(const std::string& path) const {
  const std::lock_guard held{mutex_};
  const auto found = starts_.find(path);
  return found != starts_.end() ? found->second : 0;
}

void storm_run::reach(const std::string& path, std::optional<supervised> child) {
  const std::lock_guard held{mutex_};
  reached_.erase(path);
  if (child)
    reached_.emplace(path, *child);
}

std::optional<std::string> storm_run::control(control_action action, std::string_view path) const {
  const std::lock_guard held{mutex_};
  const auto found = reached_.find(path);
  if (found == reached_.end())
    return "there is no such child";
  if (found->second.state() == child_status::down)
    return "it is down";
  if (action == control_action::crash)
    found->second.kill();
  else
    found->second.cancel(); // all of them are permanent: it is started anew
  return std::nullopt;
}

namespace {

/// Counts a child while its frame is there.
class alive_mark {
public:
  explicit alive_mark(storm_run& run) noexcept : run_(run) { ++run_.alive; }
  ~alive_mark() { --run_.alive; }
  alive_mark(const alive_mark&) = delete;
  alive_mark& operator=(const alive_mark&) = delete;

private:
  storm_run& run_;
};

/// The children of a supervisor, which say so themselves: a start that is stopped gives nobody their handles. Goes after
/// the supervisor, when nothing is started any more, and notes what that says of them.
class kept_children {
public:
  kept_children(storm_run& run, std::string path) : run_(run), path_(std::move(path)) {}
  ~kept_children() {
    for (const supervised& each : children_) {
      run_.reach(path_ + '/' + each.name(), std::nullopt);
      run_.note_starts(path_ + '/' + each.name(), each.incarnation());
    }
  }
  kept_children(const kept_children&) = delete;
  kept_children& operator=(const kept_children&) = delete;

  /// In a run of the child of that name: it is listed then.
  void keep_in_first_run(const supervisor& of, const std::string& name) {
    const std::optional<supervised> child = of.find(name);
    TROUPE_ASSERT(child, "a child that runs is listed by its supervisor");
    if (child->incarnation() != 1)
      return;
    const std::lock_guard held{mutex_};
    children_.push_back(*child);
    run_.reach(path_ + '/' + name, *child);
  }

private:
  storm_run& run_;
  const std::string path_;
  std::mutex mutex_; // children begin on many threads
  std::vector<supervised> children_;
};

constexpr std::array crash_causes{"lost its connection", "met a record that it cannot read", "ran out of buffers",
                                  "found a checksum that does not fit"};

/// Works in steps, with one of which it may crash. What it draws depends on the seed, on who it is and on how often it
/// was started, and not on when.
task<> work(startup begun, storm_run& run, kept_children& siblings, supervisor of, std::size_t section,
            std::size_t index) {
  const alive_mark alive{run};
  storm_run::worker& mine = run.workers_of(section)[index];
  siblings.keep_in_first_run(of, mine.name);
  const std::uint64_t nth = ++mine.runs;
  seeded_random draw{seeded_random{run.options.seed}.next() + (section << 48U) + (index << 32U) + nth};
  co_await sleep_for(std::chrono::milliseconds{1 + draw.below(20)}); // loads what it needs
  begun.started();
  for (;;) {
    co_await sleep_for(std::chrono::milliseconds{10 + draw.below(90)});
    if (draw.below(100) >= run.options.crash_percent)
      continue;
    ++mine.crashes;
    throw std::runtime_error(crash_causes[draw.below(crash_causes.size())]);
  }
}

task<> run_section(startup begun, storm_run& run, kept_children& siblings, supervisor of, std::size_t section) {
  const alive_mark alive{run};
  const storm_section& what = storm_sections[section];
  siblings.keep_in_first_run(of, what.name);
  kept_children workers{run, fmt::format("/app/{}", what.name)};
  const supervisor_options options{.strategy = what.strategy,
                                   .intensity = run.options.intensity,
                                   .period = 1s,
                                   .backoff = {.initial = 20ms, .longest = 1s, .stable_after = 2s}};
  co_await supervise(options, [&](supervisor& top) -> task<> {
    begun.started(); // from here on a crash is a failure of the section
    for (std::size_t i = 0; i < run.options.workers; ++i) {
      const child_spec spec{.name = run.workers_of(section)[i].name, .shutdown = 1s};
      co_await top.start(spec, work, std::ref(run), std::ref(workers), top, section, i);
    }
    co_await top.run();
  });
}

/// A child whose cleanup takes longer than it may: it is killed, and left behind.
task<> archive(storm_run& run, kept_children& siblings, supervisor of) {
  const alive_mark alive{run};
  siblings.keep_in_first_run(of, "archive");
  co_await in_exit_stack([](exit_stack& stack) -> task<> {
    stack.push(exit_options{.limit = 2s}, []() -> task<> { co_await sleep_for(600ms); });
    co_await detail::endless_wait{fiber::wait_kind::daemon, "archive"};
  });
}

task<> supervise_app(storm_run& run, kept_children& sections) {
  const supervisor_options options{.intensity = run.options.intensity, .period = 5s, .backoff = {.initial = 100ms}};
  co_await supervise(options, [&](supervisor& top) -> task<> {
    const child_spec slow{.name = "archive", .shutdown = 100ms, .abandon_after = 100ms};
    co_await top.start(slow, archive, std::ref(run), std::ref(sections), top);
    for (std::size_t i = 0; i < storm_sections.size(); ++i)
      co_await top.start({.name = storm_sections[i].name}, run_section, std::ref(run), std::ref(sections), top, i);
    co_await top.run();
  });
}

task<> run_app(storm_run& run) {
  kept_children sections{run, "/app"};
  const outcome<bool> ended = co_await as_outcome(move_on_after(run.options.lasts, supervise_app(run, sections)));
  if (!ended.has_error())
    co_return;
  run.gave_up = ended.error();
  std::rethrow_exception(run.gave_up);
}

} // namespace

task<> storm(storm_run& run) {
  run.begun = this_fiber::pointer()->runs_on().time().now();
  co_await in_task_group([&](task_group& group) -> task<> {
    const child<> app = group.start({.name = "app"}, run_app, std::ref(run));
    const auto look = [&run](instant) {
      run.unwanted = !run.on_look();
      return !run.unwanted;
    };
    const child<> looking = group.start({.name = "progress"}, tick, run.options.progress_pause, look, std::ref(group));
    co_await app.wait_ended();
    looking.cancel();
  });
}

} // namespace troupe::tools
