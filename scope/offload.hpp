// Blocking work beside fibers: a function runs on a thread of its own, and its fiber waits for it.

#pragma once

#include <troupe/scope/kept_call.hpp>
#include <troupe/scope/offload_queue.hpp>
#include <troupe/scope/station.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {

template <class T>
inline constexpr bool is_reference_wrapper = false;
template <class T>
inline constexpr bool is_reference_wrapper<std::reference_wrapper<T>> = true;

/// What `Function` gives when it is called with `Args`, after a `std::stop_token` if it takes one.
template <class Function, class... Args>
struct offload_result {
  static constexpr bool takes_token = std::is_invocable_v<Function&, std::stop_token, Args&&...>;
  static_assert(takes_token || std::is_invocable_v<Function&, Args&&...>,
                "the offloaded function cannot be called with these arguments, nor with a std::stop_token before them "
                "(they are copied and passed as rvalues; pass a reference with std::ref)");
  using raw = typename std::conditional_t<takes_token, std::invoke_result<Function&, std::stop_token, Args&&...>,
                                          std::invoke_result<Function&, Args&&...>>::type;
  static_assert(!is_task<std::remove_cvref_t<raw>>,
                "an offloaded function is a plain one: a coroutine runs on fibers, so await it or start it in a group");
  static_assert(!std::is_rvalue_reference_v<raw>, "an offloaded function gives a value or an lvalue reference");
  using type = std::conditional_t<std::is_reference_v<raw>, raw, std::remove_cv_t<raw>>;
  static_assert(std::is_void_v<type> || std::is_reference_v<type> || std::is_move_constructible_v<type>,
                "the result of an offloaded function must be movable: return it by std::unique_ptr otherwise");
};
template <class Function, class... Args>
using offload_result_t = typename offload_result<std::decay_t<Function>, std::decay_t<Args>...>::type;

/// A job and what it gives.
template <class T>
class offload_call : public offload_job {
public:
  /// Moves the result out; rethrows the error. @pre it has ended
  T take() {
    if (error_)
      std::rethrow_exception(std::move(error_));
    if constexpr (std::is_reference_v<T>)
      return value_->get();
    else if constexpr (!std::is_void_v<T>)
      return std::move(*value_);
  }

protected:
  std::optional<stored_result_t<T>> value_;
  std::exception_ptr error_;
};

/// A job with its function and copies of the arguments, which are gone before its end is told.
template <class Function, class... Args>
class offload_function final : public offload_call<offload_result_t<Function, Args...>> {
  using result = offload_result_t<Function, Args...>;
  static constexpr bool takes_token = offload_result<Function, Args...>::takes_token;

public:
  template <class F, class... A>
  explicit offload_function(std::in_place_t, F&& function, A&&... args)
      : held_(std::in_place, std::in_place, std::forward<F>(function), std::forward<A>(args)...) {}

  void request_stop() noexcept override {
    if constexpr (takes_token)
      stop_.request_stop();
  }

private:
  void call() noexcept override {
    try {
      if constexpr (std::is_void_v<result>)
        invoke();
      else
        this->value_.emplace(invoke());
    } catch (...) {
      this->error_ = std::current_exception();
    }
    const ending_marked marked{this->error_ ? ending::failed : ending::normal};
    held_.drop();
  }
  decltype(auto) invoke() {
    if constexpr (takes_token)
      return (*held_)(stop_.get_token());
    else
      return (*held_)();
  }

  droppable<kept_call<Function, Args...>> held_;
  [[no_unique_address]] std::conditional_t<takes_token, std::stop_source, unit> stop_;
};

enum class offload_cancel : bool { waits, abandons };

/// Queues the job and waits, withdraws it while it has not begun, else deals with the cancel as told.
template <class T>
task<T> offloaded(std::unique_ptr<offload_call<T>> job, offload_cancel when_running) {
  fiber& self = co_await current_fiber{};
  TROUPE_ASSERT(self.runs_on().offloads() != nullptr,
                "offload() was awaited on an executor that runs no blocking work: it has no executor::offloads()");
  offload_queue& queue = *self.runs_on().offloads();
  outcome<> waited = co_await catch_stop(wait_for_job(queue, *job));
  if (waited.cancelled()) {
    if (queue.withdraw(*job))
      co_await continue_stop{};
    job->request_stop(); // may call what the function has registered, so it comes before the job is given away
    if (when_running == offload_cancel::abandons && queue.abandon(*job)) {
      static_cast<void>(job.release());
      co_await continue_stop{};
    }
    co_await offload_end_wait{queue, *job};
  } else {
    waited.value(); // throws where there is no thread
  }
  co_return job->take();
}

