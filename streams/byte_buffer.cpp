#include <troupe/streams/byte_buffer.hpp>

#include <algorithm>

namespace troupe::detail {

void byte_buffer::make_room(std::size_t more) {
  constexpr std::size_t least = 512;
  const std::size_t held = size();
  if (held + more <= capacity_ / 2) { // else it would be moved again soon
    std::memmove(memory_.get(), memory_.get() + begin_, held);
  } else {
    const std::size_t capacity = std::max({least, held + more, capacity_ * 2});
    std::unique_ptr<std::byte[]> larger{new std::byte[capacity]}; // not cleared
    if (held != 0)
      std::memcpy(larger.get(), memory_.get() + begin_, held);
    memory_ = std::move(larger);
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = held;
}

} // namespace troupe::detail
