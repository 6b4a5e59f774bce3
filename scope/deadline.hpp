// Time limits as scopes: nested ones hold at once, so the earliest counts.

#pragma once

#include <troupe/scope/station.hpp>
#include <troupe/scope/time_source.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>

namespace troupe {

/// A limit passed before what it limits had ended: the error of `fail_after`, `fail_at`, and of a finalizer.
class deadline_exceeded : public std::runtime_error {
public:
  deadline_exceeded() : deadline_exceeded(std::exception_ptr{}) {}
  /// @param fate  what is known of the work that was stopped
  explicit deadline_exceeded(std::exception_ptr fate)
      : std::runtime_error("deadline exceeded: the work was stopped before it had a result"), fate_(std::move(fate)) {}
  using std::runtime_error::runtime_error;

  /// What became of an ask that was under way, as the error that it would have thrown; null: there was none.
  const std::exception_ptr& fate() const noexcept { return fate_; }

private:
  std::exception_ptr fate_;
};

namespace detail {

/// A time limit as given: counted from the await where relative.
struct time_limit {
  instant at{};
  duration after{};
  bool relative = false;

  static time_limit in(duration after) noexcept { return {{}, after, true}; }
  static time_limit until(instant at) noexcept { return {at, {}, false}; }
  instant from(instant now) const noexcept { return relative ? saturated(now, after) : at; }
};

/// Whoever wants the details hears of a limit that begins.
void tell_limit(const fiber& self, const time_limit& begins) noexcept;

/// A scope that is cancelled when an instant comes; a shield's also with the commit phases in it.
///
/// @thread the owner's
class deadline_scope final : public cancel_scope, timer {
public:
  enum class expires : std::uint8_t {
    by_itself,
    by_others, ///< Somebody else cancels it in time, and it only says until when.
    moving_on, ///< By itself, and whoever set the limit has something else to do then.
  };

  deadline_scope(fiber& owner, instant at, shielding kind = shielding::none, expires how = expires::by_itself);
  ~deadline_scope();

  /// When the earliest limit around the fiber passes, up to the next shield; the last instant: none does.
  static instant earliest_around(const fiber& self) noexcept;
  /// Tells the limit of this fiber that stops it what has become of the work, if it is a limit that does.
  static void note_fate(fiber& stopped, std::exception_ptr fate) noexcept;

  /// Of the work that it has stopped: see `deadline_exceeded::fate`.
  std::exception_ptr fate;

private:
  static bool is_limit(const cancel_scope& scope) noexcept {
    return scope.role_ == role::limited || scope.role_ == role::moves_on;
  }
  void tell_deadline(const fiber& owner) const noexcept;
  static void expire(timer& fired, wakeups& woken) noexcept;
  static void expire_shield(timer& fired, wakeups& woken) noexcept;

  time_source* const time_; // null: it has no timer
};

enum class expiry : bool { moves_on, fails };

/// What a limited task gives: `optional<T>` or bool where expiry moves on, else as the task does.
template <expiry Kind, class T>
using limited_result =
    std::conditional_t<Kind == expiry::fails, T,
                       std::conditional_t<std::is_void_v<T>, bool, std::optional<stored_result_t<T>>>>;

template <expiry Kind, class T>
task<limited_result<Kind, T>> limited(time_limit limit, task<T> body) {
  fiber& self = co_await current_fiber{};
  const instant now = self.runs_on().time().now();
  const instant at = limit.from(now);
  std::exception_ptr fate;
  if (at > now) { // else nothing is started
    tell_limit(self, limit);
    bool pass_on = false;
    {
      deadline_scope entered{self, at, cancel_scope::shielding::none,
                             Kind == expiry::moves_on ? deadline_scope::expires::moving_on
                                                      : deadline_scope::expires::by_itself};
      outcome<T> result = co_await catch_stop(std::move(body));
      if (!result.cancelled()) { // a result that is there is never discarded by an expiry that comes too late
        if constexpr (Kind == expiry::fails) {
          co_return std::move(result).value();
        } else if constexpr (std::is_void_v<T>) {
          result.value();
          co_return true;
        } else {
          co_return std::move(result).value();
        }
      }
      pass_on = entered.outer_stopping();
      fate = std::move(entered.fate);
    }
    if (pass_on) {
      if (fate) // the limit around this one has passed as well, and is the one that fails
        deadline_scope::note_fate(self, std::move(fate));
      co_await continue_stop{};
    }
  }
  if constexpr (Kind == expiry::fails)
    throw deadline_exceeded{std::move(fate)};
  else
    co_return limited_result<Kind, T>{};
}

} // namespace detail

namespace this_fiber {

/// The instant at which the earliest of the limits around this fiber passes: its own, those of the groups it was
/// started in, and so on up to the next shield or finalizer, which has a limit of its own. The clock's last instant:
/// none does.
///
/// @thread a fiber's
instant deadline() noexcept;

} // namespace this_fiber

/// Runs `body` for at most `limit`, counted from the await, and goes on without its result when that is over.
///
/// A limit of zero or less starts nothing. A result that is there when the limit passes is returned.
///
/// @suspends as `body` does; after the limit until its frames are gone
/// @cancel   a stop from outside goes on through it
/// @returns  the result, empty on expiry; for `task<>` whether it ended; a reference as `std::reference_wrapper`
/// @throws   what `body` throws
template <class Rep, class Period, class T>
auto move_on_after(std::chrono::duration<Rep, Period> limit, task<T> body) {
  return detail::limited<detail::expiry::moves_on>(detail::time_limit::in(clipped(limit)), std::move(body));
}

/// Like `move_on_after`, with an instant of the executor's clock.
template <class T>
auto move_on_at(instant limit, task<T> body) {
  return detail::limited<detail::expiry::moves_on>(detail::time_limit::until(limit), std::move(body));
}

/// Runs `body` for at most `limit`, counted from the await, and throws `deadline_exceeded` when that is over.
///
/// A limit of zero or less starts nothing. A result that is there when the limit passes is returned.
///
/// @suspends as `body` does; after the limit until its frames are gone
/// @cancel   a stop from outside goes on through it
/// @returns  the result
/// @throws   `deadline_exceeded`; what `body` throws
template <class Rep, class Period, class T>
task<T> fail_after(std::chrono::duration<Rep, Period> limit, task<T> body) {
  return detail::limited<detail::expiry::fails>(detail::time_limit::in(clipped(limit)), std::move(body));
}

/// Like `fail_after`, with an instant of the executor's clock.
template <class T>
task<T> fail_at(instant limit, task<T> body) {
  return detail::limited<detail::expiry::fails>(detail::time_limit::until(limit), std::move(body));
}

} // namespace troupe
