// Running a tree of fibers for real: workers, clock, signals, shutdown.

#pragma once

#include <troupe/scope/executor.hpp>
#include <troupe/scope/root.hpp>
#include <troupe/scope/snapshot.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace caf {
class actor_system;
}

namespace troupe {

struct runtime_options {
  /// Worker threads; 0: as many as there are cores.
  std::size_t workers = 0;
  /// Threads on which `offload` runs functions, at most. They are made when they are needed, and kept.
  std::size_t offload_threads_max = offload_threads_max_default;
  /// How long the tree may take to end once a shutdown was requested, and how long the runtime waits at its end for
  /// functions that `offload_abandon` left behind. Past it the survivors are printed and the process ends with
  /// `stuck_exit_code`; what stands in the buffers of standard output is lost.
  duration shutdown_limit = std::chrono::seconds{10};
  /// A fiber that keeps its thread for longer than this without a wait or a `yield()`, in a call that blocks or a long
  /// computation, is named on standard error, once for each such slice and while it goes on; `sink` gets a
  /// `slow_slice`. Some milliseconds or more: a thread of its own looks at the workers, four times within it while they
  /// run anything, so a slice is told at 1 to 1.5 times of it. No more than 10 are told within 5 s, the others are
  /// counted. 0: nobody watches.
  duration slow_slice = std::chrono::milliseconds{100};
  /// SIGINT and SIGTERM stop the tree, and SIGPIPE is ignored: writing to a closed pipe gives EPIPE. At most one
  /// runtime of a process does this at a time. A SIGINT or SIGTERM that was ignored before (nohup, a shell's `&`)
  /// stays ignored.
  bool handle_signals = true;
  /// SIGUSR1 prints a snapshot of the tree on standard error, as `to_text` has it, at most 1,000 lines of it. Only with
  /// `handle_signals`; else, and where it was ignored before or has a handler, it does what it did.
  bool snapshot_on_signal = true;
  /// Receives all events of fibers; must outlive the runtime.
  event_sink* sink = nullptr;
  /// 70 is "internal software error" in sysexits.h.
  int stuck_exit_code = 70;
  /// Called before survivors are printed and the process ends without any destructor: to put back what outlives it, as
  /// the state of a terminal. On any thread, under a lock: it calls nothing of the runtime, and waits for nobody. Null:
  /// there is nothing to do.
  void (*before_exit)() noexcept = nullptr;
};

/// CAF's workers with fibers on them, one steady clock, one thread that waits for signals, and one that watches for
/// fibers that block.
///
/// An automatic object, made before any other thread of the program (threads that exist already do not have the signals
/// masked) and destroyed on the same thread. Its end has an order: the root has ended, timers are stopped, offloaded
/// functions have returned, no signal is waited for, carriers are home, then CAF's actor system goes.
///
/// *Signals*: the first SIGINT or SIGTERM cancels the root scope with `cancel_reason::shutdown`, so cleanup runs; a
/// second one prints what still runs and ends the process at once, with 128 + its number. The same one within 0.2 s of the
/// first is no second one: `timeout`, for one, tells a process and then its group. SIGUSR1 prints a snapshot. All are
/// masked in all threads while the runtime lives; a program that is started meanwhile inherits the mask.
class runtime {
public:
  explicit runtime(const runtime_options& options = {});
  ~runtime();
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  /// Runs `function(args...)`, which must return a task, as the root of a tree, and blocks until the tree has ended.
  /// After a shutdown was requested the root is cancelled from the start: it runs to its first wait.
  ///
  /// @thread outside of any fiber; one root at a time
  template <class Function, class... Args>
  outcome<detail::work_result_t<Function, Args...>> run(Function&& function, Args&&... args) {
    auto top = make_root(fibers(), std::forward<Function>(function), std::forward<Args>(args)...);
    enter(*top);
    top->start();
    top->wait();
    leave();
    return top->take();
  }

  /// Does what the first signal does, except for `signalled()`.
  ///
  /// @thread any, but not a timer's callback
  void request_shutdown() noexcept;

  /// Looks at the tree that runs now, without stopping it; empty where none does. See `take_snapshot`.
  ///
  /// @thread any, but not in an `event_sink`, nor in a timer's callback
  tree_snapshot snapshot(std::size_t nodes_max = snapshot_nodes_max) const;

  /// The signal that requested the shutdown, SIGINT or SIGTERM; 0: none.
  ///
  /// @thread any
  int signalled() const noexcept;

  /// Where the fibers run, for roots that are made by hand. Those are not stopped by a shutdown, and a slow slice in
  /// them is told without its path.
  executor& fibers() noexcept;
  std::size_t workers() const noexcept;
  /// Where CAF's actors live, on the same threads: for `caf_*.hpp`, and to spawn plain CAF actors. Its end waits for
  /// the last of them.
  ///
  /// @thread any
  caf::actor_system& actor_system() noexcept;

private:
  class state;

  void enter(fiber& top);
  void leave() noexcept;

  std::unique_ptr<state> state_;
};

namespace detail {

/// "troupe: <message>" on standard error; a group's failures one by one, a line each.
void print_error(const std::exception_ptr& error);
/// 128 + signal after one, with nothing printed; else 1, with the cause.
int exit_code_of_cancelled(const cancel_cause& cause, int signalled);
int exit_code_of_exception(const std::exception_ptr& error) noexcept;

} // namespace detail

/// What a command returns from `main` when its root ended so: 0 for a value, or the value itself where it is an int;
/// 1 for an error, which is printed to standard error; 130 when stopped by SIGINT, 143 by SIGTERM.
///
/// A root that ended normally in spite of a signal keeps its value.
///
/// @param signalled  `runtime::signalled()`
template <class T>
int exit_code_of(const outcome<T>& ended, int signalled) {
  static_assert(std::is_void_v<T> || std::is_same_v<T, int>,
                "the root of a command is a task<>, or a task<int> that gives the exit code");
  if (ended.has_error())
    return detail::exit_code_of_exception(ended.error());
  if (ended.cancelled())
    return detail::exit_code_of_cancelled(ended.cause(), signalled);
  if constexpr (std::is_void_v<T>) {
    return 0;
  } else {
    outcome<T> copy = ended;
    return std::move(copy).value();
  }
}

/// For `main`: runs `function(args...)` on a runtime with default options.
///
/// @returns the exit code: see `exit_code_of`
template <class Function, class... Args>
int run(Function&& function, Args&&... args) {
  try {
    runtime here;
    const auto ended = here.run(std::forward<Function>(function), std::forward<Args>(args)...);
    return exit_code_of(ended, here.signalled());
  } catch (...) { // no threads, no memory, or copying an argument threw
    return detail::exit_code_of_exception(std::current_exception());
  }
}

} // namespace troupe
