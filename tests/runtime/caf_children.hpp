// CAF actors as children of a supervisor on a runtime of its own.

#pragma once

#include <troupe/runtime/caf_child.hpp>
#include <troupe/runtime/runtime.hpp>

#include <tests/catch.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/tree_event.hpp>

#include <caf/all.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe::tests {

using add_atom = caf::atom_constant<caf::atom("add")>;
using fail_atom = caf::atom_constant<caf::atom("fail")>;
using quit_atom = caf::atom_constant<caf::atom("quit")>;
using hold_atom = caf::atom_constant<caf::atom("hold")>;
using block_atom = caf::atom_constant<caf::atom("block")>;

/// What the actors throw: an exception that CAF does not know.
struct broken : std::runtime_error {
  explicit broken(int code_) : std::runtime_error("broken " + std::to_string(code_)), code(code_) {}
  int code;
};
/// The code in it; -1: it is something else.
inline int code_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const broken& thrown) {
    return thrown.code;
  } catch (...) {
    return -1;
  }
}
/// CAF's error in it; none: it is something else.
inline caf::error caf_error_in(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const caf_failure& failed) {
    return failed.error();
  } catch (...) {
    return {};
  }
}

/// What actors and tests tell each other.
struct probe {
  std::atomic<int> handled{0};
  std::atomic<int> held{0};
  std::atomic<int> blocked{0};
  std::atomic<int> alive{0};
  std::counting_semaphore<> go{0};
  std::vector<std::atomic<bool>> done; // what was added, where a test makes room for that
};

/// Counts the actors that have it.
class counted {
public:
  explicit counted(probe& of) noexcept : of_(of) { of_.alive.fetch_add(1); }
  counted(const counted& other) noexcept : counted(other.of_) {}
  counted& operator=(const counted&) = delete;
  ~counted() { of_.alive.fetch_sub(1); }

private:
  probe& of_;
};

inline caf::message_handler handlers(caf::scheduled_actor* self, probe& seen, int total) {
  return {[&seen, total](add_atom, int more) mutable {
            seen.handled.fetch_add(1);
            if (static_cast<std::size_t>(more) < seen.done.size())
              seen.done[static_cast<std::size_t>(more)].store(true);
            return total += more;
          },
          [](fail_atom, int code) -> int { throw broken{code}; },
          [self](quit_atom, const caf::error& why) { self->quit(why); },
          [self, &seen](hold_atom) {
            seen.held.fetch_add(1);
            return self->make_response_promise<int>(); // is dropped
          },
          [&seen](block_atom) {
            seen.blocked.fetch_add(1);
            seen.go.acquire();
          }};
}

inline caf::behavior counter(caf::event_based_actor* self, probe* seen, int total) {
  return handlers(self, *seen, total);
}

class counter_class : public caf::event_based_actor {
public:
  counter_class(caf::actor_config& config, probe* seen, int total)
      : event_based_actor(config), seen_(*seen), counted_(*seen), total_(total) {}

  caf::behavior make_behavior() override { return handlers(this, seen_, total_); }

private:
  probe& seen_;
  counted counted_;
  const int total_;
};

/// Writes down what happens to children, and has fibers wait for it.
class story final : public event_sink {
public:
  void on_event(const event&) noexcept override {}
  bool takes_fiber_events() const noexcept override { return false; }
  void on_tree_event(const tree_event& happened) noexcept override {
    const std::lock_guard held{lock_};
    told_.push_back({happened.kind, happened.incarnation, happened.reason});
  }

  /// How a run has ended; empty: it has not.
  std::optional<exit_reason> ended(std::uint64_t incarnation = 1) const {
    const std::lock_guard held{lock_};
    for (const entry& each : told_)
      if (each.incarnation == incarnation &&
          (each.kind == tree_event_kind::ended || each.kind == tree_event_kind::stopped))
        return each.reason;
    return std::nullopt;
  }
  bool has(tree_event_kind kind, std::uint64_t incarnation = 1) const {
    const std::lock_guard held{lock_};
    for (const entry& each : told_)
      if (each.kind == kind && each.incarnation == incarnation)
        return true;
    return false;
  }

private:
  struct entry {
    tree_event_kind kind;
    std::uint64_t incarnation;
    exit_reason reason;
  };

  mutable std::mutex lock_;
  std::vector<entry> told_;
};

/// Lets others run until it holds.
template <class Condition>
task<> until(Condition condition) {
  while (!condition())
    co_await yield();
}

/// A runtime, and a supervisor on it whose block is `body(supervisor&)`.
class caf_place {
public:
  template <class Body>
  outcome<> run(const supervisor_options& options, Body body) {
    return here_->run([&]() -> task<> { co_await supervise(options, body); });
  }
  template <class Body>
  void run(Body body) {
    run(supervisor_options{.intensity = 100}, body).value();
  }
  caf::actor_system& system() { return here_->actor_system(); }
  executor& fibers() { return here_->fibers(); }
  /// When the runtime has ended: CAF's actors go a moment after what they tell of their end.
  int actors_left() {
    here_.reset();
    return seen.alive;
  }

  task<> ended(std::uint64_t incarnation = 1) {
    co_await until([&] { return told.ended(incarnation).has_value(); });
  }
  task<> started(std::uint64_t incarnation) {
    co_await until([&] { return told.has(tree_event_kind::started, incarnation); });
  }

  story told;
  probe seen;

private:
  std::optional<runtime> here_{std::in_place, runtime_options{.workers = 2, .handle_signals = false, .sink = &told}};
};

/// What an ask gives, in a word.
template <class T>
std::string in_a_word(outcome<T> how) {
  if (!how.has_error()) {
    if constexpr (std::is_void_v<T>)
      return "done";
    else
      return std::to_string(std::move(how).value());
  }
  try {
    std::rethrow_exception(how.error());
  } catch (const ask_error& failed) {
    return std::string(to_string(failed.why()));
  } catch (const deadline_exceeded& late) {
    return "late, " + (late.fate() ? in_a_word(outcome<>{late.fate()}) : "with no fate");
  } catch (const std::exception& failed) {
    return failed.what();
  }
}
template <class T>
task<std::string> word_of(task<T> asked) {
  outcome<T> how = co_await as_outcome(std::move(asked));
  co_return in_a_word(std::move(how));
}

/// A child that fails waits to be started anew for as long as a test takes.
inline const supervisor_options stays_down{
    .intensity = 10, .backoff = {.initial = std::chrono::hours{1}, .longest = std::chrono::hours{1}, .jitter = 0}};

/// Starts a counter from 40.
inline auto start_counter(supervisor& top, caf_place& place) {
  return start_caf_child(top, {.name = "counter"}, place.system(), counter, &place.seen, 40);
}

} // namespace troupe::tests
