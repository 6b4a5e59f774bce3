// What a random program's frames hold, so that the end of each is seen.

#pragma once

#include <troupe/mailbox/mailbox.hpp>

#include <atomic>
#include <cstddef>
#include <utility>

namespace troupe::tests {

/// Frames that were entered, and that have gone.
struct frame_census {
  std::atomic<std::size_t> made{0};
  std::atomic<std::size_t> gone{0};
};

/// A frame that is there.
class present {
public:
  explicit present(frame_census& of) noexcept : of_(of) { ++of_.made; }
  present(const present&) = delete;
  present& operator=(const present&) = delete;
  ~present() { ++of_.gone; }

private:
  frame_census& of_;
};

/// The duty to drain a mailbox: when it goes the mailbox is closed. Else those who send would wait for ever for another
/// who only could receive.
template <class Item>
class closes_at_exit {
public:
  explicit closes_at_exit(const mailbox<Item>& box) noexcept : box_(&box) {}
  closes_at_exit(closes_at_exit&& other) noexcept : box_(std::exchange(other.box_, nullptr)) {}
  closes_at_exit& operator=(const closes_at_exit&) = delete;
  ~closes_at_exit() {
    if (box_ != nullptr)
      box_->close();
  }

private:
  const mailbox<Item>* box_;
};

} // namespace troupe::tests
