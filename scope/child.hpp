// Handle to one child of a task group: its outcome, and its own cancel.

#pragma once

#include <troupe/scope/wait_list.hpp>
#include <troupe/scope/work.hpp>

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
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
  child_base(executor& runs_on, cancel_scope& outer) noexcept : fiber(runs_on, &outer) {}

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
        std::memory_order_acquire); // acquire: pairs with the release in publish(): the outcome is there
  }

  class waiter;

protected:
  /// What the union of a `child_fiber` holds; here, where there is room for it.
  enum class holds : std::uint8_t { work, failure, nothing, result };

  /// False: only the running fiber is left of those who hold it, so nobody will ask for the outcome.
  bool can_be_asked() const noexcept {
    return references_.load(std::memory_order_acquire) != 1; // acquire: as in drop()
  }
  /// Leaves the group and wakes who waits for the outcome: last words of the fiber.
  void tell(std::exception_ptr error, bool cancelled) noexcept;
  /// For a start that was refused: ended, and never in the group.
  void tell_refused() noexcept;

  friend class troupe::task_group;

  holds holds_ = holds::work;
  bool owned_ = true; // false: its group has let go of it. Written while it cannot end

private:
  void publish() noexcept;
  void wake_waiters() noexcept;
  void tell_owner(std::exception_ptr error, bool cancelled) noexcept;
  task_group& group() noexcept;

  std::atomic<bool> outcome_ready_{false};
  std::atomic<int> references_{2}; // the running fiber and the handle; and each waiter
  wait_list waiters_;              // guarded by the fiber's lock
};

/// One fiber that waits for a child's end. Keeps the child: the handle may go meanwhile (a stop destroys the body of a
/// group, and the handles in it, before the children that wait for each other).
class child_base::waiter : wait_node {
public:
  explicit waiter(child_base& child) noexcept : child_(child) { child.keep(); }
  ~waiter();

  void attach(fiber& self) noexcept { waiting = &self; }
  /// The stop is looked at last: a child that the same cancel has ended must not be taken for an answer.
  bool await_ready() const noexcept { return child_.has_ended() && !waiting->stop_pending() && waiting->tick(); }
  void await_suspend(std::coroutine_handle<>);
  void await_resume() const noexcept {}

private:
  friend class child_base;

  child_base& child_;
};

template <class T>
class child_state : public child_base {
public:
  using value_type = T;
  using child_base::child_base;

  /// @pre it has ended, and could still be asked then
  virtual outcome<T>& result() noexcept = 0;
};

template <class Function, class... Args>
class child_fiber : public child_state<work_result_t<Function, Args...>> {
public:
  template <class F, class... A>
  child_fiber(executor& runs_on, cancel_scope& outer, F&& function, A&&... args)
      : child_state<work_result_t<Function, Args...>>(runs_on, outer),
        work_(std::in_place, std::forward<F>(function), std::forward<A>(args)...) {}
  ~child_fiber() override { leave(); }

  /// Not started: what it was given goes at once.
  void refuse() noexcept {
    {
      const ending_marked marked{ending::stopped};
      leave();
    }
    keep(cancel_cause{cancel_reason::scope_closed});
    this->tell_refused();
  }

  outcome<work_result_t<Function, Args...>>& result() noexcept override { return result_; }

private:
  using result_type = outcome<work_result_t<Function, Args...>>;
  using holds = child_base::holds;

  frame* begin() noexcept override {
    try {
      return work_.begin(*this);
    } catch (...) {
      const ending_marked marked{ending::failed};
      leave();
      std::construct_at(&failure_, std::current_exception());
      this->holds_ = holds::failure;
      return nullptr;
    }
  }
  void end(bool cancelled) noexcept override {
    result_type ended =
        this->holds_ == holds::failure ? result_type{std::move(failure_)} : work_.take(cancelled, this->root_scope());
    leave();
    std::exception_ptr error;
    if (!this->can_be_asked()) { // nobody will look at it: the group is the error's one owner
      if (ended.has_error())
        error = std::move(ended).error();
    } else {
      if (ended.has_error())
        error = ended.error();
      keep(std::move(ended));
    }
    this->tell(std::move(error), cancelled);
  }
  void keep(result_type&& ended) noexcept {
    std::construct_at(&result_, std::move(ended));
    this->holds_ = holds::result;
  }
  void leave() noexcept {
    switch (std::exchange(this->holds_, holds::nothing)) {
    case holds::work:
      return std::destroy_at(&work_);
    case holds::failure:
      return std::destroy_at(&failure_);
    case holds::result:
      return std::destroy_at(&result_);
    case holds::nothing:
      return;
    }
  }

  // One after the other, as `holds_` says: what it is to do, or why it could not begin, then what has come of it.
  union {
    work<Function, Args...> work_;
    std::exception_ptr failure_;
    result_type result_;
  };
};

/// One with a name. Apart, because most have none.
template <class Function, class... Args>
class named_child_fiber final : public child_fiber<Function, Args...> {
public:
  template <class F, class... A>
  named_child_fiber(std::string name, executor& runs_on, cancel_scope& outer, F&& function, A&&... args)
      : child_fiber<Function, Args...>(runs_on, outer, std::forward<F>(function), std::forward<A>(args)...),
        name_(std::move(name)) {}

private:
  std::string_view name() const noexcept override { return name_; }

  const std::string name_;
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

  /// As in events, and of nothing else.
  std::uint64_t number() const noexcept { return state_->number(); }
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
