#include <troupe/scope/attached_errors.hpp>

#include <tests/catch.hpp>

using namespace troupe;

namespace {

std::exception_ptr error(int number) { return std::make_exception_ptr(number); }

} // namespace

TEST_CASE("errors are attached in order, and found by the error that they are attached to", "[scope][B5]") {
  const std::exception_ptr primary = error(1), other = error(1), first = error(2), second = error(3);
  CHECK(attached_errors(primary).empty());
  detail::attach_errors(primary, {});
  CHECK(attached_errors(primary).empty());
  detail::attach_errors(primary, {first});
  detail::attach_errors(primary, {second});
  CHECK(attached_errors(primary) == std::vector{first, second});
  CHECK(attached_errors(std::exception_ptr{primary}).size() == 2);
  CHECK(attached_errors(other).empty());
  CHECK(attached_errors(nullptr).empty());
}

TEST_CASE("of many errors with others attached the oldest lose theirs", "[scope][B5]") {
  std::vector<std::exception_ptr> primaries;
  for (std::size_t i = 0; i <= attached_errors_max; ++i) {
    primaries.push_back(error(0));
    detail::attach_errors(primaries.back(), {error(1)});
  }
  CHECK(attached_errors(primaries[0]).empty());
  CHECK(attached_errors(primaries[1]).size() == 1);
  CHECK(attached_errors(primaries.back()).size() == 1);
}
