#include <troupe/program/scratch_folder.hpp>
#include <troupe/tools/byte_source.hpp>

#include <troupe/simulation/simulator.hpp>

#include <tests/catch.hpp>

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace troupe;
using namespace troupe::tools;

namespace {

task<std::string> read_all(byte_source& from, std::size_t piece_bytes) {
  std::string text;
  std::vector<char> piece(piece_bytes);
  for (;;) {
    const std::size_t got = co_await from.read(piece);
    if (got == 0)
      co_return text;
    text.append(piece.data(), got);
  }
}

std::string why_not(const std::string& path) {
  try {
    file_source opened{path};
    return "";
  } catch (const std::system_error& error) {
    return error.what();
  }
}

} // namespace

TEST_CASE("a file is read in pieces to its end", "[tools]") {
  const scratch_folder here;
  std::ofstream{here.file("file")} << "some text";
  file_source source{here.file("file")};
  simulator run;
  CHECK(run.run(read_all, std::ref(source), 4).value() == "some text");
}

TEST_CASE("what cannot be read says why, with its path", "[tools]") {
  const scratch_folder here;
  CHECK(why_not(here.file("missing")).find("missing: No such file or directory") != std::string::npos);
  CHECK(why_not(here.file(".")).find("Is a directory") != std::string::npos);
}

TEST_CASE("a FIFO without a writer is waited for without blocking, and ends with its writer", "[tools]") {
  const scratch_folder here;
  const std::string path = here.file("fifo");
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  file_source source{path};
  int writer = -1;
  simulation_options options;
  options.before_step = [&](std::uint64_t step) {
    if (step == 5) { // it has found nothing a few times
      writer = open(path.c_str(), O_WRONLY | O_NONBLOCK);
    } else if (step == 10) {
      REQUIRE(write(writer, "late", 4) == 4);
    } else if (step == 20) {
      close(writer);
    }
  };
  simulator run{options};
  CHECK(run.run(read_all, std::ref(source), 100).value() == "late");
  CHECK(run.steps() >= 20);
}

TEST_CASE("waiting for a FIFO ends at once when it is cancelled", "[tools]") {
  const scratch_folder here;
  const std::string path = here.file("fifo");
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  file_source source{path};
  simulator run{{.cancel_at_step = 3}};
  CHECK(run.run(read_all, std::ref(source), 100).cancelled());
}
