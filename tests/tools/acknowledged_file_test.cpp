#include <troupe/tools/acknowledged_file.hpp>

#include <tests/catch.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <unistd.h>

using namespace troupe::tools;

TEST_CASE("each acknowledged transfer is a line, behind those that are there", "[tools]") {
  const std::string path = "/tmp/troupe_acknowledged_" + std::to_string(getpid());
  {
    const acknowledged_file file{path};
    file.add({"a-1", 3, 5, 250}, 7);
  }
  const acknowledged_file again{path};
  again.add({"a-2", 1, 2, 1}, 8);
  std::ifstream read{path};
  const std::string all{std::istreambuf_iterator<char>{read}, {}};
  std::remove(path.c_str());
  CHECK(all == "a-1 7 3 5 250\na-2 8 1 2 1\n");
}

TEST_CASE("a file that cannot be opened or written is an error with its name", "[tools]") {
  CHECK_THROWS_WITH(acknowledged_file{"/nowhere/at/all"}, ContainsSubstring("cannot open /nowhere/at/all"));
  const acknowledged_file full{"/dev/full"};
  CHECK_THROWS_WITH(full.add({"a", 1, 2, 3}, 4), ContainsSubstring("cannot write to /dev/full: No space left"));
  const acknowledged_file none{""};
  none.add({"a", 1, 2, 3}, 4);
}
