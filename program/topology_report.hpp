// What came of the run of a topology, for people and for programs.

#pragma once

#include <troupe/topology/report.hpp>

#include <string>

namespace troupe::tools {

/// Tables of its edges and nodes, how it ended, and what of that is not as it should be.
///
/// @param partial  why it was ended before its time; empty: it was not
std::string text_of(const topology::report& of, const topology::expectation& wanted, const std::string& partial);
/// An object with `ended`, `edges`, `nodes`, `supervisors`, `unexpected` and `unbalanced`. Times are in seconds.
std::string json_of(const topology::report& of);

} // namespace troupe::tools
