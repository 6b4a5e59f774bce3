// Lazy coroutine: what users write, await, and start as fibers.

#pragma once

#include <troupe/scope/fiber.hpp>

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace troupe {

template <class T = void>
class task;

namespace detail {

/// Destroys a frame that never ran. What such a frame holds may hold further ones: beyond a small depth they are put
/// aside and destroyed by the outermost call, so a long chain does not recurse.
void destroy_unstarted(frame& unstarted) noexcept;

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

/// A wait of this library: it learns its fiber before `await_ready`.
template <class Operation>
concept fiber_operation = requires(Operation& operation, fiber& self) {
  operation.attach(self);
};

/// Awaits an operation where it stands, a temporary of the await expression. (g++ 12 copies what `await_transform`
/// returns, also a reference; an operation is linked into lists and timers and must not move.)
template <class Operation>
class operation_awaiter {
public:
  explicit operation_awaiter(Operation& operation) noexcept : operation_(&operation) {}

  [[gnu::always_inline]] bool await_ready() { return operation_->await_ready(); }
  auto await_suspend(std::coroutine_handle<> leaf) { return operation_->await_suspend(leaf); }
  [[gnu::always_inline]] decltype(auto) await_resume() { return operation_->await_resume(); }

private:
  Operation* operation_;
};

struct promise_base : frame {
  std::suspend_always initial_suspend() const noexcept { return {}; }

  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      ended.promise().runs_on->leave(ended.promise());
    }
    void await_resume() const noexcept {}
  };
  final_awaiter final_suspend() const noexcept { return {}; }

  void unhandled_exception() noexcept { error = std::current_exception(); }

  template <class Operation>
  requires fiber_operation<std::remove_reference_t<Operation>>
  auto await_transform(Operation&& operation) noexcept {
    operation.attach(*runs_on);
    return operation_awaiter<std::remove_reference_t<Operation>>{operation};
  }
  template <class T>
  auto await_transform(task<T>&& callee) noexcept;
  template <class T>
  void await_transform(task<T>& callee) = delete; // a task is awaited once: co_await std::move(callee)

  std::exception_ptr error; // stays until the frame goes: why it goes
};

template <class T>
struct promise final : promise_base {
  using stored = stored_result_t<T>;

  task<T> get_return_object() noexcept;
  template <class U>
  requires std::is_constructible_v<stored, U&&>
  void return_value(U&& value) { result.emplace(std::forward<U>(value)); }
  T take() {
    if constexpr (std::is_reference_v<T>)
      return static_cast<T>(result->get());
    else
      return std::move(*result);
  }

  std::optional<stored> result;
};

template <>
struct promise<void> final : promise_base {
  task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const noexcept {}
};

} // namespace detail

/// A coroutine that runs when it is awaited, once, in the fiber of whoever awaits it.
///
/// It returns a value, throws, or is stopped by a cancel; then its frames are destroyed leaf first, and nothing
/// returns to whoever awaits it unless that is the cancelled scope. Destroying a task that was never awaited runs
/// nothing of it.
///
/// @thread the task object belongs to the frame that holds it
template <class T>
class [[nodiscard("a task runs only when it is awaited: co_await it, or start it in a group")]] task {
public:
  using promise_type = detail::promise<T>;
  using value_type = T;

  task(task && other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    task gone{std::move(*this)};
    handle_ = std::exchange(other.handle_, nullptr);
    return *this;
  }
  ~task() { reset(); }

  /// True until it is moved from, or its frames are gone.
  bool valid() const noexcept { return handle_ != nullptr; }

private:
  friend promise_type;
  friend struct detail::promise_base;
  friend struct task_access;

  explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  void reset() noexcept {
    if (const std::coroutine_handle<> handle = std::exchange(handle_, nullptr); handle != nullptr) {
      if (promise_type& promise = promise_of(handle); promise.runs_on == nullptr) {
        detail::destroy_unstarted(promise);
      } else { // ended: what it awaited is gone already, so nothing recurses
        const detail::ending_marked marked{promise.error ? detail::ending::failed : detail::frames_ending()};
        handle.destroy();
      }
    }
  }
  static promise_type& promise_of(std::coroutine_handle<> handle) noexcept {
    return std::coroutine_handle<promise_type>::from_address(handle.address()).promise();
  }

  std::coroutine_handle<> handle_; // not typed: the walk empties it through frame::owner
};

/// For the library's own awaiters.
struct task_access {
  /// Where a task will be.
  template <class T>
  static task<T> none() noexcept {
    return task<T>{nullptr};
  }
  template <class T>
  static detail::promise<T>& promise_of(task<T>& of) noexcept {
    TROUPE_ASSERT(of.handle_ != nullptr, "a task was awaited that had been moved from or awaited before");
    return task<T>::promise_of(of.handle_);
  }
  template <class T>
  static void reset(task<T>& ended) noexcept {
    ended.reset();
  }
  /// Links `callee` below `awaiter` (null: the fiber itself) in `self`, ready to be entered.
  template <class T>
  static detail::promise<T>& start(task<T>& callee, fiber& self, detail::frame* awaiter) noexcept {
    detail::promise<T>& started = promise_of(callee);
    TROUPE_ASSERT(started.runs_on == nullptr, "a task was awaited twice: its first await has consumed it");
    started.runs_on = &self;
    started.awaiter = awaiter;
    started.owner = &callee.handle_;
    return started;
  }
};

namespace detail {

/// Awaits a task: value or exception; a stop destroys the awaiter with it.
template <class T>
class task_awaiter {
public:
  explicit task_awaiter(task<T>& callee) noexcept : callee_(callee) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> awaiter) noexcept {
    fiber& self = *awaiter.promise().runs_on;
    self.enter(task_access::start(callee_, self, &awaiter.promise()));
  }
  T await_resume() {
    promise<T>& ended = task_access::promise_of(callee_);
    // Its frame goes here: a chain of tasks that hold each other as parameters would go recursively at the end.
    const struct at_exit {
      task<T>& ended;
      ~at_exit() { task_access::reset(ended); }
    } goes{callee_};
    if (ended.error)
      std::rethrow_exception(ended.error);
    return ended.take();
  }

private:
  task<T>& callee_;
};

template <class T>
auto promise_base::await_transform(task<T>&& callee) noexcept {
  return task_awaiter<T>{callee};
}

template <class T>
task<T> promise<T>::get_return_object() noexcept {
  static_assert(alignof(promise) <= 2 * sizeof(void*), "see frame::handle()");
  return task<T>{std::coroutine_handle<promise>::from_promise(*this)};
}

inline task<void> promise<void>::get_return_object() noexcept {
  return task<void>{std::coroutine_handle<promise>::from_promise(*this)};
}

} // namespace detail

} // namespace troupe
