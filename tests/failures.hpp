// What tests ask of an error that ended a run or a group.

#pragma once

#include <troupe/scope/outcome.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>

#include <exception>

namespace troupe::tests {

/// The error group that this error is; fails the test when it is something else.
inline error_group group_in(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const error_group& group) {
    return group;
  } catch (...) {
    FAIL("not an error group: " << message_of(error));
  }
  throw; // not reached
}

/// The error group that a run, a child or an awaited group ended with.
template <class T>
error_group group_of(const outcome<T>& ended) {
  REQUIRE(ended.has_error());
  return group_in(ended.error());
}

} // namespace troupe::tests
