// Asking again where nothing was begun: with a backoff that spreads, and a budget that keeps an outage from growing.

#pragma once

#include <troupe/actors/ask_error.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/backoff.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/station.hpp>
#include <troupe/scope/task.hpp>

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <utility>

namespace troupe {

/// What retries of many askers may cost together: each first attempt adds a part of a retry, and each retry takes a
/// whole one. So an outage makes no more than that part of more load, however many ask. (Finagle's retry budget.)
///
/// @thread any
class retry_budget {
public:
  /// @param part   of a retry, for each first attempt: 0.1 is one retry for ten asks
  /// @param saved  retries that may be saved up, and that there are at the beginning
  explicit retry_budget(double part = 0.1, int saved = 10) noexcept;

  /// For each first attempt.
  void add() noexcept;
  /// False: there is none left.
  [[nodiscard]] bool take() noexcept;

private:
  static constexpr std::int64_t whole = 1'000;

  const std::int64_t part_;
  const std::int64_t most_;
  std::atomic<std::int64_t> left_;
};

/// True for the failures after which nothing was begun and another attempt may do better: `overflow`, `expired`,
/// `restarting`, `not_started`.
bool safe_to_retry(const ask_error& failed) noexcept;

/// When and how often to ask again.
struct retry_policy {
  int attempts = 5;                                 ///< In all, at least 1.
  duration backoff = std::chrono::milliseconds{10}; ///< Before the second attempt; doubled before each other one.
  duration backoff_max = std::chrono::seconds{1};   ///< The longest.
  retry_budget* budget = nullptr;                   ///< Shared with others; null: no other limit than `attempts`.
  bool (*may)(const ask_error&) noexcept = &safe_to_retry; ///< Which failures are tried again.
};

namespace detail {

/// Whether to try again after the attempt number `attempt`, from 1, and after how long: a random part of the backoff
/// between its half and all of it. Negative: no.
duration wait_before_retry(const retry_policy& policy, int attempt, const std::exception_ptr& failed,
                           std::uint64_t random);
template <class T, class Ask>
task<T> retried(retry_policy policy, Ask ask) {
  fiber& self = co_await current_fiber{};
  if (policy.budget != nullptr)
    policy.budget->add();
  for (int attempt = 1;; ++attempt) {
    outcome<T> ended = co_await as_outcome(ask());
    if (!ended.has_error())
      co_return std::move(ended).value();
    const duration wait = wait_before_retry(policy, attempt, ended.error(),
                                            random_bits(self.runs_on(), static_cast<std::uint64_t>(attempt)));
    if (wait < duration::zero())
      std::rethrow_exception(ended.error());
    co_await sleep_for(wait);
  }
}

} // namespace detail

/// Awaits the ask that `ask()` makes, and another one when that fails in a way that is safe to try again, as `policy`
/// says. The deadline around it is that of all attempts together.
///
/// @suspends as the asks do, and for the backoff between them
/// @cancel   as an ask's; in the backoff nothing is under way
/// @returns  the answer
/// @throws   what the last attempt threw
template <class Ask>
requires detail::is_task<std::invoke_result_t<Ask&>>
auto retry(const retry_policy& policy, Ask ask) {
  return detail::retried<typename std::invoke_result_t<Ask&>::value_type>(policy, std::move(ask));
}

} // namespace troupe
