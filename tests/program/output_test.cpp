#include <troupe/program/output.hpp>

#include <tests/catch.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <unistd.h>

using namespace troupe::tools;

namespace {

struct two_ends {
  int read_end = -1;
  int write_end = -1;

  two_ends() {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    read_end = ends[0];
    write_end = ends[1];
  }
  ~two_ends() {
    close_reader();
    close(write_end);
  }
  void close_reader() {
    if (read_end != -1)
      close(read_end);
    read_end = -1;
  }
};

} // namespace

TEST_CASE("all of a text is written", "[tools]") {
  two_ends pipe;
  CHECK(!write_all(pipe.write_end, "some text"));
  char got[20];
  CHECK(read(pipe.read_end, got, sizeof got) == 9);
}

TEST_CASE("a reader that has gone is noticed before a write and by it", "[tools]") {
  const auto before = std::signal(SIGPIPE, SIG_DFL);
  ignore_closed_pipes();
  two_ends pipe;
  CHECK(!reader_gone(pipe.write_end));
  pipe.close_reader();
  CHECK(reader_gone(pipe.write_end));
  CHECK(write_all(pipe.write_end, "x") == std::errc::broken_pipe);
  std::signal(SIGPIPE, before);
}

TEST_CASE("a full device and a closed descriptor are errors with a name", "[tools]") {
  const int full = open("/dev/full", O_WRONLY);
  if (full != -1) {
    CHECK(write_all(full, "x") == std::errc::no_space_on_device);
    close(full);
  }
  CHECK(write_all(-1, "x") == std::errc::bad_file_descriptor);
  CHECK(!write_all(-1, ""));
}
