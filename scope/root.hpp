// The fiber at the top of a tree, seen from outside of any fiber.

#pragma once

#include <troupe/scope/work.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

namespace troupe {

/// A root, whatever its result is.
class any_root : public fiber {
public:
  /// Asks the whole tree to stop.
  ///
  /// @thread any, while this object exists
  void cancel(cancel_reason reason = cancel_reason::requested,
              std::source_location where = std::source_location::current()) noexcept {
    root_scope().cancel(reason, where);
  }

  /// Gives it to the executor. Called once.
  void start() noexcept;

  bool has_ended() const noexcept;

  /// Blocks the calling thread until the tree has ended.
  ///
  /// @thread outside of any fiber
  void wait();
  /// The same for at most `limit`; true when it has ended.
  bool wait_for(std::chrono::nanoseconds limit);

  virtual ~any_root() override = default;

protected:
  explicit any_root(executor& runs_on) noexcept : fiber(runs_on, nullptr) {}

  /// The last that a root does: whoever waits may destroy it right after. How it ended is kept before.
  template <class T>
  void tell(const outcome<T>& ended) noexcept {
    tell(ended.has_error() ? 1 : ended.cancelled() ? 2 : 0);
  }

  /// First in a destructor: nothing may go that a running tree uses.
  void require_ended() const noexcept;

private:
  void tell(std::uint64_t how) noexcept;

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool has_ended_ = false;
  bool started_ = false;
};

/// A fiber without an owner among fibers: whoever holds this object owns it. `T` is what its task gives.
template <class T>
class root : public any_root {
public:
  /// @pre has_ended()
  outcome<T> take() {
    TROUPE_ASSERT(has_ended(), "root::take() was called before the tree had ended: wait() first");
    return std::move(*outcome_);
  }

protected:
  using any_root::any_root;

  void tell(outcome<T> ended) noexcept { any_root::tell(outcome_.emplace(std::move(ended))); }

private:
  std::optional<outcome<T>> outcome_; // seen by others once has_ended()
};

namespace detail {

template <class Function, class... Args>
class root_fiber final : public root<work_result_t<Function, Args...>> {
public:
  template <class F, class... A>
  explicit root_fiber(executor& runs_on, F&& function, A&&... args)
      : root<work_result_t<Function, Args...>>(runs_on),
        work_(std::in_place, std::in_place, std::forward<F>(function), std::forward<A>(args)...) {}
  ~root_fiber() override { this->require_ended(); }

private:
  frame* begin() noexcept override {
    try {
      return work_->begin(*this);
    } catch (...) {
      const ending_marked marked{ending::failed};
      work_.drop();
      failure_ = std::current_exception();
      return nullptr;
    }
  }
  void end(bool cancelled) noexcept override {
    using result_type = outcome<work_result_t<Function, Args...>>;
    result_type ended = failure_ ? result_type{std::move(failure_)} : work_->take(cancelled, this->root_scope());
    work_.drop();
    this->tell(std::move(ended));
  }

  droppable<work<Function, Args...>> work_;
  std::exception_ptr failure_; // it could not begin
};

} // namespace detail

/// Makes, but does not start, a root that runs `function(args...)` on an executor. It must have ended before it goes.
template <class Function, class... Args>
std::unique_ptr<root<detail::work_result_t<Function, Args...>>> make_root(executor& runs_on, Function&& function,
                                                                          Args&&... args) {
  using made = detail::root_fiber<std::decay_t<Function>, std::decay_t<Args>...>;
  return std::unique_ptr<root<detail::work_result_t<Function, Args...>>>{
      new made{runs_on, std::forward<Function>(function), std::forward<Args>(args)...}};
}

} // namespace troupe
