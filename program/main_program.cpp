#include <troupe/program/main_program.hpp>
#include <troupe/program/output.hpp>

#include <exception>
#include <unistd.h>

namespace troupe::tools {

int main_program(int argc, char** argv, const std::function<exit_code(const std::vector<std::string>&)>& work) {
  ignore_closed_pipes();
  if (!keep_standard_descriptors()) {
    static_cast<void>(write_all(STDERR_FILENO, "troupe: error: there is no standard output\n"));
    return static_cast<int>(exit_code::failed);
  }
  try {
    return static_cast<int>(work({argv + (argc > 0 ? 1 : 0), argv + argc}));
  } catch (const std::exception& error) {
    static_cast<void>(write_all(STDERR_FILENO, std::string("troupe: error: ") + error.what() + '\n'));
    return static_cast<int>(exit_code::failed);
  }
}

} // namespace troupe::tools
