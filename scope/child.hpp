// Handle to one child of a task group: its outcome, and its own cancel.

#pragma once

#include <troupe/scope/wait_list.hpp>
#include <troupe/scope/work.hpp>

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

namespace troupe {

class task_group;

/// The error of `child::value()` for a child that was cancelled and so has no value.
class child_cancelled : public std::runtime_error {
public:
  explicit child_cancelled(const cancel_cause& cause)
      : std::runtime_error("the child was cancelled: " + std::string(to_string(cause.reason))), cause_(cause) {}

  const cancel_cause& cause() const noexcept { return cause_; }

private:
  cancel_cause cause_;
};

namespace detail {

/// A fiber of a group, kept until it has ended and its handle is gone.
class child_base : public fiber {
public:
  child_base(executor& runs_on, task_group& group, cancel_scope& outer) noexcept
      : fiber(runs_on, &outer), group_(group) {}

  /// One more holds it. @pre the caller's own hold, or that of a handle that cannot go meanwhile
  void keep() noexcept {
    references_.fetch_add(1, std::memory_order_relaxed);
  } // relaxed: a copy of a hold that is there
  void drop() noexcept {
    // acq_rel: the last one sees all that the other wrote before it destroys
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete this;
  }

  bool has_ended() const noexcept {
    return outcome_ready_.load(
        std::memory_order_acquire); // acquire: pairs with the release in tell(): the outcome is there
  }

  class waiter;

protected:
  /// False: only the running fiber is left of those who hold it, so nobody will ask for the outcome.
  bool can_be_asked() const noexcept {
    return references_.load(std::memory_order_acquire) != 1; // acquire: as in drop()
  }
  /// Leaves the group and wakes who waits for the outcome: last words of the fiber.
  void tell(std::exception_ptr error, bool cancelled) noexcept;
  /// For a start that was refused: ended, and never in the group.
  void tell_refused() noexcept;

  friend class troupe::task_group;

private:
  void publish() noexcept;
  void wake_waiters() noexcept;

  task_group& group_;
  wait_list waiters_; // guarded by the fiber's lock
  std::atomic<bool> outcome_ready_{false};
  std::atomic<int> references_{2}; // the running fiber and the handle; and each waiter
};

/// One fiber that waits for a child's end. Keeps the child: the handle may go meanwhile (a stop destroys the body of a
/// group, and the handles in it, before the children that wait for each other).
class child_base::waiter : wait_node {
public:
  explicit waiter(child_base& child) noexcept : child_(child) { child.keep(); }
  ~waiter();

  void attach(fiber& self) noexcept { waiting = &self; }
  bool await_ready() const noexcept { return !waiting->stop_pending() && child_.has_ended() && waiting->tick(); }
  void await_suspend(std::coroutine_handle<>) noexcept;
  void await_resume() const noexcept {}

private:
  friend class child_base;

  child_base& child_;
};

template <class T>
class child_state : public child_base {
public:
  using child_base::child_base;

  /// @pre it has ended, and could still be asked then
  virtual outcome<T>& result() noexcept = 0;
};

template <class Function, class... Args>
class child_fiber final : public child_state<work_result_t<Function, Args...>> {
public:
  template <class F, class... A>
  child_fiber(executor& runs_on, task_group& group, cancel_scope& outer, F&& function, A&&... args)
      : child_state<work_result_t<Function, Args...>>(runs_on, group, outer),
        work_(std::in_place, std::forward<F>(function), std::forward<A>(args)...) {}
  ~child_fiber() override {
    if (holds_ == holds::work)
      std::destroy_at(&work_);
    else if (holds_ == holds::result)
      std::destroy_at(&result_);
  }

  /// Not started: what it was given goes at once.
  void refuse() noexcept {
    work_.discard();
    std::destroy_at(&work_);
    keep_result(cancel_cause{cancel_reason::scope_closed});
    this->tell_refused();
  }

  outcome<work_result_t<Function, Args...>>& result() noexcept override { return result_; }

private:
  using result_type = outcome<work_result_t<Function, Args...>>;
  enum class holds : std::uint8_t { work, nothing, result };

  frame* begin() noexcept override { return work_.begin(*this); }
  void end(bool cancelled) noexcept override {
    result_type ended = work_.end(cancelled, this->root_scope());
    std::destroy_at(&work_);
    holds_ = holds::nothing;
    std::exception_ptr error;
    if (!this->can_be_asked()) { // nobody will look at it: the group is the error's one owner
      if (ended.has_error())
        error = std::move(ended).error();
    } else {
      if (ended.has_error())
        error = ended.error();
      keep_result(std::move(ended));
    }
    this->tell(std::move(error), cancelled);
  }
  void keep_result(result_type&& ended) noexcept {
    std::construct_at(&result_, std::move(ended));
    holds_ = holds::result;
  }

  // One after the other: what it is to do, and what has come of it.
  union {
    work<Function, Args...> work_;
    result_type result_;
  };
  holds holds_ = holds::work;
};

} // namespace detail

/// What `task_group::start` returns: the child's outcome once it has ended, and a way to cancel just this child.
/// Dropping it changes nothing for the child. A `T` that nobody takes is kept until the handle goes.
///
/// @thread one at a time
template <class T = void>
class child {
public:
  child(child&&) noexcept = default;
  child& operator=(child&&) noexcept = default;

  /// True once it has ended; also when it was never started.
  ///
  /// @thread any
  bool ended() const noexcept { return state_->has_ended(); }

  /// Waits until the child has ended.
  ///
  /// @suspends until then
  /// @cancel   the child is not touched
  detail::child_base::waiter wait_ended() const noexcept { return detail::child_base::waiter{*state_}; }

  /// How it ended.
  ///
  /// @pre ended(): after `wait_ended()`, or after the group
  outcome<T>& result() const {
    TROUPE_ASSERT(ended(), "child::result() was called before the child had ended: co_await wait_ended() first");
    return state_->result();
  }

  /// Waits for the child and gives its value, moved out of it: once.
  ///
  /// @suspends until it has ended
  /// @cancel   the child is not touched
  /// @throws   the child's error; `child_cancelled`
  task<T> value() const {
    state_->keep();
    return value_of(holder{state_.get()});
  }

  /// Cancels this child alone; its group goes on.
  ///
  /// @thread any
  void cancel(cancel_reason reason = cancel_reason::requested,
              std::source_location where = std::source_location::current()) const noexcept {
    state_->root_scope().cancel(reason, where);
  }

private:
  friend class task_group;

  struct dropper {
    void operator()(detail::child_state<T>* state) const noexcept { state->drop(); }
  };

  using holder = std::unique_ptr<detail::child_state<T>, dropper>;

  explicit child(detail::child_state<T>& state) noexcept : state_(&state) {}

  static task<T> value_of(holder state) {
    co_await detail::child_base::waiter{*state};
    outcome<T>& result = state->result();
    if (result.cancelled())
      throw child_cancelled{result.cause()};
    co_return std::move(result).value();
  }

  holder state_;
};

} // namespace troupe
