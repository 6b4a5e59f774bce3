// How a piece of concurrent work ended: a value, an error, or cancelled.

#pragma once

#include <troupe/scope/assert.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace troupe {

/// Why a cancel was requested.
enum class cancel_reason : std::uint8_t {
  requested,      ///< Somebody called `cancel()`.
  deadline,       ///< The scope's deadline passed.
  sibling_failed, ///< Another child of the same task group, or its body, ended with an error.
  shutdown,       ///< The runtime is stopping: a signal, or the end of `run`.
  scope_closed,   ///< The work was never started: the group it was meant for was cancelled or had ended.
  revoked,        ///< Whoever had asked for the work does not want it any more: its deadline passed, or it was stopped.
};

/// The reason's name, as in the enumeration.
std::string_view to_string(cancel_reason reason) noexcept;

/// Which cancel it was: the first one that reached the scope.
struct cancel_cause {
  cancel_reason reason = cancel_reason::requested;
  std::uint64_t origin = 0; ///< Number of the fiber whose code or failure began it; 0: from outside of any fiber.
  std::source_location where = std::source_location::current(); ///< The call of `cancel()`, or the library's own line.
};

namespace detail {

struct unit {};

/// What is stored for a result type: the referenced object's address for a reference.
template <class T>
struct stored_result {
  using type = T;
};
template <>
struct stored_result<void> {
  using type = unit;
};
template <class T>
struct stored_result<T&> {
  using type = std::reference_wrapper<T>;
};
template <class T>
using stored_result_t = typename stored_result<T>::type;

} // namespace detail

/// Value, error, or cancelled: what a scope, a child handle or a group has at its boundary.
///
/// Inside of a scope a cancelled wait returns to nobody, so only boundaries see the third case.
template <class T = void>
class [[nodiscard]] outcome {
public:
  using value_type = detail::stored_result_t<T>;

  outcome(value_type value) : state_(std::in_place_index<0>, std::move(value)) {}
  outcome(std::exception_ptr error) : state_(std::in_place_index<1>, std::move(error)) {}
  outcome(cancel_cause cause) : state_(std::in_place_index<2>, cause) {}
  outcome() requires std::is_void_v<T> : state_(std::in_place_index<0>) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  bool has_error() const noexcept { return state_.index() == 1; }
  bool cancelled() const noexcept { return state_.index() == 2; }

  /// The value; rethrows the error.
  ///
  /// @pre    not cancelled
  /// @throws the error
  decltype(auto) value() & {
    require_value();
    if constexpr (!std::is_void_v<T>)
      return static_cast<T&>(std::get<0>(state_));
  }
  decltype(auto) value() && {
    require_value();
    if constexpr (!std::is_void_v<T>)
      return static_cast<T&&>(std::get<0>(std::move(state_)));
  }

  /// @pre has_error()
  const std::exception_ptr& error() const& {
    require_error();
    return std::get<1>(state_);
  }
  std::exception_ptr error() && {
    require_error();
    return std::get<1>(std::move(state_));
  }

  /// @pre cancelled()
  const cancel_cause& cause() const {
    TROUPE_ASSERT(cancelled(),
                  "outcome::cause() was called on an outcome that is not cancelled: ask cancelled() first");
    return std::get<2>(state_);
  }

private:
  void require_error() const {
    TROUPE_ASSERT(has_error(), "outcome::error() was called on an outcome that is not an error: ask has_error() first");
  }
  void require_value() const {
    if (has_error())
      std::rethrow_exception(std::get<1>(state_));
    TROUPE_ASSERT(has_value(), "outcome::value() was called on a cancelled outcome: ask cancelled() first");
  }

  std::variant<value_type, std::exception_ptr, cancel_cause> state_;
};

} // namespace troupe
