// Scripts that complete words of the command in shells, made of the commands that there are.

#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace troupe::tools {

/// Shells that there is one for.
inline const std::vector<std::string> completed_shells{"bash", "zsh", "fish"};

/// @param names  what `run`, `check`, `explore` and `graph` take besides files
/// @pre shell is one of them
std::string completion_for(const std::string& shell, const CLI::App& all, const std::vector<std::string>& names);

} // namespace troupe::tools
