#include <troupe/mailbox/ring.hpp>

#include <tests/catch.hpp>
#include <tests/mailbox/parcel.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

using namespace troupe;
using namespace troupe::tests;

TEST_CASE("a ring gives items back in the order in which they came, however it grows", "[mailbox]") {
  detail::ring<std::unique_ptr<int>> queue;
  std::deque<int> model;
  int next = 0;
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < round % 37; ++i) {
      queue.push(std::make_unique<int>(next));
      model.push_back(next++);
    }
    for (int i = 0; i < round % 31 && !model.empty(); ++i) {
      REQUIRE(*queue.front() == model.front());
      queue.pop();
      model.pop_front();
    }
    REQUIRE(queue.size() == model.size());
    REQUIRE(queue.empty() == model.empty());
  }
  CHECK(queue.size() > 100);
}

TEST_CASE("a ring destroys each item once, those it still holds when it goes as well", "[mailbox]") {
  ledger books{100};
  {
    detail::ring<parcel> queue;
    for (std::size_t i = 0; i < 100; ++i)
      queue.push(parcel{books, i});
    for (int i = 0; i < 30; ++i)
      queue.pop();
    CHECK(books.alive() == 70);
    queue.grow_to(1'000);
    CHECK(books.alive() == 70);
    CHECK(queue.front().number() == 30);
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
  for (int i = 0; i < 128; ++i)
    queue.push(counts_moves{moves});
  CHECK(moves == 128);
  queue.push(counts_moves{moves});
  CHECK(moves == 128 + 128 + 1);
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
    queue.push(T{i});
    queue.push(T{-i});
    REQUIRE(reinterpret_cast<std::uintptr_t>(&queue.front()) % alignof(T) == 0);
    queue.pop();
  }
  CHECK(queue.size() == 50);
}

} // namespace

TEST_CASE("a ring holds large and over-aligned items", "[mailbox]") {
  goes_round<wide>();
  goes_round<large>();
}
