// Fibers with one owner: all have ended when the group's block is left, and one failure stops the rest.

#pragma once

#include <troupe/scope/child.hpp>
#include <troupe/scope/station.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace troupe {

struct actor_options; // of a layer above
template <class Call>
struct on_undelivered;

/// One failure in a task group.
struct group_error {
  std::optional<std::size_t> start_index;   ///< Which child, counted from 0 in order of start; empty: the group's body.
  std::exception_ptr error;                 ///< The original exception.
  std::string name;                         ///< What the child was called; empty: nothing.
  std::vector<std::exception_ptr> attached; ///< What failed in its cleanup: see `attached_errors`.

  /// Whose it is: "child 3 (reader)", "child 3", or "body".
  std::string whose() const;
};

/// All failures of one task group, also when it is just one, ordered by start index; the body's comes first.
///
/// Children that the group itself cancelled are no failures. (Always a group, as in Trio since its strict mode.)
class error_group : public std::exception {
public:
  /// How many failures a group keeps; further ones are counted.
  static constexpr std::size_t errors_max = 1'000;

  error_group(std::vector<group_error> in_order_of_time, std::size_t omitted);

  const std::vector<group_error>& errors() const noexcept { return errors_; }
  /// The failure that began the stop, an index into `errors()`.
  std::size_t primary() const noexcept { return primary_; }
  /// Failures beyond `errors_max`, of which nothing but this count is kept.
  std::size_t omitted() const noexcept { return omitted_; }

  /// "2 failures in a task group; first child 3 (reader): connection refused".
  const char* what() const noexcept override { return what_.c_str(); }

private:
  std::vector<group_error> errors_;
  std::size_t primary_ = 0;
  std::size_t omitted_;
  std::string what_;
};

/// What a thrown object says of itself: `what()` of a `std::exception`, "unknown exception" of anything else.
std::string message_of(const std::exception_ptr& error);

/// What failed first in a group, and in that if it is one as well: the error itself, for whom the groups mean nothing. Of
/// any other error that one.
std::exception_ptr primary_error(std::exception_ptr error);

/// What a child is started with: `group.start({.name = "reader"}, read, std::ref(file))`.
struct child_options {
  /// Its part of the path: in reports and in the error of its group. Does not begin with a digit, and has no '/'.
  /// Children of one group may have the same name; then only their numbers tell them apart. Empty: the start index.
  /// Copied. (No `std::string`: g++ 12 destroys an aggregate that has one twice in an expression that awaits.)
  std::string_view name = {};
};

namespace detail {

class caretaker; // of a layer above

/// Not a function: `start` with options is meant.
template <class... Args>
struct work_result<child_options, Args...> {};

} // namespace detail

/// Starts fibers that cannot outlive the block it was made for. See `in_task_group`.
class task_group : private cancel_scope {
public:
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;

  /// Starts `function(args...)`, which must return a task, as a child.
  ///
  /// Function and arguments are copied (or moved) into the child and gone when it has ended; `std::ref` passes a
  /// reference. Never suspends; the child runs to its first wait even if it is cancelled at once. In a group that is
  /// stopping or has ended nothing is started: the child's outcome is `cancelled` with reason `scope_closed`.
  ///
  /// @throws what copying throws; then nothing was started
  /// @thread any fiber or callback, while the group's block has not been left
  template <class Function, class... Args>
  child<detail::work_result_t<Function, Args...>> start(Function&& function, Args&&... args) {
    using fiber_type = detail::child_fiber<std::decay_t<Function>, std::decay_t<Args>...>;
    return launch(
        *new fiber_type(owner().runs_on(), *this, std::forward<Function>(function), std::forward<Args>(args)...));
  }
  /// The same for a child with a name.
  ///
  /// @throws also `std::invalid_argument` for a name that cannot be part of a path
  template <class Function, class... Args>
  child<detail::work_result_t<Function, Args...>> start(const child_options& options, Function&& function,
                                                        Args&&... args) {
    if (options.name.empty())
      return start(std::forward<Function>(function), std::forward<Args>(args)...);
    require_path_part(options.name);
    using fiber_type = detail::named_child_fiber<std::decay_t<Function>, std::decay_t<Args>...>;
    return launch(*new fiber_type(std::string(options.name), owner().runs_on(), *this, std::forward<Function>(function),
                                  std::forward<Args>(args)...));
  }

  /// Starts `function(inbox, args...)` as an actor, and gives its address. Defined in <troupe/actors/actor.hpp>.
  ///
  /// It is a child as others are: its failure is the group's. It ends when its function does, which is when the last
  /// address has gone and all that was sent has been received, if it serves its inbox.
  ///
  /// @throws as `start`
  template <class Function, class... Args>
  auto start_actor(const actor_options& options, Function&& function, Args&&... args);
  /// The same, with what is called for each message that the actor does not handle.
  template <class Call, class Function, class... Args>
  auto start_actor(const actor_options& options, on_undelivered<Call> lost, Function&& function, Args&&... args);

