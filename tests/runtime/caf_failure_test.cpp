#include <troupe/runtime/caf_failure.hpp>

#include "caf_children.hpp"

#include <troupe/runtime/caf_error.hpp>

using namespace troupe;
using namespace troupe::tests;

TEST_CASE("an error of CAF's becomes an exception that has it, with its words", "[runtime][caf_actors]") {
  caf_place place;
  const auto given = [&](const caf::error& error) { return detail::failure_in(error, place.system(), "it has ended"); };
  const auto failure = given(caf::make_error(caf::sec::runtime_error, std::string("no disk")));
  CHECK(caf_error_in(failure) == caf::sec::runtime_error);
  CHECK(message_of(failure).find("it has ended: ") == 0);
  CHECK(message_of(failure).find("no disk") != std::string::npos);
  CHECK(in_a_word(outcome<>{given(make_error(ask_failure::overflow))}) == "overflow"); // troupe's own comes back
}
