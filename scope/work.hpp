// What a fiber was started with: a function and copies of its arguments, and the task they make.

#pragma once

#include <troupe/scope/task.hpp>

#include <optional>
#include <tuple>
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
      : held_(std::in_place, std::forward<F>(function), std::tuple<Args...>{std::forward<A>(args)...}) {}

  /// Calls the function: on the fiber's own thread, so that its frames are allocated where they run.
  frame* begin(fiber& self) noexcept {
    try {
      made_.emplace(std::apply([this](Args&... args) { return std::invoke(held_->function, std::move(args)...); },
                               held_->arguments));
      return &task_access::start(*made_, self, nullptr);
    } catch (...) {
      failed_ = std::current_exception();
      return nullptr;
    }
  }

  /// The outcome, once nothing runs any more.
  outcome<result> end(bool cancelled, const cancel_scope& root) noexcept {
    outcome<result> ended = take(cancelled, root);
    made_.reset();
    held_.reset();
    return ended;
  }

  /// For what is never begun.
  void discard() noexcept {
    const ending_marked marked{ending::stopped};
    held_.reset();
  }

private:
  struct callable {
    callable(auto&& f, std::tuple<Args...> a) : function(std::forward<decltype(f)>(f)), arguments(std::move(a)) {}
    [[no_unique_address]] Function function;
    [[no_unique_address]] std::tuple<Args...> arguments;
  };

  outcome<result> take(bool cancelled, const cancel_scope& root) noexcept {
    if (cancelled)
      return root.cause();
    if (failed_)
      return std::move(failed_);
    promise<result>& promise = task_access::promise_of(*made_);
    if (promise.error)
      return std::move(promise.error);
    if constexpr (std::is_void_v<result>)
      return {};
    else
      return outcome<result>{promise.take()};
  }

  std::optional<callable> held_;
  std::optional<task<result>> made_; // destroyed first: its frames may refer to what is held
  std::exception_ptr failed_;
};

template <class Function, class... Args>
work(std::in_place_t, Function, Args...) -> work<Function, Args...>;

} // namespace troupe::detail
