// What a supervisor does: one fiber of it looks at what has happened to its children, and tells theirs what to do.

#pragma once

#include <troupe/scope/counted_pointer.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/scope/outcome.hpp>
#include <troupe/scope/spinlock.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/escalated.hpp>
#include <troupe/supervision/supervised_child.hpp>
#include <troupe/supervision/supervisor_options.hpp>
#include <troupe/supervision/tree_event.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe {

/// How many children a supervisor has.
struct children_count {
  std::size_t listed = 0;
  std::size_t active = 0; ///< Of which something runs.
};

namespace detail {

/// Counted: by its block, its children, and handles.
///
/// It decides nothing where something happens: whoever ends a run, or asks for something, notes that as *news* of the
/// child, under the lock, and wakes the one fiber that looks at news, one child after the other. So its decisions are
/// those of a sequential program; what others look at meanwhile is written under the lock. That fiber runs no code of
/// users: a child that hangs keeps it from nothing.
///
/// Each child has a fiber of its own over all its runs, in a task group of the block. It is hidden from cancels of what
/// is around the block: only the supervisor stops a run, and so nothing in a run refers to a scope that is outside of
/// it. A kill that comes from further up ends the wait for news, and is passed on from there.
class supervisor_core final : private waitable {
public:
  static supervisor_pointer make(fiber& owner, const supervisor_options& options);
  supervisor_core(const supervisor_core&) = delete;
  supervisor_core& operator=(const supervisor_core&) = delete;

  void keep() noexcept { references_.fetch_add(1, std::memory_order_relaxed); } // relaxed: the caller holds one
  void drop() noexcept {
    // acq_rel: the last one sees all that the others wrote before it destroys
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete this;
  }

  const supervisor_options& options() const noexcept { return options_; }
  /// Of its block's fiber; empty for that of a root.
  const std::string& path() const noexcept { return path_; }

  /// @name Requests, of any fiber
  ///@{
  /// @throws std::invalid_argument
  static void require_sensible(const child_spec& spec, const supervisor_options& options);
  static task<> started(supervisor_pointer core, supervised_child_pointer child);
  static task<> stopped(supervisor_pointer core, supervised_child_pointer child);
  static task<> restarted(supervisor_pointer core, supervised_child_pointer child);
  static task<> removed(supervisor_pointer core, supervised_child_pointer child);
  ///@}

  /// @name What others look at
  ///
  /// @thread any
  ///@{
  /// @throws std::invalid_argument: there is no such child
  supervised_child_pointer named(std::string_view name) const;
  /// Null: there is none.
  supervised_child_pointer find(std::string_view name) const noexcept;
  std::vector<supervised_child_pointer> children() const;
  children_count count() const noexcept;
  child_status state_of(const supervised_child& of) const noexcept;
  std::uint64_t incarnation_of(const supervised_child& of) const noexcept;
  /// The longest that stopping all of them may take.
  duration stops_within() const noexcept;
  ///@}

  /// Stops a run for somebody who has a handle.
  ///
  /// @thread any
  void cancel_run(supervised_child& of, bool kill) noexcept;

  /// @name What happens to a child
  ///@{
  void run_begins(supervised_child& of, incarnation_scope& run) noexcept;
  void run_ends(supervised_child& of) noexcept;
  void tell_started(supervised_child& of, std::uint64_t incarnation) noexcept;
  void tell_time(supervised_child& of, wakeups& woken) noexcept;
  ///@}

private:
  friend task<> supervised_block(supervisor_pointer core, task<> body);

  /// One bit each.
  enum class news : std::uint8_t {
    added = 1,
    started = 2, ///< It says so.
    ended = 4,   ///< Its run has.
    time = 8,    ///< Its timer has fired.
    asked_to_stop = 16,
    asked_to_start = 32,
    asked_to_go = 64, ///< To be forgotten.
  };
  static constexpr std::uint8_t asked(news which) noexcept { return static_cast<std::uint8_t>(which); }
  static bool is_asked(const supervised_child& of, news what) noexcept {
    return ((of.news_ | of.being_seen_) & asked(what)) != 0;
  }
  using order = supervised_child::order;
  using request = supervised_child::request;
  using condition = supervised_child::condition;
  class news_operation;
  class order_operation;
  class change_operation;

  supervisor_core(fiber& owner, const supervisor_options& options);
  ~supervisor_core() = default;

  std::string describe() const override { return "the children of " + (path_.empty() ? std::string("/") : path_); }
  std::uint64_t number() const noexcept override { return 0; }

  /// What a child supervises while it does; gives what it was before.
  static supervisor_core* supervised_by(supervised_child* child, supervisor_core* what) noexcept;
  static task<> look_after(supervisor_pointer core);
  static task<> look_until_all_have_ended(supervisor_core& core);
  static task<> host(supervised_child_pointer child);
  static task<> start_answered(supervisor_pointer core, supervised_child_pointer child);

