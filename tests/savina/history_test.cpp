#include <tests/savina/history.hpp>

#include <tests/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace troupe::savina;

namespace {

constexpr operation writes_7{operation_kind::write, 1, 7};
constexpr operation reads{operation_kind::read, 1, 0};

/// Of one key, which is 0 at first: what is wrong with this history.
std::string wrong_with(std::vector<observed> history) {
  findings wrong;
  long value = 0;
  explain(
      std::move(history),
      [&](const operation& asked) {
        return asked.what == operation_kind::write ? std::exchange(value, asked.value) : value;
      },
      wrong);
  return wrong.text();
}

} // namespace

TEST_CASE("a history is explained by the order in which its operations were done", "[savina][SV-08]") {
  CHECK(wrong_with({}).empty());
  CHECK(wrong_with({{writes_7, {0, 0}, 0, 1}, {reads, {7, 1}, 2, 3}}).empty());
  // At the same time, either may come first.
  CHECK(wrong_with({{writes_7, {0, 1}, 0, 3}, {reads, {0, 0}, 1, 2}}).empty());
  CHECK(wrong_with({{writes_7, {0, 0}, 0, 3}, {reads, {7, 1}, 1, 2}}).empty());
}

TEST_CASE("a history is not explained by a result of another order, a time that contradicts it, or a place twice",
          "[savina][SV-08]") {
  CHECK(wrong_with({{writes_7, {0, 0}, 0, 1}, {reads, {0, 1}, 2, 3}}) ==
        "results that a sequential model does not give: 1 instead of 0\n");
  // A stale read, which the order alone would explain.
  CHECK(wrong_with({{writes_7, {0, 1}, 0, 1}, {reads, {0, 0}, 2, 3}}) ==
        "operations that come after one that began when they had returned: 1 instead of 0\n");
  CHECK(wrong_with({{reads, {0, 0}, 0, 1}, {reads, {0, 0}, 2, 3}}) ==
        "operations that have no place of their own in the order: 1 instead of 0\n");
}
