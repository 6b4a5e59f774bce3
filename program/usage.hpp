// What is wrong with how a program was called.

#pragma once

#include <string>
#include <vector>

namespace troupe::tools {

/// A text for standard output: help, version, list.
struct show_text {
  std::string text;
};

/// A text for standard error: what is wrong, where, and what to do.
struct usage_error {
  std::string text;
};

/// Thrown by who reads options that are right each by itself.
struct usage_mistake {
  std::string what;
  std::string hint{}; ///< What to do.
};

/// Of a word that is given as the value of an option, and is none of `known`.
///
/// @param sort  what it should be: "fault"
usage_mistake unknown_value(const std::string& option, const std::string& sort, const std::string& word,
                            const std::vector<std::string>& known);

/// As `topology::closest`.
std::string closest(const std::string& word, const std::vector<std::string>& known);

} // namespace troupe::tools
