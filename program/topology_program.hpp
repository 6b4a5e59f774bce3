// A program for topology files with kinds of one's own.

#pragma once

#include <troupe/topology/kinds.hpp>

namespace troupe {

/// The `main` of a program that does with topology files what the command `troupe` does, with the kinds that it is given:
/// `run`, `check`, `explore`, `graph`, `list` (of the kinds), `top`, `completion`, `help`. It is called by the last part
/// of `argv[0]`.
///
/// ```
/// int main(int argc, char** argv) {
///   auto kinds = topology::standard_kinds();
///   kinds.add({.name = "till", .what = "Counts money.", .inputs = topology::wants::at_least_one}, till);
///   return topology_program(argc, argv, kinds);
/// }
/// ```
///
/// @returns the exit code: 0, 1 where something failed or came out otherwise than a file expects, 2 for wrong usage and
///          files that are wrong or cannot be read, 70 where books do not balance or another promise of troupe is
///          broken, 130 and 143 when it was stopped by a signal
/// @thread  the first one of the process, before there are others
int topology_program(int argc, char** argv, const topology::kinds& known);

} // namespace troupe
