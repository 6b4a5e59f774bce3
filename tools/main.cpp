// The `troupe` command.

#include <troupe/tools/command.hpp>
#include <troupe/tools/output.hpp>

#include <exception>
#include <string>
#include <unistd.h>
#include <vector>

int main(int argc, char** argv) {
  using namespace troupe::tools;
  ignore_closed_pipes();
  if (!keep_standard_descriptors()) {
    static_cast<void>(write_all(STDERR_FILENO, "troupe: error: there is no standard output\n"));
    return static_cast<int>(exit_code::failed);
  }
  try {
    return static_cast<int>(execute(read_command_line({argv + (argc > 0 ? 1 : 0), argv + argc})));
  } catch (const std::exception& error) {
    static_cast<void>(write_all(STDERR_FILENO, std::string("troupe: error: ") + error.what() + '\n'));
    return static_cast<int>(exit_code::failed);
  }
}
