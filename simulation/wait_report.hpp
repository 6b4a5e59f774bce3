// Who waits for whom in a tree in which nobody can run, as text.

#pragma once

#include <cstddef>
#include <string>

namespace troupe {

class fiber;

namespace detail {

inline constexpr std::size_t wait_report_lines_max = 90;

/// The fibers of a tree, those first that tell why nobody goes on: who waits for each other in a cycle; then who waits
/// for what nobody is there to give; then who waits for these, and last who is idle by nature.
///
/// @param lines_max  further fibers are counted
/// @pre   nothing of the tree runs
std::string wait_report(fiber& top, std::size_t lines_max = wait_report_lines_max);

} // namespace detail

} // namespace troupe
