// What a program prints, for tests of its commands.

#pragma once

#include <tests/catch.hpp>

#include <array>
#include <cstddef>
#include <cstdio>
#include <string>
#include <unistd.h>

namespace troupe::tests {

/// What `call` writes to standard output: little enough for a pipe.
template <class Call>
std::string printed_by(Call&& call) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  std::fflush(stdout);
  const int before = dup(STDOUT_FILENO);
  dup2(ends[1], STDOUT_FILENO);
  close(ends[1]);
  call();
  dup2(before, STDOUT_FILENO);
  close(before);
  std::string text(60'000, '\0');
  const ssize_t size = read(ends[0], text.data(), text.size());
  close(ends[0]);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

} // namespace troupe::tests
