#include <troupe/mailbox/hand.hpp>

#include <tests/catch.hpp>

#include <string>
#include <type_traits>

using namespace troupe;
using namespace troupe::detail;

namespace {

struct of_two {
  std::size_t which;

  std::size_t kind() const noexcept { return which; }
  static const std::type_info& type_of(std::size_t kind) noexcept { return kind == 0 ? typeid(int) : typeid(char); }
};

} // namespace

TEST_CASE("a hand knows the kind of what was taken last, and since when", "[mailbox][G2]") {
  hand<of_two> reader;
  CHECK(reader.look().type == nullptr);
  reader.take(of_two{1}, 7);
  REQUIRE(reader.look().type != nullptr);
  CHECK(*reader.look().type == typeid(char));
  CHECK(reader.look().since == 7);
  reader.take(of_two{0}, ~coarse_time{0});
  CHECK(*reader.look().type == typeid(int));
  CHECK(reader.look().since == ~coarse_time{0});
  reader.let_go();
  CHECK(reader.look().type == nullptr);
}

TEST_CASE("a hand for items without kinds is nothing", "[mailbox][G2]") {
  STATIC_REQUIRE(std::is_empty_v<hand<int>>);
  STATIC_REQUIRE(std::is_empty_v<hand<std::string>>);
  hand<int> reader;
  reader.take(3, 7);
  CHECK(reader.look().type == nullptr);
}
