// Who runs, for a report made while everything goes on.

#pragma once

#include <troupe/scope/fiber.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace troupe::detail {

/// Lines that a report of survivors may have; further fibers are counted.
inline constexpr std::size_t survivor_lines_max = 100;

/// One line for each fiber below and including `top`: "  /0/2 (fiber 7) waits to receive".
///
/// Others run meanwhile, so a line is true of some moment only, and the object that is waited for may go: it is not
/// asked.
///
/// @pre `top` stays until this returns
/// @thread any, but not a fiber's
std::string survivors(fiber& top);

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

/// "  2 functions left behind by offload_abandon, not returned" as a line of such a report; empty for none.
std::string abandoned_functions(std::size_t count);

/// "  1 child that its supervisor has abandoned, not ended", likewise.
std::string abandoned_children(std::size_t count);

} // namespace troupe::detail
