#include <troupe/scope/backoff.hpp>
#include <troupe/supervision/restart_policy.hpp>

namespace troupe {

std::string_view to_string(restart_type type) noexcept {
  switch (type) {
  case restart_type::permanent:
    return "permanent";
  case restart_type::transient:
    return "transient";
  case restart_type::temporary:
    return "temporary";
  }
  return "?";
}

bool restart_window::note(instant now) {
  if (noted_.size() < intensity_) {
    noted_.push_back(now);
    return true;
  }
  if (intensity_ == 0 || now <= saturated(noted_[oldest_], period_))
    return false;
  noted_[oldest_] = now;
  oldest_ = oldest_ + 1 == intensity_ ? 0 : oldest_ + 1;
  return true;
}

duration wait_before_restart(const restart_backoff& backoff, std::uint32_t in_a_row, std::uint64_t random) noexcept {
  return detail::random_part(detail::doubled(backoff.initial, in_a_row - 1, backoff.longest), backoff.jitter, random);
}

} // namespace troupe
