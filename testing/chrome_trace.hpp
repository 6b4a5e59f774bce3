// A run as a file for Perfetto and chrome://tracing.

#pragma once

#include <troupe/testing/trace.hpp>

#include <string>

namespace troupe {

/// The run in the Trace Event Format, as JSON, for https://ui.perfetto.dev and chrome://tracing.
///
/// Each fiber is a track, named by its path. At each moment it runs, waits for something, or is ready to run; a
/// supervised child has a slice for each of its runs around that. Cancels, faults, and what supervisors decide are
/// instants. An arrow goes from each send to whoever took the item; and from each ask by who began to work on it, and
/// who answered it, back to who asked.
///
/// The time is virtual, and stands still while much happens. So that all of it has a place, and in its order, what
/// happens at the same instant is drawn a nanosecond apart; `args` has the exact time, and the number of the step.
///
/// @pre run.keeps_all()
std::string to_chrome_trace(const trace& run);

} // namespace troupe
