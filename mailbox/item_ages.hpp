// How long the items of a queue have waited, known to a sixteenth of what is allowed, without a stamp on each.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace troupe::detail {

/// Marks that say: all items below this index were there at this instant. They are made when a fiber has sent one, and
/// when the reader looks for one (what comes in another way counts from that look). An item is never taken for older
/// than it is. Guarded by the mailbox's lock.
class item_ages {
public:
  explicit item_ages(duration max_age) noexcept : max_age_(max_age) {}

  /// Every item below `end` is there.
  void note(std::uint64_t end, instant now) noexcept {
    // Of the marks that are old enough the last one says all that the others do.
    while (used_ > 1 && now - marks_[1].seen > max_age_)
      forget_first();
    if (used_ != 0) // a look whose clock was read before the lock was taken
      now = std::max(now, marks_[used_ - 1].seen);
    // The newest mark moves on while it is near the one before it: its items get younger by that much at most.
    if (used_ > 1 && now - marks_[used_ - 2].seen < step())
      --used_;
    marks_[used_++] = {end, now};
  }
  /// The item at `index` has been there for longer than is allowed.
  bool expired(std::uint64_t index, instant now) const noexcept {
    return used_ != 0 && index < marks_[0].end && now - marks_[0].seen > max_age_;
  }

private:
  static constexpr std::size_t resolution = 16;
  struct mark {
    std::uint64_t end;
    instant seen;
  };

  duration step() const noexcept { return std::max(max_age_ / static_cast<duration::rep>(resolution), duration{1}); }
  void forget_first() noexcept {
    for (std::size_t i = 1; i < used_; ++i)
      marks_[i - 1] = marks_[i];
    --used_;
  }

  const duration max_age_;
  // One that is old enough; of the others each is that sixteenth behind the one before the last.
  std::array<mark, 2 * resolution + 4> marks_;
  std::size_t used_ = 0;
};

} // namespace troupe::detail
