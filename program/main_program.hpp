// What each program does around its commands.

#pragma once

#include <troupe/program/exit_code.hpp>

#include <functional>
#include <string>
#include <vector>

namespace troupe::tools {

/// Calls `work` with the arguments after the program's name, with standard descriptors that can be relied on. What it
/// throws is told on standard error.
///
/// @returns the exit code
int main_program(int argc, char** argv, const std::function<exit_code(const std::vector<std::string>&)>& work);

} // namespace troupe::tools
