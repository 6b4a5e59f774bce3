// Bytes on their way, first in, first out.

#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace troupe::detail {

/// Contiguous bytes that are added behind and taken from the front. It has no memory before it is used, and grows as it
/// must: whoever adds keeps to a limit.
class byte_buffer {
public:
  byte_buffer() = default;
  byte_buffer(byte_buffer&& other) noexcept { swap(other); }
  byte_buffer& operator=(byte_buffer other) noexcept {
    swap(other);
    return *this;
  }

  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::span<const std::byte> bytes() const noexcept { return {memory_.get() + begin_, size()}; }

  /// Room for so many more; `added` says how many of them have come.
  std::span<std::byte> room(std::size_t more) {
    if (more > capacity_ - end_)
      make_room(more);
    return {memory_.get() + end_, more};
  }
  void added(std::size_t more) noexcept { end_ += more; }
  void add(std::span<const std::byte> more) {
    if (more.empty())
      return;
    std::memcpy(room(more.size()).data(), more.data(), more.size());
    added(more.size());
  }
  /// @pre first <= size()
  void drop(std::size_t first) noexcept {
    begin_ += first;
    if (begin_ == end_)
      begin_ = end_ = 0;
  }
  /// Moves as many as fit to `to`, and says how many.
  std::size_t take(std::span<std::byte> to) noexcept {
    const std::size_t taken = to.size() < size() ? to.size() : size();
    if (taken != 0)
      std::memcpy(to.data(), memory_.get() + begin_, taken);
    drop(taken);
    return taken;
  }
  void clear() noexcept { begin_ = end_ = 0; }
  /// Forgets what is behind so many. @pre first <= size()
  void keep(std::size_t first) noexcept { end_ = begin_ + first; }

private:
  void make_room(std::size_t more);
  void swap(byte_buffer& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
  }

  std::unique_ptr<std::byte[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

} // namespace troupe::detail