template <class Function, class... Args>
auto offloaded_call(offload_cancel when_running, Function&& function, Args&&... args) {
  using call = offload_call<offload_result_t<Function, Args...>>;
  using job = offload_function<std::decay_t<Function>, std::decay_t<Args>...>;
  return offloaded(
      std::unique_ptr<call>{new job{std::in_place, std::forward<Function>(function), std::forward<Args>(args)...}},
      when_running);
}

} // namespace detail

/// Runs `function(args...)`, which may block, on a thread for blocking work, and waits for it.
///
/// A function that can be called with a `std::stop_token` before its arguments gets one. Function and arguments are
/// copied (or moved), and destroyed on that thread before the fiber goes on; `[&]` and `std::ref` are fine, because the
/// fiber stays where it is until the function has returned. There are at most `offload_threads_max` such threads (an
/// option of the executor); functions beyond that wait, first come first served.
///
/// *A limit around it does not cut it short*: nobody can stop a thread. A cancel requests the token, and a function
/// that looks at it returns early. What it then gives is delivered, also by `fail_after` after its limit.
///
/// The function runs outside of any fiber: `this_fiber::pointer()` is null there, and it cannot await. It may do what
/// is allowed on any thread: cancel a scope, `try_send`. In the simulator it is a step of its own, on the only thread.
///
/// @suspends until the function has returned
/// @cancel   before the function has begun: it never does, and goes. While it runs: its stop token is requested (what
///           it has registered by `std::stop_callback` is called by the fiber), the fiber waits until it has returned,
///           its result or error is delivered, and the stop is taken at the next wait
/// @returns  what the function returns
/// @throws   what it throws; `std::system_error` if there is no thread and none can be made
/// @thread   any fiber's
template <class Function, class... Args>
task<detail::offload_result_t<Function, Args...>> offload(Function&& function, Args&&... args) {
  return detail::offloaded_call(detail::offload_cancel::waits, std::forward<Function>(function),
                                std::forward<Args>(args)...);
}

/// Like `offload`, but a cancel does not wait for the function: the fiber leaves, and the function is *abandoned*.
///
/// For what cannot be asked to end, as a lookup of a name. An abandoned function keeps its thread until it returns, and
/// counts in `executor::abandoned()` as long; what it returns or throws is dropped there. A runtime waits for it at its
/// end, for no longer than the shutdown limit.
///
/// *Danger: everything that the function uses must be its own*, or live as long as the program: it may still run
/// when the frames of its fiber, their owners and all that they hold are gone. So no `[&]`, no `this`, no pointer or
/// `string_view` to what others own: pass what it needs as arguments, which are copied. (Captures by value do as well,
/// but not on g++ 12 in the expression that awaits: docs/compilers.md.)
///
/// @suspends until the function has returned
/// @cancel   before the function has begun: it never does, and goes. While it runs: its stop token is requested, and
///           the fiber leaves at once. A result that is there already is delivered, and the stop is taken at the next
///           wait
/// @returns  what the function returns
/// @throws   what it throws; `std::system_error` if there is no thread and none can be made
/// @thread   any fiber's
template <class Function, class... Args>
task<detail::offload_result_t<Function, Args...>> offload_abandon(Function&& function, Args&&... args) {
  static_assert(!(detail::is_reference_wrapper<std::decay_t<Function>> || ... ||
                  detail::is_reference_wrapper<std::decay_t<Args>>),
                "an abandoned function outlives its fiber, so it must own what it uses: not std::ref");
  return detail::offloaded_call(detail::offload_cancel::abandons, std::forward<Function>(function),
                                std::forward<Args>(args)...);
}

} // namespace troupe
