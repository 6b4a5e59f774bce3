#include <troupe/scope/backoff.hpp>
#include <troupe/supervision/restart_policy.hpp>

#include <algorithm>
#include <utility>

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
  const auto at = [this](std::size_t index) -> instant& { return noted_[(oldest_ + index) & (noted_.size() - 1)]; };
  for (; count_ != 0 && now > saturated(at(0), period_); --count_)
    ++oldest_;
  if (count_ >= intensity_) // beyond it: it was higher when they were noted
    return false;
  if (count_ == noted_.size()) {
    std::vector<instant> grown(std::max<std::size_t>(2 * count_, 4));
    for (std::size_t index = 0; index != count_; ++index)
      grown[index] = at(index);
    noted_ = std::move(grown);
    oldest_ = 0;
  }
  at(count_++) = now;
  return true;
}

duration wait_before_restart(const restart_backoff& backoff, std::uint32_t in_a_row, std::uint64_t random) noexcept {
  return detail::random_part(detail::doubled(backoff.initial, in_a_row - 1, backoff.longest), backoff.jitter, random);
}

} // namespace troupe
