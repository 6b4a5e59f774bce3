// A function and arguments that are kept, and called with fresh copies of both each time.

#pragma once

#include <troupe/scope/kept_call.hpp>

#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// One call at a time: the copies stay until it has ended.
template <class Function, class... Args>
class repeated_call {
  static_assert(std::is_copy_constructible_v<Function> && (std::is_copy_constructible_v<Args> && ...),
                "a supervised child is started anew with fresh copies of its function and arguments: pass what can be "
                "copied, or a factory");

public:
  template <class F, class... A>
  explicit repeated_call(std::in_place_t, F&& function, A&&... args)
      : made_of_(std::in_place, std::forward<F>(function), std::forward<A>(args)...) {}

  /// Copies, and calls the copy of the function with `first...` and the copies of the arguments.
  ///
  /// @pre    `let_go` was not called
  /// @throws what copying and the function throw
  template <class... First>
  decltype(auto) begin(First&&... first) {
    std::apply(
        [this](const Function& function, const Args&... args) { copies_.emplace(std::in_place, function, args...); },
        std::as_const(*made_of_));
    return (*copies_)(std::forward<First>(first)...);
  }
  /// Nothing of the call is left: so the copies go.
  void end() noexcept { copies_.reset(); }
  /// There is no further call: function and arguments go.
  void let_go() noexcept { made_of_.reset(); }

private:
  std::optional<std::tuple<Function, Args...>> made_of_;
  std::optional<kept_call<Function, Args...>> copies_;
};

} // namespace troupe::detail
