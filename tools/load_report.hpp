// What `troupe load` prints.

#pragma once

#include <troupe/tools/load.hpp>

#include <string>

namespace troupe::tools {

/// "12 s: 10.2 k requests, 980 committed/s, p99 4.10 ms"
std::string progress_text(load_run& running, instant now);
/// The counts and a chart, as text.
///
/// @param partial  why it is not whole; empty: it is
std::string report(load_run& ended, duration took, const std::string& partial);
/// The same as one object of JSON, on one line.
std::string report_as_json(load_run& ended, duration took, const std::string& partial);
/// What the command fails with; empty: each request was sent, and its connection has held or was made anew in time.
std::string failure_of(load_run& ended);

} // namespace troupe::tools