  /// Cancels all children and the body. The group ends normally if nothing failed: it absorbs its own cancel.
  ///
  /// @thread any, while the group's block has not been left
  void cancel(cancel_reason reason = cancel_reason::requested,
              std::source_location where = std::source_location::current()) noexcept {
    cancel_scope::cancel(reason, where);
  }

  /// True when the group starts nothing any more and its children are being stopped.
  ///
  /// @thread any
  bool stopping() const noexcept { return cancel_scope::stopping(); }

  /// Children that have not ended.
  ///
  /// @thread any
  std::size_t children_approx() const noexcept {
    return running_.load(std::memory_order_relaxed); // relaxed: a number for people
  }

private:
  friend class detail::child_base;
  friend class detail::caretaker;
  template <class Body>
  friend task<> in_task_group(Body body);

  template <class Started>
  auto launch(Started& started) noexcept {
    child<typename Started::value_type> handle{started};
    if (enlist(started))
      owner().runs_on().schedule(started);
    else
      started.refuse();
    return handle;
  }
  static void require_path_part(std::string_view name);

  /// The wait for all children: shielded, because nothing outlives its owner.
  class join_operation {
  public:
    explicit join_operation(task_group& group) noexcept : group_(group) {}
    void attach(fiber&) const noexcept {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<>) const noexcept;
    void await_resume() const noexcept {}

  private:
    task_group& group_;
  };

  explicit task_group(fiber& owner) noexcept : cancel_scope(owner, shielding::none, role::group) {}
  fiber& owner() const noexcept { return fiber_; }

  bool enlist(detail::child_base& added) noexcept;
  void child_ended(detail::child_base& ended, std::exception_ptr error, bool cancelled) noexcept;
  void take_out(detail::child_base& gone, detail::wakeups& woken) noexcept;
  void fail(group_error&& failed, std::uint64_t origin, detail::wakeups& woken) noexcept;
  void body_failed(std::exception_ptr error) noexcept;
  /// Does not wait for it any more: what it uses is its own, and its end is told to nobody.
  ///
  /// @pre it cannot end meanwhile
  /// @thread any
  void disown(const child<>& of) noexcept;
  /// All have ended. True when a stop from outside is to be passed on.
  ///
  /// @throws `error_group`
  bool joined(bool body_was_stopped);

  // guarded by the owner's lock:
  std::atomic<std::size_t> running_{0};
  std::uint32_t started_ = 0;
  bool joining_ = false;
  bool closed_ = false;
  bool was_stopped_ = false; // a child was stopped, or not started because of a stop
  std::size_t errors_omitted_ = 0;
  std::vector<group_error> errors_; // in order of time
};

/// Runs `body` with a task group and waits until all children of it have ended, whatever happens.
///
/// `body(task_group&)` is a plain function, or a coroutine with result `task<>` where it must wait. The first failure
/// (of a child or of the body) cancels all others. Children refer to what lives outside of the body: its own locals
/// go before the children are joined.
///
/// A cancel of the group alone is absorbed. A stop from outside that has stopped the body or a child (or kept one from
/// starting) goes on through the group after the join, unless there are errors: then they are thrown and the stop is
/// taken at the next wait. Ending a group is no checkpoint.
///
/// @suspends until the last child has ended
/// @cancel   children are cancelled and joined, then the stop goes on
/// @throws   `error_group`
template <class Body>
task<> in_task_group(Body body) {
  using made = std::invoke_result_t<Body&, task_group&>;
  static_assert(std::is_void_v<made> || std::is_same_v<made, task<>>,
                "the body of a task group returns nothing, or task<> where it must wait: keep results in the child "
                "handles or in variables outside of the group");
  fiber& self = co_await detail::current_fiber{};
  bool pass_on = false;
  {
    task_group group{self};
    bool body_was_stopped = false;
    if constexpr (std::is_void_v<made>) {
      try {
        body(group);
      } catch (...) {
        group.body_failed(std::current_exception());
      }
    } else {
      // Not as one expression: calling the body may throw before there is a task.
      std::optional<task<>> running;
      try {
        running.emplace(body(group));
      } catch (...) {
        group.body_failed(std::current_exception());
      }
      if (running) {
        outcome<> ended = co_await detail::catch_stop(std::move(*running));
        body_was_stopped = ended.cancelled();
        if (ended.has_error())
          group.body_failed(ended.error());
      }
    }
    co_await task_group::join_operation{group};
    pass_on = group.joined(body_was_stopped);
  }
  if (pass_on)
    co_await detail::continue_stop{};
}

} // namespace troupe
