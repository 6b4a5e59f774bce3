// Runs the test case that runs now once more, as a process of its own: for what ends a process.

#pragma once

#include <tests/catch.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace troupe::tests {

/// True in the process that `child_process` has started: the test case then plays the child. It does not outlive a test
/// that is killed, as some children never end by themselves.
inline bool in_child_process() {
  if (std::getenv("TROUPE_TESTS_CHILD") == nullptr)
    return false;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
    std::_Exit(98);
  return true;
}

/// Its standard error comes through a pipe; its standard output, where Catch2 writes, goes nowhere. Killed when it
/// takes longer than any machine needs.
class child_process {
public:
  child_process() {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    output_ = ends[0];
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDERR_FILENO);
    // Whoever runs the tests may ignore or mask SIGINT: a shell does so in the background.
    sigset_t defaults, mask;
    sigfillset(&defaults);
    sigemptyset(&mask);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, &mask);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    std::string self = "tests", test;
    for (const char letter : Catch::getResultCapture().getCurrentTestName()) {
      if (letter == ',') // else Catch2 takes it for a list of names
        test += '\\';
      test += letter;
    }
    char* arguments[] = {self.data(), test.data(), nullptr};
    setenv("TROUPE_TESTS_CHILD", "1", 1);
    const int failed = posix_spawn(&pid_, "/proc/self/exe", &files, &attributes, arguments, environ);
    unsetenv("TROUPE_TESTS_CHILD");
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);
    REQUIRE(failed == 0);
  }
  ~child_process() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(output_);
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  /// Reads until it has written `text`.
  void wait_for(const std::string& text) {
    while (output.find(text) == std::string::npos) {
      INFO("waiting for `" << text << "`; so far: " << output);
      REQUIRE(read_some());
    }
  }
  void send(int signal) { REQUIRE(::kill(pid_, signal) == 0); }
  /// Reads to the end and gives the exit code, or minus the signal that ended it.
  int wait_for_end() {
    while (read_some()) {
    }
    int status = 0;
    REQUIRE(waitpid(pid_, &status, 0) == pid_);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  /// Waits until it has ended, and reads nothing meanwhile.
  void wait_unread() {
    constexpr int milliseconds_max = 120'000;
    pollfd ended{static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)), POLLIN, 0};
    REQUIRE(ended.fd >= 0);
    const int ready = poll(&ended, 1, milliseconds_max);
    close(ended.fd);
    REQUIRE(ready == 1);
  }

  std::string output;

private:
  /// False at the end of the output.
  bool read_some() {
    constexpr int milliseconds_max = 120'000;
    pollfd ready{output_, POLLIN, 0};
    if (poll(&ready, 1, milliseconds_max) == 0)
      FAIL("a child process does not answer; so far: " << output);
    char piece[4096];
    const ssize_t size = read(output_, piece, sizeof piece);
    if (size <= 0)
      return size < 0 && errno == EINTR;
    output.append(piece, static_cast<std::size_t>(size));
    return true;
  }

  pid_t pid_ = 0;
  int output_ = -1;
};

/// For the child: ends the process with this code, and without Catch2's summary.
[[noreturn]] inline void end_child(int exit_code) { std::_Exit(exit_code); }

/// For the child: a line to the parent, at once.
inline void tell_parent(const std::string& line) {
  const std::string text = line + '\n';
  if (write(STDERR_FILENO, text.data(), text.size()) < 0)
    std::_Exit(99);
}

} // namespace troupe::tests
