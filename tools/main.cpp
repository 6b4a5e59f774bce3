// The `troupe` command.

#include <troupe/program/main_program.hpp>
#include <troupe/tools/command.hpp>

#include <string>
#include <vector>

int main(int argc, char** argv) {
  using namespace troupe::tools;
  return main_program(argc, argv,
                      [](const std::vector<std::string>& given) { return execute(read_command_line(given)); });
}
