// (s4) Exit stacks in several fibers that are cancelled twice, with finalizers that fail, and that take too long.

#include <tests/scenarios/all_applications.hpp>
#include <tests/scenarios/fates.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <array>
#include <stdexcept>

namespace troupe::tests {

namespace {

class exit_stacks_scenario final : public application {
public:
  exit_stacks_scenario(std::uint64_t seed, logic how) : seed_(seed), broken_(how == logic::broken) {}

  task<> run() override {
    const outcome<> ended = co_await as_outcome(in_task_group([&](task_group& all) {
      all.start(&exit_stacks_scenario::be_cancelled, this);
      all.start(&exit_stacks_scenario::work, this, 0);
    }));
    ended_ = true; // perhaps with the error of a finalizer
    if (ended.has_error())
      std::rethrow_exception(ended.error());
  }

  std::string problems() const override {
    std::string text = wrong_;
    for (std::size_t i = 0; i < workers; ++i)
      if (!held_[i].empty())
        text += "worker " + std::to_string(i) + " holds " + std::to_string(held_[i].size()) + " at its end\n";
    for (std::size_t i = 0; i < workers; ++i)
      if (finalizers_begun_[i] != finalizers_pushed_[i])
        text += "of worker " + std::to_string(i) + "'s " + std::to_string(finalizers_pushed_[i]) + " finalizers " +
                std::to_string(finalizers_begun_[i]) + " have begun\n";
    return text;
  }
  bool whole() const override { return ended_; }

private:
  static constexpr std::size_t workers = 3;

  /// What a worker has: given back last in, first out.
  class resource {
  public:
    resource(exit_stacks_scenario& of, int worker, int number) : of_(&of), worker_(worker), number_(number) {}

    task<> release() {
      const note_stop whole{*of_, worker_};
      of_->give_back(worker_, number_);
      co_await sleep_for(std::chrono::microseconds{3});
    }

  private:
    exit_stacks_scenario* of_;
    int worker_;
    int number_;
  };
  /// Nothing ends a finalizer but its limit.
  struct note_stop {
    exit_stacks_scenario& of;
    int worker;

    note_stop(exit_stacks_scenario& in, int whose) noexcept : of(in), worker(whose) {}
    note_stop(const note_stop&) = delete;
    ~note_stop() {
      if (const auto reason = stopped_by(); reason && *reason != cancel_reason::deadline)
        of.wrong_ += "a finalizer of worker " + std::to_string(worker) + " was stopped, not by its limit\n";
    }
  };

  void give_back(int worker, int number) {
    std::vector<int>& held = held_[static_cast<std::size_t>(worker)];
    if (held.empty() || held.back() != number)
      wrong_ += "worker " + std::to_string(worker) + " gives back " + std::to_string(number) + " out of turn\n";
    std::erase(held, number);
  }

  task<resource> acquire(int worker, int number) {
    co_await sleep_for(std::chrono::microseconds{2});
    undone_unless_acquired mine{*this, worker, number};
    co_await sleep_for(std::chrono::microseconds{1}); // it has it, and nobody knows yet
    mine.acquired = true;
    co_return resource{*this, worker, number};
  }
  /// Its limit may pass, or it may fail, when it already has it.
  struct undone_unless_acquired {
    exit_stacks_scenario& of;
    int worker, number;
    bool acquired = false;

    undone_unless_acquired(exit_stacks_scenario& in, int whose, int which) : of(in), worker(whose), number(which) {
      of.held_[static_cast<std::size_t>(worker)].push_back(number);
    }
    undone_unless_acquired(const undone_unless_acquired&) = delete;
    ~undone_unless_acquired() {
      if (!acquired)
        of.give_back(worker, number);
    }
  };

  enum class finalizing : std::uint8_t { well, fails, hangs };
  task<> finalize(int worker, finalizing how) {
    const note_stop whole{*this, worker};
    ++finalizers_begun_[static_cast<std::size_t>(worker)];
    co_await sleep_for(std::chrono::microseconds{2});
    if (how == finalizing::hangs)
      co_await sleep_for(std::chrono::hours{1});
    if (how == finalizing::fails)
      throw std::runtime_error("a finalizer fails");
  }
  void push_finalizer(exit_stack& stack, int worker, finalizing how) {
    stack.push(exit_options{.limit = std::chrono::milliseconds{1}}, &exit_stacks_scenario::finalize, this, worker, how);
    ++finalizers_pushed_[static_cast<std::size_t>(worker)];
  }

  task<> work(int worker) {
    co_await in_exit_stack([&](exit_stack& stack) -> task<> {
      co_await enter(stack, worker, 1);
      push_finalizer(stack, worker, finalizing::well);
      co_await enter(stack, worker, 2);
      co_await in_exit_stack([&](exit_stack& inner) -> task<> {
        co_await enter(inner, worker, 3);
        push_finalizer(inner, worker, worker == 1 ? finalizing::hangs : finalizing::well);
        co_await sleep_for(std::chrono::microseconds{5});
      });
      push_finalizer(stack, worker, worker == 2 && seed_ % 2 == 0 ? finalizing::fails : finalizing::well);
      co_await sleep_for(std::chrono::microseconds{5});
    });
  }
  task<> enter(exit_stack& stack, int worker, int number) {
    if (broken_ && number == 2) {
      resource mine = co_await acquire(worker, number);
      co_await sleep_for(std::chrono::microseconds{1}); // a cancel comes here
      stack.push([](resource owned) -> task<> { co_await owned.release(); }, std::move(mine));
      co_return;
    }
    co_await stack.enter(acquire(worker, number));
  }

  /// Two cancels, of which the second comes while what the first one began is cleaned up.
  task<> be_cancelled() {
    co_await in_task_group([&](task_group& outer) {
      outer.start(&exit_stacks_scenario::cancel_at, std::ref(outer), std::chrono::microseconds{8 + seed_ % 20});
      outer.start(&exit_stacks_scenario::run_workers, this);
    });
  }
  task<> run_workers() {
    co_await in_task_group([&](task_group& inner) {
      inner.start(&exit_stacks_scenario::cancel_at, std::ref(inner), std::chrono::microseconds{4 + seed_ % 20});
      inner.start(&exit_stacks_scenario::work, this, 1);
      inner.start(&exit_stacks_scenario::work, this, 2);
    });
  }
  static task<> cancel_at(task_group& whom, duration after) {
    co_await sleep_for(after);
    whom.cancel();
  }

  const std::uint64_t seed_;
  const bool broken_;
  std::array<std::vector<int>, workers> held_;
  std::array<int, workers> finalizers_pushed_{};
  std::array<int, workers> finalizers_begun_{};
  std::string wrong_;
  bool ended_ = false;
};

} // namespace

application_kind exit_stacks() {
  return described<exit_stacks_scenario>(
      "exit stacks",
      "What was acquired is given back once, in reverse order, and all that was pushed runs, whatever fails.",
      "something is acquired first, and put on the stack then");
}

} // namespace troupe::tests
