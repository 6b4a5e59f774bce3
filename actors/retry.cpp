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
         failed.why() == ask_failure::not_started;
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
  duration longest = std::max(policy.backoff, duration::zero());
  for (int doubled = 1; doubled < attempt && longest < policy.backoff_max; ++doubled)
    longest *= 2;
  longest = std::min(longest, std::max(policy.backoff_max, duration::zero()));
  const double part = 0.5 + 0.5 * static_cast<double>(random >> 11U) / static_cast<double>(std::uint64_t{1} << 53U);
  return duration{static_cast<duration::rep>(static_cast<double>(longest.count()) * part)};
}

std::uint64_t random_of(fiber& self, int attempt) noexcept {
  // splitmix64 (Steele, Lea and Flood, 2014) of what no two attempts share.
  std::uint64_t mixed = self.runs_on().next_number() + static_cast<std::uint64_t>(attempt) * 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31U);
}

} // namespace detail

} // namespace troupe
