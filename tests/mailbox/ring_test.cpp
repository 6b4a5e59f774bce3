#include <troupe/mailbox/ring.hpp>

#include <troupe/mailbox/stored.hpp>

#include <tests/catch.hpp>
#include <tests/mailbox/parcel.hpp>

#include <troupe/simulation/random.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;

namespace {

template <class T>
void push(detail::ring<T>& queue, T item) {
  queue.grow_to(queue.size() + 1);
  queue.push(std::move(item));
}

template <class T>
T pop(detail::ring<T>& queue) {
  detail::maybe<T> taken;
  taken.fill([&](T* at) { queue.take(at); });
  return std::move(*taken);
}

} // namespace

TEST_CASE("a ring gives items back in the order in which they came, however it grows", "[mailbox]") {
  detail::ring<std::unique_ptr<int>> queue;
  std::deque<int> model;
  int next = 0;
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < round % 37; ++i) {
      push(queue, std::make_unique<int>(next));
      model.push_back(next++);
    }
    for (int i = 0; i < round % 31 && !model.empty(); ++i) {
      REQUIRE(*queue.oldest() == model.front());
      REQUIRE(*pop(queue) == model.front());
      model.pop_front();
    }
    REQUIRE(queue.size() == model.size());
    REQUIRE(queue.queued() == model.size());
  }
  CHECK(queue.size() > 100);
}

TEST_CASE("a ring keeps its order through claims, given back and used up, while it grows", "[mailbox]") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    seeded_random random{seed};
    ledger books{2'000};
    {
      detail::ring<parcel> queue;
      std::deque<std::size_t> model; // what has not been taken
      std::size_t next = 0;
      std::size_t taken_and_not_freed = 0;
      for (int step = 0; step < 400; ++step) {
        const std::uint64_t what = random.below(12);
        if (what < 6) {
          push(queue, parcel{books, next});
          model.push_back(next++);
        } else if (what < 10) {
          if (!queue.has_claimed()) {
            queue.free_taken();
            taken_and_not_freed = 0;
            if (queue.queued() == 0)
              continue;
            queue.claim(1 + random.below(queue.queued()));
          }
          detail::maybe<parcel> taken;
          taken.fill([&](parcel* at) { queue.take_claimed(at); });
          ++taken_and_not_freed;
          REQUIRE((*taken).number() == model.front());
          model.pop_front();
        } else if (what == 10) {
          queue.free_taken();
          taken_and_not_freed = 0;
        } else {
          queue.unclaim();
          taken_and_not_freed = 0;
          REQUIRE_FALSE(queue.has_claimed());
          REQUIRE(queue.queued() == model.size());
          if (!model.empty())
            REQUIRE(queue.oldest().number() == model.front());
        }
        REQUIRE(queue.size() == model.size() + taken_and_not_freed);
        REQUIRE(books.alive() == model.size());
      }
    }
    REQUIRE(books.alive() == 0);
  }
}

TEST_CASE("a ring destroys each item once, those it still holds when it goes as well", "[mailbox]") {
  ledger books{100};
  {
    detail::ring<parcel> queue;
    for (std::size_t i = 0; i < 100; ++i)
      push(queue, parcel{books, i});
    for (int i = 0; i < 30; ++i)
      pop(queue);
    CHECK(books.alive() == 70);
    queue.grow_to(1'000);
    CHECK(books.alive() == 70);
    CHECK(queue.oldest().number() == 30);
    detail::maybe<parcel> last;
    last.fill([&](parcel* at) { queue.take_newest(at); });
    CHECK((*last).number() == 99);
    queue.claim(10);
    std::vector<parcel> rest;
    rest.reserve(queue.queued());
    queue.take_queued(rest); // not what is claimed
    REQUIRE(rest.size() == 59);
    CHECK(rest.front().number() == 40);
    CHECK(rest.back().number() == 98);
    CHECK(queue.size() == 10);
  }
  CHECK(books.alive() == 0);
  CHECK(books.acquired_count() == 100);
}

namespace {

class counts_moves {
public:
  explicit counts_moves(int& moves) noexcept : moves_(&moves) {}
  counts_moves(counts_moves&& other) noexcept : moves_(other.moves_) { ++*moves_; }

private:
  int* moves_;
};

} // namespace

TEST_CASE("a ring that has grown to a size moves nothing before it holds as much", "[mailbox]") {
  int moves = 0;
  detail::ring<counts_moves> queue;
  queue.grow_to(100);
  REQUIRE(queue.slots() == 128);
  for (int i = 0; i < 128; ++i)
    queue.push(counts_moves{moves});
  CHECK(moves == 128);
  queue.grow_to(129);
  queue.push(counts_moves{moves});
  CHECK(moves == 128 + 128 + 1);
}

TEST_CASE("a ring that never holds more than one small item needs no memory of its own", "[mailbox]") {
  CHECK(detail::ring<std::uint64_t>{}.slots() == 1);
  CHECK(detail::ring<std::string>{}.slots() == 1);
  CHECK(detail::ring<std::array<char, 100>>{}.slots() == 0);
}

namespace {

struct alignas(64) wide {
  explicit wide(int n) : number(n) {}
  int number;
};

struct large {
  explicit large(int n) : number(n) {}
  int number;
  unsigned char rest[4'000] = {};
};

template <class T>
void goes_round() {
  detail::ring<T> queue;
  for (int i = 0; i < 50; ++i) {
    push(queue, T{i});
    push(queue, T{-i});
    REQUIRE(reinterpret_cast<std::uintptr_t>(&queue.oldest()) % alignof(T) == 0);
    pop(queue);
  }
  CHECK(queue.size() == 50);
}

} // namespace

TEST_CASE("a ring holds large and over-aligned items", "[mailbox]") {
  goes_round<wide>();
  goes_round<large>();
}
