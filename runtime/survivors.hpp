// Who still runs, for a report made while everything goes on.

#pragma once

#include <troupe/scope/fiber.hpp>

#include <cstddef>
#include <string>

namespace troupe::detail {

/// Lines that a report of survivors may have; further fibers are counted.
inline constexpr std::size_t survivor_lines_max = 100;

/// One line for each fiber below and including `top`: "  /0/2 (fiber 7) waits to receive".
///
/// Others run meanwhile, so a line is true of some moment only, and the object that is waited for may go: it is not asked.
///
/// @pre `top` stays until this returns
/// @thread any, but not a fiber's
std::string survivors(fiber& top);

/// "  2 functions left behind by offload_abandon, not returned" as a line of such a report; empty for none.
std::string abandoned_functions(std::size_t count);

} // namespace troupe::detail
