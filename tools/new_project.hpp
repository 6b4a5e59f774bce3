// `troupe new`: a folder with a project that uses troupe, and tests itself.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace troupe::tools {

struct new_project {
  std::string name;
  std::string into = "."; ///< The folder in which its own is made.
};

/// One file of a project, as it is written.
struct project_file {
  std::string path; ///< In the project's folder.
  std::string text;
  bool is_program = false;
};

/// What is wrong with the name of a project, and what would be right; empty: nothing.
std::optional<std::string> wrong_with_project_name(const std::string& name);

/// The files of a project.
///
/// @param prefix  where troupe is installed; empty: where CMake looks by itself
std::vector<project_file> files_of_project(const std::string& name, const std::string& prefix);

/// Where troupe is installed, by where its program is; empty: nowhere, or where CMake looks by itself.
std::string prefix_of_program(const std::filesystem::path& program);

/// Writes a project: all of it, or nothing.
///
/// @returns what to tell the user
/// @throws  std::runtime_error: what is wrong, and what to do
std::string write_project(const new_project& asked);

} // namespace troupe::tools
