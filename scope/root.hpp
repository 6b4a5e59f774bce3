// The fiber at the top of a tree, seen from outside of any fiber.

#pragma once

#include <troupe/scope/work.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

namespace troupe {

/// A fiber without an owner among fibers: whoever holds this object owns it. `T` is what its task gives.
template <class T>
class root : public fiber {
public:
  /// Asks the whole tree to stop.
  ///
  /// @thread any, while this object exists
  void cancel(cancel_reason reason = cancel_reason::requested,
              std::source_location where = std::source_location::current()) noexcept {
    root_scope().cancel(reason, where);
  }

  /// Gives it to the executor. Called once.
  void start() noexcept {
    runs_on().emit(event_kind::fiber_started, number(), 0, 0);
    runs_on().schedule(*this);
  }

  bool has_ended() const {
    const std::lock_guard held{mutex_};
    return outcome_.has_value();
  }

  /// Blocks the calling thread until the tree has ended.
  ///
  /// @thread outside of any fiber
  void wait() {
    require_outside();
    std::unique_lock held{mutex_};
    ended_.wait(held, [this] { return outcome_.has_value(); });
  }
  /// The same for at most `limit`; true when it has ended.
  bool wait_for(std::chrono::nanoseconds limit) {
    require_outside();
    std::unique_lock held{mutex_};
    return ended_.wait_for(held, limit, [this] { return outcome_.has_value(); });
  }

  /// @pre has_ended()
  outcome<T> take() {
    const std::lock_guard held{mutex_};
    TROUPE_ASSERT(outcome_.has_value(), "root::take() was called before the tree had ended: wait() first");
    return std::move(*outcome_);
  }

  virtual ~root() override = default;

protected:
  explicit root(executor& runs_on) noexcept : fiber(runs_on, nullptr) {}

  void tell(outcome<T> ended) noexcept {
    runs_on().emit(event_kind::fiber_ended, number(), number(), ended.has_error() ? 1 : ended.cancelled() ? 2 : 0);
    const std::lock_guard held{mutex_}; // notified under the lock: whoever waits may destroy us right after
    outcome_.emplace(std::move(ended));
    ended_.notify_all();
  }

private:
  static void require_outside() noexcept {
    TROUPE_ASSERT(this_fiber::pointer() == nullptr,
                  "a fiber would block its thread until a root has ended (run() or root::wait() was called in a "
                  "fiber): start it in a task group instead, and co_await it");
  }

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::optional<outcome<T>> outcome_;
};

namespace detail {

template <class Function, class... Args>
class root_fiber final : public root<work_result_t<Function, Args...>> {
public:
  template <class F, class... A>
  explicit root_fiber(executor& runs_on, F&& function, A&&... args)
      : root<work_result_t<Function, Args...>>(runs_on),
        work_(std::in_place, std::in_place, std::forward<F>(function), std::forward<A>(args)...) {}

private:
  frame* begin() noexcept override {
    try {
      return work_->begin(*this);
    } catch (...) {
      const ending_marked marked{ending::failed};
      work_.reset();
      failure_ = std::current_exception();
      return nullptr;
    }
  }
  void end(bool cancelled) noexcept override {
    using result_type = outcome<work_result_t<Function, Args...>>;
    result_type ended = failure_ ? result_type{std::move(failure_)} : work_->take(cancelled, this->root_scope());
    work_.reset();
    this->tell(std::move(ended));
  }

  std::optional<work<Function, Args...>> work_;
  std::exception_ptr failure_; // it could not begin
};

} // namespace detail

/// Makes, but does not start, a root that runs `function(args...)` on an executor. It must have ended before it goes.
template <class Function, class... Args>
std::unique_ptr<root<detail::work_result_t<Function, Args...>>> make_root(executor& runs_on, Function&& function,
                                                                          Args&&... args) {
  return std::make_unique<detail::root_fiber<std::decay_t<Function>, std::decay_t<Args>...>>(
      runs_on, std::forward<Function>(function), std::forward<Args>(args)...);
}

} // namespace troupe
