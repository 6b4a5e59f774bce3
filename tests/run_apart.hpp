// What must not take the test program with it: run in a process of its own.

#pragma once

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace troupe::tests {

struct ended_process {
  std::string words; ///< What it has written to standard error.
  int status = 0;    ///< As `waitpid` has it.
};

/// Runs `function()` in a copy of this process, whose standard error is `write_end`; what comes out of `read_end` is
/// what it has said. Both are closed.
template <class Function>
ended_process run_apart(int read_end, int write_end, Function function) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child < 0)
    std::abort();
  if (child == 0) {
    dup2(write_end, STDERR_FILENO);
    try {
      function();
    } catch (const std::exception& failed) { // who has forked does not go on twice
      std::fputs(failed.what(), stderr);
      _exit(1);
    }
    std::fflush(stdout);
    _exit(0);
  }
  close(write_end);
  ended_process ended;
  std::array<char, 4096> part{};
  for (ssize_t size = 0; (size = read(read_end, part.data(), part.size())) > 0;)
    ended.words.append(part.data(), static_cast<std::size_t>(size));
  close(read_end);
  waitpid(child, &ended.status, 0);
  return ended;
}
template <class Function>
ended_process run_apart(Function function) {
  std::array<int, 2> both{};
  if (pipe(both.data()) != 0)
    std::abort();
  return run_apart(both[0], both[1], std::move(function));
}

/// The schedule that a report, or the last words of a program, names; empty: none.
inline std::string schedule_in(const std::string& words) {
  const std::string begin = "TROUPE_REPLAY='";
  const std::size_t at = words.rfind(begin);
  return at != words.npos ? words.substr(at + begin.size(), words.find('\'', at + begin.size()) - at - begin.size())
                          : std::string();
}

} // namespace troupe::tests
