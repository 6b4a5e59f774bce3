// An option of the command line that is the name of a file.

#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace troupe::tools {

/// Stores the name. An empty one, that of a variable without a value, is no way to leave the option out: throws what CLI11
/// reports to the user.
inline CLI::Option* add_file(CLI::App& app, const char* name, std::string& to, const std::string& help) {
  return app.add_option(name, to, help)->type_name("FILE")->check([](const std::string& given) {
    return std::string(given.empty() ? "no file is named" : "");
  });
}

} // namespace troupe::tools
