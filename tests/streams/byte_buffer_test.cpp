#include <troupe/streams/byte_buffer.hpp>

#include <tests/catch.hpp>

#include <array>
#include <cstddef>
#include <deque>
#include <random>
#include <span>
#include <vector>

using troupe::detail::byte_buffer;

TEST_CASE("a buffer gives the bytes that were added, first in, first out, whatever the lengths", "[streams]") {
  std::mt19937 random{7};
  byte_buffer buffer;
  std::deque<std::byte> model;
  unsigned char next = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::vector<std::byte> more(random() % (i % 100 == 0 ? 5'000 : 50));
    for (std::byte& each : more)
      each = static_cast<std::byte>(next++);
    if (random() % 2 == 0) {
      buffer.add(more);
      model.insert(model.end(), more.begin(), more.end());
    } else {
      const std::span<std::byte> room = buffer.room(more.size());
      std::copy(more.begin(), more.end(), room.begin());
      const std::size_t come = more.size() / 2;
      buffer.added(come);
      model.insert(model.end(), more.begin(), more.begin() + static_cast<std::ptrdiff_t>(come));
    }
    std::vector<std::byte> taken(random() % 60);
    const std::size_t got = buffer.take(taken);
    REQUIRE(got == std::min(taken.size(), model.size()));
    REQUIRE(std::equal(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(got), model.begin()));
    model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(got));
    REQUIRE(buffer.size() == model.size());
    REQUIRE(std::equal(buffer.bytes().begin(), buffer.bytes().end(), model.begin(), model.end()));
  }
  buffer.drop(buffer.size());
  CHECK(buffer.empty());
}

TEST_CASE("a buffer that was emptied before it is used again moves nothing and grows no more", "[streams]") {
  byte_buffer buffer;
  const std::array<std::byte, 300> some{};
  buffer.add(some);
  const std::byte* const first = buffer.bytes().data();
  for (int i = 0; i < 1'000; ++i) {
    buffer.drop(buffer.size());
    buffer.add(some);
    REQUIRE(buffer.bytes().data() == first);
  }
}