  bool add(supervised_child& added);
  bool ask(supervised_child& of, news what) noexcept;
  void note(supervised_child& of, news what, wakeups& woken) noexcept;
  void tell_ended(supervised_child& of, outcome<>&& how) noexcept;
  void shut_down() noexcept;
  duration abandons_within() const noexcept;
  static duration abandons_after(const supervised_child& child) noexcept;
  static duration grace_of(const supervised_child& child) noexcept;
  instant now() const noexcept { return executor_.time().now(); }

  // All that follows is done by the one fiber that looks at news.

  void stop_all_if_asked() noexcept;
  bool close_if_done() noexcept;
  void look_at(supervised_child& child, std::uint8_t what) noexcept;
  void enlist(supervised_child& child) noexcept;
  void forget(supervised_child& child) noexcept;
  void stop_for_good(supervised_child& child) noexcept;
  void start_again(supervised_child& child) noexcept;
  bool its_turn_comes(const supervised_child& child) const noexcept;
  void begin_run(supervised_child& child) noexcept;
  void begin_stop(supervised_child& child) noexcept;
  void kill(supervised_child& child) noexcept;
  void abandon(supervised_child& child) noexcept;
  void time_is_up(supervised_child& child) noexcept;
  void run_ended(supervised_child& child) noexcept;
  void has_stopped(supervised_child& child) noexcept;
  void has_not_started(supervised_child& child, exit_reason&& how) noexcept;
  void has_ended(supervised_child& child, exit_reason&& how) noexcept;
  void goes_down(supervised_child& child, request how, std::exception_ptr error) noexcept;
  void retire(supervised_child& child) noexcept;
  void restart(supervised_child& failed, exit_reason&& how) noexcept;
  void restart_several(supervised_child& failed, restart_from from, duration wait) noexcept;
  void give_up() noexcept;
  void stop_all() noexcept;
  void kill_all() noexcept;
  bool stop_now_or_note_down(supervised_child& child) noexcept;
  void go_on() noexcept;
  bool go_on_stopping() noexcept;
  void go_on_starting() noexcept;
  void tell(const supervised_child& child, tree_event_kind what, const exit_reason& reason = {},
            duration wait = {}) const noexcept;
  bool note_failure(const supervised_child& child, exit_reason&& how) noexcept;
  void set_timer(supervised_child& child, duration after) noexcept;
  void clear_timer(supervised_child& child) noexcept;
  bool timer_has_fired(const supervised_child& child) const noexcept;
  bool start_is_awaited(const supervised_child& child) const noexcept;
  static std::exception_ptr time_out_of(const supervised_child& child) noexcept;
  void set_state(supervised_child& child, child_status state) noexcept;
  void set_state_locked(supervised_child& child, child_status state, wakeups& woken) noexcept;
  void answer(supervised_child& child, request how, std::exception_ptr error = nullptr) noexcept;
  static void answer_locked(supervised_child& child, request how, std::exception_ptr error, wakeups& woken) noexcept;
  void give_order(supervised_child& child, order what) noexcept;
  void give_order_locked(supervised_child& child, order what, wakeups& woken) noexcept;
  static void wake_waiting(supervised_child& child, wakeups& woken) noexcept;

  std::atomic<int> references_{1};
  executor& executor_;
  const supervisor_options options_;
  const std::string path_;

  mutable spinlock lock_;    // taken before a fiber's
  fiber* looking_ = nullptr; // waits for news
  supervised_child* first_news_ = nullptr;
  supervised_child* last_news_ = nullptr;
  bool shutdown_asked_ = false;
  bool closed_ = false; // nobody looks at news any more
  std::size_t being_added_ = 0;
  std::uint64_t added_ = 0;
  cancel_scope* body_ = nullptr;
  task_group* hosts_ = nullptr;
  // Written by the fiber that looks at news alone, under the lock:
  supervised_child* first_ = nullptr;
  supervised_child* last_ = nullptr;
  std::unordered_map<std::string_view, supervised_child*> by_name_;
  children_count count_;

  // Its own:
  bool closing_ = false;
  restart_window window_;
  std::uint64_t placed_ = 0;
  std::size_t significant_ = 0; // that have not ended by themselves
  std::vector<child_failure> failures_;
  bool gave_up_ = false;
  struct several {
    supervised_child* from = nullptr; // null: there is no restart of several under way
    supervised_child* at = nullptr;   // whose turn it is
    bool stopping = false;            // from the last one on; then they are started
    supervised_child* failed = nullptr;
    duration wait{}; // between the two
  } several_;
};

/// Idle by nature, until the block around it is stopped.
class serve_operation {
public:
  serve_operation() noexcept {}

  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {
    if (self_->open_wait(fiber::wait_kind::daemon, "serve", nullptr))
      self_->park();
    else
      self_->stop();
  }
  void await_resume() const noexcept {}

private:
  fiber* self_ = nullptr;
};

/// Runs the body of a supervisor, and stops its children.
task<> supervised_block(supervisor_pointer core, task<> body);

} // namespace detail

} // namespace troupe
