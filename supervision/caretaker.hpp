// What a supervisor decides: which child runs, is stopped, is started anew.

#pragma once

#include <troupe/scope/fiber.hpp>
#include <troupe/supervision/escalated.hpp>
#include <troupe/supervision/recent_failures.hpp>
#include <troupe/supervision/restart_policy.hpp>
#include <troupe/supervision/strategy.hpp>
#include <troupe/supervision/supervised_child.hpp>
#include <troupe/supervision/tree_event.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <vector>

namespace troupe::detail {

/// Used by the one fiber of a supervisor that looks at news, and by nobody else: all of it is sequential. What others
/// look at it tells by the core, under the lock.
class caretaker {
public:
  caretaker(supervisor_core& core, restart_window window) noexcept : core_(core), window_(window) {}

  /// What has happened to a child, as bits of its `news`.
  void look_at(supervised_child& child, std::uint8_t what) noexcept;
  /// Goes by new options, once somebody has asked for that. Before a look at what has happened since.
  void reconfigure_if_asked() noexcept;
  /// Stops all, once somebody has asked for that.
  void stop_all_if_asked() noexcept;
  /// Stops all, with the shields in them: whoever stops us has no more patience.
  void kill_all() noexcept;
  bool closing() const noexcept { return closing_; }
  /// True when there is nothing left to look at: then nothing comes any more.
  bool close_if_done() noexcept;

  /// For a snapshot, of the fiber that uses it.
  ///
  /// @thread any
  void tell(node_facts& facts) const noexcept;

  /// Once all children have ended.
  escalation gave_up() const noexcept { return gave_up_; }
  /// What led to that. Leaves nothing.
  ///
  /// @throws std::bad_alloc
  std::vector<child_failure> take_failures();

private:
  using news = supervised_child::news;
  using order = supervised_child::order;
  using request = supervised_child::request;

  /// Which others a stop waits for.
  enum class stops : bool { alone, in_order };

  void enlist(supervised_child& child) noexcept;
  void reconfigure(supervised_child& child) noexcept;
  void forget(supervised_child& child) noexcept;
  void stop_for_good(supervised_child& child) noexcept;
  void start_again(supervised_child& child) noexcept;
  void begin_run(supervised_child& child) noexcept;
  void begin_stop(supervised_child& child, stops how) noexcept;
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
  bool its_turn_comes(const supervised_child& child) const noexcept;
  void stop_all() noexcept;
  bool stop_now_or_note_down(supervised_child& child, stops how) noexcept;
  void go_on() noexcept;
  bool go_on_stopping() noexcept;
  void go_on_starting() noexcept;

  /// Why it is not to be started anew; `none`: it is.
  escalation note_failure(const supervised_child& child, exit_reason&& how, instant now) noexcept;
  void tell(const supervised_child& child, tree_event_kind what, const exit_reason& reason = {}, duration wait = {},
            stops how = stops::alone) const noexcept;
  void set_timer(supervised_child& child, duration after) noexcept;
  void clear_timer(supervised_child& child) noexcept;
  bool timer_has_fired(const supervised_child& child) const noexcept;
  bool start_is_awaited(const supervised_child& child) const noexcept;
  static std::exception_ptr time_out_of(const supervised_child& child) noexcept;

  supervisor_core& core_;
  restart_window window_;
  bool closing_ = false;
  std::uint64_t placed_ = 0;
  std::size_t significant_ = 0; // that have not retired: they run, or will without being asked for
  recent_failures failures_;
  escalation gave_up_ = escalation::none;
  struct several {
    supervised_child* from = nullptr; // null: there is no restart of several under way
    supervised_child* at = nullptr;   // whose turn it is
    bool stopping = false;            // from the last one on; then they are started
    supervised_child* failed = nullptr;
    duration wait{}; // between the two
  } several_;
};

} // namespace troupe::detail
