// Who runs, for a report made while everything goes on.

#pragma once

#include <troupe/scope/fiber.hpp>
#include <troupe/scope/snapshot.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace troupe::detail {

/// Lines that a report of survivors may have; further fibers are counted.
inline constexpr std::size_t survivor_lines_max = 100;

/// A line for each fiber that is left, and a count of what was abandoned: as `to_text`, two columns to the right.
std::string survivors(const tree_snapshot& left);

/// How a report names a fiber: "/0/2 (fiber 7)".
struct fiber_name {
  std::string path;
  std::uint64_t number;

  std::string text() const { return path + " (fiber " + std::to_string(number) + ")"; }
};

/// Names `wanted` if it is `top` or below it. It may have gone: it is compared only.
///
/// @pre `top` stays until this returns
/// @thread any, but not a fiber's
std::optional<fiber_name> find_in_tree(fiber& top, const fiber* wanted);

} // namespace troupe::detail
