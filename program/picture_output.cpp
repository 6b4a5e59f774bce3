#include <troupe/program/conclusion.hpp>
#include <troupe/program/human_text.hpp>
#include <troupe/program/output.hpp>
#include <troupe/program/picture_output.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace troupe::tools {

namespace {

exit_code cannot(const std::string& what, int error) {
  say(fmt::format("troupe: error: {}: {}\n", what, std::generic_category().message(error)));
  return exit_code::failed;
}

/// A file without a name, which goes when it is closed.
using scratch = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// The exit code of `dot -Tsvg`, from one file to the other; 127: there is no such program.
int run_dot(int from, int to) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, from, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
  std::string name = "dot";
  std::string form = "-Tsvg";
  const std::array<char*, 3> arguments{name.data(), form.data(), nullptr};
  pid_t started = 0;
  const int failed = posix_spawnp(&started, name.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    return 127;
  int status = 0;
  while (waitpid(started, &status, 0) < 0 && errno == EINTR)
    ;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

} // namespace

exit_code put(const std::string& file, const std::string& text) {
  if (file == "-")
    return print(text);
  const scratch to{std::fopen(file.c_str(), "we"), &std::fclose};
  if (!to)
    return cannot("cannot write " + printable(file, 200), errno);
  if (const std::error_code error = write_all(fileno(to.get()), text))
    return cannot("cannot write " + printable(file, 200), error.value());
  return exit_code::ok;
}

exit_code put_svg(const std::string& file, const std::string& graph) {
  const scratch from{std::tmpfile(), &std::fclose};
  const scratch to{std::tmpfile(), &std::fclose};
  if (!from || !to)
    return cannot("cannot make a temporary file", errno);
  if (const std::error_code error = write_all(fileno(from.get()), graph))
    return cannot("cannot write a temporary file", error.value());
  std::rewind(from.get());
  switch (run_dot(fileno(from.get()), fileno(to.get()))) {
  case 0:
    break;
  case 127:
    say("troupe: error: there is no `dot` to draw it with\n  try:  apt-get install graphviz; or --as mermaid, which "
        "needs "
        "nothing\n");
    return exit_code::failed;
  default:
    say("troupe: error: `dot -Tsvg` failed\n  try:  --as dot, to see what it was given\n");
    return exit_code::failed;
  }
  std::rewind(to.get());
  std::string picture;
  std::array<char, 65'536> some;
  while (const std::size_t came = std::fread(some.data(), 1, some.size(), to.get()))
    picture.append(some.data(), came);
  return put(file, picture);
}

} // namespace troupe::tools
