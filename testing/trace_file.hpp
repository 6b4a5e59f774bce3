// Where the trace of a run is kept for people to look at.

#pragma once

#include <troupe/testing/trace.hpp>

#include <string>

namespace troupe {

/// Writes all of a run to a file, in the form that its ending says: `.json` as `to_chrome_trace`, `.mmd` as
/// `to_mermaid`.
///
/// @pre    run.keeps_all()
/// @throws std::invalid_argument  the name ends with something else; std::runtime_error: the file cannot be written
void write_trace(const trace& run, const std::string& file);

namespace detail {

/// Writes it to the file that the environment names in `TROUPE_TRACE`, if it does. Says where that is, and what opens
/// it.
///
/// @throws as `write_trace`
std::string write_wanted_trace(const trace& run);

} // namespace detail

} // namespace troupe
