// What tests ask of a run of a program.

#pragma once

#include <tests/savina/savina.hpp>

#include <troupe/scope/outcome.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/catch.hpp>

#include <cstddef>

namespace troupe::savina {

/// What each program is run with: nearly every send waits, or hardly any does.
inline constexpr std::size_t capacities[] = {1, setting{}.capacity};

inline void require_nothing_wrong(outcome<findings> ended) {
  if (ended.has_error())
    FAIL(message_of(ended.error()));
  REQUIRE(ended.has_value());
  CHECK(ended.value().text() == "");
}

} // namespace troupe::savina
