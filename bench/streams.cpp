// Servers on loopback, under the load of bench/peers/stream_load.cpp: echo, lines.

#include <troupe/bench/workloads.hpp>

#include <troupe/scope/offload.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/streams/serve.hpp>
#include <troupe/streams/socket.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <span>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace troupe::bench {

namespace {

constexpr int connections = 64;
constexpr std::size_t line_bytes_max = 1'024;

task<> echoes(byte_stream& over) {
  std::array<std::byte, 16'384> some;
  for (;;) {
    const std::size_t came = co_await over.read_some(some);
    if (came == 0)
      co_return;
    co_await over.write(std::span{some}.first(came));
  }
}

task<> answers_lines(byte_stream& over) {
  line_reader lines{over, line_bytes_max};
  std::string answer;
  while (auto line = co_await lines.next()) {
    answer.assign("ok ").append(*line).push_back('\n');
    co_await over.write(answer);
  }
}

/// The load's program: in the folder of the peers, or beside this one.
std::string load_program() {
  const char* const folder = std::getenv("PEERS_BIN");
  const std::filesystem::path given = folder != nullptr ? folder : "";
  return (given.empty() ? std::filesystem::read_symlink("/proc/self/exe").parent_path() : given) / "stream_load";
}

/// What a program prints, until it has ended.
///
/// @throws std::runtime_error  it failed
std::string output_of(std::vector<std::string> words) {
  const auto require = [&](int failed) {
    if (failed != 0)
      throw std::system_error(failed, std::generic_category(), words.front());
  };
  int ends[2] = {};
  require(::pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> printed{::fdopen(ends[0], "r"), &std::fclose};
  std::vector<char*> arguments;
  for (std::string& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  require(::posix_spawn_file_actions_init(&actions));
  require(::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO));
  pid_t child_process = 0;
  const int failed = ::posix_spawn(&child_process, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  require(failed);
  std::string text;
  for (int next = 0; (next = std::fgetc(printed.get())) != EOF;)
    text += static_cast<char>(next);
  int status = 0;
  while (::waitpid(child_process, &status, 0) < 0 && errno == EINTR)
    ;
  if (status != 0)
    throw std::runtime_error(words.front() + " failed");
  return text;
}

/// What the load has measured.
measured read_load(const std::string& text, std::int64_t n) {
  measured result;
  std::string p50;
  std::string p99;
  std::istringstream{text} >> result.items >> result.seconds >> p50 >> p99;
  result.right = result.items == n && !p99.empty();
  result.more = "us=" + p99 + " p50_us=" + p50;
  return result;
}

using handler = task<> (*)(byte_stream&);

measured under_load(runtime& on, const settings& how, const char* what, handler answers) {
  std::string printed;
  on.run([&]() -> task<> {
      co_await in_task_group([&](task_group& group) -> task<> {
        listener at = listen_tcp("127.0.0.1", 0);
        const std::uint16_t port = at.port();
        child<> server = group.start(serve<listener, handler>, std::move(at), answers, serve_options{});
        const std::vector<std::string> load{load_program(), std::to_string(port), what, std::to_string(how.n),
                                            std::to_string(connections)};
        printed = co_await offload(output_of, load);
        server.cancel();
      });
    }).value();
  return read_load(printed, how.n);
}

} // namespace

measured echo(runtime& on, const settings& how) { return under_load(on, how, "echo", echoes); }
measured lines(runtime& on, const settings& how) { return under_load(on, how, "lines", answers_lines); }

} // namespace troupe::bench
