#include <troupe/actors/retry.hpp>
#include <troupe/scope/assert.hpp>

#include <algorithm>

namespace troupe {

retry_budget::retry_budget(double part, int saved) noexcept
    : part_(static_cast<std::int64_t>(part * static_cast<double>(whole))), most_(saved * whole), left_(most_) {
  TROUPE_ASSERT(part >= 0 && saved >= 0, "a retry budget cannot be negative");
}

void retry_budget::add() noexcept {
  // relaxed, here and in take(): a count that orders nothing
  std::int64_t before = left_.load(std::memory_order_relaxed);
  while (!left_.compare_exchange_weak(before, std::min(most_, before + part_), std::memory_order_relaxed))
    continue;
}

bool retry_budget::take() noexcept {
  std::int64_t before = left_.load(std::memory_order_relaxed);
  while (before >= whole)
    if (left_.compare_exchange_weak(before, before - whole, std::memory_order_relaxed))
      return true;
  return false;
}

bool safe_to_retry(const ask_error& failed) noexcept {
  return failed.why() == ask_failure::overflow || failed.why() == ask_failure::expired ||
         failed.why() == ask_failure::restarting || failed.why() == ask_failure::not_started;
}

namespace detail {

duration wait_before_retry(const retry_policy& policy, int attempt, const std::exception_ptr& failed,
                           std::uint64_t random) {
  constexpr duration no{-1};
  TROUPE_ASSERT(policy.attempts >= 1, "a retry policy needs at least one attempt");
  try {
    std::rethrow_exception(failed);
  } catch (const ask_error& known) {
    if (attempt >= policy.attempts || !policy.may(known) || (policy.budget != nullptr && !policy.budget->take()))
      return no;
  } catch (...) {
    return no;
  }
  return random_part(doubled(policy.backoff, static_cast<std::uint32_t>(attempt - 1), policy.backoff_max), 0.5, random);
}

} // namespace detail

} // namespace troupe
