// Scripts that complete words of the command in shells, made of the commands that there are.

#pragma once

#include <troupe/program/cli_names.hpp>
#include <troupe/program/command_tree.hpp>
#include <troupe/program/usage.hpp>

#include <string>
#include <utility>
#include <vector>

namespace troupe::tools {

/// Shells that there is one for.
inline const std::vector<std::string> completed_shells{"bash", "zsh", "fish"};

/// @param names  what `run`, `check`, `explore` and `graph` take besides files
/// @pre shell is one of them
std::string completion_for(const std::string& shell, const CLI::App& all, const std::vector<std::string>& names);

/// Where the arguments of `completion` go.
class completion_command_line {
public:
  /// @param of  what is completed; outlives this
  completion_command_line(const command_tree& of, std::vector<std::string> names)
      : of_(&of), names_(std::move(names)) {}

  void add_options(CLI::App& to);
  show_text asked() const { return {completion_for(shell_, of_->top(), names_)}; }

private:
  const command_tree* of_;
  std::vector<std::string> names_;
  std::string shell_;
};

} // namespace troupe::tools
