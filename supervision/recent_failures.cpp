#include <troupe/supervision/recent_failures.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe::detail {

void recent_failures::note(child_failure&& failure, duration period) {
  if (!last_.empty()) {
    const child_failure& newest = last_[(oldest_ + last_.size() - 1) % last_.size()];
    if (saturated(newest.at, period) < failure.at) {
      last_.clear();
      oldest_ = 0;
    }
  }
  if (last_.size() < escalated::failures_max)
    last_.push_back(std::move(failure));
  else
    last_[std::exchange(oldest_, (oldest_ + 1) % last_.size())] = std::move(failure);
}

std::vector<child_failure> recent_failures::take(duration period) {
  std::vector<child_failure> in_order;
  in_order.reserve(last_.size());
  const auto from = last_.begin() + static_cast<std::ptrdiff_t>(oldest_);
  std::move(from, last_.end(), std::back_inserter(in_order));
  std::move(last_.begin(), from, std::back_inserter(in_order));
  last_.clear();
  oldest_ = 0;
  std::erase_if(in_order, [&, at = in_order.empty() ? instant{} : in_order.back().at](const child_failure& each) {
    return saturated(each.at, period) < at;
  });
  return in_order;
}

} // namespace troupe::detail
