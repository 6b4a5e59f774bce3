#include <troupe/scope/outcome.hpp>

#include <tests/catch.hpp>

#include <memory>
#include <stdexcept>
#include <string>

using namespace troupe;

TEST_CASE("an outcome is exactly one of value, error and cancelled", "[scope]") {
  const outcome<int> value{7};
  CHECK(value.has_value());
  CHECK_FALSE(value.has_error());
  CHECK_FALSE(value.cancelled());

  const outcome<int> error{std::make_exception_ptr(std::runtime_error{"no"})};
  CHECK_FALSE(error.has_value());
  CHECK(error.has_error());
  CHECK_FALSE(error.cancelled());

  const outcome<int> cancelled{cancel_cause{cancel_reason::deadline, 3}};
  CHECK_FALSE(cancelled.has_value());
  CHECK_FALSE(cancelled.has_error());
  CHECK(cancelled.cancelled());
  CHECK(cancelled.cause().reason == cancel_reason::deadline);
  CHECK(cancelled.cause().origin == 3);
}

TEST_CASE("an outcome of nothing is a value when made from nothing", "[scope]") {
  outcome<> done;
  CHECK(done.has_value());
  CHECK_NOTHROW(done.value());
}

TEST_CASE("value() gives the value in place and moves it out of an rvalue", "[scope]") {
  outcome<std::unique_ptr<int>> made{std::make_unique<int>(5)};
  CHECK(*made.value() == 5);
  const std::unique_ptr<int> taken = std::move(made).value();
  CHECK(*taken == 5);
}

TEST_CASE("value() rethrows the original exception", "[scope]") {
  const std::exception_ptr original = std::make_exception_ptr(std::logic_error{"original"});
  outcome<std::string> failed{original};
  CHECK(failed.error() == original);
  CHECK_THROWS_AS(failed.value(), std::logic_error);
  try {
    failed.value();
  } catch (...) {
    CHECK(std::current_exception() == original);
  }
}

TEST_CASE("a cause names the line that asked for the cancel", "[scope]") {
  const cancel_cause here;
  CHECK(here.reason == cancel_reason::requested);
  CHECK(here.origin == 0);
  CHECK(std::string{here.where.file_name()}.find("outcome") != std::string::npos);
}

TEST_CASE("every cancel reason has its name", "[scope]") {
  CHECK(to_string(cancel_reason::requested) == "requested");
  CHECK(to_string(cancel_reason::deadline) == "deadline");
  CHECK(to_string(cancel_reason::sibling_failed) == "sibling_failed");
  CHECK(to_string(cancel_reason::shutdown) == "shutdown");
  CHECK(to_string(cancel_reason::scope_closed) == "scope_closed");
  CHECK(to_string(cancel_reason::revoked) == "revoked");
}
