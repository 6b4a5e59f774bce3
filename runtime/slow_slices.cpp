#include <troupe/runtime/slow_slices.hpp>

#include <algorithm>
#include <utility>

namespace troupe::detail {

namespace {

constexpr int looks_within_the_limit = 4;
constexpr duration look_every_min = std::chrono::milliseconds{1};

} // namespace

slow_slices::slow_slices(duration limit, std::size_t carriers)
    : limit_(limit), look_every_(std::max(limit / looks_within_the_limit, look_every_min)), carriers_(carriers) {}

std::vector<slow_slice> slow_slices::look(instant now, std::span<const carrier_sample> samples,
                                          std::span<const std::optional<duration>> waited) {
  const bool late = now - looked_at_ > 2 * look_every_;
  looked_at_ = now;
  std::vector<slow_slice> found;
  for (std::size_t index = 0; index < carriers_.size(); ++index) {
    noted& known = carriers_[index];
    const std::optional<duration> waited_now = waited.empty() ? std::nullopt : waited[index];
    if (samples[index] != known.seen) {
      known = {samples[index], now, waited_now};
      active_at_ = now;
    }
    if (known.seen.running == nullptr)
      continue;
    active_at_ = now;
    if (late) {
      known.since = now; // what was told stays told
      known.waited = waited_now;
    } else if (!known.told && lasted(known, now, waited_now) >= limit_) {
      known.told = true;
      if (admit(now))
        found.push_back({index, known.seen});
      else
        ++omitted_;
    }
  }
  return found;
}

duration slow_slices::lasted(const noted& known, instant now, std::optional<duration> waited) noexcept {
  const duration all = now - known.since;
  return known.waited && waited ? all - std::max(*waited - *known.waited, duration::zero()) : all;
}

bool slow_slices::admit(instant now) noexcept {
  if (now >= period_ends_) {
    period_ends_ = saturated(now, reports_period);
    reports_ = 0;
  }
  return ++reports_ <= reports_max;
}

std::uint64_t slow_slices::take_omitted() noexcept { return std::exchange(omitted_, 0u); }

} // namespace troupe::detail
