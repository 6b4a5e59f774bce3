// An option of the command line that is a whole number.

#pragma once

#include <troupe/program/human_text.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>

namespace troupe::tools {

/// Stores a whole number in [min, max]; throws what CLI11 reports to the user.
template <class Number>
CLI::Option* add_number(CLI::App& app, const char* name, Number& to, std::uint64_t min, std::uint64_t max,
                        const std::string& help) {
  const auto read = [&to, name, min, max](const std::string& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < min || number > max)
      throw CLI::ValidationError(name,
                                 fmt::format("`{}` is not a whole number from {} to {}", printable(text), min, max));
    to = static_cast<Number>(number);
  };
  return app.add_option_function<std::string>(name, read, help)->type_name("N");
}

} // namespace troupe::tools
