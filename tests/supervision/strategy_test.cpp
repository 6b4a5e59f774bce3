#include <troupe/supervision/strategy.hpp>

#include <tests/catch.hpp>

using namespace troupe;

TEST_CASE("a strategy says where the children that are started anew begin", "[supervision]") {
  CHECK(restarted_with(restart_strategy::one_for_one) == restart_from::itself_alone);
  CHECK(restarted_with(restart_strategy::dynamic) == restart_from::itself_alone);
  CHECK(restarted_with(restart_strategy::rest_for_one) == restart_from::itself);
  CHECK(restarted_with(restart_strategy::one_for_all) == restart_from::first);
}

TEST_CASE("strategies have the names of their enumerators", "[supervision]") {
  CHECK(to_string(restart_strategy::one_for_one) == "one_for_one");
  CHECK(to_string(restart_strategy::one_for_all) == "one_for_all");
  CHECK(to_string(restart_strategy::rest_for_one) == "rest_for_one");
  CHECK(to_string(restart_strategy::dynamic) == "dynamic");
  CHECK(to_string(static_cast<restart_strategy>(9)) == "?");
}
