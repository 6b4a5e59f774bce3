#include <troupe/tools/new_command_line.hpp>

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

namespace troupe::tools {

void new_command_line::add_options(CLI::App& to) {
  const auto read = [this](const std::string& name) {
    if (const std::optional<std::string> wrong = wrong_with_project_name(name))
      throw CLI::ValidationError("NAME", *wrong);
    read_.name = name;
  };
  to.add_option_function<std::string>("NAME", read, "of the project, and of its folder")->required()->type_name("");
  to.add_option("--into", read_.into, "folder in which that is made [.]")->type_name("FOLDER");
}

} // namespace troupe::tools
