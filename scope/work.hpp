// What a fiber was started with: a function and copies of its arguments, and the task they make.

#pragma once

#include <troupe/scope/kept_call.hpp>
#include <troupe/scope/task.hpp>

#include <type_traits>

namespace troupe::detail {

/// Result type of the coroutine that `Function` makes of `Args`.
template <class Function, class... Args>
struct work_result {
  static_assert(std::is_invocable_v<Function&, Args&&...>,
                "the function cannot be called with these arguments (they are copied and passed as rvalues; "
                "pass a reference with std::ref)");
  using made = std::invoke_result_t<Function&, Args&&...>;
  static_assert(is_task<made>, "what is started must return a task: make it a coroutine with result troupe::task<...>");
  using type = typename made::value_type;
  static_assert(std::is_void_v<type> || std::is_reference_v<type> || std::is_nothrow_move_constructible_v<type>,
                "the result of a fiber must be movable without an exception: return it by std::unique_ptr otherwise");
};
template <class Function, class... Args>
using work_result_t = typename work_result<std::decay_t<Function>, std::decay_t<Args>...>::type;

/// Function, arguments and frames of one fiber. All of them are gone before its end is told.
template <class Function, class... Args>
class work {
public:
  using result = work_result_t<Function, Args...>;

  template <class F, class... A>
  explicit work(std::in_place_t, F&& function, A&&... args)
      : call_(std::in_place, std::forward<F>(function), std::forward<A>(args)...) {}

  /// Calls the function: on the fiber's own thread, so that its frames are allocated where they run.
  ///
  /// @throws what the function throws before it gives a task; then there is nothing to run
  frame* begin(fiber& self) {
    made_ = call_();
    return &task_access::start(made_, self, nullptr);
  }

  /// The outcome, once nothing runs any more.
  ///
  /// @pre begun, without an exception
  outcome<result> take(bool cancelled, const cancel_scope& root) noexcept {
    if (cancelled)
      return root.cause();
    promise<result>& promise = task_access::promise_of(made_);
    if (promise.error)
      return promise.error;
    if constexpr (std::is_void_v<result>)
      return {};
    else
      return outcome<result>{promise.take()};
  }

private:
  kept_call<Function, Args...> call_;
  task<result> made_ = task_access::none<result>(); // destroyed first: its frames may refer to what is kept
};

} // namespace troupe::detail
